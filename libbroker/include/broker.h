/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libbroker: the message broker in the kernel, from C.
 *
 * All types are opaque.  Functions return 0 (or a count) on success and a
 * negative errno on failure; a call that fails changed nothing.  The meaning of
 * each errno, of names, keys, properties and flags is that of linux/broker.h,
 * whose constants are used as they are.
 *
 * Threads: a session, and an admin handle, may be used by several threads at
 * once only where a function says so; messages, batches, inboxes and objects
 * belong to one thread at a time.
 */
#ifndef BROKER_H
#define BROKER_H

#include <stddef.h>
#include <stdint.h>
#include <linux/broker.h>
#include <linux/broker_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

struct broker_session;	/* one open /dev/broker */
struct broker_message;	/* a message to publish, or one received */
struct broker_batch;	/* operations to submit in one call */
struct broker_inbox;	/* where received messages arrive */
struct broker_admin;	/* a netlink connection for administration */
struct broker_filter;	/* which messages are wanted */
struct broker_cron;	/* when something is to come again */
struct broker_object;	/* an exchange, queue, binding, … as administration sees it */

/** broker_version() - Version of the library, "major.minor.patch"; static, never NULL. */
const char *broker_version(void);

/**
 * DOC: Sessions
 *
 * A session owns its consumers and the deliveries they hold.  When the process
 * that opened it exits, for whatever reason, the kernel ends the session and
 * gives its unsettled messages back to their queues.
 */

/**
 * broker_session_open() - Open a session with the broker of this network namespace
 * @session: where to put it; free with broker_session_close()
 *
 * Return: 0; -ENOENT or -ENODEV: the module is not loaded; -EACCES; -EPROTO: the
 * module speaks another ABI version; -ENOMEM.
 */
int broker_session_open(struct broker_session **session);

/**
 * broker_session_close() - End a session
 * @session: from broker_session_open(), or NULL
 *
 * What its consumers hold goes back to the queues.  Batches and inboxes made
 * from it must be freed before.  Returns NULL, so that a pointer can be cleared in one line.
 */
struct broker_session *broker_session_close(struct broker_session *session);

/**
 * broker_session_fd() - File to poll
 *
 * EPOLLIN: a receive would return at once; EPOLLOUT: there is room to publish
 * again after -EAGAIN.  The session keeps the file: do not close it.
 */
int broker_session_fd(const struct broker_session *session);

/** broker_session_info() - Limits, features and number of the session; valid as long as it is. */
const struct broker_info *broker_session_info(const struct broker_session *session);

/**
 * broker_session_consume() - Subscribe to a queue
 * @session: the session; may be called by several threads
 * @queue: name
 * @messages: most messages held unsettled; 0: only what broker_inbox_receive() asks for
 * @bytes: byte credit; 0 with @messages 0, else 0 means BROKER_DEFAULT_CREDIT_BYTES
 * @flags: BROKER_CONSUME_F_*
 * @user_data: comes with each message, see broker_message_user_data()
 *
 * Return: the consumer's number, above 0; -ENOENT: no such queue; -EACCES;
 * -EBUSY: exclusive to another session; -EMFILE; -EOWNERDEAD.
 */
int broker_session_consume(struct broker_session *session, const char *queue, uint32_t messages,
			   uint64_t bytes, uint32_t flags, uint64_t user_data);

/**
 * broker_session_consume_filtered() - Subscribe to those messages that a filter matches
 * @session: as broker_session_consume()
 * @queue: as broker_session_consume()
 * @messages: as broker_session_consume()
 * @bytes: as broker_session_consume()
 * @flags: as broker_session_consume()
 * @user_data: as broker_session_consume()
 * @filter: which messages, or NULL: all; may be freed afterwards
 *
 * What no consumer's filter matches stays in the queue, and holds up nothing.
 *
 * Return: as broker_session_consume().
 */
int broker_session_consume_filtered(struct broker_session *session, const char *queue,
				    uint32_t messages, uint64_t bytes, uint32_t flags,
				    uint64_t user_data, const struct broker_filter *filter);

/**
 * struct broker_consumer_options - what a consumer may be made with
 * @size: sizeof(struct broker_consumer_options)
 * @messages: as broker_session_consume()
 * @bytes: as broker_session_consume()
 * @flags: as broker_session_consume(); BROKER_CONSUME_F_EXCLUSIVE: the queue has no
 *	other consumer
 * @priority: a higher one is served first; 0 to BROKER_MAX_CONSUMER_PRIORITY
 * @user_data: as broker_session_consume()
 * @lease_ms: milliseconds that it may keep a message; 0: as long as the queue says
 * @filter: as broker_session_consume_filtered()
 *
 * What is 0 is as broker_session_consume() has it.
 */
struct broker_consumer_options {
	size_t size;
	uint32_t messages;
	uint32_t flags;
	uint64_t bytes;
	uint64_t user_data;
	uint64_t lease_ms;
	const struct broker_filter *filter;
	uint32_t priority;
};

/**
 * broker_session_consume_with() - Subscribe to a queue, with all that may be said of it
 * @session: as broker_session_consume()
 * @queue: as broker_session_consume()
 * @options: read by the call only
 *
 * Return: as broker_session_consume(); -EBUSY also: a consumer of the queue is exclusive,
 * or this one is and there are others; -EINVAL: the priority or lease is out of range, or
 * the library does not know all that @options has.
 */
int broker_session_consume_with(struct broker_session *session, const char *queue,
				const struct broker_consumer_options *options);

/**
 * broker_session_cancel() - End a consumer; what it holds goes back to the queue
 *
 * May be called by several threads.  Return: 0; -ENOENT: no such consumer.
 */
