#include "server/insight/customer/journeys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/plan/control.h"
#include "server/plan/kinds.h"

#define STOP_EVERY 8192u

/* Of a piece of work's scope: a stage with the work, or the work with a segment. */
struct scoped {
	uint32_t key;
	uint32_t value;
};

/* ---- lists */

bool
slots_add(struct slots *slots, uint32_t slot)
{
	size_t cap = slots->cap > 0 ? 2 * slots->cap : 16;
	uint32_t *bigger;

	if (slots->count == slots->cap) {
		bigger = realloc(slots->list, cap * sizeof bigger[0]);
		if (bigger == NULL)
			return false;
		slots->list = bigger;
		slots->cap = cap;
	}
	slots->list[slots->count++] = slot;
	return true;
}

bool
slots_have(const struct slots *slots, uint32_t slot)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (slots->list[i] == slot)
			return true;
	}
	return false;
}

void
slots_fini(struct slots *slots)
{
	free(slots->list);
	*slots = (struct slots){0};
}

static int
compare_ranks(const void *pa, const void *pb, void *arg)
{
	const struct index *ix = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (ix->rank[a] != ix->rank[b])
		return ix->rank[a] < ix->rank[b] ? -1 : 1;
	return index_compare(ix, a, b);
}

/* Sorted, each once. */
static void
settle(
    const struct index *ix, struct slots *slots, int (*compare)(const void *, const void *, void *))
{
	size_t kept = 0;

	if (slots->count < 2)
		return;
	qsort_r(slots->list, slots->count, sizeof slots->list[0], compare, (void *)(uintptr_t)ix);
	for (size_t i = 0; i < slots->count; i++) {
		if (kept == 0 || slots->list[i] != slots->list[kept - 1])
			slots->list[kept++] = slots->list[i];
	}
	slots->count = kept;
}

void
slots_by_name(const struct index *ix, struct slots *slots)
{
	settle(ix, slots, index_by_name);
}

/* ---- what was lived */

static bool
is_earlier(const struct index *ix, const struct lived *a, const struct lived *b)
{
	uint64_t ra = ix->items[a->record]->revision, rb = ix->items[b->record]->revision;

	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return ra != rb ? ra < rb : a->record < b->record;
}

static int
compare_lived(const void *pa, const void *pb, void *arg)
{
	const struct lived *a = pa, *b = pb;

	if (a->record == b->record)
		return 0;
	if (a->about != b->about)
		return a->about < b->about ? -1 : 1;
	return is_earlier(arg, a, b) ? -1 : 1;
}

static void
read_lived(const struct index *ix, uint32_t record, uint32_t about, struct lived *out)
{
	const struct item *item = ix->items[record];
	struct control_experience more;

	control_experience(item, &more);
	*out = (struct lived){
	    .at_us = item_at_us(item),
	    .about = about,
	    .record = record,
	    .segment = index_target(ix, record, ROLE_SEGMENT),
	    .date = item->start,
	    .people = more.people,
	    .value_state = item->extra,
	    .emotion = (item->has & HAS_VALUE) != 0 ? item->value : NAN,
	    .importance = more.importance,
	    .met = more.met,
	};
	if (out->segment == SLOT_NONE && ix->kinds[about] == KIND_EXPECTATION)
		out->segment = index_target(ix, about, ROLE_SEGMENT);
}

static bool
is_stopped(index_stop_fn stop, void *arg, uint32_t i, struct err *err)
{
	if (i % STOP_EVERY != 0 || stop == NULL || !stop(arg))
		return false;
	err_set(err, ERR_CANCELLED, "the call was cancelled");
	return true;
}

