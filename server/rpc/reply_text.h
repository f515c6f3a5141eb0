/* Names, titles and days as texts of a reply, in the arena of what is sent; NULL: it is full. */
#ifndef SERVER_RPC_REPLY_TEXT_H
#define SERVER_RPC_REPLY_TEXT_H

#include <stdint.h>

struct arena;
struct index;
struct item;

/* "kind/id"; "" for NULL. */
char *reply_ref(struct arena *arena, const struct item *item);
/* "" where it has none, and for NULL. */
char *reply_title(struct arena *arena, const struct item *item);
/* "person/id" of the one owner; "" none, or several. */
char *reply_owner(struct arena *arena, const struct index *ix, uint32_t slot);
/* "2026-03-31"; "" for DATE_NONE. */
char *reply_date(struct arena *arena, int32_t day);
/* Days since it was due; 0: it is not overdue, or DATE_NONE. */
int32_t reply_overdue(int32_t due, int32_t today);

#endif
