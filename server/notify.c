#include "server/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/parse.h"

void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = strlen(path);
	if (len >= sizeof sun.sun_path)
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody to tell when this fails; the manager's own timeout tells the operator. */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void
notify_reloading(void)
{
	char text[64];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(text);
}

int64_t
notify_watchdog_us(void)
{
	const char *pid_text = getenv("WATCHDOG_PID");
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t pid = (uint64_t)getpid();
	uint64_t us = 0;

	if (text != NULL && !parse_u64(text, 1, INT64_MAX, &us))
		us = 0;
	/* Those of another process were inherited by mistake. */
	if (pid_text != NULL &&
	    (!parse_u64(pid_text, 1, INT32_MAX, &pid) || (pid_t)pid != getpid()))
		us = 0;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	return (int64_t)us;
}

void
notify_alive(int64_t watchdog_us, int64_t now_us)
{
	static int64_t last_us;

	if (watchdog_us == 0 || (last_us != 0 && now_us - last_us < watchdog_us / 2))
		return;
	last_us = now_us;
	notify("WATCHDOG=1");
}
