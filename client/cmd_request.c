/* plumb request: what one level needs from another, and the answer. */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/pb.h"

#define STATE(NAME) PLUMB__V1__REQUEST__STATE__##NAME

struct answer {
	const char *verb;
	const char *done; /* "request/x is given" */
	Plumb__V1__Request__State state;
	bool by_asker;
	bool needs_words;
};

static const struct answer give = {.verb = "answer", .done = "is given", .state = STATE(GIVEN)};
static const struct answer refuse = {
    .verb = "refuse", .done = "is refused", .state = STATE(REFUSED), .needs_words = true};
static const struct answer withdraw = {
    .verb = "withdraw", .done = "is withdrawn", .state = STATE(WITHDRAWN), .by_asker = true};

static const char *
state_word(Plumb__V1__Request__State state)
{
	static const char *const words[] = {"open", "given", "refused", "withdrawn"};

	return (size_t)state < sizeof words / sizeof words[0] ? words[state] : "";
}

/* ---- answering */

/* Whoever says it is not the one who is asked, as far as the plan says. */
static void
note_stranger(struct context *ctx, const struct answer *answer, const Plumb__V1__Request *request,
    const char *who)
{
	const char *whose = answer->by_asker ? request->from : request->to;

	if (who[0] && whose[0] && strncmp(whose, "team/", 5) != 0 &&
	    strcmp(said_bare(whose), who) != 0)
		context_error(ctx, EXIT_FINE,
		    "note: as far as the plan says, person/%s should say this, not person/%s",
		    said_bare(whose), who);
}

static int
run_answer(struct context *ctx, const struct args *args, const struct answer *answer)
{
	int code = EXIT_FINE;
	const Plumb__V1__Envelope *entry = said_find(ctx, args->values[0], "request", &code);
	const char *words = args_get(args, "answer");
	const char *who = args_get(args, "by");
	Plumb__V1__Request *request;
	struct said_now now;
	char done[300];

	if (!entry)
		return code;
	request = entry->item->request;
	if (request->state == answer->state && !words)
		return context_error(
		    ctx, EXIT_USAGE, "%s is %s already", entry->ref, state_word(request->state));
	if (request->state == STATE(WITHDRAWN))
		return context_error(ctx, EXIT_USAGE,
		    "%s is withdrawn and stays so; put a new one: plumb request new", entry->ref);
	if (answer->needs_words && (!words || !words[0]))
		return command_usage(args,
		    "say why, so that they can plan without it: --answer \"not before July\"");
	if (!said_now(ctx, &now))
		return context_fail(ctx);
	who = who ? said_bare(who) : now.caller;
	request->state = answer->state;
	if (words)
		request->answer = pb_str(words);
	if (!answer->by_asker) {
		request->answered = pb_str(now.today);
		request->answered_by = pb_str(who);
	}
	note_stranger(ctx, answer, request, who);
	snprintf(done, sizeof done, "%s %s", entry->ref, answer->done);
	return said_put_or_tell(ctx, args, entry->item, entry, done);
}

static int
run_give(struct context *ctx, const struct args *args)
{
	return run_answer(ctx, args, &give);
}

static int
run_refuse(struct context *ctx, const struct args *args)
{
	return run_answer(ctx, args, &refuse);
}

static int
run_withdraw(struct context *ctx, const struct args *args)
{
	return run_answer(ctx, args, &withdraw);
}

/* ---- new */

static int
fill_people(struct context *ctx, const struct args *args, const struct said_now *now,
    Plumb__V1__Request *request)
{
	const char *from = args_get(args, "from");
	const char *ref;

	if (!from && !now->caller[0])
		return command_usage(args,
		    "say who needs it: --from PERSON or --from team/ID, or who you are: --as "
		    "PERSON");
	ref = context_ref_there(ctx, from ? from : now->caller, "person,team");
	if (!ref)
		return context_fail(ctx);
	request->from = pb_str(said_who(ref));
	ref = context_ref_there(ctx, args_get(args, "to"), "person");
	if (!ref)
		return context_fail(ctx);
	request->to = pb_str(said_bare(ref));
	if (strcmp(request->from, request->to) == 0)
		return context_error(ctx, EXIT_USAGE,
		    "person/%s cannot ask themselves: name the one who can give it with --to",
		    request->to);
	return EXIT_FINE;
}

static int
fill_rest(struct context *ctx, const struct args *args, Plumb__V1__Request *request)
{
	const char *work = args_get(args, "for");
	const char *type = args_get(args, "type");
	const char *ref;
	int code = args_date(args, "by", &request->needed_by);

	if (code != EXIT_FINE)
		return code;
	if (type && strcmp(type, "information") == 0)
		request->type = PLUMB__V1__REQUEST__TYPE__INFORMATION;
	if (!work)
		return EXIT_FINE;
	ref = context_ref_there(ctx, work, "initiative,workstream,milestone,task,objective,goal");
	if (!ref)
		return context_fail(ctx);
	request->work = pb_str(strncmp(ref, "initiative/", 11) == 0 ? ref + 11 : ref);
	return EXIT_FINE;
}

