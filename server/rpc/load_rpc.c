/* plumb.v1.Insight.Load: the table of load as messages. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/load/involved.h"
#include "server/insight/load/load.h"
#include "server/insight/schedule/plan_case.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"

#define BATCH 100u
/* Two names of 75 bytes and numbers each: a message of at most 2 MB. */
#define BOOKINGS_OF_A_ROW 10000u
#define BATCH_BYTES       ((size_t)1 << 20)
#define BATCH_MEMORY      ((size_t)24 << 20)
#define CANCEL_EVERY      256u

#define LOAD_ROLES                                                                                 \
	(ROLE_BIT(ROLE_PART_OF) | ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_MEMBER) |                   \
	    ROLE_BIT(ROLE_WHO) | ROLE_BIT(ROLE_NEED))

struct load_call {
	struct view_job *job;
	const Plumb__V1__LoadRequest *request;
	struct index ix;
	struct load *load;
	struct involved inv;
	int32_t from;
	int32_t to;
	uint32_t first; /* columns that are shown */
	uint32_t behind;
	int64_t *booked; /* by row and column shown; NULL: not asked for */
	int32_t booked_last;
	bool *wanted; /* rows; NULL: all */
	/* the batch at hand */
	struct arena *arena;
	Plumb__V1__LoadRow *rows[BATCH];
	Plumb__V1__LoadUnplaced *unplaced[BATCH];
	size_t rows_count;
	size_t unplaced_count;
	Plumb__V1__LoadPeriod **periods; /* of the first message */
	bool is_first;
};

static char *
copy_ref(const struct load_call *lc, uint32_t slot)
{
	return reply_ref(lc->arena, lc->ix.items[slot]);
}

static char *
copy_date(const struct load_call *lc, int32_t date)
{
	return reply_date(lc->arena, date);
}

/* ---- what is asked for */

static bool
read_date(struct load_call *lc, const char *text, const char *field, int32_t otherwise,
    int32_t *out, struct err *err)
{
	*out = otherwise;
	if (text[0] == '\0' || date_parse(text, out))
		return true;
	faults_add(lc->job->faults, field, "must be a date like \"2026-03-31\"");
	return err_set(err, ERR_INVALID, "%s: \"%.40s\" is no date like 2026-03-31", field, text);
}

static bool
read_dates(struct load_call *lc, struct err *err)
{
	if (!read_date(lc, lc->request->from, "from", lc->job->today, &lc->from, err) ||
	    !read_date(lc, lc->request->to, "to", INT32_MAX, &lc->to, err))
		return false;
	if (lc->to >= lc->from)
		return true;
	faults_add(lc->job->faults, "to", "must not be before from");
	return err_set(err, ERR_INVALID, "the last day is before the first");
}

/* Weeks go to the end of the last period where no last day is stated. */
static bool
run(struct load_call *lc, struct err *err)
{
	int32_t to = lc->to < INT32_MAX ? lc->to : lc->from;

	lc->load = lc->request->by_week
		       ? load_run_weeks(&lc->ix, lc->from, to, view_job_is_over, lc->job, err)
		       : load_run(&lc->ix, view_job_is_over, lc->job, err);
	return lc->load != NULL;
}

static void
choose_columns(struct load_call *lc)
{
	while (lc->first < load_columns(lc->load) && load_last_day(lc->load, lc->first) < lc->from)
		lc->first++;
	lc->behind = lc->first;
	while (
	    lc->behind < load_columns(lc->load) && load_first_day(lc->load, lc->behind) <= lc->to)
		lc->behind++;
}

#define SKILL "skill/"

static bool
want_skill(struct load_call *lc, const char *skill, struct err *err)
{
	uint32_t row = load_skill_row(lc->load, skill);

	if (row == UINT32_MAX)
		return err_set(err, ERR_NOT_FOUND,
		    "no work that is under way asks for the skill \"%.100s\"", skill);
	lc->wanted[row] = true;
	return true;
}

