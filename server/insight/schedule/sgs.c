/* See sgs.h. */
#include "server/insight/schedule/sgs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_CAPACITY 32767 /* what a lane of 16 bits holds beside its guard */

bool
timetable_init(struct timetable *table, uint32_t resources, const int32_t *capacity, uint32_t slots,
    struct err *err)
{
	uint32_t per_word;
	uint32_t words;

	*table = (struct timetable){.lane = 16, .slots = slots};
	for (uint32_t r = 0; r < resources; r++)
		if (capacity[r] > SMALL_CAPACITY)
			table->lane = 32;
	table->guard =
	    table->lane == 16 ? UINT64_C(0x8000800080008000) : UINT64_C(0x8000000080000000);
	per_word = 64 / table->lane;
	words = resources == 0 ? 1 : (resources + per_word - 1) / per_word;
	table->words = words;
	table->capacity = calloc(words, sizeof *table->capacity);
	/* Not touched before it is used: a long horizon that no schedule reaches costs nothing. */
	table->used = calloc((size_t)slots + 1, words * sizeof *table->used);
	if (table->capacity == NULL || table->used == NULL) {
		timetable_fini(table);
		return err_oom(err);
	}
	timetable_pack(table, resources, capacity, table->capacity);
	for (uint32_t w = 0; w < words; w++)
		table->capacity[w] |= table->guard;
	return true;
}

void
timetable_fini(struct timetable *table)
{
	free(table->capacity);
	free(table->used);
	*table = (struct timetable){0};
}

void
timetable_clear(struct timetable *table)
{
	memset(table->used, 0, (size_t)table->used_end * table->words * sizeof *table->used);
	table->used_end = 0;
}

void
timetable_pack(
    const struct timetable *table, uint32_t resources, const int32_t *demand, uint64_t *words)
{
	uint32_t per_word = 64 / table->lane;

	memset(words, 0, table->words * sizeof *words);
	for (uint32_t r = 0; r < resources; r++) {
		assert(demand[r] >= 0);
		words[r / per_word] |= (uint64_t)(uint32_t)demand[r]
				       << (r % per_word * table->lane);
	}
}
