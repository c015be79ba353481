// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/stddef.h>

#include "setting.h"

#define ROW(_bit, _member, _bound, _attribute, _ms)			\
	{								\
		.bit = _bit,						\
		.offset = offsetof(struct broker_settings, _member),	\
		.size = sizeof_field(struct broker_settings, _member),	\
		.bound = BROKER_BOUND_##_bound,				\
		.attribute = BROKER_A_QUEUE_##_attribute,		\
		.ms = _ms,						\
	}
#define SETTING(name, member, bound)	ROW(BROKER_SETTING_##name, member, bound, name, false)
#define TIME(name, member, bound)	ROW(BROKER_SETTING_##name, member, bound, name, true)

/* To set one that policies may say needs no memory: a policy cannot fail halfway. */
const struct broker_queue_setting broker_setting_table[] = {
	SETTING(MAX_MESSAGES, max_messages, LOW),
	SETTING(MAX_BYTES, max_bytes, LOW),
	SETTING(OVERFLOW, overflow, NONE),
	SETTING(PRIORITIES, levels, LOW),
	TIME(TTL, ttl, NOT_ZERO),
	TIME(LEASE, lease, NOT_ZERO),
	SETTING(MAX_DELIVERY, max_delivery, NOT_ZERO),
	TIME(RETRY_MIN, retry_min, LOW),
	TIME(RETRY_MAX, retry_max, LOW),
	SETTING(RETRY_JITTER, retry_jitter, LOW),
	ROW(BROKER_SETTING_DEAD_LETTER, dead_letter, NONE, DEAD_LETTER_EXCHANGE, false),
	TIME(DEDUPE_WINDOW, dedupe_window, LOW),
	SETTING(DEDUPE_MAX, dedupe_max, LOW),
	TIME(EXPIRES, expires, NOT_ZERO),
	SETTING(SINGLE_ACTIVE, single_active, NONE),
	SETTING(MAX_RATE, max_rate, NOT_ZERO),
	SETTING(MAX_BURST, max_burst, NOT_ZERO),
	TIME(SLOW_AFTER, slow_after, NOT_ZERO),
	SETTING(SLOW_ACTION, slow_action, NONE),
	ROW(BROKER_SET_SEALED, sealed, NONE, SEALED, false),
	ROW(BROKER_SET_ORDERING, ordering, NONE, ORDERING, false),
};

const unsigned int broker_nr_settings = ARRAY_SIZE(broker_setting_table);

static_assert(BROKER_SET_BY_POLICIES < BROKER_SET_SEALED);
static_assert(sizeof(struct broker_settings) <= U8_MAX);

u64 broker_setting_get(const struct broker_queue_setting *setting,
		       const struct broker_settings *settings)
{
	const void *at = (const char *)settings + setting->offset;

	switch (setting->size) {
	case 1:
		return READ_ONCE(*(const u8 *)at);
	case 4:
		return READ_ONCE(*(const u32 *)at);
	default:
		return READ_ONCE(*(const u64 *)at);
	}
}

void broker_setting_put(const struct broker_queue_setting *setting,
			struct broker_settings *settings, u64 value)
{
	void *at = (char *)settings + setting->offset;

	switch (setting->size) {
	case 1:
		WRITE_ONCE(*(u8 *)at, value);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)at, value);
		break;
	default:
		WRITE_ONCE(*(u64 *)at, value);
	}
}

/* Whether it is higher than @bound allows. */
bool broker_setting_exceeds(const struct broker_queue_setting *setting,
			    const struct broker_settings *settings,
			    const struct broker_settings *bound)
{
	u64 value = broker_setting_get(setting, settings);
	u64 most = broker_setting_get(setting, bound);

	if (setting->bound == BROKER_BOUND_NOT_ZERO)
		return most && (!value || value > most);
	return value > most;
}

/* Those that are named in @bits; a reference is the caller's business. */
void broker_settings_copy(struct broker_settings *to, const struct broker_settings *from, u32 bits)
{
	const struct broker_queue_setting *setting;

	broker_for_each_setting(setting, bits)
		broker_setting_put(setting, to, broker_setting_get(setting, from));
}
