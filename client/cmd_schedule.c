/* plumb schedule: what is done when, best rank first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/bars.h"
#include "client/command.h"
#include "client/context.h"
#include "client/gantt_svg.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define DASH "\xe2\x80\x93"
/* Columns of a terminal: what stands beside a bar, what also does where there is room, and how long a bar may be. */
#define BESIDE_BAR 32
#define DUE_ROOM   12
#define MORE_ROOM  40
#define BAR_LEAST  16
#define BAR_MOST   72
#define REF_MOST   44
/* Columns of out where references have their kind. */
#define TABLE_ROOM    80
#define BOOKINGS_ROOM 120
/* As many steps of a chain of reasons as the daemon tells. */
#define WAITS_MOST 20

/* All that Schedule has streamed. */
struct all {
	Plumb__V1__ScheduleReply reply;
	size_t cap;
	size_t bookings_cap;
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__ScheduleReply *part)
{
	Plumb__V1__ScheduleReply *r = &all->reply;
	Plumb__V1__ScheduledInitiative **list = arena_append(ctx->arena, r->initiatives,
	    r->n_initiatives, &all->cap, part->initiatives, part->n_initiatives, sizeof list[0]);
	Plumb__V1__ScheduleBooking **bookings = arena_append(ctx->arena, r->bookings, r->n_bookings,
	    &all->bookings_cap, part->bookings, part->n_bookings, sizeof bookings[0]);
	size_t count = r->n_initiatives + part->n_initiatives;
	size_t bookings_count = r->n_bookings + part->n_bookings;

	if (!list || !bookings)
		return err_oom(&ctx->status.err);
	*r = *part;
	r->initiatives = list;
	r->n_initiatives = count;
	r->bookings = bookings;
	r->n_bookings = bookings_count;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__ScheduleRequest *request, struct all *all)
{
	const Plumb__V1__ScheduleReply *part;
	struct progress *progress;
	bool ok = true;

	plumb__v1__schedule_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Schedule", &request->base))
		return false;
	progress = progress_new("working out the schedule");
	progress_update(progress, -1);
	while (ok && (part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__SCHEDULE_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		else
			ok = add(ctx, all, part);
	}
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- the table for people */

static void
cell_date(struct table *table, const char *date)
{
	table_cell(table, date[0] ? date : DASH);
}

/* ---- bars */

/* On a terminal, where a bar of some length fits beside what matters more. Width 0: none. */
static struct bars
bars_of(struct context *ctx, const Plumb__V1__ScheduleReply *r, bool *due)
{
	struct bars axis = {
	    .first = date_or(r->today, 0), .last = date_or(r->until, 0), .ascii = bars_ascii()};
	int widest = 10;
	int room;

	for (size_t i = 0; i < r->n_initiatives; i++) {
		int width = (int)utf8_width(r->initiatives[i]->ref);

		widest = width > widest ? width : widest;
	}
	room = ctx->out.width - BESIDE_BAR - (widest < REF_MOST ? widest : REF_MOST);
	/* The bar marks it too. */
	*due = !ctx->out.terminal || room < BAR_LEAST || room >= BAR_LEAST + DUE_ROOM;
	room -= *due ? DUE_ROOM : 0;
	if (room >= BAR_LEAST + MORE_ROOM)
		room -= MORE_ROOM;
	if (ctx->out.terminal && room >= BAR_LEAST)
		axis.width = (size_t)(room < BAR_MOST ? room : BAR_MOST);
	return axis;
}

static void
cell_bar(struct table *table, const struct bars *axis, const Plumb__V1__ScheduledInitiative *one)
{
	struct bar bar = BAR_INIT;
	struct str text;

	bar.start = date_or(one->start, DATE_NONE);
	bar.finish = date_or(one->finish, BARS_BEYOND);
	bar.due = date_or(one->due, DATE_NONE);
	str_init(&text, 20000);
	bars_row(&text, axis, &bar);
	table_cell(table, text.data ? text.data : "");
	str_fini(&text);
}

static void
column_bar(struct table *table, const struct bars *axis)
{
	struct str text;

	str_init(&text, 20000);
	bars_dates(&text, axis);
	table_column(table, text.data ? text.data : "", 0);
	str_fini(&text);
}

/* ---- initiatives */

/* After its due date, or not at all until the end. */
static bool
is_late(const Plumb__V1__ScheduledInitiative *one)
{
	return one->late_days > 0 || (one->due[0] && !one->finish[0]);
}

static void
add_row(const struct output *out, struct table *table, const struct bars *axis, bool due,
    const Plumb__V1__ScheduledInitiative *one)
{
	if (one->rank > 0)
		table_cellf(table, "%" PRIu32, one->rank);
	else
		table_cell(table, "");
	table_cell(table, output_short_ref(out, TABLE_ROOM, one->ref, "initiative"));
	cell_date(table, one->start);
	cell_date(table, one->finish);
	table_colour(table, is_late(one)      ? COLOUR_RED
			    : one->below_line ? COLOUR_GREEN
					      : COLOUR_NONE);
	if (due)
		cell_date(table, one->due);
	if (axis->width > 0)
		cell_bar(table, axis, one);
	cell_date(table, one->finish_without_backfill);
	cell_date(table, one->earliest);
	table_cell(table, one->title);
}

static void
cell_rule(struct table *table, const struct bars *axis, size_t width)
{
	struct str text;

	str_init(&text, 20000);
	for (size_t i = 0; i < width; i++)
		str_add(&text, axis->ascii ? "-" : "\xe2\x94\x80");
	table_cell(table, text.data ? text.data : "");
	str_fini(&text);
}

/* The line lies above the first that is not finished. */
static void
add_line(struct table *table, const struct bars *axis, bool due)
{
	static const size_t widths[] = {4, 10, 10};

	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
		cell_rule(table, axis, widths[i]);
	table_cell(table, "the line");
	table_colour(table, COLOUR_BOLD);
	if (due)
		cell_rule(table, axis, 10);
	if (axis->width > 0)
		cell_rule(table, axis, axis->width);
	table_cell(table, "");
	table_cell(table, "");
	table_cell(table, "");
}

static bool
show_initiatives(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	struct table *table = table_new();
	bool due;
	struct bars axis = bars_of(ctx, r, &due);

	if (!table)
		return false;
	table_column(table, "RANK", TABLE_RIGHT);
	table_column(table, "INITIATIVE", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "START", 0);
	table_column(table, "FINISH", 0);
	if (due)
		table_column(table, "DUE", 0);
	if (axis.width > 0)
		column_bar(table, &axis);
	table_column(table, "NO BACKFILL", TABLE_DROP);
	table_column(table, "EARLIEST", TABLE_DROP);
	table_column(table, "NAME", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		if (r->initiatives[i]->is_line)
			add_line(table, &axis, due);
		add_row(&ctx->out, table, &axis, due, r->initiatives[i]);
	}
	table_print(table, &ctx->out);
	table_free(table);
	if (axis.width > 0)
		output_wrap(&ctx->out, "", bars_legend(&axis, false));
	return true;
}

/* Nothing is told of what the last one in the chain waits for, though there was room. */
static bool
ends_chain(const Plumb__V1__ScheduledInitiative *one, const Plumb__V1__ScheduleWait *w)
{
	return w == one->waits[one->n_waits - 1] && one->n_waits < WAITS_MOST && !w->in_circle &&
	       !w->giver[0] && !w->by_date && !w->nobody && one->finish[0];
}

/* "initiative/portal waits for team/web, of whom initiative/app has 4.5 person-days". */
static void
say_wait(struct context *ctx, const Plumb__V1__ScheduledInitiative *one,
    const Plumb__V1__ScheduleWait *w)
{
	struct str text;
	const char *and = "";

	str_init(&text, 1000);
	str_addf(&text, "%s", w->work);
	if (w->after[0]) {
		str_addf(&text, " waits for %s%s", w->after,
		    w->in_circle         ? ", which waits for it: a circle, so that neither is done"
		    : ends_chain(one, w) ? ", which itself waits for nothing"
					 : "");
		and = ", and";
	}
	if (w->by_date) {
		str_addf(&text, "%s has a start of its own", and);
		and = ", and";
	}
	if (w->nobody)
		str_addf(&text, "%s is never done: %s", and,
		    w->nobody_because[0] ? w->nobody_because : "it asks for what nobody can give");
	else if (w->giver[0] && w->never)
		str_addf(&text, "%s asks more of %s than they have until then", and, w->giver);
	else if (w->giver[0] && strcmp(w->holder, one->ref) == 0)
		str_addf(
		    &text, "%s waits for %s, who are busy with other work of it", and, w->giver);
	else if (w->giver[0] && w->skill[0])
		str_addf(&text,
		    "%s waits for somebody who has the skill \"%s\": %s has %.1f person-days of "
		    "them, most of %s",
		    and, w->skill, w->holder[0] ? w->holder : "other work", (double)w->held / 100,
		    w->giver);
	else if (w->giver[0])
		str_addf(&text, "%s waits for %s, of whom %s has %.1f person-days", and, w->giver,
		    w->holder[0] ? w->holder : "other work", (double)w->held / 100);
	output_wrap(&ctx->out, "    ", text.data ? text.data : "");
	str_fini(&text);
}

static void
show_waits(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	for (size_t i = 0; i < r->n_initiatives; i++) {
		const Plumb__V1__ScheduledInitiative *one = r->initiatives[i];

		if (one->n_waits == 0)
			continue;
		output_printf(&ctx->out, "\nWhy %s ends %s%s\n", one->ref,
		    one->finish[0] ? "on " : "after ", one->finish[0] ? one->finish : r->until);
		for (size_t k = 0; k < one->n_waits; k++)
			say_wait(ctx, one, one->waits[k]);
	}
}

/* ---- pieces of work */

enum work_column {
	WORK_INITIATIVE,
	WORK_REF,
	WORK_START,
	WORK_FINISH,
	WORK_LEFT,
	WORK_NAME,
	WORK_SLACK,
	WORK_FREE,
	WORK_DUE,
	WORK_LATE,
	WORK_OWN_START,
	WORK_STARTS_LATE,
	WORK_EFFORT,
	WORK_COLUMNS
};

static const struct {
	const char *title;
	unsigned flags;
} work_columns[] = {
    [WORK_INITIATIVE] = {"INITIATIVE", TABLE_SHRINK | TABLE_DROP},
    [WORK_REF] = {"WORK", TABLE_SHRINK | TABLE_MAIN},
    [WORK_START] = {"START", 0},
    [WORK_FINISH] = {"FINISH", 0},
    [WORK_LEFT] = {"LEFT", TABLE_RIGHT | TABLE_DROP},
    [WORK_NAME] = {"NAME", TABLE_SHRINK | TABLE_DROP},
    [WORK_SLACK] = {"SLACK", TABLE_RIGHT},
    [WORK_FREE] = {"FREE", TABLE_RIGHT},
    [WORK_DUE] = {"DUE", TABLE_DROP},
    [WORK_LATE] = {"LATE", TABLE_RIGHT},
    [WORK_OWN_START] = {"OWN START", TABLE_DROP},
    [WORK_STARTS_LATE] = {"STARTS LATE", TABLE_RIGHT | TABLE_DROP},
    [WORK_EFFORT] = {"EFFORT", TABLE_RIGHT | TABLE_DROP},
};

static const enum work_column for_people[] = {WORK_REF, WORK_START, WORK_FINISH, WORK_SLACK,
    WORK_FREE, WORK_LATE, WORK_LEFT, WORK_DUE, WORK_STARTS_LATE, WORK_INITIATIVE, WORK_NAME};
/* What came later stands behind. */
static const enum work_column for_programs[] = {WORK_INITIATIVE, WORK_REF, WORK_START, WORK_FINISH,
    WORK_LEFT, WORK_NAME, WORK_SLACK, WORK_FREE, WORK_DUE, WORK_LATE, WORK_OWN_START,
    WORK_STARTS_LATE, WORK_EFFORT};

static void
cell_days(struct table *table, bool known, int32_t days)
{
	if (known)
		table_cellf(table, "%" PRId32, days);
	else
		table_cell(table, "");
}

static void
add_work_cell(struct table *table, enum work_column column,
    const Plumb__V1__ScheduledInitiative *one, const Plumb__V1__ScheduledWork *w)
{
	const char *const texts[] = {[WORK_INITIATIVE] = one->ref,
	    [WORK_REF] = w->ref,
	    [WORK_START] = w->start,
	    [WORK_FINISH] = w->finish,
	    [WORK_NAME] = w->title,
	    [WORK_DUE] = w->due,
	    [WORK_OWN_START] = w->own_start,
	    [WORK_COLUMNS] = NULL};

	if (texts[column])
		table_cell(table, texts[column]);
	else if (column == WORK_SLACK)
		cell_days(table, w->slack__case != PLUMB__V1__SCHEDULED_WORK__SLACK___NOT_SET,
		    w->slack_days);
	else if (column == WORK_FREE)
		cell_days(table, w->free__case != PLUMB__V1__SCHEDULED_WORK__FREE___NOT_SET,
		    w->free_days);
	else if (column == WORK_LATE)
		cell_days(table, w->late_days > 0, w->late_days);
	else if (column == WORK_STARTS_LATE)
		cell_days(table, w->starts_late_days > 0, w->starts_late_days);
	else
		table_cellf(
		    table, "%.2f", (double)(column == WORK_LEFT ? w->left : w->effort) / 100);
	if (column == WORK_LATE || column == WORK_STARTS_LATE)
		table_colour(table, COLOUR_RED);
}

static struct table *
work_table(const Plumb__V1__ScheduleReply *r, const enum work_column *columns, size_t count)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	for (size_t c = 0; c < count; c++)
		table_column(table, work_columns[columns[c]].title, work_columns[columns[c]].flags);
	for (size_t i = 0; i < r->n_initiatives; i++)
		for (size_t k = 0; k < r->initiatives[i]->n_work; k++)
			for (size_t c = 0; c < count; c++)
				add_work_cell(table, columns[c], r->initiatives[i],
				    r->initiatives[i]->work[k]);
	return table;
}

static bool
show_work(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	bool people = ctx->out.format == OUTPUT_TABLE;
	struct table *table =
	    people ? work_table(r, for_people, sizeof for_people / sizeof for_people[0])
		   : work_table(r, for_programs, sizeof for_programs / sizeof for_programs[0]);

	if (!table)
		return false;
	if (people)
		output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	if (people)
		output_wrap(&ctx->out, "",
		    "SLACK: days that it can end later before its initiative does; FREE: before "
		    "anything else has to move. LATE: days after it is due.");
	return true;
}

/* ---- bookings */

static void
add_booking(
    const struct output *out, struct table *table, const Plumb__V1__ScheduleBooking *b, bool by_day)
{
	bool people = out->format == OUTPUT_TABLE;
	const char *slash = strchr(b->period, '/');

	table_cell(table, b->giver);
	if (!by_day) {
		if (people && !b->period[0])
			table_cellf(table, "%.7s", b->first_day);
		else
			table_cell(table, people && slash ? slash + 1 : b->period);
		table_cell(table, b->first_day);
		table_cell(table, b->last_day);
	} else {
		table_cell(table, b->first_day);
	}
	table_cell(table, output_short_ref(out, BOOKINGS_ROOM, b->initiative, "initiative"));
	if (by_day)
		table_cell(table, b->work);
	table_cellf(table, "%.2f", (double)b->effort / 100);
	if (!by_day)
		table_cellf(table, "%.2f", (double)b->used / 100);
	table_cellf(table, "%.2f", (double)b->capacity / 100);
}

static bool
show_bookings(struct context *ctx, const Plumb__V1__ScheduleReply *r, bool by_day)
{
	bool people = ctx->out.format == OUTPUT_TABLE;
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "GIVER", TABLE_SHRINK | TABLE_MAIN);
	if (!by_day)
		table_column(table, "PERIOD", 0);
	table_column(table, by_day ? "DAY" : "FIRST DAY", by_day ? 0 : TABLE_DROP);
	if (!by_day)
		table_column(table, "LAST DAY", TABLE_DROP);
	table_column(table, "INITIATIVE", TABLE_SHRINK | (by_day ? TABLE_DROP : TABLE_MAIN));
	if (by_day)
		table_column(table, "WORK", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "BOOKED", TABLE_RIGHT);
	if (!by_day)
		table_column(table, "USED", TABLE_RIGHT);
	table_column(table, "CAPACITY", TABLE_RIGHT);
	for (size_t i = 0; i < r->n_bookings; i++)
		add_booking(&ctx->out, table, r->bookings[i], by_day);
	if (people)
		output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	if (people && !by_day)
		output_wrap(&ctx->out, "",
		    "USED: what is booked of them in the period for all initiatives, for a team of "
		    "its people too.");
	return true;
}

