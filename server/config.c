#include "server/config.h"

#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "server/limits.h"
#include "server/net/addr.h"

#define SECTION    "plumbd"
#define PEOPLE_MAX 100000u

struct setting {
	const char *name; /* in the file; the option has "-" for "_" */
	const char *arg;  /* what its value is called; NULL: a switch */
	const char *default_value;
	const char *help;
	bool (*set)(struct config *config, const char *value, struct err *err);
};

static bool
copy(char *to, size_t size, const char *value, struct err *err)
{
	size_t len = strlen(value);

	if (len == 0 || len >= size)
		return err_set(err, ERR_INVALID, "has 1 to %zu bytes", size - 1);
	memcpy(to, value, len + 1);
	return true;
}

static bool
set_bool(bool *to, const char *value, struct err *err)
{
	if (strcmp(value, "yes") == 0)
		*to = true;
	else if (strcmp(value, "no") == 0)
		*to = false;
	else
		return err_set(err, ERR_INVALID, "'%s' is neither yes nor no", value);
	return true;
}

static bool
set_number(unsigned *to, const char *value, unsigned min, unsigned max, struct err *err)
{
	uint64_t n;

	if (!parse_u64(value, min, max, &n))
		return err_set(
		    err, ERR_INVALID, "'%s' is no number from %u to %u", value, min, max);
	*to = (unsigned)n;
	return true;
}

static bool
set_data(struct config *config, const char *value, struct err *err)
{
	return copy(config->data_dir, sizeof config->data_dir, value, err);
}

static bool
set_memory(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->memory, value, err);
}

static bool
set_listen(struct config *config, const char *value, struct err *err)
{
	struct addr addr;

	if (!addr_parse(value, &addr, err))
		return false;
	if (config->listen_count == CONFIG_LISTEN_MAX)
		return err_set(
		    err, ERR_INVALID, "there are at most %d addresses", CONFIG_LISTEN_MAX);
	if (!copy(config->listen[config->listen_count], sizeof config->listen[0], value, err))
		return false;
	config->listen_count++;
	return true;
}

static bool
set_http(struct config *config, const char *value, struct err *err)
{
	struct addr addr;

	if (!addr_parse(value, &addr, err))
		return false;
	if (addr_is_unix(&addr))
		return err_set(
		    err, ERR_INVALID, "HTTP is spoken over TCP: tcp:127.0.0.1:7412, for example");
	if (config->http_count == CONFIG_HTTP_MAX)
		return err_set(err, ERR_INVALID, "there are at most %d addresses", CONFIG_HTTP_MAX);
	if (!copy(config->http[config->http_count], sizeof config->http[0], value, err))
		return false;
	config->http_count++;
	return true;
}

/* As browsers send it: scheme://host[:port], and nothing behind. */
static bool
is_origin(const char *p, size_t len)
{
	size_t scheme = len > 8 && memcmp(p, "https://", 8) == 0  ? 8
			: len > 7 && memcmp(p, "http://", 7) == 0 ? 7
								  : 0;

	for (size_t i = scheme; i < len; i++) {
		if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') ||
			strchr(".-:[]", p[i]) != NULL))
			return false;
	}
	return scheme > 0 && len > scheme && len <= LIMIT_ORIGIN;
}

/* Several by commas or spaces, or by several settings. */
static bool
set_cors_origins(struct config *config, const char *value, struct err *err)
{
	static const char stops[] = ", \t";

	for (const char *p = value + strspn(value, stops); *p != '\0'; p += strspn(p, stops)) {
		size_t len = strcspn(p, stops);

		if (!is_origin(p, len))
			return err_set(err, ERR_INVALID,
			    "'%.*s' is no origin: https://plan.example.org, in lower case, with "
			    "the "
			    "port where it has one, and without a path",
			    len < 100 ? (int)len : 100, p);
		if (config->origins_count == LIMIT_ORIGINS)
			return err_set(
			    err, ERR_INVALID, "there are at most %u origins", LIMIT_ORIGINS);
		config->origins[config->origins_count] = strndup(p, len);
		if (config->origins[config->origins_count] == NULL)
			return err_oom(err);
		config->origins_count++;
		p += len;
	}
	return true;
}

