/* plumb inflight: the projects in flight, what each adds, doubles or works against. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define HAS(m, name, constant) ((m)->name##__case == PLUMB__V1__IN_FLIGHT_##constant)

/* All that InFlight has streamed. */
struct all {
	Plumb__V1__InFlightReply reply;
	size_t initiatives_cap;
	size_t moves_cap;
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__InFlightReply *part)
{
	Plumb__V1__InFlightInitiative **initiatives = all->reply.initiatives;
	Plumb__V1__InFlightMove **moves = all->reply.moves;
	size_t n = all->reply.n_initiatives, m = all->reply.n_moves;

	if (part->done)
		all->reply = *part;
	if (part->n_initiatives > 0 &&
	    !(initiatives = arena_append(ctx->arena, initiatives, n, &all->initiatives_cap,
		  part->initiatives, part->n_initiatives, sizeof initiatives[0])))
		return err_oom(&ctx->status.err);
	if (part->n_moves > 0 && !(moves = arena_append(ctx->arena, moves, m, &all->moves_cap,
				       part->moves, part->n_moves, sizeof moves[0])))
		return err_oom(&ctx->status.err);
	all->reply.initiatives = initiatives;
	all->reply.n_initiatives = n + part->n_initiatives;
	all->reply.moves = moves;
	all->reply.n_moves = m + part->n_moves;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__InFlightRequest *request, struct all *all)
{
	const Plumb__V1__InFlightReply *part;
	struct progress *progress;

	plumb__v1__in_flight_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "InFlight", &request->base))
		return false;
	progress = progress_new("scheduling anew");
	while ((part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__IN_FLIGHT_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		if (!add(ctx, all, part))
			break;
	}
	progress_free(progress);
	return ctx->status.err.code == ERR_OK;
}

/* ---- for people */

static void
say(struct context *ctx, const char *lead, struct str *text)
{
	output_wrap(&ctx->out, lead, text->data ? text->data : "");
	str_reset(text);
}

static void
say_gain(struct str *text, const Plumb__V1__InFlightGain *g)
{
	str_addf(text, "adds to %s", g->objective);
	if (HAS(g, effect, GAIN__EFFECT__EFFECT))
		str_addf(text, ": %s by %+.15g", g->measure, g->effect);
	if (HAS(g, share, GAIN__SHARE__SHARE))
		str_addf(text, ", with %.0f %% of its effort", 100 * g->share);
	if (g->others == 0)
		str_add(text, "; no other running initiative does");
	else if (g->measure[0] && g->movers == 0)
		str_add(text, "; no other moves that number");
}

static void
say_overlap(struct str *text, const Plumb__V1__InFlightOverlap *o)
{
	str_addf(text, "shares %s with ", o->about);
	for (size_t i = 0; i < o->n_with; i++)
		str_addf(text, "%s%s", i ? ", " : "", o->with[i]);
	if (o->more)
		str_addf(text, " and %" PRIu32 " more", o->more);
}

static void
say_conflict(struct str *text, const Plumb__V1__InFlightConflict *c)
{
	str_addf(text, "conflicts with %s: ", c->with);
	if (c->about[0])
		str_addf(text, "%s is to move by %+.15g here and by %+.15g there", c->about,
		    c->effect, c->other_effect);
	else
		str_add(text, "a link says so");
	if (c->more)
		str_addf(text, ", and %" PRIu32 " more", c->more);
}

static void
say_cost(struct str *text, const char *what, bool known, double per_unit, const char *unit,
    const char *why_not)
{
	if (known)
		str_addf(
		    text, "; %s %.3g person-days per %s", what, per_unit, unit[0] ? unit : "unit");
	else
		str_addf(text, "; %s can't be judged, because %s", what, why_not);
}

static void
say_result(struct str *text, const Plumb__V1__InFlightResult *r)
{
	str_addf(text, "%s: ", r->measure);
	if (HAS(r, baseline, RESULT__BASELINE__BASELINE))
		str_addf(text, "from %.15g", r->baseline);
	else
		str_add(text, "from nobody knows where");
	if (HAS(r, latest, RESULT__LATEST__LATEST))
		str_addf(text, " to %.15g on %s", r->latest, r->latest_at);
	else
		str_add(text, ", not measured yet");
	if (HAS(r, target, RESULT__TARGET__TARGET))
		str_addf(text, ", wanted %.15g", r->target);
	if (r->movers)
		str_addf(text, " (%" PRIu32 " other%s move%s it too)", r->movers,
		    r->movers == 1 ? "" : "s", r->movers == 1 ? "s" : "");
	if (strcmp(r->planned_why_not, r->spent_why_not) == 0 && r->planned_why_not[0]) {
		say_cost(text, "effort for it", false, 0, "", r->planned_why_not);
		return;
	}
	say_cost(text, "planned",
	    HAS(r, planned_per_unit, RESULT__PLANNED_PER_UNIT__PLANNED_PER_UNIT),
	    r->planned_per_unit, r->unit, r->planned_why_not);
	say_cost(text, "spent so far",
	    HAS(r, spent_per_unit, RESULT__SPENT_PER_UNIT__SPENT_PER_UNIT), r->spent_per_unit,
	    r->unit, r->spent_why_not);
}

