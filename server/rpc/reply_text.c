#include "server/rpc/reply_text.h"

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
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
reply_date(struct arena *arena, int32_t day)
{
	char text[DATE_TEXT_LEN];

	return arena_strdup(arena, date_format(day, text));
}
