/* The method table against the services as the .proto files declare them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "plumb/v1/access.pb-c.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/signal.pb-c.h"
#include "plumb/v1/survey.pb-c.h"
#include "plumb/v1/voice.pb-c.h"
#include "plumb/v1/webhook.pb-c.h"
#include "plumb/v1/audit.pb-c.h"
#include "server/rpc/rpc.h"

static const ProtobufCServiceDescriptor *const services[] = {
    &plumb__v1__plan__descriptor,
    &plumb__v1__insight__descriptor,
    &plumb__v1__admin__descriptor,
    &plumb__v1__signal__descriptor,
    &plumb__v1__voice__descriptor,
    &plumb__v1__survey__descriptor,
    &plumb__v1__webhooks__descriptor,
    &plumb__v1__audit__descriptor,
    &plumb__v1__access__descriptor,
    &grpc__health__v1__health__descriptor,
    &grpc__reflection__v1__server_reflection__descriptor,
};

#define SERVICES (sizeof services / sizeof services[0])

START_TEST(every_declared_method_is_there_with_its_types)
{
	const ProtobufCServiceDescriptor *service = services[_i];
	bool known;

	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *declared = &service->methods[i];
		const struct rpc_method *m = rpc_find(service->name, strlen(service->name),
		    declared->name, strlen(declared->name), &known);
		ck_assert_msg(
		    m != NULL, "%s/%s is not in the table", service->name, declared->name);
		ck_assert_ptr_eq(m->request, declared->input);
		ck_assert_ptr_eq(m->reply, declared->output);
		ck_assert_ptr_nonnull(m->handler);
	}
}
END_TEST

START_TEST(the_table_has_nothing_else)
{
	size_t count, declared = 0;

	(void)rpc_methods(&count);
	for (size_t i = 0; i < SERVICES; i++)
		declared += services[i]->n_methods;
	/* Of reflection there is v1alpha too, with v1's messages. */
	ck_assert_uint_eq(count, declared + 1);
}
END_TEST

/* The descriptors say nothing of streams, so what the .proto files say stands here a second time. */
START_TEST(streams_are_those_of_the_proto_files)
{
	static const char *const streams[] = {"plumb.v1.Plan.Watch", "plumb.v1.Plan.Export",
	    "plumb.v1.Insight.Check", "plumb.v1.Insight.Trend", "plumb.v1.Insight.BurnUp",
	    "plumb.v1.Insight.Drift", "plumb.v1.Insight.InFlight", "plumb.v1.Insight.Load",
	    "plumb.v1.Insight.Forecast", "plumb.v1.Insight.Segments", "plumb.v1.Insight.Schedule",
	    "plumb.v1.Insight.Room", "plumb.v1.Insight.Journey", "plumb.v1.Insight.Ecosystem",
	    "plumb.v1.Insight.Moves", "plumb.v1.Insight.WhatIf", "plumb.v1.Admin.Verify",
	    "plumb.v1.Admin.Backup", "plumb.v1.Audit.Verify", "plumb.v1.Webhooks.Watch",
	    "grpc.health.v1.Health.Watch",
	    "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
	    "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"};
	size_t count, found = 0;
	const struct rpc_method *methods = rpc_methods(&count);

	for (size_t i = 0; i < count; i++) {
		bool is_stream = false;
		char name[120];

		snprintf(name, sizeof name, "%s.%s", methods[i].service, methods[i].name);
		for (size_t k = 0; k < sizeof streams / sizeof streams[0]; k++)
			is_stream = is_stream || strcmp(streams[k], name) == 0;
		ck_assert_msg(
		    is_stream == ((methods[i].flags & RPC_STREAM) != 0), "%s", methods[i].name);
		ck_assert_msg((strcmp(methods[i].name, "Watch") == 0) ==
				  ((methods[i].flags & RPC_ENDLESS) != 0),
		    "%s", methods[i].name);
		found += is_stream;
	}
	ck_assert_uint_eq(found, sizeof streams / sizeof streams[0]);
}
END_TEST

/* protobuf-c decodes by recursion: no message may contain itself, however deep. */
static void
walk(
    const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **path, unsigned depth)
{
	ck_assert_msg(depth < 12, "%s nests deeper than any message should", type->name);
	for (unsigned i = 0; i < depth; i++)
		ck_assert_msg(path[i] != type, "%s contains itself", type->name);
	path[depth] = type;
	for (unsigned i = 0; i < type->n_fields; i++) {
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			walk(type->fields[i].descriptor, path, depth + 1);
	}
}

START_TEST(no_request_contains_itself)
{
	const ProtobufCMessageDescriptor *path[16];
	size_t count;
	const struct rpc_method *methods = rpc_methods(&count);

	for (size_t i = 0; i < count; i++)
		walk(methods[i].request, path, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("methods");
	TCase *tc = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, every_declared_method_is_there_with_its_types, 0, (int)SERVICES);
	tcase_add_test(tc, the_table_has_nothing_else);
	tcase_add_test(tc, streams_are_those_of_the_proto_files);
	tcase_add_test(tc, no_request_contains_itself);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
