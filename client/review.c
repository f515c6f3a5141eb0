#include "client/review.h"

#include <inttypes.h>
#include <string.h>

#include "client/command.h"
#include "common/pb.h"

const Plumb__V1__ReviewsReply *
review_plans(struct context *ctx, const char *person, uint32_t ahead)
{
	Plumb__V1__ReviewsRequest request;
	Plumb__V1__At at;

	plumb__v1__reviews_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.person = pb_str(person);
	request.ahead_days = ahead;
	return context_call(ctx, &plumb__v1__insight__descriptor, "Reviews", &request.base);
}

const Plumb__V1__ReviewPlan *
review_find(const Plumb__V1__ReviewsReply *reply, const char *ref)
{
	for (size_t i = 0; i < reply->n_reviews; i++) {
		if (strcmp(reply->reviews[i]->ref, ref) == 0)
			return reply->reviews[i];
	}
	return NULL;
}

const char *
review_type(Plumb__V1__Review__Type type)
{
	static const char *const words[] = {"review", "one-to-one", "council", "customer room"};

	return (size_t)type < sizeof words / sizeof words[0] ? words[type] : "";
}

const char *
review_person(struct context *ctx, const char *ref)
{
	const char *whole = strchr(ref, '/') ? ref : arena_printf(ctx->arena, "person/%s", ref);

	return context_person(ctx, whole ? whole : ref);
}

const char *
review_every(struct context *ctx, const Plumb__V1__ReviewPlan *plan)
{
	const char *text = "";

	if (plan->quarterly)
		return "each quarter";
	if (plan->every_days == 7)
		return "each week";
	if (plan->every_days > 0 && plan->every_days % 7 == 0)
		text = arena_printf(ctx->arena, "every %" PRIu32 " weeks", plan->every_days / 7);
	else if (plan->every_days > 0)
		text = arena_printf(ctx->arena, "every %" PRIu32 " day%s", plan->every_days,
		    plan->every_days == 1 ? "" : "s");
	return text ? text : "";
}
