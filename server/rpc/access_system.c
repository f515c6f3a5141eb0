/* The table of tokens and the system workspace, which it follows. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/log.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/system.h"
#include "server/rpc/token.h"

static int64_t
clock_us(void *arg)
{
	return daemon_clock_us(arg);
}

static bool
take(struct access_book *book, const struct item *entry, struct arena *arena)
{
	const Plumb__V1__Item *item;

	if (!item_is_live(entry) || entry->kind != KIND_TOKEN)
		return true;
	item = (const Plumb__V1__Item *)codec_decode(entry, arena);
	return item != NULL && access_put(book, item);
}

/* A token that can't be taken up lets nobody in until the next start. */
static void
on_durable(void *arg, uint32_t workspace, uint64_t revision, int64_t time_us,
    const struct patch_op *ops, size_t count)
{
	struct daemon *daemon = arg;
	struct arena *arena;
	bool ok;

	(void)revision;
	(void)time_us;
	if (workspace != STORE_SYSTEM_WORKSPACE)
		return;
	arena = arena_new(LIMIT_CALL_ARENA);
	ok = arena != NULL;
	for (size_t i = 0; i < count && ok; i++)
		ok = take(daemon->access, ops[i].new, arena);
	if (!ok)
		log_error("access", "why=\"out of memory\" next=\"a token is as it was before\"");
	arena_free(arena);
}

static bool
take_all(struct access_book *book, const struct view *view, struct err *err)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	bool ok = arena != NULL;

	for (uint32_t slot = 0; slot < view_slots(view) && ok; slot++) {
		ok = take(book, view_item(view, slot), arena);
		arena_reset(arena);
	}
	arena_free(arena);
	return ok || err_oom(err);
}

struct access_book *
access_load(struct daemon *daemon, enum access anonymous, struct err *err)
{
	struct access_book *book = access_new(anonymous, clock_us, daemon);

	if (book == NULL) {
		err_oom(err);
		return NULL;
	}
	if (!take_all(book, plan_now(daemon->system->plan), err)) {
		access_free(book);
		return NULL;
	}
	daemon_observe(daemon, on_durable, daemon);
	return book;
}

struct access_book *
daemon_access(struct daemon *daemon)
{
	return daemon->access;
}

bool
access_may_enter(const struct rpc_call *call, const char *workspace)
{
	return call->caller.token == 0 || access_scope_has(call->daemon->access, call->caller.token,
					      workspace[0] != '\0' ? workspace : "main");
}

bool
access_may_write(const struct rpc_call *call, enum kind kind)
{
	return call->caller.token == 0 ||
	       access_scope_writes(call->daemon->access, call->caller.token, kind);
}

/* ---- the first token ---- */

/* Whole or not at all, and nobody else's to read at any moment. */
static bool
write_secret(const char *path, const char *text, struct err *err)
{
	char temporary[4096 + 8];
	size_t len = strlen(text);
	int fd;
	bool ok;

	snprintf(temporary, sizeof temporary, "%s.new", path);
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "%s", temporary);
	ok = write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
	if (!ok)
		err_errno(err, "%s", temporary);
	close(fd);
	if (ok && rename(temporary, path) != 0)
		ok = err_errno(err, "%s", path);
	if (!ok)
		(void)unlink(temporary);
	return ok;
}

static bool
put_first(struct daemon *daemon, const uint8_t *hash, struct err *err)
{
	Plumb__V1__Item item;
	Plumb__V1__Token body;
	char created[TIME_TEXT_LEN];

	plumb__v1__item__init(&item);
	plumb__v1__token__init(&body);
	body.role = PLUMB__V1__ROLE__ADMIN;
	body.subject = pb_str("service/admin");
	body.hash.data = (uint8_t *)(uintptr_t)hash;
	body.hash.len = SHA256_LEN;
	body.created = time_format(daemon_clock_us(daemon), created);
	body.created_by = pb_str("plumbd");
	item.id = pb_str("1");
	item.title = pb_str("Made at the first start");
	item.body_case = PLUMB__V1__ITEM__BODY_TOKEN;
	item.token = &body;
	return system_put_own(daemon, &item, "first start", NULL, NULL, err);
}

bool
access_first_token(struct daemon *daemon, const char *file, char *text, struct err *err)
{
	uint8_t hash[SHA256_LEN];
	uint32_t number;

	text[0] = '\0';
	if (access_newest(daemon->access) > 0)
		return true;
	if (!token_make(1, text) || token_parse(text, strlen(text), &number, hash) != TOKEN_WELL)
		return err_set(err, ERR_UNAVAILABLE, "the kernel has no random bytes");
	/* First the file: a token that is in the log and nowhere else would lock everybody out. */
	if ((file != NULL && !write_secret(file, text, err)) || !put_first(daemon, hash, err))
		return false;
	daemon_wait_for_store(daemon);
	return access_newest(daemon->access) == 1 ||
	       err_set(err, ERR_UNAVAILABLE, "the disk refuses to be written");
}
