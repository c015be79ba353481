/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_HANDOUT_H
#define _BROKER_HANDOUT_H

#include <linux/types.h>

struct broker_blob;
struct broker_deaths;
struct broker_entry;
struct broker_message;
struct pid;

/**
 * struct broker_handout - one entry on its way to the reader's memory
 * @message: with a reference (owner: the RECEIVE)
 * @holder: with a reference, or NULL (owner: the RECEIVE)
 * @deaths: with a reference, or NULL (owner: the RECEIVE)
 * @state: of its key, with a reference, or NULL (owner: the RECEIVE)
 * @key: of the entry: the tag it is leased under; browsed and waiting: when it is
 *	due (const)
 * @place: of the entry (const)
 * @acquired: with this one (const)
 * @failed: so far (const)
 * @flags: BROKER_DELIVERY_F_* beyond what follows from the rest (const)
 * @cause: why it last came back (const)
 * @cause_code: goes with @cause (const)
 * @retained: it comes from what an exchange retains (const)
 * @deferred: it was deferred before (const)
 * @reason: browsed and dead: enum broker_death_reason (const)
 *
 * A copy, since the entry itself may be taken back while user memory is written.
 */
struct broker_handout {
	struct broker_message *message;
	struct pid *holder;
	struct broker_deaths *deaths;
	struct broker_blob *state;
	u64 key;
	u64 place;
	u32 acquired;
	u32 failed;
	u16 flags;
	u8 cause;
	u8 cause_code;
	bool retained;
	bool deferred;
	u8 reason;
};

/**
 * struct broker_handout_to - where hand-outs are written
 * @buffer: the reader's memory (const)
 * @consumer: number; 0: it is browsed (const)
 * @queue: number (const)
 * @user_data: the consumer's (const)
 * @headers_only: without bodies, and without files (const)
 * @state: browsed: enum broker_message_state (const)
 */
struct broker_handout_to {
	void __user *buffer;
	u32 consumer;
	u32 queue;
	u64 user_data;
	bool headers_only;
	u16 state;
};

u32 broker_handout_fds(const struct broker_message *message);
u32 broker_handout_size(const struct broker_message *message, const struct broker_deaths *deaths,
			const struct broker_blob *state, bool headers_only);
void broker_handout_fill(struct broker_handout *handout, const struct broker_entry *entry,
			 struct broker_blob *state);
int broker_handout_copy(const struct broker_handout *handouts, u32 count,
			const struct broker_handout_to *to, u32 *bytes);
void broker_handout_put(struct broker_handout *handouts, u32 count);

#endif /* _BROKER_HANDOUT_H */