static bool
want_row(struct load_call *lc, const char *who, struct err *err)
{
	const struct item *item = NULL;
	enum kind kind;
	const char *id;
	size_t id_len;
	uint32_t row;

	if (strncmp(who, SKILL, strlen(SKILL)) == 0)
		return want_skill(lc, who + strlen(SKILL), err);
	if (!ref_parse(who, KIND_NONE, &kind, &id, &id_len) ||
	    (kind != KIND_PERSON && kind != KIND_TEAM)) {
		faults_add(
		    lc->job->faults, "who", "must be \"person/id\", \"team/id\" or \"skill/name\"");
		return err_set(err, ERR_INVALID,
		    "\"%.100s\" is none of \"person/id\", \"team/id\" and \"skill/name\"", who);
	}
	item = view_find(lc->job->view, kind, id, id_len);
	if (!item_is_live(item))
		return err_set(err, ERR_NOT_FOUND, "there is no %.150s", who);
	row = load_row_of(lc->load, item->slot);
	lc->wanted[row] = true;
	if (kind == KIND_PERSON)
		return true;
	for (row = load_next_member(lc->load, row); row != UINT32_MAX;
	     row = load_next_member(lc->load, row))
		lc->wanted[row] = true;
	return true;
}

static bool
choose_rows(struct load_call *lc, struct err *err)
{
	if (lc->request->n_who == 0)
		return true;
	lc->wanted = arena_array(lc->job->arena,
	    (size_t)load_rows(lc->load) + load_skills(lc->load) + 1, sizeof lc->wanted[0]);
	if (lc->wanted == NULL)
		return err_oom(err);
	for (size_t i = 0; i < lc->request->n_who; i++) {
		if (!want_row(lc, lc->request->who[i], err))
			return false;
	}
	return true;
}

static bool
is_wanted(const struct load_call *lc, uint32_t row)
{
	Plumb__V1__LoadRequest__By by = PLUMB__V1__LOAD_REQUEST__BY__SKILLS;

	if (row < load_rows(lc->load))
		by = lc->ix.kinds[load_who(lc->load, row)] == KIND_TEAM
			 ? PLUMB__V1__LOAD_REQUEST__BY__TEAMS
			 : PLUMB__V1__LOAD_REQUEST__BY__PERSONS;
	if (lc->request->by != PLUMB__V1__LOAD_REQUEST__BY__BOTH && lc->request->by != by)
		return false;
	return lc->wanted == NULL || lc->wanted[row];
}

/* ---- messages */

static bool
flush(struct load_call *lc, struct err *err)
{
	Plumb__V1__LoadReply reply;
	char today[DATE_TEXT_LEN];
	bool ok;

	plumb__v1__load_reply__init(&reply);
	reply.rows = lc->rows;
	reply.n_rows = lc->rows_count;
	reply.unplaced = lc->unplaced;
	reply.n_unplaced = lc->unplaced_count;
	reply.revision = lc->job->revision;
	reply.today = date_format(lc->job->today, today);
	reply.periods_left_out = load_left_out(lc->load);
	if (lc->is_first) {
		reply.periods = lc->periods;
		reply.n_periods = lc->behind - lc->first;
	}
	ok = view_job_send(lc->job, &reply.base, err);
	lc->is_first = false;
	lc->rows_count = lc->unplaced_count = 0;
	arena_reset(lc->arena);
	return ok;
}

static bool
is_full(const struct load_call *lc)
{
	return lc->rows_count == BATCH || lc->unplaced_count == BATCH ||
	       arena_used(lc->arena) > BATCH_BYTES;
}

/* A week has the year in which its Thursday lies, and is the first whose Thursday does (ISO 8601). */
static char *
name_week(const struct load_call *lc, int32_t monday)
{
	int year, month, day;

	date_to_civil(monday + 3, &year, &month, &day);
	return arena_printf(
	    lc->arena, "%04d-w%02d", year, (monday + 3 - date_from_civil(year, 1, 1)) / 7 + 1);
}

