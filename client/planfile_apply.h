/*
 * Making the daemon's plan what files or an import say: difference, three-way merge, apply.
 *
 * Base is what this source last applied, theirs is what is there now, ours is the plan in memory. Fields that only
 * others changed are kept; fields that both changed differently are conflicts, and then nothing is applied.
 */
#ifndef CLIENT_PLANFILE_APPLY_H
#define CLIENT_PLANFILE_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct Plumb__V1__ApplyReply;
struct Plumb__V1__Refusal;
struct planfile;
struct rpc_client;
struct str;

struct planfile_options {
	const char *workspace; /* "" main */
	const char *scenario;  /* "" the plan itself */
	const char *
	    source; /* who applies: "files:strategy", "stratml:plan.xml"; 1..200 bytes; NULL: the plan's default */
	const char *reason; /* "": of the step, else "apply SOURCE" */
	const char
	    *override; /* why it shall be taken although the workspace refuses it; NULL none */
	const char *effective; /* time or date that the present counts from; "": now */
	bool prune;    /* remove what this source once put there and the plan no longer has */
	bool cascade;  /* with prune: also what belongs to it */
	bool force;    /* where both changed a field, the files win */
	bool dry_run;  /* let the daemon check it, change nothing */
	bool findings; /* with dry_run: which ones would appear and disappear, too */
	bool colour;   /* in the difference */
	bool
	    split; /* entries that know nothing of each other: several change sets where one can't hold them */
	void (*progress)(void *arg, double part); /* while change sets are sent; may be NULL */
	void *progress_arg;
};

/* What the difference amounts to. */
struct planfile_summary {
	size_t created;
	size_t changed;
	size_t removed;
	size_t placed;
	size_t records;
	size_t kept; /* fields that others changed since and that stay */
	size_t left; /* entries of this source that are gone from the plan and stay without prune */
	size_t conflicts; /* nothing can be applied without force */
	size_t change_sets;
	uint64_t
	    revision; /* of the plan that was compared; after applying, of the last change set */
};

/* The difference between a plan and the daemon, ready to be shown and applied. */
struct planfile_changes;

/*
 * Reads what is there and works out what to do. The changes borrow plan and client. ERR_* of the call; conflicts
 * are no error here, see the summary.
 */
struct planfile_changes *planfile_compare(struct planfile *plan, struct rpc_client *client,
    const struct planfile_options *options, struct err *err) MUST_CHECK;
void planfile_changes_free(struct planfile_changes *changes); /* takes NULL */
const struct planfile_summary *planfile_changes_summary(const struct planfile_changes *changes);
/* The difference for people, like diff -u; "" if there is none. */
void planfile_changes_print(const struct planfile_changes *changes, struct str *out);
/* One line: "3 created, 2 changed; …". */
void planfile_changes_print_summary(const struct planfile_changes *changes, struct str *out);
/*
 * Sends the change sets in order, each atomic. On a refusal plan->faults has the daemon's faults by file, line and
 * column where they are about fields. Refuses with ERR_CONFLICT while there are conflicts and no force.
 */
bool planfile_changes_apply(struct planfile_changes *changes, struct err *err) MUST_CHECK;

/* What the daemon said to a dry run, of the first change set; NULL: it was not tried. */
const struct Plumb__V1__ApplyReply *planfile_changes_tried(const struct planfile_changes *changes);
/* The findings for which the workspace refused; NULL none. */
const struct Plumb__V1__Refusal *planfile_changes_refusal(const struct planfile_changes *changes);

/*
 * Compare and apply without showing or asking: what `check -f` and tests need. True also where there was
 * nothing to do. summary may be NULL. Conflicts are ERR_CONFLICT.
 */
bool planfile_apply(struct planfile *plan, struct rpc_client *client,
    const struct planfile_options *options, struct planfile_summary *summary,
    struct err *err) MUST_CHECK;

#endif
