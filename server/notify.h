/* Tells systemd (or whoever set NOTIFY_SOCKET) how the daemon is. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

/* state as sd_notify(3): "READY=1", "STOPPING=1". Does nothing without NOTIFY_SOCKET. */
void notify(const char *state);

#endif
