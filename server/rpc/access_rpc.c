/* plumb.v1.Access: tokens are made, listed, revoked and rotated. Who may call is asked before (permit.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/access.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"
#include "server/rpc/system.h"
#include "server/rpc/token.h"

#define PAGE          100u
#define GRACE_DEFAULT 3600u
#define GRACE_MAX     (31u * 86400u)

/* ---- what is shown ---- */

/* A token as people may see it: without what its secret could be told from. NULL: out of memory. */
static Plumb__V1__TokenInfo *
info_of(struct rpc_call *call, const Plumb__V1__Item *item)
{
	Plumb__V1__TokenInfo *info = arena_alloc(call->arena, sizeof *info);
	char *date = arena_alloc(call->arena, TIME_TEXT_LEN);
	const Plumb__V1__Token *body = item->token;
	struct access_book *book = daemon_access(call->daemon);
	int64_t now_us = daemon_clock_us(call->daemon), used_us, expires_us;
	uint64_t id = 0;

	if (info == NULL || date == NULL || !parse_u64(item->id, 1, UINT32_MAX, &id))
		return NULL;
	plumb__v1__token_info__init(info);
	info->id = (uint32_t)id;
	info->title = item->title;
	info->role = body->role;
	info->subject = body->subject;
	info->n_workspaces = body->n_workspaces;
	info->workspaces = body->workspaces;
	info->n_read_only = body->n_read_only;
	info->read_only = body->read_only;
	info->expires = body->expires;
	info->created = body->created;
	info->created_by = body->created_by;
	info->revoked = body->revoked;
	info->previous_until = body->previous_until;
	used_us = access_last_used_us(book, info->id);
	if (used_us != 0) {
		time_format(used_us, date);
		date[10] = '\0';
		info->last_used = date;
	}
	info->holds = body->revoked[0] == '\0' &&
		      (body->expires[0] == '\0' ||
			  (time_parse(body->expires, &expires_us) && expires_us > now_us));
	return info;
}

/* ---- finding ---- */

static const struct item *
entry_of(const struct rpc_call *call, uint32_t id)
{
	char text[12];

	snprintf(text, sizeof text, "%" PRIu32, id);
	return system_entry(call->daemon, KIND_TOKEN, text);
}

/*
 * The token as it is in the log. NULL: the call was failed, or is called again when what is under way with that token is
 * durable.
 */
static Plumb__V1__Item *
find(struct rpc_call *call, uint32_t id, rpc_handler_fn handler, const ProtobufCMessage *request)
{
	struct workspace *system = call->daemon->system;
	const struct item *entry = entry_of(call, id);
	const Plumb__V1__Item *item;
	struct err err;

	if (entry == NULL) {
		faults_add(call->faults, "id",
		    "there is no token %" PRIu32 "; plumb admin token list shows those there are",
		    id);
		err_set(&err, ERR_NOT_FOUND, "there is no token %" PRIu32, id);
		rpc_fail(call, &err);
		return NULL;
	}
	if (entry->revision > plan_durable(system->plan)) {
		workspace_wait_call(system, entry->revision, call, handler, request);
		return NULL;
	}
	item = (const Plumb__V1__Item *)codec_decode(entry, call->arena);
	if (item == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
	}
	return (Plumb__V1__Item *)(uintptr_t)item;
}

static bool
may_administer(struct rpc_call *call)
{
	struct err err;

	/* A token for some workspaces would make one for all of them. */
	if (call->caller.access == ACCESS_ADMIN &&
	    (call->caller.token == 0 ||
		access_scope_is_all(daemon_access(call->daemon), call->caller.token)))
		return true;
	err_set(&err, ERR_DENIED,
	    "tokens are an administrator's of all workspaces; ask one, or call through the "
	    "daemon's "
	    "unix socket as its user");
	rpc_fail(call, &err);
	return false;
}

/* ---- CreateToken ---- */