/* ---- in words */

/* "1 milestone misses its date. " */
static void
say_count(struct str *text, uint32_t count, const char *one, const char *many)
{
	if (count > 0)
		str_addf(text, "%" PRIu32 " %s. ", count, count == 1 ? one : many);
}

static const char *
direction(double days)
{
	return days < 0 ? "sooner" : "later";
}

static void
say_price(struct str *text, const Plumb__V1__ScheduleReply *r)
{
	const Plumb__V1__SchedulePrice *price = r->price;
	double mean;

	if (!price || price->initiatives == 0)
		return;
	mean = price->mean_days - price->mean_days_ignoring_ranks;
	if (price->sooner == 0 && price->later == 0 && price->last_later_days == 0) {
		str_add(text, "Without ranks nothing is finished sooner or later. ");
		return;
	}
	str_add(text, "Strict ranks, compared with none: ");
	if (price->last__case == PLUMB__V1__SCHEDULE_PRICE__LAST__LAST_LATER_DAYS)
		str_addf(text, "everything is finished %d day%s %s (without them on %s), and ",
		    abs(price->last_later_days), abs(price->last_later_days) == 1 ? "" : "s",
		    direction(price->last_later_days), r->finish_ignoring_ranks);
	str_addf(text,
	    "an initiative is finished %.1f days %s on average (after %.1f days instead of %.1f; "
	    "no "
	    "order brings that below %.1f): %" PRIu32 " sooner, %" PRIu32 " later. ",
	    mean < 0 ? -mean : mean, direction(mean), price->mean_days,
	    price->mean_days_ignoring_ranks, price->mean_days_at_least, price->sooner,
	    price->later);
}

