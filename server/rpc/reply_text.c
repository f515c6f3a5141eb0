#include "server/rpc/reply_text.h"

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "server/insight/check/index.h"
#include "server/plan/kinds.h"

char *
reply_ref(struct arena *arena, const struct item *item)
{
	char ref[REF_TEXT_LEN];

	if (item == NULL)
		return pb_str("");
	return arena_strndup(arena, ref, ref_format(item, ref));
}

char *
reply_title(struct arena *arena, const struct item *item)
{
	return item != NULL ? arena_strndup(arena, item_title(item), item->title_len) : pb_str("");
}

char *
reply_owner(struct arena *arena, const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	const struct item *owner = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_OWNER && count++ == 0)
			owner = ix->items[out.list[i].slot];
	}
	return reply_ref(arena, count == 1 ? owner : NULL);
}

char *
reply_date(struct arena *arena, int32_t day)
{
	char text[DATE_TEXT_LEN];

	return arena_strdup(arena, date_format(day, text));
}

int32_t
reply_overdue(int32_t due, int32_t today)
{
	return due != DATE_NONE && due < today ? today - due : 0;
}