static bool
is_subject(const char *text)
{
	size_t skip = strncmp(text, "person/", 7) == 0    ? 7
		      : strncmp(text, "service/", 8) == 0 ? 8
							  : 0;

	return skip > 0 && parse_is_id(text + skip, strlen(text + skip));
}

static void
check_workspaces(const Plumb__V1__CreateTokenRequest *request, struct rpc_call *call)
{
	struct err err;
	char field[40];

	if (request->n_workspaces > LIMIT_TOKEN_WORKSPACES) {
		faults_add(call->faults, "workspaces", "has %zu entries, more than %u",
		    request->n_workspaces, LIMIT_TOKEN_WORKSPACES);
		return;
	}
	for (size_t i = 0; i < request->n_workspaces; i++) {
		const char *id = request->workspaces[i];

		snprintf(field, sizeof field, "workspaces[%zu]", i);
		if (id[0] == '\0' || workspace_find(call->daemon, id, &err) == NULL)
			faults_add(call->faults, field,
			    "there is no workspace '%.80s'; plumb workspace list shows those there "
			    "are",
			    id);
	}
}

static void
check_kinds(const Plumb__V1__CreateTokenRequest *request, struct faults *faults)
{
	char field[40];

	if (request->n_read_only > KIND_MAX)
		faults_add(faults, "read_only", "has %zu entries, more than there are kinds",
		    request->n_read_only);
	for (size_t i = 0; i < request->n_read_only && i < KIND_MAX; i++) {
		int kind = (int)request->read_only[i];

		if (kind > 0 && kind < KIND_WORKSPACE &&
		    protobuf_c_enum_descriptor_get_value(&plumb__v1__kind__descriptor, kind) !=
			NULL)
			continue;
		snprintf(field, sizeof field, "read_only[%zu]", i);
		faults_add(faults, field, "%d is no kind of entry of a plan", kind);
	}
}

static void
check_expires(const Plumb__V1__CreateTokenRequest *request, struct rpc_call *call)
{
	int64_t us;

	if (request->expires[0] == '\0')
		return;
	if (!time_parse(request->expires, &us))
		faults_add(call->faults, "expires",
		    "'%.40s' is no time: write 2027-01-31T00:00:00Z, or leave it out for never",
		    request->expires);
	else if (us <= daemon_clock_us(call->daemon))
		faults_add(call->faults, "expires", "%.40s has passed already", request->expires);
}

static bool
check_create(const Plumb__V1__CreateTokenRequest *request, struct rpc_call *call, struct err *err)
{
	struct faults *faults = call->faults;

	if (request->role < PLUMB__V1__ROLE__READER || request->role > PLUMB__V1__ROLE__ADMIN)
		faults_add(faults, "role", "is not stated: READER, CONTRIBUTOR, PLANNER or ADMIN");
	if (!is_subject(request->subject))
		faults_add(faults, "subject",
		    "'%.100s' is no bearer: write person/anna or service/billing (1 to %d of a-z "
		    "0-9 "
		    ". _ - behind the slash)",
		    request->subject, ID_MAX_LEN);
	if (strlen(request->title) > LIMIT_TITLE)
		faults_add(faults, "title", "has %zu bytes, more than %u", strlen(request->title),
		    LIMIT_TITLE);
	check_workspaces(request, call);
	check_kinds(request, faults);
	check_expires(request, call);
	return faults_none(faults, err);
}

/* What is on its way to the log counts too: numbers are given once. */
static uint32_t
next_number(const struct rpc_call *call)
{
	uint32_t number = access_newest(daemon_access(call->daemon)) + 1;

	while (entry_of(call, number) != NULL)
		number++;
	return number;
}

static bool
make_secret(uint32_t number, char *text, uint8_t *hash, struct err *err)
{
	if (token_make(number, text) &&
	    token_parse(text, strlen(text), &number, hash) == TOKEN_WELL)
		return true;
	return err_set(err, ERR_UNAVAILABLE, "the kernel has no random bytes");
}

