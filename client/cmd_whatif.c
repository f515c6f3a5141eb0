/* plumb whatif: scenarios, futures beside the plan that are edited like it, and applied or dropped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cmd_whatif.h"
#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/findings.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

#define REASON(name) PLUMB__V1__SCENARIO_CONFLICT__REASON__##name

static const char *
strip_kind(const char *text)
{
	return strncmp(text, "scenario/", 9) == 0 ? text + 9 : text;
}

static bool
is_name(const struct args *args, const char *name, int *code)
{
	if (parse_is_id(name, strlen(name)))
		return true;
	*code = command_usage(args,
	    "'%s' is no name for a scenario: 1 to 64 of a-z 0-9 . _ -, such as no-portal", name);
	return false;
}

static const Plumb__V1__ConflictsReply *
ask_conflicts(struct context *ctx, const char *name)
{
	Plumb__V1__ConflictsRequest request;
	Plumb__V1__At at;

	plumb__v1__conflicts_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	at.scenario = pb_str(name);
	request.at = &at;
	return context_call(ctx, &plumb__v1__plan__descriptor, "Conflicts", &request.base);
}

/* ---- new ------------------------------------------------------------------------------------------------ */

static int
run_new(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	const char *title = args_get(args, "title");
	size_t count = args_count(args, "assume");
	char **assumptions = arena_array(ctx->arena, count + 1, sizeof *assumptions);
	char **outside = arena_array(ctx->arena, args_count(args, "outside") + 1, sizeof *outside);
	Plumb__V1__Scenario scenario;
	Plumb__V1__Change *change;
	struct write write;
	Plumb__V1__Item item;
	Plumb__V1__Put put;
	char done[300], *owner = pb_str(ctx->as);
	int code;

	if (!is_name(args, name, &code))
		return code;
	if (!assumptions || !outside)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	plumb__v1__put__init(&put);
	plumb__v1__item__init(&item);
	plumb__v1__scenario__init(&scenario);
	for (size_t i = 0; i < count; i++)
		assumptions[i] = pb_str(args_at(args, "assume", i));
	for (size_t i = 0; i < args_count(args, "outside"); i++) {
		const char *ref = context_ref_there(
		    ctx, args_at(args, "outside", i), "influencer,assessment,competitor-move,risk");

		if (!ref)
			return context_fail(ctx);
		outside[scenario.n_outside++] = pb_str(ref);
	}
	scenario.outside = outside;
	scenario.n_assumptions = count;
	scenario.assumptions = assumptions;
	item.id = pb_str(name);
	item.title = pb_str(title ? title : "");
	item.body_case = PLUMB__V1__ITEM__BODY_SCENARIO;
	item.scenario = &scenario;
	/* Whoever makes it may change it. */
	if (strncmp(ctx->as, "person/", 7) == 0) {
		item.n_owners = 1;
		item.owners = &owner;
	}
	put.item = &item;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = &put;
	change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_ABSENT;
	change->expected_absent = true;
	snprintf(done, sizeof done,
	    "The scenario %s begins as the plan is; change it with --scenario %s", name, name);
	code = write_finish_expected(&write, ctx, args, done);
	if (code == EXIT_NO)
		return context_error(ctx, EXIT_SERVER,
		    "there is a scenario %s already; give another name, or plumb whatif drop %s",
		    name, name);
	return code;
}

/* ---- list ----------------------------------------------------------------------------------------------- */

static bool
add_row(struct context *ctx, struct table *table, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);
	const Plumb__V1__ConflictsReply *reply;

	if (!item || item->body_case != PLUMB__V1__ITEM__BODY_SCENARIO)
		return true;
	reply = ask_conflicts(ctx, item->id);
	if (!reply)
		return ctx->status.err.code == ERR_NOT_FOUND; /* dropped meanwhile */
	table_cell(table, item->id);
	table_cellf(table, "%" PRIu64, item->scenario->began_at);
	table_cellf(table, "%u", reply->changes);
	table_cellf(table, "%" PRIu64, reply->total);
	table_cell(table, entry->created_by);
	table_cell(table, item->title);
	return true;
}

