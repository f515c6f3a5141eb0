/* One pass of the core over a plain problem; see rcpsp_search.h. */
#include <stdlib.h>

#include "server/insight/schedule/rcpsp_search.h"

bool
rcpsp_decoder_init(struct rcpsp_decoder *decoder, const struct rcpsp *problem, struct err *err)
{
	uint32_t words;

	*decoder = (struct rcpsp_decoder){.problem = problem};
	if (!timetable_init(&decoder->table, problem->resources, problem->capacity,
		(uint32_t)problem->horizon, err))
		return false;
	words = decoder->table.words;
	decoder->finish = calloc(problem->count, sizeof *decoder->finish);
	decoder->demand = calloc((size_t)problem->count, words * sizeof *decoder->demand);
	if (decoder->finish == NULL || decoder->demand == NULL) {
		rcpsp_decoder_fini(decoder);
		return err_oom(err);
	}
	/* What takes no time takes no capacity, however much it says that it needs. */
	for (uint32_t i = 0; i < problem->count; i++)
		if (problem->duration[i] > 0)
			timetable_pack(&decoder->table, problem->resources,
			    problem->demand + (size_t)i * problem->resources,
			    decoder->demand + (size_t)i * words);
	return true;
}

void
rcpsp_decoder_fini(struct rcpsp_decoder *decoder)
{
	timetable_fini(&decoder->table);
	free(decoder->demand);
	free(decoder->finish);
	decoder->demand = NULL;
	decoder->finish = NULL;
}

static int32_t
place(void *arg, uint32_t activity, int32_t earliest, int32_t *start)
{
	struct rcpsp_decoder *decoder = arg;
	int32_t duration = decoder->problem->duration[activity];

	*start = timetable_place(&decoder->table,
	    decoder->demand + (size_t)activity * decoder->table.words, earliest, duration);
	return *start + duration;
}

int32_t
rcpsp_decode(struct rcpsp_decoder *decoder, int direction, const uint32_t *order, int32_t *start)
{
	timetable_clear(&decoder->table);
	return sgs_serial(
	    &decoder->problem->net[direction], order, place, decoder, start, decoder->finish);
}