/* Reply and entry share their texts, all in the call's arena. */
static bool
create(struct rpc_call *call, const Plumb__V1__CreateTokenRequest *request, struct err *err)
{
	Plumb__V1__CreateTokenReply reply;
	Plumb__V1__Token body;
	Plumb__V1__Item item;
	uint32_t number = next_number(call);
	char created[TIME_TEXT_LEN], text[TOKEN_TEXT_LEN], id[12];
	uint8_t hash[SHA256_LEN];

	if (!make_secret(number, text, hash, err))
		return false;
	plumb__v1__item__init(&item);
	plumb__v1__token__init(&body);
	plumb__v1__create_token_reply__init(&reply);
	snprintf(id, sizeof id, "%" PRIu32, number);
	item.id = id;
	item.title = request->title;
	item.body_case = PLUMB__V1__ITEM__BODY_TOKEN;
	item.token = &body;
	body.role = request->role;
	body.subject = request->subject;
	body.n_workspaces = request->n_workspaces;
	body.workspaces = request->workspaces;
	body.n_read_only = request->n_read_only;
	body.read_only = request->read_only;
	body.expires = request->expires;
	body.hash.data = hash;
	body.hash.len = sizeof hash;
	body.created = time_format(daemon_clock_us(call->daemon), created);
	body.created_by = call->caller.name;
	reply.token = info_of(call, &item);
	reply.secret = text;
	return (reply.token != NULL || err_oom(err)) && system_put(call, &item, &reply.base, err);
}

void
handle_access_create_token(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__CreateTokenRequest *request =
	    (const Plumb__V1__CreateTokenRequest *)message;
	struct err err = {0};

	if (!may_administer(call))
		return;
	if (access_count(daemon_access(call->daemon)) >= LIMIT_TOKENS)
		err_set(&err, ERR_LIMIT,
		    "there are %u tokens already: revoke those that nobody uses (plumb admin token "
		    "list)",
		    LIMIT_TOKENS);
	else if (check_create(request, call, &err) && create(call, request, &err))
		return;
	rpc_fail(call, &err);
}

/* ---- ListTokens ---- */

struct listing {
	struct rpc_call *call;
	Plumb__V1__ListTokensReply reply;
	size_t max;
	bool all;
};

/* False: out of memory. */
static bool
list_one(struct listing *listing, uint32_t number)
{
	const struct item *entry = entry_of(listing->call, number);
	const Plumb__V1__Item *item;
	Plumb__V1__TokenInfo *info;

	if (entry == NULL)
		return true;
	item = (const Plumb__V1__Item *)codec_decode(entry, listing->call->arena);
	info = item != NULL ? info_of(listing->call, item) : NULL;
	if (info == NULL)
		return false;
	if (listing->all || info->holds)
		listing->reply.tokens[listing->reply.n_tokens++] = info;
	return true;
}

static bool
list(struct listing *listing, uint32_t after, struct err *err)
{
	uint32_t newest = access_newest(daemon_access(listing->call->daemon));
	uint32_t number = after;

	listing->reply.tokens =
	    arena_array(listing->call->arena, listing->max, sizeof(Plumb__V1__TokenInfo *));
	if (listing->reply.tokens == NULL)
		return err_oom(err);
	while (number < newest && listing->reply.n_tokens < listing->max) {
		if (!list_one(listing, ++number))
			return err_oom(err);
	}
	listing->reply.next = number < newest ? number : 0;
	return true;
}

void
handle_access_list_tokens(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ListTokensRequest *request = (const Plumb__V1__ListTokensRequest *)message;
	struct listing listing = {.call = call, .all = request->all};
	struct err err = {0};

	if (!may_administer(call))
		return;
	plumb__v1__list_tokens_reply__init(&listing.reply);
	listing.max = request->page_size != 0 ? request->page_size : PAGE;
	if (listing.max > LIMIT_PAGE)
		faults_add(
		    call->faults, "page_size", "is %zu, more than %u", listing.max, LIMIT_PAGE);
	if (!faults_none(call->faults, &err) || !list(&listing, request->after, &err))
		rpc_fail(call, &err);
	else if (rpc_send(call, &listing.reply.base))
		rpc_finish(call);
}

