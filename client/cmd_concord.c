/* plumb concord: how far the leaders' orders of the objectives agree. */
#include <inttypes.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/voice.pb-c.h"

/* "1.5 of 10" */
static const char *
distance(struct context *ctx, const Plumb__V1__ConcordDistance *d)
{
	const char *text = d ? arena_printf(ctx->arena, "%.4g of %u", d->pairs, d->of) : "";

	return text ? text : "";
}

static bool
show_objectives(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "PLACE", TABLE_RIGHT);
	table_column(table, "OBJECTIVE", TABLE_MAIN);
	table_column(table, "TITLE", TABLE_WRAP | TABLE_DROP);
	table_column(table, "MEAN", TABLE_RIGHT);
	table_column(table, "SPREAD", TABLE_RIGHT);
	table_column(table, "PLAN", TABLE_RIGHT);
	for (size_t i = 0; i < r->n_objectives; i++) {
		const Plumb__V1__ConcordObjective *o = r->objectives[i];

		table_cellf(table, "%u", o->place);
		table_cell(table, o->objective);
		table_cell(table, o->title);
		table_cellf(table, "%.2f", o->mean_rank);
		table_cellf(table, "%.2f", o->spread);
		if (o->plan_place__case == PLUMB__V1__CONCORD_OBJECTIVE__PLAN_PLACE__PLAN_PLACE)
			table_cellf(table, "%u", o->plan_place);
		else
			table_cell(table, "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_pairs(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	struct table *table;

	if (r->n_pairs == 0) {
		output_text(&ctx->out, "\nNo pair divides them.\n");
		return true;
	}
	table = table_new();
	if (!table)
		return false;
	output_printf(&ctx->out, "\nPairs that divide them most (%zu of %u):\n", r->n_pairs,
	    r->pairs_disagreed);
	table_column(table, "FIRST", TABLE_MAIN);
	table_column(table, "BALLOTS", TABLE_RIGHT);
	table_column(table, "OTHER", TABLE_SHRINK);
	table_column(table, "BALLOTS", TABLE_RIGHT);
	table_column(table, "TIED", TABLE_RIGHT | TABLE_DROP);
	for (size_t i = 0; i < r->n_pairs; i++) {
		table_cell(table, r->pairs[i]->first);
		table_cellf(table, "%u", r->pairs[i]->for_first);
		table_cell(table, r->pairs[i]->second);
		table_cellf(table, "%u", r->pairs[i]->for_second);
		table_cellf(table, "%u", r->pairs[i]->tied);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_leaders(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	struct table *table;

	if (r->n_leaders == 0)
		return true;
	table = table_new();
	if (!table)
		return false;
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", "How far each leader's order lies apart, in pairs:");
	table_column(table, "LEADER", TABLE_MAIN);
	table_column(table, "FROM CONSENSUS", TABLE_RIGHT);
	table_column(table, "FROM PLAN", TABLE_RIGHT);
	for (size_t i = 0; i < r->n_leaders; i++) {
		const Plumb__V1__ConcordLeader *leader = r->leaders[i];

		table_cell(table, leader->person[0] ? leader->person : "not in the plan any more");
		table_cell(table, distance(ctx, leader->consensus));
		table_cell(table, distance(ctx, leader->plan));
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* Schmidt (1997): what W of 0.1, 0.3, 0.5, 0.7 and 0.9 are called. */
static const char *
strength(double w)
{
	return w < 0.2   ? "very weak"
	       : w < 0.4 ? "weak"
	       : w < 0.6 ? "moderate"
	       : w < 0.8 ? "strong"
			 : "very strong";
}

static void
show_agreement(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	const char *how = "by the chi-square distribution";

	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena, "%s (round/%s): %u of %u leaders gave a ballot, until %s.",
		r->title[0] ? r->title : "Ballot", r->round, r->ballots, r->asked, r->closes));
	if (r->w__case != PLUMB__V1__CONCORD_REPLY__W__W) {
		output_wrap(&ctx->out, "",
		    arena_printf(
			ctx->arena, "Agreement can't be judged, because %s.", r->not_judged));
		return;
	}
	if (r->draws > 0)
		how = r->p_is_exact
			  ? arena_printf(ctx->arena, "of all %u arrangements", r->draws)
			  : arena_printf(ctx->arena, "of %u drawn arrangements, seed %" PRIu64,
				r->draws, r->seed);
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"Agreement: W = %.3f, %s (0 none, 1 all the same); as much by chance: p = %.4f, "
		"%s.",
		r->w, strength(r->w), r->p, how ? how : ""));
}

static void
show_consensus(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	if (!r->consensus_is_exact)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Consensus: %.4g pairs from all ballots together; there may be a nearer "
			"order, but none below %.4g.",
			r->distance, r->bound));
	else if (r->orders > 1)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Consensus: nothing lies nearer to all ballots (%.4g pairs); %" PRIu64
			" orders are as near, this is one of them.",
			r->distance, r->orders));
	else
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Consensus: nothing lies nearer to all ballots (%.4g pairs).",
			r->distance));
	output_wrap(&ctx->out, "",
	    r->plan ? arena_printf(ctx->arena,
			  "The plan puts %.4g of the %u pairs that it compares (by weight, then by "
			  "what precedes what) the other way round.",
			  r->plan->pairs, r->plan->of)
		    : "The plan states no order of these objectives: no weights that differ, and "
		      "nothing that precedes another.");
}

