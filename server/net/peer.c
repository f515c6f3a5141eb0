#include "server/net/peer.h"

#include <stdio.h>
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
		return err_set(err, ERR_DENIED, "user id %u is %s here and can't act as %.*s",
		    (unsigned)peer->uid, peer->person, (int)len, id);
	return true;
}

bool
peer_caller(const struct peer *peer, const char *claim, size_t claim_len, struct caller *out,
    struct err *err)
{
	struct caller caller = {.verified = peer->local, .local = peer->local};
	const char *id = claim;
	size_t len = claim_len;

	if (len >= PREFIX_LEN && memcmp(id, PREFIX, PREFIX_LEN) == 0) {
		id += PREFIX_LEN;
		len -= PREFIX_LEN;
	}
	if (claim_len > 0 && !check_claim(peer, id, len, err))
		return false;
	if (peer->person[0] != '\0')
		snprintf(caller.name, sizeof caller.name, "%s", peer->person);
	else if (peer->local && claim_len > 0)
		snprintf(caller.name, sizeof caller.name, "uid:%u as " PREFIX "%.*s",
		    (unsigned)peer->uid, (int)len, id);
	else if (peer->local)
		snprintf(caller.name, sizeof caller.name, "uid:%u", (unsigned)peer->uid);
	else if (claim_len > 0)
		snprintf(
		    caller.name, sizeof caller.name, "unverified:" PREFIX "%.*s", (int)len, id);
	else
		snprintf(caller.name, sizeof caller.name, "unverified");
	*out = caller;
	return true;
}
