/* plumb outside: what happens outside, and which part of the strategy answers it. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/said.h"
#include "common/pb.h"
#include "common/str.h"

enum section { STRATEGIES, INFLUENCERS, MOVES, RISKS, SCENARIOS, SECTIONS };
static const char *const section_names[SECTIONS] = {
    "strategies", "influencers", "moves", "risks", "scenarios"};

#define CELL_MAX (1u << 16)

/* The names, without their kind where bare_kind says that it goes without saying. */
static void
cell_refs(struct table *table, char *const *refs, size_t count, const char *bare_kind)
{
	struct str text;
	size_t len = strlen(bare_kind);

	str_init(&text, CELL_MAX);
	for (size_t i = 0; i < count; i++) {
		bool short_one = len > 0 && strncmp(refs[i], bare_kind, len) == 0;

		str_addf(&text, "%s%s", i ? ", " : "", short_one ? said_bare(refs[i]) : refs[i]);
	}
	table_cell(table, text.data ? text.data : "");
	str_fini(&text);
}

static void
cell_number(struct table *table, bool stated, const char *unit, int decimals, double number)
{
	if (stated)
		table_cellf(table, "%.*f%s", decimals, number, unit);
	else
		table_cell(table, "");
}

/* ---- strategies */

static void
add_area(struct table *table, const Plumb__V1__OutsideStrategy *strategy,
    const Plumb__V1__OutsideArea *area)
{
	table_cell(table, said_bare(strategy->ref));
	table_cell(table, area->title);
	table_cell(table, area->end_state);
	table_cell(table, area->timeframe);
	cell_refs(table, area->answers, area->n_answers, "assessment/");
	table_cell(table, area->lack);
	if (area->lack[0])
		table_colour(table, COLOUR_YELLOW);
}

static void
fill_strategies(struct table *table, const Plumb__V1__OutsideReply *r)
{
	table_column(table, "STRATEGY", 0);
	table_column(table, "CHANGE AREA", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "END STATE", TABLE_WRAP | TABLE_DROP);
	table_column(table, "BY", 0);
	table_column(table, "ANSWERS", TABLE_WRAP | TABLE_WIDE);
	table_column(table, "LACKS", TABLE_WRAP);
	for (size_t i = 0; i < r->n_strategies; i++) {
		const Plumb__V1__OutsideStrategy *strategy = r->strategies[i];

		for (size_t k = 0; k < strategy->n_areas; k++)
			add_area(table, strategy, strategy->areas[k]);
		if (strategy->n_areas > 0)
			continue;
		table_cell(table, said_bare(strategy->ref));
		for (int k = 0; k < 4; k++)
			table_cell(table, "");
		table_cell(table, "no change area");
		table_colour(table, COLOUR_YELLOW);
	}
}

/* ---- influencers */

static const char *
influencer_type(Plumb__V1__Influencer__Type type)
{
	static const char *const names[] = {
	    "", "trend", "competitor", "regulation", "technology", "market", "resource", "habit"};

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "";
}

static const char *
assessment_type(Plumb__V1__Assessment__Type type)
{
	static const char *const names[] = {"", "strength", "weakness", "opportunity", "threat"};

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "";
}

static void
add_assessment(struct table *table, const Plumb__V1__OutsideInfluencer *influencer,
    const Plumb__V1__OutsideAssessment *assessment)
{
	struct str text;

	table_cell(table, influencer->ref[0] ? said_bare(influencer->ref) : "(none)");
	table_cell(table, influencer_type(influencer->type));
	table_cell(table, assessment ? assessment_type(assessment->type) : "");
	table_cell(table, assessment ? assessment->title : "not assessed");
	str_init(&text, CELL_MAX);
	for (size_t i = 0; assessment && i < assessment->n_answered_by; i++)
		str_addf(&text, "%s%s: %s", i ? "; " : "",
		    said_bare(assessment->answered_by[i]->strategy),
		    assessment->answered_by[i]->title);
	if (assessment && assessment->n_answered_by == 0)
		str_add(&text, "nothing");
	table_cell(table, text.data ? text.data : "");
	if (assessment && assessment->n_answered_by == 0)
		table_colour(table, COLOUR_YELLOW);
	str_fini(&text);
}

