#include "server/rpc/job_progress.h"

#include "server/rpc/daemon.h"
#include "server/rpc/jobs.h"

#define INTERVAL_US INT64_C(250000)

void
job_progress_begin(struct job_progress *progress, struct view_job *job)
{
	*progress = (struct job_progress){.job = job, .told_us = daemon_monotonic_us()};
}

bool
job_progress_is_due(const struct job_progress *progress)
{
	return !progress->has_failed && daemon_monotonic_us() - progress->told_us >= INTERVAL_US;
}

void
job_progress_send(struct job_progress *progress, const ProtobufCMessage *reply)
{
	progress->told_us = daemon_monotonic_us();
	progress->has_failed = !view_job_send(progress->job, reply, &progress->err);
}

bool
job_progress_is_over(const struct job_progress *progress)
{
	return progress->has_failed || view_job_cancelled(progress->job);
}

void
job_progress_explain(const struct job_progress *progress, struct err *err)
{
	if (progress->has_failed)
		*err = progress->err;
}
