#include "server/plan/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/threeway.h"
#include "server/limits.h"
#include "server/plan/change_internal.h"
#include "server/plan/codec.h"

/* A set is tried again without what was refused; behind the last try what is left of it is left out. */
#define TRIES       4u
#define VALUE_SHOWN 200u

#define REASON(name) PLUMB__V1__SCENARIO_CONFLICT__REASON__##name

/* ---- sets as they are kept ------------------------------------------------------------------------------ */

/* In front of each: then the author, then the set. */
struct head {
	uint64_t revision;
	int64_t time_us;
	uint32_t author_len;
	uint32_t body_len;
};

bool
scenario_next(const struct item *scenario, size_t *at, struct scenario_set *out)
{
	size_t len;
	const uint8_t *sets = item_sets(scenario, &len);
	struct head head;

	if (len < sizeof head || *at > len - sizeof head)
		return false;
	memcpy(&head, sets + *at, sizeof head);
	if (len - *at - sizeof head < (size_t)head.author_len + head.body_len)
		return false;
	out->revision = head.revision;
	out->time_us = head.time_us;
	out->author = (const char *)sets + *at + sizeof head;
	out->author_len = head.author_len;
	out->body = sets + *at + sizeof head + head.author_len;
	out->body_len = head.body_len;
	*at += sizeof head + head.author_len + head.body_len;
	return true;
}

/* How many changes a set has, from its bytes. */
static size_t
count_changes(const struct scenario_set *set)
{
	struct pb_in in;
	struct pb_field field;
	size_t count = 0;

	pb_in_init(&in, set->body, set->body_len);
	while (pb_in_next(&in, &field))
		count += field.number == 1;
	return count;
}

static bool
refuse_set(struct apply *apply, enum err_code code, const char *why)
{
	faults_add(apply->faults, "change_set.scenario", "%s", why);
	apply->refused = code;
	return false;
}

/* Room for one more set? What the log holds was. */
static bool
has_room(struct apply *apply, const struct item *scenario, size_t changes, size_t more)
{
	struct scenario_set set;
	size_t at = 0, sets;
	char why[80], text[200];

	(void)item_sets(scenario, &sets);
	while (scenario_next(scenario, &at, &set))
		changes += count_changes(&set);
	if (apply->replay)
		return true;
	if (changes > LIMIT_SCENARIO_CHANGES)
		snprintf(
		    why, sizeof why, "%zu changes, more than %u", changes, LIMIT_SCENARIO_CHANGES);
	else if (sets + more > LIMIT_SCENARIO_BYTES)
		snprintf(
		    why, sizeof why, "%zu bytes, more than %u", sets + more, LIMIT_SCENARIO_BYTES);
	else
		return true;
	snprintf(text, sizeof text,
	    "the scenario would have %s: apply what it holds, or begin another one", why);
	return refuse_set(apply, ERR_LIMIT, text);
}

/* The set with its head; the hash of its request is the log's alone. */
static uint8_t *
pack(struct apply *apply, const Plumb__V1__ChangeSet *set, size_t *len)
{
	const struct stamp *stamp = &apply->patch->stamp;
	Plumb__V1__ChangeSet kept = *set;
	struct head head = {stamp->revision, stamp->time_us, (uint32_t)strlen(stamp->author), 0};
	uint8_t *p;

	kept.request_hash = 0;
	kept.idempotency_key = pb_str("");
	head.body_len = (uint32_t)protobuf_c_message_get_packed_size(&kept.base);
	*len = sizeof head + head.author_len + head.body_len;
	p = arena_alloc(apply->arena, *len);
	if (p == NULL)
		return NULL;
	memcpy(p, &head, sizeof head);
	memcpy(p + sizeof head, stamp->author, head.author_len);
	protobuf_c_message_pack(&kept.base, p + sizeof head + head.author_len);
	return p;
}