#define OF_NOBODY_MAX 10

/* Effort without a giver is on no day: what has some ends later than it seems. */
static void
say_of_nobody(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	struct str text;
	size_t count = 0;

	str_init(&text, 4000);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		const Plumb__V1__ScheduledInitiative *one = r->initiatives[i];

		if (one->of_nobody > 0 && count++ < OF_NOBODY_MAX)
			str_addf(&text, "%s%s (%.1f)", count > 1 ? ", " : "", one->ref,
			    (double)one->of_nobody / 100);
	}
	if (count > OF_NOBODY_MAX)
		str_addf(&text, " and %zu more", count - OF_NOBODY_MAX);
	if (count > 0) {
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "",
		    "Asked of nobody, so on no day, and not in these dates (person-days): say who "
		    "does "
		    "it.");
		output_wrap(&ctx->out, "  ", text.data ? text.data : "");
	}
	str_fini(&text);
}

static void
show_summary(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	struct str text;

	str_init(&text, 2000);
	if (r->line[0])
		str_addf(&text,
		    "The line is at %s: of %" PRIu32 ", %" PRIu32 " are not finished by %s. ",
		    r->line, r->total, r->unfinished, r->until);
	else
		str_addf(&text, "All is finished on %s. ", r->finish);
	say_count(&text, r->below_line, "below it is finished all the same",
	    "below it are finished all the same");
	say_count(&text, r->late, "ends after it is due", "end after they are due");
	say_count(
	    &text, r->milestones_late, "milestone misses its date", "milestones miss their dates");
	say_count(&text, r->starts_late, "piece of work begins after the start that it states",
	    "pieces of work begin after the start that they state");
	say_price(&text, r);
	if (r->earliest[0])
		str_addf(&text, "No order finishes everything before %s. ", r->earliest);
	else
		str_addf(&text, "No order finishes everything by %s. ", r->until);
	if (r->unknown > 0)
		str_addf(&text,
		    "Left out: %" PRIu64 " shares of nobody knows what (plumb load lists them).",
		    r->unknown);
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_fini(&text);
}

