#include "server/rpc/survey.h"

#include <stddef.h>
#include <string.h>

#include "common/arena.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/workspace.h"
#include "server/store/confidential.h"

#define FORMAT       1
#define TERMS_LEN    18u
#define ROUND_MEMORY ((size_t)1 << 22)

void
survey_id(const struct item *round, char id[ID_MAX_LEN + 1])
{
	memcpy(id, item_id(round), round->id_len);
	id[round->id_len] = '\0';
}

bool
survey_is(const struct item *item)
{
	return item_is_live(item) && item->kind == KIND_ROUND &&
	       item->extra == PLUMB__V1__ROUND__TYPE__CLARITY;
}

/* ---- terms ------------------------------------------------------------------------------------------------- */

static void
put_number(uint8_t **p, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*(*p)++ = (uint8_t)(number >> (8 * i));
}

static uint64_t
get_number(const uint8_t **p, unsigned bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number |= (uint64_t) * (*p)++ << (8 * i);
	return number;
}

static void
write_terms(const struct survey_terms *terms, uint8_t bytes[TERMS_LEN])
{
	uint8_t near = 0;

	for (unsigned l = 0; l <= CLARITY_LEVELS; l++)
		near |= (uint8_t)(terms->near[l] << l);
	put_number(&bytes, FORMAT, 1);
	put_number(&bytes, terms->revision, 8);
	put_number(&bytes, terms->seed, 4);
	put_number(&bytes, (uint32_t)terms->opens, 4);
	put_number(&bytes, near, 1);
}

/* A ballot of the same name, before its type was changed, has other ones. */
static bool
read_terms(const struct confidential_terms *from, struct survey_terms *out, struct err *err)
{
	const uint8_t *p = from->bytes;
	uint64_t near;

	memset(out, 0, sizeof *out);
	out->is_set = from->is_set;
	out->sealed = from->sealed;
	out->closes = from->call.closes;
	if (!from->is_set)
		return true;
	if (from->len != TERMS_LEN || get_number(&p, 1) != FORMAT)
		return err_set(err, ERR_PRECONDITION,
		    "what was settled of this round is not of a clarity survey: it had another "
		    "type, or its records are damaged. Begin a round of another name");
	out->revision = get_number(&p, 8);
	out->seed = (uint32_t)get_number(&p, 4);
	out->opens = (int32_t)get_number(&p, 4);
	near = get_number(&p, 1);
	for (unsigned l = 0; l <= CLARITY_LEVELS; l++)
		out->near[l] = (near >> l & 1) != 0;
	return true;
}

static bool
exchange(struct confidential *store, uint32_t workspace, const char *id,
    const struct confidential_settle *settle, struct survey_terms *out, struct err *err)
{
	const struct confidential_round round = {workspace, id};
	struct confidential_terms terms;
	bool ok;

	if (!confidential_terms(store, &round, settle, &terms, err))
		return false;
	ok = read_terms(&terms, out, err);
	confidential_terms_fini(&terms);
	return ok;
}

bool
survey_terms(struct confidential *store, uint32_t workspace, const char *id,
    struct survey_terms *out, struct err *err)
{
	return exchange(store, workspace, id, NULL, out, err);
}

/* ---- rounds nearby: whom both ask ---------------------------------------------------------------------------- */

static bool
is_asked(const struct view *view, const struct item *round, const struct item *person)
{
	return item_is_live(person) && person->kind == KIND_PERSON &&
	       clarity_asks(round, view, person->slot);
}

struct asked {
	const struct view *view;
	const struct item *round;
};

/* Those whom a asks, by level, and b does not ask, or at another level. */
static void
count_apart(const struct asked *a, const struct asked *b, uint32_t apart[CLARITY_LEVELS + 1])
{
	for (uint32_t s = 0; s < view_slots(a->view); s++) {
		const struct item *person = view_item(a->view, s);
		const struct item *same;
		bool both;

		if (!is_asked(a->view, a->round, person))
			continue;
		same = view_find(b->view, KIND_PERSON, item_id(person), person->id_len);
		both = is_asked(b->view, b->round, same);
		if ((!both || same->extra != person->extra) && person->extra < CLARITY_LEVELS)
			apart[person->extra]++;
		apart[CLARITY_LEVELS] += !both;
	}
}

/* Where the two ask nearly the same people, what both publish would tell of those few. */
static void
compare(const struct asked *mine, const struct asked *other, clarity_near near)
{
	uint32_t apart[CLARITY_LEVELS + 1] = {0};

	count_apart(mine, other, apart);
	count_apart(other, mine, apart);
	for (unsigned l = 0; l <= CLARITY_LEVELS; l++)
		near[l] = near[l] || (apart[l] > 0 && apart[l] < CLARITY_PEOPLE);
}

/* As the other one was when it was settled: what was changed in it since does not count. */
static bool
compare_past(const struct survey_settle *with, const struct asked *mine, const char *id,
    uint64_t revision, clarity_near near, struct err *err)
{
	struct plan *plan = fold_plan(&with->source, revision, NULL, err);
	struct view *view = plan != NULL ? plan_view(plan) : NULL;
	bool ok = view != NULL && view_settle(view);

	if (ok) {
		const struct item *round = view_find(view, KIND_ROUND, id, strlen(id));
		const struct asked other = {view, round};

		if (item_is_live(round))
			compare(mine, &other, near);
	} else if (plan != NULL) {
		err_oom(err);
	}
	if (view != NULL)
		plan_view_release(plan, view);
	plan_free(plan);
	return ok;
}

