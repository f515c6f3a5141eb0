/* plumb whatif compare: the plan beside scenarios, and what choosing each may cost. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cmd_whatif.h"
#include "client/command.h"
#include "client/context.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/whatif.pb-c.h"

#define DASH        "\xe2\x80\x93"
#define MOST_DIFFER 10u
#define MOST_KEYS   3u
#define MOST_DRAWS  100000u

typedef Plumb__V1__WhatIfCourse Course;
typedef Plumb__V1__WhatIfCell Cell;
typedef Plumb__V1__WhatIfRow Row;

/* All that WhatIf has streamed. */
struct all {
	Plumb__V1__WhatIfReply reply;
	size_t courses_cap;
	size_t rows_cap;
};

/* ---- asking */

/* Appends pointers to a list of pointers in the arena. */
static bool
append(struct context *ctx, void ***list, size_t *count, size_t *cap, void *const *more, size_t n)
{
	if (*count + n > *cap) {
		void **grown;

		*cap = (*count + n) * 2;
		grown = arena_array(ctx->arena, *cap, sizeof grown[0]);
		if (!grown)
			return err_oom(&ctx->status.err);
		if (*count > 0)
			memcpy(grown, *list, *count * sizeof grown[0]);
		*list = grown;
	}
	if (n > 0)
		memcpy(*list + *count, more, n * sizeof more[0]);
	*count += n;
	return true;
}

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__WhatIfReply *part)
{
	void **courses = (void **)all->reply.courses, **rows = (void **)all->reply.rows;
	size_t c = all->reply.n_courses, r = all->reply.n_rows;

	if (!append(ctx, &courses, &c, &all->courses_cap, (void *const *)part->courses,
		part->n_courses) ||
	    !append(ctx, &rows, &r, &all->rows_cap, (void *const *)part->rows, part->n_rows))
		return false;
	all->reply = *part;
	all->reply.courses = (Course **)courses;
	all->reply.n_courses = c;
	all->reply.rows = (Row **)rows;
	all->reply.n_rows = r;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__WhatIfRequest *request, struct all *all)
{
	const Plumb__V1__WhatIfReply *part;
	struct progress *progress;
	bool ok = true;

	plumb__v1__what_if_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "WhatIf", &request->base))
		return false;
	progress = progress_new("comparing");
	progress_update(progress, 0);
	while (ok && (part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__WHAT_IF_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		else
			ok = add(ctx, all, part);
	}
	progress_free(progress);
	return ok && ctx->status.err.code == ERR_OK;
}

/* ---- words */

static const char *
name_of(const Course *course)
{
	return course->scenario[0] ? course->scenario : "the plan";
}

static bool
knows_chance(const Cell *cell)
{
	return cell->chance__case == PLUMB__V1__WHAT_IF_CELL__CHANCE__CHANCE;
}

/* A figure, and by how much it differs from the plan's. */
static void
cell_figure(struct table *table, double value, double plan, int digits, bool more_is_better)
{
	double difference = value - plan;
	char text[40];

	if (fabs(difference) < 0.5 * pow(10, -digits)) {
		table_cellf(table, "%.*f", digits, value);
		return;
	}
	snprintf(text, sizeof text, "%.*f (%+.*f)", digits, value, digits, difference);
	table_cell(table, text);
	if ((difference > 0) != more_is_better)
		table_colour(table, COLOUR_RED);
}

static void
add_course(struct table *table, const Course *c, const Course *plan)
{
	table_cell(table, name_of(c));
	cell_figure(table, c->score, plan->score, 1, true);
	cell_figure(table, c->errors, plan->errors, 0, false);
	cell_figure(table, c->warnings, plan->warnings, 0, false);
	cell_figure(table, c->over, plan->over, 0, false);
	cell_figure(table, c->highest * 100, plan->highest * 100, 0, false);
	table_cellf(table, "%" PRIu32 "/%" PRIu32, c->above, c->ranked);
	cell_figure(table, c->late, plan->late, 0, false);
	cell_figure(table, c->in_time, plan->in_time, 1, true);
	if (c->objectives > 0)
		cell_figure(table, c->objectives_met, plan->objectives_met, 1, true);
	else
		table_cell(table, "?");
	table_cell(table, c->best_p80[0] ? c->best_p80 : "later");
}

