/* Plans for the tests of server/plan: change sets written as JSON, state dumped as text. */
#ifndef TESTS_UNIT_PLAN_FIXTURE_H
#define TESTS_UNIT_PLAN_FIXTURE_H

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

/* What an apply led to. The arena lives until the next one. */
struct outcome {
	bool ok;
	struct patch *patch;
	struct faults faults;
	struct plan_conflict conflict;
	struct err err;
};

static struct arena *fixture_arena;

/* Applies changes (a JSON list) with the next revision, at the given time. */
static inline struct outcome
apply_as(struct plan *plan, const char *changes, const char *more, const char *author,
    int64_t time_us, bool replay)
{
	struct outcome o = {0};
	struct str text;
	ProtobufCMessage *set;
	struct stamp stamp = {plan_revision(plan) + 1, time_us, author, false};

	arena_free(fixture_arena);
	fixture_arena = arena_new(64u << 20);
	str_init(&text, 16u << 20);
	str_addf(&text, "{\"changes\": %s%s}", changes, more);
	set = json_parse(
	    &plumb__v1__change_set__descriptor, text.data, text.len, fixture_arena, &o.err);
	ck_assert_msg(set != NULL, "%s in %s", o.err.msg, text.data);
	str_fini(&text);
	faults_init(&o.faults, fixture_arena);
	o.ok = plan_apply(
	    plan, set, &stamp, replay, fixture_arena, &o.faults, &o.conflict, &o.patch, &o.err);
	return o;
}

static inline struct outcome
apply(struct plan *plan, const char *changes)
{
	return apply_as(
	    plan, changes, "", "person/anna", 1000000 * (int64_t)(plan_revision(plan) + 1), false);
}

/* Applies and settles; must be taken. */
static inline void
take(struct plan *plan, const char *changes)
{
	struct outcome o = apply(plan, changes);

	ck_assert_msg(o.ok, "%s", o.err.msg);
	plan_settle(plan, o.patch);
}

/* Must be refused with this code and a first fault at field; the plan must not have moved. */
static inline void
refused(struct plan *plan, const char *changes, enum err_code code, const char *field)
{
	uint64_t before = plan_revision(plan);
	struct outcome o = apply(plan, changes);

	ck_assert_msg(!o.ok, "taken: %s", changes);
	ck_assert_msg(o.err.code == code, "%d: %s", o.err.code, o.err.msg);
	ck_assert_uint_gt(o.faults.count, 0);
	ck_assert_str_eq(o.faults.list[0].field, field);
	ck_assert_uint_eq(plan_revision(plan), before);
}

static inline const struct item *
find(const struct plan *plan, const char *ref)
{
	enum kind kind;
	const char *id;
	size_t len;

	ck_assert(ref_parse(ref, KIND_NONE, &kind, &id, &len));
	return plan_find(plan, kind, id, len);
}

static inline int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line an entry, sorted; everything that Get shows. Caller frees. */
static inline char *
dump(const struct view *view)
{
	char **lines = calloc(view_slots(view) + 1u, sizeof *lines);
	size_t count = 0;
	struct str all;

	for (uint32_t i = 0; i < view_slots(view); i++) {
		const struct item *item = view_item(view, i);
		struct pb_out out;
		struct str line;

		if (item == NULL || (item->flags & ITEM_ABSENT) != 0)
			continue;
		str_init(&line, 1u << 20);
		str_addf(&line, "%s/%.*s prev=%" PRIu64 " flags=%u ", kind_name(item->kind),
		    item->id_len, item_id(item), item->previous, item->flags);
		pb_out_init(&out, NULL, 1u << 20);
		codec_envelope(view, item, &out);
		for (size_t k = 0; k < out.len; k++)
			str_addf(&line, "%02x", out.p[k]);
		pb_out_fini(&out);
		lines[count++] = str_take(&line);
	}
	qsort(lines, count, sizeof *lines, compare_lines);
	str_init(&all, 64u << 20);
	str_addf(
	    &all, "revision %" PRIu64 " time %" PRId64 "\n", view_revision(view), view_time(view));
	for (size_t i = 0; i < count; i++) {
		str_add(&all, lines[i]);
		str_add(&all, "\n");
		free(lines[i]);
	}
	free(lines);
	return str_take(&all);
}

static inline char *
dump_durable(struct plan *plan)
{
	struct view *view = plan_view(plan);
	char *text;

	ck_assert(view_settle(view));
	text = dump(view);
	plan_view_release(plan, view);
	return text;
}

#endif
