#include "client/trend.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

/* ---- lines of blocks: how a number moved, at a glance */

typedef double (*value_fn)(const Plumb__V1__TrendDay *day);

static double
score_of(const Plumb__V1__TrendDay *day)
{
	return day->score;
}

static double
findings_of(const Plumb__V1__TrendDay *day)
{
	return day->errors + day->warnings + day->notes;
}

/* One block for each day, or for as many days as make it fit: the last one of each group stands for it. */
static void
add_blocks(const Plumb__V1__TrendReply *reply, value_fn value, size_t room, struct str *out)
{
	static const char *const blocks[] = {"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83",
	    "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"};
	size_t step = (reply->n_days + room - 1) / room;
	double least = value(reply->days[0]), most = least;

	for (size_t i = 0; i < reply->n_days; i++) {
		double v = value(reply->days[i]);

		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	for (size_t i = (reply->n_days - 1) % step; i < reply->n_days; i += step) {
		double part = most > least ? (value(reply->days[i]) - least) / (most - least) : 0;

		str_add(out, blocks[(size_t)(part * 7.0 + 0.5)]);
	}
}

static void
show_line(struct context *ctx, const char *name, const Plumb__V1__TrendReply *reply, value_fn value,
    int decimals)
{
	size_t room = ctx->out.width > 50 ? (size_t)ctx->out.width - 30 : 20;
	struct str text;

	str_init(&text, 1u << 16);
	str_addf(&text, "%-9s %*.*f  ", name, 5, decimals, value(reply->days[0]));
	add_blocks(reply, value, room, &text);
	str_addf(&text, "  %.*f\n", decimals, value(reply->days[reply->n_days - 1]));
	output_text(&ctx->out, text.data);
	str_fini(&text);
}

/* ---- the table */

static void
add_row(struct table *table, const Plumb__V1__TrendDay *day)
{
	table_cell(table, day->day);
	table_cellf(table, "%" PRIu32, day->errors);
	table_cellf(table, "%" PRIu32, day->warnings);
	table_cellf(table, "%" PRIu32, day->notes);
	table_cellf(table, "%" PRIu32, day->unknown);
	table_cellf(table, "%" PRIu32, day->waived);
	table_cellf(table, "%" PRIu32, day->appeared);
	table_cellf(table, "%" PRIu32, day->gone);
	table_cellf(table, "%.1f", day->score);
	table_cellf(table, "%" PRIu64, day->revision);
}

static int
show_table(struct context *ctx, const Plumb__V1__TrendReply *reply)
{
	static const char *const titles[] = {"ERRORS", "WARNINGS", "NOTES", "UNKNOWN", "WAIVED",
	    "APPEARED", "GONE", "SCORE", "REVISION"};
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "DAY", TABLE_MAIN);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i],
		    TABLE_RIGHT | (strcmp(titles[i], "SCORE") == 0 || i < 2 ? 0u : TABLE_DROP));
	for (size_t i = 0; i < reply->n_days; i++)
		add_row(table, reply->days[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
show(struct context *ctx, const Plumb__V1__TrendReply *reply)
{
	int code;

	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		if (reply->n_days == 0) {
			output_text(&ctx->out, "The plan had not begun by then.\n");
			return EXIT_FINE;
		}
		code = show_table(ctx, reply);
		output_text(&ctx->out, "\n");
		show_line(ctx, "findings", reply, findings_of, 0);
		show_line(ctx, "score", reply, score_of, 1);
		return code;
	case OUTPUT_CSV:
		return show_table(ctx, reply);
	case OUTPUT_NAME:
		for (size_t i = 0; i < reply->n_days; i++)
			output_printf(&ctx->out, "%s\n", reply->days[i]->day);
		return EXIT_FINE;
	default:
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
}

/* ---- asking */

/* The last message, which has the days; NULL: context_fail(). */
static const Plumb__V1__TrendReply *
ask(struct context *ctx, const Plumb__V1__TrendRequest *request)
{
	const Plumb__V1__TrendReply *reply, *last = NULL;
	struct progress *progress;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Trend", &request->base))
		return NULL;
	progress = progress_new("reading history");
	while ((reply = context_next(ctx))) {
		if (reply->progress__case == PLUMB__V1__TREND_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, reply->progress);
		last = reply;
	}
	progress_free(progress);
	return ctx->status.err.code == ERR_OK ? last : NULL;
}

int
trend_run(struct context *ctx, const struct args *args)
{
	Plumb__V1__TrendRequest request;
	const Plumb__V1__TrendReply *reply;
	const char *every = args_get(args, "every");
	size_t rules = args_count(args, "rule");
	Plumb__V1__At at;
	uint64_t days = 0;
	int code;

	plumb__v1__trend_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	if ((code = args_date(args, "from", &request.from)) != EXIT_FINE ||
	    (code = args_date(args, "to", &request.to)) != EXIT_FINE)
		return code;
	if (every && !parse_u64(every, 1, 366, &days))
		return command_usage(
		    args, "--every is a number of days from 1 to 366, not '%s'", every);
	request.every_days = (uint32_t)days;
	request.rules = arena_array(ctx->arena, rules + 1, sizeof *request.rules);
	if (!request.rules)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < rules; i++)
		request.rules[request.n_rules++] = pb_str(args_at(args, "rule", i));
	reply = ask(ctx, &request);
	return reply ? show(ctx, reply) : context_fail(ctx);
}
