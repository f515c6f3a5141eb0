#include "server/insight/saydo.h"

#include <math.h>
#include <stdlib.h>

#include "server/insight/clarity/score.h"
#include "server/limits.h"

/* plumb.v1.Commitment.State */
enum state { STATE_OPEN, STATE_KEPT, STATE_BROKEN, STATE_WITHDRAWN };

#define NO_ROW UINT32_MAX

/* ---- one commitment */

static uint32_t
who_promised(const struct index *ix, uint32_t commitment)
{
	uint32_t who = index_target(ix, commitment, ROLE_FROM);

	if (who == SLOT_NONE || !index_is(ix, who, STANDING_LIVE) ||
	    (ix->kinds[who] != KIND_PERSON && ix->kinds[who] != KIND_TEAM))
		return SLOT_NONE;
	return who;
}

/* Why its days say nothing; NULL where they do. */
static const char *
fault_of(const struct item *item, uint32_t by, int32_t today)
{
	bool settled = item->status != STATE_OPEN && item->done != DATE_NONE;

	if (by == SLOT_NONE)
		return "nobody of the plan is named who promised it";
	if (item->start != DATE_NONE && item->finish != DATE_NONE && item->finish < item->start)
		return "its day lies before the one on which it was made";
	if (settled && item->start != DATE_NONE && item->done < item->start)
		return "it was settled before it was made";
	if (settled && item->done > today)
		return "it was settled on a day that is yet to come";
	return NULL;
}

static enum saydo_standing
stand(const struct item *item, int32_t today, const char **why)
{
	switch ((enum state)item->status) {
	case STATE_BROKEN:
		return SAYDO_BROKEN;
	case STATE_WITHDRAWN:
		return SAYDO_WITHDRAWN;
	default:
		break;
	}
	/* To take its day away shall not make a promise look kept. */
	if (item->finish == DATE_NONE) {
		*why = "no day is stated by which it shall be kept";
		return SAYDO_UNJUDGED;
	}
	if (item->status == STATE_OPEN)
		return item->finish < today ? SAYDO_OVERDUE : SAYDO_OPEN;
	if (item->done == DATE_NONE) {
		*why = "no day is stated on which it was kept";
		return SAYDO_UNJUDGED;
	}
	return item->done <= item->finish ? SAYDO_KEPT : SAYDO_KEPT_LATE;
}

void
saydo_judge(const struct index *ix, uint32_t commitment, struct saydo_promise *out)
{
	const struct item *item = ix->items[commitment];
	int32_t end =
	    item->status != STATE_OPEN && item->done != DATE_NONE ? item->done : ix->today;

	*out = (struct saydo_promise){.slot = commitment,
	    .by = who_promised(ix, commitment),
	    .team = SLOT_NONE,
	    .first_due = commitment_first_due(item),
	    .days = item->finish != DATE_NONE ? end - item->finish : 0,
	    .moved = item->every_days};
	out->why = fault_of(item, out->by, ix->today);
	out->standing =
	    (uint8_t)(out->why != NULL ? SAYDO_UNJUDGED : stand(item, ix->today, &out->why));
}

/* ---- whose */

static uint32_t
first_team(const struct index *ix, uint32_t person, enum role role)
{
	struct edges in = index_in(ix, person);
	uint32_t best = SLOT_NONE;

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t team = in.list[i].slot;

		if (in.list[i].role == role && ix->kinds[team] == KIND_TEAM &&
		    (best == SLOT_NONE || index_compare(ix, team, best) < 0))
			best = team;
	}
	return best;
}

/* The one they name, else the first by name that lists them, else the first that they lead. */
static uint32_t
team_of(const struct index *ix, uint32_t who)
{
	uint32_t team;

	if (who == SLOT_NONE || ix->kinds[who] == KIND_TEAM)
		return who;
	team = index_target(ix, who, ROLE_TEAM);
	if (team != SLOT_NONE && index_is(ix, team, STANDING_LIVE) && ix->kinds[team] == KIND_TEAM)
		return team;
	team = first_team(ix, who, ROLE_MEMBER);
	return team != SLOT_NONE ? team : first_team(ix, who, ROLE_LEAD);
}

/* The team that it is a part of; SLOT_NONE. */
static uint32_t
team_above(const struct index *ix, uint32_t team)
{
	uint32_t up = index_target(ix, team, ROLE_PARENT);

	return up != SLOT_NONE && index_is(ix, up, STANDING_LIVE) && ix->kinds[up] == KIND_TEAM
		   ? up
		   : SLOT_NONE;
}

/* Is the team that one, or below it? */
static bool
is_within(const struct index *ix, uint32_t team, uint32_t top)
{
	for (uint32_t n = 0; team != SLOT_NONE && n <= LIMIT_DEPTH; n++) {
		if (team == top)
			return true;
		team = team_above(ix, team);
	}
	return false;
}

static bool
is_wanted(const struct index *ix, const struct saydo_query *query, const struct saydo_promise *p)
{
	int32_t due = ix->items[p->slot]->finish;

	if (query->who != SLOT_NONE && p->by != query->who && !is_within(ix, p->team, query->who))
		return false;
	if (due == DATE_NONE)
		return true;
	return (query->from == DATE_NONE || due >= query->from) &&
	       (query->to == DATE_NONE || due <= query->to);
}

