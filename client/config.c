#include "client/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command.h"
#include "common/parse.h"
#include "common/str.h"

#define FILE_MAX (1u << 20)
#define PREFIX   "context "

/* ---- reading */

struct reading {
	struct config *config;
	struct arena *arena;
	char fault[160]; /* the first */
};

static const char *const context_keys[] = {
    "server", "workspace", "as", "timeout", "ca", "cert", "key", "token_file"};

static const char **
context_value(struct config_context *context, const char *key)
{
	const char **values[] = {&context->server, &context->workspace, &context->as,
	    &context->timeout, &context->ca, &context->cert, &context->key, &context->token_file};

	for (size_t i = 0; i < sizeof context_keys / sizeof context_keys[0]; i++) {
		if (strcmp(key, context_keys[i]) == 0)
			return values[i];
	}
	return NULL;
}

static const char **
top_value(struct config *config, const char *key)
{
	if (strcmp(key, "context") == 0)
		return &config->context;
	if (strcmp(key, "pager") == 0)
		return &config->pager;
	return strcmp(key, "color") == 0 ? &config->color : NULL;
}

static struct config_context *
find_or_add(struct reading *reading, const char *name)
{
	struct config_context **at = &reading->config->contexts;

	for (; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, name) == 0)
			return *at;
	}
	*at = arena_zalloc(reading->arena, sizeof **at);
	if (!*at)
		return NULL;
	**at = (struct config_context){.server = "",
	    .workspace = "",
	    .as = "",
	    .timeout = "",
	    .ca = "",
	    .cert = "",
	    .key = "",
	    .token_file = ""};
	(*at)->name = arena_strdup(reading->arena, name);
	return (*at)->name ? *at : NULL;
}

static int
fault(struct reading *reading, const char *fmt, const char *what, const char *hint)
{
	if (!reading->fault[0]) {
		int n = snprintf(
		    reading->fault, sizeof reading->fault, "%s '%.40s'%s", fmt, what, hint);

		(void)n;
	}
	return 0;
}

/* 0 makes libinih remember the line. */
static int
on_line(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	struct config_context *context;
	const char **to;

	if (section[0] == '\0') {
		to = top_value(reading->config, name);
		if (!to)
			return fault(reading, "there is no setting", name,
			    ": it is context, pager or color");
	} else if (strncmp(section, PREFIX, strlen(PREFIX)) == 0 &&
		   parse_is_id(section + strlen(PREFIX), strlen(section + strlen(PREFIX)))) {
		context = find_or_add(reading, section + strlen(PREFIX));
		to = context ? context_value(context, name) : NULL;
		if (!to)
			return fault(reading, "a context has no", name,
			    ": it is server, workspace, as, timeout, ca, cert, key or token_file");
	} else {
		return fault(reading, "there is no section", section, ": write [context NAME]");
	}
	*to = arena_strdup(reading->arena, value);
	return *to != NULL;
}

/* NULL, errno ENOENT, where there is none. The caller frees. */
static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct str text;
	char buf[4096];
	size_t n;
	int error;

	if (!file)
		return NULL;
	str_init(&text, FILE_MAX);
	while ((n = fread(buf, 1, sizeof buf, file)) > 0)
		str_add_len(&text, buf, n);
	error = ferror(file) ? EIO : str_ok(&text) ? 0 : EFBIG;
	fclose(file);
	if (error) {
		str_fini(&text);
		errno = error;
		return NULL;
	}
	return str_take(&text);
}

static const char *
find_path(struct arena *arena)
{
	const char *given = getenv("PLUMB_CONFIG");
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const char *path = "";

	if (given && given[0])
		path = arena_strdup(arena, given);
	else if (base && base[0] == '/')
		path = arena_printf(arena, "%s/plumb/config", base);
	else if (home && home[0])
		path = arena_printf(arena, "%s/.config/plumb/config", home);
	return path ? path : "";
}

bool
config_load(struct config *config, struct arena *arena, struct err *err)
{
	struct reading reading = {.config = config, .arena = arena};
	char *text;
	int line;

	*config =
	    (struct config){.path = find_path(arena), .context = "", .pager = "", .color = ""};
	if (!config->path[0])
		return true;
	text = read_file(config->path);
	if (!text && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return true;
	if (!text)
		return err_set(
		    err, ERR_INVALID, "cannot read '%.150s': %s", config->path, strerror(errno));
	config->there = true;
	line = ini_parse_string(text, on_line, &reading);
	free(text);
	if (line != 0)
		return err_set(err, ERR_INVALID, "%.120s, line %d: %s", config->path, line,
		    reading.fault[0] ? reading.fault : "this is no NAME = VALUE");
	return true;
}

const struct config_context *
config_find(const struct config *config, const char *name)
{
	for (const struct config_context *c = config->contexts; c; c = c->next) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

const char *
config_suggest(const struct config *config, const char *name)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (const struct config_context *c = config->contexts; c; c = c->next) {
		size_t distance = command_distance(name, c->name, 2);

		if (distance < best_distance) {
			best = c->name;
			best_distance = distance;
		}
	}
	return best;
}

/* ---- changing */

struct line {
	const char *text;
	size_t len; /* without its newline */
};

static bool
next_line(const char **text, struct line *line)
{
	if (!**text)
		return false;
	line->text = *text;
	line->len = strcspn(*text, "\n");
	*text += line->len;
	*text += **text == '\n';
	return true;
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && strchr(" \t\r", **p)) {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && strchr(" \t\r", (*p)[*len - 1]))
		(*len)--;
}

