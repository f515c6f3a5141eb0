#include "client/write.h"

#include <inttypes.h>
#include <string.h>

#include "client/describe.h"
#include "client/findings.h"
#include "common/calendar.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define KEY_BYTES 16

void
write_begin(struct write *write, struct context *ctx, const struct args *args)
{
	uint8_t bytes[KEY_BYTES];
	char *key = arena_alloc(ctx->arena, 2 * KEY_BYTES + 1);
	const char *reason = args_get(args, "reason");
	const char *override = args_get(args, "override");

	memset(write, 0, sizeof *write);
	plumb__v1__change_set__init(&write->set);
	write->set.scenario = pb_str(ctx->scenario);
	write->set.changes = write->changes;
	write->set.reason = pb_str(reason ? reason : "");
	write->set.override_reason = pb_str(override ? override : "");
	/* without a key the change still works; it is only not sent again after a lost connection */
	if (key && random_bytes(bytes, sizeof bytes)) {
		hex_encode(bytes, sizeof bytes, key);
		write->set.idempotency_key = key;
	}
}

Plumb__V1__Change *
write_add(struct write *write)
{
	Plumb__V1__Change *change = &write->change[write->set.n_changes];

	plumb__v1__change__init(change);
	write->changes[write->set.n_changes++] = change;
	return change;
}

/* Applies it. Once again, under the same key, if the connection is lost. NULL: return context_fail(ctx). */
static const Plumb__V1__ApplyReply *
write_apply(struct write *write, struct context *ctx, const struct args *args)
{
	Plumb__V1__ApplyRequest request;
	const Plumb__V1__ApplyReply *reply;

	plumb__v1__apply_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.change_set = &write->set;
	request.dry_run = args_has(args, "dry-run");
	request.findings = request.dry_run;
	reply = context_call(ctx, &plumb__v1__plan__descriptor, "Apply", &request.base);
	if (!reply && ctx->client && ctx->status.unreachable && write->set.idempotency_key[0]) {
		rpc_client_free(ctx->client);
		ctx->client = NULL;
		reply = context_call(ctx, &plumb__v1__plan__descriptor, "Apply", &request.base);
	}
	return reply;
}

void
write_would_refuse(struct output *out, const Plumb__V1__Refusal *refusal, const char *override)
{
	if (!refusal)
		return;
	if (override)
		output_printf(
		    out, "The workspace refuses this, and would take it because: %s\n", override);
	else
		output_text(out, "The workspace would refuse this (--override REASON lets it "
				 "through):\n");
	findings_show_refusal(out, refusal);
}

bool
write_was_named(const Plumb__V1__ApplyReply *reply, const char *ref)
{
	for (size_t i = 0; i < reply->n_ids; i++) {
		if (strcmp(reply->ids[i], ref) == 0)
			return true;
	}
	return false;
}

int
write_tell(struct context *ctx, const struct args *args, const Plumb__V1__ApplyReply *reply,
    const char *done)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_NAME) {
		for (size_t i = 0; i < reply->n_ids; i++)
			output_printf(&ctx->out, "%s\n", reply->ids[i]);
		return EXIT_FINE;
	}
	if (args_has(args, "dry-run")) {
		write_differences(&ctx->out, reply->differences, reply->n_differences, "");
		findings_show_change(&ctx->out, reply->findings);
		write_would_refuse(&ctx->out, reply->refused, args_get(args, "override"));
		output_printf(&ctx->out, "%sNothing was changed: this was a dry run.\n",
		    reply->n_differences ? "" : "No difference. ");
	} else {
		char text[1024];

		snprintf(
		    text, sizeof text, "%.900s (revision %" PRIu64 ").", done, reply->revision);
		output_wrap(&ctx->out, "", text);
	}
	for (size_t i = 0; i < reply->n_removed && !args_has(args, "dry-run"); i++) {
		if (!write_was_named(reply, reply->removed[i]))
			output_printf(&ctx->out, "  went too: %s\n", reply->removed[i]);
	}
	return EXIT_FINE;
}

int
write_finish(struct write *write, struct context *ctx, const struct args *args, const char *done)
{
	const Plumb__V1__ApplyReply *reply = write_apply(write, ctx, args);

	return reply ? write_tell(ctx, args, reply, done) : context_fail(ctx);
}

int
write_finish_expected(
    struct write *write, struct context *ctx, const struct args *args, const char *done)
{
	const Plumb__V1__ApplyReply *reply = write_apply(write, ctx, args);

	if (!reply && ctx->status.err.code == ERR_CONFLICT)
		return EXIT_NO;
	return reply ? write_tell(ctx, args, reply, done) : context_fail(ctx);
}

bool
write_record(struct context *ctx, const struct args *args, Plumb__V1__Record *record)
{
	const char *at = args_get(args, "at");
	const char *by = args_get(args, "by");
	const char *note = args_get(args, "note");
	int64_t time;

	plumb__v1__record__init(record);
	if (at && !time_or_date_parse(at, &time))
		return context_set_error(ctx, ERR_INVALID,
		    "--at takes a date (2026-03-31) or a time (2026-03-31T17:00:00Z); not '%s'",
		    at);
	record->at = pb_str(at ? at : "");
	record->note = pb_str(note ? note : "");
	if (by && strncmp(by, "person/", 7) == 0)
		by += 7;
	if (by && !parse_is_id(by, strlen(by)))
		return context_set_error(
		    ctx, ERR_INVALID, "--by takes a person such as anna; not '%s'", by);
	record->by = pb_str(by ? by : "");
	return true;
}

