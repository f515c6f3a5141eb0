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

static const char score[] =
    "\n## Score\n"
    "\n"
    "The **alignment score**, from 0 to 100, says how much of a plan is shown to be in order "
    "(`plumb score`; the last line\n"
    "of `plumb check`). It is the same for the same plan, day and version of the formula on every "
    "machine, whatever\n"
    "settings and waivers a workspace has. This is version 2.\n"
    "\n"
    "What earns are **units**: goals; open objectives (O); running initiatives (I): open and "
    "approved or active; values;\n"
    "strategies. In each of twelve families a unit earns from 0 to 12 twelfths, for what is stated "
    "and right:\n"
    "\n"
    "| family | weight | units | a unit earns |\n"
    "|---|---|---|---|\n"
    "| sight | 16 | goals, O, I | 12: a goal that an objective serves; an objective that reaches a "
    "goal and that running or finished work serves; an initiative that reaches a goal |\n"
    "| priority | 8 | I | 12: it has a place in the workspace's ranking, and no other open "
    "initiative has the same rank |\n"
    "| outcome | 16 | O | the most that one of its measures earns, 3 for each: direction and "
    "baseline are known; the target is a number (`target` or `commit`, or recorded); there is a "
    "date (`due`, the last day of a period of the objective, or a target is recorded); the newest "
    "actual is at most 7 days older than 92 days or `every_days`, whichever is more. A measure "
    "that holds earns the first two with `low` and `high` |\n"
    "| scope | 8 | I | 4 for each: `scope.in`; `scope.out`; a time |\n"
    "| owner | 12 | goals, O, I | 12: at least one person of the plan is its owner |\n"
    "| load | 8 | I | 12 if all hold: a person of the plan owns it; it states its effort (the "
    "likely estimate, or a need with an effort) and a time; at least one of its owners and all "
    "of its members have at most three at once |\n"
    "| ask | 4 | I | 12: each ask for it or for a part of it is met, withdrawn, or committed to "
    "with both dates, promised for today or later and not behind `needed_by`. Without asks: 12 |\n"
    "| mirror | 4 | values | 12: a policy, a commitment that was kept or a decision that was "
    "accepted "
    "honours it, or is linked with it (`supports`, `contributes`, `relates`, from either side) |\n"
    "| customer | 8 | O | 4 if it, or an objective that it is a part of, answers what customers "
    "expect (an expectation of the plan, or in words); and the most that one of these expectations "
    "earns: 4 if it is stated how important it is and how well it is met, 4 if a team of the plan "
    "meets the customer at its step |\n"
    "| clarity | 4 | O, I | 12: one of its owners accepted a baseline in the last 99 days |\n"
    "| rhythm | 8 | I that are active | 12: its newest check-in is at most 14 days old |\n"
    "| horizon | 4 | strategies | 4 for each: a change area states its end state and its day; one "
    "answers an assessment of the plan; first and last day are stated, twelve whole months apart "
    "|\n"
    "\n"
    "    points of a family = weight * sum of what its units earn / (12 * number of its units), "
    "rounded down to millionths\n"
    "    score              = sum of the points; a family without units has none\n"
    "\n"
    "- **Reaches a goal.** An objective does that names a goal that exists (`goal`, "
    "`further_goals`, or a `contributes` link),\n"
    "  or whose `parent` or target of a `contributes` link is an objective that does. An "
    "initiative does whose `objective`,\n"
    "  contributions or `contributes` links name such an objective, or whose `contributes` links "
    "name a goal. A strategy\n"
    "  does that names a goal (`goals`, or a `contributes` link). Chains through "
    "what was dropped do not count. What reaches no\n"
    "  goal earns nothing in any family, but counts as a unit; values need not.\n"
    "- **Serves.** An objective is served by initiatives and workstreams that are approved, active "
    "or done, not part of\n"
    "  stopped work, and name it as above; and by objectives that are served and name it as "
    "parent or by a `contributes`\n"
    "  link. A goal is served where an open objective names it, or a goal below it is served. A "
    "goal that is not served earns\n"
    "  nothing in any family.\n"
    "- **A time** is a period with both days, or `start` and `finish`.\n"
    "- **At once.** How many a person has: the active initiatives that they execute (are a member "
    "of) or are the only person to\n"
    "  own; all active initiatives that no person owns, since they may have to take them; and "
    "the one that is judged, where it\n"
    "  is not among them. Each counts once. Owners of an initiative with several do not have it as "
    "owners.\n"
    "- Retracted records do not count, nor do actuals and check-ins dated after today.\n"
    "\n"
    "**Nothing is earned by what is not stated, not known or waived.** Taking away an owner, a "
    "measure, a number or a date\n"
    "never raises the score, nor does taking away a segment, journey, step, expectation, "
    "commitment, decision, policy, review,\n"
    "influencer, assessment, maturity or acceptance, or a field of one; and neither does adding a "
    "goal, objective, initiative\n"
    "or strategy that reaches no goal. That is why the formula forgives more than the rules do: "
    "two "
    "owners, an\n"
    "owner who has left, a measure that is taken late, or a second measure without a baseline are "
    "found (`owner/many`,\n"
    "`owner/gone`, `outcome/stale`, `outcome/no-baseline`) and not scored, else leaving them out "
    "would pay. Units themselves\n"
    "are what is chosen, not what is known: dropping a bad objective, or taking down a value that "
    "nothing honours, may raise it.\n"
    "The reply counts, by family, the units of which something could not be judged, and those "
    "with a waived finding.\n"
    "\n"
    "**What is found and not scored**, because it would vanish with the data that shows it:\n"
    "- impact: what rests on work that is off track is known from the check-in that says so; "
    "without it nothing is found.\n"
    "- maturity: levels are what somebody says of themselves; take the level of a block away, and "
    "none is ahead of it. Nobody\n"
    "  is paid for stating them either.\n"
    "- of mirror, shares of effort beside stated weights: they are parts of a whole, so that "
    "taking one away moves all others;\n"
    "  broken promises, contradictions and stances, which go with the promise or the link.\n"
    "- of customer, pains, opposed numbers and who shaped a journey: they go with the rating, the "
    "step or the journey.\n"
    "- of clarity, surveys, ballots and signals: they are given in confidence, and a score that "
    "moves would tell of answers;\n"
    "  what stands in the way of an acceptance, since silence would pay.\n"
    "- of rhythm, reviews and requests: one that is not planned is never overdue.\n"
    "- of horizon, threats that nothing answers, and what fails in most scenarios: they go with "
    "the assessment or the scenario.\n"
    "\n"
    "**Versions.** Version 1 had eight of these families (sight, priority, outcome, scope, owner, "
    "load, ask, rhythm), each with\n"
    "five fourths of its weight: a score of version 1 is 1.25 times the sum of their points, up to "
    "rounding. All days of a\n"
    "trend are judged by the version that the program has, and never mixed.\n"
    "\n"
    "**Trend.** `plumb check --trend` shows findings and score at the ends of days: the plan as it "
    "stood at the end of the day,\n"
    "by effective time in the workspace's zone, judged with that day as today and by the rules of "
    "today's program. At most 1,100 days at once.\n"
    "**Since**, with a finding, is the first day of the days up to today at whose ends it was "
    "found; of what is only found today it\n"
    "is today. History is looked at 400 days back, less where the plan is so large that days "
    "times entries pass 10 million\n"
    "(7 days at least); what was found on the first of these days may be older, and is shown as "
    "\"or before\".\n";

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
	    rule->local ? "; local (can refuse changes: `plumb rule set RULE --refuse`)" : "");
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
	    {"mirror", "do resources and acts match the words?"},
	    {"customer", "is the plan about customers?"},
	    {"clarity", "does everybody know and mean the same?"},
	    {"rhythm", "do levels keep talking?"},
	    {"horizon", "does the strategy meet the outside?"},
	    {"maturity", "basics first?"},
	    {"impact", "what else falls?"},
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
	str_add(out, score);
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(rules[i]->name, "/");

		if (strncmp(family, rules[i]->name, len + 1) != 0) {
			family = rules[i]->name;
			str_addf(out, "\n## %.*s: %s\n", (int)len, family, family_asks(family));
		}
		add_rule(rules[i], out);
	}
}
