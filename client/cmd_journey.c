/* plumb journey: the way of customers through their steps, and how they fare. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/bars.h"
#include "client/command.h"
#include "client/context.h"
#include "client/customer.h"
#include "client/journey_svg.h"
#include "client/said.h"
#include "common/pb.h"
#include "common/str.h"

#define LEVELS     5 /* of emotion: +2 to -2 */
#define COLUMN_MAX 6
#define COLUMN_MIN 2
#define LEAD       6
#define SHOWN      3 /* expectations and pieces of work of a step, in the table */
#define TEXT_MAX   (1u << 20)

struct journey {
	struct context *ctx;
	Plumb__V1__JourneyPath **paths;
	size_t count;
	size_t cap;
	size_t steps_cap; /* of the last path */
	const Plumb__V1__JourneySummary *summary;
	const char *since; /* "" not asked */
};

/* ---- asking */

/* A further message of the same journey brings more steps; false: out of memory. */
static bool
take_path(struct journey *j, Plumb__V1__JourneyPath *path)
{
	struct arena *arena = j->ctx->arena;
	Plumb__V1__JourneyPath *last = j->count ? j->paths[j->count - 1] : NULL;
	void *grown;

	if (last && strcmp(last->ref, path->ref) == 0) {
		grown = arena_append(arena, last->steps, last->n_steps, &j->steps_cap, path->steps,
		    path->n_steps, sizeof path->steps[0]);
		if (!grown)
			return false;
		last->steps = grown;
		last->n_steps += path->n_steps;
		return true;
	}
	grown = arena_append(arena, j->paths, j->count, &j->cap, &path, 1, sizeof path);
	if (!grown)
		return false;
	j->paths = grown;
	j->count++;
	j->steps_cap = path->n_steps;
	return true;
}

static bool
ask(struct journey *j, const Plumb__V1__JourneyRequest *request)
{
	struct context *ctx = j->ctx;
	const Plumb__V1__JourneyReply *reply;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Journey", &request->base))
		return false;
	while ((reply = context_next(ctx))) {
		if (reply->path && !take_path(j, reply->path))
			return context_set_error(ctx, ERR_LIMIT, "out of memory");
		if (reply->summary)
			j->summary = reply->summary;
	}
	return ctx->status.err.code == ERR_OK;
}

/* ---- the curve in a terminal */

static bool
knows(const Plumb__V1__PathStep *step)
{
	return step->emotion__case == PLUMB__V1__PATH_STEP__EMOTION__EMOTION;
}

static bool
knew(const Plumb__V1__PathStep *step)
{
	return step->emotion_before__case == PLUMB__V1__PATH_STEP__EMOTION_BEFORE__EMOTION_BEFORE;
}

static const char *
mark_at(const Plumb__V1__PathStep *step, long level)
{
	bool ascii = bars_ascii();

	if (!step->ref[0])
		return " ";
	if (knows(step) && lround(step->emotion) == level)
		return ascii ? "*" : "\xe2\x97\x8f";
	if (knew(step) && lround(step->emotion_before) == level)
		return ascii ? "o" : "\xe2\x97\x8b";
	if (!knows(step) && level == 0)
		return "?";
	return " ";
}

/* A column for each step, under its number in the table; nothing where there is no room for all. */
static void
show_curve(struct context *ctx, const Plumb__V1__JourneyPath *path)
{
	size_t n = path->n_steps;
	size_t width = n ? ((size_t)ctx->out.width - LEAD) / n : 0;
	struct str text;

	if (path->not_ordered[0] || ctx->out.width <= LEAD || width < COLUMN_MIN)
		return;
	if (width > COLUMN_MAX)
		width = COLUMN_MAX;
	str_init(&text, TEXT_MAX);
	for (long level = LEVELS / 2; level >= -(LEVELS / 2); level--) {
		str_addf(&text, "%*s%ld ", LEAD - 3,
		    level > 0   ? "+"
		    : level < 0 ? "-"
				: " ",
		    labs(level));
		str_add(&text, bars_ascii() ? "|" : "\xe2\x94\x82");
		for (size_t i = 0; i < n; i++) {
			str_addf(&text, "%*s", (int)width - 1, "");
			str_add(&text, mark_at(path->steps[i], level));
		}
		str_add_char(&text, '\n');
	}
	str_addf(&text, "%*s", LEAD, "");
	for (size_t i = 0; i < n; i++)
		str_addf(&text, "%*zu", (int)width, (i + 1) % (width > COLUMN_MIN ? 1000 : 10));
	str_add(&text, "\n\n");
	output_text(&ctx->out, text.data);
	str_fini(&text);
}

