/* plumb review: standing meetings, when each is due, and what was held. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/review.h"
#include "client/said.h"
#include "client/write.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define AHEAD_DEFAULT 366
#define AHEAD_MAX     1100
#define MINUTES_BYTES ((size_t)256 << 10)
#define NEXT_SHOWN    5

/* "person/anna" of --person; "" none. NULL: return context_fail(ctx). */
static const char *
person_of(struct context *ctx, const struct args *args)
{
	const char *text = args_get(args, "person");

	return text ? said_ref(ctx, text, "person") : "";
}

/* A call about a person who is not there says who could have been meant. */
static int
fail(struct context *ctx, const char *ref)
{
	if (ref && ref[0])
		context_suggest(ctx, ref);
	return context_fail(ctx);
}

/* ---- list */

static const char *
next_day(const Plumb__V1__ReviewPlan *plan)
{
	return plan->n_next > 0 ? plan->next[0]->day : "";
}

static void
add_row(struct context *ctx, struct table *table, const Plumb__V1__ReviewPlan *plan)
{
	bool csv = ctx->out.format == OUTPUT_CSV;

	table_cell(table, csv ? plan->ref : said_bare(plan->ref));
	table_cell(table, review_type(plan->type));
	table_cell(table, next_day(plan));
	if (plan->overdue_days > 0) {
		table_cellf(table, csv ? "%" PRId32 : "%" PRId32 " d", plan->overdue_days);
		table_colour(table, COLOUR_RED);
	} else {
		table_cell(table, "");
	}
	table_cell(table, plan->last_day);
	if (csv)
		table_cellf(table, "%" PRIu32, plan->every_days);
	else
		table_cell(table, review_every(ctx, plan));
	table_cell(table, plan->n_owners > 0
			      ? (csv ? plan->owners[0] : context_person(ctx, plan->owners[0]))
			      : "");
	table_cell(table, plan->title);
}

static int
show_list(struct context *ctx, const Plumb__V1__ReviewsReply *reply)
{
	struct table *table;

	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	for (size_t i = 0; i < reply->n_reviews && ctx->out.format == OUTPUT_NAME; i++)
		output_printf(&ctx->out, "%s\n", reply->reviews[i]->ref);
	if (ctx->out.format == OUTPUT_NAME)
		return EXIT_FINE;
	if (reply->n_reviews == 0 && ctx->out.format == OUTPUT_TABLE) {
		output_text(&ctx->out,
		    "There are no such reviews. They are items of the plan: docs/RHYTHM.md.\n");
		return EXIT_FINE;
	}
	table = table_new();
	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "REVIEW", TABLE_MAIN);
	table_column(table, "TYPE", TABLE_DROP);
	table_column(table, "NEXT", 0);
	table_column(table, "LATE", TABLE_RIGHT);
	table_column(table, "LAST", TABLE_WIDE);
	table_column(table, "EVERY", TABLE_SHRINK);
	table_column(table, "CALLED BY", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "TITLE", TABLE_SHRINK | TABLE_DROP);
	for (size_t i = 0; i < reply->n_reviews; i++)
		add_row(ctx, table, reply->reviews[i]);
	table_print(table, &ctx->out);
	table_free(table);
	if (reply->cut)
		output_text(&ctx->out, "There are more than fit here; name a person: --person.\n");
	return EXIT_FINE;
}

static int
run_list(struct context *ctx, const struct args *args)
{
	const char *person = person_of(ctx, args);
	const Plumb__V1__ReviewsReply *reply = person ? review_plans(ctx, person, 0) : NULL;

	return reply ? show_list(ctx, reply) : fail(ctx, person);
}

/* ---- show */

static void
show_people(struct context *ctx, const char *lead, char *const *refs, size_t count)
{
	struct str text;

	str_init(&text, MINUTES_BYTES);
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", context_person(ctx, refs[i]));
	output_wrap(&ctx->out, lead, count > 0 ? text.data : "nobody");
	str_fini(&text);
}

