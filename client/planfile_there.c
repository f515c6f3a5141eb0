/* What the daemon has: the plan as it is, as this source last applied it, and as it was when the files were exported. */
#include <inttypes.h>
#include <string.h>

#include "client/planfile_apply_internal.h"
#include "client/planfile_index.h"
#include "common/arena.h"
#include "common/pb.h"

#define PAGES_MAX 20 /* of an entry's history that are looked through */
#define PASTS_MAX 16 /* revisions of the past that bases are taken from */
/* The daemon reads an entry's history from whole change sets: tens of milliseconds each where those are large. */
#define LOOKUPS_MAX 32

static const ProtobufCServiceDescriptor *const plan_service = &plumb__v1__plan__descriptor;

/* The items of one past revision. */
struct past {
	uint64_t revision;
	struct refmap *items; /* ref -> message */
	struct past *next;
};

struct there *
there_find(const struct planfile_changes *c, const char *ref)
{
	return refmap_get(c->there, ref);
}

struct there *
there_get(struct planfile_changes *c, const struct planfile_kind *kind, const char *ref)
{
	struct there *there = there_find(c, ref), **grown;

	if (there != NULL)
		return there;
	if (c->count == c->cap) {
		grown = arena_array(c->arena, c->cap == 0 ? 256 : c->cap * 2, sizeof *grown);
		if (grown == NULL)
			goto oom;
		if (c->count > 0)
			memcpy(grown, c->list, c->count * sizeof *grown);
		c->list = grown;
		c->cap = c->cap == 0 ? 256 : c->cap * 2;
	}
	there = arena_zalloc(c->arena, sizeof *there);
	if (there == NULL || !refmap_put(c->there, ref, there))
		goto oom;
	there->ref = ref;
	there->kind = kind;
	there->source = there->updated_by = "";
	c->list[c->count++] = there;
	return there;
oom:
	c->oom = true;
	return NULL;
}

static const char *
bare_team(const char *team)
{
	return strncmp(team, "team/", 5) == 0 ? team + 5 : team;
}

void
there_add_ranking(struct planfile_changes *c, const Plumb__V1__RankingList *list, const char *ref)
{
	const Plumb__V1__RankingList **lists =
	    arena_array(c->arena, c->rankings_count + 1, sizeof *lists);
	const char **refs = arena_array(c->arena, c->rankings_count + 1, sizeof *refs);

	if (lists == NULL || refs == NULL) {
		c->oom = true;
		return;
	}
	if (c->rankings_count > 0) {
		memcpy(lists, c->rankings, c->rankings_count * sizeof *lists);
		memcpy(refs, c->ranking_refs, c->rankings_count * sizeof *refs);
	}
	lists[c->rankings_count] = list;
	refs[c->rankings_count++] = ref;
	c->rankings = lists;
	c->ranking_refs = refs;
}

const Plumb__V1__RankingList *
there_ranking(const struct planfile_changes *c, const char *team, const char **ref)
{
	for (size_t i = 0; i < c->rankings_count; i++) {
		if (strcmp(bare_team(c->rankings[i]->team), team) == 0) {
			*ref = c->ranking_refs[i];
			return c->rankings[i];
		}
	}
	return NULL;
}

/* The item or record of an envelope in its normal form; NULL: a ranking, or a kind that files don't hold. */
static ProtobufCMessage *
entry_message(struct planfile_changes *c, const Plumb__V1__Envelope *envelope,
    const struct planfile_kind *kind)
{
	ProtobufCMessage *message = NULL;

	if (kind == NULL)
		return NULL;
	if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM)
		message = &envelope->item->base;
	else if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RECORD)
		message = &envelope->record->base;
	if (message != NULL && !planfile_normal(kind, message, c->arena))
		c->oom = true;
	return message;
}

typedef void (*take_fn)(struct planfile_changes *c, const Plumb__V1__Envelope *envelope);

static void
take_now(struct planfile_changes *c, const Plumb__V1__Envelope *envelope)
{
	const struct planfile_kind *kind = planfile_kind(envelope->kind);
	ProtobufCMessage *message;
	struct there *there;

	if (envelope->removed)
		return;
	if (envelope->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RANKING) {
		there_add_ranking(c, envelope->ranking, envelope->ref);
		return;
	}
	message = entry_message(c, envelope, kind);
	there = message == NULL ? NULL : there_get(c, kind, envelope->ref);
	if (there == NULL)
		return;
	there->now = message;
	there->revision = envelope->revision;
	there->source_revision = envelope->source_revision;
	there->source = envelope->source;
	there->updated_by = envelope->updated_by;
	c->source_known |= strcmp(envelope->source, c->options.source) == 0;
}

