/* plumb drift: what has changed since a baseline, who changed it when and why. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"
#include "common/str.h"

#define ASPECTS "scope dates ranks owners numbers effort"

/* All that Drift has streamed. */
struct all {
	Plumb__V1__DriftReply reply;
	Plumb__V1__DriftItem **items; /* in the context's arena */
	size_t cap;
};

/* ---- asking */

static bool
add(struct context *ctx, struct all *all, const Plumb__V1__DriftReply *part)
{
	Plumb__V1__DriftItem **items;

	if (part->summary)
		all->reply.summary = part->summary;
	if (part->n_items == 0)
		return true;
	items = arena_append(ctx->arena, all->items, all->reply.n_items, &all->cap, part->items,
	    part->n_items, sizeof *items);
	if (!items)
		return err_oom(&ctx->status.err);
	all->items = all->reply.items = items;
	all->reply.n_items += part->n_items;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__DriftRequest *request, struct all *all)
{
	const Plumb__V1__DriftReply *part;
	struct progress *progress;

	plumb__v1__drift_reply__init(&all->reply);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Drift", &request->base))
		return false;
	progress = progress_new("reading history");
	while ((part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__DRIFT_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		if (!add(ctx, all, part))
			break;
	}
	progress_free(progress);
	return ctx->status.err.code == ERR_OK;
}

/* ---- for people */

static void
show_steps(struct context *ctx, const Plumb__V1__DriftChange *change)
{
	for (size_t i = 0; i < change->n_last && change->n_last > 1; i++) {
		const Plumb__V1__DriftStep *step = change->last[i];
		struct str text;

		str_init(&text, 4096);
		str_addf(
		    &text, "%.10s, revision %" PRIu64 ", %s", step->time, step->revision, step->by);
		if (step->from[0] || step->to[0])
			str_addf(&text, ": from %s to %s", step->from[0] ? step->from : "nothing",
			    step->to[0] ? step->to : "nothing");
		if (step->reason[0])
			str_addf(&text, " ('%s')", step->reason);
		output_wrap(&ctx->out, "      ", text.data ? text.data : "");
		str_fini(&text);
	}
}

static void
show_item(struct context *ctx, const Plumb__V1__DriftItem *item)
{
	size_t used = strlen(item->ref) + (item->was[0] ? strlen(", was ") + strlen(item->was) : 0);

	output_coloured(&ctx->out, COLOUR_BOLD, item->ref);
	if (item->was[0])
		output_printf(&ctx->out, ", was %s", item->was);
	if (item->title[0])
		output_beside(&ctx->out, used, 2, item->title);
	else
		output_text(&ctx->out, "\n");
	for (size_t i = 0; i < item->n_changes; i++) {
		output_wrap(&ctx->out, "  ", item->changes[i]->words);
		show_steps(ctx, item->changes[i]);
	}
}

static void
say_since(struct str *text, const Plumb__V1__DriftSummary *s)
{
	str_addf(text, "Since %s%srevision %" PRIu64 "%s", s->baseline, s->baseline[0] ? " (" : "",
	    s->from_revision, s->baseline[0] ? ")" : "");
	if (s->from_time[0])
		str_addf(text, " of %.10s", s->from_time);
	str_addf(text, ": %" PRIu32 " item%s changed", s->items, s->items == 1 ? "" : "s");
	if (s->added || s->removed)
		str_addf(text, ", %" PRIu32 " of them added and %" PRIu32 " removed", s->added,
		    s->removed);
	str_add(text, ".");
	for (size_t i = 0; i < s->n_counts; i++) {
		char name[16];

		str_addf(text, "%s %" PRIu32 " of %s", i == 0 ? " Changes:" : ",",
		    s->counts[i]->changes,
		    pb_enum_name(&plumb__v1__drift_change__aspect__descriptor,
			(int)s->counts[i]->aspect, name, sizeof name));
	}
	if (s->n_counts)
		str_add(text, ".");
}

static void
say_totals(struct str *text, const Plumb__V1__DriftSummary *s)
{
	double grown = (double)(s->effort_to - s->effort_from) / 100;

	if (s->effort_from != s->effort_to)
		str_addf(text, "Planned effort %s by %.1f person-days, from %.1f to %.1f.",
		    grown > 0 ? "grew" : "shrank", fabs(grown), (double)s->effort_from / 100,
		    (double)s->effort_to / 100);
	else
		str_addf(text, "Planned effort is %.1f person-days, as then.",
		    (double)s->effort_to / 100);
	if (s->mean_days__case == PLUMB__V1__DRIFT_SUMMARY__MEAN_DAYS__MEAN_DAYS)
		str_addf(text,
		    " %" PRIu32 " initiative%s end%s later and %" PRIu32
		    " earlier: on average %.1f days %s.",
		    s->ends_later, s->ends_later == 1 ? "" : "s", s->ends_later == 1 ? "s" : "",
		    s->ends_earlier, fabs(s->mean_days), s->mean_days < 0 ? "earlier" : "later");
	else
		str_add(text, " No initiative's end moved.");
	if (s->passed)
		str_addf(text, " %" PRIu32 " initiative%s another rank since others were placed.",
		    s->passed, s->passed == 1 ? " has" : "s have");
}

static void
show_totals(struct context *ctx, const Plumb__V1__DriftSummary *s)
{
	struct str text;

	str_init(&text, 4096);
	say_since(&text, s);
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_reset(&text);
	say_totals(&text, s);
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_reset(&text);
	for (size_t i = 0; i < s->n_people && i < 5; i++)
		str_addf(&text, "%s%s (%" PRIu32 ")", i == 0 ? "By " : ", ", s->people[i]->by,
		    s->people[i]->changes);
	if (s->n_people > 5)
		str_add(&text, ", and others");
	if (text.len)
		output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static void
show_text(struct context *ctx, const Plumb__V1__DriftReply *r)
{
	for (size_t i = 0; i < r->n_items; i++)
		show_item(ctx, r->items[i]);
	if (r->n_items)
		output_text(&ctx->out, "\n");
	if (r->summary)
		show_totals(ctx, r->summary);
}

/* ---- for programs */

static void
add_line(
    struct table *table, const Plumb__V1__DriftItem *item, const Plumb__V1__DriftChange *change)
{
	const Plumb__V1__DriftStep *step = change->n_last ? change->last[change->n_last - 1] : NULL;
	char name[16];

	table_cell(table, item->ref);
	table_cell(table, pb_enum_name(&plumb__v1__drift_change__aspect__descriptor,
			      (int)change->aspect, name, sizeof name));
	table_cell(table, change->field);
	table_cell(table, change->from);
	table_cell(table, change->to);
	if (change->days__case == PLUMB__V1__DRIFT_CHANGE__DAYS__DAYS)
		table_cellf(table, "%" PRId32, change->days);
	else
		table_cell(table, "");
	if (change->by__case == PLUMB__V1__DRIFT_CHANGE__BY__BY)
		table_cellf(table, "%.15g", change->by);
	else
		table_cell(table, "");
	table_cellf(table, "%" PRIu32, change->steps);
	table_cell(table, step ? step->time : "");
	table_cell(table, step ? step->by : "");
	table_cell(table, step ? step->reason : "");
	table_cell(table, item->title);
}

static bool
show_csv(struct context *ctx, const Plumb__V1__DriftReply *r)
{
	static const char *const titles[] = {"ITEM", "ASPECT", "FIELD", "FROM", "TO", "DAYS", "BY",
	    "STEPS", "WHEN", "WHO", "WHY", "TITLE"};
	struct table *table = table_new();

	if (!table)
		return false;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < r->n_items; i++)
		for (size_t c = 0; c < r->items[i]->n_changes; c++)
			add_line(table, r->items[i], r->items[i]->changes[c]);
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__DriftReply *r)
{
	switch (ctx->out.format) {
	case OUTPUT_TABLE:
		show_text(ctx, r);
		return true;
	case OUTPUT_CSV:
		return show_csv(ctx, r);
	default:
		output_message(&ctx->out, &r->base);
		return true;
	}
}

/* ---- the command */

static int
read_aspects(struct context *ctx, const struct args *args, Plumb__V1__DriftRequest *request)
{
	size_t count = args_count(args, "aspect");

	request->aspects = arena_array(ctx->arena, count + 1, sizeof request->aspects[0]);
	if (!request->aspects)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int value;

		if (!pb_enum_parse(&plumb__v1__drift_change__aspect__descriptor,
			args_at(args, "aspect", i), &value))
			return command_usage(args, "--aspect is one of " ASPECTS);
		request->aspects[request->n_aspects++] = (Plumb__V1__DriftChange__Aspect)value;
	}
	return EXIT_FINE;
}

