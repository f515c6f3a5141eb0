/* plumb admin certificates: an authority of one's own, and what plumbd and its callers need of it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/certificates.h"
#include "client/cmd_admin.h"
#include "client/context.h"
#include "common/calendar.h"
#include "common/parse.h"

#define DAYS_DEFAULT   365
#define DAYS_MAX       36500
#define AUTHORITY_DAYS 3650

static const char *const default_names[] = {"localhost", "127.0.0.1", "::1"};

struct making {
	struct context *ctx;
	const struct args *args;
	const char *dir; /* from / on */
	int32_t first_day;
	int days;
	bool is_server;  /* makes the server's, too */
	bool is_renewal; /* the authority is there */
};

/* "DIR/NAME"; NULL out of memory. */
static const char *
path_of(const struct making *making, const char *name, const char *end)
{
	return arena_printf(making->ctx->arena, "%s/%s%s", making->dir, name, end);
}

/* "person-anna" for "person/anna". */
static const char *
file_name(const struct making *making, const char *who)
{
	char *name = arena_strdup(making->ctx->arena, who);

	if (name)
		name[strcspn(name, "/")] = '-';
	return name;
}

static bool
is_there(const struct making *making, const char *name)
{
	const char *pem = path_of(making, name, ".pem");
	const char *key = path_of(making, name, ".key");

	return (pem && access(pem, F_OK) == 0) || (key && access(key, F_OK) == 0);
}

/* ---- what was typed */

static bool
is_caller(const char *text)
{
	size_t len = strcspn(text, "/");

	return ((len == 6 && strncmp(text, "person", 6) == 0) ||
		   (len == 7 && strncmp(text, "service", 7) == 0)) &&
	       text[len] && parse_is_id(text + len + 1, strlen(text + len + 1));
}

static int
check_words(const struct args *args)
{
	for (size_t i = 0; i < args_count(args, "name"); i++) {
		const char *name = args_at(args, "name", i);

		if (!certificate_is_host(name))
			return command_usage(args,
			    "--name takes a host or a numeric address, as in plan.example.org or "
			    "10.0.0.5; not '%s'",
			    name);
	}
	for (size_t i = 0; i < args_count(args, "client"); i++) {
		const char *who = args_at(args, "client", i);

		if (!is_caller(who))
			return command_usage(args,
			    "--client takes who it is: person/anna or service/billing; not '%s'",
			    who);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(args_at(args, "client", j), who) == 0)
				return command_usage(args, "--client %s is given twice", who);
		}
	}
	return EXIT_FINE;
}

static int
read_days(struct making *making)
{
	const struct args *args = making->args;
	const char *days = args_get(args, "days");
	const char *from = args_get(args, "not-before");
	uint64_t number = DAYS_DEFAULT;

	if (days && !parse_u64(days, 1, DAYS_MAX, &number))
		return command_usage(
		    args, "--days takes a number of days, 1 to %d; not '%s'", DAYS_MAX, days);
	making->days = (int)number;
	making->first_day = (int32_t)(time(NULL) / 86400);
	if (from && (!date_parse(from, &making->first_day) || making->first_day < 0))
		return command_usage(
		    args, "--not-before takes a date such as 2026-03-31; not '%s'", from);
	return EXIT_FINE;
}

static int
find_directory(struct making *making)
{
	const char *given = making->args->values[0];
	char path[PATH_MAX];
	struct stat st;

	if (mkdir(given, 0755) != 0 && errno != EEXIST)
		return context_error(
		    making->ctx, EXIT_USAGE, "cannot make '%s': %s", given, strerror(errno));
	if (!realpath(given, path))
		return context_error(
		    making->ctx, EXIT_USAGE, "cannot use '%s': %s", given, strerror(errno));
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return context_error(
		    making->ctx, EXIT_USAGE, "'%s' is no directory: name another one", given);
	making->dir = arena_strdup(making->ctx->arena, path);
	return making->dir ? EXIT_FINE : context_error(making->ctx, EXIT_SERVER, "out of memory");
}

