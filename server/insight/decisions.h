/*
 * Decisions reach those whose work they change: who they are, and who has read them.
 *
 * Plain C on an index (check/index.h). A decision affects the persons it names, the owners of the items, and the leads and members of
 * the teams (docs/COMMITMENTS.md). Who made it knows it.
 */
#ifndef SERVER_INSIGHT_DECISIONS_H
#define SERVER_INSIGHT_DECISIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/index.h"

/* Needs no ways back. */
bool decision_affects(const struct index *ix, uint32_t decision, uint32_t person);
/* By slot: is it a decision that the person has acknowledged? To be freed; NULL out of memory. */
uint8_t *decisions_read(const struct index *ix, uint32_t person) MUST_CHECK;

#endif
