#include "client/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX    "plumb_"
#define TOKEN_MAX 256

/* A pipe is its reader's alone. */
static bool
check_mode(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(
		    err, ERR_INVALID, "cannot read the token in %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(
		    err, ERR_INVALID, "%s is a directory: name the file with the token", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		return err_set(err, ERR_INVALID,
		    "others can read or change the token in %s: chmod 600 %s, and if they may have "
		    "read it: plumb admin token rotate",
		    path, path);
	return true;
}

static bool
read_some(int fd, char *buf, size_t size, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < size) {
		n = read(fd, buf + *len, size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return true;
}

/* Blanks and the end of the line are not part of it. */
static const char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

bool
token_is_one(const char *text, const char *from, struct err *err)
{
	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return err_set(err, ERR_INVALID,
		    "%s holds no token: one begins with " PREFIX
		    "; an administrator makes it with: plumb admin token create",
		    from);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return err_set(err, ERR_INVALID,
			    "%s holds more than a token: one line, and nothing else on it", from);
	}
	return true;
}

const char *
token_file_read(const char *path, struct arena *arena, struct err *err)
{
	char buf[TOKEN_MAX + 1];
	const char *text = NULL;
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		err_set(err, ERR_INVALID, "cannot read the token in %s: %s", path, strerror(errno));
		return NULL;
	}
	if (!check_mode(fd, path, err))
		goto out;
	if (!read_some(fd, buf, sizeof buf, &len)) {
		err_set(err, ERR_INVALID, "cannot read the token in %s: %s", path, strerror(errno));
		goto out;
	}
	if (len == sizeof buf || memchr(buf, '\0', len) != NULL) {
		err_set(err, ERR_INVALID,
		    "%s holds more than a token: one line, and nothing else on it", path);
		goto out;
	}
	buf[len] = '\0';
	text = trim(buf);
	if (!token_is_one(text, path, err)) {
		text = NULL;
		goto out;
	}
	text = arena_strdup(arena, text);
	if (text == NULL)
		err_oom(err);
out:
	close(fd);
	return text;
}
