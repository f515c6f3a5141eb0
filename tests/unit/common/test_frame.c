/* Frames and the envelope; the bytes are those of docs/PROTOCOL.md, section 10. */
#include "common/frame.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Request { service "plumb.v1.Admin", method "Ping", payload "\n\2hi", timeout 2 s, metadata plumb-as=person/anna } */
static const uint8_t ping[] = {0x00, 0x00, 0x00, 0x3b, 0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 0x0a,
    0x0e, 0x70, 0x6c, 0x75, 0x6d, 0x62, 0x2e, 0x76, 0x31, 0x2e, 0x41, 0x64, 0x6d, 0x69, 0x6e, 0x12,
    0x04, 0x50, 0x69, 0x6e, 0x67, 0x1a, 0x04, 0x0a, 0x02, 0x68, 0x69, 0x20, 0x80, 0xa8, 0xd6, 0xb9,
    0x07, 0x2a, 0x17, 0x0a, 0x08, 0x70, 0x6c, 0x75, 0x6d, 0x62, 0x2d, 0x61, 0x73, 0x12, 0x0b, 0x70,
    0x65, 0x72, 0x73, 0x6f, 0x6e, 0x2f, 0x61, 0x6e, 0x6e, 0x61};

START_TEST(a_frame_is_taken_only_when_it_is_all_there)
{
	struct frame frame;
	size_t used = 0;

	for (size_t len = 0; len < sizeof ping; len++)
		ck_assert_int_eq(frame_decode(ping, len, &frame, &used), FRAME_MORE);
	ck_assert_uint_eq(used, 0);
	ck_assert_int_eq(frame_decode(ping, sizeof ping, &frame, &used), FRAME_DONE);
	ck_assert_uint_eq(used, sizeof ping);
	ck_assert_uint_eq(frame.body_len, 59);
	ck_assert_uint_eq(frame.stream, 1);
	ck_assert_int_eq(frame.type, FRAME_REQUEST);
	ck_assert_int_eq(frame.flags, FRAME_REMOTE_CLOSED);
	ck_assert_ptr_eq(frame.body, ping + FRAME_HEADER_LEN);
}
END_TEST

START_TEST(length_is_checked_before_the_body_arrives)
{
	uint8_t head[FRAME_HEADER_LEN];
	struct frame frame;
	size_t used;

	frame_encode_header(head, FRAME_BODY_MAX, 7, FRAME_REQUEST, 0);
	ck_assert_int_eq(frame_decode(head, sizeof head, &frame, &used), FRAME_MORE);
	frame_encode_header(head, FRAME_BODY_MAX + 1, 7, FRAME_REQUEST, 0);
	ck_assert_int_eq(frame_decode(head, sizeof head, &frame, &used), FRAME_BAD);
	ck_assert_uint_eq(frame.stream, 7);
	ck_assert_uint_eq(frame.body_len, 4194305);
}
END_TEST

START_TEST(a_request_is_read_in_place)
{
	struct frame_request request;
	struct frame_metadata pair;
	size_t offset = 0;

	ck_assert(frame_request_decode(ping + 10, sizeof ping - 10, &request));
	ck_assert_uint_eq(request.service_len, 14);
	ck_assert_mem_eq(request.service, "plumb.v1.Admin", 14);
	ck_assert_uint_eq(request.method_len, 4);
	ck_assert_mem_eq(request.method, "Ping", 4);
	ck_assert_uint_eq(request.payload_len, 4);
	ck_assert_mem_eq(request.payload, "\n\2hi", 4);
	ck_assert_int_eq(request.timeout_ns, 2000000000);
	ck_assert(frame_metadata_next(&request, &offset, &pair));
	ck_assert_uint_eq(pair.key_len, 8);
	ck_assert_mem_eq(pair.key, "plumb-as", 8);
	ck_assert_uint_eq(pair.value_len, 11);
	ck_assert_mem_eq(pair.value, "person/anna", 11);
	ck_assert(!frame_metadata_next(&request, &offset, &pair));
}
END_TEST

START_TEST(an_empty_request_has_nothing)
{
	struct frame_request request;
	struct frame_metadata pair;
	size_t offset = 0;

	ck_assert(frame_request_decode(NULL, 0, &request));
	ck_assert_uint_eq(request.service_len + request.method_len + request.payload_len, 0);
	ck_assert_int_eq(request.timeout_ns, 0);
	ck_assert(!frame_metadata_next(&request, &offset, &pair));
}
END_TEST

START_TEST(a_cut_request_is_refused_at_every_length)
{
	/* Except where the cut falls between two fields: after service, method, payload, timeout and metadata. */
	const size_t between[] = {0, 16, 22, 28, 34, 59};
	struct frame_request request;

	for (size_t len = 0; len <= 59; len++) {
		bool whole = false;
		for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
			whole = whole || between[i] == len;
		ck_assert_int_eq(frame_request_decode(ping + 10, len, &request), whole);
	}
}
END_TEST

