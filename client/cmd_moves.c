/* plumb moves: what would have to change for one initiative to be done in time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define WAYS_MAX 20

/* All that Moves has streamed. */
struct all {
	Plumb__V1__MovesReply reply;
	Plumb__V1__MovesWay *ways[WAYS_MAX];
	size_t count;
};

/* ---- asking */

static void
add(struct all *all, const Plumb__V1__MovesReply *part)
{
	for (size_t i = 0; i < part->n_ways && all->count < WAYS_MAX; i++)
		all->ways[all->count++] = part->ways[i];
	if (part->done) {
		all->reply = *part;
		all->reply.ways = all->ways;
		all->reply.n_ways = all->count;
	}
}

static bool
ask(struct context *ctx, const Plumb__V1__MovesRequest *request, struct all *all)
{
	const Plumb__V1__MovesReply *part;
	struct progress *progress;

	plumb__v1__moves_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Moves", &request->base))
		return false;
	progress = progress_new("looking for moves");
	progress_update(progress, -1);
	while ((part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__MOVES_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		add(all, part);
	}
	progress_free(progress);
	return ctx->status.err.code == ERR_OK;
}

/* ---- for people */

static void
say(struct context *ctx, const char *lead, struct str *text)
{
	output_wrap(&ctx->out, lead, text->data ? text->data : "");
	str_fini(text);
}

/* How it is, and what is the most that ranks could do. */
static void
show_target(struct context *ctx, const Plumb__V1__MovesReply *r)
{
	struct str text;

	str_init(&text, 2000);
	if (r->finish[0])
		str_addf(&text, "%s ends on %s", r->ref, r->finish);
	else
		str_addf(&text, "%s is not finished by %s", r->ref, r->until);
	if (r->is_there)
		str_addf(&text, ": in time%s%s. Nothing has to change.", r->by_line ? "" : " for ",
		    r->by_line ? "" : r->by);
	else if (r->by_line)
		str_addf(&text, ": it is below the line.");
	else
		str_addf(&text, ", and %s %s.", r->by_due ? "is due on" : "should be by", r->by);
	if (!r->is_there && strcmp(r->first, r->finish) != 0 && r->first[0])
		str_addf(&text, " With the best rank of all it would end on %s.", r->first);
	else if (!r->is_there)
		str_addf(&text, " Its rank is not what holds it up.");
	if (r->short_giver[0])
		str_addf(&text,
		    " It asks %.1f person-days of %s, who have %.1f until %s, even if nothing else "
		    "asked for them.",
		    (double)r->short_asked / 100, r->short_giver, (double)r->short_has / 100,
		    r->by);
	say(ctx, "", &text);
}

static bool
show_ways(struct context *ctx, const Plumb__V1__MovesReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "WAY", TABLE_RIGHT);
	table_column(table, "CHANGE", TABLE_WRAP | TABLE_MAIN);
	table_column(table, "FINISH", 0);
	table_column(table, "BELOW", TABLE_RIGHT);
	table_column(table, "LATER", TABLE_RIGHT);
	for (size_t w = 0; w < r->n_ways; w++) {
		const Plumb__V1__MovesWay *way = r->ways[w];

		for (size_t m = 0; m < way->n_moves; m++) {
			if (m > 0) {
				table_cell(table, "");
				table_cell(table, way->moves[m]->says);
				table_cell(table, "");
				table_cell(table, "");
				table_cell(table, "");
				continue;
			}
			table_cellf(table, "%zu", w + 1);
			table_cell(table, way->moves[m]->says);
			table_cell(table, way->finish);
			table_cellf(table, "%" PRIu32, way->below);
			if (way->below > 0)
				table_colour(table, COLOUR_RED);
			table_cellf(table, "%" PRId64 "d", way->later_days);
		}
	}
	output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
show_cost(struct context *ctx, const Plumb__V1__MoveCost *cost, const char *until)
{
	struct str text;

	str_init(&text, 1000);
	str_addf(&text, "%s", cost->ref);
	if (cost->rank > 0)
		str_addf(&text, " (rank %" PRIu32 ")", cost->rank);
	if (cost->after[0])
		str_addf(&text, " ends on %s instead of %s: %" PRId32 " day%s later", cost->after,
		    cost->before, cost->later_days, cost->later_days == 1 ? "" : "s");
	else
		str_addf(&text, " falls below the line: not finished by %s, but on %s as it is",
		    until, cost->before);
	say(ctx, "    ", &text);
}

static void
show_costs(struct context *ctx, const Plumb__V1__MovesReply *r)
{
	for (size_t w = 0; w < r->n_ways; w++) {
		const Plumb__V1__MovesWay *way = r->ways[w];

		output_printf(&ctx->out, "\nWay %zu%s", w + 1,
		    way->n_costs == 0 ? ": no other ends later" : "");
		if (way->sooner > 0)
			output_printf(&ctx->out, "%s %" PRIu32 " other%s sooner",
			    way->n_costs == 0 ? "," : ":", way->sooner,
			    way->sooner == 1 ? " ends" : "s end");
		output_text(&ctx->out, "\n");
		for (size_t c = 0; c < way->n_costs; c++)
			show_cost(ctx, way->costs[c], r->until);
		if (way->more_costs > 0)
			output_printf(&ctx->out, "    and %" PRIu32 " more\n", way->more_costs);
		for (size_t m = 0; m < way->n_moves; m++)
			for (size_t k = 0; k < way->moves[m]->n_commands; k++)
				output_printf(&ctx->out, "    $ %s\n", way->moves[m]->commands[k]);
		if (way->by_hand[0])
			output_wrap(&ctx->out, "    ", way->by_hand);
	}
}

/* The numbers of ways are those of what was asked. */
static void
show_apply(struct context *ctx, const struct args *args, const Plumb__V1__MovesReply *r)
{
	static const char *const asked[] = {"by", "until", "depth", "most"};
	struct str text;
	size_t way = 0; /* the best that needn't be made by hand */

	while (way < r->n_ways && r->ways[way]->by_hand[0])
		way++;
	if (way == r->n_ways)
		return;
	str_init(&text, 1000);
	str_addf(&text, "plumb moves %s", r->ref);
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		if (args_has(args, asked[i]))
			str_addf(&text, " --%s %s", asked[i], args_get(args, asked[i]));
	output_printf(&ctx->out,
	    "\nTo make the changes of way %zu (--dry-run: to see them):\n    $ %s --apply %zu\n",
	    way + 1, text.data ? text.data : "", way + 1);
	str_fini(&text);
}

static void
show_search(struct context *ctx, const Plumb__V1__MovesReply *r)
{
	struct str text;

	str_init(&text, 2000);
	if (r->looked < r->total)
		str_addf(&text,
		    "%" PRIu64 " of %" PRIu64 " combinations of up to %" PRIu32 " of %" PRIu32
		    " changes were looked at, the others would take too long: ",
		    r->looked, r->total, r->depth, r->candidates);
	else if (r->depth == 1)
		str_addf(&text, "All %" PRIu64 " changes were looked at, one by one: ", r->total);
	else
		str_addf(&text,
		    "All %" PRIu64 " combinations of up to %" PRIu32 " of %" PRIu32
		    " changes were looked at: ",
		    r->total, r->depth, r->candidates);
	if (r->found == 0)
		str_addf(&text, "none does it.");
	else
		str_addf(&text, "%" PRIu64 " do%s it%s.", r->found, r->found == 1 ? "es" : "",
		    r->looked == r->total ? ", and nothing shorter does" : "");
	if (r->compared < r->found)
		str_addf(&text, " %" PRIu32 " of them were compared.", r->compared);
	if (r->left_out > 0)
		str_addf(&text, " %" PRIu64 " more changes were not looked at.", r->left_out);
	if (r->found == 0 && !r->earliest[0])
		str_addf(&text, " No order of ranks finishes it by %s.", r->until);
	else if (r->found == 0)
		str_addf(&text, " No order of ranks finishes it before %s.", r->earliest);
	if (r->found == 0)
		str_addf(&text, " What holds it up: plumb schedule %s --why", r->ref);
	output_text(&ctx->out, "\n");
	say(ctx, "", &text);
}

static bool
show_table(struct context *ctx, const struct args *args, const Plumb__V1__MovesReply *r)
{
	show_target(ctx, r);
	if (r->is_there)
		return true;
	if (r->n_ways > 0 && !show_ways(ctx, r))
		return false;
	show_costs(ctx, r);
	show_apply(ctx, args, r);
	show_search(ctx, r);
	return true;
}

/* ---- for programs */

static void
add_line(
    struct table *table, size_t number, const Plumb__V1__MovesWay *way, const Plumb__V1__Move *move)
{
	char kind[40];

	table_cellf(table, "%zu", number);
	table_cell(table,
	    pb_enum_name(&plumb__v1__move__kind__descriptor, (int)move->kind, kind, sizeof kind));
	table_cell(table, move->initiative);
	table_cell(table, move->from);
	table_cell(table, move->to);
	table_cellf(table, "%" PRId32, move->amount);
	table_cellf(table, "%.2f", (double)move->effort / 100);
	table_cell(table, move->day);
	table_cell(table, move->until);
	table_cell(table, way->finish);
	table_cellf(table, "%" PRIu32, way->below);
	table_cellf(table, "%" PRId64, way->later_days);
	table_cell(table, move->says);
}

static bool
show_csv(struct context *ctx, const Plumb__V1__MovesReply *r)
{
	static const char *const titles[] = {"WAY", "KIND", "INITIATIVE", "FROM", "TO", "AMOUNT",
	    "EFFORT", "DAY", "UNTIL", "FINISH", "BELOW", "LATER DAYS", "SAYS"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t w = 0; w < r->n_ways; w++)
		for (size_t m = 0; m < r->ways[w]->n_moves; m++)
			add_line(table, w + 1, r->ways[w], r->ways[w]->moves[m]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const struct args *args, const Plumb__V1__MovesReply *r)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, args, r);
	case OUTPUT_CSV:
		return show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

/* ---- the command */

/* One of the ways, if the plan is still what it was worked out from. */
static int
apply(struct context *ctx, const struct args *args, const Plumb__V1__MovesReply *r, uint64_t number)
{
	const Plumb__V1__MovesWay *way;
	struct write write;
	char done[600];

	if (number > r->n_ways)
		return context_error(ctx, EXIT_NO, "there is no way %" PRIu64 ": %zu %s found",
		    number, r->n_ways, r->n_ways == 1 ? "was" : "were");
	way = r->ways[number - 1];
	if (way->by_hand[0])
		return context_error(ctx, EXIT_NO, "way %" PRIu64 " has to be done by hand: %s",
		    number, way->by_hand);
	write_begin(&write, ctx, args);
	write.set.changes = way->changes;
	write.set.n_changes = way->n_changes;
	write.set.expected_case = PLUMB__V1__CHANGE_SET__EXPECTED_EXPECTED_REVISION;
	write.set.expected_revision = r->revision;
	snprintf(done, sizeof done, "%s ends on %s now", r->ref, way->finish);
	return write_finish(&write, ctx, args, done);
}

static bool
number_of(const struct args *args, const char *option, uint64_t max, uint32_t *out)
{
	const char *text = args_get(args, option);
	uint64_t number = 0;

	if (text && !parse_u64(text, 1, max, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

static int
read_request(const struct args *args, Plumb__V1__MovesRequest *request, uint32_t *number)
{
	int code;

	plumb__v1__moves_request__init(request);
	if ((code = args_date(args, "by", &request->by)) != EXIT_FINE ||
	    (code = args_date(args, "until", &request->until)) != EXIT_FINE)
		return code;
	if (!number_of(args, "depth", 3, &request->depth))
		return command_usage(
		    args, "--depth takes a number from 1 to 3; not '%s'", args_get(args, "depth"));
	if (!number_of(args, "most", WAYS_MAX, &request->most))
		return command_usage(args, "--most takes a number from 1 to %d; not '%s'", WAYS_MAX,
		    args_get(args, "most"));
	if (!number_of(args, "apply", WAYS_MAX, number))
		return command_usage(args, "--apply takes the number of a way, 1 to %d; not '%s'",
		    WAYS_MAX, args_get(args, "apply"));
	if (*number == 0 && args_has(args, "dry-run"))
		return command_usage(args, "--dry-run goes with --apply");
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__MovesRequest request;
	Plumb__V1__At at;
	struct all all = {.count = 0};
	uint32_t number = 0;
	const char *ref;
	int code = read_request(args, &request, &number);

	if (code != EXIT_FINE)
		return code;
	ref = context_ref(ctx, args->values[0], "initiative");
	if (!ref || !context_at(ctx, &at))
		return context_fail(ctx);
	request.ref = pb_str(ref);
	request.at = &at;
	if (!ask(ctx, &request, &all)) {
		context_suggest(ctx, request.ref);
		return context_fail(ctx);
	}
	if (number > 0)
		return apply(ctx, args, &all.reply, number);
	if (!show(ctx, args, &all.reply))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return all.reply.is_there || all.reply.n_ways > 0 ? EXIT_FINE : EXIT_NO;
}

static const struct option options[] = {
    {0, "by", "DATE",
	"the last day on which it may end (default: the day it is due, else the end of what is "
	"planned)",
	NULL},
    {0, "until", "DATE", "the last day that is booked (default: the end of the last period)", NULL},
    {0, "depth", "N", "at most so many changes together, 1 to 3 (default: 2)", NULL},
    {0, "most", "N", "ways that are shown, 1 to 20 (default: 5)", NULL},
    {0, "apply", "WAY", "make the changes of that way instead of showing them all", NULL},
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb moves initiative/portal", "what would bring it above the line, or to its date"},
    {"plumb moves initiative/portal --by 2026-06-30 --depth 3",
	"by that day, with up to three changes"},
    {"plumb moves initiative/portal --apply 2 --dry-run",
	"what the second way changes in the plan"},
    {0},
};

const struct command cmd_moves = {
    .name = "moves",
    .group = GROUP_READ,
    .arguments = "INITIATIVE",
    .summary = "show the shortest lists of changes that bring an initiative in time",
    .help =
	"Looks for the fewest changes with which the initiative is done by its date: a better "
	"rank, "
	"another start, less scope, days lent from team to team, more capacity. All "
	"combinations are scheduled, smaller ones first, and of each the least amounts that are "
	"found are told. Ways with the fewest changes come first; of these, those with which the "
	"fewest others "
	"fall below the line (BELOW), then those that delay others by the fewest days (LATER), "
	"then those "
	"that take the fewest person-days."
	"\n\n"
	"Exits with 1 if there is no way. What is looked at, and what that proves: docs/MOVES.md.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
