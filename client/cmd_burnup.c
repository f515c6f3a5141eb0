/* plumb burnup: planned and done effort at the ends of days of the past. */
#include <inttypes.h>
#include <string.h>

#include "client/bars.h"
#include "client/burnup_svg.h"
#include "client/command.h"
#include "client/context.h"
#include "client/whiskers.h"
#include "common/parse.h"
#include "common/pb.h"

#define EVERY_DEFAULT 7
#define BAR_COLUMNS   20

static double
days(int64_t hundredths)
{
	return (double)hundredths / 100;
}

static void
cell_bar(struct table *table, const Plumb__V1__BurnUpDay *day)
{
	struct str bar;

	str_init(&bar, 1000);
	if (day->scope > 0)
		bars_share(&bar, BAR_COLUMNS, (double)day->done / (double)day->scope, bars_ascii());
	table_cell(table, bar.data);
	str_fini(&bar);
}

/* Rounded down, so that nothing reads as complete before it is. */
static void
cell_share(struct table *table, const Plumb__V1__BurnUpDay *day)
{
	if (day->scope > 0)
		table_cellf(table, "%" PRId64 " %%", day->done * 100 / day->scope);
	else
		table_cell(table, "");
}

static bool
show_table(struct context *ctx, const Plumb__V1__BurnUpReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "DAY", TABLE_MAIN);
	table_column(table, "PLANNED", TABLE_RIGHT);
	table_column(table, "DONE", TABLE_RIGHT);
	table_column(table, "SHARE", TABLE_RIGHT);
	table_column(table, "", TABLE_DROP);
	table_column(table, "UNKNOWN", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "NO EFFORT", TABLE_RIGHT | TABLE_DROP);
	for (size_t i = 0; i < r->n_days; i++) {
		const Plumb__V1__BurnUpDay *day = r->days[i];

		table_cell(table, day->day);
		table_cellf(table, "%.1f", days(day->scope));
		table_cellf(table, "%.1f", days(day->done));
		cell_share(table, day);
		cell_bar(table, day);
		if (day->unknown > 0)
			table_cellf(table, "%.1f", days(day->unknown));
		else
			table_cell(table, "");
		if (day->without_effort > 0)
			table_cellf(
			    table, "%" PRIu32 " of %" PRIu32, day->without_effort, day->items);
		else
			table_cell(table, "");
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_csv(struct context *ctx, const Plumb__V1__BurnUpReply *r)
{
	static const char *const titles[] = {
	    "DAY", "PLANNED", "DONE", "UNKNOWN", "ITEMS", "WITHOUT EFFORT", "REVISION"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_days; i++) {
		const Plumb__V1__BurnUpDay *day = r->days[i];

		table_cell(table, day->day);
		table_cellf(table, "%.2f", days(day->scope));
		table_cellf(table, "%.2f", days(day->done));
		table_cellf(table, "%.2f", days(day->unknown));
		table_cellf(table, "%" PRIu32, day->items);
		table_cellf(table, "%" PRIu32, day->without_effort);
		table_cellf(table, "%" PRIu64, day->revision);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__BurnUpReply *r)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		if (r->n_days > 0)
			return show_table(ctx, r);
		output_text(&ctx->out, "The plan had not begun by then.\n");
		return true;
	case OUTPUT_CSV:
		return show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

static int
put_picture(struct context *ctx, const Plumb__V1__BurnUpReply *r, const char *ref,
    const struct burnup_fan *fan, const char *path)
{
	struct svg svg;
	int code;

	code = burnup_svg(r, ref, fan, &svg) ? svg_put(ctx, &svg, path)
					     : context_error(ctx, EXIT_SERVER, "out of memory");
	svg_fini(&svg);
	return code;
}

/* When the rest of an initiative is done, as the forecast has it. */
static bool
ask_fan(struct context *ctx, Plumb__V1__At *at, const char *ref, struct burnup_fan *fan)
{
	struct whisker *whiskers;
	size_t count;

	if (!whiskers_ask(ctx, at, NULL, ref, &whiskers, &count))
		return false;
	if (count > 0)
		*fan = (struct burnup_fan){whiskers[0].p50, whiskers[0].p80, whiskers[0].p95};
	return true;
}

/* ---- asking */

/* The last message, which has the days; NULL: context_fail(). */
static const Plumb__V1__BurnUpReply *
ask(struct context *ctx, const Plumb__V1__BurnUpRequest *request)
{
	const Plumb__V1__BurnUpReply *reply, *last = NULL;
	struct progress *progress;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "BurnUp", &request->base))
		return NULL;
	progress = progress_new("reading history");
	while ((reply = context_next(ctx))) {
		if (reply->progress__case == PLUMB__V1__BURN_UP_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, reply->progress);
		last = reply;
	}
	progress_free(progress);
	return ctx->status.err.code == ERR_OK ? last : NULL;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__BurnUpRequest request;
	const Plumb__V1__BurnUpReply *reply;
	const char *every = args_get(args, "every");
	const char *svg = args_get(args, "svg");
	const char *ref = "";
	uint64_t distance = EVERY_DEFAULT;
	struct burnup_fan fan = BURNUP_NO_FAN;
	bool forecast = args_has(args, "forecast");
	Plumb__V1__At at;
	int code;

	plumb__v1__burn_up_request__init(&request);
	if ((code = args_date(args, "from", &request.from)) != EXIT_FINE ||
	    (code = args_date(args, "to", &request.to)) != EXIT_FINE)
		return code;
	if (every && !parse_u64(every, 1, 366, &distance))
		return command_usage(
		    args, "--every is a number of days from 1 to 366, not '%s'", every);
	if (forecast && (!svg || args->count == 0))
		return command_usage(args,
		    "--forecast is for the picture of one initiative: name it, and --svg FILE");
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (args->count > 0)
		ref = context_ref(ctx, args->values[0], "initiative,workstream,milestone,task");
	if (!ref)
		return context_fail(ctx);
	request.at = &at;
	request.ref = pb_str(ref);
	request.every_days = (uint32_t)distance;
	reply = ask(ctx, &request);
	if (!reply) {
		if (ref[0])
			context_suggest(ctx, ref);
		return context_fail(ctx);
	}
	if (forecast && !ask_fan(ctx, &at, ref, &fan))
		return context_fail(ctx);
	if (!(svg && strcmp(svg, "-") == 0) && !show(ctx, reply))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return svg ? put_picture(ctx, reply, ref, &fan, svg) : EXIT_FINE;
}

