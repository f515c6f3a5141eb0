#include "server/webhooks/options.h"

#include <assert.h>
#include <getopt.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/token_file.h"
#include "common/crypto.h"
#include "common/parse.h"

#define SECTION      "plumb-webhooks"
#define SETTINGS_MAX 32

struct setting {
	const char *name; /* in the file; the option has "-" for "_" */
	const char *arg;  /* NULL: a switch */
	const char *default_value;
	const char *help;
	bool (*set)(struct options *options, const char *value, struct err *err);
};

static bool
copy(char to[OPTION_PATH_MAX], const char *value, struct err *err)
{
	size_t len = strlen(value);

	if (len == 0 || len >= OPTION_PATH_MAX)
		return err_set(err, ERR_INVALID, "has 1 to %d bytes", OPTION_PATH_MAX - 1);
	memcpy(to, value, len + 1);
	return true;
}

static bool
set_number(unsigned *to, const char *value, unsigned min, unsigned max, struct err *err)
{
	uint64_t n;

	if (!parse_u64(value, min, max, &n))
		return err_set(
		    err, ERR_INVALID, "'%.40s' is no number from %u to %u", value, min, max);
	*to = (unsigned)n;
	return true;
}

static bool
set_server(struct options *options, const char *value, struct err *err)
{
	if (!rpc_client_is_address(value))
		return err_set(err, ERR_INVALID,
		    "'%.60s' is no address: tcp:HOST:PORT, tls:HOST:PORT or unix:/PATH", value);
	return copy(options->server, value, err);
}

static bool
set_server_ca(struct options *options, const char *value, struct err *err)
{
	return copy(options->server_ca, value, err);
}

static bool
set_token_file(struct options *options, const char *value, struct err *err)
{
	return copy(options->token_file, value, err);
}

static bool
set_ca_file(struct options *options, const char *value, struct err *err)
{
	return copy(options->ca_file, value, err);
}

static bool
set_allow_private(struct options *options, const char *value, struct err *err)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return err_set(err, ERR_INVALID, "'%.40s' is neither yes nor no", value);
	options->allowed.all_private = value[0] == 'y';
	return true;
}

static bool
set_allow_network(struct options *options, const char *value, struct err *err)
{
	return networks_add(&options->allowed, value, err);
}

static bool
set_parallel(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->parallel, value, 1, 1000, err);
}

static bool
set_timeout(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->timeout_ms, value, 10, 300000, err);
}

static bool
set_retry_base(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->retry_base_ms, value, 1, 3600000, err);
}

static bool
set_retry_max(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->retry_max_ms, value, 1, 86400000, err);
}

static bool
set_attempts(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->attempts, value, 1, 1000, err);
}

static bool
set_report(struct options *options, const char *value, struct err *err)
{
	return set_number(&options->report_ms, value, 1, 3600000, err);
}

static bool
set_seed(struct options *options, const char *value, struct err *err)
{
	if (!parse_u64(value, 0, UINT64_MAX, &options->seed))
		return err_set(err, ERR_INVALID, "'%.40s' is no number", value);
	options->seed_set = true;
	return true;
}

static bool
set_log_level(struct options *options, const char *value, struct err *err)
{
	return log_parse_level(value, &options->log_level) ||
	       err_set(err, ERR_INVALID, "'%.40s' is none of error, warn, info, debug", value);
}

static bool
set_ready_fd(struct options *options, const char *value, struct err *err)
{
	unsigned fd = 0;

	if (!set_number(&fd, value, 0, 1023, err))
		return false;
	options->ready_fd = (int)fd;
	return true;
}

