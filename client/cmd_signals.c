/* plumb signals: where what people say in confidence clusters, beside the findings that explain it. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"
#include "plumb/v1/signal.pb-c.h"

static const char *
words(Plumb__V1__PulseKind kind)
{
	switch (kind) {
	case PLUMB__V1__PULSE_KIND__PRIORITIES_UNKNOWN:
		return "we don't know our priorities";
	case PLUMB__V1__PULSE_KIND__NO_HELP:
		return "could not get help";
	case PLUMB__V1__PULSE_KIND__TOO_MUCH:
		return "too much at once";
	case PLUMB__V1__PULSE_KIND__DROPPED:
		return "another team dropped it";
	default:
		return "something else";
	}
}

/* "team/a, team/b" */
static const char *
teams(struct context *ctx, const Plumb__V1__SignalCluster *cluster)
{
	const char *text = "";

	for (size_t i = 0; i < cluster->n_teams && text; i++)
		text =
		    arena_printf(ctx->arena, "%s%s%s", text, *text ? ", " : "", cluster->teams[i]);
	return text ? text : "";
}

static bool
show_table(struct context *ctx, const Plumb__V1__SignalsReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "PEOPLE", TABLE_RIGHT);
	table_column(table, "SAY", TABLE_WRAP);
	table_column(table, "ABOUT", TABLE_WRAP);
	table_column(table, "TEAMS", TABLE_WRAP | TABLE_DROP);
	table_column(table, "FROM", TABLE_DROP);
	table_column(table, "TO", TABLE_DROP);
	table_column(table, "FINDINGS", TABLE_RIGHT | TABLE_DROP);
	for (size_t i = 0; i < reply->n_clusters; i++) {
		const Plumb__V1__SignalCluster *cluster = reply->clusters[i];

		table_cellf(table, "%u", cluster->people);
		table_cell(table, words(cluster->kind));
		table_cell(table, cluster->about[0] ? cluster->about : "the plan");
		table_cell(table, teams(ctx, cluster));
		table_cell(table, cluster->from);
		table_cell(table, cluster->to);
		table_cellf(table, "%zu", cluster->n_findings);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
show_findings(struct context *ctx, const Plumb__V1__SignalsReply *reply)
{
	for (size_t i = 0; i < reply->n_clusters; i++) {
		const Plumb__V1__SignalCluster *cluster = reply->clusters[i];

		if (cluster->n_findings == 0)
			continue;
		output_printf(&ctx->out, "\n");
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"%u people: %s, about %s (%s to %s). What explains it:", cluster->people,
			words(cluster->kind), cluster->about[0] ? cluster->about : "the plan",
			cluster->from, cluster->to));
		for (size_t k = 0; k < cluster->n_findings; k++)
			output_wrap(&ctx->out, "  - ",
			    arena_printf(ctx->arena, "%s (%s)", cluster->findings[k]->message,
				cluster->findings[k]->rule));
	}
}

static int
show(struct context *ctx, const Plumb__V1__SignalsReply *reply)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (reply->n_clusters == 0 && ctx->out.format == OUTPUT_TABLE)
		output_wrap(&ctx->out, "",
		    "Nothing to show: of no four weeks that are over did at least five people say "
		    "the "
		    "same. Pulses are sent with plumb pulse.");
	else if (!show_table(ctx, reply))
		return context_error(ctx, EXIT_USAGE, "out of memory");
	if (ctx->out.format != OUTPUT_TABLE)
		return EXIT_FINE;
	show_findings(ctx, reply);
	if (reply->withheld > 0)
		output_printf(&ctx->out,
		    "\n%u more are not shown, since too few people said them, or all but a few "
		    "did.\n",
		    reply->withheld);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__SignalsRequest request;
	const Plumb__V1__SignalsReply *reply;

	plumb__v1__signals_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	if (args_has(args, "from"))
		request.from = pb_str(args_get(args, "from"));
	if (args_has(args, "to"))
		request.to = pb_str(args_get(args, "to"));
	request.about = arena_array(ctx->arena, args->count + 1, sizeof *request.about);
	if (!request.about)
		return context_error(ctx, EXIT_USAGE, "out of memory");
	for (size_t i = 0; i < args->count; i++) {
		request.about[i] = pb_str(context_ref(ctx, args->values[i], ""));
		if (!request.about[i])
			return context_fail(ctx);
		request.n_about++;
	}
	reply = context_call(ctx, &plumb__v1__signal__descriptor, "Signals", &request.base);
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct option options[] = {
    {0, "from", "WEEK", "the first week (2026-W14), or a date in it; else 12 weeks before the last",
	NULL},
    {0, "to", "WEEK", "the last week; the last one that is over if not stated", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb signals", "the last 12 weeks"},
    {"plumb signals team/support --from 2026-W01", "what is said about one team"},
    {0},
};

const struct command cmd_signals = {
    .name = "signals",
    .group = GROUP_READ,
    .arguments = "[KIND/ID…]",
    .summary = "show where what people say in confidence clusters",
    .help =
	"What people said with plumb pulse, in groups of at least five, beside the findings that "
	"explain it: most people first. It is shown in stretches of four whole weeks that are "
	"over; "
	"somebody who says the same twice in one counts once. Weeks that are asked for widen to "
	"whole stretches, so that nobody's words follow from the difference of two answers.",
    .options = options,
    .examples = examples,
    .max_args = 100,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};