static bool
show_table(struct context *ctx, const Plumb__V1__ScheduleReply *r,
    const Plumb__V1__ScheduleRequest *request)
{
	if (r->total == 0) {
		output_wrap(&ctx->out, "", "No work is running: there is nothing to schedule.");
		return true;
	}
	if (!show_initiatives(ctx, r))
		return false;
	show_summary(ctx, r);
	say_of_nobody(ctx, r);
	show_waits(ctx, r);
	if (request->work && !show_work(ctx, r))
		return false;
	return !request->bookings ||
	       show_bookings(
		   ctx, r, request->bookings == PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_DAY);
}

/* ---- for programs */

static bool
show_csv(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	static const char *const titles[] = {"RANK", "INITIATIVE", "START", "FINISH", "DUE",
	    "NO BACKFILL", "EARLIEST", "LEFT", "LINE", "NAME", "IGNORING RANKS", "LATE",
	    "BELOW LINE"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		const Plumb__V1__ScheduledInitiative *one = r->initiatives[i];

		table_cellf(table, "%" PRIu32, one->rank);
		table_cell(table, one->ref);
		table_cell(table, one->start);
		table_cell(table, one->finish);
		table_cell(table, one->due);
		table_cell(table, one->finish_without_backfill);
		table_cell(table, one->earliest);
		table_cellf(table, "%.2f", (double)one->left / 100);
		table_cell(table, one->is_line ? "yes" : "no");
		table_cell(table, one->title);
		table_cell(table, one->finish_ignoring_ranks);
		table_cellf(table, "%" PRId32, one->late_days);
		table_cell(table, one->below_line ? "yes" : "no");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__ScheduleReply *r,
    const Plumb__V1__ScheduleRequest *request)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, r, request);
	case OUTPUT_CSV:
		if (request->bookings)
			return show_bookings(ctx, r,
			    request->bookings == PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_DAY);
		return request->work ? show_work(ctx, r) : show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