int broker_session_cancel(struct broker_session *session, uint32_t consumer);

/**
 * broker_session_publish() - Publish one message and wait for the queues' answer
 * @session: the session; may be called by several threads
 * @exchange: name; "" is the default exchange, where @key is a queue's name
 * @key: routing key
 * @message: properties and body
 * @flags: BROKER_PUBLISH_F_*
 * @timeout_ns: longest wait for room in a queue whose overflow policy is "block"
 *
 * Return: the number of queues that took it (0 only with
 * BROKER_PUBLISH_F_OPTIONAL); else the operation's error, see struct
 * broker_publish.  For many messages use a batch.
 */
int broker_session_publish(struct broker_session *session, const char *exchange, const char *key,
			   const struct broker_message *message, uint32_t flags,
			   uint64_t timeout_ns);

/**
 * broker_session_publish_expected() - Publish if nothing else has come into the queue
 * @session: the session; may be called by several threads
 * @exchange: name; exactly one queue must match
 * @key: routing key
 * @message: properties and body
 * @flags: as broker_session_publish()
 * @timeout_ns: as broker_session_publish()
 * @sequence: the sequence of the last message that came into the queue, 0 if none
 *	ever did; becomes that of the message, or with -ESTALE what it should have been
 *
 * Who reads a queue's messages up to @sequence, decides by them what comes next, and
 * publishes that so, knows that nobody else has decided meanwhile; else he reads on.
 *
 * Return: 1; -ESTALE: @sequence is not the last one; -EINVAL: more or fewer queues
 * match; else as broker_session_publish().
 */
int broker_session_publish_expected(struct broker_session *session, const char *exchange,
				    const char *key, const struct broker_message *message,
				    uint32_t flags, uint64_t timeout_ns, uint64_t *sequence);

/**
 * broker_session_will() - Arm a last will: a message for the case that this process dies
 * @session: opened by this process; may be called by several threads
 * @exchange: as broker_session_publish()
 * @key: as broker_session_publish()
 * @message: copied; the kernel adds the headers "broker.cause" ("exited",
 *	"killed", "oom") and "broker.code" (exit status or signal)
 * @flags: BROKER_PUBLISH_F_OPTIONAL: that no queue matches now is no error
 * @name: tells it from other wills of the session; one of that name is replaced
 *
 * The kernel publishes it when the process exits, is killed, or runs out of
 * memory.  broker_session_close() drops it.  Return: 0; -EPERM: another process
 * opened the session; -EMFILE: BROKER_MAX_WILLS are armed; -EMSGSIZE; else as
 * broker_session_publish().
 */
int broker_session_will(struct broker_session *session, const char *exchange, const char *key,
			const struct broker_message *message, uint32_t flags, uint64_t name);

/** broker_session_disarm() - Forget a will.  Return: 0; -ENOENT: none of that name is armed. */
int broker_session_disarm(struct broker_session *session, uint64_t name);

/**
 * broker_session_request() - Ask, and expect a reply from each queue that takes it
 * @session: may be called by several threads
 * @exchange: as broker_session_publish()
 * @key: as broker_session_publish()
 * @message: the request
 * @flags: BROKER_PUBLISH_F_OPTIONAL, BROKER_PUBLISH_F_PARTIAL
 * @user_data: comes with each reply, see broker_message_user_data(), and names the
 *	request
 * @timeout_ns: as broker_session_publish(): longest wait for room, not for replies
 *
 * Receive the replies from BROKER_CONSUMER_REPLIES, or from any consumer.  One whose
 * delivery has BROKER_DELIVERY_F_UNANSWERED is the request itself, with the cause why
 * there will be no reply from that queue.
 *
 * Return: how many replies will come, at least 1; -ECONNREFUSED: nobody consumes from
 * the queues that match; -EMFILE: BROKER_MAX_REQUESTS are open; else as
 * broker_session_publish().
 */
int broker_session_request(struct broker_session *session, const char *exchange, const char *key,
			   const struct broker_message *message, uint32_t flags,
			   uint64_t user_data, uint64_t timeout_ns);

/**
 * broker_session_withdraw() - Wait for no more replies to the requests of that name
 *
 * Return: how many requests there were; -ENOENT: none.
 */
int broker_session_withdraw(struct broker_session *session, uint64_t user_data);

/**
 * broker_session_reply() - Answer a request and accept it, in one step
 * @session: the session; may be called by several threads
 * @request: as it was received
 * @message: the answer
 *
 * Return: 0; -EPIPE: nobody waits for it any more, and the request was accepted;
 * -EDESTADDRREQ: not a request; -ESTALE: settled already, or taken back; -ENOENT:
 * its consumer is gone; -EINVAL: not a received message; -EMSGSIZE; -ENOMEM.
 */
int broker_session_reply(struct broker_session *session, const struct broker_message *request,
			 const struct broker_message *message);

/**
 * broker_session_settle() - Settle one delivery
 * @session: the session; may be called by several threads
 * @message: as it was received
 * @outcome: BROKER_OP_ACCEPT, BROKER_OP_RELEASE, BROKER_OP_FAIL, BROKER_OP_REJECT or
 *	BROKER_OP_DEFER
 *
 * Return: 0; -ESTALE: settled already, or taken back; -ENOENT: its consumer is
 * gone; -EINVAL: not a received message, or another @outcome.
 */
int broker_session_settle(struct broker_session *session, const struct broker_message *message,
			  enum broker_opcode outcome);

