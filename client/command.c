#include "client/command.h"

#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/context.h"
#include "client/output.h"
#include "client/pager.h"
#include "client/settings.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define CONTEXT_ARENA (1024u << 20)
#define SUGGEST_EDITS 2

/* Which options need which `takes`; the ones not here are always there. */
static const struct {
	const char *name;
	unsigned takes;
} common_takes[] = {
    {"server", TAKES_SERVER},
    {"context", TAKES_SERVER},
    {"workspace", TAKES_SERVER},
    {"as", TAKES_SERVER},
    {"timeout", TAKES_SERVER},
    {"ca", TAKES_SERVER},
    {"cert", TAKES_SERVER},
    {"key", TAKES_SERVER},
    {"token-file", TAKES_SERVER},
    {"as-of", TAKES_AS_OF},
    {"scenario", TAKES_AS_OF | TAKES_SCENARIO},
    {"today", TAKES_TODAY},
};

unsigned
command_common_takes(const char *name)
{
	for (size_t i = 0; i < sizeof common_takes / sizeof common_takes[0]; i++) {
		if (strcmp(name, common_takes[i].name) == 0)
			return common_takes[i].takes;
	}
	return 0;
}

const struct option command_common_options[] = {
    {0, "server", "ADDRESS",
	"where plumbd listens: unix:/PATH, tcp:HOST:PORT or tls:HOST:PORT (also $PLUMB_SERVER)",
	NULL},
    {0, "context", "NAME", "the server, workspace and person of that context (plumb help context)",
	NULL},
    {'w', "workspace", "ID", "which plan (also $PLUMB_WORKSPACE; main)", NULL},
    {0, "as", "PERSON", "who you are: person/anna (also $PLUMB_AS)", NULL},
    {0, "timeout", "SECONDS", "how long to wait for an answer (60; 0 for ever)", NULL},
    {0, "ca", "FILE",
	"whom to trust about a tls: server (also $PLUMB_CA; whom this machine trusts)", NULL},
    {0, "cert", "FILE", "the certificate to show a tls: server (also $PLUMB_CERT)", NULL},
    {0, "key", "FILE", "the key of that certificate (also $PLUMB_KEY)", NULL},
    {0, "token-file", "FILE",
	"the file with the token that lets you in (also $PLUMB_TOKEN_FILE; or the token in "
	"$PLUMB_TOKEN)",
	NULL},
    {0, "as-of", "WHEN", "the plan as it was: a revision, a baseline's name, a date or a time",
	NULL},
    {0, "scenario", "NAME",
	"the plan as that scenario shows it; changes go there (also $PLUMB_SCENARIO)", NULL},
    {0, "today", "DATE", "the day to take as today", NULL},
    {'o', "output", "FORMAT", "how to print", "table json yaml csv name md html"},
    {0, "color", "WHEN", "colours; auto: on a terminal, unless $NO_COLOR is set",
	"auto always never"},
    {0, "no-pager", NULL, "print long output on the terminal itself", NULL},
    {'h', "help", NULL, "what this command does, with examples", NULL},
    {0},
};

/* ---- suggestions */

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

#define DISTANCE_MAX 48

size_t
command_distance(const char *a, const char *b, size_t limit)
{
	size_t rows[3][DISTANCE_MAX + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > DISTANCE_MAX || blen > DISTANCE_MAX)
		return limit + 1;
	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= alen; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				size_t swapped = rows[(i + 1) % 3][j - 2] + 1;

				if (swapped < row[j])
					row[j] = swapped;
			}
		}
	}
	return rows[alen % 3][blen] > limit ? limit + 1 : rows[alen % 3][blen];
}

/* A short word must be nearer: two edits make anything of three letters. */
static size_t
edits_allowed(const char *text)
{
	return strlen(text) < 4 ? 1 : SUGGEST_EDITS;
}

