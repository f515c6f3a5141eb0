/* plumb segments: who expects the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "client/planfile_command.h"
#include "client/said.h"
#include "client/scale.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/segments.pb-c.h"

#define SOURCE    "segments"
#define FOUND     "found-" /* how the ids of what was found begin */
#define WORDS_MAX 65536
#define SLUG_MAX  40

typedef Plumb__V1__SegmentsFound Found;
typedef Plumb__V1__FoundSegment Group;
typedef Plumb__V1__SegmentMember Member;

/* ---- asking */

/* "fast-value,low-effort" */
static bool
split(struct context *ctx, const char *text, char ***list, size_t *count)
{
	size_t most = 1;
	char *copy = arena_strdup(ctx->arena, text), *rest = copy, *word;

	for (const char *p = text; *p; p++)
		most += *p == ',';
	*list = arena_array(ctx->arena, most, sizeof **list);
	if (!copy || !*list)
		return false;
	while ((word = strtok_r(rest, ",", &rest)))
		(*list)[(*count)++] = word;
	return true;
}

/* "fast-value=9" */
static bool
add_rating(struct context *ctx, const char *text, Plumb__V1__SegmentsRequest *request)
{
	Plumb__V1__SegmentsRequest__RatingsEntry *entry = arena_alloc(ctx->arena, sizeof *entry);
	const char *equals = strchr(text, '=');

	if (!entry)
		return false;
	plumb__v1__segments_request__ratings_entry__init(entry);
	entry->key = arena_strndup(ctx->arena, text, (size_t)(equals - text));
	request->ratings[request->n_ratings++] = entry;
	return entry->key && parse_double(equals + 1, &entry->value);
}

static int
take_assign(struct context *ctx, const struct args *args, Plumb__V1__SegmentsRequest *request)
{
	for (size_t i = 0; i < args_count(args, "assign"); i++) {
		const char *text = args_at(args, "assign", i), *ref;
		char **words;
		size_t count = 0, first = request->n_ratings;

		if (!strchr(text, '=')) {
			ref = context_ref_there(ctx, text, "customer");
			if (!ref)
				return context_fail(ctx);
			request->assign[request->n_assign++] = pb_str(ref);
			continue;
		}
		if (first > 0)
			return command_usage(
			    args, "--assign takes the ratings of one: put a comma between them");
		if (!split(ctx, text, &words, &count))
			return context_error(ctx, EXIT_SERVER, "out of memory");
		request->ratings = arena_array(ctx->arena, count + 1, sizeof *request->ratings);
		for (size_t k = 0; request->ratings && k < count; k++) {
			if (!strchr(words[k], '=') || !add_rating(ctx, words[k], request))
				return command_usage(args,
				    "--assign wants customer/x, or QUESTION=NUMBER with commas "
				    "between them, not '%s'",
				    words[k]);
		}
	}
	return EXIT_FINE;
}

static int
take_scale(struct context *ctx, const struct args *args, Plumb__V1__SegmentsRequest *request)
{
	const char *text = args_get(args, "scale");
	Plumb__V1__Scale *scale;

	if (!text)
		return EXIT_FINE;
	scale = arena_alloc(ctx->arena, sizeof *scale);
	if (!scale)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	plumb__v1__scale__init(scale);
	if (!scale_parse(text, &scale->low, &scale->high))
		return command_usage(args,
		    "--scale is the lowest and the highest rating, like 1-10, not '%s'", text);
	request->scale = scale;
	return EXIT_FINE;
}

static int
take(struct context *ctx, const struct args *args, Plumb__V1__SegmentsRequest *request)
{
	const char *groups = args_get(args, "groups"), *seed = args_get(args, "seed"),
		   *ratings = args_get(args, "ratings");
	uint64_t number = 0;
	int code;

	if (groups && !parse_u64(groups, 2, 10, &number))
		return command_usage(args, "--groups is a number from 2 to 10, not '%s'", groups);
	request->groups = (uint32_t)number;
	if (seed && !parse_u64(seed, 0, UINT64_MAX, &request->seed))
		return command_usage(args, "--seed is a whole number, not '%s'", seed);
	if (seed)
		request->seed__case = PLUMB__V1__SEGMENTS_REQUEST__SEED__SEED;
	if (args_has(args, "customers"))
		request->filter = pb_str(args_get(args, "customers"));
	if (ratings && !split(ctx, ratings, &request->questions, &request->n_questions))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	request->members = args_has(args, "members") || args_has(args, "save");
	request->assign =
	    arena_array(ctx->arena, args_count(args, "assign") + 1, sizeof *request->assign);
	if (!request->assign)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	code = take_scale(ctx, args, request);
	return code == EXIT_FINE ? take_assign(ctx, args, request) : code;
}