/**
 * broker_session_settle_timed() - Give one delivery back for a while, or keep it for longer
 * @session: the session; may be called by several threads
 * @message: as it was received
 * @outcome: BROKER_OP_DELAY: back to its place when the time is over; or
 *	BROKER_OP_EXTEND, which settles nothing: its lease ends in that time
 * @time_ms: milliseconds; EXTEND: 0: as long as if it had just been received
 *
 * Return: as broker_session_settle().
 */
int broker_session_settle_timed(struct broker_session *session,
				const struct broker_message *message,
				enum broker_opcode outcome, uint64_t time_ms);

/**
 * broker_session_state() - Set the state of a delivery's ordering key
 * @session: the session; may be called by several threads
 * @message: as it was received, and not settled
 * @data: any bytes
 * @length: how many, at most BROKER_MAX_STATE; 0 clears the state
 *
 * Consumers with BROKER_CONSUME_F_STATE get it with later messages of the key, see
 * broker_message_key_state().  It stands at once; to set it in one step with what the
 * message leads to, see broker_batch_state().
 *
 * Return: 0; -ESTALE: settled already, or taken back; -ENOENT: its consumer is gone;
 * -EINVAL: not a received message; -ENOKEY: its queue has no ordering, or it no group
 * key; -ENAMETOOLONG: a key of more than 255 bytes; -EMSGSIZE; -ENOSPC: the queue
 * keeps as many states as it may; -ENOMEM.
 */
int broker_session_state(struct broker_session *session, const struct broker_message *message,
			 const void *data, size_t length);

/**
 * broker_session_credit() - Change a consumer's credit, see broker_session_consume()
 *
 * May be called by several threads.  Return: 0; -ENOENT: no such consumer; -EINVAL.
 */
int broker_session_credit(struct broker_session *session, uint32_t consumer, uint32_t messages,
			  uint64_t bytes);

/**
 * DOC: Messages
 *
 * A message to publish is made with broker_message_new(), filled and freed by
 * the caller, and may be published any number of times.  A received message
 * belongs to its inbox: read it until the inbox receives again; to keep or
 * republish it, copy it with broker_message_copy().
 */

/** broker_message_new() - An empty message; free: broker_message_free().  Return: 0, -ENOMEM. */
int broker_message_new(struct broker_message **message);

/**
 * broker_message_copy() - A message of one's own with another's properties and body
 *
 * But not with headers that the kernel added, whose names begin with "broker.":
 * what it says of one message is not true of another.  Nor with files, except for
 * one that is the body.  Free with broker_message_free().  Return: 0, -ENOMEM,
 * -EMFILE.
 */
int broker_message_copy(struct broker_message **message, const struct broker_message *from);

/** broker_message_free() - Free what new or copy made; NULL is fine.  Returns NULL. */
struct broker_message *broker_message_free(struct broker_message *message);

/**
 * broker_message_clear() - Back to empty: no properties, no body
 *
 * Keeps its memory for the next use.
 */
void broker_message_clear(struct broker_message *message);

/**
 * broker_message_set_body() - Give the body, without copying it
 * @message: made by new or copy
 * @body: must stay as it is until the message has been published, or cleared
 * @length: bytes
 *
 * Return: 0; -EINVAL: a received message.
 */
int broker_message_set_body(struct broker_message *message, const void *body, size_t length);

/**
 * broker_message_add_fd() - Have an open file go with the message
 * @message: made by new or copy
 * @fd: stays the caller's, and open until the message has been published, or
 *	been added to a batch that was submitted
 *
 * What may be sent is in linux/broker.h, "Files in messages".  Return: its place,
 * from 0; -EINVAL: a received message; -E2BIG: it has BROKER_MAX_FDS.
 */
int broker_message_add_fd(struct broker_message *message, int fd);

/**
 * broker_message_set_body_fd() - Give the body as a sealed memfd, however large
 * @message: made by new or copy, without other files so far
 * @fd: as broker_message_add_fd(); broker_body_memfd() makes one
 *
 * It becomes the first file and takes the place of an earlier body.  Return: 0;
 * -EINVAL: a received message, or one with other files.
 */
int broker_message_set_body_fd(struct broker_message *message, int fd);

/**
 * broker_body_memfd() - A sealed memfd with these bytes
 *
 * Return: its descriptor, the caller's to close; -ENOMEM, -EMFILE, -ENFILE.
 */
int broker_body_memfd(const void *body, size_t length);

/** broker_message_nr_fds() - How many files come with it, those that were taken included. */
unsigned int broker_message_nr_fds(const struct broker_message *message);

/**
 * broker_message_fd() - File number @index
 *
 * Of a received message it is the inbox's, which closes it when it receives again.
 * Return: the descriptor; -ENOENT: fewer files; -EBADF: it was taken, or the
 * message was browsed, which hands out none.
 */
int broker_message_fd(const struct broker_message *message, unsigned int index);

/**
 * broker_message_take_fd() - The same, and from now on it is the caller's to close
 *
 * Return: as broker_message_fd(); -EINVAL: not a received message.
 */
int broker_message_take_fd(const struct broker_message *message, unsigned int index);

/**
 * broker_message_map_body() - The body, wherever it is
 * @message: any message
 * @body: where to put a pointer to it; valid as long as the message
 * @length: where to put its length
 *
 * broker_message_body() has nothing of a body that comes in a file; this maps it.
 * Nobody can change it meanwhile.  Return: 0; -ENOMEM; -EBADF: see
 * broker_message_fd().
 */
int broker_message_map_body(const struct broker_message *message, const void **body,
			    size_t *length);

