/*
 * What a command runs in: the common options, where to write, and the connection (opened when first used).
 */
#ifndef CLIENT_CONTEXT_H
#define CLIENT_CONTEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdio.h>

#include "client/config.h"
#include "client/names.h"
#include "client/output.h"
#include "client/rpc_client.h"
#include "common/arena.h"
#include "common/err.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/plan.pb-c.h"

struct args;

struct context {
	const char *server;      /* never NULL */
	const char *workspace;   /* "" is the daemon's "main" */
	const char *as;          /* "" none */
	const char *server_from; /* "--server", "$PLUMB_SERVER", "context prod"; "" the default */
	const char *workspace_from;
	const char *as_from;
	const char *timeout_from;
	struct secure_files tls; /* of "tls:" addresses; "" not stated */
	struct secure_files tls_from;
	const char *token;      /* $PLUMB_TOKEN; "" none */
	const char *token_file; /* "" none */
	const char *token_from;
	struct config config;
	const struct config_context *used; /* NULL: no context */
	const char *used_from;             /* "--context", "$PLUMB_CONTEXT", "PATH"; "" none */
	const char *today;                 /* "" the daemon's */
	const char *as_of;                 /* "" the newest */
	const char *scenario;              /* "" the plan itself */
	const char *scenario_from;
	int timeout_ms;            /* 0 for ever */
	struct output out;         /* standard output: format, width, colour */
	struct arena *arena;       /* everything of this run; freed at the end */
	struct rpc_client *client; /* NULL until used */
	struct rpc_status status;  /* of the last call */
	/* private */
	struct names people;  /* and teams: by reference */
	struct names titles;  /* by reference */
	struct names units;   /* of measures: by reference */
	struct names periods; /* their last day: by reference */
	bool people_loaded;
	bool periods_loaded;
	size_t titles_asked;      /* one by one */
	struct progress *waiting; /* NULL: no call takes long */
};

/* The connection; NULL when unreachable: return context_fail(ctx). */
struct rpc_client *context_client(struct context *ctx) MUST_CHECK;
/* The workspace, as-of and today of the common options; ERR_INVALID text in ctx->status when as-of is malformed. */
bool context_at(struct context *ctx, Plumb__V1__At *at) MUST_CHECK;
/* A unary call; NULL: return context_fail(ctx). */
void *context_call(struct context *ctx, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request) MUST_CHECK;
bool context_start(struct context *ctx, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request) MUST_CHECK;
/* In ctx->arena. NULL at the end (ctx->status.err.code is ERR_OK) or on error. */
void *context_next(struct context *ctx) MUST_CHECK;
/* Prints what ctx->status says, with every violation and what to do next; answers the exit code. */
int context_fail(struct context *ctx);
/* Prints "plumb: …" on standard error; answers code. */
int context_error(struct context *ctx, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Sets ctx->status to an error of ours, for a later context_fail; always false. */
bool context_set_error(struct context *ctx, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * Makes "kind/id" of what was typed: "kind/id" stays; a bare id is looked up (List id:…) among the kinds given
 * ("initiative,objective"; "" all) and must be unambiguous. NULL: return context_fail(ctx).
 */
const char *context_ref(struct context *ctx, const char *text, const char *kinds) MUST_CHECK;
/* Of all arguments; *refs is the arena's. False: return context_fail(ctx). */
bool context_refs(struct context *ctx, const struct args *args, const char *kinds, char ***refs,
    size_t *count) MUST_CHECK;
/* As context_ref, and it must be in the plan, "kind/id" too, of one of the kinds given: what is said of it counts. */
const char *context_ref_there(struct context *ctx, const char *text, const char *kinds) MUST_CHECK;
/* After a NOT_FOUND of ref ("kind/id"): adds "did you mean …" to the status where a near one is there. */
void context_suggest(struct context *ctx, const char *ref);
/* A kind by its name, singular or plural ("goal", "goals", "check-in"); false if there is none. */
bool context_kind(const char *text, Plumb__V1__Kind *out) MUST_CHECK;
/* The name of a kind that text was probably meant to be; NULL. */
const char *context_suggest_kind(const char *text);
/* "check-in" for CHECK_IN; static. */
const char *context_kind_name(Plumb__V1__Kind kind);
/*
 * The title of an entry, by Get; "" where it has none, is not there, or too many were asked for. ref lives as long
 * as ctx->arena.
 */
const char *context_title(struct context *ctx, const char *ref);
/* The item of "kind/id"; NULL: not there, or too many were asked for. */
const Plumb__V1__Item *context_item(struct context *ctx, const char *ref);
/* Loads the titles of all items at once, before many are asked for; without them the references stand. */
void context_load_titles(struct context *ctx);
/* The last day of "period/2026-q1" or "2026-q1"; "" unknown. Loads all periods once. */
const char *context_period_end(struct context *ctx, const char *period);
/* "Anna Brandt" for "person/anna", by List; the text itself where unknown. Loads all people once. */
const char *context_person(struct context *ctx, const char *ref);

#endif
