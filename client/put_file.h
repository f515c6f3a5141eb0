/* Files that are written whole: what stood there before stays until all is written. */
#ifndef CLIENT_PUT_FILE_H
#define CLIENT_PUT_FILE_H

#include <stdbool.h>

#include "common/err.h"

struct str;

/*
 * A regular file (or where a link leads) is written beside, then put in its place; pipes and devices are written to.
 * False with errno: EISDIR for a directory.
 */
bool put_file(const char *path, const struct str *text) MUST_CHECK;

#endif
