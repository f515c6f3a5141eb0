/* The score beside a check: which units lie behind waivers. */
#include <stdlib.h>
#include <string.h>

#include "server/insight/check/pass.h"
#include "server/insight/score/score.h"

/* The family of the rule; SCORE_FAMILIES where the score has none of that name. */
static unsigned
family_of(const struct score *score, const struct rule *rule)
{
	size_t len = strcspn(rule->name, "/");
	unsigned f = 0;

	while (f < SCORE_FAMILIES && (strlen(score->families[f].family) != len ||
					 memcmp(score->families[f].family, rule->name, len) != 0))
		f++;
	return f;
}

static bool
count_waived(const struct check *check, struct score *score, struct err *err)
{
	const struct index *ix = check_index(check);
	uint16_t *seen = calloc((size_t)ix->slots + 1, sizeof *seen); /* a bit for each family */
	size_t rules_count;
	const struct rule *const *rules = rules_all(&rules_count);

	_Static_assert(SCORE_FAMILIES <= 16, "a bit for each");
	if (seen == NULL)
		return err_oom(err);
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct finding *f = check_finding(check, i);
		const uint32_t *subjects = check_subjects(check, f);
		unsigned family = family_of(score, rules[f->rule]);

		if ((f->flags & FINDING_WAIVED) == 0 || family == SCORE_FAMILIES)
			continue;
		for (unsigned s = 0; s < f->subjects_count; s++) {
			uint16_t bit = (uint16_t)(1u << family);

			if ((seen[subjects[s]] & bit) || !score_is_unit(ix, family, subjects[s]))
				continue;
			seen[subjects[s]] |= bit;
			score->families[family].waived++;
		}
	}
	free(seen);
	return true;
}

bool
score_of_check(const struct check *check, size_t keep, index_stop_fn stop, void *arg,
    struct score *out, struct err *err)
{
	if (!score_run(check_index(check), keep, stop, arg, out, err))
		return false;
	if (check_counts(check)->waived == 0 || count_waived(check, out, err))
		return true;
	score_fini(out);
	return false;
}
