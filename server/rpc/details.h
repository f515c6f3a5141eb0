/* The messages that stand in the details of errors, by name: for those who show them. */
#ifndef SERVER_RPC_DETAILS_H
#define SERVER_RPC_DETAILS_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* "google.rpc.BadRequest", not NUL-terminated; NULL: none of ours. */
const ProtobufCMessageDescriptor *detail_type(const char *name, size_t len);

#endif
