/* plumb inflight: the projects in flight, what each adds, doubles or works against. */
#include <inttypes.h>
#include <math.h>
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
head(struct context *ctx, const char *text)
{
	output_text(&ctx->out, "  ");
	output_coloured(&ctx->out, COLOUR_BOLD, text);
	output_text(&ctx->out, "\n");
}

static const char *
title_of(Plumb__V1__InFlightName *const *names, size_t count, const char *ref)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i]->ref, ref) == 0)
			return names[i]->title;
	return "";
}

/* "Fast value (goal/fast-value)" */
static void
add_named(struct str *text, const char *title, const char *ref)
{
	str_addf(text, title[0] ? "%s (%s)" : "%s%s", title, ref);
}

static void
add_name(struct str *text, const Plumb__V1__InFlightInitiative *in, const char *ref)
{
	add_named(text, title_of(in->names, in->n_names, ref), ref);
}

/* ---- the summary */

/* Does it alone add this? */
static bool
is_alone(const Plumb__V1__InFlightGain *g)
{
	return g->others == 0 || (g->measure[0] && g->movers == 0);
}

static void
cell_alone(struct table *table, const Plumb__V1__InFlightInitiative *in)
{
	size_t alone = 0;

	for (size_t i = 0; i < in->n_gains; i++)
		alone += is_alone(in->gains[i]);
	if (in->n_gains)
		table_cellf(table, "%zu of %zu", alone, in->n_gains);
	else
		table_cell(table, "none");
}

/* Different ones that it shares something with; *more: there are others. */
static size_t
count_sharing(const Plumb__V1__InFlightInitiative *in, bool *more)
{
	size_t count = 0;

	*more = false;
	for (size_t i = 0; i < in->n_overlaps; i++) {
		const Plumb__V1__InFlightOverlap *o = in->overlaps[i];

		*more |= o->more > 0;
		for (size_t k = 0; k < o->n_with; k++) {
			bool again = false;

			for (size_t j = 0; j < i; j++)
				for (size_t l = 0; l < in->overlaps[j]->n_with; l++)
					again |= strcmp(in->overlaps[j]->with[l], o->with[k]) == 0;
			count += !again;
		}
	}
	return count;
}

static void
cell_others(struct table *table, const Plumb__V1__InFlightInitiative *in)
{
	bool more;
	size_t sharing = count_sharing(in, &more);
	struct str text;

	str_init(&text, 200);
	if (sharing)
		str_addf(&text, "%zu%s share", sharing, more ? "+" : "");
	if (in->n_conflicts)
		str_addf(&text, "%s%zu against", text.len ? ", " : "", in->n_conflicts);
	if (in->n_patches)
		str_addf(&text, "%s%zu patched", text.len ? ", " : "", in->n_patches);
	table_cell(table, text.len ? text.data : "–");
	if (in->n_conflicts || in->n_patches)
		table_colour(table, COLOUR_YELLOW);
	str_fini(&text);
}

static void
cell_result(struct table *table, const Plumb__V1__InFlightResult *r)
{
	struct str text;

	str_init(&text, 200);
	if (r && HAS(r, baseline, RESULT__BASELINE__BASELINE))
		str_addf(&text, "%.6g", r->baseline);
	else
		str_add(&text, "?");
	if (r && HAS(r, latest, RESULT__LATEST__LATEST))
		str_addf(&text, "→%.6g", r->latest);
	else
		str_add(&text, "→?");
	if (r && HAS(r, target, RESULT__TARGET__TARGET))
		str_addf(&text, " of %.6g", r->target);
	table_cell(table, r ? text.data : "–");
	str_fini(&text);
}

static void
cell_cost(struct table *table, const Plumb__V1__InFlightResult *r)
{
	if (r && HAS(r, spent_per_unit, RESULT__SPENT_PER_UNIT__SPENT_PER_UNIT))
		table_cellf(table, "%.3g", r->spent_per_unit);
	else if (r && HAS(r, planned_per_unit, RESULT__PLANNED_PER_UNIT__PLANNED_PER_UNIT))
		table_cellf(table, "(%.3g)", r->planned_per_unit);
	else
		table_cell(table, "–");
}

