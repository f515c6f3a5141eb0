/* plumb mine: what one person owns, executes, owes and is owed. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "common/pb.h"
#include "common/str.h"

#define TEXT_MAX 4096

static const struct {
	Plumb__V1__MineItem__Why why;
	const char *word;
	const char *heading;
} groups[] = {
    {PLUMB__V1__MINE_ITEM__WHY__OWES, "owes", "Due from %s"},
    {PLUMB__V1__MINE_ITEM__WHY__IS_OWED, "is-owed", "%s waits for"},
    {PLUMB__V1__MINE_ITEM__WHY__OWNS, "owns", "%s answers for"},
    {PLUMB__V1__MINE_ITEM__WHY__EXECUTES, "executes", "%s works on"},
};
#define GROUPS (sizeof groups / sizeof groups[0])

static const char *
why_word(Plumb__V1__MineItem__Why why)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (groups[i].why == why)
			return groups[i].word;
	}
	return "";
}

static bool
is_past(const Plumb__V1__MineItem *item, const char *today)
{
	return item->due[0] && strcmp(item->due, today) < 0;
}

/* "what" says more than that it is theirs only where something is due. */
static bool
says_something(const Plumb__V1__MineItem *item)
{
	return item->what[0] &&
	       (item->why == PLUMB__V1__MINE_ITEM__WHY__OWES ||
		   item->why == PLUMB__V1__MINE_ITEM__WHY__IS_OWED || strstr(item->what, "one of"));
}

/* One entry: what it is, what is due, and why it matters. */
static void
show_item(struct context *ctx, const Plumb__V1__MineItem *item, const char *today)
{
	struct str text;
	char lead[32];
	bool due = item->why == PLUMB__V1__MINE_ITEM__WHY__OWES ||
		   item->why == PLUMB__V1__MINE_ITEM__WHY__IS_OWED;

	str_init(&text, TEXT_MAX);
	str_add(&text, item->ref);
	if (item->title[0])
		str_addf(&text, "  %s", item->title);
	if (item->status[0])
		str_addf(&text, " (%s%s%s)", item->status, item->due[0] && !due ? ", until " : "",
		    due ? "" : item->due);
	snprintf(lead, sizeof lead, "   -  ");
	if (item->rank)
		snprintf(lead, sizeof lead, "%4" PRIu32 "  ", item->rank);
	output_wrap(&ctx->out, lead, text.data);
	str_reset(&text);
	if (says_something(item)) {
		str_addf(&text, "%s%s", is_past(item, today) && due ? "! " : "", item->what);
		output_wrap(&ctx->out, "      ", text.data);
	}
	str_reset(&text);
	if (item->matters[0]) {
		str_addf(&text, "for %s", item->matters);
		output_wrap(&ctx->out, "      ", text.data);
	}
	str_fini(&text);
	if (item->why == PLUMB__V1__MINE_ITEM__WHY__OWNS)
		describe_aim_of(ctx, item->ref, "      ");
}

static size_t
show_group(struct context *ctx, const Plumb__V1__MineReply *reply, size_t g, const char *name)
{
	size_t shown = 0;
	char heading[200];

	for (size_t i = 0; i < reply->n_items; i++) {
		if (reply->items[i]->why != groups[g].why)
			continue;
		if (shown++ == 0) {
			/* the headings are ours: one %s each */
			const char *split = strstr(groups[g].heading, "%s");

			snprintf(heading, sizeof heading,
			    "%.*s%.120s%s:", (int)(split - groups[g].heading), groups[g].heading,
			    name, split + 2);
			output_text(&ctx->out, "\n");
			output_coloured(&ctx->out, COLOUR_BOLD, heading);
			output_text(&ctx->out, "\n");
		}
		show_item(ctx, reply->items[i], reply->today);
	}
	return shown;
}