/* A few rounds in years; removed ones too, for what they published is known. */
static bool
look_around(const struct survey_settle *with, const struct asked *mine, struct survey_terms *terms,
    struct err *err)
{
	for (uint32_t s = 0; s < view_slots(with->newest); s++) {
		const struct item *other = view_item(with->newest, s);
		struct survey_terms theirs;
		struct err none;
		char id[ID_MAX_LEN + 1];

		if (other == NULL || other->kind != KIND_ROUND || other == with->round)
			continue;
		survey_id(other, id);
		/* those of ballots are others */
		if (!survey_terms(with->store, with->workspace, id, &theirs, &none)) {
			if (none.code == ERR_PRECONDITION)
				continue;
			*err = none;
			return false;
		}
		if (!theirs.is_set || theirs.opens > with->round->finish + SURVEY_NEAR_DAYS ||
		    with->round->start > theirs.closes + SURVEY_NEAR_DAYS)
			continue;
		if (!compare_past(with, mine, id, theirs.revision, terms->near, err))
			return false;
	}
	return true;
}

static uint32_t
count_asked(const struct asked *of)
{
	uint32_t count = 0;

	for (uint32_t s = 0; s < view_slots(of->view); s++)
		count += is_asked(of->view, of->round, view_item(of->view, s));
	return count;
}

static bool
read_seed(const struct item *round, uint32_t *seed, struct err *err)
{
	struct arena *arena = arena_new(ROUND_MEMORY);
	const Plumb__V1__Item *message =
	    arena != NULL ? (const Plumb__V1__Item *)codec_decode(round, arena) : NULL;
	bool ok = message != NULL && message->body_case == PLUMB__V1__ITEM__BODY_ROUND;

	if (ok)
		*seed = message->round->seed;
	arena_free(arena);
	return ok || err_oom(err);
}

bool
survey_settle(const struct survey_settle *with, struct survey_terms *out, struct err *err)
{
	struct survey_terms terms = {.revision = with->revision, .opens = with->round->start};
	struct confidential_settle settle = {.call.closes = with->round->finish};
	char id[ID_MAX_LEN + 1];
	uint8_t bytes[TERMS_LEN];
	struct asked mine = {.view = with->opening};

	survey_id(with->round, id);
	if (!survey_terms(with->store, with->workspace, id, out, err))
		return false;
	if (out->sealed || (out->is_set && out->closes == with->round->finish))
		return true;
	mine.round = view_find(with->opening, KIND_ROUND, id, strlen(id));
	if (!survey_is(mine.round))
		return err_set(err, ERR_PRECONDITION,
		    "round/%s was no clarity survey yet when it opened: move its opening day", id);
	settle.call.asked = count_asked(&mine);
	if (!out->is_set &&
	    (!read_seed(mine.round, &terms.seed, err) || !look_around(with, &mine, &terms, err)))
		return false;
	write_terms(&terms, bytes);
	settle.terms = (struct confidential_bytes){bytes, sizeof bytes};
	return exchange(with->store, with->workspace, id, &settle, out, err);
}

/* ---- what may be published ------------------------------------------------------------------------------------ */

bool
survey_is_over(const struct item *round, const struct survey_terms *terms, int32_t today)
{
	if (terms->sealed)
		return true;
	return round->finish < today && (!terms->is_set || terms->closes < today);
}

static bool
on_answer(void *arg, const char *name, const uint8_t *body, size_t len)
{
	struct clarity_answer answer;

	(void)name;
	if (clarity_decode(body, len, &answer))
		clarity_add(arg, &answer);
	return true;
}

bool
survey_publish(struct confidential *store, uint32_t workspace, const char *id, int32_t today,
    struct clarity_published *out, bool *enough, struct err *err)
{
	const struct confidential_round round = {workspace, id};
	struct clarity_tally tally = {0};
	struct survey_terms terms;

	if (!survey_terms(store, workspace, id, &terms, err) ||
	    !confidential_answers(store, &round, today, on_answer, &tally, err))
		return false;
	clarity_publish(&tally, terms.near, out);
	*enough = out->all.shown;
	for (unsigned l = 0; l < CLARITY_LEVELS; l++)
		*enough = *enough || out->levels[l].shown;
	return true;
}

bool
survey_tell(const struct voices *voices, const struct item *round, struct clarity_published *out,
    struct err *err)
{
	const struct workspace *ws =
	    (const struct workspace *)(const void *)((const char *)voices -
						     offsetof(struct workspace, voices));
	struct confidential *store = ws->daemon->confidential;
	int32_t today = workspace_today(ws);
	struct survey_terms terms;
	char id[ID_MAX_LEN + 1];
	bool enough;

	survey_id(round, id);
	return survey_terms(store, ws->number, id, &terms, err) &&
	       survey_is_over(round, &terms, today) &&
	       survey_publish(store, ws->number, id, today, out, &enough, err);
}
