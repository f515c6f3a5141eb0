/* plumb check: where the plan has come apart. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/live.h"
#include "client/local_daemon.h"
#include "client/planfile.h"
#include "client/planfile_apply.h"
#include "client/said.h"
#include "client/trend.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define NAMES_MAX         64
#define TITLES_ONE_BY_ONE 100
#define TITLES_AT_ONCE    200000

/* Everything that Check has streamed. */
struct result {
	Plumb__V1__CheckReply all; /* findings in the order they came, and the summary */
	size_t cap;
	const struct planfile *plan; /* check -f: to say where something stands; else NULL */
};

/* Groups in which findings are shown. */
enum group {
	GROUP_ERRORS,
	GROUP_WARNINGS,
	GROUP_NOTES,
	GROUP_UNKNOWN,
	GROUP_WAIVED,
	FINDING_GROUPS
};

static const struct {
	const char *heading;
	const char *word;
	enum output_colour colour;
} groups[FINDING_GROUPS] = {
    [GROUP_ERRORS] = {"Errors", "error", COLOUR_RED},
    [GROUP_WARNINGS] = {"Warnings", "warning", COLOUR_YELLOW},
    [GROUP_NOTES] = {"Notes", "note", COLOUR_BLUE},
    [GROUP_UNKNOWN] = {"Cannot be judged yet", "unknown", COLOUR_DIM},
    [GROUP_WAIVED] = {"Known and left so", "waived", COLOUR_DIM},
};

static enum group
group_of(const Plumb__V1__Finding *finding)
{
	if (finding->waiver)
		return GROUP_WAIVED;
	if (finding->unknown)
		return GROUP_UNKNOWN;
	switch (finding->severity) {
	case PLUMB__V1__SEVERITY__ERROR:
		return GROUP_ERRORS;
	case PLUMB__V1__SEVERITY__WARNING:
		return GROUP_WARNINGS;
	default:
		return GROUP_NOTES;
	}
}

/* ---- one finding for people */

static void
show_evidence(struct context *ctx, const Plumb__V1__Finding *finding)
{
	struct str text;

	str_init(&text, 1u << 20);
	for (size_t i = 0; i < finding->n_evidence; i++) {
		const Plumb__V1__Evidence *evidence = finding->evidence[i];

		if (i > 0)
			str_add(&text, "\n");
		str_add(&text, evidence->ref);
		if (evidence->what[0])
			str_addf(&text, "%s%s", evidence->ref[0] ? ": " : "", evidence->what);
		if (evidence->value[0])
			str_addf(&text, " %s", evidence->value);
	}
	if (finding->n_evidence == 0) {
		for (size_t i = 0; i < finding->n_subjects; i++)
			str_addf(&text, "%s%s", i ? ", " : "", finding->subjects[i]);
	}
	if (text.len)
		output_wrap(&ctx->out, "    seen:  ", text.data);
	str_fini(&text);
}

static void
show_who(struct context *ctx, const Plumb__V1__Finding *finding)
{
	struct str text;

	str_init(&text, 1u << 20);
	for (size_t i = 0; i < finding->n_who; i++) {
		const char *name = context_person(ctx, finding->who[i]);

		str_addf(&text, "%s%s", i ? ", " : "", name);
		if (strcmp(name, finding->who[i]) != 0)
			str_addf(&text, " (%s)", finding->who[i]);
	}
	if (text.len)
		output_wrap(&ctx->out, "    who:   ", text.data);
	str_fini(&text);
}

/* Where the files state the first subject: the place to go and mend it. */
static void
show_place(struct context *ctx, const struct result *result, const Plumb__V1__Finding *finding)
{
	const struct planfile *plan = result->plan;
	const struct planfile_entry *entry = NULL;
	char text[512];

	if (!plan || finding->n_subjects == 0)
		return;
	for (size_t i = plan->steps_count; i-- > 0 && !entry;)
		entry = planfile_find(plan->steps[i], finding->subjects[0]);
	if (!entry || !entry->place.file)
		return;
	snprintf(text, sizeof text, "%.400s:%u:%u", entry->place.file, entry->place.line,
	    entry->place.column);
	output_wrap(&ctx->out, "    at:    ", text);
}

