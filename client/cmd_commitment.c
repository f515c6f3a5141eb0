/* plumb commitment: what somebody promised to somebody by a day, and what became of it. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/pb.h"

#define STATE(NAME) PLUMB__V1__COMMITMENT__STATE__##NAME
#define WHO         "person,team"
#define TO_MAX      100u

static const char *
state_word(Plumb__V1__Commitment__State state)
{
	static const char *const words[] = {"open", "kept", "broken", "withdrawn"};

	return (size_t)state < sizeof words / sizeof words[0] ? words[state] : "unknown";
}

static const char *
stated_reason(const struct args *args)
{
	const char *reason = args_get(args, "reason");

	return reason && reason[0] ? reason : NULL;
}

/* ---- new */

static bool
fill_to(struct context *ctx, const struct args *args, Plumb__V1__Commitment *c, const char **to)
{
	for (size_t i = 0; i < args_count(args, "to"); i++) {
		const char *ref = said_ref(ctx, args_at(args, "to", i), WHO ",segment,customer");

		if (!ref)
			return false;
		to[c->n_promised_to++] = said_who(ref);
	}
	c->promised_to = (char **)(uintptr_t)to;
	return true;
}

static bool
fill_about(struct context *ctx, const struct args *args, Plumb__V1__Commitment *c, const char **to)
{
	for (size_t i = 0; i < args_count(args, "about"); i++) {
		to[c->n_concerns] = context_ref_there(ctx, args_at(args, "about", i), "");
		if (!to[c->n_concerns++])
			return false;
	}
	c->concerns = (char **)(uintptr_t)to;
	return true;
}

/* Whose promise it is: stated, or the caller's. */
static int
fill_by(struct context *ctx, const struct args *args, const struct said_now *now,
    Plumb__V1__Commitment *c)
{
	const char *by = args_get(args, "by");

	if (!by && !now->caller[0])
		return command_usage(
		    args, "say who promises it: --by PERSON or TEAM, or who you are: --as PERSON");
	by = said_ref(ctx, by ? by : arena_printf(ctx->arena, "person/%s", now->caller), WHO);
	if (!by)
		return context_fail(ctx);
	c->promised_by = pb_str(said_who(by));
	return EXIT_FINE;
}

static int
fill_owner(struct context *ctx, const Plumb__V1__Commitment *c, const struct said_now *now,
    Plumb__V1__Item *item, char **owner)
{
	const Plumb__V1__Envelope *team;

	*owner = c->promised_by;
	if (strncmp(c->promised_by, "team/", 5) == 0) {
		team = said_get(ctx, c->promised_by);
		if (!team)
			return context_fail(ctx);
		*owner = pb_str(team->item->team->lead[0] ? team->item->team->lead : now->caller);
	}
	item->owners = owner;
	item->n_owners = (*owner)[0] ? 1 : 0;
	return EXIT_FINE;
}

