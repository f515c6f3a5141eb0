#include "server/insight/check/compare.h"

#include <stdlib.h>
#include <string.h>

#include "server/insight/check/check.h"
#include "server/insight/check/pass.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"

/* A table of the findings before, by hash: number + 1, 0 empty. */
struct table {
	const struct check *before;
	const struct check *after;
	uint32_t *places;
	size_t mask;
	bool *taken; /* by number: it is there after, too */
};

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* The slot after of what has this slot before; SLOT_NONE where that name was never used. */
static uint32_t
slot_after(const struct table *table, uint32_t slot)
{
	const struct item *item = check_index(table->before)->items[slot];
	const struct index *after = check_index(table->after);

	if (slot < after->slots && after->items[slot] != NULL &&
	    (after->items[slot] == item || ref_compare(after->items[slot], item) == 0))
		return slot;
	item =
	    view_find(check_view(table->after), (enum kind)item->kind, item_id(item), item->id_len);
	return item != NULL ? item->slot : SLOT_NONE;
}

static uint64_t
hash_finding(const struct finding *f, const uint32_t *subjects)
{
	uint64_t hash = mix(f->rule, f->flags & FINDING_UNKNOWN);

	for (unsigned i = 0; i < f->subjects_count; i++)
		hash = mix(hash, subjects[i]);
	for (const char *p = f->qualifier; p != NULL && *p != '\0'; p++)
		hash = mix(hash, (unsigned char)*p);
	return hash;
}

static const char *
qualifier(const struct finding *f)
{
	return f->qualifier != NULL ? f->qualifier : "";
}

/* The subjects before as slots after; false where one of them is not there after. */
static bool
subjects_after(const struct table *table, const struct finding *f, uint32_t *slots)
{
	const uint32_t *subjects = check_subjects(table->before, f);

	for (unsigned i = 0; i < f->subjects_count; i++) {
		slots[i] = slot_after(table, subjects[i]);
		if (slots[i] == SLOT_NONE)
			return false;
	}
	return true;
}

static bool
is_same(const struct table *table, const struct finding *before, const struct finding *after)
{
	uint32_t slots[FINDING_SUBJECTS];

	return before->rule == after->rule && before->subjects_count == after->subjects_count &&
	       ((before->flags ^ after->flags) & FINDING_UNKNOWN) == 0 &&
	       strcmp(qualifier(before), qualifier(after)) == 0 &&
	       subjects_after(table, before, slots) &&
	       memcmp(slots, check_subjects(table->after, after),
		   after->subjects_count * sizeof slots[0]) == 0;
}

static void
fill_table(struct table *table)
{
	size_t count = check_findings(table->before);

	for (size_t i = 0; i < count; i++) {
		const struct finding *f = check_finding(table->before, i);
		uint32_t slots[FINDING_SUBJECTS];
		size_t at;

		if (!subjects_after(table, f, slots))
			continue;
		at = hash_finding(f, slots) & table->mask;
		while (table->places[at] != 0)
			at = (at + 1) & table->mask;
		table->places[at] = (uint32_t)i + 1;
	}
}

/* Takes the same finding before, each once. */
static bool
take_same(struct table *table, const struct finding *f)
{
	size_t at = hash_finding(f, check_subjects(table->after, f)) & table->mask;

	for (; table->places[at] != 0; at = (at + 1) & table->mask) {
		uint32_t number = table->places[at] - 1;

		if (table->taken[number] ||
		    !is_same(table, check_finding(table->before, number), f))
			continue;
		table->taken[number] = true;
		return true;
	}
	return false;
}

static void
list_changes(struct table *table, struct compare *out)
{
	size_t before = check_findings(table->before);
	size_t after = check_findings(table->after);

	for (size_t i = 0; i < after; i++) {
		if (!take_same(table, check_finding(table->after, i)))
			out->appeared[out->appeared_count++] = (uint32_t)i;
	}
	for (size_t i = 0; i < before; i++) {
		if (!table->taken[i])
			out->gone[out->gone_count++] = (uint32_t)i;
	}
	out->same_count = after - out->appeared_count;
}

bool
compare_checks(
    const struct check *before, const struct check *after, struct compare *out, struct err *err)
{
	struct table table = {.before = before, .after = after, .mask = 63};
	size_t count = check_findings(before);
	bool ok = false;

	while (table.mask < 2 * count)
		table.mask = 2 * table.mask + 1;
	memset(out, 0, sizeof *out);
	table.places = calloc(table.mask + 1, sizeof table.places[0]);
	table.taken = calloc(count + 1, sizeof table.taken[0]);
	out->appeared = calloc(check_findings(after) + 1, sizeof out->appeared[0]);
	out->gone = calloc(count + 1, sizeof out->gone[0]);
	if (table.places == NULL || table.taken == NULL || out->appeared == NULL ||
	    out->gone == NULL) {
		err_oom(err);
		compare_fini(out);
		goto out;
	}
	fill_table(&table);
	list_changes(&table, out);
	ok = true;
out:
	free(table.places);
	free(table.taken);
	return ok;
}

void
compare_fini(struct compare *compare)
{
	free(compare->appeared);
	free(compare->gone);
	memset(compare, 0, sizeof *compare);
}