static const struct setting settings[] = {
    {"server", "ADDRESS", "tcp:127.0.0.1:7411",
	"the daemon: tcp:HOST:PORT, tls:HOST:PORT or unix:/PATH", set_server},
    {"server_ca", "FILE", "", "who may vouch for the daemon's certificate (PEM)", set_server_ca},
    {"token_file", "FILE", "",
	"the token of an administrator of all workspaces; nobody else should be able to read it",
	set_token_file},
    {"ca_file", "FILE", "the system's", "who may vouch for receivers' certificates (PEM)",
	set_ca_file},
    {"allow_private", NULL, "no",
	"deliver to this machine and its networks too, and there without TLS: whoever may make a "
	"webhook reaches them with it",
	set_allow_private},
    {"allow_network", "CIDR", "",
	"the same for one network, such as 10.1.0.0/16; may be given several times",
	set_allow_network},
    {"parallel", "N", "64", "requests at once", set_parallel},
    {"timeout_ms", "MS", "15000", "how long one request may take", set_timeout},
    {"retry_base_ms", "MS", "5000", "the wait after the first failure; it doubles each time",
	set_retry_base},
    {"retry_max_ms", "MS", "3600000", "the longest wait", set_retry_max},
    {"attempts", "N", "30", "tries before a delivery is given up", set_attempts},
    {"report_ms", "MS", "5000", "how often the daemon is told how far a webhook came, at most",
	set_report},
    {"seed", "N", "random", "of the chance in waits; for tests", set_seed},
    {"log_level", "LEVEL", "info", "error, warn, info or debug", set_log_level},
    {"ready_fd", "FD", "standard output",
	"where the line 'plumb-webhooks ready' goes when the daemon has told all webhooks",
	set_ready_fd},
};

#define SETTINGS (sizeof settings / sizeof settings[0])
static_assert(SETTINGS + 4 <= SETTINGS_MAX, "room for the options");

static void
defaults(struct options *options)
{
	memset(options, 0, sizeof *options);
	snprintf(options->server, sizeof options->server, "tcp:127.0.0.1:7411");
	options->parallel = 64;
	options->timeout_ms = 15000;
	options->retry_base_ms = 5000;
	options->retry_max_ms = 3600000;
	options->attempts = 30;
	options->report_ms = 5000;
	options->log_level = LOG_LEVEL_INFO;
	options->ready_fd = -1;
}

static bool
set(struct options *options, const char *name, const char *value, struct err *err)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (settings[i].set(options, value, err))
			return true;
		err_wrap(err, "%s", name);
		return false;
	}
	return err_set(err, ERR_INVALID,
	    "setting '%.40s' is not known; plumb-webhooks --help lists them", name);
}

/* ---- the file ---- */

struct file {
	struct options *options;
	struct err *err;
	bool failed;
};

static int
on_line(void *arg, const char *section, const char *name, const char *value)
{
	struct file *file = arg;

	if (file->failed)
		return 0;
	if (strcmp(section, SECTION) != 0)
		file->failed = !err_set(
		    file->err, ERR_INVALID, "section [%.40s] is not known: [" SECTION "]", section);
	else
		file->failed = !set(file->options, name, value, file->err);
	return !file->failed;
}

static bool
read_file(struct options *options, const char *path, struct err *err)
{
	struct file file = {options, err, false};
	FILE *stream = fopen(path, "re");
	int line;

	if (stream == NULL)
		return err_errno(err, "%.120s", path);
	line = ini_parse_file(stream, on_line, &file);
	fclose(stream);
	if (line == 0)
		return true;
	if (!file.failed)
		err_set(err, ERR_INVALID, "this is neither [section], name = value, nor a comment");
	err_wrap(err, "%.120s:%d", path, line);
	return false;
}

/* ---- the command line ---- */

static void
option_name(const struct setting *setting, char buf[32])
{
	snprintf(buf, 32, "%s", setting->name);
	for (char *p = buf; *p != '\0'; p++) {
		if (*p == '_')
			*p = '-';
	}
}

static void
print_help(void)
{
	char name[32];

	printf("plumb-webhooks: sends what changes in plans to other services\n\n"
	       "usage: plumb-webhooks [OPTION…]\n\n");
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];

		option_name(s, name);
		printf("  --%s%s%s\n        %s\n", name, s->arg == NULL ? "" : " ",
		    s->arg == NULL ? "" : s->arg, s->help);
		if (s->default_value[0] != '\0')
			printf("        default: %s\n", s->default_value);
	}
	printf("  --config FILE\n        read settings from FILE; options win over it\n"
	       "  --version\n  --help\n");
}

