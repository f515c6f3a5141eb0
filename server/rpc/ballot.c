#include "server/rpc/ballot.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/parse.h"
#include "plumb/v1/item.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"

#define NAMED  "named"
#define SECRET "secret"

#define VOICES_MIN 5u /* in a group that is published, and in the others */

/* May what `answered` of `asked` people said be published? */
static bool
may_publish(uint32_t answered, uint32_t asked)
{
	return answered >= VOICES_MIN && (asked <= answered || asked - answered >= VOICES_MIN);
}

/* ---- what is asked, of the plan */

/* Does the round name any of that kind, and that one? NULL: any. */
static bool
names(const struct view *view, const struct item *round, enum kind kind, const struct item *one)
{
	for (uint32_t i = 0; i < round->refs_count; i++) {
		const struct item *item = view_item(view, round->refs[i].slot);

		if (round->refs[i].role == ROLE_ASKED && item != NULL && item->kind == kind &&
		    (one == NULL || item == one))
			return true;
	}
	return false;
}

static bool
is_there(const struct item *person, int32_t day)
{
	return item_is_live(person) && person->kind == KIND_PERSON &&
	       (person->start == DATE_NONE || person->start <= day) &&
	       (person->finish == DATE_NONE || person->finish >= day);
}

static bool
is_asked(const struct view *view, const struct item *round, const struct item *person, bool listed)
{
	if (listed)
		return names(view, round, KIND_PERSON, person);
	return person->extra == PLUMB__V1__PERSON__LEVEL__EXECUTIVE ||
	       person->extra == PLUMB__V1__PERSON__LEVEL__DIRECTOR;
}

bool
ballot_asks(
    const struct view *view, const struct item *round, const struct item *person, int32_t day)
{
	return is_there(person, day) &&
	       is_asked(view, round, person, names(view, round, KIND_PERSON, NULL));
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* A round may name one twice. */
static bool
count_listed(const struct view *view, const struct item *round, int32_t day, uint32_t *count)
{
	uint32_t *slots = calloc((size_t)round->refs_count + 1, sizeof slots[0]);
	uint32_t listed = 0;

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < round->refs_count; i++)
		if (round->refs[i].role == ROLE_ASKED &&
		    is_there(view_item(view, round->refs[i].slot), day))
			slots[listed++] = round->refs[i].slot;
	qsort(slots, listed, sizeof slots[0], by_number);
	for (uint32_t i = 0; i < listed; i++)
		*count += i == 0 || slots[i] != slots[i - 1];
	free(slots);
	return true;
}

static bool
count_asked(const struct view *view, const struct item *round, int32_t day, uint32_t *count,
    struct err *err)
{
	*count = 0;
	if (names(view, round, KIND_PERSON, NULL))
		return count_listed(view, round, day, count) || err_oom(err);
	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		*count += is_there(item, day) && is_asked(view, round, item, false);
	}
	return true;
}

/* ---- terms */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct list {
	const char **ids;
	size_t count;
	size_t cap;
	struct arena *arena;
	bool oom;
};

static void
add(struct list *list, const struct item *objective)
{
	const char *id = arena_strndup(list->arena, item_id(objective), objective->id_len);

	if (id != NULL)
		list->ids = arena_append(
		    list->arena, list->ids, list->count, &list->cap, &id, 1, sizeof id);
	list->oom = id == NULL || list->ids == NULL;
	list->count++;
}

/* Those that the round names, else all that are open. */
static void
list_objectives(const struct view *view, const struct item *round, struct list *list)
{
	if (names(view, round, KIND_OBJECTIVE, NULL)) {
		for (uint32_t i = 0; i < round->refs_count && !list->oom; i++) {
			const struct item *item = view_item(view, round->refs[i].slot);

			if (round->refs[i].role == ROLE_ASKED && item_is_live(item) &&
			    item->kind == KIND_OBJECTIVE)
				add(list, item);
		}
		return;
	}
	for (uint32_t slot = 0; slot < view_slots(view) && !list->oom; slot++) {
		const struct item *item = view_item(view, slot);

		if (item_is_live(item) && item->kind == KIND_OBJECTIVE &&
		    item->status == PLUMB__V1__OBJECTIVE__STATUS__OPEN &&
		    list->count <= LIMIT_BALLOT_OBJECTIVES)
			add(list, item);
	}
}

static void
drop_doubles(struct list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || strcmp(list->ids[kept - 1], list->ids[i]) != 0)
			list->ids[kept++] = list->ids[i];
	list->count = kept;
}

