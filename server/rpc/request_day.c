#include "server/rpc/request_day.h"

#include "common/calendar.h"
#include "common/faults.h"

int32_t
request_day(struct faults *faults, const char *field, const char *text)
{
	int32_t day = DATE_NONE;

	if (text[0] != '\0' && !date_parse(text, &day))
		faults_add(faults, field, "'%.40s' is not a date; write it like 2026-03-31", text);
	return day;
}