static int
run_new(struct context *ctx, const struct args *args)
{
	const char *what = args_get(args, "what"), *due = args_get(args, "due");
	const char *to[TO_MAX], *about[TO_MAX];
	Plumb__V1__Commitment c;
	Plumb__V1__Item item;
	struct said_now now;
	char done[400], *owner;
	int code;

	if (!what || !what[0] || args_count(args, "to") == 0 || !due)
		return command_usage(args,
		    "say what is promised to whom by when: --what TEXT --to WHO --due DATE (--%s "
		    "is "
		    "missing)",
		    !what || !what[0] ? "what"
		    : !due            ? "due"
				      : "to");
	plumb__v1__commitment__init(&c);
	if ((code = args_date(args, "due", &c.due)) != EXIT_FINE)
		return code;
	if (args_count(args, "to") > TO_MAX || args_count(args, "about") > TO_MAX)
		return command_usage(args, "at most %u are named at once", TO_MAX);
	plumb__v1__item__init(&item);
	if (!said_now(ctx, &now))
		return context_fail(ctx);
	if ((code = fill_by(ctx, args, &now, &c)) != EXIT_FINE ||
	    (code = fill_owner(ctx, &c, &now, &item, &owner)) != EXIT_FINE)
		return code;
	if (!fill_to(ctx, args, &c, to) || !fill_about(ctx, args, &c, about))
		return context_fail(ctx);
	c.made = pb_str(now.today);
	if (strcmp(due, now.today) < 0)
		return context_error(ctx, EXIT_USAGE,
		    "%s is before today, %s: a promise is for a day that is yet to come", due,
		    now.today);
	item.id = pb_str(args->count ? said_bare(args->values[0]) : said_id(ctx, what));
	item.title = pb_str(what);
	item.body_case = PLUMB__V1__ITEM__BODY_COMMITMENT;
	item.commitment = &c;
	snprintf(done, sizeof done, "%.100s promised %.100s%s for %.20s: commitment/%.70s",
	    c.promised_by, to[0], c.n_promised_to > 1 ? " and others" : "", due, item.id);
	return said_put_or_tell(ctx, args, &item, NULL, done);
}

/* ---- what became of it */

/* Only what is open can be settled or moved: what was said before stays in the history. */
static const Plumb__V1__Envelope *
find_open(struct context *ctx, const struct args *args, int *code)
{
	const Plumb__V1__Envelope *entry = said_find(ctx, args->values[0], "commitment", code);

	if (!entry || entry->item->commitment->state == STATE(OPEN))
		return entry;
	*code = context_error(ctx, EXIT_USAGE,
	    "%s is %s since %s and stays so; make a new one: plumb commitment new", entry->ref,
	    state_word(entry->item->commitment->state),
	    entry->item->commitment->settled[0] ? entry->item->commitment->settled
						: "a day that is not stated");
	return NULL;
}

static int
settle(struct context *ctx, const struct args *args, Plumb__V1__Commitment__State state)
{
	const char *reason = stated_reason(args);
	const Plumb__V1__Envelope *entry;
	Plumb__V1__Commitment *c;
	struct said_now now;
	char done[300], *on = NULL;
	int code = EXIT_FINE;
	bool late;

	if (state != STATE(KEPT) && !reason)
		return command_usage(args,
		    "say why to those who waited for it: -m \"the supplier is a month late\"");
	if ((code = args_date(args, "on", &on)) != EXIT_FINE)
		return code;
	entry = find_open(ctx, args, &code);
	if (!entry)
		return code;
	if (!said_now(ctx, &now))
		return context_fail(ctx);
	on = on ? on : pb_str(now.today);
	c = entry->item->commitment;
	if (strcmp(on, now.today) > 0 || (c->made[0] && strcmp(on, c->made) < 0))
		return context_error(ctx, EXIT_USAGE, "%s %s: it was made on %s, and today is %s",
		    on, strcmp(on, now.today) > 0 ? "is yet to come" : "is before it was made",
		    c->made[0] ? c->made : "a day that is not stated", now.today);
	c->state = state;
	c->settled = on;
	if (reason)
		c->reason = pb_str(reason);
	late = state == STATE(KEPT) && c->due[0] && strcmp(on, c->due) > 0;
	snprintf(done, sizeof done, "%s is %s%s%s", entry->ref, state_word(state),
	    late ? ", later than promised: its day was " : "", late ? c->due : "");
	return said_put_or_tell(ctx, args, entry->item, entry, done);
}

#define RUN(name, state)                                                                           \
	static int run_##name(struct context *ctx, const struct args *args)                        \
	{                                                                                          \
		return settle(ctx, args, STATE(state));                                            \
	}
RUN(kept, KEPT)
RUN(broken, BROKEN)
RUN(withdraw, WITHDRAWN)

