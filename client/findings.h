/*
 * Findings that a change makes appear or disappear, for people.
 */
#ifndef CLIENT_FINDINGS_H
#define CLIENT_FINDINGS_H

#include "client/output.h"
#include "plumb/v1/finding.pb-c.h"

/* What becomes of the findings, and of the score. Takes NULL: then it was not asked for. */
void findings_show_change(struct output *out, const Plumb__V1__FindingsChange *change);
/* What the workspace refuses, one after the other, with what would mend it. Takes NULL. */
void findings_show_refusal(struct output *out, const Plumb__V1__Refusal *refusal);

#endif
