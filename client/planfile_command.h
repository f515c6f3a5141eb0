/*
 * What apply, diff, and export share: options that name plan files, and how faults are told.
 */
#ifndef CLIENT_PLANFILE_COMMAND_H
#define CLIENT_PLANFILE_COMMAND_H

#include "client/command.h"
#include "client/context.h"
#include "client/planfile.h"
#include "client/planfile_apply.h"

#define PLANFILE_OPTIONS                                                                           \
	{'f', "file", "PATH",                                                                      \
	    "a plan file, a folder of them, or - for standard input; may be given several times",  \
	    NULL},                                                                                 \
	    {0, "source", "NAME",                                                                  \
		"the name these files go by in the plan; files:FOLDER if not stated", NULL},       \
	    {0, "prune", NULL, "remove what these files once put there and no longer hold", NULL}, \
	    {0, "cascade", NULL, "with --prune: remove what belongs to it, too", NULL},            \
	{                                                                                          \
		0, "force", NULL,                                                                  \
		    "where others and the files both changed a field, the files win", NULL         \
	}

/* Whoever tries a plan before applying it shows what that does to the findings. */
#define PLANFILE_FINDINGS                                                                          \
	{                                                                                          \
		0, "no-findings", NULL, "don't show which findings appear and which are gone",     \
		    NULL                                                                           \
	}
#define PLANFILE_OVERRIDE                                                                          \
	{                                                                                          \
		0, "override", "REASON", "why it shall be so although the workspace refuses it",   \
		    NULL                                                                           \
	}

/* The plan of all --file; NULL: said why, and *code is what to exit with. */
struct planfile *planfile_command_load(
    struct context *ctx, const struct args *args, int *code) MUST_CHECK;
/* The options of apply and diff. */
struct planfile_options planfile_command_options(
    struct context *ctx, const struct args *args, const struct planfile *plan);
/* Tells err, and the plan's faults before it; answers what to exit with. */
int planfile_command_fail(struct context *ctx, const struct planfile *plan, const struct err *err);
/* The same where a change set was refused: the findings that the workspace refuses come along. */
int planfile_command_refused(struct context *ctx, const struct planfile *plan,
    const struct planfile_changes *changes, const struct err *err);
/*
 * What the daemon said to a dry run: findings that appear and are gone, and what it would refuse. Answers EXIT_NO where it
 * would refuse, else EXIT_FINE.
 */
int planfile_command_tried(
    struct context *ctx, const struct args *args, const struct planfile_changes *changes);
/* The difference and its summary on standard output. */
void planfile_command_show(struct context *ctx, const struct planfile_changes *changes);

#endif
