/*
 * What the common options come to: an option wins over the environment, that over the context in use, that over the
 * default. A context named on the command line (--context) counts as an option.
 */
#ifndef CLIENT_SETTINGS_H
#define CLIENT_SETTINGS_H

#include <stdbool.h>

#include "common/err.h"

struct args;
struct context;

/*
 * Loads the configuration into ctx->config. A file that is wrong is a fault only for commands that need it (strict);
 * the others go on as if it were empty.
 */
bool settings_load(struct context *ctx, bool strict, struct err *err) MUST_CHECK;
/* Server, workspace, who and timeout with where they came from. ERR_INVALID names what is wrong and where it stands. */
bool settings_fill(struct context *ctx, const struct args *args, struct err *err) MUST_CHECK;
/* Colour of ctx->out. */
bool settings_colour(struct context *ctx, const struct args *args, struct err *err) MUST_CHECK;

#endif
