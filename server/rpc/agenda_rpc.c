/* plumb.v1.Insight.Agenda: what a standing meeting has to talk about. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/check/words.h"
#include "server/insight/rhythm/agenda.h"
#include "server/insight/rhythm/votes.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/diff.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/past.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"

#define ABOUT_MAX 100u
#define WHO_MAX   4u
/* Of each list in a message, so that all fit. */
#define LIST_BYTES ((size_t)600 << 10)
#define TEXT_MAX   4000u
/* Of one that was never held and has no cadence: changes of so many days. */
#define SINCE_DEFAULT 30

struct agenda_call {
	const Plumb__V1__AgendaRequest *request;
	const struct workspace *ws;
	int32_t since; /* stated; DATE_NONE */
};

struct maker {
	struct view_job *job;
	const struct agenda_call *call;
	struct arena *arena;
	const struct index *ix;
	const struct agenda *agenda;
	const struct votes *votes;
	Plumb__V1__AgendaReply *reply;
	size_t gaps_cap;
};

/* ---- texts */

static char *
copy_ref(const struct maker *m, uint32_t slot)
{
	return reply_ref(m->arena, slot != SLOT_NONE ? m->ix->items[slot] : NULL);
}

static char *
shorten(const struct maker *m, char *text)
{
	size_t len = strlen(text);

	if (len <= TEXT_MAX)
		return text;
	for (len = TEXT_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	return arena_printf(m->arena, "%.*s\xe2\x80\xa6", (int)len, text);
}

static bool
fill_refs(
    const struct maker *m, const struct slots *slots, size_t most, char ***list, size_t *count)
{
	size_t n = slots->count < most ? slots->count : most;

	*list = arena_array(m->arena, n + 1, sizeof **list);
	for (*count = 0; *list != NULL && *count < n; (*count)++) {
		if (((*list)[*count] = copy_ref(m, slots->list[*count])) == NULL)
			return false;
	}
	return *list != NULL;
}

static bool
add_gap(struct maker *m, const char *text)
{
	Plumb__V1__AgendaReply *r = m->reply;

	if (m->gaps_cap == 0) {
		m->gaps_cap = 8;
		r->gaps = arena_array(m->arena, m->gaps_cap, sizeof r->gaps[0]);
	}
	if (r->gaps == NULL || text == NULL)
		return false;
	if (r->n_gaps < m->gaps_cap)
		r->gaps[r->n_gaps++] = pb_str(text);
	return true;
}

/* ---- decisions */

static bool
count_votes(const struct maker *m, uint32_t decision, Plumb__V1__AgendaDecision *out)
{
	size_t count;
	const struct vote *list = votes_on(m->votes, decision, &count);

	out->votes = arena_array(m->arena, count + 1, sizeof out->votes[0]);
	for (size_t i = 0; i < count && out->votes != NULL; i++) {
		const Plumb__V1__Record *record =
		    (const Plumb__V1__Record *)codec_decode(m->ix->items[list[i].record], m->arena);
		enum vote_choice choice;

		if (record == NULL || record->body_case != PLUMB__V1__RECORD__BODY_VOTE)
			return false;
		choice = (enum vote_choice)record->vote->choice;
		out->votes_for += choice == VOTE_FOR;
		out->votes_against += choice == VOTE_AGAINST;
		out->abstained += choice == VOTE_ABSTAIN;
		for (size_t k = 0; k < out->n_options; k++) {
			if (record->vote->option[0] == '\0' ||
			    strcmp(record->vote->option, out->options[k]->title) != 0)
				continue;
			out->options[k]->for_votes += choice == VOTE_FOR;
			out->options[k]->against_votes += choice == VOTE_AGAINST;
		}
		if ((out->votes[out->n_votes++] = copy_ref(m, list[i].record)) == NULL)
			return false;
	}
	return out->votes != NULL;
}

static bool
fill_options(
    const struct maker *m, const Plumb__V1__Decision *decision, Plumb__V1__AgendaDecision *out)
{
	out->options = arena_array(m->arena, decision->n_options + 1, sizeof out->options[0]);
	for (size_t i = 0; i < decision->n_options && out->options != NULL; i++) {
		Plumb__V1__AgendaOption *option = arena_alloc(m->arena, sizeof *option);

		if (option == NULL)
			return false;
		plumb__v1__agenda_option__init(option);
		option->title = decision->options[i]->title;
		option->chosen = decision->options[i]->chosen;
		out->options[out->n_options++] = option;
	}
	return out->options != NULL;
}

static bool
fill_missing(const struct maker *m, uint32_t decision, Plumb__V1__AgendaDecision *out)
{
	const struct slots *people = &m->agenda->people;

	out->missing = arena_array(m->arena, people->count + 1, sizeof out->missing[0]);
	for (size_t i = 0; i < people->count && out->missing != NULL; i++) {
		if (votes_has(m->votes, decision, people->list[i]))
			continue;
		if ((out->missing[out->n_missing++] = copy_ref(m, people->list[i])) == NULL)
			return false;
	}
	return out->missing != NULL;
}

static Plumb__V1__AgendaDecision *
make_decision(const struct maker *m, uint32_t slot, bool open)
{
	Plumb__V1__AgendaDecision *out = arena_alloc(m->arena, sizeof *out);
	const struct item *entry = m->ix->items[slot];
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)codec_decode(entry, m->arena);

	if (out == NULL || item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_DECISION)
		return NULL;
	plumb__v1__agenda_decision__init(out);
	out->ref = copy_ref(m, slot);
	out->title = item->title;
	out->status = pb_str(status_name(entry));
	out->decide_by = item->decision->decide_by;
	out->decided = item->decision->decided;
	out->overdue_days = open ? reply_overdue(entry->finish, m->ix->today) : 0;
	out->context = shorten(m, item->decision->context);
	out->reason = shorten(m, item->decision->reason);
	if (out->ref == NULL || out->context == NULL || out->reason == NULL ||
	    !fill_options(m, item->decision, out) || !count_votes(m, slot, out) ||
	    (open && !fill_missing(m, slot, out)))
		return NULL;
	return out;
}