/* Is this "[section]"? Any section where section is NULL. */
static bool
is_section(const struct line *line, const char *section)
{
	const char *p = line->text;
	size_t len = line->len;
	const char *end;

	trim(&p, &len);
	if (len < 2 || *p != '[')
		return false;
	end = memchr(p, ']', len);
	if (!end || !section)
		return end != NULL;
	return (size_t)(end - p - 1) == strlen(section) &&
	       strncmp(p + 1, section, strlen(section)) == 0;
}

static bool
is_key(const struct line *line, const char *key)
{
	const char *p = line->text;
	size_t len = 0;

	while (len < line->len && p[len] != '=' && p[len] != ':')
		len++;
	if (len == line->len)
		return false;
	trim(&p, &len);
	return len == strlen(key) && strncmp(p, key, len) == 0;
}

static void
add_line(struct str *out, const struct line *line)
{
	str_add_len(out, line->text, line->len);
	str_add_char(out, '\n');
}

static void
add_key(struct str *out, const char *key, const char *value)
{
	str_addf(out, "%s = %s\n", key, value);
}

/* A new key goes to the end of its section, before the blank lines that divide it from the next. */
static void
insert_key(struct str *out, const char *key, const char *value)
{
	size_t end = out->len;
	char *tail;

	while (end > 1 && out->data[end - 1] == '\n' && out->data[end - 2] == '\n')
		end--;
	if (end == 1 && out->data[0] == '\n')
		end = 0;
	tail = strdup(out->len ? out->data + end : "");
	if (out->len) {
		out->len = end;
		out->data[end] = '\0';
	}
	add_key(out, key, value);
	str_add(out, tail ? tail : "");
	free(tail);
}

void
config_edit(
    const char *text, const char *section, const char *key, const char *value, struct str *out)
{
	bool here = section[0] == '\0';
	bool seen = here;
	bool written = false;
	struct line line;

	while (next_line(&text, &line)) {
		if (is_section(&line, NULL)) {
			if (here && key && value && !written) {
				insert_key(out, key, value);
				/* what stood at the top is divided from the first section */
				if (out->len > 1 && out->data[out->len - 2] != '\n')
					str_add_char(out, '\n');
				written = true;
			}
			here = is_section(&line, section);
			seen = seen || here;
		}
		if (here && !key)
			continue;
		if (here && key && is_key(&line, key)) {
			if (value && !written)
				add_key(out, key, value);
			written = true;
			continue;
		}
		add_line(out, &line);
	}
	if (!key || !value || written)
		return;
	if (!seen)
		str_addf(out, "%s[%s]\n", out->len ? "\n" : "", section);
	insert_key(out, key, value);
}

static bool
make_directories(const char *path)
{
	char dir[PATH_MAX];

	if (strlen(path) >= sizeof dir)
		return false;
	memcpy(dir, path, strlen(path) + 1);
	for (char *p = dir + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			return false;
		*p = '/';
	}
	return true;
}

static bool
replace_file(const char *path, const struct str *text, struct err *err)
{
	char tmp[PATH_MAX];
	int fd = -1;
	bool ok = false;

	if (snprintf(tmp, sizeof tmp, "%s.new", path) >= (int)sizeof tmp || !make_directories(path))
		return err_set(err, ERR_INVALID, "cannot make the directory of '%.150s'", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = fd >= 0 &&
	     (text->len == 0 || write(fd, text->data, text->len) == (ssize_t)text->len) &&
	     fsync(fd) == 0 && rename(tmp, path) == 0;
	if (!ok) {
		err_set(err, ERR_INVALID, "cannot write '%.150s': %s", path, strerror(errno));
		unlink(tmp);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

/* libinih ends a value at a newline, and at a comment after a blank. */
static bool
fits_a_line(const char *value)
{
	return !value[strcspn(value, "\n\r")] && !strstr(value, " ;") && value[0] != ';' &&
	       strlen(value) < 150;
}

bool
config_change(const struct config *config, const char *section, const char *key, const char *value,
    struct err *err)
{
	struct str out;
	char *text;
	bool ok;

	if (!config->path[0])
		return err_set(err, ERR_INVALID,
		    "no place for the configuration: set HOME or XDG_CONFIG_HOME");
	if (value && !fits_a_line(value))
		return err_set(err, ERR_INVALID,
		    "'%.60s' cannot be kept: it is too long, or has a newline or ' ;' in it",
		    value);
	text = read_file(config->path);
	if (!text && errno != ENOENT && errno != ENOTDIR)
		return err_set(
		    err, ERR_INVALID, "cannot read '%.150s': %s", config->path, strerror(errno));
	str_init(&out, FILE_MAX);
	config_edit(text ? text : "", section, key, value, &out);
	ok = str_ok(&out) ? replace_file(config->path, &out, err) : err_oom(err);
	str_fini(&out);
	free(text);
	return ok;
}
