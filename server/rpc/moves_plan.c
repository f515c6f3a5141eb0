/* See moves_plan.h. */
#include "server/rpc/moves_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/calendar.h"
#include "common/pb.h"
#include "server/plan/codec.h"
#include "server/plan/control.h"
#include "server/plan/kinds.h"
#include "server/rpc/case_rpc.h"

#define COSTS_MAX 100u /* told of one way */

#define CHANGES_MAX 1000u
#define BYTES_MAX   ((size_t)2 << 20)
#define TEXT_MAX    1000u

int32_t
moves_plan_lent(const struct plan_case *pc, int32_t by)
{
	int32_t first = pc->plan->first_day, lent = 0;

	for (uint32_t c = 0; c < load_columns(pc->load); c++) {
		int32_t behind = load_last_day(pc->load, c) - first + 1;

		if (load_first_day(pc->load, c) < first + by && behind > lent)
			lent = behind;
	}
	return lent < pc->plan->problem.days ? lent : pc->plan->problem.days;
}

int32_t
moves_plan_start(const struct plan_case *pc, uint32_t number)
{
	uint32_t slot = pc->plan->slots[number];
	const struct item *item = pc->ix.items[slot];
	int32_t start = pc->ix.briefs[slot].start;

	if (start == DATE_NONE || start <= pc->plan->first_day ||
	    pc->plan->problem.work[number * PLAN_STAGES].not_before >= SCHEDULE_BEYOND)
		return 0;
	for (uint32_t k = 0; k < item->refs_count; k++)
		if (item->refs[k].role == ROLE_AFTER && item->refs[k].amount > 0 &&
		    pc->plan->number[item->refs[k].slot] == SCHEDULE_NONE)
			return 0;
	return start - pc->plan->first_day;
}

/* ---- words */

static char *
days_text(int64_t effort, char text[32])
{
	snprintf(text, 32, "%" PRId64 ".%02d", effort / 100, (int)(effort % 100));
	return text;
}

static char *
giver_ref(const struct moves_plan *mp, struct arena *arena, uint32_t giver)
{
	return case_ref(mp->pc, arena, load_who(mp->pc->load, giver));
}

static bool
has_place(const struct moves_plan *mp, const struct move *move)
{
	return move->initiative < mp->ranked;
}

static void
say_rank(const Plumb__V1__Move *m, const char *target, bool has, char *text)
{
	if (m->kind == PLUMB__V1__MOVE__KIND__SWAP)
		snprintf(text, TEXT_MAX, "%s and %s change places", target, m->initiative);
	else if (has)
		snprintf(text, TEXT_MAX, "%s goes up %d place%s, before %s", target, m->amount,
		    m->amount == 1 ? "" : "s", m->initiative);
	else
		snprintf(text, TEXT_MAX, "%s gets a rank, the last one", target);
}

static void
say(const struct moves_plan *mp, const struct move *move, const Plumb__V1__Move *m,
    const char *target, char *text)
{
	char days[32];
	const char *s = m->amount == 1 ? "" : "s";

	days_text(m->effort, days);
	switch (move->kind) {
	case MOVE_EARLIER:
		snprintf(text, TEXT_MAX,
		    "the starts that %s states are %d day%s earlier, but not before today",
		    m->initiative, m->amount, s);
		break;
	case MOVE_LATER:
		snprintf(text, TEXT_MAX, "%s begins on %s at the earliest, %d day%s later",
		    m->initiative, m->day, m->amount, s);
		break;
	case MOVE_CUT:
		snprintf(text, TEXT_MAX, "%s is cut by %d %%: %s person-days", m->initiative,
		    m->amount, days);
		break;
	case MOVE_LEND:
		snprintf(text, TEXT_MAX, "%s lends %s %d %% of its days until %s: %s person-days",
		    m->from, m->to, m->amount, m->until, days);
		break;
	case MOVE_ADD:
		snprintf(text, TEXT_MAX, "%s gets %d %% more days until %s: %s person-days", m->to,
		    m->amount, m->until, days);
		break;
	case MOVE_TAKE:
		snprintf(text, TEXT_MAX, "%s takes %d %% of what %s asks of %s: %s person-days",
		    m->to, m->amount, m->initiative,
		    m->from[0] != '\0' ? m->from : "those with the skill", days);
		break;
	case MOVE_JOIN:
		snprintf(text, TEXT_MAX, "%s joins the members of %s: %s person-days", m->to,
		    m->initiative, days);
		break;
	default:
		say_rank(m, target, has_place(mp, move), text);
	}
}

