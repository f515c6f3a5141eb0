/* plumb forecast: when it is done, and how likely by when. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/bars.h"
#include "client/command.h"
#include "client/context.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/forecast.pb-c.h"

#define DASH          "\xe2\x80\x93"
#define BAR_WIDTH     30u
#define WIDE          120
#define P95_ROOM      76
#define REASON_WIDE   150
#define MOST_PROBLEMS 10u

typedef Plumb__V1__ForecastInitiative Initiative;
typedef Plumb__V1__ForecastDates Dates;

/* All that Forecast has streamed. */
struct all {
	Plumb__V1__ForecastReply reply;
	size_t initiatives_cap;
	size_t objectives_cap;
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__ForecastReply *part)
{
	Plumb__V1__ForecastReply *r = &all->reply;
	Initiative **initiatives = arena_append(ctx->arena, r->initiatives, r->n_initiatives,
	    &all->initiatives_cap, part->initiatives, part->n_initiatives, sizeof initiatives[0]);
	Plumb__V1__ForecastObjective **objectives =
	    arena_append(ctx->arena, r->objectives, r->n_objectives, &all->objectives_cap,
		part->objectives, part->n_objectives, sizeof objectives[0]);
	size_t initiatives_count = r->n_initiatives + part->n_initiatives;
	size_t objectives_count = r->n_objectives + part->n_objectives;

	if (!initiatives || !objectives)
		return err_oom(&ctx->status.err);
	*r = *part;
	r->initiatives = initiatives;
	r->n_initiatives = initiatives_count;
	r->objectives = objectives;
	r->n_objectives = objectives_count;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__ForecastRequest *request, struct all *all)
{
	const Plumb__V1__ForecastReply *part;
	struct progress *progress;
	bool ok = true;

	plumb__v1__forecast_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Forecast", &request->base))
		return false;
	progress = progress_new("drawing futures");
	progress_update(progress, 0);
	while (ok && (part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__FORECAST_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		else
			ok = add(ctx, all, part);
	}
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- the table for people */

static const Dates *
main_dates(const Initiative *one)
{
	return one->reschedule ? one->reschedule : one->fixed;
}

#define CHANCE_LEN 16

/* Whole per cent, but never certain where it isn't. */
static const char *
chance_text(double chance, char text[CHANCE_LEN])
{
	if (chance > 0 && chance < 0.005)
		snprintf(text, CHANCE_LEN, "<1%%");
	else if (chance < 1 && chance > 0.995)
		snprintf(text, CHANCE_LEN, ">99%%");
	else
		snprintf(text, CHANCE_LEN, "%.0f%%", chance * 100);
	return text;
}

static void
cell_chance(struct table *table, double chance)
{
	char text[CHANCE_LEN];

	table_cell(table, chance_text(chance, text));
}

/* Behind all that was looked at: later than the last day. */
static void
cell_end(struct table *table, const char *date, const char *due)
{
	table_cell(table, date[0] ? date : "later");
	if (due[0] && (!date[0] || strcmp(date, due) > 0))
		table_colour(table, COLOUR_RED);
}

/* From today to the last P95. */
static struct bars
axis_of(const Plumb__V1__ForecastReply *r)
{
	struct bars axis = {.width = BAR_WIDTH, .ascii = bars_ascii()};

	axis.first = date_or(r->today, 0);
	axis.last = axis.first + 1;
	for (size_t i = 0; i < r->n_initiatives; i++) {
		int32_t last = date_or(main_dates(r->initiatives[i])->p95, axis.first);
		int32_t due = date_or(r->initiatives[i]->due, axis.first);

		axis.last = last > axis.last ? last : axis.last;
		axis.last = due > axis.last ? due : axis.last;
	}
	return axis;
}

static void
cell_bar(struct table *table, const struct bars *axis, const Initiative *one)
{
	const Dates *dates = main_dates(one);
	struct bar bar = BAR_INIT;
	struct str text;

	bar.p50 = date_or(dates->p50, BARS_BEYOND);
	bar.p80 = date_or(dates->p80, BARS_BEYOND);
	bar.p95 = date_or(dates->p95, BARS_BEYOND);
	bar.due = date_or(one->due, DATE_NONE);
	str_init(&text, 1000);
	bars_row(&text, axis, &bar);
	table_cell(table, text.data ? text.data : "");
	str_fini(&text);
}

static void
add_row(
    const struct context *ctx, struct table *table, const struct bars *axis, const Initiative *one)
{
	const Dates *dates = main_dates(one);

	if (one->rank > 0)
		table_cellf(table, "%" PRIu32, one->rank);
	else
		table_cell(table, "");
	table_cell(table, output_short_ref(&ctx->out, WIDE, one->ref, "initiative"));
	table_cell(table, one->due[0] ? one->due : DASH);
	cell_end(table, dates->p50, one->due);
	cell_end(table, dates->p80, one->due);
	if (ctx->out.width >= P95_ROOM)
		cell_end(table, dates->p95, one->due);
	cell_chance(table, dates->by_due__case == PLUMB__V1__FORECAST_DATES__BY_DUE__BY_DUE
			       ? dates->by_due
			       : dates->by_until);
	cell_chance(table, dates->above_line);
	if (axis->width > 0)
		cell_bar(table, axis, one);
	table_cell(table, one->title);
}

static bool
show_initiatives(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	struct bars axis = axis_of(r);
	struct table *table = table_new();
	struct str dates;

	if (!table)
		return false;
	if (ctx->out.width < WIDE)
		axis.width = 0;
	str_init(&dates, 1000);
	table_column(table, "RANK", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "INITIATIVE", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "DUE", 0);
	table_column(table, "P50", 0);
	table_column(table, "P80", 0);
	if (ctx->out.width >= P95_ROOM)
		table_column(table, "P95", 0);
	table_column(table, "CHANCE", TABLE_RIGHT);
	table_column(table, "LINE", TABLE_RIGHT | TABLE_DROP);
	if (axis.width > 0) {
		bars_dates(&dates, &axis);
		table_column(table, dates.data ? dates.data : "", TABLE_DROP);
	}
	table_column(table, "NAME", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_initiatives; i++)
		add_row(ctx, table, &axis, r->initiatives[i]);
	table_print(table, &ctx->out);
	table_free(table);
	str_fini(&dates);
	if (axis.width > 0)
		output_printf(&ctx->out, "%s\n", bars_legend(&axis, true));
	return true;
}

static void
cell_known(struct table *table, bool is_known, double chance)
{
	if (is_known)
		cell_chance(table, chance);
	else
		table_cell(table, "?");
}

/* Below the table, since a reason that is cut off says nothing. */
static void
say_unknown(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	struct str text;
	bool any = false;

	for (size_t i = 0; i < r->n_objectives; i++) {
		if (!r->objectives[i]->why[0])
			continue;
		output_text(&ctx->out, any ? "" : "\nUnknown (?) because\n");
		any = true;
		str_init(&text, 4000);
		str_addf(&text, "%s: %s", r->objectives[i]->ref, r->objectives[i]->why);
		output_wrap(&ctx->out, "    ", text.data ? text.data : "");
		str_fini(&text);
	}
}

static bool
show_objectives(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	struct table *table = table_new();
	bool wide = ctx->out.width >= REASON_WIDE;

	if (!table)
		return false;
	table_column(table, "OBJECTIVE", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "DUE", 0);
	table_column(table, "MEASURES", TABLE_RIGHT);
	table_column(table, "WORK", TABLE_RIGHT);
	table_column(table, "BOTH AT MOST", TABLE_RIGHT);
	if (wide)
		table_column(table, "UNKNOWN BECAUSE", TABLE_SHRINK);
	for (size_t i = 0; i < r->n_objectives; i++) {
		const Plumb__V1__ForecastObjective *o = r->objectives[i];

		table_cell(table, output_short_ref(&ctx->out, WIDE, o->ref, "objective"));
		table_cell(table, o->due[0] ? o->due : DASH);
		cell_known(table,
		    o->outcome__case == PLUMB__V1__FORECAST_OBJECTIVE__OUTCOME__OUTCOME,
		    o->outcome);
		cell_known(
		    table, o->work__case == PLUMB__V1__FORECAST_OBJECTIVE__WORK__WORK, o->work);
		cell_known(table, o->chance__case == PLUMB__V1__FORECAST_OBJECTIVE__CHANCE__CHANCE,
		    o->chance);
		if (wide)
			table_cell(table, o->why);
	}
	output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	if (!wide)
		say_unknown(ctx, r);
	return true;
}

static const char *
source_of(const Plumb__V1__ForecastWork *w)
{
	switch (w->source) {
	case PLUMB__V1__FORECAST_WORK__SOURCE__OWN:
		return "own";
	case PLUMB__V1__FORECAST_WORK__SOURCE__WHOLE:
		return "whole";
	case PLUMB__V1__FORECAST_WORK__SOURCE__TEAM:
		return "team";
	case PLUMB__V1__FORECAST_WORK__SOURCE__ALL_TEAMS:
		return "all teams";
	default:
		return "nothing";
	}
}

static void
cell_critical(const struct context *ctx, struct table *table, double part)
{
	if (ctx->out.format == OUTPUT_TABLE)
		cell_chance(table, part);
	else
		table_cellf(table, "%.3f", part);
}

static bool
show_work(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	static const char *const titles[] = {"LEFT", "LOW", "MIDDLE", "HIGH", "CRITICAL"};
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "INITIATIVE", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "WORK", TABLE_SHRINK | TABLE_MAIN);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], TABLE_RIGHT);
	table_column(table, "RANGE FROM", 0);
	table_column(table, "TEAM", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		for (size_t k = 0; k < r->initiatives[i]->n_work; k++) {
			const Plumb__V1__ForecastWork *w = r->initiatives[i]->work[k];

			table_cell(table, r->initiatives[i]->ref);
			table_cell(table, w->ref);
			table_cellf(table, "%.2f", (double)w->left / 100);
			table_cellf(table, "%.2f", w->low);
			table_cellf(table, "%.2f", w->middle);
			table_cellf(table, "%.2f", w->high);
			if (w->critical__case == PLUMB__V1__FORECAST_WORK__CRITICAL__CRITICAL)
				cell_critical(ctx, table, w->critical);
			else
				table_cell(table, "");
			table_cell(table, source_of(w));
			table_cell(table, w->team);
		}
	}
	if (ctx->out.format == OUTPUT_TABLE)
		output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* ---- in sentences */

