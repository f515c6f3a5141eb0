/* plumb ask: what one team needs from another, and what that one answers. */
#include <string.h>

#include "client/ask_waiting.h"
#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"

typedef Plumb__V1__Ask__State ask_state;

#define STATE(NAME) PLUMB__V1__ASK__STATE__##NAME
#define BIT(NAME)   (1u << STATE(NAME))

/* What an answer makes of an ask, and of which ones it can be said. */
struct answer {
	const char *verb;
	ask_state state;
	unsigned from;    /* bits of states */
	const char *done; /* "team/data committed to" */
	bool by_asker;    /* said by those who asked */
	bool shows_waiting;
};

static const struct answer commit = {.verb = "commit",
    .state = STATE(COMMITTED),
    .from = BIT(ASKED) | BIT(COMMITTED) | BIT(COUNTERED) | BIT(DECLINED),
    .done = "committed to"};
static const struct answer decline = {.verb = "decline",
    .state = STATE(DECLINED),
    .from = BIT(ASKED) | BIT(COMMITTED) | BIT(COUNTERED),
    .done = "declined",
    .shows_waiting = true};
static const struct answer counter = {.verb = "counter",
    .state = STATE(COUNTERED),
    .from = BIT(ASKED) | BIT(COMMITTED) | BIT(DECLINED) | BIT(COUNTERED),
    .done = "made another offer to",
    .shows_waiting = true};
static const struct answer met = {
    .verb = "met", .state = STATE(MET), .from = BIT(COMMITTED) | BIT(MISSED), .done = "has met"};
static const struct answer missed = {.verb = "missed",
    .state = STATE(MISSED),
    .from = BIT(COMMITTED),
    .done = "has missed",
    .shows_waiting = true};
static const struct answer withdraw = {.verb = "withdraw",
    .state = STATE(WITHDRAWN),
    .from = BIT(ASKED) | BIT(COMMITTED) | BIT(COUNTERED) | BIT(DECLINED) | BIT(MISSED),
    .done = "took back",
    .by_asker = true};

static const char *
state_word(ask_state state)
{
	static const char *const words[] = {
	    "asked", "committed", "declined", "countered", "met", "missed", "withdrawn"};

	return (size_t)state < sizeof words / sizeof words[0] ? words[state] : "unknown";
}

/* ---- answering */

static bool
is_in_team(struct context *ctx, const char *person, const char *team)
{
	const Plumb__V1__Envelope *entry;
	const Plumb__V1__Item *item;
	char ref[128];

	snprintf(ref, sizeof ref, "team/%.64s", said_bare(team));
	entry = said_get(ctx, ref);
	item = entry ? describe_item(entry) : NULL;
	if (!item || item->body_case != PLUMB__V1__ITEM__BODY_TEAM)
		return true; /* nothing is known of the team: nothing to warn about */
	if (strcmp(said_bare(item->team->lead), person) == 0)
		return true;
	for (size_t i = 0; i < item->team->n_members; i++) {
		if (strcmp(said_bare(item->team->members[i]), person) == 0)
			return true;
	}
	snprintf(ref, sizeof ref, "person/%.64s", person);
	entry = said_get(ctx, ref);
	item = entry ? describe_item(entry) : NULL;
	return item && item->body_case == PLUMB__V1__ITEM__BODY_PERSON &&
	       strcmp(said_bare(item->person->team), said_bare(team)) == 0;
}

static void
warn_stranger(
    struct context *ctx, const struct answer *answer, const Plumb__V1__Ask *ask, const char *person)
{
	const char *team = answer->by_asker ? ask->from : ask->to;

	if (person[0] && team[0] && !is_in_team(ctx, person, team))
		context_error(ctx, EXIT_FINE,
		    "note: as far as the plan says, person/%s is not in team/%s, which should say "
		    "this",
		    person, said_bare(team));
}