static int
show_list(struct context *ctx, const Plumb__V1__ListReply *reply)
{
	struct table *table = table_new();
	bool good = true;

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "NAME", 0);
	table_column(table, "BEGAN", TABLE_RIGHT);
	table_column(table, "CHANGES", TABLE_RIGHT);
	table_column(table, "CONFLICTS", TABLE_RIGHT);
	table_column(table, "BY", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "TITLE", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; good && i < reply->n_entries; i++)
		good = add_row(ctx, table, reply->entries[i]);
	if (good && ctx->out.format == OUTPUT_TABLE && reply->n_entries == 0)
		output_text(
		    &ctx->out, "There is no scenario. Begin one with: plumb whatif new NAME\n");
	else if (good)
		table_print(table, &ctx->out);
	table_free(table);
	return good ? EXIT_FINE : context_fail(ctx);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	Plumb__V1__At at;

	(void)args;
	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.filter = pb_str("kind:scenario");
	request.page_size = 1000;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_TABLE || ctx->out.format == OUTPUT_CSV)
		return show_list(ctx, reply);
	if (ctx->out.format != OUTPUT_NAME)
		output_list_begin(&ctx->out);
	for (size_t i = 0; i < reply->n_entries; i++) {
		if (ctx->out.format == OUTPUT_NAME)
			output_printf(&ctx->out, "%s\n", reply->entries[i]->ref);
		else
			output_list_add(&ctx->out, &reply->entries[i]->base);
	}
	if (ctx->out.format != OUTPUT_NAME)
		output_list_end(&ctx->out);
	return EXIT_FINE;
}

/* ---- conflicts ------------------------------------------------------------------------------------------ */

static const char *
reason_word(Plumb__V1__ScenarioConflict__Reason reason)
{
	switch (reason) {
	case REASON(CHANGED):
		return "changed";
	case REASON(GONE):
		return "gone";
	case REASON(TAKEN):
		return "taken";
	case REASON(REFUSED):
		return "refused";
	case REASON(REMOVED):
		return "removed";
	default:
		return "unknown";
	}
}

static void
show_conflict(struct output *out, const Plumb__V1__ScenarioConflict *c)
{
	output_printf(out, "%s", c->ref);
	if (c->field[0])
		output_printf(out, "  %s", c->field);
	output_printf(out, "  (revision %" PRIu64 ")\n", c->revision);
	if (c->reason == REASON(CHANGED)) {
		output_wrap(out, "  was:      ", c->before[0] ? c->before : "nothing");
		output_wrap(out, "  plan:     ", c->plan[0] ? c->plan : "nothing");
		output_wrap(out, "  scenario: ", c->scenario[0] ? c->scenario : "nothing");
	}
	output_wrap(out, "  ", c->text);
}

static void
show_conflicts(struct output *out, const Plumb__V1__ConflictsReply *reply)
{
	for (size_t i = 0; i < reply->n_conflicts; i++)
		show_conflict(out, reply->conflicts[i]);
	if (reply->total > reply->n_conflicts)
		output_printf(out, "and %" PRIu64 " more\n", reply->total - reply->n_conflicts);
}

static int
show_conflicts_csv(struct context *ctx, const Plumb__V1__ConflictsReply *reply)
{
	static const char *const columns[] = {
	    "REASON", "REF", "REVISION", "CHANGE", "FIELD", "BEFORE", "PLAN", "SCENARIO", "TEXT"};
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		table_column(table, columns[i], 0);
	for (size_t i = 0; i < reply->n_conflicts; i++) {
		const Plumb__V1__ScenarioConflict *c = reply->conflicts[i];

		table_cell(table, reason_word(c->reason));
		table_cell(table, c->ref);
		table_cellf(table, "%" PRIu64, c->revision);
		table_cellf(table, "%u", c->change);
		table_cell(table, c->field);
		table_cell(table, c->before);
		table_cell(table, c->plan);
		table_cell(table, c->scenario);
		table_cell(table, c->text);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
run_conflicts(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	const Plumb__V1__ConflictsReply *reply = ask_conflicts(ctx, name);

	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_CSV)
		(void)show_conflicts_csv(ctx, reply);
	else if (ctx->out.format != OUTPUT_TABLE)
		output_message(&ctx->out, &reply->base);
	else if (reply->total == 0)
		output_printf(&ctx->out, "%s%u change%s of scenario %s fit%s the plan.\n",
		    reply->changes == 1 ? "The " : "All ", reply->changes,
		    reply->changes == 1 ? "" : "s", name, reply->changes == 1 ? "s" : "");
	else
		show_conflicts(&ctx->out, reply);
	return reply->total == 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- show ----------------------------------------------------------------------------------------------- */

static void
show_next(struct context *ctx, const char *name, const Plumb__V1__ConflictsReply *reply)
{
	output_printf(&ctx->out, "\n%u change%s in %zu change set%s", reply->changes,
	    reply->changes == 1 ? "" : "s", reply->n_change_sets,
	    reply->n_change_sets == 1 ? "" : "s");
	for (size_t i = 0; i < reply->n_change_sets && i < 10; i++)
		output_printf(
		    &ctx->out, "%s%" PRIu64, i ? ", " : ", revision ", reply->change_sets[i]);
	output_printf(&ctx->out, "%s\n", reply->n_change_sets > 10 ? ", …" : "");
	if (reply->total > 0) {
		output_printf(
		    &ctx->out, "\n%" PRIu64 " of it at odds with the plan:\n", reply->total);
		show_conflicts(&ctx->out, reply);
	}
	output_printf(&ctx->out,
	    "\nThe plan in it: plumb tree --scenario %s\nWhat it changes: plumb whatif diff %s\n",
	    name, name);
}

static int
run_show(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	const Plumb__V1__ConflictsReply *conflicts;
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;

	plumb__v1__get_request__init(&request);
	conflicts = ask_conflicts(ctx, name);
	if (!conflicts || !context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.ref = arena_printf(ctx->arena, "scenario/%s", name);
	reply = request.ref ? context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base)
			    : NULL;
	if (!reply || !reply->entry)
		return context_fail(ctx);
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &reply->entry->base);
		return EXIT_FINE;
	}
	describe_entry(ctx, reply->entry);
	show_next(ctx, name, conflicts);
	return EXIT_FINE;
}