static void
show_text(struct context *ctx, const Plumb__V1__MineReply *reply)
{
	const char *name = reply->name[0] ? reply->name : reply->person;
	size_t shown = 0;

	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena, "%s (%s), %s, revision %" PRIu64, name, reply->person,
		reply->today, reply->revision));
	for (size_t g = 0; g < GROUPS; g++)
		shown += show_group(ctx, reply, g, name);
	if (shown == 0)
		output_printf(&ctx->out, "Nothing in the plan is theirs, and nothing is due.\n");
	else
		output_wrap(
		    &ctx->out, "\n", "The number in front is the rank; \"!\" is past its day.");
	if (reply->findings) {
		struct str text;

		str_init(&text, TEXT_MAX);
		str_addf(&text,
		    "%" PRIu32 " finding%s should be acted on by %s; plumb check --who %s says "
		    "which",
		    reply->findings, reply->findings == 1 ? "" : "s", name,
		    said_bare(reply->person));
		output_wrap(&ctx->out, "", text.data);
		str_fini(&text);
	}
	if (reply->cut)
		output_printf(&ctx->out, "There is more than fits here.\n");
}

static void
show_csv(struct context *ctx, const Plumb__V1__MineReply *reply, struct table *table)
{
	static const char *const columns[] = {
	    "why", "ref", "title", "rank", "what", "due", "status", "matters"};

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		table_column(table, columns[i], 0);
	for (size_t i = 0; i < reply->n_items; i++) {
		const Plumb__V1__MineItem *item = reply->items[i];

		table_cell(table, why_word(item->why));
		table_cell(table, item->ref);
		table_cell(table, item->title);
		if (item->rank)
			table_cellf(table, "%" PRIu32, item->rank);
		else
			table_cell(table, "");
		table_cell(table, item->what);
		table_cell(table, item->due);
		table_cell(table, item->status);
		table_cell(table, item->matters);
	}
	table_print(table, &ctx->out);
}

static int
show(struct context *ctx, const Plumb__V1__MineReply *reply)
{
	struct table *table;

	switch (ctx->out.format) {
	case OUTPUT_JSON:
	case OUTPUT_YAML:
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	case OUTPUT_NAME:
		for (size_t i = 0; i < reply->n_items; i++)
			output_printf(&ctx->out, "%s\n", reply->items[i]->ref);
		return EXIT_FINE;
	case OUTPUT_CSV:
		table = table_new();
		if (!table)
			return context_error(ctx, EXIT_SERVER, "out of memory");
		show_csv(ctx, reply, table);
		table_free(table);
		return EXIT_FINE;
	default:
		break;
	}
	show_text(ctx, reply);
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__MineRequest request;
	const Plumb__V1__MineReply *reply;
	Plumb__V1__At at;

	plumb__v1__mine_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	if (args->count) {
		const char *text = args->values[0];

		/* looked up, so that a typing mistake is told with what was meant */
		request.person = pb_str(
		    context_ref(ctx, strncmp(text, "person/", 7) == 0 ? text + 7 : text, "person"));
		if (!request.person)
			return context_fail(ctx);
	}
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Mine", &request.base);
	if (!reply && !args->count && ctx->status.err.code == ERR_INVALID)
		return command_usage(args, "say who you are (--as PERSON), or name somebody");
	if (!reply && ctx->as[0])
		context_suggest(ctx, strchr(ctx->as, '/')
					 ? ctx->as
					 : arena_printf(ctx->arena, "person/%s", ctx->as));
	return reply ? show(ctx, reply) : context_fail(ctx);
}

static const struct example examples[] = {
    {"plumb mine --as anna", "what is due from you, what you wait for, and what is yours"},
    {"plumb mine bert", "the same of somebody else"},
    {"plumb mine anna -o csv", "for a spreadsheet"},
    {0},
};

const struct command cmd_mine = {
    .name = "mine",
    .group = GROUP_READ,
    .arguments = "[PERSON]",
    .summary = "show what one person owns, executes, owes and is owed",
    .help =
	"Best rank first, each with the chain up that says why it matters. Due is what is past or "
	"comes within 14 days: check-ins, acknowledgements, measurements, answers to asks of the "
	"teams that they lead, tasks, meetings, votes, promises, requests, acceptance of the plan "
	"and what stands in its way, and decisions that they have not read.",
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
