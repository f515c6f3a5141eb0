/* What the files of the TaskJuggler import share. */
#ifndef CLIENT_IMPORT_TJP_INTERNAL_H
#define CLIENT_IMPORT_TJP_INTERNAL_H

#include <stdint.h>

#include "client/import_text.h"
#include "client/import_tjp.h"
#include "client/planfile.h"
#include "client/planfile_index.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/str.h"

#define TJP_MINUTES_A_DAY 1440

struct tjp_place {
	const char *file;
	unsigned line;
	unsigned column;
};

/* ---- tokens (import_tjp_lex.c) ----------------------------------------------------------------------------- */

enum tjp_type {
	TOKEN_END,
	TOKEN_WORD,     /* "task", "a.b.c" */
	TOKEN_SCENARIO, /* "actual:" */
	TOKEN_NUMBER,
	TOKEN_DATE,
	TOKEN_TIME, /* "9:30" */
	TOKEN_STRING,
	TOKEN_MARK, /* one character */
};

struct tjp_token {
	enum tjp_type type;
	struct tjp_place at;
	const char *text; /* until the next token */
	double number;
	int32_t day;    /* of a date */
	int32_t minute; /* of a date or time */
};

/* Text that is being read: a file, or what a macro stands for. */
struct tjp_input {
	const char *text;
	size_t len;
	size_t pos;
	struct tjp_place at; /* of the next character; of a macro, where it is called */
	char *owned;         /* freed at its end */
	bool macro;
};

struct tjp_lex {
	struct tjp_input inputs[TJP_NESTING_MAX];
	unsigned depth; /* inputs in use */
	size_t bytes;   /* handed in so far, macros too */
	unsigned files;
	struct refmap *macros; /* name -> text */
	struct str text;       /* of the token */
};

/* ---- the document (import_tjp_parse.c) ----------------------------------------------------------------------- */

struct tjp_resource {
	const char *id;
	const char *name;
	struct tjp_place at;
	struct tjp_resource *parent;
	struct tjp_resource *next; /* as they are met */
	bool is_group;
	bool has_groups; /* in it */
	size_t people;   /* 1, or those of the group */
	double efficiency;
	int32_t minutes[8];           /* by ISO weekday, of a day; [0] unused */
	double daily_max, weekly_max; /* hours; 0 none */
	const char *email;
	struct tjp_leave *leaves;
	const char *slug; /* its id in the plan */
	bool is_there;    /* the workspace has it already: only referred to */
	const char *ref;  /* "person/x" */
	struct tjp_skill *skills;
	double weekly; /* working days a week that it gives; of a group all its people */
	unsigned depth;
};

struct tjp_skill {
	const char *name;
	struct tjp_skill *next;
};

struct tjp_leave {
	int32_t first, last; /* inclusive */
	const char *note;
	struct tjp_leave *next;
};

struct tjp_allocation {
	const char *who; /* id of the resource */
	struct tjp_place at;
	struct tjp_resource *resource;
	struct tjp_allocation *alternatives; /* instead */
	double daily_max;                    /* hours; 0 none */
	struct tjp_allocation *next;
};

/* "depends" or "precedes": one task before another. */
struct tjp_link {
	const char *to; /* "!!a.b" */
	struct tjp_place at;
	struct tjp_task *task;
	double gap_days;  /* that pass */
	double gap_works; /* working days */
	bool on_start;    /* from its start, not its end */
	bool on_end;
	struct tjp_link *next;
};

/* What a task comes after, in the plan. */
struct tjp_after {
	const char *ref;
	int32_t lag;
	struct tjp_after *next;
};

/* Bounds and days of a task, as days since 1970: the moment at which the day begins. */
enum tjp_event { EVENT_LOWER, EVENT_UPPER, EVENT_START, EVENT_END, EVENTS };

enum tjp_measure { MEASURE_NONE, MEASURE_DURATION, MEASURE_LENGTH, MEASURE_EFFORT };

struct tjp_task {
	const char *id; /* with those above it: "f20.alpha.freeze" */
	const char *name;
	const char *note;
	struct tjp_place at;
	struct tjp_task *parent;
	struct tjp_task *children; /* as they are met */
	struct tjp_task **children_end;
	struct tjp_task *sibling;
	struct tjp_task *next; /* of all, as they are met */
	uint32_t number;
	unsigned depth;

	struct tjp_link *depends, *precedes;
	unsigned depends_count, precedes_count;
	bool has_depends, has_precedes; /* its own or from above */
	bool late;                      /* as late as possible */
	enum tjp_measure measure;
	double amount; /* days, working days, person-days */
	bool is_milestone;
	int32_t start, end, max_end; /* stated; DATE_NONE */
	uint64_t priority;
	struct tjp_allocation *allocations;
	unsigned allocations_count;
	double daily_max;              /* hours, of everybody; 0 none */
	struct tjp_skill *responsible; /* ids of resources */
	struct tjp_skill *flags;

	int32_t events[EVENTS];
	bool spans; /* from its lower to its upper bound */
	struct tjp_after *afters;
	unsigned afters_count;
	int32_t held; /* not before that day, where links alone would let it be; DATE_NONE */
	Plumb__V1__Kind kind;
	const char *slug;
	const char *ref;
	const char *ranked; /* the initiative that it is, or that was made around it; NULL */
};

