/* What the cases ask of a server: grpc/grpc, doc/interop-test-descriptions.md, "Server". */
#include "tests/interop/server/test_service.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/pb.h"
#include "grpc/testing/test.pb-c.h"
#include "server/rpc/rpc.h"

#define ECHO_INITIAL  "x-grpc-test-echo-initial"
#define ECHO_TRAILING "x-grpc-test-echo-trailing-bin"
#define PAYLOAD_MAX   (4 << 20)

static uint8_t zeroes[PAYLOAD_MAX];
static struct event_base *base;

/* ---- what all calls do -------------------------------------------------------------------------------------- */

static void
echo_metadata(struct rpc_call *call)
{
	const struct rpc_metadata *m = rpc_find_metadata(call, ECHO_INITIAL);

	if (m != NULL)
		rpc_add_header(call, ECHO_INITIAL, m->value, m->len);
	m = rpc_find_metadata(call, ECHO_TRAILING);
	if (m != NULL)
		rpc_add_trailer(call, ECHO_TRAILING, m->value, m->len);
}

static void
fail(struct rpc_call *call, enum err_code code, const char *message)
{
	struct err err;

	err_set(&err, code, "%s", message);
	rpc_fail(call, &err);
}

/* False: the call has ended with the status that it asked for. */
static bool
takes_status(struct rpc_call *call, const Grpc__Testing__EchoStatus *status)
{
	if (status == NULL || status->code == 0)
		return true;
	fail(call, (enum err_code)status->code, status->message);
	return false;
}

static bool
takes_compressed(struct rpc_call *call, const Grpc__Testing__BoolValue *expected)
{
	if (expected == NULL || expected->value == call->was_compressed)
		return true;
	fail(call, ERR_INVALID,
	    expected->value ? "the message should have been compressed"
			    : "the message should not have been compressed");
	return false;
}

static void
set_compression(struct rpc_call *call, const Grpc__Testing__BoolValue *compressed)
{
	call->compression =
	    compressed != NULL && compressed->value ? RPC_COMPRESS_ALWAYS : RPC_COMPRESS_NEVER;
}

/* False: the call has ended. */
static bool
fill_payload(struct rpc_call *call, int32_t size, Grpc__Testing__Payload *payload)
{
	if (size < 0 || size > PAYLOAD_MAX) {
		fail(call, ERR_INVALID, "a payload has 0 to 4194304 bytes");
		return false;
	}
	grpc__testing__payload__init(payload);
	payload->body = (ProtobufCBinaryData){(size_t)size, zeroes};
	return true;
}

/* ---- unary -------------------------------------------------------------------------------------------------- */

