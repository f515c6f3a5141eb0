/* plumbd: reads its configuration, puts the daemon and the network on one loop, and stops in good order. */
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "server/activation.h"
#include "server/config.h"
#include "server/loop.h"
#include "server/net/addr.h"
#include "server/net/net.h"
#include "server/net/tls.h"
#include "server/notify.h"
#include "server/rpc/access.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon.h"
#include "server/rpc/health.h"
#include "server/rpc/metrics.h"
#include "server/rpc/restore.h"
#include "server/rpc/rpc.h"
#include "server/rpc/token.h"

#define TICK_MS      100
#define EXIT_USAGE   2
#define EXIT_REFUSED 3 /* --restore: nothing was wrong with the backup, and nothing was made */

struct app {
	struct config config;
	int argc;
	char **argv;
	struct activation activation;
	int64_t watchdog_us;
	struct loop *loop;
	struct daemon *daemon;
	struct net *net;
	char first_token[TOKEN_TEXT_LEN]; /* made at this start, an administrator's; "" none */
	bool is_stopping;
	int64_t stop_at_us;
};

static void
wake(void *arg)
{
	struct app *app = arg;

	loop_wake(app->loop);
}

static void
on_wake(void *arg)
{
	struct app *app = arg;

	daemon_poll(app->daemon);
}

static void
stop_if_done(struct app *app)
{
	if (!app->is_stopping)
		return;
	if ((net_is_idle(app->net) && daemon_is_idle(app->daemon)) ||
	    daemon_monotonic_us() >= app->stop_at_us)
		loop_stop(app->loop);
}

static void
on_tick(void *arg)
{
	struct app *app = arg;

	daemon_tick(app->daemon);
	notify_alive(app->watchdog_us, daemon_monotonic_us());
}

static void
on_turn_end(void *arg)
{
	struct app *app = arg;

	rpc_turn_end(app->daemon);
	net_turn_end(app->net);
	stop_if_done(app);
}

/* The first one drains, the second one doesn't wait any longer. */
static void
on_signal(void *arg)
{
	struct app *app = arg;

	if (app->is_stopping) {
		loop_stop(app->loop);
		return;
	}
	log_info("stop", "draining connections=%zu wait=%ums", net_connections(app->net),
	    app->config.drain_ms);
	notify("STOPPING=1");
	health_stop();
	app->is_stopping = true;
	app->stop_at_us = daemon_monotonic_us() + (int64_t)app->config.drain_ms * 1000;
	net_drain(app->net);
	daemon_stop(app->daemon);
}

/* With the files as they are now; without a certificate there is nothing to do. */
static bool
load_certificates(struct app *app, struct err *err)
{
	const struct config *config = &app->config;
	const struct tls_options options = {
	    .certificate = config->tls_certificate,
	    .key = config->tls_key,
	    .client_ca = config->tls_client_ca[0] != '\0' ? config->tls_client_ca : NULL,
	    .require_client = config->tls_require_client,
	};
	struct tls_context *context;

	if (config->tls_certificate[0] == '\0')
		return true;
	context = tls_context_new(&options, err);
	if (context == NULL)
		return false;
	return net_set_tls(app->net, context) || err_oom(err);
}

/* Connections go on with the certificate that they have, if they are still who they were; files that are no good change nothing. */
static void
on_hangup(void *arg)
{
	struct app *app = arg;
	struct err err = {.code = ERR_OK};

	if (app->is_stopping)
		return;
	notify_reloading();
	if (!config_reload(&app->config, app->argc, app->argv, &err))
		log_error("reload", "why=\"%s\" next=\"goes on with the old settings\"", err.msg);
	else if (!load_certificates(app, &err))
		log_error("reload", "why=\"%s\" next=\"goes on with the old ones\"", err.msg);
	else
		log_info("reload", "certificate=\"%s\"", app->config.tls_certificate);
	net_review(app->net);
	audit_event(app->daemon, NULL, "reload", "settings and certificates",
	    err.code == ERR_OK ? "ok" : err.msg);
	notify("READY=1");
}

static const char *
certificate_of(void *arg, const char *common_name, enum access *access)
{
	const struct app *app = arg;

	return config_certificate(&app->config, common_name, access);
}

static const char *
person_of(void *arg, uid_t uid, enum access *access)
{
	const struct app *app = arg;

	return config_person(&app->config, uid, access);
}

