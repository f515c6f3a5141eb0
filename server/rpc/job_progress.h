/*
 * How far a job is, told to who waits for it: now and then, and only as long as they take it.
 */
#ifndef SERVER_RPC_JOB_PROGRESS_H
#define SERVER_RPC_JOB_PROGRESS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct view_job;

struct job_progress {
	struct view_job *job;
	int64_t told_us; /* monotonic */
	bool has_failed;
	struct err err;
};

/* The first time is one interval from now. */
void job_progress_begin(struct job_progress *progress, struct view_job *job);
/* Has it been a while? Then it is to be sent. */
bool job_progress_is_due(const struct job_progress *progress);
/* Fails at most once: nothing is sent any more then. */
void job_progress_send(struct job_progress *progress, const ProtobufCMessage *reply);
/* Nobody waits any more, or they could not be told: what runs is to stop. */
bool job_progress_is_over(const struct job_progress *progress);
/* Of what stopped for that: says why they could not be told. */
void job_progress_explain(const struct job_progress *progress, struct err *err);

#endif
