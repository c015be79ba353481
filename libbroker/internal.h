/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BROKER_INTERNAL_H
#define BROKER_INTERNAL_H

/* What the public header declares is exported, and nothing else. */
#pragma GCC visibility push(default)
#include <broker.h>
#pragma GCC visibility pop

#include <stdbool.h>
#include <sys/types.h>

/* Constant once it is open, so that threads may share it without a lock. */
struct broker_session {
	int fd;
	struct broker_info info;
};

struct broker_message {
	char *props;			/* of a received message: in its inbox */
	size_t props_length;
	size_t props_room;
	unsigned int headers;		/* user headers among them; unused if received */
	const void *body;
	size_t body_length;
	void *body_copy;		/* @body, where the message owns it */
	int *fds;			/* of a received message: in its inbox */
	unsigned int nr_fds;
	bool body_fd;			/* the body is the first of them */
	int own_fds[BROKER_MAX_FDS];	/* @fds, unless received */
	int copied_fd;			/* own_fds[0] where it is the message's own, else 0 */
	void *map;			/* the body, where it was mapped */
	size_t map_length;
	const char *exchange;		/* NULL unless received */
	const char *key;
	const char *original_key;	/* "" if it was not rewritten */
	const struct broker_death *deaths;	/* of a received message: in its inbox */
	const char *key_state;		/* the same; NULL unless received */
	struct broker_delivery delivery;
};

/* A body up to this size is copied behind the head, so that both are read in one step. */
#define INLINE_BODY	4096

static inline bool broker_message_is_small(const struct broker_message *message)
{
	return message->body_length <= INLINE_BODY;
}

void broker_message_end(struct broker_message *message);
size_t broker_publish_size(const char *exchange, const char *key,
			   const struct broker_message *message);
int broker_publish_encode(struct broker_op *op, char *buffer, const char *exchange,
			  const char *key, const struct broker_message *message, uint32_t flags);
int broker_settle_encode(struct broker_op *op, uint32_t consumer, uint64_t tag,
			 enum broker_opcode outcome, uint32_t flags, uint64_t time_ms);
int broker_state_encode(struct broker_op *op, const struct broker_message *message,
			const void *data, size_t length);
void broker_credit_encode(struct broker_op *op, uint32_t consumer, uint32_t messages,
			  uint64_t bytes);
int broker_session_ioctl(const struct broker_session *session, unsigned long request, void *arg);

/* How an attribute travels. */
enum broker_kind {
	KIND_STRING,
	KIND_U32,
	KIND_U64,
	KIND_WORD,		/* u32, index into words */
	KIND_WORDS,		/* u32, bits of words */
	KIND_FLAG,
	KIND_BYTES,
	KIND_HEADERS,
	KIND_FILTER,		/* text; its program is the attribute "filter" */
	KIND_CRON,		/* text; with "timezone" it makes the attribute "calendar" */
};

struct broker_attribute {
	const char *name;
	uint16_t id;
	uint8_t kind;			/* enum broker_kind */
	uint8_t nr_words;
	const char *const *words;
};

/* The attributes of one type of object, in the specification's order. */
struct broker_attributes {
	const char *set;		/* name in the specification */
	const struct broker_attribute *list;
	unsigned int count;
	unsigned int max;		/* highest id */
};

/* What a time zone does from some time on */
struct broker_zone {
	int64_t from;			/* seconds since 1970 */
	int32_t offset;			/* minutes ahead of UTC then */
	struct broker_calendar_change changes[BROKER_MAX_CALENDAR_CHANGES];
	unsigned int nr;
};

/* Return: 0; -ENOENT; -EINVAL: the file is malformed; or of reading it. */
int broker_zone_read(struct broker_zone *zone, const char *name, int64_t from);

struct broker_command {
	const char *name;		/* NULL: no such command */
	uint8_t type;			/* enum broker_object_type */
	bool can_do;
	bool can_dump;
};

extern const char *const broker_causes[];
#define NR_CAUSES	11

extern const struct broker_attributes broker_attributes[BROKER_OBJECT_SCHEDULE + 1];
extern const struct broker_command broker_commands[];
extern const unsigned int broker_nr_commands;

struct nl_msg;
struct nlattr;

const char *broker_attribute_name(enum broker_object_type type, unsigned int id);
size_t broker_object_size(const struct broker_object *object);
int broker_object_put(const struct broker_object *object, struct nl_msg *msg);
int broker_object_parse(struct broker_object **object, enum broker_object_type type,
			struct nlattr *head, int length);

#endif /* BROKER_INTERNAL_H */