static bool
set_metrics_open(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->metrics_open, value, err);
}

static bool
set_allow_cleartext(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->allow_cleartext, value, err);
}

static bool
set_tls_certificate(struct config *config, const char *value, struct err *err)
{
	return copy(config->tls_certificate, sizeof config->tls_certificate, value, err);
}

static bool
set_tls_key(struct config *config, const char *value, struct err *err)
{
	return copy(config->tls_key, sizeof config->tls_key, value, err);
}

static bool
set_tls_client_ca(struct config *config, const char *value, struct err *err)
{
	return copy(config->tls_client_ca, sizeof config->tls_client_ca, value, err);
}

static bool
set_tls_require_client(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->tls_require_client, value, err);
}

static bool
set_anonymous(struct config *config, const char *value, struct err *err)
{
	if (access_parse_role(value, &config->anonymous))
		return true;
	return err_set(
	    err, ERR_INVALID, "'%s' is none of none, reader, contributor, planner, admin", value);
}

static bool
set_print_token(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->print_token, value, err);
}

static bool
set_clock(struct config *config, const char *value, struct err *err)
{
	bool frozen = value[0] == '=';

	if (!time_or_date_parse(value + frozen, &config->clock_us))
		return err_set(err, ERR_INVALID,
		    "'%s' is no time: 2026-03-31T09:00:00Z, or with a '=' before it to "
		    "stand still",
		    value);
	config->clock_set = true;
	config->clock_frozen = frozen;
	return true;
}

static bool
set_log_level(struct config *config, const char *value, struct err *err)
{
	if (!log_parse_level(value, &config->log_level))
		return err_set(err, ERR_INVALID, "'%s' is none of error, warn, info, debug", value);
	return true;
}

static bool
set_drain(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->drain_ms, value, 0, 600000, err);
}

static bool
set_connections(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->connections, value, 1, LIMIT_CONNECTIONS, err);
}

#define LIFE_MAX 2000000000u /* ms: 23 days */

static bool
set_max_age_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.age_ms, value, 0, LIFE_MAX, err);
}

static bool
set_max_age_grace_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.grace_ms, value, 0, LIFE_MAX, err);
}

static bool
set_max_idle_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.idle_ms, value, 0, LIFE_MAX, err);
}

static bool
set_keepalive_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.keepalive_ms, value, 0, LIFE_MAX, err);
}

static bool
set_keepalive_timeout_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.keepalive_timeout_ms, value, 1, LIFE_MAX, err);
}

static bool
set_ping_interval_ms(struct config *config, const char *value, struct err *err)
{
	return set_number(&config->life.ping_interval_ms, value, 0, LIFE_MAX, err);
}

static bool
set_synchronous(struct config *config, const char *value, struct err *err)
{
	if (strcmp(value, "FULL") != 0 && strcmp(value, "NORMAL") != 0)
		return err_set(err, ERR_INVALID, "'%s' is neither FULL nor NORMAL", value);
	return copy(config->synchronous, sizeof config->synchronous, value, err);
}

static bool
set_audit(struct config *config, const char *value, struct err *err)
{
	return set_bool(&config->audit, value, err);
}

/* What one caller or workspace may have; 0: no limit. */
#define SET_QUOTA(name, max)                                                                       \
	static bool set_##name(struct config *config, const char *value, struct err *err)          \
	{                                                                                          \
		return set_number(&config->quota.name, value, 0, max, err);                        \
	}