static void
show_head(struct context *ctx, const Plumb__V1__InFlightInitiative *in, struct str *text)
{
	if (in->rank)
		str_addf(text, "%" PRIu32 "  ", in->rank);
	str_add(text, in->ref);
	output_coloured(&ctx->out, COLOUR_BOLD, text->data);
	str_reset(text);
	if (strcmp(in->status, "active") != 0)
		str_addf(text, " (%s)", in->status);
	if (HAS(in, planned, INITIATIVE__PLANNED__PLANNED))
		str_addf(text, ", %.1f person-days", (double)in->planned / 100);
	if (HAS(in, spent, INITIATIVE__SPENT__SPENT))
		str_addf(text, ", %.1f of them done", (double)in->spent / 100);
	str_add(text, "\n");
	output_text(&ctx->out, text->data ? text->data : "");
	str_reset(text);
}

static void
show_initiative(struct context *ctx, const Plumb__V1__InFlightInitiative *in)
{
	struct str text;

	str_init(&text, 8192);
	show_head(ctx, in, &text);
	for (size_t i = 0; i < in->n_gains; i++) {
		say_gain(&text, in->gains[i]);
		say(ctx, "    ", &text);
	}
	if (in->n_gains == 0)
		output_text(&ctx->out, "    adds to no objective\n");
	for (size_t i = 0; i < in->n_results; i++) {
		say_result(&text, in->results[i]);
		say(ctx, "    ", &text);
	}
	for (size_t i = 0; i < in->n_overlaps; i++) {
		say_overlap(&text, in->overlaps[i]);
		say(ctx, "    ", &text);
	}
	for (size_t i = 0; i < in->n_conflicts; i++) {
		say_conflict(&text, in->conflicts[i]);
		say(ctx, "    ", &text);
	}
	for (size_t i = 0; i < in->n_patches; i++) {
		str_addf(&text, "patches %s, which %s (%s) removes", in->patches[i]->eases,
		    in->patches[i]->removed_by, in->patches[i]->status);
		say(ctx, "    ", &text);
	}
	str_fini(&text);
}

static void
show_move(struct context *ctx, const Plumb__V1__InFlightMove *move, const char *lead)
{
	const Plumb__V1__MovesWay *way = move->way;
	struct str text;

	str_init(&text, 4096);
	for (size_t i = 0; i < way->n_moves; i++)
		str_addf(&text, "%s%s", i ? "; " : "", way->moves[i]->says);
	str_addf(&text, ": %s ends on %s instead of %s", move->ref, move->then,
	    move->finish[0] ? move->finish : "never in the days that are planned");
	if (move->due[0])
		str_addf(&text, " (due %s)", move->due);
	if (way->n_costs == 0)
		str_add(&text, "; no other ends later");
	for (size_t i = 0; i < way->n_costs && i < 3; i++) {
		const Plumb__V1__MoveCost *cost = way->costs[i];

		str_addf(&text, "%s %s ", i ? "," : "; it costs", cost->ref);
		if (cost->after[0])
			str_addf(&text, "%" PRId32 " days", cost->later_days);
		else
			str_add(&text, "its place above the line");
	}
	if (way->n_costs > 3)
		str_addf(&text, " and %zu more", way->n_costs - 3 + way->more_costs);
	say(ctx, lead, &text);
	str_fini(&text);
}

static void
show_text(struct context *ctx, const Plumb__V1__InFlightReply *r, bool moves)
{
	for (size_t i = 0; i < r->n_initiatives; i++)
		show_initiative(ctx, r->initiatives[i]);
	output_printf(&ctx->out, "%s%" PRIu32 " active, %" PRIu32 " approved or paused.\n",
	    r->n_initiatives ? "\n" : "", r->active, r->waiting);
	if (!moves)
		return;
	output_text(&ctx->out, "\nWho would count more elsewhere:\n");
	for (size_t i = 0; i < r->n_moves; i++)
		show_move(ctx, r->moves[i], "  ");
	if (r->no_moves[0]) {
		struct str text;

		str_init(&text, 1000);
		str_addf(&text, "nobody is suggested: %s.", r->no_moves);
		say(ctx, "  ", &text);
		str_fini(&text);
	}
}

/* ---- for programs */

/* What, about what, with whom, and one number: a line for each thing that is told. */
static void
add_line(struct table *table, const Plumb__V1__InFlightInitiative *in, const char *what,
    const char *about, const char *with, const char *number)
{
	table_cell(table, in->ref);
	if (in->rank)
		table_cellf(table, "%" PRIu32, in->rank);
	else
		table_cell(table, "");
	table_cell(table, in->status);
	table_cell(table, what);
	table_cell(table, about);
	table_cell(table, with);
	table_cell(table, number);
}