static void
say_everything(struct str *text, const Plumb__V1__ForecastReply *r)
{
	const Dates *all = r->everything;
	char chance[CHANCE_LEN];

	if (!all)
		return;
	str_addf(text, "The chance that all is finished by %s, the end of what is planned, is %s; ",
	    r->until, chance_text(all->by_until, chance));
	if (all->p80[0])
		str_addf(text, "it is 80%% by %s.", all->p80);
	else
		str_addf(text, "by %s, the last day that was looked at, it is still below 80%%.",
		    r->looked_until);
}

static void
say_drivers(struct str *text, const Plumb__V1__ForecastReply *r)
{
	if (r->n_drivers == 0)
		return;
	str_add(text, "All ends late most often where these take long (rank correlation):");
	for (size_t i = 0; i < r->n_drivers; i++)
		str_addf(text, "%s %s (%.2f)", i > 0 ? "," : "", r->drivers[i]->ref,
		    r->drivers[i]->correlation);
	str_add(text, ".");
}

static void
say_ranges(struct str *text, const Plumb__V1__ForecastReply *r)
{
	str_addf(text, "Of %" PRIu32 " pieces of work, %" PRIu32 " state a range of their own",
	    r->estimates, r->own);
	if (r->from_whole > 0)
		str_addf(text, ", %" PRIu32 " have that of what they are a part of", r->from_whole);
	if (r->from_team > 0)
		str_addf(text, ", %" PRIu32 " have that of done work of their team", r->from_team);
	if (r->from_all_teams > 0)
		str_addf(text,
		    ", %" PRIu32 " have that of done work of all teams (%" PRIu32 " tasks)",
		    r->from_all_teams, r->history);
	if (r->from_nothing > 0)
		str_addf(text,
		    ", %" PRIu32 " have none: they are taken as 0.7 to 1.5 times what is planned",
		    r->from_nothing);
	str_addf(text,
	    ". Assumed: any two correlate by %.2f, two of one team by %.2f. %" PRIu32
	    " draws, seed %" PRIu64 ".",
	    r->correlation, r->correlation + r->team_correlation, r->draws, r->seed);
}