/* Whoever changes places with the target goes behind the one that stood before it. */
static bool
fill_commands(const struct moves_plan *mp, const struct move *move, const char *target,
    struct arena *arena, Plumb__V1__Move *m)
{
	m->commands = arena_array(arena, 2, sizeof m->commands[0]);
	if (m->commands == NULL)
		return false;
	m->commands[m->n_commands++] =
	    has_place(mp, move)
		? arena_printf(arena, "plumb place %s --before %s", target, m->initiative)
		: arena_printf(arena, "plumb place %s --last", target);
	if (move->kind == MOVE_SWAP) {
		char *above = case_ref(mp->pc, arena, mp->pc->plan->heads[mp->target - 1]);

		if (above == NULL)
			return false;
		m->commands[m->n_commands++] =
		    arena_printf(arena, "plumb place %s --after %s", m->initiative, above);
	}
	return m->commands[0] != NULL && m->commands[m->n_commands - 1] != NULL;
}

/* Does somebody else do a part of a piece of work? */
static bool
is_split(const struct move *move)
{
	return move->kind == MOVE_TAKE || move->kind == MOVE_JOIN;
}

static uint32_t
split_slot(const struct moves_plan *mp, const struct move *move)
{
	return mp->pc->plan->slots[move->work / PLAN_STAGES];
}

static Plumb__V1__Move__Kind
kind_of(enum move_kind kind)
{
	static const Plumb__V1__Move__Kind kinds[MOVE_KINDS] = {
	    [MOVE_RAISE] = PLUMB__V1__MOVE__KIND__RAISE,
	    [MOVE_SWAP] = PLUMB__V1__MOVE__KIND__SWAP,
	    [MOVE_EARLIER] = PLUMB__V1__MOVE__KIND__EARLIER,
	    [MOVE_LATER] = PLUMB__V1__MOVE__KIND__LATER,
	    [MOVE_CUT] = PLUMB__V1__MOVE__KIND__CUT,
	    [MOVE_LEND] = PLUMB__V1__MOVE__KIND__LEND,
	    [MOVE_ADD] = PLUMB__V1__MOVE__KIND__ADD,
	    [MOVE_TAKE] = PLUMB__V1__MOVE__KIND__TAKE,
	    [MOVE_JOIN] = PLUMB__V1__MOVE__KIND__JOIN,
	};

	return kinds[kind];
}

/* One move as message, with its sentence and commands. NULL: out of memory. */
static Plumb__V1__Move *
moves_plan_tell(const struct moves_plan *mp, const struct move *move, struct arena *arena)
{
	Plumb__V1__Move *m = arena_alloc(arena, sizeof *m);
	char *target = case_ref(mp->pc, arena, mp->pc->plan->heads[mp->target]);
	bool ranks = move->kind == MOVE_RAISE || move->kind == MOVE_SWAP;
	bool ok = m != NULL && target != NULL;
	char text[TEXT_MAX];

	if (!ok)
		return NULL;
	plumb__v1__move__init(m);
	m->kind = kind_of(move->kind);
	m->amount = move->amount;
	m->effort = move->effort;
	if (is_split(move))
		ok &= (m->initiative = case_ref(mp->pc, arena, split_slot(mp, move))) != NULL;
	else if (move->initiative != SCHEDULE_NONE && (!ranks || has_place(mp, move)))
		ok &= (m->initiative = case_ref(
			   mp->pc, arena, mp->pc->plan->heads[move->initiative])) != NULL;
	if (move->from != SCHEDULE_NONE)
		ok &= (m->from = giver_ref(mp, arena, move->from)) != NULL;
	if (move->to != SCHEDULE_NONE)
		ok &= (m->to = giver_ref(mp, arena, move->to)) != NULL;
	if (move->to != SCHEDULE_NONE && !is_split(move))
		ok &= (m->until = case_day(mp->pc, arena, mp->lent - 1)) != NULL;
	if (move->kind == MOVE_LATER)
		ok &= (m->day = case_day(mp->pc, arena, move->since + move->amount)) != NULL;
	if (!ok || (ranks && !fill_commands(mp, move, target, arena, m)))
		return NULL;
	say(mp, move, m, target, text);
	m->says = arena_strdup(arena, text);
	return m->says != NULL ? m : NULL;
}

