/* The file in which a trend is kept between starts. Private to trend.c. */
#ifndef SERVER_RPC_TREND_FILE_H
#define SERVER_RPC_TREND_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"
#include "server/insight/trend.h"

struct trend_stamp {
	uint32_t workspace;
	uint64_t revision; /* up to which the log was read */
	uint8_t chain[SHA256_LEN];
	uint8_t judged_by[SHA256_LEN]; /* rules, formula, zone */
};

/* What the rules and the formula of this program are, and where days end. */
void trend_judged_by(const char *time_zone, uint8_t out[SHA256_LEN]);
/* False: there is none, or not of this workspace and these rules, or damaged. */
bool trend_file_read(
    const char *data_dir, struct trend_stamp *stamp, struct trend *trend) MUST_CHECK;
/* Written beside; then renamed by trend_file_keep(). */
bool trend_file_write(const char *data_dir, const struct trend_stamp *stamp,
    const struct trend *trend, struct err *err) MUST_CHECK;
void trend_file_keep(const char *data_dir, uint32_t workspace);
void trend_file_delete(const char *data_dir, uint32_t workspace);

#endif
