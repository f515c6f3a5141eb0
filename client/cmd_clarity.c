/* plumb clarity: how clear the priorities are to people, by level, of a survey that is over. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"
#include "plumb/v1/survey.pb-c.h"

static const char *
level_name(Plumb__V1__Person__Level level)
{
	static const char *const words[] = {
	    "unknown", "executive", "director", "manager", "individual"};

	return (size_t)level < sizeof words / sizeof words[0] ? words[level] : words[0];
}

static const char *
level_word(const Plumb__V1__ClarityLevel *level)
{
	return level->of__case == PLUMB__V1__CLARITY_LEVEL__OF__LEVEL ? level_name(level->level)
								      : "everybody";
}

static const char *
kind_word(Plumb__V1__SurveyQuestion__Kind kind)
{
	static const char *const words[] = {"", "priorities", "what serves them",
	    "what comes first", "what is theirs", "connects them"};

	return (size_t)kind < sizeof words / sizeof words[0] ? words[kind] : "";
}

static int
percent(double share)
{
	return (int)(share * 100 + 0.5);
}

/* Only what cannot be chance. */
static const char *
change_word(const Plumb__V1__ClarityScore *score)
{
	if (score->before__case != PLUMB__V1__CLARITY_SCORE__BEFORE__BEFORE)
		return "";
	if (score->change_low > 0)
		return "better";
	return score->change_high < 0 ? "worse" : "unsure";
}

static void
add_row(struct table *table, const Plumb__V1__ClarityLevel *level,
    const Plumb__V1__ClarityScore *score, bool first)
{
	bool found = score->kind == PLUMB__V1__SURVEY_QUESTION__KIND__CONNECTS &&
		     level->found__case == PLUMB__V1__CLARITY_LEVEL__FOUND__FOUND;

	table_cell(table, first ? level_word(level) : "");
	table_cell(table, kind_word(score->kind));
	table_cellf(table, "%u of %u", score->known, score->asked);
	table_cellf(table, "%d %%", percent(score->share));
	table_cellf(table, "%d-%d %%", percent(score->low), percent(score->high));
	if (score->before__case == PLUMB__V1__CLARITY_SCORE__BEFORE__BEFORE)
		table_cellf(table, "%d %%", percent(score->before));
	else
		table_cell(table, "");
	table_cell(table, change_word(score));
	if (found)
		table_cellf(table, "%d %%", percent(level->found));
	else
		table_cell(table, "");
}

