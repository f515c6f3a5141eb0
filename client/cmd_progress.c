/* plumb progress: how far the work is and how far the outcome is, up the plan. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/forecast.pb-c.h"

#define LEAD_MAX 256

/* Of objectives: the chance that they are met by their date. */
struct chances {
	const Plumb__V1__ForecastObjective **list;
	size_t count;
	size_t cap;
};

static bool
ask_chances(struct context *ctx, Plumb__V1__At *at, struct chances *all)
{
	Plumb__V1__ForecastRequest request;
	const Plumb__V1__ForecastReply *part;
	struct progress *progress;
	bool ok = true;

	plumb__v1__forecast_request__init(&request);
	request.at = at;
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Forecast", &request.base))
		return false;
	progress = progress_new("drawing futures");
	while (ok && (part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__FORECAST_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		all->list = arena_append(ctx->arena, all->list, all->count, &all->cap,
		    part->objectives, part->n_objectives, sizeof all->list[0]);
		all->count += part->n_objectives;
		ok = all->list || err_oom(&ctx->status.err);
	}
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

static const Plumb__V1__ForecastObjective *
chance_of(const struct chances *all, const char *ref)
{
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->list[i]->ref, ref) == 0)
			return all->list[i];
	}
	return NULL;
}

static const char *
method_word(Plumb__V1__RollUp roll_up)
{
	switch (roll_up) {
	case PLUMB__V1__ROLL_UP__WEAKEST:
		return "weakest";
	case PLUMB__V1__ROLL_UP__ALL:
		return "all";
	case PLUMB__V1__ROLL_UP__WEIGHTED:
		return "weighted";
	default:
		return "";
	}
}

/* Rounded down, so that nothing reads as complete before it is. */
static void
cell_percent(struct table *table, bool stated, double value, double known, const char *unknown)
{
	if (!stated)
		table_cell(table, unknown);
	else
		table_cellf(table, "%s%.0f %%", known < 1 ? "~" : "", floor(value * 100 + 1e-9));
}

/* The part's own method and weight in the whole above: "weakest", "40 %". */
static void
cell_weight(struct table *table, const Plumb__V1__ProgressNode *node)
{
	if (node->parent < 0)
		table_cell(table, "");
	else if (node->roll_up == PLUMB__V1__ROLL_UP__WEAKEST)
		table_cell(table, "weakest");
	else
		table_cellf(table, "%.0f %%%s", node->weight * 100,
		    node->roll_up == PLUMB__V1__ROLL_UP__ALL ? ", all" : "");
}

static size_t
level_of(const Plumb__V1__ProgressReply *reply, size_t i)
{
	size_t level = 0;

	while (reply->nodes[i]->parent >= 0 && (size_t)reply->nodes[i]->parent < i) {
		i = (size_t)reply->nodes[i]->parent;
		level++;
	}
	return level;
}

static void
cell_node(struct table *table, const Plumb__V1__ProgressReply *reply, size_t i)
{
	const Plumb__V1__ProgressNode *node = reply->nodes[i];
	size_t blanks = 2 * level_of(reply, i);

	table_cellf(table, "%*s%s%s%s%s", (int)(blanks < LEAD_MAX ? blanks : LEAD_MAX), "",
	    node->ref, node->title[0] ? "  " : "", node->title, node->again ? " (as above)" : "");
}

static bool
has_work(const Plumb__V1__ProgressNode *node)
{
	return node->work__case == PLUMB__V1__PROGRESS_NODE__WORK__WORK;
}

static bool
has_outcome(const Plumb__V1__ProgressNode *node)
{
	return node->outcome__case == PLUMB__V1__PROGRESS_NODE__OUTCOME__OUTCOME;
}

/* Of open objectives; "?" where it cannot be told. */
static void
cell_chance(struct table *table, const struct chances *all, const char *ref)
{
	const Plumb__V1__ForecastObjective *one = chance_of(all, ref);

	if (!one)
		table_cell(table, "");
	else if (one->chance__case == PLUMB__V1__FORECAST_OBJECTIVE__CHANCE__CHANCE)
		table_cellf(table, "%.0f %%", one->chance * 100);
	else
		table_cell(table, "?");
}

