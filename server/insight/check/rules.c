#include "server/insight/check/rules.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/plan/control.h"
#include "server/plan/view.h"

/* In the order in which they are explained. */
static const struct rule *const *const families[] = {
    rules_sight,
    rules_priority,
    rules_priority_use,
    rules_priority_easy,
    rules_priority_conflict,
    rules_outcome,
    rules_outcome_after,
    rules_outcome_expectation,
    rules_scope,
    rules_scope_fit,
    rules_scope_grown,
    rules_owner,
    rules_load,
    rules_ask,
    rules_clarity,
    rules_clarity_leaders,
    rules_clarity_accept,
    rules_mirror,
    rules_customer,
    rules_customer_conflict,
    rules_rhythm,
    rules_rhythm_meet,
    rules_rhythm_request,
    rules_horizon,
    rules_horizon_fragile,
    rules_impact,
    rules_maturity,
};

/* All of them, one after the other; filled once. */
static const struct rule *rules[RULES_MAX];
static size_t rules_count;
static pthread_once_t rules_once = PTHREAD_ONCE_INIT;

/* A settings entry holds a few names and numbers. */
#define SETTING_MEMORY ((size_t)1 << 20)
/* A suggestion differs by at most this many letters. */
#define NEAR         4u
#define NAME_MAX_LEN 64u

static void
list_rules(void)
{
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		for (const struct rule *const *r = families[f]; *r != NULL; r++) {
			assert(rules_count < RULES_MAX);
			rules[rules_count++] = *r;
		}
	}
}

const struct rule *const *
rules_all(size_t *count)
{
	pthread_once(&rules_once, list_rules);
	*count = rules_count;
	return rules;
}

static size_t
count_all(void)
{
	size_t count;

	rules_all(&count);
	return count;
}

size_t
rule_thresholds(const struct rule *rule)
{
	size_t n = 0;

	while (n < THRESHOLDS_MAX && rule->thresholds[n].name != NULL)
		n++;
	return n;
}

int
rule_find(const char *name, size_t len)
{
	for (size_t i = 0; i < count_all(); i++) {
		if (strlen(rules[i]->name) == len && memcmp(rules[i]->name, name, len) == 0)
			return (int)i;
	}
	return -1;
}

static bool
is_in_family(const struct rule *rule, const char *family)
{
	size_t len = strlen(family);

	return len > 0 && strncmp(rule->name, family, len) == 0 && rule->name[len] == '/';
}

/* Letters to insert, delete or replace [Levenshtein]; both shorter than NAME_MAX_LEN. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1];
	size_t len = strlen(b);

	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			unsigned replaced = corner + (a[i - 1] != b[j - 1]);
			unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			corner = row[j];
			row[j] = replaced < best ? replaced : best;
		}
	}
	return row[len];
}

/* "none" means "owner/none" as well: the part behind the slash is compared too. */
static const char *
suggest(const char *name)
{
	unsigned nearest = NEAR;
	const char *found = NULL;

	if (strlen(name) >= NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < count_all(); i++) {
		unsigned whole = distance(name, rules[i]->name);
		unsigned part = distance(name, strchr(rules[i]->name, '/') + 1);
		unsigned d = whole < part ? whole : part;

		/* "foo" is not near "tie": half of what was typed must be right */
		if (d < nearest && d * 2 <= strlen(name)) {
			nearest = d;
			found = rules[i]->name;
		}
	}
	return found;
}

static bool
unknown_rule(const char *name, struct err *err)
{
	const char *meant = suggest(name);
	char names[300] = "";
	size_t used = 0;

	if (meant != NULL)
		return err_set(err, ERR_INVALID, "there is no rule \"%.64s\"; did you mean \"%s\"?",
		    name, meant);
	for (size_t i = 0; i < count_all(); i++) {
		size_t len = strcspn(rules[i]->name, "/");

		if (i > 0 && strncmp(rules[i]->name, rules[i - 1]->name, len + 1) == 0)
			continue;
		snprintf(names + used, sizeof names - used, "%s%.*s", used > 0 ? ", " : "",
		    (int)len, rules[i]->name);
		used = strlen(names);
	}
	return err_set(err, ERR_INVALID,
	    "there is no rule or family \"%.64s\"; the families are %s; explain without a name "
	    "lists all rules",
	    name, names);
}

bool
rules_select(const char *const *names, size_t count, bool selected[RULES_MAX], struct err *err)
{
	memset(selected, 0, RULES_MAX * sizeof selected[0]);
	for (size_t i = 0; i < count_all() && count == 0; i++)
		selected[i] = true;
	for (size_t n = 0; n < count; n++) {
		bool found = false;

		for (size_t i = 0; i < count_all(); i++) {
			if (strcmp(rules[i]->name, names[n]) == 0 ||
			    is_in_family(rules[i], names[n])) {
				selected[i] = true;
				found = true;
			}
		}
		if (!found)
			return unknown_rule(names[n], err);
	}
	return true;
}

bool
rules_want_baseline(const bool selected[RULES_MAX])
{
	for (size_t i = 0; i < count_all(); i++) {
		if (selected[i] && rules[i]->baseline)
			return true;
	}
	return false;
}

