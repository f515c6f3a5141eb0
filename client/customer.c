#include "client/customer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"

const char *
customer_hole(Plumb__V1__Hole hole)
{
	static const char *const words[] = {
	    [PLUMB__V1__HOLE__NO_OWNER] = "nobody answers for it",
	    [PLUMB__V1__HOLE__NO_FUNCTION] = "no team meets the customers there",
	    [PLUMB__V1__HOLE__NO_MEASURE] = "no measure judges who meets them",
	    [PLUMB__V1__HOLE__NO_WORK] = "nothing open works on it",
	    [PLUMB__V1__HOLE__NO_EXPECTATION] = "no expectation is stated",
	    [PLUMB__V1__HOLE__NO_EMOTION] = "nobody said how it feels",
	    [PLUMB__V1__HOLE__UNANSWERED] = "no objective answers what is expected",
	};

	if ((unsigned)hole >= sizeof words / sizeof words[0] || !words[hole])
		return "";
	return words[hole];
}

const char *
customer_value_state(Plumb__V1__Step__ValueState state)
{
	static const char *const words[] = {"", "gained", "kept", "lost"};

	return (unsigned)state < sizeof words / sizeof words[0] ? words[state] : "";
}

const char *
customer_emotion(bool known, double emotion, char *buf)
{
	double tenths = round(emotion * 10);

	if (!known)
		snprintf(buf, CUSTOMER_EMOTION, "?");
	else if (fabs(tenths) < 1)
		snprintf(buf, CUSTOMER_EMOTION, "0");
	else
		snprintf(buf, CUSTOMER_EMOTION, fabs(fmod(tenths, 10)) < 1 ? "%+.0f" : "%+.1f",
		    tenths / 10);
	return buf;
}

void
customer_ends(
    struct context *ctx, char **loose, size_t n_loose, uint32_t more, char **notes, size_t n_notes)
{
	struct str text;

	str_init(&text, 1u << 16);
	for (size_t i = 0; i < n_loose; i++)
		str_addf(&text, "%s%s",
		    i ? ", " : "On no customer's way, because in no stage of a journey: ",
		    loose[i]);
	if (more)
		str_addf(&text, " and %" PRIu32 " more", more);
	if (n_loose) {
		str_add_char(&text, '.');
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "", text.data);
	}
	str_fini(&text);
	for (size_t i = 0; i < n_notes; i++) {
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "", notes[i]);
	}
}

int
customer_fail(struct context *ctx, const char *const *refs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (refs[i] && refs[i][0] && strstr(ctx->status.err.msg, refs[i])) {
			context_suggest(ctx, refs[i]);
			break;
		}
	}
	return context_fail(ctx);
}