/* ---- diff ----------------------------------------------------------------------------------------------- */

static int
run_diff(struct context *ctx, const struct args *args)
{
	const Plumb__V1__DiffReply *reply;
	Plumb__V1__DiffRequest request;
	Plumb__V1__At from, to;

	plumb__v1__diff_request__init(&request);
	if (!context_at(ctx, &from) || !context_at(ctx, &to))
		return context_fail(ctx);
	to.scenario = pb_str(strip_kind(args->values[0]));
	if (args->count > 1)
		from.scenario = pb_str(strip_kind(args->values[1]));
	request.from = &from;
	request.to = &to;
	request.findings = !args_has(args, "no-findings");
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Diff", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &reply->base);
	} else {
		write_differences(&ctx->out, reply->differences, reply->n_differences, "");
		if (reply->findings)
			findings_show_change(&ctx->out, reply->findings);
		if (reply->n_differences == 0)
			output_text(&ctx->out, "No difference.\n");
	}
	return reply->n_differences == 0 ? EXIT_FINE : EXIT_NO;
}

/* ---- apply, drop ---------------------------------------------------------------------------------------- */

static const Plumb__V1__ApplyReply *
call_apply(struct context *ctx, const Plumb__V1__ApplyScenarioRequest *request)
{
	const Plumb__V1__ApplyReply *reply =
	    context_call(ctx, &plumb__v1__plan__descriptor, "ApplyScenario", &request->base);

	if (!reply && ctx->client && ctx->status.unreachable && request->idempotency_key[0]) {
		rpc_client_free(ctx->client);
		ctx->client = NULL;
		reply = context_call(
		    ctx, &plumb__v1__plan__descriptor, "ApplyScenario", &request->base);
	}
	return reply;
}

static int
run_apply(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	Plumb__V1__ApplyScenarioRequest request;
	const Plumb__V1__ApplyReply *reply;
	struct write write; /* for its reason and key */
	char done[200];

	write_begin(&write, ctx, args);
	plumb__v1__apply_scenario_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.scenario = pb_str(name);
	request.reason = write.set.reason;
	request.override_reason = write.set.override_reason;
	request.idempotency_key = write.set.idempotency_key;
	request.accept_conflicts = args_has(args, "accept-conflicts");
	request.dry_run = args_has(args, "dry-run");
	request.findings = request.dry_run;
	reply = call_apply(ctx, &request);
	if (!reply) {
		bool at_odds = ctx->status.err.code == ERR_PRECONDITION &&
			       strstr(ctx->status.err.msg, "do not fit") != NULL;
		int code = context_fail(ctx);

		if (at_odds)
			fprintf(stderr,
			    "see: plumb whatif conflicts %s; plumb whatif apply %s "
			    "--accept-conflicts takes it as it is\n",
			    name, name);
		return code;
	}
	snprintf(done, sizeof done,
	    "The plan is now as scenario %s had it, and the scenario is gone", name);
	return write_tell(ctx, args, reply, done);
}

static int
run_drop(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	const Plumb__V1__ConflictsReply *reply = ask_conflicts(ctx, name);
	Plumb__V1__Change *change;
	Plumb__V1__Remove remove;
	struct write write;
	char done[300];

	if (!reply)
		return context_fail(ctx);
	plumb__v1__remove__init(&remove);
	remove.ref = arena_printf(ctx->arena, "scenario/%s", name);
	if (!remove.ref)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
	change->remove = &remove;
	snprintf(done, sizeof done, "Dropped scenario %s with its %u changes; its history stays",
	    name, reply->changes);
	return write_finish(&write, ctx, args, done);
}

/* ---- the commands --------------------------------------------------------------------------------------- */

