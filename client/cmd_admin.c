/* plumb admin: is the log whole, copies of it, and the way back from a copy. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd_admin.h"
#include "client/command.h"
#include "client/context.h"
#include "client/local_daemon.h"
#include "common/parse.h"
#include "common/pb.h"

/* ---- verify */

static double
part_of(uint64_t done, uint64_t total)
{
	return total ? (double)done / (double)total : -1;
}

static int
run_verify(struct context *ctx, const struct args *args)
{
	Plumb__V1__VerifyRequest request;
	const Plumb__V1__VerifyReply *reply;
	struct progress *progress;
	uint64_t entries = 0;
	bool done = false;

	(void)args;
	plumb__v1__verify_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	if (!context_start(ctx, &plumb__v1__admin__descriptor, "Verify", &request.base))
		return context_fail(ctx);
	progress = progress_new("verifying the log");
	while ((reply = context_next(ctx))) {
		progress_update(progress, part_of(reply->entries, reply->total));
		entries = reply->entries;
		done = done || reply->done;
	}
	progress_free(progress);
	if (ctx->status.err.code == ERR_DATA_LOSS) {
		context_error(ctx, EXIT_NO, "%s", ctx->status.err.msg);
		return context_error(ctx, EXIT_NO,
		    "the log is damaged: stop plumbd, and go back to a copy with plumb admin "
		    "restore");
	}
	if (ctx->status.err.code != ERR_OK)
		return context_fail(ctx);
	if (!done)
		return context_error(
		    ctx, EXIT_SERVER, "plumbd's answer is not whole: verify again");
	output_printf(&ctx->out,
	    "The log is whole: %" PRIu64 " entries, every checksum and the chain between them.\n",
	    entries);
	return EXIT_FINE;
}

static const struct example verify_examples[] = {
    {"plumb admin verify", "all workspaces"},
    {"plumb admin verify -w acme", "one of them"},
    {0},
};
static const struct command admin_verify = {
    .name = "verify",
    .arguments = "",
    .summary = "recompute every checksum of the log and the chain between them",
    .help = "Exits 1 if the log is damaged, and names the first bad revision.",
    .examples = verify_examples,
    .run = run_verify,
    .takes = TAKES_SERVER,
};

/* ---- backup */

/* The daemon has another working directory: the path must be whole. */
static const char *
absolute_path(struct context *ctx, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return path;
	if (!getcwd(here, sizeof here)) {
		context_set_error(
		    ctx, ERR_INVALID, "cannot tell where '%s' is: write the path from / on", path);
		return NULL;
	}
	return arena_printf(ctx->arena, "%s/%s", here, path);
}

static int
run_backup(struct context *ctx, const struct args *args)
{
	Plumb__V1__BackupRequest request;
	const Plumb__V1__BackupReply *reply;
	struct progress *progress;
	const char *path = absolute_path(ctx, args->values[0]);
	bool done = false;

	if (!path)
		return context_fail(ctx);
	plumb__v1__backup_request__init(&request);
	request.path = pb_str(path);
	if (!context_start(ctx, &plumb__v1__admin__descriptor, "Backup", &request.base))
		return context_fail(ctx);
	progress = progress_new("copying the log");
	while ((reply = context_next(ctx))) {
		progress_update(progress, part_of(reply->pages, reply->total));
		done = done || reply->done;
	}
	progress_free(progress);
	if (ctx->status.err.code != ERR_OK)
		return context_fail(ctx);
	if (!done)
		return context_error(
		    ctx, EXIT_SERVER, "plumbd's answer is not whole: do not rely on this copy");
	output_printf(&ctx->out, "Copied the log to %s on the daemon's machine.\n", path);
	return EXIT_FINE;
}