enum { OPTION_CONFIG = 1000, OPTION_VERSION, OPTION_HELP };

static void
make_options(char names[SETTINGS][32], struct option long_options[SETTINGS_MAX])
{
	static const struct option others[] = {
	    {"config", required_argument, NULL, OPTION_CONFIG},
	    {"version", no_argument, NULL, OPTION_VERSION},
	    {"help", no_argument, NULL, OPTION_HELP},
	    {NULL, 0, NULL, 0},
	};

	for (size_t i = 0; i < SETTINGS; i++) {
		option_name(&settings[i], names[i]);
		long_options[i] = (struct option){names[i],
		    settings[i].arg != NULL ? required_argument : no_argument, NULL, (int)i};
	}
	memcpy(long_options + SETTINGS, others, sizeof others);
}

/* The file first, so that options win over it. Networks that both name are allowed by either. */
static enum options_result
read_options(struct options *options, int argc, char **argv, struct err *err)
{
	char names[SETTINGS][32];
	struct option long_options[SETTINGS_MAX];

	make_options(names, long_options);
	opterr = 0;
	for (int pass = 0; pass < 2; pass++) {
		int at;

		optind = 1;
		while ((at = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
			if (at == '?') {
				err_set(err, ERR_INVALID, "'%.60s' is not understood; see --help",
				    argv[optind - 1]);
				return OPTIONS_BAD;
			}
			if (at == OPTION_HELP || at == OPTION_VERSION) {
				if (at == OPTION_HELP)
					print_help();
				else
					printf("plumb-webhooks %s\n", PLUMB_VERSION);
				return OPTIONS_DONE;
			}
			if (at == OPTION_CONFIG && pass == 0 && !read_file(options, optarg, err))
				return OPTIONS_BAD;
			if (at < (int)SETTINGS && pass == 1 &&
			    !set(options, settings[at].name, optarg != NULL ? optarg : "yes", err))
				return OPTIONS_BAD;
		}
	}
	if (optind < argc) {
		err_set(err, ERR_INVALID, "'%.60s' is no option; see --help", argv[optind]);
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}

/* The first line. Its group may read it: a service manager's credentials are given by access lists, which look like that. */
static bool
read_token(struct options *options, struct err *err)
{
	const char *path = options->token_file;
	struct stat st = {0};
	FILE *stream;
	bool ok;

	if (path[0] == '\0')
		return true;
	stream = fopen(path, "re");
	if (stream == NULL)
		return err_errno(err, "token_file %.120s", path);
	ok = fstat(fileno(stream), &st) == 0 && (st.st_mode & 027) == 0 &&
	     fgets(options->token, sizeof options->token, stream) != NULL;
	fclose(stream);
	if ((st.st_mode & 027) != 0)
		return err_set(err, ERR_INVALID,
		    "others can read or change the token in %.80s: chmod 600 %.80s", path, path);
	if (!ok)
		return err_set(err, ERR_INVALID, "token_file %.120s is empty", path);
	options->token[strcspn(options->token, "\r\n")] = '\0';
	return token_is_one(options->token, path, err);
}

enum options_result
options_read(struct options *options, int argc, char **argv, struct err *err)
{
	enum options_result result;

	defaults(options);
	result = read_options(options, argc, argv, err);
	if (result != OPTIONS_RUN)
		return result;
	if (options->retry_max_ms < options->retry_base_ms) {
		err_set(err, ERR_INVALID, "retry_max_ms is less than retry_base_ms");
		return OPTIONS_BAD;
	}
	if (!options->seed_set && !random_bytes(&options->seed, sizeof options->seed)) {
		err_set(err, ERR_INTERNAL, "the machine gives no random numbers");
		return OPTIONS_BAD;
	}
	return read_token(options, err) ? OPTIONS_RUN : OPTIONS_BAD;
}
