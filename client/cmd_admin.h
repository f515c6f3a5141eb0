/* The parts of plumb admin that have a file of their own. */
#ifndef CLIENT_CMD_ADMIN_H
#define CLIENT_CMD_ADMIN_H

#include "client/command.h"

extern const struct command admin_certificates;
extern const struct command admin_audit;
extern const struct command admin_token;

#endif