static bool
ask(struct context *ctx, const Plumb__V1__SegmentsRequest *request, Plumb__V1__SegmentsReply *all)
{
	const Plumb__V1__SegmentsReply *part;
	struct progress *progress;
	size_t cap = 0;

	plumb__v1__segments_reply__init(all);
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Segments", &request->base))
		return false;
	progress = progress_new("finding segments");
	while ((part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__SEGMENTS_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		if (part->found)
			all->found = part->found;
		all->members = arena_append(ctx->arena, all->members, all->n_members, &cap,
		    part->members, part->n_members, sizeof all->members[0]);
		all->n_members += part->n_members;
	}
	progress_free(progress);
	if (ctx->status.err.code == ERR_OK && !all->found)
		return context_set_error(ctx, ERR_INTERNAL, "the daemon sent no answer");
	return ctx->status.err.code == ERR_OK;
}

/* ---- showing */

static void
show_groups(struct context *ctx, const Found *found)
{
	static const char *const titles[] = {
	    "GROUP", "SIZE", "SHARE", "VALUE", "GROWTH VALUE", "SILHOUETTE", "STABILITY"};
	bool csv = ctx->out.format == OUTPUT_CSV;
	struct table *table = table_new();

	if (!table)
		return;
	/* how firm they are goes first where there is no room, then what they bring */
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], TABLE_RIGHT | (i > 1 ? TABLE_WIDE : 0));
	table_column(table, "MIDDLE", TABLE_SHRINK);
	if (csv)
		table_column(table, "EXPECTS", 0);
	for (size_t g = 0; g < found->n_segments; g++) {
		const Group *one = found->segments[g];

		table_cellf(table, "%zu", g + 1);
		table_cellf(table, "%" PRIu32, one->size);
		table_cellf(table, csv ? "%.4f" : "%.0f%%", one->share * (csv ? 1 : 100));
		table_cell_if(table, one->value_stated, "%.15g", one->value);
		table_cell_if(table, one->growth_stated, "%.15g", one->growth_value);
		table_cellf(table, "%.3f", one->silhouette);
		table_cellf(table, "%.3f", one->stability);
		table_cell(table, one->medoid);
		if (csv)
			table_cell(table, one->words);
	}
	table_print(table, &ctx->out);
	table_free(table);
}

static void
show_words(struct context *ctx, const Found *found)
{
	char lead[32];

	output_text(&ctx->out, "\n");
	for (size_t g = 0; g < found->n_segments; g++) {
		snprintf(lead, sizeof lead, "%5zu  ", g + 1);
		output_wrap(&ctx->out, lead, found->segments[g]->words);
	}
}

static void
show_profile(struct context *ctx, const Found *found)
{
	struct table *table = table_new();
	char title[32];

	if (!table)
		return;
	table_column(table, "QUESTION", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "ANSWERED", TABLE_RIGHT | TABLE_DROP);
	table_column(table, "ALL", TABLE_RIGHT);
	for (size_t g = 0; g < found->n_segments; g++) {
		snprintf(title, sizeof title, "%zu", g + 1);
		table_column(table, title, TABLE_RIGHT);
	}
	for (size_t q = 0; q < found->n_questions; q++) {
		const Plumb__V1__SegmentQuestion *one = found->questions[q];

		table_cell(table, ctx->out.format == OUTPUT_CSV ? one->question : one->title);
		table_cellf(table, "%" PRIu32, one->answered);
		table_cellf(table, "%.2f", one->mean);
		for (size_t g = 0; g < found->n_segments; g++) {
			const Plumb__V1__SegmentExpects *e = found->segments[g]->expects[q];

			if (e->mean__case == PLUMB__V1__SEGMENT_EXPECTS__MEAN__MEAN)
				table_cellf(table, "%.2f", e->mean);
			else
				table_cell(table, "");
		}
	}
	table_print(table, &ctx->out);
	table_free(table);
}

