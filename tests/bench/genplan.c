/*
 * genplan: a made-up plan of any size, as plan files or into a running daemon.
 *
 *   genplan --items 1000000 --seed 1 --format frames --server unix:/tmp/s
 *   genplan --items 5000 --seed 1 --format yaml --dir /tmp/plan
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "client/planfile_write.h"
#include "client/rpc_client.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "tests/bench/genplan.h"

#define CHANGES_MAX 5000u
#define BYTES_MAX   (3u << 20) /* of a change set, well below a frame's 4 MiB */
#define BATCH_ARENA ((size_t)64 << 20)
#define PLAN_ARENA  ((size_t)8 << 30)
#define FILE_MAX    ((size_t)1 << 30)
#define PLACES_MAX                                                                                 \
	(16u << 20) /* bytes of rankings copied for the places of one set: each copies the list */
#define TIMEOUT_MS 120000

/* Where the plan goes to. */
struct output {
	struct genplan plan;
	const char *workspace;
	size_t items, records, places, change_sets;
	/* a daemon */
	struct rpc_client *client;
	struct arena *replies;
	Plumb__V1__Change *changes[CHANGES_MAX];
	size_t changes_count;
	size_t bytes;
	size_t copied; /* bytes of rankings, by the set's places */
	/* files */
	const char *folder;
	struct planfile_writer *writer;
	Plumb__V1__RankingList ranking;
	size_t ranked_cap;
	uint32_t last_rank;
};