/* Those until today, which is the last day that anybody can ask about. */
static bool
gather_lived(struct journeys *js, index_stop_fn stop, void *arg, struct err *err)
{
	const struct index *ix = js->ix;
	uint32_t count, n = 0;
	const uint32_t *records = index_kind(ix, KIND_EXPERIENCE, &count);

	js->lived = index_alloc((size_t)count + 1, sizeof js->lived[0]);
	js->lived_first = index_alloc((size_t)ix->slots + 1, sizeof js->lived_first[0]);
	if (js->lived == NULL || js->lived_first == NULL)
		return err_oom(err);
	memset(js->lived_first, 0, ((size_t)ix->slots + 1) * sizeof js->lived_first[0]);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t about = index_target(ix, records[i], ROLE_ABOUT);

		if (is_stopped(stop, arg, i, err))
			return false;
		if (about == SLOT_NONE || ix->items[records[i]]->start == DATE_NONE ||
		    ix->items[records[i]]->start > ix->today)
			continue;
		read_lived(ix, records[i], about, &js->lived[n++]);
		js->lived_first[about + 1]++;
	}
	for (uint32_t s = 0; s < ix->slots; s++)
		js->lived_first[s + 1] += js->lived_first[s];
	if (n > 1)
		qsort_r(js->lived, n, sizeof js->lived[0], compare_lived, (void *)(uintptr_t)ix);
	return true;
}

/* ---- what work has in its scope */

struct scoping {
	struct journeys *js;
	uint32_t work;
	size_t scoped_cap;
	size_t limited_cap;
	bool oom;
};

static bool
add_scoped(struct scoped **list, size_t *count, size_t *cap, uint32_t key, uint32_t value)
{
	size_t want = *cap > 0 ? 2 * *cap : 64;
	struct scoped *bigger;

	if (*count == *cap) {
		bigger = realloc(*list, want * sizeof bigger[0]);
		if (bigger == NULL)
			return false;
		*list = bigger;
		*cap = want;
	}
	(*list)[(*count)++] = (struct scoped){key, value};
	return true;
}

/* What is no name of a live stage or segment is words for people. */
static void
on_scope(void *arg, bool stage, const char *text, size_t len)
{
	struct scoping *s = arg;
	struct journeys *js = s->js;
	char name[REF_TEXT_LEN];
	enum kind kind = stage ? KIND_STAGE : KIND_SEGMENT, found;
	const struct item *item;
	const char *id;
	size_t id_len;
	bool ok;

	if (len >= sizeof name)
		return;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!ref_parse(name, kind, &found, &id, &id_len) || found != kind)
		return;
	item = view_find(js->ix->view, kind, id, id_len);
	if (!item_is_live(item))
		return;
	ok = stage ? add_scoped(&js->scoped, &js->scoped_count, &s->scoped_cap, item->slot, s->work)
		   : add_scoped(
			 &js->limited, &js->limited_count, &s->limited_cap, s->work, item->slot);
	s->oom |= !ok;
}

static int
compare_scoped(const void *pa, const void *pb)
{
	const struct scoped *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

static bool
gather_scopes(struct journeys *js, enum kind kind, struct scoping *s, index_stop_fn stop, void *arg,
    struct err *err)
{
	const struct index *ix = js->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, kind, &count);

	for (uint32_t i = 0; i < count && !s->oom; i++) {
		if (is_stopped(stop, arg, i, err))
			return false;
		if (i + 8 < count)
			index_prefetch(ix, slots[i + 8]);
		s->work = slots[i];
		if (index_is(ix, slots[i], STANDING_JUDGED))
			control_scope_names(ix->items[slots[i]], on_scope, s);
	}
	return !s->oom || err_oom(err);
}

bool
journeys_init(
    struct journeys *js, const struct index *ix, index_stop_fn stop, void *arg, struct err *err)
{
	struct scoping s = {.js = js};
	uint32_t steps;

