// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ask QUEUE FILE: have a file's words counted by whoever answers on that queue.
 *
 * The file goes as a sealed memfd, so its size does not matter, and it is not copied
 * again on its way.  The reply comes straight back, or the reason why there is none.
 */
#define _GNU_SOURCE
#include <broker.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE	60000000000ULL

/* The file's bytes in a memfd, or an error. */
static int read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), body = -1;
	void *bytes = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		body = -errno;
	else if (st.st_size && (bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
			       MAP_FAILED)
		body = -errno;
	else
		body = broker_body_memfd(bytes, st.st_size);
	if (body >= 0 && bytes)
		munmap(bytes, st.st_size);
	if (fd >= 0)
		close(fd);
	return body;
}

static int print_reply(const struct broker_message *reply)
{
	const struct broker_delivery *delivery = broker_message_delivery(reply);
	size_t length;
	const void *body;

	if (delivery->flags & BROKER_DELIVERY_F_UNANSWERED) {
		fprintf(stderr, "ask: no answer: who had the request was %s\n",
			broker_cause_name(delivery->cause));
		return 1;
	}
	body = broker_message_body(reply, &length);
	printf("%.*s\n", (int)length, (const char *)body);
	return 0;
}

int main(int argc, char **argv)
{
	struct broker_session *session = NULL;
	struct broker_message *request = NULL;
	struct broker_inbox *inbox = NULL;
	int err, body, status = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: %s QUEUE FILE\n", argv[0]);
		return 2;
	}
	body = read_file(argv[2]);
	if (body < 0) {
		fprintf(stderr, "ask: %s: %s\n", argv[2], strerror(-body));
		return 1;
	}

	err = broker_session_open(&session);
	if (!err)
		err = broker_inbox_new(&inbox, session, 0);
	if (!err)
		err = broker_message_new(&request);
	if (!err)
		err = broker_message_set_body_fd(request, body);
	if (!err)
		err = broker_session_request(session, "", argv[1], request, 0, 0, 0);
	if (err > 0)
		err = broker_inbox_receive(inbox, BROKER_CONSUMER_REPLIES, 1, MINUTE);
	if (err > 0)
		status = print_reply(broker_inbox_next(inbox));
	else
		fprintf(stderr, "ask: %s: %s\n", argv[1], err == -ECONNREFUSED ?
			"nobody answers there" : strerror(-err));

	close(body);
	broker_message_free(request);
	broker_inbox_free(inbox);
	broker_session_close(session);
	return status;
}
