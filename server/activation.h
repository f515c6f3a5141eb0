/*
 * Sockets that the service manager opened for us (sd_listen_fds(3)): it can listen on ports that we may not, and while we
 * are restarted nobody is turned away.
 *
 * What is spoken on a socket stands in its name (FileDescriptorName= of the socket unit): plumb, or http.
 */
#ifndef SERVER_ACTIVATION_H
#define SERVER_ACTIVATION_H

#include <stdbool.h>

#include "common/err.h"

#define ACTIVATION_MAX 16

struct activation {
	struct activation_socket {
		int fd;
		bool http;
	} sockets[ACTIVATION_MAX];
	unsigned count; /* 0: there is no manager, or it opened none */
};

/*
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and takes them out of the environment. ERR_INVALID: they make no sense, or a
 * name is not known.
 */
bool activation_read(struct activation *activation, struct err *err) MUST_CHECK;

#endif