static void
show_table(struct context *ctx, const Plumb__V1__ProgressReply *reply,
    const struct chances *chances, struct table *table)
{
	bool reasons = false;

	table_column(table, "ITEM", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "COUNTS", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "WORK", TABLE_RIGHT);
	table_column(table, "OUTCOME", TABLE_RIGHT);
	if (chances)
		table_column(table, "CHANCE", TABLE_RIGHT);
	table_column(table, "STATUS", 0);
	for (size_t i = 0; i < reply->n_nodes; i++) {
		const Plumb__V1__ProgressNode *node = reply->nodes[i];
		bool own = strncmp(node->ref, "goal/", 5) == 0 ||
			   strncmp(node->ref, "objective/", 10) == 0;

		cell_node(table, reply, i);
		cell_weight(table, node);
		cell_percent(table, has_work(node), node->work, node->work_known, "?");
		cell_percent(
		    table, has_outcome(node), node->outcome, node->outcome_known, own ? "?" : "");
		if (chances)
			cell_chance(table, chances, node->ref);
		table_cell(table, node->status);
		table_colour(table, describe_status_colour(node->status));
		reasons |=
		    strcmp(node->status, "off track") == 0 || strcmp(node->status, "at risk") == 0;
	}
	table_print(table, &ctx->out);
	for (size_t i = 0; i < reply->n_nodes && reasons; i++) {
		const Plumb__V1__ProgressNode *node = reply->nodes[i];
		char text[600];

		/* those at the top: what is below them repeats it */
		if (node->parent >= 0 || strcmp(node->status, "unknown") == 0)
			continue;
		snprintf(text, sizeof text, "%s: %s.", node->ref, node->reason);
		output_wrap(&ctx->out, "", text);
	}
	output_wrap(&ctx->out, "",
	    "WORK and OUTCOME are two numbers. \"?\" is not known, \"~\" rests on a part of the "
	    "weight; --why says on what each rests.");
	if (chances)
		output_wrap(&ctx->out, "",
		    "CHANCE is how likely an objective is met by its date, at most: its measures' "
		    "trends and "
		    "the work that it rests on, as plumb forecast says.");
}

static void
why_line(struct context *ctx, const char *name, bool stated, double value, const char *from)
{
	char text[900];

	if (stated)
		snprintf(
		    text, sizeof text, "%s %.0f %%: %s", name, floor(value * 100 + 1e-9), from);
	else
		snprintf(text, sizeof text, "%s not known: %s", name, from);
	output_wrap(&ctx->out, "    ", text);
}

/* Each item with where its numbers come from. */
static void
show_why(struct context *ctx, const Plumb__V1__ProgressReply *reply)
{
	for (size_t i = 0; i < reply->n_nodes; i++) {
		const Plumb__V1__ProgressNode *node = reply->nodes[i];
		char text[700];

		if (node->again)
			continue;
		snprintf(text, sizeof text, "%s%s%s", node->ref, node->title[0] ? "  " : "",
		    node->title);
		output_wrap(&ctx->out, "", text);
		why_line(ctx, "work", has_work(node), node->work, node->work_from);
		why_line(ctx, "outcome", has_outcome(node), node->outcome, node->outcome_from);
		snprintf(text, sizeof text, "%s: %s", node->status, node->reason);
		output_wrap(&ctx->out, "    ", text);
		if (node->parent >= 0) {
			snprintf(text, sizeof text, "counts in %s: %s, %.0f %% of the weight",
			    reply->nodes[node->parent]->ref, method_word(node->roll_up),
			    node->weight * 100);
			output_wrap(&ctx->out, "    ", text);
		}
	}
}

static void
csv_chance(struct table *table, const struct chances *all, const char *ref)
{
	const Plumb__V1__ForecastObjective *one = chance_of(all, ref);

	if (one && one->chance__case == PLUMB__V1__FORECAST_OBJECTIVE__CHANCE__CHANCE)
		table_cellf(table, "%.6g", one->chance);
	else
		table_cell(table, "");
}

