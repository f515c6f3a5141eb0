/* plumb decision: what was decided and why, who has to know it, and what to follow. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/said.h"
#include "client/votes.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"

#define STATUS(NAME) PLUMB__V1__DECISION__STATUS__##NAME
#define NAMES_MAX    200u
/* Longer chains of decisions that supersede each other are not followed. */
#define CHAIN_MAX 100u

/* ---- what is given on the command line */

/* The references of an option that may be given again and again, behind those that are there. */
static bool
add_refs(struct context *ctx, const struct args *args, const char *option, const char *bare,
    size_t *n, char ***list)
{
	size_t more = args_count(args, option), len = strlen(bare);
	char **all = arena_array(ctx->arena, *n + more + 1, sizeof all[0]);

	if (!all || *n + more > NAMES_MAX)
		return context_set_error(
		    ctx, ERR_INVALID, "at most %u are named with --%s", NAMES_MAX, option);
	for (size_t i = 0; i < *n; i++)
		all[i] = (*list)[i];
	for (size_t i = 0; i < more; i++) {
		const char *ref = context_ref_there(ctx, args_at(args, option, i), "");

		if (!ref)
			return false;
		if (strncmp(ref, bare, len) == 0 && ref[len] == '/')
			ref += len + 1;
		all[(*n)++] = pb_str(ref);
	}
	*list = all;
	return true;
}

static bool
fill_refs(struct context *ctx, const struct args *args, Plumb__V1__Decision *d)
{
	return add_refs(ctx, args, "affects", "person", &d->n_affects, &d->affects) &&
	       add_refs(ctx, args, "honours", "commitment", &d->n_honours, &d->honours) &&
	       add_refs(ctx, args, "breaks", "commitment", &d->n_breaks, &d->breaks);
}

static bool
fill_options(struct context *ctx, const struct args *args, Plumb__V1__Decision *d)
{
	size_t count = args_count(args, "option");

	d->options = arena_array(ctx->arena, count + 1, sizeof d->options[0]);
	for (size_t i = 0; d->options && i < count; i++) {
		d->options[i] = arena_alloc(ctx->arena, sizeof *d->options[i]);
		if (!d->options[i])
			break;
		plumb__v1__decision_option__init(d->options[i]);
		d->options[i]->title = pb_str(args_at(args, "option", i));
		d->n_options++;
	}
	return d->n_options == count || context_set_error(ctx, ERR_LIMIT, "out of memory");
}

static int
run_new(struct context *ctx, const struct args *args)
{
	const char *what = args_get(args, "what");
	Plumb__V1__Decision d;
	Plumb__V1__Item item;
	struct said_now now;
	char done[300], *owner;
	int code;

	if (!what || !what[0])
		return command_usage(args, "say what is to be decided: --what TEXT");
	plumb__v1__decision__init(&d);
	code = args_date(args, "by", &d.decide_by);
	if (code != EXIT_FINE)
		return code;
	plumb__v1__item__init(&item);
	if (!said_now(ctx, &now) || !fill_options(ctx, args, &d) || !fill_refs(ctx, args, &d))
		return context_fail(ctx);
	d.context = pb_str(args_get(args, "context") ? args_get(args, "context") : "");
	item.id = pb_str(args->count ? said_bare(args->values[0]) : said_id(ctx, what));
	item.title = pb_str(what);
	owner = pb_str(now.caller);
	item.owners = &owner;
	item.n_owners = owner[0] ? 1 : 0;
	item.body_case = PLUMB__V1__ITEM__BODY_DECISION;
	item.decision = &d;
	snprintf(done, sizeof done, "decision/%.70s is to be taken%s%.20s", item.id,
	    d.decide_by[0] ? " by " : "", d.decide_by);
	return said_put_or_tell(ctx, args, &item, NULL, done);
}

/* ---- taking it */

/* "2", or the words of one of the options. */
static bool
choose(const char *text, Plumb__V1__Decision *d)
{
	uint64_t number = 0;
	bool is_number = parse_u64(text, 1, d->n_options, &number), found = false;

	for (size_t i = 0; i < d->n_options; i++) {
		bool chosen = is_number ? i + 1 == number : strcmp(d->options[i]->title, text) == 0;

		d->options[i]->chosen = chosen;
		found |= chosen;
	}
	return found;
}

