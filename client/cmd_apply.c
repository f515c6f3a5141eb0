/* plumb apply: make the daemon's plan what these files say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/planfile_command.h"

/* True only for a clear yes. */
static bool
confirmed(void)
{
	char answer[16];

	fputs("Apply this? [y/N] ", stderr);
	fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) == NULL)
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int
send_changes(struct context *ctx, const struct args *args, struct planfile *plan,
    struct planfile_changes *changes)
{
	const struct planfile_summary *summary = planfile_changes_summary(changes);
	struct err err = {0};
	int code;

	if (!args_has(args, "dry-run") && !args_has(args, "yes") && isatty(STDIN_FILENO) &&
	    isatty(STDERR_FILENO) && !confirmed())
		return context_error(ctx, EXIT_NO, "nothing is applied");
	if (!planfile_changes_apply(changes, &err))
		return planfile_command_refused(ctx, plan, changes, &err);
	if (!args_has(args, "dry-run")) {
		output_printf(
		    &ctx->out, "applied; the plan is at revision %" PRIu64 "\n", summary->revision);
		return EXIT_FINE;
	}
	code = planfile_command_tried(ctx, args, changes);
	if (code != EXIT_FINE)
		output_printf(&ctx->out, "the daemon would refuse this; nothing is changed\n");
	else if (summary->change_sets > 1)
		output_printf(&ctx->out,
		    "the daemon would take the first of these %zu change sets; nothing is "
		    "changed\n",
		    summary->change_sets);
	else
		output_printf(&ctx->out, "the daemon would take this; nothing is changed\n");
	return code;
}

static int
apply(struct context *ctx, const struct args *args, struct planfile *plan)
{
	struct planfile_options options = planfile_command_options(ctx, args, plan);
	const struct planfile_summary *summary;
	struct planfile_changes *changes;
	struct err err = {0};
	int code;

	options.dry_run = args_has(args, "dry-run");
	if (args_has(args, "reason"))
		options.reason = args_get(args, "reason");
	if (args_has(args, "effective"))
		options.effective = args_get(args, "effective");
	if (context_client(ctx) == NULL)
		return context_fail(ctx);
	changes = planfile_compare(plan, ctx->client, &options, &err);
	if (changes == NULL)
		return planfile_command_fail(ctx, plan, &err);
	planfile_command_show(ctx, changes);
	summary = planfile_changes_summary(changes);
	if (summary->conflicts > 0)
		code = context_error(ctx, EXIT_NO,
		    "%zu conflict%s, so nothing is applied: bring the files in line with "
		    "what is there (lines with !), or give --force to put what they say over it",
		    summary->conflicts, summary->conflicts == 1 ? "" : "s");
	else if (summary->change_sets == 0)
		code = EXIT_FINE;
	else
		code = send_changes(ctx, args, plan, changes);
	planfile_changes_free(changes);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct planfile *plan;
	int code;

	if (!args_has(args, "file"))
		return command_usage(args, "say which files: -f FILE or -f FOLDER");
	if (args_has(args, "cascade") && !args_has(args, "prune"))
		return command_usage(args, "--cascade goes with --prune");
	plan = planfile_command_load(ctx, args, &code);
	if (plan == NULL)
		return code;
	code = apply(ctx, args, plan);
	planfile_free(plan);
	return code;
}

static const struct option options[] = {
    PLANFILE_OPTIONS,
    PLANFILE_FINDINGS,
    PLANFILE_OVERRIDE,
    {'n', "dry-run", NULL, "show what would change and let the daemon check it, change nothing",
	NULL},
    {'y', "yes", NULL, "don't ask", NULL},
    {'m', "reason", "TEXT", "why, for the history", NULL},
    {0, "effective", "TIME", "the date or time in the past that this counts from", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb apply -f plan/", "shows what would change, asks, and applies it as one change set"},
    {"plumb apply -f plan/ --prune --yes -m \"Q3 review\"",
	"also removes what is gone from the files, without asking"},
    {"plumb export | plumb apply -f - --dry-run", "is always \"nothing to do\""},
    {0},
};

const struct command cmd_apply = {
    .name = "apply",
    .group = GROUP_PLAN,
    .arguments = "",
    .summary = "put the plan in these files into the daemon",
    .help = "Reads all files as one plan, compares it with what is there, shows the difference, "
	    "asks (on a terminal), "
	    "and applies it as one change set: all of it or nothing. Files may lie in folders, and "
	    "dated files hold "
	    "the plan's past; docs/PLANFILES.md describes them.\n\n"
	    "The difference is worked out field by field from three sides: what these files last "
	    "applied, what is there "
	    "now, and what they say now. What only others changed stays (=). What both changed "
	    "differently is a conflict "
	    "(!): then nothing is applied, unless --force. What is gone from the files stays there "
	    "without --prune.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_SERVER | TAKES_SCENARIO,
};
