/*
 * The configuration file of plumb, $XDG_CONFIG_HOME/plumb/config: contexts (a server, a workspace and who one is,
 * under a name), which of them is in use, pager and colour.
 *
 *     context = prod
 *     pager = less -S
 *     color = auto
 *
 *     [context prod]
 *     server = tls:plan.example.org:7411
 *     ca = /home/anna/.config/plumb/ca.pem
 *     token_file = /home/anna/.config/plumb/token
 *     workspace = main
 *     as = person/anna
 *     timeout = 30
 */
#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"

struct str;

/* What a context states; "" where it does not. */
struct config_context {
	const char *name;
	const char *server;
	const char *workspace;
	const char *as;
	const char *timeout;
	const char *ca;
	const char *cert;
	const char *key;
	const char *token_file;
	struct config_context *next; /* in the order of the file */
};

/* All in the arena that it was loaded into. */
struct config {
	const char *path; /* "" where no home directory is known */
	bool there;
	const char *context; /* in use; "" none */
	const char *pager;   /* "" not stated */
	const char *color;   /* "" not stated */
	struct config_context *contexts;
};

/* A file that is not there is an empty one. ERR_INVALID names file, line and what is wrong with it. */
bool config_load(struct config *config, struct arena *arena, struct err *err) MUST_CHECK;
const struct config_context *config_find(const struct config *config, const char *name);
/* The name of a context that name was probably meant to be; NULL. */
const char *config_suggest(const struct config *config, const char *name);

/*
 * The text of a file with one thing changed, all else kept as it is, comments too. section: "" the top, else
 * "context prod". value NULL takes the key out, key NULL the section.
 */
void config_edit(
    const char *text, const char *section, const char *key, const char *value, struct str *out);
/* The same on the file, which is replaced whole or not at all. Can the value be written in one line? ERR_INVALID if not. */
bool config_change(const struct config *config, const char *section, const char *key,
    const char *value, struct err *err) MUST_CHECK;

#endif