static void
show_next(struct context *ctx, const Plumb__V1__ReviewPlan *plan)
{
	struct str text;

	str_init(&text, 4096);
	for (size_t i = 0; i < plan->n_next && i < NEXT_SHOWN; i++) {
		str_addf(&text, "%s%s", i > 0 ? ", " : "", plan->next[i]->day);
		if (plan->next[i]->planned[0])
			str_addf(&text, " (%s is no working day)", plan->next[i]->planned);
		if (i == 0 && plan->overdue_days > 0)
			str_addf(&text, " (%" PRId32 " day%s ago)", plan->overdue_days,
			    plan->overdue_days == 1 ? "" : "s");
	}
	output_wrap(&ctx->out, "  next       ",
	    plan->n_next > 0 ? text.data
			     : "nothing says when: state every_days, or a first day that is ahead");
	str_fini(&text);
}

static int
run_show(struct context *ctx, const struct args *args)
{
	const char *ref = said_ref(ctx, args->values[0], "review");
	const Plumb__V1__ReviewsReply *reply = ref ? review_plans(ctx, "", AHEAD_DEFAULT) : NULL;
	const Plumb__V1__ReviewPlan *plan = reply ? review_find(reply, ref) : NULL;

	if (reply && !plan)
		context_set_error(ctx, ERR_NOT_FOUND, "there is no %s", ref);
	if (!plan)
		return fail(ctx, ref);
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &plan->base);
		return EXIT_FINE;
	}
	output_coloured(&ctx->out, COLOUR_BOLD, plan->ref);
	output_beside(&ctx->out, utf8_width(plan->ref), 2, plan->title);
	output_printf(&ctx->out, "  type       %s%s%s\n", review_type(plan->type),
	    review_every(ctx, plan)[0] ? ", " : "", review_every(ctx, plan));
	show_people(ctx, "  called by  ", plan->owners, plan->n_owners);
	show_people(ctx, "  attended   ", plan->people, plan->n_people);
	output_printf(
	    &ctx->out, "  last       %s\n", plan->last_day[0] ? plan->last_day : "never held");
	show_next(ctx, plan);
	if (!review_meetings(ctx, ref, plan->held))
		return context_fail(ctx);
	output_printf(&ctx->out, "\nWhat to talk about: plumb agenda %s\n", said_bare(ref));
	return EXIT_FINE;
}

/* ---- held */

static bool
read_minutes(struct context *ctx, const char *path, struct str *out)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char buf[8192];
	size_t n;

	if (!file)
		return context_set_error(
		    ctx, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof buf, file)) > 0)
		str_add_len(out, buf, n);
	if (ferror(file))
		context_set_error(ctx, ERR_INVALID, "cannot read %s: %s", path, strerror(errno));
	else if (!str_ok(out))
		context_set_error(
		    ctx, ERR_INVALID, "%s is larger than %zu bytes", path, MINUTES_BYTES);
	else if (!utf8_is_valid(out->data, out->len))
		context_set_error(ctx, ERR_INVALID, "%s is no text in UTF-8", path);
	else
		ctx->status.err.code = ERR_OK;
	if (file != stdin)
		fclose(file);
	return ctx->status.err.code == ERR_OK;
}

/* "anna,bert" and the option given more than once; each must be there. */
static bool
fill_names(struct context *ctx, const struct args *args, const char *option, const char *kind,
    char ***list, size_t *count)
{
	size_t words = 0;

	for (size_t i = 0; i < args_count(args, option); i++) {
		words++;
		for (const char *at = args_at(args, option, i); *at; at++)
			words += *at == ',';
	}
	*list = arena_array(ctx->arena, words + 1, sizeof **list);
	for (size_t i = 0; i < args_count(args, option) && *list; i++) {
		char *text = arena_strdup(ctx->arena, args_at(args, option, i)), *rest = text;

		for (char *word; text && (word = strsep(&rest, ",")) != NULL;) {
			const char *ref;

			word += strspn(word, " ");
			if (!word[0])
				continue;
			if (strchr(word, '/'))
				ref = context_ref_there(ctx, word, kind);
			else
				ref = context_ref(ctx, word, kind);
			if (!ref)
				return false;
			(*list)[(*count)++] = pb_str(said_bare(ref));
		}
	}
	return *list != NULL;
}