static void
show_noise(struct context *ctx, const char *when, const Plumb__V1__ConcordNoise *n)
{
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena, "Noise%s: %.2f places; level %.2f, pattern %.2f.%s", when,
		n->system, n->level, n->pattern,
		n->level < 0.005 ? " (In an order nobody can be milder than others: there is no "
				   "level, it is all pattern.)"
				 : ""));
}

static void
show_repeat(struct context *ctx, const Plumb__V1__ConcordRepeat *r)
{
	if (!r)
		return;
	output_printf(&ctx->out, "\n");
	if (r->not_judged[0]) {
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena, "Beside round/%s: can't be judged, because %s.",
			r->round, r->not_judged));
		return;
	}
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"Beside round/%s (%u ballots, %u objectives in common): the two consensus orders "
		"differ in %s pairs.",
		r->round, r->ballots, r->objectives, distance(ctx, r->consensus)));
	if (r->w_before__case == PLUMB__V1__CONCORD_REPEAT__W_BEFORE__W_BEFORE &&
	    r->w_now__case == PLUMB__V1__CONCORD_REPEAT__W_NOW__W_NOW)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Agreement on these: W = %.3f, before %.3f. Noise: %.2f "
			"places, before %.2f.",
			r->w_now, r->w_before, r->now->system, r->before->system));
	if (r->both)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Of the %u who answered both, pattern noise %.2f: %.2f stays whenever they "
			"are asked, %.2f is the occasion.",
			r->leaders, r->both->pattern, r->stable, r->occasion));
}

static int
show(struct context *ctx, const Plumb__V1__ConcordReply *r)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &r->base);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_CSV)
		return show_objectives(ctx, r) ? EXIT_FINE
					       : context_error(ctx, EXIT_SERVER, "out of memory");
	if (!r->published) {
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"%s (round/%s, closed on %s): nothing is published, because %s.",
			r->title[0] ? r->title : "Ballot", r->round, r->closes, r->withheld));
		return EXIT_FINE;
	}
	show_agreement(ctx, r);
	show_consensus(ctx, r);
	output_printf(&ctx->out, "\n");
	if (!show_objectives(ctx, r) || !show_pairs(ctx, r) || !show_leaders(ctx, r))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	output_printf(&ctx->out, "\n");
	if (r->noise)
		show_noise(ctx, "", r->noise);
	show_repeat(ctx, r->repeat);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ConcordRequest request;
	const Plumb__V1__ConcordReply *reply;
	const char *pairs = args_get(args, "pairs"), *seed = args_get(args, "seed");
	uint64_t number;

	plumb__v1__concord_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	if (args->count > 0)
		request.round = pb_str(args->values[0]);
	if (args_has(args, "repeats"))
		request.repeats = pb_str(args_get(args, "repeats"));
	if (pairs) {
		if (!parse_u64(pairs, 1, 1000, &number))
			return command_usage(
			    args, "--pairs is a number from 1 to 1000, not '%s'", pairs);
		request.pairs = (uint32_t)number;
	}
	if (seed) {
		if (!parse_u64(seed, 0, UINT64_MAX, &request.seed))
			return command_usage(args, "--seed is a number, not '%s'", seed);
		request.seed__case = PLUMB__V1__CONCORD_REQUEST__SEED__SEED;
	}
	reply = context_call(ctx, &plumb__v1__voice__descriptor, "Concord", &request.base);
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct option options[] = {
    {0, "repeats", "ROUND", "an earlier round to hold it against (default: the one it repeats)",
	NULL},
    {0, "pairs", "N", "how many pairs that divide the leaders are shown (default: 10)", NULL},
    {0, "seed", "N", "of the arrangements that chance is judged by (default: 1)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb concord", "the newest round that is over"},
    {"plumb concord autumn --repeats spring", "with what has changed since an earlier round"},
    {"plumb concord autumn -o csv", "the consensus order, for a spreadsheet"},
    {0},
};

const struct command cmd_concord = {
    .name = "concord",
    .group = GROUP_READ,
    .arguments = "[ROUND]",
    .summary = "show how far the leaders' orders of the objectives agree",
    .help =
	"After a ballot round (plumb ballot) is over: Kendall's W, corrected for ties, with the "
	"chance "
	"of as much agreement by luck; the consensus, which is the order that lies nearest to all "
	"ballots; the pairs of objectives that divide the leaders most; how far the plan's own "
	"order "
	"lies from the consensus; and noise, the spread of independent judgements. In a round that "
	"was "
	"called open, how far each leader's order lies from both, by name."
	"\n\n"
	"MEAN is the mean of an objective's ranks, SPREAD their standard deviation, PLAN its place "
	"by "
	"weight and then by what precedes what. A secret round is published when at least five "
	"leaders "
	"answered, and of those whom it asked none or at least five did not; then no ballot is "
	"taken "
	"any more, so that no later one shows in a difference. Formulae: docs/VOICE.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};
