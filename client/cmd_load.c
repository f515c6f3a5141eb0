/* plumb load: who is asked for how much, and how much they can give. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/bars.h"
#include "client/command.h"
#include "client/context.h"
#include "client/heat_svg.h"
#include "client/said.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define CELL_MAX 96
/* Of the names, where periods need the room. */
#define WHO_MAX 28

/* How much of a cell fits. */
enum form {
	FORM_FULL,    /* "!12.5/10.0 125%" */
	FORM_DAYS,    /* "!12.5/10.0" */
	FORM_PERCENT, /* "!125%" */
	FORM_BOOKED,  /* "!12.5/10.0 9.5" */
};

/* Shares of what can be given, as shades: nothing, and up to so much. */
enum { SHADES = 6 };
static const char *const shades[SHADES] = {
    "\xc2\xb7", "\xe2\x96\x91", "\xe2\x96\x92", "\xe2\x96\x93", "\xe2\x96\x88", "!"};
static const char *const ascii_shades[SHADES] = {".", "-", "+", "x", "#", "!"};

/* All that Load has streamed. */
struct all {
	Plumb__V1__LoadReply reply;
	size_t rows_cap;
	size_t unplaced_cap;
	bool by_team; /* members stand under their teams */
	bool booked;  /* with what the schedule books */
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__LoadReply *part)
{
	Plumb__V1__LoadReply *r = &all->reply;

	for (size_t i = 0; i < part->n_rows; i++)
		if (part->rows[i]->n_cells != (part->n_periods ? part->n_periods : r->n_periods))
			return context_set_error(ctx, ERR_INTERNAL,
			    "plumbd's answer makes no sense: a row without its periods");
	r->rows = arena_append(ctx->arena, r->rows, r->n_rows, &all->rows_cap, part->rows,
	    part->n_rows, sizeof r->rows[0]);
	r->unplaced = arena_append(ctx->arena, r->unplaced, r->n_unplaced, &all->unplaced_cap,
	    part->unplaced, part->n_unplaced, sizeof r->unplaced[0]);
	if (!r->rows || !r->unplaced)
		return err_oom(&ctx->status.err);
	r->n_rows += part->n_rows;
	r->n_unplaced += part->n_unplaced;
	if (part->n_periods) {
		r->periods = part->periods;
		r->n_periods = part->n_periods;
	}
	r->revision = part->revision;
	r->today = part->today;
	r->periods_left_out = part->periods_left_out;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__LoadRequest *request, struct all *all)
{
	const Plumb__V1__LoadReply *part;
	struct progress *progress;
	bool ok = true;

	plumb__v1__load_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Load", &request->base))
		return false;
	progress = progress_new("working out the load");
	progress_update(progress, -1);
	while (ok && (part = context_next(ctx)))
		ok = add(ctx, all, part);
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- cells */

static bool
is_over(const Plumb__V1__LoadCell *cell)
{
	return !cell->unknown && cell->demand > cell->capacity;
}

static double
days(int64_t effort)
{
	return (double)effort / 100;
}

/* Person-days to the nearest tenth, half up. */
static void
format_days(int64_t effort, char *out, size_t size)
{
	int64_t tenths = (effort + 5) / 10;

	snprintf(out, size, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
}

static void
cell_days(struct table *table, int64_t effort)
{
	char text[32];

	format_days(effort, text, sizeof text);
	table_cell(table, text);
}

/* Nothing is asked, or the share of what can be given, or that this is nothing. */
static void
format_percent(const Plumb__V1__LoadCell *cell, char *out, size_t size)
{
	if (cell->unknown)
		snprintf(out, size, "%s", cell->demand > 0 ? "?" : "\xe2\x80\x93");
	else if (cell->capacity > 0)
		snprintf(out, size, "%.0f%%", days(cell->demand) / days(cell->capacity) * 100);
	else
		snprintf(out, size, "%s", cell->demand > 0 ? "no room" : "\xe2\x80\x93");
}

/* Figures stand under one another: what has no percentage has blanks in its place. */
static void
format_cell(const Plumb__V1__LoadCell *cell, enum form form, char out[CELL_MAX])
{
	const char *sign = is_over(cell) ? "!" : "";
	char asked[24] = "\xe2\x80\x93";
	char gives[24] = "?";
	char percent[24] = "";

	if (cell->demand > 0)
		format_days(cell->demand, asked, sizeof asked);
	if (!cell->unknown)
		format_days(cell->capacity, gives, sizeof gives);
	if (cell->demand > 0 || form == FORM_PERCENT)
		format_percent(cell, percent, sizeof percent);
	if (form == FORM_PERCENT) {
		snprintf(out, CELL_MAX, "%s%s", sign, percent);
	} else if (form == FORM_BOOKED) {
		char booked[24] = "\xe2\x80\x93";

		if (cell->booked__case == PLUMB__V1__LOAD_CELL__BOOKED__BOOKED)
			format_days(cell->booked, booked, sizeof booked);
		snprintf(out, CELL_MAX, "%s%s/%s %7s", sign, asked, gives, booked);
	} else if (form == FORM_DAYS)
		snprintf(out, CELL_MAX, "%s%s/%s", sign, asked, gives);
	else
		snprintf(out, CELL_MAX, "%s%s/%s %7s", sign, asked, gives, percent);
}

static const char *
period_name(const Plumb__V1__LoadPeriod *period)
{
	return period->name[0] ? period->name : said_bare(period->ref);
}

/* ---- shades */

static int
shade_of(const Plumb__V1__LoadCell *cell, int64_t effort)
{
	if (effort <= 0)
		return 0;
	if (effort > cell->capacity)
		return SHADES - 1;
	return effort * 4 <= cell->capacity       ? 1
	       : effort * 4 <= cell->capacity * 2 ? 2
	       : effort * 4 <= cell->capacity * 3 ? 3
						  : 4;
}

static void
add_shade(struct str *out, const Plumb__V1__LoadCell *cell, int64_t effort, bool ascii)
{
	if (cell->unknown && effort > 0)
		str_add(out, "?");
	else
		str_add(out, (ascii ? ascii_shades : shades)[shade_of(cell, effort)]);
}

static int
column_width(const Plumb__V1__LoadReply *reply, size_t period, enum form form)
{
	int width = (int)utf8_width(period_name(reply->periods[period]));
	char text[CELL_MAX];

	for (size_t i = 0; i < reply->n_rows; i++) {
		int w;

		format_cell(reply->rows[i]->cells[period], form, text);
		w = (int)utf8_width(text);
		width = w > width ? w : width;
	}
	return width;
}

/* ---- the order of rows: members under their teams */

struct place {
	size_t row;
	size_t team;  /* the row of their team, where it is shown; else rows */
	size_t first; /* of a team: its first member + 1; 0 none */
	size_t next;  /* of a member: the next one of that team + 1; 0 none */
};

static bool
is_team(const Plumb__V1__LoadRow *row)
{
	return strncmp(row->who, "team/", 5) == 0;
}

/* Teams come first, by name. */
static size_t
find_team(const Plumb__V1__LoadReply *r, size_t teams, const char *team)
{
	size_t low = 0;
	size_t high = teams;

	while (team[0] && low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(r->rows[middle]->who, team);

		if (c == 0)
			return middle;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return r->n_rows;
}

/* Rows in the order in which they are shown; NULL out of memory. */
static struct place *
order_rows(struct context *ctx, const struct all *all)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	struct place *places = arena_array(ctx->arena, r->n_rows + 1, sizeof *places);
	struct place *order = arena_array(ctx->arena, r->n_rows + 1, sizeof *order);
	size_t teams = 0;
	size_t n = 0;

	if (!places || !order)
		return NULL;
	while (teams < r->n_rows && is_team(r->rows[teams]))
		teams++;
	for (size_t i = r->n_rows; i-- > 0;) {
		places[i].row = i;
		places[i].team =
		    i < teams || !all->by_team ? r->n_rows : find_team(r, teams, r->rows[i]->team);
		if (places[i].team < r->n_rows) {
			places[i].next = places[places[i].team].first;
			places[places[i].team].first = i + 1;
		}
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		if (places[i].team < r->n_rows)
			continue;
		order[n++] = places[i];
		for (size_t m = places[i].first; m > 0; m = places[m - 1].next)
			order[n++] = places[m - 1];
	}
	return order;
}

/* ---- the table for people */

/* How many periods from first on fit beside the names in that form. */
static size_t
fitting(const struct context *ctx, const Plumb__V1__LoadReply *r, size_t first, enum form form,
    int who_width)
{
	int left = ctx->out.width - who_width;
	size_t n = 0;

	while (first + n < r->n_periods) {
		left -= column_width(r, first + n, form) + 2;
		if (left < 0)
			break;
		n++;
	}
	return n;
}

static int
widest_who(const struct all *all)
{
	int width = 3;

	for (size_t i = 0; i < all->reply.n_rows; i++) {
		int w = (int)utf8_width(all->reply.rows[i]->who) + 2;

		width = w > width ? w : width;
	}
	return width < WHO_MAX ? width : WHO_MAX;
}

/* Heat: more than there is, nearly all of it, some of it. */
static enum output_colour
colour_of(const Plumb__V1__LoadCell *cell)
{
	if (is_over(cell))
		return COLOUR_RED;
	if (cell->unknown || cell->demand <= 0)
		return COLOUR_NONE;
	return cell->demand * 10 > cell->capacity * 8 ? COLOUR_YELLOW : COLOUR_GREEN;
}

static void
add_row(struct table *table, const Plumb__V1__LoadReply *r, const struct place *place, size_t first,
    size_t behind, enum form form)
{
	const Plumb__V1__LoadRow *row = r->rows[place->row];
	char text[CELL_MAX];

	if (place->team < r->n_rows)
		table_cellf(table, "  %s", said_bare(row->who));
	else
		table_cell(table, row->who);
	for (size_t p = first; p < behind; p++) {
		format_cell(row->cells[p], form, text);
		table_cell(table, text);
		table_colour(table, colour_of(row->cells[p]));
	}
	table_cellf(table, "%" PRIu32, row->leads);
	table_cellf(table, "%" PRIu32, row->executes);
	table_cell(table, row->title);
}

static bool
show_block(struct context *ctx, const struct all *all, const struct place *order, size_t first,
    size_t behind, enum form form)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "WHO", TABLE_SHRINK | TABLE_MAIN);
	for (size_t p = first; p < behind; p++)
		table_column(table, period_name(r->periods[p]), TABLE_RIGHT);
	table_column(table, "LEADS", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "EXECUTES", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "NAME", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_rows; i++)
		add_row(table, r, &order[i], first, behind, form);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static const char *
legend_of(enum form form)
{
	if (form == FORM_PERCENT)
		return "Asked for, as a share of what they can give; ! is more than that.";
	if (form == FORM_BOOKED)
		return "Person-days asked for / that they can give, and what the schedule books; ! "
		       "is "
		       "more than they can give.";
	return "Person-days asked for / that they can give; ! is more than that.";
}

/* The fullest form in which all periods fit; where none does, percentages in several tables. */
static bool
show_cells(struct context *ctx, const struct all *all, const struct place *order)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	int who = widest_who(all);
	int form = all->booked ? FORM_BOOKED : FORM_FULL;

	while (form < FORM_PERCENT && fitting(ctx, r, 0, (enum form)form, who) < r->n_periods)
		form++;
	for (size_t first = 0, n; first < r->n_periods; first += n) {
		n = fitting(ctx, r, first, (enum form)form, who);
		n = n > 0 ? n : 1;
		if (first > 0)
			output_text(&ctx->out, "\n");
		if (!show_block(ctx, all, order, first, first + n, (enum form)form))
			return false;
	}
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", legend_of((enum form)form));
	return true;
}