static bool
show_courses(struct context *ctx, const Plumb__V1__WhatIfReply *r)
{
	static const char *const titles[] = {
	    "SCORE", "ERRORS", "WARNINGS", "OVER", "HIGHEST %", "ABOVE", "LATE", "IN TIME", "MET"};
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "COURSE", TABLE_SHRINK | TABLE_MAIN);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(
		    table, titles[i], TABLE_RIGHT | (i == 2 || i == 4 || i == 8 ? TABLE_DROP : 0));
	table_column(table, "BEST P80", 0);
	for (size_t i = 0; i < r->n_courses; i++)
		add_course(table, r->courses[i], r->courses[0]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static void
say(struct context *ctx, const char *lead, struct str *text)
{
	output_wrap(&ctx->out, lead, text->data ? text->data : "");
	str_fini(text);
	str_init(text, 4000);
}

static void
say_keys(
    struct str *text, const char *what, Plumb__V1__Finding *const *list, size_t count, uint32_t all)
{
	if (all == 0)
		return;
	str_addf(text, " %" PRIu32 " finding%s %s: ", all, all == 1 ? "" : "s", what);
	for (size_t i = 0; i < count && i < MOST_KEYS; i++)
		str_addf(text, "%s%s", i > 0 ? ", " : "", list[i]->key);
	str_add(text, all > MOST_KEYS ? ", and more." : ".");
}

/* What it assumes, which findings it brings, and what of it does not fit. */
static void
show_scenario(struct context *ctx, const Course *c)
{
	struct str text;

	str_init(&text, 4000);
	str_addf(&text, "%s (%" PRIu32 " change%s)", c->scenario, c->changes,
	    c->changes == 1 ? "" : "s");
	if (c->title[0] && strcmp(c->title, c->scenario) != 0)
		str_addf(&text, ": %s", c->title);
	for (size_t i = 0; i < c->n_assumptions; i++)
		str_addf(&text, "%s %s", i == 0 ? "; assumes:" : ",", c->assumptions[i]);
	str_add(&text, ".");
	if (c->findings) {
		say_keys(&text, "more", c->findings->appeared, c->findings->n_appeared,
		    c->findings->appeared_count);
		say_keys(
		    &text, "gone", c->findings->gone, c->findings->n_gone, c->findings->gone_count);
		if (c->findings->appeared_count + c->findings->gone_count == 0)
			str_add(&text, " The findings are the same.");
	}
	if (c->conflicts > 0)
		str_addf(&text,
		    " %" PRIu64 " of its changes no longer fit%s: plumb whatif conflicts %s",
		    c->conflicts, c->conflicts == 1 ? "s" : "", c->scenario);
	say(ctx, "", &text);
	str_fini(&text);
}

/* ---- what differs most */

struct difference {
	const Row *row;
	size_t course;
	double chance; /* by how much, without its sign */
	int64_t days;
};

static int64_t
day_of(const char *text, int64_t otherwise)
{
	int32_t day;

	return text[0] && date_parse(text, &day) ? day : otherwise;
}

static int
by_size(const void *pa, const void *pb)
{
	const struct difference *a = pa, *b = pb;

	if (a->chance > b->chance || a->chance < b->chance)
		return a->chance > b->chance ? -1 : 1;
	return (a->days < b->days) - (a->days > b->days);
}

/* One that only one of them has differs by all that it has. */
static struct difference
differs(const Plumb__V1__WhatIfReply *r, const Row *row, size_t course)
{
	const Cell *a = row->cells[0], *b = row->cells[course];
	struct difference d = {.row = row, .course = course};
	int64_t behind = day_of(r->courses[course]->until, 0) + 1;

	d.chance = fabs((knows_chance(a) ? a->chance : 0) - (knows_chance(b) ? b->chance : 0));
	if (a->is_there && b->is_there)
		d.days = llabs(day_of(a->finish, behind) - day_of(b->finish, behind));
	else
		d.days = a->is_there != b->is_there;
	return d;
}

static void
cell_both(struct table *table, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		table_cell(table, a);
	else
		table_cellf(table, "%s > %s", a, b);
}

static void
cell_dates(struct table *table, const Cell *a, const Cell *b, const char *from, const char *to)
{
	const char *old = !a->is_there ? DASH : from[0] ? from : "later";
	const char *new = !b->is_there ? DASH : to[0] ? to : "later";

	cell_both(table, old, new);
}

static void
chance_text(const Cell *cell, char text[16])
{
	if (!cell->is_there)
		snprintf(text, 16, "%s", DASH);
	else if (!knows_chance(cell))
		snprintf(text, 16, "?");
	else
		snprintf(text, 16, "%.0f%%", cell->chance * 100);
}

static void
add_difference(struct table *table, const Plumb__V1__WhatIfReply *r, const Row *row, size_t course)
{
	const Cell *a = row->cells[0], *b = row->cells[course];
	bool aims = strncmp(row->ref, "objective/", 10) == 0;
	char old[16], new[16];

	table_cell(table, name_of(r->courses[course]));
	table_cell(table, row->ref);
	if (aims)
		table_cell(table, "");
	else
		cell_dates(table, a, b, a->finish, b->finish);
	if (aims)
		table_cell(table, "");
	else
		cell_dates(table, a, b, a->p80, b->p80);
	chance_text(a, old);
	chance_text(b, new);
	cell_both(table, old, new);
}

static struct table *
new_differences(void)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "SCENARIO", TABLE_SHRINK);
	table_column(table, "WHAT", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "FINISH", 0);
	table_column(table, "P80", TABLE_DROP);
	table_column(table, "CHANCE", TABLE_RIGHT);
	return table;
}

