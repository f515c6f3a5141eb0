/* Where callers come from, as one that they can be counted by. Loop thread only. */
#ifndef SERVER_RPC_SOURCE_H
#define SERVER_RPC_SOURCE_H

#include <stddef.h>

#define SOURCE_LEN 64

/*
 * Of "tcp:192.0.2.1:51234" the address, of "tcp:[2001:db8::7]:51234" its first 64 bits, since whoever has one address of such a
 * network has all of them; "unix" as it is. NULL: unknown. key has SOURCE_LEN bytes; answers how many are used.
 */
size_t source_key(const char *from, char *key);

#endif
