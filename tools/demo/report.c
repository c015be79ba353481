// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "report.h"

/* One message in the file; its body follows. */
struct record {
	uint32_t length;
	uint16_t redelivered;
	uint16_t cause;
	uint16_t cause_code;
	uint16_t reserved;
	uint32_t cause_pid;
};

int report_add(FILE *report, const struct broker_message *message)
{
	const struct broker_delivery *delivery = broker_message_delivery(message);
	struct record record = {
		.redelivered = !!(delivery->flags & BROKER_DELIVERY_F_REDELIVERED),
		.cause = delivery->cause,
		.cause_code = delivery->cause_code,
		.cause_pid = delivery->cause_pid,
	};
	size_t length;
	const void *body = broker_message_body(message, &length);

	record.length = length;
	if (fwrite(&record, sizeof(record), 1, report) != 1 ||
	    fwrite(body, 1, length, report) != length)
		return -1;
	return 0;
}

static void add_redelivery(struct redelivery *sum, const struct record *record)
{
	if (!sum->count++) {
		sum->cause = record->cause;
		sum->cause_code = record->cause_code;
		sum->cause_pid = record->cause_pid;
	} else if (sum->cause != record->cause || sum->cause_code != record->cause_code ||
		   sum->cause_pid != record->cause_pid) {
		sum->unlike++;
	}
}

int report_read(FILE *report, struct lines *bodies, struct redelivery *redelivery)
{
	struct stat stat;
	const char *at, *end;

	if (fstat(fileno(report), &stat) < 0)
		return -1;
	if (!stat.st_size)
		return 0;
	at = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fileno(report), 0);
	if (at == MAP_FAILED)
		return -1;

	for (end = at + stat.st_size; at < end;) {
		struct record record;

		if ((size_t)(end - at) < sizeof(record))
			break;
		memcpy(&record, at, sizeof(record));
		at += sizeof(record);
		if ((size_t)(end - at) < record.length)
			break;
		if (lines_add(bodies, at, record.length) < 0)
			return -1;
		at += record.length;
		if (record.redelivered)
			add_redelivery(redelivery, &record);
	}
	if (at < end) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}
