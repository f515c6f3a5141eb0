/* Static words for states and fields. */
#ifndef SERVER_INSIGHT_CHECK_WORDS_H
#define SERVER_INSIGHT_CHECK_WORDS_H

struct item;

/* "active", "dropped", "done"; "" for kinds without a status. */
const char *status_name(const struct item *item);
/* What the target of a reference with that role is called: "owner", "prerequisite". */
const char *role_name(unsigned role);

#endif
