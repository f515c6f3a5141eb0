/* The messages that fuzzing chooses from; the first byte of an input names one: 'a' the first. */
#ifndef TESTS_FUZZ_FUZZ_TYPES_H
#define TESTS_FUZZ_FUZZ_TYPES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"

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

static inline const ProtobufCMessageDescriptor *
fuzz_type(uint8_t byte)
{
	return fuzz_types[(uint8_t)(byte - 'a') % (sizeof fuzz_types / sizeof fuzz_types[0])];
}

#endif
