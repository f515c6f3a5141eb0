/* plumb score: how much of the plan is shown to be in order, and what is lacking. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define WHOLE     12
#define UNITS_MAX 1000

static void
add_family(struct table *table, const Plumb__V1__ScoreFamily *family)
{
	table_cell(table, family->family);
	table_cellf(table, "%.0f", family->weight * 100);
	table_cellf(table, "%" PRIu64, family->units);
	if (family->units > 0)
		table_cellf(table, "%.0f%%",
		    100.0 * (double)family->earned / (WHOLE * (double)family->units));
	else
		table_cell(table, "");
	table_cellf(table, "%.2f", family->points);
	table_cellf(table, "%" PRIu64, family->unknown);
	table_cellf(table, "%" PRIu64, family->waived);
}

static int
show_families(struct context *ctx, const Plumb__V1__ScoreReply *reply)
{
	static const char *const titles[] = {
	    "WEIGHT", "ITEMS", "EARNED", "POINTS", "UNKNOWN", "WAIVED"};
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "FAMILY", TABLE_MAIN);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], TABLE_RIGHT | TABLE_WIDE);
	for (size_t i = 0; i < reply->n_families; i++)
		add_family(table, reply->families[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static void
add_unit(
    struct table *table, const Plumb__V1__ScoreFamily *family, const Plumb__V1__ScoreUnit *unit)
{
	struct str text;

	str_init(&text, 1u << 16);
	table_cell(table, family->family);
	table_cell(table, unit->ref);
	table_cellf(table, "%" PRIu32 "/%d", unit->earned, WHOLE);
	for (size_t i = 0; i < unit->n_lacks; i++)
		str_addf(&text, "%s%s", i ? "; " : "", unit->lacks[i]);
	table_cell(table, text.data);
	str_reset(&text);
	for (size_t i = 0; i < unit->n_rules; i++) {
		if (i == 0 || strcmp(unit->rules[i], unit->rules[i - 1]) != 0)
			str_addf(&text, "%s%s", i ? " " : "", unit->rules[i]);
	}
	table_cell(table, text.data);
	str_fini(&text);
}

static int
show_lacking(struct context *ctx, const Plumb__V1__ScoreReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "FAMILY", 0);
	table_column(table, "ITEM", TABLE_MAIN);
	table_column(table, "EARNED", TABLE_RIGHT);
	table_column(table, "LACKS", TABLE_WRAP);
	table_column(table, "RULE", TABLE_WRAP | TABLE_DROP);
	for (size_t i = 0; i < reply->n_families; i++) {
		const Plumb__V1__ScoreFamily *family = reply->families[i];

		for (size_t k = 0; k < family->n_lacking; k++)
			add_unit(table, family, family->lacking[k]);
	}
	if (table_rows(table) > 0) {
		output_text(&ctx->out, "\n");
		table_print(table, &ctx->out);
	}
	table_free(table);
	return EXIT_FINE;
}

static int
show_table(struct context *ctx, const Plumb__V1__ScoreReply *reply)
{
	int code = show_families(ctx, reply);
	char text[160];

	if (code != EXIT_FINE)
		return code;
	snprintf(text, sizeof text,
	    "Alignment score %.2f of 100 (formula %" PRIu32 "), revision %" PRIu64 " judged on %s.",
	    reply->score, reply->formula, reply->revision, reply->today);
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text);
	return show_lacking(ctx, reply);
}

static int
show(struct context *ctx, const Plumb__V1__ScoreReply *reply)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		return show_table(ctx, reply);
	case OUTPUT_CSV:
		return show_families(ctx, reply);
	case OUTPUT_NAME:
		output_printf(&ctx->out, "%.6f\n", reply->score);
		return EXIT_FINE;
	default:
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ScoreRequest request;
	const Plumb__V1__ScoreReply *reply;
	const char *units = args_get(args, "units");
	Plumb__V1__At at;
	uint64_t count = 0;

	plumb__v1__score_request__init(&request);
	if (units && !parse_u64(units, 1, UNITS_MAX, &count))
		return command_usage(
		    args, "--units is a number from 1 to %d, not '%s'", UNITS_MAX, units);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.units = (uint32_t)count;
	request.families = arena_array(ctx->arena, args->count + 1, sizeof *request.families);
	if (!request.families)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < args->count; i++)
		request.families[request.n_families++] = pb_str(args->values[i]);
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Score", &request.base);
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct option options[] = {
    {0, "units", "N", "list this many items of each family that lack something (20)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb score", "the score, its parts, and what is lacking"},
    {"plumb score outcome owner --units 100", "what items lack in two families"},
    {"plumb score --as-of 2026-03-31", "as it was on that day"},
    {"plumb score -o name", "the number alone"},
    {0},
};

const struct command cmd_score = {
    .name = "score",
    .group = GROUP_READ,
    .arguments = "[FAMILY\xe2\x80\xa6]",
    .summary = "say how much of the plan is shown to be in order, and what is lacking",
    .help =
	"From 0 to 100: what goals, objectives, running initiatives, values and strategies have "
	"earned in the families "
	"of rules. Nothing is earned by what is not stated, not known or waived, so taking data "
	"away "
	"never pays. docs/RULES.md, \"Score\", has the formula. plumb check --trend shows how it "
	"moved.",
    .options = options,
    .examples = examples,
    .max_args = 12,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