/* The first so many, by size; all of them where all is wanted, in the order of the rows. */
static bool
show_differences(struct context *ctx, const Plumb__V1__WhatIfReply *r, bool all)
{
	struct difference *list =
	    arena_array(ctx->arena, r->n_rows * r->n_courses + 1, sizeof *list);
	struct table *table = new_differences();
	size_t count = 0, most;

	if (!list || !table) {
		table_free(table);
		return false;
	}
	for (size_t i = 0; i < r->n_rows; i++) {
		for (size_t c = 1; c < r->n_courses; c++) {
			struct difference d = differs(r, r->rows[i], c);

			if (all || d.chance >= 0.005 || d.days > 0)
				list[count++] = d;
		}
	}
	if (!all)
		qsort(list, count, sizeof *list, by_size);
	most = all || count < MOST_DIFFER ? count : MOST_DIFFER;
	for (size_t i = 0; i < most; i++)
		add_difference(table, r, list[i].row, list[i].course);
	if (count == 0)
		output_text(&ctx->out, "\nNo date and no chance differs from the plan's.\n");
	else
		output_printf(&ctx->out, "\n%s\n",
		    all ? "Dates and chances, the plan's first:"
			: "What differs most, the plan's first:");
	if (count > 0)
		table_print(table, &ctx->out);
	if (most < count)
		output_printf(
		    &ctx->out, "and %zu more: plumb whatif compare --all\n", count - most);
	table_free(table);
	return true;
}

/* ---- regret */

/* Findings, periods and days are whole. */
static int
digits_of(const Plumb__V1__WhatIfCriterion *criterion)
{
	static const char *const parts[] = {"score", "above", "in-time", "objectives"};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (strcmp(criterion->name, parts[i]) == 0)
			return 2;
	return 0;
}