static void
say_difference(struct str *text, const Plumb__V1__ForecastReply *r, bool both)
{
	if (!both)
		return;
	if (!r->difference_of[0]) {
		str_add(
		    text, "If who hands on to whom stays as it is planned, all P80 are the same.");
		return;
	}
	str_addf(text,
	    "Dates are those of a plan that is laid anew, best rank first, whatever work takes. If "
	    "who "
	    "hands on to whom stays as it is planned, P80 of %s is %" PRIi32
	    " days %s; no other differs by more.",
	    r->difference_of, r->difference_days < 0 ? -r->difference_days : r->difference_days,
	    r->difference_days < 0 ? "later" : "earlier");
}

static void
say(struct context *ctx, struct str *text)
{
	if (text->len == 0)
		return;
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text->data);
	str_fini(text);
	str_init(text, 4000);
}

static void
show_sentences(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	struct str text;

	str_init(&text, 4000);
	say_everything(&text, r);
	say(ctx, &text);
	say_drivers(&text, r);
	say(ctx, &text);
	say_ranges(&text, r);
	say(ctx, &text);
	say_difference(&text, r, r->everything_fixed != NULL);
	say(ctx, &text);
	for (size_t i = 0; i < r->n_problems && i < MOST_PROBLEMS; i++) {
		str_addf(&text, "%s: %s.", r->problems[i]->ref, r->problems[i]->what);
		say(ctx, &text);
	}
	if (r->problems_count > MOST_PROBLEMS) {
		str_addf(&text, "%" PRIu32 " more like these: plumb forecast -o json lists them.",
		    r->problems_count - MOST_PROBLEMS);
		say(ctx, &text);
	}
	str_fini(&text);
}