static void
show_members(struct context *ctx, Member *const *members, size_t count)
{
	static const char *const titles[] = {"GROUP", "DISTANCE", "SECOND", "SECOND DISTANCE"};
	struct table *table = table_new();

	if (!table)
		return;
	table_column(table, "CUSTOMER", TABLE_SHRINK | TABLE_MAIN);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		table_column(table, titles[i], TABLE_RIGHT);
	for (size_t i = 0; i < count; i++) {
		const Member *m = members[i];
		bool has = m->group__case == PLUMB__V1__SEGMENT_MEMBER__GROUP__GROUP;
		bool second = m->second__case == PLUMB__V1__SEGMENT_MEMBER__SECOND__SECOND;

		table_cell(table, m->customer[0] ? m->customer : "(these ratings)");
		table_cell_if(table, has, "%" PRIu32, m->group + 1);
		table_cell_if(table, has, "%.3f", m->distance);
		table_cell_if(table, second, "%" PRIu32, m->second + 1);
		table_cell_if(table, second, "%.3f", m->second_distance);
		if (ctx->out.format == OUTPUT_TABLE && table_rows(table) % 1000 == 0)
			table_flush(table, &ctx->out);
	}
	table_print(table, &ctx->out);
	table_free(table);
}

static void
show_stated(struct context *ctx, const Found *found)
{
	struct table *table;
	struct str text;

	if (found->stating == 0)
		return;
	str_init(&text, WORDS_MAX);
	str_addf(&text, "%" PRIu32 " of them state a segment. ", found->stating);
	if (found->agreement__case == PLUMB__V1__SEGMENTS_FOUND__AGREEMENT__AGREEMENT)
		str_addf(&text,
		    "Groups and segments agree with %.2f (adjusted Rand index: 1 the same, 0 by "
		    "chance):",
		    found->agreement);
	else
		str_add(&text, "That is too little to compare:");
	output_text(&ctx->out, "\n");
	output_wrap(&ctx->out, "", text.data);
	output_text(&ctx->out, "\n");
	str_fini(&text);
	table = table_new();
	if (!table)
		return;
	table_column(table, "GROUP", TABLE_RIGHT);
	table_column(table, "SEGMENT", TABLE_SHRINK | TABLE_MAIN);
	table_column(table, "CUSTOMERS", TABLE_RIGHT);
	for (size_t i = 0; i < found->n_overlaps; i++) {
		table_cellf(table, "%" PRIu32, found->overlaps[i]->group + 1);
		table_cell(table, found->overlaps[i]->segment);
		table_cellf(table, "%" PRIu32, found->overlaps[i]->customers);
	}
	table_print(table, &ctx->out);
	table_free(table);
	if (found->more_overlaps > 0)
		output_printf(&ctx->out, "%" PRIu32 " more are left out.\n", found->more_overlaps);
}

static void
show_tries(struct context *ctx, const Found *found)
{
	struct str text;

	if (found->n_tries < 2)
		return;
	str_init(&text, WORDS_MAX);
	str_add(&text, "Mean silhouette by number of groups:");
	for (size_t i = 0; i < found->n_tries; i++)
		str_addf(&text, "%s %" PRIu32 ": %.3f", i ? "," : "", found->tries[i]->groups,
		    found->tries[i]->silhouette);
	str_add(&text, ".");
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_fini(&text);
}

static void
show_data(struct context *ctx, const Found *found)
{
	struct str text;

	str_init(&text, WORDS_MAX);
	str_addf(&text,
	    "%" PRIu32 " customer%s, %" PRIu32 " with answers to %zu question%s; %" PRIu32
	    " answers of theirs are missing. ",
	    found->customers, found->customers == 1 ? "" : "s", found->used, found->n_questions,
	    found->n_questions == 1 ? "" : "s", found->missing);
	str_add(&text, found->standard == PLUMB__V1__SEGMENTS_FOUND__STANDARD__ONE_SCALE
			   ? "All questions are on the scale that was stated."
			   : "Each question is measured by its own mean deviation, since no scale "
			     "was stated (--scale 1-10).");
	output_wrap(&ctx->out, "", text.data ? text.data : "");
	str_fini(&text);
}

