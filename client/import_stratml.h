/*
 * StratML (ISO 17469-1 and ANSI/AIIM 22, as they are met in the wild) to a plan in memory.
 *
 * Bytes in, a plan and a report out: no files, no daemon, no clock. docs/IMPORT.md says what becomes what.
 */
#ifndef CLIENT_IMPORT_STRATML_H
#define CLIENT_IMPORT_STRATML_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct import_known;
struct planfile;
struct str;

#define STRATML_BYTES_MAX    (8u << 20) /* the largest seen in the wild has 1.5 MB */
#define STRATML_ELEMENTS_MAX 400000u    /* that one has 24,000 */
#define STRATML_DEPTH_MAX    64u        /* a valid document has 11 levels */

struct stratml_options {
	const char *name;   /* of the file, for messages */
	const char *source; /* "stratml:plan.xml" */
	bool
	    untyped_are_people; /* stakeholders that no place gives a type to; else they are teams */
	const struct import_known *known;
	size_t known_count;
};

enum stratml_class {
	STRATML_REPAIRED, /* was wrong, and is right now */
	STRATML_KEPT,     /* is as the document states it, which is worth a look */
	STRATML_LEFT_OUT, /* is not in the plan */
	STRATML_CLASSES,
};

#define STRATML_PLACES 5 /* shown of each note */

struct stratml_place {
	unsigned line;
	const char *path;   /* "Goal[2]/Objective[1]" */
	const char *detail; /* what stands there; "" nothing to show */
};

/* One thing that was done to the document, how often, and where first. */
struct stratml_note {
	enum stratml_class class;
	const char *what;
	size_t count;
	struct stratml_place places[STRATML_PLACES];
	size_t places_count;
	struct stratml_note *next;
};

struct stratml_report {
	const char *dialect; /* "StratML Part 2 (PerformancePlanOrReport)" */
	const char *title;   /* the plan's name */
	size_t goals, objectives, measures, values, people, teams, periods;
	size_t targets;                           /* that objectives have, with a number */
	size_t actuals, baselines, target_values; /* measurements */
	size_t mentions;                          /* of stakeholders */
	size_t owners;                            /* proposed */
	size_t there; /* people and teams that others put there already; only referred to */
	struct stratml_note *notes; /* by class, then as they were met */
};

/*
 * Adds what the document says to the present of plan. False with ERR_INVALID ("plan.xml:12:7: …") when it is not
 * well-formed, has a document type, or is no StratML of Part 1 or 2; ERR_LIMIT when it is too large. The report
 * lives in plan's arena.
 */
bool stratml_import(const char *bytes, size_t len, const struct stratml_options *options,
    struct planfile *plan, struct stratml_report **report, struct err *err) MUST_CHECK;

/* The report for people. */
void stratml_report_print(const struct stratml_report *report, const char *name, struct str *out);

#endif