static void
fill_influencers(struct table *table, const Plumb__V1__OutsideReply *r)
{
	table_column(table, "INFLUENCER", 0);
	table_column(table, "TYPE", TABLE_DROP);
	table_column(table, "MEANS", 0);
	table_column(table, "ASSESSMENT", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "ANSWERED BY", TABLE_WRAP);
	for (size_t i = 0; i < r->n_influencers; i++) {
		const Plumb__V1__OutsideInfluencer *influencer = r->influencers[i];

		for (size_t k = 0; k < influencer->n_assessments; k++)
			add_assessment(table, influencer, influencer->assessments[k]);
		if (influencer->n_assessments == 0)
			add_assessment(table, influencer, NULL);
	}
}

/* ---- moves, risks, scenarios */

static void
fill_moves(struct table *table, const Plumb__V1__OutsideReply *r)
{
	table_column(table, "ON", 0);
	table_column(table, "COMPETITOR", TABLE_WIDE);
	table_column(table, "MOVE", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "AFFECTS", TABLE_WRAP | TABLE_DROP);
	table_column(table, "RESPONSE", TABLE_WRAP);
	table_column(table, "ANSWERED BY", TABLE_WRAP);
	for (size_t i = 0; i < r->n_moves; i++) {
		const Plumb__V1__OutsideMove *move = r->moves[i];

		table_cell(table, move->on);
		table_cell(table, said_bare(move->competitor));
		table_cell(table, move->title[0] ? move->title : said_bare(move->ref));
		cell_refs(table, move->affects, move->n_affects, "");
		table_cell(table, move->response);
		cell_refs(table, move->answered_by, move->n_answered_by, "initiative/");
	}
}

static void
fill_risks(struct table *table, const Plumb__V1__OutsideReply *r)
{
	static const char *const states[] = {"open", "closed", "happened"};

	table_column(table, "RISK", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "STATE", TABLE_WIDE);
	table_column(table, "CHANCE", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "IMPACT", TABLE_RIGHT | TABLE_WIDE);
	table_column(table, "EXPOSURE", TABLE_RIGHT);
	table_column(table, "THREATENS", TABLE_WRAP);
	table_column(table, "MITIGATED BY", TABLE_WRAP);
	for (size_t i = 0; i < r->n_risks; i++) {
		const Plumb__V1__OutsideRisk *risk = r->risks[i];

		table_cell(table, risk->title[0] ? risk->title : said_bare(risk->ref));
		table_cell(table, (size_t)risk->state < 3 ? states[risk->state] : "");
		cell_number(table, risk->probability__case != 0, " %", 0, risk->probability * 100);
		cell_number(table, risk->impact__case != 0, "", 0, risk->impact);
		cell_number(table, risk->exposure__case != 0, "", 2, risk->exposure);
		cell_refs(table, risk->threatens, risk->n_threatens, "");
		cell_refs(table, risk->mitigated_by, risk->n_mitigated_by, "initiative/");
	}
}

static void
fill_scenarios(struct table *table, const Plumb__V1__OutsideReply *r)
{
	table_column(table, "SCENARIO", TABLE_MAIN);
	table_column(table, "ASSUMES", TABLE_WRAP);
	table_column(table, "OF THE OUTSIDE", TABLE_WRAP);
	for (size_t i = 0; i < r->n_scenarios; i++) {
		const Plumb__V1__OutsideScenario *scenario = r->scenarios[i];
		struct str text;

		str_init(&text, CELL_MAX);
		for (size_t k = 0; k < scenario->n_assumptions; k++)
			str_addf(&text, "%s%s", k ? "; " : "", scenario->assumptions[k]);
		table_cell(table, said_bare(scenario->ref));
		table_cell(table, text.data ? text.data : "");
		cell_refs(table, scenario->outside, scenario->n_outside, "");
		str_fini(&text);
	}
}