/**
 * broker_message_set_string() - Set a well-known property of type STRING
 * @message: made by new or copy
 * @id: enum broker_prop_id, not BROKER_PROP_HEADER
 * @value: UTF-8, copied
 *
 * Replaces an earlier value.  Return: 0; -EINVAL: not a property of this type,
 * or a received message; -EMSGSIZE: properties longer than BROKER_MAX_PROPS;
 * -ENOMEM.  So do the other setters.
 */
int broker_message_set_string(struct broker_message *message, enum broker_prop_id id,
			      const char *value);

/** broker_message_set_bytes() - Set a well-known property that may be BYTES */
int broker_message_set_bytes(struct broker_message *message, enum broker_prop_id id,
			     const void *value, size_t length);

/** broker_message_set_int() - Set a well-known property that may be INT64 */
int broker_message_set_int(struct broker_message *message, enum broker_prop_id id, int64_t value);

/**
 * broker_message_add_header() - Add a user header behind those that are there
 * @message: made by new or copy
 * @name: 1 to 255 bytes of UTF-8
 * @type: enum broker_prop_type
 * @value: text, bytes, int64_t, double, or one byte 0 or 1; copied
 * @length: bytes of @value: 8 for INT64 and DOUBLE, 1 for BOOL
 *
 * Return: as the setters; -ENAMETOOLONG; -E2BIG: more than BROKER_MAX_HEADERS.
 */
int broker_message_add_header(struct broker_message *message, const char *name,
			      enum broker_prop_type type, const void *value, size_t length);

/** broker_message_add_header_string() - Add a user header that is text, see there */
int broker_message_add_header_string(struct broker_message *message, const char *name,
				     const char *value);

/** broker_message_body() - The body, and its length if @length is not NULL; never NULL. */
const void *broker_message_body(const struct broker_message *message, size_t *length);

/**
 * broker_message_props() - The property area as it is on the wire (struct broker_prop)
 *
 * For gateways, and for broker_object_set_bytes() of a route query.
 */
const void *broker_message_props(const struct broker_message *message, size_t *length);

/**
 * broker_message_property() - Look up a well-known property
 * @message: any message
 * @id: enum broker_prop_id, not BROKER_PROP_HEADER
 * @type: where to put its type, or NULL
 * @value: where to put a pointer into the message; it may be unaligned, and
 *	text has no final NUL
 * @length: where to put its length
 *
 * Return: 0; -ENOENT: not there.
 */
int broker_message_property(const struct broker_message *message, enum broker_prop_id id,
			    enum broker_prop_type *type, const void **value, size_t *length);

/**
 * broker_message_header() - Read user header number @index
 * @message: any message
 * @index: from 0
 * @name: where to put a pointer to its name, without final NUL
 * @name_length: where to put the name's length
 * @type: as broker_message_property()
 * @value: as broker_message_property()
 * @length: as broker_message_property()
 *
 * Return: 0; -ENOENT: fewer headers.
 */
int broker_message_header(const struct broker_message *message, unsigned int index,
			  const char **name, size_t *name_length, enum broker_prop_type *type,
			  const void **value, size_t *length);

/** broker_message_delivery() - All the kernel says of a received message; NULL of one made here. */
const struct broker_delivery *broker_message_delivery(const struct broker_message *message);

/**
 * broker_message_key_state() - The state of a received message's ordering key
 * @message: any message
 * @length: where to put its length, 0 if there is none
 *
 * As broker_session_state() set it last, when the message was handed out; of consumers
 * with BROKER_CONSUME_F_STATE.  Valid as long as the message.  Never NULL.
 */
const void *broker_message_key_state(const struct broker_message *message, size_t *length);

/** broker_message_exchange() - Where a received message was published; "" of one made here. */
const char *broker_message_exchange(const struct broker_message *message);

/** broker_message_key() - Its routing key; "" of one made here. */
const char *broker_message_key(const struct broker_message *message);

/**
 * broker_message_original_key() - The key it was published with, if the exchange rewrote it
 *
 * "" if it did not, and of a message made here.
 */
const char *broker_message_original_key(const struct broker_message *message);

/** broker_message_user_data() - What was given to broker_session_consume(); else 0. */
uint64_t broker_message_user_data(const struct broker_message *message);

/**
 * broker_message_death() - How a received message died, number @index
 *
 * 0 is the latest.  Valid as long as the message.  Return: NULL: it died less often.
 */
const struct broker_death *broker_message_death(const struct broker_message *message,
						unsigned int index);

/** broker_death_name() - "expired" for BROKER_DEATH_EXPIRED and so on; "unknown" for others. */
const char *broker_death_name(unsigned int reason);

/** broker_cause_name() - "killed" for BROKER_CAUSE_KILLED and so on; "unknown" for others. */
const char *broker_cause_name(unsigned int cause);

/**
 * DOC: Filters
 *
 * A filter says which messages are wanted, in the language of broker_filter(7),
 * such as "color = 'red' AND weight > 2.5".  It is compiled here and run by the
 * kernel.  It never changes, so threads may share it.
 */

/**
 * broker_filter_new() - Compile a filter
 * @filter: where to put it; free with broker_filter_free()
 * @text: UTF-8, at most BROKER_MAX_FILTER_TEXT bytes; copied
 * @error: NULL, or where to put a sentence that says why not; static, do not free
 * @column: NULL, or where to put the place: 1 is the first character, 0 none
 *
 * Return: 0; -EINVAL: @text is no filter; -EMSGSIZE: too long; -ENOMEM.
 */
int broker_filter_new(struct broker_filter **filter, const char *text, const char **error,
		      unsigned int *column);

/** broker_filter_free() - Free a filter; NULL is fine.  Returns NULL. */
struct broker_filter *broker_filter_free(struct broker_filter *filter);