static void
add_row(struct table *table, const Plumb__V1__InFlightInitiative *in)
{
	const Plumb__V1__InFlightResult *r = in->n_results ? in->results[0] : NULL;
	bool planned = HAS(in, planned, INITIATIVE__PLANNED__PLANNED);

	if (in->rank)
		table_cellf(table, "%" PRIu32, in->rank);
	else
		table_cell(table, "");
	table_cellf(table, in->title[0] ? "%s, %s" : "%s%s", in->title, strchr(in->ref, '/') + 1);
	if (strcmp(in->status, "active") != 0)
		table_colour(table, COLOUR_DIM);
	cell_alone(table, in);
	cell_others(table, in);
	cell_result(table, r);
	table_cell(table, r ? title_of(in->names, in->n_names, r->measure) : "");
	if (planned && HAS(in, spent, INITIATIVE__SPENT__SPENT))
		table_cellf(table, "%.0f/%.0f", (double)in->spent / 100, (double)in->planned / 100);
	else if (planned)
		table_cellf(table, "?/%.0f", (double)in->planned / 100);
	else
		table_cell(table, "–");
	cell_cost(table, r);
}

static bool
show_summary(struct context *ctx, const Plumb__V1__InFlightReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "RANK", TABLE_RIGHT);
	table_column(table, "INITIATIVE", TABLE_WRAP);
	table_column(table, "ALONE", TABLE_DROP);
	table_column(table, "OTHERS", TABLE_WRAP | TABLE_DROP);
	table_column(table, "SO FAR", 0);
	table_column(table, "IN", TABLE_DROP);
	table_column(table, "EFFORT", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "PER UNIT", TABLE_RIGHT | TABLE_WIDE);
	for (size_t i = 0; i < r->n_initiatives; i++)
		add_row(table, r->initiatives[i]);
	if (table_rows(table) > 0)
		table_print(table, &ctx->out);
	table_free(table);
	if (r->n_initiatives > 0) {
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "",
		    "ALONE: of what it adds to, that no other running initiative adds to. OTHERS: "
		    "share an "
		    "objective, a step or a measure with it, work against it, remove what it only "
		    "eases. SO FAR: the first number that it is to move, from its baseline, of its "
		    "target. EFFORT: person-days done of those planned. PER UNIT: person-days that "
		    "a change of that number by 1 took so far, or in brackets is planned to take.");
	}
	return true;
}

/* ---- one of them */

static void
say_gain(
    struct str *text, const Plumb__V1__InFlightInitiative *in, const Plumb__V1__InFlightGain *g)
{
	add_name(text, in, g->objective);
	if (HAS(g, effect, GAIN__EFFECT__EFFECT)) {
		str_add(text, ": ");
		add_name(text, in, g->measure);
		str_addf(text, " by %+.15g", g->effect);
	}
	if (HAS(g, share, GAIN__SHARE__SHARE))
		str_addf(text, ", with %.0f %% of its effort", 100 * g->share);
	if (g->others == 0)
		str_add(text, "; no other running initiative does");
	else if (g->measure[0] && g->movers == 0)
		str_add(text, "; no other moves that number");
}

static void
say_overlap(
    struct str *text, const Plumb__V1__InFlightInitiative *in, const Plumb__V1__InFlightOverlap *o)
{
	add_name(text, in, o->about);
	for (size_t i = 0; i < o->n_with; i++) {
		str_add(text, i ? ", " : " with ");
		add_name(text, in, o->with[i]);
	}
	if (o->more)
		str_addf(text, " and %" PRIu32 " more", o->more);
}

static void
say_conflict(
    struct str *text, const Plumb__V1__InFlightInitiative *in, const Plumb__V1__InFlightConflict *c)
{
	add_name(text, in, c->with);
	str_add(text, ": ");
	if (c->about[0]) {
		add_name(text, in, c->about);
		str_addf(text, " is to move by %+.15g here and by %+.15g there", c->effect,
		    c->other_effect);
	} else {
		str_add(text, "a link says so");
	}
	if (c->more)
		str_addf(text, ", and %" PRIu32 " more", c->more);
}