static int
decide(struct context *ctx, const struct args *args, Plumb__V1__Decision__Status status)
{
	const char *reason = args_get(args, "reason");
	const char *option = args_get(args, "option");
	const Plumb__V1__Envelope *entry;
	Plumb__V1__Decision *d;
	struct said_now now;
	char done[300], *on = NULL;
	int code = EXIT_FINE;

	if (!reason || !reason[0])
		return command_usage(args,
		    "say why, to those who live with it: -m \"customers asked for it twice\"");
	if ((code = args_date(args, "on", &on)) != EXIT_FINE)
		return code;
	entry = said_find(ctx, args->values[0], "decision", &code);
	if (!entry)
		return code;
	d = entry->item->decision;
	if (d->status != STATUS(PROPOSED))
		return context_error(ctx, EXIT_USAGE,
		    "%s is %s already; decide anew: plumb decision new, and then plumb decision "
		    "supersede %s NEW",
		    entry->ref, votes_status(d->status), entry->ref);
	if (option && !choose(option, d))
		return context_error(ctx, EXIT_USAGE,
		    "%s has no option '%s': give its words or its number, from 1 to %zu",
		    entry->ref, option, d->n_options);
	if (!said_now(ctx, &now) || !fill_refs(ctx, args, d))
		return context_fail(ctx);
	on = on ? on : pb_str(now.today);
	if (strcmp(on, now.today) > 0)
		return context_error(
		    ctx, EXIT_USAGE, "%s is yet to come: today is %s", on, now.today);
	d->status = status;
	d->decided = on;
	d->reason = pb_str(reason);
	snprintf(done, sizeof done, "%s is %s%s", entry->ref, votes_status(status),
	    status == STATUS(ACCEPTED) && d->n_affects
		? "; those whom it affects find it in their plumb mine until they have read it"
		: "");
	return said_put_or_tell(ctx, args, entry->item, entry, done);
}

static int
run_accept(struct context *ctx, const struct args *args)
{
	return decide(ctx, args, STATUS(ACCEPTED));
}

static int
run_reject(struct context *ctx, const struct args *args)
{
	return decide(ctx, args, STATUS(REJECTED));
}

/* Does what follows on it, and on that, lead back? */
static bool
leads_back(struct context *ctx, const char *from, const char *id)
{
	for (unsigned i = 0; i < CHAIN_MAX && from[0]; i++) {
		const char *ref = arena_printf(ctx->arena, "decision/%s", said_bare(from));
		const Plumb__V1__Envelope *entry;

		if (strcmp(said_bare(from), id) == 0)
			return true;
		entry = ref ? said_get(ctx, ref) : NULL;
		if (!entry || !describe_item(entry) ||
		    entry->item->body_case != PLUMB__V1__ITEM__BODY_DECISION)
			return false;
		from = entry->item->decision->superseded_by;
	}
	return false;
}

static int
run_supersede(struct context *ctx, const struct args *args)
{
	int code = EXIT_FINE;
	const Plumb__V1__Envelope *old = said_find(ctx, args->values[0], "decision", &code);
	const Plumb__V1__Envelope *new =
	    old ? said_find(ctx, args->values[1], "decision", &code) : NULL;
	char done[300];

	if (!new)
		return code;
	if (strcmp(old->ref, new->ref) == 0)
		return context_error(ctx, EXIT_USAGE,
		    "%s cannot supersede itself: name the decision that holds now", old->ref);
	if (leads_back(ctx, new->item->decision->superseded_by, said_bare(old->ref)))
		return context_error(ctx, EXIT_USAGE,
		    "%s is itself superseded by %s, directly or by others between: none of them "
		    "would "
		    "hold",
		    new->ref, old->ref);
	old->item->decision->status = STATUS(SUPERSEDED);
	old->item->decision->superseded_by = pb_str(said_bare(new->ref));
	snprintf(done, sizeof done, "%s is superseded by %s", old->ref, new->ref);
	return said_put_or_tell(ctx, args, old->item, old, done);
}

/* ---- reading, following */

static int
run_read(struct context *ctx, const struct args *args)
{
	Plumb__V1__Record record;
	Plumb__V1__Acknowledgement acknowledgement;
	const Plumb__V1__Envelope *entry;
	char done[300];
	int code = EXIT_FINE;

	entry = said_find(ctx, args->values[0], "decision", &code);
	if (!entry)
		return code;
	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	if (!record.by[0]) {
		struct said_now now;

		if (!said_now(ctx, &now))
			return context_fail(ctx);
		if (!now.caller[0])
			return command_usage(
			    args, "say who has read it: --as PERSON, or --by PERSON");
	}
	record.about = pb_str(entry->ref);
	plumb__v1__acknowledgement__init(&acknowledgement);
	record.body_case = PLUMB__V1__RECORD__BODY_ACKNOWLEDGEMENT;
	record.acknowledgement = &acknowledgement;
	snprintf(done, sizeof done, "%s is read", entry->ref);
	return write_finish_record(ctx, args, &record, done);
}