/* ---- the table */

static void
cell_emotion(struct table *table, const struct journey *j, const Plumb__V1__PathStep *step)
{
	char now[CUSTOMER_EMOTION], before[CUSTOMER_EMOTION];
	const char *state = customer_value_state(step->value_state);
	bool lost = step->value_state == PLUMB__V1__STEP__VALUE_STATE__LOST;

	customer_emotion(knows(step), step->emotion, now);
	customer_emotion(knew(step), step->emotion_before, before);
	if (j->since[0] && strcmp(now, before) != 0)
		table_cellf(table, "%s was %s%s%s", now, before, state[0] ? ", " : "", state);
	else
		table_cellf(table, "%s%s%s", now, state[0] ? ", " : "", state);
	if (lost || (knows(step) && step->emotion < 0))
		table_colour(table, COLOUR_RED);
}

static void
add_rest(struct str *text, size_t all, uint32_t more)
{
	if (all > SHOWN || more)
		str_addf(text, "; %zu more", all - SHOWN + more);
}

/* "Fast answer 9/4": importance and how well it is met. */
static void
cell_expectations(struct table *table, const Plumb__V1__PathStep *step)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < step->n_expectations && i < SHOWN; i++) {
		const Plumb__V1__PathExpectation *e = step->expectations[i];

		str_addf(&text, "%s%s ", i ? "; " : "", e->title[0] ? e->title : e->ref);
		if (e->importance__case == PLUMB__V1__PATH_EXPECTATION__IMPORTANCE__IMPORTANCE)
			str_addf(&text, "%.3g/", e->importance);
		else
			str_add(&text, "?/");
		if (e->met__case == PLUMB__V1__PATH_EXPECTATION__MET__MET)
			str_addf(&text, "%.3g", e->met);
		else
			str_add(&text, "?");
		if (e->met_before__case == PLUMB__V1__PATH_EXPECTATION__MET_BEFORE__MET_BEFORE &&
		    fabs(e->met_before - e->met) > 0)
			str_addf(&text, " (was %.3g)", e->met_before);
	}
	add_rest(&text, step->n_expectations, step->more_expectations);
	table_cell(table, text.data);
	str_fini(&text);
}

static void
cell_work(struct table *table, const struct context *ctx, const Plumb__V1__PathStep *step)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < step->n_work && i < SHOWN; i++)
		str_addf(&text, "%s%s", i ? ", " : "",
		    output_short_ref(&ctx->out, 200, step->work[i]->ref, "initiative"));
	add_rest(&text, step->n_work, step->more_work);
	table_cell(table, text.data);
	str_fini(&text);
}

static void
cell_holes(struct table *table, const Plumb__V1__PathStep *step)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < step->n_holes; i++)
		str_addf(&text, "%s%s", i ? "; " : "", customer_hole(step->holes[i]));
	table_cell(table, text.data);
	table_colour(table, COLOUR_YELLOW);
	str_fini(&text);
}

static void
add_stage(struct table *table, const Plumb__V1__PathStep *step)
{
	table_cell(table, "");
	table_cell(table, step->stage_title[0] ? step->stage_title : step->stage);
	table_colour(table, COLOUR_BOLD);
	for (int i = 0; i < 6; i++)
		table_cell(table, i == 5 && !step->ref[0] ? "the stage has no steps" : "");
}