/* "96 person-days for 14 days, 6.86 for each" */
static void
say_cost(struct str *text, const char *what, bool known, double per_unit, double units,
    const char *unit, const char *why_not)
{
	if (known)
		str_addf(text, "; %s: %.3g person-days for %.6g%s%s, %.3g for each", what,
		    per_unit * fabs(units), fabs(units), unit[0] ? " " : "", unit, per_unit);
	else
		str_addf(text, "; %s can't be judged, because %s", what, why_not);
}

static void
say_result(
    struct str *text, const Plumb__V1__InFlightInitiative *in, const Plumb__V1__InFlightResult *r)
{
	add_name(text, in, r->measure);
	if (HAS(r, baseline, RESULT__BASELINE__BASELINE))
		str_addf(text, ": from %.15g", r->baseline);
	else
		str_add(text, ": from nobody knows where");
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
		say_cost(text, "effort for it", false, 0, 0, "", r->planned_why_not);
		return;
	}
	say_cost(text, "planned",
	    HAS(r, planned_per_unit, RESULT__PLANNED_PER_UNIT__PLANNED_PER_UNIT),
	    r->planned_per_unit, r->expected, r->unit, r->planned_why_not);
	say_cost(text, "spent so far",
	    HAS(r, spent_per_unit, RESULT__SPENT_PER_UNIT__SPENT_PER_UNIT), r->spent_per_unit,
	    r->realised, r->unit, r->spent_why_not);
}

static void
show_head(struct context *ctx, const Plumb__V1__InFlightInitiative *in, struct str *text)
{
	add_named(text, in->title, in->ref);
	if (in->rank)
		str_addf(text, ", rank %" PRIu32, in->rank);
	str_addf(text, ", %s", in->status);
	if (in->owner[0])
		str_addf(text, ", of %s", in->owner);
	if (HAS(in, planned, INITIATIVE__PLANNED__PLANNED))
		str_addf(text, ", %.1f person-days", (double)in->planned / 100);
	if (HAS(in, spent, INITIATIVE__SPENT__SPENT))
		str_addf(text, ", %.1f of them done", (double)in->spent / 100);
	say(ctx, "", text);
}

