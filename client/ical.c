#include "client/ical.h"

#include <inttypes.h>

#include "client/safe.h"
#include "common/utf8.h"

#define OCTETS   75u /* of a line, without its end */
#define FILE_MAX ((size_t)64 << 20)
#define LINE_MAX ((size_t)1 << 20)
/* INTEGER is signed, of 32 bits (section 3.3.8). */
#define SEQUENCE_MAX UINT64_C(2147483647)

/* Folds the line: each further part begins with a blank, which counts. */
static void
end_line(struct ical *ical)
{
	const char *at = ical->line.data;
	size_t left = ical->line.len, room = OCTETS;

	while (left > 0) {
		size_t part = 0;

		while (part < left) {
			size_t len = utf8_char_len(at + part, left - part);

			if (len == 0)
				len = 1;
			if (part + len > room)
				break;
			part += len;
		}
		str_add_len(&ical->out, at, part);
		str_add(&ical->out, "\r\n");
		at += part;
		left -= part;
		if (left > 0)
			str_add_char(&ical->out, ' ');
		room = OCTETS - 1;
	}
	if (!str_ok(&ical->line))
		str_add_len(&ical->out, NULL, SIZE_MAX);
	str_reset(&ical->line);
}

/* Words of others, as a terminal and a calendar may show them. */
static void
add_text(struct str *out, const char *text)
{
	struct str safe;

	str_init(&safe, LINE_MAX);
	safe_text(&safe, text, true);
	for (const char *at = safe.data; *at; at++) {
		if (*at == '\n')
			str_add(out, "\\n");
		else if (*at == '\\' || *at == ';' || *at == ',')
			str_addf(out, "\\%c", *at);
		else
			str_add_char(out, *at);
	}
	out->failed |= !str_ok(&safe);
	str_fini(&safe);
}

/* What is no part of a URI is left out. */
static void
add_uri(struct str *out, const char *scheme, const char *text)
{
	str_add(out, scheme);
	for (; *text; text++) {
		if ((unsigned char)*text > 0x20 && (unsigned char)*text < 0x7f)
			str_add_char(out, *text);
	}
}

static void
add_line(struct ical *ical, const char *name, const char *text)
{
	str_add(&ical->line, name);
	str_add_char(&ical->line, ':');
	add_text(&ical->line, text);
	end_line(ical);
}

/* "2026-03-31T17:05:00.5Z" as "20260331T170500Z", "2026-03-31" as "20260331". */
static void
add_digits(struct str *out, const char *time)
{
	for (; *time && *time != '.'; time++) {
		if ((*time >= '0' && *time <= '9') || *time == 'T')
			str_add_char(out, *time);
	}
}

static void
add_days(struct ical *ical, const char *name, const char *const *days, size_t count)
{
	if (count == 0)
		return;
	str_addf(&ical->line, "%s;VALUE=DATE:", name);
	for (size_t i = 0; i < count; i++) {
		str_add(&ical->line, i > 0 ? "," : "");
		add_digits(&ical->line, days[i]);
	}
	end_line(ical);
}

static void
add_time(struct ical *ical, const char *name, const char *time)
{
	str_addf(&ical->line, "%s:", name);
	add_digits(&ical->line, time);
	str_add_char(&ical->line, 'Z');
	end_line(ical);
}

/* A parameter in quotes holds anything but quotes and control characters. */
static void
add_person(struct ical *ical, const char *name, const struct ical_person *person)
{
	struct str safe;

	str_init(&safe, LINE_MAX);
	safe_text(&safe, person->name, false);
	str_addf(&ical->line, "%s;CN=\"", name);
	for (const char *at = safe.data; *at; at++)
		str_add_char(&ical->line, *at == '"' ? '\'' : *at);
	str_add(&ical->line, "\":");
	str_fini(&safe);
	if (person->email[0])
		add_uri(&ical->line, "mailto:", person->email);
	else
		add_uri(&ical->line, "urn:x-plumbline:", person->ref);
	end_line(ical);
}

void
ical_begin(struct ical *ical, const char *name)
{
	str_init(&ical->out, FILE_MAX);
	str_init(&ical->line, LINE_MAX);
	str_add(&ical->out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Plumbline//plumb//EN\r\n"
			    "CALSCALE:GREGORIAN\r\n");
	add_line(ical, "X-WR-CALNAME", name);
}

void
ical_add(struct ical *ical, const struct ical_event *event)
{
	str_add(&ical->out, "BEGIN:VEVENT\r\n");
	add_line(ical, "UID", event->uid);
	add_time(ical, "DTSTAMP", event->updated);
	add_time(ical, "LAST-MODIFIED", event->updated);
	str_addf(&ical->line, "SEQUENCE:%" PRIu64,
	    event->sequence < SEQUENCE_MAX ? event->sequence : SEQUENCE_MAX);
	end_line(ical);
	add_days(ical, "DTSTART", &event->day, 1);
	if (event->weeks > 0) {
		str_addf(&ical->line, "RRULE:FREQ=WEEKLY;INTERVAL=%" PRIu32, event->weeks);
		end_line(ical);
	}
	add_days(ical, "EXDATE", event->except, event->except_count);
	add_days(ical, "RDATE", event->also, event->also_count);
	add_line(ical, "SUMMARY", event->summary);
	if (event->description[0])
		add_line(ical, "DESCRIPTION", event->description);
	if (event->category[0])
		add_line(ical, "CATEGORIES", event->category);
	str_add(&ical->out, "TRANSP:TRANSPARENT\r\n");
	if (event->organizer)
		add_person(ical, "ORGANIZER", event->organizer);
	for (size_t i = 0; i < event->attendees_count; i++)
		add_person(ical, "ATTENDEE", &event->attendees[i]);
	str_add(&ical->out, "END:VEVENT\r\n");
}

void
ical_end(struct ical *ical)
{
	str_add(&ical->out, "END:VCALENDAR\r\n");
}

void
ical_fini(struct ical *ical)
{
	str_fini(&ical->out);
	str_fini(&ical->line);
}
