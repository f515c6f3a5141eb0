/*
 * Change sets as bytes, several after each other, through decoding, applying, views, undo and settling.
 *
 * The input is cut at 0xff 0x00; the byte behind says what happens to the set that was taken. In the end the plan is
 * undone and freed: every leak and every assert is a find.
 */
#include <stdint.h>
#include <string.h>

#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(struct plan *plan)
{
	struct view *view = plan_view(plan);

	if (view == NULL || !view_settle(view))
		return;
	for (uint32_t i = 0; i < view_slots(view); i++) {
		const struct item *item = view_item(view, i);
		struct pb_out out;

		if (item == NULL)
			continue;
		pb_out_init(&out, NULL, 1u << 20);
		codec_envelope(view, item, &out);
		pb_out_fini(&out);
	}
	plan_view_release(plan, view);
}

static void
apply(struct plan *plan, const uint8_t *p, size_t len, uint8_t then)
{
	struct arena *arena = arena_new(4u << 20);
	struct faults *faults = arena != NULL ? arena_zalloc(arena, sizeof *faults) : NULL;
	struct stamp stamp = {
	    plan_revision(plan) + 1, (int64_t)plan_revision(plan), "person/anna", false};
	struct plan_conflict conflict = {{0}, 0, 0};
	struct patch *patch;
	ProtobufCMessage *set;
	struct err err;

	if (faults == NULL)
		return;
	faults_init(faults, arena);
	set = pb_decode(&plumb__v1__change_set__descriptor, p, len, true, arena, &err);
	if (set != NULL && plan_apply(plan, set, &stamp, (then & 4) != 0, arena, faults, &conflict,
			       &patch, &err)) {
		if ((then & 1) != 0)
			look(plan);
		if ((then & 2) != 0)
			plan_undo(plan, patch);
		else if (plan_durable(plan) + 1 == stamp.revision)
			plan_settle(plan, patch);
	}
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan *plan = plan_new();

	while (plan != NULL && size > 0) {
		const uint8_t *cut = memmem(data, size, "\xff\x00", 2);
		size_t len = cut != NULL ? (size_t)(cut - data) : size,
		       used = cut != NULL ? len + 3 : size;

		apply(plan, data, len, cut != NULL && used <= size ? cut[2] : 0);
		if (used >= size)
			break;
		data += used;
		size -= used;
	}
	if (plan != NULL)
		look(plan);
	plan_free(plan);
	return 0;
}