	*js = (struct journeys){.ix = ix};
	(void)index_kind(ix, KIND_STEP, &steps);
	js->place = index_alloc((size_t)ix->slots + 1, sizeof js->place[0]);
	if (js->place == NULL) {
		err_oom(err);
		goto fail;
	}
	memset(js->place, 0, ((size_t)ix->slots + 1) * sizeof js->place[0]);
	if (!gather_lived(js, stop, arg, err))
		goto fail;
	if (steps > 0 && (!gather_scopes(js, KIND_INITIATIVE, &s, stop, arg, err) ||
			     !gather_scopes(js, KIND_WORKSTREAM, &s, stop, arg, err)))
		goto fail;
	if (js->scoped_count > 1)
		qsort(js->scoped, js->scoped_count, sizeof js->scoped[0], compare_scoped);
	if (js->limited_count > 1)
		qsort(js->limited, js->limited_count, sizeof js->limited[0], compare_scoped);
	return true;
fail:
	journeys_fini(js);
	return false;
}

void
journeys_fini(struct journeys *js)
{
	free(js->lived);
	free(js->lived_first);
	free(js->scoped);
	free(js->limited);
	free(js->place);
	*js = (struct journeys){0};
}

/* The first of that key; *count gets how many. */
static const struct scoped *
find_scoped(const struct scoped *list, size_t n, uint32_t key, size_t *count)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < n && list[high].key == key; high++)
		;
	*count = high - low;
	return list + low;
}

/* ---- who takes it */

bool
journeys_takes(const struct index *ix, uint32_t journey, uint32_t segment)
{
	struct edges out = index_out(ix, journey);
	bool named = false;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != ROLE_SEGMENT)
			continue;
		if (out.list[i].slot == segment)
			return true;
		named = true;
	}
	return !named;
}

static bool
add_segment(const struct index *ix, struct slots *out, uint32_t segment)
{
	return segment == SLOT_NONE || !index_is(ix, segment, STANDING_LIVE) ||
	       slots_add(out, segment);
}

/* Those that expect or lived something at a step. */
static bool
add_segments_at(const struct journeys *js, uint32_t step, struct slots *out)
{
	const struct index *ix = js->ix;
	struct edges in = index_in(ix, step);
	uint32_t count;
	const struct lived *lived = journeys_lived(js, step, &count);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_IN && ix->kinds[in.list[i].slot] == KIND_EXPECTATION &&
		    !add_segment(ix, out, index_target(ix, in.list[i].slot, ROLE_SEGMENT)))
			return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!add_segment(ix, out, lived[i].segment))
			return false;
	}
	return true;
}

bool
journeys_segments(struct journeys *js, uint32_t journey, const struct path *path, struct slots *out)
{
	const struct index *ix = js->ix;
	struct edges edges = index_out(ix, journey);
	bool named = false;

	for (uint32_t i = 0; i < edges.count; i++) {
		if (edges.list[i].role != ROLE_SEGMENT)
			continue;
		named = true;
		if (!add_segment(ix, out, edges.list[i].slot))
			return false;
	}
	for (size_t i = 0; !named && i < path->count; i++) {
		if (path->steps[i].step != SLOT_NONE &&
		    !add_segments_at(js, path->steps[i].step, out))
			return false;
	}
	slots_by_name(ix, out);
	return true;
}

/* ---- what is lived and expected */

const struct lived *
journeys_lived(const struct journeys *js, uint32_t slot, uint32_t *count)
{
	*count = js->lived_first[slot + 1] - js->lived_first[slot];
	return js->lived + js->lived_first[slot];
}

void
journeys_fared(
    const struct journeys *js, uint32_t step, uint32_t segment, int32_t day, struct fared *out)
{
	const struct item *item = js->ix->items[step];
	uint32_t count;
	const struct lived *lived = journeys_lived(js, step, &count);

	*out = (struct fared){NAN, VALUE_UNKNOWN, SLOT_NONE, SLOT_NONE};
	for (uint32_t i = count; i-- > 0;) {
		if (lived[i].date > day ||
		    (lived[i].segment != SLOT_NONE && lived[i].segment != segment))
			continue;
		if (isnan(out->emotion) && !isnan(lived[i].emotion)) {
			out->emotion = lived[i].emotion;
			out->emotion_record = lived[i].record;
		}
		if (out->value_state == VALUE_UNKNOWN && lived[i].value_state != VALUE_UNKNOWN) {
			out->value_state = lived[i].value_state;
			out->value_record = lived[i].record;
		}
	}
	if (isnan(out->emotion) && (item->has & HAS_VALUE) != 0)
		out->emotion = item->value;
	if (out->value_state == VALUE_UNKNOWN)
		out->value_state = item->extra;
}

