/* plumb schedule: what is done when, best rank first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/gantt_svg.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"

#define DASH "\xe2\x80\x93"

/* All that Schedule has streamed. */
struct all {
	Plumb__V1__ScheduleReply reply;
	size_t cap;
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__ScheduleReply *part)
{
	Plumb__V1__ScheduleReply *r = &all->reply;
	Plumb__V1__ScheduledInitiative **list = r->initiatives;
	size_t count = r->n_initiatives;

	if (count + part->n_initiatives > all->cap) {
		all->cap = (count + part->n_initiatives) * 2;
		list = arena_array(ctx->arena, all->cap, sizeof list[0]);
		if (!list)
			return err_oom(&ctx->status.err);
		if (count > 0)
			memcpy(list, r->initiatives, count * sizeof list[0]);
	}
	if (part->n_initiatives > 0)
		memcpy(list + count, part->initiatives, part->n_initiatives * sizeof list[0]);
	count += part->n_initiatives;
	*r = *part;
	r->initiatives = list;
	r->n_initiatives = count;
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
	while (ok && (part = context_next(ctx)))
		ok = add(ctx, all, part);
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- the table for people */

static void
cell_date(struct table *table, const char *date)
{
	table_cell(table, date[0] ? date : DASH);
}

/* After its due date, or not at all until the end. Dates as text are in order of time. */
static bool
is_late(const Plumb__V1__ScheduledInitiative *one)
{
	return one->due[0] && (!one->finish[0] || strcmp(one->finish, one->due) > 0);
}

static void
add_row(struct table *table, const Plumb__V1__ScheduledInitiative *one)
{
	if (one->rank > 0)
		table_cellf(table, "%" PRIu32, one->rank);
	else
		table_cell(table, "");
	table_cell(table, one->ref);
	cell_date(table, one->start);
	cell_date(table, one->is_line ? "the line" : one->finish);
	if (is_late(one))
		table_colour(table, COLOUR_RED);
	cell_date(table, one->due);
	cell_date(table, one->finish_without_backfill);
	cell_date(table, one->earliest);
	table_cell(table, one->title);
}

static bool
show_initiatives(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "RANK", TABLE_RIGHT);
	table_column(table, "INITIATIVE", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "START", 0);
	table_column(table, "FINISH", 0);
	table_column(table, "DUE", 0);
	table_column(table, "NO BACKFILL", TABLE_DROP);
	table_column(table, "EARLIEST", TABLE_DROP);
	table_column(table, "NAME", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_initiatives; i++)
		add_row(table, r->initiatives[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
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
		str_addf(&text, " comes after %s%s", w->after,
		    w->in_circle ? ", which comes after it: a circle, so that neither is done"
				 : "");
		and = ", and";
	}
	if (w->by_date) {
		str_addf(&text, "%s has a start of its own", and);
		and = ", and";
	}
	if (w->giver[0] && w->never)
		str_addf(&text, "%s asks more of %s than they have until then", and, w->giver);
	else if (w->giver[0] && strcmp(w->holder, one->ref) == 0)
		str_addf(
		    &text, "%s waits for %s, who are busy with other work of it", and, w->giver);
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

static struct table *
work_table(const Plumb__V1__ScheduleReply *r)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "INITIATIVE", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "WORK", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "START", 0);
	table_column(table, "FINISH", 0);
	table_column(table, "LEFT", TABLE_RIGHT);
	table_column(table, "NAME", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < r->n_initiatives; i++) {
		for (size_t k = 0; k < r->initiatives[i]->n_work; k++) {
			const Plumb__V1__ScheduledWork *w = r->initiatives[i]->work[k];

			table_cell(table, r->initiatives[i]->ref);
			table_cell(table, w->ref);
			table_cell(table, w->start);
			table_cell(table, w->finish);
			table_cellf(table, "%.2f", (double)w->left / 100);
			table_cell(table, w->title);
		}
	}
	return table;
}

static bool
show_work(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	struct table *table = work_table(r);

	if (!table)
		return false;
	if (ctx->out.format == OUTPUT_TABLE)
		output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	return true;
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
	if (r->finish_ignoring_ranks[0] && strcmp(r->finish_ignoring_ranks, r->finish) != 0)
		str_addf(&text, "If nothing had a rank, all could be finished on %s. ",
		    r->finish_ignoring_ranks);
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
show_table(struct context *ctx, const Plumb__V1__ScheduleReply *r, bool work)
{
	if (r->total == 0) {
		output_wrap(&ctx->out, "", "No work is running: there is nothing to schedule.");
		return true;
	}
	if (!show_initiatives(ctx, r))
		return false;
	show_summary(ctx, r);
	show_waits(ctx, r);
	return !work || show_work(ctx, r);
}

/* ---- for programs */

static bool
show_csv(struct context *ctx, const Plumb__V1__ScheduleReply *r)
{
	static const char *const titles[] = {"RANK", "INITIATIVE", "START", "FINISH", "DUE",
	    "NO BACKFILL", "EARLIEST", "LEFT", "LINE", "NAME"};
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
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__ScheduleReply *r, bool work)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, r, work);
	case OUTPUT_CSV:
		return work ? show_work(ctx, r) : show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

/* ---- a picture */

static int
put_picture(struct context *ctx, const Plumb__V1__ScheduleReply *r, const char *path)
{
	struct gantt gantt;
	struct svg svg;
	int code;

	if (!gantt_of_schedule(ctx->arena, r, &gantt))
		return context_error(ctx, EXIT_SERVER, "out of memory");
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
	const char *until = args_get(args, "until");
	const char *svg = args_get(args, "svg");
	int32_t date;

	plumb__v1__schedule_request__init(&request);
	if (until && !date_parse(until, &date))
		return command_usage(args, "--until takes a date like 2026-12-31; not '%s'", until);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.refs = arena_array(ctx->arena, args->count + 1, sizeof request.refs[0]);
	if (!request.refs)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < args->count; i++) {
		const char *ref = context_ref(ctx, args->values[i], "initiative");

		if (!ref)
			return context_fail(ctx);
		request.refs[request.n_refs++] = pb_str(ref);
	}
	request.at = &at;
	request.until = until ? pb_str(until) : request.until;
	request.work = args_has(args, "work");
	request.why = args_has(args, "why");
	if (!ask(ctx, &request, &all)) {
		if (request.n_refs > 0)
			context_suggest(ctx, request.refs[0]);
		return context_fail(ctx);
	}
	if (!(svg && strcmp(svg, "-") == 0) && !show(ctx, &all.reply, request.work))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return svg ? put_picture(ctx, &all.reply, svg) : EXIT_FINE;
}

static const struct option options[] = {
    SVG_OPTION("a picture of it beside, a bar for each initiative; - for it alone"),
    {0, "until", "DATE", "the last day that is booked (default: the end of the last period)", NULL},
    {0, "why", NULL, "with what each waits for, back to what nothing holds up", NULL},
    {0, "work", NULL, "with the days of each piece of work", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb schedule", "what is done when, and what falls below the line"},
    {"plumb schedule initiative/portal --why", "why that one ends when it does"},
    {"plumb schedule --svg plan.svg", "with a picture of it, to print or to send"},
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
