/*
 * What is still to do, by check-ins.
 *
 * The newest check-in about a piece of work that states what remains, or else progress, speaks for it and for all of its parts
 * that do not speak for themselves. What remains is that of the whole: parts that speak for themselves have theirs first, the
 * rest goes to the others in proportion to what was asked of whom. Of progress, the rest of 1 is still to do. Where nobody speaks,
 * effort is still to do, and of a share what lies ahead.
 */
#include <math.h>
#include <stdlib.h>

#include "server/insight/schedule/plan_schedule_internal.h"
#include "server/plan/control.h"

struct speaker {
	uint32_t piece;
	unsigned depth;
	uint32_t above;    /* the speaker over it; SCHEDULE_NONE */
	int64_t remaining; /* -1: progress says it */
	double progress;
	int64_t asked; /* of what it speaks for */
	int64_t below; /* still to do where others speak */
	int64_t left;  /* still to do of what it speaks for */
	int64_t until; /* of asked, while it is handed out */
};

struct left {
	struct builder *b;
	uint32_t *speaker_of; /* by piece; SCHEDULE_NONE */
	struct speaker *list;
	uint32_t count;
};

static void
find_speakers(struct left *l)
{
	const struct index *ix = l->b->ix;
	const struct plan_schedule *plan = l->b->plan;

	for (uint32_t i = 0; i < plan->count; i++) {
		uint32_t check_in = ix->check_in[plan->slots[i]];
		int64_t remaining;

		l->speaker_of[i] = SCHEDULE_NONE;
		if (check_in == SLOT_NONE)
			continue;
		remaining = control_remaining(ix->items[check_in]);
		if (remaining < 0 && (ix->has[check_in] & HAS_VALUE) == 0)
			continue;
		l->speaker_of[i] = l->count;
		l->list[l->count++] = (struct speaker){.piece = i,
		    .above = SCHEDULE_NONE,
		    .remaining = remaining,
		    .progress = ix->items[check_in]->value};
	}
}

/* From a piece up to the first one that speaks, not itself. */
static uint32_t
speaker_over(const struct left *l, uint32_t piece, unsigned *depth)
{
	uint32_t found = SCHEDULE_NONE;

	*depth = 0;
	for (piece = plan_above(l->b, piece); piece != SCHEDULE_NONE;
	     piece = plan_above(l->b, piece)) {
		++*depth;
		if (found == SCHEDULE_NONE)
			found = l->speaker_of[piece];
	}
	return found;
}

static int
compare_speakers(const void *pa, const void *pb)
{
	const struct speaker *a = pa, *b = pb;

	if (a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	return a->piece < b->piece ? -1 : a->piece > b->piece;
}

/* Deepest first, so that each knows what those below have left. */
static void
order_speakers(struct left *l)
{
	unsigned depth;

	for (uint32_t s = 0; s < l->count; s++)
		(void)speaker_over(l, l->list[s].piece, &l->list[s].depth);
	qsort(l->list, l->count, sizeof l->list[0], compare_speakers);
	for (uint32_t s = 0; s < l->count; s++)
		l->speaker_of[l->list[s].piece] = s;
	for (uint32_t s = 0; s < l->count; s++)
		l->list[s].above = speaker_over(l, l->list[s].piece, &depth);
}

static uint32_t
speaker_for(const struct left *l, uint32_t piece)
{
	unsigned depth;
	uint32_t own = l->speaker_of[piece];

	return own != SCHEDULE_NONE ? own : speaker_over(l, piece, &depth);
}

static void
settle(struct left *l)
{
	for (uint32_t s = 0; s < l->count; s++) {
		struct speaker *one = &l->list[s];

		if (one->remaining >= 0)
			one->left = one->remaining > one->below ? one->remaining - one->below : 0;
		else
			one->left = llround((double)one->asked * (1 - one->progress));
		if (one->asked == 0 && one->left > 0)
			l->b->plan->unknown++; /* of nobody */
		if (one->above != SCHEDULE_NONE)
			l->list[one->above].below += one->below + (one->asked > 0 ? one->left : 0);
	}
}

static int64_t
part(int64_t a, int64_t b, int64_t c)
{
	__extension__ typedef __int128 wide;

	return (int64_t)((wide)a * b / c);
}

bool
plan_take_left(struct builder *b, struct load_ask *asks, size_t count, struct err *err)
{
	struct left l = {.b = b,
	    .speaker_of = malloc(((size_t)b->plan->count + 1) * sizeof *l.speaker_of),
	    .list = calloc((size_t)b->plan->count + 1, sizeof *l.list)};
	bool ok = l.speaker_of != NULL && l.list != NULL;
	uint32_t by = SCHEDULE_NONE;

	if (ok) {
		find_speakers(&l);
		if (l.count > 0)
			order_speakers(&l);
	}
	for (int pass = 0; ok && pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			struct speaker *one;

			if (i == 0 || asks[i].work != asks[i - 1].work)
				by = speaker_for(&l, b->plan->number[asks[i].work]);
			if (by == SCHEDULE_NONE) {
				asks[i].effort = asks[i].ahead;
				continue;
			}
			one = &l.list[by];
			if (pass == 0) {
				one->asked += asks[i].effort;
				continue;
			}
			one->until += asks[i].effort;
			asks[i].effort = part(one->left, one->until, one->asked) -
					 part(one->left, one->until - asks[i].effort, one->asked);
		}
		if (pass == 0)
			settle(&l);
	}
	free(l.speaker_of);
	free(l.list);
	return ok || err_oom(err);
}