static int
run_follow(struct context *ctx, const struct args *args)
{
	const Plumb__V1__Envelope *entry;
	Plumb__V1__Decision *d;
	char done[300];
	int code = EXIT_FINE;

	entry = said_find(ctx, args->values[0], "decision", &code);
	if (!entry)
		return code;
	d = entry->item->decision;
	if (d->status != STATUS(ACCEPTED) && !args_has(args, "no-longer"))
		return context_error(ctx, EXIT_USAGE,
		    "%s is %s: only what was accepted can be an example to follow", entry->ref,
		    votes_status(d->status));
	d->example = !args_has(args, "no-longer");
	snprintf(done, sizeof done, "%s is %s example to follow", entry->ref,
	    d->example ? "an" : "no longer an");
	return said_put_or_tell(ctx, args, entry->item, entry, done);
}

/* ---- list */

struct listing {
	struct context *ctx;
	const char *affects;
	bool open;
	bool examples;
};

static bool
is_listed(const void *arg, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Decision *d = entry->item->decision;
	bool affects = !l->affects;

	for (size_t i = 0; i < d->n_affects && l->affects; i++) {
		const char *bare = strchr(d->affects[i], '/') ? l->affects : said_bare(l->affects);

		affects |= strcmp(d->affects[i], bare) == 0;
	}
	return affects && (!l->open || d->status == STATUS(PROPOSED)) &&
	       (!l->examples || (d->example && d->status == STATUS(ACCEPTED)));
}

/* Among examples alone it would be "yes" always; programs get the same columns from both. */
static bool
has_example(const struct listing *l)
{
	return !l->examples || l->ctx->out.format == OUTPUT_CSV;
}

static void
add_row(const void *arg, struct table *table, const Plumb__V1__Envelope *entry)
{
	const struct listing *l = arg;
	const Plumb__V1__Decision *d = entry->item->decision;

	table_cell(table, l->ctx->out.format == OUTPUT_CSV ? entry->ref : said_bare(entry->ref));
	table_cell(table, votes_status(d->status));
	table_cell(table, d->decided);
	table_cell(table, d->decide_by);
	if (has_example(l))
		table_cell(table, d->example ? "yes" : "");
	table_cell(table, entry->item->title);
	table_cell(table, d->reason);
}

static int
list(struct context *ctx, struct listing *l)
{
	struct said_rows rows = {.kind = "decision",
	    .none =
		l->examples
		    ? "There are no such decisions. plumb decision follow ID marks one to follow."
		    : "There are no such decisions. plumb decision new puts one.",
	    .takes = is_listed,
	    .row = add_row,
	    .arg = l,
	    .table = table_new()};

	if (rows.table) {
		table_column(rows.table, "DECISION", TABLE_WRAP);
		table_column(rows.table, "STATUS", 0);
		table_column(rows.table, "DECIDED", TABLE_DROP);
		table_column(rows.table, "NEEDED BY", TABLE_DROP);
		if (has_example(l))
			table_column(rows.table, "EXAMPLE", TABLE_DROP);
		table_column(rows.table, "WHAT", TABLE_WRAP);
		table_column(rows.table, "WHY", TABLE_WRAP | TABLE_DROP);
	}
	return said_show(ctx, &rows);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	struct listing l = {
	    .ctx = ctx, .affects = args_get(args, "affects"), .open = args_has(args, "open")};

	if (l.affects && !(l.affects = context_ref(ctx, l.affects, "")))
		return context_fail(ctx);
	return list(ctx, &l);
}

static int
run_examples(struct context *ctx, const struct args *args)
{
	struct listing l = {.ctx = ctx, .examples = true};

	(void)args;
	return list(ctx, &l);
}

/* ---- the commands */

#define AFFECTS                                                                                    \
	{0, "affects", "KIND/ID", "whose work changes: people, teams, items; again for more",      \
	    NULL},                                                                                 \
	    {0, "honours", "KIND/ID", "the commitment, value or policy that it honours", NULL},    \
	{                                                                                          \
		0, "breaks", "KIND/ID", "the commitment, value or policy that it breaks", NULL     \
	}