static bool
write_terms(const struct list *list, bool named, struct confidential_bytes *out, struct err *err)
{
	size_t size = sizeof SECRET + 1, len;
	char *text;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->ids[i]) + 1;
	text = arena_alloc(list->arena, size);
	if (text == NULL)
		return err_oom(err);
	len = strlen(named ? NAMED : SECRET);
	memcpy(text, named ? NAMED : SECRET, len);
	for (size_t i = 0; i < list->count; i++) {
		size_t one = strlen(list->ids[i]);

		text[len++] = '\n';
		memcpy(text + len, list->ids[i], one);
		len += one;
	}
	*out = (struct confidential_bytes){(const uint8_t *)text, len};
	return true;
}

/* What a round asks by the plan as it is. */
static bool
make_terms(const struct view *view, const struct item *round, struct arena *arena,
    struct confidential_bytes *out, struct err *err)
{
	const Plumb__V1__Item *message = (const Plumb__V1__Item *)codec_decode(round, arena);
	struct list list = {.arena = arena};

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_ROUND)
		return err_oom(err);
	list_objectives(view, round, &list);
	if (list.oom)
		return err_oom(err);
	if (list.count > 1)
		qsort(list.ids, list.count, sizeof list.ids[0], by_name);
	drop_doubles(&list);
	if (list.count < 2)
		return err_set(err, ERR_PRECONDITION,
		    "an order needs at least two objectives, and round/%s has %zu: name them in "
		    "its "
		    "objectives, or open some",
		    message->id, list.count);
	if (list.count > LIMIT_BALLOT_OBJECTIVES)
		return err_set(err, ERR_PRECONDITION,
		    "nobody can order more than %u objectives: name those that matter in the "
		    "objectives of round/%s",
		    LIMIT_BALLOT_OBJECTIVES, message->id);
	return write_terms(&list, message->round->named, out, err);
}

static bool
damaged(struct err *err)
{
	return err_set(err, ERR_DATA_LOSS, "the confidential records of this round are damaged");
}

static bool
read_terms(const struct confidential_terms *from, struct arena *arena, struct ballot_terms *out,
    struct err *err)
{
	char *text = arena_strdup(arena, from->bytes != NULL ? (const char *)from->bytes : "");
	uint32_t lines = 0;

	if (text == NULL)
		return err_oom(err);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	out->ids = arena_array(arena, (size_t)lines + 1, sizeof out->ids[0]);
	if (out->ids == NULL)
		return err_oom(err);
	out->count = 0;
	for (char *p = text; (p = strchr(p, '\n')) != NULL;) {
		*p++ = '\0';
		out->ids[out->count++] = p;
	}
	out->named = strcmp(text, NAMED) == 0;
	return out->named || strcmp(text, SECRET) == 0 || damaged(err);
}

struct round_id {
	char text[ID_MAX_LEN + 1];
};

static struct confidential_round
round_of(uint32_t workspace, const struct item *round, struct round_id *id)
{
	memcpy(id->text, item_id(round), round->id_len);
	id->text[round->id_len] = '\0';
	return (struct confidential_round){workspace, id->text};
}

/* Who was there on its last day counts, whoever leaves later. */
static bool
make_call(const struct view *view, const struct item *round, int32_t today,
    struct confidential_call *out, struct err *err)
{
	out->closes = round->finish;
	return count_asked(
	    view, round, today < round->finish ? today : round->finish, &out->asked, err);
}

bool
ballot_show(struct confidential *store, uint32_t workspace, const struct view *view,
    const struct item *round, int32_t today, struct arena *arena, struct ballot_terms *out,
    struct err *err)
{
	struct confidential_settle settle = {{0}, {0}};
	struct confidential_terms terms;
	struct round_id id;
	const struct confidential_round of = round_of(workspace, round, &id);
	bool ok, shown;

	if (!confidential_terms(store, &of, NULL, &terms, err))
		return false;
	shown = terms.is_set;
	confidential_terms_fini(&terms);
	if (!make_call(view, round, today, &settle.call, err) ||
	    (!shown && !make_terms(view, round, arena, &settle.terms, err)) ||
	    !confidential_terms(store, &of, &settle, &terms, err))
		return false;
	if (terms.sealed)
		ok = err_set(err, ERR_PRECONDITION,
		    "what was answered in round/%s has been given out: it takes no more ballots",
		    id.text);
	else
		ok = read_terms(&terms, arena, out, err);
	confidential_terms_fini(&terms);
	return ok;
}