/* ---- a picture */

static int
put_picture(struct context *ctx, const Plumb__V1__ScheduleReply *r, const struct whisker *whiskers,
    size_t count, const char *path)
{
	struct gantt gantt;
	struct svg svg;
	int code;

	if (!gantt_of_schedule(ctx->arena, r, &gantt))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	gantt_add_whiskers(&gantt, whiskers, count);
	code = gantt_svg(&gantt, &svg) ? svg_put(ctx, &svg, path)
				       : context_error(ctx, EXIT_SERVER, "out of memory");
	svg_fini(&svg);
	return code;
}

/* ---- the command */

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ScheduleRequest request;
	Plumb__V1__At at;
	struct all all = {.cap = 0};
	const char *svg = args_get(args, "svg");
	struct whisker *whiskers = NULL;
	size_t whiskers_count = 0;
	int code;

	plumb__v1__schedule_request__init(&request);
	if ((code = args_date(args, "until", &request.until)) != EXIT_FINE)
		return code;
	if (args_has(args, "by-day") && !args_has(args, "bookings"))
		return command_usage(args, "--by-day goes with --bookings");
	if (args_has(args, "work") && args_has(args, "bookings") && ctx->out.format == OUTPUT_CSV)
		return command_usage(
		    args, "--work and --bookings are two tables: as csv, ask for one at a time");
	if (args_has(args, "forecast") && !svg)
		return command_usage(
		    args, "--forecast goes with --svg FILE; its figures: plumb forecast");
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (!context_refs(ctx, args, "initiative", &request.refs, &request.n_refs))
		return context_fail(ctx);
	request.at = &at;
	request.work = args_has(args, "work");
	request.why = args_has(args, "why");
	if (args_has(args, "bookings"))
		request.bookings = args_has(args, "by-day")
				       ? PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_DAY
				       : PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_PERIOD;
	if (!ask(ctx, &request, &all)) {
		if (request.n_refs > 0)
			context_suggest(ctx, request.refs[0]);
		return context_fail(ctx);
	}
	if (args_has(args, "forecast") &&
	    !whiskers_ask(ctx, &at, request.until, NULL, &whiskers, &whiskers_count))
		return context_fail(ctx);
	if (!(svg && strcmp(svg, "-") == 0) && !show(ctx, &all.reply, &request))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return svg ? put_picture(ctx, &all.reply, whiskers, whiskers_count, svg) : EXIT_FINE;
}

