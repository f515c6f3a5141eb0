/* Pages of the HTTP port: probes, metrics, and what browsers ask before they call. */
#include <string.h>

#include "server/net/http_conn.h"
#include "server/net/grpc_wire.h"
#include "server/net/net_internal.h"
#include "server/net/peer.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"

#define METRICS_MAX ((size_t)64 << 20)

static const struct net_options *
options_of(const struct http_conn *http)
{
	return &http->conn->net->options;
}

/* ---- who asks ----------------------------------------------------------------------------------------------- */

bool
http_caller(struct http_conn *http, struct caller *out, struct err *err)
{
	struct http_text claim = http_find(&http->head->request, PEER_CLAIM_KEY);
	struct http_text token = http_find(&http->head->request, ACCESS_KEY);
	const struct shown shown = {claim.p != NULL ? claim.p : "", claim.len, token.p, token.len};
	bool ok = identity_find(
	    &http->identity, &http->conn->peer, options_of(http)->access, &shown, err);

	*out = http->identity.caller;
	return ok;
}

static bool
is_listed(const char *const *origins, struct http_text origin)
{
	for (; origins != NULL && *origins != NULL; origins++) {
		if (strlen(*origins) == origin.len && memcmp(*origins, origin.p, origin.len) == 0)
			return true;
	}
	return false;
}

bool
http_check_origin(struct http_conn *http)
{
	struct http_text origin = http_find(&http->head->request, "origin");
	char text[LIMIT_ORIGIN + 1];

	if (origin.p == NULL)
		return true;
	if (origin.len > LIMIT_ORIGIN || !is_listed(options_of(http)->origins, origin)) {
		metrics_refused("origin");
		return false;
	}
	memcpy(text, origin.p, origin.len);
	text[origin.len] = '\0';
	http_add(http, "access-control-allow-origin", text);
	http_add(http, "access-control-expose-headers", "*");
	http_add(http, "vary", "origin");
	return true;
}

void
http_preflight(struct http_conn *http)
{
	if (!http_check_origin(http)) {
		http_answer_text(http, 403,
		    "pages of this origin may not call: cors_origins lists those that may\n");
		return;
	}
	http_add(http, "allow", "GET, HEAD, POST, OPTIONS");
	if (http_find(&http->head->request, "origin").p != NULL) {
		http_add(http, "access-control-allow-methods", "POST");
		http_add(http, "access-control-allow-headers",
		    "content-type, content-encoding, connect-protocol-version, connect-timeout-ms, "
		    "connect-content-encoding, connect-accept-encoding, "
		    "authorization, " PEER_CLAIM_KEY);
		http_add(http, "access-control-max-age", "7200");
	}
	http_answer(http, 204, NULL, NULL, 0);
}

/* ---- pages -------------------------------------------------------------------------------------------------- */

static void
on_health(struct http_conn *http)
{
	http_answer_text(http, 200, "ok\n");
}

static void
on_ready(struct http_conn *http)
{
	bool stopping =
	    http->conn->state != CONN_OPEN || daemon_is_stopping(options_of(http)->daemon);

	http_answer_text(http, stopping ? 503 : 200, stopping ? "stopping\n" : "ok\n");
}

static bool
may_measure(struct http_conn *http, struct metrics_scope *scope, struct err *err)
{
	struct caller caller;

	if (http_caller(http, &caller, err) && caller.access >= ACCESS_READER) {
		*scope = (struct metrics_scope){options_of(http)->access, caller.token, true};
		return true;
	}
	if (options_of(http)->metrics_open) {
		*scope = (struct metrics_scope){NULL, 0, false};
		return true;
	}
	if (err->code != ERR_UNAUTHENTICATED)
		return false;
	metrics_refused("unauthenticated");
	return err_set(err, ERR_UNAUTHENTICATED,
	    "metrics need a reader's token (authorization: Bearer plumb_…), or metrics_open = yes");
}

static void
on_metrics(struct http_conn *http)
{
	struct metrics_scope scope;
	struct str text;
	struct err err;

	if (options_of(http)->metrics == NULL) {
		http_answer_text(http, 404, "nothing is measured here\n");
		return;
	}
	if (!may_measure(http, &scope, &err)) {
		http_answer_error(http, 0, &err, NULL, 0);
		return;
	}
	str_init(&text, METRICS_MAX);
	options_of(http)->metrics(options_of(http)->daemon, &scope, &text);
	if (str_ok(&text))
		http_answer(
		    http, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
	else
		http_answer_text(http, 503, "out of memory\n");
	str_fini(&text);
}

static bool
is_method(struct http_text path)
{
	const char *service, *name;
	size_t service_len, name_len;
	bool known;

	return grpc_path_split(path.p, path.len, &service, &service_len, &name, &name_len) &&
	       rpc_find(service, service_len, name, name_len, &known) != NULL;
}

void
http_page(struct http_conn *http)
{
	static const struct {
		const char *path;
		void (*answer)(struct http_conn *http);
	} pages[] = {{"/healthz", on_health}, {"/readyz", on_ready}, {"/metrics", on_metrics}};
	struct http_text path = http->head->request.path;

	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		if (strlen(pages[i].path) == path.len &&
		    memcmp(pages[i].path, path.p, path.len) == 0) {
			pages[i].answer(http);
			return;
		}
	}
	if (is_method(path)) {
		http_add(http, "allow", "POST, OPTIONS");
		http_answer_text(http, 405, "calls are made by POST\n");
		return;
	}
	http_answer_text(http, 404,
	    "there are /healthz, /readyz, /metrics, and calls by POST, to /plumb.v1.Plan/Get for "
	    "example\n");
}