/* ---- weeks: a shade each */

#define PEAK_ROOM 22 /* columns beside the shades */

static void
cell_shades(struct table *table, const Plumb__V1__LoadRow *row, size_t first, size_t behind,
    bool booked, bool ascii)
{
	bool over = false;
	struct str text;

	str_init(&text, 10000);
	for (size_t p = first; p < behind; p++) {
		const Plumb__V1__LoadCell *cell = row->cells[p];

		if (booked && cell->booked__case != PLUMB__V1__LOAD_CELL__BOOKED__BOOKED)
			str_add(&text, " ");
		else
			add_shade(&text, cell, booked ? cell->booked : cell->demand, ascii);
		over = over || (!booked && is_over(cell));
	}
	table_cell(table, text.data ? text.data : "");
	table_colour(table, over ? COLOUR_RED : COLOUR_NONE);
	str_fini(&text);
}

/* The fullest week. */
static void
cell_peak(struct table *table, const Plumb__V1__LoadReply *r, const Plumb__V1__LoadRow *row,
    size_t first, size_t behind)
{
	size_t peak = behind;
	char text[24];

	for (size_t p = first; p < behind; p++) {
		const Plumb__V1__LoadCell *cell = row->cells[p];

		if (cell->demand <= 0 || cell->unknown)
			continue;
		if (peak == behind || (double)cell->demand * (double)row->cells[peak]->capacity >
					  (double)row->cells[peak]->demand * (double)cell->capacity)
			peak = p;
	}
	if (peak == behind) {
		table_cell(table, "");
		table_cell(table, "");
		return;
	}
	format_percent(row->cells[peak], text, sizeof text);
	table_cell(table, text);
	table_cell(table, period_name(r->periods[peak]));
}

