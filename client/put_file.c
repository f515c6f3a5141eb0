#include "client/put_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

static bool
write_to(FILE *file, const struct str *text)
{
	bool good;

	if (file == NULL)
		return false;
	good = fwrite(text->data, 1, text->len, file) == text->len;
	return fclose(file) == 0 && good;
}

static bool
write_beside(const char *path, const struct str *text)
{
	char beside[PATH_MAX];
	FILE *file;

	if (snprintf(beside, sizeof beside, "%s.new-%ld", path, (long)getpid()) >=
	    (int)sizeof beside) {
		errno = ENAMETOOLONG;
		return false;
	}
	file = fopen(beside, "wxe");
	if (file == NULL)
		return false;
	if (write_to(file, text) && rename(beside, path) == 0)
		return true;
	unlink(beside);
	return false;
}

bool
put_file(const char *path, const struct str *text)
{
	char real[PATH_MAX];
	struct stat st;

	if (stat(path, &st) != 0)
		return write_beside(path, text);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return false;
	}
	if (!S_ISREG(st.st_mode))
		return write_to(fopen(path, "we"), text);
	return realpath(path, real) != NULL && write_beside(real, text);
}
