/*
 * Maturity: how far the building blocks of customer experience are, judged against what each level looks like, and what comes next.
 *
 * The default model is our own text; docs/MATURITY.md says which public models it stands on. Plain C; no plan, no messages.
 *
 * A level counts only where it can be judged: it is stated, and the model says what it looks like. The phase is the level that every
 * block has reached, as a chain holds what its weakest link does; the next phase is the one after it, for all blocks together.
 */
#ifndef SERVER_INSIGHT_MATURITY_H
#define SERVER_INSIGHT_MATURITY_H

#include <stdbool.h>
#include <stddef.h>

#define MATURITY_LEVELS       9 /* as Maturity.level */
#define MATURITY_MODEL_BLOCKS 8
#define MATURITY_MODEL_LEVELS 5

struct maturity_block {
	const char *id;
	const char *title;
	const char *description;
	const char *levels[MATURITY_MODEL_LEVELS]; /* from 1 on */
};

extern const struct maturity_block maturity_model[MATURITY_MODEL_BLOCKS];
/* NULL: it has no block of that id. */
const struct maturity_block *maturity_default(const char *id, size_t len);

/* What is known of a block. */
struct maturity_input {
	const char *const *levels; /* texts from 1 on; NULL or "": a hole */
	size_t levels_count;
	int level;     /* -1 not stated */
	int wanted;    /* -1 not stated */
	bool in_plan;  /* there is an item */
	bool in_model; /* else nobody says what its levels look like */
	bool has_step; /* a next step is stated */
};

/* Each is a sentence's end: "cannot be judged, because …", or what is odd. */
enum maturity_problem {
	MATURITY_FINE,
	MATURITY_NOT_THERE,      /* the plan has no such item */
	MATURITY_NO_LEVEL,       /* nobody has stated one */
	MATURITY_NO_LEVELS,      /* nobody says what its levels look like */
	MATURITY_ABOVE,          /* level above the levels that are described */
	MATURITY_HOLE,           /* its level has no text */
	MATURITY_WANTED_ABOVE,   /* wanted is beyond the levels: judged all the same */
	MATURITY_WANTED_REACHED, /* wanted is not above the level */
	MATURITY_NO_STEP,        /* below its top, and no next step */
};

#define MATURITY_PROBLEMS 3

struct maturity_state {
	bool judged;
	int next; /* 0 none */
	enum maturity_problem problems[MATURITY_PROBLEMS];
	size_t problems_count;
};

void maturity_judge(const struct maturity_input *input, struct maturity_state *out);

#endif
