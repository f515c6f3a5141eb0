/* plumb ballot: a leader's own order of the objectives. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/voice.pb-c.h"

#define LINE_MAX_LEN 8192u
#define PLACES_MAX   1000u /* more than any round has */

struct ballot {
	struct context *ctx;
	const struct args *args;
	Plumb__V1__BallotRequest request;
};

static const Plumb__V1__BallotReply *
call(struct ballot *b)
{
	return context_call(b->ctx, &plumb__v1__voice__descriptor, "Ballot", &b->request.base);
}

/* ---- an order in words */

static char *
trimmed(char *text)
{
	size_t len = strlen(text);

	while (*text == ' ' || *text == '\t') {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "a" or "a=b=c": behind the places that are there. */
static bool
add_place(struct ballot *b, const char *text)
{
	Plumb__V1__BallotPlace *place = arena_alloc(b->ctx->arena, sizeof *place);
	char *words = arena_strdup(b->ctx->arena, text);
	size_t most = 1;

	for (const char *p = text; *p; p++)
		most += *p == '=';
	if (!place || !words || b->request.n_places == PLACES_MAX)
		return context_set_error(
		    b->ctx, ERR_INVALID, "the order has more than %u places", PLACES_MAX);
	plumb__v1__ballot_place__init(place);
	place->objectives = arena_array(b->ctx->arena, most, sizeof *place->objectives);
	if (!place->objectives)
		return context_set_error(b->ctx, ERR_LIMIT, "out of memory");
	for (char *next = words; next;) {
		char *word = next;

		next = strchr(word, '=');
		if (next)
			*next++ = '\0';
		word = trimmed(word);
		if (!*word)
			return context_set_error(b->ctx, ERR_INVALID,
			    "\"%.80s\" is no place: write an objective, or a=b for two that share "
			    "one",
			    text);
		place->objectives[place->n_objectives++] = word;
	}
	b->request.places[b->request.n_places++] = place;
	return true;
}

/* A line a place; # begins what is for people. */
static bool
read_lines(struct ballot *b, FILE *file, const char *path)
{
	char line[LINE_MAX_LEN];

	while (fgets(line, sizeof line, file)) {
		char *text = line;

		if (!strchr(line, '\n') && !feof(file))
			return context_set_error(b->ctx, ERR_INVALID,
			    "%s: a line has more than %u bytes", path, LINE_MAX_LEN - 2);
		text[strcspn(text, "#")] = '\0';
		text = trimmed(text);
		if (*text && !add_place(b, text))
			return false;
	}
	if (ferror(file))
		return context_set_error(b->ctx, ERR_INVALID, "%s: %s", path, strerror(errno));
	return b->request.n_places > 0 ||
	       context_set_error(b->ctx, ERR_INVALID, "%s: there is no order in it", path);
}

static bool
read_file(struct ballot *b, const char *path)
{
	FILE *file;
	bool ok;

	if (strcmp(path, "-") == 0)
		return read_lines(b, stdin, "standard input");
	file = fopen(path, "r");
	if (!file)
		return context_set_error(b->ctx, ERR_INVALID, "%s: %s", path, strerror(errno));
	ok = read_lines(b, file, path);
	fclose(file);
	return ok;
}

/* ---- on a terminal: one by one */

/* What is still to be placed, and the order so far. */
struct asking {
	struct ballot *b;
	const Plumb__V1__BallotReply *asked;
	size_t *left; /* numbers in asked */
	size_t left_count;
};

static void
show_left(const struct asking *a)
{
	struct output *out = &a->b->ctx->out;

	for (size_t i = 0; i < a->left_count; i++) {
		const Plumb__V1__BallotObjective *o = a->asked->objectives[a->left[i]];

		output_wrap(out, arena_printf(a->b->ctx->arena, "%4zu  ", i + 1),
		    arena_printf(a->b->ctx->arena, "%s (%s)", o->title[0] ? o->title : "no title",
			o->objective));
	}
}

/* "3" or "3=5" of what is left, as objectives; false: none of it was taken. */
static bool
take_numbers(struct asking *a, char *text)
{
	bool taken[PLACES_MAX] = {false};
	const char *words = "";
	size_t kept = 0;

	for (char *next = text; next;) {
		char *word = next;
		uint64_t number;

		next = strchr(word, '=');
		if (next)
			*next++ = '\0';
		if (!parse_u64(trimmed(word), 1, a->left_count, &number) || taken[number - 1])
			return false;
		taken[number - 1] = true;
		words = arena_printf(a->b->ctx->arena, "%s%s%s", words ? words : "",
		    words && *words ? "=" : "",
		    a->asked->objectives[a->left[number - 1]]->objective);
	}
	if (!words || !add_place(a->b, words))
		return false;
	for (size_t i = 0; i < a->left_count; i++)
		if (!taken[i])
			a->left[kept++] = a->left[i];
	a->left_count = kept;
	return true;
}

static bool
read_answer(char *line, size_t size)
{
	fflush(stdout);
	return fgets(line, (int)size, stdin) != NULL;
}

/* False: the terminal's user went away. */
static bool
ask_places(struct asking *a)
{
	struct output *out = &a->b->ctx->out;
	char line[LINE_MAX_LEN];

	while (a->left_count > 1) {
		output_printf(out, "\n");
		show_left(a);
		output_printf(out, "%s (a number; 2=3 for two at one place) ",
		    a->b->request.n_places == 0 ? "Which comes first?" : "Which comes next?");
		if (!read_answer(line, sizeof line))
			return false;
		if (!take_numbers(a, trimmed(line)))
			output_printf(out, "That is no number of the list, or one twice.\n");
	}
	line[0] = '1';
	line[1] = '\0';
	return a->left_count == 0 || take_numbers(a, line);
}

static void
show_order(const struct asking *a)
{
	struct output *out = &a->b->ctx->out;

	output_printf(out, "\nYour order:\n");
	for (size_t i = 0; i < a->b->request.n_places; i++) {
		const Plumb__V1__BallotPlace *place = a->b->request.places[i];

		output_printf(out, "%4zu  ", i + 1);
		for (size_t k = 0; k < place->n_objectives; k++)
			output_printf(out, "%s%s", k > 0 ? " = " : "", place->objectives[k]);
		output_printf(out, "\n");
	}
}

static bool
ask_order(struct ballot *b, const Plumb__V1__BallotReply *asked)
{
	struct asking a = {b, asked, NULL, asked->n_objectives};
	char line[16];

	a.left = arena_array(b->ctx->arena, a.left_count + 1, sizeof *a.left);
	if (!a.left || a.left_count > PLACES_MAX)
		return context_set_error(b->ctx, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < a.left_count; i++)
		a.left[i] = i;
	if (!ask_places(&a))
		return context_set_error(b->ctx, ERR_CANCELLED, "nothing was sent");
	show_order(&a);
	output_printf(&b->ctx->out, "%s Send it? [y/N] ",
	    asked->named ? "Once the round is over everybody sees it with your name."
			 : "Nobody will see that it is yours.");
	if (!read_answer(line, sizeof line) || (line[0] != 'y' && line[0] != 'Y'))
		return context_set_error(b->ctx, ERR_CANCELLED, "nothing was sent");
	b->request.named = asked->named;
	return true;
}

/* ---- showing */

static void
show_terms(struct context *ctx, const Plumb__V1__BallotReply *r)
{
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"%s (round/%s) asks you to put these objectives in your own order, until %s. %s%s",
		r->title[0] ? r->title : "A round", r->round, r->closes,
		r->named
		    ? "It is called open: once it is over everybody sees your order with your name."
		    : "It is secret: your order is kept without your name, and published only "
		      "together with at least four others.",
		r->answered ? " You have given an order already; another one takes its place."
			    : ""));
}

