#include "server/insight/maturity.h"

#include <string.h>

static void
add(struct maturity_state *out, enum maturity_problem problem)
{
	if (out->problems_count < MATURITY_PROBLEMS)
		out->problems[out->problems_count++] = problem;
}

static bool
is_described(const struct maturity_input *input, int level)
{
	return level >= 1 && (size_t)level <= input->levels_count &&
	       input->levels[level - 1] != NULL && input->levels[level - 1][0] != '\0';
}

/* Level 0, nothing yet, needs no words. */
static enum maturity_problem
why_not(const struct maturity_input *input)
{
	if (!input->in_plan)
		return MATURITY_NOT_THERE;
	if (!input->in_model || input->levels_count == 0)
		return MATURITY_NO_LEVELS;
	if (input->level < 0)
		return MATURITY_NO_LEVEL;
	if (input->level > 0 && (size_t)input->level > input->levels_count)
		return MATURITY_ABOVE;
	if (input->level > 0 && !is_described(input, input->level))
		return MATURITY_HOLE;
	return MATURITY_FINE;
}

static int
next_of(const struct maturity_input *input, struct maturity_state *out)
{
	int top = (int)input->levels_count;

	if (input->wanted > top)
		add(out, MATURITY_WANTED_ABOVE);
	else if (input->wanted >= 0 && input->wanted <= input->level)
		add(out, MATURITY_WANTED_REACHED);
	else if (input->wanted >= 0)
		return input->wanted;
	return input->level < top ? input->level + 1 : 0;
}

void
maturity_judge(const struct maturity_input *input, struct maturity_state *out)
{
	enum maturity_problem problem = why_not(input);

	*out = (struct maturity_state){.judged = problem == MATURITY_FINE};
	if (!out->judged) {
		add(out, problem);
		return;
	}
	out->next = next_of(input, out);
	if (out->next > 0 && !input->has_step)
		add(out, MATURITY_NO_STEP);
}

const struct maturity_block *
maturity_default(const char *id, size_t len)
{
	for (size_t i = 0; i < MATURITY_MODEL_BLOCKS; i++) {
		if (strlen(maturity_model[i].id) == len &&
		    memcmp(maturity_model[i].id, id, len) == 0)
			return &maturity_model[i];
	}
	return NULL;
}