/* What can be typed instead. */
static int
refuse(struct context *ctx, const char *ref, const struct answer *answer, ask_state state)
{
	static const struct answer *const all[] = {
	    &commit, &decline, &counter, &met, &missed, &withdraw};
	char can[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if ((all[i]->from & 1u << state) && len < sizeof can)
			len += (size_t)snprintf(
			    can + len, sizeof can - len, "%s%s", len ? ", " : "", all[i]->verb);
	}
	if (!len)
		return context_error(ctx, EXIT_USAGE,
		    "%s is %s and stays so; put a new one: plumb ask new", ref, state_word(state));
	return context_error(ctx, EXIT_USAGE,
	    "%s is %s: it cannot be '%s' now. What it can be: plumb ask %s %s", ref,
	    state_word(state), answer->verb, len ? can : "", ref);
}

static int
lost_race(struct context *ctx, const char *ref)
{
	const Plumb__V1__Envelope *now = ctx->status.conflict ? ctx->status.conflict->entry : NULL;
	const Plumb__V1__Item *item = now ? describe_item(now) : NULL;

	if (!item || item->body_case != PLUMB__V1__ITEM__BODY_ASK)
		return context_fail(ctx);
	return context_error(ctx, EXIT_NO,
	    "%s was changed a moment ago by %s and is now %s; nothing was done. Look at it with "
	    "plumb get %s, then say it again if it still holds",
	    ref, now->updated_by[0] ? now->updated_by : "somebody", state_word(item->ask->state),
	    ref);
}

/* The dates and words of the answer; EXIT_FINE or the code of a fault. */
static int
fill_answer(const struct args *args, const struct answer *answer, Plumb__V1__Ask *ask,
    const char *who, const char *today)
{
	const char *promised = args_get(args, "promised");
	const char *words = args_get(args, "answer");
	int32_t day;

	if (promised && !date_parse(promised, &day))
		return command_usage(
		    args, "--promised takes a date such as 2026-06-30; not '%s'", promised);
	ask->state = answer->state;
	if (words)
		ask->answer = pb_str(words);
	if (promised)
		ask->promised_for = pb_str(promised);
	if (answer->state == STATE(DECLINED))
		ask->promised_for = pb_str("");
	if (answer->by_asker)
		return EXIT_FINE;
	if (answer->state == STATE(COMMITTED) || answer->state == STATE(DECLINED) ||
	    answer->state == STATE(COUNTERED)) {
		ask->answered = pb_str(today);
		ask->answered_by = pb_str(who);
	}
	return EXIT_FINE;
}

static int
put_answer(struct context *ctx, const struct args *args, const struct answer *answer,
    const Plumb__V1__Envelope *entry, const char *who)
{
	const Plumb__V1__Ask *ask = entry->item->ask;
	const char *team = answer->by_asker ? ask->from : ask->to;
	char done[400], lead[300];
	int code;

	snprintf(done, sizeof done, "%s%s %s %s%s%s", team[0] ? "team/" : "the team",
	    said_bare(team), answer->done, entry->ref,
	    ask->promised_for[0] && answer->state == STATE(COMMITTED) ? ", for " : "",
	    answer->state == STATE(COMMITTED) ? ask->promised_for : "");
	warn_stranger(ctx, answer, ask, who);
	code = said_put(ctx, args, entry->item, entry, done);
	if (code == EXIT_NO)
		return lost_race(ctx, entry->ref);
	if (code == EXIT_FINE && answer->shows_waiting && ask->initiative[0] &&
	    ctx->out.format == OUTPUT_TABLE) {
		snprintf(lead, sizeof lead, "What waits for it%s%s, best rank first:",
		    ask->needed_by[0] ? ", needed by " : "", ask->needed_by);
		ask_waiting_print(ctx, ask->initiative, lead);
	}
	return code;
}

static int
run_answer(struct context *ctx, const struct args *args, const struct answer *answer)
{
	const Plumb__V1__Envelope *entry;
	const char *who = args_get(args, "by");
	struct said_now now;
	ask_state state;
	int code = EXIT_FINE;

	entry = said_find(ctx, args->values[0], "ask", &code);
	if (!entry)
		return code;
	state = entry->item->ask->state;
	if (!(answer->from & 1u << state))
		return refuse(ctx, entry->ref, answer, state);
	if (!said_now(ctx, &now))
		return context_fail(ctx);
	who = who ? said_bare(who) : now.caller;
	code = fill_answer(args, answer, entry->item->ask, who, now.today);
	return code == EXIT_FINE ? put_answer(ctx, args, answer, entry, who) : code;
}

