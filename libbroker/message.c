// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A message: its properties as they are on the wire, and its body.
 *
 * A property is appended as it is set, and an earlier one of the same id cut out,
 * so that publishing is copying one area.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define STRING	(1U << BROKER_TYPE_STRING)
#define BYTES	(1U << BROKER_TYPE_BYTES)
#define INT64	(1U << BROKER_TYPE_INT64)

/* The types a well-known property may have. */
static const uint8_t property_types[] = {
	[BROKER_PROP_CONTENT_TYPE]	= STRING,
	[BROKER_PROP_CONTENT_ENCODING]	= STRING,
	[BROKER_PROP_MESSAGE_ID]	= STRING | BYTES | INT64,
	[BROKER_PROP_CORRELATION_ID]	= STRING | BYTES | INT64,
	[BROKER_PROP_REPLY_TO]		= STRING,
	[BROKER_PROP_TYPE]		= STRING,
	[BROKER_PROP_APP_ID]		= STRING,
	[BROKER_PROP_SUBJECT]		= STRING,
	[BROKER_PROP_GROUP_KEY]		= STRING | BYTES,
	[BROKER_PROP_DEDUPE_ID]		= STRING | BYTES,
	[BROKER_PROP_TRACEPARENT]	= STRING,
	[BROKER_PROP_TIMESTAMP]		= INT64,
	[BROKER_PROP_TTL]		= INT64,
	[BROKER_PROP_DELIVER_AT]	= INT64,
	[BROKER_PROP_PRIORITY]		= INT64,
	[BROKER_PROP_DELIVERY_MODE]	= INT64,
	[BROKER_PROP_USER_ID]		= STRING,
	[BROKER_PROP_PRODUCER]		= STRING,
	[BROKER_PROP_PRODUCER_SEQUENCE]	= INT64,
};

const char *const broker_causes[NR_CAUSES] = {
	[BROKER_CAUSE_NONE]		= "none",
	[BROKER_CAUSE_RELEASED]		= "released",
	[BROKER_CAUSE_FAILED]		= "failed",
	[BROKER_CAUSE_CANCELLED]	= "cancelled",
	[BROKER_CAUSE_CLOSED]		= "closed",
	[BROKER_CAUSE_EXITED]		= "exited",
	[BROKER_CAUSE_KILLED]		= "killed",
	[BROKER_CAUSE_OOM]		= "oom",
	[BROKER_CAUSE_QUEUE_DELETED]	= "queue-deleted",
	[BROKER_CAUSE_LEASE]		= "lease",
	[BROKER_CAUSE_SLOW]		= "slow",
};

const char *broker_cause_name(unsigned int cause)
{
	switch (cause) {
	case BROKER_CAUSE_ACCEPTED:
		return "accepted";
	case BROKER_CAUSE_REJECTED:
		return "rejected";
	case BROKER_CAUSE_REMOVED:
		return "removed";
	}
	return cause < NR_CAUSES ? broker_causes[cause] : "unknown";
}

const char *broker_death_name(unsigned int reason)
{
	switch (reason) {
	case BROKER_DEATH_EXPIRED:
		return "expired";
	case BROKER_DEATH_REJECTED:
		return "rejected";
	case BROKER_DEATH_MAX_DELIVERY:
		return "failed too often";
	case BROKER_DEATH_OVERFLOW:
		return "overflow";
	}
	return "unknown";
}

const void *broker_message_key_state(const struct broker_message *message, size_t *length)
{
	*length = message->delivery.key_state_len;
	return *length ? message->key_state : "";
}

const struct broker_death *broker_message_death(const struct broker_message *message,
						unsigned int index)
{
	return index < message->delivery.nr_deaths ? &message->deaths[index] : NULL;
}

int broker_message_new(struct broker_message **message)
{
	*message = calloc(1, sizeof(**message));
	return *message ? 0 : -ENOMEM;
}

struct broker_message *broker_message_free(struct broker_message *message)
{
	if (message) {
		broker_message_end(message);
		free(message->props);
		free(message->body_copy);
		free(message);
	}
	return NULL;
}

