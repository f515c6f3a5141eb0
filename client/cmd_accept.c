/* plumb accept: accepting a baseline of the plan, or saying what stands in the way; and who has. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/pb.h"
#include "plumb/v1/survey.pb-c.h"

/* ---- the list --------------------------------------------------------------------------------------------------- */

static const char *
state_word(Plumb__V1__PersonAcceptance__State state)
{
	static const char *const words[] = {"not yet", "accepted", "blocked", "cleared"};

	return (size_t)state < sizeof words / sizeof words[0] ? words[state] : "";
}

static void
add_row(struct context *ctx, struct table *table, const Plumb__V1__PersonAcceptance *one)
{
	bool blocked = one->state == PLUMB__V1__PERSON_ACCEPTANCE__STATE__BLOCKED;

	table_cell(table, output_short_ref(&ctx->out, 200, one->person, "person"));
	table_cell(table, state_word(one->state));
	table_colour(table, blocked ? COLOUR_RED : COLOUR_NONE);
	table_cell(table, one->since);
	if (blocked)
		table_cellf(table, "%u", one->days);
	else
		table_cell(table, "");
	table_cell(table, one->in_the_way);
	table_cell(table, output_short_ref(&ctx->out, 200, one->cleared_by, "person"));
	table_cellf(table, "%u", one->carries);
}

static bool
show_table(struct context *ctx, const Plumb__V1__AcceptancesReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "PERSON", TABLE_MAIN);
	table_column(table, "ANSWER", 0);
	table_column(table, "SINCE", TABLE_WIDE);
	table_column(table, "DAYS", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "IN THE WAY", TABLE_WRAP);
	table_column(table, "CLEARED BY", TABLE_DROP);
	table_column(table, "CARRIES", TABLE_RIGHT | TABLE_DROP);
	for (size_t i = 0; i < reply->n_people; i++)
		add_row(ctx, table, reply->people[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static int
show(struct context *ctx, const Plumb__V1__AcceptancesReply *reply)
{
	if (ctx->out.format == OUTPUT_NAME) {
		for (size_t i = 0; i < reply->n_people; i++)
			output_printf(&ctx->out, "%s\n", reply->people[i]->person);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (!show_table(ctx, reply))
		return context_error(ctx, EXIT_USAGE, "out of memory");
	if (ctx->out.format != OUTPUT_TABLE)
		return EXIT_FINE;
	output_printf(&ctx->out, "\n");
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"%s: %u of %u who carry the plan have accepted it; something stands in the way of "
		"%u.",
		reply->baseline, reply->accepted, reply->carriers, reply->blocked));
	if (reply->left_out > 0)
		output_printf(&ctx->out, "%u more are not shown.\n", reply->left_out);
	return EXIT_FINE;
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__AcceptancesRequest request;
	const Plumb__V1__AcceptancesReply *reply;
	Plumb__V1__At at;

	if (args_has(args, "blocked") || args_has(args, "clears"))
		return command_usage(args, "--list shows; it takes no --blocked or --clears");
	plumb__v1__acceptances_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	if (args->count > 0)
		request.baseline = pb_str(args->values[0]);
	reply = context_call(ctx, &plumb__v1__survey__descriptor, "Acceptances", &request.base);
	return reply ? show(ctx, reply) : context_fail(ctx);
}

/* ---- the record ------------------------------------------------------------------------------------------------- */

static int
run_record(struct context *ctx, const struct args *args)
{
	const char *blocked = args_get(args, "blocked"), *clears = args_get(args, "clears");
	Plumb__V1__Record record;
	Plumb__V1__Acceptance acceptance;
	char done[512];

	plumb__v1__acceptance__init(&acceptance);
	if (blocked) {
		acceptance.answer = PLUMB__V1__ACCEPTANCE__ANSWER__BLOCKED;
		acceptance.in_the_way = pb_str(blocked);
	}
	if (clears && (clears = context_ref_there(ctx, clears, "person")) == NULL)
		return context_fail(ctx);
	if (clears)
		acceptance.cleared_by = pb_str(clears);
	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	record.about = pb_str(context_ref_there(ctx, args->values[0], "baseline"));
	if (!record.about)
		return context_fail(ctx);
	record.body_case = PLUMB__V1__RECORD__BODY_ACCEPTANCE;
	record.acceptance = &acceptance;
	snprintf(done, sizeof done, blocked ? "Kept what stands in the way of %s" : "Accepted %s",
	    record.about);
	return write_finish_record(ctx, args, &record, done);
}

static int
run(struct context *ctx, const struct args *args)
{
	if (args_has(args, "list"))
		return run_list(ctx, args);
	if (args->count == 0)
		return command_usage(args, "which baseline? plumb accept --list shows the newest");
	if (ctx->as_of[0] || ctx->today[0] || ctx->scenario[0])
		return command_usage(args, "--as-of, --today and --scenario are for --list");
	if (args_has(args, "clears") && !args_has(args, "blocked"))
		return command_usage(
		    args, "--clears says who clears what stands in the way: add --blocked TEXT");
	if (args_has(args, "blocked") && args_get(args, "blocked")[0] == '\0')
		return command_usage(args, "--blocked says what stands in the way, in words");
	if (ctx->out.format == OUTPUT_CSV)
		return command_usage(args, "-o csv is for --list");
	return run_record(ctx, args);
}

static const struct option options[] = {
    {0, "blocked", "TEXT", "you can't accept it yet: what stands in the way", NULL},
    {0, "clears", "PERSON", "who shall clear that", NULL},
    {0, "list", NULL, "who carries the plan, who has accepted it, what stands in the way", NULL},
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb accept 2026-q2-plan", "you carry your part of it"},
    {"plumb accept 2026-q2-plan --blocked \"No tester before May\" --clears jonas-berg", NULL},
    {"plumb accept --list", "who has accepted the newest baseline, and who has not yet"},
    {0},
};

const struct command cmd_accept = {
    .name = "accept",
    .group = GROUP_REPORT,
    .arguments = "[BASELINE]",
    .summary = "accept a baseline of the plan, or say what stands in the way",
    .help = "Who carries the plan accepts it: everybody who owns or works on something that was "
	    "open at "
	    "the baseline, or leads a team to which it belongs. What stands in the way is shown to "
	    "the one "
	    "who shall clear it (plumb mine), and stays open until your next acceptance.",
    .options = options,
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