/* A connection is a file descriptor: as many as we are allowed. */
static void
raise_limits(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit files;

	sigaction(SIGPIPE, &ignore, NULL);
	/* A file that may not grow any more (ulimit -f) is a disk that is full. */
	sigaction(SIGXFSZ, &ignore, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_warn("start", "the limit of open files stays as it is");
}

/* Until the loop runs there is nobody to drain, and the log is whole at every moment. */
static void
on_early_signal(int number)
{
	static const char text[] = "plumbd: stopped while starting\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);

	(void)number;
	(void)written;
	_exit(EXIT_SUCCESS);
}

static bool
open_daemon(struct app *app, struct err *err)
{
	const struct config *config = &app->config;
	const struct daemon_options options = {
	    .data_dir = config->memory ? NULL : config->data_dir,
	    .clock_us = config->clock_us,
	    .clock_set = config->clock_set,
	    .clock_frozen = config->clock_frozen,
	    .wake = wake,
	    .wake_arg = app,
	    .anonymous = (int)config->anonymous,
	    .no_audit = !config->audit,
	    .limits = &config->quota,
	    .synchronous = config->synchronous[0] == '\0' ? NULL : config->synchronous,
	};

	const struct sigaction early = {.sa_handler = on_early_signal};
	struct sigaction of_term, of_int;

	/* Folding a long log takes a while: the loop's handlers, which are set, would only act after it. */
	sigaction(SIGTERM, &early, &of_term);
	sigaction(SIGINT, &early, &of_int);
	app->daemon = daemon_new(&options, err);
	sigaction(SIGTERM, &of_term, NULL);
	sigaction(SIGINT, &of_int, NULL);
	return app->daemon != NULL;
}

static bool
open_net(struct app *app, struct err *err)
{
	const struct net_options options = {
	    .base = loop_base(app->loop),
	    .daemon = app->daemon,
	    .person_of = person_of,
	    .certificate_of = certificate_of,
	    .person_arg = app,
	    .access = daemon_access(app->daemon),
	    .allow_cleartext = app->config.allow_cleartext,
	    .connections_max = app->config.connections,
	    .life = app->config.life,
	    .origins = app->config.origins,
	    .metrics = metrics_text,
	    .metrics_open = app->config.metrics_open,
	};

	app->net = net_new(&options, err);
	if (app->net == NULL || !load_certificates(app, err))
		return false;
	for (unsigned i = 0; i < app->activation.count; i++) {
		const struct activation_socket *given = &app->activation.sockets[i];

		if (!net_take(app->net, given->fd, given->http, err))
			return false;
	}
	/* Whoever opens sockets for us has said where, unless the configuration says more. */
	for (unsigned i = 0; i < app->config.listen_count; i++) {
		if (app->activation.count > 0 && app->config.is_listen_default)
			break;
		if (!net_listen(app->net, app->config.listen[i], err))
			return false;
	}
	for (unsigned i = 0; i < app->config.http_count; i++) {
		if (!net_listen_http(app->net, app->config.http[i], err))
			return false;
	}
	return true;
}

/* So that somebody can be let in at all; see docs/SECURITY.md, "Who calls". */
static bool
make_first_token(struct app *app, struct err *err)
{
	const struct config *config = &app->config;
	char path[CONFIG_PATH_MAX + 16];

	if (!config->print_token && config->memory)
		return true;
	snprintf(path, sizeof path, "%s/admin.token", config->data_dir);
	if (!access_first_token(
		app->daemon, config->print_token ? NULL : path, app->first_token, err)) {
		err_wrap(err, "the first token");
		return false;
	}
	if (app->first_token[0] != '\0' && !config->print_token)
		log_info("start", "admin-token=\"%s\" next=\"plumb --token-file %s\"", path, path);
	return true;
}

static bool
open_all(struct app *app, struct err *err)
{
	const struct loop_options options = {
	    on_wake, on_tick, on_signal, on_hangup, on_turn_end, app, TICK_MS};

	app->loop = loop_new(&options, err);
	return app->loop != NULL && open_daemon(app, err) && make_first_token(app, err) &&
	       open_net(app, err);
}

/* Whoever set it for this machine's people may not have thought of a network's. */
static void
warn_of_anybody(const struct app *app, const char *address)
{
	char text[ADDR_TEXT_LEN + 8];
	struct addr addr;
	struct err err;

	if (app->config.anonymous == ACCESS_NONE)
		return;
	if (strncmp(address, "http:", 5) == 0)
		snprintf(text, sizeof text, "tcp:%s", address + 5);
	else
		snprintf(text, sizeof text, "%s", address);
	if (addr_parse(text, &addr, &err) && addr_is_local(&addr))
		return;
	log_warn("anonymous",
	    "why=\"everybody who reaches %s has the role %s, without a token\" next=\"anonymous = "
	    "none\"",
	    address, access_role_name(app->config.anonymous));
}

/* "plumbd ready tcp:127.0.0.1:7411 unix:/var/lib/plumbline/plumbd.sock" */
static void
say_ready(const struct app *app)
{
	int fd = app->config.ready_fd >= 0 ? app->config.ready_fd : STDOUT_FILENO;
	const char *address;

	dprintf(fd, "plumbd ready");
	for (size_t i = 0; (address = net_address(app->net, i)) != NULL; i++) {
		dprintf(fd, " %s", address);
		log_info("listen", "address=%s", address);
		warn_of_anybody(app, address);
	}
	dprintf(fd, "\n");
	if (app->config.print_token && app->first_token[0] != '\0')
		dprintf(fd, "plumbd token %s\n", app->first_token);
	if (fd > STDERR_FILENO)
		close(fd);
	notify("READY=1");
}

static int
run(struct app *app)
{
	const char *data = NULL;
	struct err err;
	bool ok;

	ok = open_all(app, &err);
	if (!ok && app->loop != NULL && app->daemon == NULL && !app->config.memory)
		data = app->config.data_dir;
	if (ok) {
		say_ready(app);
		ok = loop_run(app->loop, &err);
	}
	net_free(app->net);
	daemon_free(app->daemon);
	loop_free(app->loop);
	if (!ok) {
		if (data != NULL && strstr(err.msg, data) == NULL)
			fprintf(stderr, "plumbd: %s: %s\n", data, err.msg);
		else
			fprintf(stderr, "plumbd: %s\n", err.msg);
		return EXIT_FAILURE;
	}
	log_info("stop", "stopped");
	return EXIT_SUCCESS;
}

/* As plumb's exit codes: 1 says that the backup is bad, 3 that it cannot be done here. */
static int
restore(const struct config *config)
{
	const struct restore_options options = {
	    .backup = config->restore,
	    .directory = config->data_dir,
	    .workspace = config->workspace,
	    .revision = config->to_revision,
	};
	const char *workspace = config->workspace[0] != '\0' ? config->workspace : "main";
	uint64_t revision;
	struct err err;

	if (!restore_run(&options, &revision, &err)) {
		fprintf(stderr, "plumbd: cannot restore %s: %s\n", config->restore, err.msg);
		if (err.code != ERR_DATA_LOSS)
			return EXIT_REFUSED;
		fprintf(stderr,
		    "plumbd: nothing was made; take an older backup, or leave the damage behind "
		    "with --to-revision\n");
		return EXIT_FAILURE;
	}
	printf("Restored %s into %s; every entry was checked. Workspace %s is at revision %" PRIu64
	       ".\n"
	       "Start it with: plumbd --data %s\n",
	    config->restore, config->data_dir, workspace, revision, config->data_dir);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct app app = {.loop = NULL, .argc = argc, .argv = argv};
	struct err err;
	int code = EXIT_USAGE;

	app.watchdog_us = notify_watchdog_us();
	config_init(&app.config);
	if (!activation_read(&app.activation, &err)) {
		fprintf(stderr, "plumbd: %s\n", err.msg);
		return EXIT_USAGE;
	}
	switch (config_read(&app.config, argc, argv, &err)) {
	case CONFIG_RUN:
		log_set_level(app.config.log_level);
		raise_limits();
		/* The plan grows by small pieces: ask the kernel for many at a time, and don't hand them back and forth. */
		mallopt(M_TOP_PAD, 4 << 20);
		mallopt(M_TRIM_THRESHOLD, 64 << 20);
		/*
		 * Either fixes this one at 128 KiB: each answer would map its arrays and fault them in anew, which took a check of
		 * 100,000 items a third of its time. From 1 MiB on workers would keep 70 MB more for that.
		 */
		mallopt(M_MMAP_THRESHOLD, 512 << 10);
		code = run(&app);
		break;
	case CONFIG_RESTORE:
		log_set_level(LOG_LEVEL_WARN);
		code = restore(&app.config);
		break;
	case CONFIG_DONE:
		code = EXIT_SUCCESS;
		break;
	case CONFIG_BAD:
		fprintf(stderr, "plumbd: %s\n", err.msg);
		break;
	}
	config_fini(&app.config);
	return code;
}