static int
run_new(struct context *ctx, const struct args *args)
{
	static const char *const required[] = {"to", "what"};
	Plumb__V1__Item item;
	Plumb__V1__Request request;
	struct said_now now;
	const char *words;
	char done[400];
	int code;

	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		if (!args_get(args, required[i]) || !args_get(args, required[i])[0])
			return command_usage(args,
			    "say of whom you need what: --to PERSON --what TEXT (--%s is missing)",
			    required[i]);
	}
	if (!said_now(ctx, &now))
		return context_fail(ctx);
	plumb__v1__request__init(&request);
	plumb__v1__item__init(&item);
	code = fill_people(ctx, args, &now, &request);
	if (code == EXIT_FINE)
		code = fill_rest(ctx, args, &request);
	if (code != EXIT_FINE)
		return code;
	request.asked = pb_str(now.today);
	words = arena_printf(ctx->arena, "to-%s-%s", request.to, args_get(args, "what"));
	item.id =
	    pb_str(args->count ? said_bare(args->values[0]) : said_id(ctx, words ? words : ""));
	item.title = pb_str(args_get(args, "what"));
	item.body_case = PLUMB__V1__ITEM__BODY_REQUEST;
	item.request = &request;
	snprintf(done, sizeof done, "%s asks person/%s: request/%s",
	    strchr(request.from, '/') ? request.from
				      : arena_printf(ctx->arena, "person/%s", request.from),
	    request.to, item.id);
	code = said_put_or_tell(ctx, args, &item, NULL, done);
	if (code == EXIT_FINE && !args_has(args, "dry-run") && ctx->out.format == OUTPUT_TABLE)
		output_printf(&ctx->out,
		    "They answer with: plumb request answer %s (or plumb request refuse %s)\n",
		    item.id, item.id);
	return code;
}

/* ---- list */

struct list {
	struct context *ctx;
	const struct args *args;
	const char *from;
	const char *to;
	int32_t today;
};

/* Days since it was asked; while it is open, until today. -1: nobody knows. */
static int32_t
age_of(const struct list *l, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Request *request = entry->item->request;
	int32_t asked = date_or(request->asked, DATE_NONE);
	int32_t until = date_or(request->answered, l->today);

	if (asked == DATE_NONE) {
		char created[DATE_TEXT_LEN];

		snprintf(created, sizeof created, "%.10s", entry->created);
		asked = date_or(created, DATE_NONE);
	}
	if (request->state == STATE(OPEN))
		until = l->today;
	return asked != DATE_NONE && until >= asked ? until - asked : -1;
}

static void
add_row(const void *arg, struct table *table, const Plumb__V1__Envelope *entry)
{
	const struct list *l = arg;
	const Plumb__V1__Request *request = entry->item->request;
	bool csv = l->ctx->out.format == OUTPUT_CSV;
	int32_t age = age_of(l, entry);

	table_cell(table, csv ? entry->ref : said_bare(entry->ref));
	table_cell(table, state_word(request->state));
	table_cell(table, csv ? request->from : said_bare(request->from));
	table_cell(table, said_bare(request->to));
	table_cell_if(table, age >= 0, "%" PRId32 "%s", age, csv ? "" : " d");
	table_cell(table, request->needed_by);
	if (request->state == STATE(OPEN) && request->needed_by[0] &&
	    date_or(request->needed_by, l->today) < l->today)
		table_colour(table, COLOUR_RED);
	table_cell(table, csv ? request->work : said_bare(request->work));
	table_cell(table, entry->item->title);
	if (csv)
		table_cell(table, request->answer);
}

static bool
is_listed(const void *arg, const Plumb__V1__Envelope *entry)
{
	const struct list *l = arg;
	const Plumb__V1__Request *request = entry->item->request;

	return (!l->from[0] || strcmp(said_bare(request->from), said_bare(l->from)) == 0) &&
	       (!l->to[0] || strcmp(said_bare(request->to), said_bare(l->to)) == 0) &&
	       (!args_has(l->args, "open") || request->state == STATE(OPEN));
}

static struct table *
new_table(const struct context *ctx)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table_column(table, "REQUEST", TABLE_WRAP);
	table_column(table, "STATE", 0);
	table_column(table, "FROM", TABLE_SHRINK);
	table_column(table, "TO", TABLE_SHRINK);
	table_column(table, "AGE", TABLE_RIGHT);
	table_column(table, "NEEDED BY", 0);
	table_column(table, "FOR", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "WHAT", TABLE_WRAP | TABLE_DROP);
	if (ctx->out.format == OUTPUT_CSV)
		table_column(table, "ANSWER", 0);
	return table;
}