static bool
name_period(const struct load_call *lc, uint32_t column, Plumb__V1__LoadPeriod *p)
{
	uint32_t slot = load_period(lc->load, column);

	if (slot == SLOT_NONE) {
		p->name = name_week(lc, load_first_day(lc->load, column));
	} else {
		p->ref = copy_ref(lc, slot);
		p->name = arena_strndup(
		    lc->arena, item_id(lc->ix.items[slot]), lc->ix.items[slot]->id_len);
	}
	return p->ref != NULL && p->name != NULL;
}

/* In the call's first message, whose arena they share. */
static bool
fill_periods(struct load_call *lc)
{
	lc->periods = arena_array(lc->arena, lc->behind - lc->first + 1, sizeof lc->periods[0]);
	for (uint32_t c = lc->first; lc->periods != NULL && c < lc->behind; c++) {
		Plumb__V1__LoadPeriod *p = arena_alloc(lc->arena, sizeof *p);

		if (p == NULL)
			return false;
		plumb__v1__load_period__init(p);
		if (!name_period(lc, c, p))
			return false;
		p->first_day = copy_date(lc, load_first_day(lc->load, c));
		p->last_day = copy_date(lc, load_last_day(lc->load, c));
		if (p->first_day == NULL || p->last_day == NULL)
			return false;
		lc->periods[c - lc->first] = p;
	}
	return lc->periods != NULL;
}

static const char *
how_name(unsigned how)
{
	static const char *const names[] = {[LOAD_NEED] = "need",
	    [LOAD_ALLOCATION] = "allocation",
	    [LOAD_ESTIMATE] = "estimate over members",
	    [LOAD_TASK] = "task"};

	return names[how];
}

static const char *
why_name(enum load_why why)
{
	static const char *const names[] = {[LOAD_NOBODY] = "nobody is named",
	    [LOAD_NO_TIME] = "no time is stated",
	    [LOAD_NO_WORKING_DAY] = "no working day in its time",
	    [LOAD_OUTSIDE_PERIODS] = "outside of all periods",
	    [LOAD_NO_WORK] = "no such work"};

	return names[why];
}

static Plumb__V1__LoadBooking *
new_booking(const struct load_call *lc, const struct load_booking *booking)
{
	Plumb__V1__LoadBooking *b = arena_alloc(lc->arena, sizeof *b);

	if (b == NULL)
		return NULL;
	plumb__v1__load_booking__init(b);
	b->work = copy_ref(lc, booking->work);
	b->source = copy_ref(lc, booking->source);
	b->effort = booking->effort;
	b->rank = booking->rank != RANK_NONE ? booking->rank : 0;
	b->how = pb_str(how_name(booking->how));
	b->for_members = booking->is_for_member;
	return b->work != NULL && b->source != NULL ? b : NULL;
}

static bool
fill_bookings(const struct load_call *lc, const struct load_cell *cell, Plumb__V1__LoadCell *out)
{
	const struct load_booking *list = load_bookings(lc->load, cell);
	uint32_t most = BOOKINGS_OF_A_ROW / (lc->behind - lc->first);
	uint32_t n = cell->count < most ? cell->count : most;

	out->bookings = arena_array(lc->arena, (size_t)n + 1, sizeof out->bookings[0]);
	for (uint32_t i = 0; out->bookings != NULL && i < n; i++) {
		out->bookings[i] = new_booking(lc, &list[i]);
		if (out->bookings[i] == NULL)
			return false;
	}
	out->n_bookings = n;
	out->more = cell->count - n;
	return out->bookings != NULL;
}

/* A skill's people are booked by name. */
static void
fill_booked(const struct load_call *lc, uint32_t row, uint32_t column, Plumb__V1__LoadCell *out)
{
	if (lc->booked == NULL || row >= load_rows(lc->load) ||
	    load_last_day(lc->load, column) < lc->job->today ||
	    load_first_day(lc->load, column) > lc->booked_last)
		return;
	out->booked__case = PLUMB__V1__LOAD_CELL__BOOKED__BOOKED;
	out->booked = lc->booked[(size_t)row * (lc->behind - lc->first) + column - lc->first];
}