/* ---- the whole */

static const struct {
	const char *heading;
	const char *none;
	void (*fill)(struct table *table, const Plumb__V1__OutsideReply *r);
} sections[SECTIONS] = {
    [STRATEGIES] = {"Strategies and their change areas", "The plan has no strategy.",
	fill_strategies},
    [INFLUENCERS] = {"What happens, and what it means for us",
	"The plan names no influencer and no assessment.", fill_influencers},
    [MOVES] = {"What competitors did", "The plan names no competitor's move.", fill_moves},
    [RISKS] = {"What may happen", "The plan names no risk.", fill_risks},
    [SCENARIOS] = {"Scenarios", "The plan has no scenario.", fill_scenarios},
};

static bool
show_section(
    struct context *ctx, enum section section, bool heading, const Plumb__V1__OutsideReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	if (heading)
		output_printf(&ctx->out, "%s:\n", sections[section].heading);
	sections[section].fill(table, r);
	if (table_rows(table) > 0 || ctx->out.format == OUTPUT_CSV)
		table_print(table, &ctx->out);
	else
		output_printf(&ctx->out, "%s\n", sections[section].none);
	table_free(table);
	return true;
}

static int
show(struct context *ctx, int only, const Plumb__V1__OutsideReply *r)
{
	if (ctx->out.format != OUTPUT_TABLE && ctx->out.format != OUTPUT_CSV) {
		output_message(&ctx->out, &r->base);
		return EXIT_FINE;
	}
	for (int i = 0; i < SECTIONS; i++) {
		if (only >= 0 && i != only)
			continue;
		if (only < 0 && i > 0)
			output_text(&ctx->out, "\n");
		if (!show_section(ctx, (enum section)i, only < 0, r))
			return context_error(ctx, EXIT_SERVER, "out of memory");
	}
	return EXIT_FINE;
}

/* -1: all; false: no section of that name. */
static bool
take_section(const char *name, int *out)
{
	*out = -1;
	for (int i = 0; name && i < SECTIONS; i++) {
		if (strcmp(section_names[i], name) == 0)
			*out = i;
	}
	return !name || *out >= 0;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__OutsideRequest request;
	const Plumb__V1__OutsideReply *reply;
	const char *name = args->count > 0 ? args->values[0] : NULL;
	Plumb__V1__At at;
	int only;

	plumb__v1__outside_request__init(&request);
	if (!take_section(name, &only))
		return command_usage(args,
		    "'%s' is no part of it: strategies, influencers, moves, risks or scenarios",
		    name);
	if (only < 0 && ctx->out.format == OUTPUT_CSV)
		return command_usage(args,
		    "-o csv shows one part: plumb outside strategies, influencers, moves, risks or "
		    "scenarios");
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Outside", &request.base);
	return reply ? show(ctx, only, reply) : context_fail(ctx);
}

static const struct example examples[] = {
    {"plumb outside", "strategies, influencers, competitors' moves, risks and scenarios"},
    {"plumb outside influencers", "which assessment each change area answers, and which none does"},
    {"plumb outside risks -o csv", "risks by exposure, for a spreadsheet"},
    {"plumb outside --as-of 2026-03-31", "as it was on that day"},
    {0},
};

const struct command cmd_outside = {
    .name = "outside",
    .group = GROUP_READ,
    .arguments = "[PART]",
    .summary = "show what happens outside, and which part of the strategy answers it",
    .help =
	"PART is strategies, influencers, moves, risks or scenarios; without it all are shown. "
	"Each change area of a strategy names the assessments that it answers; assessments say "
	"what an influencer means for us: a strength, weakness, opportunity or threat. The "
	"exposure "
	"of a risk is its chance times its impact (1 to 5). docs/OUTSIDE.md has the definitions; "
	"plumb check --rule horizon has what is missing.",
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