/** broker_filter_text() - The text it was made from; valid as long as the filter. */
const char *broker_filter_text(const struct broker_filter *filter);

/** broker_filter_program() - What the kernel runs; valid as long as the filter. */
const void *broker_filter_program(const struct broker_filter *filter, size_t *length);

/**
 * DOC: Calendars
 *
 * When a schedule publishes: the five fields of cron, or one of @yearly, @monthly,
 * @weekly, @daily, @midnight and @hourly, in a time zone.  It never changes, so any
 * number of threads may use it.
 */

/**
 * broker_cron_new() - Compile a calendar
 * @cron: where to put it; free with broker_cron_free()
 * @text: the fields minute, hour, day of the month, month and day of the week
 * @timezone: name of a time zone such as "Europe/Berlin"; "" or NULL: UTC
 * @error: where to put why it is none, in a static sentence; or NULL
 * @error_column: where to put the place in @text, from 1; 0: none; or NULL
 *
 * The zone is read from the system's files, and known for its next
 * BROKER_MAX_CALENDAR_CHANGES changes.  What its changes do to times of day:
 * "Calendars" in linux/broker.h.
 *
 * Return: 0; -EINVAL: @text is no calendar, or the file of the zone is malformed;
 * -ENOENT: no such zone; -EACCES; -EIO; -ENOMEM.
 */
int broker_cron_new(struct broker_cron **cron, const char *text, const char *timezone,
		    const char **error, unsigned int *error_column);

/** broker_cron_free() - Free a calendar; NULL is fine.  Returns NULL. */
struct broker_cron *broker_cron_free(struct broker_cron *cron);

/** broker_cron_text() - The text it was made from; valid as long as the calendar. */
const char *broker_cron_text(const struct broker_cron *cron);

/** broker_cron_timezone() - Its time zone as given, or ""; valid as long as the calendar. */
const char *broker_cron_timezone(const struct broker_cron *cron);

/** broker_cron_calendar() - What the kernel takes; valid as long as the calendar. */
const void *broker_cron_calendar(const struct broker_cron *cron, size_t *length);

/**
 * DOC: Inboxes
 *
 * An inbox is the memory that messages are received into.  It grows to take the
 * largest message that comes.  Several inboxes of one session may receive in
 * several threads.
 */

/**
 * broker_inbox_new() - Make an inbox
 * @inbox: where to put it; free with broker_inbox_free()
 * @session: must outlive it
 * @bytes: room to begin with; 0: 256 KiB
 *
 * Return: 0; -ENOMEM.
 */
int broker_inbox_new(struct broker_inbox **inbox, struct broker_session *session, size_t bytes);

/** broker_inbox_free() - Free an inbox and the messages in it; NULL is fine.  Returns NULL. */
struct broker_inbox *broker_inbox_free(struct broker_inbox *inbox);

/**
 * broker_inbox_receive() - Wait for messages
 * @inbox: its earlier messages end here
 * @consumer: from this consumer only, or 0: from any of the session's with credit
 * @max: most messages, 1 to BROKER_MAX_RECEIVE
 * @timeout_ns: longest wait for the first one; 0; BROKER_TIMEOUT_FOREVER
 *
 * Return: how many there are, at least 1; -EAGAIN: none, and @timeout_ns 0;
 * -ETIMEDOUT; -EINTR; -ENOENT: no such consumer; -EIDRM: a consumer's queue
 * was deleted (see broker_inbox_ended()); -EOWNERDEAD; -ENOMEM.
 */
int broker_inbox_receive(struct broker_inbox *inbox, uint32_t consumer, unsigned int max,
			 uint64_t timeout_ns);

/**
 * broker_inbox_fetch() - Receive a message that was deferred
 * @inbox: its earlier messages end here
 * @consumer: of the queue that holds it; its credit does not matter
 * @sequence: of the message, from when it was received and settled with BROKER_OP_DEFER
 *
 * Does not wait.  Return: 0: it is there; -ENODATA: no such message is deferred;
 * -ENOENT, -EIDRM, -EOWNERDEAD, -ENOMEM: as broker_inbox_receive().
 */
int broker_inbox_fetch(struct broker_inbox *inbox, uint32_t consumer, uint64_t sequence);

/** broker_inbox_ended() - After -EIDRM: the consumer that ended; else 0. */
uint32_t broker_inbox_ended(const struct broker_inbox *inbox);

/**
 * broker_inbox_browse() - Read messages of a queue and leave them there
 * @inbox: its earlier messages end here
 * @queue: name
 * @cursor: 0 to begin; moved on by the call
 * @max: most messages, 1 to BROKER_MAX_RECEIVE
 *
 * Return: how many; 0 at the end; -ENOENT: no such queue; -EACCES; -EBUSY; -ENOMEM.
 */
int broker_inbox_browse(struct broker_inbox *inbox, const char *queue, uint64_t *cursor,
			unsigned int max);

/**
 * broker_inbox_browse_filtered() - Read those messages of a queue that a filter matches
 * @inbox: as broker_inbox_browse()
 * @queue: as broker_inbox_browse()
 * @cursor: as broker_inbox_browse()
 * @max: as broker_inbox_browse()
 * @filter: which messages, or NULL: all
 *
 * Return: as broker_inbox_browse(); or -EINTR: a signal came before any was found.
 */
int broker_inbox_browse_filtered(struct broker_inbox *inbox, const char *queue, uint64_t *cursor,
				 unsigned int max, const struct broker_filter *filter);

/** struct broker_cursor - how far a queue was browsed; zeros to begin */
struct broker_cursor {
	uint64_t words[2];
};

