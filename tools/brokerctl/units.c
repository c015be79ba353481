// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "report.h"
#include "units.h"

#include <broker.h>

#define NSEC_PER_SEC 1000000000ULL

/* The digits @text begins with; strtoull() alone would take blanks and signs. */
static bool parse_digits(const char *text, int base, uint64_t *number, char **end)
{
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, end, base);
	return !errno;
}

bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	return parse_digits(text, 10, number, &end) && !*end;
}

bool parse_mode(const char *text, uint64_t *mode)
{
	char *end;

	return parse_digits(text, 8, mode, &end) && !*end && *mode <= BROKER_MODE_MAX;
}

bool parse_signed(const char *text, int64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)text[*text == '-' || *text == '+']))
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && !*end;
}

bool parse_real(const char *text, double *number)
{
	char *end;

	if (!*text || isspace((unsigned char)*text))
		return false;
	*number = strtod(text, &end);
	return end != text && !*end;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t number;
	unsigned int shift = 0;
	char *end;

	if (!parse_digits(text, 10, &number, &end))
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit)
			return false;
		shift = 10 * (unit - units + 1);
		end++;
		if (!strcasecmp(end, "iB") || !strcasecmp(end, "B"))
			end += strlen(end);
	}
	if (*end || number << shift >> shift != number)
		return false;
	*bytes = number << shift;
	return true;
}

bool parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", NSEC_PER_SEC },
		{ "", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC },
		{ "min", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC },
		{ "d", 86400 * NSEC_PER_SEC },
	};
	double number;
	char *end;

	if (!strcmp(text, "forever")) {
		*ns = BROKER_TIMEOUT_FOREVER;
		return true;
	}
	/* Decimal only: strtod() would take "inf" and "0x1p3" too. */
	if (!*text || text[strspn(text, "0123456789.nusmihd")] || !isdigit((unsigned char)*text))
		return false;
	number = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].name))
			continue;
		if (number * units[i].ns >= 1e19)
			return false;
		*ns = number * units[i].ns;
		return true;
	}
	return false;
}

bool parse_user(const char *text, uint64_t *uid)
{
	const struct passwd *user = getpwnam(text);

	if (user)
		*uid = user->pw_uid;
	return user || (parse_number(text, uid) && *uid < UINT32_MAX);
}

bool parse_group(const char *text, uint64_t *gid)
{
	const struct group *group = getgrnam(text);

	if (group)
		*gid = group->gr_gid;
	return group || (parse_number(text, gid) && *gid < UINT32_MAX);
}

char *format_size(uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = bytes;
	int unit = -1;

	if (bytes < 1024)
		return text_format("%llu", (unsigned long long)bytes);
	/* 1023.95 and more would print as 1024.0 of the smaller unit. */
	while (size >= 1023.95) {
		size /= 1024;
		unit++;
	}
	if (bytes % (1ULL << 10 * (unit + 1)) == 0)
		return text_format("%.0f%c", size, units[unit]);
	return text_format("%.1f%c", size, units[unit]);
}

char *format_user(uint64_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user ? text_copy(user->pw_name) : text_format("%llu", (unsigned long long)uid);
}

char *format_group(uint64_t gid)
{
	const struct group *group = getgrgid(gid);

	return group ? text_copy(group->gr_name) : text_format("%llu", (unsigned long long)gid);
}

char *format_time(uint64_t ns)
{
	time_t seconds = ns / NSEC_PER_SEC;
	char date[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	return text_format("%s.%06u", date, (unsigned int)(ns % NSEC_PER_SEC / 1000));
}

char *format_hex(const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	char *text = memory(2 * length + 1);

	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", byte[i]);
	text[2 * length] = '\0';
	return text;
}

static bool is_control(const unsigned char *byte, size_t left)
{
	if (*byte < 0x20 || *byte == 0x7f)
		return true;
	/* U+0080 to U+009F: what is left of 8-bit control characters, in UTF-8 */
	return *byte == 0xc2 && left > 1 && byte[1] >= 0x80 && byte[1] < 0xa0;
}

char *format_visible(const void *bytes, size_t length, const char *keep)
{
	char *text = memory(4 * length + 1), *out = text;
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++) {
		if (is_control(byte + i, length - i) && !(byte[i] && strchr(keep, byte[i])))
			out += sprintf(out, "\\x%02x", byte[i]);
		else
			*out++ = byte[i];
	}
	*out = '\0';
	return text;
}