static void PRINTF_LIKE(1, 2) __attribute__((noreturn)) die(const char *format, ...)
{
	va_list ap;

	fputs("genplan: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *
make(struct output *out, size_t size)
{
	void *p = arena_zalloc(out->plan.arena, size);

	if (p == NULL)
		die("out of memory");
	return p;
}

/* ---- into a daemon ------------------------------------------------------------------------------------- */

static void
flush(struct output *out)
{
	Plumb__V1__ApplyRequest request;
	Plumb__V1__ChangeSet set;
	struct rpc_status status = {0};

	if (out->changes_count == 0)
		return;
	plumb__v1__apply_request__init(&request);
	plumb__v1__change_set__init(&set);
	request.workspace = pb_str(out->workspace);
	request.change_set = &set;
	set.changes = out->changes;
	set.n_changes = out->changes_count;
	set.reason = pb_str("genplan");
	if (rpc_client_call(out->client, &plumb__v1__plan__descriptor, "Apply", &request.base,
		out->replies, &status) == NULL)
		die("change set %zu: %s%s%s", out->change_sets + 1, status.err.msg,
		    status.violations_count > 0 ? ": " : "",
		    status.violations_count > 0 ? status.violations[0].description : "");
	out->change_sets++;
	out->changes_count = 0;
	out->bytes = 0;
	out->copied = 0;
	arena_reset(out->replies);
	arena_reset(out->plan.arena);
}

/* The set is sent before the change that would overfill it, and the arena emptied when nothing in it is needed. */
static Plumb__V1__Change *
new_change(struct output *out)
{
	Plumb__V1__Change *change = make(out, sizeof *change);

	plumb__v1__change__init(change);
	return change;
}

static void
add_change(struct output *out, Plumb__V1__Change *change)
{
	out->changes[out->changes_count++] = change;
	out->bytes += protobuf_c_message_get_packed_size(&change->base) + 8;
	if (out->changes_count == CHANGES_MAX || out->bytes >= BYTES_MAX)
		flush(out);
}

static void
send_item(void *arg, Plumb__V1__Kind kind, Plumb__V1__Item *item)
{
	struct output *out = arg;
	Plumb__V1__Change *change = new_change(out);

	(void)kind;
	change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change->put = make(out, sizeof *change->put);
	plumb__v1__put__init(change->put);
	change->put->item = item;
	out->items++;
	add_change(out, change);
}

static void
send_record(void *arg, Plumb__V1__Kind kind, Plumb__V1__Record *record)
{
	struct output *out = arg;
	Plumb__V1__Change *change = new_change(out);

	(void)kind;
	change->change_case = PLUMB__V1__CHANGE__CHANGE_ADD;
	change->add = make(out, sizeof *change->add);
	plumb__v1__add__init(change->add);
	change->add->record = record;
	out->records++;
	add_change(out, change);
}

static void
send_place(void *arg, const char *initiative, const char *tied_with)
{
	struct output *out = arg;
	Plumb__V1__Change *change = new_change(out);

	change->change_case = PLUMB__V1__CHANGE__CHANGE_PLACE;
	change->place = make(out, sizeof *change->place);
	plumb__v1__place__init(change->place);
	change->place->item = pb_str(initiative);
	if (tied_with != NULL) {
		change->place->where_case = PLUMB__V1__PLACE__WHERE_TIED_WITH;
		change->place->tied_with = pb_str(tied_with);
	} else {
		change->place->where_case = PLUMB__V1__PLACE__WHERE_LAST;
		change->place->last = true;
	}
	out->places++;
	out->copied += out->places * 16;
	add_change(out, change);
	if (out->copied >= PLACES_MAX)
		flush(out);
}

static void
run_frames(struct output *out, const char *server)
{
	const struct rpc_options options = {.timeout_ms = TIMEOUT_MS};
	struct rpc_status status = {0};

	out->client = rpc_client_open(server, &options, &status);
	if (out->client == NULL)
		die("%s: %s", server, status.err.msg);
	out->replies = arena_new(BATCH_ARENA);
	out->plan.arena = arena_new(BATCH_ARENA);
	if (out->replies == NULL || out->plan.arena == NULL)
		die("out of memory");
	out->plan.item = send_item;
	out->plan.record = send_record;
	out->plan.place = send_place;
	genplan_run(&out->plan);
	flush(out);
	rpc_client_free(out->client);
	arena_free(out->replies);
}

/* ---- into files ---------------------------------------------------------------------------------------- */

static void
keep(struct output *out, Plumb__V1__Kind kind, Plumb__V1__Item *item, Plumb__V1__Record *record,
    const char *id)
{
	Plumb__V1__Envelope *envelope = make(out, sizeof *envelope);
	char *ref = arena_printf(out->plan.arena, "%s/%s", planfile_kind(kind)->name, id);

	plumb__v1__envelope__init(envelope);
	if (ref == NULL)
		die("out of memory");
	envelope->ref = ref;
	envelope->kind = kind;
	if (item != NULL) {
		envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_ITEM;
		envelope->item = item;
	} else {
		envelope->entry_case = PLUMB__V1__ENVELOPE__ENTRY_RECORD;
		envelope->record = record;
	}
	if (!planfile_writer_add(out->writer, envelope))
		die("out of memory");
}

static void
keep_item(void *arg, Plumb__V1__Kind kind, Plumb__V1__Item *item)
{
	struct output *out = arg;

	out->items++;
	keep(out, kind, item, NULL, item->id);
}

static void
keep_record(void *arg, Plumb__V1__Kind kind, Plumb__V1__Record *record)
{
	struct output *out = arg;

	out->records++;
	keep(out, kind, NULL, record, record->id);
}

static void
keep_place(void *arg, const char *initiative, const char *tied_with)
{
	struct output *out = arg;
	Plumb__V1__RankedItem *item = make(out, sizeof *item);
	Plumb__V1__RankedItem **bigger;

	if (out->ranking.n_items == out->ranked_cap) {
		out->ranked_cap = out->ranked_cap == 0 ? 256 : out->ranked_cap * 2;
		bigger = make(out, out->ranked_cap * sizeof *bigger);
		if (out->ranking.n_items > 0)
			memcpy(bigger, out->ranking.items, out->ranking.n_items * sizeof *bigger);
		out->ranking.items = bigger;
	}
	plumb__v1__ranked_item__init(item);
	item->ref = arena_printf(out->plan.arena, "initiative/%s", initiative);
	if (item->ref == NULL)
		die("out of memory");
	if (tied_with == NULL)
		out->last_rank = (uint32_t)out->ranking.n_items + 1;
	item->rank = out->last_rank;
	out->ranking.items[out->ranking.n_items++] = item;
	out->places++;
}

static void
write_file(struct output *out, const char *name, const struct str *text)
{
	char path[4096];
	FILE *file;

	if (!str_ok(text))
		die("%s.yaml would be too large: fewer items, or --format frames", name);
	if (text->len == 0)
		return;
	if (snprintf(path, sizeof path, "%s/%s.yaml", out->folder, name) >= (int)sizeof path)
		die("the folder's name is too long");
	file = fopen(path, "w");
	if (file == NULL || fwrite(text->data, 1, text->len, file) != text->len ||
	    fclose(file) != 0)
		die("cannot write %s: %s", path, strerror(errno));
}

static void
write_files(struct output *out)
{
	struct str text;

	str_init(&text, FILE_MAX);
	planfile_write_head(out->writer, "", 0, &text);
	write_file(out, "ranking", &text);
	for (int kind = 1; kind < 60; kind++) {
		const struct planfile_kind *of = planfile_kind((Plumb__V1__Kind)kind);

		if (of == NULL)
			continue;
		str_reset(&text);
		planfile_write_section(out->writer, of, &text);
		write_file(out, of->name, &text);
	}
	str_fini(&text);
}

static void
run_yaml(struct output *out)
{
	Plumb__V1__Envelope *ranking;

	if (mkdir(out->folder, 0777) != 0 && errno != EEXIST)
		die("cannot make %s: %s", out->folder, strerror(errno));
	out->plan.arena = arena_new(PLAN_ARENA);
	out->writer = out->plan.arena != NULL ? planfile_writer_new(out->plan.arena) : NULL;
	if (out->writer == NULL)
		die("out of memory");
	plumb__v1__ranking_list__init(&out->ranking);
	out->plan.item = keep_item;
	out->plan.record = keep_record;
	out->plan.place = keep_place;
	genplan_run(&out->plan);
	ranking = make(out, sizeof *ranking);
	plumb__v1__envelope__init(ranking);
	ranking->ref = pb_str("ranking/workspace");
	ranking->kind = PLUMB__V1__KIND__RANKING;
	ranking->entry_case = PLUMB__V1__ENVELOPE__ENTRY_RANKING;
	ranking->ranking = &out->ranking;
	if (!planfile_writer_add(out->writer, ranking) || !planfile_writer_arrange(out->writer))
		die("out of memory");
	write_files(out);
}

/* ---- the command line ------------------------------------------------------------------------------------ */

static const char usage[] =
    "genplan --items N [--seed S] [--faults 0.05] [--today DATE] [--no-records]\n"
    "        --format frames [--server ADDR] [--workspace W] | --format yaml --dir FOLDER\n";

static uint64_t
number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;

	if (!parse_u64(text, min, max, &value))
		die("--%s wants a whole number from %" PRIu64 " to %" PRIu64, option, min, max);
	return value;
}

static void
report(const struct output *out, const struct timespec *began)
{
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds =
	    (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
	printf("%zu items, %zu records, %zu places", out->items, out->records, out->places);
	if (out->change_sets > 0)
		printf(" in %zu change sets", out->change_sets);
	printf(", %.2f s\n", seconds);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"items", 1, NULL, 'i'}, {"seed", 1, NULL, 's'},
	    {"faults", 1, NULL, 'f'}, {"today", 1, NULL, 't'}, {"no-records", 0, NULL, 'n'},
	    {"format", 1, NULL, 'o'}, {"server", 1, NULL, 'S'}, {"workspace", 1, NULL, 'w'},
	    {"dir", 1, NULL, 'd'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct output out;
	const char *format = "", *server = getenv("PLUMB_SERVER");
	struct timespec began;
	int c;

	out.plan = (struct genplan){.seed = 1,
	    .faults = 0.05,
	    .records = true,
	    .arg = &out,
	    .today = date_from_civil(2026, 3, 31)};
	out.workspace = "";
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			out.plan.items =
			    (uint32_t)number("items", optarg, GENPLAN_ITEMS_MIN, 15000000);
			break;
		case 's':
			out.plan.seed = number("seed", optarg, 0, UINT64_MAX);
			break;
		case 'f':
			if (!parse_double(optarg, &out.plan.faults) || out.plan.faults < 0 ||
			    out.plan.faults > 1)
				die("--faults wants a share from 0 to 1");
			break;
		case 't':
			if (!date_parse(optarg, &out.plan.today))
				die("--today wants a date, as 2026-03-31");
			break;
		case 'n':
			out.plan.records = false;
			break;
		case 'o':
			format = optarg;
			break;
		case 'S':
			server = optarg;
			break;
		case 'w':
			out.workspace = optarg;
			break;
		case 'd':
			out.folder = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc || !genplan_count(&out.plan)) {
		fputs(usage, stderr);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (strcmp(format, "frames") == 0 && server != NULL)
		run_frames(&out, server);
	else if (strcmp(format, "yaml") == 0 && out.folder != NULL)
		run_yaml(&out);
	else
		die("wants --format frames with --server (or $PLUMB_SERVER), or --format yaml with "
		    "--dir");
	report(&out, &began);
	arena_free(out.plan.arena);
	return 0;
}