/* "initiative/portal" is no moment; "baseline/q2-start" is one. */
static bool
is_moment(const char *text)
{
	return !strchr(text, '/') || strncmp(text, "baseline/", 9) == 0;
}

static bool
moment_at(struct context *ctx, const char *text, Plumb__V1__At *at)
{
	const char *as_of = ctx->as_of;
	bool good;

	ctx->as_of = strncmp(text, "baseline/", 9) == 0 ? text + 9 : text;
	good = context_at(ctx, at);
	ctx->as_of = as_of;
	at->scenario = pb_str(""); /* from the plan */
	return good;
}

static bool
read_refs(
    struct context *ctx, const struct args *args, size_t from, Plumb__V1__DriftRequest *request)
{
	request->refs = arena_array(ctx->arena, args->count + 1, sizeof request->refs[0]);
	if (!request->refs)
		return context_set_error(ctx, ERR_LIMIT, "out of memory");
	for (size_t i = from; i < args->count; i++) {
		const char *ref = context_ref(ctx, args->values[i], "");

		if (!ref)
			return false;
		request->refs[request->n_refs++] = pb_str(ref);
	}
	return true;
}

/* A baseline that is not there, or an item: which could have been meant? */
static int
fail(struct context *ctx, const Plumb__V1__DriftRequest *request)
{
	const Plumb__V1__At *from = request->from;

	if (from && from->as_of_case == PLUMB__V1__AT__AS_OF_BASELINE &&
	    strstr(ctx->status.err.msg, "baseline"))
		context_suggest(ctx, arena_printf(ctx->arena, "baseline/%s", from->baseline));
	else if (request->n_refs == 1)
		context_suggest(ctx, request->refs[0]);
	return context_fail(ctx);
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *since = args_get(args, "since");
	Plumb__V1__DriftRequest request;
	Plumb__V1__At from, to;
	struct all all = {.cap = 0};
	size_t first = 0;
	int code;

	plumb__v1__drift_request__init(&request);
	if ((code = read_aspects(ctx, args, &request)) != EXIT_FINE)
		return code;
	if (!since && args->count > 0 && is_moment(args->values[0]))
		since = args->values[first++];
	if ((since && !moment_at(ctx, since, &from)) || !context_at(ctx, &to) ||
	    !read_refs(ctx, args, first, &request))
		return context_fail(ctx);
	if (since)
		request.from = &from;
	request.to = &to;
	request.all = args_has(args, "all");
	if (!ask(ctx, &request, &all))
		return fail(ctx, &request);
	if (!show(ctx, &all.reply))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return all.reply.n_items == 0 ? EXIT_FINE : EXIT_NO;
}

