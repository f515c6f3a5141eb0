/* Parts of plumb whatif that have a file of their own. */
#ifndef CLIENT_CMD_WHATIF_H
#define CLIENT_CMD_WHATIF_H

#include "client/command.h"

extern const struct command whatif_compare; /* cmd_whatif_compare.c */

#endif