/* What matters most for one that was asked for. */
static void
show_drivers(struct context *ctx, const Initiative *one)
{
	struct str text;

	if (one->n_drivers == 0)
		return;
	str_init(&text, 4000);
	str_addf(
	    &text, "%s ends late most often where these take long (rank correlation):", one->ref);
	for (size_t i = 0; i < one->n_drivers; i++)
		str_addf(&text, "%s %s (%.2f)", i > 0 ? "," : "", one->drivers[i]->ref,
		    one->drivers[i]->correlation);
	str_add(&text, ".");
	say(ctx, &text);
	str_fini(&text);
}

static bool
show_table(struct context *ctx, const Plumb__V1__ForecastReply *r, bool work, bool few)
{
	if (r->total == 0)
		output_wrap(&ctx->out, "", "No work is running: there is nothing to forecast.");
	else if (!show_initiatives(ctx, r))
		return false;
	for (size_t i = 0; few && i < r->n_initiatives; i++)
		show_drivers(ctx, r->initiatives[i]);
	if (work && r->total > 0 && !show_work(ctx, r))
		return false;
	if (r->n_objectives > 0 && !show_objectives(ctx, r))
		return false;
	if (r->total > 0)
		show_sentences(ctx, r);
	return true;
}

/* ---- for programs */

