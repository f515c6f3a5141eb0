/* plumb room: the book of the quarterly customer room. */
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/customer.h"
#include "client/room_page.h"
#include "common/pb.h"
#include "common/str.h"

#define BOOK_MAX (256u << 20)

struct room {
	struct context *ctx;
	struct room_part *parts;
	size_t count;
	size_t cap;
	size_t steps_cap; /* of the last path */
	const Plumb__V1__RoomBook *book;
};

/* A further message of the same journey brings more steps; false: out of memory, or a path without a segment. */
static bool
take_path(struct room *room, Plumb__V1__JourneyPath *path)
{
	struct arena *arena = room->ctx->arena;
	struct room_part *part = room->count ? &room->parts[room->count - 1] : NULL;
	Plumb__V1__JourneyPath *last = part && part->count ? part->paths[part->count - 1] : NULL;
	void *grown;

	if (!part)
		return false;
	if (last && strcmp(last->ref, path->ref) == 0) {
		grown = arena_append(arena, last->steps, last->n_steps, &room->steps_cap,
		    path->steps, path->n_steps, sizeof path->steps[0]);
		if (!grown)
			return false;
		last->steps = grown;
		last->n_steps += path->n_steps;
		return true;
	}
	grown = arena_append(arena, part->paths, part->count, &part->cap, &path, 1, sizeof path);
	if (!grown)
		return false;
	part->paths = grown;
	part->count++;
	room->steps_cap = path->n_steps;
	return true;
}

static bool
take_segment(struct room *room, const Plumb__V1__RoomSegment *segment)
{
	struct room_part part = {.segment = segment};
	void *grown = arena_append(
	    room->ctx->arena, room->parts, room->count, &room->cap, &part, 1, sizeof part);

	if (!grown)
		return false;
	room->parts = grown;
	room->count++;
	return true;
}

static bool
ask(struct room *room, const Plumb__V1__RoomRequest *request)
{
	struct context *ctx = room->ctx;
	const Plumb__V1__RoomReply *reply;

	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Room", &request->base))
		return false;
	while ((reply = context_next(ctx))) {
		if ((reply->segment && !take_segment(room, reply->segment)) ||
		    (reply->path && !take_path(room, reply->path)))
			return context_set_error(ctx, ERR_LIMIT, "out of memory");
		if (reply->book)
			room->book = reply->book;
	}
	if (ctx->status.err.code != ERR_OK)
		return false;
	return room->book || context_set_error(ctx, ERR_INTERNAL, "plumbd's answer has no end");
}

/* As the daemon says it, each journey in one piece. */
static void
show_messages(struct room *room)
{
	struct output *out = &room->ctx->out;
	Plumb__V1__RoomReply reply;

	output_list_begin(out);
	for (size_t i = 0; i < room->count; i++) {
		plumb__v1__room_reply__init(&reply);
		reply.segment = (Plumb__V1__RoomSegment *)(uintptr_t)room->parts[i].segment;
		output_list_add(out, &reply.base);
		plumb__v1__room_reply__init(&reply);
		for (size_t k = 0; k < room->parts[i].count; k++) {
			reply.path = room->parts[i].paths[k];
			output_list_add(out, &reply.base);
		}
	}
	plumb__v1__room_reply__init(&reply);
	reply.book = (Plumb__V1__RoomBook *)(uintptr_t)room->book;
	output_list_add(out, &reply.base);
	output_list_end(out);
}

static bool
show_page(struct room *room, bool html)
{
	struct str text;
	bool ok;

	str_init(&text, BOOK_MAX);
	ok = room_page(room->ctx, room->book, room->parts, room->count, html, &text);
	if (ok)
		fputs(text.data, room->ctx->out.file);
	str_fini(&text);
	return ok;
}

static int
run(struct context *ctx, const struct args *args)
{
	Plumb__V1__RoomRequest request;
	struct room room = {.ctx = ctx};
	const char *journey = args_get(args, "journey"), *segment = args_get(args, "segment");
	const char *refs[2] = {NULL, NULL};
	Plumb__V1__At at;

	plumb__v1__room_request__init(&request);
	if (!context_at(ctx, &at) ||
	    (journey && !(refs[0] = context_ref(ctx, journey, "journey"))) ||
	    (segment && !(refs[1] = context_ref(ctx, segment, "segment"))))
		return context_fail(ctx);
	request.at = &at;
	request.quarter = pb_str(args->count > 0 ? args->values[0] : "");
	request.journey = pb_str(refs[0] ? refs[0] : "");
	request.segment = pb_str(refs[1] ? refs[1] : "");
	if (!ask(&room, &request))
		return customer_fail(ctx, refs, 2);
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML)
		show_messages(&room);
	else if (!show_page(&room, ctx->out.format == OUTPUT_HTML))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	return EXIT_FINE;
}

static const struct option options[] = {
    {0, "journey", "JOURNEY", "only this one", NULL},
    {0, "segment", "SEGMENT", "only this one", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb room 2027-Q1", "the book of the first quarter, as Markdown"},
    {"plumb room 2027-Q1 -o html >room.html", "to be read in a browser and printed"},
    {"plumb room", "of the quarter that is running, as it stands today"},
    {"plumb room 2027-q1 --segment small-firms", "about one segment only"},
    {0},
};

const struct command cmd_room = {
    .name = "room",
    .group = GROUP_READ,
    .arguments = "[QUARTER]",
    .summary = "make the book of the quarterly customer room",
    .help =
	"Who the customers are, how they move through (with the change against the last quarter), "
	"why us and where from, what they want next, what we promised them, and what is to be "
	"decided: one book for everybody who comes to the customer room. QUARTER is written like "
	"2027-Q1, or names a period of the plan; a period of that id comes before the quarter of "
	"the civil year."
	"\n\n"
	"The book is of the quarter's last day: the plan as it was then. Of the running quarter it "
	"is as it stands today. Where something is missing, the book says what, and what to type."
	"\n\n"
	"The HTML is one file with its pictures inside, without scripts, and prints on A4. "
	"docs/ROOM.md has the definitions.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = 1,
    .run = run,
    .takes = TAKES_READ,
    .formats = "md html json yaml",
};