static bool
show_strip(struct context *ctx, const struct all *all, const struct place *order, size_t first,
    size_t behind)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	struct bars axis = {.width = behind - first, .ascii = bars_ascii()};
	struct table *table = table_new();
	struct str dates;

	if (!table)
		return false;
	if (!date_parse(r->periods[first]->first_day, &axis.first) ||
	    !date_parse(r->periods[behind - 1]->last_day, &axis.last))
		axis.first = axis.last = 0;
	str_init(&dates, 10000);
	bars_dates(&dates, &axis);
	table_column(table, "WHO", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, all->booked ? "WHAT" : "", TABLE_DROP);
	table_column(table, dates.data ? dates.data : "", 0);
	table_column(table, "PEAK", TABLE_RIGHT);
	table_column(table, "WEEK", TABLE_DROP);
	str_fini(&dates);
	for (size_t i = 0; i < r->n_rows; i++) {
		const Plumb__V1__LoadRow *row = r->rows[order[i].row];

		if (order[i].team < r->n_rows)
			table_cellf(table, "  %s", said_bare(row->who));
		else
			table_cell(table, row->who);
		table_cell(table, all->booked ? "asked" : "");
		cell_shades(table, row, first, behind, false, axis.ascii);
		cell_peak(table, r, row, first, behind);
		if (!all->booked)
			continue;
		table_cell(table, "");
		table_cell(table, "booked");
		cell_shades(table, row, first, behind, true, axis.ascii);
		table_cell(table, "");
		table_cell(table, "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* As many weeks beside each other as fit. */
static bool
show_weeks(struct context *ctx, const struct all *all, const struct place *order)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	int room = ctx->out.width - widest_who(all) - PEAK_ROOM - (all->booked ? 8 : 0);
	size_t most = room > 10 ? (size_t)room : 10;
	char text[200];

	for (size_t first = 0; first < r->n_periods; first += most) {
		size_t behind = first + most < r->n_periods ? first + most : r->n_periods;

		if (first > 0)
			output_text(&ctx->out, "\n");
		if (!show_strip(ctx, all, order, first, behind))
			return false;
	}
	snprintf(text, sizeof text,
	    "A week each, of what they can give: %s nothing, %s to a quarter, %s half, %s three "
	    "quarters, %s all of it, ! more.",
	    bars_ascii() ? ascii_shades[0] : shades[0], bars_ascii() ? ascii_shades[1] : shades[1],
	    bars_ascii() ? ascii_shades[2] : shades[2], bars_ascii() ? ascii_shades[3] : shades[3],
	    bars_ascii() ? ascii_shades[4] : shades[4]);
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text);
	return true;
}

