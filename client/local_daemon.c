#include "client/local_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS   10000
#define STOP_MS    3000
#define DIR_LEN    80 /* the socket's path must fit sun_path */
#define LINE_LEN   512
#define ERRORS_LEN 1024

struct local_daemon {
	pid_t pid;
	char dir[DIR_LEN];
	char address[DIR_LEN + 24];
	int out; /* its standard output and error stay open: it shall not meet a closed pipe */
	int errors;
};

/* What a signal cleans up: one at a time, and only what may be done in a handler. */
static struct {
	volatile sig_atomic_t active;
	pid_t pid;
	char dir[DIR_LEN];
	char socket[DIR_LEN + 24];
} interrupted;

const char *
local_daemon_program(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
	char *slash;

	if (n <= 0)
		return "plumbd";
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return "plumbd";
	memcpy(slash + 1, "plumbd", sizeof "plumbd");
	return access(path, X_OK) == 0 ? path : "plumbd";
}

const char *
local_daemon_address(const struct local_daemon *daemon)
{
	return daemon->address;
}

/* ---- interrupted */

static void
on_signal(int number)
{
	if (interrupted.active) {
		if (interrupted.pid > 0)
			kill(interrupted.pid, SIGKILL);
		(void)unlink(interrupted.socket);
		(void)rmdir(interrupted.dir);
	}
	/* the handler was for once: this ends us as it would have */
	raise(number);
}

static void
watch_signals(const struct local_daemon *daemon)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	snprintf(interrupted.dir, sizeof interrupted.dir, "%s", daemon->dir);
	snprintf(interrupted.socket, sizeof interrupted.socket, "%s/plumbd.sock", daemon->dir);
	interrupted.pid = daemon->pid;
	interrupted.active = 1;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		(void)sigaction(numbers[i], &action, NULL);
}

/* ---- starting */

static bool
make_dir(struct local_daemon *daemon, struct err *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (!base || !base[0] || strlen(base) > 40 || access(base, W_OK) != 0)
		base = getenv("TMPDIR");
	if (!base || !base[0] || strlen(base) > 40)
		base = "/tmp";
	snprintf(daemon->dir, sizeof daemon->dir, "%s/plumb-check-XXXXXX", base);
	if (!mkdtemp(daemon->dir)) {
		daemon->dir[0] = '\0';
		return err_errno(err, "cannot make a directory in %s", base);
	}
	snprintf(daemon->address, sizeof daemon->address, "unix:%s/plumbd.sock", daemon->dir);
	return true;
}

/* In the child: becomes the daemon. Only what is safe after fork. */
static void
become_daemon(const struct local_daemon *daemon, const char *program, const char *clock, int out,
    int errors, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127); /* it died before we asked to be told */
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
		_exit(127);
	execlp(program, "plumbd", "--memory", "--listen", daemon->address, "--log-level", "error",
	    clock ? "--clock" : (char *)NULL, clock, (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Reads lines until one begins with "plumbd ready"; false at the end or when it takes too long. */
static bool
wait_ready(int fd)
{
	char line[LINE_LEN];
	size_t len = 0;
	int64_t deadline = now_ms() + START_MS;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = read(fd, line + len, 1);
		if (n <= 0)
			return false;
		if (line[len] == '\n') {
			if (strncmp(line, "plumbd ready", 12) == 0)
				return true;
			len = 0;
		} else if (len + 1 < sizeof line) {
			len++;
		}
	}
}

/* What it said before it gave up, on one line. */
static void
read_errors(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while (len + 1 < size && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	while (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	for (char *p = buf; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
}

static bool
start_failed(const struct local_daemon *daemon, const char *program, int errors, struct err *err)
{
	char said[ERRORS_LEN];
	int status = 0;

	if (waitpid(daemon->pid, &status, WNOHANG) == daemon->pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 127)
		return err_set(err, ERR_UNAVAILABLE,
		    "cannot run plumbd: it is neither beside plumb nor in PATH");
	read_errors(errors, said, sizeof said);
	return err_set(err, ERR_UNAVAILABLE, "a private %.60s did not start%s%.120s", program,
	    said[0] ? ": " : "", said);
}

static bool
run_daemon(struct local_daemon *daemon, const char *clock, struct err *err)
{
	const char *program = local_daemon_program();
	int out[2] = {-1, -1};
	int errors[2] = {-1, -1};
	pid_t parent = getpid();
	bool ok = false;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0) {
		err_errno(err, "cannot start a private plumbd");
		goto out;
	}
	daemon->pid = fork();
	if (daemon->pid < 0) {
		err_errno(err, "cannot start a private plumbd");
		goto out;
	}
	if (daemon->pid == 0)
		become_daemon(daemon, program, clock, out[1], errors[1], parent);
	watch_signals(daemon);
	close(out[1]);
	out[1] = -1;
	close(errors[1]);
	errors[1] = -1;
	ok = wait_ready(out[0]);
	if (!ok) {
		usleep(20000); /* a failed exec needs a moment to end */
		start_failed(daemon, program, errors[0], err);
	}
out:
	if (out[1] >= 0)
		close(out[1]);
	if (errors[1] >= 0)
		close(errors[1]);
	daemon->out = out[0];
	daemon->errors = errors[0];
	return ok;
}

struct local_daemon *
local_daemon_start(const char *clock, struct err *err)
{
	struct local_daemon *daemon = calloc(1, sizeof *daemon);

	if (!daemon) {
		err_oom(err);
		return NULL;
	}
	daemon->out = daemon->errors = -1;
	if (!make_dir(daemon, err) || !run_daemon(daemon, clock, err)) {
		local_daemon_stop(daemon);
		return NULL;
	}
	return daemon;
}

/* ---- stopping */

static void
end_process(pid_t pid)
{
	int64_t deadline = now_ms() + STOP_MS;
	int status;

	kill(pid, SIGTERM);
	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return;
		if (now_ms() > deadline)
			break;
		usleep(2000);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

void
local_daemon_stop(struct local_daemon *daemon)
{
	char path[DIR_LEN + 24];

	if (!daemon)
		return;
	if (daemon->pid > 0)
		end_process(daemon->pid);
	interrupted.active = 0;
	if (daemon->out >= 0)
		close(daemon->out);
	if (daemon->errors >= 0)
		close(daemon->errors);
	if (daemon->dir[0]) {
		snprintf(path, sizeof path, "%s/plumbd.sock", daemon->dir);
		(void)unlink(path);
		(void)rmdir(daemon->dir);
	}
	free(daemon);
}
