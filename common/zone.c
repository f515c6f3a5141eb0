/*
 * Time zones of calendar.h, from the system's zoneinfo: TZif of RFC 8536, with its footer (a POSIX
 * TZ string) for times after the last transition of the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/calendar.h"

#define ZONE_ROOT     "/usr/share/zoneinfo/"
#define ZONE_NAME_LEN 64
#define ZONE_FILE_MAX                                                                              \
	(256u << 10) /* the largest of tzdata has under 4 KiB, old "fat" ones 10 KiB */
#define HEADER_LEN  44
#define TYPE_LEN    6
#define OFFSET_MAX  93599 /* seconds; RFC 8536 3.2: -24:59:59 .. 25:59:59 */
#define SECOND_US   INT64_C(1000000)
#define DAY_SECONDS 86400

/* When summer time begins or ends in a year. */
struct rule {
	enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } form; /* Mm.w.d, Jn (no leap day), n (0..365) */
	int month, week, weekday;                        /* RULE_MONTH; weekday 0 Sunday */
	int day;
	int32_t time; /* seconds of wall clock after midnight; may be negative or past a day */
};

/* The footer, read. */
struct posix_zone {
	int32_t standard; /* offsets in seconds east of UTC */
	int32_t summer;
	bool has_summer;
	struct rule start, end;
};

struct zone {
	bool starved; /* no memory while it was read */
	size_t count;
	int64_t *times;   /* owned; ascending, seconds */
	int32_t *offsets; /* owned; from times[i] on */
	int32_t before;   /* offset before the first */
	bool has_footer;
	struct posix_zone footer;
};

/* ---- the footer ------------------------------------------------------------------------------ */