/* ---- changes */

struct edit {
	const struct moves_plan *mp;
	struct arena *arena;
	uint32_t slots[CHANGES_MAX];
	Plumb__V1__Item *items[CHANGES_MAX]; /* as they shall be */
	uint32_t count;
	Plumb__V1__Place places[2];
	uint32_t places_count;
	uint32_t
	    checked_in; /* slot of work of which a check-in says what remains: planned effort says nothing then */
	bool is_full; /* too many */
	bool failed;  /* out of memory */
};

/* The item as changed so far; NULL with is_full or failed. */
static Plumb__V1__Item *
item_of(struct edit *edit, uint32_t slot)
{
	const ProtobufCMessage *message;

	for (uint32_t i = 0; i < edit->count; i++)
		if (edit->slots[i] == slot)
			return edit->items[i];
	if (edit->count == CHANGES_MAX) {
		edit->is_full = true;
		return NULL;
	}
	message = codec_decode(edit->mp->pc->ix.items[slot], edit->arena);
	if (message == NULL) {
		edit->failed = true;
		return NULL;
	}
	edit->slots[edit->count] = slot;
	/* It was decoded for us. */
	edit->items[edit->count] = (Plumb__V1__Item *)(uintptr_t)message;
	return edit->items[edit->count++];
}

static void
set_start(struct edit *edit, uint32_t slot, int32_t day)
{
	Plumb__V1__Item *item = item_of(edit, slot);
	char **start = NULL;
	char text[DATE_TEXT_LEN];

	if (item == NULL)
		return;
	if (item->body_case == PLUMB__V1__ITEM__BODY_INITIATIVE)
		start = &item->initiative->start;
	else if (item->body_case == PLUMB__V1__ITEM__BODY_WORKSTREAM)
		start = &item->workstream->start;
	else if (item->body_case == PLUMB__V1__ITEM__BODY_TASK)
		start = &item->task->start;
	if (start == NULL)
		return;
	*start = arena_strdup(edit->arena, date_format(day, text));
	edit->failed |= *start == NULL;
}

static int64_t
less(int64_t effort, int32_t percent)
{
	return effort - effort * percent / 100;
}

static void
cut_needs(Plumb__V1__Need **needs, size_t count, int32_t percent)
{
	for (size_t i = 0; i < count; i++)
		needs[i]->effort = less(needs[i]->effort, percent);
}

static void
cut_estimate(Plumb__V1__Estimate *estimate, int32_t percent)
{
	if (estimate == NULL)
		return;
	estimate->optimistic = less(estimate->optimistic, percent);
	estimate->likely = less(estimate->likely, percent);
	estimate->pessimistic = less(estimate->pessimistic, percent);
}

