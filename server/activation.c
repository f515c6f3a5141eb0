#include "server/activation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* A unit that states no FileDescriptorName= gives its own name. */
static const struct {
	const char *name;
	bool http;
} names[] = {
    {"plumb", false}, {"plumbd.socket", false}, {"http", true}, {"plumbd-http.socket", true}};

static bool
find_name(const char *name, size_t len, bool *http, struct err *err)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0) {
			*http = names[i].http;
			return true;
		}
	}
	return err_set(err, ERR_INVALID,
	    "the service manager passes a socket named '%.*s' (LISTEN_FDNAMES): what is spoken "
	    "there? "
	    "Write FileDescriptorName=plumb or =http into its unit",
	    len > 40 ? 40 : (int)len, name);
}

/* "plumb:plumb:http"; without names all are plumb. */
static bool
read_names(struct activation *activation, const char *text, struct err *err)
{
	for (unsigned i = 0; i < activation->count && text != NULL; i++) {
		size_t len = strcspn(text, ":");

		if (!find_name(text, len, &activation->sockets[i].http, err))
			return false;
		text += len;
		if (*text == '\0' && i + 1 < activation->count)
			return err_set(err, ERR_INVALID,
			    "LISTEN_FDNAMES has %u names, LISTEN_FDS says %u sockets", i + 1,
			    activation->count);
		text += *text == ':';
	}
	return text == NULL || *text == '\0' ||
	       err_set(err, ERR_INVALID, "LISTEN_FDNAMES has more names than LISTEN_FDS sockets");
}

static bool
read_all(struct activation *activation, struct err *err)
{
	const char *pid_text = getenv("LISTEN_PID");
	const char *count_text = getenv("LISTEN_FDS");
	uint64_t pid, count;

	/* Those of another process were inherited by mistake. */
	if (pid_text == NULL || count_text == NULL)
		return true;
	if (!parse_u64(pid_text, 1, INT32_MAX, &pid))
		return err_set(err, ERR_INVALID, "LISTEN_PID '%.40s' is no process id", pid_text);
	if ((pid_t)pid != getpid())
		return true;
	if (!parse_u64(count_text, 0, ACTIVATION_MAX, &count))
		return err_set(err, ERR_INVALID, "LISTEN_FDS '%.40s' is no number from 0 to %d",
		    count_text, ACTIVATION_MAX);
	activation->count = (unsigned)count;
	for (unsigned i = 0; i < activation->count; i++)
		activation->sockets[i].fd = FIRST_FD + (int)i;
	return read_names(activation, getenv("LISTEN_FDNAMES"), err);
}

bool
activation_read(struct activation *activation, struct err *err)
{
	bool ok;

	memset(activation, 0, sizeof *activation);
	ok = read_all(activation, err);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return ok;
}
