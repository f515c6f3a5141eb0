/* The family "customer", numbers that pull apart: functions at one step that are judged by opposed measures. */
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/aim.h"
#include "server/insight/check/dimension.h"
#include "server/insight/check/pass.h"
#include "server/insight/customer/ecosystem.h"
#include "server/insight/customer/journeys.h"

/* Of one step: enough to act on, few enough to read. */
#define PAIRS_MAX 8u
/* Numbers at one step that are held against each other, each with each. */
#define JUDGED_MAX 500u

/* A function at a step, and a number that it is judged by. */
struct judged {
	uint64_t hash; /* of the dimension; 0 none */
	uint32_t function;
	uint32_t measure;
	uint8_t direction;
};

struct conflicts {
	struct judged list[JUDGED_MAX];
	size_t count;
	uint32_t step; /* that they are of */
	uint64_t *
	    named; /* of each measure, the step and the function that it was added with last; by slot */
	uint64_t *hashes; /* of each measure's dimension, by slot; worked out at first */
	uint8_t *hashed;
};

static bool
add(struct conflicts *c, const struct index *ix, uint32_t function, uint32_t measure)
{
	uint64_t name = (uint64_t)c->step << 32 | function;

	if (c->count == JUDGED_MAX || function == SLOT_NONE || ix->kinds[measure] != KIND_MEASURE ||
	    !index_is(ix, measure, STANDING_LIVE) || c->named[measure] == name)
		return true;
	if (!c->hashed[measure]) {
		if (!dimension_hash(ix->items[measure], &c->hashes[measure]))
			return false;
		c->hashed[measure] = 1;
	}
	c->named[measure] = name;
	c->list[c->count++] =
	    (struct judged){c->hashes[measure], function, measure, ix->items[measure]->extra};
	return true;
}

/* What a team is judged by: where it meets customers, and the targets of its open objectives. */
static bool
add_of_team(struct conflicts *c, const struct index *ix, uint32_t team)
{
	struct edges in = index_in(ix, team);
	bool ok = true;

	for (uint32_t i = 0; ok && i < in.count && c->count < JUDGED_MAX; i++) {
		uint32_t slot = in.list[i].slot;
		struct edges out = index_out(ix, slot);
		bool step = in.list[i].role == ROLE_MET_BY;
		bool objective = in.list[i].role == ROLE_TEAM &&
				 ix->kinds[slot] == KIND_OBJECTIVE &&
				 index_is(ix, slot, STANDING_JUDGED);
		enum role role = step ? ROLE_JUDGED_BY : ROLE_TARGET_MEASURE;

		for (uint32_t k = 0; ok && (step || objective) && k < out.count; k++) {
			if (out.list[k].role == role)
				ok = add(c, ix, team, out.list[k].slot);
		}
	}
	return ok;
}

/* Those in front and behind; a measure behind is that of the team that owns it, or nobody's. */
static bool
gather(struct conflicts *c, const struct index *ix, uint32_t step)
{
	uint32_t front = journeys_target(ix, step, ROLE_MET_BY);
	uint32_t measure = journeys_target(ix, step, ROLE_JUDGED_BY);
	struct edges out = index_out(ix, step);

	c->count = 0;
	c->step = step;
	if (front != SLOT_NONE && measure != SLOT_NONE && !add(c, ix, front, measure))
		return false;
	for (uint32_t i = 0; i < out.count && c->count < JUDGED_MAX; i++) {
		uint32_t slot = out.list[i].slot;

		if (out.list[i].role != ROLE_BACKSTAGE || !index_is(ix, slot, STANDING_LIVE) ||
		    index_is_again(&out, i))
			continue;
		if (ix->kinds[slot] == KIND_TEAM && !add_of_team(c, ix, slot))
			return false;
		if (ix->kinds[slot] == KIND_MEASURE) {
			uint32_t team = ecosystem_team(ix, slot);

			if (!add(c, ix, team != SLOT_NONE ? team : slot, slot))
				return false;
		}
	}
	return true;
}

static int
compare_judged(const void *pa, const void *pb)
{
	const struct judged *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->measure != b->measure)
		return a->measure < b->measure ? -1 : 1;
	return a->function < b->function ? -1 : a->function > b->function;
}

static const char *
direction_word(unsigned direction)
{
	static const char *const words[] = {"not stated", "up", "down", "hold"};

	return direction < sizeof words / sizeof words[0] ? words[direction] : words[0];
}

static void
emit(
    struct pass *pass, uint32_t step, const struct judged *a, const struct judged *b, bool declared)
{
	struct draft d;

	if (index_compare(pass->ix, b->measure, a->measure) < 0) {
		const struct judged *kept = a;

		a = b;
		b = kept;
	}
	draft_init(&d, step, a->measure);
	d.subjects[d.subjects_count++] = b->measure;
	draft_slot(&d, a->measure, "judges", a->function);
	draft_text(&d, a->measure, "direction", direction_word(a->direction));
	draft_slot(&d, b->measure, "judges", b->function);
	draft_text(&d, b->measure, "direction", direction_word(b->direction));
	draft_text(&d, step, "because", declared ? "a link says so" : "both measure one dimension");
	pass_emit(pass, &d);
}