static void
take_base(struct planfile_changes *c, const Plumb__V1__Envelope *envelope)
{
	struct there *there = there_find(c, envelope->ref);

	if (there != NULL && !there->kind->record && !envelope->removed)
		there->base = entry_message(c, envelope, there->kind);
}

/* As exported: counts unless this source has applied the entry after that. */
static void
take_exported(struct planfile_changes *c, const Plumb__V1__Envelope *envelope)
{
	struct there *there = there_find(c, envelope->ref);

	if (there == NULL || there->kind->record || envelope->removed)
		return;
	if (there->base == NULL || there->source_revision < c->plan->exported_revision)
		there->base = entry_message(c, envelope, there->kind);
}

static void
init_request(const struct planfile_changes *c, Plumb__V1__ExportRequest *request, Plumb__V1__At *at)
{
	plumb__v1__export_request__init(request);
	plumb__v1__at__init(at);
	at->workspace = pb_str(c->options.workspace);
	at->scenario = pb_str(c->options.scenario ? c->options.scenario : "");
	request->at = at;
}

/* One export, each entry to fn. */
static bool export(struct planfile_changes *c, const Plumb__V1__ExportRequest *request, take_fn fn,
    uint64_t *revision, struct err *err)
{
	const Plumb__V1__ExportReply *reply;

	if (!rpc_client_start(
		c->client, plan_service, "Export", &request->base, c->arena, &c->status)) {
		*err = c->status.err;
		return false;
	}
	while ((reply = rpc_client_next(c->client, c->arena, &c->status)) != NULL) {
		if (revision != NULL)
			*revision = reply->revision;
		for (size_t i = 0; i < reply->n_entries; i++)
			fn(c, reply->entries[i]);
		if (c->oom) {
			rpc_client_cancel(c->client);
			return err_oom(err);
		}
	}
	if (c->status.err.code != ERR_OK) {
		*err = c->status.err;
		return false;
	}
	return true;
}

static bool
plan_has_records(const struct planfile *plan)
{
	for (size_t i = 0; i < plan->steps_count; i++) {
		for (size_t j = 0; j < plan->steps[i]->count; j++) {
			if (plan->steps[i]->entries[j]->record != NULL)
				return true;
		}
	}
	return false;
}

static bool
fetch_exported(struct planfile_changes *c, struct err *err)
{
	Plumb__V1__ExportRequest request;
	Plumb__V1__At at;
	const char *workspace = c->options.workspace[0] != '\0' ? c->options.workspace : "main";

	if (c->plan->exported_workspace == NULL ||
	    strcmp(c->plan->exported_workspace, workspace) != 0 ||
	    c->plan->exported_revision == 0 || c->plan->exported_revision > c->summary.revision)
		return true;
	init_request(c, &request, &at);
	at.as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
	at.revision = c->plan->exported_revision;
	return export(c, &request, take_exported, NULL, err);
}

/* The effective time of the newest change set. */
static bool
fetch_newest(struct planfile_changes *c, struct err *err)
{
	Plumb__V1__HistoryRequest request;
	const Plumb__V1__HistoryReply *reply;
	Plumb__V1__At at;

	c->newest = "";
	if (c->plan->steps_count < 2 || c->summary.revision == 0)
		return true;
	plumb__v1__history_request__init(&request);
	plumb__v1__at__init(&at);
	at.workspace = pb_str(c->options.workspace);
	at.scenario = pb_str(c->options.scenario ? c->options.scenario : "");
	request.at = &at;
	request.page_size = 1;
	reply = rpc_client_call(
	    c->client, plan_service, "History", &request.base, c->arena, &c->status);
	if (reply == NULL) {
		*err = c->status.err;
		return false;
	}
	if (reply->n_entries > 0)
		c->newest = reply->entries[0]->time;
	return true;
}

bool
there_fetch(struct planfile_changes *c, struct err *err)
{
	Plumb__V1__ExportRequest request;
	Plumb__V1__At at;

	init_request(c, &request, &at);
	request.records = plan_has_records(c->plan);
	if (!export(c, &request, take_now, &c->summary.revision, err))
		return false;
	if (c->source_known) {
		init_request(c, &request, &at);
		request.source = pb_str(c->options.source);
		request.last_applied = true;
		if (!export(c, &request, take_base, NULL, err))
			return false;
	}
	return fetch_exported(c, err) && fetch_newest(c, err);
}

