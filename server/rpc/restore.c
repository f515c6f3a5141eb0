#include "server/rpc/restore.h"

#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/store/store.h"

#define DEFAULT_WORKSPACE "main"

struct lookup {
	const char *id;
	uint32_t number; /* 0: not met yet */
	struct arena *arena;
	bool failed;
	struct err *err;
};

/* Workspaces are entries of the system workspace, and never renamed or removed. */
static void
look_into(struct lookup *lookup, const Plumb__V1__ChangeSet *set)
{
	for (size_t i = 0; i < set->n_changes; i++) {
		const Plumb__V1__Change *change = set->changes[i];
		const Plumb__V1__Item *item;

		if (change->change_case != PLUMB__V1__CHANGE__CHANGE_PUT ||
		    change->put->item == NULL)
			continue;
		item = change->put->item;
		if (item->body_case == PLUMB__V1__ITEM__BODY_WORKSPACE &&
		    strcmp(item->id, lookup->id) == 0)
			lookup->number = item->workspace->number;
	}
}

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct lookup *lookup = arg;
	const ProtobufCMessage *set;

	arena_reset(lookup->arena);
	set = pb_decode(&plumb__v1__change_set__descriptor, entry->body, entry->body_len, false,
	    lookup->arena, lookup->err);
	lookup->failed = set == NULL;
	if (set != NULL)
		look_into(lookup, (const Plumb__V1__ChangeSet *)set);
	return !lookup->failed && lookup->number == 0;
}

static bool
find_number(const char *backup, const char *id, uint32_t *number, struct err *err)
{
	struct lookup lookup = {.id = id, .err = err};
	bool ok;

	lookup.arena = arena_new(LIMIT_CALL_ARENA);
	if (lookup.arena == NULL)
		return err_oom(err);
	ok = store_read_backup(backup, STORE_SYSTEM_WORKSPACE, on_entry, &lookup, err) &&
	     !lookup.failed;
	arena_free(lookup.arena);
	if (ok && lookup.number == 0)
		ok = err_set(err, ERR_NOT_FOUND, "the backup has no workspace '%.80s'", id);
	*number = lookup.number;
	return ok;
}

/* What stands there now is opened as the daemon would, which is one more check. */
static bool
read_head(const char *directory, uint32_t number, uint64_t *revision, struct err *err)
{
	const struct store_options options = {.directory = directory, .synchronous = "FULL"};
	struct store *store = store_open(&options, err);

	if (store == NULL)
		return false;
	*revision = store_head(store, number).revision;
	store_close(store);
	return true;
}

bool
restore_run(const struct restore_options *options, uint64_t *revision, struct err *err)
{
	const char *id = options->workspace[0] != '\0' ? options->workspace : DEFAULT_WORKSPACE;
	uint32_t number = 0;

	return find_number(options->backup, id, &number, err) &&
	       store_restore(options->backup, options->directory, number, options->revision, err) &&
	       read_head(options->directory, number, revision, err);
}
