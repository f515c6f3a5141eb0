/*
 * The first bytes of a connection, as they come: what is decided stays decided, what is hopeless stays so, and never both.
 */
#include <stdlib.h>
#include <string.h>

#include "server/net/conn.h"
#include "server/net/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A name that TLS agreed on may be anything up to 255 bytes. */
static void
check_name(const uint8_t *data, size_t size)
{
	char name[256];
	size_t len = size < sizeof name - 1 ? size : sizeof name - 1;

	memcpy(name, data, len);
	name[len] = '\0';
	must(sniff_named(name) == NULL || strlen(name) >= 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conn_protocol *decided = NULL;
	bool hopeless = false;

	for (size_t len = 0; len <= size && len <= 64; len++) {
		const struct conn_protocol *now = sniff(data, len);

		must(decided == NULL || now == decided);
		must(!hopeless || sniff_is_hopeless(data, len));
		decided = now;
		hopeless = sniff_is_hopeless(data, len);
		must(!hopeless || now == NULL);
		must(sniff_reason(data, len)[0] != '\0');
		must(sniff_answer(data, len) == NULL || hopeless);
	}
	/* Nobody keeps us guessing with more than a few bytes. */
	must(size < 8 || decided != NULL || hopeless);
	check_name(data, size);
	return 0;
}