SET_QUOTA(calls_per_caller, LIMIT_CALLS)
SET_QUOTA(analyses_per_caller, LIMIT_JOBS)
SET_QUOTA(rate_per_caller, 1000000)
SET_QUOTA(mebibytes_per_caller, LIMIT_INPUT_TOTAL >> 20)
SET_QUOTA(calls_per_workspace, LIMIT_CALLS)
SET_QUOTA(analyses_per_workspace, LIMIT_JOBS)
SET_QUOTA(rate_per_workspace, 1000000)

static bool
set_ready_fd(struct config *config, const char *value, struct err *err)
{
	unsigned fd = 0;

	if (!set_number(&fd, value, 0, 1023, err))
		return false;
	config->ready_fd = (int)fd;
	return true;
}

static const struct setting settings[] = {
    {"data", "DIR", "", "where the log and its snapshots are; made if absent", set_data},
    {"memory", NULL, "no", "keep everything in memory and forget it at the end", set_memory},
    {"listen", "ADDRESS", "tcp:127.0.0.1:7411 and unix:DIR/plumbd.sock",
	"tcp:HOST:PORT (port 0: any free one) or unix:/PATH; may be given several times",
	set_listen},
    {"tls_certificate", "FILE", "",
	"speak TLS with this certificate (PEM, with those between it and the root)",
	set_tls_certificate},
    {"tls_key", "FILE", "", "the certificate's key (PEM)", set_tls_key},
    {"tls_client_ca", "FILE", "",
	"ask callers for certificates that this authority has signed; [certificates] says who they "
	"are",
	set_tls_client_ca},
    {"tls_require_client", NULL, "no", "refuse callers who show no certificate",
	set_tls_require_client},
    {"http", "ADDR", "",
	"also speak HTTP/1.1 at tcp:HOST:PORT: /healthz, /readyz, /metrics, and calls by the "
	"Connect "
	"protocol; may be given several times",
	set_http},
    {"cors_origins", "ORIGIN…", "",
	"browsers' pages that may call by HTTP: https://plan.example.org; several by commas",
	set_cors_origins},
    {"metrics_open", NULL, "no",
	"/metrics needs no token; it then tells nothing of single workspaces", set_metrics_open},
    {"allow_cleartext", NULL, "no",
	"serve other machines without TLS: whoever is on the way reads and changes what is said",
	set_allow_cleartext},
    {"anonymous", "ROLE", "none",
	"what callers may do who show neither token nor certificate: none, reader, contributor, "
	"planner, admin",
	set_anonymous},
    {"print_token", NULL, "no",
	"print the first admin token behind the line 'plumbd ready', not into DIR/admin.token",
	set_print_token},
    {"clock", "TIME", "the system's",
	"start the daemon's clock at TIME; '=TIME' makes it stand still (tests, tours)", set_clock},
    {"log_level", "LEVEL", "info", "error, warn, info or debug", set_log_level},
    {"drain_ms", "MS", "5000", "how long running calls may take to end after SIGTERM", set_drain},
    {"connections", "N", "16384", "how many may be open at once", set_connections},
    {"max_age_ms", "MS", "0", "a connection of this age is asked to end; 0: never", set_max_age_ms},
    {"max_age_grace_ms", "MS", "60000",
	"how long the calls of a connection that was asked to end may take; 0: until they end",
	set_max_age_grace_ms},
    {"max_idle_ms", "MS", "0", "a connection without calls for so long is asked to end; 0: never",
	set_max_idle_ms},
    {"keepalive_ms", "MS", "600000",
	"a peer that says nothing for so long is asked whether it is there; 0: never",
	set_keepalive_ms},
    {"keepalive_timeout_ms", "MS", "20000", "and given up if it does not answer in this time",
	set_keepalive_timeout_ms},
    {"ping_interval_ms", "MS", "5000",
	"callers over gRPC that ask more often than this whether the daemon is there, and say "
	"nothing "
	"else, are sent away; 0: nobody is",
	set_ping_interval_ms},
    {"synchronous", "MODE", "FULL",
	"NORMAL loses acknowledged changes when the power fails; it is there to show that tests "
	"notice",
	set_synchronous},
    {"audit", "WORD", "yes",
	"no: don't write DIR/audit.log, which tells who granted, was refused or read in bulk",
	set_audit},
    {"calls_per_caller", "N", "32768",
	"how many calls of one caller may run at once; 0: any number", set_calls_per_caller},
    {"analyses_per_caller", "N", "64",
	"how many questions of one caller may wait for workers or be with them; 0: any number",
	set_analyses_per_caller},
    {"rate_per_caller", "N", "20000",
	"calls a second of one caller while others call too, an analysis counting as 20; 0: any "
	"number",
	set_rate_per_caller},
    {"mebibytes_per_caller", "N", "256",
	"how large one caller's requests that are being answered may be together; 0: any size",
	set_mebibytes_per_caller},
    {"calls_per_workspace", "N", "65536",
	"how many calls about one workspace may run at once; 0: any number",
	set_calls_per_workspace},
    {"analyses_per_workspace", "N", "128",
	"how many questions about one workspace may wait for workers or be with them; 0: any "
	"number",
	set_analyses_per_workspace},
    {"rate_per_workspace", "N", "0", "calls a second about one workspace; 0: any number",
	set_rate_per_workspace},
    {"ready_fd", "FD", "standard output", "where the line 'plumbd ready ADDRESS…' goes",
	set_ready_fd},
};