/* Newest first; NULL: none, or the call failed, or there were too many of them (then nothing is known). */
static const Plumb__V1__HistoryReply *
history(struct planfile_changes *c, const char *ref, uint32_t page_size, const char *token)
{
	const Plumb__V1__HistoryReply *reply;
	Plumb__V1__HistoryRequest request;
	Plumb__V1__At at;

	if (c->lookups >= LOOKUPS_MAX)
		return NULL;
	plumb__v1__history_request__init(&request);
	plumb__v1__at__init(&at);
	at.workspace = pb_str(c->options.workspace);
	at.scenario = pb_str(c->options.scenario ? c->options.scenario : "");
	request.at = &at;
	request.ref = pb_str(ref);
	request.page_size = page_size;
	request.page_token = pb_str(token);
	reply = rpc_client_call(
	    c->client, plan_service, "History", &request.base, c->arena, &c->status);
	if (reply != NULL && reply->n_entries > 0)
		c->lookups++;
	return reply;
}

const char *
there_removed_by(struct planfile_changes *c, const char *ref)
{
	const Plumb__V1__HistoryReply *reply;
	const Plumb__V1__HistoryEntry *newest;

	if (!c->source_known)
		return NULL;
	reply = history(c, ref, 1, "");
	if (reply == NULL || reply->n_entries == 0)
		return NULL;
	newest = reply->entries[0];
	return strcmp(newest->source, c->options.source) == 0 ? NULL : newest->author;
}

/* The revision at which this source last changed the entry; 0 never. */
static uint64_t
last_applied_at(struct planfile_changes *c, const char *ref)
{
	const Plumb__V1__HistoryReply *reply;
	const char *token = "";

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		reply = history(c, ref, 100, token);
		for (size_t i = 0; reply != NULL && i < reply->n_entries; i++) {
			if (strcmp(reply->entries[i]->source, c->options.source) == 0)
				return reply->entries[i]->revision;
		}
		if (reply == NULL || reply->next_page_token[0] == '\0')
			return 0;
		token = reply->next_page_token;
	}
	return 0;
}

static void
take_past(struct planfile_changes *c, const Plumb__V1__Envelope *envelope)
{
	const struct planfile_kind *kind = planfile_kind(envelope->kind);
	ProtobufCMessage *message = envelope->removed ? NULL : entry_message(c, envelope, kind);

	if (message != NULL && !refmap_put(c->past->items, envelope->ref, message))
		c->oom = true;
}

/* The plan as it was at that revision, fetched once; NULL: it cannot be had. */
static const struct past *
fetch_past(struct planfile_changes *c, uint64_t revision)
{
	Plumb__V1__ExportRequest request;
	Plumb__V1__At at;
	struct past *past;
	struct err err;
	unsigned count = 0;

	for (past = c->past; past != NULL; past = past->next, count++) {
		if (past->revision == revision)
			return past;
	}
	past = count == PASTS_MAX ? NULL : arena_zalloc(c->arena, sizeof *past);
	if (past == NULL || (past->items = refmap_new(c->arena)) == NULL)
		return NULL;
	past->revision = revision;
	past->next = c->past;
	c->past = past;
	init_request(c, &request, &at);
	at.as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
	at.revision = revision;
	if (!export(c, &request, take_past, NULL, &err))
		return NULL;
	return past;
}

/*
 * Another source has applied the entry since, so the daemon no longer keeps what this one applied: its history does.
 */
void
there_find_base(struct planfile_changes *c, struct there *there)
{
	const struct past *past;
	uint64_t revision;

	if (there->base != NULL || there->now == NULL || there->searched)
		return;
	there->searched = true;
	revision = last_applied_at(c, there->ref);
	past = revision == 0 ? NULL : fetch_past(c, revision);
	if (past != NULL)
		there->base = refmap_get(past->items, there->ref);
}

const Plumb__V1__RankingList *
there_ranking_base(struct planfile_changes *c, const char *ranking_ref)
{
	const Plumb__V1__GetReply *reply;
	Plumb__V1__GetRequest request;
	Plumb__V1__At at;
	uint64_t revision = last_applied_at(c, ranking_ref);

	if (revision == 0)
		return NULL;
	plumb__v1__get_request__init(&request);
	plumb__v1__at__init(&at);
	at.workspace = pb_str(c->options.workspace);
	at.scenario = pb_str(c->options.scenario ? c->options.scenario : "");
	at.as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
	at.revision = revision;
	request.at = &at;
	request.ref = pb_str(ranking_ref);
	reply =
	    rpc_client_call(c->client, plan_service, "Get", &request.base, c->arena, &c->status);
	if (reply == NULL || reply->entry == NULL ||
	    reply->entry->entry_case != PLUMB__V1__ENVELOPE__ENTRY_RANKING)
		return NULL;
	return reply->entry->ranking;
}