/* ---- the work behind the cells */

static void
heading(struct context *ctx, const char *text)
{
	output_text(&ctx->out, "\n");
	output_coloured(&ctx->out, COLOUR_BOLD, text);
	output_text(&ctx->out, "\n");
}

static void
add_booking(struct table *table, const Plumb__V1__LoadRow *row, const Plumb__V1__LoadPeriod *period,
    const Plumb__V1__LoadBooking *b)
{
	table_cell(table, row->who);
	table_cell(table, period_name(period));
	cell_days(table, b->effort);
	if (b->rank > 0)
		table_cellf(table, "%" PRIu32, b->rank);
	else
		table_cell(table, "");
	table_cell(table, b->work);
	table_cellf(table, "%s%s", b->how, b->for_members ? " of members" : "");
	table_cell(table, strcmp(b->source, b->work) != 0 ? b->source : "");
}

static struct table *
work_table(const struct all *all, const struct place *order)
{
	const Plumb__V1__LoadReply *r = &all->reply;
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "WHO", 0);
	table_column(table, "PERIOD", 0);
	table_column(table, "DAYS", TABLE_RIGHT);
	table_column(table, "RANK", TABLE_RIGHT);
	table_column(table, "WORK", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "HOW", TABLE_SHRINK);
	table_column(table, "STATED BY", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_rows; i++) {
		const Plumb__V1__LoadRow *row = r->rows[order[i].row];

		for (size_t p = 0; p < r->n_periods; p++) {
			for (size_t k = 0; k < row->cells[p]->n_bookings; k++)
				add_booking(table, row, r->periods[p], row->cells[p]->bookings[k]);
		}
	}
	return table;
}

