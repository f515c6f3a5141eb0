/*
 * The language of ListRequest.filter: parsed once, then asked of every entry of a view.
 *
 * Any thread. See ListRequest in proto/plumb/v1/plan.proto for what is understood.
 */
#ifndef SERVER_RPC_FILTER_H
#define SERVER_RPC_FILTER_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"

struct filter;
struct item;
struct view;

/* In the arena; NULL with faults in field "filter", each naming its column. References are looked up in view. */
struct filter *filter_parse(const char *text, const struct view *view, struct arena *arena,
    struct faults *faults, struct err *err) MUST_CHECK;
/* Entries that are absent never match; removed and retracted ones only where the filter asks for them. */
bool filter_matches(const struct filter *filter, const struct view *view, const struct item *item);

#endif
