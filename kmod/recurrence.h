/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_RECURRENCE_H
#define _BROKER_RECURRENCE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <linux/broker.h>

#include "calendar.h"
#include "session.h"
#include "timer.h"

struct broker;
struct broker_sender;
struct cred;

/**
 * DOC: Recurrences
 *
 * A recurrence, which administration calls a schedule, has the broker publish a
 * message again and again: at an interval, or by a calendar.  It is done by the
 * broker's clock, as any publish is: routed anew, all queues or none, and with the
 * credentials of who gave the message, so that rights and limits are those he has at
 * the time.  Two headers tell its name and the time that was due.
 *
 * An interval goes by the broker's own clock, from when it was set; no firing moves
 * those to come.  A calendar goes by the time of day, which may be set: it is looked
 * at every ten seconds at least, so that is as late as a change may be noticed.  What
 * has come is not done again when the clock is set back by up to a day; by more, it
 * was wrong before, and time counts from now.
 *
 * Times that could not be kept, as the machine slept or the clock was set forward, are
 * made up for by one message at once, which tells the first of them; the others are
 * counted.  A message that is refused is counted, too, and not tried again, but for
 * want of memory: then it is, ten times a second.
 *
 * Lifetime: in broker.recurrences until it is deleted, or the namespace ends; one that
 * is about to publish then is waited for.  The clock's work holds a reference.
 */

/* Of a broker, and of a user without CAP_NET_ADMIN. */
#define BROKER_MAX_RECURRENCES	1000
#define BROKER_USER_RECURRENCES	64

#define BROKER_MIN_INTERVAL_MS	100

/* Most that is counted as missed at once, by a calendar. */
#define BROKER_MAX_MISSED	100000

/* Properties that make no sense of a message that comes again. */
#define BROKER_RECURRENCE_PROPERTIES						\
	(BROKER_PROPERTIES_ACCEPTED &						\
	 ~(BIT_ULL(BROKER_PROP_DELIVER_AT) | BIT_ULL(BROKER_PROP_DEDUPE_ID) |	\
	   BIT_ULL(BROKER_PROP_PRODUCER) | BIT_ULL(BROKER_PROP_PRODUCER_SEQUENCE)))

/**
 * struct broker_recurrence_parts - what it publishes, wherever that stands
 * @exchange: name; or "" (const)
 * @key: routing key (const)
 * @props: properties (const)
 * @body: body (const)
 * @props_len: bytes of @props (const)
 * @body_len: bytes of @body (const)
 * @exchange_len: bytes of @exchange (const)
 * @key_len: bytes of @key (const)
 */
struct broker_recurrence_parts {
	const char *exchange;
	const char *key;
	const void *props;
	const void *body;
	u32 props_len;
	u32 body_len;
	u8 exchange_len;
	u8 key_len;
};

/**
 * struct broker_template - the message of a recurrence
 * @cred: whose rights count, with a reference (const)
 * @sender: as whom it is sent, with a reference (const)
 * @publish: lengths, those of the added headers included (const)
 * @own_props: bytes of properties without these (const)
 * @time: where in @data the time goes (const)
 * @data: as in struct broker_message (recurrence.mutex)
 */
struct broker_template {
	const struct cred *cred;
	struct broker_sender *sender;
	struct broker_publish publish;
	u32 own_props;
	u32 time;
	char data[];
};

/**
 * struct broker_plan - when a recurrence publishes
 * @interval: nanoseconds; 0: by @times (const)
 * @times: calendar (const)
 * @cron: text that it was made from, NUL-terminated (const)
 * @timezone: name of its time zone, or "" (const)
 */
struct broker_plan {
	u64 interval;
	struct broker_times times;
	char cron[BROKER_MAX_CRON + 1];
	char timezone[BROKER_MAX_TIMEZONE + 1];
};

/**
 * struct broker_recurrence - a message to be published again and again
 * @node: in broker.recurrences, the oldest first (topology)
 * @refs: see Lifetime (atomic)
 * @broker: whose it is (const)
 * @timer: for the next look (clock.lock)
 * @mutex: see the lock order
 * @dead: was deleted (recurrence.mutex)
 * @enabled: it goes on (recurrence.mutex; changed under topology)
 * @template: what (recurrence.mutex; changed under topology)
 * @plan: when (recurrence.mutex; changed under topology)
 * @due: interval: the next time, of the broker's clock (recurrence.mutex)
 * @retry: when to try again for want of memory; or 0 (recurrence.mutex)
 * @last: calendar: minute up to which all is done (recurrence.mutex)
 * @next: calendar: the next one; 0: there is none (recurrence.mutex)
 * @fired: messages published (recurrence.mutex)
 * @failed: attempts that failed (recurrence.mutex)
 * @missed: times that could not be kept (recurrence.mutex)
 * @error: why the last attempt failed, or 0 (recurrence.mutex)
 * @session: as which it publishes (const)
 * @name_len: bytes of @name (const)
 * @name: NUL-terminated (const)
 */
struct broker_recurrence {
	struct list_head node;
	refcount_t refs;
	struct broker *broker;
	struct broker_timer timer;
	struct mutex mutex;
	bool dead;
	bool enabled;
	struct broker_template *template;
	struct broker_plan *plan;
	u64 due;
	u64 retry;
	u32 last;
	u32 next;
	u64 fired;
	u64 failed;
	u64 missed;
	int error;
	struct broker_session session;
	u8 name_len;
	char name[];
};

struct broker_template *broker_template_new(const char *name, u8 name_len,
					    const struct broker_recurrence_parts *parts,
					    struct broker *broker);
void broker_template_parts(const struct broker_template *template,
			   struct broker_recurrence_parts *parts);
int broker_template_may(const struct broker_template *template, struct broker *broker);
void broker_template_free(struct broker_template *template);

/* Under broker.topology. */
struct broker_recurrence *broker_recurrence_find(struct broker *broker, const char *name,
						 size_t len);
u32 broker_recurrence_count(struct broker *broker, kuid_t uid);
struct broker_recurrence *broker_recurrence_alloc(struct broker *broker, const char *name,
						  u8 name_len);
void broker_recurrence_free(struct broker_recurrence *recurrence);
void broker_recurrence_link(struct broker_recurrence *recurrence);
void broker_recurrence_set(struct broker_recurrence *recurrence,
			   struct broker_template *template, struct broker_plan *plan,
			   bool enabled);
void broker_recurrence_unlink(struct broker_recurrence *recurrence);
void broker_recurrences_end(struct broker *broker);

/* When it fires next, in ns since 1970; 0: never.  Under recurrence.mutex. */
u64 broker_recurrence_next_locked(const struct broker_recurrence *recurrence);

#endif /* _BROKER_RECURRENCE_H */