static void
show_csv(struct context *ctx, const Plumb__V1__ProgressReply *reply, const struct chances *chances,
    struct table *table)
{
	static const char *const columns[] = {"level", "parent", "ref", "title", "method", "weight",
	    "work", "work_known", "work_from", "outcome", "outcome_known", "outcome_from", "status",
	    "reason"};

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		table_column(table, columns[i], 0);
	if (chances)
		table_column(table, "chance", 0);
	for (size_t i = 0; i < reply->n_nodes; i++) {
		const Plumb__V1__ProgressNode *node = reply->nodes[i];

		table_cellf(table, "%zu", level_of(reply, i));
		table_cell(table, node->parent >= 0 ? reply->nodes[node->parent]->ref : "");
		table_cell(table, node->ref);
		table_cell(table, node->title);
		table_cell(table, method_word(node->roll_up));
		table_cellf(table, "%.6g", node->weight);
		if (has_work(node))
			table_cellf(table, "%.6g", node->work);
		else
			table_cell(table, "");
		table_cellf(table, "%.6g", node->work_known);
		table_cell(table, node->work_from);
		if (has_outcome(node))
			table_cellf(table, "%.6g", node->outcome);
		else
			table_cell(table, "");
		table_cellf(table, "%.6g", node->outcome_known);
		table_cell(table, node->outcome_from);
		table_cell(table, node->status);
		table_cell(table, node->reason);
		if (chances)
			csv_chance(table, chances, node->ref);
	}
	table_print(table, &ctx->out);
}

static int
show(struct context *ctx, const struct args *args, const Plumb__V1__ProgressReply *reply,
    const struct chances *chances)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
	} else if (ctx->out.format == OUTPUT_NAME) {
		for (size_t i = 0; i < reply->n_nodes; i++)
			output_printf(&ctx->out, "%s\n", reply->nodes[i]->ref);
	} else if (ctx->out.format == OUTPUT_CSV) {
		show_csv(ctx, reply, chances, table);
	} else if (reply->n_nodes == 0) {
		output_printf(
		    &ctx->out, "There is no goal in the plan; name an objective or initiative.\n");
	} else if (args_has(args, "why")) {
		show_why(ctx, reply);
	} else {
		show_table(ctx, reply, chances, table);
	}
	if (reply->cut && ctx->out.format == OUTPUT_TABLE)
		output_printf(
		    &ctx->out, "There is more than fits here: name items, or use --depth.\n");
	table_free(table);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ProgressRequest request;
	const Plumb__V1__ProgressReply *reply;
	const char *depth = args_get(args, "depth");
	struct chances chances = {.list = NULL};
	bool chance = args_has(args, "chance");
	uint64_t levels = 0;
	Plumb__V1__At at;
	char **refs = arena_array(ctx->arena, args->count + 1, sizeof refs[0]);

	if (depth && !parse_u64(depth, 0, 1000, &levels))
		return command_usage(
		    args, "--depth takes a number of levels from 0 on; not '%s'", depth);
	if (chance && (args_has(args, "why") ||
			  (ctx->out.format != OUTPUT_TABLE && ctx->out.format != OUTPUT_CSV)))
		return command_usage(args,
		    "--chance goes with the table and csv; plumb forecast has it in json and yaml");
	if (!refs)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	plumb__v1__progress_request__init(&request);
	for (size_t i = 0; i < args->count; i++) {
		refs[i] = pb_str(context_ref(
		    ctx, args->values[i], "goal,objective,initiative,workstream,milestone,task"));
		if (!refs[i])
			return context_fail(ctx);
	}
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.refs = refs;
	request.n_refs = args->count;
	request.depth = (uint32_t)levels;
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Progress", &request.base);
	if (!reply && args->count == 1)
		context_suggest(ctx, refs[0]);
	if (!reply || (chance && !ask_chances(ctx, &at, &chances)))
		return context_fail(ctx);
	return show(ctx, args, reply, chance ? &chances : NULL);
}

static const struct option options[] = {
    {0, "depth", "N", "how many levels below are shown; 0, all, if not stated", NULL},
    {0, "chance", NULL, "of each objective how likely it is met by its date", NULL},
    {0, "why", NULL, "say of each what its numbers and its status rest on", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb progress --depth 2", "all goals, two levels down"},
    {"plumb progress initiative/onboarding-30 --why", "what its numbers rest on"},
    {"plumb progress --depth 1 --chance", "goals and objectives, and how likely each is met"},
    {"plumb progress goal/grow --as-of q1-plan", "as it stood then"},
    {0},
};

const struct command cmd_progress = {
    .name = "progress",
    .group = GROUP_READ,
    .arguments = "[KIND/ID…]",
    .summary = "show how far the work is and how far the outcome is",
    .help =
	"Two numbers that are never mixed, rolled up from tasks to goals. How a part counts in its "
	"whole stands with the link between them (roll_up: weighted, weakest or all). The formula "
	"is in docs/PROGRESS.md. What is not known is never taken for zero.",
    .options = options,
    .examples = examples,
    .max_args = 100,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
