// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * admin: make an exchange, a queue and a binding, show the queues, clean up.
 */
#include <broker.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An attribute and what it shall be. */
struct setting {
	const char *name;
	const char *value;
};

/* One request; tells what went wrong in the kernel's own words. */
static int request(struct broker_admin *admin, int command, enum broker_object_type type,
		   const struct setting *settings)
{
	struct broker_object *object;
	const char *why = "";
	int err;

	err = broker_object_new(&object, type);
	if (err)
		return err;
	for (; !err && settings->name; settings++)
		err = broker_object_set_string(object, settings->name, settings->value);
	if (!err) {
		err = broker_admin_call(admin, command, object, NULL);
		why = broker_admin_error(admin);
	}
	if (err)
		fprintf(stderr, "admin: %s\n", *why ? why : strerror(-err));
	broker_object_free(object);
	return err;
}

static int print_queue(const struct broker_object *queue, void *arg)
{
	(void)arg;
	printf("%-20s %8" PRIu64 " %12" PRIu64 "  %-10s %s\n", broker_object_string(queue, "name"),
	       broker_object_number(queue, "ready"), broker_object_number(queue, "max-messages"),
	       broker_object_string(queue, "overflow"), broker_object_string(queue, "mode"));
	return 0;
}

int main(void)
{
	static const struct setting exchange[] = {
		{ "name", "example.orders" }, { "type", "topic" }, { NULL, NULL },
	};
	static const struct setting queue[] = {
		{ "name", "example.invoices" }, { "max-messages", "1000" },
		{ "overflow", "block" }, { "mode", "0640" }, { NULL, NULL },
	};
	static const struct setting binding[] = {
		{ "exchange", "example.orders" }, { "queue", "example.invoices" },
		{ "key", "order.*.paid" }, { NULL, NULL },
	};
	struct broker_admin *admin;
	int err;

	err = broker_admin_open(&admin);
	if (err) {
		fprintf(stderr, "admin: cannot reach the broker: %s\n", strerror(-err));
		return 1;
	}

	err = request(admin, BROKER_CMD_EXCHANGE_NEW, BROKER_OBJECT_EXCHANGE, exchange);
	if (err)
		goto close;
	err = request(admin, BROKER_CMD_QUEUE_NEW, BROKER_OBJECT_QUEUE, queue);
	if (err)
		goto delete_exchange;
	err = request(admin, BROKER_CMD_BINDING_NEW, BROKER_OBJECT_BINDING, binding);
	if (!err) {
		printf("%-20s %8s %12s  %-10s %s\n", "QUEUE", "READY", "MAX", "OVERFLOW", "MODE");
		err = broker_admin_list(admin, BROKER_CMD_QUEUE_GET, NULL, print_queue, NULL);
	}

	/* Only the name may stand in these; the binding goes with either end. */
	request(admin, BROKER_CMD_QUEUE_DEL, BROKER_OBJECT_QUEUE,
		(struct setting[]) { queue[0], { NULL, NULL } });
delete_exchange:
	request(admin, BROKER_CMD_EXCHANGE_DEL, BROKER_OBJECT_EXCHANGE,
		(struct setting[]) { exchange[0], { NULL, NULL } });
close:
	broker_admin_close(admin);
	return err != 0;
}
