/* Skills that running work asks for, and who has them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/arena.h"
#include "server/insight/load/load_internal.h"

static int
compare_skills(const void *pa, const void *pb)
{
	const char *const *a = pa;
	const char *const *b = pb;
	int c = strcasecmp(*a, *b);

	return c != 0 ? c : strcmp(*a, *b);
}

static bool
add_skill(struct load *load, const char *name)
{
	void *grown = load->skills;

	if (!load_grow(&grown, &load->skills_cap, load->skills_count, sizeof load->skills[0]))
		return false;
	load->skills = grown;
	load->skills[load->skills_count] = strdup(name);
	return load->skills[load->skills_count] != NULL && ++load->skills_count > 0;
}

static bool
add_skills_of(struct load *load, uint32_t work, struct err *err)
{
	const struct control_need *needs;
	size_t count;

	arena_reset(load->scratch);
	if (!control_needs(load->ix->items[work], load->scratch, &needs, &count))
		return err_oom(err);
	for (size_t i = 0; i < count; i++)
		if (needs[i].skill[0] != '\0' && !add_skill(load, needs[i].skill))
			return err_oom(err);
	return true;
}

/* Each once, whatever the case of its letters. */
static void
settle(struct load *load)
{
	uint32_t kept = 0;

	if (load->skills_count > 1)
		qsort(load->skills, load->skills_count, sizeof load->skills[0], compare_skills);
	for (uint32_t i = 0; i < load->skills_count; i++) {
		if (kept > 0 && strcasecmp(load->skills[kept - 1], load->skills[i]) == 0)
			free(load->skills[i]);
		else
			load->skills[kept++] = load->skills[i];
	}
	load->skills_count = kept;
}

bool
load_find_skills(struct load *load, struct err *err)
{
	static const enum kind kinds[] = {KIND_INITIATIVE, KIND_WORKSTREAM, KIND_TASK};

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(load->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count; i++)
			if ((load->ix->has[slots[i]] & HAS_NEED_TERMS) != 0 &&
			    load_is_running(load->ix, slots[i]) &&
			    !add_skills_of(load, slots[i], err))
				return false;
	}
	settle(load);
	return true;
}

uint32_t
load_skill_row(const struct load *load, const char *name)
{
	uint32_t low = 0;
	uint32_t high = load->skills_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int c = strcasecmp(load->skills[middle], name);

		if (c == 0)
			return load->rows + middle;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NO_ROW;
}

bool
load_read_skills(struct load *load, struct giver *giver, uint32_t person, struct err *err)
{
	const char *const *stated;
	const char **sorted;
	size_t count;
	void *grown;

	arena_reset(load->scratch);
	if (!control_skills(load->ix->items[person], load->scratch, &stated, &count))
		return err_oom(err);
	sorted = arena_array(load->scratch, count + 1, sizeof sorted[0]);
	if (sorted == NULL)
		return err_oom(err);
	memcpy(sorted, stated, count * sizeof sorted[0]);
	if (count > 1)
		qsort(sorted, count, sizeof sorted[0], compare_skills);
	for (size_t i = 0; i < count; i++) {
		uint32_t row;

		if (i > 0 && strcasecmp(sorted[i - 1], sorted[i]) == 0)
			continue;
		giver->skills_stated++;
		row = load_skill_row(load, sorted[i]);
		if (row == NO_ROW)
			continue;
		grown = load->skill_rows;
		if (!load_grow(&grown, &load->skill_rows_cap, load->skill_rows_count,
			sizeof load->skill_rows[0]))
			return err_oom(err);
		load->skill_rows = grown;
		load->skill_rows[load->skill_rows_count++] = row;
		giver->skills_count++;
	}
	return true;
}

uint32_t
load_skills(const struct load *load)
{
	return load->skills_count;
}

const char *
load_skill(const struct load *load, uint32_t row)
{
	return load->skills[row - load->rows];
}

const uint32_t *
load_skills_of(const struct load *load, uint32_t row, uint32_t *count)
{
	*count = load->givers[row].skills_count;
	return load->skill_rows + load->givers[row].skills_first;
}

uint32_t
load_skills_stated(const struct load *load, uint32_t person)
{
	return load->givers[person].skills_stated;
}
