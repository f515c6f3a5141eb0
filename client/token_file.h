/* The token that a person keeps in a file of their own. */
#ifndef CLIENT_TOKEN_FILE_H
#define CLIENT_TOKEN_FILE_H

#include "common/arena.h"
#include "common/err.h"

/*
 * The token in the file, in the arena. NULL with ERR_INVALID: the file can't be read, others can read it too, or it holds none.
 * No message says what is in it.
 */
const char *token_file_read(const char *path, struct arena *arena, struct err *err) MUST_CHECK;
/* Could that text be a token? ERR_INVALID; from tells where it stands. */
bool token_is_one(const char *text, const char *from, struct err *err) MUST_CHECK;

#endif
