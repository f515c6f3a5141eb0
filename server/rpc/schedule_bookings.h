/* Who is booked when, as messages of ScheduleReply. */
#ifndef SERVER_RPC_SCHEDULE_BOOKINGS_H
#define SERVER_RPC_SCHEDULE_BOOKINGS_H

#include "server/rpc/case_rpc.h"
#include "server/rpc/jobs.h"

struct schedule_booked {
	struct view_job *job;
	const struct plan_case *pc;
	const struct schedule *schedule;
	const bool *wanted;  /* by initiative; NULL: all */
	bool by_day;         /* each piece of work; else periods, and months where there is none */
	struct arena *arena; /* reset for each message */
};

bool schedule_send_bookings(const struct schedule_booked *booked, struct err *err) MUST_CHECK;

#endif
