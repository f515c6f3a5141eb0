/*
 * TaskJuggler's plans (.tjp of version 3) to a plan in memory.
 *
 * Bytes in, a plan and a report out: no daemon, no clock; included files come from whom the caller asks. docs/IMPORT.md says
 * what becomes what. TaskJuggler's language counts in working days and plans backwards where it is told to; a plan here
 * counts in days that pass, forwards. So the days of all work are computed as TaskJuggler does, with everybody free, and lengths,
 * gaps and what must be as late as possible become the days that this gives.
 */
#ifndef CLIENT_IMPORT_TJP_H
#define CLIENT_IMPORT_TJP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct import_known;
struct planfile;
struct str;

#define TJP_BYTES_MAX   (32u << 20) /* of a file, and of all that it includes and its macros become */
#define TJP_FILES_MAX   100u        /* included */
#define TJP_NESTING_MAX 16u         /* of included files and macros in each other */
#define TJP_MACROS_MAX  10000u
#define TJP_TASKS_MAX   10000u /* as a change set holds so many changes */
#define TJP_PEOPLE_MAX  20000u /* resources */
#define TJP_DEPTH_MAX   31u /* tasks or resources in each other: as the plan takes parts of parts */
#define TJP_BLOCKS_MAX  64u /* braces in each other */
#define TJP_LIST_MAX    1000u  /* tasks before one, or allocations to one */
#define TJP_DAYS_MAX    36600  /* from the project's start to its end: a hundred years */
#define TJP_TEXT_MAX    65536u /* of a string */

struct tjp_options {
	const char *name;   /* of the file, for messages */
	const char *source; /* "tjp:release.tjp" */
	/* The file of that name beside it, freed by the importer; NULL with err. NULL: there is none to ask. */
	char *(*include)(void *arg, const char *name, size_t *len, struct err *err);
	void *arg;
	const struct import_known *known;
	size_t known_count;
};

enum tjp_class {
	TJP_READ_AS,  /* the plan says it in another way */
	TJP_LEFT_OUT, /* is not in the plan */
	TJP_CLASSES,
};

/* One thing that was done to the document, how often, and where first. */
struct tjp_note {
	enum tjp_class class;
	const char *what;
	size_t count;
	const char *file;
	unsigned line;
	unsigned column;
	struct tjp_note *next;
};

struct tjp_report {
	const char *title; /* the project's */
	const char *first_day, *last_day;
	size_t initiatives, workstreams, tasks, milestones, people, teams;
	size_t links;           /* this after that */
	struct tjp_note *notes; /* by class, then as they were met */
};

/*
 * Adds what the document says to the present of plan. False with ERR_INVALID ("plan.tjp:12:7: …") where it cannot be read for sure,
 * ERR_LIMIT where it is too large. The report lives in plan's arena.
 */
bool tjp_import(const char *bytes, size_t len, const struct tjp_options *options,
    struct planfile *plan, struct tjp_report **report, struct err *err) MUST_CHECK;

/* The report for people. */
void tjp_report_print(const struct tjp_report *report, const char *name, struct str *out);

#endif
