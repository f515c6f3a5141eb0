/*
 * Calendars as iCalendar [RFC 5545]: days without a time of day, so that neither zones nor clocks that change matter.
 *
 * Lines end in CR LF and are folded at 75 octets, never within a character; texts are escaped (section 3.3.11).
 */
#ifndef CLIENT_ICAL_H
#define CLIENT_ICAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct ical {
	struct str out; /* str_ok() at the end */
	struct str line;
};

struct ical_person {
	const char *name;  /* "Anna Brandt" */
	const char *ref;   /* "person/anna" */
	const char *email; /* "" none is known */
};

struct ical_event {
	const char *uid; /* never changes */
	const char *summary;
	const char *description;   /* "" none */
	const char *category;      /* "" none */
	const char *day;           /* "2026-03-31" */
	const char *updated;       /* "2026-03-31T17:05:00Z" */
	uint64_t sequence;         /* grows with each change */
	uint32_t weeks;            /* repeats every so many weeks; 0: does not */
	const char *const *except; /* days on which it would repeat and does not */
	size_t except_count;
	const char *const *also; /* further days */
	size_t also_count;
	const struct ical_person *organizer; /* may be NULL */
	const struct ical_person *attendees;
	size_t attendees_count;
};

void ical_begin(struct ical *ical, const char *name);
void ical_add(struct ical *ical, const struct ical_event *event);
void ical_end(struct ical *ical);
void ical_fini(struct ical *ical);

#endif
