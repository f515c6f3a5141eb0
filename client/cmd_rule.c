/* plumb rule: severities and limits of a workspace. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define LIMITS_MAX 32

/* "rule-setting/owner.many" for "owner/many". */
static const char *
setting_ref(struct context *ctx, const char *rule)
{
	const char *ref = arena_printf(ctx->arena, "rule-setting/%s", rule);
	char *id;

	if (!ref) {
		context_set_error(ctx, ERR_LIMIT, "out of memory");
		return NULL;
	}
	id = pb_str(ref) + strlen("rule-setting/");
	for (char *p = id; *p; p++) {
		if (*p == '/')
			*p = '.';
	}
	if (!strchr(rule, '/') || !parse_is_id(id, strlen(id))) {
		context_set_error(ctx, ERR_INVALID,
		    "'%s' is no rule: they are named like owner/many (plumb rule list)", rule);
		return NULL;
	}
	return ref;
}

/* The setting there is; *found NULL if there is none. False on other errors. */
static bool
get_setting(struct context *ctx, const char *ref, const Plumb__V1__Envelope **found)
{
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;

	*found = NULL;
	plumb__v1__get_request__init(&request);
	if (!context_at(ctx, &at))
		return false;
	request.at = &at;
	request.ref = pb_str(ref);
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
	if (!reply)
		return ctx->status.err.code == ERR_NOT_FOUND;
	if (reply->entry && !reply->entry->removed &&
	    reply->entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM &&
	    reply->entry->item->body_case == PLUMB__V1__ITEM__BODY_RULE_SETTING)
		*found = reply->entry;
	return true;
}

/* ---- list */

static const char *
limits_text(struct context *ctx, const Plumb__V1__Rule *rule)
{
	struct str text;
	const char *copy;

	str_init(&text, 4096);
	for (size_t i = 0; i < rule->n_thresholds; i++) {
		const Plumb__V1__Threshold *threshold = rule->thresholds[i];

		str_addf(&text, "%s%s=%.12g", i ? " " : "", threshold->name, threshold->value);
		if (threshold->value != threshold->default_value)
			str_addf(&text, " (%.12g)", threshold->default_value);
	}
	copy = arena_strdup(ctx->arena, text.data);
	str_fini(&text);
	return copy ? copy : "";
}

static void
add_row(struct context *ctx, struct table *table, const Plumb__V1__Rule *rule)
{
	char word[24], normal[24];

	pb_enum_name(&plumb__v1__severity__descriptor, (int)rule->severity, word, sizeof word);
	pb_enum_name(
	    &plumb__v1__severity__descriptor, (int)rule->default_severity, normal, sizeof normal);
	table_cell(table, rule->name);
	table_cell(table, rule->off ? "off" : word);
	table_cell(table, strcmp(word, normal) != 0 ? normal : "");
	table_cell(table, limits_text(ctx, rule));
	table_cell(table, rule->asks);
}