#define SETTINGS (sizeof settings / sizeof settings[0])

void
config_init(struct config *config)
{
	memset(config, 0, sizeof *config);
	config->log_level = LOG_LEVEL_INFO;
	config->drain_ms = 5000;
	config->connections = LIMIT_CONNECTIONS;
	config->life = (struct life_options){.grace_ms = 60000,
	    .keepalive_ms = 600000,
	    .keepalive_timeout_ms = 20000,
	    .ping_interval_ms = 5000};
	config->ready_fd = -1;
	config->audit = true;
	quota_limits_init(&config->quota);
}

void
config_fini(struct config *config)
{
	for (unsigned i = 0; i < config->origins_count; i++)
		free((void *)(uintptr_t)config->origins[i]);
	free(config->people);
	free(config->certificates);
}

/* ---- the file ---- */

/* "person/anna, planner": what stands behind the comma, else what such a name has. */
static bool
take_role(char *value, enum access otherwise, enum access *out, struct err *err)
{
	char *comma = strchr(value, ',');
	const char *role;

	*out = otherwise;
	if (comma == NULL)
		return true;
	role = comma + 1 + strspn(comma + 1, " \t");
	if (!access_parse_role(role, out) || *out == ACCESS_NONE)
		return err_set(err, ERR_INVALID,
		    "'%s' is no role: reader, contributor, planner or admin", role);
	while (comma > value && (comma[-1] == ' ' || comma[-1] == '\t'))
		comma--;
	*comma = '\0';
	return true;
}

static bool
set_person(struct config *config, const char *uid_text, const char *given, struct err *err)
{
	char value[128];
	const char *id = value;
	struct config_person *people;
	enum access access;
	uint64_t uid;

	if (!copy(value, sizeof value, given, err) ||
	    !take_role(value, ACCESS_CONTRIBUTOR, &access, err))
		return false;
	if (strncmp(value, "person/", 7) == 0)
		id += 7;

	if (!parse_u64(uid_text, 0, UINT32_MAX - 1, &uid))
		return err_set(err, ERR_INVALID, "'%s' is no user id (a number)", uid_text);
	if (!parse_is_id(id, strlen(id)))
		return err_set(err, ERR_INVALID, "'%s' is no person: person/anna", value);
	if (config_person(config, (uid_t)uid, &(enum access){0}) != NULL)
		return err_set(err, ERR_INVALID, "user id %s is given twice", uid_text);
	if (config->people_count == PEOPLE_MAX)
		return err_set(err, ERR_INVALID, "there are at most %u people", PEOPLE_MAX);
	people = reallocarray(config->people, config->people_count + 1, sizeof *people);
	if (people == NULL)
		return err_oom(err);
	config->people = people;
	people[config->people_count].uid = (uid_t)uid;
	people[config->people_count].access = access;
	snprintf(people[config->people_count].name, sizeof people->name, "person/%.64s", id);
	config->people_count++;
	return true;
}

