/* What the files of the OKR import share. */
#ifndef CLIENT_IMPORT_OKR_INTERNAL_H
#define CLIENT_IMPORT_OKR_INTERNAL_H

#include <stdint.h>

#include "client/import_okr.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "client/planfile_index.h"
#include "common/arena.h"

enum okr_type {
	OKR_UNTYPED,
	OKR_OBJECTIVE,
	OKR_KEY_RESULT,
	OKR_INITIATIVE,
	OKR_TASK,
};

/* What a column, or "Owner: Anna", says. */
enum okr_field {
	FIELD_NONE,
	FIELD_OBJECTIVE,
	FIELD_KEY_RESULT,
	FIELD_TITLE,
	FIELD_ID,
	FIELD_OTHER_ID,
	FIELD_PARENT,
	FIELD_TYPE,
	FIELD_OWNER,
	FIELD_OBJECTIVE_OWNER,
	FIELD_TEAM,
	FIELD_PERIOD,
	FIELD_BASELINE,
	FIELD_TARGET,
	FIELD_UNIT,
	FIELD_CURRENT,
	FIELD_MIDDLE, /* what was reached in the middle of the period */
	FIELD_PROGRESS,
	FIELD_SCORE,
	FIELD_RESULT,
	FIELD_STATUS,
	FIELD_DUE,
	FIELD_CLOSED,
	FIELD_AS_OF,
	FIELD_DESCRIPTION,
	FIELD_PRIORITY,
	FIELD_LABEL,
	FIELD_WEIGHT,
	FIELD_IGNORED, /* known, and not the plan's */
};

/* Something that the document says of an entry, with the words it has there. */
struct okr_fact {
	enum okr_field field;
	const char *name; /* of the column */
	const char *text;
	unsigned line;
	struct okr_fact *next;
};

/* An objective, key result or piece of work on its way into the plan. */
struct okr_node {
	enum okr_type type;
	const char *title;
	const char *key;  /* what the document calls it; "" */
	const char *role; /* "VP of Sales" in "VP of Sales: Build a pipeline"; "" */
	const char *path; /* tells it from all others, in every later import */
	const char *id;
	struct okr_node *parent; /* what it stands below; NULL */
	struct okr_fact *facts;
	struct okr_fact **facts_end;
	unsigned line;
	unsigned mark;  /* while walking */
	unsigned depth; /* objectives above it */
	Plumb__V1__Item *item;
	struct okr_node *next; /* as they are met */
};

struct okr {
	const struct okr_options *options;
	struct planfile *plan;
	struct planfile_step *step;
	struct arena *arena; /* the plan's */
	const char *file;
	struct okr_report *report;
	struct okr_note *notes[OKR_CLASSES];
	struct okr_note **notes_end[OKR_CLASSES];
	struct okr_node *nodes;
	struct okr_node **nodes_end;
	size_t nodes_count;
	const char *stated_days;    /* prose that says when a quarter runs; "" */
	struct refmap *people;      /* slug of a name -> struct okr_name */
	struct refmap *periods;     /* name -> struct okr_period */
	struct refmap *taken;       /* ref -> struct import_known: of the workspace */
	struct refmap *known;       /* external id -> struct import_known */
	struct refmap *known_names; /* "person/" and folded title -> struct import_known */
	struct refmap *known_records;
	struct err *err;
	bool failed; /* said why in err */
};

/* ---- words (import_okr_words.c) ---------------------------------------------------------------------------- */

/* In the arena; "" when out of memory, which okr->failed has then. */
const char *okr_fmt(struct okr *okr, const char *format, ...) PRINTF_LIKE(2, 3);
const char *okr_cut(struct okr *okr, const char *text, size_t len); /* without blanks around it */
const char *okr_fold(struct okr *okr, const char *text);
bool okr_oom(struct okr *okr); /* always false */
/* False with "file:line: …". */
bool okr_refuse(struct okr *okr, enum err_code code, unsigned line, const char *format, ...)
    PRINTF_LIKE(4, 5);
void okr_note(
    struct okr *okr, enum okr_class class, const char *what, unsigned line, const char *text);
void okr_notes_finish(struct okr *okr);
/* Text without the marks of Markdown. *bold: all of it was. */
const char *okr_plain(struct okr *okr, const char *text, bool *bold);
/* "Owner(s)", "**Due date**" */
enum okr_field okr_field(struct okr *okr, const char *name);
/* "TBD", "n/a", "-", "" */
bool okr_is_nothing(const char *text);
struct okr_node *okr_add(struct okr *okr, enum okr_type type, const char *title, unsigned line);
void okr_say(struct okr *okr, struct okr_node *node, enum okr_field field, const char *name,
    const char *text, unsigned line);
/* The first that is stated; NULL. */
const struct okr_fact *okr_said(const struct okr_node *node, enum okr_field field);
/* The last: what a heading says of all below it is said first. */
const struct okr_fact *okr_said_last(const struct okr_node *node, enum okr_field field);
/*
 * "Objective 2: text", "KR1.1 text": the type, the number ("" none) and what follows. OKR_UNTYPED: no such mark,
 * and nothing is touched.
 */
