/*
 * The audit file: one line of JSON per event, chained by SHA-256, appended to DIRECTORY/audit.log and never changed.
 *
 *	{"sequence":7,"time":"…","event":"…","who":"…","from":"…","about":"…","outcome":"…","chain":"<64 hex digits>"}
 *
 * chain is SHA-256(the chain of the line before, SHA-256(this line's bytes before ,"chain":)), 32 bytes each; before the first line
 * stand zeros. A full file is renamed to audit-<number of its first line>.log, and the chain goes on in a new one. Not thread-safe; all of it
 * blocks: never on the loop.
 */
#ifndef SERVER_STORE_AUDIT_FILE_H
#define SERVER_STORE_AUDIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

#define AUDIT_LINE_MAX 8192u

struct audit_head {
	uint64_t sequence; /* 0: no line yet */
	uint8_t chain[SHA256_LEN];
};

struct audit_line {
	int64_t time_us;
	const char *event;
	const char *who;
	const char *from;
	const char *about;
	const char *outcome;
	uint64_t times; /* the same that often; 1 is not written */
};

/* ---- writing ---- */

/* What was found when the file was opened; for events and the log. */
struct audit_found {
	uint64_t aside_bytes;  /* behind the last whole line; kept in a file of their own */
	char aside_name[64];   /* which; "" none */
	uint64_t missing_from; /* lines that the anchor knows and the file doesn't have; 0 none */
	uint64_t missing_to;
	bool is_other; /* the last line isn't the one that the anchor knows */
};

struct audit_file;
/*
 * anchor: what the log knows of the file, sequence 0 nothing. The chain goes on from the newer of both. Files grow to about max_bytes.
 */
struct audit_file *audit_file_open(const char *directory, uint64_t max_bytes,
    const struct audit_head *anchor, struct audit_found *found, struct err *err) MUST_CHECK;
void audit_file_close(struct audit_file *file); /* takes NULL; what was not synced is dropped */
/* Into the batch. False: out of memory. */
bool audit_file_add(struct audit_file *file, const struct audit_line *line) MUST_CHECK;
/* Writes the batch durably. False: nothing of it is in the file, and the batch is empty again. */
bool audit_file_sync(struct audit_file *file, struct err *err) MUST_CHECK;
void audit_file_drop(struct audit_file *file); /* the batch */
/* Of the last durable line. */
const struct audit_head *audit_file_head(const struct audit_file *file);

/* ---- reading: beside a daemon that writes, or without one */

struct audit_place {
	char file[64];
	uint64_t number; /* of the line in its file, from 1 */
	uint64_t done;   /* bytes of all files */
	uint64_t total;
	bool is_whole; /* it ends in a newline */
};
/* line is not NUL-terminated, and without its newline. False ends the reading. */
typedef bool (*audit_line_fn)(
    void *arg, const struct audit_place *place, const char *line, size_t len);
/* All lines of all files in order; without files that only have lines up to number `after`. */
bool audit_file_read(
    const char *directory, uint64_t after, audit_line_fn fn, void *arg, struct err *err) MUST_CHECK;

/* What a line says of itself. */
struct audit_claim {
	uint64_t sequence;
	size_t covered; /* its first bytes, which the hash covers */
	uint8_t chain[SHA256_LEN];
};
/* False: it has not the form of a line. */
bool audit_line_parse(const char *line, size_t len, struct audit_claim *claim) MUST_CHECK;
void audit_chain(
    const uint8_t before[SHA256_LEN], const char *line, size_t covered, uint8_t out[SHA256_LEN]);

/* What the log says that the file had at one time. */
struct audit_anchor {
	struct audit_head head;
	uint64_t revision; /* of the log; 0: the daemon remembers it */
};

struct audit_problem {
	char file[64];     /* "" none in particular */
	uint64_t number;   /* of the line in its file; 0 none */
	uint64_t sequence; /* 0 unknown */
	char what[200];    /* what is wrong and what it means, for people */
};

struct audit_verify {
	const char *directory;
	struct audit_anchor *anchors; /* get sorted */
	size_t anchors_count;
	uint64_t
	    first; /* lines before this one may be missing: they were moved elsewhere; 0 none may */
	uint64_t
	    until; /* lines after this one are not looked at: they are being written; 0 all are */
	/* Each returns false to stop; progress may be NULL. */
	bool (*problem)(void *arg, const struct audit_problem *problem);
	bool (*progress)(void *arg, uint64_t lines, uint64_t done, uint64_t total);
	void *arg;
};

struct audit_result {
	uint64_t lines;
	uint64_t problems;
	uint64_t anchors; /* that agree with the file */
	struct audit_head head;
};
/* False where it could not be read, or was stopped (ERR_CANCELLED); problems are no failure. */
bool audit_file_verify(
    const struct audit_verify *verify, struct audit_result *result, struct err *err) MUST_CHECK;

#endif