/* A list of the initiative under its head, each as a sentence. */
#define SHOW_LIST(ctx, in, text, title, list, say_one)                                             \
	do {                                                                                       \
		if ((in)->n_##list)                                                                \
			head(ctx, title);                                                          \
		for (size_t i_ = 0; i_ < (in)->n_##list; i_++) {                                   \
			say_one(text, in, (in)->list[i_]);                                         \
			say(ctx, "    ", text);                                                    \
		}                                                                                  \
	} while (0)

static void
say_patch(
    struct str *text, const Plumb__V1__InFlightInitiative *in, const Plumb__V1__InFlightPatch *p)
{
	add_name(text, in, p->eases);
	str_add(text, ", which ");
	add_name(text, in, p->removed_by);
	str_addf(text, ", %s, removes", p->status);
}

static void
show_initiative(struct context *ctx, const Plumb__V1__InFlightInitiative *in)
{
	struct str text;

	str_init(&text, 8192);
	show_head(ctx, in, &text);
	if (in->n_gains == 0)
		output_text(&ctx->out, "  Adds to no objective\n");
	SHOW_LIST(ctx, in, &text, "Adds to", gains, say_gain);
	SHOW_LIST(ctx, in, &text, "Result so far", results, say_result);
	SHOW_LIST(ctx, in, &text, "Shares", overlaps, say_overlap);
	SHOW_LIST(ctx, in, &text, "Conflicts with", conflicts, say_conflict);
	SHOW_LIST(ctx, in, &text, "Patches", patches, say_patch);
	str_fini(&text);
}

/* ---- who would count more elsewhere */

static void
say_end(struct str *text, const char *finish, const char *due)
{
	if (finish[0])
		str_addf(text, " ends on %s", finish);
	else
		str_add(text, " does not end in the days that are planned");
	if (due[0])
		str_addf(text, ", due %s", due);
}

static void
say_costs(struct str *text, const Plumb__V1__InFlightMove *move)
{
	const Plumb__V1__MovesWay *way = move->way;

	for (size_t i = 0; i < move->n_gives; i++) {
		const Plumb__V1__MoveCost *give = move->gives[i];

		str_add(text, i ? ", and " : " Given up for it: days of ");
		add_named(text, give->title, give->ref);
		if (give->rank)
			str_addf(text, ", rank %" PRIu32, give->rank);
		if (!give->before[0])
			str_add(text, ", which has no end as it is");
		else if (!give->after[0])
			str_addf(text, ", which falls below the line instead of ending on %s",
			    give->before);
		else if (give->later_days)
			str_addf(
			    text, ", which ends on %s instead of %s", give->after, give->before);
		else
			str_addf(text, ", which still ends on %s", give->before);
	}
	if (move->n_gives)
		str_add(text, ".");
	if (way->n_costs == 0) {
		str_add(text, " No other ends later.");
		return;
	}
	str_addf(text, " Later then:");
	for (size_t i = 0; i < way->n_costs && i < 3; i++) {
		const Plumb__V1__MoveCost *cost = way->costs[i];

		str_addf(text, "%s %s ", i ? "," : "", cost->ref);
		if (cost->after[0])
			str_addf(text, "by %" PRId32 " day%s", cost->later_days,
			    cost->later_days == 1 ? "" : "s");
		else
			str_add(text, "falls below the line");
	}
	if (way->n_costs > 3)
		str_addf(text, " and %zu more", way->n_costs - 3 + way->more_costs);
	str_add(text, ".");
}

static void
show_move(struct context *ctx, const Plumb__V1__InFlightMove *move)
{
	const Plumb__V1__Move *first = move->way->moves[0];
	struct str text;

	str_init(&text, 8192);
	if (first->fits[0]) {
		add_named(&text, title_of(move->names, move->n_names, first->to), first->to);
		str_addf(&text, " %s: ", first->fits);
	}
	for (size_t i = 0; i < move->way->n_moves; i++)
		str_addf(&text, "%s%s", i ? "; " : "", move->way->moves[i]->says);
	str_addf(&text, ". It ends on %s then.", move->then);
	say_costs(&text, move);
	say(ctx, "    - ", &text);
	str_fini(&text);
}

static void
say_tried(struct str *text, const Plumb__V1__InFlightTry *one)
{
	if (one->people == 0)
		str_add(
		    text, ": nobody else's skills or team fit what it asks for, and with none ");
	else
		str_addf(text, ": with none of %" PRIu32 " people who fit and ", one->people);
	str_addf(text, "of %" PRIu32 " teams that could lend it ends a day sooner", one->teams);
	if (one->more_people)
		str_addf(text, "; %" PRIu32 " more people were not tried", one->more_people);
}

static void
show_try(struct context *ctx, const Plumb__V1__InFlightReply *r, const Plumb__V1__InFlightTry *one)
{
	struct str text;

	str_init(&text, 8192);
	add_named(&text, one->title, one->ref);
	if (one->rank)
		str_addf(&text, ", rank %" PRIu32 ",", one->rank);
	say_end(&text, one->finish, one->due);
	if (one->why[0])
		str_addf(&text, ": %s, so that nobody can help", one->why);
	else if (!one->best[0])
		say_tried(&text, one);
	str_add(&text, ".");
	say(ctx, "  ", &text);
	for (size_t i = 0; i < r->n_moves; i++)
		if (strcmp(r->moves[i]->ref, one->ref) == 0)
			show_move(ctx, r->moves[i]);
	str_fini(&text);
}

static void
show_moves(struct context *ctx, const Plumb__V1__InFlightReply *r)
{
	struct str text;

	str_init(&text, 8192);
	output_text(&ctx->out, "\n");
	output_coloured(&ctx->out, COLOUR_BOLD, "Who would count more elsewhere");
	output_text(&ctx->out, "\n");
	for (size_t i = 0; i < r->n_tries; i++)
		show_try(ctx, r, r->tries[i]);
	if (r->no_moves[0]) {
		str_addf(&text, "Nobody is suggested: %s.", r->no_moves);
		say(ctx, "  ", &text);
	}
	for (size_t i = 0; i < r->n_unscheduled; i++) {
		str_add(&text, i ? ", "
				 : "Of these nothing is left that is asked of anybody, so that no "
				   "move can be judged: ");
		add_named(&text, r->unscheduled[i]->title, r->unscheduled[i]->ref);
	}
	if (r->more_unscheduled)
		str_addf(&text, " and %" PRIu32 " more", r->more_unscheduled);
	if (r->n_unscheduled) {
		str_add(&text, ".");
		say(ctx, "  ", &text);
	}
	str_fini(&text);
}

static bool
show_text(struct context *ctx, const Plumb__V1__InFlightReply *r, bool details, bool moves)
{
	if (!details && !show_summary(ctx, r))
		return false;
	for (size_t i = 0; details && i < r->n_initiatives; i++)
		show_initiative(ctx, r->initiatives[i]);
	if (r->active + r->waiting != 1 || !details)
		output_printf(&ctx->out, "%s%" PRIu32 " active, %" PRIu32 " approved or paused.\n",
		    r->n_initiatives ? "\n" : "", r->active, r->waiting);
	if (moves)
		show_moves(ctx, r);
	else if (!details && r->n_initiatives > 0)
		output_wrap(&ctx->out, "",
		    "All about one: plumb inflight initiative/ID. Who would count more elsewhere: "
		    "plumb inflight --moves.");
	return true;
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
	const char *ref = NULL;
	Plumb__V1__InFlightRequest request;
	struct all all = {.moves_cap = 0};
	uint64_t number = 0;
	bool good = true;
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
	if (args->count > 0 && !(ref = context_ref(ctx, args->values[0], "initiative")))
		return context_fail(ctx);
	request.ref = pb_str(ref ? ref : "");
	request.moves = args_has(args, "moves") || targets;
	request.targets = (uint32_t)number;
	if (!ask(ctx, &request, &all)) {
		if (ref || team)
			context_suggest(ctx, ref ? ref : team);
		return context_fail(ctx);
	}
	if (ctx->out.format == OUTPUT_TABLE)
		good = show_text(ctx, &all.reply, ref || args_has(args, "all"), request.moves);
	else if (ctx->out.format == OUTPUT_CSV)
		good = show_csv(ctx, &all.reply);
	else
		output_message(&ctx->out, &all.reply.base);
	if (!good)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "team", "TEAM", "only initiatives that this team has a part in", NULL},
    {0, "all", NULL, "everything about each of them", NULL},
    {0, "moves", NULL, "who would count more elsewhere, by scheduling anew: may take seconds",
	NULL},
    {0, "most", "N", "for how many initiatives that end late that is tried (default: 10)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb inflight", "every running initiative, a line each"},
    {"plumb inflight initiative/portal", "what it adds, shares, works against, costs"},
    {"plumb inflight --team data --moves",
	"those of a team, and whether its people would count more elsewhere"},
    {"plumb inflight -o csv", "a line for each thing, for a spreadsheet"},
    {0},
};

const struct command cmd_inflight = {
    .name = "inflight",
    .group = GROUP_READ,
    .arguments = "[INITIATIVE]",
    .summary = "show what each running initiative adds, doubles or works against",
    .help =
	"Every initiative that is approved, active or paused, by rank: how much of what it adds no "
	"other does, how many share an objective, a step or a measure with it, what came of it so "
	"far, its effort, and what a unit of outcome costs. Of one that is named, and with --all "
	"of "
	"each, all of this with names: what it adds to which objective, what it conflicts with, "
	"and "
	"what it patches that another one removes, where links say so."
	"\n\n"
	"With --moves: who could do a part of an initiative that ends late, by skills and teams, "
	"and which team could lend to which, so that it ends sooner; and what that costs the "
	"others. The whole plan is scheduled anew with each. "
	"Definitions: docs/INFLIGHT.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
