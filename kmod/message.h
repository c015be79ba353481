/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BROKER_MESSAGE_H
#define _BROKER_MESSAGE_H

#include <linux/refcount.h>
#include <linux/types.h>

struct broker;
struct broker_files;
struct broker_op;
struct broker_publish;
struct broker_sender;

/* Well-known properties that this version honours; see BROKER_IOC_INFO. */
#define BROKER_PROPERTIES_ACCEPTED					\
	(BIT_ULL(BROKER_PROP_HEADER) | BIT_ULL(BROKER_PROP_CONTENT_TYPE) |	\
	 BIT_ULL(BROKER_PROP_CONTENT_ENCODING) | BIT_ULL(BROKER_PROP_MESSAGE_ID) | \
	 BIT_ULL(BROKER_PROP_CORRELATION_ID) | BIT_ULL(BROKER_PROP_REPLY_TO) |	\
	 BIT_ULL(BROKER_PROP_TYPE) | BIT_ULL(BROKER_PROP_APP_ID) |		\
	 BIT_ULL(BROKER_PROP_SUBJECT) | BIT_ULL(BROKER_PROP_TRACEPARENT) |	\
	 BIT_ULL(BROKER_PROP_TIMESTAMP) | BIT_ULL(BROKER_PROP_PRIORITY) |	\
	 BIT_ULL(BROKER_PROP_DELIVERY_MODE) | BIT_ULL(BROKER_PROP_USER_ID) |	\
	 BIT_ULL(BROKER_PROP_TTL) | BIT_ULL(BROKER_PROP_DELIVER_AT) |		\
	 BIT_ULL(BROKER_PROP_DEDUPE_ID) | BIT_ULL(BROKER_PROP_PRODUCER) |	\
	 BIT_ULL(BROKER_PROP_PRODUCER_SEQUENCE) | BIT_ULL(BROKER_PROP_GROUP_KEY))

/**
 * struct broker_message - a message, stored once however many queues hold it
 * @refs: one per delivery, and one for whoever works with it (atomic)
 * @traced: its steps are told (const)
 * @dedupe: queues look whether they had it before (const)
 * @exchange_len: bytes of the exchange's name in @data (const)
 * @key_len: bytes of the routing key (const)
 * @charged: its bytes count against the limits of who published it (const)
 * @props_len: bytes of the properties (const)
 * @original_len: bytes of the routing key that was published, if it was
 *	rewritten; else 0 (const)
 * @body_len: bytes of the body (const)
 * @file_bytes: bytes of the body that is in the first of @files, or 0 (const)
 * @body_is_file: whether it is there (const)
 * @files: that it carries, or NULL (const)
 * @sender: who published it (const)
 * @id: number, never given twice in this kernel (const)
 * @time: when, nanoseconds since 1970 (const)
 * @data: exchange, key, properties, body, original key, without padding (const)
 *
 * Lifetime: immutable from the moment it is made; charged to the publisher's
 * cgroup until the last put, which may sleep.
 */
struct broker_message {
	refcount_t refs;
	bool traced;
	bool dedupe;
	u8 exchange_len;
	u8 key_len;
	bool charged;
	u8 original_len;
	u32 props_len;
	u32 body_len;
	u32 file_bytes;
	bool body_is_file;
	struct broker_files *files;
	struct broker_sender *sender;
	u64 id;
	u64 time;
	char data[];
};

void broker_message_init(void);
struct broker_message *broker_message_from_user(const struct broker *broker,
						const struct broker_op *op,
						struct broker_sender *sender, u32 spare);
struct broker_message *broker_message_from_kernel(const struct broker_publish *publish,
						  const char *data,
						  struct broker_sender *sender);
struct broker_message *broker_message_sample(struct broker *broker, const char *exchange,
					     u8 exchange_len, const char *key, u8 key_len,
					     const void *props, u32 props_len);
struct broker_message *broker_message_rewritten(struct broker_message *message,
						const char *key, u8 key_len);
void broker_message_rewrite(struct broker_message *message, const char *key, u8 key_len);
struct broker_message *broker_message_get(struct broker_message *message);
void broker_message_put(struct broker_message *message);

static inline const char *broker_message_exchange(const struct broker_message *message)
{
	return message->data;
}

static inline const char *broker_message_key(const struct broker_message *message)
{
	return message->data + message->exchange_len;
}

static inline const void *broker_message_props(const struct broker_message *message)
{
	return broker_message_key(message) + message->key_len;
}

/* All of @data. */
static inline u32 broker_message_data_size(const struct broker_message *message)
{
	return message->exchange_len + message->key_len + message->props_len + message->body_len +
	       message->original_len;
}

/* What a message counts for in a queue's byte limit. */
static inline u32 broker_message_size(const struct broker_message *message)
{
	return broker_message_data_size(message) + message->file_bytes;
}

#endif /* _BROKER_MESSAGE_H */