const char *
config_person(const struct config *config, uid_t uid, enum access *access)
{
	for (unsigned i = 0; i < config->people_count; i++) {
		if (config->people[i].uid == uid) {
			*access = config->people[i].access;
			return config->people[i].name;
		}
	}
	return NULL;
}

/* "person/anna" or "service/billing". */
static bool
is_name(const char *value)
{
	const char *slash = strchr(value, '/');

	return slash != NULL && parse_is_id(slash + 1, strlen(slash + 1)) &&
	       (strncmp(value, "person/", 7) == 0 || strncmp(value, "service/", 8) == 0);
}

static bool
set_certificate(struct config *config, const char *common_name, const char *given, struct err *err)
{
	char value[128];
	struct config_certificate *certificates;
	enum access access;

	if (!copy(value, sizeof value, given, err) || !take_role(value, ACCESS_NONE, &access, err))
		return false;
	if (access == ACCESS_NONE)
		access = strncmp(value, "service/", 8) == 0 ? ACCESS_READER : ACCESS_CONTRIBUTOR;

	if (strlen(common_name) >= sizeof certificates->common_name)
		return err_set(err, ERR_INVALID, "a common name has at most %zu bytes",
		    sizeof certificates->common_name - 1);
	if (!is_name(value) || strlen(value) >= sizeof certificates->name)
		return err_set(err, ERR_INVALID,
		    "'%s' is neither a person nor a service: person/anna, service/billing", value);
	if (config_certificate(config, common_name, &(enum access){0}) != NULL)
		return err_set(err, ERR_INVALID, "certificate '%s' is given twice", common_name);
	if (config->certificates_count == PEOPLE_MAX)
		return err_set(err, ERR_INVALID, "there are at most %u certificates", PEOPLE_MAX);
	certificates = reallocarray(
	    config->certificates, config->certificates_count + 1, sizeof *certificates);
	if (certificates == NULL)
		return err_oom(err);
	config->certificates = certificates;
	certificates += config->certificates_count++;
	snprintf(certificates->common_name, sizeof certificates->common_name, "%s", common_name);
	memcpy(certificates->name, value, strlen(value) + 1);
	certificates->access = access;
	return true;
}

const char *
config_certificate(const struct config *config, const char *common_name, enum access *access)
{
	for (unsigned i = 0; i < config->certificates_count; i++) {
		if (strcmp(config->certificates[i].common_name, common_name) == 0) {
			*access = config->certificates[i].access;
			return config->certificates[i].name;
		}
	}
	return NULL;
}

/* Takes what one setting has. ERR_INVALID. */
static bool
config_set(struct config *config, const char *section, const char *name, const char *value,
    struct err *err)
{
	if (strcmp(section, "people") == 0)
		return set_person(config, name, value, err);
	if (strcmp(section, "certificates") == 0)
		return set_certificate(config, name, value, err);
	if (strcmp(section, SECTION) != 0)
		return err_set(err, ERR_INVALID,
		    "section [%s] is not known: [" SECTION "], [people] or [certificates]",
		    section);
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (settings[i].set(config, value, err))
			return true;
		err_wrap(err, "%s", name);
		return false;
	}
	return err_set(
	    err, ERR_INVALID, "setting '%s' is not known; plumbd --help lists them", name);
}

struct file {
	struct config *config;
	struct err *err;
	bool failed;
};

/* 0 makes libinih remember the line and go on; the first fault is kept. */
static int
on_line(void *arg, const char *section, const char *name, const char *value)
{
	struct file *file = arg;

	if (file->failed)
		return 0;
	file->failed = !config_set(file->config, section, name, value, file->err);
	return !file->failed;
}

