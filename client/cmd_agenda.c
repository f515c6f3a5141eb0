/* plumb agenda: what a standing meeting has to talk about, for reading and as Markdown. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/review.h"
#include "client/said.h"
#include "client/write.h"
#include "common/pb.h"
#include "common/str.h"

#define TEXT_MAX   ((size_t)1 << 20)
#define FIELDS_MAX 6 /* of one change */

struct page {
	struct context *ctx;
	const Plumb__V1__AgendaReply *reply;
	bool md;
	struct str text; /* the line in the making */
};

/* ---- a page of headings and points, as text or as Markdown */

/* What means something to Markdown is escaped, so that the plan's words stay words. */
static void
add_escaped(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>#|~", *text))
			str_add_char(out, '\\');
		str_add_char(out, *text == '\n' ? ' ' : *text);
	}
}

static void
heading(struct page *page, const char *text)
{
	output_text(&page->ctx->out, page->md ? "\n## " : "\n");
	output_coloured(&page->ctx->out, page->md ? COLOUR_NONE : COLOUR_BOLD, text);
	output_text(&page->ctx->out, page->md ? "\n\n" : "\n");
}

/* The line that was put together, as a point of that level (1 or 2; 0 a paragraph); then it is empty again. */
static void
point(struct page *page, unsigned level)
{
	static const char *const text_leads[] = {"", "  - ", "      "};
	static const char *const md_leads[] = {"", "- ", "  - "};
	struct str escaped;

	if (!page->md) {
		output_wrap(&page->ctx->out, text_leads[level], page->text.data);
		str_reset(&page->text);
		return;
	}
	str_init(&escaped, 2 * TEXT_MAX);
	add_escaped(&escaped, page->text.data);
	output_printf(&page->ctx->out, "%s%s\n", md_leads[level], escaped.data);
	if (level == 0)
		output_text(&page->ctx->out, "\n");
	str_fini(&escaped);
	str_reset(&page->text);
}

static void
add_named(struct page *page, const char *ref, const char *title)
{
	str_add(&page->text, ref);
	if (title[0])
		str_addf(&page->text, "  %s", title);
}

static const char *
who(struct page *page, const char *ref)
{
	return strncmp(ref, "person/", 7) == 0 || strncmp(ref, "team/", 5) == 0
		   ? context_person(page->ctx, ref)
		   : ref;
}

static void
add_days(struct page *page, int32_t days)
{
	str_addf(&page->text, "%" PRId32 " day%s", days, days == 1 ? "" : "s");
}

/* ---- the head */

static void
show_people(struct page *page, const char *lead, char *const *refs, size_t count)
{
	if (count == 0)
		return;
	str_add(&page->text, lead);
	for (size_t i = 0; i < count; i++)
		str_addf(&page->text, "%s%s", i > 0 ? ", " : "", who(page, refs[i]));
	point(page, 0);
}

static void
show_when(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;

	str_addf(&page->text, "%s. ", review_type(r->type));
	page->text.data[0] = (char)toupper((unsigned char)page->text.data[0]);
	if (r->due[0])
		str_addf(&page->text, "Due on %s", r->due);
	if (r->overdue_days > 0) {
		str_add(&page->text, ", ");
		add_days(page, r->overdue_days);
		str_add(&page->text, " ago");
	}
	str_add(&page->text, r->due[0] ? "; " : "");
	if (r->last_day[0])
		str_addf(&page->text, "last held on %s", r->last_day);
	else
		str_add(&page->text, "never held");
	if (r->minutes_planned > 0)
		str_addf(&page->text, "; takes %" PRIu32 " minutes", r->minutes_planned);
	str_addf(&page->text, ". Of %s, revision %" PRIu64 ".", r->today, r->revision);
	point(page, 0);
}