bool
rules_want_worlds(const bool selected[RULES_MAX])
{
	for (size_t i = 0; i < count_all(); i++) {
		if (selected[i] && rules[i]->worlds)
			return true;
	}
	return false;
}

static double
clamp(double value, const struct rule_threshold *threshold)
{
	if (value < threshold->min)
		return threshold->min;
	return value > threshold->max ? threshold->max : value;
}

static int
threshold_find(const struct rule *rule, const char *name)
{
	for (size_t i = 0; i < rule_thresholds(rule); i++) {
		if (strcmp(rule->thresholds[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void
apply_setting(
    const struct rule *rule, const struct control_rule_setting *setting, struct rule_state *state)
{
	if (setting->severity >= SEVERITY_NOTE && setting->severity <= SEVERITY_ERROR)
		state->severity = (enum severity)setting->severity;
	state->off = setting->off;
	state->refuse = setting->refuse && rule->local;
	for (size_t i = 0; i < setting->thresholds_count; i++) {
		int at = threshold_find(rule, setting->thresholds[i].name);

		if (at >= 0)
			state->limits[at] =
			    clamp(setting->thresholds[i].value, &rule->thresholds[at]);
	}
}

/* A setting's id is the rule's name with "." for "/". */
const struct item *
rules_setting(const struct view *view, const struct rule *rule)
{
	char id[NAME_MAX_LEN];
	size_t len = strlen(rule->name);
	const struct item *item;

	assert(len < sizeof id);
	memcpy(id, rule->name, len + 1);
	*strchr(id, '/') = '.';
	item = view_find(view, KIND_RULE_SETTING, id, len);
	return item_is_live(item) ? item : NULL;
}

static bool
read_setting(const struct view *view, const struct rule *rule, struct arena **arena,
    struct rule_state *state, struct err *err)
{
	const struct item *item = rules_setting(view, rule);
	struct control_rule_setting setting;

	if (item == NULL)
		return true;
	if (*arena == NULL)
		*arena = arena_new(SETTING_MEMORY);
	if (*arena == NULL)
		return err_oom(err);
	arena_reset(*arena);
	if (!control_rule_setting(item, *arena, &setting))
		return err_oom(err);
	if (strcmp(setting.rule, rule->name) == 0)
		apply_setting(rule, &setting, state);
	return true;
}

static void
set_defaults(const struct rule *rule, struct rule_state *state)
{
	*state = (struct rule_state){.severity = rule->severity};
	for (size_t t = 0; t < THRESHOLDS_MAX; t++)
		state->limits[t] = rule->thresholds[t].value;
}

bool
rules_state(
    const struct view *view, const struct rule *rule, struct rule_state *state, struct err *err)
{
	struct arena *arena = NULL;
	bool ok;

	set_defaults(rule, state);
	ok = read_setting(view, rule, &arena, state, err);
	arena_free(arena);
	return ok;
}

bool
rules_states(const struct view *view, struct rule_state states[RULES_MAX], struct err *err)
{
	struct arena *arena = NULL;
	bool ok = true;

	for (size_t i = 0; i < count_all() && ok; i++) {
		set_defaults(rules[i], &states[i]);
		ok = read_setting(view, rules[i], &arena, &states[i], err);
	}
	arena_free(arena);
	return ok;
}

static void
check_threshold(const struct rule *rule, const struct control_threshold *threshold,
    const char *prefix, struct faults *faults)
{
	int at = threshold_find(rule, threshold->name);
	const struct rule_threshold *known;
	char field[160];

	snprintf(field, sizeof field, "%s.thresholds[%.40s]", prefix, threshold->name);
	if (at < 0) {
		faults_add(faults, field,
		    "%s has no such threshold; docs/RULES.md and explain list what can be set",
		    rule->name);
		return;
	}
	known = &rule->thresholds[at];
	if (!(threshold->value >= known->min && threshold->value <= known->max))
		faults_add(
		    faults, field, "must be from %g to %g %s", known->min, known->max, known->unit);
}

void
rules_check_setting(
    const struct control_rule_setting *setting, const char *prefix, struct faults *faults)
{
	int number = rule_find(setting->rule, strlen(setting->rule));
	struct err err;
	char field[160];

	if (number < 0) {
		unknown_rule(setting->rule, &err);
		snprintf(field, sizeof field, "%s.rule", prefix);
		faults_add(faults, field, "%s", err.msg);
		return;
	}
	for (size_t i = 0; i < setting->thresholds_count; i++)
		check_threshold(rules[number], &setting->thresholds[i], prefix, faults);
	if (setting->refuse && !rules[number]->local) {
		snprintf(field, sizeof field, "%s.refuse", prefix);
		faults_add(faults, field,
		    "%s cannot refuse changes: whether it finds something depends on more than "
		    "what stands around a change. docs/RULES.md marks the rules that can",
		    rules[number]->name);
	}
}

const char *
severity_name(enum severity severity)
{
	static const char *const names[] = {"unset", "note", "warning", "error"};

	return names[severity];
}
