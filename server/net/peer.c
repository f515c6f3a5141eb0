#include "server/net/peer.h"

#include <assert.h>
#include <string.h>

#include "common/parse.h"
#include "server/rpc/rpc.h"

#define PREFIX     "person/"
#define PREFIX_LEN (sizeof PREFIX - 1)

static bool
check_claim(const struct peer *peer, const char *id, size_t len, struct err *err)
{
	const char *known = peer->person + PREFIX_LEN;

	if (!parse_is_id(id, len))
		return err_set(err, ERR_INVALID,
		    PEER_CLAIM_KEY
		    " is no person's id: use person/anna or anna (a-z 0-9 . _ -, 64 at most)");
	if (peer->person[0] != '\0' && (strlen(known) != len || memcmp(known, id, len) != 0))
		return err_set(err, ERR_DENIED, "you are %s here and can't act as %.*s",
		    peer->person, (int)len, id);
	return true;
}

/* Behind what the name has; by hand, since every call passes here. All parts together fit: ids have a limit. */
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

bool
peer_caller(const struct peer *peer, const char *claim, size_t claim_len, struct caller *out,
    struct err *err)
{
	struct caller caller = {.verified = peer->local || peer->certified, .local = peer->local};
	const char *id = claim;
	size_t len = claim_len;

	if (len >= PREFIX_LEN && memcmp(id, PREFIX, PREFIX_LEN) == 0) {
		id += PREFIX_LEN;
		len -= PREFIX_LEN;
	}
	if (claim_len > 0 && !check_claim(peer, id, len, err))
		return false;
	if (peer->person[0] != '\0') {
		add(&caller, peer->person, strlen(peer->person));
	} else {
		if (peer->local)
			add_uid(&caller, peer->uid);
		else
			add(&caller, "unverified", 10);
		if (claim_len > 0) {
			add(&caller, peer->local ? " as " : ":", peer->local ? 4 : 1);
			add(&caller, PREFIX, PREFIX_LEN);
			add(&caller, id, len);
		}
	}
	*out = caller;
	return true;
}
