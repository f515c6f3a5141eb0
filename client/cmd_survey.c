/* plumb survey: the questions of a clarity survey, asked one by one, and their answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "client/context.h"
#include "client/yaml.h"
#include "common/pb.h"
#include "plumb/v1/survey.pb-c.h"

#define ROUNDS_MAX  1000
#define OPTIONS_MAX 64
#define FILE_MAX    ((size_t)1 << 20)

/* ---- which round --------------------------------------------------------------------------------------------- */

static const Plumb__V1__QuestionsReply *
ask_questions(struct context *ctx, const char *round)
{
	Plumb__V1__QuestionsRequest request;

	plumb__v1__questions_request__init(&request);
	request.workspace = pb_str(ctx->workspace);
	request.round = pb_str(round);
	return context_call(ctx, &plumb__v1__survey__descriptor, "Questions", &request.base);
}

/* The daemon knows which day it is: the first of the newest rounds that has opened and is not over. */
static const Plumb__V1__QuestionsReply *
find_open(struct context *ctx)
{
	const Plumb__V1__QuestionsReply *reply;
	const Plumb__V1__ListReply *rounds;
	Plumb__V1__ListRequest request;
	Plumb__V1__At at;

	plumb__v1__list_request__init(&request);
	plumb__v1__at__init(&at);
	at.workspace = pb_str(ctx->workspace);
	request.at = &at;
	request.filter = pb_str("kind:round");
	request.sort = pb_str("-revision");
	request.page_size = ROUNDS_MAX;
	rounds = context_call(ctx, &plumb__v1__plan__descriptor, "List", &request.base);
	if (!rounds)
		return NULL;
	for (size_t i = 0; i < rounds->n_entries; i++) {
		const Plumb__V1__Item *item = rounds->entries[i]->item;

		if (rounds->entries[i]->entry_case != PLUMB__V1__ENVELOPE__ENTRY_ITEM ||
		    item->body_case != PLUMB__V1__ITEM__BODY_ROUND ||
		    item->round->type != PLUMB__V1__ROUND__TYPE__CLARITY)
			continue;
		reply = ask_questions(ctx, item->id);
		if (reply && !reply->over)
			return reply;
		if (!reply && ctx->status.err.code != ERR_PRECONDITION)
			return NULL;
	}
	context_set_error(ctx, ERR_NOT_FOUND,
	    "no clarity survey is open; plumb list kind:round shows the rounds there are");
	return NULL;
}

/* ---- showing them ---------------------------------------------------------------------------------------------- */

static bool
is_right(const Plumb__V1__SurveyQuestion *q, const char *ref)
{
	for (size_t i = 0; i < q->n_right; i++) {
		if (strcmp(q->right[i], ref) == 0)
			return true;
	}
	return false;
}

static void
show_question(struct context *ctx, const Plumb__V1__SurveyQuestion *q, bool refs)
{
	output_printf(&ctx->out, "\n");
	output_wrap(&ctx->out, "", arena_printf(ctx->arena, "%s", q->text));
	for (size_t i = 0; i < q->n_options; i++) {
		const char *mark = q->n_right == 0                   ? ""
				   : is_right(q, q->options[i]->ref) ? " (right)"
								     : "";
		const char *line =
		    refs ? arena_printf(ctx->arena, "%s [%s]%s", q->options[i]->title,
			       q->options[i]->ref, mark)
			 : arena_printf(ctx->arena, "%s%s", q->options[i]->title, mark);

		output_wrap(&ctx->out, arena_printf(ctx->arena, "  %zu  ", i + 1), line);
	}
}

static const char *
kind_word(Plumb__V1__SurveyQuestion__Kind kind)
{
	switch (kind) {
	case PLUMB__V1__SURVEY_QUESTION__KIND__PRIORITIES:
		return "Which are priorities";
	case PLUMB__V1__SURVEY_QUESTION__KIND__SERVES:
		return "Which goal an objective serves";
	case PLUMB__V1__SURVEY_QUESTION__KIND__FIRST:
		return "Which comes first in a pinch";
	default:
		return "What is yours to do";
	}
}

static void
show_cannot(struct context *ctx, const Plumb__V1__QuestionsReply *reply)
{
	if (reply->n_cannot > 0)
		output_printf(&ctx->out, "\n");
	for (size_t i = 0; i < reply->n_cannot; i++)
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena, "%s %s.", kind_word(reply->cannot[i]->kind),
			reply->cannot[i]->why));
}

static int
show(struct context *ctx, const Plumb__V1__QuestionsReply *reply)
{
	if (ctx->out.format != OUTPUT_TABLE) {
		output_message(&ctx->out, &reply->base);
		return EXIT_FINE;
	}
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena, "%s: %s, from %s to %s.", reply->round,
		reply->title[0] ? reply->title : "a clarity survey", reply->opens, reply->closes));
	for (size_t i = 0; i < reply->n_questions; i++) {
		output_printf(&ctx->out, "\n%s", reply->questions[i]->id);
		show_question(ctx, reply->questions[i], true);
	}
	show_cannot(ctx, reply);
	output_printf(&ctx->out, "\n");
	output_wrap(&ctx->out, "",
	    reply->over ? "It is over: plumb clarity shows how clear it is to people."
	    : reply->answered
		? "You have answered."
		: "Answer on a terminal, or with --answers FILE: a line for each question, "
		  "\"serves-1: goal/customers-stay\"; several in [ ]; nothing if you don't know.");
	return EXIT_FINE;
}

