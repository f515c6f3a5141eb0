/* Promises as messages, for the answers that tell of them. In the job's arena; NULL: it is full. */
#ifndef SERVER_RPC_SAYDO_RPC_H
#define SERVER_RPC_SAYDO_RPC_H

#include "plumb/v1/saydo.pb-c.h"
#include "server/insight/saydo.h"

struct view_job;

Plumb__V1__Promise *saydo_promise_message(
    const struct view_job *job, const struct saydo_promise *p);
Plumb__V1__SayDoRow *saydo_row_message(const struct view_job *job, const struct saydo_row *row);

#endif
