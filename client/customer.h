/* What the answers about customers share when they are shown. */
#ifndef CLIENT_CUSTOMER_H
#define CLIENT_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "client/context.h"
#include "plumb/v1/journey.pb-c.h"

/* "nobody answers for it"; static. */
const char *customer_hole(Plumb__V1__Hole hole);
/* "gained", "kept", "lost"; "" not known. Static. */
const char *customer_value_state(Plumb__V1__Step__ValueState state);
#define CUSTOMER_EMOTION 16
/* "+1", "0", "-0.5", into buf of CUSTOMER_EMOTION bytes, which it returns; "?" where it is not known. */
const char *customer_emotion(bool known, double emotion, char *buf);
/* Which steps no way leads to, and what could not be told. */
void customer_ends(
    struct context *ctx, char **loose, size_t n_loose, uint32_t more, char **notes, size_t n_notes);
/* After a failed call: what a name that is not there was meant to be. Names may be NULL. */
int customer_fail(struct context *ctx, const char *const *refs, size_t count);

#endif