static bool
show_regret(struct context *ctx, const Plumb__V1__WhatIfReply *r)
{
	struct table *table = table_new();
	struct str text;

	if (!table)
		return false;
	table_column(table, "REGRET", TABLE_SHRINK | TABLE_MAIN);
	for (size_t k = 0; k < r->n_criteria; k++)
		table_column(table, r->criteria[k]->name, TABLE_RIGHT);
	table_column(table, "WORST", TABLE_RIGHT);
	table_column(table, "MEAN", TABLE_RIGHT);
	for (size_t c = 0; c < r->n_courses; c++) {
		table_cell(table, name_of(r->courses[c]));
		for (size_t k = 0; k < r->n_criteria; k++)
			table_cellf(
			    table, "%.*f", digits_of(r->criteria[k]), r->criteria[k]->regrets[c]);
		table_cellf(table, "%.0f%%", r->worst[c] * 100);
		table_cellf(table, "%.0f%%", r->mean[c] * 100);
	}
	output_text(&ctx->out, "\n");
	table_print(table, &ctx->out);
	table_free(table);
	str_init(&text, 4000);
	str_addf(&text,
	    "What each gives away beside the best of all: 0 is the best. WORST and MEAN are of "
	    "these, as shares of the range from worst to best. The smallest WORST, of several the "
	    "smallest MEAN, has %s.",
	    name_of(r->courses[r->least]));
	say(ctx, "", &text);
	str_fini(&text);
	return true;
}

static void
show_fragile(struct context *ctx, const Plumb__V1__WhatIfReply *r)
{
	const char *lead =
	    "horizon/fragile: in time with a chance of at least one half in too few of the "
	    "scenarios that have it:";
	struct str text;
	uint32_t told = 0;

	if (r->findings_count == 0)
		return;
	str_init(&text, 4000);
	str_add(&text, lead);
	for (size_t i = 0; i < r->n_rows && told < MOST_DIFFER; i++) {
		const Row *row = r->rows[i];

		for (size_t f = 0; f < r->n_findings; f++)
			if (strcmp(r->findings[f]->subjects[0], row->ref) == 0)
				str_addf(&text, "%s %s (%" PRIu32 " of %" PRIu32 ")",
				    told++ > 0 ? "," : "", row->ref, row->holds, row->scenarios);
	}
	if (told < r->findings_count)
		str_addf(&text, ", and %" PRIu32 " more", r->findings_count - told);
	str_add(&text, ".");
	output_text(&ctx->out, "\n");
	say(ctx, "", &text);
	str_fini(&text);
}

static void
show_end(struct context *ctx, const Plumb__V1__WhatIfReply *r)
{
	struct str text;

	str_init(&text, 4000);
	output_text(&ctx->out, "\n");
	str_add(&text, "OVER: periods in which somebody is asked for more than they can give. "
		       "ABOVE: ranked initiatives above the line. LATE: "
		       "end after they are due, or not in the time that is planned. IN TIME: "
		       "chances to be in time, added up.");
	if (r->n_best > 0)
		str_add(&text, " BEST P80: by then");
	for (size_t i = 0; i < r->n_best; i++)
		str_addf(&text, "%s %s", i > 0 ? "," : "", r->best[i]);
	if (r->n_best > 0)
		str_add(&text, " are done in four of five draws.");
	str_addf(
	    &text, " %" PRIu32 " draws, seed %" PRIu64 ", the same for all.", r->draws, r->seed);
	say(ctx, "", &text);
	str_fini(&text);
}

static bool
show_table(struct context *ctx, const Plumb__V1__WhatIfReply *r, bool all)
{
	if (!show_courses(ctx, r))
		return false;
	output_text(&ctx->out, "\n");
	for (size_t c = 1; c < r->n_courses; c++)
		show_scenario(ctx, r->courses[c]);
	if (!show_differences(ctx, r, all) || !show_regret(ctx, r))
		return false;
	show_fragile(ctx, r);
	show_end(ctx, r);
	return true;
}

