/* The messages that fuzzing chooses from; the first byte of an input names one: 'a' the first. */
#ifndef TESTS_FUZZ_FUZZ_TYPES_H
#define TESTS_FUZZ_FUZZ_TYPES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "plumb/v1/access.pb-c.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/audit.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/signal.pb-c.h"
#include "plumb/v1/webhook.pb-c.h"

/* Never reorder: the corpus counts on it. */
static const ProtobufCMessageDescriptor *const fuzz_types[] = {
    &plumb__v1__apply_request__descriptor,
    &plumb__v1__change_set__descriptor,
    &plumb__v1__item__descriptor,
    &plumb__v1__record__descriptor,
    &plumb__v1__list_request__descriptor,
    &plumb__v1__export_request__descriptor,
    &plumb__v1__envelope__descriptor,
    &plumb__v1__check_reply__descriptor,
    &plumb__v1__watch_reply__descriptor,
    &plumb__v1__ping_request__descriptor,
    &plumb__v1__rule_setting__descriptor,
};

/* Behind those, whatever can be asked, method by method. */
static const ProtobufCServiceDescriptor *const fuzz_services[] = {
    &plumb__v1__access__descriptor,
    &plumb__v1__admin__descriptor,
    &plumb__v1__audit__descriptor,
    &plumb__v1__insight__descriptor,
    &plumb__v1__plan__descriptor,
    &plumb__v1__signal__descriptor,
    &plumb__v1__webhooks__descriptor,
};

#define FUZZ_TYPES    (sizeof fuzz_types / sizeof fuzz_types[0])
#define FUZZ_SERVICES (sizeof fuzz_services / sizeof fuzz_services[0])

static inline const ProtobufCMessageDescriptor *
fuzz_type(uint8_t byte)
{
	size_t count = FUZZ_TYPES, at;

	for (size_t i = 0; i < FUZZ_SERVICES; i++)
		count += fuzz_services[i]->n_methods;
	at = (uint8_t)(byte - 'a') % count;
	if (at < FUZZ_TYPES)
		return fuzz_types[at];
	at -= FUZZ_TYPES;
	for (size_t i = 0;; at -= fuzz_services[i++]->n_methods) {
		if (at < fuzz_services[i]->n_methods)
			return fuzz_services[i]->methods[at].input;
	}
}

#endif