void
journeys_fared_all(const struct journeys *js, uint32_t step, const struct slots *segments,
    int32_t day, struct fared *out)
{
	struct fared one;
	double sum = 0;
	size_t known = 0;

	if (segments->count == 0) {
		journeys_fared(js, step, SLOT_NONE, day, out);
		return;
	}
	*out = (struct fared){NAN, VALUE_UNKNOWN, SLOT_NONE, SLOT_NONE};
	for (size_t i = 0; i < segments->count; i++) {
		journeys_fared(js, step, segments->list[i], day, &one);
		if (!isnan(one.emotion)) {
			sum += one.emotion;
			known++;
		}
		/* Gained, kept, lost: the later the worse. */
		if (one.value_state > out->value_state)
			out->value_state = one.value_state;
	}
	if (known > 0)
		out->emotion = sum / (double)known;
}

double
journeys_opportunity(double importance, double met)
{
	/* fmax() would hide a NAN. */
	if (isnan(importance) || isnan(met))
		return NAN;
	return importance + fmax(importance - met, 0);
}

void
journeys_expected(
    const struct journeys *js, uint32_t expectation, int32_t day, struct expected *out)
{
	const struct item *item = js->ix->items[expectation];
	const struct target *own = item->targets_count > 0 ? item_targets(item) : NULL;
	uint32_t count;
	const struct lived *lived = journeys_lived(js, expectation, &count);

	*out = (struct expected){index_target(js->ix, expectation, ROLE_SEGMENT),
	    index_target(js->ix, expectation, ROLE_IN), NAN, NAN, NAN, SLOT_NONE, SLOT_NONE};
	for (uint32_t i = count; i-- > 0;) {
		if (lived[i].date > day)
			continue;
		if (isnan(out->importance) && !isnan(lived[i].importance)) {
			out->importance = lived[i].importance;
			out->importance_record = lived[i].record;
		}
		if (isnan(out->met) && !isnan(lived[i].met)) {
			out->met = lived[i].met;
			out->met_record = lived[i].record;
		}
	}
	if (isnan(out->importance) && own != NULL)
		out->importance = own->target;
	if (isnan(out->met) && own != NULL)
		out->met = own->baseline;
	out->opportunity = journeys_opportunity(out->importance, out->met);
}

struct by_opportunity {
	double opportunity;
	uint32_t slot;
};

static int
compare_opportunities(const void *pa, const void *pb, void *arg)
{
	const struct by_opportunity *a = pa, *b = pb;

	if (isnan(a->opportunity) != isnan(b->opportunity))
		return isnan(a->opportunity) ? 1 : -1;
	if (a->opportunity > b->opportunity || a->opportunity < b->opportunity)
		return a->opportunity > b->opportunity ? -1 : 1;
	return index_compare(arg, a->slot, b->slot);
}

static bool
sort_by_opportunity(const struct journeys *js, struct slots *slots, int32_t day)
{
	struct by_opportunity *list = malloc((slots->count + 1) * sizeof list[0]);
	struct expected expected;

	if (list == NULL)
		return false;
	for (size_t i = 0; i < slots->count; i++) {
		journeys_expected(js, slots->list[i], day, &expected);
		list[i] = (struct by_opportunity){expected.opportunity, slots->list[i]};
	}
	if (slots->count > 1)
		qsort_r(list, slots->count, sizeof list[0], compare_opportunities,
		    (void *)(uintptr_t)js->ix);
	for (size_t i = 0; i < slots->count; i++)
		slots->list[i] = list[i].slot;
	free(list);
	return true;
}