/* 1 they do, 0 not, -1 out of memory. */
static int
pull_apart(const struct index *ix, const struct judged *a, const struct judged *b, bool *declared)
{
	*declared = index_has_target(ix, a->measure, ROLE_LINK_CONFLICTS, b->measure) ||
		    index_has_target(ix, b->measure, ROLE_LINK_CONFLICTS, a->measure);
	if (*declared)
		return 1;
	if (a->hash == 0 || a->hash != b->hash ||
	    !((a->direction == DIRECTION_UP && b->direction == DIRECTION_DOWN) ||
		(a->direction == DIRECTION_DOWN && b->direction == DIRECTION_UP)))
		return 0;
	return dimension_is_same(ix->items[a->measure], ix->items[b->measure]);
}

/* Has the pair of measures been named before? Two functions may share a measure. */
static bool
is_repeated(const struct conflicts *c, size_t i, size_t k)
{
	return (i > 0 && c->list[i - 1].measure == c->list[i].measure &&
		   c->list[i - 1].function != c->list[k].function) ||
	       (k > i + 1 && c->list[k - 1].measure == c->list[k].measure &&
		   c->list[k - 1].function != c->list[i].function);
}

static void
judge_step(struct pass *pass, struct conflicts *c, uint32_t step)
{
	const struct index *ix = pass->ix;
	unsigned pairs = 0;
	bool declared;
	int apart;

	if (!gather(c, ix, step)) {
		pass_out_of_memory(pass);
		return;
	}
	if (c->count > 1)
		qsort(c->list, c->count, sizeof c->list[0], compare_judged);
	for (size_t i = 0; i < c->count; i++) {
		bool links = (ix->roles[c->list[i].measure] & ROLE_BIT(ROLE_LINK_CONFLICTS)) != 0;

		for (size_t k = i + 1; k < c->count && pairs < PAIRS_MAX; k++) {
			const struct judged *a = &c->list[i], *b = &c->list[k];

			/* In order of dimensions: behind the last of this one only a link can say so. */
			if (a->hash != b->hash && !links &&
			    (ix->roles[b->measure] & ROLE_BIT(ROLE_LINK_CONFLICTS)) == 0)
				continue;
			if (!pass_goes_on(pass))
				return;
			if (a->function == b->function || a->measure == b->measure ||
			    is_repeated(c, i, k))
				continue;
			apart = pull_apart(ix, a, b, &declared);
			if (apart < 0)
				pass_out_of_memory(pass);
			if (apart <= 0)
				continue;
			emit(pass, step, a, b, declared);
			pairs++;
		}
	}
}

static void
run_conflict(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *steps = index_kind(ix, KIND_STEP, &count);
	struct conflicts c;

	if (count == 0)
		return;
	c.named = calloc((size_t)ix->slots + 1, sizeof c.named[0]);
	c.hashes = calloc((size_t)ix->slots + 1, sizeof c.hashes[0]);
	c.hashed = calloc((size_t)ix->slots + 1, sizeof c.hashed[0]);
	if (c.named == NULL || c.hashes == NULL || c.hashed == NULL)
		pass_out_of_memory(pass);
	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		uint32_t journey = journeys_journey_of(ix, steps[i]);

		if (journey == SLOT_NONE || ix->items[journey]->extra == JOURNEY_AS_IS)
			judge_step(pass, &c, steps[i]);
	}
	free(c.named);
	free(c.hashes);
	free(c.hashed);
}

static void
add_side(const struct check *check, const struct evidence *e, struct str *out)
{
	check_value(check, &e[0], out);
	str_add(out, " is judged by ");
	check_ref(check, e[0].slot, out);
	str_add(out, " (");
	check_value(check, &e[1], out);
	str_add_char(out, ')');
}

static void
message_conflict(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	str_add(out, "At ");
	message_subject(check, f, 0, out);
	str_add_char(out, ' ');
	add_side(check, &e[0], out);
	str_add(out, " and ");
	add_side(check, &e[2], out);
	str_add(out, ", which pull apart: ");
	check_value(check, &e[4], out);
	str_add_char(out, '.');
}

static const struct rule customer_metric_conflict = {
    .name = "customer/metric-conflict",
    .severity = SEVERITY_WARNING,
    .actor = "judges",
    .asks = "Are those who serve the same customer judged by numbers that go together?",
    .meaning =
	"Two functions at one step of a journey as it is, judged by measures that pull apart: a "
	"link of type `conflicts` between them, or one dimension (small and capital letters are "
	"the "
	"same) of which one measure shall go up and the other down. In front it is the team that "
	"meets the customers with the measure that the step names; behind it are the teams that "
	"the "
	"step names, with the measures by which they are judged where they meet customers and "
	"those "
	"of their open objectives, and the measures that the step names, with the team that owns "
	"them. Up to eight pairs are named for each step, of its first 500 numbers.",
    .hurts = "Each of both reaches the number, and the customer pays for it between them.",
    .mend = "Judge both by what the customer has of it, or decide which number gives way at this "
	    "step.",
    .unknown_when = "",
    .fix = "Judge both functions by one number that customers would choose.",
    .run = run_conflict,
    .message = message_conflict,
};

const struct rule *const rules_customer_conflict[] = {
    &customer_metric_conflict,
    NULL,
};