/* All that it says of effort, whichever counts; what it does not say is 0, and stays unsaid. */
static void
cut_item(struct edit *edit, uint32_t slot, int32_t percent)
{
	Plumb__V1__Item *item = item_of(edit, slot);

	if (item == NULL)
		return;
	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		cut_needs(item->initiative->needs, item->initiative->n_needs, percent);
		cut_estimate(item->initiative->estimate, percent);
		break;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		cut_needs(item->workstream->needs, item->workstream->n_needs, percent);
		cut_estimate(item->workstream->estimate, percent);
		break;
	case PLUMB__V1__ITEM__BODY_TASK:
		cut_needs(item->task->needs, item->task->n_needs, percent);
		cut_estimate(item->task->estimate, percent);
		item->task->effort = less(item->task->effort, percent);
		break;
	case PLUMB__V1__ITEM__BODY_ALLOCATION:
		item->allocation->effort = less(item->allocation->effort, percent);
		item->allocation->share = item->allocation->share * (100 - percent) / 100;
		break;
	default:
		break;
	}
}

static bool
says_what_remains(const struct plan_case *pc, uint32_t slot)
{
	uint32_t check_in = pc->ix.check_in[slot];

	return check_in != SLOT_NONE && control_remaining(pc->ix.items[check_in]) >= 0;
}

static void
cut_initiative(struct edit *edit, uint32_t initiative, int32_t percent)
{
	const struct plan_case *pc = edit->mp->pc;

	for (uint32_t n = 0; n < pc->plan->count; n++) {
		struct edges in = index_in(&pc->ix, pc->plan->slots[n]);

		if (pc->plan->problem.work[n * PLAN_STAGES].initiative != initiative)
			continue;
		if (says_what_remains(pc, pc->plan->slots[n]))
			edit->checked_in = pc->plan->slots[n];
		cut_item(edit, pc->plan->slots[n], percent);
		for (uint32_t k = 0; k < in.count; k++)
			if (in.list[k].role == ROLE_PART_OF &&
			    pc->ix.kinds[in.list[k].slot] == KIND_ALLOCATION &&
			    index_is(&pc->ix, in.list[k].slot, STANDING_LIVE))
				cut_item(edit, in.list[k].slot, percent);
	}
}

static void
start_earlier(struct edit *edit, uint32_t initiative, int32_t days)
{
	const struct plan_case *pc = edit->mp->pc;

	for (uint32_t n = 0; n < pc->plan->count; n++) {
		int32_t start = moves_plan_start(pc, n);

		if (pc->plan->problem.work[n * PLAN_STAGES].initiative == initiative && start > 0)
			set_start(edit, pc->plan->slots[n],
			    pc->plan->first_day + (start > days ? start - days : 0));
	}
}

static bool
means(const char *ref, const struct item *period)
{
	enum kind kind;
	const char *id;
	size_t len;

	return ref_parse(ref, KIND_PERIOD, &kind, &id, &len) && kind == KIND_PERIOD &&
	       len == period->id_len && memcmp(id, item_id(period), len) == 0;
}

/* What a team states for a period is so much more. */
static void
set_capacity(struct edit *edit, uint32_t giver, uint32_t column, int64_t more)
{
	const struct plan_case *pc = edit->mp->pc;
	Plumb__V1__Item *item = item_of(edit, load_who(pc->load, giver));
	const struct item *period = pc->ix.items[load_period(pc->load, column)];
	char ref[REF_TEXT_LEN];
	Plumb__V1__TeamCapacity **list, *added;
	Plumb__V1__Team *team;

	if (item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_TEAM)
		return;
	team = item->team;
	for (size_t i = 0; i < team->n_capacities; i++) {
		if (means(team->capacities[i]->period, period)) {
			team->capacities[i]->effort += more;
			return;
		}
	}
	list = arena_array(edit->arena, team->n_capacities + 1, sizeof list[0]);
	added = arena_alloc(edit->arena, sizeof *added);
	if (list == NULL || added == NULL) {
		edit->failed = true;
		return;
	}
	plumb__v1__team_capacity__init(added);
	ref_format(period, ref);
	added->period = arena_strdup(edit->arena, ref);
	added->effort = load_cell(pc->load, giver, column)->capacity + more;
	edit->failed |= added->period == NULL;
	if (team->n_capacities > 0)
		memcpy(list, team->capacities, team->n_capacities * sizeof list[0]);
	list[team->n_capacities++] = added;
	team->capacities = list;
}