void
scenario_take(struct apply *apply, const Plumb__V1__ChangeSet *set)
{
	const struct item *old =
	    view_find(&apply->plan->now, KIND_SCENARIO, set->scenario, strlen(set->scenario));
	uint8_t *bytes;
	size_t len;

	if (!item_is_live(old)) {
		(void)refuse_set(apply, ERR_NOT_FOUND, "is not there");
		return;
	}
	bytes = pack(apply, set, &len);
	if (bytes == NULL)
		apply->oom = true;
	else if (has_room(apply, old, set->n_changes, len))
		(void)patch_put(apply, old->slot, codec_add_set(old, bytes, len));
}

/* ---- what a set may hold -------------------------------------------------------------------------------- */

static enum kind
kind_of_ref(const char *ref)
{
	enum kind kind;
	const char *id;
	size_t len;

	return ref_parse(ref, KIND_NONE, &kind, &id, &len) ? kind : KIND_NONE;
}

static enum kind
changed_kind(const Plumb__V1__Change *change)
{
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		return change->put->item != NULL ? codec_item_kind(&change->put->item->base)
						 : KIND_NONE;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		return kind_of_ref(change->remove->ref);
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		return kind_of_ref(change->rename->ref);
	default:
		return KIND_NONE;
	}
}

static const char *
why_not(const Plumb__V1__Change *change)
{
	switch (changed_kind(change)) {
	case KIND_SCENARIO:
		return "a scenario holds no scenarios: make another one of the plan";
	case KIND_BASELINE:
		return "a baseline names a revision of the plan, not of a scenario";
	default:
		break;
	}
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_ADD:
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		return "records tell what happened, and a scenario what might: change the plan "
		       "itself";
	default:
		return NULL;
	}
}

bool
scenario_check(const Plumb__V1__ChangeSet *set, struct faults *faults, struct err *err)
{
	if (set->effective[0] != '\0')
		faults_add(faults, "change_set.effective", "a scenario has no past: leave it out");
	for (size_t i = 0; i < set->n_changes; i++) {
		const char *why = why_not(set->changes[i]);
		char path[64];

		if (why == NULL)
			continue;
		snprintf(path, sizeof path, "change_set.changes[%zu]", i);
		faults_add(faults, path, "%s", why);
	}
	return faults_none(faults, err);
}

/* ---- conflicts ------------------------------------------------------------------------------------------ */

/* A change on its way onto the plan. */
struct step {
	Plumb__V1__Change *change;
	enum kind kind; /* of what it puts or removes; else none */
	const char *id;
	const struct item *theirs; /* the plan's own, before anything was laid; NULL: never there */
	bool last;                 /* no later put of the same entry */
	size_t renames;            /* of the scenario, before it */
	struct scenario_rename *renaming; /* its own */
	uint32_t place;                   /* in its set */
	size_t order;                     /* of all puts */
};

struct laid_set {
	struct scenario_set set;
	Plumb__V1__ChangeSet *message;
	struct step *steps;
	size_t count;
};

static const char *
ref_of(struct scenario_lay *lay, const struct step *step)
{
	const Plumb__V1__Change *change = step->change;

	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		return change->remove->ref;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		return change->rename->ref;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		if (strchr(change->place->item, '/') != NULL)
			return change->place->item;
		return arena_printf(lay->arena, "initiative/%s", change->place->item);
	default:
		return arena_printf(lay->arena, "%s/%s", kind_name(step->kind), step->id);
	}
}

/* NULL: told already as one too many, or out of memory. */
static Plumb__V1__ScenarioConflict *
add_conflict(struct scenario_lay *lay, const struct laid_set *set, const struct step *step,
    Plumb__V1__ScenarioConflict__Reason reason, const char *text)
{
	Plumb__V1__ScenarioConflict *conflict;

	if (lay->conflicts_total++ >= LIMIT_SCENARIO_CONFLICTS)
		return NULL;
	conflict = arena_alloc(lay->arena, sizeof *conflict);
	if (conflict == NULL) {
		lay->oom = true;
		return NULL;
	}
	plumb__v1__scenario_conflict__init(conflict);
	conflict->reason = reason;
	conflict->ref = arena_strdup(lay->arena, ref_of(lay, step));
	conflict->text = arena_strdup(lay->arena, text);
	conflict->revision = set->set.revision;
	conflict->change = step->place;
	if (conflict->ref == NULL || conflict->text == NULL) {
		lay->oom = true;
		return NULL;
	}
	lay->conflicts[lay->conflicts_count++] = conflict;
	return conflict;
}