enum okr_type okr_marker(struct okr *okr, const char *text, const char **number, const char **rest);
/* "Owner: Anna", "Progress 40%": said of node; false: it is something else. */
bool okr_attribute(struct okr *okr, struct okr_node *node, const char *text, unsigned line);
/*
 * What a title says besides: "=> result", "(Owner: Anna)", "Progress 40%" at its end become facts of node. Answers the
 * rest.
 */
const char *okr_title(struct okr *okr, struct okr_node *node, const char *text, unsigned line);

/* ---- numbers (import_okr_number.c) -------------------------------------------------------------------------- */

struct okr_number {
	double value;
	const char *unit; /* "%", "days", "$"; "" */
	bool exact;       /* false: "30+" */
};

enum okr_direction { DIRECTION_UNSAID, DIRECTION_UP, DIRECTION_DOWN };

/* What a key result wants. */
struct okr_target {
	bool has_baseline, has_target;
	double baseline, target;
	const char *unit;
	enum okr_direction direction;
};

/* The whole cell is one number, with a unit or a comparison ("≥ 95 %"). */
bool okr_number(
    struct okr *okr, const char *text, struct okr_number *number, enum okr_direction *direction);
void okr_target(struct okr *okr, const char *text, struct okr_target *target);
/* "0.7", "70 %", "7/10" as part of 1; `percent`: a bare 40 means 40 %. */
bool okr_part(struct okr *okr, const char *text, bool percent, double *part);
/* "80%", "100% complete, …": a result that says how much was reached. */
bool okr_attained(struct okr *okr, const char *text, double *part);

/* ---- days (import_okr_when.c) ------------------------------------------------------------------------------ */

struct okr_period {
	const char *name; /* "2026 Q2" */
	const char *id;
	const char *first_day,
	    *last_day; /* "" not known: a fiscal year begins where its owner says */
	bool stated;   /* of this document; else the workspace has it */
};

/* "2026-03-31", "31.03.2026", "Mar 31, 2026", "31/Mar/26 9:00 AM" as ISO; "" none, or none for sure. */
const char *okr_day(struct okr *okr, const char *text);
/* The quarter, half or year that text is, or (loose) names somewhere; NULL. */
struct okr_period *okr_period(struct okr *okr, const char *text, bool loose);
/* The text with the name of its period taken out. */
const char *okr_without_period(struct okr *okr, const char *text);
/* Does prose say when a quarter runs? */
bool okr_states_days(struct okr *okr, const char *text);
/* Takes "will run from November 1, 2019 to January 31, 2020" for the only fiscal period. */
void okr_settle_periods(struct okr *okr);
const char *okr_middle(struct okr *okr, const struct okr_period *period);

/* ---- readers ------------------------------------------------------------------------------------------------ */

struct okr_row {
	const char **cells;
	size_t count;
	unsigned line;
	struct okr_row *next;
};
/* A table, its first row the names of its columns. */
struct okr_table {
	struct okr_row *rows;
	struct okr_row **end;
	bool markdown;
	struct okr_node *above; /* the objective that it stands below; NULL */
	const char *period;     /* that it stands below; "" */
	const char *team;
};

bool okr_read_csv(struct okr *okr, const char *text, struct okr_table *table);
/* The first line as CSV: how many of its columns are known. */
size_t okr_csv_columns(struct okr *okr, const char *text, bool *jira);
bool okr_read_table(struct okr *okr, const struct okr_table *table, bool jira);
bool okr_read_outline(struct okr *okr, const char *text);

/* ---- what stands below what (import_okr_tree.c) -------------------------------------------------------------- */

/* Finds parents, and gives each node its path and id. */
bool okr_settle_tree(struct okr *okr, bool jira);
const char *okr_kind(enum okr_type type); /* "measure" */
/* What tells it from all others in every later import. */
const char *okr_external(struct okr *okr, const struct okr_node *node);

/* ---- the plan (import_okr_plan.c, import_okr_people.c) ------------------------------------------------------ */

bool okr_build(struct okr *okr);
/* Names one by one: "Anna / Ben". */
struct okr_name {
	const char *name;
	bool team;
	const char *ref; /* once it is in the plan */
};
/* A person or team of that name, found or made; NULL: nobody. */
struct okr_name *okr_meet(struct okr *okr, const char *name, bool team);
/* Everybody whom text names. */
struct okr_name **okr_meet_all(struct okr *okr, const char *text, size_t *count);
bool okr_is_position(const char *role);
bool okr_add_people(struct okr *okr);
/* An item, titled, under an id of its own; NULL: failed. */
Plumb__V1__Item *okr_item(struct okr *okr, Plumb__V1__Kind kind, const char *id, const char *title,
    const char *external, unsigned line);

#endif