START_TEST(metadata_between_other_fields_is_found)
{
	/* metadata a=1; unknown field 9 of each wire type; metadata without value; payload "x"; metadata b=2 */
	const uint8_t p[] = {0x2a, 6, 0x0a, 1, 'a', 0x12, 1, '1', 0x48, 5, 0x49, 1, 2, 3, 4, 5, 6,
	    7, 8, 0x4a, 1, 0, 0x4d, 1, 2, 3, 4, 0x2a, 3, 0x0a, 1, 'c', 0x1a, 1, 'x', 0x2a, 6, 0x12,
	    1, '2', 0x0a, 1, 'b'};
	struct frame_request request;
	struct frame_metadata pair;
	size_t offset = 0;

	ck_assert(frame_request_decode(p, sizeof p, &request));
	ck_assert_mem_eq(request.payload, "x", 1);
	ck_assert(frame_metadata_next(&request, &offset, &pair));
	ck_assert(pair.key[0] == 'a' && pair.value[0] == '1');
	ck_assert(frame_metadata_next(&request, &offset, &pair));
	ck_assert(pair.key[0] == 'c' && pair.value_len == 0);
	ck_assert(frame_metadata_next(&request, &offset, &pair));
	ck_assert(pair.key[0] == 'b' && pair.value[0] == '2');
	ck_assert(!frame_metadata_next(&request, &offset, &pair));
}
END_TEST

static const struct {
	const char *what;
	uint8_t p[16];
	size_t len;
} malformed[] = {
    {"field number 0", {0x00, 1}, 2},
    {"wire type 3, a group", {0x4b, 1}, 2},
    {"wire type 7", {0x4f, 1}, 2},
    {"length beyond the end", {0x0a, 2, 'x'}, 3},
    {"varint of 11 bytes", {0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1},
	12},
    {"varint of 65 bits", {0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}, 11},
    {"length of 2^63", {0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}, 11},
    {"pair with a cut key", {0x2a, 3, 0x0a, 2, 'x'}, 5},
    {"field number beyond 2^29", {0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0}, 7},
};

START_TEST(malformed_envelopes_are_refused)
{
	struct frame_request request;

	ck_assert_msg(!frame_request_decode(malformed[_i].p, malformed[_i].len, &request), "%s",
	    malformed[_i].what);
}
END_TEST

START_TEST(a_negative_timeout_stays_negative)
{
	/* -1 is ten bytes on the wire. */
	const uint8_t p[] = {0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
	struct frame_request request;

	ck_assert(frame_request_decode(p, sizeof p, &request));
	ck_assert_int_eq(request.timeout_ns, -1);
}
END_TEST

START_TEST(responses_are_as_the_page_shows)
{
	const uint8_t with[] = {0, 0, 0, 6, 0, 0, 0, 1, 2, 0, 0x12, 4};
	const uint8_t without[] = {0, 0, 0, 0, 0, 0, 0, 1, 2, 0};
	uint8_t out[FRAME_RESPONSE_HEAD_MAX];

	ck_assert_uint_eq(frame_response_head(out, 1, 4), sizeof with);
	ck_assert_mem_eq(out, with, sizeof with);
	ck_assert_uint_eq(frame_response_head(out, 1, 0), sizeof without);
	ck_assert_mem_eq(out, without, sizeof without);
	/* The largest payload makes exactly the largest body: 1 byte of tag, 4 of length … */
	size_t head = frame_response_head(out, 1, FRAME_PAYLOAD_MAX);
	ck_assert_uint_eq(head, FRAME_HEADER_LEN + 5);
	ck_assert_uint_le(head - FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX, FRAME_BODY_MAX);
}
END_TEST

START_TEST(statuses_are_as_the_page_shows)
{
	const char *message = "no method 'Pong' in plumb.v1.Admin";
	const uint8_t head[] = {
	    0, 0, 0, 0x28, 0, 0, 0, 3, 2, 0, 0x0a, 0x26, 0x08, 0x0c, 0x12, 0x22};
	const uint8_t detail[] = {0x1a, 0};
	uint8_t out[64];

	ck_assert_uint_eq(frame_status_len(12, message, 0), sizeof head + 34);
	frame_status_encode(out, 3, 12, message, NULL, 0);
	ck_assert_mem_eq(out, head, sizeof head);
	ck_assert_mem_eq(out + sizeof head, message, 34);
	ck_assert_uint_eq(frame_status_len(12, message, 2), sizeof head + 36);
	frame_status_encode(out, 3, 12, message, detail, 2);
	ck_assert_int_eq(out[3], 0x2a);
	ck_assert_mem_eq(out + sizeof head + 34, detail, 2);
	/* OK without a message: an empty status. */
	ck_assert_uint_eq(frame_status_len(0, "", 0), 12);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tc = tcase_create("frames");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_frame_is_taken_only_when_it_is_all_there);
	tcase_add_test(tc, length_is_checked_before_the_body_arrives);
	tcase_add_test(tc, a_request_is_read_in_place);
	tcase_add_test(tc, an_empty_request_has_nothing);
	tcase_add_test(tc, a_cut_request_is_refused_at_every_length);
	tcase_add_test(tc, metadata_between_other_fields_is_found);
	tcase_add_loop_test(
	    tc, malformed_envelopes_are_refused, 0, (int)(sizeof malformed / sizeof malformed[0]));
	tcase_add_test(tc, a_negative_timeout_stays_negative);
	tcase_add_test(tc, responses_are_as_the_page_shows);
	tcase_add_test(tc, statuses_are_as_the_page_shows);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