static bool
show_table(struct context *ctx, const Plumb__V1__BallotReply *r)
{
	struct table *table = table_new();

	if (!table)
		return false;
	table_column(table, "OBJECTIVE", TABLE_MAIN);
	table_column(table, "TITLE", TABLE_WRAP);
	for (size_t i = 0; i < r->n_objectives; i++) {
		table_cell(table, r->objectives[i]->objective);
		table_cell(table, r->objectives[i]->title);
	}
	table_print(table, &ctx->out);
	table_free(table);
	return true;
}

static int
show_asked(struct context *ctx, const Plumb__V1__BallotReply *r)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &r->base);
		return EXIT_FINE;
	}
	if (ctx->out.format == OUTPUT_TABLE) {
		show_terms(ctx, r);
		output_printf(&ctx->out, "\n");
	}
	if (!show_table(ctx, r))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (ctx->out.format == OUTPUT_TABLE)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"\nThey stand in an order drawn for you (seed %llu). Answer with: plumb "
			"ballot %s FIRST SECOND ...%s",
			(unsigned long long)r->seed, r->round, r->named ? " --named" : ""));
	return EXIT_FINE;
}

static int
show_kept(struct context *ctx, const Plumb__V1__BallotReply *r)
{
	if (ctx->out.format == OUTPUT_JSON || ctx->out.format == OUTPUT_YAML) {
		output_message(&ctx->out, &r->base);
		return EXIT_FINE;
	}
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"Thank you: kept for round/%s%s. %s after %s: plumb concord %s", r->round,
		r->replaced ? ", in the place of the order that you gave before" : "",
		r->named ? "See what came of it, with names,"
			 : "Nobody can see that it is yours. See what came of all of them",
		r->closes, r->round));
	return EXIT_FINE;
}