static int
run_list(struct context *ctx, const struct args *args)
{
	Plumb__V1__ExplainRequest request;
	const Plumb__V1__ExplainReply *reply;
	struct table *table;

	(void)args;
	plumb__v1__explain_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Explain", &request.base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	table = table_new();
	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "RULE", 0);
	table_column(table, "SEVERITY", 0);
	table_column(table, "NORMALLY", TABLE_DROP);
	table_column(table, "LIMITS", TABLE_WRAP);
	table_column(table, "ASKS", TABLE_WRAP | TABLE_DROP);
	for (size_t i = 0; i < reply->n_rules; i++)
		add_row(ctx, table, reply->rules[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static const struct example list_examples[] = {
    {"plumb rule list", NULL},
    {0},
};
static const struct command rule_list = {
    .name = "list",
    .arguments = "",
    .summary = "list the rules with severities and limits as set here",
    .examples = list_examples,
    .run = run_list,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};

/* ---- set */

struct limits {
	Plumb__V1__RuleSetting__ThresholdsEntry entries[LIMITS_MAX];
	Plumb__V1__RuleSetting__ThresholdsEntry *list[LIMITS_MAX];
	size_t count;
};

static bool
set_limit(struct context *ctx, struct limits *limits, const char *name, double value)
{
	size_t i = 0;

	while (i < limits->count && strcmp(limits->list[i]->key, name) != 0)
		i++;
	if (i == LIMITS_MAX)
		return context_set_error(ctx, ERR_INVALID, "too many limits");
	if (i == limits->count) {
		limits->list[i] = &limits->entries[i];
		plumb__v1__rule_setting__thresholds_entry__init(limits->list[i]);
		limits->list[i]->key = pb_str(name);
		limits->count++;
	}
	limits->list[i]->value = value;
	return true;
}

/* "days=30" */
static bool
parse_limit(struct context *ctx, struct limits *limits, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *name;
	double value;

	if (!equals || equals == text || !parse_double(equals + 1, &value))
		return context_set_error(ctx, ERR_INVALID,
		    "--limit takes NAME=NUMBER, such as days=30 (plumb explain RULE shows the "
		    "names); not '%s'",
		    text);
	name = arena_strndup(ctx->arena, text, (size_t)(equals - text));
	return name ? set_limit(ctx, limits, name, value) : err_oom(&ctx->status.err);
}

/* The rule as it is now; NULL with ctx->status. */
static const Plumb__V1__Rule *
get_rule(struct context *ctx, const char *name)
{
	Plumb__V1__ExplainRequest request;
	const Plumb__V1__ExplainReply *reply;
	char *names[1] = {pb_str(name)};

	plumb__v1__explain_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.rules = names;
	request.n_rules = 1;
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Explain", &request.base);
	if (!reply)
		return NULL;
	if (reply->n_rules == 1)
		return reply->rules[0];
	context_set_error(ctx, ERR_INVALID, "'%s' is no rule: plumb rule list shows them", name);
	return NULL;
}

/* Limits that the rule has, within their range. */
static bool
check_limits(struct context *ctx, const Plumb__V1__Rule *rule, const struct limits *limits)
{
	for (size_t i = 0; i < limits->count; i++) {
		const Plumb__V1__RuleSetting__ThresholdsEntry *limit = limits->list[i];
		const Plumb__V1__Threshold *found = NULL;

		for (size_t j = 0; j < rule->n_thresholds && !found; j++) {
			if (strcmp(rule->thresholds[j]->name, limit->key) == 0)
				found = rule->thresholds[j];
		}
		if (!found && rule->n_thresholds == 0)
			return context_set_error(ctx, ERR_INVALID, "%s has no limits", rule->name);
		if (!found)
			return context_set_error(ctx, ERR_INVALID,
			    "%s has no limit '%s'; it has: %s", rule->name, limit->key,
			    limits_text(ctx, rule));
		if (!(limit->value >= found->min && limit->value <= found->max))
			return context_set_error(ctx, ERR_INVALID,
			    "%s goes from %.12g to %.12g; not %.12g", limit->key, found->min,
			    found->max, limit->value);
	}
	return true;
}

/* What was set before stays unless it is set anew. */
static bool
merge(struct context *ctx, const struct args *args, const Plumb__V1__Envelope *before,
    Plumb__V1__RuleSetting *setting, struct limits *limits)
{
	const char *severity = args_get(args, "severity");
	int value;

	if (before) {
		const Plumb__V1__RuleSetting *old = before->item->rule_setting;

		setting->severity = old->severity;
		setting->off = old->off;
		setting->refuse = old->refuse;
		for (size_t i = 0; i < old->n_thresholds; i++) {
			if (!set_limit(
				ctx, limits, old->thresholds[i]->key, old->thresholds[i]->value))
				return false;
		}
	}
	if (severity && pb_enum_parse(&plumb__v1__severity__descriptor, severity, &value))
		setting->severity = (Plumb__V1__Severity)value;
	if (args_has(args, "off"))
		setting->off = true;
	if (args_has(args, "on"))
		setting->off = false;
	if (args_has(args, "refuse"))
		setting->refuse = true;
	if (args_has(args, "no-refuse"))
		setting->refuse = false;
	for (size_t i = 0; i < args_count(args, "limit"); i++) {
		if (!parse_limit(ctx, limits, args_at(args, "limit", i)))
			return false;
	}
	setting->thresholds = limits->list;
	setting->n_thresholds = limits->count;
	return true;
}

/* Taken only if nobody has set the rule since we looked. */
static void
expect(Plumb__V1__Change *change, const Plumb__V1__Envelope *before)
{
	if (before) {
		change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION;
		change->expected_revision = before->revision;
	} else {
		change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_ABSENT;
		change->expected_absent = true;
	}
}

static bool
sets_something(const struct args *args)
{
	static const char *const names[] = {
	    "severity", "limit", "off", "on", "refuse", "no-refuse"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (args_has(args, names[i]))
			return true;
	}
	return false;
}

static int
run_set(struct context *ctx, const struct args *args)
{
	struct write write;
	struct limits limits = {.count = 0};
	Plumb__V1__Put put;
	Plumb__V1__Item item;
	Plumb__V1__RuleSetting setting;
	Plumb__V1__Change *change;
	const Plumb__V1__Envelope *before;
	const Plumb__V1__Rule *rule;
	const char *ref = setting_ref(ctx, args->values[0]);
	char done[300];

	if (!ref)
		return context_fail(ctx);
	if (!sets_something(args))
		return command_usage(args,
		    "set what? --severity, --limit NAME=NUMBER, --off, --on, --refuse or "
		    "--no-refuse");
	if (args_has(args, "off") && args_has(args, "on"))
		return command_usage(args, "--off or --on, not both");
	if (args_has(args, "refuse") && args_has(args, "no-refuse"))
		return command_usage(args, "--refuse or --no-refuse, not both");
	plumb__v1__put__init(&put);
	plumb__v1__rule_setting__init(&setting);
	rule = get_rule(ctx, args->values[0]);
	if (!rule || !get_setting(ctx, ref, &before) ||
	    !merge(ctx, args, before, &setting, &limits) || !check_limits(ctx, rule, &limits))
		return context_fail(ctx);
	if (before)
		item = *before->item;
	else
		plumb__v1__item__init(&item);
	setting.rule = pb_str(args->values[0]);
	item.id = pb_str(strchr(ref, '/') + 1);
	item.body_case = PLUMB__V1__ITEM__BODY_RULE_SETTING;
	item.rule_setting = &setting;
	put.item = &item;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = &put;
	expect(change, before);
	snprintf(done, sizeof done, "The rule %s is set; plumb explain %s shows it",
	    args->values[0], args->values[0]);
	return write_finish(&write, ctx, args, done);
}

static const struct option set_options[] = {
    {0, "severity", "SEVERITY", "how bad its findings are here", "note warning error"},
    {0, "limit", "NAME=NUMBER", "one of its limits; may be repeated", NULL},
    {0, "off", NULL, "switch the rule off", NULL},
    {0, "on", NULL, "switch it on again", NULL},
    {0, "refuse", NULL, "refuse changes that add a finding of it, unless they give a reason", NULL},
    {0, "no-refuse", NULL, "take such changes again", NULL},
    WRITE_OPTIONS,
    {0},
};
static const struct example set_examples[] = {
    {"plumb rule set owner/many --severity warning", NULL},
    {"plumb rule set outcome/stale --limit days=45 --reason \"we measure every six weeks\"", NULL},
    {"plumb rule set owner/reviews-self --off", NULL},
    {"plumb rule set load/rule-of-three --refuse",
	"nobody gets a fourth initiative without a reason"},
    {0},
};
static const struct command rule_set = {
    .name = "set",
    .arguments = "RULE",
    .summary = "set a rule's severity or limits for this workspace",
    .help = "What is not named keeps the value it has.",
    .options = set_options,
    .examples = set_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_set,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

/* ---- reset */

static int
run_reset(struct context *ctx, const struct args *args)
{
	struct write write;
	Plumb__V1__Remove removal;
	Plumb__V1__Change *change;
	const Plumb__V1__Envelope *before;
	const char *ref = setting_ref(ctx, args->values[0]);
	char done[200];

	if (!ref || !get_setting(ctx, ref, &before))
		return context_fail(ctx);
	if (!before) {
		output_printf(
		    &ctx->out, "The rule %s is not set differently here.\n", args->values[0]);
		return EXIT_FINE;
	}
	plumb__v1__remove__init(&removal);
	removal.ref = pb_str(ref);
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
	change->remove = &removal;
	snprintf(done, sizeof done, "The rule %s is as it normally is", args->values[0]);
	return write_finish(&write, ctx, args, done);
}

static const struct option reset_options[] = {
    WRITE_OPTIONS,
    {0},
};
static const struct example reset_examples[] = {
    {"plumb rule reset owner/many", NULL},
    {0},
};
static const struct command rule_reset = {
    .name = "reset",
    .arguments = "RULE",
    .summary = "take a rule's settings back",
    .options = reset_options,
    .examples = reset_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_reset,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};

static const struct command *const parts[] = {&rule_list, &rule_set, &rule_reset, NULL};

const struct command cmd_rule = {
    .name = "rule",
    .group = GROUP_PLAN,
    .arguments = "",
    .summary = "set what plumb check finds, and how bad it is",
    .help = "plumb explain RULE shows what a rule means and which limits it has.",
    .examples = set_examples,
    .parts = parts,
};