static int
run_move(struct context *ctx, const struct args *args)
{
	const char *due = args->values[1], *reason = stated_reason(args);
	const Plumb__V1__Envelope *entry;
	Plumb__V1__Commitment *c;
	char done[300];
	int code = EXIT_FINE;
	int32_t day;

	if (!date_parse(due, &day))
		return command_usage(
		    args, "to which day? A date such as 2026-06-30; not '%s'", due);
	if (!reason)
		return command_usage(
		    args, "say why its day moves, to those who wait: -m \"the data come in May\"");
	entry = find_open(ctx, args, &code);
	if (!entry)
		return code;
	c = entry->item->commitment;
	if (c->made[0] && strcmp(due, c->made) < 0)
		return context_error(
		    ctx, EXIT_USAGE, "%s is before %s, when it was made", due, c->made);
	if (strcmp(due, c->due) == 0)
		return context_error(ctx, EXIT_USAGE, "%s is due on %s already", entry->ref, due);
	snprintf(done, sizeof done, "%s is due on %s now; before: %s", entry->ref, due,
	    c->due[0] ? c->due : "no day");
	c->due = pb_str(due);
	c->reason = pb_str(reason);
	return said_put_or_tell(ctx, args, entry->item, entry, done);
}

/* ---- list */

struct listing {
	struct context *ctx;
	const struct args *args;
	const char *by;
	const char *to;
};

/* A bare id is a person's. */
static bool
is_who(const char *stated, const char *ref)
{
	return strcmp(strchr(stated, '/') ? stated : said_who(stated), said_who(ref)) == 0 ||
	       strcmp(stated, ref) == 0;
}

static bool
is_listed(const void *arg, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Commitment *c = entry->item->commitment;
	bool to = !l->to;

	for (size_t i = 0; i < c->n_promised_to && l->to; i++)
		to |= is_who(c->promised_to[i], l->to);
	return to && (!l->by || is_who(c->promised_by, l->by)) &&
	       (!args_has(l->args, "open") || c->state == STATE(OPEN));
}

static void
add_row(const void *arg, struct table *table, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Commitment *c = entry->item->commitment;

	table_cell(table, l->ctx->out.format == OUTPUT_CSV ? entry->ref : said_bare(entry->ref));
	table_cell(table, state_word(c->state));
	table_cell(table, c->promised_by);
	table_cellf(table, "%s%s", c->n_promised_to ? c->promised_to[0] : "",
	    c->n_promised_to > 1 ? " …" : "");
	table_cell(table, c->due);
	table_cell(table, c->settled);
	table_cell(table, entry->item->title);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	struct listing l = {ctx, args, args_get(args, "by"), args_get(args, "to")};
	struct said_rows rows = {.kind = "commitment",
	    .none = "There are no such commitments. plumb commitment new makes one.",
	    .takes = is_listed,
	    .row = add_row,
	    .arg = &l};

	if ((l.by && !(l.by = said_ref(ctx, l.by, WHO))) ||
	    (l.to && !(l.to = said_ref(ctx, l.to, WHO ",segment,customer"))))
		return context_fail(ctx);
	rows.table = table_new();
	if (rows.table) {
		table_column(rows.table, "COMMITMENT", TABLE_WRAP);
		table_column(rows.table, "STATE", 0);
		table_column(rows.table, "BY", TABLE_SHRINK);
		table_column(rows.table, "TO", TABLE_SHRINK);
		table_column(rows.table, "DUE", 0);
		table_column(rows.table, "SETTLED", TABLE_DROP);
		table_column(rows.table, "WHAT", TABLE_WRAP | TABLE_DROP);
	}
	return said_show(ctx, &rows);
}

/* ---- the commands */

