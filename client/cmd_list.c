/* plumb list: entries by filter. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/live.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define PAGE       1000
#define PAGE_FIRST 200 /* so that something is seen at once */
#define FILTER_MAX 8192

/* Does the word name kinds ("goals", "task,milestone")? Adds them, comma separated, to out. */
static bool
add_kinds(const char *word, struct str *out)
{
	char name[40];
	Plumb__V1__Kind kind;
	size_t before = out->len;

	for (const char *p = word;; p++) {
		size_t len = strcspn(p, ",");

		if (len == 0 || len >= sizeof name)
			return false;
		snprintf(name, sizeof name, "%.*s", (int)len, p);
		if (!context_kind(name, &kind))
			return false;
		str_addf(out, "%s%s", before ? "," : "", context_kind_name(kind));
		before = 1;
		p += len;
		if (!*p)
			return true;
	}
}

/* A word as the daemon's filter has it: a kind becomes kind:…, words with blanks are quoted. */
static void
add_term(const char *word, struct str *kinds, struct str *filter)
{
	struct str found;

	str_init(&found, FILTER_MAX);
	if (!strchr(word, ':') && add_kinds(word, &found)) {
		str_addf(kinds, "%s%s", kinds->len ? "," : "", found.data);
	} else {
		str_add(filter, filter->len ? " " : "");
		if (strchr(word, ' ') && !strchr(word, '"') && !strchr(word, ':'))
			str_addf(filter, "\"%s\"", word);
		else
			str_add(filter, word);
	}
	str_fini(&found);
}

static const char *
make_filter(struct context *ctx, const struct args *args)
{
	struct str kinds, filter;
	const char *result;

	str_init(&kinds, FILTER_MAX);
	str_init(&filter, FILTER_MAX);
	for (size_t i = 0; i < args->count; i++)
		add_term(args->values[i], &kinds, &filter);
	if (kinds.len)
		result = arena_printf(
		    ctx->arena, "kind:%s%s%s", kinds.data, filter.len ? " " : "", filter.data);
	else
		result = arena_strdup(ctx->arena, filter.data);
	str_fini(&kinds);
	str_fini(&filter);
	return result ? result : "";
}

/* ---- printing */

static void
add_columns(struct table *table)
{
	table_column(table, "ID", 0);
	table_column(table, "TITLE", TABLE_WRAP);
	table_column(table, "OWNER", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "STATUS", TABLE_DROP);
	table_column(table, "DUE", TABLE_DROP);
	table_column(table, "RANK", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "ABOUT", TABLE_SHRINK | TABLE_DROP);
}

static void
add_row(struct context *ctx, struct table *table, const Plumb__V1__Envelope *entry)
{
	const char *status = describe_status(ctx, entry);
	char when[DESCRIBE_WHEN];

	table_cell(table, entry->ref);
	table_cell(table, describe_title(ctx, entry));
	table_cell(table, describe_owner(ctx, entry));
	table_cell(table, status);
	table_colour(table, describe_status_colour(status));
	table_cell(table, ctx->out.format == OUTPUT_CSV
			      ? describe_due(ctx, entry)
			      : describe_when(describe_due(ctx, entry), when));
	if (entry->rank)
		table_cellf(table, "%" PRIu32, entry->rank);
	else
		table_cell(table, "");
	table_cell(table, describe_about(entry));
}

static void
show_page(struct context *ctx, struct table *table, const Plumb__V1__ListReply *reply, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const Plumb__V1__Envelope *entry = reply->entries[i];

		if (ctx->out.format == OUTPUT_NAME)
			output_printf(&ctx->out, "%s\n", entry->ref);
		else if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML)
			output_list_add(&ctx->out, &entry->base);
		else
			add_row(ctx, table, entry);
	}
}

struct listing {
	Plumb__V1__ListRequest request;
	Plumb__V1__At at;
	uint64_t limit;
	uint64_t shown;
	uint64_t total;
	uint64_t revision;
};

static bool
list_all(struct context *ctx, struct listing *listing, struct table *table)
{
	bool more;

	listing->request.page_token = pb_str("");
	do {
		uint64_t left = listing->limit - listing->shown;
		uint32_t page = listing->shown ? PAGE : PAGE_FIRST;
		const Plumb__V1__ListReply *reply;
		size_t count;

		listing->request.page_size = left < page ? (uint32_t)left : page;
		reply =
		    context_call(ctx, &plumb__v1__plan__descriptor, "List", &listing->request.base);
		if (!reply)
			return false;
		count = reply->n_entries < left ? reply->n_entries : (size_t)left;
		show_page(ctx, table, reply, count);
		listing->shown += count;
		listing->total = reply->total;
		listing->revision = reply->revision;
		listing->request.page_token = reply->next_page_token;
		more = reply->next_page_token[0] && listing->shown < listing->limit;
		if (more && (ctx->out.format == OUTPUT_TABLE || ctx->out.format == OUTPUT_CSV))
			table_flush(table, &ctx->out);
		fflush(ctx->out.file);
	} while (more && !ferror(ctx->out.file));
	return true;
}