/* ---- for programs */

static void
add_line(struct table *table, const Course *course, const Row *row, const Cell *cell)
{
	table_cell(table, course->scenario);
	table_cell(table, row->ref);
	if (cell->rank > 0)
		table_cellf(table, "%" PRIu32, cell->rank);
	else
		table_cell(table, "");
	table_cell(table, cell->due);
	table_cell(table, cell->finish);
	table_cellf(table, "%" PRId32, cell->late_days);
	table_cell(table, cell->p80);
	if (knows_chance(cell))
		table_cellf(table, "%.4f", cell->chance);
	else
		table_cell(table, "");
	table_cell(table, row->title);
}

static void
list_rows(struct table *table, const Plumb__V1__WhatIfReply *r)
{
	static const char *const titles[] = {
	    "SCENARIO", "REF", "RANK", "DUE", "FINISH", "LATE_DAYS", "P80", "CHANCE", "TITLE"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_rows; i++)
		for (size_t c = 0; c < r->n_courses; c++)
			if (r->rows[i]->cells[c]->is_there)
				add_line(table, r->courses[c], r->rows[i], r->rows[i]->cells[c]);
}

static void
list_courses(struct table *table, const Plumb__V1__WhatIfReply *r)
{
	static const char *const titles[] = {"SCENARIO", "CHANGES", "CONFLICTS", "ERRORS",
	    "WARNINGS", "NOTES", "SCORE", "OVER", "HIGHEST", "INITIATIVES", "RANKED", "ABOVE",
	    "LATE", "LINE", "IN_TIME", "OBJECTIVES_MET", "BEST_P80", "WORST_REGRET", "MEAN_REGRET"};

	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_courses; i++) {
		const Course *c = r->courses[i];

		table_cell(table, c->scenario);
		table_cellf(table, "%" PRIu32, c->changes);
		table_cellf(table, "%" PRIu64, c->conflicts);
		table_cellf(table, "%" PRIu32, c->errors);
		table_cellf(table, "%" PRIu32, c->warnings);
		table_cellf(table, "%" PRIu32, c->notes);
		table_cellf(table, "%.2f", c->score);
		table_cellf(table, "%" PRIu32, c->over);
		table_cellf(table, "%.4f", c->highest);
		table_cellf(table, "%" PRIu32, c->initiatives);
		table_cellf(table, "%" PRIu32, c->ranked);
		table_cellf(table, "%" PRIu32, c->above);
		table_cellf(table, "%" PRIu32, c->late);
		table_cell(table, c->line);
		table_cellf(table, "%.4f", c->in_time);
		table_cellf(table, "%.4f", c->objectives_met);
		table_cell(table, c->best_p80);
		table_cellf(table, "%.4f", r->worst[i]);
		table_cellf(table, "%.4f", r->mean[i]);
	}
}

static bool
show(struct context *ctx, const Plumb__V1__WhatIfReply *r, bool all)
{
	struct table *table;

	if (ctx->out.format == OUTPUT_TABLE)
		return show_table(ctx, r, all);
	if (ctx->out.format != OUTPUT_CSV) {
		output_message(&ctx->out, &r->base);
		return true;
	}
	table = table_new();
	if (!table)
		return false;
	if (all)
		list_rows(table, r);
	else
		list_courses(table, r);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

/* ---- the command */

/* Those that are named, each there; else all. */
static bool
find_scenarios(struct context *ctx, const struct args *args, Plumb__V1__WhatIfRequest *request)
{
	Plumb__V1__ListRequest list;
	const Plumb__V1__ListReply *reply;
	size_t count = args->count;

	request->scenarios = arena_array(ctx->arena, count + 1, sizeof request->scenarios[0]);
	for (size_t i = 0; request->scenarios && i < count; i++) {
		const char *name = args->values[i];

		name = strncmp(name, "scenario/", 9) == 0 ? name + 9 : name;
		request->scenarios[i] = pb_str(context_ref(ctx, name, "scenario"));
		if (!request->scenarios[i])
			return false;
	}
	request->n_scenarios = count;
	if (!request->scenarios || count > 0)
		return request->scenarios || err_oom(&ctx->status.err);
	plumb__v1__list_request__init(&list);
	list.at = request->at;
	list.filter = pb_str("kind:scenario");
	list.page_size = 1000;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &list.base);
	if (!reply)
		return false;
	request->scenarios =
	    arena_array(ctx->arena, reply->n_entries + 1, sizeof request->scenarios[0]);
	for (size_t i = 0; request->scenarios && i < reply->n_entries; i++)
		request->scenarios[request->n_scenarios++] = reply->entries[i]->ref;
	return request->scenarios || err_oom(&ctx->status.err);
}