static void
show_table(struct context *ctx, const struct args *args, const Plumb__V1__SegmentsReply *all)
{
	const Found *found = all->found;

	show_data(ctx, found);
	show_tries(ctx, found);
	output_text(&ctx->out, "\n");
	if (found->lack != PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM) {
		struct str text;

		str_init(&text, WORDS_MAX);
		str_addf(&text, "There are no groups to be told apart, because %s.%s", found->why,
		    found->customers == 0 ? " Import what they answered: plumb import csv FILE "
					    "--kind customer --scale 1-10"
					  : "");
		output_wrap(&ctx->out, "", text.data ? text.data : "");
		str_fini(&text);
		return;
	}
	show_groups(ctx, found);
	show_words(ctx, found);
	if (args_has(args, "profile")) {
		output_text(&ctx->out, "\n");
		show_profile(ctx, found);
	}
	show_stated(ctx, found);
	if (!args_has(args, "profile") && !args_has(args, "members")) {
		output_text(&ctx->out, "\n");
		output_wrap(&ctx->out, "",
		    "What each group answers: --profile. Who is in which, and how near: "
		    "--members.");
	}
	if (found->n_assigned > 0) {
		output_text(&ctx->out, "\n");
		show_members(ctx, found->assigned, found->n_assigned);
	}
	if (args_has(args, "members")) {
		output_text(&ctx->out, "\n");
		show_members(ctx, all->members, all->n_members);
	}
}

/* One table a file: the members, those assigned, the profile, or the groups. */
static void
show_csv(struct context *ctx, const struct args *args, const Plumb__V1__SegmentsReply *all)
{
	if (args_has(args, "members"))
		show_members(ctx, all->members, all->n_members);
	else if (args_has(args, "assign"))
		show_members(ctx, all->found->assigned, all->found->n_assigned);
	else if (args_has(args, "profile"))
		show_profile(ctx, all->found);
	else
		show_groups(ctx, all->found);
}

/* ---- saving */

/* "found-fast-value": of the first question in which it stands out; with a number where that is taken. */
static void
segment_id(const struct planfile *plan, const Group *group, size_t number, char *id, size_t room)
{
	const char *first = strchr(group->words, ':');
	char text[SLUG_MAX * 4], name[ID_MAX_LEN + 1], ref[ID_MAX_LEN * 2];

	snprintf(text, sizeof text, "%s", first ? first + 1 : "");
	text[strcspn(text, ",")] = '\0';
	slug(text, name);
	cut_slug(name, SLUG_MAX);
	snprintf(id, room, name[0] ? FOUND "%s" : FOUND "%s%zu", name, number + 1);
	snprintf(ref, sizeof ref, "segment/%s", id);
	if (planfile_find(planfile_present((struct planfile *)(uintptr_t)plan), ref))
		snprintf(id, room, FOUND "%.*s-%u", SLUG_MAX, name, (unsigned)number + 1);
}

/* Its id; NULL: out of memory. */
static char *
add_segment(struct planfile *plan, const Found *found, size_t number)
{
	const Group *group = found->segments[number];
	struct planfile_place place = {.file = SOURCE};
	struct planfile_entry *entry;
	char id[ID_MAX_LEN + 1];

	segment_id(plan, group, number, id, sizeof id);
	entry =
	    planfile_add_item(plan, planfile_present(plan), PLUMB__V1__KIND__SEGMENT, id, place);
	if (!entry)
		return NULL;
	entry->item->title = arena_printf(plan->arena, "%.*s", 400, group->words);
	entry->item->description = arena_printf(plan->arena,
	    "Found from customers' ratings (seed %" PRIu64
	    "). In its middle: %s. Silhouette %.3f, stability %.3f.",
	    found->seed, group->medoid, group->silhouette, group->stability);
	entry->item->segment->customers__case = PLUMB__V1__SEGMENT__CUSTOMERS__CUSTOMERS;
	entry->item->segment->customers = (int32_t)group->size;
	if (group->value_stated > 0) {
		entry->item->segment->value__case = PLUMB__V1__SEGMENT__VALUE__VALUE;
		entry->item->segment->value = group->value;
	}
	/* A growth of the whole, only where all who state a value state it too. */
	if (group->growth_stated == group->value_stated && group->value > 0) {
		entry->item->segment->growth__case = PLUMB__V1__SEGMENT__GROWTH__GROWTH;
		entry->item->segment->growth = group->growth_value / group->value;
	}
	return entry->item->title && entry->item->description ? entry->item->id : NULL;
}

