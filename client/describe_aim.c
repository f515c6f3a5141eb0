/* What an objective is there for, as a sentence. */
#include <string.h>

#include "client/describe.h"
#include "common/pb.h"
#include "common/str.h"

#define SENTENCE_MAX (1u << 16)

/* The titles of the expectations that it names; else the words that it states. */
static bool
add_expectation(struct context *ctx, const Plumb__V1__Objective *o, struct str *out)
{
	for (size_t i = 0; i < o->n_expectations; i++) {
		char *ref = arena_printf(ctx->arena, "expectation/%s", o->expectations[i]);
		const char *title = ref ? context_title(ctx, ref) : "";

		str_addf(out, "%s\"%s\"",
		    i == 0                      ? ""
		    : i + 1 < o->n_expectations ? ", "
						: " and ",
		    title[0] ? title : o->expectations[i]);
	}
	if (o->n_expectations == 0 && o->expectation[0])
		str_addf(out, "\"%s\"", o->expectation);
	return o->n_expectations > 0 || o->expectation[0];
}

static const char *
due_of(struct context *ctx, const Plumb__V1__Objective *o, const Plumb__V1__Target *target)
{
	const char *due = target->due, *end;

	for (size_t i = 0; !target->due[0] && i < o->n_periods; i++) {
		end = context_period_end(ctx, o->periods[i]);
		due = strcmp(end, due) > 0 ? end : due;
	}
	return due;
}

static void
add_target(struct context *ctx, const Plumb__V1__Objective *o, const Plumb__V1__Target *target,
    struct str *out)
{
	const char *unit = describe_unit(ctx, target->measure);
	char *ref = arena_printf(ctx->arena, "measure/%s", target->measure);
	const char *title = ref && target->measure[0] ? context_title(ctx, ref) : "";
	const char *due = due_of(ctx, o, target);

	str_addf(out, "%.10g%s%s", target->target, unit[0] ? " " : "", unit);
	if (target->measure[0])
		str_addf(out, " (%s)", title[0] ? title : target->measure);
	if (due[0])
		str_addf(out, " by %s", due);
}

const char *
describe_unit(struct context *ctx, const char *measure)
{
	const char *slash = strchr(measure, '/');
	char *ref = arena_printf(ctx->arena, "measure/%s", slash ? slash + 1 : measure);
	const Plumb__V1__Item *item;

	if (!ref || !measure[0])
		return "";
	if (!names_get(&ctx->units, ref)) {
		item = context_item(ctx, ref);
		names_put(&ctx->units, ctx->arena, ref,
		    item && item->body_case == PLUMB__V1__ITEM__BODY_MEASURE ? item->measure->unit
									     : "");
	}
	return names_get(&ctx->units, ref) ? names_get(&ctx->units, ref) : "";
}

const char *
describe_aim(struct context *ctx, const Plumb__V1__Objective *o)
{
	const char *sentence;
	struct str text;
	size_t targets = 0;
	bool said;

	str_init(&text, SENTENCE_MAX);
	str_add(&text, "To meet our customers' expectation of ");
	said = add_expectation(ctx, o, &text);
	for (size_t i = 0; i < o->n_targets; i++) {
		if (o->targets[i]->target__case != PLUMB__V1__TARGET__TARGET__TARGET)
			continue;
		str_add(&text, targets++ == 0 ? ", our target is " : ", and ");
		add_target(ctx, o, o->targets[i], &text);
	}
	if (targets == 0)
		str_add(&text, ", we have no target yet");
	str_add_char(&text, '.');
	sentence = said ? arena_strdup(ctx->arena, text.data) : NULL;
	str_fini(&text);
	return sentence ? sentence : "";
}

void
describe_aim_of(struct context *ctx, const char *ref, const char *lead)
{
	const Plumb__V1__Item *item = NULL;
	const char *aim = "";

	if (strncmp(ref, "objective/", 10) == 0)
		item = context_item(ctx, ref);
	if (item && item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE)
		aim = describe_aim(ctx, item->objective);
	if (aim[0])
		output_wrap(&ctx->out, lead, aim);
}
