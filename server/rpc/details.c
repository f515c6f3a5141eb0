#include "server/rpc/details.h"

#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "plumb/v1/finding.pb-c.h"
#include "plumb/v1/plan.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &google__rpc__bad_request__descriptor,
    &google__rpc__error_info__descriptor,
    &google__rpc__retry_info__descriptor,
    &plumb__v1__conflict__descriptor,
    &plumb__v1__refusal__descriptor,
};

const ProtobufCMessageDescriptor *
detail_type(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strlen(types[i]->name) == len && memcmp(types[i]->name, name, len) == 0)
			return types[i];
	}
	return NULL;
}
