/*
 * A plan in memory as files or an import state it: items, records, rankings, in steps of time.
 *
 * planfile_load() reads YAML plan files (docs/PLANFILES.md); an importer builds the same by
 * planfile_add_item() and its neighbours. What both end in is planfile_apply.h. Knows nothing of the daemon.
 */
#ifndef CLIENT_PLANFILE_H
#define CLIENT_PLANFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "plumb/v1/item.pb-c.h"

struct arena;
struct refmap;
struct str;
struct yaml_node;

#define PLANFILE_FAULTS_MAX 1000 /* kept; the others are counted */
#define PLANFILE_FILES_MAX  10000
#define PLANFILE_FILE_BYTES (32u << 20)  /* of one file */
#define PLANFILE_BYTES      (256u << 20) /* of all files of a plan */

/* Where something stands; line 0: the file as a whole, column 0: the line. */
struct planfile_place {
	const char *file; /* in the plan's arena */
	unsigned line;
	unsigned column; /* in characters, the first is 1 */
};

struct planfile_fault {
	struct planfile_place place;
	const char *message; /* in the plan's arena */
};

/* An item or a record. */
struct planfile_entry {
	Plumb__V1__Kind kind;
	const char *id;
	const char *ref;           /* "kind/id" */
	Plumb__V1__Item *item;     /* this, */
	Plumb__V1__Record *record; /* or this */
	struct planfile_place place;
	const struct yaml_node *node; /* its map of fields; NULL: not from YAML */
};

struct planfile_ranked {
	const char *ref; /* "initiative/x" */
	unsigned group;  /* equal: tied; never decreasing */
	struct planfile_place place;
};

struct planfile_ranking {
	const char *team; /* bare id; "" the workspace's */
	struct planfile_ranked *list;
	size_t count;
	size_t cap;
	struct planfile_place place;
};

struct planfile_removal {
	const char *ref; /* "kind/id" */
	struct planfile_place place;
};

/* What is stated for one time: one change set. */
struct planfile_step {
	const char
	    *effective; /* RFC 3339 time; NULL: the present, which is the last step of every plan */
	long long effective_us;
	const char *reason;              /* NULL: not stated */
	struct planfile_entry **entries; /* in the order they were stated */
	size_t count;
	size_t cap;
	struct planfile_ranking *rankings;
	size_t rankings_count;
	struct planfile_removal *removals;
	size_t removals_count;
	struct refmap *index; /* by ref */
};

struct planfile {
	struct arena *arena;          /* holds everything below */
	struct planfile_step **steps; /* by effective time; the present last */
	size_t steps_count;
	struct planfile_fault faults[PLANFILE_FAULTS_MAX];
	size_t faults_count; /* kept */
	size_t faults_total; /* found */
	/* Where `exported:` says that these files were written from; NULL and 0 if it does not. */
	const char *exported_workspace;
	unsigned long long exported_revision;
	const char *default_source;  /* "files:<name>", from what was loaded; NULL for an import */
	struct planfile_file *files; /* read, not yet taken over by planfile_finish() */
	size_t files_count;
	size_t bytes;
	bool out_of_memory;
};

/* An empty plan: the present step only. */
struct planfile *planfile_new(struct err *err) MUST_CHECK;
void planfile_free(struct planfile *plan); /* takes NULL */

/*
 * Reads files, and directories recursively (*.yaml, *.yml, in order of name; no hidden ones, no symbolic links to
 * directories), as one plan. "-" is standard input. False with err only if there are faults or nothing could be
 * read at all: all faults of all files are in plan->faults then, in order of place.
 */
bool planfile_load(
    struct planfile *plan, const char *const *paths, size_t count, struct err *err) MUST_CHECK;
/* The same from memory, as the file `name`. Call planfile_finish() after the last one. */
void planfile_load_text(struct planfile *plan, const char *name, const char *text, size_t len);
bool planfile_finish(struct planfile *plan, struct err *err) MUST_CHECK;

/* ---- building, for imports. Everything that is handed in must live in plan->arena. ---------------------- */

/* The present; never NULL. */
struct planfile_step *planfile_present(struct planfile *plan);
/* The step of that time (RFC 3339 or date), made if there is none; NULL out of memory or malformed. */
struct planfile_step *planfile_step(struct planfile *plan, const char *effective) MUST_CHECK;
/*
 * A zeroed item or record of that kind with its body, in the step. NULL, and a fault at place, if the id is taken
 * in this step or is no id; NULL when out of memory. The id is copied.
 */
struct planfile_entry *planfile_add_item(struct planfile *plan, struct planfile_step *step,
    Plumb__V1__Kind kind, const char *id, struct planfile_place place);
struct planfile_entry *planfile_add_record(struct planfile *plan, struct planfile_step *step,
    Plumb__V1__Kind kind, const char *id, struct planfile_place place);
/* Puts ref at the end of the ranking of team ("" the workspace's), tied with the one before or not. */
bool planfile_add_ranked(struct planfile *plan, struct planfile_step *step, const char *team,
    const char *ref, bool tied, struct planfile_place place);
/* Always false. */
bool planfile_fault(struct planfile *plan, struct planfile_place place, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* ---- looking ---------------------------------------------------------------------------------------------- */

/* NULL if the step has no such entry. ref is "kind/id". */
struct planfile_entry *planfile_find(const struct planfile_step *step, const char *ref);
/* Where the field of an entry stands; path is from the item or record ("objective.targets[0].due"). */
struct planfile_place planfile_field_place(const struct planfile_entry *entry, const char *path);
/* "file:line:column: message" lines, in order; tells at the end how many were not kept. */
void planfile_print_faults(const struct planfile *plan, struct str *out);

#endif
