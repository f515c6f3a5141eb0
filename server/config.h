/*
 * The daemon's configuration: one table for the file, the command line and --help.
 *
 * What the command line says wins over the file.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/log.h"
#include "server/rpc/quota.h"
#include "server/limits.h"
#include "server/net/life.h"
#include "server/rpc/access.h"

#define CONFIG_LISTEN_MAX 16
#define CONFIG_HTTP_MAX   4
#define CONFIG_PATH_MAX   4096

struct config_person {
	uid_t uid;
	char name[80]; /* "person/anna" */
	enum access access;
};

/* Whose certificate it is. */
struct config_certificate {
	char common_name[80];
	char name[80]; /* "person/anna", "service/billing" */
	enum access access;
};

struct config {
	char data_dir[CONFIG_PATH_MAX]; /* "" none */
	bool memory;                    /* keep everything in memory, without a directory */
	char listen[CONFIG_LISTEN_MAX][128];
	unsigned listen_count;
	bool is_listen_default;          /* nothing was said about where to listen */
	char http[CONFIG_HTTP_MAX][128]; /* addresses of the HTTP port; none: it is not opened */
	unsigned http_count;
	const char *origins[LIMIT_ORIGINS + 1]; /* owned, ends with NULL */
	unsigned origins_count;
	bool metrics_open;
	bool allow_cleartext;                  /* TCP from other machines without TLS */
	char tls_certificate[CONFIG_PATH_MAX]; /* "" none: TLS is not spoken */
	char tls_key[CONFIG_PATH_MAX];
	char tls_client_ca[CONFIG_PATH_MAX]; /* "" none */
	bool tls_require_client;
	enum access anonymous; /* what who shows nothing may do */
	bool print_token;      /* the first admin token goes out behind the line "ready" */
	int64_t clock_us;
	bool clock_set;
	bool clock_frozen;
	enum log_level log_level;
	unsigned drain_ms;
	unsigned connections;
	struct life_options life; /* of connections */
	char synchronous[8];
	bool audit; /* write the audit file */
	struct quota_limits quota;
	int ready_fd;                 /* -1: standard output */
	struct config_person *people; /* owned */
	unsigned people_count;
	struct config_certificate *certificates; /* owned */
	unsigned certificates_count;
	/* Command line only: make data_dir from a backup instead of running. */
	char restore[CONFIG_PATH_MAX]; /* "" none */
	uint64_t to_revision;          /* 0: everything */
	char workspace[80];            /* whose revision; "" the default one */
};

void config_init(struct config *config);
void config_fini(struct config *config);

enum config_result { CONFIG_RUN, CONFIG_RESTORE, CONFIG_DONE, CONFIG_BAD };
/*
 * Reads the command line and the file that it names. RESTORE: as --restore asks. DONE: --help or --version was answered on
 * standard output. BAD: err says what is wrong and where.
 */
enum config_result config_read(
    struct config *config, int argc, char **argv, struct err *err) MUST_CHECK;

/*
 * Reads everything again, as the daemon was started. Taken are log_level, the tls_ settings, cors_origins, [people] and
 * [certificates]; whatever else has changed is logged, and stays. ERR_INVALID: nothing is taken.
 */
bool config_reload(struct config *config, int argc, char **argv, struct err *err) MUST_CHECK;

/* The person that a user id is, and its role; or NULL. */
const char *config_person(const struct config *config, uid_t uid, enum access *access);
/* The person or service whose certificates have that common name, or NULL. */
const char *config_certificate(
    const struct config *config, const char *common_name, enum access *access);

#endif