const char *
command_suggest(const struct command *const *table, const char *text)
{
	const char *best = NULL;
	size_t best_distance = edits_allowed(text) + 1;

	for (size_t i = 0; table[i]; i++) {
		size_t d = command_distance(text, table[i]->name, SUGGEST_EDITS);

		if (!table[i]->hidden && d < best_distance) {
			best = table[i]->name;
			best_distance = d;
		}
	}
	if (best)
		return best;
	for (size_t i = 0; table[i]; i++) {
		if (!table[i]->hidden && strlen(text) >= 3 &&
		    strncmp(table[i]->name, text, strlen(text)) == 0)
			return table[i]->name;
	}
	return NULL;
}

static void
suggest_option(const struct option *options, const char *text, const char **best, size_t *distance)
{
	for (size_t i = 0; options && options[i].name; i++) {
		size_t d = command_distance(text, options[i].name, SUGGEST_EDITS);

		if (d < *distance) {
			*best = options[i].name;
			*distance = d;
		}
	}
}

const struct command *
command_find(const struct command *const *table, const char *name)
{
	for (size_t i = 0; table && table[i]; i++) {
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	}
	return NULL;
}

/* ---- what was given */

bool
args_has(const struct args *args, const char *option)
{
	return args_count(args, option) > 0;
}

size_t
args_count(const struct args *args, const char *option)
{
	size_t n = 0;

	for (size_t i = 0; i < args->given_count; i++)
		n += strcmp(args->given[i].name, option) == 0;
	return n;
}

const char *
args_at(const struct args *args, const char *option, size_t which)
{
	for (size_t i = 0; i < args->given_count; i++) {
		if (strcmp(args->given[i].name, option) == 0 && which-- == 0)
			return args->given[i].value;
	}
	return NULL;
}

const char *
args_get(const struct args *args, const char *option)
{
	size_t n = args_count(args, option);

	return n ? args_at(args, option, n - 1) : NULL;
}

int
args_date(const struct args *args, const char *option, char **date)
{
	const char *text = args_get(args, option);
	int32_t day;

	if (!text)
		return EXIT_FINE;
	if (!date_parse(text, &day))
		return command_usage(
		    args, "--%s takes a date like 2026-12-31; not '%s'", option, text);
	*date = pb_str(text);
	return EXIT_FINE;
}

/* ---- parsing */

struct parser {
	struct given *given;
	size_t given_count;
	const char **values;
	size_t values_count;
	const struct command *command; /* NULL until named */
	const struct command *parent;  /* of a part */
	char path[64];                 /* "admin verify" */
};