/* ---- RevokeToken ---- */

void
handle_access_revoke_token(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RevokeTokenRequest *request =
	    (const Plumb__V1__RevokeTokenRequest *)message;
	Plumb__V1__RevokeTokenReply reply;
	char now[TIME_TEXT_LEN];
	Plumb__V1__Item *item;
	struct err err = {0};
	bool was;

	if (!may_administer(call))
		return;
	item = find(call, request->id, handle_access_revoke_token, message);
	if (item == NULL)
		return;
	plumb__v1__revoke_token_reply__init(&reply);
	was = item->token->revoked[0] != '\0';
	if (!was)
		item->token->revoked = time_format(daemon_clock_us(call->daemon), now);
	reply.token = info_of(call, item);
	if (reply.token == NULL)
		err_oom(&err);
	else if (was) {
		if (rpc_send(call, &reply.base))
			rpc_finish(call);
		return;
	} else if (system_put(call, item, &reply.base, &err)) {
		return;
	}
	rpc_fail(call, &err);
}

/* ---- RotateToken ---- */

static bool
check_rotate(const Plumb__V1__RotateTokenRequest *request, const Plumb__V1__TokenInfo *info,
    struct rpc_call *call, struct err *err)
{
	if (request->grace > GRACE_MAX)
		faults_add(call->faults, "grace", "is %u s, more than %u (31 days)", request->grace,
		    GRACE_MAX);
	if (!faults_none(call->faults, err))
		return false;
	return info->holds ||
	       err_set(err, ERR_PRECONDITION,
		   "token %" PRIu32 " has expired or was revoked: make another with plumb admin "
		   "token create",
		   info->id);
}

static bool
rotate(struct rpc_call *call, Plumb__V1__Item *item, uint32_t grace, struct err *err)
{
	Plumb__V1__RotateTokenReply reply;
	Plumb__V1__Token *body = item->token;
	char until[TIME_TEXT_LEN], text[TOKEN_TEXT_LEN];
	uint8_t hash[SHA256_LEN];
	uint64_t number = 0;

	if (!parse_u64(item->id, 1, UINT32_MAX, &number) ||
	    !make_secret((uint32_t)number, text, hash, err))
		return false;
	plumb__v1__rotate_token_reply__init(&reply);
	body->previous_hash = body->hash;
	body->previous_until =
	    time_format(daemon_clock_us(call->daemon) + (int64_t)grace * 1000000, until);
	if (grace == 0) {
		body->previous_hash = (ProtobufCBinaryData){0};
		body->previous_until = pb_str("");
	}
	body->hash.data = hash;
	body->hash.len = sizeof hash;
	reply.token = info_of(call, item);
	reply.secret = text;
	return (reply.token != NULL || err_oom(err)) && system_put(call, item, &reply.base, err);
}

void
handle_access_rotate_token(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RotateTokenRequest *request =
	    (const Plumb__V1__RotateTokenRequest *)message;
	bool stated = request->grace__case == PLUMB__V1__ROTATE_TOKEN_REQUEST__GRACE__GRACE;
	const Plumb__V1__TokenInfo *info;
	Plumb__V1__Item *item;
	struct err err = {0};

	if (!may_administer(call))
		return;
	item = find(call, request->id, handle_access_rotate_token, message);
	if (item == NULL)
		return;
	info = info_of(call, item);
	if (info == NULL)
		err_oom(&err);
	else if (check_rotate(request, info, call, &err) &&
		 rotate(call, item, stated ? request->grace : GRACE_DEFAULT, &err))
		return;
	rpc_fail(call, &err);
}
