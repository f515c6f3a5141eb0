/* plumb place: the order of importance. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/write.h"
#include "common/pb.h"

static const struct {
	const char *option;
	Plumb__V1__Place__WhereCase where;
	bool refers;
	const char *words;
} places[] = {
    {"before", PLUMB__V1__PLACE__WHERE_BEFORE, true, "stands before"},
    {"after", PLUMB__V1__PLACE__WHERE_AFTER, true, "stands after"},
    {"first", PLUMB__V1__PLACE__WHERE_FIRST, false, "stands first"},
    {"last", PLUMB__V1__PLACE__WHERE_LAST, false, "stands last"},
    {"unranked", PLUMB__V1__PLACE__WHERE_UNRANKED, false, "is off the list"},
    {"tied-with", PLUMB__V1__PLACE__WHERE_TIED_WITH, true, "shares its rank with"},
};
#define PLACES (sizeof places / sizeof places[0])

static bool
set_where(struct context *ctx, Plumb__V1__Place *place, size_t i, const char *value)
{
	char *other = NULL;

	place->where_case = places[i].where;
	if (places[i].refers) {
		other = pb_str(context_ref(ctx, value, "initiative"));
		if (!other)
			return false;
	}
	switch (places[i].where) {
	case PLUMB__V1__PLACE__WHERE_BEFORE:
		place->before = other;
		break;
	case PLUMB__V1__PLACE__WHERE_AFTER:
		place->after = other;
		break;
	case PLUMB__V1__PLACE__WHERE_TIED_WITH:
		place->tied_with = other;
		break;
	case PLUMB__V1__PLACE__WHERE_FIRST:
		place->first = true;
		break;
	case PLUMB__V1__PLACE__WHERE_LAST:
		place->last = true;
		break;
	default:
		place->unranked = true;
		break;
	}
	return true;
}

/* The index of the one place given; PLACES and a message if there is none or more than one. */
static size_t
find_place(const struct args *args)
{
	size_t found = PLACES;

	for (size_t i = 0; i < PLACES; i++) {
		if (!args_has(args, places[i].option))
			continue;
		if (found != PLACES) {
			command_usage(args, "one place at a time: --%s or --%s",
			    places[found].option, places[i].option);
			return PLACES;
		}
		found = i;
	}
	if (found == PLACES)
		command_usage(args, "where to? --before Y, --after Y, --first, --last, --tied-with "
				    "Y or --unranked");
	return found;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct write write;
	Plumb__V1__Place place;
	Plumb__V1__Change *change;
	size_t where = find_place(args);
	const char *team = args_get(args, "team");
	const char *ref, *value;
	char done[400];

	if (where == PLACES)
		return EXIT_USAGE;
	plumb__v1__place__init(&place);
	ref = context_ref(ctx, args->values[0], "initiative");
	if (!ref || !set_where(ctx, &place, where, args_get(args, places[where].option)))
		return context_fail(ctx);
	place.item = pb_str(ref);
	if (team && strncmp(team, "team/", 5) == 0)
		team += 5;
	place.ranking = pb_str(team ? team : "");
	write_begin(&write, ctx, args);
	change = write_add(&write);
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PLACE;
	change->place = &place;
	value = args_get(args, places[where].option);
	snprintf(done, sizeof done, "%s %s%s%s%s%s", ref, places[where].words, value[0] ? " " : "",
	    value, team ? " in the order of team " : "", team ? team : "");
	return write_finish(&write, ctx, args, done);
}

static const struct option options[] = {
    {0, "before", "INITIATIVE", "more important than this one", NULL},
    {0, "after", "INITIATIVE", "less important than this one", NULL},
    {0, "first", NULL, "the most important of all", NULL},
    {0, "last", NULL, "the least important of those ranked", NULL},
    {0, "tied-with", "INITIATIVE",
	"as important as this one; plumb check will ask which comes first", NULL},
    {0, "unranked", NULL, "off the list", NULL},
    {0, "team", "TEAM", "in that team's own order instead of the workspace's", NULL},
    WRITE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"plumb place onboarding-30 --first", NULL},
    {"plumb place self-service --after onboarding-30", NULL},
    {"plumb place partner-portal --before self-service --team support",
	"in the support team's own order"},
    {0},
};

const struct command cmd_place = {
    .name = "place",
    .group = GROUP_PLAN,
    .arguments = "INITIATIVE",
    .summary = "put an initiative at its place in the order of importance",
    .help = "The list holds each initiative once. Placing one changes no other initiative; the "
	    "ranks 1, 2, 3 that "
	    "people see follow from the list.",
    .options = options,
    .examples = examples,
    .min_args = 1,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER | TAKES_SCENARIO,
    .formats = "table json yaml name",
};