static void
show_waiver(struct context *ctx, const Plumb__V1__Waiver *waiver)
{
	struct str text;

	str_init(&text, 1u << 20);
	str_addf(&text, "until %s", waiver->until);
	if (waiver->who[0]) {
		const char *ref = strchr(waiver->who, '/')
				      ? waiver->who
				      : arena_printf(ctx->arena, "person/%s", waiver->who);

		str_addf(&text, ", says %s", ref ? context_person(ctx, ref) : waiver->who);
	}
	str_addf(&text, ": %s", waiver->reason);
	output_wrap(&ctx->out, "    left:  ", text.data);
	str_fini(&text);
}

/* The title of what it is about, as far as it fits on the line. */
static void
show_title(struct context *ctx, const char *title, size_t used)
{
	size_t room = (size_t)ctx->out.width > used + 4 ? (size_t)ctx->out.width - used - 4 : 0;
	size_t fit = utf8_fit(title, room);

	if (!title[0] || room < 10)
		return;
	if (title[fit])
		fit = utf8_fit(title, room - 1);
	output_text(&ctx->out, "  \xe2\x80\xa2 ");
	output_printf(&ctx->out, "%.*s%s", (int)fit, title, title[fit] ? "\xe2\x80\xa6" : "");
}

/* History is looked at from a day on; what was found then may be older. */
static void
show_since(struct context *ctx, const struct result *result, const char *since)
{
	char text[40];

	snprintf(text, sizeof text, "%.12s%s", since,
	    strcmp(since, result->all.summary->since_from) == 0 ? " or before" : "");
	output_wrap(&ctx->out, "    since: ", text);
}

static void
show_finding(struct context *ctx, const struct result *result, const Plumb__V1__Finding *finding)
{
	enum group group = group_of(finding);
	const char *title = finding->n_subjects ? context_title(ctx, finding->subjects[0]) : "";

	output_text(&ctx->out, "\n  ");
	output_coloured(&ctx->out, groups[group].colour, groups[group].word);
	output_printf(&ctx->out, "  %s", finding->rule);
	show_title(ctx, title, strlen(groups[group].word) + strlen(finding->rule) + 4);
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "    ", finding->message);
	show_evidence(ctx, finding);
	show_place(ctx, result, finding);
	show_who(ctx, finding);
	if (finding->fix[0])
		output_wrap(&ctx->out, "    mend:  ", finding->fix);
	/* files without a past were all put there just now */
	if (finding->since[0] && !(result->plan && result->plan->steps_count == 1))
		show_since(ctx, result, finding->since);
	if (finding->waiver)
		show_waiver(ctx, finding->waiver);
}

/* ---- all of them */

static size_t
count_group(const struct result *result, enum group group)
{
	size_t n = 0;

	for (size_t i = 0; i < result->all.n_findings; i++)
		n += group_of(result->all.findings[i]) == group;
	return n;
}