static bool
show_table(struct journey *j, const Plumb__V1__JourneyPath *path)
{
	struct context *ctx = j->ctx;
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "#", TABLE_RIGHT);
	table_column(table, "STEP", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "MET BY", TABLE_WRAP);
	table_column(table, "FEELS", TABLE_WRAP);
	table_column(table, "EXPECTED", TABLE_WRAP);
	table_column(table, "MEASURE", TABLE_WRAP | TABLE_DROP);
	table_column(table, "WORK", TABLE_WRAP);
	table_column(table, "LACKS", TABLE_WRAP);
	for (size_t i = 0; i < path->n_steps; i++) {
		const Plumb__V1__PathStep *step = path->steps[i];

		if (i == 0 || strcmp(path->steps[i - 1]->stage, step->stage) != 0)
			add_stage(table, step);
		if (!step->ref[0])
			continue;
		table_cellf(table, "%zu", i + 1);
		table_cell(table, step->title[0] ? step->title : step->ref);
		table_cell(table, said_bare(step->met_by));
		cell_emotion(table, j, step);
		cell_expectations(table, step);
		table_cell(table, said_bare(step->judged_by));
		cell_work(table, ctx, step);
		cell_holes(table, step);
	}
	if (path->n_steps)
		table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
show_list(struct context *ctx, const char *lead, char **list, size_t count, const char *none)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i ? ", " : "", list[i]);
	if (!count)
		str_add(&text, none);
	str_add_char(&text, '.');
	output_wrap(&ctx->out, lead, text.data);
	str_fini(&text);
}

/* ---- as it shall become */

static void
cell_change(struct table *table, const Plumb__V1__StepChange *change)
{
	char now[CUSTOMER_EMOTION], then[CUSTOMER_EMOTION];
	const char *was = customer_value_state(change->value_as_is);
	const char *is = customer_value_state(change->value_to_be);

	customer_emotion(
	    change->emotion_as_is__case == PLUMB__V1__STEP_CHANGE__EMOTION_AS_IS__EMOTION_AS_IS,
	    change->emotion_as_is, now);
	customer_emotion(
	    change->emotion_to_be__case == PLUMB__V1__STEP_CHANGE__EMOTION_TO_BE__EMOTION_TO_BE,
	    change->emotion_to_be, then);
	table_cellf(table, "%s%s%s", change->as_is[0] ? now : "", was[0] ? " " : "", was);
	table_cellf(table, "%s%s%s", change->to_be[0] ? then : "", is[0] ? " " : "", is);
}

static void
cell_differences(struct table *table, const Plumb__V1__StepChange *change)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	if (!change->as_is[0])
		str_add(&text, "new");
	if (!change->to_be[0])
		str_add(&text, "not in it");
	for (size_t i = 0; i < change->n_differences; i++) {
		const Plumb__V1__StepDifference *d = change->differences[i];

		str_addf(&text, "%s%s: %s -> %s", i ? "; " : "", d->field,
		    d->from[0] ? d->from : "nothing", d->to[0] ? d->to : "nothing");
	}
	table_cell(table, text.data);
	str_fini(&text);
}

static bool
show_target(struct context *ctx, const Plumb__V1__JourneyTarget *target)
{
	struct table *table = table_new();

	if (!table)
		return false;
	output_text(&ctx->out, "\n");
	output_printf(&ctx->out, "As it shall become: %s  %s\n", target->ref, target->title);
	table_column(table, "NOW", TABLE_WRAP);
	table_column(table, "TO BE", TABLE_MAIN | TABLE_WRAP);
	table_column(table, "FEELS", 0);
	table_column(table, "SHALL", 0);
	table_column(table, "DIFFERENCE", TABLE_WRAP);
	for (size_t i = 0; i < target->n_changes; i++) {
		table_cell(table, said_bare(target->changes[i]->as_is));
		table_cell(table, said_bare(target->changes[i]->to_be));
		cell_change(table, target->changes[i]);
		cell_differences(table, target->changes[i]);
	}
	if (target->n_changes)
		table_print(table, &ctx->out);
	table_free(table);
	if (target->more_changes)
		output_printf(&ctx->out, "%" PRIu32 " more steps differ.\n", target->more_changes);
	if (target->not_ordered[0])
		output_wrap(&ctx->out, "", target->not_ordered);
	show_list(ctx, "Helped to shape it: ", target->shaped_by, target->n_shaped_by,
	    "nobody of the customers");
	if (target->n_others)
		show_list(
		    ctx, "Improved by further journeys: ", target->others, target->n_others, "");
	return true;
}

/* ---- showing */