static bool
show_work(struct context *ctx, const struct all *all, const struct place *order)
{
	struct table *table = work_table(all, order);
	uint64_t more = 0;

	if (!table)
		return false;
	if (ctx->out.format == OUTPUT_TABLE)
		heading(ctx, "What for");
	table_print(table, &ctx->out);
	table_free(table);
	for (size_t i = 0; i < all->reply.n_rows; i++) {
		for (size_t p = 0; p < all->reply.n_periods; p++)
			more += all->reply.rows[i]->cells[p]->more;
	}
	if (more > 0 && ctx->out.format == OUTPUT_TABLE)
		output_printf(&ctx->out, "and %" PRIu64 " more\n", more);
	return true;
}

static bool
show_unplaced(struct context *ctx, const Plumb__V1__LoadReply *r)
{
	struct table *table;
	char text[64];

	if (r->n_unplaced == 0)
		return true;
	table = table_new();
	if (!table)
		return false;
	snprintf(text, sizeof text, "On no day (%zu)", r->n_unplaced);
	heading(ctx, text);
	table_column(table, "WORK", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "DAYS", TABLE_RIGHT);
	table_column(table, "WHY", TABLE_SHRINK);
	table_column(table, "STATED BY", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_unplaced; i++) {
		const Plumb__V1__LoadUnplaced *u = r->unplaced[i];

		table_cell(table, u->work);
		if (u->effort > 0)
			cell_days(table, u->effort);
		else
			table_cell(table, "a share");
		table_cell(table, u->why);
		table_cell(table, strcmp(u->source, u->work) != 0 ? u->source : "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_table(struct context *ctx, const struct all *all, const struct place *order, bool work)
{
	const Plumb__V1__LoadReply *r = &all->reply;

	if (r->n_rows == 0) {
		output_wrap(&ctx->out, "", "There is nobody in the plan who could be asked.");
	} else if (r->n_periods == 0) {
		output_wrap(&ctx->out, "",
		    "There is no period with a first and a last day in that time: put some into "
		    "the "
		    "plan (kind period), or choose other days with --from and --to.");
	} else {
		bool weeks = r->periods[0]->ref[0] == '\0';

		if (!(weeks ? show_weeks(ctx, all, order) : show_cells(ctx, all, order)) ||
		    (work && !show_work(ctx, all, order)))
			return false;
	}
	if (r->periods_left_out > 0)
		output_printf(&ctx->out, "%" PRIu32 " periods far from today were left out.\n",
		    r->periods_left_out);
	return show_unplaced(ctx, r);
}

/* ---- for programs */

static void
add_csv(struct table *table, const Plumb__V1__LoadRow *row, const Plumb__V1__LoadPeriod *period,
    const Plumb__V1__LoadCell *cell)
{
	table_cell(table, row->who);
	table_cell(table, row->title);
	table_cell(table, row->team);
	table_cell(table, period->ref[0] ? period->ref : period->name);
	table_cell(table, period->first_day);
	table_cell(table, period->last_day);
	table_cellf(table, "%.2f", days(cell->demand));
	if (cell->unknown)
		table_cell(table, "");
	else
		table_cellf(table, "%.2f", days(cell->capacity));
	table_cell(table, is_over(cell) ? "yes" : "no");
	table_cellf(table, "%" PRIu32, row->leads);
	table_cellf(table, "%" PRIu32, row->executes);
	if (cell->booked__case == PLUMB__V1__LOAD_CELL__BOOKED__BOOKED)
		table_cellf(table, "%.2f", days(cell->booked));
	else
		table_cell(table, "");
}

/* One line for each row and period. */
static bool
show_csv(struct context *ctx, const struct all *all, const struct place *order)
{
	static const char *const titles[] = {"WHO", "NAME", "TEAM", "PERIOD", "FIRST DAY",
	    "LAST DAY", "ASKED", "AVAILABLE", "OVER", "LEADS", "EXECUTES", "BOOKED"};
	const Plumb__V1__LoadReply *r = &all->reply;
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_rows; i++) {
		for (size_t p = 0; p < r->n_periods; p++)
			add_csv(table, r->rows[order[i].row], r->periods[p],
			    r->rows[order[i].row]->cells[p]);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const struct all *all, bool work)
{
	struct place *order = order_rows(ctx, all);

	if (!order)
		return false;
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, all, order, work);
	case OUTPUT_CSV:
		return work ? show_work(ctx, all, order) : show_csv(ctx, all, order);
	default:
		output_message(&ctx->out, &all->reply.base);
		return true;
	}
}

/* ---- a picture */

static int
put_picture(struct context *ctx, const struct all *all, const char *path)
{
	struct place *order = order_rows(ctx, all);
	struct heat_row *rows = arena_array(ctx->arena, all->reply.n_rows + 1, sizeof *rows);
	struct svg svg;
	int code;

	if (!order || !rows)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < all->reply.n_rows; i++)
		rows[i] = (struct heat_row){order[i].row, order[i].team < all->reply.n_rows};
	code = heat_svg(&all->reply, rows, all->reply.n_rows, &svg)
		   ? svg_put(ctx, &svg, path)
		   : context_error(ctx, EXIT_SERVER, "out of memory");
	svg_fini(&svg);
	return code;
}

