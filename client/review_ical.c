/* Standing meetings and due days as a calendar (docs/RHYTHM.md, "In a calendar"). */
#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "client/describe.h"
#include "client/ical.h"
#include "client/review.h"
#include "client/said.h"

struct maker {
	struct context *ctx;
	struct ical ical;
	const char *workspace;
	const char *person; /* "person/anna"; "" all */
	struct names emails;
	bool oom;
};

static void
on_person(void *arg, const Plumb__V1__Envelope *entry)
{
	struct maker *m = arg;

	if (entry->item->body_case == PLUMB__V1__ITEM__BODY_PERSON && entry->item->person->email[0])
		names_put(&m->emails, m->ctx->arena, entry->ref, entry->item->person->email);
}

static struct ical_person *
people_of(struct maker *m, char *const *refs, size_t count)
{
	struct ical_person *people = arena_array(m->ctx->arena, count + 1, sizeof people[0]);

	for (size_t i = 0; i < count && people; i++) {
		const char *email = names_get(&m->emails, refs[i]);

		people[i] = (struct ical_person){
		    context_person(m->ctx, refs[i]), refs[i], email ? email : ""};
	}
	m->oom |= people == NULL;
	return people;
}

/*
 * Regular is what comes on the same day of the week and is not late: it repeats, without the days that are no working days. The others
 * are told one by one, as far as was asked.
 */
static void
fill_days(struct maker *m, const Plumb__V1__ReviewPlan *plan, struct ical_event *event)
{
	bool regular = plan->every_days > 0 && plan->every_days % 7 == 0 && plan->overdue_days == 0;
	const char **except = arena_array(m->ctx->arena, plan->n_next + 1, sizeof except[0]);
	const char **also = arena_array(m->ctx->arena, plan->n_next + 1, sizeof also[0]);

	if (!except || !also) {
		m->oom = true;
		return;
	}
	event->day = plan->next[0]->day;
	if (regular) {
		event->weeks = plan->every_days / 7;
		if (plan->next[0]->planned[0])
			event->day = plan->next[0]->planned;
	}
	for (size_t i = regular ? 0 : 1; i < plan->n_next; i++) {
		if (regular && !plan->next[i]->planned[0])
			continue;
		if (regular)
			except[event->except_count++] = plan->next[i]->planned;
		also[event->also_count++] = plan->next[i]->day;
	}
	event->except = except;
	event->also = also;
}

static const char *
description_of(struct maker *m, const Plumb__V1__ReviewPlan *plan)
{
	const char *late = "", *minutes = "", *text;

	if (plan->overdue_days > 0)
		late = arena_printf(m->ctx->arena, "Overdue by %" PRId32 " day%s. ",
		    plan->overdue_days, plan->overdue_days == 1 ? "" : "s");
	if (plan->minutes > 0)
		minutes = arena_printf(m->ctx->arena, "Takes %" PRIu32 " minutes. ", plan->minutes);
	text = late && minutes
		   ? arena_printf(m->ctx->arena, "%s%sWhat to talk about: plumb agenda %s%s%s",
			 late, minutes, said_bare(plan->ref), plan->description[0] ? "\n\n" : "",
			 plan->description)
		   : NULL;
	m->oom |= text == NULL;
	return text ? text : "";
}

static const char *
uid_of(struct maker *m, const char *ref)
{
	const char *uid = arena_printf(m->ctx->arena, "%s@%s.plumbline", ref, m->workspace);

	m->oom |= uid == NULL;
	return uid ? uid : "";
}

static void
add_review(struct maker *m, const Plumb__V1__ReviewPlan *plan)
{
	struct ical_event event = {.uid = uid_of(m, plan->ref),
	    .summary = plan->title[0] ? plan->title : plan->ref,
	    .description = description_of(m, plan),
	    .category = review_type(plan->type),
	    .updated = plan->updated,
	    .sequence = plan->revision,
	    .attendees = people_of(m, plan->people, plan->n_people),
	    .attendees_count = plan->n_people};

	if (plan->n_owners > 0)
		event.organizer = people_of(m, plan->owners, 1);
	fill_days(m, plan, &event);
	if (!m->oom)
		ical_add(&m->ical, &event);
}

static bool
is_of(const struct maker *m, const Plumb__V1__Item *item)
{
	for (size_t i = 0; i < item->n_owners && m->person[0]; i++) {
		if (strcmp(said_bare(item->owners[i]), said_bare(m->person)) == 0)
			return true;
	}
	return !m->person[0];
}

static bool
is_open(const Plumb__V1__Item *item)
{
	if (item->body_case == PLUMB__V1__ITEM__BODY_MILESTONE)
		return !item->milestone->done[0];
	if (item->body_case == PLUMB__V1__ITEM__BODY_TASK)
		return !item->task->done[0];
	return item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE &&
	       item->objective->status == PLUMB__V1__OBJECTIVE__STATUS__OPEN;
}

static void
on_due(void *arg, const Plumb__V1__Envelope *entry)
{
	struct maker *m = arg;
	const char *due = describe_due(m->ctx, entry);
	struct ical_event event = {.uid = uid_of(m, entry->ref),
	    .summary = entry->item->title[0] ? entry->item->title : entry->ref,
	    .description = entry->ref,
	    .category = context_kind_name(entry->kind),
	    .day = due,
	    .updated = entry->updated,
	    .sequence = entry->revision};

	if (!due[0] || !is_open(entry->item) || !is_of(m, entry->item))
		return;
	if (!m->oom)
		ical_add(&m->ical, &event);
}

static bool
add_due(struct maker *m)
{
	return said_list(m->ctx, "milestone", "due", on_due, m) &&
	       said_list(m->ctx, "task", "due", on_due, m) &&
	       said_list(m->ctx, "objective", "due", on_due, m);
}

int
review_ical(struct context *ctx, const char *person, uint32_t ahead, bool due)
{
	struct maker m = {
	    .ctx = ctx, .workspace = ctx->workspace[0] ? ctx->workspace : "main", .person = person};
	const Plumb__V1__ReviewsReply *reply = review_plans(ctx, person, ahead);
	const char *name = arena_printf(
	    ctx->arena, "plumb %s%s%s", m.workspace, person[0] ? " " : "", person[0] ? person : "");
	int code = EXIT_FINE;

	if (!reply || !said_list(ctx, "person", "id", on_person, &m))
		return context_fail(ctx);
	ical_begin(&m.ical, name ? name : "plumb");
	for (size_t i = 0; i < reply->n_reviews; i++) {
		if (reply->reviews[i]->n_next > 0)
			add_review(&m, reply->reviews[i]);
	}
	if (due && !add_due(&m))
		code = context_fail(ctx);
	ical_end(&m.ical);
	if (code == EXIT_FINE && (m.oom || !str_ok(&m.ical.out)))
		code = context_error(ctx, EXIT_SERVER, "out of memory");
	if (code == EXIT_FINE)
		fwrite(m.ical.out.data, 1, m.ical.out.len, ctx->out.file);
	if (code == EXIT_FINE && reply->cut)
		context_error(
		    ctx, EXIT_FINE, "there are more reviews than fit; name a person: --person");
	ical_fini(&m.ical);
	return code;
}
