/* What rules are told of confidential rounds: struct voices of a workspace (server/insight/check/voices.h). */
#ifndef SERVER_RPC_VOICES_H
#define SERVER_RPC_VOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/voices.h"

struct voice_book;
struct workspace;

/* What was worked out once: what is published never changes. */
struct voice_book *voice_book_new(void) MUST_CHECK;
void voice_book_free(struct voice_book *book); /* takes NULL */

void voices_init(struct workspace *ws);

/* voices->pulses (signal_voices.c). */
bool signals_tell(const struct voices *voices, const struct view *view, int32_t today,
    voices_pulse_fn fn, void *arg, struct err *err);

/* The seed of chances that rules are told, and of answers where none is stated. */
#define VOICES_SEED 1u

#endif