static void
empty_call(struct rpc_call *call, const ProtobufCMessage *request)
{
	Grpc__Testing__Empty reply;

	(void)request;
	echo_metadata(call);
	grpc__testing__empty__init(&reply);
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

static void
unary_call(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Testing__SimpleRequest *request = (const Grpc__Testing__SimpleRequest *)message;
	Grpc__Testing__SimpleResponse reply;
	Grpc__Testing__Payload payload;

	echo_metadata(call);
	if (!takes_compressed(call, request->expect_compressed) ||
	    !takes_status(call, request->response_status) ||
	    !fill_payload(call, request->response_size, &payload))
		return;
	set_compression(call, request->response_compressed);
	grpc__testing__simple_response__init(&reply);
	reply.payload = &payload;
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

/* ---- streams of requests ------------------------------------------------------------------------------------ */

struct input {
	int64_t bytes;
};

static void
input_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Testing__StreamingInputCallRequest *request =
	    (const Grpc__Testing__StreamingInputCallRequest *)message;
	struct input *input = call->handler_data;

	if (takes_compressed(call, request->expect_compressed) && request->payload != NULL)
		input->bytes += (int64_t)request->payload->body.len;
}

static void
input_end(struct rpc_call *call)
{
	const struct input *input = call->handler_data;
	Grpc__Testing__StreamingInputCallResponse reply;

	grpc__testing__streaming_input_call_response__init(&reply);
	reply.aggregated_payload_size = (int32_t)input->bytes;
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

static void
streaming_input_call(struct rpc_call *call, const ProtobufCMessage *request)
{
	struct input *input = arena_zalloc(call->arena, sizeof *input);

	(void)request;
	echo_metadata(call);
	if (input == NULL) {
		fail(call, ERR_LIMIT, "out of memory");
		return;
	}
	call->handler_data = input;
	call->on_message = input_message;
	call->on_half_close = input_end;
}

/* ---- streams of replies ------------------------------------------------------------------------------------- */

struct reply {
	int32_t size;
	int32_t interval_us;
	bool compressed;
	STAILQ_ENTRY(reply) link;
};

/* A call that still has replies to send. */
struct output {
	struct rpc_call *call;
	STAILQ_HEAD(, reply) replies;
	struct event timer;
	bool waits;  /* the timer runs for the first reply */
	bool waited; /* it has */
	bool holds;  /* nothing goes out before the requests end */
	bool half_closed;
};

static void go_on(struct output *output);

static void
reply_free(struct output *output)
{
	struct reply *reply = STAILQ_FIRST(&output->replies);

	STAILQ_REMOVE_HEAD(&output->replies, link);
	free(reply);
}

static void
output_free(struct rpc_call *call)
{
	struct output *output = call->handler_data;

	call->handler_data = NULL;
	call->on_cancel = NULL;
	if (output == NULL)
		return;
	event_del(&output->timer);
	while (!STAILQ_EMPTY(&output->replies))
		reply_free(output);
	free(output);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct output *output = arg;

	(void)fd;
	(void)what;
	output->waits = false;
	output->waited = true;
	go_on(output);
}

/* False: its time has not come, or the call has ended. */
static bool
send_first(struct output *output)
{
	struct rpc_call *call = output->call;
	struct reply *reply = STAILQ_FIRST(&output->replies);
	struct timeval delay = {reply->interval_us / 1000000, reply->interval_us % 1000000};
	Grpc__Testing__StreamingOutputCallResponse response;
	Grpc__Testing__Payload payload;

	if (reply->interval_us > 0 && !output->waited) {
		output->waits = true;
		evtimer_add(&output->timer, &delay);
		return false;
	}
	output->waited = false;
	if (!fill_payload(call, reply->size, &payload)) {
		output_free(call);
		return false;
	}
	call->compression = reply->compressed ? RPC_COMPRESS_ALWAYS : RPC_COMPRESS_NEVER;
	grpc__testing__streaming_output_call_response__init(&response);
	response.payload = &payload;
	reply_free(output);
	return rpc_send(call, &response.base);
}

static void
go_on(struct output *output)
{
	struct rpc_call *call = output->call;

	if (output->waits || (output->holds && !output->half_closed))
		return;
	while (!STAILQ_EMPTY(&output->replies) && rpc_is_writable(call)) {
		if (!send_first(output))
			return;
	}
	if (STAILQ_EMPTY(&output->replies) && output->half_closed) {
		output_free(call);
		rpc_finish(call);
	}
}

static void
output_writable(struct rpc_call *call)
{
	if (call->handler_data != NULL)
		go_on(call->handler_data);
}

static struct output *
output_new(struct rpc_call *call)
{
	struct output *output = calloc(1, sizeof *output);

	echo_metadata(call);
	if (output == NULL) {
		fail(call, ERR_LIMIT, "out of memory");
		return NULL;
	}
	output->call = call;
	STAILQ_INIT(&output->replies);
	evtimer_assign(&output->timer, base, on_timer, output);
	call->handler_data = output;
	call->on_cancel = output_free;
	call->on_writable = output_writable;
	return output;
}

static void
output_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Testing__StreamingOutputCallRequest *request =
	    (const Grpc__Testing__StreamingOutputCallRequest *)message;
	struct output *output = call->handler_data;

	if (request->response_status != NULL && request->response_status->code != 0) {
		output_free(call);
		takes_status(call, request->response_status);
		return;
	}
	for (size_t i = 0; i < request->n_response_parameters; i++) {
		const Grpc__Testing__ResponseParameters *p = request->response_parameters[i];
		struct reply *reply = calloc(1, sizeof *reply);

		if (reply == NULL) {
			output_free(call);
			fail(call, ERR_LIMIT, "out of memory");
			return;
		}
		*reply = (struct reply){.size = p->size,
		    .interval_us = p->interval_us,
		    .compressed = p->compressed != NULL && p->compressed->value};
		STAILQ_INSERT_TAIL(&output->replies, reply, link);
	}
	go_on(output);
}

static void
output_end(struct rpc_call *call)
{
	struct output *output = call->handler_data;

	if (output == NULL)
		return;
	output->half_closed = true;
	go_on(output);
}

static void
streaming_output_call(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct output *output = output_new(call);

	if (output == NULL)
		return;
	output->half_closed = true;
	output_message(call, message);
}

static void
full_duplex_call(struct rpc_call *call, const ProtobufCMessage *message)
{
	(void)message;
	if (output_new(call) == NULL)
		return;
	call->on_message = output_message;
	call->on_half_close = output_end;
}

static void
half_duplex_call(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct output *output = output_new(call);

	(void)message;
	if (output == NULL)
		return;
	output->holds = true;
	call->on_message = output_message;
	call->on_half_close = output_end;
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

/* clang-format off */
#define METHOD(name, request, reply, flags, handler)                                                                 \
	{ "grpc.testing.TestService", name, &grpc__testing__##request##__descriptor,                                 \
	    &grpc__testing__##reply##__descriptor, flags, handler }

static const struct rpc_method methods[] = {
	METHOD("EmptyCall", empty, empty, 0, empty_call),
	METHOD("UnaryCall", simple_request, simple_response, 0, unary_call),
	METHOD("CacheableUnaryCall", simple_request, simple_response, 0, unary_call),
	METHOD("StreamingOutputCall", streaming_output_call_request, streaming_output_call_response, RPC_STREAM,
	    streaming_output_call),
	METHOD("StreamingInputCall", streaming_input_call_request, streaming_input_call_response, RPC_CLIENT_STREAM,
	    streaming_input_call),
	METHOD("FullDuplexCall", streaming_output_call_request, streaming_output_call_response,
	    RPC_STREAM | RPC_CLIENT_STREAM, full_duplex_call),
	METHOD("HalfDuplexCall", streaming_output_call_request, streaming_output_call_response,
	    RPC_STREAM | RPC_CLIENT_STREAM, half_duplex_call),
};
/* clang-format on */

void
test_service_init(struct event_base *event_base)
{
	base = event_base;
}

const struct rpc_method *
test_service_methods(size_t *count)
{
	*count = sizeof methods / sizeof methods[0];
	return methods;
}
