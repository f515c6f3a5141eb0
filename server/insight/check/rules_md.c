/* docs/RULES.md from the table of rules. */
#include <stddef.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/rules.h"

static const char intro[] =
    "# Rules\n"
    "\n"
    "Generated from the table of rules (`ninja rules-md`); do not edit.\n"
    "\n"
    "`plumb check` applies these rules to a plan and shows what they find; `plumb explain "
    "owner/many` shows one of\n"
    "the texts below, with the workspace's settings. A finding names real items and numbers and "
    "never guesses.\n"
    "\n"
    "**Severity.** `error`: the plan cannot work as it is written. `warning`: it will cost "
    "something. `note`: worth\n"
    "a look. A workspace may set another severity for a rule.\n"
    "\n"
    "**Unknown.** A rule that lacks the data to judge says so once for the subject, as a note "
    "marked unknown with what is\n"
    "missing, instead of passing. Unknown ones are counted apart.\n"
    "\n"
    "**Today** is a parameter of every check, so that a check of the same plan on the same day "
    "always finds the same.\n"
    "Findings come in order: known before unknown, then by severity, by the rank of the initiative "
    "that they are\n"
    "about (unranked last), by rule, by name. Of more than 100,000 findings the severest are kept; "
    "the counts are\n"
    "complete.\n"
    "\n"
    "**Keys.** Every finding has a stable key, `rule:kind/id[,kind/id][@qualifier]`, for example\n"
    "`outcome/no-target:objective/nps,measure/nps`; what concerns the plan as a whole is "
    "`rule:plan`.\n"
    "\n"
    "**Waivers.** \"We know, and leave it so\": an entry of kind `waiver` with the key of the "
    "finding, a reason, who, and\n"
    "until when (inclusive). Until then the finding is counted apart and shown only when asked "
    "for.\n"
    "\n"
    "**Settings.** An entry of kind `rule-setting`, whose id is the rule's name with \".\" for "
    "\"/\"\n"
    "(`outcome.stale`), sets the severity, thresholds, or `off`. A threshold out of its range "
    "counts as the nearest\n"
    "value within it.\n"
    "\n"
    "**Open** in the texts below is what is neither done, stopped, closed, dropped nor a part of "
    "such work; a\n"
    "strategy whose last day has passed is no longer running. Everything else, what is proposed or "
    "paused too, is open.\n"
    "\n"
    "**Progress** of a measure is (actual − baseline) / (target − baseline): 0 at the baseline and "
    "1 at the target in\n"
    "both directions. It is unknown where the direction is, or where baseline and target are the "
    "same; a measure that\n"
    "holds is within its range or not.\n";

#define LINE_WIDTH 118u

/* Texts in the table are one line each. */
static void
add_wrapped(const char *text, size_t column, struct str *out)
{
	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > 0 && column + 1 + word > LINE_WIDTH) {
			str_add_char(out, '\n');
			column = 0;
		} else if (column > 0) {
			str_add_char(out, ' ');
			column++;
		}
		str_add_len(out, text, word);
		column += word;
		text += word;
		while (*text == ' ')
			text++;
	}
	str_add_char(out, '\n');
}

static void
add_paragraph(const char *label, const char *text, struct str *out)
{
	str_addf(out, "\n**%s.**", label);
	add_wrapped(text, strlen(label) + 5, out);
}

static void
add_thresholds(const struct rule *rule, struct str *out)
{
	size_t count = rule_thresholds(rule);

	if (count == 0)
		return;
	str_add(
	    out, "\n| threshold | default | from | to | unit | is |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		const struct rule_threshold *t = &rule->thresholds[i];

		str_addf(out, "| `%s` | %g | %g | %g | %s | %s |\n", t->name, t->value, t->min,
		    t->max, t->unit, t->help);
	}
}

static void
add_rule(const struct rule *rule, struct str *out)
{
	str_addf(out, "\n### %s\n\n", rule->name);
	str_addf(out, "*%s* Default: %s%s.\n", rule->asks, severity_name(rule->severity),
	    rule->local ? "; local (decided by an item and its direct neighbours)" : "");
	add_paragraph("Found", rule->meaning, out);
	add_paragraph("Why it hurts", rule->hurts, out);
	add_paragraph("How to mend it", rule->mend, out);
	if (rule->unknown_when[0] != '\0')
		add_paragraph("Unknown when", rule->unknown_when, out);
	add_thresholds(rule, out);
}

static const char *
family_asks(const char *family)
{
	static const struct {
		const char *name;
		const char *asks;
	} families[] = {
	    {"sight", "does everything have a purpose?"},
	    {"priority", "is there one order, and is it lived?"},
	    {"outcome", "will we know that it worked?"},
	    {"scope", "how far, by when?"},
	    {"owner", "who answers for it?"},
	    {"load", "can these people do this much?"},
	    {"ask", "do the teams needed know and agree?"},
	    {"rhythm", "do levels keep talking?"},
	};

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		size_t len = strlen(families[i].name);

		if (strncmp(family, families[i].name, len) == 0 && family[len] == '/')
			return families[i].asks;
	}
	return "";
}

void
rules_markdown(struct str *out)
{
	size_t count;
	const struct rule *const *rules = rules_all(&count);
	const char *family = "";

	str_add(out, intro);
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(rules[i]->name, "/");

		if (strncmp(family, rules[i]->name, len + 1) != 0) {
			family = rules[i]->name;
			str_addf(out, "\n## %.*s: %s\n", (int)len, family, family_asks(family));
		}
		add_rule(rules[i], out);
	}
}
