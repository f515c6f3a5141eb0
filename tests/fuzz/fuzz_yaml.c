/*
 * Any bytes as a plan file. What is accepted can be written out, reads back without a fault as the same entries, and
 * is then written in the same words; every fault has a line within the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile.h"
#include "client/planfile_kinds.h"
#include "client/planfile_write.h"
#include "common/arena.h"
#include "common/pb.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static char *
write_out(const struct planfile *plan)
{
	const struct planfile_step *step = plan->steps[plan->steps_count - 1];
	struct planfile_writer *writer = planfile_writer_new(plan->arena);
	const struct planfile_kind *kinds;
	Plumb__V1__Envelope *envelope;
	struct str out;
	size_t count;

	must(writer != NULL);
	for (size_t i = 0; i < step->count; i++) {
		envelope = arena_alloc(plan->arena, sizeof *envelope);
		must(envelope != NULL);
		plumb__v1__envelope__init(envelope);
		envelope->kind = step->entries[i]->kind;
		envelope->ref = pb_str(step->entries[i]->ref);
		envelope->item = step->entries[i]->item;
		envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_ITEM;
		if (step->entries[i]->record != NULL) {
			envelope->record = step->entries[i]->record;
			envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_RECORD;
		}
		must(planfile_writer_add(writer, envelope));
	}
	must(planfile_writer_arrange(writer));
	str_init(&out, 1u << 26);
	kinds = planfile_kinds(&count);
	for (size_t i = 0; i < count; i++)
		planfile_write_section(writer, &kinds[i], &out);
	return str_take(&out);
}

static void
check_same(const struct planfile *plan, const struct planfile *again)
{
	const struct planfile_step *step = plan->steps[plan->steps_count - 1];
	const struct planfile_step *other = again->steps[again->steps_count - 1];
	const struct planfile_entry *a, *b;

	must(step->count == other->count);
	for (size_t i = 0; i < step->count; i++) {
		a = step->entries[i];
		b = planfile_find(other, a->ref);
		must(b != NULL);
		must((a->item == NULL) == (b->item == NULL));
		if (a->item != NULL)
			must(
			    pb_equal(&plumb__v1__item__descriptor, &a->item->base, &b->item->base));
		else
			must(pb_equal(
			    &plumb__v1__record__descriptor, &a->record->base, &b->record->base));
	}
}

static void
check_round_trip(const struct planfile *plan)
{
	char *text = write_out(plan), *twice;
	struct planfile *again;
	struct err err = {0};

	again = planfile_new(&err);
	must(text != NULL && again != NULL);
	planfile_load_text(again, "again.yaml", text, strlen(text));
	must(planfile_finish(again, &err));
	check_same(plan, again);
	twice = write_out(again);
	must(twice != NULL && strcmp(text, twice) == 0);
	planfile_free(again);
	free(text);
	free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct planfile *plan = planfile_new(&err);
	struct str shown;
	size_t lines = 1;

	must(plan != NULL);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	planfile_load_text(plan, "fuzz.yaml", (const char *)data, size);
	if (planfile_finish(plan, &err)) {
		check_round_trip(plan);
	} else {
		must(plan->faults_total > 0 || plan->out_of_memory);
		for (size_t i = 0; i < plan->faults_count; i++)
			must(plan->faults[i].place.line <= lines + 1);
		str_init(&shown, 1u << 24);
		planfile_print_faults(plan, &shown);
		must(str_ok(&shown));
		str_fini(&shown);
	}
	planfile_free(plan);
	return 0;
}