/* ---- answering on a terminal --------------------------------------------------------------------------------- */

/* "1 3", "1,3", "": numbers of options, each once and as many as are to be chosen. */
static bool
read_numbers(const char *line, const Plumb__V1__SurveyQuestion *q, Plumb__V1__SurveyAnswer *out)
{
	bool seen[OPTIONS_MAX] = {false};

	out->n_chosen = 0;
	for (const char *p = line; *p;) {
		size_t number = 0, digits = 0;

		if (strchr(" ,\t\r\n", *p)) {
			p++;
			continue;
		}
		for (; *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
			number = number * 10 + (size_t)(*p - '0');
		if (digits == 0 || number < 1 || number > q->n_options || number > OPTIONS_MAX ||
		    seen[number - 1] || out->n_chosen == q->choose)
			return false;
		seen[number - 1] = true;
		out->chosen[out->n_chosen++] = q->options[number - 1]->ref;
	}
	return out->n_chosen == 0 || out->n_chosen == q->choose;
}

/* False at the end of the input. */
static bool
ask_one(struct context *ctx, const Plumb__V1__SurveyQuestion *q, Plumb__V1__SurveyAnswer *out)
{
	char line[256];

	show_question(ctx, q, false);
	for (;;) {
		if (q->choose == 1)
			output_printf(&ctx->out, "Number (Enter: I don't know): ");
		else
			output_printf(&ctx->out, "%u numbers (Enter: I don't know): ", q->choose);
		fflush(ctx->out.file);
		if (!fgets(line, sizeof line, stdin))
			return false;
		if (read_numbers(line, q, out))
			return true;
		output_printf(&ctx->out, "Please choose %u from 1 to %zu, or nothing.\n", q->choose,
		    q->n_options);
	}
}

/* ---- answers from a file -------------------------------------------------------------------------------------- */

struct reading {
	struct context *ctx;
	const char *path;
	bool failed;
};

static void
on_fault(void *arg, unsigned line, unsigned column, const char *message)
{
	struct reading *r = arg;

	r->failed = true;
	context_error(r->ctx, EXIT_USAGE, "%s:%u:%u: %s", r->path, line, column, message);
}

static char *
read_text(struct context *ctx, const char *path, size_t *len)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = arena_alloc(ctx->arena, FILE_MAX + 1);

	*len = file && text ? fread(text, 1, FILE_MAX + 1, file) : 0;
	if (!file || (file && ferror(file)))
		context_error(ctx, EXIT_USAGE, "%s: %s", path, strerror(errno));
	else if (*len > FILE_MAX)
		context_error(ctx, EXIT_USAGE, "%s: larger than a file of answers", path);
	else if (text) {
		if (file != stdin)
			fclose(file);
		return text;
	}
	if (file && file != stdin)
		fclose(file);
	return NULL;
}

static bool
add_chosen(Plumb__V1__SurveyAnswer *answer, const struct yaml_node *node)
{
	if (node->type != YAML_SCALAR || answer->n_chosen == OPTIONS_MAX)
		return false;
	answer->chosen[answer->n_chosen++] = pb_str(node->text);
	return true;
}

static bool
fill_answer(struct reading *r, const struct yaml_pair *pair, Plumb__V1__SurveyAnswer *answer)
{
	const struct yaml_node *value = pair->value;
	bool ok = value->type != YAML_MAP;

	answer->question = pb_str(pair->key->text);
	if (value->type == YAML_SCALAR && !yaml_is_null(value))
		ok = add_chosen(answer, value);
	for (size_t i = 0; value->type == YAML_LIST && i < value->count && ok; i++)
		ok = add_chosen(answer, value->items[i]);
	if (!ok)
		on_fault(r, value->line, value->column,
		    "an answer is an option, several in [ ], or nothing");
	return ok;
}

static Plumb__V1__SurveyAnswer *
new_answer(struct context *ctx)
{
	Plumb__V1__SurveyAnswer *answer = arena_alloc(ctx->arena, sizeof *answer);

	if (!answer)
		return NULL;
	plumb__v1__survey_answer__init(answer);
	answer->chosen = arena_array(ctx->arena, OPTIONS_MAX, sizeof answer->chosen[0]);
	return answer->chosen ? answer : NULL;
}

