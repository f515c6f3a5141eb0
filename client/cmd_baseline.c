/* plumb baseline: named revisions. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"

static const char *
strip_kind(const char *text)
{
	return strncmp(text, "baseline/", 9) == 0 ? text + 9 : text;
}

static void
add_row(const struct output *out, struct table *table, const Plumb__V1__Envelope *entry)
{
	char when[DESCRIBE_WHEN];
	const Plumb__V1__Item *item = describe_item(entry);

	if (!item || item->body_case != PLUMB__V1__ITEM__BODY_BASELINE)
		return;
	table_cell(table, item->id);
	table_cellf(table, "%" PRIu64, item->baseline->revision);
	table_cell(table,
	    out->format == OUTPUT_CSV ? entry->updated : describe_when(entry->updated, when));
	table_cell(table, entry->updated_by);
	table_cell(table, item->title[0] ? item->title : item->baseline->note);
}

static int
show_list(struct context *ctx, const Plumb__V1__ListReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "NAME", 0);
	table_column(table, "REVISION", TABLE_RIGHT);
	table_column(table, "SET", TABLE_DROP);
	table_column(table, "BY", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "NOTE", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < reply->n_entries; i++)
		add_row(&ctx->out, table, reply->entries[i]);
	if (ctx->out.format == OUTPUT_TABLE && reply->n_entries == 0)
		output_text(&ctx->out,
		    "There is no baseline yet. Name the plan of today with: plumb baseline "
		    "set NAME\n");
	else
		table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
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
	request.filter = pb_str("kind:baseline");
	request.sort = pb_str("-revision");
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

static int
run_show(struct context *ctx, const struct args *args)
{
	const char *name = strip_kind(args->values[0]);
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;

	plumb__v1__get_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.ref = arena_printf(ctx->arena, "baseline/%s", name);
	reply = request.ref ? context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base)
			    : NULL;
	if (!reply || !reply->entry) {
		context_suggest(ctx, request.ref ? request.ref : "");
		return context_fail(ctx);
	}
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &reply->entry->base);
		return EXIT_FINE;
	}
	describe_entry(ctx, reply->entry);
	output_printf(&ctx->out,
	    "\nThe plan then: plumb tree --as-of %s\nWhat changed since: plumb diff %s\n", name,
	    name);
	return EXIT_FINE;
}

/* Only to say it well: what holds is that the change expects it absent. */
static bool
is_taken(struct context *ctx, const char *name)
{
	Plumb__V1__GetRequest request;
	Plumb__V1__At at;

	plumb__v1__get_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.ref = arena_printf(ctx->arena, "baseline/%s", name);
	return request.ref && context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
}

static int
put_baseline(struct context *ctx, const struct args *args, bool absent)
{
	const char *name = strip_kind(args->values[0]);
	const char *revision = args_get(args, "revision");
	const char *note = args_get(args, "note");
	struct write write;
	Plumb__V1__Put put;
	Plumb__V1__Item item;
	Plumb__V1__Baseline baseline;
	Plumb__V1__Change *change;
	char done[256];

	plumb__v1__put__init(&put);
	plumb__v1__item__init(&item);
	plumb__v1__baseline__init(&baseline);
	if (!parse_is_id(name, strlen(name)))
		return command_usage(args,
		    "'%s' is no name for a baseline: 1 to 64 of a-z 0-9 . _ -, such as q1-plan",
		    name);
	if (revision && !parse_u64(revision, 1, UINT64_MAX, &baseline.revision))
		return command_usage(
		    args, "--revision takes a revision, 1 or more; not '%s'", revision);
	baseline.note = pb_str(note ? note : "");
	item.id = pb_str(name);
	item.body_case = PLUMB__V1__ITEM__BODY_BASELINE;
	item.baseline = &baseline;
	put.item = &item;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = &put;
	if (absent) {
		change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_ABSENT;
		change->expected_absent = true;
	}
	if (revision)
		snprintf(done, sizeof done, "The baseline %s names revision %s", name, revision);
	else
		snprintf(done, sizeof done, "The baseline %s names the plan as it is now", name);
	if (absent && is_taken(ctx, name))
		return context_error(ctx, EXIT_SERVER,
		    "there is a baseline %s already; give another name, or move it with plumb "
		    "baseline set %s",
		    name, name);
	return write_finish(&write, ctx, args, done);
}

static int
run_create(struct context *ctx, const struct args *args)
{
	return put_baseline(ctx, args, true);
}

static int
run_set(struct context *ctx, const struct args *args)
{
	return put_baseline(ctx, args, false);
}

static const struct option put_options[] = {
    {0, "revision", "REVISION", "the revision to name; else the plan as it is now", NULL},
    {0, "note", "TEXT", "what it is", NULL},
    WRITE_OPTIONS,
    {0},
};

static const struct example list_examples[] = {
    {"plumb baseline list", NULL},
    {0},
};
static const struct command baseline_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the baselines, newest first",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};

static const struct example show_examples[] = {
    {"plumb baseline show q1-plan", NULL},
    {0},
};
static const struct command baseline_show = {
    .name = "show",
    .arguments = "NAME",
    .summary = "show one baseline",
    .examples = show_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml",
};

static const struct example create_examples[] = {
    {"plumb baseline create q1-plan --note \"as agreed on the offsite\"", NULL},
    {0},
};
static const struct command baseline_create = {
    .name = "create",
    .arguments = "NAME",
    .summary = "name a revision; refused if the name is taken",
    .options = put_options,
    .examples = create_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_create,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct example set_examples[] = {
    {"plumb baseline set current", "moves the name to the plan as it is now"},
    {"plumb baseline set q1-plan --revision 42", NULL},
    {0},
};
static const struct command baseline_set = {
    .name = "set",
    .arguments = "NAME",
    .summary = "name a revision, or move the name to another one",
    .options = put_options,
    .examples = set_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_set,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {
    &baseline_list, &baseline_show, &baseline_create, &baseline_set, NULL};

static const struct example examples[] = {
    {"plumb baseline set q1-plan", "from now on --as-of q1-plan means the plan of this moment"},
    {"plumb diff q1-plan", "what has changed since"},
    {0},
};

const struct command cmd_baseline = {
    .name = "baseline",
    .group = GROUP_PAST,
    .arguments = "",
    .summary = "name revisions of the plan, to come back to",
    .help =
	"A baseline gives a revision a name. Every question can be asked of it with --as-of NAME.",
    .examples = examples,
    .parts = parts,
};