#define RUN(name)                                                                                  \
	static int run_##name(struct context *ctx, const struct args *args)                        \
	{                                                                                          \
		return run_answer(ctx, args, &name);                                               \
	}
RUN(commit)
RUN(decline)
RUN(counter)
RUN(met)
RUN(missed)
RUN(withdraw)

/* ---- new */

static const char *
make_id(struct context *ctx, const char *to, const char *what)
{
	const char *text = arena_printf(ctx->arena, "to-%s-%s", said_bare(to), what);

	return text ? said_id(ctx, text) : "";
}

/* A bare number is days here: whoever types "--effort 20" means no hundredths. */
static bool
parse_days_typed(struct context *ctx, const char *text, int64_t *out)
{
	const char *days = arena_printf(ctx->arena, "%sd", text);

	return ((days && parse_effort(days, out)) || parse_effort(text, out)) && *out >= 0;
}

static int
fill_new(struct context *ctx, const struct args *args, Plumb__V1__Ask *ask)
{
	const char *by = args_get(args, "by");
	const char *effort = args_get(args, "effort");
	int32_t day;

	if (by && !date_parse(by, &day))
		return command_usage(args, "--by takes a date such as 2026-06-30; not '%s'", by);
	if (effort && !parse_days_typed(ctx, effort, &ask->effort))
		return command_usage(
		    args, "--effort takes person-days such as 12 or 2.5d; not '%s'", effort);
	if (effort)
		ask->effort__case = PLUMB__V1__ASK__EFFORT__EFFORT;
	ask->needed_by = pb_str(by ? by : "");
	ask->what = pb_str(args_get(args, "what"));
	ask->from = pb_str(said_ref(ctx, args_get(args, "from"), "team"));
	ask->to = ask->from ? pb_str(said_ref(ctx, args_get(args, "to"), "team")) : NULL;
	if (!ask->to)
		return context_fail(ctx);
	if (strcmp(ask->from, ask->to) == 0)
		return context_error(ctx, EXIT_USAGE,
		    "%s cannot ask itself: name the team that is needed with --to, or plan it as "
		    "the "
		    "team's own work, as a task or an allocation",
		    ask->from);
	ask->initiative = pb_str(context_ref(ctx, args_get(args, "for"), "initiative,workstream"));
	if (!ask->initiative)
		return context_fail(ctx);
	if (!said_get(ctx, ask->initiative)) {
		context_suggest(ctx, ask->initiative);
		return context_fail(ctx);
	}
	ask->from = pb_str(said_bare(ask->from));
	ask->to = pb_str(said_bare(ask->to));
	if (strncmp(ask->initiative, "initiative/", 11) == 0)
		ask->initiative = pb_str(said_bare(ask->initiative));
	return EXIT_FINE;
}

static int
run_new(struct context *ctx, const struct args *args)
{
	static const char *const required[] = {"from", "to", "for", "what"};
	Plumb__V1__Item item;
	Plumb__V1__Ask ask;
	char done[300];
	int code;

	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		if (!args_get(args, required[i]) || !args_get(args, required[i])[0])
			return command_usage(args,
			    "say who needs what from whom, and for what: --from TEAM --to TEAM "
			    "--for "
			    "INITIATIVE --what TEXT (--%s is missing)",
			    required[i]);
	}
	plumb__v1__ask__init(&ask);
	plumb__v1__item__init(&item);
	code = fill_new(ctx, args, &ask);
	if (code != EXIT_FINE)
		return code;
	item.id = pb_str(args->count ? said_bare(args->values[0]) : make_id(ctx, ask.to, ask.what));
	item.title = pb_str(args_get(args, "title") ? args_get(args, "title") : ask.what);
	item.body_case = PLUMB__V1__ITEM__BODY_ASK;
	item.ask = &ask;
	snprintf(done, sizeof done, "team/%s asks team/%s: ask/%s", ask.from, ask.to, item.id);
	code = said_put(ctx, args, &item, NULL, done);
	if (code == EXIT_NO)
		return context_error(ctx, EXIT_NO,
		    "there is an ask/%s already; give this one a name of its own: plumb ask new ID "
		    "…",
		    item.id);
	if (code == EXIT_FINE && !args_has(args, "dry-run") && ctx->out.format == OUTPUT_TABLE)
		output_printf(&ctx->out,
		    "They answer with: plumb ask commit %s --promised DATE (or counter, or "
		    "decline)\n",
		    item.id);
	return code;
}