static const struct option new_options[] = {
    {0, "what", "TEXT", "what is promised; required", NULL},
    {0, "to", "WHO", "to whom: a person, team, segment or customer; again for more; required",
	NULL},
    {0, "due", "DATE", "the day by which it is kept; required", NULL},
    {0, "by", "WHO", "the person or team that promises; you (--as) if not stated", NULL},
    {0, "about", "KIND/ID", "what it is about; again for more", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct option settle_options[] = {
    {0, "on", "DATE", "the day on which; today if not stated", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct option move_options[] = {
    WRITE_OPTIONS,
    {0},
};
static const struct option list_options[] = {
    {0, "by", "WHO", "those that this person or team made", NULL},
    {0, "to", "WHO", "those that were made to them", NULL},
    {0, "open", NULL, "only those that are open", NULL},
    {0},
};

static const struct example new_examples[] = {
    {"plumb commitment new --what \"a yes or no to the second designer\" --to team/product --due "
     "2026-07-15 --as daniel-okafor",
	"it stands in both their plumb mine until it is settled"},
    {0},
};
static const struct command commitment_new = {
    .name = "new",
    .arguments = "[ID]",
    .summary = "promise something to somebody by a day",
    .help = "Without an ID one is made of the words.",
    .options = new_options,
    .examples = new_examples,
    .max_args = 1,
    .run = run_new,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example kept_examples[] = {
    {"plumb commitment kept second-designer --as daniel-okafor", NULL},
    {"plumb commitment kept second-designer --on 2026-07-10", "it was kept some days ago"},
    {0},
};
static const struct command commitment_kept = {
    .name = "kept",
    .arguments = "COMMITMENT",
    .summary = "say that it was kept",
    .options = settle_options,
    .examples = kept_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_kept,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example broken_examples[] = {
    {"plumb commitment broken second-designer -m \"the budget went to the migration\"", NULL},
    {0},
};
static const struct command commitment_broken = {
    .name = "broken",
    .arguments = "COMMITMENT",
    .summary = "say that it was not kept and will not be, and why",
    .options = settle_options,
    .examples = broken_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_broken,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example withdraw_examples[] = {
    {"plumb commitment withdraw second-designer -m \"product has hired somebody itself\"", NULL},
    {0},
};
static const struct command commitment_withdraw = {
    .name = "withdraw",
    .arguments = "COMMITMENT",
    .summary = "take it back, and say why",
    .options = settle_options,
    .examples = withdraw_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_withdraw,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example move_examples[] = {
    {"plumb commitment move second-designer 2026-08-01 -m \"the board meets in July\"",
	"counted: plumb saydo shows how often a day was put off"},
    {0},
};
static const struct command commitment_move = {
    .name = "move",
    .arguments = "COMMITMENT DATE",
    .summary = "give it another day, and say why",
    .help = "The earlier days stay in its history: plumb history commitment/ID.",
    .options = move_options,
    .examples = move_examples,
    .min_args = 2,
    .max_args = 2,
    .run = run_move,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example list_examples[] = {
    {"plumb commitment list --open --by daniel-okafor", "what he still has to keep"},
    {"plumb commitment list --to team/product", "what product was promised"},
    {0},
};
static const struct command commitment_list = {
    .name = "list",
    .arguments = "",
    .summary = "list commitments by their day",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml csv name",
};

static const struct command *const parts[] = {&commitment_new, &commitment_list, &commitment_kept,
    &commitment_broken, &commitment_withdraw, &commitment_move, NULL};

static const struct example examples[] = {
    {"plumb commitment list --open", "what is promised and not yet kept"},
    {"plumb commitment kept second-designer --as daniel-okafor", NULL},
    {0},
};

const struct command cmd_commitment = {
    .name = "commitment",
    .group = GROUP_REPORT,
    .arguments = "",
    .summary = "promise something, and say what became of it",
    .help = "Somebody promises something to somebody by a day. It is kept, broken or withdrawn; "
	    "its day may "
	    "be moved, which is counted. plumb saydo shows what was kept of what was promised, "
	    "plumb check "
	    "finds what leaders let lapse. What one team needs from another is an ask: plumb ask.",
    .examples = examples,
    .parts = parts,
};