bool
write_parse_share(const char *text, double *out)
{
	char number[32];
	size_t len = strlen(text);
	bool percent = len > 0 && text[len - 1] == '%';
	double value;

	if (len == 0 || len >= sizeof number)
		return false;
	memcpy(number, text, len + 1);
	if (percent)
		number[len - 1] = '\0';
	if (!parse_double(number, &value))
		return false;
	/* "1" is all of it; "40" can only be per cent */
	if (percent || value > 1)
		value /= 100;
	if (!(value >= 0 && value <= 1))
		return false;
	*out = value;
	return true;
}

/* ---- differences */

static const struct {
	const char *word;
	const char *sign;
	enum output_colour colour;
} actions[] = {
    [PLUMB__V1__ENTRY_DIFF__ACTION__UNCHANGED] = {"unchanged", " ", COLOUR_NONE},
    [PLUMB__V1__ENTRY_DIFF__ACTION__CREATED] = {"new", "+", COLOUR_GREEN},
    [PLUMB__V1__ENTRY_DIFF__ACTION__CHANGED] = {"changed", "~", COLOUR_YELLOW},
    [PLUMB__V1__ENTRY_DIFF__ACTION__REMOVED] = {"removed", "-", COLOUR_RED},
    [PLUMB__V1__ENTRY_DIFF__ACTION__RENAMED] = {"renamed", "~", COLOUR_YELLOW},
    [PLUMB__V1__ENTRY_DIFF__ACTION__PLACED] = {"placed", "~", COLOUR_YELLOW},
    [PLUMB__V1__ENTRY_DIFF__ACTION__RETRACTED] = {"withdrawn", "-", COLOUR_RED},
    [PLUMB__V1__ENTRY_DIFF__ACTION__REDACTED] = {"redacted", "-", COLOUR_RED},
};

/* "initiative.estimate.likely", "needs[2].effort": kept in hundredths of a person-day. */
static bool
is_effort(const char *field)
{
	const char *last = strrchr(field, '.');

	return describe_is_effort(last ? last + 1 : field);
}

void
write_value(struct str *out, const char *field, const char *value)
{
	int64_t hundredths;
	char days[40];

	if (is_effort(field) && parse_i64(value, INT64_MIN, INT64_MAX, &hundredths))
		str_add(out, describe_days(hundredths, days));
	else
		str_add(out, value);
}

static void
write_field(struct output *out, const Plumb__V1__FieldDiff *field, bool created, const char *lead)
{
	char first[128];
	struct str text;

	/* the title stands in the heading, and that an item has its body says nothing */
	if (created && (strcmp(field->field, "title") == 0 || strcmp(field->new_, "{}") == 0))
		return;
	str_init(&text, 1u << 20);
	if (!created && field->old[0] && !field->new_[0])
		str_add(&text, "no more ");
	if (!created && field->old[0])
		write_value(&text, field->field, field->old);
	if (!created && field->old[0] && field->new_[0])
		str_add(&text, " \xe2\x86\x92 ");
	if (field->new_[0])
		write_value(&text, field->field, field->new_);
	snprintf(first, sizeof first, "%.40s    %.80s: ", lead, field->field);
	output_wrap(out, first, text.data);
	str_fini(&text);
}

void
write_differences(
    struct output *out, Plumb__V1__EntryDiff *const *diffs, size_t count, const char *lead)
{
	for (size_t i = 0; i < count; i++) {
		const Plumb__V1__EntryDiff *diff = diffs[i];
		size_t action =
		    (size_t)diff->action < sizeof actions / sizeof actions[0] ? diff->action : 0;
		char head[256];

		snprintf(head, sizeof head, "%s %s %.160s", actions[action].sign,
		    actions[action].word, diff->ref);
		output_text(out, lead);
		output_coloured(out, actions[action].colour, head);
		if (diff->renamed_to[0])
			output_printf(out, " to %s", diff->renamed_to);
		if (diff->title[0])
			output_beside(out,
			    utf8_width(lead) + utf8_width(head) +
				(diff->renamed_to[0] ? 4 + utf8_width(diff->renamed_to) : 0),
			    utf8_width(lead) + 6, diff->title);
		else
			output_text(out, "\n");
		if (diff->action == PLUMB__V1__ENTRY_DIFF__ACTION__REMOVED)
			continue;
		for (size_t j = 0; j < diff->n_fields; j++)
			write_field(out, diff->fields[j],
			    diff->action == PLUMB__V1__ENTRY_DIFF__ACTION__CREATED, lead);
	}
}

int
write_finish_record(
    struct context *ctx, const struct args *args, Plumb__V1__Record *record, const char *done)
{
	struct write write;
	Plumb__V1__Change *change;
	Plumb__V1__Add add;

	plumb__v1__add__init(&add);
	add.record = record;
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_ADD;
	change->add = &add;
	return write_finish(&write, ctx, args, done);
}