static bool
show_path(struct journey *j, const Plumb__V1__JourneyPath *path)
{
	struct context *ctx = j->ctx;

	output_coloured(&ctx->out, COLOUR_BOLD, path->ref);
	output_beside(&ctx->out, strlen(path->ref), 2,
	    arena_printf(ctx->arena, "%s%s", path->title,
		path->state == PLUMB__V1__JOURNEY__STATE__TO_BE ? "  [to be]" : ""));
	show_list(ctx, "Taken by: ", path->segments, path->n_segments, "all customers alike");
	if (path->state == PLUMB__V1__JOURNEY__STATE__TO_BE)
		show_list(ctx, "Helped to shape it: ", path->shaped_by, path->n_shaped_by,
		    "nobody of the customers");
	if (path->not_ordered[0])
		output_wrap(&ctx->out, "", path->not_ordered);
	output_text(&ctx->out, "\n");
	show_curve(ctx, path);
	return show_table(j, path) && (!path->target || show_target(ctx, path->target));
}

static void
cell_joined(struct table *table, char **list, size_t count)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i ? " " : "", list[i]);
	table_cell(table, text.data);
	str_fini(&text);
}

static void
add_csv(struct table *table, const Plumb__V1__JourneyPath *path, const Plumb__V1__PathStep *step)
{
	const Plumb__V1__PathExpectation *best =
	    step->n_expectations ? step->expectations[0] : NULL;
	struct str text;

	table_cell(table, path->ref);
	table_cell(table, step->stage);
	table_cell(table, step->ref);
	table_cell(table, step->title);
	table_cell(table, step->touchpoint);
	table_cell(table, step->met_by);
	table_cell(table, step->judged_by);
	cell_joined(table, step->owners, step->n_owners);
	cell_joined(table, step->backstage, step->n_backstage);
	if (knows(step))
		table_cellf(table, "%.10g", step->emotion);
	else
		table_cell(table, "");
	if (knew(step))
		table_cellf(table, "%.10g", step->emotion_before);
	else
		table_cell(table, "");
	table_cell(table, customer_value_state(step->value_state));
	table_cellf(table, "%zu", step->n_expectations + step->more_expectations);
	table_cellf(table, "%" PRIu32, step->unanswered);
	if (best &&
	    best->opportunity__case == PLUMB__V1__PATH_EXPECTATION__OPPORTUNITY__OPPORTUNITY)
		table_cellf(table, "%.10g", best->opportunity);
	else
		table_cell(table, "");
	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < step->n_work; i++)
		str_addf(&text, "%s%s", i ? " " : "", step->work[i]->ref);
	table_cell(table, text.data);
	str_reset(&text);
	for (size_t i = 0; i < step->n_holes; i++)
		str_addf(&text, "%s%s", i ? "; " : "", customer_hole(step->holes[i]));
	table_cell(table, text.data);
	str_fini(&text);
}

static bool
show_csv(struct journey *j)
{
	static const char *const titles[] = {"JOURNEY", "STAGE", "STEP", "TITLE", "TOUCHPOINT",
	    "MET BY", "JUDGED BY", "OWNERS", "BACKSTAGE", "EMOTION", "EMOTION BEFORE",
	    "VALUE STATE", "EXPECTATIONS", "UNANSWERED", "OPPORTUNITY", "WORK", "LACKS"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < j->count; i++) {
		for (size_t k = 0; k < j->paths[i]->n_steps; k++)
			add_csv(table, j->paths[i], j->paths[i]->steps[k]);
	}
	table_print(table, &j->ctx->out);
	table_free(table);
	return true;
}

/* As the daemon says it, each journey in one piece. */
static void
show_messages(struct journey *j)
{
	Plumb__V1__JourneyReply reply;

	output_list_begin(&j->ctx->out);
	plumb__v1__journey_reply__init(&reply);
	for (size_t i = 0; i < j->count; i++) {
		reply.path = j->paths[i];
		output_list_add(&j->ctx->out, &reply.base);
	}
	plumb__v1__journey_reply__init(&reply);
	reply.summary = (Plumb__V1__JourneySummary *)(uintptr_t)j->summary;
	output_list_add(&j->ctx->out, &reply.base);
	output_list_end(&j->ctx->out);
}

