/* plumb explain: what a rule means, why it hurts, how to mend it. */
#include "client/command.h"
#include "client/context.h"
#include "common/pb.h"
#include "common/str.h"

static const char *
severity_word(Plumb__V1__Severity severity, char *buf, size_t len)
{
	return pb_enum_name(&plumb__v1__severity__descriptor, (int)severity, buf, len);
}

static void
show_threshold(struct context *ctx, const Plumb__V1__Threshold *threshold)
{
	struct str text;

	str_init(&text, 4096);
	str_addf(&text, "%s = %.12g%s%s", threshold->name, threshold->value,
	    threshold->unit[0] ? " " : "", threshold->unit);
	if (threshold->value != threshold->default_value)
		str_addf(&text, " (normally %.12g)", threshold->default_value);
	str_addf(&text, "; %s, %.12g to %.12g", threshold->help, threshold->min, threshold->max);
	output_wrap(&ctx->out, "    limit:        ", text.data);
	str_fini(&text);
}

static void
show_rule(struct context *ctx, const Plumb__V1__Rule *rule)
{
	char word[24], normal[24];

	output_coloured(&ctx->out, COLOUR_BOLD, rule->name);
	output_printf(&ctx->out, "  (%s", severity_word(rule->severity, word, sizeof word));
	if (rule->severity != rule->default_severity)
		output_printf(&ctx->out, ", set here; normally %s",
		    severity_word(rule->default_severity, normal, sizeof normal));
	output_printf(&ctx->out, "%s)\n", rule->off ? ", switched off here" : "");
	if (rule->refuse)
		output_wrap(&ctx->out, "  ",
		    "This workspace refuses changes that add such a finding, unless they say why: "
		    "--override REASON.");
	output_wrap(&ctx->out, "  ", rule->asks);
	if (rule->meaning[0])
		output_wrap(&ctx->out, "    means:        ", rule->meaning);
	if (rule->hurts[0])
		output_wrap(&ctx->out, "    why it hurts: ", rule->hurts);
	if (rule->mend[0])
		output_wrap(&ctx->out, "    how to mend:  ", rule->mend);
	if (rule->unknown_when[0])
		output_wrap(&ctx->out, "    cannot judge: ", rule->unknown_when);
	for (size_t i = 0; i < rule->n_thresholds; i++)
		show_threshold(ctx, rule->thresholds[i]);
}

static void
add_row(struct table *table, const Plumb__V1__Rule *rule)
{
	char word[24];

	table_cell(table, rule->name);
	table_cell(table, rule->off ? "off" : severity_word(rule->severity, word, sizeof word));
	table_cell(table, rule->asks);
}

static int
show_table(struct context *ctx, const Plumb__V1__ExplainReply *reply)
{
	struct table *table = table_new();

	if (!table)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	table_column(table, "RULE", 0);
	table_column(table, "SEVERITY", TABLE_DROP);
	table_column(table, "ASKS", TABLE_WRAP);
	for (size_t i = 0; i < reply->n_rules; i++)
		add_row(table, reply->rules[i]);
	table_print(table, &ctx->out);
	table_free(table);
	return EXIT_FINE;
}

static int
show(struct context *ctx, const struct args *args, const Plumb__V1__ExplainReply *reply)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_NAME) {
		for (size_t i = 0; i < reply->n_rules; i++)
			output_printf(&ctx->out, "%s\n", reply->rules[i]->name);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_CSV || args->count == 0)
		return show_table(ctx, reply);
	for (size_t i = 0; i < reply->n_rules; i++) {
		output_text(&ctx->out, i ? "\n" : "");
		show_rule(ctx, reply->rules[i]);
	}
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__ExplainRequest request;
	const Plumb__V1__ExplainReply *reply;

	plumb__v1__explain_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.rules = arena_array(ctx->arena, args->count + 1, sizeof *request.rules);
	if (!request.rules)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	for (size_t i = 0; i < args->count; i++)
		request.rules[request.n_rules++] = pb_str(args->values[i]);
	reply = context_call(ctx, &plumb__v1__insight__descriptor, "Explain", &request.base);
	if (!reply)
		return context_fail(ctx);
	return show(ctx, args, reply);
}

static const struct example examples[] = {
    {"plumb explain", "all rules, one line each"},
    {"plumb explain owner/many", "one rule: what it means, why it hurts, how to mend it"},
    {"plumb explain outcome", "a family of rules"},
    {0},
};

const struct command cmd_explain = {
    .name = "explain",
    .group = GROUP_READ,
    .arguments = "[RULE\xe2\x80\xa6]",
    .summary = "say what a rule means, why it hurts and how to mend it",
    .help =
	"Shows severities and limits as they are set in the workspace; plumb rule changes them.",
    .examples = examples,
    .max_args = 100,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv name",
};