static bool
fill_decisions(struct maker *m, const struct slots *slots, bool open,
    Plumb__V1__AgendaDecision ***list, size_t *count)
{
	size_t bytes = 0;

	*list = arena_array(m->arena, slots->count + 1, sizeof **list);
	for (*count = 0; *list != NULL && *count < slots->count; (*count)++) {
		Plumb__V1__AgendaDecision *decision = make_decision(m, slots->list[*count], open);

		if (decision == NULL)
			return false;
		bytes += protobuf_c_message_get_packed_size(&decision->base);
		if (bytes > LIST_BYTES)
			return add_gap(
			    m, "there are more decisions than fit here: plumb list decisions");
		(*list)[*count] = decision;
	}
	return *list != NULL;
}

/* ---- points */

static char *
in_the_way(const struct maker *m, uint32_t slot)
{
	const Plumb__V1__Record *record =
	    (const Plumb__V1__Record *)codec_decode(m->ix->items[slot], m->arena);

	if (record == NULL || record->body_case != PLUMB__V1__RECORD__BODY_ACCEPTANCE)
		return NULL;
	return shorten(m, record->acceptance->in_the_way);
}

static Plumb__V1__AgendaPoint *
make_point(const struct maker *m, const struct agenda_point *point)
{
	Plumb__V1__AgendaPoint *out = arena_alloc(m->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__agenda_point__init(out);
	out->kind = (Plumb__V1__AgendaPoint__Kind)point->kind;
	out->ref = copy_ref(m, point->slot);
	out->title = reply_title(m->arena, m->ix->items[point->slot]);
	out->from = copy_ref(m, point->from);
	out->to = copy_ref(m, point->to);
	out->waits = copy_ref(m, point->waits);
	out->due = reply_date(m->arena, point->due);
	out->age_days = point->since < m->ix->today ? (uint32_t)(m->ix->today - point->since) : 0;
	out->overdue_days = reply_overdue(point->due, m->ix->today);
	out->rank = point->rank != RANK_NONE ? point->rank : 0;
	out->status = pb_str(status_name(m->ix->items[point->slot]));
	if (point->kind == AGENDA_ACCEPTANCE)
		out->text = in_the_way(m, point->slot);
	if (out->ref == NULL || out->title == NULL || out->from == NULL || out->to == NULL ||
	    out->waits == NULL || out->due == NULL || out->text == NULL)
		return NULL;
	return out;
}

static bool
fill_points(struct maker *m)
{
	const struct agenda *a = m->agenda;
	size_t most = a->points_count < LIMIT_AGENDA_POINTS ? a->points_count : LIMIT_AGENDA_POINTS;
	size_t bytes = 0;

	m->reply->points = arena_array(m->arena, most + 1, sizeof m->reply->points[0]);
	for (size_t i = 0; i < most && m->reply->points != NULL && bytes < LIST_BYTES; i++) {
		Plumb__V1__AgendaPoint *point = make_point(m, &a->points[i]);

		if (point == NULL)
			return false;
		bytes += protobuf_c_message_get_packed_size(&point->base);
		m->reply->points[m->reply->n_points++] = point;
	}
	m->reply->points_total = (uint32_t)a->points_count;
	return m->reply->points != NULL;
}

/* ---- findings */

/* About what the meeting is about; where it is about what is theirs: in which one of them should act. */
static bool
is_told(const struct maker *m, const struct check *check, const struct finding *f)
{
	const uint32_t *subjects = check_subjects(check, f);
	uint32_t who[WHO_MAX];
	size_t count;

	if ((f->flags & FINDING_WAIVED) != 0)
		return false;
	for (unsigned i = 0; i < f->subjects_count; i++) {
		if (agenda_is(m->agenda, subjects[i], AGENDA_SCOPE) ||
		    subjects[i] == m->agenda->plan->review)
			return true;
	}
	count = m->agenda->stated ? 0 : check_who(check, f, who, WHO_MAX);
	for (size_t i = 0; i < count; i++) {
		if (agenda_is(m->agenda, who[i], AGENDA_PERSON | AGENDA_TEAM))
			return true;
	}
	return false;
}

static bool
list_findings(struct maker *m, const struct check *check)
{
	struct str words;
	bool ok = true;
	size_t bytes = 0;

	str_init(&words, FINDINGS_WORDS_MAX);
	m->reply->findings =
	    arena_array(m->arena, LIMIT_AGENDA_FINDINGS + 1, sizeof m->reply->findings[0]);
	for (size_t i = 0; i < check_findings(check) && ok && m->reply->findings != NULL; i++) {
		const struct finding *f = check_finding(check, i);
		Plumb__V1__Finding *out;

		if (!is_told(m, check, f))
			continue;
		m->reply->findings_total++;
		if (m->reply->n_findings == LIMIT_AGENDA_FINDINGS || bytes > LIST_BYTES)
			continue;
		out = arena_alloc(m->arena, sizeof *out);
		ok = out != NULL && findings_fill(check, f, m->arena, &words, out);
		if (ok) {
			bytes += protobuf_c_message_get_packed_size(&out->base);
			m->reply->findings[m->reply->n_findings++] = out;
		}
	}
	str_fini(&words);
	return ok && m->reply->findings != NULL;
}

static bool
fill_findings(struct maker *m, struct err *err)
{
	struct check_loan loan;
	bool ok;

	if (!check_book_of_job(m->job, view_job_is_over, NULL, m->job, &loan, err))
		return false;
	ok = list_findings(m, loan.check) || err_oom(err);
	check_book_give(m->job->call->daemon->checks, &loan);
	return ok;
}

/* ---- changes */

/*
 * Of what was reported the newest word on each thing; the meeting's own records and words about words are not worth
 * telling.
 */
static bool
is_of_interest(const struct index *ix, const struct item *item)
{
	enum { MEASURED_ACTUAL = 0 };
	uint32_t about = index_target(ix, item->slot, ROLE_ABOUT);
	const struct series *series;

	switch (item->kind) {
	case KIND_ACKNOWLEDGEMENT:
	case KIND_MEETING:
	case KIND_VOTE:
	case KIND_ACCEPTANCE:
		return false;
	case KIND_CHECK_IN:
		return about == SLOT_NONE || ix->check_in[about] == item->slot;
	case KIND_MEASUREMENT:
		series = about != SLOT_NONE ? index_series(ix, about) : NULL;
		return series == NULL || series->actuals_count == 0 ||
		       item->extra != MEASURED_ACTUAL ||
		       series->actuals[series->actuals_count - 1].slot == item->slot;
	default:
		return true;
	}
}

/* Of what is gone only the past knows whose it was: by name, since the past has numbers of its own. */
static bool
was_in_scope(const struct maker *m, const struct view *past, const struct item *gone)
{
	const struct item *old =
	    view_find(past, (enum kind)gone->kind, item_id(gone), gone->id_len);

	for (uint32_t i = 0; item_is_live(old) && i < old->refs_count; i++) {
		const struct item *to = view_item(past, old->refs[i].slot);
		const struct item *now = to != NULL ? view_find(m->job->view, (enum kind)to->kind,
							  item_id(to), to->id_len)
						    : NULL;
		unsigned mark = old->refs[i].role == ROLE_OWNER && !m->agenda->stated
				    ? AGENDA_PERSON | AGENDA_TEAM
				    : 0;

		if (old->refs[i].role == ROLE_PART_OF || old->refs[i].role == ROLE_OBJECTIVE ||
		    old->refs[i].role == ROLE_ABOUT)
			mark = AGENDA_SCOPE;
		if (now != NULL && mark != 0 && agenda_is(m->agenda, now->slot, mark))
			return true;
	}
	return false;
}

static bool
is_candidate(const struct maker *m, const struct view *past, const struct item *item)
{
	if (item->revision <= m->reply->since_revision || !is_of_interest(m->ix, item))
		return false;
	if ((item->flags & ITEM_RENAMED) != 0)
		return agenda_is(m->agenda, item->refs[0].slot, AGENDA_SCOPE);
	if ((item->flags & ITEM_REMOVED) != 0)
		return was_in_scope(m, past, item) ||
		       agenda_is(m->agenda, item->slot, AGENDA_SCOPE);
	return item->kind == KIND_RANKING || agenda_is(m->agenda, item->slot, AGENDA_SCOPE);
}

static int
by_name(const void *pa, const void *pb, void *arg)
{
	return index_compare(arg, *(const uint32_t *)pa, *(const uint32_t *)pb);
}

/* Of a ranking only what is told that was placed of what the meeting is about. */
static bool
keep_own_places(const struct maker *m, Plumb__V1__EntryDiff *diff)
{
	size_t kept = 0;

	for (size_t i = 0; i < diff->n_fields; i++) {
		const struct item *item;
		enum kind kind;
		const char *id;
		size_t len;

		if (!ref_parse(diff->fields[i]->field, KIND_NONE, &kind, &id, &len))
			continue;
		item = view_find(m->job->view, kind, id, len);
		if (item != NULL && agenda_is(m->agenda, item->slot, AGENDA_SCOPE))
			diff->fields[kept++] = diff->fields[i];
	}
	diff->n_fields = kept;
	return kept > 0;
}

static void
tell(struct maker *m, struct diff *diff, const struct view *past, uint32_t slot, size_t *bytes)
{
	const struct item *item = m->ix->items[slot];
	const struct item *old =
	    view_find(past, (enum kind)item->kind, item_id(item), item->id_len);
	size_t before = diff->count;
	Plumb__V1__EntryDiff *made;

	diff_add(diff, old, item);
	if (diff->oom || diff->count == before)
		return;
	made = diff->list[before];
	if (item->kind == KIND_RANKING && !keep_own_places(m, made)) {
		diff->count = before;
		return;
	}
	/* A new item is opened by its name; a new record is what it says. */
	if (made->action == PLUMB__V1__ENTRY_DIFF__ACTION__CREATED && !kind_is_record(item->kind))
		made->n_fields = 0;
	*bytes += protobuf_c_message_get_packed_size(&made->base);
	m->reply->changes_total++;
	if (m->reply->n_changes < LIMIT_AGENDA_CHANGES && *bytes < LIST_BYTES)
		m->reply->changes[m->reply->n_changes++] = made;
	diff->count = before;
}

static bool
list_changes(struct maker *m, const struct view *past, struct err *err)
{
	uint32_t *slots = malloc(((size_t)m->ix->slots + 1) * sizeof slots[0]);
	uint32_t count = 0;
	struct diff diff;
	size_t bytes = 0;

	m->reply->changes =
	    arena_array(m->arena, LIMIT_AGENDA_CHANGES + 1, sizeof m->reply->changes[0]);
	if (slots == NULL || m->reply->changes == NULL) {
		free(slots);
		return err_oom(err);
	}
	for (uint32_t slot = 0; slot < m->ix->slots; slot++) {
		if (m->ix->items[slot] != NULL && is_candidate(m, past, m->ix->items[slot]))
			slots[count++] = slot;
	}
	if (count > 1)
		qsort_r(slots, count, sizeof slots[0], by_name, (void *)(uintptr_t)m->ix);
	diff_init(&diff, m->arena, past, m->job->view, m->reply->since_revision);
	for (uint32_t i = 0; i < count && !diff.oom; i++) {
		/* the rest is counted, without being told */
		if (m->reply->n_changes < LIMIT_AGENDA_CHANGES && bytes < LIST_BYTES)
			tell(m, &diff, past, slots[i], &bytes);
		else
			m->reply->changes_total++;
	}
	free(slots);
	if (view_job_cancelled(m->job))
		return err_set(err, ERR_CANCELLED, "cancelled");
	return !diff.oom || err_oom(err);
}

/*
 * From when on changes are told. A meeting that states a day stands for the whole of it: what was changed on that day was known.
 */
static bool
find_since(struct maker *m, int64_t *time_us)
{
	const struct meeting_plan *plan = m->agenda->plan;
	const struct zone *zone = m->call->ws->zone;
	int32_t day = m->call->since;
	int64_t at = plan->last != SLOT_NONE ? item_at_us(m->ix->items[plan->last]) : 0;
	char text[TIME_TEXT_LEN];

	if (day == DATE_NONE && plan->last != SLOT_NONE && at % DAY_US != 0) {
		*time_us = at;
		m->reply->since = arena_strdup(m->arena, time_format(at, text));
		return m->reply->since != NULL;
	}
	if (day == DATE_NONE)
		day =
		    plan->last != SLOT_NONE
			? plan->last_day
			: m->ix->today - (plan->every_days > 0 ? plan->every_days : SINCE_DEFAULT);
	*time_us = zone_end_of_date(zone, day);
	m->reply->since = reply_date(m->arena, day);
	return m->reply->since != NULL;
}

static bool
fill_changes(struct maker *m, struct err *err)
{
	struct past past = {.daemon = m->job->call->daemon,
	    .ws = m->call->ws,
	    .view = m->job->view,
	    .revision = m->job->revision,
	    .last = m->job->revision,
	    .cancelled = &m->job->call->cancelled};
	const struct view *then;
	int64_t time_us;
	bool ok;

	if (!find_since(m, &time_us))
		return err_oom(err);
	past_begin(&past);
	then = past_view_at(&past, time_us, err);
	ok = then != NULL;
	if (ok) {
		m->reply->since_revision = past.at;
		ok = list_changes(m, then, err);
	}
	past_end(&past);
	return ok;
}

/* ---- the reply */

static bool
fill_gaps(struct maker *m)
{
	const struct agenda *a = m->agenda;
	bool ok = true;

	if (a->plan->due == DATE_NONE)
		ok = add_gap(m, "when it is due: it says neither how often it is held (every_days) "
				"nor a first day ahead");
	if (a->people.count == 0)
		ok = ok && add_gap(m, "whose matters these are: nobody who is here attends it; "
				      "state attendees, or seats");
	if (a->about.count == 0)
		ok =
		    ok && add_gap(m, "what has changed and what is found: it is about nothing, and "
				     "those who attend own nothing");
	if (a->plan->last == SLOT_NONE && m->call->since == DATE_NONE)
		ok = ok && add_gap(m, arena_printf(m->arena,
					  "what has changed since the last meeting: it was never "
					  "held; told is what changed after %s",
					  m->reply->since));
	return ok;
}

static bool
fill_last(struct maker *m)
{
	const struct meeting_plan *plan = m->agenda->plan;
	const Plumb__V1__Record *record;

	m->reply->last_meeting = copy_ref(m, plan->last);
	m->reply->last_day = reply_date(m->arena, plan->last_day);
	if (m->reply->last_meeting == NULL || m->reply->last_day == NULL)
		return false;
	if (plan->last == SLOT_NONE)
		return true;
	record = (const Plumb__V1__Record *)codec_decode(m->ix->items[plan->last], m->arena);
	if (record == NULL || record->body_case != PLUMB__V1__RECORD__BODY_MEETING)
		return false;
	m->reply->minutes = shorten(m, record->meeting->minutes);
	return m->reply->minutes != NULL;
}

static bool
fill_head(struct maker *m)
{
	const struct agenda *a = m->agenda;
	Plumb__V1__AgendaReply *r = m->reply;
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(m->ix->items[a->plan->review], m->arena);

	if (item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_REVIEW)
		return false;
	r->review = copy_ref(m, a->plan->review);
	r->title = item->title;
	r->type = item->review->type;
	if (item->review->minutes__case == PLUMB__V1__REVIEW__MINUTES__MINUTES)
		r->minutes_planned = (uint32_t)item->review->minutes;
	r->revision = m->job->revision;
	r->today = reply_date(m->arena, m->ix->today);
	r->due = reply_date(m->arena, a->plan->due);
	r->overdue_days = reply_overdue(a->plan->due, m->ix->today);
	r->about_items = a->scope;
	return r->review != NULL && r->today != NULL && r->due != NULL && fill_last(m) &&
	       fill_refs(m, &a->people, SIZE_MAX, &r->people, &r->n_people) &&
	       fill_refs(m, &a->gone, SIZE_MAX, &r->gone, &r->n_gone) &&
	       fill_refs(m, &a->about, ABOUT_MAX, &r->about, &r->n_about);
}

static bool
make_reply(struct maker *m, struct err *err)
{
	const struct agenda *a = m->agenda;

	if (!fill_head(m) ||
	    !fill_decisions(m, &a->decided, false, &m->reply->decided, &m->reply->n_decided) ||
	    !fill_decisions(m, &a->to_decide, true, &m->reply->to_decide, &m->reply->n_to_decide) ||
	    !fill_points(m))
		return err_oom(err);
	return fill_changes(m, err) && fill_findings(m, err) && (fill_gaps(m) || err_oom(err)) &&
	       view_job_send(m->job, &m->reply->base, err);
}

static bool
with_votes(struct maker *m, struct err *err)
{
	struct votes votes;
	bool ok;

	if (!votes_init(&votes, m->ix, err))
		return false;
	m->votes = &votes;
	ok = make_reply(m, err);
	votes_fini(&votes);
	return ok;
}

static bool
with_index(struct view_job *job, const struct index *ix, const struct item *review, struct err *err)
{
	Plumb__V1__AgendaReply reply;
	struct agenda agenda;
	struct cadence cadence;
	struct maker m = {.job = job,
	    .call = job->arg,
	    .arena = job->arena,
	    .ix = ix,
	    .agenda = &agenda,
	    .reply = &reply};
	bool ok;

	plumb__v1__agenda_reply__init(&reply);
	if (!cadence_init(&cadence, ix, err))
		return false;
	ok = agenda_run(&cadence, cadence_of(&cadence, review->slot), view_job_is_over, job,
		 job->arena, &agenda, err) &&
	     with_votes(&m, err);
	cadence_fini(&cadence);
	return ok;
}

static bool
run_agenda(struct view_job *job, struct err *err)
{
	const struct agenda_call *ac = job->arg;
	const char *id;
	const struct item *review;
	enum kind kind;
	struct index ix;
	size_t len;
	bool ok;

	if (!ref_parse(ac->request->review, KIND_REVIEW, &kind, &id, &len) || kind != KIND_REVIEW) {
		faults_add(job->faults, "review", "must be a review, for example \"leadership\"");
		return err_set(err, ERR_INVALID, "\"%.100s\" is no review", ac->request->review);
	}
	review = view_find(job->view, kind, id, len);
	if (!item_is_live(review))
		return err_set(err, ERR_NOT_FOUND, "there is no review/%.*s", (int)len, id);
	if (!index_init(&ix, job->view, job->today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	ok = with_index(job, &ix, review, err);
	index_fini(&ix);
	return ok;
}

void
handle_insight_agenda(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__AgendaRequest *request = (const Plumb__V1__AgendaRequest *)message;
	struct agenda_call *ac = arena_zalloc(call->arena, sizeof *ac);
	struct err err;

	if (ac == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ac->request = request;
	ac->since = DATE_NONE;
	if (request->since[0] != '\0' && !date_parse(request->since, &ac->since))
		faults_add(call->faults, "since", "'%.40s' is not a date; write it like 2026-03-31",
		    request->since);
	if (faults_none(call->faults, &err))
		ac->ws =
		    workspace_enter(call, request->at != NULL ? request->at->workspace : "", &err);
	if (ac->ws == NULL) {
		rpc_fail(call, &err);
		return;
	}
	job_view_check(call, request->at, true, true, run_agenda, ac);
}