static void
show_head(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;
	const char *title = r->title[0] ? r->title : r->review;
	struct str escaped;

	str_init(&escaped, TEXT_MAX);
	if (page->md)
		add_escaped(&escaped, title);
	output_text(&page->ctx->out, page->md ? "# " : "");
	output_coloured(
	    &page->ctx->out, page->md ? COLOUR_NONE : COLOUR_BOLD, page->md ? escaped.data : title);
	output_text(&page->ctx->out, page->md ? "\n\n" : "\n");
	str_fini(&escaped);
	show_when(page);
	show_people(page, "With ", r->people, r->n_people);
	show_people(page, "Not here any more: ", r->gone, r->n_gone);
	if (r->type == PLUMB__V1__REVIEW__TYPE__CUSTOMER_ROOM) {
		str_add(&page->text,
		    "Read before: the book of the customer room, who the customers "
		    "are and what they live through (plumb room).");
		point(page, 0);
	}
	for (size_t i = 0; i < r->n_gaps; i++) {
		str_addf(&page->text, "Can't tell %s.", r->gaps[i]);
		point(page, 0);
	}
}

/* ---- decisions */

static void
show_votes(struct page *page, const Plumb__V1__AgendaDecision *d)
{
	if (d->votes_for + d->votes_against + d->abstained > 0) {
		str_addf(&page->text,
		    "votes: %" PRIu32 " for, %" PRIu32 " against, %" PRIu32 " abstained",
		    d->votes_for, d->votes_against, d->abstained);
		point(page, 2);
	}
	for (size_t i = 0; i < d->n_options; i++) {
		str_addf(&page->text, "option: %s%s", d->options[i]->title,
		    d->options[i]->chosen ? " (chosen)" : "");
		if (d->options[i]->for_votes + d->options[i]->against_votes > 0)
			str_addf(&page->text, ", %" PRIu32 " for, %" PRIu32 " against",
			    d->options[i]->for_votes, d->options[i]->against_votes);
		point(page, 2);
	}
	if (d->n_missing > 0) {
		str_add(&page->text, "no vote of ");
		for (size_t i = 0; i < d->n_missing; i++)
			str_addf(&page->text, "%s%s", i > 0 ? ", " : "", who(page, d->missing[i]));
		point(page, 2);
	}
}

static void
show_decided(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;

	if (r->n_decided == 0 && !r->minutes[0])
		return;
	heading(page, "Last time");
	if (r->minutes[0]) {
		str_add(&page->text, r->minutes);
		point(page, 0);
	}
	for (size_t i = 0; i < r->n_decided; i++) {
		const Plumb__V1__AgendaDecision *d = r->decided[i];

		add_named(page, d->ref, d->title);
		str_addf(&page->text, " (%s%s%s)", d->status, d->decided[0] ? " " : "", d->decided);
		if (d->reason[0])
			str_addf(&page->text, ": %s", d->reason);
		point(page, 1);
	}
}

static void
show_to_decide(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;

	if (r->n_to_decide == 0)
		return;
	heading(page, "To decide");
	for (size_t i = 0; i < r->n_to_decide; i++) {
		const Plumb__V1__AgendaDecision *d = r->to_decide[i];

		add_named(page, d->ref, d->title);
		if (d->decide_by[0])
			str_addf(&page->text, ", by %s", d->decide_by);
		if (d->overdue_days > 0) {
			str_add(&page->text, ", ");
			add_days(page, d->overdue_days);
			str_add(&page->text, " ago");
		}
		point(page, 1);
		if (d->context[0]) {
			str_add(&page->text, d->context);
			point(page, 2);
		}
		show_votes(page, d);
	}
}

/* ---- what is open */

static void
show_point(struct page *page, const Plumb__V1__AgendaPoint *p)
{
	add_named(page, p->ref, p->title);
	if (p->kind == PLUMB__V1__AGENDA_POINT__KIND__ACCEPTANCE)
		str_addf(&page->text, "%s can't accept %s: %s", p->title[0] ? ", " : "  ", p->waits,
		    p->text);
	point(page, 1);
	if (p->from[0])
		str_addf(&page->text, "%s ", who(page, p->from));
	str_add(&page->text, p->to[0] ? "\xe2\x86\x92 " : "");
	str_addf(&page->text, "%s%s", p->to[0] ? who(page, p->to) : "",
	    p->to[0] || p->from[0] ? "; " : "");
	add_days(page, (int32_t)p->age_days);
	str_add(&page->text, " old");
	if (p->status[0])
		str_addf(&page->text, ", %s", p->status);
	if (p->due[0])
		str_addf(&page->text, ", due %s", p->due);
	if (p->overdue_days > 0) {
		str_add(&page->text, " (");
		add_days(page, p->overdue_days);
		str_add(&page->text, " ago)");
	}
	if (p->waits[0] && p->kind != PLUMB__V1__AGENDA_POINT__KIND__ACCEPTANCE)
		str_addf(&page->text, ", for %s", p->waits);
	if (p->rank > 0)
		str_addf(&page->text, " (rank %" PRIu32 ")", p->rank);
	point(page, 2);
}