/* ---- list */

static bool
is_open_state(ask_state state)
{
	return state == STATE(ASKED) || state == STATE(COMMITTED) || state == STATE(COUNTERED);
}

struct listing {
	struct context *ctx;
	const struct args *args;
	const char *from;
	const char *to;
};

static bool
is_listed(const void *arg, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Ask *ask = entry->item->ask;

	return (!l->from || strcmp(said_bare(ask->from), said_bare(l->from)) == 0) &&
	       (!l->to || strcmp(said_bare(ask->to), said_bare(l->to)) == 0) &&
	       (!args_has(l->args, "open") || is_open_state(ask->state));
}

static void
add_row(const void *arg, struct table *table, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Ask *ask = entry->item->ask;

	table_cell(table, l->ctx->out.format == OUTPUT_CSV ? entry->ref : said_bare(entry->ref));
	table_cell(table, state_word(ask->state));
	table_cell(table, said_bare(ask->from));
	table_cell(table, said_bare(ask->to));
	table_cell(table, ask->needed_by);
	table_cell(table, ask->promised_for);
	table_cell(table, said_bare(ask->initiative));
	table_cell(table, entry->item->title[0] ? entry->item->title : ask->what);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	struct listing l = {ctx, args, args_get(args, "from"), args_get(args, "to")};
	struct said_rows rows = {.kind = "ask",
	    .none = "There are no such asks. plumb ask new puts one.",
	    .takes = is_listed,
	    .row = add_row,
	    .arg = &l};

	if ((l.from && !(l.from = said_ref(ctx, l.from, "team"))) ||
	    (l.to && !(l.to = said_ref(ctx, l.to, "team"))))
		return context_fail(ctx);
	rows.table = table_new();
	if (rows.table) {
		table_column(rows.table, "ASK", 0);
		table_column(rows.table, "STATE", 0);
		table_column(rows.table, "FROM", TABLE_SHRINK);
		table_column(rows.table, "TO", TABLE_SHRINK);
		table_column(rows.table, "NEEDED BY", 0);
		table_column(rows.table, "PROMISED", TABLE_DROP);
		table_column(rows.table, "FOR", TABLE_SHRINK | TABLE_DROP);
		table_column(rows.table, "WHAT", TABLE_WRAP | TABLE_DROP);
	}
	return said_show(ctx, &rows);
}

/* ---- the commands */

#define ANSWER_OPTIONS                                                                             \
	{0, "answer", "TEXT", "what the team says, in its words", NULL},                           \
	{                                                                                          \
		0, "by", "PERSON", "whose word it is; you (--as) if not stated", NULL              \
	}

