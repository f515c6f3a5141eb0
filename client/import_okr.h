/*
 * Objectives and key results, as people write them in outlines and tables, to a plan in memory.
 *
 * Bytes in, a plan and a report out: no files, no daemon, no clock. docs/IMPORT.md says what becomes what. A number
 * that cannot be read for sure stays text.
 */
#ifndef CLIENT_IMPORT_OKR_H
#define CLIENT_IMPORT_OKR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct import_known;
struct planfile;
struct str;

#define OKR_BYTES_MAX   (8u << 20)
#define OKR_LINES_MAX   200000u
#define OKR_LINE_MAX    65536u /* bytes of a line of an outline, or of a cell */
#define OKR_COLUMNS_MAX 2000u  /* an export of Jira has hundreds */
#define OKR_ENTRIES_MAX 50000u /* objectives, key results and pieces of work */
#define OKR_NESTING_MAX 64u    /* levels of a list */
#define OKR_DEPTH_MAX   32u    /* objectives below each other, as the plan takes them */

enum okr_format {
	OKR_ANY, /* told apart by content */
	OKR_MARKDOWN,
	OKR_CSV,
	OKR_JIRA,
};

struct okr_options {
	const char *name;   /* of the file, for messages */
	const char *source; /* "okr:q2.md" */
	const char *today;  /* what is stated without a day, and is not over, is dated by it */
	enum okr_format format;
	const struct import_known *known;
	size_t known_count;
};

enum okr_class {
	OKR_READ_AS,  /* how something was understood that could be meant otherwise */
	OKR_KEPT,     /* kept as text: no number could be read for sure */
	OKR_LEFT_OUT, /* not understood, or not the plan's */
	OKR_CLASSES,
};

struct okr_place {
	unsigned line;
	const char *text;
	struct okr_place *next;
};

/* One thing that was done to the document, how often, and where. */
struct okr_note {
	enum okr_class class;
	const char *what;
	size_t count;
	struct okr_place *places; /* as they stand */
	struct okr_place **end;
	struct okr_note *next;
};

struct okr_report {
	const char *dialect; /* "Markdown outline" */
	size_t objectives, key_results, initiatives, tasks, people, teams, periods;
	size_t targets;      /* with a number */
	size_t measurements; /* values and scores */
	size_t check_ins;
	size_t there;           /* people, teams and periods that others put there already */
	struct okr_note *notes; /* by class, then as they were met */
};

/*
 * Adds what the document says to the present of plan. False with ERR_INVALID ("q2.csv:12: …") when it is not text in
 * UTF-8, or holds neither objectives nor key results; ERR_LIMIT when it is too large. The report lives in plan's
 * arena. The order of a table's rows makes no difference.
 */
bool okr_import(const char *bytes, size_t len, const struct okr_options *options,
    struct planfile *plan, struct okr_report **report, struct err *err) MUST_CHECK;

/* The report for people. */
void okr_report_print(const struct okr_report *report, const char *name, struct str *out);

#endif