/* ---- merging -------------------------------------------------------------------------------------------- */

struct merging {
	struct scenario_lay *lay;
	const struct laid_set *set;
	const struct step *step;
};

static bool
add_leaf(void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	struct str *text = arg;

	(void)old;
	str_addf(text, "%s%s ", text->len > 0 ? ", " : "", path);
	pb_value_text(new, text);
	return text->len < VALUE_SHOWN;
}

/* The whole field for people, shortened. */
static char *
value_text(struct scenario_lay *lay, const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field)
{
	size_t count = message != NULL ? pb_count(message, field) : 0;
	struct str text;
	char *out;

	str_init(&text, 4 * LIMIT_TEXT);
	for (size_t i = 0; i < count && text.len < VALUE_SHOWN; i++) {
		struct pb_value value = pb_get(message, field, i);

		if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
			(void)pb_diff(field->descriptor, NULL, pb_message(&value), add_leaf, &text);
			continue;
		}
		if (i > 0)
			str_add(&text, ", ");
		pb_value_text(&value, &text);
	}
	if (text.len > VALUE_SHOWN) {
		size_t cut = VALUE_SHOWN;

		while (cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80)
			cut--;
		out = arena_printf(lay->arena, "%.*s…", (int)cut, text.data);
	} else {
		out = arena_strdup(lay->arena, text.len > 0 ? text.data : "");
	}
	lay->oom = lay->oom || out == NULL || text.failed;
	str_fini(&text);
	return out != NULL ? out : pb_str("");
}

static void
on_field(void *arg, const struct threeway_field *told)
{
	struct merging *m = arg;
	Plumb__V1__ScenarioConflict *conflict;

	if (told->result != THREEWAY_CONFLICT)
		return;
	conflict = add_conflict(m->lay, m->set, m->step, REASON(CHANGED),
	    "the plan has changed it too since: say in the scenario again what it shall be");
	if (conflict == NULL)
		return;
	conflict->field = arena_strdup(m->lay->arena, told->path);
	conflict->before = value_text(m->lay, told->base, told->field);
	conflict->plan = value_text(m->lay, told->theirs, told->field);
	conflict->scenario = value_text(m->lay, told->ours, told->field);
	if (conflict->field == NULL) {
		conflict->field = pb_str("");
		m->lay->oom = true;
	}
}

static void
on_superseded(void *arg, const struct threeway_field *told)
{
	(void)arg;
	(void)told;
}

/* The scenario's item with what only the plan has changed since. False: it is left out. */
static bool
float_put(struct scenario_lay *lay, const struct laid_set *set, struct step *step)
{
	Plumb__V1__Put *put = step->change->put;
	Plumb__V1__Item *base = put->before, *theirs;
	struct merging merging = {lay, set, step};

	put->before = NULL;
	if (!item_is_live(step->theirs)) {
		if (base == NULL)
			return true;
		if (step->last)
			(void)add_conflict(lay, set, step, REASON(GONE),
			    "the plan has not got it any more: put it in the scenario again to "
			    "have it");
		return false;
	}
	if (step->theirs->revision <= set->set.revision)
		return true;
	if (base == NULL) {
		if (step->last)
			(void)add_conflict(lay, set, step, REASON(TAKEN),
			    "the plan has made one of this name since: rename the plan's, or "
			    "change that one in the scenario");
		return false;
	}
	theirs = (Plumb__V1__Item *)(uintptr_t)codec_decode(step->theirs, lay->arena);
	if (theirs == NULL) {
		lay->oom = true;
		return false;
	}
	/* Under the name that the scenario gave it. */
	base->id = theirs->id = put->item->id;
	put->item = (Plumb__V1__Item *)threeway_merge(&base->base, &put->item->base, &theirs->base,
	    true, lay->arena, step->last ? on_field : on_superseded, &merging);
	lay->oom = lay->oom || put->item == NULL;
	return put->item != NULL;
}