static void
show_points(struct page *page)
{
	static const char *const headings[] = {"Asks without an answer", "Requests that are open",
	    "Commitments that are due", "What stands in the way of the plan"};
	const Plumb__V1__AgendaReply *r = page->reply;

	for (size_t k = 0; k < sizeof headings / sizeof headings[0]; k++) {
		bool any = false;

		for (size_t i = 0; i < r->n_points; i++) {
			if ((size_t)r->points[i]->kind != k)
				continue;
			if (!any)
				heading(page, headings[k]);
			any = true;
			show_point(page, r->points[i]);
		}
	}
	if (r->points_total > r->n_points) {
		str_addf(&page->text, "and %zu more", (size_t)r->points_total - r->n_points);
		point(page, 0);
	}
}

/* ---- what has changed */

/* "initiative.finish" as "finish", "objective.targets[0].due" as "targets[0].due". */
static const char *
short_field(const char *field)
{
	const char *dot = strchr(field, '.');

	return dot ? dot + 1 : field;
}

/* "at_risk" as "at risk"; other values as people read them. */
static void
add_value(struct str *out, const char *field, const char *value)
{
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz_")]) {
		write_value(out, field, value);
		return;
	}
	for (; *value; value++)
		str_add_char(out, *value == '_' ? ' ' : *value);
}

static const char *
field_of(const Plumb__V1__EntryDiff *diff, const char *name)
{
	for (size_t i = 0; i < diff->n_fields; i++) {
		if (strcmp(diff->fields[i]->field, name) == 0)
			return diff->fields[i]->new_;
	}
	return "";
}

static void
add_field(struct page *page, const Plumb__V1__FieldDiff *field)
{
	str_addf(&page->text, "%s ", short_field(field->field));
	if (field->old[0])
		add_value(&page->text, field->field, field->old);
	if (field->new_[0] && field->old[0])
		str_add(&page->text, " \xe2\x86\x92 ");
	if (field->new_[0])
		add_value(&page->text, field->field, field->new_);
	else
		str_add(&page->text, " taken away");
}

/* A new record is what somebody said about something. */
static bool
is_record(const Plumb__V1__EntryDiff *diff)
{
	return diff->action == PLUMB__V1__ENTRY_DIFF__ACTION__CREATED && field_of(diff, "about")[0];
}

/* What the heading of a record says already, or what says nothing. */
static bool
is_told(const Plumb__V1__EntryDiff *diff, const Plumb__V1__FieldDiff *field)
{
	return strcmp(field->new_, "{}") == 0 ||
	       (is_record(diff) &&
		   (strcmp(field->field, "about") == 0 || strcmp(field->field, "by") == 0 ||
		       strcmp(field->field, "at") == 0));
}

static void
name_change(struct page *page, const Plumb__V1__EntryDiff *diff)
{
	static const char *const verbs[] = {"", "new: ", "changed: ", "removed: ", "renamed: ",
	    "placed: ", "withdrawn: ", "redacted: "};
	const char *by = field_of(diff, "by");

	if (!is_record(diff)) {
		str_add(&page->text, (size_t)diff->action < sizeof verbs / sizeof verbs[0]
					 ? verbs[diff->action]
					 : "");
		add_named(page, diff->ref, diff->title);
		if (diff->renamed_to[0])
			str_addf(&page->text, ", now %s", diff->renamed_to);
		return;
	}
	str_addf(&page->text, "%s: %.*s", field_of(diff, "about"), (int)strcspn(diff->ref, "/"),
	    diff->ref);
	if (by[0])
		str_addf(&page->text, " by %s", review_person(page->ctx, by));
	str_addf(&page->text, ", %.10s", field_of(diff, "at"));
}

static void
show_change(struct page *page, const Plumb__V1__EntryDiff *diff)
{
	size_t told = 0, left = 0;

	name_change(page, diff);
	point(page, 1);
	for (size_t i = 0; i < diff->n_fields; i++) {
		if (is_told(diff, diff->fields[i]))
			continue;
		if (told == FIELDS_MAX) {
			left++;
			continue;
		}
		str_add(&page->text, told++ > 0 ? "; " : "");
		add_field(page, diff->fields[i]);
	}
	if (left > 0)
		str_addf(&page->text, "; and %zu fields more", left);
	if (told > 0)
		point(page, 2);
}

