/* See rcpsp_read.h. */
#include "server/insight/schedule/rcpsp_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"
#include "server/limits.h"

/* Where the reader is in the text. */
struct reader {
	const char *at;
	const char *end;
	uint32_t line;

	struct rcpsp_input input; /* its arrays are owned here */
	int32_t *duration;
	int32_t *demand;
	int32_t *capacity;
	struct rcpsp_arc *arcs;
	size_t arcs_cap;
	uint32_t *lines; /* by activity: where it stands */
	uint32_t cap;    /* activities that there is room for */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_space(struct reader *reader)
{
	for (; reader->at < reader->end && is_space(*reader->at); reader->at++)
		if (*reader->at == '\n')
			reader->line++;
}

static void
skip_line(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
	if (reader->at < reader->end) {
		reader->at++;
		reader->line++;
	}
}

/* The next word, as much of it as fits; false at the end. Puts it into buf for messages too. */
#define WORD_MAX 24

static bool
next_word(struct reader *reader, char buf[WORD_MAX])
{
	size_t len = 0;

	skip_space(reader);
	if (reader->at == reader->end)
		return false;
	while (reader->at < reader->end && !is_space(*reader->at)) {
		/* What is not plain text is shown as a question mark. */
		if (len + 1 < WORD_MAX)
			buf[len++] = *reader->at > ' ' && *reader->at < 127 ? *reader->at : '?';
		else
			buf[WORD_MAX - 2] = '~';
		reader->at++;
	}
	buf[len] = '\0';
	return true;
}

static bool
take_number(struct reader *reader, const char *what, int64_t min, int64_t max, int32_t *out,
    struct err *err)
{
	char word[WORD_MAX];
	int64_t number;