/* False: it need not be done any more. */
static bool
float_remove(struct scenario_lay *lay, const struct laid_set *set, const struct step *step)
{
	const struct item *now = plan_find(lay->plan, step->kind, step->id, strlen(step->id));

	if (!item_is_live(now))
		return item_is_live(step->theirs); /* else the plan did so itself */
	if (item_is_live(step->theirs) && step->theirs->revision > set->set.revision)
		(void)add_conflict(lay, set, step, REASON(REMOVED),
		    "the plan has changed it since, and the scenario removes it");
	return true;
}

/*
 * Whether it is about something that the scenario calls by a name it could not be given: whatever has that name is the plan's, and
 * none of its business.
 */
static bool
is_misnamed(struct scenario_lay *lay, const struct step *step)
{
	const char *id = step->id;
	bool left_out = false;

	for (size_t i = step->renames; i-- > 0;) {
		const struct scenario_rename *r = &lay->renames[i];

		if (r->kind != step->kind || strcmp(r->to, id) != 0)
			continue;
		left_out = left_out || r->left_out;
		id = r->from;
	}
	return left_out && item_is_live(step->theirs);
}

/* True: it was, and is told. */
static bool
leave_misnamed(struct scenario_lay *lay, const struct laid_set *set, const struct step *step)
{
	if (!is_misnamed(lay, step))
		return false;
	if (step->renaming != NULL)
		step->renaming->left_out = true;
	(void)add_conflict(lay, set, step, REASON(REFUSED),
	    "the scenario's name for it does not fit the plan any more: rename it there again");
	return true;
}

static bool
float_step(struct scenario_lay *lay, const struct laid_set *set, struct step *step)
{
	step->change->expect_case = PLUMB__V1__CHANGE__EXPECT__NOT_SET;
	if (leave_misnamed(lay, set, step))
		return false;
	switch (step->change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		return float_put(lay, set, step);
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		return float_remove(lay, set, step);
	default:
		return true;
	}
}

/* ---- laying --------------------------------------------------------------------------------------------- */

/* Under which name the plan knows what the scenario calls that. */
static const struct item *
plans_own(const struct scenario_lay *lay, enum kind kind, const char *id)
{
	for (size_t i = lay->renames_count; i-- > 0;) {
		const struct scenario_rename *r = &lay->renames[i];

		if (r->kind == kind && strcmp(r->to, id) == 0)
			id = r->from;
	}
	return plan_find(lay->plan, kind, id, strlen(id));
}

static bool
note_rename(struct scenario_lay *lay, struct step *step)
{
	const Plumb__V1__Rename *rename = step->change->rename;
	struct scenario_rename *r;
	const char *id;
	size_t len;

	if (lay->renames_count == LIMIT_SCENARIO_CHANGES)
		return true;
	if (lay->renames == NULL)
		lay->renames =
		    arena_array(lay->arena, LIMIT_SCENARIO_CHANGES, sizeof *lay->renames);
	if (lay->renames == NULL)
		return false;
	r = &lay->renames[lay->renames_count];
	if (!ref_parse(rename->ref, KIND_NONE, &r->kind, &id, &len))
		return true;
	r->from = id;
	r->to = rename->id;
	r->left_out = false;
	step->renaming = r;
	step->kind = r->kind;
	step->id = id;
	step->theirs = plans_own(lay, r->kind, id);
	lay->renames_count++;
	return true;
}

static bool
name_step(struct scenario_lay *lay, struct step *step)
{
	Plumb__V1__Change *change = step->change;
	const char *id = NULL;
	size_t len;

	step->renames = lay->renames_count;
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_RENAME)
		return note_rename(lay, step);
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT && change->put->item != NULL) {
		step->kind = codec_item_kind(&change->put->item->base);
		id = change->put->item->id;
	} else if (change->change_case == PLUMB__V1__CHANGE__CHANGE_REMOVE) {
		(void)ref_parse(change->remove->ref, KIND_NONE, &step->kind, &id, &len);
	}
	step->id = id != NULL ? id : "";
	if (step->kind != KIND_NONE)
		step->theirs = plans_own(lay, step->kind, step->id);
	return true;
}