/* ---- the command */

static bool
is_date(const char *text)
{
	int32_t date;

	return text == NULL || date_parse(text, &date);
}

static bool
name_who(struct context *ctx, const struct args *args, Plumb__V1__LoadRequest *request)
{
	request->who = arena_array(ctx->arena, args->count + 1, sizeof request->who[0]);
	if (!request->who)
		return err_oom(&ctx->status.err);
	for (size_t i = 0; i < args->count; i++) {
		const char *ref = strncmp(args->values[i], "skill/", 6) == 0
				      ? args->values[i]
				      : context_ref(ctx, args->values[i], "person,team");

		if (!ref)
			return false;
		request->who[request->n_who++] = pb_str(ref);
	}
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__LoadRequest request;
	Plumb__V1__At at;
	struct all all = {.by_team = false};
	const char *by = args_get(args, "by");
	const char *from = args_get(args, "from");
	const char *to = args_get(args, "to");
	const char *svg = args_get(args, "svg");

	plumb__v1__load_request__init(&request);
	if (!is_date(from) || !is_date(to))
		return command_usage(args, "--from and --to take a date like 2026-04-01; not '%s'",
		    is_date(from) ? to : from);
	if (!context_at(ctx, &at) || !name_who(ctx, args, &request))
		return context_fail(ctx);
	request.at = &at;
	request.from = from ? pb_str(from) : request.from;
	request.to = to ? pb_str(to) : request.to;
	request.bookings = args_has(args, "work");
	if (by)
		request.by = strcmp(by, "team") == 0     ? PLUMB__V1__LOAD_REQUEST__BY__TEAMS
			     : strcmp(by, "person") == 0 ? PLUMB__V1__LOAD_REQUEST__BY__PERSONS
							 : PLUMB__V1__LOAD_REQUEST__BY__SKILLS;
	request.by_week = args_has(args, "by-week");
	request.schedule = args_has(args, "schedule");
	all.by_team = by == NULL;
	all.booked = request.schedule;
	if (!ask(ctx, &request, &all)) {
		if (request.n_who > 0)
			context_suggest(ctx, request.who[0]);
		return context_fail(ctx);
	}
	if (!(svg && strcmp(svg, "-") == 0) && !show(ctx, &all, request.bookings))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return svg ? put_picture(ctx, &all, svg) : EXIT_FINE;
}

