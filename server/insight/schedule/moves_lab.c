/* Problems that changes are tried on; see moves_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/moves_internal.h"
#include "server/limits.h"

/* ---- what is in it */

/* All that these wait for, and so on. */
static bool
keep_befores(struct moves_lab *lab, struct err *err)
{
	const struct schedule_problem *p = lab->ask->problem;
	uint32_t *first = calloc((size_t)p->works + 2, sizeof *first);
	uint32_t *before = malloc(((size_t)p->arcs + 1) * sizeof *before);
	uint32_t *queue = malloc(((size_t)p->works + 1) * sizeof *queue);
	uint32_t count = 0;
	bool ok = first != NULL && before != NULL && queue != NULL;

	for (uint32_t e = 0; ok && e < p->arcs; e++)
		first[p->arc[e].after + 2]++;
	for (uint32_t w = 0; ok && w < p->works; w++) {
		first[w + 2] += first[w + 1];
		if (lab->keeps[w])
			queue[count++] = w;
	}
	for (uint32_t e = 0; ok && e < p->arcs; e++)
		before[first[p->arc[e].after + 1]++] = p->arc[e].before;
	for (uint32_t q = 0; ok && q < count; q++) {
		for (uint32_t e = first[queue[q]]; e < first[queue[q] + 1]; e++) {
			if (!lab->keeps[before[e]])
				queue[count++] = before[e];
			lab->keeps[before[e]] = 1;
		}
	}
	free(first);
	free(before);
	free(queue);
	return ok || err_oom(err);
}

static void
lay_work(struct moves_lab *lab, uint32_t *number)
{
	const struct schedule_problem *p = lab->ask->problem;

	lab->problem.works = lab->problem.arcs = lab->problem.initiatives = 0;
	for (uint32_t w = 0; w < p->works; w++) {
		if (!lab->keeps[w])
			continue;
		number[w] = lab->problem.works++;
		lab->plain[number[w]] = p->work[w];
		lab->whole[number[w]] = w;
		lab->place[p->work[w].initiative] = 0;
	}
	for (uint32_t e = 0; e < p->arcs; e++)
		if (lab->keeps[p->arc[e].after])
			lab->arc[lab->problem.arcs++] =
			    (struct schedule_arc){.before = number[p->arc[e].before],
				.after = number[p->arc[e].after],
				.lag = p->arc[e].lag};
	for (uint32_t i = 0; i < p->initiatives; i++)
		if (lab->place[i] != SCHEDULE_NONE)
			lab->plain_order[lab->problem.initiatives++] = i;
}

/* Work of which somebody else does a part has its needs anew, behind all others, and one more. */
static size_t
room_for_split(const struct moves_ask *ask)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < ask->extra_count; i++) {
		uint32_t count = ask->problem->work[ask->extra[i].work].needs_count + 1;

		most = count > most ? count : most;
	}
	return ((size_t)most + MOVES_DEPTH_MAX) * MOVES_DEPTH_MAX;
}

static bool
allocate(struct moves_lab *lab, struct err *err)
{
	const struct schedule_problem *p = lab->ask->problem;
	size_t works = (size_t)p->works + 1, initiatives = (size_t)p->initiatives + 1;
	size_t cells = (size_t)p->givers * (size_t)p->days + 1;
	size_t needs = (size_t)p->needs + 1 + room_for_split(lab->ask);

	lab->plain = calloc(works, sizeof *lab->plain);
	lab->work = calloc(works, sizeof *lab->work);
	lab->whole = calloc(works, sizeof *lab->whole);
	lab->need = calloc(needs, sizeof *lab->need);
	lab->arc = calloc((size_t)p->arcs + 1, sizeof *lab->arc);
	lab->capacity = calloc(cells, sizeof *lab->capacity);
	lab->streams = calloc(initiatives, sizeof *lab->streams);
	lab->plain_order = calloc(initiatives, sizeof *lab->plain_order);
	lab->order = calloc(initiatives, sizeof *lab->order);
	lab->place = malloc(initiatives * sizeof *lab->place);
	lab->keeps = calloc(works, sizeof *lab->keeps);
	if (lab->plain == NULL || lab->work == NULL || lab->whole == NULL || lab->need == NULL ||
	    lab->arc == NULL || lab->capacity == NULL || lab->streams == NULL ||
	    lab->plain_order == NULL || lab->order == NULL || lab->place == NULL ||
	    lab->keeps == NULL)
		return err_oom(err);
	memset(lab->place, 0xff, initiatives * sizeof *lab->place);
	return true;
}