static void
show_group(struct context *ctx, const struct result *result, enum group group)
{
	size_t n = count_group(result, group);
	char heading[64];

	if (n == 0)
		return;
	snprintf(heading, sizeof heading, "%s (%zu)", groups[group].heading, n);
	output_coloured(&ctx->out, COLOUR_BOLD, heading);
	output_text(&ctx->out, "\n");
	for (size_t i = 0; i < result->all.n_findings; i++) {
		if (group_of(result->all.findings[i]) == group)
			show_finding(ctx, result, result->all.findings[i]);
	}
	output_text(&ctx->out, "\n");
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void
show_summary(struct context *ctx, const Plumb__V1__CheckSummary *summary)
{
	struct str text;

	str_init(&text, 4096);
	if (summary->errors + summary->warnings + summary->notes == 0)
		str_add(&text, "Nothing has come apart");
	else
		str_addf(&text, "%" PRIu32 " error%s, %" PRIu32 " warning%s, %" PRIu32 " note%s",
		    summary->errors, plural(summary->errors), summary->warnings,
		    plural(summary->warnings), summary->notes, plural(summary->notes));
	if (summary->unknown)
		str_addf(
		    &text, "; %" PRIu32 " cannot be judged for lack of data", summary->unknown);
	if (summary->waived)
		str_addf(&text, "; %" PRIu32 " known and left so", summary->waived);
	if (summary->expired_waivers)
		str_addf(&text, "; %" PRIu32 " waiver%s ran out and what %s for is back",
		    summary->expired_waivers, plural(summary->expired_waivers),
		    summary->expired_waivers == 1 ? "it was" : "they were");
	str_addf(&text, ". Looked at %" PRIu64 " item%s of revision %" PRIu64, summary->items,
	    plural(summary->items), summary->revision);
	if (summary->today[0])
		str_addf(&text, ", judged on %s", summary->today);
	if (summary->score__case == PLUMB__V1__CHECK_SUMMARY__SCORE__SCORE)
		str_addf(&text, ". Alignment score %.1f of 100", summary->score);
	str_add(&text, ".");
	output_wrap(&ctx->out, "", text.data);
	str_fini(&text);
}

static void
show_table(struct context *ctx, const struct result *result)
{
	/* load the names before, so that no call stands in the middle of the output */
	if (result->all.n_findings > 0)
		(void)context_person(ctx, "");
	/* one by one they would take longer than all at once */
	if (result->all.n_findings > TITLES_ONE_BY_ONE &&
	    result->all.summary->items < TITLES_AT_ONCE)
		context_load_titles(ctx);
	for (int group = 0; group < FINDING_GROUPS; group++)
		show_group(ctx, result, (enum group)group);
	show_summary(ctx, result->all.summary);
	if (result->all.n_findings > 0 && ctx->out.terminal)
		output_wrap(
		    &ctx->out, "", "What a rule means and how to mend it: plumb explain RULE");
}

static void
join(char *const *list, size_t count, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; i < count; i++)
		str_addf(out, "%s%s", i ? " " : "", list[i]);
}

static int
show_csv(struct context *ctx, const struct result *result)
{
	static const char *const titles[] = {
	    "SEVERITY", "RULE", "SUBJECTS", "MESSAGE", "WHO", "MEND", "SINCE", "KEY"};
	struct table *table = table_new();
	struct str list;

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	str_init(&list, 1u << 20);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], 0);
	for (size_t i = 0; i < result->all.n_findings; i++) {
		const Plumb__V1__Finding *finding = result->all.findings[i];

		table_cell(table, groups[group_of(finding)].word);
		table_cell(table, finding->rule);
		join(finding->subjects, finding->n_subjects, &list);
		table_cell(table, list.data);
		table_cell(table, finding->message);
		join(finding->who, finding->n_who, &list);
		table_cell(table, list.data);
		table_cell(table, finding->fix);
		table_cell(table, finding->since);
		table_cell(table, finding->key);
	}
	table_print(table, &ctx->out);
	table_free(table);
	str_fini(&list);
	return EXIT_FINE;
}

static void
show(struct context *ctx, const struct result *result)
{
	switch (ctx->out.format) {
	case OUTPUT_NAME:
		for (size_t i = 0; i < result->all.n_findings; i++)
			output_printf(&ctx->out, "%s\n", result->all.findings[i]->key);
		break;
	case OUTPUT_CSV:
		(void)show_csv(ctx, result);
		break;
	case OUTPUT_TABLE:
		show_table(ctx, result);
		break;
	default:
		output_message(&ctx->out, &result->all.base);
		break;
	}
}

/* ---- asking */

static bool
add_findings(struct context *ctx, struct result *result, const Plumb__V1__CheckReply *reply)
{
	size_t count = result->all.n_findings + reply->n_findings;

	if (count > result->cap) {
		size_t cap = count * 2;
		Plumb__V1__Finding **findings = arena_array(ctx->arena, cap, sizeof *findings);

		if (!findings)
			return err_oom(&ctx->status.err);
		if (result->all.n_findings)
			memcpy(findings, result->all.findings,
			    result->all.n_findings * sizeof *findings);
		result->all.findings = findings;
		result->cap = cap;
	}
	for (size_t i = 0; i < reply->n_findings; i++)
		result->all.findings[result->all.n_findings++] = reply->findings[i];
	if (reply->summary)
		result->all.summary = reply->summary;
	return true;
}