/* Everything is looked up before the first set is laid: as the plan has it. */
static bool
read_set(struct scenario_lay *lay, const struct scenario_set *set, struct laid_set *out)
{
	struct err ignored;

	out->set = *set;
	out->message = (Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor,
	    set->body, set->body_len, false, lay->arena, &ignored);
	if (out->message == NULL)
		return false;
	out->count = out->message->n_changes;
	out->steps = arena_zalloc(lay->arena, (out->count + 1) * sizeof *out->steps);
	if (out->steps == NULL)
		return false;
	for (size_t i = 0; i < out->count; i++) {
		out->steps[i].change = out->message->changes[i];
		out->steps[i].place = (uint32_t)i;
		out->steps[i].id = "";
		if (!name_step(lay, &out->steps[i]))
			return false;
	}
	lay->changes_count += out->count;
	return true;
}

static int
by_name(const struct step *a, const struct step *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->id, b->id);
}

/* Within a name the newest first. */
static int
by_name_and_age(const void *a, const void *b)
{
	const struct step *x = *(struct step *const *)a, *y = *(struct step *const *)b;
	int c = by_name(x, y);

	return c != 0 ? c : (x->order < y->order) - (x->order > y->order);
}

/* Only the last word about an entry can be at odds with the plan. */
static bool
find_last(struct scenario_lay *lay, struct laid_set *sets, size_t count)
{
	struct step **puts = arena_array(lay->arena, lay->changes_count + 1, sizeof *puts);
	size_t n = 0;

	if (puts == NULL)
		return false;
	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < sets[s].count; i++) {
			struct step *step = &sets[s].steps[i];

			step->order = n;
			if (step->change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT)
				puts[n++] = step;
		}
	}
	if (n > 1)
		qsort(puts, n, sizeof *puts, by_name_and_age);
	for (size_t i = 0; i < n; i++)
		puts[i]->last = i == 0 || by_name(puts[i - 1], puts[i]) != 0;
	return true;
}

/* Takes out of steps what the faults name; all of it where one names none. */
static void
leave_out(struct scenario_lay *lay, struct laid_set *set, bool all)
{
	const struct faults *faults = lay->faults;
	bool *out = arena_zalloc(lay->arena, set->count + 1);
	const char **why = arena_zalloc(lay->arena, (set->count + 1) * sizeof *why);
	size_t kept = 0;

	if (out == NULL || why == NULL) {
		lay->oom = true;
		return;
	}
	for (size_t i = 0; i < faults->count; i++) {
		size_t at;

		if (sscanf(faults->list[i].field, "change_set.changes[%zu]", &at) != 1 ||
		    at >= set->count)
			all = true;
		else if (!out[at]) {
			out[at] = true;
			why[at] = faults->list[i].description;
		}
	}
	for (size_t i = 0; i < set->count; i++) {
		if (!out[i] && !all) {
			if (!leave_misnamed(lay, set, &set->steps[i]))
				set->steps[kept++] = set->steps[i];
			continue;
		}
		if (set->steps[i].renaming != NULL)
			set->steps[i].renaming->left_out = true;
		(void)add_conflict(lay, set, &set->steps[i], REASON(REFUSED),
		    why[i] != NULL ? why[i]
				   : "it goes with others that do not fit the plan any more");
	}
	set->count = kept;
}

/* One try at what is left of a set. True: laid. */
static bool
try_set(struct scenario_lay *lay, struct laid_set *set, struct err *err)
{
	char *author = arena_strndup(lay->arena, set->set.author, set->set.author_len);
	struct stamp stamp = {set->set.revision, set->set.time_us, author, true};
	struct plan_conflict conflict = {0};

	if (author == NULL)
		return err_oom(err);
	for (size_t i = 0; i < set->count; i++)
		set->message->changes[i] = set->steps[i].change;
	set->message->n_changes = set->count;
	set->message->expected_case = PLUMB__V1__CHANGE_SET__EXPECTED__NOT_SET;
	faults_init(lay->faults, lay->arena);
	if (!plan_apply(lay->plan, &set->message->base, &stamp, false, lay->arena, lay->faults,
		&conflict, &lay->patches[lay->patches_count], err))
		return false;
	lay->patches_count++;
	for (size_t i = 0; i < set->count; i++)
		lay->fitting[lay->fitting_count++] = set->steps[i].change;
	return true;
}

