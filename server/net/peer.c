#include "server/net/peer.h"

#include <assert.h>
#include <string.h>

#include "common/crypto.h"
#include "common/parse.h"
#include "server/rpc/access.h"

#define PREFIX     "person/"
#define PREFIX_LEN (sizeof PREFIX - 1)
#define AS         " as "

/* ---- names ---- */

/* The claim without "person/". */
static bool
check_claim(const char **id, size_t *len, struct err *err)
{
	if (*len >= PREFIX_LEN && memcmp(*id, PREFIX, PREFIX_LEN) == 0) {
		*id += PREFIX_LEN;
		*len -= PREFIX_LEN;
	}
	return parse_is_id(*id, *len) ||
	       err_set(err, ERR_INVALID,
		   PEER_CLAIM_KEY
		   " is no person's id: use person/anna or anna (a-z 0-9 . _ -, 64 at most)");
}

static bool
is_person(const char *name, const char *id, size_t len)
{
	return strncmp(name, PREFIX, PREFIX_LEN) == 0 && strlen(name) == PREFIX_LEN + len &&
	       memcmp(name + PREFIX_LEN, id, len) == 0;
}

/* Behind what the name has; by hand, since every call passes here. */
static void
add(struct caller *caller, const char *text, size_t len)
{
	size_t at = strlen(caller->name);

	assert(at + len < sizeof caller->name);
	memcpy(caller->name + at, text, len);
}

static void
add_uid(struct caller *caller, uid_t uid)
{
	char digits[12];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + uid % 10);
		uid /= 10;
	} while (uid > 0);
	add(caller, "uid:", 4);
	add(caller, digits + at, sizeof digits - at);
}

/* The caller has a name of its own: a claim must be the same, or an admin's, who may act as anybody. */
static bool
add_claim(struct caller *caller, const char *id, size_t len, struct err *err)
{
	if (is_person(caller->name, id, len))
		return true;
	if (caller->access != ACCESS_ADMIN)
		return err_set(err, ERR_DENIED, "you are %s here and can't act as %.*s",
		    caller->name, (int)len, id);
	if (strlen(caller->name) + strlen(AS) + PREFIX_LEN + len >= sizeof caller->name)
		return err_set(err, ERR_INVALID, "%s and %.*s are too long together: %zu at most",
		    caller->name, (int)len, id, sizeof caller->name - 1);
	add(caller, AS, strlen(AS));
	add(caller, PREFIX, PREFIX_LEN);
	add(caller, id, len);
	return true;
}

bool
peer_caller(const struct peer *peer, const char *claim, size_t claim_len, struct caller *out,
    struct err *err)
{
	struct caller caller = {.verified = peer->local || peer->certified,
	    .local = peer->local,
	    .access = peer->access,
	    .from = peer->from};
	const char *id = claim;
	size_t len = claim_len;

	if (claim_len > 0 && !check_claim(&id, &len, err))
		return false;
	if (peer->person[0] != '\0') {
		add(&caller, peer->person, strlen(peer->person));
		if (claim_len > 0 && !add_claim(&caller, id, len, err))
			return false;
	} else {
		if (peer->local)
			add_uid(&caller, peer->uid);
		else
			add(&caller, "unverified", 10);
		if (claim_len > 0) {
			add(&caller, peer->local ? AS : ":", peer->local ? 4 : 1);
			add(&caller, PREFIX, PREFIX_LEN);
			add(&caller, id, len);
		}
	}
	*out = caller;
	return true;
}

/* ---- callers of calls ---- */

bool
identity_is_asked(const struct rpc_method *method)
{
	return strncmp(method->service, "grpc.health.", 12) != 0;
}

static bool
of_token(struct caller *out, const struct peer *peer, struct access_book *book,
    const struct shown *shown, struct err *err)
{
	struct caller caller = {.local = peer->local, .from = peer->from};
	const char *id = shown->claim;
	size_t len = shown->claim_len;

	if (!access_check(book, shown->token, shown->token_len, &caller, err)) {
		*out = caller;
		memcpy(out->name, "unverified", sizeof "unverified");
		return false;
	}
	if (len > 0 && (!check_claim(&id, &len, err) || !add_claim(&caller, id, len, err)))
		return false;
	*out = caller;
	return true;
}

static bool
of_peer(struct caller *out, const struct peer *peer, const struct shown *shown, struct err *err)
{
	if (!peer_caller(peer, shown->claim, shown->claim_len, out, err))
		return false;
	return out->access != ACCESS_NONE ||
	       err_set(err, ERR_UNAUTHENTICATED,
		   "this daemon wants to know who calls: show a token (plumb --token-file FILE, or "
		   "the header authorization: Bearer plumb_…); an administrator makes one with: "
		   "plumb admin token create");
}

static bool
is_same(const struct identity *identity, const struct shown *shown)
{
	/* An empty token is a wrong one, and none is not. */
	return shown->claim_len == identity->claim_len && shown->token_len == identity->token_len &&
	       (shown->token == NULL) == (identity->token_len == 0) &&
	       memcmp(shown->claim, identity->claim, shown->claim_len) == 0 &&
	       (shown->token == NULL ||
		   crypto_equal(shown->token, identity->token, shown->token_len));
}

/* What is too long to be kept is looked up anew each time. */
static void
keep(struct identity *identity, const struct shown *shown, uint64_t epoch)
{
	if (shown->claim_len > sizeof identity->claim || shown->token_len > sizeof identity->token)
		return;
	memcpy(identity->claim, shown->claim, shown->claim_len);
	identity->claim_len = shown->claim_len;
	if (shown->token_len > 0)
		memcpy(identity->token, shown->token, shown->token_len);
	identity->token_len = shown->token_len;
	identity->epoch = epoch;
}

bool
identity_find(struct identity *identity, const struct peer *peer, struct access_book *book,
    const struct shown *shown, struct err *err)
{
	uint64_t epoch = book != NULL ? access_epoch(book) : 1;
	bool by_token = book != NULL && shown->token != NULL;
	bool ok;

	if (identity->epoch == epoch && is_same(identity, shown)) {
		if (by_token)
			access_used(book, identity->caller.token);
		return true;
	}
	identity->epoch = 0;
	ok = by_token ? of_token(&identity->caller, peer, book, shown, err)
		      : of_peer(&identity->caller, peer, shown, err);
	if (ok)
		keep(identity, shown, epoch);
	return ok;
}