static void
csv_dates(struct table *table, const Dates *d)
{
	if (!d) {
		for (int i = 0; i < 6; i++)
			table_cell(table, "");
		return;
	}
	table_cell(table, d->p50);
	table_cell(table, d->p80);
	table_cell(table, d->p95);
	if (d->by_due__case == PLUMB__V1__FORECAST_DATES__BY_DUE__BY_DUE)
		table_cellf(table, "%.4f", d->by_due);
	else
		table_cell(table, "");
	table_cellf(table, "%.4f", d->by_until);
	table_cellf(table, "%.4f", d->above_line);
}

static bool
show_csv(struct context *ctx, const Plumb__V1__ForecastReply *r)
{
	static const char *const titles[] = {"RANK", "INITIATIVE", "DUE", "PLANNED", "P50", "P80",
	    "P95", "BY DUE", "BY UNTIL", "ABOVE LINE", "FIXED P50", "FIXED P80", "FIXED P95",
	    "FIXED BY DUE", "FIXED BY UNTIL", "FIXED ABOVE LINE", "NAME"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		const Initiative *one = r->initiatives[i];

		table_cellf(table, "%" PRIu32, one->rank);
		table_cell(table, one->ref);
		table_cell(table, one->due);
		table_cell(table, one->planned);
		csv_dates(table, one->reschedule);
		csv_dates(table, one->fixed);
		table_cell(table, one->title);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__ForecastReply *r, bool work, bool few)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, r, work, few);
	case OUTPUT_CSV:
		return work ? show_work(ctx, r) : show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

/* ---- the command */

/* Exit code 0: fine. */
static int
take_number(const struct args *args, const char *name, const char *expected, double least,
    double most, bool *is_stated, double *out)
{
	const char *text = args_get(args, name);

	*is_stated = text != NULL;
	if (text && (!parse_double(text, out) || !(*out >= least && *out <= most)))
		return command_usage(args, "--%s takes %s; not '%s'", name, expected, text);
	return 0;
}

static int
take_name(const struct args *args, const char *name, const char *const *names, int count, int *out)
{
	const char *text = args_get(args, name);

	for (int i = 0; text && i < count; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return 0;
		}
	}
	return text ? command_usage(args, "--%s takes %s, %s or %s; not '%s'", name, names[0],
			  names[1], names[2], text)
		    : 0;
}