static bool
ask(struct context *ctx, const Plumb__V1__CheckRequest *request, struct result *result)
{
	struct progress *progress;
	const Plumb__V1__CheckReply *reply;
	bool ok = true;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Check", &request->base))
		return false;
	progress = progress_new("checking");
	while (ok && (reply = context_next(ctx))) {
		if (reply->progress__case == PLUMB__V1__CHECK_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, reply->progress);
		ok = add_findings(ctx, result, reply);
	}
	progress_free(progress);
	if (!ok || ctx->status.err.code != ERR_OK)
		return false;
	return result->all.summary || context_set_error(ctx, ERR_INTERNAL,
					  "plumbd's answer has no summary: it is not whole");
}

/* ---- one person's */

static void
count_one(Plumb__V1__CheckSummary *summary, const Plumb__V1__Finding *finding)
{
	enum group group = group_of(finding);

	summary->errors += group == GROUP_ERRORS;
	summary->warnings += group == GROUP_WARNINGS;
	summary->notes += group == GROUP_NOTES;
	summary->unknown += group == GROUP_UNKNOWN;
	summary->waived += group == GROUP_WAIVED;
	for (size_t i = 0; i < summary->n_rules; i++) {
		Plumb__V1__RuleCount *rule = summary->rules[i];

		if (strcmp(rule->rule, finding->rule) != 0)
			continue;
		rule->waived += group == GROUP_WAIVED;
		rule->unknown += group == GROUP_UNKNOWN;
		rule->findings += group < GROUP_UNKNOWN;
	}
}

/* Leaves what this person should act on, and counts it. */
static void
keep_for(Plumb__V1__CheckReply *all, const char *person)
{
	Plumb__V1__CheckSummary *summary = all->summary;
	size_t kept = 0;

	summary->errors = summary->warnings = summary->notes = 0;
	summary->unknown = summary->waived = 0;
	for (size_t i = 0; i < summary->n_rules; i++) {
		Plumb__V1__RuleCount *rule = summary->rules[i];

		rule->findings = rule->unknown = rule->waived = 0;
	}
	for (size_t i = 0; i < all->n_findings; i++) {
		Plumb__V1__Finding *finding = all->findings[i];
		size_t k = 0;

		while (k < finding->n_who && strcmp(finding->who[k], person) != 0)
			k++;
		if (k == finding->n_who)
			continue;
		all->findings[kept++] = finding;
		count_one(summary, finding);
	}
	all->n_findings = kept;
}

/* A severity by its word. */
static bool
parse_severity(const char *text, Plumb__V1__Severity *out)
{
	int value;

	if (!pb_enum_parse(&plumb__v1__severity__descriptor, text, &value) || value == 0)
		return false;
	*out = (Plumb__V1__Severity)value;
	return true;
}

static bool
must_fail(const char *fail_on, const Plumb__V1__CheckSummary *summary)
{
	Plumb__V1__Severity at = PLUMB__V1__SEVERITY__ERROR;

	if (fail_on && strcmp(fail_on, "never") == 0)
		return false;
	if (fail_on && !parse_severity(fail_on, &at))
		return true;
	return summary->errors > 0 ||
	       (at <= PLUMB__V1__SEVERITY__WARNING && summary->warnings > 0) ||
	       (at <= PLUMB__V1__SEVERITY__NOTE && summary->notes > 0);
}

static bool
fill_request(struct context *ctx, const struct args *args, Plumb__V1__CheckRequest *request)
{
	const char *at_least = args_get(args, "at-least");
	size_t rules = args_count(args, "rule");
	size_t about = args_count(args, "about");

	request->rules = arena_array(ctx->arena, rules + 1, sizeof *request->rules);
	request->about = arena_array(ctx->arena, about + 1, sizeof *request->about);
	if (!request->rules || !request->about)
		return err_oom(&ctx->status.err);
	for (size_t i = 0; i < rules; i++)
		request->rules[request->n_rules++] = pb_str(args_at(args, "rule", i));
	for (size_t i = 0; i < about; i++) {
		const char *ref = context_ref(ctx, args_at(args, "about", i), "");

		if (!ref)
			return false;
		request->about[request->n_about++] = pb_str(ref);
	}
	if (at_least && !parse_severity(at_least, &request->at_least))
		return context_set_error(ctx, ERR_INVALID, "--at-least is note, warning or error");
	request->waived = args_has(args, "waived");
	/* files without a daemon have no history */
	request->since = !args_has(args, "no-since") && !args_has(args, "file");
	return true;
}

