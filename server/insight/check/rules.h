/*
 * The table of rules: what a finding can be of, what its words mean, what a workspace can set.
 *
 * docs/RULES.md, `plumb explain` and the checks come from this one table.
 */
#ifndef SERVER_INSIGHT_CHECK_RULES_H
#define SERVER_INSIGHT_CHECK_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define RULES_MAX      96
#define THRESHOLDS_MAX 3

struct arena;
struct check;
struct control_rule_setting;
struct faults;
struct finding;
struct item;
struct pass;
struct str;
struct view;

/* The numbers of plumb.v1.Severity. */
enum severity { SEVERITY_UNSET = 0, SEVERITY_NOTE = 1, SEVERITY_WARNING = 2, SEVERITY_ERROR = 3 };

struct rule_threshold {
	const char *name;
	double value; /* default */
	double min;
	double max;
	const char *unit;
	const char *help;
};

/* All texts are static, plain sentences. */
struct rule {
	const char *name; /* "family/name" */
	enum severity severity;
	bool local;    /* judges an entry by nothing but what server/plan/part.h names */
	bool baseline; /* looks at the newest baseline too */
	bool
	    worlds; /* looks at scenarios too (worlds.h): not of the past, no difference of two plans */
	struct rule_threshold thresholds[THRESHOLDS_MAX]; /* ends before the first without a name */
	const char *asks;
	const char *meaning;
	const char *hurts;
	const char *mend;
	const char *unknown_when; /* "": it always can judge */
	const char *fix;          /* one imperative sentence, shown with each finding */
	/* The evidence that names who should act (a person, or a team's lead); NULL: those nearest to the subjects. */
	const char *actor;
	/* Puts its findings into the pass. */
	void (*run)(struct pass *pass);
	/* One sentence about a finding that is not unknown. */
	void (*message)(const struct check *check, const struct finding *finding, struct str *out);
};

/* What a workspace made of a rule. */
struct rule_state {
	enum severity severity;
	bool off;
	bool refuse; /* Apply refuses what adds such a finding; of local rules only */
	double limits[THRESHOLDS_MAX];
};

const struct rule *const *rules_all(size_t *count);
size_t rule_thresholds(const struct rule *rule);
/* Its number in the table; -1 if there is none of that name. */
int rule_find(const char *name, size_t len);
/* Does one of them look at the newest baseline? */
bool rules_want_baseline(const bool selected[RULES_MAX]);
/* Does one of them look at scenarios? */
bool rules_want_worlds(const bool selected[RULES_MAX]);
/* The workspace's setting of a rule; NULL none. */
const struct item *rules_setting(const struct view *view, const struct rule *rule);
/* rules_states() for one rule. */
bool rules_state(const struct view *view, const struct rule *rule, struct rule_state *state,
    struct err *err) MUST_CHECK;
/*
 * Marks the rules that the names mean ("owner/many", or the family "owner"); no names: all. ERR_INVALID suggests what
 * could have been meant.
 */
bool rules_select(
    const char *const *names, size_t count, bool selected[RULES_MAX], struct err *err) MUST_CHECK;
/* Defaults with the view's settings over them; values out of range count as the nearest one within. */
bool rules_states(
    const struct view *view, struct rule_state states[RULES_MAX], struct err *err) MUST_CHECK;
/* What is wrong with a setting that somebody wants to store; field paths start with prefix. */
void rules_check_setting(
    const struct control_rule_setting *setting, const char *prefix, struct faults *faults);
/* "error", "warning", "note". */
const char *severity_name(enum severity severity);
/* docs/RULES.md. */
void rules_markdown(struct str *out);

#endif