static const struct option new_options[] = {
    {0, "title", "TEXT", "what it is about", NULL},
    {0, "assume", "TEXT", "what would have to be true outside; may be given again", NULL},
    {0, "outside", "REF",
	"an influencer, assessment, competitor's move or risk that it rests on; may be given again",
	NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct example new_examples[] = {
    {"plumb whatif new no-portal --assume \"the competitor is late\"", NULL},
    {"plumb whatif new law-is-late --outside risk/law-is-late", "it happens"},
    {0},
};
static const struct command whatif_new = {
    .name = "new",
    .arguments = "NAME",
    .summary = "begin a scenario: the plan as it is, to be changed",
    .options = new_options,
    .examples = new_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_new,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct example list_examples[] = {
    {"plumb whatif list", NULL},
    {0},
};
static const struct command whatif_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the scenarios, with how much of them is at odds with the plan",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv name",
};

static const struct example show_examples[] = {
    {"plumb whatif show no-portal", NULL},
    {0},
};
static const struct command whatif_show = {
    .name = "show",
    .arguments = "NAME",
    .summary = "show one scenario, and what in it does not fit the plan any more",
    .examples = show_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};

static const struct option diff_options[] = {
    {0, "no-findings", NULL, "leave out which findings appear and disappear", NULL},
    {0},
};
static const struct example diff_examples[] = {
    {"plumb whatif diff no-portal", "from the plan to the scenario"},
    {"plumb whatif diff no-portal more-people", "from the second to the first"},
    {0},
};
static const struct command whatif_diff = {
    .name = "diff",
    .arguments = "NAME [FROM]",
    .summary = "show what a scenario changes, and which findings that brings",
    .help = "Exits with 1 if there is a difference, like diff.",
    .options = diff_options,
    .examples = diff_examples,
    .min_args = 1,
    .max_args = 2,
    .run = run_diff,
    .takes = TAKES_SERVER | TAKES_TODAY | TAKES_PAGER,
    .formats = "table json yaml",
};

static const struct example conflicts_examples[] = {
    {"plumb whatif conflicts no-portal", NULL},
    {0},
};
static const struct command whatif_conflicts = {
    .name = "conflicts",
    .arguments = "NAME",
    .summary = "show what of a scenario does not fit the plan as it is now",
    .help = "Exits with 1 if there is any.",
    .examples = conflicts_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_conflicts,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};

static const struct option apply_options[] = {
    {0, "accept-conflicts", NULL,
	"what does not fit is left out; where both changed something, the scenario wins", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct example apply_examples[] = {
    {"plumb whatif apply no-portal -n", "shows what that would do to the plan"},
    {"plumb whatif apply no-portal -m \"decided on Tuesday\"", NULL},
    {0},
};
static const struct command whatif_apply = {
    .name = "apply",
    .arguments = "NAME",
    .summary = "take what a scenario changes into the plan, in one change set, and end it",
    .options = apply_options,
    .examples = apply_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_apply,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct option drop_options[] = {
    WRITE_OPTIONS,
    {0},
};
static const struct example drop_examples[] = {
    {"plumb whatif drop no-portal", NULL},
    {0},
};
static const struct command whatif_drop = {
    .name = "drop",
    .arguments = "NAME",
    .summary = "give a scenario up; its change sets stay in the history",
    .options = drop_options,
    .examples = drop_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_drop,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {&whatif_new, &whatif_list, &whatif_show, &whatif_diff,
    &whatif_compare, &whatif_conflicts, &whatif_apply, &whatif_drop, NULL};

static const struct example examples[] = {
    {"plumb whatif new no-portal", "begins one"},
    {"plumb remove initiative/portal --scenario no-portal", "changes it, and not the plan"},
    {"plumb schedule --scenario no-portal", "asks of it what can be asked of the plan"},
    {"plumb whatif diff no-portal", "what is different, and which findings that brings"},
    {"plumb whatif compare", "the plan beside all of them: findings, load, dates, chances"},
    {"plumb whatif apply no-portal", "takes it into the plan"},
    {0},
};

const struct command cmd_whatif = {
    .name = "whatif",
    .group = GROUP_PLAN,
    .arguments = "",
    .summary = "try futures beside the plan: scenarios",
    .help =
	"A scenario is the plan with changes on top that are nobody's plan yet. Commands that read "
	"the plan or shape it take --scenario NAME (or $PLUMB_SCENARIO) and then read and change "
	"the "
	"scenario. It goes along with the plan: what others change there shows in it too, unless "
	"the "
	"scenario says otherwise; what does not fit any more is left out and listed as a conflict. "
	"Nothing of it reaches the plan until it is applied. Records (check-ins, measurements) are "
	"of the plan only: they tell what happened.",
    .examples = examples,
    .parts = parts,
};
