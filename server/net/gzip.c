#include "server/net/gzip.h"

#include <stdlib.h>
#include <zlib.h>

/* zlib's way to say gzip: the largest window, and 16. */
#define GZIP_WINDOW (15 + 16)
#define GROW_FIRST  4096u

static bool
grow(uint8_t **out, size_t *cap, size_t max)
{
	size_t want = *cap == 0 ? GROW_FIRST : *cap * 4;
	uint8_t *p;

	if (want > max)
		want = max;
	p = realloc(*out, want);
	if (p == NULL)
		return false;
	*out = p;
	*cap = want;
	return true;
}

/* One byte more than max may come out, which tells what is too large from what just fits. */
static bool
inflate_all(z_stream *z, size_t max, uint8_t **out, size_t *out_len, struct err *err)
{
	size_t cap = 0;
	int done = Z_OK;

	while (done != Z_STREAM_END) {
		if (z->total_out == cap && !grow(out, &cap, max + 1))
			return err_oom(err);
		z->next_out = *out + z->total_out;
		z->avail_out = (uInt)(cap - z->total_out);
		done = inflate(z, Z_NO_FLUSH);
		if (z->total_out > max)
			return err_set(err, ERR_LIMIT,
			    "the message has more than %zu bytes when it is decompressed", max);
		if (done != Z_OK && done != Z_STREAM_END)
			return err_set(err, ERR_INTERNAL, "the compressed message is no gzip");
	}
	*out_len = z->total_out;
	return z->avail_in == 0 ||
	       err_set(err, ERR_INTERNAL, "the compressed message has bytes behind its end");
}

bool
gzip_inflate(
    const uint8_t *p, size_t len, size_t max, uint8_t **out, size_t *out_len, struct err *err)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)len};
	bool ok;

	*out = NULL;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_oom(err);
	ok = inflate_all(&z, max, out, out_len, err);
	inflateEnd(&z);
	if (!ok) {
		free(*out);
		*out = NULL;
	}
	return ok;
}

bool
gzip_deflate(const uint8_t *p, size_t len, uint8_t **out, size_t *out_len)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)len};
	uLong bound;
	int done;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bound = deflateBound(&z, (uLong)len);
	*out = malloc(bound);
	if (*out == NULL) {
		deflateEnd(&z);
		return false;
	}
	z.next_out = *out;
	z.avail_out = (uInt)bound;
	done = deflate(&z, Z_FINISH);
	*out_len = z.total_out;
	deflateEnd(&z);
	if (done == Z_STREAM_END)
		return true;
	free(*out);
	return false;
}