static void
show_changes(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;
	char text[80];

	snprintf(text, sizeof text, "Changed since %.30s", r->since);
	heading(page, text);
	for (size_t i = 0; i < r->n_changes; i++)
		show_change(page, r->changes[i]);
	if (r->n_changes == 0) {
		str_add(&page->text, "Nothing of what this is about.");
		point(page, 0);
	}
	if (r->changes_total > r->n_changes) {
		str_addf(&page->text, "and %zu more: plumb diff %" PRIu64 " %" PRIu64,
		    (size_t)r->changes_total - r->n_changes, r->since_revision, r->revision);
		point(page, 0);
	}
}

/* ---- what is found */

static const char *
severity(const Plumb__V1__Finding *finding)
{
	if (finding->unknown)
		return "unknown";
	if (finding->severity == PLUMB__V1__SEVERITY__ERROR)
		return "error";
	return finding->severity == PLUMB__V1__SEVERITY__WARNING ? "warning" : "note";
}

static void
show_findings(struct page *page)
{
	const Plumb__V1__AgendaReply *r = page->reply;

	if (r->n_findings == 0)
		return;
	heading(page, "Found");
	for (size_t i = 0; i < r->n_findings; i++) {
		const Plumb__V1__Finding *f = r->findings[i];

		str_addf(&page->text, "%s: %s", severity(f), f->message);
		for (size_t k = 0; k < f->n_who; k++)
			str_addf(
			    &page->text, "%s%s", k > 0 ? ", " : " Who: ", who(page, f->who[k]));
		str_addf(&page->text, "%s (%s)", f->n_who > 0 ? "." : "", f->rule);
		point(page, 1);
	}
	if (r->findings_total > r->n_findings) {
		str_addf(&page->text, "and %zu more: plumb check",
		    (size_t)r->findings_total - r->n_findings);
		point(page, 0);
	}
}

static int
show(struct context *ctx, const Plumb__V1__AgendaReply *reply)
{
	struct page page = {.ctx = ctx, .reply = reply, .md = ctx->out.format == OUTPUT_MARKDOWN};

	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	str_init(&page.text, TEXT_MAX);
	show_head(&page);
	show_decided(&page);
	show_to_decide(&page);
	show_points(&page);
	show_changes(&page);
	show_findings(&page);
	str_fini(&page.text);
	if (!page.md)
		output_printf(&ctx->out, "\nAfterwards: plumb review held %s --minutes FILE\n",
		    said_bare(reply->review));
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__AgendaRequest request;
	const Plumb__V1__AgendaReply *reply;
	const char *ref;
	Plumb__V1__At at;
	int code;

	plumb__v1__agenda_request__init(&request);
	code = args_date(args, "since", &request.since);
	if (code != EXIT_FINE)
		return code;
	ref = said_ref(ctx, args->values[0], "review");
	if (!ref || !context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	request.review = pb_str(ref);
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Agenda", &request.base);
	if (reply)
		return show(ctx, reply);
	context_suggest(ctx, ref);
	return context_fail(ctx);
}

static const struct option options[] = {
    {0, "since", "DATE", "what changed after that day; after the last meeting if not stated", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb agenda customer-council", "what to talk about at the next one"},
    {"plumb agenda customer-council -o md >agenda.md", "to send around"},
    {"plumb agenda leadership --since 2026-03-31", "with all that changed in the quarter"},
    {0},
};

const struct command cmd_agenda = {
    .name = "agenda",
    .group = GROUP_READ,
    .arguments = "REVIEW",
    .summary = "make the agenda of a standing meeting from the plan",
    .help =
	"What was decided last time; what is to be decided, with the votes; asks and requests "
	"without an answer, commitments that are due, and what stands in the way of a baseline; "
	"what changed since the last meeting; and what the rules find."
	"\n\n"
	"All that of what the review is about (about, or what its seats speak for), and of what "
	"belongs to it; where it says nothing, of what those who attend it own. docs/RHYTHM.md has "
	"the definitions.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table md json yaml",
};