static bool
lay_set(struct scenario_lay *lay, struct laid_set *set, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (float_step(lay, set, &set->steps[i]))
			set->steps[kept++] = set->steps[i];
	}
	set->count = kept;
	for (unsigned try = 1; set->count > 0 && !lay->oom; try++) {
		if (try_set(lay, set, err))
			return true;
		if (lay->faults->total == 0)
			return false; /* want of memory */
		leave_out(lay, set, try == TRIES);
	}
	return !lay->oom || err_oom(err);
}

void
scenario_lift(struct scenario_lay *lay)
{
	while (lay->patches_count > 0)
		plan_undo(lay->plan, lay->patches[--lay->patches_count]);
}

static bool
make_room(struct scenario_lay *lay, size_t sets)
{
	lay->patches = arena_array(lay->arena, sets + 1, sizeof *lay->patches);
	lay->revisions = arena_array(lay->arena, sets + 1, sizeof *lay->revisions);
	lay->conflicts = arena_array(lay->arena, LIMIT_SCENARIO_CONFLICTS, sizeof *lay->conflicts);
	lay->faults = arena_alloc(lay->arena, sizeof *lay->faults);
	return lay->patches != NULL && lay->revisions != NULL && lay->conflicts != NULL &&
	       lay->faults != NULL;
}

static struct laid_set *
read_sets(struct scenario_lay *lay, const struct item *scenario, uint64_t before)
{
	struct scenario_set set;
	struct laid_set *sets;
	size_t at = 0, count = 0;

	while (scenario_next(scenario, &at, &set))
		count++;
	sets = arena_zalloc(lay->arena, (count + 1) * sizeof *sets);
	if (sets == NULL || !make_room(lay, count))
		return NULL;
	for (at = 0; scenario_next(scenario, &at, &set) && set.revision < before;) {
		if (!read_set(lay, &set, &sets[lay->sets_count]))
			return NULL;
		lay->revisions[lay->sets_count++] = set.revision;
	}
	lay->fitting = arena_array(lay->arena, lay->changes_count + 1, sizeof *lay->fitting);
	return lay->fitting != NULL && find_last(lay, sets, lay->sets_count) ? sets : NULL;
}

bool
scenario_lay(struct plan *plan, const struct item *scenario, uint64_t before, struct arena *arena,
    struct scenario_lay *out, struct err *err)
{
	struct laid_set *sets;

	*out = (struct scenario_lay){.plan = plan, .arena = arena};
	sets = read_sets(out, scenario, before);
	if (sets == NULL)
		return err_oom(err);
	for (size_t i = 0; i < out->sets_count; i++) {
		if (!lay_set(out, &sets[i], err)) {
			scenario_lift(out);
			return false;
		}
	}
	return true;
}

bool
scenario_note_bases(struct scenario_lay *lay, Plumb__V1__ChangeSet *set)
{
	for (size_t i = 0; i < set->n_changes; i++) {
		Plumb__V1__Change *change = set->changes[i];
		struct step step = {.change = change, .id = ""};

		if (!name_step(lay, &step))
			return false;
		if (change->change_case != PLUMB__V1__CHANGE__CHANGE_PUT ||
		    !item_is_live(step.theirs))
			continue;
		change->put->before =
		    (Plumb__V1__Item *)(uintptr_t)codec_decode(step.theirs, lay->arena);
		if (change->put->before == NULL)
			return false;
	}
	return true;
}

Plumb__V1__ConflictsReply *
scenario_tell(const struct scenario_lay *lay, const struct item *scenario)
{
	Plumb__V1__ConflictsReply *reply = arena_alloc(lay->arena, sizeof *reply);

	if (reply == NULL)
		return NULL;
	plumb__v1__conflicts_reply__init(reply);
	reply->n_conflicts = lay->conflicts_count;
	reply->conflicts = lay->conflicts;
	reply->total = lay->conflicts_total;
	reply->changes = (uint32_t)lay->changes_count;
	reply->began_at = (uint64_t)scenario->effort;
	reply->n_change_sets = lay->sets_count;
	reply->change_sets = lay->revisions;
	return reply;
}