/* Who was named and has left is told; they may have been there all the same. */
static void
note_gone(struct context *ctx, char *const *people, size_t count, const char *day)
{
	for (size_t i = 0; i < count; i++) {
		const char *ref = arena_printf(ctx->arena, "person/%s", people[i]);
		const Plumb__V1__Envelope *entry = ref ? said_get(ctx, ref) : NULL;
		const Plumb__V1__Item *item = entry ? describe_item(entry) : NULL;

		if (item && item->body_case == PLUMB__V1__ITEM__BODY_PERSON &&
		    item->person->last_day[0] && strcmp(item->person->last_day, day) < 0)
			context_error(ctx, EXIT_FINE, "note: %s left on %s, before this meeting",
			    ref, item->person->last_day);
	}
}

static int
fill_meeting(struct context *ctx, const struct args *args, const Plumb__V1__ReviewPlan *plan,
    struct str *minutes, Plumb__V1__Meeting *meeting)
{
	const char *path = args_get(args, "minutes");

	if (path && !read_minutes(ctx, path, minutes))
		return context_fail(ctx);
	meeting->minutes = minutes->data;
	if (!fill_names(
		ctx, args, "attendees", "person", &meeting->attendees, &meeting->n_attendees) ||
	    !fill_names(
		ctx, args, "decisions", "decision", &meeting->decisions, &meeting->n_decisions))
		return context_fail(ctx);
	if (args_has(args, "attendees"))
		return EXIT_FINE;
	if (plan->n_people == 0)
		return command_usage(args,
		    "nobody is said to attend %s: name who was there with --attendees", plan->ref);
	meeting->attendees = plan->people;
	meeting->n_attendees = plan->n_people;
	return EXIT_FINE;
}

/* When the next one is, now that this one was held. */
static void
tell_next(struct context *ctx, const char *ref)
{
	const Plumb__V1__ReviewsReply *reply = review_plans(ctx, "", 0);
	const Plumb__V1__ReviewPlan *plan = reply ? review_find(reply, ref) : NULL;

	if (plan && plan->n_next > 0)
		output_printf(&ctx->out, "The next one is on %s.\n", plan->next[0]->day);
}

static int
put_meeting(struct context *ctx, const struct args *args, const char *ref,
    Plumb__V1__Record *record, Plumb__V1__Meeting *meeting)
{
	char done[400];
	int code;

	record->about = pb_str(ref);
	record->body_case = PLUMB__V1__RECORD__BODY_MEETING;
	record->meeting = meeting;
	snprintf(done, sizeof done, "%s was held%s%.40s, with %zu %s", ref,
	    record->at[0] ? " on " : "", record->at, meeting->n_attendees,
	    meeting->n_attendees == 1 ? "person" : "people");
	code = write_finish_record(ctx, args, record, done);
	if (code == EXIT_FINE && !args_has(args, "dry-run") && ctx->out.format == OUTPUT_TABLE)
		tell_next(ctx, ref);
	return code;
}

static int
run_held(struct context *ctx, const struct args *args)
{
	const char *ref = said_ref(ctx, args->values[0], "review");
	const Plumb__V1__ReviewsReply *reply = ref ? review_plans(ctx, "", 0) : NULL;
	const Plumb__V1__ReviewPlan *plan = reply ? review_find(reply, ref) : NULL;
	Plumb__V1__Record record;
	Plumb__V1__Meeting meeting;
	struct str minutes;
	int code;

	if (reply && !plan)
		context_set_error(ctx, ERR_NOT_FOUND, "there is no %s", ref);
	if (!plan)
		return fail(ctx, ref);
	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	if (strncmp(record.at, reply->today, 10) > 0)
		return command_usage(args,
		    "%s is after today (%s): a meeting is recorded once it was held", record.at,
		    reply->today);
	plumb__v1__meeting__init(&meeting);
	str_init(&minutes, MINUTES_BYTES);
	code = fill_meeting(ctx, args, plan, &minutes, &meeting);
	if (code == EXIT_FINE) {
		note_gone(ctx, meeting.attendees, meeting.n_attendees,
		    record.at[0] ? record.at : reply->today);
		code = put_meeting(ctx, args, ref, &record, &meeting);
	}
	str_fini(&minutes);
	return code;
}

/* ---- ical */

