/*
 * Plain problems from the field's files. No I/O: the caller has read the file.
 *
 * Three forms, told apart by how they begin:
 * - PSPLIB `.sm` (ProGen): sections with headings, a line of `*` or a heading first. One project, one mode, renewable
 *   resources only; a release date is kept.
 * - Patterson `.rcp` (RanGen, the Ghent sets): numbers only, two in the first line: activities, resources; then the capacities; then
 *   by activity: duration, needs, number of those after it, their numbers. Lines may be broken anywhere.
 * - Several projects `.rcmp`, `.txt` (MPLIB): numbers only, one in the first line: projects; resources; capacities; then by
 *   project: activities, release date and perhaps a due date in one line; one number for each resource (whether it is
 *   used; not looked at); its activities as above, those after it as project:activity. Due dates are not used: everything
 *   is to be finished as early as possible.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_RCPSP_READ_H
#define SERVER_INSIGHT_SCHEDULE_RCPSP_READ_H

#include "server/insight/schedule/rcpsp.h"

/* NULL: ERR_INVALID or ERR_LIMIT, "LINE: what is wrong". */
struct rcpsp *rcpsp_read(const char *text, size_t len, struct err *err) MUST_CHECK;

#endif
