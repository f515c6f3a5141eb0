/* plumb diff: what apply would do, or what is different between two revisions. */
#include <string.h>

#include "client/findings.h"
#include "client/planfile_command.h"
#include "client/write.h"
#include "common/pb.h"

/* ---- files ------------------------------------------------------------------------------------------------------ */

static int
diff_plan(struct context *ctx, const struct args *args, struct planfile *plan)
{
	struct planfile_options options = planfile_command_options(ctx, args, plan);
	const struct planfile_summary *summary;
	struct planfile_changes *changes;
	struct err err = {0};
	int code;

	options.dry_run = true;
	if (context_client(ctx) == NULL)
		return context_fail(ctx);
	changes = planfile_compare(plan, ctx->client, &options, &err);
	if (changes == NULL)
		return planfile_command_fail(ctx, plan, &err);
	planfile_command_show(ctx, changes);
	summary = planfile_changes_summary(changes);
	code = summary->change_sets == 0 && summary->conflicts == 0 ? EXIT_FINE : EXIT_NO;
	if (options.findings && summary->change_sets > 0 && summary->conflicts == 0) {
		if (planfile_changes_apply(changes, &err))
			(void)planfile_command_tried(ctx, args, changes);
		else
			(void)planfile_command_refused(ctx, plan, changes, &err);
	}
	planfile_changes_free(changes);
	return code;
}

static int
diff_files(struct context *ctx, const struct args *args)
{
	struct planfile *plan;
	int code;

	if (args->count > 0)
		return command_usage(args, "either -f FILES or two revisions");
	if (ctx->out.format != OUTPUT_TABLE)
		return command_usage(
		    args, "-o json and -o yaml go with two revisions, not with -f");
	plan = planfile_command_load(ctx, args, &code);
	if (plan == NULL)
		return code;
	code = diff_plan(ctx, args, plan);
	planfile_free(plan);
	return code;
}

/* ---- revisions --------------------------------------------------------------------------------------------------- */

static bool
parse_moment(struct context *ctx, const char *text, Plumb__V1__At *at)
{
	const char *as_of = ctx->as_of;
	bool good;

	ctx->as_of = text;
	good = context_at(ctx, at);
	ctx->as_of = as_of;
	return good;
}

/* Without any difference time alone may have brought findings: the two moments have different days. */
static void
show_differences(struct context *ctx, const Plumb__V1__DiffReply *reply)
{
	const Plumb__V1__FindingsChange *findings = reply->findings;

	write_differences(&ctx->out, reply->differences, reply->n_differences, "");
	if (findings && (reply->n_differences || findings->appeared_count || findings->gone_count))
		findings_show_change(&ctx->out, findings);
}

static int
diff_revisions(struct context *ctx, const struct args *args)
{
	const Plumb__V1__DiffReply *reply;
	Plumb__V1__DiffRequest request;
	Plumb__V1__At from, to;

	plumb__v1__diff_request__init(&request);
	if (!parse_moment(ctx, args->values[0], &from) ||
	    !parse_moment(ctx, args->count > 1 ? args->values[1] : "", &to))
		return context_fail(ctx);
	from.scenario = pb_str(""); /* from the plan */
	request.from = &from;
	request.to = &to;
	request.findings = !args_has(args, "no-findings");
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Diff", &request.base);
	if (reply == NULL)
		return context_fail(ctx);
	if (ctx->out.format != OUTPUT_TABLE)
		output_message(&ctx->out, &reply->base);
	else
		show_differences(ctx, reply);
	return reply->n_differences == 0 ? EXIT_FINE : EXIT_NO;
}

static int
run(struct context *ctx, const struct args *args)
{
	if (args_has(args, "file"))
		return diff_files(ctx, args);
	if (args_has(args, "prune") || args_has(args, "force") || args_has(args, "source") ||
	    args_has(args, "cascade"))
		return command_usage(args, "--source, --prune, --cascade and --force go with -f");
	if (args->count == 0)
		return command_usage(args, "say which files (-f) or which revisions");
	return diff_revisions(ctx, args);
}

static const struct option options[] = {
    PLANFILE_OPTIONS,
    PLANFILE_FINDINGS,
    {0},
};

static const struct example examples[] = {
    {"plumb diff -f plan/", "what plumb apply -f plan/ would do"},
    {"plumb diff 40 52", "what changed between revision 40 and 52"},
    {"plumb diff q2-start", "what changed since the baseline q2-start"},
    {0},
};

const struct command cmd_diff = {
    .name = "diff",
    .group = GROUP_PLAN,
    .arguments = "[FROM [TO]]",
    .summary = "show what apply would do, or what is different between two revisions",
    .help = "With -f: the difference between these files and the daemon's plan. Else between two "
	    "moments, each a revision, "
	    "a baseline's name, a date or a time; the second is now if not stated. Below the "
	    "difference stand the findings that appear and those that are gone, each side judged "
	    "on its own day. Exits with 1 if there is a difference, like diff.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER | TAKES_SCENARIO | TAKES_PAGER,
    .formats = "table json yaml",
};