static bool is_received(const struct broker_message *message)
{
	return message->exchange;
}

void broker_message_clear(struct broker_message *message)
{
	if (is_received(message))
		return;
	free(message->body_copy);
	message->body_copy = NULL;
	message->body = NULL;
	message->body_length = 0;
	message->props_length = 0;
	message->headers = 0;
	broker_message_end(message);
	message->body_fd = false;
}

int broker_message_set_body(struct broker_message *message, const void *body, size_t length)
{
	if (is_received(message))
		return -EINVAL;
	free(message->body_copy);
	message->body_copy = NULL;
	message->body = body;
	message->body_length = length;
	return 0;
}

int broker_message_add_fd(struct broker_message *message, int fd)
{
	if (is_received(message) || fd < 0)
		return -EINVAL;
	if (message->nr_fds == BROKER_MAX_FDS)
		return -E2BIG;
	message->fds = message->own_fds;
	message->fds[message->nr_fds] = fd;
	return message->nr_fds++;
}

int broker_message_set_body_fd(struct broker_message *message, int fd)
{
	if (is_received(message) || fd < 0 || (message->nr_fds && !message->body_fd))
		return -EINVAL;
	if (!message->nr_fds)
		broker_message_add_fd(message, fd);
	message->fds[0] = fd;
	message->body_fd = true;
	return broker_message_set_body(message, NULL, 0);
}

unsigned int broker_message_nr_fds(const struct broker_message *message)
{
	return message->nr_fds;
}

int broker_message_fd(const struct broker_message *message, unsigned int index)
{
	if (index >= message->nr_fds)
		return -ENOENT;
	return message->fds[index] < 0 ? -EBADF : message->fds[index];
}

int broker_message_take_fd(const struct broker_message *message, unsigned int index)
{
	int fd = broker_message_fd(message, index);

	if (!is_received(message))
		return -EINVAL;
	if (fd >= 0)
		message->fds[index] = -1;
	return fd;
}

int broker_message_map_body(const struct broker_message *message, const void **body, size_t *length)
{
	/* Whoever has it may call this: that it was mapped shows in nothing else. */
	struct broker_message *m = (struct broker_message *)message;
	struct stat st;
	void *map;

	if (!message->body_fd) {
		*body = broker_message_body(message, length);
		return 0;
	}
	if (!m->map) {
		int fd = broker_message_fd(message, 0);

		if (fd < 0)
			return fd;
		if (fstat(fd, &st))
			return -errno;
		if (!st.st_size) {
			*body = "";
			*length = 0;
			return 0;
		}
		map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			return -errno;
		m->map = map;
		m->map_length = st.st_size;
	}
	*body = m->map;
	*length = m->map_length;
	return 0;
}

/* Closes and unmaps what nobody has taken. */
void broker_message_end(struct broker_message *message)
{
	if (message->map)
		munmap(message->map, message->map_length);
	message->map = NULL;
	for (unsigned int i = 0; is_received(message) && i < message->nr_fds; i++) {
		if (message->fds[i] >= 0)
			close(message->fds[i]);
	}
	if (message->copied_fd)
		close(message->copied_fd);
	message->copied_fd = 0;
	message->nr_fds = 0;
}