static bool
read_file(struct config *config, const char *path, struct err *err)
{
	struct file file = {config, err, false};
	FILE *stream = fopen(path, "re");
	int line;

	if (stream == NULL) {
		err_errno(err, "%s", path);
		err->code = ERR_INVALID;
		return false;
	}
	line = ini_parse_file(stream, on_line, &file);
	fclose(stream);
	if (line == 0)
		return true;
	if (!file.failed)
		err_set(err, ERR_INVALID, "this is neither [section], name = value, nor a comment");
	err_wrap(err, "%s:%d", path, line);
	return false;
}

/* ---- the command line ---- */

static void
option_name(const struct setting *setting, char *buf, size_t size)
{
	snprintf(buf, size, "%s", setting->name);
	for (char *p = buf; *p != '\0'; p++) {
		if (*p == '_')
			*p = '-';
	}
}

static void
print_help(void)
{
	char name[32];

	printf("plumbd: the Plumbline daemon\n\n"
	       "usage: plumbd (--data DIR | --memory) [OPTION…]\n\n");
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];
		option_name(s, name, sizeof name);
		printf("  --%s%s%s\n        %s\n", name, s->arg == NULL ? "" : " ",
		    s->arg == NULL ? "" : s->arg, s->help);
		if (s->default_value[0] != '\0')
			printf("        default: %s\n", s->default_value);
	}
	printf(
	    "  --config FILE\n        read settings from FILE; options win over it\n"
	    "  --version\n  --help\n\n"
	    "Making a data directory from a backup, instead of running:\n\n"
	    "  plumbd --restore BACKUP --data DIR [--to-revision N [--workspace ID]]\n\n"
	    "  --restore BACKUP\n        check every entry of BACKUP and make DIR, new or empty, "
	    "from it\n"
	    "  --to-revision N\n        leave out what a workspace has after revision N; the "
	    "others stay "
	    "whole\n"
	    "  --workspace ID\n        which workspace --to-revision means\n        default: "
	    "main\n\n"
	    "The file has the same settings, with _ for - and without the dashes, under [" SECTION
	    "] (switches take\n"
	    "yes or no), under [people] who the users of this machine are on its unix socket, "
	    "and under\n[certificates] whose the certificates of callers are:\n\n"
	    "  [" SECTION
	    "]\n  data = /var/lib/plumbline\n\n  [people]\n  1000 = person/anna, planner\n\n"
	    "  [certificates]\n  billing.example.org = service/billing\n");
}

#define OPT_CONFIG      1000
#define OPT_HELP        1001
#define OPT_VERSION     1002
#define OPT_RESTORE     1003
#define OPT_TO_REVISION 1004
#define OPT_WORKSPACE   1005
#define OPT_OTHERS      6

static void
fill_options(struct option *options, char names[SETTINGS][32])
{
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		option_name(&settings[i], names[i], sizeof names[i]);
		options[i] = (struct option){names[i],
		    settings[i].arg == NULL ? no_argument : required_argument, NULL, (int)i};
	}
	options[i++] = (struct option){"config", required_argument, NULL, OPT_CONFIG};
	options[i++] = (struct option){"help", no_argument, NULL, OPT_HELP};
	options[i++] = (struct option){"version", no_argument, NULL, OPT_VERSION};
	options[i++] = (struct option){"restore", required_argument, NULL, OPT_RESTORE};
	options[i++] = (struct option){"to-revision", required_argument, NULL, OPT_TO_REVISION};
	options[i++] = (struct option){"workspace", required_argument, NULL, OPT_WORKSPACE};
	options[i] = (struct option){NULL, 0, NULL, 0};
}

