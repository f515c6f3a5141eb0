#include "client/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"

#define TIMEOUT_MAX 86400

bool
settings_load(struct context *ctx, bool strict, struct err *err)
{
	struct err ignored = {0};

	return config_load(&ctx->config, ctx->arena, strict ? err : &ignored) || !strict;
}

/* One setting and its sources, strongest first. */
struct setting {
	const char *option;
	const char *variable; /* NULL none */
	const char *kept;     /* in the context in use */
};

/* *from stays "" where nothing states it. */
static const char *
find(struct context *ctx, const struct args *args, const struct setting *setting, const char **from)
{
	const char *option = args_get(args, setting->option);
	const char *variable = setting->variable ? getenv(setting->variable) : NULL;
	bool named = args_has(args, "context"); /* on the command line */
	const char *name = "";

	if (ctx->used)
		name = arena_printf(ctx->arena, "context %s", ctx->used->name);
	*from = "";
	if (option) {
		*from = arena_printf(ctx->arena, "--%s", setting->option);
		return option;
	}
	if (named && setting->kept[0]) {
		*from = name ? name : "";
		return setting->kept;
	}
	if (variable && variable[0]) {
		*from = arena_printf(ctx->arena, "$%s", setting->variable);
		return variable;
	}
	if (setting->kept[0])
		*from = name ? name : "";
	return setting->kept;
}

static const char *
default_server(struct arena *arena)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char *path = run && run[0] ? arena_printf(arena, "unix:%s/plumbd.sock", run) : NULL;

	return path && access(path + 5, F_OK) == 0 ? path : "tcp:127.0.0.1:7411";
}

static bool
find_context(struct context *ctx, const struct args *args, struct err *err)
{
	const char *name = args_get(args, "context");
	const char *near;

	ctx->used_from = name ? "--context" : "";
	if (!name && (name = getenv("PLUMB_CONTEXT")) && name[0])
		ctx->used_from = "$PLUMB_CONTEXT";
	if (!ctx->used_from[0]) {
		name = ctx->config.context;
		ctx->used_from = name[0] ? ctx->config.path : "";
	}
	if (!name || !name[0])
		return true;
	ctx->used = config_find(&ctx->config, name);
	if (ctx->used)
		return true;
	near = config_suggest(&ctx->config, name);
	if (near)
		return err_set(err, ERR_INVALID,
		    "there is no context '%.40s' (from %.80s); did you mean %s?", name,
		    ctx->used_from, near);
	return err_set(err, ERR_INVALID,
	    "there is no context '%.40s' (from %.80s); plumb context list shows those that there "
	    "are",
	    name, ctx->used_from);
}

static bool
find_timeout(struct context *ctx, const struct args *args, struct err *err)
{
	const struct setting setting = {"timeout", NULL, ctx->used ? ctx->used->timeout : ""};
	const char *text = find(ctx, args, &setting, &ctx->timeout_from);
	double seconds = 60;

	if (text[0] && (!parse_double(text, &seconds) || seconds < 0 || seconds > TIMEOUT_MAX))
		return err_set(err, ERR_INVALID,
		    "--timeout takes seconds, 0 to %d; not '%.40s'%s%.80s%s", TIMEOUT_MAX, text,
		    ctx->timeout_from[0] == '-' ? "" : " (from ",
		    ctx->timeout_from[0] == '-' ? "" : ctx->timeout_from,
		    ctx->timeout_from[0] == '-' ? "" : ")");
	ctx->timeout_ms = (int)(seconds * 1000);
	if (seconds > 0 && ctx->timeout_ms == 0)
		ctx->timeout_ms = 1;
	return true;
}

/* $PLUMB_TOKEN is the token itself; an option or a file named more closely wins over it. */
static void
find_token(struct context *ctx, const struct args *args)
{
	const struct setting file = {
	    "token-file", "PLUMB_TOKEN_FILE", ctx->used ? ctx->used->token_file : ""};
	const char *token = getenv("PLUMB_TOKEN");

	ctx->token = "";
	ctx->token_file = find(ctx, args, &file, &ctx->token_from);
	if (!token || !token[0] || args_get(args, "token-file") ||
	    (ctx->token_file[0] && args_has(args, "context")))
		return;
	ctx->token = token;
	ctx->token_file = "";
	ctx->token_from = "$PLUMB_TOKEN";
}

bool
settings_fill(struct context *ctx, const struct args *args, struct err *err)
{
	struct setting server = {"server", "PLUMB_SERVER", ""};
	struct setting workspace = {"workspace", "PLUMB_WORKSPACE", ""};
	struct setting as = {"as", "PLUMB_AS", ""};
	struct setting ca = {"ca", "PLUMB_CA", ""};
	struct setting cert = {"cert", "PLUMB_CERT", ""};
	struct setting key = {"key", "PLUMB_KEY", ""};

	if (!find_context(ctx, args, err))
		return false;
	if (ctx->used) {
		server.kept = ctx->used->server;
		workspace.kept = ctx->used->workspace;
		as.kept = ctx->used->as;
		ca.kept = ctx->used->ca;
		cert.kept = ctx->used->cert;
		key.kept = ctx->used->key;
	}
	ctx->server = find(ctx, args, &server, &ctx->server_from);
	ctx->workspace = find(ctx, args, &workspace, &ctx->workspace_from);
	ctx->as = find(ctx, args, &as, &ctx->as_from);
	ctx->tls.ca = find(ctx, args, &ca, &ctx->tls_from.ca);
	ctx->tls.certificate = find(ctx, args, &cert, &ctx->tls_from.certificate);
	ctx->tls.key = find(ctx, args, &key, &ctx->tls_from.key);
	find_token(ctx, args);
	if (!ctx->server[0])
		ctx->server = default_server(ctx->arena);
	return find_timeout(ctx, args, err);
}

bool
settings_colour(struct context *ctx, const struct args *args, struct err *err)
{
	const char *word = args_get(args, "color");
	const char *no_color = getenv("NO_COLOR");

	if (!word && no_color && no_color[0])
		word = "never";
	if (!word && ctx->config.color[0])
		word = ctx->config.color;
	if (!word || strcmp(word, "auto") == 0)
		return true; /* as output_init found it */
	if (strcmp(word, "always") == 0)
		ctx->out.colour = true;
	else if (strcmp(word, "never") == 0)
		ctx->out.colour = false;
	else
		return err_set(err, ERR_INVALID,
		    "%.150s: color is auto, always or never; not '%.40s'", ctx->config.path, word);
	return true;
}