/* ---- rows */

void
saydo_count(struct saydo_row *row, const struct index *ix, const struct saydo_promise *p)
{
	row->counts[p->standing]++;
	row->moved += p->moved > 0;
	row->moves += p->moved;
	row->kept_by_first += p->standing == SAYDO_KEPT && ix->items[p->slot]->done <= p->first_due;
}

void
saydo_close(struct saydo_row *row)
{
	uint32_t kept = row->counts[SAYDO_KEPT];

	row->made = kept + row->counts[SAYDO_KEPT_LATE] + row->counts[SAYDO_BROKEN] +
		    row->counts[SAYDO_OVERDUE];
	row->ratio = row->made > 0 ? (double)kept / row->made : NAN;
	row->low = row->high = NAN;
	if (row->made >= SAYDO_LEAST)
		clarity_wilson(kept, row->made, &row->low, &row->high);
}

static struct saydo_row *
count_for(struct saydo *out, uint32_t *row_of, const struct index *ix, uint32_t who,
    const struct saydo_promise *p)
{
	if (row_of[who] == NO_ROW) {
		row_of[who] = out->rows_count;
		out->rows[out->rows_count++] = (struct saydo_row){.who = who};
	}
	saydo_count(&out->rows[row_of[who]], ix, p);
	return &out->rows[row_of[who]];
}

/* For the team, and once for each above it, up to the one that is asked about. */
static void
count_for_teams(struct saydo *out, uint32_t *row_of, const struct index *ix, uint32_t asked,
    const struct saydo_promise *p)
{
	uint32_t team = p->team;

	for (uint32_t n = 0; team != SLOT_NONE && n <= LIMIT_DEPTH; n++) {
		count_for(out, row_of, ix, team, p)->of_teams += n > 0;
		team = team != asked ? team_above(ix, team) : SLOT_NONE;
	}
}

static int
compare_rows(const void *pa, const void *pb, void *arg)
{
	const struct saydo_row *a = pa, *b = pb;
	const struct index *ix = arg;

	if (a->who == SLOT_NONE || b->who == SLOT_NONE)
		return a->who == SLOT_NONE ? -1 : 1;
	if (ix->kinds[a->who] != ix->kinds[b->who])
		return ix->kinds[a->who] == KIND_TEAM ? -1 : 1;
	return index_compare(ix, a->who, b->who);
}

static int
compare_promises(const void *pa, const void *pb, void *arg)
{
	const struct saydo_promise *a = pa, *b = pb;

	return index_compare_finish(arg, a->slot, b->slot);
}

static void
gather(const struct index *ix, const struct saydo_query *query, uint32_t *row_of, struct saydo *out)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_COMMITMENT, &count);

	out->rows[out->rows_count++] = (struct saydo_row){.who = SLOT_NONE};
	for (uint32_t i = 0; i < count; i++) {
		struct saydo_promise *p = &out->promises[out->promises_count];

		saydo_judge(ix, slots[i], p);
		p->team = team_of(ix, p->by);
		if (!is_wanted(ix, query, p))
			continue;
		out->promises_count++;
		saydo_count(&out->rows[0], ix, p);
		if (query->who == SLOT_NONE || ix->kinds[query->who] == KIND_TEAM)
			count_for_teams(out, row_of, ix, query->who, p);
		if (p->by != SLOT_NONE && ix->kinds[p->by] == KIND_PERSON)
			count_for(out, row_of, ix, p->by, p);
	}
}

bool
saydo_run(
    const struct index *ix, const struct saydo_query *query, struct saydo *out, struct err *err)
{
	uint32_t *row_of = index_alloc((size_t)ix->slots + 1, sizeof row_of[0]);
	uint32_t count, teams;

	(void)index_kind(ix, KIND_COMMITMENT, &count);
	(void)index_kind(ix, KIND_TEAM, &teams);
	*out = (struct saydo){0};
	out->promises = calloc((size_t)count + 1, sizeof out->promises[0]);
	/* everybody, who promised something, and teams */
	out->rows = calloc((size_t)count + teams + 1, sizeof out->rows[0]);
	if (row_of == NULL || out->promises == NULL || out->rows == NULL) {
		free(row_of);
		return err_oom(err);
	}
	for (uint32_t i = 0; i < ix->slots; i++)
		row_of[i] = NO_ROW;
	gather(ix, query, row_of, out);
	free(row_of);
	for (uint32_t i = 0; i < out->rows_count; i++)
		saydo_close(&out->rows[i]);
	qsort_r(
	    out->rows, out->rows_count, sizeof out->rows[0], compare_rows, (void *)(uintptr_t)ix);
	qsort_r(out->promises, out->promises_count, sizeof out->promises[0], compare_promises,
	    (void *)(uintptr_t)ix);
	return true;
}

void
saydo_fini(struct saydo *saydo)
{
	free(saydo->rows);
	free(saydo->promises);
	*saydo = (struct saydo){0};
}