/* ---- who is in which, of those that state no segment or one that was found before */

struct assigning {
	struct context *ctx;
	struct names stated; /* the segment of customers that state one, by reference */
};

static void
keep_stated(void *arg, const Plumb__V1__Envelope *entry)
{
	struct assigning *a = arg;

	if (entry->item->body_case == PLUMB__V1__ITEM__BODY_CUSTOMER)
		names_put(&a->stated, a->ctx->arena, entry->ref, entry->item->customer->segment);
}

/* What people or imports said of a customer stays; how many that are is counted. */
static bool
assign(struct context *ctx, struct planfile *plan, const Plumb__V1__SegmentsReply *all,
    char *const *ids, size_t *kept)
{
	struct assigning a = {.ctx = ctx};
	struct planfile_place place = {.file = SOURCE};

	*kept = 0;
	if (!said_list(ctx, "customer", "id", keep_stated, &a))
		return false;
	for (size_t i = 0; i < all->n_members; i++) {
		const Plumb__V1__SegmentMember *member = all->members[i];
		const char *stated = names_get(&a.stated, member->customer);
		struct planfile_entry *entry;

		if (member->group__case != PLUMB__V1__SEGMENT_MEMBER__GROUP__GROUP || !stated)
			continue;
		stated = said_bare(stated);
		if (stated[0] && strncmp(stated, FOUND, strlen(FOUND)) != 0) {
			*kept += strcmp(stated, ids[member->group]) != 0;
			continue;
		}
		entry = planfile_add_item(plan, planfile_present(plan), PLUMB__V1__KIND__CUSTOMER,
		    said_bare(member->customer), place);
		if (!entry)
			return context_set_error(ctx, ERR_LIMIT, "out of memory");
		entry->item->customer->segment = ids[member->group];
	}
	return true;
}

