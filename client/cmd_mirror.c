/* plumb mirror: do resources match the words, and do strategy and activities tell each other what they need? */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/said.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define NODE(NAME) PLUMB__V1__MIRROR_NODE__##NAME
#define NAMED      5u /* of those that can't be judged for one reason */

static double
days(int64_t hundredths)
{
	return (double)hundredths / 100;
}

static const char *
verdict_word(const Plumb__V1__MirrorNode *node)
{
	static const char *const words[] = {"can't be judged", "alike", "starved", "unstated"};

	return (size_t)node->verdict < sizeof words / sizeof words[0] ? words[node->verdict] : "";
}

/* What stands alone has nobody to be compared with: no fault of anybody's. */
static bool
stands_alone(const Plumb__V1__MirrorReply *r, const Plumb__V1__MirrorNode *node)
{
	size_t siblings = 0;

	for (size_t i = 0; i < r->n_nodes && siblings < 2; i++)
		siblings += strcmp(r->nodes[i]->whole, node->whole) == 0;
	return siblings < 2;
}

/* ---- shares */

static size_t
level_of(const Plumb__V1__MirrorReply *r, size_t i)
{
	size_t level = 0;

	for (size_t up = i; up-- > 0 && r->nodes[i]->whole[0];) {
		if (strcmp(r->nodes[up]->ref, r->nodes[i]->whole) == 0) {
			level++;
			i = up;
		}
	}
	return level;
}

static void
cell_share(struct table *table, bool stated, double share)
{
	if (stated)
		table_cellf(table, "%.0f %%", share * 100);
	else
		table_cell(table, "");
}

static void
cell_verdict(
    struct table *table, const Plumb__V1__MirrorReply *r, const Plumb__V1__MirrorNode *node)
{
	switch (node->verdict) {
	case NODE(VERDICT__STARVED):
	case NODE(VERDICT__UNSTATED):
		table_cell(table, verdict_word(node));
		table_colour(
		    table, node->verdict == NODE(VERDICT__STARVED) ? COLOUR_RED : COLOUR_YELLOW);
		break;
	case NODE(VERDICT__CANT_BE_JUDGED):
		table_cell(table, stands_alone(r, node) ? "" : "?");
		break;
	default:
		table_cell(table, "");
	}
}

/* A name under what it is in; where it wraps, it goes on below itself. */
static void
cell_name(struct table *table, size_t blanks, const char *lead, const char *ref)
{
	char hang[64];

	snprintf(hang, sizeof hang, "%*s", (int)(blanks + strlen(lead)) % (int)sizeof hang, "");
	table_cellf(table, "%*s%s%s", (int)blanks, "", lead, ref);
	table_hang(table, hang);
}

static void
row_of_part(struct table *table, const Plumb__V1__MirrorPart *part, size_t blanks)
{
	cell_name(table, blanks, "- ", part->ref);
	table_cell(table, "");
	table_cell(table, "");
	table_cell(table, "");
	table_cellf(table, "%.1f", days(part->planned));
	if (part->done_unknown)
		table_cell(table, "?");
	else
		table_cellf(table, "%.1f", days(part->done));
	if (!part->from[0])
		table_cell(table, "no effort");
	else if (part->share < 1)
		table_cellf(table, "%.0f %% of it", part->share * 100);
	else
		table_cell(table, "");
}

static bool
show_shares(struct context *ctx, const Plumb__V1__MirrorReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "GOAL, OBJECTIVE", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "SAID", TABLE_RIGHT);
	table_column(table, "PLANNED", TABLE_RIGHT);
	table_column(table, "DONE", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "DAYS", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "DAYS DONE", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "", TABLE_SHRINK);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__MirrorNode *node = r->nodes[i];
		size_t blanks = 2 * level_of(r, i);

		cell_name(table, blanks, "", node->ref);
		cell_share(table, node->stated__case != NODE(STATED___NOT_SET), node->stated);
		cell_share(table, node->planned_share__case != NODE(PLANNED_SHARE___NOT_SET),
		    node->planned_share);
		cell_share(
		    table, node->done_share__case != NODE(DONE_SHARE___NOT_SET), node->done_share);
		table_cellf(table, "%.1f", days(node->planned));
		table_cellf(table, "%.1f", days(node->done));
		cell_verdict(table, r, node);
		for (size_t k = 0; k < node->n_parts; k++)
			row_of_part(table, node->parts[k], blanks + 2);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* All that can't be judged for one reason in one sentence. */