static int
take_options(const struct args *args, Plumb__V1__ForecastRequest *request)
{
	/* In the order of the messages' numbers. */
	static const char *const modes[] = {"both", "reschedule", "fixed"};
	static const char *const shapes[] = {"pert", "triangular", "lognormal"};
	const char *seed = args_get(args, "seed");
	int mode = 0, shape = 0, code;
	double draws = 0;
	bool stated;

	if ((code = take_name(args, "mode", modes, 3, &mode)) != 0 ||
	    (code = take_name(args, "shape", shapes, 3, &shape)) != 0 ||
	    (code = take_number(args, "draws", "100 to 100000", 100, 100000, &stated, &draws)) != 0)
		return code;
	if (draws != floor(draws))
		return command_usage(args, "--draws takes a whole number, 100 to 100000");
	request->mode = (Plumb__V1__ForecastRequest__Mode)mode;
	request->shape = (Plumb__V1__ForecastRequest__Shape)shape;
	request->draws = (uint32_t)draws;
	code = take_number(
	    args, "correlation", "a number from 0 to 1", 0, 1, &stated, &request->correlation);
	if (stated)
		request->correlation__case = PLUMB__V1__FORECAST_REQUEST__CORRELATION__CORRELATION;
	if (code != 0)
		return code;
	code = take_number(args, "team-correlation", "a number from 0 to 1", 0, 1, &stated,
	    &request->team_correlation);
	if (stated)
		request->team_correlation__case =
		    PLUMB__V1__FORECAST_REQUEST__TEAM_CORRELATION__TEAM_CORRELATION;
	if (code != 0 || !seed)
		return code;
	if (!parse_u64(seed, 0, UINT64_MAX, &request->seed))
		return command_usage(args, "--seed takes a whole number; not '%s'", seed);
	request->seed__case = PLUMB__V1__FORECAST_REQUEST__SEED__SEED;
	return 0;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ForecastRequest request;
	Plumb__V1__At at;
	struct all all = {.initiatives_cap = 0};
	int code;

	plumb__v1__forecast_request__init(&request);
	if ((code = args_date(args, "until", &request.until)) != EXIT_FINE)
		return code;
	if ((code = take_options(args, &request)) != 0)
		return code;
	if (args_has(args, "samples") && ctx->out.format != OUTPUT_JSON &&
	    ctx->out.format != OUTPUT_YAML)
		return command_usage(args, "--samples goes with -o json or -o yaml");
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (!context_refs(ctx, args, "initiative", &request.refs, &request.n_refs))
		return context_fail(ctx);
	request.at = &at;
	request.work = args_has(args, "work");
	request.samples = args_has(args, "samples");
	if (!ask(ctx, &request, &all)) {
		if (request.n_refs > 0)
			context_suggest(ctx, request.refs[0]);
		return context_fail(ctx);
	}
	if (!show(ctx, &all.reply, request.work, request.n_refs > 0))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "until", "DATE", "the end of the time that is planned (default: of the last period)", NULL},
    {0, "mode", "MODE", "reschedule, fixed or both (default)", "reschedule fixed both"},
    {0, "shape", "SHAPE", "of three-point estimates: pert (default), triangular or lognormal",
	"pert triangular lognormal"},
    {0, "correlation", "R", "of what any two pieces of work take (default: 0.1)", NULL},
    {0, "team-correlation", "R", "how much more two of one team correlate (default: 0.2)", NULL},
    {0, "draws", "N", "how many futures are drawn (default: 10000, fewer for large plans)", NULL},
    {0, "seed", "N", "the same seed gives the same figures (default: 1)", NULL},
    {0, "work", NULL, "with each piece of work: what it may take, how often it is critical", NULL},
    {0, "samples", NULL, "with what each draw came to, in json and yaml (1,000 draws at most)",
	NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb forecast", "when initiatives are done, and how likely in time"},
    {"plumb forecast initiative/portal --work", "that one, and what goes with its end"},
    {"plumb forecast --correlation 0.3 --mode reschedule", "if all goes well or badly together"},
    {"plumb forecast --until 2026-12-31 -o csv", "a line each, for a spreadsheet"},
    {0},
};

const struct command cmd_forecast = {
    .name = "forecast",
    .group = GROUP_READ,
    .arguments = "[INITIATIVE\xe2\x80\xa6]",
    .summary = "show when initiatives are done, and how likely by when",
    .help =
	"What work takes is drawn many times: by its own estimate (optimistic, likely, "
	"pessimistic), "
	"else by that of what it is a part of, else by what done work took. By P50, half of the "
	"draws "
	"are finished, by P80 and P95 80 and 95 %. CHANCE is that of being finished when it is due "
	"(without a due date: by the end of what is planned), LINE that of being above the line: "
	"it "
	"and all better-ranked ones finished by then. \"later\" is behind the last day that was "
	"looked "
	"at."
	"\n\n"
	"Each draw is laid anew, best rank first, as plumb schedule does it; --mode fixed keeps "
	"who "
	"hands on to whom. Of objectives, MEASURES is the chance that their measures get there if "
	"their trends go on, WORK that the work they rest on is done by then: two things, never "
	"mixed. "
	"How: docs/FORECAST.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 100,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