/* A word that is no kind is looked for in titles and ids; perhaps it was meant to be one. */
static void
show_nothing(struct context *ctx, const struct listing *listing, const struct args *args)
{
	output_printf(&ctx->out, "There is nothing like that in the plan (revision %" PRIu64 ").\n",
	    listing->revision);
	for (size_t i = 0; i < args->count; i++) {
		Plumb__V1__Kind kind;
		const char *near = context_kind(args->values[i], &kind)
				       ? NULL
				       : context_suggest_kind(args->values[i]);

		if (near)
			output_printf(&ctx->out,
			    "'%s' is no kind: it was looked for in titles and ids. Did you mean: "
			    "plumb list %s\n",
			    args->values[i], near);
	}
}

static int
show_list(struct context *ctx, struct listing *listing, const struct args *args)
{
	struct table *table = table_new();
	bool listed = ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML;
	bool ok;

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	add_columns(table);
	if (listed)
		output_list_begin(&ctx->out);
	ok = list_all(ctx, listing, table);
	if (listed)
		output_list_end(&ctx->out);
	if (ok && ctx->out.format == OUTPUT_TABLE && table_rows(table) == 0)
		show_nothing(ctx, listing, args);
	else if (ok && !listed && ctx->out.format != OUTPUT_NAME)
		table_print(table, &ctx->out);
	if (ok && ctx->out.format == OUTPUT_TABLE && listing->shown < listing->total)
		output_printf(&ctx->out, "\n%" PRIu64 " of %" PRIu64 "; see more with --limit\n",
		    listing->shown, listing->total);
	table_free(table);
	return ok ? EXIT_FINE : context_fail(ctx);
}

static int
show_count(struct context *ctx, struct listing *listing)
{
	const Plumb__V1__ListReply *reply;

	listing->request.count_only = true;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "List", &listing->request.base);
	if (!reply)
		return context_fail(ctx);
	output_printf(&ctx->out, "%" PRIu64 "\n", reply->total);
	return EXIT_FINE;
}

static int
list_once(struct context *ctx, const struct args *args)
{
	struct listing listing = {.limit = UINT64_MAX};
	const char *limit = args_get(args, "limit");
	const char *sort = args_get(args, "sort");

	plumb__v1__list_request__init(&listing.request);
	if (limit && !parse_u64(limit, 1, UINT64_MAX, &listing.limit))
		return command_usage(args, "--limit takes a number from 1 on; not '%s'", limit);
	if (!context_at(ctx, &listing.at))
		return context_fail(ctx);
	listing.request.at = &listing.at;
	listing.request.filter = pb_str(make_filter(ctx, args));
	listing.request.sort = pb_str(sort ? sort : "");
	if (args_has(args, "count"))
		return show_count(ctx, &listing);
	return show_list(ctx, &listing, args);
}

static int
run(struct context *ctx, const struct args *args)
{
	return args_has(args, "watch") ? live_run(ctx, args, list_once) : list_once(ctx, args);
}

static const struct option options[] = {
    {'s', "sort", "FIELD", "id, title, rank, updated, due or revision; -FIELD reverses", NULL},
    {0, "limit", "N", "show the first N only", NULL},
    {0, "count", NULL, "only say how many there are", NULL},
    LIVE_OPTION,
    {0},
};

static const struct example examples[] = {
    {"plumb list initiatives --sort rank", "in their order of importance"},
    {"plumb list owner:anna", "what Anna answers for"},
    {"plumb list task,milestone initiative:onboarding-30 \"due<2026-07-01\"",
	"what is due by the end of June"},
    {"plumb list initiatives status:active --watch", "stays on the screen, and follows"},
    {"plumb list check-ins about:initiative/onboarding-30", "its reports"},
    {"plumb list people level:executive,director", "those of two levels"},
    {"plumb list objectives -label:q2 -o csv", "all but those labelled q2, for a spreadsheet"},
    {0},
};

const struct command cmd_list = {
    .name = "list",
    .group = GROUP_READ,
    .arguments = "[KIND\xe2\x80\xa6] [FILTER\xe2\x80\xa6]",
    .summary = "list entries by kind, owner, status, date and more",
    .help = "A filter is any of these, all of which must hold: owner:anna team:cs label:q2 "
	    "status:active level:director "
	    "period:2026-q1 goal:x objective:x initiative:x about:KIND/ID title:word id:prefix* "
	    "due<DATE due>DATE "
	    "finish<DATE changed>REVISION source:NAME removed:yes retracted:yes, or free words "
	    "that stand in "
	    "title or id.\n\nA leading - turns one around (-status:done); a comma inside a value "
	    "means or "
	    "(kind:task,milestone).\n\nKinds of items: vision, mission, value, goal, objective, "
	    "measure, strategy, initiative, workstream, milestone, task, person, team, period, "
	    "calendar, allocation, ask, commitment, decision, policy, review, request, round, "
	    "maturity, segment, journey, stage, step, expectation, desired-outcome, feeling, "
	    "customer, influencer, assessment, competitor, competitor-move, risk. Of records: "
	    "measurement, check-in, acknowledgement, experience, meeting, vote, acceptance. Beside "
	    "them: ranking, baseline, waiver, rule-setting.",
    .options = options,
    .examples = examples,
    .max_args = 100,
    .run = run,
    .takes = TAKES_SERVER | TAKES_AS_OF | TAKES_FILTER,
    .formats = "table json yaml csv name",
};