static const struct option options[] = {
    {0, "bookings", NULL, "with who is booked for what in each period", NULL},
    {0, "by-day", NULL, "with --bookings: on each day, for each piece of work", NULL},
    SVG_OPTION("a picture of it beside, a bar for each initiative; - for it alone"),
    {0, "forecast", NULL, "in the picture: when each is finished with 50, 80 and 95 %", NULL},
    {0, "until", "DATE", "the last day that is booked (default: the end of the last period)", NULL},
    {0, "why", NULL, "with what each waits for, back to what nothing holds up", NULL},
    {0, "work", NULL, "with the days and the slack of each piece of work", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb schedule", "what is done when, and what falls below the line"},
    {"plumb schedule initiative/portal --why", "why that one ends when it does"},
    {"plumb schedule --svg plan.svg", "with a picture of it, to print or to send"},
    {"plumb schedule --bookings", "who is booked for what in each period"},
    {"plumb schedule --until 2026-12-31 -o csv", "until that day, a line each, for a spreadsheet"},
    {0},
};

const struct command cmd_schedule = {
    .name = "schedule",
    .group = GROUP_READ,
    .arguments = "[INITIATIVE\xe2\x80\xa6]",
    .summary = "show what is done when, if ranks are strict and nobody gives more than they have",
    .help =
	"The best-ranked initiative is scheduled as if it were alone, the next into what that "
	"leaves, and "
	"so on: a lower rank never delays a higher one. FINISH lets lower ranks use days that "
	"higher ones "
	"leave; NO BACKFILL doesn't. EARLIEST is a bound: no schedule finishes it before, whatever "
	"the ranks. The first that is not finished in time is the line."
	"\n\n"
	"Only running work is scheduled, with what it asks of whom as plumb load counts it; effort "
	"that is "
	"asked of nobody is in no schedule. How: docs/SCHEDULE.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 100,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
