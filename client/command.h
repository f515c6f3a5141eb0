/*
 * Commands: one table from which dispatch, help, completion and the man page come.
 *
 * A command is data (struct command, exported by its cmd_*.c as cmd_<name>) and one function. Parsing of options
 * and the count of arguments are done here, before run is called.
 */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct context;
struct str;

/* What plumb exits with. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_NO = 1, /* the answer is no: findings, differences that were asked about, a conflict */
	EXIT_USAGE = 2,  /* the command line or a file is wrong */
	EXIT_SERVER = 3, /* no server, or it refused */
};

enum command_group {
	GROUP_PLAN,   /* shaping the plan */
	GROUP_READ,   /* looking at it */
	GROUP_REPORT, /* reporting progress */
	GROUP_PAST,   /* its past */
	GROUP_DAEMON, /* running it */
	GROUP_HELP,
	GROUP_COUNT,
};

struct option {
	char letter;       /* 0: none */
	const char *name;  /* "file", for --file */
	const char *value; /* "PATH"; NULL: a flag */
	const char *help;  /* one line, no full stop */
	const char
	    *values; /* "table json yaml": the only values; NULL: any. Checked, and completed */
};

struct example {
	const char *line; /* "plumb apply -f plan/" */
	const char *what; /* "shows what would change, asks, and applies it" */
};

/* Which of the common options have a meaning for a command; the others are refused. */
enum takes {
	TAKES_SERVER =
	    1, /* --server --context --workspace --as --timeout --ca --cert --key --token-file */
	TAKES_AS_OF = 2,
	TAKES_TODAY = 4,
	TAKES_FILTER = 8,     /* -label:q2 is an argument, no option */
	TAKES_CONFIG = 16,    /* the configuration must be readable */
	TAKES_PAGER = 32,     /* long output is paged; so are the groups READ, PAST and HELP */
	TAKES_FOLLOW = 64,    /* goes on until it is stopped: never paged */
	TAKES_SCENARIO = 128, /* --scenario, as all do that take --as-of */
	TAKES_READ = TAKES_SERVER | TAKES_AS_OF | TAKES_TODAY,
};

/* An option as it was given. */
struct given {
	const char *name;  /* static */
	const char *value; /* "" for a flag; borrowed from argv */
};

struct args;
typedef int (*command_run_fn)(struct context *ctx, const struct args *args);

struct command {
	const char *name;
	enum command_group group;
	const char *arguments; /* "KIND/ID…"; "" none */
	const char *
	    summary; /* one line, lower case, no full stop: "put the plan in these files into the daemon" */
	const char *help;               /* paragraphs divided by "\n\n"; wrapped when shown */
	const struct option *options;   /* ends with {0}; may be NULL */
	const struct example *examples; /* ends with {0} */
	size_t min_args;
	size_t max_args;
	command_run_fn run;                 /* NULL: only its parts are commands */
	const struct command *const *parts; /* "admin verify": ends with NULL; may be NULL */
	unsigned takes;                     /* enum takes */
	const char *
	    formats; /* "table json yaml csv name": what -o may be, the default first; NULL: no -o */
	bool hidden;
};

/* All commands, in order of group; ends with NULL (command_table.c). */
extern const struct command *const command_table[];

/* The command line of one command, parsed. */
struct args {
	const struct command *command;
	size_t count;              /* of values */
	const char *const *values; /* the arguments that are not options; borrowed from argv */
	/* private */
	struct given *given;
	size_t given_count;
	const char *path; /* "admin verify" */
};

/* Was the option given? */
bool args_has(const struct args *args, const char *option);
/* The last value given, or NULL. */
const char *args_get(const struct args *args, const char *option);
/* A date; *date stays where the option is not given. EXIT_USAGE, and said, if it is none. */
int args_date(const struct args *args, const char *option, char **date) MUST_CHECK;
/* How often it was given, and the i-th value. */
size_t args_count(const struct args *args, const char *option);
const char *args_at(const struct args *args, const char *option, size_t i);

/* Everything: parses, dispatches, answers the exit code. */
int command_main(int argc, char **argv);

/* The command with that name ("admin", or a part given its parent's parts); NULL. */
const struct command *command_find(const struct command *const *table, const char *name);
/* The name in the table that text was probably meant to be; NULL if none is near. */
const char *command_suggest(const struct command *const *table, const char *text);
/* Prints "plumb: …" and "see: plumb help X"; always EXIT_USAGE. */
int command_usage(const struct args *args, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- what is made from the table: help (command_help.c), completion (complete.c), man pages (command_man.c) */

/* path is "admin verify". */
void command_help(const struct command *command, const char *path, int width, struct str *out);
void command_overview(int width, struct str *out);
/* "Shaping the plan". */
const char *command_group_title(enum command_group group);
/* The script for "bash", "zsh" or "fish"; false: there is none for that shell. */
bool command_completion(const char *shell, struct str *out);
/* What could stand for the last word, a line each, asking the daemon where it takes that; see complete.c. */
int command_complete(int count, char **words);
/* plumb(1), and the page of one command: plumb-admin(1) with its parts. */
void command_man(struct str *out);
void command_man_page(const struct command *command, struct str *out);
/* Does the command take that common option (and not replace it with its own)? */
bool command_takes(const struct command *command, const struct option *option);
/* The only values that the option may have for this command, divided by blanks; NULL: any. */
const char *command_option_values(const struct command *command, const struct option *option);
/* The options every command takes; ends with {0}. */
extern const struct option command_common_options[];
/* What a command must take (TAKES_…) for that common option to be one of its own; 0: every command has it. */
unsigned command_common_takes(const char *name);

/* Distance in edits (insert, delete, replace, swap of neighbours), at most limit + 1. */
size_t command_distance(const char *a, const char *b, size_t limit);

#endif