static void
tell_why(struct context *ctx, const Plumb__V1__MirrorReply *r, size_t first)
{
	const char *why = r->nodes[first]->why;
	size_t count = 0;
	struct str text;

	for (size_t i = 0; i < first; i++) {
		if (strcmp(r->nodes[i]->why, why) == 0 && !stands_alone(r, r->nodes[i]))
			return;
	}
	str_init(&text, 4096);
	str_addf(&text, "Can't be judged, because %s: ", why);
	for (size_t i = first; i < r->n_nodes; i++) {
		if (strcmp(r->nodes[i]->why, why) != 0 || stands_alone(r, r->nodes[i]))
			continue;
		if (count++ < NAMED)
			str_addf(&text, "%s%s", count > 1 ? ", " : "", r->nodes[i]->ref);
	}
	if (count > NAMED)
		str_addf(&text, " and %zu more", count - NAMED);
	str_add(&text, ".");
	if (str_ok(&text))
		output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static void
tell_rest(struct context *ctx, const Plumb__V1__MirrorReply *r)
{
	struct output *out = &ctx->out;

	output_wrap(out, "",
	    "Each share is of what stands one step above: goals among goals, objectives within "
	    "their goal. The work behind a number: plumb mirror goal/ID, or --work.");
	for (size_t i = 0; i < r->n_nodes; i++) {
		if (r->nodes[i]->verdict == NODE(VERDICT__CANT_BE_JUDGED) &&
		    !stands_alone(r, r->nodes[i]))
			tell_why(ctx, r, i);
	}
	if (r->without_effort > 0)
		output_wrap(out, "",
		    arena_printf(ctx->arena,
			"%" PRIu32 " of %" PRIu32 " pieces of work state no effort.",
			r->without_effort, r->works));
	if (r->without_time > 0)
		output_wrap(out, "",
		    arena_printf(ctx->arena,
			"%" PRIu32 " pieces of work don't say when: they are in no period.",
			r->without_time));
	if (r->elsewhere > 0)
		output_wrap(out, "",
		    arena_printf(ctx->arena,
			"%.1f of %.1f days reach nothing that is looked at here.",
			days(r->elsewhere), days(r->planned)));
	for (size_t i = 0; i < r->n_over_shared; i++)
		output_wrap(out, "",
		    arena_printf(ctx->arena,
			"The effort shares of %s sum to more than 1; each counts in proportion.",
			r->over_shared[i]));
	if (r->cut)
		output_wrap(
		    out, "", "There are more than fit into one answer: ask about one goal.");
}

/* ---- both ways */

static const char *
lacks(const Plumb__V1__MirrorGives *gives, char buf[64])
{
	snprintf(buf, 64, "%s%s%s%s%s", gives->goal ? "" : "goal",
	    !gives->goal && !gives->weight ? ", " : "", gives->weight ? "" : "weight",
	    (!gives->goal || !gives->weight) && !gives->target ? ", " : "",
	    gives->target ? "" : "target");
	return buf;
}

static void
cell_of(struct table *table, uint32_t count, uint32_t of)
{
	if (of > 0)
		table_cellf(table, "%" PRIu32 " of %" PRIu32, count, of);
	else
		table_cell(table, "");
}

static bool
show_both_ways(struct context *ctx, const Plumb__V1__MirrorReply *r)
{
	struct table *table = table_new();
	char buf[64];

	if (!table)
		return false;
	table_column(table, "OBJECTIVE", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "LACKS", 0);
	table_column(table, "DAYS", TABLE_RIGHT);
	table_column(table, "WITH EFFORT", TABLE_DROP);
	table_column(table, "CHECK-INS", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "MEASURED", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "REALISED", TABLE_DROP);
	table_column(table, "", 0);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__MirrorNode *node = r->nodes[i];

		if (strncmp(node->ref, "objective/", 10) != 0)
			continue;
		table_cell(table, said_bare(node->ref));
		table_cell(table, lacks(node->gives, buf));
		table_cellf(table, "%.1f", days(node->gives->effort));
		cell_of(table, node->gives_back->estimated, node->gives_back->works);
		table_cellf(table, "%" PRIu32, node->gives_back->check_ins);
		table_cellf(table, "%" PRIu32, node->gives_back->measurements);
		cell_of(table, node->gives_back->realised, node->gives_back->done);
		table_cell(table, node->gives_back->silent ? "nothing comes back" : "");
		if (node->gives_back->silent)
			table_colour(table, COLOUR_RED);
	}
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"What strategy gives (direction, days), what comes back (in the last %" PRIu32
		" days):",
		r->within_days));
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* ---- for programs */

