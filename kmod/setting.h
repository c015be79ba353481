/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_SETTING_H
#define _BROKER_SETTING_H

#include <linux/bits.h>
#include <linux/types.h>

#include <uapi/linux/broker_netlink.h>

struct broker_target;

/**
 * DOC: Settings of a queue
 *
 * What can be set of a queue, by itself or by policies, and at any time, is in one
 * structure; a table tells where each setting stands, how netlink says it, and how a
 * cap bounds it.  Settings are named by bits, those of the enumeration "setting" of
 * the netlink specification; what is no policy's business has bits above them.
 */
#define BROKER_SET_SEALED	BIT(20)
#define BROKER_SET_ORDERING	BIT(21)
#define BROKER_SET_UID		BIT(22)
#define BROKER_SET_GID		BIT(23)
#define BROKER_SET_MODE		BIT(24)
#define BROKER_SET_PROTECTED	BIT(25)
#define BROKER_SET_PAUSED	BIT(26)

/* What policies may say. */
#define BROKER_SET_BY_POLICIES	(BROKER_SETTING_SLOW_ACTION * 2 - 1)

/**
 * struct broker_settings - how a queue behaves
 * @max_messages: limit (owner: holder)
 * @max_bytes: limit (owner: holder)
 * @overflow: enum broker_overflow (owner: holder)
 * @levels: of priority (owner: holder)
 * @ttl: nanoseconds that a message lives; 0: for ever (owner: holder)
 * @lease: nanoseconds that a consumer may keep a message; 0: for ever (owner: holder)
 * @max_delivery: failed deliveries after which a message is dead; 0: never (owner: holder)
 * @retry_min: nanoseconds to wait after the second failure; 0: never (owner: holder)
 * @retry_max: most of them (owner: holder)
 * @retry_jitter: per cent by which that varies (owner: holder)
 * @dead_letter: where dead messages go, or NULL; whose reference, the owner tells (owner: holder)
 * @dedupe_window: nanoseconds that an id is remembered; 0: none is (owner: holder)
 * @dedupe_max: most ids that are (owner: holder)
 * @expires: nanoseconds that nobody need use it; 0: for ever (owner: holder)
 * @single_active: one consumer gets all, see active.h (owner: holder)
 * @max_rate: messages a second to hand out; 0: any number (owner: holder)
 * @max_burst: most of them at once; 0: broker_flow_burst() (owner: holder)
 * @slow_after: nanoseconds after which a consumer is slow; 0: never (owner: holder)
 * @slow_action: enum broker_slow_action (owner: holder)
 * @sealed: it takes no new message (owner: holder)
 * @ordering: messages of a group key take turns, see turn.h (owner: holder)
 *
 * Of a queue in force, the holder is queue.lock, and some of it is read anywhere; else
 * the queue or policy, under topology, or the request.
 */
struct broker_settings {
	u32 max_messages;
	u64 max_bytes;
	u32 overflow;
	u32 levels;
	u64 ttl;
	u64 lease;
	u32 max_delivery;
	u64 retry_min;
	u64 retry_max;
	u32 retry_jitter;
	struct broker_target *dead_letter;
	u64 dedupe_window;
	u32 dedupe_max;
	u64 expires;
	bool single_active;
	u32 max_rate;
	u32 max_burst;
	u64 slow_after;
	u32 slow_action;
	bool sealed;
	bool ordering;
};

/* How a setting is bounded */
enum broker_bound {
	BROKER_BOUND_NONE,	/* it is no quantity */
	BROKER_BOUND_LOW,	/* the lower one */
	BROKER_BOUND_NOT_ZERO,	/* the lower one, where 0 stands for no bound */
};

/**
 * struct broker_queue_setting - one of the settings
 * @bit: names it (const)
 * @offset: in struct broker_settings (const)
 * @size: bytes of it (const)
 * @bound: enum broker_bound (const)
 * @attribute: of the netlink attribute set "queue" (const)
 * @ms: there it is in milliseconds (const)
 */
struct broker_queue_setting {
	u32 bit;
	u8 offset;
	u8 size;
	u8 bound;
	u8 attribute;
	bool ms;
};

extern const struct broker_queue_setting broker_setting_table[];
extern const unsigned int broker_nr_settings;

/* The settings that are named in @bits */
#define broker_for_each_setting(setting, bits)						\
	for ((setting) = broker_setting_table;						\
	     (setting) < broker_setting_table + broker_nr_settings; (setting)++)	\
		if (!((setting)->bit & (bits)))						\
			continue;							\
		else

u64 broker_setting_get(const struct broker_queue_setting *setting,
		       const struct broker_settings *settings);
void broker_setting_put(const struct broker_queue_setting *setting,
			struct broker_settings *settings, u64 value);
bool broker_setting_exceeds(const struct broker_queue_setting *setting,
			    const struct broker_settings *settings,
			    const struct broker_settings *bound);
void broker_settings_copy(struct broker_settings *to, const struct broker_settings *from,
			  u32 bits);

#endif /* _BROKER_SETTING_H */
