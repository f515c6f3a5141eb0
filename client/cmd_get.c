/* plumb get: one entry with all its fields. */
#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/review.h"
#include "client/votes.h"
#include "common/pb.h"

static const Plumb__V1__GetReply *
get(struct context *ctx, const char *ref)
{
	Plumb__V1__GetRequest request;
	const Plumb__V1__GetReply *reply;
	Plumb__V1__At at;

	plumb__v1__get_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.ref = pb_str(ref);
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Get", &request.base);
	if (!reply)
		context_suggest(ctx, ref);
	return reply;
}

/* What others say about it, which is no field of its own. False: return context_fail(ctx). */
static bool
show_beside(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Record *record = describe_record(entry);
	const Plumb__V1__Item *item = describe_item(entry);

	if (entry->removed)
		return true;
	if (item && item->body_case == PLUMB__V1__ITEM__BODY_DECISION)
		return votes_describe(ctx, entry);
	if (item && item->body_case == PLUMB__V1__ITEM__BODY_REVIEW)
		return review_meetings(ctx, entry->ref, 0);
	if (record && record->body_case == PLUMB__V1__RECORD__BODY_MEETING)
		review_decided(ctx, record->meeting);
	return true;
}

static bool
show(struct context *ctx, const Plumb__V1__Envelope *entry, bool many, bool first)
{
	switch (ctx->out.format) {
	case OUTPUT_NAME:
		output_printf(&ctx->out, "%s\n", entry->ref);
		break;
	case OUTPUT_TABLE:
		if (!first)
			output_text(&ctx->out, "\n");
		describe_entry(ctx, entry);
		return show_beside(ctx, entry);
	default:
		if (many)
			output_list_add(&ctx->out, &entry->base);
		else
			output_message(&ctx->out, &entry->base);
		break;
	}
	return true;
}

static int
run(struct context *ctx, const struct args *args)
{
	bool many = args->count > 1;
	bool listed = many && (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML);
	int code = EXIT_FINE;

	if (listed)
		output_list_begin(&ctx->out);
	for (size_t i = 0; i < args->count; i++) {
		const char *ref = context_ref(ctx, args->values[i], "");
		const Plumb__V1__GetReply *reply = ref ? get(ctx, ref) : NULL;

		if (!reply || !reply->entry || !show(ctx, reply->entry, many, i == 0))
			code = context_fail(ctx);
		if (ctx->status.unreachable)
			break;
	}
	if (listed)
		output_list_end(&ctx->out);
	return code;
}

static const struct example examples[] = {
    {"plumb get initiative/onboarding-30",
	"all its fields, who created it and who changed it last"},
    {"plumb get onboarding-30 -o yaml", "a bare id is enough where only one entry has it"},
    {"plumb get goal/growth --as-of 2026-01-01", "as it was at the beginning of the year"},
    {0},
};

const struct command cmd_get = {
    .name = "get",
    .group = GROUP_READ,
    .arguments = "KIND/ID\xe2\x80\xa6",
    .summary = "show one entry with all its fields",
    .help =
	"Shows items, records, rankings, baselines, waivers and rule settings alike. Of a decision "
	"also "
	"how people have voted and who has not, of a review and its meetings what they decided.",
    .examples = examples,
    .min_args = 1,
    .max_args = 1000,
    .run = run,
    .takes = TAKES_SERVER | TAKES_AS_OF,
    .formats = "table json yaml name",
};
