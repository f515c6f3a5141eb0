/* What the handlers of plumb.v1.Voice share. */
#ifndef SERVER_RPC_VOICE_RPC_H
#define SERVER_RPC_VOICE_RPC_H

#include "common/err.h"

struct item;
struct view_job;

/* A ballot round by its name, of the request's field; NULL: ERR_INVALID, ERR_NOT_FOUND. */
const struct item *voice_round(
    const struct view_job *job, const char *name, const char *field, struct err *err) MUST_CHECK;

#endif