static bool
set_restoring(struct config *config, int opt, const char *value, struct err *err)
{
	switch (opt) {
	case OPT_RESTORE:
		return copy(config->restore, sizeof config->restore, value, err);
	case OPT_TO_REVISION:
		if (parse_u64(value, 1, INT64_MAX, &config->to_revision))
			return true;
		return err_set(err, ERR_INVALID, "'%s' is no revision: 1, 2, 3 …", value);
	default:
		if (parse_is_id(value, strlen(value)))
			return copy(config->workspace, sizeof config->workspace, value, err);
		return err_set(err, ERR_INVALID, "'%s' is no workspace's id", value);
	}
}

struct pass {
	struct config *config;
	const char **file; /* NULL in the second pass */
	const struct option *options;
	bool any_listen;
	bool any_http;
};

/* Whatever comes before the settings: the file's name, questions, and what restoring needs. */
static enum config_result
take_first(struct pass *pass, int opt, const char *value, struct err *err)
{
	switch (opt) {
	case OPT_HELP:
		print_help();
		return CONFIG_DONE;
	case OPT_VERSION:
		printf("plumbd " PLUMB_VERSION "\n");
		return CONFIG_DONE;
	case OPT_CONFIG:
		*pass->file = value;
		return CONFIG_RUN;
	default:
		return opt < OPT_CONFIG || set_restoring(pass->config, opt, value, err)
			   ? CONFIG_RUN
			   : CONFIG_BAD;
	}
}

static bool
take_setting(struct pass *pass, int opt, const char *value, struct err *err)
{
	const struct setting *setting = &settings[opt];

	if (pass->config->restore[0] != '\0' && setting->set != set_data)
		return err_set(err, ERR_INVALID, "this has no meaning with --restore");
	/* Addresses add up within one place; the command line's replace the file's. */
	if (setting->set == set_http && !pass->any_http) {
		pass->config->http_count = 0;
		pass->any_http = true;
	}
	if (setting->set == set_listen && !pass->any_listen) {
		pass->config->listen_count = 0;
		pass->any_listen = true;
	}
	return setting->set(pass->config, setting->arg == NULL ? "yes" : value, err);
}

static enum config_result
take_option(struct pass *pass, int opt, int place, const char *value, struct err *err)
{
	enum config_result result = CONFIG_RUN;

	if (pass->file != NULL)
		result = take_first(pass, opt, value, err);
	else if (opt < OPT_CONFIG && !take_setting(pass, opt, value, err))
		result = CONFIG_BAD;
	if (result == CONFIG_BAD)
		err_wrap(err, "--%s", pass->options[place].name);
	return result;
}

/* First for the file's name and --help, then for the settings, which win over the file. */
static enum config_result
read_options(struct config *config, int argc, char **argv, const char **file, struct err *err)
{
	struct option options[SETTINGS + OPT_OTHERS + 1];
	char names[SETTINGS][32];
	struct pass pass = {config, file, options, false, false};
	enum config_result result = CONFIG_RUN;
	int opt, place = 0;

	fill_options(options, names);
	optind = 0;
	opterr = 0;
	while (
	    result == CONFIG_RUN && (opt = getopt_long(argc, argv, "+:", options, &place)) != -1) {
		if (opt == '?' || opt == ':') {
			err_set(err, ERR_INVALID,
			    opt == ':' ? "%s needs a value" : "option %s is not known; see --help",
			    argv[optind - 1]);
			return CONFIG_BAD;
		}
		result = take_option(&pass, opt, place, optarg, err);
	}
	if (result == CONFIG_RUN && optind < argc) {
		err_set(err, ERR_INVALID, "'%s' is no option; see --help", argv[optind]);
		return CONFIG_BAD;
	}
	return result;
}

static bool
default_listen(struct config *config, struct err *err)
{
	char path[sizeof config->listen[0]];

	if (config->listen_count > 0)
		return true;
	config->is_listen_default = true;
	if (!set_listen(config, "tcp:127.0.0.1:7411", err))
		return false;
	if (config->memory || config->data_dir[0] != '/')
		return true;
	/* A path that is too long for a socket does without. */
	if (snprintf(path, sizeof path, "unix:%.100s/plumbd.sock", config->data_dir) < 107 &&
	    strlen(config->data_dir) <= 90)
		return set_listen(config, path, err);
	return true;
}