static bool
read_file(struct context *ctx, const char *path, Plumb__V1__AnswerRequest *request)
{
	struct reading r = {ctx, strcmp(path, "-") == 0 ? "standard input" : path, false};
	struct yaml_node *root;
	bool oom = false;
	size_t len;
	char *text = read_text(ctx, path, &len);

	if (!text)
		return false;
	root = yaml_read(text, len, ctx->arena, on_fault, &r, &oom);
	if (r.failed || oom)
		return false;
	if (!root || root->type != YAML_MAP) {
		context_error(ctx, EXIT_USAGE,
		    "%s: a file of answers has a line for each question: \"serves-1: goal/x\"",
		    r.path);
		return false;
	}
	request->answers = arena_array(ctx->arena, root->count + 1, sizeof request->answers[0]);
	for (size_t i = 0; request->answers && i < root->count; i++) {
		Plumb__V1__SurveyAnswer *answer = new_answer(ctx);

		if (!answer || !fill_answer(&r, &root->pairs[i], answer))
			return false;
		request->answers[request->n_answers++] = answer;
	}
	return request->answers != NULL;
}

/* ---- sending them ----------------------------------------------------------------------------------------------- */

static int
send_answers(struct context *ctx, Plumb__V1__AnswerRequest *request)
{
	const Plumb__V1__AnswerReply *reply;

	request->workspace = pb_str(ctx->workspace);
	reply = context_call(ctx, &plumb__v1__survey__descriptor, "Answer", &request->base);
	if (!reply)
		return context_fail(ctx);
	if (ctx->out.format != OUTPUT_TABLE)
		output_message(&ctx->out, &reply->base);
	else
		output_wrap(&ctx->out, "",
		    arena_printf(ctx->arena,
			"Thank you: kept, without your name and without the time. How clear it is "
			"to people is shown after %s with plumb clarity, in groups of at least "
			"five.",
			reply->closes));
	return EXIT_FINE;
}

static int
ask_all(struct context *ctx, const Plumb__V1__QuestionsReply *reply)
{
	Plumb__V1__AnswerRequest request;

	plumb__v1__answer_request__init(&request);
	request.round = reply->round;
	request.answers =
	    arena_array(ctx->arena, reply->n_questions + 1, sizeof request.answers[0]);
	if (!request.answers)
		return context_error(ctx, EXIT_USAGE, "out of memory");
	output_wrap(&ctx->out, "",
	    arena_printf(ctx->arena,
		"%zu questions about the plan as it was when %s opened. What is kept: how many "
		"you knew of each kind and your level, not who you are.",
		reply->n_questions, reply->round));
	show_cannot(ctx, reply);
	for (size_t i = 0; i < reply->n_questions; i++) {
		Plumb__V1__SurveyAnswer *answer = new_answer(ctx);

		if (!answer)
			return context_error(ctx, EXIT_USAGE, "out of memory");
		answer->question = reply->questions[i]->id;
		if (!ask_one(ctx, reply->questions[i], answer))
			return context_error(
			    ctx, EXIT_USAGE, "no more input: nothing was sent; begin again");
		request.answers[request.n_answers++] = answer;
	}
	output_printf(&ctx->out, "\n");
	return send_answers(ctx, &request);
}

static int
run(struct context *ctx, const struct args *args)
{
	const char *path = args_get(args, "answers");
	const Plumb__V1__QuestionsReply *reply;
	Plumb__V1__AnswerRequest request;

	reply = args->count > 0 ? ask_questions(ctx, args->values[0]) : find_open(ctx);
	if (!reply) {
		if (ctx->status.err.code == ERR_DENIED && !ctx->as[0])
			return command_usage(args, "say who you are (--as PERSON); it is not kept");
		return context_fail(ctx);
	}
	if (path) {
		plumb__v1__answer_request__init(&request);
		request.round = reply->round;
		return read_file(ctx, path, &request) ? send_answers(ctx, &request) : EXIT_USAGE;
	}
	if (reply->over || reply->answered || reply->n_questions == 0 ||
	    ctx->out.format != OUTPUT_TABLE || !ctx->out.terminal || !isatty(STDIN_FILENO))
		return show(ctx, reply);
	return ask_all(ctx, reply);
}

static const struct option options[] = {
    {0, "answers", "FILE", "take the answers from a file (- for standard input)", NULL},
    {0},
};

static const struct example examples[] = {
    {"plumb survey", "the one that is open: asks one question after the other"},
    {"plumb survey clarity-q2 -o json", "the questions, for a program"},
    {"plumb survey clarity-q2 --answers mine.yaml", "answers that were written down"},
    {0},
};

const struct command cmd_survey = {
    .name = "survey",
    .group = GROUP_REPORT,
    .arguments = "[ROUND]",
    .summary = "answer what a clarity survey asks you",
    .help =
	"A round of type clarity asks: which of these are priorities, which goal does this "
	"objective serve, which comes first in a pinch, and what is yours to do. The questions are "
	"made of the plan as it was when the round opened, other ones for each person; what is "
	"right is shown once it is over. A plan too small for some says why they can't be asked."
	"\n\n"
	"A file of answers has a line for each question: \"serves-1: goal/customers-stay\"; where "
	"several are asked for, [objective/a, objective/b]; nothing behind the colon if you don't "
	"know. One answers once, and for oneself only."
	"\n\n"
	"Kept are your level and which kinds of question you knew, without your name or the time, "
	"apart from the plan: not in its history, exports or backups. docs/CLARITY.md says what is "
	"published.",
    .options = options,
    .examples = examples,
    .max_args = 1,
    .run = run,
    .takes = TAKES_SERVER,
    .formats = "table json yaml",
};
