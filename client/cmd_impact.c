/* plumb impact: what a missed or late item takes with it. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define KINDS "objective,measure,initiative,workstream,task,milestone,ask"

static bool
is_late(const Plumb__V1__ImpactNode *node)
{
	return node->late__case == PLUMB__V1__IMPACT_NODE__LATE__LATE;
}

static void
cell_share(struct table *table, const Plumb__V1__ImpactNode *node)
{
	if (node->unstated && node->share <= 0)
		table_cell(table, "?");
	else
		table_cellf(table, "%.0f %%%s", 100 * node->share,
		    node->unstated && node->share < 1 ? "+" : "");
}

static void
cell_late(struct table *table, const Plumb__V1__ImpactNode *node)
{
	if (node->late > 0)
		table_cellf(table, "%" PRId32 "d%s", node->late, node->assumed ? "?" : "");
	else
		table_cell(table, "in time");
}

static bool
show_nodes(struct context *ctx, const Plumb__V1__ImpactReply *r, bool customer)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, customer ? "CUSTOMER OBJECTIVE" : "WHAT ELSE", TABLE_MAIN);
	table_column(table, "SHARE", TABLE_RIGHT);
	if (r->days > 0) {
		table_column(table, "LATER", TABLE_RIGHT);
		table_column(table, "PLANNED", TABLE_DROP);
		table_column(table, "THEN", 0);
	}
	table_column(table, "SINCE IT", TABLE_WRAP);
	table_column(table, "NAME", TABLE_DROP | TABLE_SHRINK);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__ImpactNode *node = r->nodes[i];

		if (node->customer != customer)
			continue;
		table_cell(table, node->ref);
		cell_share(table, node);
		if (r->days > 0) {
			cell_late(table, node);
			table_cell(table, node->planned);
			table_cell(table, node->then);
		}
		table_cellf(table, "%s: %s", node->relation, node->via);
		table_cell(table, node->title);
	}
	if (table_rows(table) > 0)
		table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
say_values(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__ImpactNode *node = r->nodes[i];
		struct str text;

		if (node->value__case != PLUMB__V1__IMPACT_NODE__VALUE__VALUE)
			continue;
		str_init(&text, 1000);
		str_addf(&text, "Of what %s brings in a year %.0f%s%s rest on it.", node->ref,
		    node->value, node->currency[0] ? " " : "", node->currency);
		output_wrap(&ctx->out, "", text.data ? text.data : "");
		str_fini(&text);
	}
}

static void
say_cuts(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	for (size_t i = 0; i < r->n_edges; i++) {
		struct str text;

		if (!r->edges[i]->cut)
			continue;
		str_init(&text, 1000);
		str_addf(&text, "A circle was cut: %s %s, %s, and leads back to it.",
		    r->edges[i]->to, r->edges[i]->relation, r->edges[i]->from);
		output_wrap(&ctx->out, "", text.data ? text.data : "");
		str_fini(&text);
	}
}

/* By what the days were worked out, and how much it may be late for nothing. */
static void
say_basis(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	struct str text;

	if (r->days == 0)
		return;
	str_init(&text, 1000);
	if (strcmp(r->basis, "schedule") != 0) {
		str_add(&text, "Days are by the dates that the plan states");
		if (r->basis_why[0])
			str_addf(&text, ", not by the schedule: %s", r->basis_why);
	} else {
		str_add(&text,
		    "Days of work are by the schedule: the plan was scheduled as it is, and with "
		    "the delay");
		if (r->slack__case != PLUMB__V1__IMPACT_REPLY__SLACK__SLACK)
			str_add(&text, "; nothing that is scheduled waits for it");
		else
			str_addf(&text,
			    "; it may end %" PRId32 " day%s later before another initiative does",
			    r->slack, r->slack == 1 ? "" : "s");
	}
	str_add(&text, ".");
	output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static void
say_others(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	struct str text;

	if (r->n_others == 0)
		return;
	str_init(&text, 4096);
	str_add(&text, "People are shared, so that others end later without resting on it:");
	for (size_t i = 0; i < r->n_others; i++) {
		const Plumb__V1__ImpactOther *other = r->others[i];

		str_addf(&text, "%s %s by %" PRId32 " day%s%s", i ? "," : "", other->ref,
		    other->late, other->late == 1 ? "" : "s", other->then[0] ? "" : " at least");
	}
	if (r->more_others)
		str_addf(&text, " and %" PRIu32 " more", r->more_others);
	str_add(&text, ".");
	output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static bool
show_table(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	struct str text;
	size_t customers = 0;

	for (size_t i = 0; i < r->n_nodes; i++)
		customers += r->nodes[i]->customer;
	str_init(&text, 1000);
	if (r->days > 0)
		str_addf(&text, "If %s is %" PRIu32 " day%s late, ", r->ref, r->days,
		    r->days == 1 ? "" : "s");
	else
		str_addf(&text, "If %s is gone, ", r->ref);
	if (r->n_nodes == 0)
		str_add(&text, "nothing goes with it: nothing is said to rest on it.");
	else
		str_addf(&text,
		    "%zu other%s %s touched, %zu of them %sobjective%s that answer%s what "
		    "customers expect.",
		    r->n_nodes, r->n_nodes == 1 ? "" : "s", r->n_nodes == 1 ? "is" : "are",
		    customers, customers == 1 ? "an " : "", customers == 1 ? "" : "s",
		    customers == 1 ? "s" : "");
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_fini(&text);
	if (customers > 0) {
		output_text(&ctx->out, "\n");
		if (!show_nodes(ctx, r, true))
			return false;
	}
	if (r->n_nodes > customers) {
		output_text(&ctx->out, "\n");
		if (!show_nodes(ctx, r, false))
			return false;
	}
	if (r->n_nodes > 0)
		output_text(&ctx->out, "\n");
	say_basis(ctx, r);
	say_others(ctx, r);
	say_values(ctx, r);
	say_cuts(ctx, r);
	if (r->n_edges > 0)
		output_wrap(&ctx->out, "",
		    "Each step of the way, with its share and what it is a quotient of: -o json.");
	if (r->more)
		output_text(&ctx->out, "There is more than can be told at once.\n");
	return true;
}

static bool
show_csv(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	static const char *const titles[] = {"ITEM", "DEPTH", "SHARE", "UNSTATED", "CUSTOMER",
	    "VIA", "RELATION", "LATE", "PLANNED", "THEN", "ASSUMED", "VALUE", "CURRENCY", "OWNER",
	    "TITLE", "SCHEDULED"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_nodes; i++) {
		const Plumb__V1__ImpactNode *node = r->nodes[i];

		table_cell(table, node->ref);
		table_cellf(table, "%" PRIu32, node->depth);
		table_cellf(table, "%.6g", node->share);
		table_cell(table, node->unstated ? "true" : "");
		table_cell(table, node->customer ? "true" : "");
		table_cell(table, node->via);
		table_cell(table, node->relation);
		if (is_late(node))
			table_cellf(table, "%" PRId32, node->late);
		else
			table_cell(table, "");
		table_cell(table, node->planned);
		table_cell(table, node->then);
		table_cell(table, node->assumed ? "true" : "");
		if (node->value__case == PLUMB__V1__IMPACT_NODE__VALUE__VALUE)
			table_cellf(table, "%.15g", node->value);
		else
			table_cell(table, "");
		table_cell(table, node->currency);
		table_cell(table, node->owner);
		table_cell(table, node->title);
		table_cell(table, node->scheduled ? "true" : "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__ImpactReply *r)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, r);
	case OUTPUT_CSV:
		return show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *days = args_get(args, "days");
	const Plumb__V1__ImpactReply *reply;
	Plumb__V1__ImpactRequest request;
	Plumb__V1__At at;
	uint64_t number = 0;
	const char *ref;

	plumb__v1__impact_request__init(&request);
	if (days && !parse_u64(days, 1, 3660, &number))
		return command_usage(
		    args, "--days is a number of days from 1 to 3660, not '%s'", days);
	if (!days && args_has(args, "by-plan"))
		return command_usage(args, "--by-plan says how --days are counted: add --days N");
	if (days && args_has(args, "gone"))
		return command_usage(args, "either it is late (--days) or gone (--gone)");
	ref = context_ref(ctx, args->values[0], KINDS);
	if (!ref || !context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.ref = pb_str(ref);
	request.days = (uint32_t)number;
	request.by_plan = args_has(args, "by-plan");
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Impact", &request.base);
	if (!reply) {
		context_suggest(ctx, ref);
		return context_fail(ctx);
	}
	if (!show(ctx, reply))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "days", "N", "it is so many days late: what else is late then, and by how many days", NULL},
    {0, "by-plan", NULL, "count days by the plan's dates, even where it can be scheduled", NULL},
    {0, "gone", NULL, "it is missed or given up (the default)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb impact initiative/portal", "what falls if it does"},
    {"plumb impact initiative/portal --days 30", "whose dates pass if it is a month late"},
    {"plumb impact ask/import-screens -o csv", "a line for each, for a spreadsheet"},
    {0},
};

const struct command cmd_impact = {
    .name = "impact",
    .group = GROUP_READ,
    .arguments = "KIND/ID",
    .summary = "show what a missed or late item takes with it",
    .help =
	"What rests on an objective, measure, initiative, workstream, task, milestone or ask: "
	"first "
	"the objectives that answer what customers expect, then all else, step by step. SHARE is "
	"how much of it rests on that one: shares multiply along a way and add over ways; a + says "
	"that on some way nothing states how much, ? that nothing does."
	"\n\n"
	"With --days: whose dates pass, by how many days, after what lies between has taken in "
	"what it can. Where people and efforts are stated the plan is scheduled as it is and with "
	"the delay; else, and for objectives, the plan's dates count: ? says that something on the "
	"way states no date. The formula: docs/IMPACT.md.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