static int
check(struct context *ctx, const struct args *args, const struct planfile *plan)
{
	struct result result = {.plan = plan};
	const char *who = args_get(args, "who");
	Plumb__V1__CheckRequest request;
	Plumb__V1__At at;

	plumb__v1__check_request__init(&request);
	plumb__v1__check_reply__init(&result.all);
	if (!context_at(ctx, &at) || (who && !(who = said_ref(ctx, who, "person"))))
		return context_fail(ctx);
	request.at = &at;
	if (!fill_request(ctx, args, &request) || !ask(ctx, &request, &result)) {
		for (size_t i = 0; i < request.n_about; i++) {
			if (strstr(ctx->status.err.msg, request.about[i]))
				context_suggest(ctx, request.about[i]);
		}
		return context_fail(ctx);
	}
	if (who)
		keep_for(&result.all, who);
	show(ctx, &result);
	return must_fail(args_get(args, "fail-on"), result.all.summary) ? EXIT_NO : EXIT_FINE;
}

/* ---- files instead of a daemon */

static int
show_faults(const struct planfile *plan, const struct err *err)
{
	struct str text;

	if (plan->faults_count == 0)
		return context_error(NULL, EXIT_USAGE, "%s", err->msg);
	str_init(&text, 16u << 20);
	planfile_print_faults(plan, &text);
	fputs(text.data, stderr);
	str_fini(&text);
	return EXIT_USAGE;
}

static int
apply_and_check(struct context *ctx, const struct args *args, struct planfile *plan)
{
	struct planfile_options options = {
	    .workspace = "", .reason = "plumb check", .effective = ""};
	struct rpc_client *client = context_client(ctx);
	struct err err = {0};

	options.source = plan->default_source ? plan->default_source : "files:check";
	if (!client)
		return context_fail(ctx);
	if (!planfile_apply(plan, client, &options, NULL, &err))
		return show_faults(plan, &err);
	return check(ctx, args, plan);
}

/*
 * Judged as of a day, the files count as written by its end (or at the newest time that they state): what
 * a rule says of the age of things then depends on nothing but the files and the day. NULL: as of now.
 */
static const char *
clock_for(struct context *ctx, const struct planfile *plan)
{
	char text[TIME_TEXT_LEN];
	int64_t us;
	int32_t day;

	if (!ctx->today[0] || !date_parse(ctx->today, &day))
		return NULL;
	us = ((int64_t)day + 1) * 86400 * 1000000 - 1;
	for (size_t i = 0; i < plan->steps_count; i++) {
		if (plan->steps[i]->effective && plan->steps[i]->effective_us > us)
			us = plan->steps[i]->effective_us;
	}
	return arena_printf(ctx->arena, "=%s", time_format(us, text));
}

static int
check_files(struct context *ctx, const struct args *args)
{
	const char *paths[NAMES_MAX];
	size_t count = args_count(args, "file");
	struct local_daemon *daemon = NULL;
	struct planfile *plan;
	struct err err = {0};
	int code;

	if (count > NAMES_MAX)
		return command_usage(args, "at most %d times -f: name a directory", NAMES_MAX);
	if (args_has(args, "server") || args_has(args, "workspace"))
		return command_usage(
		    args, "with -f no daemon is asked: leave out --server and --workspace");
	for (size_t i = 0; i < count; i++)
		paths[i] = args_at(args, "file", i);
	plan = planfile_new(&err);
	if (!plan)
		return context_error(ctx, EXIT_SERVER, "%s", err.msg);
	if (!planfile_load(plan, paths, count, &err)) {
		code = show_faults(plan, &err);
	} else if (!(daemon = local_daemon_start(clock_for(ctx, plan), &err))) {
		code = context_error(ctx, EXIT_SERVER, "%s", err.msg);
	} else {
		ctx->server = local_daemon_address(daemon);
		ctx->workspace = "";
		code = apply_and_check(ctx, args, plan);
	}
	fflush(stdout);
	rpc_client_free(ctx->client);
	ctx->client = NULL;
	local_daemon_stop(daemon);
	planfile_free(plan);
	return code;
}