static const struct example backup_examples[] = {
    {"plumb admin backup /var/backups/plumb-2026-03-31.db", NULL},
    {0},
};
static const struct command admin_backup = {
    .name = "backup",
    .arguments = "PATH",
    .summary = "copy the log, of one moment, to a new file while the daemon works on",
    .help = "The file is written by plumbd, on its machine and as its user; it must not exist yet. "
	    "It holds all "
	    "workspaces.",
    .examples = backup_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_backup,
    .takes = TAKES_SERVER,
};

/* ---- restore */

static int
run_restore(struct context *ctx, const struct args *args)
{
	const char *program = local_daemon_program();
	const char *revision = args_get(args, "revision");
	const char *argv[8] = {"plumbd", "--restore", args->values[0], "--data", args->values[1]};
	char *mutable[8] = {NULL};
	uint64_t number;

	if (revision && !parse_u64(revision, 1, UINT64_MAX, &number))
		return command_usage(
		    args, "--revision takes a revision, 1 or more; not '%s'", revision);
	if (access(args->values[0], R_OK) != 0)
		return context_error(
		    ctx, EXIT_USAGE, "cannot read %s: %s", args->values[0], strerror(errno));
	if (revision) {
		argv[5] = "--to-revision";
		argv[6] = revision;
	}
	for (size_t i = 0; argv[i]; i++)
		mutable[i] = pb_str(argv[i]);
	fflush(NULL);
	execvp(program, mutable);
	return context_error(ctx, EXIT_SERVER,
	    "cannot run plumbd: it is neither beside plumb nor in PATH; restoring needs it on this "
	    "machine");
}

static const struct option restore_options[] = {
    {0, "revision", "REVISION", "only up to this revision", NULL},
    {0},
};
static const struct example restore_examples[] = {
    {"plumb admin restore /var/backups/plumb-2026-03-31.db /var/lib/plumb-new",
	"then: plumbd --data /var/lib/plumb-new"},
    {0},
};
static const struct command admin_restore = {
    .name = "restore",
    .arguments = "BACKUP DIR",
    .summary = "make a data directory from a backup, checked",
    .help = "Runs plumbd on this machine; no daemon may be using the directory, which must be new "
	    "or empty. Everything is "
	    "checked before it is used.",
    .options = restore_options,
    .examples = restore_examples,
    .min_args = 2,
    .max_args = 2,
    .run = run_restore,
};

/* ---- snapshot */

static int
run_snapshot(struct context *ctx, const struct args *args)
{
	Plumb__V1__SnapshotRequest request;
	const Plumb__V1__SnapshotReply *reply;

	(void)args;
	plumb__v1__snapshot_request__init(&request);
	reply = context_call(ctx, &plumb__v1__admin__descriptor, "Snapshot", &request.base);
	if (!reply)
		return context_fail(ctx);
	output_printf(&ctx->out, "Wrote %" PRIu32 " snapshot%s.\n", reply->written,
	    reply->written == 1 ? "" : "s");
	return EXIT_FINE;
}

static const struct example snapshot_examples[] = {
    {"plumb admin snapshot", "before a planned restart"},
    {0},
};
static const struct command admin_snapshot = {
    .name = "snapshot",
    .arguments = "",
    .summary = "write snapshots now, so that the next start is fast",
    .examples = snapshot_examples,
    .run = run_snapshot,
    .takes = TAKES_SERVER,
};

static const struct command *const parts[] = {&admin_verify, &admin_backup, &admin_restore,
    &admin_snapshot, &admin_certificates, &admin_audit, &admin_token, NULL};

static const struct example examples[] = {
    {"plumb admin verify", "is the log whole?"},
    {"plumb admin backup /var/backups/plumb.db", "a copy while the daemon works on"},
    {"plumb admin certificates tls", "for TLS"},
    {0},
};

const struct command cmd_admin = {
    .name = "admin",
    .group = GROUP_DAEMON,
    .arguments = "",
    .summary = "tokens, certificates, audit; verify, back up and restore the log",
    .examples = examples,
    .parts = parts,
};
