/* The parts of a journey's messages: its steps, and how they shall become. False or NULL: out of memory. */
#ifndef SERVER_RPC_JOURNEY_INTERNAL_H
#define SERVER_RPC_JOURNEY_INTERNAL_H

#include "server/rpc/journey_call.h"

/* Of customers' protobuf: PLUMB__V1__ before it. */
#define STATE(x) PLUMB__V1__##x

/* ---- journey_call.c */

/* A sentence in the job's arena; beyond LIMIT_JOURNEY_LIST it is left out. */
bool journey_note(struct journey_call *jc, char *text) MUST_CHECK;
/* "its steps follow each other in a circle: step/a -> step/b -> step/a"; "" there is none. */
char *journey_circle(const struct journey_call *jc, const struct path *path);

/* ---- journey_step.c */

bool journey_refs(
    struct journey_call *jc, uint32_t slot, enum role role, char ***list, size_t *count) MUST_CHECK;
/* What is stated of a step: names, who meets customers, by what it is judged. */
bool journey_stated(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out) MUST_CHECK;
Plumb__V1__PathStep *journey_step(struct journey_call *jc, const struct path_step *at);

/* ---- journey_target.c */

/* Beside the first by name of the journeys to be that improve it. */
bool journey_target(struct journey_call *jc, uint32_t journey, const struct path *as_is,
    Plumb__V1__JourneyPath *out) MUST_CHECK;

#endif