/**
 * broker_inbox_browse_state() - Read messages that wait, were deferred, or died
 * @inbox: as broker_inbox_browse()
 * @queue: as broker_inbox_browse()
 * @state: which messages; what else the kernel says of them is in
 *	broker_message_delivery(): due_ns, state and reason
 * @cursor: zeros to begin; moved on by the call
 * @max: as broker_inbox_browse()
 * @filter: of these, which, or NULL: all
 *
 * Return: as broker_inbox_browse_filtered().
 */
int broker_inbox_browse_state(struct broker_inbox *inbox, const char *queue,
			      enum broker_message_state state, struct broker_cursor *cursor,
			      unsigned int max, const struct broker_filter *filter);

/**
 * broker_inbox_next() - The next received message; NULL when all were read
 *
 * Valid until the inbox receives, browses or is freed.
 */
const struct broker_message *broker_inbox_next(struct broker_inbox *inbox);

/**
 * DOC: Batches
 *
 * A batch collects up to BROKER_MAX_OPS operations and submits them in one
 * system call.  Each has its own result.
 */

/** broker_batch_new() - An empty batch; @session must outlive it.  Return: 0, -ENOMEM. */
int broker_batch_new(struct broker_batch **batch, struct broker_session *session);

/** broker_batch_free() - Free a batch; NULL is fine.  Returns NULL. */
struct broker_batch *broker_batch_free(struct broker_batch *batch);

/** broker_batch_clear() - Forget operations and results; keeps its memory. */
void broker_batch_clear(struct broker_batch *batch);

/** broker_batch_length() - Operations in it. */
unsigned int broker_batch_length(const struct broker_batch *batch);

/**
 * broker_batch_publish() - Add a publish
 * @batch: the batch
 * @exchange: name, copied
 * @key: routing key, copied
 * @message: properties are copied; the body must stay as it is until the submit
 * @flags: BROKER_PUBLISH_F_*
 * @confirm: how sure to be
 * @min_routes: fewest queues that must take it; 0: see struct broker_publish
 *
 * Return: its index; -E2BIG: the batch is full; -ENAMETOOLONG; -EMSGSIZE;
 * -EOPNOTSUPP: flags beyond 16 bits; -ENOMEM.  So do the others that add.
 */
int broker_batch_publish(struct broker_batch *batch, const char *exchange, const char *key,
			 const struct broker_message *message, uint32_t flags,
			 enum broker_confirm_level confirm, uint32_t min_routes);

/**
 * broker_batch_expect() - Make the publish that was added last a conditional one
 * @batch: the batch
 * @sequence: as broker_session_publish_expected() takes it
 *
 * With BROKER_SUBMIT_F_ATOMIC that can be the first publish only, and the whole batch
 * depends on it.  With -ESTALE the result's sequence is what it should have been.
 * Return: 0; -EINVAL: what was added last is no publish.
 */
int broker_batch_expect(struct broker_batch *batch, uint64_t sequence);

/**
 * broker_batch_settle() - Add a settlement
 * @batch: the batch
 * @message: as it was received
 * @outcome: as broker_session_settle()
 * @flags: BROKER_SETTLE_F_*
 *
 * Return: its index; -EINVAL: as broker_session_settle(); else as broker_batch_publish().
 */
int broker_batch_settle(struct broker_batch *batch, const struct broker_message *message,
			enum broker_opcode outcome, uint32_t flags);

/** broker_batch_settle_timed() - Add what broker_session_settle_timed() does */
int broker_batch_settle_timed(struct broker_batch *batch, const struct broker_message *message,
			      enum broker_opcode outcome, uint32_t flags, uint64_t time_ms);

/** broker_batch_settle_tag() - The same by numbers, when the message is gone from its inbox */
int broker_batch_settle_tag(struct broker_batch *batch, uint32_t consumer, uint64_t tag,
			    enum broker_opcode outcome, uint32_t flags);

/**
 * broker_batch_state() - Add what broker_session_state() does
 * @batch: the batch
 * @message: as it was received
 * @data: copied
 * @length: as broker_session_state()
 *
 * Before the settlement of @message.  In a batch that is submitted with
 * BROKER_SUBMIT_F_ATOMIC results, state and settlement are one step: whoever works on
 * the next message of the key finds all of it, or nothing, and each message counts once.
 *
 * Return: its index; -EINVAL, -EMSGSIZE: as broker_session_state(); else as
 * broker_batch_publish().
 */
int broker_batch_state(struct broker_batch *batch, const struct broker_message *message,
		       const void *data, size_t length);

/** broker_batch_credit() - Add a change of credit, see broker_session_credit() */
int broker_batch_credit(struct broker_batch *batch, uint32_t consumer, uint32_t messages,
			uint64_t bytes);

/**
 * broker_batch_submit() - Perform the operations in order
 * @batch: stays as it is, with results, until it is cleared
 * @flags: BROKER_SUBMIT_F_*
 * @timeout_ns: longest wait of the whole batch for room in queues
 *
 * Return: how many operations failed: 0 is success of all, and of an empty
 * batch; or the call's own error, see struct broker_submit.
 */
int broker_batch_submit(struct broker_batch *batch, uint32_t flags, uint64_t timeout_ns);

/** broker_batch_result() - What became of operation @index; NULL before a submit or beyond it. */
const struct broker_result *broker_batch_result(const struct broker_batch *batch,
						unsigned int index);

/**
 * broker_batch_confirms() - What each queue did with each published message
 * @batch: after a submit
 * @count: where to put how many there are
 *
 * In order of operations; valid until the next submit or clear.  A batch that
 * reached more than 8 queues per operation on average lists only the first.
 */