static const struct option new_options[] = {
    {0, "from", "TEAM", "the team that needs it; required", NULL},
    {0, "to", "TEAM", "the team that is asked; required", NULL},
    {0, "for", "INITIATIVE", "what waits for it, an initiative or workstream; required", NULL},
    {0, "what", "TEXT", "what is needed; required", NULL},
    {0, "by", "DATE", "the day by which it is needed", NULL},
    {0, "effort", "DAYS", "how many person-days it takes", NULL},
    {0, "title", "TEXT", "a short title; what is needed if not stated", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct option promise_options[] = {
    {0, "promised", "DATE", "the day for which it is promised", NULL},
    ANSWER_OPTIONS,
    WRITE_OPTIONS,
    {0},
};
static const struct option answer_options[] = {
    ANSWER_OPTIONS,
    WRITE_OPTIONS,
    {0},
};
static const struct option list_options[] = {
    {0, "to", "TEAM", "those that this team shall answer", NULL},
    {0, "from", "TEAM", "those that this team has put", NULL},
    {0, "open", NULL, "only those that are asked, committed or countered", NULL},
    {0},
};

static const struct example new_examples[] = {
    {"plumb ask new --from onboarding --to data --for onboarding-30 --what \"two people for the "
     "import\" --by 2026-04-30 --effort 20 --as anna",
	"they see it in plumb mine, and answer"},
    {0},
};
static const struct command ask_new = {
    .name = "new",
    .arguments = "[ID]",
    .summary = "ask another team for something",
    .help = "Without an ID one is made of the team and the words.",
    .options = new_options,
    .examples = new_examples,
    .max_args = 1,
    .run = run_new,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct example list_examples[] = {
    {"plumb ask list --to data --open", "what the data team has to answer or to give"},
    {"plumb ask list --from onboarding", "what onboarding waits for"},
    {0},
};
static const struct command ask_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the asks between teams, by the day on which they are needed",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};

static const struct example commit_examples[] = {
    {"plumb ask commit import-people --promised 2026-04-24 --answer \"Grace, two days a week\" "
     "--as "
     "grace",
	NULL},
    {0},
};
static const struct command ask_commit = {
    .name = "commit",
    .arguments = "ASK",
    .summary = "say yes, and for when",
    .help =
	"Said again it moves the promised day. Without --promised it is promised for the day by "
	"which it is needed.",
    .options = promise_options,
    .examples = commit_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_commit,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example decline_examples[] = {
    {"plumb ask decline import-people --answer \"not before July\" --as grace",
	"shows what waits for it"},
    {0},
};
static const struct command ask_decline = {
    .name = "decline",
    .arguments = "ASK",
    .summary = "say no; shows what a no does to the work that waits",
    .options = answer_options,
    .examples = decline_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_decline,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example counter_examples[] = {
    {"plumb ask counter import-people --answer \"one person, from May\" --promised 2026-05-04 --as "
     "grace",
	NULL},
    {0},
};
static const struct command ask_counter = {
    .name = "counter",
    .arguments = "ASK",
    .summary = "offer something else",
    .options = promise_options,
    .examples = counter_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_counter,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example met_examples[] = {
    {"plumb ask met import-people --as grace", NULL},
    {0},
};
static const struct command ask_met = {
    .name = "met",
    .arguments = "ASK",
    .summary = "say that what was promised has come",
    .options = answer_options,
    .examples = met_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_met,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example missed_examples[] = {
    {"plumb ask missed import-people --answer \"Grace was ill\" --as grace", NULL},
    {0},
};
static const struct command ask_missed = {
    .name = "missed",
    .arguments = "ASK",
    .summary = "say that what was promised will not come",
    .options = answer_options,
    .examples = missed_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_missed,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example withdraw_examples[] = {
    {"plumb ask withdraw import-people --reason \"the vendor does it\" --as anna", NULL},
    {0},
};
static const struct command ask_withdraw = {
    .name = "withdraw",
    .arguments = "ASK",
    .summary = "take an ask back, because it is no longer needed or settled otherwise",
    .options = answer_options,
    .examples = withdraw_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_withdraw,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {&ask_new, &ask_list, &ask_commit, &ask_decline,
    &ask_counter, &ask_met, &ask_missed, &ask_withdraw, NULL};

static const struct example examples[] = {
    {"plumb ask list --to data --open", "what the data team has to answer or to give"},
    {"plumb ask decline import-people --answer \"not before July\"", "shows what waits for it"},
    {0},
};

const struct command cmd_ask = {
    .name = "ask",
    .group = GROUP_REPORT,
    .arguments = "",
    .summary = "ask another team for help, and answer such an ask",
    .help = "One team asks; the other one answers: it commits to a day, declines, or counters with "
	    "another offer. Later what was promised is met or missed. Anybody may answer, but "
	    "whoever is not in the team that should is told so. plumb check finds what is not "
	    "answered, late, or refused while work waits for it.",
    .examples = examples,
    .parts = parts,
};