static void
add_number(struct table *table, const Plumb__V1__InFlightInitiative *in, const char *what,
    const char *about, const char *with, bool known, double number)
{
	char text[40] = "";

	if (known)
		snprintf(text, sizeof text, "%.15g", number);
	add_line(table, in, what, about, with, text);
}

static void
add_lines(struct table *table, const Plumb__V1__InFlightInitiative *in)
{
	for (size_t i = 0; i < in->n_gains; i++)
		add_number(table, in, "gain", in->gains[i]->objective, in->gains[i]->measure,
		    HAS(in->gains[i], effect, GAIN__EFFECT__EFFECT), in->gains[i]->effect);
	for (size_t i = 0; i < in->n_overlaps; i++)
		for (size_t k = 0; k < in->overlaps[i]->n_with; k++)
			add_line(table, in, "overlap", in->overlaps[i]->about,
			    in->overlaps[i]->with[k], "");
	for (size_t i = 0; i < in->n_conflicts; i++)
		add_number(table, in, "conflict", in->conflicts[i]->about, in->conflicts[i]->with,
		    in->conflicts[i]->about[0], in->conflicts[i]->other_effect);
	for (size_t i = 0; i < in->n_patches; i++)
		add_line(table, in, "patch", in->patches[i]->eases, in->patches[i]->removed_by, "");
	for (size_t i = 0; i < in->n_results; i++) {
		const Plumb__V1__InFlightResult *r = in->results[i];

		add_number(table, in, "realised", r->measure, "",
		    HAS(r, realised, RESULT__REALISED__REALISED), r->realised);
		add_number(table, in, "planned_per_unit", r->measure, r->planned_why_not,
		    HAS(r, planned_per_unit, RESULT__PLANNED_PER_UNIT__PLANNED_PER_UNIT),
		    r->planned_per_unit);
		add_number(table, in, "spent_per_unit", r->measure, r->spent_why_not,
		    HAS(r, spent_per_unit, RESULT__SPENT_PER_UNIT__SPENT_PER_UNIT),
		    r->spent_per_unit);
	}
}

static bool
show_csv(struct context *ctx, const Plumb__V1__InFlightReply *r)
{
	static const char *const titles[] = {
	    "INITIATIVE", "RANK", "STATUS", "WHAT", "ABOUT", "WITH", "NUMBER"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_initiatives; i++)
		add_lines(table, r->initiatives[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *team = args_get(args, "team");
	const char *targets = args_get(args, "most");
	Plumb__V1__InFlightRequest request;
	struct all all = {.moves_cap = 0};
	uint64_t number = 0;
	Plumb__V1__At at;

	plumb__v1__in_flight_request__init(&request);
	if (targets && !parse_u64(targets, 1, 10, &number))
		return command_usage(args, "--most is a number from 1 to 10, not '%s'", targets);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (team && !(team = context_ref(ctx, team, "team")))
		return context_fail(ctx);
	request.at = &at;
	request.team = pb_str(team ? team : "");
	request.moves = args_has(args, "moves") || targets;
	request.targets = (uint32_t)number;
	if (!ask(ctx, &request, &all)) {
		if (team)
			context_suggest(ctx, team);
		return context_fail(ctx);
	}
	if (ctx->out.format == OUTPUT_TABLE)
		show_text(ctx, &all.reply, request.moves);
	else if (ctx->out.format != OUTPUT_CSV)
		output_message(&ctx->out, &all.reply.base);
	else if (!show_csv(ctx, &all.reply))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "team", "TEAM", "only initiatives that this team has a part in", NULL},
    {0, "moves", NULL, "who would count more elsewhere, by scheduling anew: may take seconds",
	NULL},
    {0, "most", "N", "for how many initiatives that end late that is tried (default: 3)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb inflight", "every running initiative"},
    {"plumb inflight --team data --moves",
	"those of a team, and whether its people would count more elsewhere"},
    {"plumb inflight -o csv", "a line for each thing, for a spreadsheet"},
    {0},
};

const struct command cmd_inflight = {
    .name = "inflight",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "show what each running initiative adds, doubles or works against",
    .help =
	"Every initiative that is approved, active or paused, by rank: what it is to add to which "
	"objective, and whether any other does; what came of it so far, and what a unit of outcome "
	"costs; with which others it shares an objective, a step or a measure; with which it "
	"conflicts; and what it patches that another one removes, where links say so."
	"\n\n"
	"With --moves: which team could lend to which, so that an initiative that ends late ends "
	"sooner, and what that costs the others. The whole plan is scheduled anew with each. "
	"Definitions: docs/INFLIGHT.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