const struct broker_confirm *broker_batch_confirms(const struct broker_batch *batch,
						   unsigned int *count);

/**
 * DOC: Objects
 *
 * Administration speaks of exchanges, queues, bindings, consumers, sessions,
 * routes, audit records, advisories, limits, steps and of the broker itself.  Each
 * is an object with named attributes, those of the netlink specification
 * ("max-messages", "overflow").  Flags and enumerations are read and written as
 * words ("auto-delete,exclusive", "topic").
 */
enum broker_object_type {
	BROKER_OBJECT_BROKER,
	BROKER_OBJECT_EXCHANGE,
	BROKER_OBJECT_QUEUE,
	BROKER_OBJECT_BINDING,
	BROKER_OBJECT_CONSUMER,
	BROKER_OBJECT_SESSION,
	BROKER_OBJECT_ROUTE,
	BROKER_OBJECT_AUDIT,
	BROKER_OBJECT_ADVISORY,
	BROKER_OBJECT_LIMIT,
	BROKER_OBJECT_ACL,
	BROKER_OBJECT_STEP,
	BROKER_OBJECT_RETAINED,
	BROKER_OBJECT_PRODUCER,
	BROKER_OBJECT_STATE,
	BROKER_OBJECT_SCHEDULE,
};

/* How to read an attribute. */
enum broker_value_type {
	BROKER_VALUE_NUMBER,	/* broker_object_number() */
	BROKER_VALUE_STRING,	/* broker_object_string() */
	BROKER_VALUE_WORD,	/* one of an enumeration: both */
	BROKER_VALUE_WORDS,	/* flags: both; the text has commas between */
	BROKER_VALUE_FLAG,	/* there or not */
	BROKER_VALUE_BYTES,	/* broker_object_bytes() */
	BROKER_VALUE_HEADERS,	/* broker_object_header() */
};

/**
 * broker_object_new() - An object without attributes; free with broker_object_free()
 *
 * Return: 0; -EINVAL: no such type; -ENOMEM.
 */
int broker_object_new(struct broker_object **object, enum broker_object_type type);

/** broker_object_free() - Free an object; NULL is fine.  Returns NULL. */
struct broker_object *broker_object_free(struct broker_object *object);

/** broker_object_type() - What it is. */
enum broker_object_type broker_object_type(const struct broker_object *object);

/**
 * broker_object_set_number() - Set an attribute that is a number, enumeration, flags or flag
 *
 * A flag is set by 1 and taken away by 0.
 *
 * Return: 0; -ENOENT: no such attribute; -EINVAL: it is of another type;
 * -ERANGE: too large for it; -ENOMEM.
 */
int broker_object_set_number(struct broker_object *object, const char *name, uint64_t value);

/**
 * broker_object_set_string() - Set an attribute from text
 *
 * Takes any attribute but BYTES and HEADERS: a number is parsed (decimal, or
 * octal and hexadecimal as in C; "mode" is always octal), words are looked up,
 * a flag is "1" or "0".  The "cron" and "timezone" of a schedule also set its
 * "calendar", which they make together.
 *
 * Return: as broker_object_set_number(); -EINVAL also: not a number, not one of the words.
 */
int broker_object_set_string(struct broker_object *object, const char *name, const char *value);

/** broker_object_set_bytes() - Set an attribute of type BYTES.  Return: as above. */
int broker_object_set_bytes(struct broker_object *object, const char *name, const void *value,
			    size_t length);

/**
 * broker_object_add_header() - Add a header to compare to a binding
 * @object: a binding
 * @name: header's name
 * @type: enum broker_prop_type: STRING, INT64, DOUBLE or BOOL; 0: it need only be there
 * @value: as broker_message_add_header()
 * @length: as broker_message_add_header()
 *
 * Return: 0; -EINVAL: not a binding, or no such value; -ENAMETOOLONG; -ENOMEM.
 */
int broker_object_add_header(struct broker_object *object, const char *name,
			     unsigned int type, const void *value, size_t length);

/** broker_object_has() - Whether the attribute is set. */
int broker_object_has(const struct broker_object *object, const char *name);

/** broker_object_number() - An attribute as a number; 0 if it is not set. */
uint64_t broker_object_number(const struct broker_object *object, const char *name);

/** broker_object_bytes() - An attribute of type BYTES; NULL if it is not set. */
const void *broker_object_bytes(const struct broker_object *object, const char *name,
				size_t *length);

/**
 * broker_object_string() - An attribute as text; "" if it is not set
 *
 * A number is written in decimal, "mode" in octal, a word that this library does
 * not know as its number.  Valid until the attribute is changed.
 */
const char *broker_object_string(const struct broker_object *object, const char *name);

/**
 * broker_object_attribute() - Walk over the attributes that are set, in the specification's order
 * @object: the object
 * @index: from 0
 * @name: where to put the name
 * @type: where to put how to read it
 *
 * Return: 0; -ENOENT: fewer attributes.
 */
int broker_object_attribute(const struct broker_object *object, unsigned int index,
			    const char **name, enum broker_value_type *type);

/** broker_object_header() - Header @index of a binding; @type 0: presence.  Return: 0, -ENOENT. */
int broker_object_header(const struct broker_object *object, unsigned int index, const char **name,
			 unsigned int *type, const void **value, size_t *length);

/**
 * DOC: Administration
 */

/**
 * broker_admin_open() - Connect to the broker of this network namespace
 * @admin: where to put it; free with broker_admin_close()
 *
 * Return: 0; -ENOENT: the module is not loaded; -ENOMEM.
 */
