/*
 * Any bytes as the value of "authorization" and as a claim: nobody is let in who was not given a token, nothing is read past the
 * end, and what is said about them repeats none of it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/pb.h"
#include "server/net/peer.h"
#include "server/rpc/access.h"
#include "server/rpc/token.h"

#define CLOCK INT64_C(1774947600000000)
/* The one token of the table; its secret is 43 zeros. */
#define SECRET "0000000000000000000000000000000000000000000"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static int64_t
clock_us(void *arg)
{
	(void)arg;
	return CLOCK;
}

static struct access_book *
make_book(uint8_t hash[SHA256_LEN])
{
	struct access_book *book = access_new(ACCESS_NONE, clock_us, NULL);
	Plumb__V1__Item item;
	Plumb__V1__Token body;

	must(book != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	plumb__v1__item__init(&item);
	plumb__v1__token__init(&body);
	item.id = pb_str("1");
	item.body_case = PLUMB__V1__ITEM__BODY_TOKEN;
	item.token = &body;
	body.role = PLUMB__V1__ROLE__READER;
	body.subject = pb_str("person/anna");
	sha256(SECRET, strlen(SECRET), hash);
	body.hash.data = hash;
	body.hash.len = SHA256_LEN;
	must(access_put(book, &item));
	return book;
}

/* The whole is exactly its parts: copies whose ends are guarded by the sanitizer. */
static void *
copy_of(const uint8_t *data, size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	must(p != NULL);
	if (size > 0)
		memcpy(p, data, size);
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct access_book *book;
	static uint8_t known[SHA256_LEN];
	static const struct peer peer = {.from = "unix"};
	struct identity identity = {0};
	size_t claim_len = size > 0 ? data[0] % 100u : 0;
	uint8_t hash[SHA256_LEN];
	uint32_t number = 0;
	char *claim, *token;
	struct shown shown;
	struct err err = {0};
	bool ok;

	if (book == NULL)
		book = make_book(known);
	if (size > 0) {
		data++;
		size--;
	}
	claim_len = claim_len < size ? claim_len : size;
	claim = copy_of(data, claim_len);
	token = copy_of(data + claim_len, size - claim_len);
	shown = (struct shown){claim, claim_len, token, size - claim_len};
	ok = identity_find(&identity, &peer, book, &shown, &err);
	if (ok) {
		must(identity.caller.access == ACCESS_READER && identity.caller.token == 1);
		must(strcmp(identity.caller.name, "person/anna") == 0);
		must(identity_find(&identity, &peer, book, &shown, &err));
	} else {
		must(err.code == ERR_UNAUTHENTICATED || err.code == ERR_INVALID ||
		     err.code == ERR_DENIED);
		/* Of a claim, which is no secret, other errors say what is wrong with it. */
		must(err.code != ERR_UNAUTHENTICATED || strstr(err.msg, SECRET) == NULL);
	}
	if (token_parse(token, size - claim_len, &number, hash) == TOKEN_WELL)
		must(number > 0 && size - claim_len < TOKEN_TEXT_LEN);
	free(claim);
	free(token);
	return 0;
}
