/* plumb ack: a reviewer has read a check-in. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/pb.h"

/* The newest check-in about an item; NULL with ctx->status. */
static const char *
latest_check_in(struct context *ctx, const char *about)
{
	Plumb__V1__ListRequest request;
	const Plumb__V1__ListReply *reply;
	const Plumb__V1__Envelope *latest = NULL;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	if (!context_at(ctx, &at))
		return NULL;
	request.at = &at;
	request.filter = arena_printf(ctx->arena, "kind:check-in about:%s", about);
	request.sort = pb_str("-revision");
	request.page_size = 1000;
	reply = request.filter
		    ? context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base)
		    : NULL;
	if (!reply)
		return NULL;
	for (size_t i = 0; i < reply->n_entries; i++) {
		const Plumb__V1__Envelope *entry = reply->entries[i];

		if (entry->entry_case != PLUMB__V1__ENVELOPE__ENTRY_RECORD)
			continue;
		/* by the day that they are of; of one day the one logged last, which comes first */
		if (!latest || strcmp(entry->record->at, latest->record->at) > 0)
			latest = entry;
	}
	if (!latest)
		context_set_error(ctx, ERR_NOT_FOUND, "nobody has checked in on %s yet", about);
	return latest ? latest->ref : NULL;
}

static const char *
find_check_in(struct context *ctx, const char *text)
{
	const char *ref;

	ref = context_ref_there(ctx, text, "");
	if (!ref || strncmp(ref, "check-in/", 9) == 0)
		return ref;
	return latest_check_in(ctx, ref);
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__Record record;
	Plumb__V1__Acknowledgement acknowledgement;
	char done[512];

	if (!write_record(ctx, args, &record))
		return context_fail(ctx);
	record.about = pb_str(find_check_in(ctx, args->values[0]));
	if (!record.about)
		return context_fail(ctx);
	plumb__v1__acknowledgement__init(&acknowledgement);
	record.body_case = PLUMB__V1__RECORD__BODY_ACKNOWLEDGEMENT;
	record.acknowledgement = &acknowledgement;
	snprintf(done, sizeof done, "Acknowledged %s", record.about);
	return write_finish_record(ctx, args, &record, done);
}

static const struct option options[] = {
    WRITE_RECORD_OPTIONS,
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb ack initiative/onboarding-30 --as bert", "the newest check-in on it"},
    {"plumb ack check-in/r12-1 --note \"let us talk on Monday\"", NULL},
    {0},
};

const struct command cmd_ack = {
    .name = "ack",
    .group = GROUP_REPORT,
    .arguments = "CHECK-IN|KIND/ID",
    .summary = "say that you have read a check-in",
    .help = "Name the check-in, or what it is about: then the newest one is meant.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml name",
};
