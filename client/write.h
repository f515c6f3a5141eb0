/*
 * Small changes from the command line: one change set, applied or tried, and told about.
 */
#ifndef CLIENT_WRITE_H
#define CLIENT_WRITE_H

#include "client/command.h"
#include "client/context.h"

/* Every command that changes the plan takes a reason for what the workspace refuses. */
#define WRITE_OVERRIDE                                                                             \
	{                                                                                          \
		0, "override", "REASON", "why it shall be so although the workspace refuses it",   \
		    NULL                                                                           \
	}
/* The options of every command that changes the plan. */
#define WRITE_OPTIONS                                                                              \
	{'m', "reason", "TEXT", "why, for the history", NULL}, WRITE_OVERRIDE,                     \
	{                                                                                          \
		'n', "dry-run", NULL, "show what would change, change nothing", NULL               \
	}

struct str;

struct write {
	Plumb__V1__ChangeSet set;
	Plumb__V1__Change *changes[4];
	Plumb__V1__Change change[4];
};

/* An empty change set with the reason and a fresh idempotency key. */
void write_begin(struct write *write, struct context *ctx, const struct args *args);
/* The next change, to be filled; at most four. */
Plumb__V1__Change *write_add(struct write *write);
/*
 * Applies and tells: done is a sentence without full stop ("anna now owns …"); a dry run shows the
 * differences instead. Answers the exit code.
 */
int write_finish(
    struct write *write, struct context *ctx, const struct args *args, const char *done);

/* Only the telling, of what was applied otherwise. */
int write_tell(struct context *ctx, const struct args *args, const Plumb__V1__ApplyReply *reply,
    const char *done);

/* The same as write_finish(), but EXIT_NO and nothing said where an expected revision did not hold: ctx->status tells. */
int write_finish_expected(
    struct write *write, struct context *ctx, const struct args *args, const char *done);

/* Is it one of the entries that the changes named? What cascade removed includes those. */
bool write_was_named(const Plumb__V1__ApplyReply *reply, const char *ref);

/* A record of that kind with the options --at, --by and --note, which are checked. False with ctx->status. */
#define WRITE_RECORD_OPTIONS                                                                       \
	{0, "at", "WHEN", "the date or time it is from; now if not stated", NULL},                 \
	    {0, "by", "PERSON", "whose word it is; you if not stated", NULL},                      \
	{                                                                                          \
		0, "note", "TEXT", "in your words", NULL                                           \
	}
bool write_record(
    struct context *ctx, const struct args *args, Plumb__V1__Record *record) MUST_CHECK;

/* Adds that record, and tells `done` as write_finish() does. */
int write_finish_record(
    struct context *ctx, const struct args *args, Plumb__V1__Record *record, const char *done);

/* "30", "30%", "0.3": 0.3. */
bool write_parse_share(const char *text, double *out) MUST_CHECK;

/* What the workspace would say to a change that was tried; override NULL: none is given. Takes no refusal as NULL. */
void write_would_refuse(
    struct output *out, const Plumb__V1__Refusal *refusal, const char *override);

/* A field's value as people read it: effort in days. */
void write_value(struct str *out, const char *field, const char *value);

/* The differences for people, one entry after the other. */
void write_differences(
    struct output *out, Plumb__V1__EntryDiff *const *diffs, size_t count, const char *lead);

#endif