static void
csv_nodes(struct table *table, const Plumb__V1__MirrorReply *r)
{
	static const char *const titles[] = {"REF", "TITLE", "WHOLE", "WEIGHT", "STATED",
	    "PLANNED SHARE", "DONE SHARE", "PLANNED", "DONE", "UNKNOWN", "WORKS", "WITHOUT EFFORT",
	    "VERDICT", "WHY", "HAS GOAL", "HAS WEIGHT", "HAS TARGET", "REPORTED", "CHECK-INS",
	    "MEASURES", "MEASUREMENTS", "WORKS DONE", "REALISED", "SILENT"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__MirrorNode *n = r->nodes[i];
		const Plumb__V1__MirrorGivesBack *back = n->gives_back;
		const uint32_t counts[] = {back->reported, back->check_ins, back->measures,
		    back->measurements, back->done, back->realised};

		table_cell(table, n->ref);
		table_cell(table, n->title);
		table_cell(table, n->whole);
		table_cell_if(table, n->weight__case != NODE(WEIGHT___NOT_SET), "%.6g", n->weight);
		table_cell_if(table, n->stated__case != NODE(STATED___NOT_SET), "%.6g", n->stated);
		table_cell_if(table, n->planned_share__case != NODE(PLANNED_SHARE___NOT_SET),
		    "%.6g", n->planned_share);
		table_cell_if(table, n->done_share__case != NODE(DONE_SHARE___NOT_SET), "%.6g",
		    n->done_share);
		table_cellf(table, "%.2f", days(n->planned));
		table_cellf(table, "%.2f", days(n->done));
		table_cellf(table, "%.2f", days(n->unknown));
		table_cellf(table, "%" PRIu32, n->works);
		table_cellf(table, "%" PRIu32, n->without_effort);
		table_cell(table, verdict_word(n));
		table_cell(table, n->why);
		table_cell(table, n->gives->goal ? "yes" : "no");
		table_cell(table, n->gives->weight ? "yes" : "no");
		table_cell(table, n->gives->target ? "yes" : "no");
		for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
			table_cellf(table, "%" PRIu32, counts[k]);
		table_cell(table, back->silent ? "yes" : "no");
	}
}

static void
csv_parts(struct table *table, const Plumb__V1__MirrorReply *r)
{
	static const char *const titles[] = {
	    "REF", "PART", "TITLE", "RANK", "SHARE", "PLANNED", "DONE", "FROM"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_nodes; i++) {
		for (size_t k = 0; k < r->nodes[i]->n_parts; k++) {
			const Plumb__V1__MirrorPart *part = r->nodes[i]->parts[k];

			table_cell(table, r->nodes[i]->ref);
			table_cell(table, part->ref);
			table_cell(table, part->title);
			table_cellf(table, "%" PRIu32, part->rank);
			table_cellf(table, "%.6g", part->share);
			table_cellf(table, "%.2f", days(part->planned));
			table_cell_if(table, !part->done_unknown, "%.6g", days(part->done));
			table_cell(table, part->from);
		}
	}
}

