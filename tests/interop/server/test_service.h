/* grpc.testing.TestService, for interop-server. */
#ifndef TESTS_INTEROP_SERVER_TEST_SERVICE_H
#define TESTS_INTEROP_SERVER_TEST_SERVICE_H

#include <stddef.h>

struct event_base;
struct rpc_method;

/* Where calls wait for their next reply. */
void test_service_init(struct event_base *base);
const struct rpc_method *test_service_methods(size_t *count);

#endif