struct tjp {
	const struct tjp_options *options;
	struct planfile *plan;
	struct planfile_step *step;
	struct arena *arena;
	struct tjp_report *report;
	struct tjp_note *notes[TJP_CLASSES];
	struct tjp_note **notes_end[TJP_CLASSES];
	struct refmap *noted;
	struct err *err;
	bool failed; /* said why in err */

	struct tjp_lex lex;
	struct tjp_token token; /* that is looked at */
	unsigned blocks;

	const char *id, *name;
	struct tjp_place at;
	int32_t first, last; /* behind the last day */
	double daily_hours, yearly_days;
	int32_t minutes[8];
	const char *scenario; /* the one that is taken; "" none is named */
	struct tjp_leave *leaves;
	struct refmap *custom; /* attributes that the document makes itself */
	struct tjp_task *tasks;
	struct tjp_task **tasks_end;
	struct tjp_task *roots;
	struct tjp_task **roots_end;
	uint32_t tasks_count;
	struct refmap *task_ids;
	struct tjp_resource *resources;
	struct tjp_resource **resources_end;
	size_t resources_count;
	struct refmap *resource_ids;

	/* Working days before each day from `from` on (import_tjp_days.c). */
	int32_t *worked;
	int32_t from;
	int32_t days;

	struct refmap
	    *taken; /* ref -> import_known of the workspace, or tj where this import gave it */
	struct refmap *known; /* external id -> import_known */
};

/* ---- words (import_tjp.c) ------------------------------------------------------------------------------------ */

/* In the arena; "" when out of memory, which tj->failed has then. */
const char *tjp_fmt(struct tjp *tj, const char *format, ...) PRINTF_LIKE(2, 3);
void *tjp_new(struct tjp *tj, size_t size) MUST_CHECK; /* zeroed; NULL when out of memory */
bool tjp_oom(struct tjp *tj);                          /* always false */
/* False with "file:line:column: …". */
bool tjp_refuse(struct tjp *tj, enum err_code code, struct tjp_place at, const char *format, ...)
    PRINTF_LIKE(4, 5);
void tjp_note(struct tjp *tj, enum tjp_class class, struct tjp_place at, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* bytes are borrowed until the end. */
bool tjp_lex_begin(struct tjp *tj, const char *bytes, size_t len) MUST_CHECK;
void tjp_lex_end(struct tjp *tj);
/* tj->token is the next one. */
bool tjp_next(struct tjp *tj) MUST_CHECK;
/* "[ … ]" behind the name of a macro, which the token is. */
bool tjp_lex_macro(struct tjp *tj) MUST_CHECK;
bool tjp_lex_set_macro(struct tjp *tj, const char *name, const char *text) MUST_CHECK;
/* What follows is in that file; the token is looked at behind it. */
bool tjp_lex_include(struct tjp *tj, const char *name, struct tjp_place at) MUST_CHECK;

bool tjp_is_mark(const struct tjp *tj, char mark);
bool tjp_want_mark(struct tjp *tj, char mark, const char *where) MUST_CHECK;
/* Values (import_tjp_value.c): behind each the token is the next one. */
bool tjp_word(struct tjp *tj, const char *what, const char **out) MUST_CHECK;
bool tjp_string(struct tjp *tj, const char *what, const char **out) MUST_CHECK;
bool tjp_number(struct tjp *tj, const char *what, double min, double max, double *out) MUST_CHECK;
/* The day, and whether it means a time within it. */
bool tjp_date(struct tjp *tj, int32_t *day, bool *within) MUST_CHECK;
/* In days of 24 hours; or (works) in working days. */
bool tjp_duration(struct tjp *tj, bool works, double *out) MUST_CHECK;
/* From first to behind last. One date is that day. */
bool tjp_interval(struct tjp *tj, int32_t *first, int32_t *behind) MUST_CHECK;
bool tjp_leaves(struct tjp *tj, bool typed, struct tjp_leave **list) MUST_CHECK;
bool tjp_working_hours(struct tjp *tj, int32_t minutes[8]) MUST_CHECK;

bool tjp_parse(struct tjp *tj) MUST_CHECK;

/* ---- what comes of it ------------------------------------------------------------------------------------------- */

/* Finds everybody and everything that is named, and computes the days of all work. */
bool tjp_settle(struct tjp *tj) MUST_CHECK;
/* Working days from day on until before behind. */
int32_t tjp_worked(const struct tjp *tj, int32_t day, int32_t behind);
/* The moment when the gap of the link from the task on has passed. */
int32_t tjp_behind(const struct tjp *tj, const struct tjp_link *link, int32_t day);
/* Days of a week that are worked on. */
int tjp_week(const struct tjp *tj);
/* Items for all of it. */
bool tjp_build(struct tjp *tj) MUST_CHECK;
/* People and teams of them (import_tjp_people.c); first, since the work names them. */
bool tjp_build_people(struct tjp *tj) MUST_CHECK;
/* Of whom the task asks what. */
bool tjp_add_needs(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Task *body) MUST_CHECK;
Plumb__V1__Item *tjp_item(struct tjp *tj, Plumb__V1__Kind kind, const char *id, const char *title,
    const char *external, struct tjp_place at);
/* The id that it was given before; else its own as a slug, with a digest where that is taken or too long. */
const char *tjp_slug(struct tjp *tj, Plumb__V1__Kind kind, const char *id, const char *external,
    struct tjp_place at);
const char *tjp_ref(struct tjp *tj, Plumb__V1__Kind kind, const char *id);
void tjp_add_string(struct tjp *tj, char ***list, size_t *count, const char *text);

#endif