static int
check_daemon(struct context *ctx, const struct args *args)
{
	return check(ctx, args, NULL);
}

/* Each is refused with --trend, or without it. */
static const char *
out_of_place(const struct args *args, bool trend)
{
	static const char *const of_now[] = {
	    "file", "about", "who", "at-least", "waived", "fail-on", "no-since", "watch", NULL};
	static const char *const of_trend[] = {"from", "to", "every", NULL};
	const char *const *names = trend ? of_now : of_trend;

	while (*names && !args_has(args, *names))
		names++;
	return *names;
}

static int
run(struct context *ctx, const struct args *args)
{
	bool trend = args_has(args, "trend");
	const char *wrong = out_of_place(args, trend);

	if (wrong)
		return command_usage(args,
		    trend ? "--%s has no meaning with --trend" : "--%s goes with --trend only",
		    wrong);
	if (trend)
		return trend_run(ctx, args);
	if (args_has(args, "watch") && args_has(args, "file"))
		return command_usage(args, "--watch follows the plan of a daemon: leave out -f");
	if (args_has(args, "watch"))
		return live_run(ctx, args, check_daemon);
	return args_has(args, "file") ? check_files(ctx, args) : check_daemon(ctx, args);
}

static const struct option options[] = {
    {'f', "file", "PATH",
	"check these plan files, with a private daemon for the moment; may be repeated", NULL},
    {0, "rule", "RULE", "this rule (owner/many) or family (owner) only; may be repeated", NULL},
    {0, "about", "KIND/ID", "what has to do with this only; may be repeated", NULL},
    {0, "who", "PERSON", "what this person should act on only", NULL},
    {0, "at-least", "SEVERITY", "leave milder ones out", "note warning error"},
    {0, "waived", NULL, "also show what is known and left so", NULL},
    {0, "fail-on", "SEVERITY", "exit 1 if there is one as bad as this (error)",
	"note warning error never"},
    {0, "no-since", NULL, "do not look up in history since when each has been there", NULL},
    {0, "trend", NULL, "findings and score at the ends of days of the past instead", NULL},
    {0, "from", "DATE", "with --trend: the first day (90 days)", NULL},
    {0, "to", "DATE", "with --trend: the last day (today)", NULL},
    {0, "every", "DAYS", "with --trend: days between two lines (1)", NULL},
    LIVE_OPTION,
    {0},
};

static const struct example examples[] = {
    {"plumb check", "the plan in the daemon, worst first"},
    {"plumb check -f plan/", "the files in plan/; needs no running daemon, for a repository's CI"},
    {"plumb check --about initiative/onboarding-30", "what has to do with one initiative"},
    {"plumb check --who clara-jensen", "what one person should act on"},
    {"plumb check --rule owner --fail-on warning", "who answers for what; exit 1 at a warning"},
    {"plumb check --as-of q1-plan --today 2026-03-31",
	"the plan of a baseline, judged on that day"},
    {"plumb check --rule owner --watch", "stays on the screen, and follows what others mend"},
    {"plumb check --trend --from 2026-01-01 --every 7",
	"how many there were at the ends of days, week by week, and the score"},
    {"plumb check -o json", "for a program: findings with keys, evidence and numbers"},
    {0},
};

const struct command cmd_check = {
    .name = "check",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "say where the plan has come apart, with evidence",
    .help = "Each finding names the rule, what was seen, who should act and what would mend it. A "
	    "rule that lacks the "
	    "data to judge says so instead of passing.\n\nExits 1 if there is a finding at or "
	    "above --fail-on.",
    .options = options,
    .examples = examples,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv name",
};