static bool
begins_with(const struct moves_lab *lab, uint32_t initiative)
{
	return lab->scope == MOVES_WHOLE || initiative == lab->ask->target ||
	       (lab->scope == MOVES_AHEAD && initiative < lab->ask->target);
}

bool
moves_lab_open(
    struct moves_lab *lab, const struct moves_ask *ask, enum moves_scope scope, struct err *err)
{
	const struct schedule_problem *p = ask->problem;
	uint32_t *number;

	*lab = (struct moves_lab){.ask = ask, .scope = scope, .problem = *p};
	if (!allocate(lab, err))
		return false;
	lab->problem.capacity = lab->capacity;
	lab->problem.streams = lab->streams;
	lab->problem.work = lab->work;
	lab->problem.need = lab->need;
	lab->problem.arc = lab->arc;
	for (uint32_t w = 0; w < p->works; w++)
		lab->keeps[w] = begins_with(lab, p->work[w].initiative);
	for (uint32_t i = 0; i < p->initiatives; i++)
		if (begins_with(lab, i))
			lab->place[i] = 0;
	if (!keep_befores(lab, err))
		return false;
	number = malloc(((size_t)p->works + 1) * sizeof *number);
	if (number == NULL)
		return err_oom(err);
	lay_work(lab, number);
	free(number);
	moves_lab_change(lab, NULL, 0);
	return true;
}

void
moves_lab_close(struct moves_lab *lab)
{
	free(lab->plain);
	free(lab->work);
	free(lab->whole);
	free(lab->need);
	free(lab->arc);
	free(lab->capacity);
	free(lab->streams);
	free(lab->plain_order);
	free(lab->order);
	free(lab->place);
	free(lab->keeps);
	*lab = (struct moves_lab){0};
}

/* ---- changes */

/* The target stands at its own number in the order: all better ranks are in a lab. */
static void
change_rank(struct moves_lab *lab, const struct move *move)
{
	uint32_t target = lab->ask->target;
	uint32_t to = target - (uint32_t)move->amount;

	if (lab->scope == MOVES_ALONE)
		return;
	if (move->kind == MOVE_SWAP) {
		lab->order[target] = lab->order[to];
	} else {
		memmove(lab->order + to + 1, lab->order + to, (target - to) * sizeof *lab->order);
	}
	lab->order[to] = target;
}

static void
change_start(struct moves_lab *lab, const struct move *move)
{
	for (uint32_t w = 0; w < lab->problem.works; w++) {
		int32_t stated = lab->ask->starts[lab->whole[w]];
		int32_t *start = &lab->work[w].not_before;

		if (lab->plain[w].initiative != move->initiative)
			continue;
		if (move->kind == MOVE_LATER)
			*start = *start > move->since + move->amount ? *start
								     : move->since + move->amount;
		else if (stated > 0)
			*start = stated > move->amount ? stated - move->amount : 0;
	}
}

static void
cut(struct moves_lab *lab, struct move *move)
{
	for (uint32_t w = 0; w < lab->problem.works; w++) {
		const struct schedule_work *work = &lab->work[w];

		if (lab->plain[w].initiative != move->initiative)
			continue;
		for (uint32_t n = 0; n < work->needs_count; n++) {
			struct schedule_need *need = &lab->need[work->needs_first + n];
			int64_t less = need->effort * move->amount / 100;

			need->effort -= less;
			move->effort += less;
		}
	}
}

/* By what each gives as it is; what one has lent away already, they do not lend again. */
static void
change_capacity(struct moves_lab *lab, struct move *move)
{
	const struct schedule_problem *p = lab->ask->problem;
	uint32_t by = move->kind == MOVE_LEND ? move->from : move->to;
	size_t days = (size_t)p->days;

	for (int32_t day = 0; day < lab->ask->lent; day++) {
		int32_t *to = &lab->capacity[move->to * days + (size_t)day];
		int32_t *from = &lab->capacity[by * days + (size_t)day];
		int64_t more = (int64_t)p->capacity[by * days + (size_t)day] * move->amount / 100;

		if (move->kind == MOVE_LEND && more > *from)
			more = *from;
		if (more > LIMIT_EFFORT - *to)
			more = LIMIT_EFFORT - *to;
		if (move->kind == MOVE_LEND)
			*from -= (int32_t)more;
		*to += (int32_t)more;
		move->effort += more;
	}
}