bool
ballot_refresh(struct confidential *store, uint32_t workspace, const struct view *view,
    const struct item *round, int32_t today, struct err *err)
{
	struct confidential_settle settle = {{0}, {0}};
	struct confidential_terms terms;
	struct round_id id;
	const struct confidential_round of = round_of(workspace, round, &id);
	bool wanted;

	if (!confidential_terms(store, &of, NULL, &terms, err))
		return false;
	wanted = terms.is_set && !terms.sealed;
	confidential_terms_fini(&terms);
	if (!wanted)
		return true;
	if (!make_call(view, round, today, &settle.call, err) ||
	    !confidential_terms(store, &of, &settle, &terms, err))
		return false;
	confidential_terms_fini(&terms);
	return true;
}

/* ---- answers */

uint8_t *
ballot_body(const uint32_t *places, uint32_t count, struct arena *arena)
{
	uint8_t *body = arena_alloc(arena, 2 * (size_t)count + 1);

	for (uint32_t i = 0; i < count && body != NULL; i++) {
		body[2 * i] = (uint8_t)places[i];
		body[2 * i + 1] = (uint8_t)(places[i] >> 8);
	}
	return body;
}

struct reading {
	struct arena *arena;
	uint32_t *places;
	const char **names;
	uint32_t count;
	uint32_t room;
	uint32_t objectives;
	bool damaged;
	bool oom;
};

static bool
on_answer(void *arg, const char *name, const uint8_t *body, size_t len)
{
	struct reading *r = arg;

	r->damaged = len != 2 * (size_t)r->objectives;
	if (r->damaged || r->count == r->room)
		return false;
	for (uint32_t k = 0; k < r->objectives; k++)
		r->places[(size_t)r->count * r->objectives + k] =
		    (uint32_t)body[2 * k] | (uint32_t)body[2 * k + 1] << 8;
	if (name != NULL)
		r->oom = (r->names[r->count] = arena_strdup(r->arena, name)) == NULL;
	r->count++;
	return !r->oom;
}

static bool
read_answers(struct confidential *store, const struct confidential_round *round, int32_t today,
    uint32_t count, struct arena *arena, struct ballot_set *out, struct err *err)
{
	struct reading r = {.arena = arena, .room = count, .objectives = out->terms.count};

	if (count > LIMIT_BALLOTS)
		return err_set(err, ERR_LIMIT, "a round has at most %u ballots", LIMIT_BALLOTS);
	r.places = arena_array(arena, (size_t)count * out->terms.count + 1, sizeof r.places[0]);
	r.names = arena_array(arena, (size_t)count + 1, sizeof r.names[0]);
	if (r.places == NULL || r.names == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++)
		r.names[i] = NULL;
	if (!confidential_answers(store, round, today, on_answer, &r, err))
		return false;
	if (r.oom)
		return err_oom(err);
	if (r.damaged)
		return damaged(err);
	out->ballots = (struct ballots){r.count, out->terms.count, r.places};
	out->names = out->terms.named ? r.names : NULL;
	out->state = BALLOT_PUBLISHED;
	return true;
}

bool
ballot_read(struct confidential *store, uint32_t workspace, const struct item *round, int32_t today,
    struct arena *arena, struct ballot_set *out, struct err *err)
{
	struct confidential_terms terms;
	struct round_id id;
	const struct confidential_round of = round_of(workspace, round, &id);
	uint32_t count = 0;
	bool ok = true, shown, sealed;

	memset(out, 0, sizeof *out);
	if (!confidential_terms(store, &of, NULL, &terms, err))
		return false;
	shown = terms.is_set;
	sealed = terms.sealed;
	out->asked = terms.call.asked;
	if (!sealed && (round->finish >= today || (shown && terms.call.closes >= today)))
		out->state = BALLOT_OPEN;
	else
		out->state = BALLOT_TOO_FEW;
	if (shown)
		ok = read_terms(&terms, arena, &out->terms, err);
	confidential_terms_fini(&terms);
	if (!ok || !shown || out->state == BALLOT_OPEN)
		return ok;
	if (!confidential_answers_count(store, &of, &count, err))
		return false;
	if (!sealed && !may_publish(count, out->asked) && !(out->terms.named && count > 0))
		return true;
	return read_answers(store, &of, today, count, arena, out, err);
}