int broker_body_memfd(const void *body, size_t length)
{
	const char *p = body;
	ssize_t written;
	int fd, err;

	fd = memfd_create("broker-body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	while (length) {
		written = write(fd, p, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			goto err_close;
		p += written;
		length -= written;
	}
	if (!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;

err_close:
	err = -errno;
	close(fd);
	return err;
}

/* One property as it stands in the area. */
struct entry {
	struct broker_prop prop;
	size_t offset;
	size_t length;
	const char *name;
	const char *value;
};

/* Steps to the next entry; begin with one that is all 0. */
static bool next_entry(const struct broker_message *message, struct entry *entry)
{
	const char *p;

	entry->offset += entry->length;
	if (message->props_length - entry->offset < sizeof(entry->prop))
		return false;

	p = message->props + entry->offset;
	memcpy(&entry->prop, p, sizeof(entry->prop));
	entry->name = p + sizeof(entry->prop);
	entry->value = entry->name + entry->prop.name_len;
	entry->length = sizeof(entry->prop) + entry->prop.name_len + entry->prop.value_len;
	return entry->length <= message->props_length - entry->offset;
}

static bool find_property(const struct broker_message *message, enum broker_prop_id id,
			  struct entry *entry)
{
	*entry = (struct entry) { 0 };
	while (next_entry(message, entry)) {
		if (entry->prop.id == id)
			return true;
	}
	return false;
}

static int make_room(struct broker_message *message, size_t length)
{
	size_t room = message->props_room ? message->props_room : 256;
	char *props;

	while (room < length)
		room *= 2;
	if (room == message->props_room)
		return 0;
	props = realloc(message->props, room);
	if (!props)
		return -ENOMEM;
	message->props = props;
	message->props_room = room;
	return 0;
}

/* Whether the kernel added it. */
static bool is_kernels(const struct entry *entry)
{
	static const char prefix[] = "broker.";

	return entry->prop.id == BROKER_PROP_HEADER &&
	       entry->prop.name_len >= sizeof(prefix) - 1 &&
	       !memcmp(entry->name, prefix, sizeof(prefix) - 1);
}

int broker_message_copy(struct broker_message **message, const struct broker_message *from)
{
	struct entry entry = { 0 };
	struct broker_message *m;
	int err = -ENOMEM;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;

	if (from->props_length && make_room(m, from->props_length))
		goto err_free;
	while (next_entry(from, &entry)) {
		if (is_kernels(&entry))
			continue;
		memcpy(m->props + m->props_length, from->props + entry.offset, entry.length);
		m->props_length += entry.length;
		m->headers += entry.prop.id == BROKER_PROP_HEADER;
	}
	if (from->body_length) {
		m->body_copy = malloc(from->body_length);
		if (!m->body_copy)
			goto err_free;
		m->body = memcpy(m->body_copy, from->body, from->body_length);
		m->body_length = from->body_length;
	}
	if (from->body_fd && broker_message_fd(from, 0) >= 0) {
		m->copied_fd = fcntl(from->fds[0], F_DUPFD_CLOEXEC, 3);
		if (m->copied_fd < 0) {
			err = -errno;
			m->copied_fd = 0;
			goto err_free;
		}
		broker_message_set_body_fd(m, m->copied_fd);
	}
	*message = m;
	return 0;

err_free:
	broker_message_free(m);
	return err;
}

/* Appends an entry in place of @old, if there is one. */
static int put_entry(struct broker_message *message, const struct entry *old,
		     const struct broker_prop *prop, const char *name, const void *value)
{
	size_t length = sizeof(*prop) + prop->name_len + prop->value_len;
	size_t kept = message->props_length - (old ? old->length : 0);
	char *p;
	int err;

	if (kept + length > BROKER_MAX_PROPS)
		return -EMSGSIZE;
	err = make_room(message, kept + length);
	if (err)
		return err;

	if (old) {
		p = message->props + old->offset;
		memmove(p, p + old->length, kept - old->offset);
	}
	p = message->props + kept;
	memcpy(p, prop, sizeof(*prop));
	if (prop->name_len)
		memcpy(p + sizeof(*prop), name, prop->name_len);
	if (prop->value_len)
		memcpy(p + sizeof(*prop) + prop->name_len, value, prop->value_len);
	message->props_length = kept + length;
	return 0;
}

static int set_property(struct broker_message *message, enum broker_prop_id id,
			enum broker_prop_type type, const void *value, size_t length)
{
	struct broker_prop prop = { .id = id, .type = type, .value_len = length };
	struct entry old;

	if (is_received(message))
		return -EINVAL;
	if (id >= sizeof(property_types) || !(property_types[id] & (1U << type)))
		return -EINVAL;
	if (length > BROKER_MAX_PROPS)
		return -EMSGSIZE;
	return put_entry(message, find_property(message, id, &old) ? &old : NULL, &prop, NULL,
			 value);
}

int broker_message_set_string(struct broker_message *message, enum broker_prop_id id,
			      const char *value)
{
	return set_property(message, id, BROKER_TYPE_STRING, value, strlen(value));
}

int broker_message_set_bytes(struct broker_message *message, enum broker_prop_id id,
			     const void *value, size_t length)
{
	return set_property(message, id, BROKER_TYPE_BYTES, value, length);
}

int broker_message_set_int(struct broker_message *message, enum broker_prop_id id, int64_t value)
{
	return set_property(message, id, BROKER_TYPE_INT64, &value, sizeof(value));
}

static bool fits_type(enum broker_prop_type type, const void *value, size_t length)
{
	switch (type) {
	case BROKER_TYPE_STRING:
	case BROKER_TYPE_BYTES:
		return true;
	case BROKER_TYPE_INT64:
	case BROKER_TYPE_DOUBLE:
		return length == 8;
	case BROKER_TYPE_BOOL:
		return length == 1 && *(const unsigned char *)value <= 1;
	}
	return false;
}

int broker_message_add_header(struct broker_message *message, const char *name,
			      enum broker_prop_type type, const void *value, size_t length)
{
	size_t name_len = strlen(name);
	struct broker_prop prop = {
		.id = BROKER_PROP_HEADER,
		.type = type,
		.name_len = name_len,
		.value_len = length,
	};
	int err;

	if (is_received(message) || !name_len || !fits_type(type, value, length))
		return -EINVAL;
	if (name_len > BROKER_MAX_NAME)
		return -ENAMETOOLONG;
	if (length > BROKER_MAX_PROPS)
		return -EMSGSIZE;
	if (message->headers == BROKER_MAX_HEADERS)
		return -E2BIG;
	err = put_entry(message, NULL, &prop, name, value);
	if (!err)
		message->headers++;
	return err;
}

int broker_message_add_header_string(struct broker_message *message, const char *name,
				     const char *value)
{
	return broker_message_add_header(message, name, BROKER_TYPE_STRING, value, strlen(value));
}

const void *broker_message_body(const struct broker_message *message, size_t *length)
{
	if (length)
		*length = message->body_length;
	return message->body ? message->body : "";
}

const void *broker_message_props(const struct broker_message *message, size_t *length)
{
	if (length)
		*length = message->props_length;
	return message->props ? message->props : "";
}

static void tell_value(const struct entry *entry, enum broker_prop_type *type, const void **value,
		       size_t *length)
{
	if (type)
		*type = entry->prop.type;
	if (value)
		*value = entry->value;
	if (length)
		*length = entry->prop.value_len;
}

int broker_message_property(const struct broker_message *message, enum broker_prop_id id,
			    enum broker_prop_type *type, const void **value, size_t *length)
{
	struct entry entry;

	if (id == BROKER_PROP_HEADER || !find_property(message, id, &entry))
		return -ENOENT;
	tell_value(&entry, type, value, length);
	return 0;
}

int broker_message_header(const struct broker_message *message, unsigned int index,
			  const char **name, size_t *name_length, enum broker_prop_type *type,
			  const void **value, size_t *length)
{
	struct entry entry = { 0 };

	while (next_entry(message, &entry)) {
		if (entry.prop.id != BROKER_PROP_HEADER || index--)
			continue;
		if (name)
			*name = entry.name;
		if (name_length)
			*name_length = entry.prop.name_len;
		tell_value(&entry, type, value, length);
		return 0;
	}
	return -ENOENT;
}

const struct broker_delivery *broker_message_delivery(const struct broker_message *message)
{
	return is_received(message) ? &message->delivery : NULL;
}

const char *broker_message_exchange(const struct broker_message *message)
{
	return is_received(message) ? message->exchange : "";
}

const char *broker_message_key(const struct broker_message *message)
{
	return is_received(message) ? message->key : "";
}

const char *broker_message_original_key(const struct broker_message *message)
{
	return is_received(message) ? message->original_key : "";
}

uint64_t broker_message_user_data(const struct broker_message *message)
{
	return message->delivery.user_data;
}