static bool
confirmed(const struct args *args)
{
	char answer[16];

	if (args_has(args, "yes") || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	fputs("Save these segments? [y/N] ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int
apply(struct context *ctx, const struct args *args, struct planfile *plan)
{
	struct planfile_options options = {
	    .workspace = ctx->workspace,
	    .scenario = ctx->scenario,
	    .source = SOURCE,
	    .reason = "segments found from ratings",
	    .effective = "",
	    .colour = ctx->out.colour,
	    .split = true,
	};
	struct err err = {0};
	struct planfile_changes *changes = planfile_compare(plan, ctx->client, &options, &err);
	const struct planfile_summary *summary;
	int code = EXIT_FINE;

	if (!changes)
		return planfile_command_fail(ctx, plan, &err);
	planfile_command_show(ctx, changes);
	summary = planfile_changes_summary(changes);
	if (summary->conflicts > 0)
		code =
		    context_error(ctx, EXIT_NO, "nothing is saved: others changed these segments");
	else if (summary->change_sets > 0 && !confirmed(args))
		code = context_error(ctx, EXIT_NO, "nothing is saved");
	else if (summary->change_sets > 0 && !planfile_changes_apply(changes, &err))
		code = planfile_command_refused(ctx, plan, changes, &err);
	planfile_changes_free(changes);
	return code;
}

static int
save(struct context *ctx, const struct args *args, const Plumb__V1__SegmentsReply *all)
{
	const Found *found = all->found;
	char **ids = arena_array(ctx->arena, found->n_segments + 1, sizeof ids[0]);
	struct planfile *plan;
	struct err err = {0};
	size_t kept = 0;
	bool ok = true;
	int code;

	if (found->lack != PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM)
		return context_error(ctx, EXIT_NO, "nothing is saved: %s", found->why);
	plan = planfile_new(&err);
	for (size_t g = 0; plan && ids && ok && g < found->n_segments; g++)
		ok = (ids[g] = add_segment(plan, found, g)) != NULL;
	if (!plan || !ids || !ok)
		code = context_error(ctx, EXIT_SERVER, "out of memory");
	else if (!assign(ctx, plan, all, ids, &kept))
		code = context_fail(ctx);
	else
		code = apply(ctx, args, plan);
	if (code == EXIT_FINE && kept > 0)
		context_error(ctx, EXIT_FINE,
		    "note: %zu customer%s another segment, which stays; plumb segments --members "
		    "shows who is in which group",
		    kept, kept == 1 ? " states" : "s state");
	planfile_free(plan);
	return code;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__SegmentsRequest request;
	Plumb__V1__SegmentsReply all;
	Plumb__V1__At at;
	int code;

	plumb__v1__segments_request__init(&request);
	if (!context_at(ctx, &at))
		return context_fail(ctx);
	request.at = &at;
	code = take(ctx, args, &request);
	if (code != EXIT_FINE)
		return code;
	if (args_has(args, "save") && ctx->as_of[0])
		return command_usage(args, "--save is for the plan as it is: leave --as-of out");
	if (!ask(ctx, &request, &all))
		return context_fail(ctx);
	if (ctx->out.format == OUTPUT_TABLE)
		show_table(ctx, args, &all);
	else if (ctx->out.format == OUTPUT_CSV)
		show_csv(ctx, args, &all);
	else
		output_message(&ctx->out, &all.base);
	if (args_has(args, "save"))
		return save(ctx, args, &all);
	return args_has(args, "assign") && all.found->lack != PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM
		   ? EXIT_NO
		   : EXIT_FINE;
}

static const struct option options[] = {
    {0, "groups", "K", "into so many, 2 to 10 (default: as many as the silhouette says)", NULL},
    {0, "scale", "LOW-HIGH", "the scale that all questions share, like 1-10", NULL},
    {0, "customers", "FILTER", "only of these customers, as plumb list takes it", NULL},
    {0, "ratings", "LIST", "only by these questions, with commas between them", NULL},
    {0, "seed", "N", "draw other samples (default: 1)", NULL},
    {0, "assign", "WHO", "where customer/x belongs, or somebody who answers a=8,b=3", NULL},
    {0, "profile", NULL, "what each group answers on average, question by question", NULL},
    {0, "members", NULL, "who is in which group", NULL},
    {0, "save", NULL,
	"put what was found into the plan, as segments; customers that state none get theirs",
	NULL},
    {'y', "yes", NULL, "with --save: don't ask", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb segments --scale 1-10", "groups, as many as there are, or why there are none"},
    {"plumb segments --scale 1-10 --groups 3 --profile", "three, with what each answers"},
    {"plumb segments --scale 1-10 --assign customer/acme", "where a customer belongs"},
    {"plumb segments --scale 1-10 --assign fast-value=9,low-effort=4",
	"where somebody new belongs"},
    {"plumb segments --scale 1-10 --members -o csv", "a line for each customer"},
    {0},
};

const struct command cmd_segments = {
    .name = "segments",
    .group = GROUP_READ,
    .arguments = "",
    .summary = "find groups of customers who expect the same, from their ratings alone",
    .help =
	"Compares what customers answered, and nothing else of them: neither size nor branch nor "
	"place. Groups lie around one real customer each (MIDDLE). How many there are the "
	"silhouette says: from 0, no difference between groups, to 1. STABILITY is how much of a "
	"group is found again among customers drawn anew. Where groups are not firm (silhouette up "
	"to 0.25, stability below 0.6), or too few have answered, it says so and shows none."
	"\n\n"
	"VALUE is what its customers bring; GROWTH VALUE the sum of value times growth. Where "
	"customers state a segment, what was found is held against that. Import answers with plumb "
	"import csv. Formulae and sources: docs/SEGMENTS.md.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 0,
    .run = run,
    .takes = TAKES_READ,
    .formats = "table json yaml csv",
};