static bool
make_absolute(struct config *config, struct err *err)
{
	char cwd[CONFIG_PATH_MAX / 2];
	char path[CONFIG_PATH_MAX];

	if (config->data_dir[0] == '/' || config->data_dir[0] == '\0')
		return true;
	if (getcwd(cwd, sizeof cwd) == NULL)
		return err_errno(err, "the current directory");
	if (snprintf(path, sizeof path, "%s/%s", cwd, config->data_dir) >= (int)sizeof path)
		return err_set(err, ERR_INVALID, "--data: the path is too long");
	memcpy(config->data_dir, path, sizeof path);
	return true;
}

/* In clear only where nobody else can be on the way, or where that was asked for. */
static bool
check_address(const struct config *config, const char *option, const char *address, struct err *err)
{
	struct addr addr;

	if (!addr_parse(address, &addr, err))
		return false;
	if (addr_is_local(&addr) || config->allow_cleartext || config->tls_certificate[0] != '\0')
		return true;
	return err_set(err, ERR_INVALID,
	    "--%s %s: other machines reach that address: give --tls-certificate "
	    "and --tls-key, or say --allow-cleartext if you mean it",
	    option, address);
}

static bool
check(struct config *config, struct err *err)
{
	if (config->memory == (config->data_dir[0] != '\0'))
		return err_set(err, ERR_INVALID, "say either --data DIR or --memory");
	if (!make_absolute(config, err) || !default_listen(config, err))
		return false;
	if ((config->tls_certificate[0] == '\0') != (config->tls_key[0] == '\0'))
		return err_set(
		    err, ERR_INVALID, "--tls-certificate and --tls-key belong together: give both");
	if (config->tls_client_ca[0] != '\0' && config->tls_certificate[0] == '\0')
		return err_set(err, ERR_INVALID,
		    "--tls-client-ca has no meaning without --tls-certificate and --tls-key");
	if (config->tls_require_client && config->tls_client_ca[0] == '\0')
		return err_set(err, ERR_INVALID,
		    "--tls-require-client needs --tls-client-ca: who may vouch for callers");
	for (unsigned i = 0; i < config->listen_count; i++) {
		if (!check_address(config, "listen", config->listen[i], err))
			return false;
	}
	for (unsigned i = 0; i < config->http_count; i++) {
		if (!check_address(config, "http", config->http[i], err))
			return false;
	}
	return true;
}

static bool
check_restoring(struct config *config, struct err *err)
{
	if (config->data_dir[0] == '\0')
		return err_set(
		    err, ERR_INVALID, "--restore: say with --data DIR which directory to make");
	if (config->workspace[0] != '\0' && config->to_revision == 0)
		return err_set(err, ERR_INVALID,
		    "--workspace goes with --to-revision; without it all workspaces are restored "
		    "whole");
	return make_absolute(config, err);
}

enum config_result
config_read(struct config *config, int argc, char **argv, struct err *err)
{
	const char *file = NULL;
	enum config_result result = read_options(config, argc, argv, &file, err);

	if (result != CONFIG_RUN)
		return result;
	if (file != NULL && !read_file(config, file, err))
		return CONFIG_BAD;
	result = read_options(config, argc, argv, NULL, err);
	if (result != CONFIG_RUN)
		return result;
	if (config->restore[0] != '\0')
		return check_restoring(config, err) ? CONFIG_RESTORE : CONFIG_BAD;
	if (config->to_revision > 0 || config->workspace[0] != '\0') {
		err_set(err, ERR_INVALID, "--to-revision and --workspace go with --restore");
		return CONFIG_BAD;
	}
	return check(config, err) ? CONFIG_RUN : CONFIG_BAD;
}