static void
change_capacity(struct edit *edit, const struct move *move)
{
	const struct plan_case *pc = edit->mp->pc;
	uint32_t by = move->kind == MOVE_LEND ? move->from : move->to;
	int32_t today = pc->plan->first_day;

	for (uint32_t c = 0; c < load_columns(pc->load); c++) {
		int64_t part;

		if (load_last_day(pc->load, c) < today ||
		    load_first_day(pc->load, c) >= today + edit->mp->lent)
			continue;
		part = load_cell(pc->load, by, c)->capacity * move->amount / 100;
		set_capacity(edit, move->to, c, part);
		if (move->kind == MOVE_LEND)
			set_capacity(edit, move->from, c, -part);
	}
}

/* Is this the entry that the need of the problem was made from? Bare names are teams. */
static bool
is_need(const struct edit *edit, const Plumb__V1__Need *need, const struct plan_need *stated)
{
	const struct plan_case *pc = edit->mp->pc;
	const char *skill =
	    stated->skill != SCHEDULE_NONE ? load_skill(pc->load, stated->skill) : "";
	const struct item *who =
	    stated->row != SCHEDULE_NONE ? pc->ix.items[load_who(pc->load, stated->row)] : NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (need->effort <= 0 || strcasecmp(need->skill, skill) != 0)
		return false;
	if (who == NULL || need->who[0] == '\0')
		return who == NULL && need->who[0] == '\0';
	return ref_parse(need->who, KIND_TEAM, &kind, &id, &len) && kind == who->kind &&
	       len == who->id_len && memcmp(id, item_id(who), len) == 0;
}

static Plumb__V1__Need **
needs_of(Plumb__V1__Item *item, size_t **count, Plumb__V1__Need ****list)
{
	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		*count = &item->initiative->n_needs;
		*list = &item->initiative->needs;
		return item->initiative->needs;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		*count = &item->workstream->n_needs;
		*list = &item->workstream->needs;
		return item->workstream->needs;
	case PLUMB__V1__ITEM__BODY_TASK:
		*count = &item->task->n_needs;
		*list = &item->task->needs;
		return item->task->needs;
	default:
		return NULL;
	}
}

/* Of each entry that the need stands for the person gets a part, as an entry of its own. */
static void
take(struct edit *edit, const struct move *move)
{
	const struct plan_need *stated = &edit->mp->pc->plan->stated[move->need];
	Plumb__V1__Item *item = item_of(edit, split_slot(edit->mp, move));
	Plumb__V1__Need ***list, **needs, **more;
	size_t *count, before;

	if (item == NULL || (needs = needs_of(item, &count, &list)) == NULL)
		return;
	before = *count;
	more = arena_array(edit->arena, 2 * before + 1, sizeof more[0]);
	edit->failed |= more == NULL;
	*count = 0;
	for (size_t i = 0; more != NULL && i < before; i++) {
		int64_t part = needs[i]->effort * move->amount / 100;
		Plumb__V1__Need *own = arena_alloc(edit->arena, sizeof *own);

		edit->failed |= own == NULL;
		if (own == NULL || part == 0 || !is_need(edit, needs[i], stated)) {
			more[(*count)++] = needs[i];
			continue;
		}
		*own = *needs[i];
		own->who = giver_ref(edit->mp, edit->arena, move->to);
		own->effort = part;
		edit->failed |= own->who == NULL;
		needs[i]->effort -= part;
		if (needs[i]->effort > 0)
			more[(*count)++] = needs[i];
		more[(*count)++] = own;
	}
	*list = more;
}

