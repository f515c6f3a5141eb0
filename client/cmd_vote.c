/* plumb vote: one's vote on a decision, and how people have voted. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/review.h"
#include "client/said.h"
#include "client/votes.h"
#include "client/write.h"
#include "common/pb.h"
#include "common/str.h"

/* ---- voting */

/* The option as the decision writes it, whatever the case that was typed; NULL: there is none. */
static const char *
find_option(const Plumb__V1__Decision *decision, const char *text)
{
	for (size_t i = 0; i < decision->n_options; i++) {
		if (strcasecmp(decision->options[i]->title, text) == 0)
			return decision->options[i]->title;
	}
	return NULL;
}

static int
refuse_option(struct context *ctx, const Plumb__V1__Envelope *entry, const char *text)
{
	const Plumb__V1__Decision *decision = entry->item->decision;
	struct str all;
	int code;

	str_init(&all, 4096);
	for (size_t i = 0; i < decision->n_options; i++)
		str_addf(&all, "%s\"%s\"", i > 0 ? ", " : "", decision->options[i]->title);
	code = context_error(ctx, EXIT_USAGE, "%s has no option \"%s\"; %s%s", entry->ref, text,
	    decision->n_options ? "its options are " : "it has none: vote without --option",
	    all.data);
	str_fini(&all);
	return code;
}

static int
put_vote(struct context *ctx, const struct args *args, const char *ref, Plumb__V1__Vote *vote)
{
	Plumb__V1__Record record;
	char done[400];

	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	record.about = pb_str(ref);
	record.body_case = PLUMB__V1__RECORD__BODY_VOTE;
	record.vote = vote;
	snprintf(done, sizeof done, "Voted on %s: %s%s%.200s", ref, votes_choice(vote->choice),
	    vote->option[0] ? ", " : "", vote->option);
	return write_finish_record(ctx, args, &record, done);
}

static int
run_vote(struct context *ctx, const struct args *args, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Decision *decision = entry->item->decision;
	const char *option = args_get(args, "option");
	Plumb__V1__Vote vote;

	plumb__v1__vote__init(&vote);
	if (!votes_parse_choice(args->values[1], &vote.choice))
		return command_usage(
		    args, "a vote is for, against or abstain; not '%s'", args->values[1]);
	if (decision->status != PLUMB__V1__DECISION__STATUS__PROPOSED)
		return context_error(ctx, EXIT_USAGE,
		    "%s is %s%s%s: it is settled, and votes would change nothing. Put it anew as a "
		    "decision of its own if it has to be talked about again",
		    entry->ref, votes_status(decision->status),
		    decision->decided[0] ? " since " : "", decision->decided);
	if (option) {
		vote.option = pb_str(find_option(decision, option));
		if (!vote.option)
			return refuse_option(ctx, entry, option);
	}
	return put_vote(ctx, args, entry->ref, &vote);
}

/* ---- how people have voted */

static void
add_row(struct context *ctx, struct table *table, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Record *record = entry->record;
	char when[DESCRIBE_WHEN];

	table_cell(table, ctx->out.format == OUTPUT_CSV || !record->by[0]
			      ? record->by
			      : review_person(ctx, record->by));
	table_cell(table, votes_choice(record->vote->choice));
	table_cell(table, record->vote->option);
	table_cell(table, describe_when(record->at, when));
	table_cell(table, record->note);
	table_cell(table, entry->ref);
}

static int
show_tally(struct context *ctx, const Plumb__V1__Envelope *entry, const struct votes *votes)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "WHO", TABLE_MAIN);
	table_column(table, "VOTE", 0);
	table_column(table, "OPTION", TABLE_SHRINK);
	table_column(table, "WHEN", TABLE_DROP);
	table_column(table, "NOTE", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "RECORD", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < votes->count; i++)
		add_row(ctx, table, votes->list[i]);
	if (ctx->out.format == OUTPUT_TABLE)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena, "%s (%s): %s", entry->ref,
			votes_status(entry->item->decision->status), votes_sums(ctx, votes)));
	if (votes->count > 0 || ctx->out.format != OUTPUT_TABLE)
		table_print(table, &ctx->out);
	table_free(table);
	if (ctx->out.format == OUTPUT_TABLE && votes_missing(ctx, entry, votes)[0])
		output_wrap(&ctx->out, "No vote of ", votes_missing(ctx, entry, votes));
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	int code = EXIT_FINE;
	const Plumb__V1__Envelope *entry = said_find(ctx, args->values[0], "decision", &code);
	struct votes votes;

	if (!entry)
		return code;
	if (args->count == 2)
		return run_vote(ctx, args, entry);
	if (!votes_read(ctx, entry->ref, &votes))
		return context_fail(ctx);
	return show_tally(ctx, entry, &votes);
}

static const struct option options[] = {
    {0, "option", "TITLE", "which of its options the vote is about", NULL},
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb vote one-portal for --as anna", NULL},
    {"plumb vote one-portal for --option \"Two portals\" --note \"for this year\" --as bert",
	"for one of its options"},
    {"plumb vote one-portal", "how people have voted"},
    {0},
};

const struct command cmd_vote = {
    .name = "vote",
    .group = GROUP_REPORT,
    .arguments = "DECISION [for|against|abstain]",
    .summary = "vote on a decision that is proposed, or show how people have voted",
    .help = "A person's newest vote counts; the ones before stay in the history. Whoever decides "
	    "is not bound by them: a decision is settled by its status.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 2,
    .run = run,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml csv name",
};