static bool
fill_cells(const struct load_call *lc, uint32_t row, Plumb__V1__LoadRow *out)
{
	out->cells = arena_array(lc->arena, lc->behind - lc->first + 1, sizeof out->cells[0]);
	if (out->cells == NULL)
		return false;
	for (uint32_t c = lc->first; c < lc->behind; c++) {
		const struct load_cell *cell = load_cell(lc->load, row, c);
		Plumb__V1__LoadCell *message = arena_alloc(lc->arena, sizeof *message);

		if (message == NULL)
			return false;
		plumb__v1__load_cell__init(message);
		message->demand = cell->demand;
		message->capacity = cell->capacity;
		message->unknown = !cell->is_known;
		fill_booked(lc, row, c, message);
		if (lc->request->bookings && !fill_bookings(lc, cell, message))
			return false;
		out->cells[out->n_cells++] = message;
	}
	return true;
}

/* Initiatives today. */
static bool
count_heads(struct load_call *lc, uint32_t who, Plumb__V1__LoadRow *out, struct err *err)
{
	uint32_t last = SLOT_NONE;

	if (!involved_read(&lc->inv, who, err))
		return false;
	for (size_t i = 0; i < lc->inv.count; i++) {
		const struct involvement *one = &lc->inv.list[i];

		if (one->initiative == last || !involvement_has(one, lc->job->today))
			continue;
		last = one->initiative;
		out->leads += one->leads;
		out->executes += !one->leads;
	}
	return true;
}

static bool
name_skill(const struct load_call *lc, uint32_t row, Plumb__V1__LoadRow *out)
{
	const char *name = load_skill(lc->load, row);

	out->who = arena_printf(lc->arena, SKILL "%s", name);
	out->title = arena_printf(lc->arena, "%s (skill)", name);
	return out->who != NULL && out->title != NULL;
}

static bool
name_row(const struct load_call *lc, uint32_t row, Plumb__V1__LoadRow *out)
{
	uint32_t who = load_who(lc->load, row);
	uint32_t team = load_team(lc->load, row);
	const struct item *item = lc->ix.items[who];

	out->who = copy_ref(lc, who);
	out->title = arena_strndup(lc->arena, item_title(item), item->title_len);
	if (team != SLOT_NONE)
		out->team = copy_ref(lc, team);
	return out->who != NULL && out->title != NULL && out->team != NULL;
}

static bool
add_row(struct load_call *lc, uint32_t row, struct err *err)
{
	bool is_skill = row >= load_rows(lc->load);
	Plumb__V1__LoadRow *out = arena_alloc(lc->arena, sizeof *out);

	if (out == NULL)
		return err_oom(err);
	plumb__v1__load_row__init(out);
	if (!(is_skill ? name_skill(lc, row, out) : name_row(lc, row, out)) ||
	    !fill_cells(lc, row, out))
		return err_oom(err);
	if (!is_skill && !count_heads(lc, load_who(lc->load, row), out, err))
		return false;
	lc->rows[lc->rows_count++] = out;
	return !is_full(lc) || flush(lc, err);
}

static bool
send_rows(struct load_call *lc, struct err *err)
{
	uint32_t rows = load_rows(lc->load) + load_skills(lc->load);

	for (uint32_t row = 0; row < rows; row++) {
		if (row % CANCEL_EVERY == 0 && view_job_cancelled(lc->job))
			return err_set(err, ERR_CANCELLED, "working out the load was cancelled");
		if (is_wanted(lc, row) && !add_row(lc, row, err))
			return false;
	}
	return true;
}

static bool
send_unplaced(struct load_call *lc, struct err *err)
{
	uint32_t count = 0;
	const struct load_unplaced *list = NULL;

	if (lc->request->n_who == 0)
		list = load_unplaced(lc->load, &count);
	for (uint32_t i = 0; i < count; i++) {
		Plumb__V1__LoadUnplaced *u = arena_alloc(lc->arena, sizeof *u);

		if (u == NULL)
			return err_oom(err);
		plumb__v1__load_unplaced__init(u);
		u->work = copy_ref(lc, list[i].work);
		u->source = copy_ref(lc, list[i].source);
		u->effort = list[i].effort;
		u->why = pb_str(why_name(list[i].why));
		if (u->work == NULL || u->source == NULL)
			return err_oom(err);
		lc->unplaced[lc->unplaced_count++] = u;
		if (is_full(lc) && !flush(lc, err))
			return false;
	}
	return true;
}

