#include "client/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	FILE *stream;        /* NULL: standard output without a pager */
	const char *program; /* borrowed */
	pid_t pid;           /* 0: not begun, or over */
	int fd;              /* where its text goes */
	struct sigaction interrupt, pipe;
} pager = {.fd = STDOUT_FILENO};

/* Is there such a program in $PATH? */
static bool
is_there(const char *name)
{
	const char *path = getenv("PATH");

	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		char file[512];
		size_t len = strcspn(p, ":");

		snprintf(file, sizeof file, "%.*s/%s", (int)len, p, name);
		if (len > 0 && access(file, X_OK) == 0)
			return true;
		p += len;
		p += *p == ':';
	}
	return false;
}

static const char *
find_program(const char *program)
{
	const char *const names[] = {"PLUMB_PAGER", "PAGER"};

	for (size_t i = 0; i < 2 && (!program || !program[0]); i++)
		program = getenv(names[i]);
	if (program && program[0])
		return strcmp(program, "cat") == 0 ? NULL : program;
	return is_there("less") ? "less" : NULL;
}

static void
become_pager(int from)
{
	dup2(from, STDIN_FILENO);
	close(from);
	sigaction(SIGINT, &pager.interrupt, NULL);
	sigaction(SIGPIPE, &pager.pipe, NULL);
	/* quit if it fits, keep colours, leave the text on the screen */
	setenv("LESS", "FRX", 0);
	setenv("LESSCHARSET", "utf-8", 0);
	execl("/bin/sh", "sh", "-c", pager.program, (char *)NULL);
	_exit(127);
}

/*
 * Ctrl-C is for the pager, which stops reading and shows what it has; that it was quit is seen when writing to it.
 * Without a pager for lack of processes the text simply goes out.
 */
static void
begin(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	const char *program = pager.program;
	int ends[2];

	if (pipe(ends) < 0)
		return;
	sigaction(SIGINT, &ignore, &pager.interrupt);
	sigaction(SIGPIPE, &ignore, &pager.pipe);
	pager.pid = fork();
	if (pager.pid == 0) {
		close(ends[1]);
		pager.program = program;
		become_pager(ends[0]);
	}
	close(ends[0]);
	if (pager.pid > 0) {
		pager.fd = ends[1];
		return;
	}
	close(ends[1]);
	pager.pid = 0;
	sigaction(SIGINT, &pager.interrupt, NULL);
	sigaction(SIGPIPE, &pager.pipe, NULL);
}

static ssize_t
on_write(void *cookie, const char *text, size_t len)
{
	size_t done = 0;

	(void)cookie;
	if (pager.pid == 0 && pager.program)
		begin();
	pager.program = NULL; /* one is enough */
	while (done < len) {
		ssize_t n = write(pager.fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		done += (size_t)n;
	}
	return (ssize_t)len;
}

FILE *
pager_open(const char *program)
{
	cookie_io_functions_t functions = {.write = on_write};
	const char *term = getenv("TERM");

	if (pager.stream || !isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
		return pager.stream ? pager.stream : stdout;
	pager.program = find_program(program);
	if (pager.program)
		pager.stream = fopencookie(NULL, "w", functions);
	return pager.stream ? pager.stream : stdout;
}

int
pager_close(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int status = 0;

	if (!pager.stream)
		return 0;
	fflush(pager.stream);
	if (pager.pid == 0)
		return 0;
	close(pager.fd);
	pager.fd = STDOUT_FILENO;
	sigaction(SIGINT, &ignore, NULL);
	while (waitpid(pager.pid, &status, 0) < 0 && errno == EINTR)
		;
	pager.pid = 0;
	sigaction(SIGINT, &pager.interrupt, NULL);
	sigaction(SIGPIPE, &pager.pipe, NULL);
	clearerr(pager.stream);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? 127 : 0;
}

bool
pager_runs(void)
{
	return pager.pid != 0;
}