static int
refuse(struct making *making, const char *name)
{
	return context_error(making->ctx, EXIT_USAGE,
	    "%s has %s.pem or %s.key already, and nothing is written over: to have it renewed, "
	    "move "
	    "both away and type this again",
	    making->dir, name, name);
}

/* All of it before anything is written. */
static int
check_there(struct making *making)
{
	const struct args *args = making->args;
	size_t clients = args_count(args, "client");

	making->is_renewal = is_there(making, "ca");
	/* Who adds callers means the server that there is. */
	making->is_server = args_has(args, "name") || clients == 0 || !is_there(making, "server");
	if (making->is_server && is_there(making, "server"))
		return refuse(making, "server");
	for (size_t i = 0; i < clients; i++) {
		const char *name = file_name(making, args_at(args, "client", i));

		if (!name || is_there(making, name))
			return refuse(making, name ? name : "?");
	}
	return EXIT_FINE;
}

/* ---- making */

static struct authority *
find_authority(struct making *making, struct err *err)
{
	const char *pem = path_of(making, "ca", ".pem");
	const char *key = path_of(making, "ca", ".key");
	int32_t today = (int32_t)(time(NULL) / 86400);
	struct certificate_request request = {.kind = CERTIFICATE_AUTHORITY};
	char date[DATE_TEXT_LEN];

	if (!pem || !key) {
		err_oom(err);
		return NULL;
	}
	if (making->is_renewal)
		return authority_load(pem, key, err);
	/* It is there before the first and after the last that it vouches for. */
	request.first_day = making->first_day < today ? making->first_day : today;
	request.days = making->first_day + making->days - request.first_day + AUTHORITY_DAYS;
	date_format(today, date);
	request.common_name = arena_printf(
	    making->ctx->arena, "Plumbline development authority %s %ld", date, (long)getpid());
	return request.common_name ? authority_new(&request, pem, key, err) : NULL;
}

static bool
make_one(struct making *making, struct authority *authority, const char *name,
    const struct certificate_request *request, struct err *err)
{
	const char *pem = path_of(making, name, ".pem");
	const char *key = path_of(making, name, ".key");

	if (!pem || !key)
		return err_oom(err);
	return authority_make(authority, request, pem, key, err);
}

static bool
make_server(struct making *making, struct authority *authority, struct err *err)
{
	size_t count = args_count(making->args, "name");
	const char **names = arena_array(making->ctx->arena, count + 1, sizeof *names);
	struct certificate_request request = {.kind = CERTIFICATE_SERVER,
	    .first_day = making->first_day,
	    .days = making->days,
	    .names = default_names,
	    .names_count = sizeof default_names / sizeof default_names[0]};

	if (!names)
		return err_oom(err);
	for (size_t i = 0; i < count; i++)
		names[i] = args_at(making->args, "name", i);
	if (count > 0) {
		request.names = names;
		request.names_count = count;
	}
	request.common_name = request.names[0];
	return make_one(making, authority, "server", &request, err);
}

static bool
make_clients(struct making *making, struct authority *authority, struct err *err)
{
	struct certificate_request request = {
	    .kind = CERTIFICATE_CLIENT, .first_day = making->first_day, .days = making->days};

	for (size_t i = 0; i < args_count(making->args, "client"); i++) {
		const char *name = file_name(making, args_at(making->args, "client", i));

		request.common_name = args_at(making->args, "client", i);
		if (!name)
			return err_oom(err);
		if (!make_one(making, authority, name, &request, err))
			return false;
	}
	return true;
}

/* ---- what to do with it */

static void
print_settings(const struct making *making)
{
	struct output *out = &making->ctx->out;
	size_t clients = args_count(making->args, "client");

	output_printf(
	    out, "\nIn plumbd.conf (then: systemctl reload plumbd, or send it SIGHUP):\n\n");
	output_printf(out, "[plumbd]\n");
	output_printf(out, "tls_certificate = %s/server.pem\n", making->dir);
	output_printf(out, "tls_key = %s/server.key\n", making->dir);
	if (clients == 0)
		return;
	output_printf(out, "tls_client_ca = %s/ca.pem\n\n[certificates]\n", making->dir);
	for (size_t i = 0; i < clients; i++) {
		const char *who = args_at(making->args, "client", i);

		output_printf(out, "%s = %s\n", who, who);
	}
}

