/* A day that a request may state. */
#ifndef SERVER_RPC_REQUEST_DAY_H
#define SERVER_RPC_REQUEST_DAY_H

#include <stdint.h>

struct faults;

/* DATE_NONE for "", and for what is no date, which is a fault of the field. */
int32_t request_day(struct faults *faults, const char *field, const char *text);

#endif