static int
run_list(struct context *ctx, const struct args *args)
{
	struct list l = {.ctx = ctx, .args = args};
	struct said_rows rows = {.kind = "request",
	    .none = "There are no such requests. plumb request new puts one.",
	    .takes = is_listed,
	    .row = add_row,
	    .arg = &l};
	const char *from = args_get(args, "from"), *to = args_get(args, "to");
	struct said_now now;

	l.from = from ? said_ref(ctx, from, "person,team") : "";
	l.to = l.from && to ? said_ref(ctx, to, "person") : "";
	if (!l.from || !l.to || !said_now(ctx, &now))
		return context_fail(ctx);
	l.today = date_or(now.today, DATE_NONE);
	rows.table = new_table(ctx);
	return said_show(ctx, &rows);
}

/* ---- the commands */

static const struct option new_options[] = {
    {0, "to", "PERSON", "who can give it; required", NULL},
    {0, "what", "TEXT", "what is needed; required", NULL},
    {0, "from", "PERSON|team/ID", "who needs it; you (--as) if not stated", NULL},
    {0, "for", "WORK", "what waits for it: an initiative or other work", NULL},
    {0, "by", "DATE", "the day by which it is needed", NULL},
    {0, "type", "TYPE", "what it is (default: resources)", "resources information"},
    WRITE_OPTIONS,
    {0},
};
static const struct example new_examples[] = {
    {"plumb request new --to bert --what \"one developer more until June\" --for onboarding-30 "
     "--by 2026-04-30 --as anna",
	"bert sees it in plumb mine, and answers"},
    {"plumb request new --to cleo --type information --what \"what a seat costs\" --as anna", NULL},
    {0},
};
static const struct command request_new = {
    .name = "new",
    .arguments = "[ID]",
    .summary = "ask somebody on another level for resources or information",
    .help = "Without an ID one is made of the person and the words.",
    .options = new_options,
    .examples = new_examples,
    .max_args = 1,
    .run = run_new,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct option list_options[] = {
    {0, "to", "PERSON", "those that this person shall answer", NULL},
    {0, "from", "PERSON", "those of this person or team", NULL},
    {0, "open", NULL, "only those that nobody has answered", NULL},
    {0},
};
static const struct example list_examples[] = {
    {"plumb request list --to bert --open", "what bert has to answer, and how old it is"},
    {0},
};
static const struct command request_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the requests, by the day on which they are needed",
    .help = "AGE counts the days since it was asked: until today while it is open, else until the "
	    "answer.",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};

static const struct option answer_options[] = {
    {0, "answer", "TEXT", "what you say, in your words", NULL},
    {0, "by", "PERSON", "whose word it is; you (--as) if not stated", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct example answer_examples[] = {
    {"plumb request answer to-bert-one-developer --answer \"Grace, from May\" --as bert", NULL},
    {0},
};
static const struct command request_answer = {
    .name = "answer",
    .arguments = "REQUEST",
    .summary = "give what was asked for",
    .options = answer_options,
    .examples = answer_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_give,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example refuse_examples[] = {
    {"plumb request refuse to-bert-one-developer --answer \"not before July\" --as bert", NULL},
    {0},
};
static const struct command request_refuse = {
    .name = "refuse",
    .arguments = "REQUEST",
    .summary = "say no, and why",
    .options = answer_options,
    .examples = refuse_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_refuse,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct option withdraw_options[] = {
    {0, "by", "PERSON", "whose word it is; you (--as) if not stated", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct example withdraw_examples[] = {
    {"plumb request withdraw to-bert-one-developer --reason \"we found one\" --as anna", NULL},
    {0},
};
static const struct command request_withdraw = {
    .name = "withdraw",
    .arguments = "REQUEST",
    .summary = "take a request back, because it is no longer needed",
    .options = withdraw_options,
    .examples = withdraw_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_withdraw,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {
    &request_new, &request_list, &request_answer, &request_refuse, &request_withdraw, NULL};

static const struct example examples[] = {
    {"plumb request list --open", "what waits for an answer, and how long"},
    {"plumb request refuse more-budget --answer \"not before July\" --as bert", NULL},
    {0},
};

const struct command cmd_request = {
    .name = "request",
    .group = GROUP_REPORT,
    .arguments = "",
    .summary = "ask another level for resources or information, and answer such a request",
    .help = "What one team needs from another is an ask (plumb ask); what a person needs from one "
	    "on another level is a request. Who is asked answers or refuses; who asked may "
	    "withdraw it. plumb check finds those that stay open while work waits.",
    .examples = examples,
    .parts = parts,
};
