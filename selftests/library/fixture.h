/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FIXTURE_H
#define FIXTURE_H

/*
 * What the tests stand on: a broker of their own, objects in it, messages.  A
 * step that the tests only presuppose ends the program when it fails.
 */
#include <broker.h>
#include <errno.h>
#include <string.h>

#include "../unit/tap.h"

#define SECOND		1000000000ULL
/* Long enough for any machine: only a hang reaches it. */
#define GUARD		(30 * SECOND)

/* Ends the program unless @result is 0 or more, and returns it. */
int must(const char *what, int result);
#define MUST(call)	must(#call, call)

/* A new network namespace, and with it an empty broker. */
void new_broker(void);

struct broker_session *new_session(void);
struct broker_admin *new_admin(void);

/* One request with the attributes that follow: name, text, …, NULL. */
int request(struct broker_admin *admin, int command, struct broker_object **reply, ...)
	__attribute__((sentinel));

/* A queue with the attributes that follow. */
void new_queue(const char *name, ...) __attribute__((sentinel));

/* A number that administration knows of a queue. */
uint64_t queue_number(const char *name, const char *attribute);

/* A message with this text; free it. */
struct broker_message *new_message(const char *text);

/* Publishes text to a queue. */
int publish_text(struct broker_session *session, const char *queue, const char *text);

/* Whether a message's body is this text. */
bool body_is(const struct broker_message *message, const char *text);

#endif /* FIXTURE_H */
