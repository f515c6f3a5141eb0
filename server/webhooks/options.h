/*
 * What plumb-webhooks is told: one table for the file, the command line and --help, as plumbd's (server/config.h).
 */
#ifndef SERVER_WEBHOOKS_OPTIONS_H
#define SERVER_WEBHOOKS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/rpc_client.h"
#include "common/err.h"
#include "common/log.h"
#include "server/webhooks/network.h"

#define OPTION_PATH_MAX 4096
#define TOKEN_TEXT_MAX  400

struct options {
	char server[OPTION_PATH_MAX];
	char server_ca[OPTION_PATH_MAX]; /* "" whom this machine trusts */
	char token_file[OPTION_PATH_MAX];
	char token[TOKEN_TEXT_MAX];    /* what is in it; "" none */
	char ca_file[OPTION_PATH_MAX]; /* "" whom this machine trusts */
	struct networks allowed;
	unsigned parallel;
	unsigned timeout_ms;
	unsigned retry_base_ms;
	unsigned retry_max_ms;
	unsigned attempts;
	unsigned report_ms;
	uint64_t seed;
	bool seed_set;
	enum log_level log_level;
	int ready_fd; /* -1: standard output */
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_BAD };
/* DONE: --help or --version was answered. BAD: err says what is wrong and where. */
enum options_result options_read(
    struct options *options, int argc, char **argv, struct err *err) MUST_CHECK;

#endif