	if (!next_word(reader, word))
		return err_set(
		    err, ERR_INVALID, "%u: the file ends where %s should be", reader->line, what);
	if (!parse_i64(word, min, max, &number))
		return err_set(err, ERR_INVALID,
		    "%u: \"%s\" cannot be %s: expected a number from %lld to %lld", reader->line,
		    word, what, (long long)min, (long long)max);
	*out = (int32_t)number;
	return true;
}

/* Room for so many activities more, zeroed. The resources are known. */
static bool
make_room(struct reader *reader, uint32_t more, struct err *err)
{
	uint32_t resources = reader->input.resources;
	size_t count = (size_t)reader->input.count + more;
	int32_t *duration, *demand;
	uint32_t *lines;

	if (count > LIMIT_RCPSP_ACTIVITIES)
		return err_set(err, ERR_LIMIT, "%u: more than %u activities", reader->line,
		    LIMIT_RCPSP_ACTIVITIES);
	if (count <= reader->cap)
		return true;
	duration = realloc(reader->duration, count * sizeof *duration);
	if (duration != NULL)
		reader->duration = duration;
	demand = realloc(reader->demand, (count * resources + 1) * sizeof *demand);
	if (demand != NULL)
		reader->demand = demand;
	lines = realloc(reader->lines, count * sizeof *lines);
	if (lines != NULL)
		reader->lines = lines;
	if (duration == NULL || demand == NULL || lines == NULL)
		return err_oom(err);
	memset(lines + reader->cap, 0, (count - reader->cap) * sizeof *lines);
	memset(duration + reader->cap, 0, (count - reader->cap) * sizeof *duration);
	memset(demand + (size_t)reader->cap * resources, 0,
	    (count - reader->cap) * resources * sizeof *demand);
	reader->cap = (uint32_t)count;
	return true;
}

static bool
add_arc(struct reader *reader, uint32_t before, uint32_t after, struct err *err)
{
	if (reader->input.arcs_count == LIMIT_RCPSP_ARCS)
		return err_set(err, ERR_LIMIT, "%u: more than %u prerequisites", reader->line,
		    LIMIT_RCPSP_ARCS);
	if (reader->input.arcs_count == reader->arcs_cap) {
		size_t cap = reader->arcs_cap == 0 ? 256 : reader->arcs_cap * 2;
		struct rcpsp_arc *arcs = realloc(reader->arcs, cap * sizeof *arcs);

		if (arcs == NULL)
			return err_oom(err);
		reader->arcs = arcs;
		reader->arcs_cap = cap;
	}
	reader->arcs[reader->input.arcs_count++] = (struct rcpsp_arc){before, after};
	return true;
}

static bool
take_resources(struct reader *reader, struct err *err)
{
	int32_t count;

	if (!take_number(reader, "the number of resources", 0, LIMIT_RCPSP_RESOURCES, &count, err))
		return false;
	reader->input.resources = (uint32_t)count;
	reader->capacity = calloc((size_t)count + 1, sizeof *reader->capacity);
	return reader->capacity != NULL || err_oom(err);
}

static bool
take_capacities(struct reader *reader, struct err *err)
{
	for (uint32_t r = 0; r < reader->input.resources; r++)
		if (!take_number(reader, "the capacity of a resource", 0, TIMETABLE_CAPACITY_MAX,
			&reader->capacity[r], err))
			return false;
	return true;
}

static bool
take_work(struct reader *reader, uint32_t i, struct err *err)
{
	if (!take_number(reader, "the duration of an activity", 0, LIMIT_RCPSP_HORIZON,
		&reader->duration[i], err))
		return false;
	reader->lines[i] = reader->line;
	for (uint32_t r = 0; r < reader->input.resources; r++)
		if (!take_number(reader, "what an activity needs of a resource", 0,
			TIMETABLE_CAPACITY_MAX,
			&reader->demand[(size_t)i * reader->input.resources + r], err))
			return false;
	return true;
}

/* Nothing but space may follow. */
static bool
expect_end(struct reader *reader, struct err *err)
{
	char word[WORD_MAX];

	if (!next_word(reader, word))
		return true;
	return err_set(
	    err, ERR_INVALID, "%u: \"%s\" stands behind the last activity", reader->line, word);
}

/* Patterson. */

static bool
take_after(struct reader *reader, uint32_t i, struct err *err)
{
	int32_t count, after;

	if (!take_number(reader, "the number of activities after this one", 0,
		LIMIT_RCPSP_ACTIVITIES, &count, err))
		return false;
	for (int32_t k = 0; k < count; k++)
		if (!take_number(
			reader, "the number of an activity", 1, reader->input.count, &after, err) ||
		    !add_arc(reader, i, (uint32_t)after - 1, err))
			return false;
	return true;
}

static bool
read_patterson(struct reader *reader, struct err *err)
{
	int32_t count;

	if (!take_number(
		reader, "the number of activities", 1, LIMIT_RCPSP_ACTIVITIES, &count, err) ||
	    !take_resources(reader, err) || !take_capacities(reader, err) ||
	    !make_room(reader, (uint32_t)count, err))
		return false;
	reader->input.count = (uint32_t)count;
	for (uint32_t i = 0; i < reader->input.count; i++)
		if (!take_work(reader, i, err) || !take_after(reader, i, err))
			return false;
	reader->input.listed = reader->input.count;
	return expect_end(reader, err);
}

/* Several projects. */

/* An arc as it stands in the file: the project of the one after it may still be to come. */
struct far_arc {
	uint32_t before;
	uint32_t project;
	uint32_t activity;
	uint32_t line;
};

struct projects {
	uint32_t count;
	uint32_t *first; /* activity; of the one behind the last: the count */
	int32_t *release;
	struct far_arc *arcs;
	size_t arcs_count;
	size_t arcs_cap;
};

static bool
add_far_arc(struct projects *projects, const struct far_arc *arc, struct err *err)
{
	if (projects->arcs_count == LIMIT_RCPSP_ARCS)
		return err_set(
		    err, ERR_LIMIT, "%u: more than %u prerequisites", arc->line, LIMIT_RCPSP_ARCS);
	if (projects->arcs_count == projects->arcs_cap) {
		size_t cap = projects->arcs_cap == 0 ? 256 : projects->arcs_cap * 2;
		struct far_arc *arcs = realloc(projects->arcs, cap * sizeof *arcs);

		if (arcs == NULL)
			return err_oom(err);
		projects->arcs = arcs;
		projects->arcs_cap = cap;
	}
	projects->arcs[projects->arcs_count++] = *arc;
	return true;
}

/* "2:14", or "14" of the same project. */
static bool
take_far_arc(struct reader *reader, struct projects *projects, uint32_t before, uint32_t project,
    struct err *err)
{
	struct far_arc arc = {.before = before, .project = project};
	char word[WORD_MAX];
	char *colon;
	uint64_t number;
	bool ok = true;