static const struct option options[] = {
    {0, "by", "WHAT", "only teams, only people, or only skills", "team person skill"},
    {0, "by-week", NULL, "weeks instead of periods, as shades", NULL},
    {0, "from", "DATE", "leave out periods that end before (default: today)", NULL},
    {0, "to", "DATE", "leave out periods that begin after", NULL},
    {0, "schedule", NULL, "with what plumb schedule books of them", NULL},
    SVG_OPTION("a picture of it beside, a heat map; - for it alone"),
    {0, "work", NULL, "with the work behind each figure", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb load", "all teams, their people, and all periods from now on"},
    {"plumb load team/platform --work", "that team and its people, and what it is asked for"},
    {"plumb load --by team --from 2026-01-01 --to 2026-12-31", "the teams over a year"},
    {"plumb load --by skill",
	"what is asked of those who have each skill, where work asks for one"},
    {"plumb load --by-week --schedule", "week by week, what is asked for and what is booked"},
    {"plumb load --svg load.svg", "with a picture of it, to print or to send"},
    {"plumb load -o csv", "a line for each person or team and period, for a spreadsheet"},
    {0},
};

const struct command cmd_load = {
    .name = "load",
    .group = GROUP_READ,
    .arguments = "[WHO\xe2\x80\xa6]",
    .summary = "show who is asked for more than they can give",
    .help = "Person-days that running work asks of each team and person in each period, against "
	    "what they "
	    "can give. ! marks where that is too much. A team's figures hold those of its people, "
	    "a skill's those of all who have it. "
	    "Effort "
	    "that has no time or nobody to do it is listed below. LEADS and EXECUTES count running "
	    "initiatives today."
	    "\n\n"
	    "Without WHO everybody is shown; a team stands for itself and its people. What is "
	    "counted how: "
	    "docs/LOAD.md. What is wrong with it: plumb check --rule load.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 100,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