/* The needs of a piece of work anew, behind all others; where they begin. */
static struct schedule_need *
copy_needs(struct moves_lab *lab, struct schedule_work *work)
{
	struct schedule_need *copy = lab->need + lab->problem.needs;

	memcpy(copy, lab->need + work->needs_first, work->needs_count * sizeof *copy);
	work->needs_first = lab->problem.needs;
	return copy;
}

/* Needs stand in order of who gives. */
static void
insert_need(struct moves_lab *lab, struct schedule_work *work, struct schedule_need *needs,
    struct schedule_need need)
{
	uint32_t at = work->needs_count++;

	for (; at > 0 && needs[at - 1].giver > need.giver; at--)
		needs[at] = needs[at - 1];
	needs[at] = need;
	lab->problem.needs = work->needs_first + work->needs_count;
}

static void
take(struct moves_lab *lab, struct schedule_work *work, struct move *move)
{
	uint32_t at = move->need - work->needs_first;
	struct schedule_need *needs, part;

	if (move->need < work->needs_first || at >= work->needs_count)
		return;
	part = lab->need[move->need];
	part.effort = part.effort * move->amount / 100;
	if (part.effort == 0)
		return;
	part.giver = move->to;
	part.pool_count = 0;
	move->effort = part.effort;
	needs = copy_needs(lab, work);
	needs[at].effort -= part.effort;
	if (needs[at].effort == 0) {
		work->needs_count--;
		memmove(needs + at, needs + at + 1, (work->needs_count - at) * sizeof *needs);
	}
	insert_need(lab, work, needs, part);
}

/* As the load splits an estimate. */
static void
join(struct moves_lab *lab, struct schedule_work *work, struct move *move)
{
	struct schedule_need *needs, one = {.giver = move->to};
	int64_t sum = 0;

	for (uint32_t n = 0; n < work->needs_count; n++)
		sum += lab->need[work->needs_first + n].effort;
	if (sum < (int64_t)work->needs_count + 1)
		return;
	needs = copy_needs(lab, work);
	insert_need(lab, work, needs, one);
	for (uint32_t n = 0; n < work->needs_count; n++) {
		needs[n].effort = sum * (n + 1) / work->needs_count - sum * n / work->needs_count;
		if (needs[n].giver == move->to)
			move->effort = needs[n].effort;
	}
}

static void
split(struct moves_lab *lab, struct move *move)
{
	for (uint32_t w = 0; w < lab->problem.works; w++) {
		if (lab->whole[w] != move->work)
			continue;
		if (move->kind == MOVE_TAKE)
			take(lab, &lab->work[w], move);
		else
			join(lab, &lab->work[w], move);
	}
}

void
moves_lab_change(struct moves_lab *lab, struct move *moves, uint32_t count)
{
	const struct schedule_problem *p = lab->ask->problem;

	lab->problem.needs = p->needs;
	memcpy(lab->work, lab->plain, (size_t)lab->problem.works * sizeof *lab->work);
	memcpy(lab->order, lab->plain_order, lab->problem.initiatives * sizeof *lab->order);
	if (p->needs > 0)
		memcpy(lab->need, p->need, (size_t)p->needs * sizeof *lab->need);
	if (p->givers > 0)
		memcpy(lab->capacity, p->capacity,
		    (size_t)p->givers * (size_t)p->days * sizeof *lab->capacity);
	for (uint32_t m = 0; m < count; m++) {
		moves[m].effort = 0;
		if (moves[m].kind == MOVE_RAISE || moves[m].kind == MOVE_SWAP)
			change_rank(lab, &moves[m]);
		else if (moves[m].kind == MOVE_EARLIER || moves[m].kind == MOVE_LATER)
			change_start(lab, &moves[m]);
		else if (moves[m].kind == MOVE_CUT)
			cut(lab, &moves[m]);
		else if (moves[m].kind == MOVE_TAKE || moves[m].kind == MOVE_JOIN)
			split(lab, &moves[m]);
		else
			change_capacity(lab, &moves[m]);
	}
	for (uint32_t i = 0; i < lab->problem.initiatives; i++) {
		lab->place[lab->order[i]] = i;
		lab->streams[i] = p->streams[lab->order[i]];
	}
	for (uint32_t w = 0; w < lab->problem.works; w++)
		lab->work[w].initiative = lab->place[lab->plain[w].initiative];
}