static bool
take_number(const char **text, int max, int *out)
{
	int value = 0;

	if (**text < '0' || **text > '9')
		return false;
	while (**text >= '0' && **text <= '9') {
		value = value * 10 + (**text - '0');
		if (value > max)
			return false;
		(*text)++;
	}
	*out = value;
	return true;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool
take_seconds(const char **text, int32_t *out)
{
	int parts[3] = {0};
	int sign = **text == '-' ? -1 : 1;

	if (**text == '-' || **text == '+')
		(*text)++;
	for (int i = 0; i < 3; i++) {
		if (!take_number(text, i == 0 ? 167 : 59, &parts[i]))
			return false;
		if (**text != ':')
			break;
		(*text)++;
	}
	*out = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return true;
}

/* "CET" or "<+03>" */
static bool
skip_abbreviation(const char **text)
{
	const char *p = *text;
	size_t len = 0;

	if (*p == '<') {
		p = strchr(p, '>');
		if (p == NULL)
			return false;
		*text = p + 1;
		return true;
	}
	for (; (p[len] >= 'A' && p[len] <= 'Z') || (p[len] >= 'a' && p[len] <= 'z'); len++)
		;
	*text += len;
	return len >= 3;
}

static bool
take_rule(const char **text, struct rule *out)
{
	out->form = **text == 'M' ? RULE_MONTH : **text == 'J' ? RULE_JULIAN : RULE_DAY;
	if (out->form != RULE_DAY)
		(*text)++;
	if (out->form == RULE_MONTH) {
		if (!take_number(text, 12, &out->month) || *(*text)++ != '.' ||
		    !take_number(text, 5, &out->week) || *(*text)++ != '.' ||
		    !take_number(text, 6, &out->weekday) || out->month < 1 || out->week < 1)
			return false;
	} else if (!take_number(text, 365, &out->day) ||
		   (out->form == RULE_JULIAN && out->day < 1)) {
		return false;
	}
	out->time = 2 * 3600;
	if (**text != '/')
		return true;
	(*text)++;
	return take_seconds(text, &out->time);
}

/* POSIX counts offsets to the west, so they are negated here. */
static bool
parse_footer(const char *text, struct posix_zone *out)
{
	if (!skip_abbreviation(&text) || !take_seconds(&text, &out->standard))
		return false;
	out->standard = -out->standard;
	out->has_summer = *text != '\0';
	if (!out->has_summer)
		return true;
	out->summer = out->standard + 3600;
	if (!skip_abbreviation(&text))
		return false;
	if (*text != ',' && *text != '\0') {
		if (!take_seconds(&text, &out->summer))
			return false;
		out->summer = -out->summer;
	}
	return *text++ == ',' && take_rule(&text, &out->start) && *text++ == ',' &&
	       take_rule(&text, &out->end) && *text == '\0';
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int32_t
rule_date(const struct rule *rule, int year)
{
	int32_t first;
	int32_t date;
	int year_after, month_after;

	if (rule->form == RULE_DAY)
		return date_from_civil(year, 1, 1) + rule->day;
	if (rule->form == RULE_JULIAN)
		return date_from_civil(year, 1, 1) + rule->day - 1 +
		       (rule->day >= 60 && is_leap(year));
	first = date_from_civil(year, rule->month, 1);
	date = first + (rule->weekday - date_weekday(first) % 7 + 7) % 7 + (rule->week - 1) * 7;
	/* The fifth week means the last one. */
	year_after = rule->month == 12 ? year + 1 : year;
	month_after = rule->month == 12 ? 1 : rule->month + 1;
	while (date >= date_from_civil(year_after, month_after, 1))
		date -= 7;
	return date;
}

static int32_t
footer_offset(const struct posix_zone *zone, int64_t seconds)
{
	int year, month, day;
	int64_t local = seconds + zone->standard;
	int64_t date = local / DAY_SECONDS - (local % DAY_SECONDS < 0);
	int64_t start, end;
	bool summer;

	if (!zone->has_summer || date < INT32_MIN / 2 || date > INT32_MAX / 2)
		return zone->standard;
	date_to_civil((int32_t)date, &year, &month, &day);
	/* Each change is written in the wall clock that holds until then. */
	start = (int64_t)rule_date(&zone->start, year) * DAY_SECONDS + zone->start.time -
		zone->standard;
	end = (int64_t)rule_date(&zone->end, year) * DAY_SECONDS + zone->end.time - zone->summer;
	if (start < end)
		summer = seconds >= start && seconds < end;
	else
		summer = seconds >= start || seconds < end; /* southern hemisphere */
	return summer ? zone->summer : zone->standard;
}

/* ---- the file -------------------------------------------------------------------------------- */

static uint32_t
load32_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
load64_be(const uint8_t *p)
{
	return (int64_t)((uint64_t)load32_be(p) << 32 | load32_be(p + 4));
}

/* The six counts of a header, in their order (RFC 8536, 3.1). */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool
read_header(const uint8_t *p, size_t len, struct counts *out)
{
	if (len < HEADER_LEN || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	*out = (struct counts){
	    .isut = load32_be(p + 20),
	    .isstd = load32_be(p + 24),
	    .leap = load32_be(p + 28),
	    .time = load32_be(p + 32),
	    .type = load32_be(p + 36),
	    .chars = load32_be(p + 40),
	};
	/* Far above any real file; keeps the sums below small. */
	return out->isut <= ZONE_FILE_MAX && out->isstd <= ZONE_FILE_MAX &&
	       out->leap <= ZONE_FILE_MAX && out->time <= ZONE_FILE_MAX && out->type <= 256 &&
	       out->type > 0 && out->chars <= ZONE_FILE_MAX;
}

static size_t
data_len(const struct counts *n, size_t time_len)
{
	return n->time * (time_len + 1) + n->type * TYPE_LEN + n->chars + n->leap * (time_len + 4) +
	       n->isstd + n->isut;
}

static bool
read_offset(const uint8_t *types, uint32_t count, uint8_t index, int32_t *out)
{
	if (index >= count)
		return false;
	*out = (int32_t)load32_be(types + (size_t)index * TYPE_LEN);
	return *out >= -OFFSET_MAX && *out <= OFFSET_MAX;
}

static bool
read_transitions(struct zone *zone, const uint8_t *p, const struct counts *n)
{
	const uint8_t *indices = p + (size_t)n->time * 8;
	const uint8_t *types = indices + n->time;

	zone->count = n->time;
	zone->times = calloc((size_t)n->time + 1, sizeof *zone->times);
	zone->offsets = calloc((size_t)n->time + 1, sizeof *zone->offsets);
	if (zone->times == NULL || zone->offsets == NULL)
		return !(zone->starved = true);
	if (!read_offset(types, n->type, 0, &zone->before))
		return false;
	for (size_t i = 0; i < n->time; i++) {
		zone->times[i] = load64_be(p + i * 8);
		if (i > 0 && zone->times[i] <= zone->times[i - 1])
			return false;
		if (!read_offset(types, n->type, indices[i], &zone->offsets[i]))
			return false;
	}
	return true;
}

static bool
read_footer(struct zone *zone, const uint8_t *p, size_t len)
{
	char text[128];
	const uint8_t *end;

	if (len < 2 || p[0] != '\n')
		return false;
	end = memchr(p + 1, '\n', len - 1);
	if (end == NULL || (size_t)(end - p) > sizeof text)
		return false;
	memcpy(text, p + 1, (size_t)(end - p - 1));
	text[end - p - 1] = '\0';
	zone->has_footer = text[0] != '\0';
	return !zone->has_footer || parse_footer(text, &zone->footer);
}

static bool
read_tzif(struct zone *zone, const uint8_t *p, size_t len)
{
	struct counts n;
	size_t skip, body;

	/* The first block has 32-bit times for readers of old; the second has all of it. */
	if (!read_header(p, len, &n))
		return false;
	skip = HEADER_LEN + data_len(&n, 4);
	if (skip > len || !read_header(p + skip, len - skip, &n))
		return false;
	p += skip + HEADER_LEN;
	len -= skip + HEADER_LEN;
	body = data_len(&n, 8);
	return body <= len && read_transitions(zone, p, &n) &&
	       read_footer(zone, p + body, len - body);
}

/* ---- the interface --------------------------------------------------------------------------- */

static bool
name_is_safe(const char *name)
{
	size_t len = strnlen(name, ZONE_NAME_LEN + 1);

	if (len == 0 || len > ZONE_NAME_LEN || name[0] == '/' || name[0] == '.')
		return false;
	if (strstr(name, "..") != NULL || strstr(name, "/.") != NULL)
		return false;
	return strspn(name,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/.") == len;
}

/* The file's bytes (caller frees), or NULL. */
static uint8_t *
read_file(const char *path, size_t *len, bool *starved)
{
	struct stat st;
	uint8_t *data = NULL;
	size_t got = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)ZONE_FILE_MAX)
		goto out;
	data = malloc((size_t)st.st_size + 1);
	*starved = data == NULL;
	while (data != NULL && got < (size_t)st.st_size) {
		ssize_t n = read(fd, data + got, (size_t)st.st_size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	*len = got;
out:
	close(fd);
	return data;
}

struct zone *
zone_open(const char *name, struct err *err)
{
	char path[sizeof ZONE_ROOT + ZONE_NAME_LEN];
	struct zone *zone = NULL;
	uint8_t *data = NULL;
	size_t len = 0;
	bool utc = name[0] == '\0' || strcmp(name, "UTC") == 0;
	bool ok = utc;

	if (!utc && !name_is_safe(name)) {
		err_set(err, ERR_INVALID,
		    "'%.64s' is not the name of a time zone; write it as \"Europe/Zurich\"", name);
		return NULL;
	}
	zone = calloc(1, sizeof *zone);
	if (zone == NULL) {
		err_oom(err);
		return NULL;
	}
	if (!utc) {
		memcpy(path, ZONE_ROOT, sizeof ZONE_ROOT);
		memcpy(path + sizeof ZONE_ROOT - 1, name, strlen(name) + 1);
		data = read_file(path, &len, &zone->starved);
		ok = data != NULL && read_tzif(zone, data, len);
	}
	free(data);
	if (!ok && zone->starved)
		err_oom(err);
	else if (!ok)
		err_set(err, ERR_INVALID,
		    "time zone '%s' is not known here; see \"timedatectl list-timezones\"", name);
	if (!ok) {
		zone_free(zone);
		return NULL;
	}
	return zone;
}

void
zone_free(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->times);
	free(zone->offsets);
	free(zone);
}

static int32_t
zone_offset(const struct zone *zone, int64_t seconds)
{
	size_t low = 0;
	size_t high = zone->count;

	if (zone->has_footer && (high == 0 || seconds >= zone->times[high - 1]))
		return footer_offset(&zone->footer, seconds);
	while (low < high) { /* the first transition after seconds */
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? zone->before : zone->offsets[low - 1];
}

int32_t
zone_date(const struct zone *zone, int64_t time_us)
{
	int64_t seconds = time_us / SECOND_US - (time_us % SECOND_US < 0);
	int64_t local = seconds + (zone != NULL ? zone_offset(zone, seconds) : 0);

	return (int32_t)(local / DAY_SECONDS - (local % DAY_SECONDS < 0));
}

/* Dates never decrease with time. */
int64_t
zone_end_of_date(const struct zone *zone, int32_t date)
{
	int64_t within = ((int64_t)date - 1) * DAY_US;
	int64_t beyond = ((int64_t)date + 2) * DAY_US;

	while (beyond - within > 1) {
		int64_t middle = within + (beyond - within) / 2;

		if (zone_date(zone, middle) <= date)
			within = middle;
		else
			beyond = middle;
	}
	return within;
}