	if (!next_word(reader, word))
		return err_set(err, ERR_INVALID,
		    "%u: the file ends where an activity after another should be", reader->line);
	arc.line = reader->line;
	colon = strchr(word, ':');
	if (colon != NULL) {
		*colon = '\0';
		ok = parse_u64(word, 1, projects->count, &number);
		arc.project = ok ? (uint32_t)number - 1 : 0;
		*colon = ':';
	}
	if (!ok || !parse_u64(colon != NULL ? colon + 1 : word, 1, LIMIT_RCPSP_ACTIVITIES, &number))
		return err_set(err, ERR_INVALID,
		    "%u: \"%s\" is not an activity: expected project:activity, with projects 1 to "
		    "%u",
		    reader->line, word, projects->count);
	arc.activity = (uint32_t)number - 1;
	return add_far_arc(projects, &arc, err);
}

static bool
read_project(struct reader *reader, struct projects *projects, uint32_t p, struct err *err)
{
	int32_t count, after;

	if (!take_number(reader, "the number of activities of a project", 1, LIMIT_RCPSP_ACTIVITIES,
		&count, err) ||
	    !take_number(reader, "the release date of a project", 0, LIMIT_RCPSP_HORIZON,
		&projects->release[p], err))
		return false;
	skip_line(reader); /* the due date */
	skip_space(reader);
	skip_line(reader); /* which resources it uses: a need above 0 says the same */
	if (!make_room(reader, (uint32_t)count, err))
		return false;
	projects->first[p] = reader->input.count;
	reader->input.count += (uint32_t)count;
	for (uint32_t i = projects->first[p]; i < reader->input.count; i++) {
		if (!take_work(reader, i, err) ||
		    !take_number(reader, "the number of activities after this one", 0,
			LIMIT_RCPSP_ACTIVITIES, &after, err))
			return false;
		for (int32_t k = 0; k < after; k++)
			if (!take_far_arc(reader, projects, i, p, err))
				return false;
	}
	return true;
}

static bool
resolve_arcs(struct reader *reader, struct projects *projects, struct err *err)
{
	projects->first[projects->count] = reader->input.count;
	for (size_t e = 0; e < projects->arcs_count; e++) {
		const struct far_arc *arc = &projects->arcs[e];
		uint32_t first = projects->first[arc->project];

		if (arc->activity >= projects->first[arc->project + 1] - first)
			return err_set(err, ERR_INVALID,
			    "%u: project %u has no activity %u; its last one is %u", arc->line,
			    arc->project + 1, arc->activity + 1,
			    projects->first[arc->project + 1] - first);
		if (!add_arc(reader, arc->before, first + arc->activity, err))
			return false;
	}
	return true;
}

/* An activity of that length before all of first to end. */
static bool
add_release(struct reader *reader, uint32_t first, uint32_t end, int32_t release, struct err *err)
{
	if (release == 0)
		return true;
	if (!make_room(reader, 1, err))
		return false;
	reader->duration[reader->input.count] = release;
	for (uint32_t i = first; i < end; i++)
		if (!add_arc(reader, reader->input.count, i, err))
			return false;
	reader->input.count++;
	return true;
}

static bool
read_portfolio(struct reader *reader, struct projects *projects, struct err *err)
{
	int32_t count;

	if (!take_number(
		reader, "the number of projects", 1, LIMIT_RCPSP_ACTIVITIES, &count, err) ||
	    !take_resources(reader, err) || !take_capacities(reader, err))
		return false;
	projects->count = (uint32_t)count;
	projects->first = calloc((size_t)count + 1, sizeof *projects->first);
	projects->release = calloc((size_t)count, sizeof *projects->release);
	if (projects->first == NULL || projects->release == NULL)
		return err_oom(err);
	for (uint32_t p = 0; p < projects->count; p++)
		if (!read_project(reader, projects, p, err))
			return false;
	if (!expect_end(reader, err) || !resolve_arcs(reader, projects, err))
		return false;
	reader->input.listed = reader->input.count;
	for (uint32_t p = 0; p < projects->count; p++)
		if (!add_release(reader, projects->first[p], projects->first[p + 1],
			projects->release[p], err))
			return false;
	return true;
}

static bool
read_projects(struct reader *reader, struct err *err)
{
	struct projects projects = {0};
	bool ok = read_portfolio(reader, &projects, err);

	free(projects.first);
	free(projects.release);
	free(projects.arcs);
	return ok;
}

/* PSPLIB. */

/* Moves behind the next line that begins so (spaces first do not count). */
static bool
find_heading(struct reader *reader, const char *heading, struct err *err)
{
	size_t len = strlen(heading);

	while (reader->at < reader->end) {
		while (reader->at < reader->end &&
		       (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '-'))
			reader->at++;
		if ((size_t)(reader->end - reader->at) >= len &&
		    strncasecmp(reader->at, heading, len) == 0) {
			reader->at += len;
			return true;
		}
		skip_line(reader);
	}
	return err_set(
	    err, ERR_INVALID, "%u: the file ends before a line \"%s\"", reader->line, heading);
}

static bool
skip_colon(struct reader *reader, const char *heading, struct err *err)
{
	while (reader->at < reader->end && *reader->at != ':' && *reader->at != '\n')
		reader->at++;
	if (reader->at == reader->end || *reader->at != ':')
		return err_set(err, ERR_INVALID, "%u: \"%s\" without a colon and a number",
		    reader->line, heading);
	reader->at++;
	return true;
}

/* The number behind the colon of that line. */
static bool
take_setting(struct reader *reader, const char *heading, const char *what, int64_t min, int64_t max,
    int32_t *out, struct err *err)
{
	return find_heading(reader, heading, err) && skip_colon(reader, heading, err) &&
	       take_number(reader, what, min, max, out, err);
}

/* To the first line with a number of the section behind the heading. */
static bool
find_section(struct reader *reader, const char *heading, struct err *err)
{
	if (!find_heading(reader, heading, err))
		return false;
	for (;;) {
		skip_line(reader);
		skip_space(reader);
		if (reader->at == reader->end)
			return err_set(err, ERR_INVALID, "%u: nothing stands under \"%s\"",
			    reader->line, heading);
		if (is_digit(*reader->at))
			return true;
		if (*reader->at == '*')
			return err_set(err, ERR_INVALID, "%u: nothing stands under \"%s\"",
			    reader->line, heading);
	}
}

/* Jobs come in order, with one mode. */
static bool
take_job(struct reader *reader, uint32_t i, const char *second, struct err *err)
{
	int32_t job, one;

	if (!take_number(
		reader, "the number of the next job", (int64_t)i + 1, (int64_t)i + 1, &job, err))
		return false;
	return take_number(reader, second, 1, 1, &one, err);
}

static bool
read_header(struct reader *reader, int32_t *jobs, int32_t *release, struct err *err)
{
	int32_t one, none;
	int32_t project;
	int32_t own; /* jobs without the first and last one */

	return take_setting(reader, "projects",
		   "the number of projects (only one is read from this form)", 1, 1, &one, err) &&
	       take_setting(
		   reader, "jobs", "the number of jobs", 1, LIMIT_RCPSP_ACTIVITIES, jobs, err) &&
	       find_heading(reader, "RESOURCES", err) && find_heading(reader, "renewable", err) &&
	       skip_colon(reader, "renewable", err) && take_resources(reader, err) &&
	       take_setting(reader, "nonrenewable",
		   "the number of nonrenewable resources (none is read)", 0, 0, &none, err) &&
	       take_setting(reader, "doubly constrained",
		   "the number of doubly constrained resources (none is read)", 0, 0, &none, err) &&
	       find_section(reader, "PROJECT INFORMATION", err) &&
	       take_number(reader, "the number of the project", 1, 1, &project, err) &&
	       take_number(
		   reader, "the number of its jobs", 0, LIMIT_RCPSP_ACTIVITIES, &own, err) &&
	       take_number(reader, "its release date", 0, LIMIT_RCPSP_HORIZON, release, err);
}

static bool
read_psplib(struct reader *reader, struct err *err)
{
	int32_t jobs, release;

	if (!read_header(reader, &jobs, &release, err) || !make_room(reader, (uint32_t)jobs, err))
		return false;
	reader->input.count = (uint32_t)jobs;
	if (!find_section(reader, "PRECEDENCE RELATIONS", err))
		return false;
	for (uint32_t i = 0; i < reader->input.count; i++)
		if (!take_job(reader, i, "the number of modes (only one is read)", err) ||
		    !take_after(reader, i, err))
			return false;
	if (!find_section(reader, "REQUESTS/DURATIONS", err))
		return false;
	for (uint32_t i = 0; i < reader->input.count; i++)
		if (!take_job(reader, i, "the mode", err) || !take_work(reader, i, err))
			return false;
	if (reader->input.resources > 0 &&
	    (!find_section(reader, "RESOURCEAVAILABILITIES", err) || !take_capacities(reader, err)))
		return false;
	reader->input.listed = reader->input.count;
	return add_release(reader, 0, reader->input.count, release, err);
}

/* How many words the first line with any has, and whether they begin with digits. */
static uint32_t
count_first_line(const char *text, size_t len, bool *are_numbers)
{
	uint32_t words = 0;

	*are_numbers = true;
	for (size_t i = 0; i < len && !(text[i] == '\n' && words > 0); i++) {
		if (is_space(text[i]) || (i > 0 && !is_space(text[i - 1])))
			continue;
		words++;
		*are_numbers = *are_numbers && is_digit(text[i]);
	}
	return words;
}

static bool
read_any(struct reader *reader, const char *text, size_t len, struct err *err)
{
	bool are_numbers;
	uint32_t words = count_first_line(text, len, &are_numbers);

	if (words == 0)
		return err_set(err, ERR_INVALID, "1: the file is empty");
	if (!are_numbers)
		return read_psplib(reader, err);
	if (words == 1)
		return read_projects(reader, err);
	if (words == 2)
		return read_patterson(reader, err);
	return err_set(err, ERR_INVALID,
	    "1: neither PSPLIB (headings), Patterson (two numbers first) nor several projects (one "
	    "number first)");
}

static struct rcpsp *
make(struct reader *reader, struct err *err)
{
	uint32_t fault = UINT32_MAX;
	struct rcpsp *problem;

	reader->input.duration = reader->duration;
	reader->input.demand = reader->demand;
	reader->input.capacity = reader->capacity;
	reader->input.arcs = reader->arcs;
	reader->input.fault = &fault;
	problem = rcpsp_new(&reader->input, err);
	if (problem == NULL)
		err_wrap(err, "%u",
		    fault < reader->input.count && reader->lines[fault] > 0 ? reader->lines[fault]
									    : 1);
	return problem;
}

struct rcpsp *
rcpsp_read(const char *text, size_t len, struct err *err)
{
	struct reader reader = {.at = text, .end = text + len, .line = 1};
	struct rcpsp *problem = NULL;

	if (len > LIMIT_RCPSP_BYTES)
		err_set(err, ERR_LIMIT, "1: the file has more than %u bytes", LIMIT_RCPSP_BYTES);
	else if (read_any(&reader, text, len, err))
		problem = make(&reader, err);
	free(reader.duration);
	free(reader.demand);
	free(reader.capacity);
	free(reader.arcs);
	free(reader.lines);
	return problem;
}