static int usage(const struct parser *parser, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int
usage(const struct parser *parser, const char *fmt, ...)
{
	va_list ap;

	fputs("plumb: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (parser->path[0])
		fprintf(stderr, "\nsee: plumb help %s\n", parser->path);
	else
		fputs("\nsee: plumb help\n", stderr);
	return EXIT_USAGE;
}

int
command_usage(const struct args *args, const char *fmt, ...)
{
	va_list ap;

	fputs("plumb: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nsee: plumb help %s\n", args->path);
	return EXIT_USAGE;
}

static const struct option *
find_long(const struct option *options, const char *name, size_t len)
{
	for (size_t i = 0; options && options[i].name; i++) {
		if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

static const struct option *
find_letter(const struct option *options, char letter)
{
	for (size_t i = 0; options && options[i].name; i++) {
		if (options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

static bool
is_one_of(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = words; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, text, n) == 0)
			return true;
		p += n;
		p += *p == ' ';
	}
	return false;
}

static int
unknown_option(const struct parser *parser, const char *text)
{
	const char *best = NULL;
	const char *bare = text + strspn(text, "-");
	char name[64];
	size_t distance = edits_allowed(bare) + 1;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
	if (text[1] == '-') {
		if (parser->command)
			suggest_option(parser->command->options, name, &best, &distance);
		suggest_option(command_common_options, name, &best, &distance);
	}
	if (best)
		return usage(parser, "no option '%s'; did you mean --%s?", text, best);
	return usage(
	    parser, "no option '%s'%s%s", text, parser->command ? " for plumb " : "", parser->path);
}

static int
take(struct parser *parser, const struct option *option, const char *value)
{
	if (option->values && !is_one_of(option->values, value))
		return usage(
		    parser, "--%s is one of: %s; not '%s'", option->name, option->values, value);
	parser->given[parser->given_count].name = option->name;
	parser->given[parser->given_count].value = value;
	parser->given_count++;
	return EXIT_FINE;
}

static int
take_long(struct parser *parser, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct option *option = NULL;

	if (parser->command)
		option = find_long(parser->command->options, name, len);
	if (!option)
		option = find_long(command_common_options, name, len);
	if (!option)
		return unknown_option(parser, argv[*i]);
	if (!option->value) {
		if (name[len])
			return usage(parser, "--%s takes no value", option->name);
		return take(parser, option, "");
	}
	if (name[len])
		return take(parser, option, name + len + 1);
	if (*i + 1 >= argc)
		return usage(parser, "--%s needs a value: --%s %s", option->name, option->name,
		    option->value);
	return take(parser, option, argv[++*i]);
}

static int
take_letters(struct parser *parser, int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option *option = NULL;
		int code;

		if (parser->command)
			option = find_letter(parser->command->options, *p);
		if (!option)
			option = find_letter(command_common_options, *p);
		if (!option)
			return unknown_option(parser, argv[*i]);
		if (option->value) {
			if (p[1])
				return take(parser, option, p[1] == '=' ? p + 2 : p + 1);
			if (*i + 1 >= argc)
				return usage(
				    parser, "-%c needs a value: -%c %s", *p, *p, option->value);
			return take(parser, option, argv[++*i]);
		}
		code = take(parser, option, "");
		if (code != EXIT_FINE)
			return code;
	}
	return EXIT_FINE;
}

static int
name_command(struct parser *parser, const char *text)
{
	const struct command *const *table =
	    parser->command ? parser->command->parts : command_table;
	const struct command *found = command_find(table, text);
	const char *near;
	size_t len;

	if (!found) {
		near = command_suggest(table, text);
		if (near)
			return usage(parser, "no command '%s%s%s'; did you mean '%s'?",
			    parser->path, parser->path[0] ? " " : "", text, near);
		return usage(
		    parser, "no command '%s%s%s'", parser->path, parser->path[0] ? " " : "", text);
	}
	parser->parent = parser->command;
	parser->command = found;
	len = strlen(parser->path);
	snprintf(parser->path + len, sizeof parser->path - len, "%s%s", parser->parent ? " " : "",
	    found->name);
	return EXIT_FINE;
}

/* Is this word the name of a command, or of a part where one is due? */
static bool
names_command(const struct parser *parser, const char *text)
{
	if (!parser->command)
		return true;
	if (!parser->command->parts || parser->values_count > 0)
		return false;
	/* a command that also runs by itself takes any other word as its argument */
	return !parser->command->run || command_find(parser->command->parts, text);
}

static bool
is_number(const char *text)
{
	double value;

	return parse_double(text, &value);
}

/* "-label:q2" where filters are taken. */
static bool
is_negated_term(const struct parser *parser, const char *text)
{
	size_t len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");

	return parser->command && (parser->command->takes & TAKES_FILTER) && len > 1 &&
	       text[1 + len] && strchr(":<>", text[1 + len]);
}

static int
parse_words(struct parser *parser, int argc, char **argv)
{
	bool only_values = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int code = EXIT_FINE;

		if (!only_values && strcmp(word, "--") == 0)
			only_values = true;
		else if (!only_values && strcmp(word, "--version") == 0 && !parser->command)
			code = name_command(parser, "version");
		else if (!only_values && strncmp(word, "--", 2) == 0)
			code = take_long(parser, argc, argv, &i);
		else if (!only_values && word[0] == '-' && word[1] && !is_number(word) &&
			 !is_negated_term(parser, word))
			code = take_letters(parser, argc, argv, &i);
		else if (names_command(parser, word))
			code = name_command(parser, word);
		else
			parser->values[parser->values_count++] = word;
		if (code != EXIT_FINE)
			return code;
	}
	return EXIT_FINE;
}

/* ---- the common options */

static int
refuse_options(const struct parser *parser)
{
	for (size_t i = 0; i < parser->given_count; i++) {
		const char *name = parser->given[i].name;
		unsigned needed;

		if (find_long(parser->command->options, name, strlen(name)))
			continue;
		needed = command_common_takes(name);
		if (needed && !(parser->command->takes & needed))
			return usage(parser, "%s takes no --%s", parser->path, name);
		if (strcmp(name, "output") == 0 && !parser->command->formats)
			return usage(
			    parser, "%s takes no -o: it has one way to print", parser->path);
	}
	return EXIT_FINE;
}

static int
read_format(const struct parser *parser, const struct args *args, struct context *ctx)
{
	const char *format = args_get(args, "output");
	char first[16];

	if (!parser->command->formats || find_long(parser->command->options, "output", 6))
		return EXIT_FINE;
	if (!format) {
		snprintf(first, sizeof first, "%.*s", (int)strcspn(parser->command->formats, " "),
		    parser->command->formats);
		format = first;
	}
	if (!is_one_of(parser->command->formats, format) ||
	    !output_parse_format(format, &ctx->out.format))
		return usage(parser, "%s prints: %s; not '%s'", parser->path,
		    parser->command->formats, format);
	return EXIT_FINE;
}

/* Said each time, so that nobody takes the one for the other. */
static void
find_scenario(const struct parser *parser, const struct args *args, struct context *ctx)
{
	const struct command *command = parser->command;
	const char *name = args_get(args, "scenario");

	ctx->scenario_from = name ? "--scenario" : "$PLUMB_SCENARIO";
	if (!name)
		name = getenv("PLUMB_SCENARIO");
	if (!name || !name[0])
		return;
	if (strncmp(name, "scenario/", 9) == 0)
		name += 9;
	if (command->takes & (TAKES_AS_OF | TAKES_SCENARIO)) {
		ctx->scenario = name;
		fprintf(stderr, "plumb: in scenario %s\n", name);
	} else if (strncmp(parser->path, "whatif", 6) != 0 &&
		   (command->group == GROUP_PLAN || command->group == GROUP_REPORT)) {
		fprintf(stderr,
		    "plumb: in the plan itself, not in scenario %s: %s goes there only\n", name,
		    parser->path);
	}
}

static int
fill_context(const struct parser *parser, const struct args *args, struct context *ctx)
{
	bool needs_config = (parser->command->takes & (TAKES_SERVER | TAKES_CONFIG)) != 0;
	struct err err = {0};
	int32_t day;

	ctx->as_of = args_get(args, "as-of") ? args_get(args, "as-of") : "";
	ctx->today = args_get(args, "today") ? args_get(args, "today") : "";
	ctx->scenario = ctx->scenario_from = "";
	if (ctx->today[0] && !date_parse(ctx->today, &day))
		return usage(
		    parser, "--today takes a date such as 2026-03-31; not '%s'", ctx->today);
	if (!settings_load(ctx, needs_config, &err) || !settings_colour(ctx, args, &err))
		return context_error(ctx, EXIT_USAGE, "%s", err.msg);
	if ((parser->command->takes & TAKES_SERVER) && !settings_fill(ctx, args, &err))
		return usage(parser, "%s", err.msg);
	if (parser->command->takes & TAKES_SERVER)
		find_scenario(parser, args, ctx);
	return read_format(parser, args, ctx);
}

/* ---- running */

static int
check_counts(const struct parser *parser)
{
	const struct command *command = parser->command;

	if (!command->run) {
		struct str names;
		int code;

		str_init(&names, 4096);
		for (size_t i = 0; command->parts[i]; i++)
			str_addf(&names, "%s%s", i ? ", " : "", command->parts[i]->name);
		code = usage(parser, "%s needs one of: %s", parser->path, names.data);
		str_fini(&names);
		return code;
	}
	if (parser->values_count < command->min_args)
		return usage(parser, "%s needs %s%s", parser->path,
		    parser->values_count ? "more: " : "", command->arguments);
	if (parser->values_count > command->max_args)
		return usage(parser, "%s does not know what to do with '%s'", parser->path,
		    parser->values[command->max_args]);
	return EXIT_FINE;
}

/*
 * Reports of any length go through a pager, where a person reads them; what goes on until it is stopped, and what
 * asks or acts, does not.
 */
static bool
wants_pager(const struct parser *parser)
{
	const struct command *command = parser->command;
	struct args args = {command, parser->values_count, parser->values, parser->given,
	    parser->given_count, parser->path};

	if (args_has(&args, "no-pager"))
		return false;
	if (!command || args_has(&args, "help"))
		return true;
	if ((command->takes & TAKES_FOLLOW) || args_has(&args, "watch"))
		return false;
	return (command->takes & TAKES_PAGER) || command->group == GROUP_READ ||
	       command->group == GROUP_PAST || command->group == GROUP_HELP;
}

/* Ends the output: nothing is lost unnoticed, unless whoever read it had enough. */
static int
finish(struct context *ctx, int code)
{
	bool paged = pager_runs() || ctx->out.file != stdout;

	if (pager_close() != 0)
		return context_error(ctx, EXIT_USAGE,
		    "the pager cannot be run; set PLUMB_PAGER to one that can, or use --no-pager");
	if (fflush(stdout) != 0 && code == EXIT_FINE && !paged)
		code = context_error(ctx, EXIT_SERVER, "cannot write the output: %m");
	return code;
}

static int
show_help(const struct parser *parser)
{
	struct context ctx = {0};
	struct str text;

	output_init(&ctx.out, wants_pager(parser) ? pager_open(NULL) : stdout);
	str_init(&text, 1u << 20);
	if (parser->command)
		command_help(parser->command, parser->path, ctx.out.width, &text);
	else
		command_overview(ctx.out.width, &text);
	fputs(text.data, ctx.out.file);
	str_fini(&text);
	return finish(&ctx, EXIT_FINE);
}

static int
run_command(const struct parser *parser)
{
	struct context ctx = {0};
	struct args args = {parser->command, parser->values_count, parser->values, parser->given,
	    parser->given_count, parser->path};
	int code;

	ctx.arena = arena_new(CONTEXT_ARENA);
	if (!ctx.arena)
		return context_error(&ctx, EXIT_SERVER, "out of memory");
	output_init(&ctx.out, stdout);
	code = fill_context(parser, &args, &ctx);
	if (code == EXIT_FINE && wants_pager(parser))
		ctx.out.file = pager_open(ctx.config.pager);
	if (code == EXIT_FINE)
		code = parser->command->run(&ctx, &args);
	code = finish(&ctx, code);
	rpc_client_free(ctx.client);
	arena_free(ctx.arena);
	return code;
}

int
command_main(int argc, char **argv)
{
	struct parser parser = {0};
	struct args all;
	size_t room = 1;
	int code;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (argc > 2 && strcmp(argv[1], "__complete") == 0)
		return command_complete(argc - 2, argv + 2);
	for (int i = 1; i < argc; i++)
		room += strlen(argv[i]) + 1; /* grouped letters: an option each */
	parser.given = calloc(room, sizeof *parser.given);
	parser.values = calloc((size_t)argc + 1, sizeof *parser.values);
	if (!parser.given || !parser.values) {
		fputs("plumb: out of memory\n", stderr);
		code = EXIT_SERVER;
		goto out;
	}
	code = parse_words(&parser, argc, argv);
	if (code != EXIT_FINE)
		goto out;
	all = (struct args){parser.command, parser.values_count, parser.values, parser.given,
	    parser.given_count, parser.path};
	if (args_has(&all, "help")) {
		code = show_help(&parser);
		goto out;
	}
	if (!parser.command) {
		show_help(&parser);
		code = argc > 1 ? usage(&parser, "no command given") : EXIT_USAGE;
		goto out;
	}
	code = check_counts(&parser);
	if (code == EXIT_FINE)
		code = refuse_options(&parser);
	if (code == EXIT_FINE)
		code = run_command(&parser);
out:
	free(parser.given);
	free(parser.values);
	return code;
}
