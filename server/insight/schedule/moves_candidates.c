/* What may be changed; see moves_internal.h. */
#include <stdlib.h>

#include "server/insight/schedule/moves_internal.h"
#include "server/limits.h"

struct filler {
	const struct moves_ask *ask;
	const struct moves_lab *ahead;
	const struct schedule *before;
	struct moves_list *list;
};

struct move
moves_move(enum move_kind kind, uint32_t initiative, int32_t most)
{
	return (struct move){.kind = kind,
	    .initiative = initiative,
	    .from = SCHEDULE_NONE,
	    .to = SCHEDULE_NONE,
	    .most = most};
}

static bool
add_candidate(struct filler *s, struct move move, struct err *err)
{
	if (move.most < 1 || (s->ask->lend_only && move.kind < MOVE_TAKE && move.kind != MOVE_LEND))
		return true;
	if (s->list->count == LIMIT_MOVES_CANDIDATES) {
		s->list->left_out++;
		return true;
	}
	if (s->list->count == s->list->cap) {
		uint32_t cap = s->list->cap == 0 ? 64 : 2 * s->list->cap;
		struct move *grown = realloc(s->list->list, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(err);
		s->list->list = grown;
		s->list->cap = cap;
	}
	move.amount = move.most;
	s->list->list[s->list->count++] = move;
	return true;
}

/* To the best place at most. */
static bool
add_ranks(struct filler *s, struct err *err)
{
	uint32_t target = s->ask->target;

	if (!s->ask->is_ranked)
		return true;
	if (!add_candidate(s, moves_move(MOVE_RAISE, SCHEDULE_NONE, (int32_t)target), err))
		return false;
	return target >= s->ask->ranked ||
	       add_candidate(s, moves_move(MOVE_SWAP, SCHEDULE_NONE, (int32_t)target), err);
}

/* By initiative, of what must be done before the target is: the last stated start, and whether anything is asked of anybody. */
static bool
look_at_work(
    const struct filler *s, int32_t **starts, uint8_t **asks, int32_t **begins, struct err *err)
{
	const struct schedule_problem *p = s->ask->problem;
	size_t n = (size_t)p->initiatives + 1;

	*starts = calloc(n, sizeof **starts);
	*asks = calloc(n, sizeof **asks);
	*begins = malloc(n * sizeof **begins);
	if (*starts == NULL || *asks == NULL || *begins == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < p->initiatives; i++)
		(*begins)[i] = SCHEDULE_BEYOND;
	for (uint32_t w = 0; w < p->works; w++) {
		const struct schedule_work *work = &p->work[w];
		int32_t *start = &(*starts)[work->initiative];

		if (s->ask->starts[w] > *start)
			*start = s->ask->starts[w];
		(*asks)[work->initiative] |= work->needs_count > 0;
	}
	for (size_t b = 0; b < s->before->bookings_count; b++) {
		const struct schedule_booking *booking = &s->before->bookings[b];
		int32_t *begin = &(*begins)[p->work[booking->work].initiative];

		*begin = booking->day < *begin ? booking->day : *begin;
	}
	return true;
}

/* What is known of initiatives by their work; all by initiative. */
struct known {
	int32_t *starts;
	int32_t *begins;
	uint8_t *asks;
};

static bool
add_initiative(struct filler *s, const struct known *known, uint32_t i, struct err *err)
{
	struct move later = moves_move(MOVE_LATER, i, s->ask->by - known->begins[i]);

	later.since = known->begins[i];
	if (s->ahead->place[i] == SCHEDULE_NONE)
		return true;
	if (known->asks[i] && !add_candidate(s, moves_move(MOVE_CUT, i, MOVES_CUT_MAX), err))
		return false;
	if (i < s->ask->target && !add_candidate(s, later, err))
		return false;
	return add_candidate(s, moves_move(MOVE_EARLIER, i, known->starts[i]), err);
}

/* Does so much of what it gives come to anything? */
static bool
gives(const struct filler *s, uint32_t giver, int32_t percent)
{
	const int32_t *capacity =
	    s->ask->problem->capacity + (size_t)giver * (size_t)s->ask->problem->days;

	for (int32_t day = 0; s->ask->lends[giver] && day < s->ask->lent; day++)
		if ((int64_t)capacity[day] * percent / 100 > 0)
			return true;
	return false;
}

static bool
add_lending(struct filler *s, const uint8_t *wanted, uint32_t from, struct err *err)
{
	struct move move = moves_move(MOVE_LEND, SCHEDULE_NONE, MOVES_LEND_MAX);

	move.from = from;
	for (move.to = 0; move.to < s->ask->problem->givers; move.to++)
		if (wanted[move.to] && move.to != from && !add_candidate(s, move, err))
			return false;
	return true;
}

static bool
add_givers(struct filler *s, const uint8_t *wanted, struct err *err)
{
	struct move move = moves_move(MOVE_ADD, SCHEDULE_NONE, MOVES_ADD_MAX);
	uint32_t givers = s->ask->problem->givers;

	for (move.to = 0; move.to < givers; move.to++)
		if (wanted[move.to] && gives(s, move.to, MOVES_ADD_MAX) &&
		    !add_candidate(s, move, err))
			return false;
	for (uint32_t from = 0; from < givers; from++)
		if (gives(s, from, MOVES_LEND_MAX) && !add_lending(s, wanted, from, err))
			return false;
	return true;
}

static void
want(const struct filler *s, uint32_t giver, uint8_t *wanted)
{
	if (giver == SCHEDULE_NONE)
		return;
	wanted[giver] = s->ask->lends[giver];
	if (s->ask->problem->home[giver] != SCHEDULE_NONE)
		want(s, s->ask->problem->home[giver], wanted);
}

/* Those of whom, or of whose members, something is asked before the target is done: what others give changes nothing. */
static bool
add_capacity(struct filler *s, struct err *err)
{
	const struct schedule_problem *p = &s->ahead->problem;
	uint8_t *wanted = calloc((size_t)p->givers + 1, sizeof *wanted);
	bool ok;

	if (wanted == NULL)
		return err_oom(err);
	for (uint32_t w = 0; w < p->works; w++) {
		for (uint32_t n = 0; n < p->work[w].needs_count; n++) {
			const struct schedule_need *need = &p->need[p->work[w].needs_first + n];

			want(s, need->giver, wanted);
			for (uint32_t k = 0; k < need->pool_count; k++)
				want(s, p->pool[need->pool_first + k], wanted);
		}
	}
	ok = add_givers(s, wanted, err);
	free(wanted);
	return ok;
}

/* Where time is short those that are near come first: the target's own, capacity, then the others from its rank up. */
static bool
add_all(struct filler *s, const struct known *known, struct err *err)
{
	uint32_t target = s->ask->target;

	if (!add_ranks(s, err) || !add_initiative(s, known, target, err))
		return false;
	for (uint32_t i = 0; i < s->ask->extra_count; i++)
		if (!add_candidate(s, s->ask->extra[i], err))
			return false;
	if (!add_capacity(s, err))
		return false;
	for (uint32_t i = target; i-- > 0;)
		if (!add_initiative(s, known, i, err))
			return false;
	for (uint32_t i = target + 1; i < s->ask->problem->initiatives; i++)
		if (!add_initiative(s, known, i, err))
			return false;
	return true;
}

bool
moves_list_fill(struct moves_list *list, const struct moves_lab *ahead,
    const struct schedule *before, struct err *err)
{
	struct filler filler = {.ask = ahead->ask, .ahead = ahead, .before = before, .list = list};
	struct known known = {NULL, NULL, NULL};
	bool ok = look_at_work(&filler, &known.starts, &known.asks, &known.begins, err) &&
		  add_all(&filler, &known, err);

	free(known.starts);
	free(known.begins);
	free(known.asks);
	return ok;
}