static const struct option options[] = {
    {0, "since", "MOMENT", "a revision, baseline, date or time; then every argument is an item",
	NULL},
    {0, "aspect", "WHAT", "only this: scope, dates, ranks, owners, numbers or effort; repeatable",
	ASPECTS},
    {0, "all", NULL,
	"every step of each change, and initiatives whose rank only others' places changed", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb drift", "what changed since the newest baseline"},
    {"plumb drift q2-start", "since that one"},
    {"plumb drift q2-start initiative/portal --all", "one initiative and its parts, step by step"},
    {"plumb drift --since 2026-04-01 --aspect dates", "dates that moved since April"},
    {0},
};

const struct command cmd_drift = {
    .name = "drift",
    .group = GROUP_PAST,
    .arguments = "[BASELINE] [KIND/ID…]",
    .summary = "show what changed since a baseline: who, when and why",
    .help =
	"Scope, dates, ranks, owners, numbers and effort that are not what they were at a "
	"baseline, a revision, a date or a time; the newest baseline if nothing is said. Each "
	"change is told once, however many steps led to it, with who took the last one, when, and "
	"the reason that the change set gave."
	"\n\n"
	"Of an item that is named its parts are told too. Exits with 1 if something changed, like "
	"diff. What counts as what: docs/DRIFT.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 100,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