static void
join(struct edit *edit, const struct move *move)
{
	Plumb__V1__Item *item = item_of(edit, split_slot(edit->mp, move));
	char ***members = NULL, **more;
	size_t *count = NULL;

	if (item != NULL && item->body_case == PLUMB__V1__ITEM__BODY_INITIATIVE) {
		members = &item->initiative->members;
		count = &item->initiative->n_members;
	} else if (item != NULL && item->body_case == PLUMB__V1__ITEM__BODY_WORKSTREAM) {
		members = &item->workstream->members;
		count = &item->workstream->n_members;
	} else if (item != NULL && item->body_case == PLUMB__V1__ITEM__BODY_TASK) {
		members = &item->task->members;
		count = &item->task->n_members;
	}
	if (members == NULL)
		return;
	more = arena_array(edit->arena, *count + 1, sizeof more[0]);
	if (more == NULL) {
		edit->failed = true;
		return;
	}
	if (*count > 0)
		memcpy(more, *members, *count * sizeof more[0]);
	more[*count] = giver_ref(edit->mp, edit->arena, move->to);
	edit->failed |= more[(*count)++] == NULL;
	*members = more;
}

static Plumb__V1__Place *
new_place(struct edit *edit, uint32_t initiative)
{
	Plumb__V1__Place *place = &edit->places[edit->places_count++];

	plumb__v1__place__init(place);
	place->item = case_ref(edit->mp->pc, edit->arena, edit->mp->pc->plan->heads[initiative]);
	edit->failed |= place->item == NULL;
	return place;
}

static void
change_rank(struct edit *edit, const struct move *move)
{
	const uint32_t *heads = edit->mp->pc->plan->heads;
	Plumb__V1__Place *place = new_place(edit, edit->mp->target);

	if (!has_place(edit->mp, move)) {
		place->where_case = PLUMB__V1__PLACE__WHERE_LAST;
		place->last = true;
		return;
	}
	place->where_case = PLUMB__V1__PLACE__WHERE_BEFORE;
	place->before = case_ref(edit->mp->pc, edit->arena, heads[move->initiative]);
	edit->failed |= place->before == NULL;
	if (move->kind == MOVE_RAISE)
		return;
	place = new_place(edit, move->initiative);
	place->where_case = PLUMB__V1__PLACE__WHERE_AFTER;
	place->after = case_ref(edit->mp->pc, edit->arena, heads[edit->mp->target - 1]);
	edit->failed |= place->after == NULL;
}

static void
apply(struct edit *edit, const struct move *move)
{
	switch (move->kind) {
	case MOVE_RAISE:
	case MOVE_SWAP:
		change_rank(edit, move);
		break;
	case MOVE_EARLIER:
		start_earlier(edit, move->initiative, move->amount);
		break;
	case MOVE_LATER:
		set_start(edit, edit->mp->pc->plan->heads[move->initiative],
		    edit->mp->pc->plan->first_day + move->since + move->amount);
		break;
	case MOVE_CUT:
		cut_initiative(edit, move->initiative, move->amount);
		break;
	case MOVE_TAKE:
		take(edit, move);
		break;
	case MOVE_JOIN:
		join(edit, move);
		break;
	default:
		change_capacity(edit, move);
	}
}

static bool
add_change(
    struct edit *edit, Plumb__V1__MovesWay *out, Plumb__V1__Item *item, Plumb__V1__Place *place)
{
	Plumb__V1__Change *change = arena_alloc(edit->arena, sizeof *change);
	Plumb__V1__Put *put = arena_alloc(edit->arena, sizeof *put);

	if (change == NULL || put == NULL)
		return false;
	plumb__v1__change__init(change);
	if (item != NULL) {
		plumb__v1__put__init(put);
		put->item = item;
		change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
		change->put = put;
	} else {
		change->change_case = PLUMB__V1__CHANGE__CHANGE_PLACE;
		change->place = place;
	}
	out->changes[out->n_changes++] = change;
	return true;
}

static char *
why_by_hand(struct edit *edit)
{
	char text[TEXT_MAX], ref[REF_TEXT_LEN];

	if (edit->checked_in == SLOT_NONE)
		return arena_strdup(edit->arena, "more is changed than fits into one answer");
	ref_format(edit->mp->pc->ix.items[edit->checked_in], ref);
	snprintf(text, sizeof text,
	    "a check-in says what remains of %s: once less is agreed on, the next one says so",
	    ref);
	return arena_strdup(edit->arena, text);
}