static void
print_commands(const struct making *making)
{
	struct output *out = &making->ctx->out;
	size_t clients = args_count(making->args, "client");
	const char *host =
	    args_count(making->args, "name") ? args_at(making->args, "name", 0) : default_names[0];

	output_printf(out, "\nThen:\n\n");
	if (clients == 0)
		output_printf(
		    out, "plumb info --server tls:%s:7411 --ca %s/ca.pem\n", host, making->dir);
	for (size_t i = 0; i < clients; i++) {
		const char *name = file_name(making, args_at(making->args, "client", i));

		output_printf(out,
		    "plumb info --server tls:%s:7411 --ca %s/ca.pem --cert %s/%s.pem --key "
		    "%s/%s.key\n",
		    host, making->dir, making->dir, name ? name : "", making->dir,
		    name ? name : "");
	}
}

static void
print_made(const struct making *making)
{
	struct output *out = &making->ctx->out;
	char first[DATE_TEXT_LEN], last[DATE_TEXT_LEN];

	date_format(making->first_day, first);
	date_format(making->first_day + making->days - 1, last);
	output_printf(out, "Made in %s, valid from %s to %s:", making->dir, first, last);
	output_printf(out, "%s%s", making->is_renewal ? "" : " ca.pem",
	    making->is_server ? " server.pem" : "");
	for (size_t i = 0; i < args_count(making->args, "client"); i++) {
		const char *name = file_name(making, args_at(making->args, "client", i));

		output_printf(out, " %s.pem", name ? name : "");
	}
	output_printf(out,
	    "; a key beside each.\nca.pem is for everybody. Keys are not: give server.key to the "
	    "user that plumbd runs as, and keep ca.key where nobody else gets at it.\n");
	print_settings(making);
	print_commands(making);
}

static int
run_certificates(struct context *ctx, const struct args *args)
{
	struct making making = {.ctx = ctx, .args = args};
	struct authority *authority;
	struct err err = {0};
	bool ok;
	int code = check_words(args);

	if (code == EXIT_FINE)
		code = read_days(&making);
	if (code == EXIT_FINE)
		code = find_directory(&making);
	if (code == EXIT_FINE)
		code = check_there(&making);
	if (code != EXIT_FINE)
		return code;
	authority = find_authority(&making, &err);
	ok = authority && (!making.is_server || make_server(&making, authority, &err)) &&
	     make_clients(&making, authority, &err);
	authority_free(authority);
	if (!ok)
		return context_error(ctx, EXIT_USAGE, "%s", err.msg);
	print_made(&making);
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "name", "HOST",
	"what the server is called by those who connect; may be repeated (localhost)", NULL},
    {0, "client", "WHO", "also one for a caller: person/anna, service/billing; may be repeated",
	NULL},
    {0, "days", "N", "how long they are valid (365); the authority ten years more", NULL},
    {0, "not-before", "DATE", "their first day (today)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb admin certificates tls", "for plumbd on this machine"},
    {"plumb admin certificates tls --name plan.example.org --client person/anna",
	"for one on another machine, and for Anna, who is then known by hers"},
    {"plumb admin certificates tls --client service/billing", "later: one caller more"},
    {0},
};

const struct command admin_certificates = {
    .name = "certificates",
    .arguments = "DIR",
    .summary = "make an authority and certificates for TLS, for trying out or for a team",
    .help = "Makes DIR with ca.pem, server.pem and a PEM file for each --client, and a key beside "
	    "each; "
	    "prints what to put into plumbd.conf and what to type. Where DIR has an authority "
	    "already, it vouches for the new ones. Nothing is written over. Runs here: plumbd is "
	    "not asked. In an "
	    "organisation that has an authority, use that one.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_certificates,
};
