#include "client/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"

static const char *
severity_word(const Plumb__V1__Finding *finding)
{
	if (finding->waiver)
		return "waived";
	if (finding->unknown)
		return "unknown";
	switch (finding->severity) {
	case PLUMB__V1__SEVERITY__ERROR:
		return "error";
	case PLUMB__V1__SEVERITY__WARNING:
		return "warning";
	default:
		return "note";
	}
}

static void
show_finding(
    struct output *out, const char *sign, enum output_colour colour, const Plumb__V1__Finding *f)
{
	char head[200];

	snprintf(head, sizeof head, "%s %s  %.120s", sign, severity_word(f), f->rule);
	output_text(out, "  ");
	output_coloured(out, colour, head);
	output_text(out, "\n");
	output_wrap(out, "      ", f->message);
}

static void
show_list(struct output *out, const char *heading, const char *sign, enum output_colour colour,
    Plumb__V1__Finding *const *list, size_t count, uint32_t all)
{
	char text[80];

	if (all == 0)
		return;
	snprintf(text, sizeof text, "%s (%" PRIu32 ")", heading, all);
	output_coloured(out, COLOUR_BOLD, text);
	output_text(out, "\n");
	for (size_t i = 0; i < count; i++) {
		show_finding(out, sign, colour, list[i]);
		if (sign[0] == '+' && list[i]->fix[0])
			output_wrap(out, "      mend: ", list[i]->fix);
	}
	if (count < all)
		output_printf(out, "  \xe2\x80\xa6 and %zu more\n", (size_t)all - count);
}

static void
show_score(struct output *out, const Plumb__V1__FindingsChange *change)
{
	if (change->score_before__case != PLUMB__V1__FINDINGS_CHANGE__SCORE_BEFORE__SCORE_BEFORE ||
	    change->score_after__case != PLUMB__V1__FINDINGS_CHANGE__SCORE_AFTER__SCORE_AFTER)
		return;
	if (change->score_before == change->score_after)
		output_printf(out, "The score stays at %.1f.\n", change->score_before);
	else
		output_printf(out, "The score goes from %.1f to %.1f.\n", change->score_before,
		    change->score_after);
}

void
findings_show_change(struct output *out, const Plumb__V1__FindingsChange *change)
{
	if (!change)
		return;
	if (change->appeared_count + change->gone_count == 0)
		output_printf(out, "No finding appears and none is gone; ");
	show_list(out, "Findings that appear", "+", COLOUR_RED, change->appeared,
	    change->n_appeared, change->appeared_count);
	show_list(out, "Findings that are gone", "-", COLOUR_GREEN, change->gone, change->n_gone,
	    change->gone_count);
	output_printf(out, "%" PRIu32 " %s.\n", change->same_count,
	    change->same_count == 1 ? "finding stays as it is" : "findings stay as they are");
	show_score(out, change);
	if (strcmp(change->before_today, change->after_today) != 0)
		output_printf(out, "Judged as of %s before, and as of %s after.\n",
		    change->before_today, change->after_today);
}

void
findings_show_refusal(struct output *out, const Plumb__V1__Refusal *refusal)
{
	for (size_t i = 0; refusal && i < refusal->n_findings; i++) {
		const Plumb__V1__Finding *f = refusal->findings[i];

		show_finding(out, "!", COLOUR_RED, f);
		if (f->fix[0])
			output_wrap(out, "      mend: ", f->fix);
	}
}
