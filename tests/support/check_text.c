#include "tests/support/check_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"

#define TEXT_MAX ((size_t)16 << 20)

struct check *
check_text_run(struct plan_text *text, const char *today, const struct check_query *query)
{
	struct check_query q = {0};
	struct check *check;
	struct err err;

	if (query != NULL)
		q = *query;
	ck_assert(date_parse(today, &q.today));
	check = check_run(plan_text_view(text), &q, &err);
	if (check == NULL)
		ck_abort_msg("check: %s", err.msg);
	return check;
}

/* baseline may be NULL. */
static struct check *
run_rule(struct plan_text *text, const struct check_baseline *baseline, const char *today,
    const char *rule)
{
	struct check_query query = {.baseline = baseline};
	bool selected[RULES_MAX];
	struct err err;

	if (!rules_select(&rule, 1, selected, &err))
		ck_abort_msg("%s", err.msg);
	query.rules = selected;
	return check_text_run(text, today, &query);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in order, without blanks at either end, as one text. */
static char *
sorted(const char *lines)
{
	char *copy = strdup(lines);
	char *list[4096];
	size_t count = 0;
	struct str out;
	char *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		if (*line != '\0' && count < sizeof list / sizeof list[0])
			list[count++] = line;
	}
	qsort(list, count, sizeof list[0], compare_lines);
	str_init(&out, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		str_addf(&out, "%s\n", list[i]);
	free(copy);
	return str_take(&out);
}

static void
expect(struct check *check, const char *rule, const char *expected)
{
	struct str found;
	char *have;
	char *want = sorted(expected);

	str_init(&found, TEXT_MAX);
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct finding *f = check_finding(check, i);

		str_add(&found, f->flags & FINDING_UNKNOWN ? "? " : "");
		check_key(check, f, &found);
		str_add_char(&found, '\n');
	}
	have = sorted(found.data);
	if (strcmp(have, want) != 0)
		ck_abort_msg("%s found:\n%sexpected:\n%s", rule, have, want);
	free(have);
	free(want);
	str_fini(&found);
	check_free(check);
}

void
check_text_expect(struct plan_text *text, const char *today, const char *rule, const char *expected)
{
	expect(run_rule(text, NULL, today, rule), rule, expected);
}

static void
says(struct check *check, const char *message)
{
	struct str said;

	ck_assert_uint_eq(check_findings(check), 1);
	str_init(&said, TEXT_MAX);
	check_message(check, check_finding(check, 0), &said);
	ck_assert_str_eq(said.data, message);
	str_fini(&said);
	check_free(check);
}

void
check_text_says(struct plan_text *text, const char *today, const char *rule, const char *message)
{
	says(run_rule(text, NULL, today, rule), message);
}

void
check_text_since(struct plan_text *then, struct plan_text *now, const char *baseline,
    const char *today, const char *rule, const char *expected, const char *message)
{
	const struct check_baseline at = {plan_text_view(then), plan_text_slot(now, baseline)};

	expect(run_rule(now, &at, today, rule), rule, expected);
	if (message != NULL)
		says(run_rule(now, &at, today, rule), message);
}

void
check_text_plan(const char *lines, const char *rule, const char *expected)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	check_text_expect(&text, "2026-03-31", rule, expected);
	plan_text_fini(&text);
}