static const struct option new_options[] = {
    {0, "what", "TEXT", "what is to be decided; required", NULL},
    {0, "context", "TEXT", "the question, and why it comes up", NULL},
    {0, "option", "TEXT", "one of the options; again for more", NULL},
    {0, "by", "DATE", "the day by which it is needed", NULL},
    AFFECTS,
    WRITE_OPTIONS,
    {0},
};
static const struct option decide_options[] = {
    {0, "option", "N|TEXT", "which option was chosen", NULL},
    {0, "on", "DATE", "the day on which; today if not stated", NULL},
    AFFECTS,
    WRITE_OPTIONS,
    {0},
};
static const struct option write_options[] = {
    WRITE_OPTIONS,
    {0},
};
static const struct option read_options[] = {
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};
static const struct option follow_options[] = {
    {0, "no-longer", NULL, "it is none any more", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct option list_options[] = {
    {0, "open", NULL, "only those that are still to be taken", NULL},
    {0, "affects", "KIND/ID", "only those that name this person, team or item", NULL},
    {0},
};

#define PART(NAME, WORD, ARGS, COUNT, SUMMARY, OPTIONS, TAKES, FORMATS)                            \
	static const struct command decision_##NAME = {                                            \
	    .name = WORD,                                                                          \
	    .arguments = ARGS,                                                                     \
	    .summary = SUMMARY,                                                                    \
	    .options = OPTIONS,                                                                    \
	    .examples = NAME##_examples,                                                           \
	    .min_args = COUNT,                                                                     \
	    .max_args = COUNT,                                                                     \
	    .run = run_##NAME,                                                                     \
	    .takes = TAKES,                                                                        \
	    .formats = FORMATS,                                                                    \
	}

#define WRITES    "table json yaml name"
#define READS     "table json yaml csv name"
#define NOW       TAKES_SERVER | TAKES_TODAY
#define SOME_TIME TAKES_SERVER | TAKES_AS_OF

static const struct example new_examples[] = {
    {"plumb decision new --what \"One login for all products\" --option \"Build it\" --option "
     "\"Buy it\" --by "
     "2026-07-31 --affects team/platform --as henrik-aalto",
	"it stands as proposed until it is accepted or rejected"},
    {0},
};
static const struct command decision_new = {
    .name = "new",
    .arguments = "[ID]",
    .summary = "put what is to be decided, with its options",
    .help = "Without an ID one is made of the words.",
    .options = new_options,
    .examples = new_examples,
    .max_args = 1,
    .run = run_new,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct example accept_examples[] = {
    {"plumb decision accept one-login --option 2 -m \"half a year earlier\" --breaks value/finish",
	"those whom it affects find it in their plumb mine"},
    {0},
};
PART(accept, "accept", "DECISION", 1, "say what was decided, and why", decide_options, NOW, WRITES);

static const struct example reject_examples[] = {
    {"plumb decision reject one-login -m \"nobody asked for it\"", NULL},
    {0},
};
PART(reject, "reject", "DECISION", 1, "say that it is not done, and why", decide_options, NOW,
    WRITES);

static const struct example supersede_examples[] = {
    {"plumb decision supersede one-login two-logins -m \"the vendor is gone\"", NULL},
    {0},
};
PART(supersede, "supersede", "OLD NEW", 2, "say that another decision holds instead of it",
    write_options, NOW, WRITES);

static const struct example read_examples[] = {
    {"plumb decision read one-login --as wei-zhang", "it goes from their plumb mine"},
    {0},
};
PART(read, "read", "DECISION", 1, "say that you have read it", read_options, TAKES_SERVER,
    "table json yaml name");

static const struct example follow_examples[] = {
    {"plumb decision follow one-login", "others find it with plumb decision examples"},
    {0},
};
PART(follow, "follow", "DECISION", 1, "mark it as an example to follow", follow_options,
    TAKES_SERVER, "table json yaml name");

static const struct example list_examples[] = {
    {"plumb decision list --open", "what is still to be decided"},
    {"plumb decision list --affects team/platform", NULL},
    {0},
};
PART(list, "list", "", 0, "list decisions by the day by which they are needed", list_options,
    SOME_TIME, READS);

static const struct example examples_examples[] = {
    {"plumb decision examples", "how we decide here"},
    {0},
};
PART(examples, "examples", "", 0, "list the decisions that are examples to follow", NULL, SOME_TIME,
    READS);

static const struct command *const parts[] = {&decision_new, &decision_list, &decision_accept,
    &decision_reject, &decision_supersede, &decision_read, &decision_follow, &decision_examples,
    NULL};

static const struct example examples[] = {
    {"plumb decision list --open", "what is still to be decided"},
    {"plumb decision read one-login --as wei-zhang", NULL},
    {0},
};

const struct command cmd_decision = {
    .name = "decision",
    .group = GROUP_REPORT,
    .arguments = "",
    .summary = "record what is decided and why, and read what others decided",
    .help = "A decision has options, reasons, and those whom it affects: people, teams and items "
	    "that it names. "
	    "Once it is accepted it stands in the plumb mine of the people it names, of the owners "
	    "of the items and of "
	    "the members and leads of the teams, until they say that they have read it. It can "
	    "honour or "
	    "break a commitment, value or policy: plumb check shows what contradicts what.",
    .examples = examples,
    .parts = parts,
};