/* Fills out->changes; none where they are too many. */
static bool
moves_plan_changes(const struct moves_plan *mp, const struct moves_way *way, struct arena *arena,
    Plumb__V1__MovesWay *out, struct err *err)
{
	struct edit *edit = arena_alloc(arena, sizeof *edit);
	size_t bytes = 0;

	if (edit == NULL)
		return err_oom(err);
	*edit = (struct edit){.mp = mp, .arena = arena, .checked_in = SLOT_NONE};
	for (uint32_t m = 0; m < way->count && !edit->is_full && !edit->failed; m++)
		apply(edit, &way->moves[m]);
	out->changes =
	    arena_array(arena, edit->count + edit->places_count + 1, sizeof out->changes[0]);
	if (edit->failed || out->changes == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < edit->count && !edit->is_full; i++) {
		bytes += protobuf_c_message_get_packed_size(&edit->items[i]->base);
		edit->is_full |= bytes > BYTES_MAX;
		if (!add_change(edit, out, edit->items[i], NULL))
			return err_oom(err);
	}
	for (uint32_t i = 0; i < edit->places_count; i++)
		if (!add_change(edit, out, NULL, &edit->places[i]))
			return err_oom(err);
	if (!edit->is_full && edit->checked_in == SLOT_NONE)
		return true;
	out->n_changes = 0;
	out->by_hand = why_by_hand(edit);
	return out->by_hand != NULL || err_oom(err);
}

/* ---- one way */

static Plumb__V1__MoveCost *
new_cost(const struct moves_plan *mp, const struct moves_cost *cost, struct arena *arena)
{
	Plumb__V1__MoveCost *out = arena_alloc(arena, sizeof *out);
	uint32_t slot = mp->pc->plan->heads[cost->initiative];

	if (out == NULL)
		return NULL;
	plumb__v1__move_cost__init(out);
	out->ref = case_ref(mp->pc, arena, slot);
	out->title = case_title(mp->pc, arena, slot);
	out->rank = case_rank(mp->pc, cost->initiative);
	out->before = case_finish(mp->pc, arena, 0, cost->before);
	out->after = case_finish(mp->pc, arena, 0, cost->after);
	out->later_days = cost->after < SCHEDULE_BEYOND ? cost->after - cost->before : 0;
	return out->ref != NULL && out->title != NULL && out->before != NULL && out->after != NULL
		   ? out
		   : NULL;
}

static bool
fill_way(const struct moves_plan *mp, const struct moves_way *way, struct arena *arena,
    Plumb__V1__MovesWay *out)
{
	out->moves = arena_array(arena, way->count, sizeof out->moves[0]);
	out->costs = arena_array(arena, COSTS_MAX, sizeof out->costs[0]);
	out->finish = case_finish(mp->pc, arena, 0, way->finish);
	if (out->moves == NULL || out->costs == NULL || out->finish == NULL)
		return false;
	for (uint32_t m = 0; m < way->count; m++) {
		out->moves[m] = moves_plan_tell(mp, &way->moves[m], arena);
		if (out->moves[out->n_moves++] == NULL)
			return false;
	}
	for (uint32_t c = 0; c < way->costs_count && c < COSTS_MAX; c++) {
		out->costs[c] = new_cost(mp, &way->costs[c], arena);
		if (out->costs[out->n_costs++] == NULL)
			return false;
	}
	out->more_costs = way->costs_count - (uint32_t)out->n_costs;
	out->below = way->below;
	out->later_days = way->days;
	out->effort = way->effort;
	out->sooner = way->sooner;
	return true;
}

bool
moves_plan_way(const struct moves_plan *mp, const struct moves_way *way, struct arena *arena,
    Plumb__V1__MovesWay *out, struct err *err)
{
	plumb__v1__moves_way__init(out);
	if (!fill_way(mp, way, arena, out))
		return err_oom(err);
	return moves_plan_changes(mp, way, arena, out, err);
}