static int
run_ical(struct context *ctx, const struct args *args)
{
	const char *text = args_get(args, "ahead");
	const char *person;
	uint64_t ahead = AHEAD_DEFAULT;

	if (text && !parse_u64(text, 1, AHEAD_MAX, &ahead))
		return command_usage(
		    args, "--ahead is a number of days from 1 to %d, not '%s'", AHEAD_MAX, text);
	person = person_of(ctx, args);
	if (!person)
		return context_fail(ctx);
	return review_ical(ctx, person, (uint32_t)ahead, args_has(args, "due"));
}

/* ---- the commands */

static const struct option list_options[] = {
    {0, "person", "PERSON", "those that this person calls, attends or speaks in", NULL},
    {0},
};
static const struct example list_examples[] = {
    {"plumb review list", "what is due when"},
    {"plumb review list --person anna", "hers"},
    {0},
};
static const struct command review_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the standing meetings, by the day on which each is due",
    .help = "Due is the last meeting and its cadence; what falls on a day that is no working day "
	    "is due on the next one that is. LATE counts the days behind that.",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};

static const struct example show_examples[] = {
    {"plumb review show customer-council", NULL},
    {0},
};
static const struct command review_show = {
    .name = "show",
    .arguments = "REVIEW",
    .summary = "show one: who attends it, when it was held, when it is due",
    .examples = show_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_show,
    .takes = TAKES_READ,
    .formats = "table json yaml",
};

static const struct option held_options[] = {
    {0, "minutes", "FILE", "what was said; - reads it from standard input", NULL},
    {0, "attendees", "PERSON,\xe2\x80\xa6", "who was there; all who attend it if not stated", NULL},
    {0, "decisions", "DECISION,\xe2\x80\xa6", "what was decided", NULL},
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};
static const struct example held_examples[] = {
    {"plumb review held customer-council --minutes council.md --attendees anna,bert --decisions "
     "one-portal",
	"with who was there and what was decided"},
    {"plumb review held anna-and-bert --at 2026-03-30", "all who attend it were there"},
    {0},
};
static const struct command review_held = {
    .name = "held",
    .arguments = "REVIEW",
    .summary = "record that a meeting was held, and what came of it",
    .help = "It stays in the history; the next one is due one cadence after it.",
    .options = held_options,
    .examples = held_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_held,
    .takes = TAKES_SERVER | TAKES_TODAY,
    .formats = "table json yaml name",
};

static const struct option ical_options[] = {
    {0, "person", "PERSON", "those that this person calls, attends or speaks in", NULL},
    {0, "due", NULL, "the days of open milestones, tasks and objectives too", NULL},
    {0, "ahead", "DAYS", "how far irregular meetings and holidays are told (default: 366)", NULL},
    {0},
};
static const struct example ical_examples[] = {
    {"plumb review ical >meetings.ics", "for a calendar program"},
    {"plumb review ical --person anna --due >anna.ics", "hers, and the days on which hers is due"},
    {0},
};
static const struct command review_ical_command = {
    .name = "ical",
    .arguments = "",
    .summary = "write the standing meetings as a calendar (iCalendar)",
    .help =
	"Whole days, on standard output. A meeting keeps its name (UID), so reading a newer file "
	"moves it instead of adding another. What comes every so many weeks repeats; what does "
	"not, or is late, is told day by day.",
    .options = ical_options,
    .examples = ical_examples,
    .run = run_ical,
    .takes = TAKES_READ,
};

static const struct command *const parts[] = {
    &review_list, &review_show, &review_held, &review_ical_command, NULL};

static const struct example examples[] = {
    {"plumb review list", "what is due when"},
    {"plumb agenda customer-council", "what to talk about"},
    {"plumb review held customer-council --minutes council.md", "afterwards"},
    {0},
};

const struct command cmd_review = {
    .name = "review",
    .group = GROUP_REPORT,
    .arguments = "",
    .summary = "standing meetings: when they are due, and what was held",
    .help = "Reviews between levels, one-to-ones, councils and the customer room are items of the "
	    "plan; each time one is held is a record about it. plumb agenda makes what to talk "
	    "about of the plan. How days are counted: docs/RHYTHM.md.",
    .examples = examples,
    .parts = parts,
};
