/* Which baseline a plan is compared with. */
#ifndef SERVER_RPC_BASELINES_H
#define SERVER_RPC_BASELINES_H

#include <stdbool.h>
#include <stdint.h>

struct view;

/*
 * The revision that the baseline names which was drawn last, of those that name one up to up_to, and its slot in the view
 * (which is settled). 0 and SLOT_NONE: there is none. cancelled (may be NULL) is read now and then; then the answer is of no use.
 */
uint64_t baselines_newest(
    const struct view *view, uint64_t up_to, const bool *cancelled, uint32_t *slot);

#endif