static bool
show(struct journey *j)
{
	const Plumb__V1__JourneySummary *s = j->summary;

	if (j->ctx->out.format == OUTPUT_CSV)
		return show_csv(j);
	if (j->ctx->out.format != OUTPUT_TABLE) {
		show_messages(j);
		return true;
	}
	for (size_t i = 0; i < j->count; i++) {
		if (i)
			output_text(&j->ctx->out, "\n");
		if (!show_path(j, j->paths[i]))
			return false;
	}
	if (j->count > 0) {
		output_text(&j->ctx->out, "\n");
		output_wrap(&j->ctx->out, "",
		    "EXPECTED: how important it is / how well it is met, 0 to 10. Which experience "
		    "says so: plumb journey --segment SEGMENT -o json.");
	}
	customer_ends(j->ctx, s->loose, s->n_loose, s->more_loose, s->notes, s->n_notes);
	return true;
}

static int
put_picture(struct journey *j, const char *path)
{
	struct svg svg;
	int code;

	if (j->count != 1)
		return context_error(j->ctx, EXIT_USAGE,
		    "a picture is of one journey, and %zu are shown: name one, plumb journey "
		    "JOURNEY "
		    "--svg FILE",
		    j->count);
	code = journey_svg(j->paths[0], j->since, 0, &svg)
		   ? svg_put(j->ctx, &svg, path)
		   : context_error(j->ctx, EXIT_SERVER, "out of memory");
	svg_fini(&svg);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__JourneyRequest request;
	struct journey j = {.ctx = ctx};
	const char *segment = args_get(args, "segment");
	const char *svg = args_get(args, "svg");
	const char *refs[2] = {NULL, NULL};
	Plumb__V1__At at;
	int code;

	plumb__v1__journey_request__init(&request);
	if ((code = args_date(args, "since", &request.since)) != EXIT_FINE)
		return code;
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	if (args->count > 0 && !(refs[0] = context_ref(ctx, args->values[0], "journey")))
		return context_fail(ctx);
	if (segment && !(refs[1] = context_ref(ctx, segment, "segment")))
		return context_fail(ctx);
	request.at = &at;
	request.journey = pb_str(refs[0] ? refs[0] : "");
	request.segment = pb_str(refs[1] ? refs[1] : "");
	request.to_be = args_has(args, "to-be");
	j.since = request.since;
	if (!ask(&j, &request))
		return customer_fail(ctx, refs, 2);
	if (!j.summary)
		return context_error(ctx, EXIT_SERVER, "plumbd's answer has no end");
	if (!(svg && strcmp(svg, "-") == 0) && !show(&j))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return svg ? put_picture(&j, svg) : EXIT_FINE;
}

static const struct option options[] = {
    {0, "segment", "SEGMENT", "what this segment lives and expects (default: all that take it)",
	NULL},
    {0, "since", "DATE", "with how it was by then", NULL},
    {0, "to-be", NULL, "beside the journey as it shall become", NULL},
    SVG_OPTION("a picture of the curve beside; - for it alone"),
    {0},
};

static const struct example examples[] = {
    {"plumb journey", "all journeys as they are"},
    {"plumb journey onboarding --segment portfolio --since 2026-01-01",
	"what one segment lives through, and what changed since January"},
    {"plumb journey onboarding --to-be", "and as it shall become, step beside step"},
    {"plumb journey onboarding --svg onboarding.svg", "with a picture of the curve"},
    {0},
};

const struct command cmd_journey = {
    .name = "journey",
    .group = GROUP_READ,
    .arguments = "[JOURNEY]",
    .summary = "show the way of customers through their steps, and how they fare",
    .help =
	"The stages and steps of a journey in order: who meets the customers, how it feels to them "
	"(-2 bad to +2 good) and whether they gain, keep or lose value, what they expect "
	"(importance/how well it is met, 0 to 10, the best opportunity first), the measure by "
	"which "
	"that team is judged, the open work on it, and what the step lacks. The newest experience "
	"of the segment or of everybody says how it feels; of several segments it is their mean."
	"\n\n"
	"docs/CUSTOMERS.md has the definitions; plumb ecosystem shows who contributes what.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
