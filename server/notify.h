/* Tells systemd (or whoever set NOTIFY_SOCKET) how the daemon is: sd_notify(3). */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1". Does nothing without NOTIFY_SOCKET. */
void notify(const char *state);
/* "RELOADING=1", with the time that goes with it; notify("READY=1") ends it. */
void notify_reloading(void);

/*
 * How often the manager wants to hear that we live, in microseconds; 0: it doesn't (WATCHDOG_USEC and WATCHDOG_PID). Asked once,
 * and taken out of the environment.
 */
int64_t notify_watchdog_us(void);
/* To be called from the loop's ticks, so that a loop that hangs is noticed: says so when half of the time is over. */
void notify_alive(int64_t watchdog_us, int64_t now_us);

#endif