static bool
show_table(struct context *ctx, const Plumb__V1__ClarityReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "LEVEL", TABLE_MAIN);
	table_column(table, "KNEW", 0);
	table_column(table, "PEOPLE", TABLE_RIGHT);
	table_column(table, "SHARE", TABLE_RIGHT);
	table_column(table, "95 %", TABLE_RIGHT);
	table_column(table, "BEFORE", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "CHANGE", TABLE_DROP);
	table_column(table, "FIELD", TABLE_RIGHT | TABLE_DROP);
	for (size_t l = 0; l < reply->n_levels; l++) {
		for (size_t k = 0; k < reply->levels[l]->n_scores; k++)
			add_row(table, reply->levels[l], reply->levels[l]->scores[k], k == 0);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show_csv(struct context *ctx, const Plumb__V1__ClarityReply *reply)
{
	static const char *const titles[] = {"LEVEL", "PEOPLE", "INVITED", "KNEW", "KNOWN", "ASKED",
	    "SHARE", "LOW", "HIGH", "BEFORE", "FIELD"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t l = 0; l < reply->n_levels; l++) {
		const Plumb__V1__ClarityLevel *level = reply->levels[l];

		for (size_t k = 0; k < level->n_scores; k++) {
			const Plumb__V1__ClarityScore *score = level->scores[k];

			table_cell(table, level_word(level));
			table_cellf(table, "%u", level->people);
			table_cellf(table, "%u", level->invited);
			table_cell(table, kind_word(score->kind));
			table_cellf(table, "%u", score->known);
			table_cellf(table, "%u", score->asked);
			table_cellf(table, "%.4f", score->share);
			table_cellf(table, "%.4f", score->low);
			table_cellf(table, "%.4f", score->high);
			if (score->before__case == PLUMB__V1__CLARITY_SCORE__BEFORE__BEFORE)
				table_cellf(table, "%.4f", score->before);
			else
				table_cell(table, "");
			if (level->found__case == PLUMB__V1__CLARITY_LEVEL__FOUND__FOUND)
				table_cellf(table, "%.4f", level->found);
			else
				table_cell(table, "");
		}
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
show_people(struct context *ctx, const Plumb__V1__ClarityReply *reply)
{
	const char *text = "";

	for (size_t l = 0; l < reply->n_levels && text; l++) {
		const Plumb__V1__ClarityLevel *level = reply->levels[l];

		text = arena_printf(ctx->arena, "%s%s%s %u of %u", text, l > 0 ? ", " : "",
		    level_word(level), level->people, level->invited);
	}
	if (reply->n_levels > 0)
		output_wrap(
		    &ctx->out, "", arena_printf(ctx->arena, "\nAnswered: %s.", text ? text : ""));
	if (reply->withheld > 0)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena, "%u more, of levels that are too small to be shown.",
			reply->withheld));
}

static void
show_nobody(struct context *ctx, const Plumb__V1__ClarityReply *reply)
{
	const char *text = "";

	for (size_t i = 0; i < reply->n_nobody && text; i++)
		text = arena_printf(
		    ctx->arena, "%s%s%s", text, i > 0 ? ", " : "", level_name(reply->nobody[i]));
	if (reply->n_nobody > 0)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Can't be judged, because it asks nobody of that level: %s.",
			text ? text : ""));
}

static int
show(struct context *ctx, const Plumb__V1__ClarityReply *reply)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_CSV)
		return show_csv(ctx, reply) ? EXIT_FINE
					    : context_error(ctx, EXIT_USAGE, "out of memory");
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena, "%s: %s, from %s to %s.", reply->round,
		reply->title[0] ? reply->title : "a clarity survey", reply->opens, reply->closes));
	if (reply->why_not[0]) {
		output_wrap(&ctx->out, "", arena_printf(ctx->arena, "It %s.", reply->why_not));
		show_nobody(ctx, reply);
		return EXIT_FINE;
	}
	output_printf(&ctx->out, "\n");
	if (!show_table(ctx, reply))
		return context_error(ctx, EXIT_USAGE, "out of memory");
	show_people(ctx, reply);
	show_nobody(ctx, reply);
	if (reply->before[0])
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"BEFORE is %s; better or worse is what chance does not explain.",
			reply->before));
	output_wrap(&ctx->out, "",
	    "FIELD: those who could connect the priorities, as Sull, Homkes and Sull found them "
	    "(Harvard Business Review, March 2015).");
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ClarityRequest request;
	const Plumb__V1__ClarityReply *reply;

	plumb__v1__clarity_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	if (args->count > 0)
		request.round = pb_str(args->values[0]);
	reply = context_call(ctx, &plumb__v1__survey__descriptor, "Clarity", &request.base);
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct example examples[] = {
    {"plumb clarity", "the newest survey that is over"},
    {"plumb clarity clarity-q2 -o csv", "for a spreadsheet"},
    {0},
};

const struct command cmd_clarity = {
    .name = "clarity",
    .group = GROUP_READ,
    .arguments = "[ROUND]",
    .summary = "show how clear the priorities are to people, by level",
    .help =
	"Of a clarity survey (plumb survey) that is over: for each level, how many of those who "
	"were asked knew which are the priorities, what serves them, what comes first, and what is "
	"theirs; \"connects them\" are those who knew the first two. A share stands with the "
	"interval that it lies in with 95 % certainty (Wilson's), beside that of the round before, "
	"and beside what the field found."
	"\n\n"
	"Only groups of at least five people are shown, with none or at least five beside them: "
	"docs/CLARITY.md.",
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};