static const struct option options[] = {
    {0, "from", "DATE", "the first day (default: 89 days before the last one)", NULL},
    {0, "to", "DATE", "the last day (default: today)", NULL},
    {0, "every", "DAYS", "how far one day is from the next that is shown (default: 7)", NULL},
    SVG_OPTION("a picture of it beside; - for it alone"),
    {0, "forecast", NULL, "in the picture of an initiative: when the rest is likely done", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb burnup", "all initiatives, week by week"},
    {"plumb burnup initiative/portal --every 1", "one of them, day by day"},
    {"plumb burnup initiative/portal --svg portal.svg --forecast",
	"with a picture, and when the rest is likely done"},
    {"plumb burnup --from 2026-01-01 -o csv", "a line for each week, for a spreadsheet"},
    {0},
};

const struct command cmd_burnup = {
    .name = "burnup",
    .group = GROUP_PAST,
    .arguments = "[WORK]",
    .summary = "show how planned effort grew, and how much of it was done",
    .help =
	"The plan as it stood at the end of each day: PLANNED are the person-days of an "
	"initiative, workstream, milestone or task, or of all initiatives that were approved, "
	"active, paused or done then. DONE is of each its effort times the progress of its work, "
	"as plumb progress has it: the newest check-in, or what its parts roll up to."
	"\n\n"
	"UNKNOWN is planned effort of work whose progress nobody has told; NO EFFORT counts what "
	"states no effort. Definitions: docs/PICTURES.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