/* ---- what the schedule books */

static void
add_booking(struct load_call *lc, uint32_t row, int32_t day, int32_t effort)
{
	for (uint32_t c = load_first_column(lc->load, day);
	     c < lc->behind && load_first_day(lc->load, c) <= day; c++) {
		if (c >= lc->first)
			lc->booked[(size_t)row * (lc->behind - lc->first) + c - lc->first] +=
			    effort;
	}
}

static void
add_bookings(struct load_call *lc, const struct plan_case *pc, const struct schedule *schedule)
{
	for (size_t b = 0; b < schedule->bookings_count; b++) {
		const struct schedule_booking *k = &schedule->bookings[b];
		uint32_t home = pc->plan->problem.home[k->giver];

		add_booking(lc, load_row_of(lc->load, load_who(pc->load, k->giver)),
		    pc->plan->first_day + k->day, k->effort);
		if (home != SCHEDULE_NONE)
			add_booking(lc, load_row_of(lc->load, load_who(pc->load, home)),
			    pc->plan->first_day + k->day, k->effort);
	}
}

/* As Insight.Schedule has it without more said. */
static bool
book(struct load_call *lc, struct err *err)
{
	const struct schedule_policy policy = {.backfill = true,
	    .tries = PLAN_CASE_TRIES,
	    .seed = PLAN_CASE_SEED,
	    .stop = view_job_is_over,
	    .arg = lc->job};
	size_t cells = (size_t)load_rows(lc->load) * (lc->behind - lc->first);
	struct plan_case pc = {.has_index = false};
	struct schedule *schedule = NULL;

	lc->booked = calloc(cells + 1, sizeof lc->booked[0]);
	if (lc->booked == NULL)
		return err_oom(err);
	if (plan_case_open(
		&pc, lc->job->view, lc->job->today, DATE_NONE, view_job_is_over, lc->job, err))
		schedule = schedule_run(&pc.plan->problem, &policy, err);
	if (schedule != NULL)
		add_bookings(lc, &pc, schedule);
	lc->booked_last = pc.last;
	plan_case_close(&pc);
	if (schedule == NULL)
		return false;
	schedule_free(schedule);
	return true;
}

static bool
answer(struct load_call *lc, struct err *err)
{
	if (!read_dates(lc, err) || !run(lc, err) || !choose_rows(lc, err))
		return false;
	choose_columns(lc);
	if (lc->request->schedule && !book(lc, err))
		return false;
	if (!fill_periods(lc))
		return err_oom(err);
	if (!send_rows(lc, err) || !send_unplaced(lc, err))
		return false;
	return (!lc->is_first && lc->rows_count == 0 && lc->unplaced_count == 0) || flush(lc, err);
}

static bool
run_load(struct view_job *job, struct err *err)
{
	struct load_call lc = {.job = job, .request = job->arg, .is_first = true};
	bool ok = false;

	if (lc.request->n_who > LIMIT_NAMES) {
		faults_add(job->faults, "who", "at most %u names at once", LIMIT_NAMES);
		return faults_none(job->faults, err);
	}
	if (!index_init(&lc.ix, job->view, job->today, LOAD_ROLES, view_job_is_over, job, err))
		return false;
	lc.arena = arena_new(BATCH_MEMORY);
	if (involved_init(&lc.inv, &lc.ix, err))
		ok = lc.arena != NULL ? answer(&lc, err) : err_oom(err);
	involved_fini(&lc.inv);
	load_free(lc.load);
	free(lc.booked);
	arena_free(lc.arena);
	index_fini(&lc.ix);
	return ok;
}

void
handle_insight_load(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__LoadRequest *request = (const Plumb__V1__LoadRequest *)message;

	job_view(call, request->at, run_load, (void *)(uintptr_t)request);
}