bool
journeys_expectations(
    const struct journeys *js, uint32_t step, uint32_t segment, int32_t day, struct slots *out)
{
	const struct index *ix = js->ix;
	struct edges in = index_in(ix, step);

	out->count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;

		if (in.list[i].role == ROLE_IN && ix->kinds[slot] == KIND_EXPECTATION &&
		    (segment == SLOT_NONE || index_target(ix, slot, ROLE_SEGMENT) == segment) &&
		    !slots_add(out, slot))
			return false;
	}
	return sort_by_opportunity(js, out, day);
}

/* ---- who answers */

bool
journeys_answers(const struct journeys *js, uint32_t expectation, struct slots *out)
{
	const struct index *ix = js->ix;
	struct edges in = index_in(ix, expectation);

	out->count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_ANSWERS &&
		    ix->kinds[in.list[i].slot] == KIND_OBJECTIVE &&
		    index_is(ix, in.list[i].slot, STANDING_JUDGED) &&
		    !slots_add(out, in.list[i].slot))
			return false;
	}
	slots_by_name(ix, out);
	return true;
}

static bool
is_for(const struct journeys *js, uint32_t work, uint32_t segment)
{
	size_t count;
	const struct scoped *limits = find_scoped(js->limited, js->limited_count, work, &count);

	for (size_t i = 0; i < count; i++) {
		if (limits[i].value == segment)
			return true;
	}
	return segment == SLOT_NONE || count == 0;
}

bool
journeys_work(const struct journeys *js, uint32_t step, uint32_t segment, struct slots *out)
{
	const struct index *ix = js->ix;
	struct edges in = index_in(ix, step);
	uint32_t stage = journeys_stage_of(ix, step);
	size_t count = 0;
	const struct scoped *scoped =
	    stage != SLOT_NONE ? find_scoped(js->scoped, js->scoped_count, stage, &count) : NULL;

	out->count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_WORKS_ON &&
		    index_is(ix, in.list[i].slot, STANDING_JUDGED) &&
		    is_for(js, in.list[i].slot, segment) && !slots_add(out, in.list[i].slot))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_for(js, scoped[i].value, segment) && !slots_add(out, scoped[i].value))
			return false;
	}
	settle(ix, out, compare_ranks);
	return true;
}

uint32_t
journeys_target(const struct index *ix, uint32_t slot, enum role role)
{
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role && index_is(ix, out.list[i].slot, STANDING_LIVE))
			return out.list[i].slot;
	}
	return SLOT_NONE;
}

void
journeys_mark_scoped(const struct journeys *js, uint8_t *marks)
{
	for (size_t i = 0; i < js->scoped_count; i++)
		marks[js->scoped[i].value] = 1;
	for (size_t i = 0; i < js->limited_count; i++)
		marks[js->limited[i].key] = 1;
}

bool
journeys_has_work_behind(const struct index *ix, uint32_t step)
{
	struct edges out = index_out(ix, step);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_BACKSTAGE &&
		    kind_is_work(ix->kinds[out.list[i].slot]) &&
		    index_is(ix, out.list[i].slot, STANDING_JUDGED))
			return true;
	}
	return false;
}

unsigned
journeys_holes(const struct journeys *js, uint32_t step, size_t expectations, size_t work)
{
	const struct index *ix = js->ix;
	bool met = journeys_target(ix, step, ROLE_MET_BY) != SLOT_NONE;
	unsigned holes = 0;

	if (!met)
		holes |= journeys_target(ix, step, ROLE_OWNER) != SLOT_NONE ? HOLE_NO_FUNCTION
									    : HOLE_NO_OWNER;
	if (journeys_target(ix, step, ROLE_JUDGED_BY) == SLOT_NONE)
		holes |= HOLE_NO_MEASURE;
	if (expectations == 0)
		holes |= HOLE_NO_EXPECTATION;
	if (work == 0 && !journeys_has_work_behind(ix, step))
		holes |= HOLE_NO_WORK;
	return holes;
}