static int
read_request(const struct args *args, Plumb__V1__WhatIfRequest *request)
{
	const char *until = args_get(args, "until"), *draws = args_get(args, "draws");
	const char *seed = args_get(args, "seed");
	uint64_t number = 0;
	int32_t date;

	plumb__v1__what_if_request__init(request);
	if (until && !date_parse(until, &date))
		return command_usage(args, "--until takes a date like 2026-12-31; not '%s'", until);
	if (draws && !parse_u64(draws, 100, MOST_DRAWS, &number))
		return command_usage(
		    args, "--draws takes a number from 100 to %u; not '%s'", MOST_DRAWS, draws);
	request->draws = (uint32_t)number;
	if (seed && !parse_u64(seed, 0, UINT64_MAX, &request->seed))
		return command_usage(args, "--seed takes a number; not '%s'", seed);
	if (seed)
		request->seed__case = PLUMB__V1__WHAT_IF_REQUEST__SEED__SEED;
	request->reschedule = args_has(args, "reschedule");
	request->until = until ? pb_str(until) : request->until;
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__WhatIfRequest request;
	Plumb__V1__At at;
	struct all all = {.courses_cap = 0};
	int code = read_request(args, &request);

	if (code != EXIT_FINE)
		return code;
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	at.scenario = pb_str("");
	request.at = &at;
	if (!find_scenarios(ctx, args, &request))
		return context_fail(ctx);
	if (request.n_scenarios == 0)
		return context_error(ctx, EXIT_NO,
		    "there is no scenario to compare the plan with; begin one with: plumb whatif "
		    "new NAME");
	if (!ask(ctx, &request, &all))
		return context_fail(ctx);
	if (!show(ctx, &all.reply, args_has(args, "all")))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "all", NULL, "every initiative and objective, not only what differs most", NULL},
    {0, "until", "DATE",
	"the end of the time that is planned (default: the end of the last period)", NULL},
    {0, "draws", "N", "draws for the chances, 100 to 100000 (default: as plumb forecast)", NULL},
    {0, "seed", "N", "of the draws, which all share (default: 1)", NULL},
    {0, "reschedule", NULL, "chances by scheduling each draw anew: slower, as plumb forecast",
	NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb whatif compare", "the plan beside all scenarios"},
    {"plumb whatif compare no-portal more-people", NULL},
    {"plumb whatif compare no-portal --all -o csv", "dates and chances, a line each"},
    {0},
};

const struct command whatif_compare = {
    .name = "compare",
    .arguments = "[NAME]...",
    .summary = "compare the plan with scenarios: findings, load, dates, chances, regret",
    .help = "One row for the plan and for each scenario (all, or up to 20 that are named), with "
	    "the differences to the plan; then "
	    "what differs most, and what each gives away beside the best of all. With --all and -o "
	    "csv: a line for each initiative "
	    "and objective in each; without --all a line for each course. docs/WHATIF.md says what "
	    "each figure means.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 20,
    .run = run,
    .takes = TAKES_SERVER | TAKES_TODAY | TAKES_PAGER,
    .formats = "table json yaml csv",
};
