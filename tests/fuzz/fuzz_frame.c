/*
 * Any bytes as frames: whole or in two pieces they give the same frames, and no pointer leads outside of the input.
 */
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_lie_in(const void *p, size_t len, const uint8_t *data, size_t size)
{
	const uint8_t *q = p;

	must(len == 0 || (q >= data && len <= size && q <= data + size - len));
}

static void
check_request(const uint8_t *body, size_t len)
{
	struct frame_request request;
	struct frame_metadata pair;
	size_t offset = 0, last = 0;

	if (!frame_request_decode(body, len, &request))
		return;
	must_lie_in(request.service, request.service_len, body, len);
	must_lie_in(request.method, request.method_len, body, len);
	must_lie_in(request.payload, request.payload_len, body, len);
	must_lie_in(request.metadata, request.metadata_len, body, len);
	while (frame_metadata_next(&request, &offset, &pair)) {
		must(offset > last && offset <= request.metadata_len);
		last = offset;
		must_lie_in(pair.key, pair.key_len, body, len);
		must_lie_in(pair.value, pair.value_len, body, len);
	}
}

/* A prefix never gives something else than MORE or what the whole gives. */
static void
check_prefix(const uint8_t *p, size_t len, const struct frame *whole)
{
	struct frame frame;
	size_t used;

	for (size_t cut = 0; cut < len && cut < 64; cut++) {
		must(frame_decode(p, cut, &frame, &used) == FRAME_MORE);
		if (cut >= FRAME_HEADER_LEN)
			must(frame.body_len == whole->body_len && frame.stream == whole->stream);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[FRAME_HEADER_LEN];
	struct frame frame;
	size_t at = 0, used;

	check_request(data, size);
	while (frame_decode(data + at, size - at, &frame, &used) == FRAME_DONE) {
		must(used == FRAME_HEADER_LEN + frame.body_len && used <= size - at);
		must_lie_in(frame.body, frame.body_len, data, size);
		frame_encode_header(head, frame.body_len, frame.stream, frame.type, frame.flags);
		must(memcmp(head, data + at, sizeof head) == 0);
		check_prefix(data + at, used, &frame);
		check_request(frame.body, frame.body_len);
		at += used;
	}
	return 0;
}