int broker_admin_open(struct broker_admin **admin);

/** broker_admin_close() - Disconnect; NULL is fine.  Returns NULL. */
struct broker_admin *broker_admin_close(struct broker_admin *admin);

/**
 * broker_admin_error() - The kernel's own sentence on the last call's failure
 *
 * "" where it gave none.  Valid until the next call.
 */
const char *broker_admin_error(const struct broker_admin *admin);

/**
 * broker_admin_error_attribute() - Name of the attribute at fault, or missing; "" if none
 *
 * Valid until the next call.
 */
const char *broker_admin_error_attribute(const struct broker_admin *admin);

/**
 * broker_admin_call() - One request
 * @admin: the connection
 * @command: BROKER_CMD_* of linux/broker_netlink.h that has a "do"
 * @request: its attributes; NULL for none
 * @reply: where to put the reply, free it with broker_object_free(); NULL: not wanted
 *
 * Return: 0 (with *@reply NULL if the kernel gave none); the kernel's errno,
 * -ENOENT, -EEXIST, -EACCES, -EPERM, -EBUSY, -ELOOP and so on; -EINVAL: not
 * such a command, or @request is of another type than it takes.
 */
int broker_admin_call(struct broker_admin *admin, int command, const struct broker_object *request,
		      struct broker_object **reply);

/**
 * broker_admin_list() - One request with any number of replies
 * @admin: the connection
 * @command: BROKER_CMD_*_GET that has a "dump"
 * @request: what to choose by; NULL for all
 * @each: called for each; the object is its own only until it returns; a value
 *	other than 0 ends the list
 * @arg: for @each
 *
 * Starts over when a change made the list inconsistent, before @each has seen
 * any of it: the list is a snapshot.  Return: 0; what @each returned; -EAGAIN:
 * it kept on changing; or as broker_admin_call().
 */
int broker_admin_list(struct broker_admin *admin, int command, const struct broker_object *request,
		      int (*each)(const struct broker_object *object, void *arg), void *arg);

/**
 * broker_producer_last() - How far a producer of the caller's has come in a queue
 * @admin: the connection
 * @queue: name
 * @producer: as messages have it in BROKER_PROP_PRODUCER
 * @sequence: where to put the highest BROKER_PROP_PRODUCER_SEQUENCE that the queue
 *	took from it; 0: none, or the queue has forgotten the producer
 *
 * What comes next gets a higher one; see "Producers" in linux/broker.h.  Return: 0;
 * -ENOENT: no such queue; else as broker_admin_call().
 */
int broker_producer_last(struct broker_admin *admin, const char *queue, const char *producer,
			 uint64_t *sequence);

/**
 * broker_admin_subscribe() - Get events: "topology", "consumers", "audit", "alarms", "trace"
 *
 * A connection that is subscribed to events should make no calls; open another
 * one for these.  Return: 0; -ENOENT: no such group; -EPERM: all but "topology"
 * are for administrators.
 */
int broker_admin_subscribe(struct broker_admin *admin, const char *group);

/**
 * broker_subscribe() - Receive from an exchange, without declaring a queue
 * @session: the session, whose inboxes then receive
 * @admin: connection for the requests this takes; broker_admin_error() tells why one
 *	was refused; NULL: one of its own
 * @exchange: name
 * @pattern: key or pattern of the binding, as of the exchange's type
 * @group: name of a group, of whose members each message goes to one; NULL: the
 *	subscriber gets all
 * @messages: as broker_session_consume()
 * @bytes: as broker_session_consume()
 * @flags: as broker_session_consume()
 * @user_data: as broker_session_consume()
 *
 * The queue behind it is exclusive to the session; that of a group is shared by
 * all that subscribe with the same user, group, exchange and pattern, and goes
 * with the last of them, however that ends: then its messages go, too.  It has
 * the broker's default limits: what does not fit is refused to the publisher.
 * Needs r on the exchange, no right to make objects beyond the user's quota of
 * queues.
 *
 * Return: the consumer's number, above 0, to be ended by broker_session_cancel();
 * -ENOENT: no such exchange; -EACCES: no r on it, or the group's queue is another
 * user's; -EDQUOT: too many queues; -ENOSPC: it retains more than a queue holds;
 * -ENAMETOOLONG: the names are more than 255 bytes together; -EINVAL: an empty
 * group; else as broker_session_consume() and broker_admin_open().
 */
int broker_subscribe(struct broker_session *session, struct broker_admin *admin,
		     const char *exchange, const char *pattern, const char *group,
		     uint32_t messages, uint64_t bytes, uint32_t flags, uint64_t user_data);

/** broker_admin_fd() - File to poll for events; stays the connection's. */
int broker_admin_fd(const struct broker_admin *admin);

/**
 * broker_admin_event() - Wait for the next event
 * @admin: a subscribed connection
 * @timeout_ms: longest wait; -1: no end
 * @command: where to put what happened: BROKER_CMD_QUEUE_NTF and so on
 * @object: where to put whom it happened to; free with broker_object_free()
 *
 * Return: 0; -ETIMEDOUT; -EINTR; -ENOBUFS: events were lost since they were not
 * read in time, go on from here.
 */
int broker_admin_event(struct broker_admin *admin, int timeout_ms, int *command,
		       struct broker_object **object);

/**
 * broker_command_name() - What the specification calls a command, such as "queue-new"
 * @command: BROKER_CMD_*, such as the "operation" of an audit record
 *
 * Return: constant text; NULL: this library knows no such command.
 */
const char *broker_command_name(int command);

#ifdef __cplusplus
}
#endif

#endif /* BROKER_H */