static bool
show(struct context *ctx, const Plumb__V1__MirrorReply *r, bool work)
{
	struct table *table;

	if (ctx->out.format == OUTPUT_TABLE) {
		if (r->n_nodes == 0) {
			output_text(&ctx->out, "There is no goal and no objective to look at.\n");
			return true;
		}
		if (!show_shares(ctx, r))
			return false;
		tell_rest(ctx, r);
		return show_both_ways(ctx, r);
	}
	if (ctx->out.format != OUTPUT_CSV) {
		output_message(&ctx->out, &r->base);
		return true;
	}
	table = table_new();
	if (!table)
		return false;
	if (work)
		csv_parts(table, r);
	else
		csv_nodes(table, r);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__MirrorRequest request;
	const Plumb__V1__MirrorReply *reply;
	const char *period = args_get(args, "period"), *within = args_get(args, "within");
	const char *ref = "";
	uint64_t within_days = 0;
	Plumb__V1__At at;

	plumb__v1__mirror_request__init(&request);
	if (within && !parse_u64(within, 1, 3660, &within_days))
		return command_usage(
		    args, "--within is a number of days from 1 to 3660, not '%s'", within);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (args->count > 0)
		ref = context_ref(ctx, args->values[0], "goal,objective");
	if (!ref || (period && !(period = said_ref(ctx, period, "period"))))
		return context_fail(ctx);
	request.at = &at;
	request.ref = pb_str(ref);
	request.period = pb_str(period ? said_bare(period) : "");
	request.within_days = (uint32_t)within_days;
	request.work = args_has(args, "work") || (ref[0] && ctx->out.format != OUTPUT_CSV);
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Mirror", &request.base);
	if (!reply) {
		if (ref[0])
			context_suggest(ctx, ref);
		return context_fail(ctx);
	}
	return show(ctx, reply, args_has(args, "work"))
		   ? EXIT_FINE
		   : context_error(ctx, EXIT_SERVER, "out of memory");
}

static const struct option options[] = {
    {0, "period", "PERIOD", "only effort of this period, and objectives that it touches", NULL},
    {0, "work", NULL, "with the work behind each number", NULL},
    {0, "within", "DAYS", "how far back check-ins and measurements count (default: 30)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb mirror", "what is said to matter, and where the days go"},
    {"plumb mirror goal/fast-value", "one goal, with the work behind each number"},
    {"plumb mirror --period 2026-q2", "the days of one quarter"},
    {"plumb mirror --work -o csv", "a line for each piece of work, for a spreadsheet"},
    {0},
};

const struct command cmd_mirror = {
    .name = "mirror",
    .group = GROUP_READ,
    .arguments = "[GOAL|OBJECTIVE]",
    .summary = "show whether resources match the words, and what comes back",
    .help = "SAID is the stated weight, as a part of the weights beside it; PLANNED and DONE are "
	    "the parts of planned and "
	    "done effort that go there. What is said to matter far more than it is given is "
	    "starved; what is "
	    "given far more than is said is unstated. Work counts by its effort shares; an "
	    "objective's days "
	    "go in equal parts to its goals. Without --period: what is open today and has begun, "
	    "with all its "
	    "effort."
	    "\n\n"
	    "Below stands what strategy gives each objective (a goal, a weight, a target; days) "
	    "and what activities "
	    "give back: how much of the work has effort stated, check-ins, measurements, outcomes "
	    "that were "
	    "realised. Where nothing comes back, nobody would notice that the strategy is wrong. "
	    "Definitions: "
	    "docs/MIRROR.md.",
    .options = options,
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