static int
run(struct context *ctx, const struct args *args)
{
	struct ballot b = {.ctx = ctx, .args = args};
	const Plumb__V1__BallotReply *reply;
	bool asks;

	plumb__v1__ballot_request__init(&b.request);
	b.request.workspace = pb_str(ctx->workspace);
	if (args->count > 0)
		b.request.round = pb_str(args->values[0]);
	b.request.places = arena_array(ctx->arena, PLACES_MAX, sizeof *b.request.places);
	if (!b.request.places)
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (args_has(args, "file") && args->count > 1)
		return command_usage(
		    args, "the order is in the file, or behind the round: not both");
	for (size_t i = 1; i < args->count; i++)
		if (!add_place(&b, args->values[i]))
			return context_fail(ctx);
	if (args_has(args, "file") && !read_file(&b, args_get(args, "file")))
		return context_fail(ctx);
	b.request.named = args_has(args, "named");
	asks = b.request.n_places == 0;
	if (asks && b.request.named)
		return command_usage(args, "--named goes with an order");
	reply = call(&b);
	if (!reply || !asks)
		return reply ? show_kept(ctx, reply) : context_fail(ctx);
	if (ctx->out.format != OUTPUT_TABLE || !ctx->out.terminal || !isatty(STDIN_FILENO))
		return show_asked(ctx, reply);
	show_terms(ctx, reply);
	b.request.round = reply->round;
	if (!ask_order(&b, reply))
		return context_fail(ctx);
	reply = call(&b);
	return reply ? show_kept(ctx, reply) : context_fail(ctx);
}

static const struct option options[] = {
    {'f', "file", "PATH", "the order: a line a place, a=b for two that share one; - standard input",
	NULL},
    {0, "named", NULL, "in a round called open: I know that my name will be shown", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb ballot", "what am I asked? on a terminal: asks one by one"},
    {"plumb ballot autumn retention self-service=onboarding reach", "an order, two at one place"},
    {"plumb ballot autumn -f order.txt", "the same from a file"},
    {0},
};

const struct command cmd_ballot = {
    .name = "ballot",
    .group = GROUP_REPORT,
    .arguments = "[ROUND [OBJECTIVE[=OBJECTIVE]…]]",
    .summary = "put the objectives into your own order, without seeing anybody's",
    .help =
	"A round (an item of kind round, type ballot) asks leaders what comes first: the people "
	"whom "
	"it names, or else executives and directors. Each answers alone, without seeing the plan's "
	"order or anybody's: the objectives are shown in an order that is drawn for each person. "
	"State what comes first, first; each objective of the round once. Until the round closes "
	"you "
	"may answer again; the newer order takes the place of the older."
	"\n\n"
	"In a secret round your order is kept without your name, apart from the plan, and what all "
	"orders have in common is published when at least five leaders answered, and none or at "
	"least five did not. In a round called open everybody sees your order with your name once "
	"it "
	"is over; --named says that you know. plumb concord shows what came of it; docs/VOICE.md "
	"says how it is worked out, docs/SECURITY.md what protects you.",
    .options = options,
    .examples = examples,
    .min_args = 0,
    .max_args = PLACES_MAX,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml csv",
};
