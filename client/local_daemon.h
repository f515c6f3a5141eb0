/*
 * A daemon of our own for the moment: in memory, on a unix socket in a directory that nobody else can enter.
 *
 * It ends with us, whatever happens to us.
 */
#ifndef CLIENT_LOCAL_DAEMON_H
#define CLIENT_LOCAL_DAEMON_H

#include "common/err.h"

struct local_daemon;

/*
 * Starts the plumbd beside this program, else the one in PATH, and waits until it is ready. clock: as plumbd's --clock;
 * NULL the machine's.
 */
struct local_daemon *local_daemon_start(const char *clock, struct err *err) MUST_CHECK;
/* "unix:/…"; lives as long as the daemon. */
const char *local_daemon_address(const struct local_daemon *daemon);
/* Stops it and removes its directory. Takes NULL. */
void local_daemon_stop(struct local_daemon *daemon);
/* The plumbd to run: a path, or "plumbd" to be looked for in PATH. Static. */
const char *local_daemon_program(void);

#endif
