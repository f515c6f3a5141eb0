/* The table of commands, its command line, and what comes from it: help, completion, the man page. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command.h"
#include "common/str.h"

#define WORDS_MAX 16
#define TEXT_MAX  65536

/* ---- running a command line */

static char said[TEXT_MAX];       /* on standard output */
static char complained[TEXT_MAX]; /* on standard error */

static void
read_back(FILE *file, char *buf)
{
	size_t n;

	rewind(file);
	n = fread(buf, 1, TEXT_MAX - 1, file);
	buf[n] = '\0';
	fclose(file);
}

/* Splits at blanks; quotes keep words together. The words live in line. */
static int
split(char *line, char **words)
{
	int n = 0;

	for (char *p = line; *p && n < WORDS_MAX - 1;) {
		char *out;
		char quote = '\0';

		p += strspn(p, " ");
		if (!*p)
			break;
		words[n++] = out = p;
		for (; *p && (quote || *p != ' '); p++) {
			if (*p == quote)
				quote = '\0';
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
			else
				*out++ = *p;
		}
		if (*p)
			p++;
		*out = '\0';
	}
	words[n] = NULL;
	return n;
}

static int
run(const char *line)
{
	char copy[512];
	char *words[WORDS_MAX];
	FILE *out = tmpfile(), *errors = tmpfile();
	int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	int code, n;

	ck_assert(out && errors);
	snprintf(copy, sizeof copy, "%s", line);
	n = split(copy, words);
	fflush(NULL);
	dup2(fileno(out), STDOUT_FILENO);
	dup2(fileno(errors), STDERR_FILENO);
	code = command_main(n, words);
	fflush(NULL);
	dup2(saved[0], STDOUT_FILENO);
	dup2(saved[1], STDERR_FILENO);
	close(saved[0]);
	close(saved[1]);
	read_back(out, said);
	read_back(errors, complained);
	return code;
}

static void
nowhere(void)
{
	unsetenv("PLUMB_WORKSPACE");
	unsetenv("PLUMB_AS");
	unsetenv("COLUMNS");
	unsetenv("PLUMB_CONTEXT");
	setenv("PLUMB_CONFIG", "/nowhere/config", 1); /* whatever whoever runs this has */
	setenv("PLUMB_SERVER", "unix:/nowhere/plumbd.sock", 1);
}

/* ---- command lines that are wrong */

static const struct {
	const char *line;
	const char *says; /* on standard error */
} wrong[] = {
    {"plumb chek", "no command 'chek'; did you mean 'check'?"},
    {"plumb histroy", "did you mean 'history'?"}, /* neighbours swapped: one edit */
    {"plumb work", "did you mean 'workspace'?"},  /* the beginning of a name */
    {"plumb xyzzy", "no command 'xyzzy'\n"},
    {"plumb admin verfy", "no command 'admin verfy'; did you mean 'verify'?"},
    {"plumb admin", "needs one of: verify, backup, restore, snapshot"},
    {"plumb check --fial-on error", "did you mean --fail-on?"},
    {"plumb check --fail-on bad", "--fail-on is one of: note warning error never; not 'bad'"},
    {"plumb check --fail-on", "--fail-on needs a value"},
    {"plumb check --waived=yes", "--waived takes no value"},
    {"plumb check -z", "no option '-z' for plumb check"},
    {"plumb check goal/x", "does not know what to do with 'goal/x'"},
    {"plumb get", "plumb: get needs KIND/ID"},
    {"plumb measure x", "plumb: measure needs more: MEASURE VALUE"},
    {"plumb measure x much", "'much' is no number"},
    {"plumb measure x 1 --role sum", "--role is one of: actual baseline target; not 'sum'"},
    {"plumb measure x nan", "'nan' is no number"},
    {"plumb checkin x done", "not 'done'"},
    {"plumb checkin goal/x on-track --progress 120%", "--progress takes 0% to 100%; not '120%'"},
    {"plumb checkin goal/x on-track --remaining 3h", "--remaining takes person-days"},
    {"plumb checkin goal/x on-track --at yesterday", "--at takes a date"},
    {"plumb checkin goal/x on-track --by 'Anna B'", "--by takes a person"},
    {"plumb get goal/x -o csv", "plumb: get prints: table json yaml name; not 'csv'"},
    {"plumb get goal/x -o xml", "--output is one of"},
    {"plumb ping -o json", "takes no -o"},
    {"plumb checkin goal/x on-track --as-of 3", "plumb: checkin takes no --as-of"},
    {"plumb get goal/x --today 2026-01-01", "plumb: get takes no --today"},
    {"plumb check --today 31.3.2026", "--today takes a date such as 2026-03-31"},
    {"plumb check --timeout soon", "--timeout takes seconds"},
    {"plumb check --as-of 'next week'", "'next week' is no moment"},
    {"plumb get gaol/x", "there is no kind 'gaol'; did you mean goal/x?"},
    {"plumb get goal/Not_An_Id", "'Not_An_Id' is no id"},
    {"plumb get 'What now'", "is no id"},
    {"plumb place x", "where to?"},
    {"plumb place x --first --last", "one place at a time: --first or --last"},
    {"plumb waive a/b goal/x", "--reason TEXT"},
    {"plumb waive a/b goal/x --reason why", "--until 2026-06-30"},
    {"plumb waive a/b goal/x --reason why --until never", "--until 2026-06-30"},
    {"plumb rule set owner", "'owner' is no rule"},
    {"plumb rule set owner/many", "set what?"},
    {"plumb baseline set 'Q1 Plan'", "is no name for a baseline"},
    {"plumb rename goal/x 'New Id'", "'New Id' is no id"},
    {"plumb workspace create Acme!", "'Acme!' is no id"},
    {"plumb list --limit 0", "--limit takes a number from 1 on"},
    {"plumb tree --depth many", "--depth takes a number of levels"},
    {"plumb watch --from 5 --until 3", "--until is before --from"},
    {"plumb watch nonsense", "there is no kind 'nonsense'"},
    {"plumb redact", "name one record"},
    {"plumb completion csh", "completion is for bash, zsh and fish"},
    {"plumb help chek", "did you mean 'check'?"},
    {"plumb get x --server nonsense", "write tcp:HOST:PORT, tls:HOST:PORT or unix:/PATH"},
    {"plumb check -f x --server tcp:h:1", "leave out --server"},
};

START_TEST(a_wrong_command_line_says_what_is_wrong_and_exits_2)
{
	nowhere();
	ck_assert_msg(run(wrong[_i].line) == EXIT_USAGE, "%s: %s", wrong[_i].line, complained);
	ck_assert_msg(
	    strstr(complained, wrong[_i].says) != NULL, "%s said: %s", wrong[_i].line, complained);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(no_daemon_is_exit_3_and_says_what_to_do)
{
	nowhere();
	ck_assert_int_eq(run("plumb get goal/x"), EXIT_SERVER);
	ck_assert_str_eq(complained,
	    "plumb: cannot reach plumbd at unix:/nowhere/plumbd.sock: no such file or "
	    "directory (the server is from $PLUMB_SERVER); start it with: plumbd --data DIR, or "
	    "name another with --server\n");
}
END_TEST

START_TEST(options_stand_anywhere_and_in_either_form)
{
	nowhere();
	/* each reaches the point where the daemon is asked */
	ck_assert_int_eq(run("plumb -w acme get goal/x -ojson"), EXIT_SERVER);
	ck_assert_int_eq(run("plumb get -o yaml -- goal/x"), EXIT_SERVER);
	ck_assert_int_eq(run("plumb get --output=name goal/x --workspace=acme"), EXIT_SERVER);
	ck_assert_int_eq(
	    run("plumb measure measure/nps -4"), EXIT_SERVER); /* a number, no option */
	ck_assert_int_eq(
	    run("plumb list objectives -label:q2"), EXIT_SERVER); /* a filter, no option */
	ck_assert_int_eq(run("plumb check -f"), EXIT_USAGE);
}
END_TEST

START_TEST(without_a_command_the_overview_is_shown)
{
	nowhere();
	ck_assert_int_eq(run("plumb"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(said, "\nLooking at it:\n"));
	ck_assert_int_eq(run("plumb --help"), EXIT_FINE);
	ck_assert_ptr_nonnull(strstr(said, "\n  check "));
	ck_assert_int_eq(run("plumb --version"), EXIT_FINE);
	ck_assert_str_eq(said, "plumb " PLUMB_VERSION "\n");
}
END_TEST

/* ---- the table */

static void
each(void (*fn)(const struct command *, const char *))
{
	char path[64];

	for (size_t i = 0; command_table[i]; i++) {
		fn(command_table[i], command_table[i]->name);
		for (size_t j = 0; command_table[i]->parts && command_table[i]->parts[j]; j++) {
			snprintf(path, sizeof path, "%s %s", command_table[i]->name,
			    command_table[i]->parts[j]->name);
			fn(command_table[i]->parts[j], path);
		}
	}
}

static const struct option *
find_option(const struct option *options, const char *name, size_t len, char letter)
{
	for (; options && options->name; options++) {
		if (letter ? options->letter == letter
			   : strlen(options->name) == len && strncmp(options->name, name, len) == 0)
			return options;
	}
	return NULL;
}

static void
check_command(const struct command *command, const char *path)
{
	size_t len = strlen(command->summary);

	ck_assert_msg(len > 0 && len <= 90, "%s: the summary is one line", path);
	ck_assert_msg(command->summary[len - 1] != '.', "%s: no full stop", path);
	ck_assert_msg(
	    command->summary[0] < 'A' || command->summary[0] > 'Z', "%s: lower case", path);
	ck_assert_msg(command->run || command->parts, "%s does nothing", path);
	ck_assert_msg(command->arguments != NULL, "%s: arguments", path);
	ck_assert_msg(command->examples && command->examples[0].line, "%s has no example", path);
	ck_assert_msg(command->min_args <= command->max_args, "%s: arguments", path);
	for (const struct option *o = command->options; o && o->name; o++) {
		ck_assert_msg(o->help && o->help[0], "%s --%s has no help", path, o->name);
		for (const struct option *other = o + 1; other->name; other++) {
			ck_assert_msg(
			    strcmp(o->name, other->name) != 0, "%s: two --%s", path, o->name);
			ck_assert_msg(!o->letter || o->letter != other->letter, "%s: two -%c", path,
			    o->letter);
		}
	}
}

START_TEST(every_command_is_whole)
{
	each(check_command);
}
END_TEST

/* Every option that an example uses is one that the command takes. */
static void
check_examples(const struct command *named, const char *path)
{
	for (const struct example *e = named->examples; e && e->line; e++) {
		char copy[512];
		char *words[WORDS_MAX];
		const struct command *command = NULL;
		int n;

		snprintf(copy, sizeof copy, "%s", e->line);
		n = split(copy, words);
		for (int i = 0; i < n; i++) {
			if (strcmp(words[i], "plumb") == 0 && i + 1 < n)
				command = command_find(command_table, words[i + 1]);
			if (command && command->parts && i > 0 &&
			    strcmp(words[i - 1], command->name) == 0)
				command = command_find(command->parts, words[i]);
			if (!command || words[i][0] != '-' || !words[i][1] || strchr(words[i], ':'))
				continue;
			if (words[i][1] >= '0' && words[i][1] <= '9')
				continue;
			if (words[i][1] == '-')
				ck_assert_msg(find_option(command->options, words[i] + 2,
						  strcspn(words[i] + 2, "="), 0) ||
						  find_option(command_common_options, words[i] + 2,
						      strcspn(words[i] + 2, "="), 0),
				    "%s: the example '%s' has %s", path, e->line, words[i]);
			else
				ck_assert_msg(
				    find_option(command->options, "", 0, words[i][1]) ||
					find_option(command_common_options, "", 0, words[i][1]),
				    "%s: the example '%s' has %s", path, e->line, words[i]);
		}
		ck_assert_msg(command || strncmp(e->line, "plumb", 5) != 0,
		    "%s: the example '%s' is of no command", path, e->line);
	}
}

START_TEST(examples_use_options_that_there_are)
{
	each(check_examples);
}
END_TEST

static void
check_help(const struct command *command, const char *path)
{
	char line[100];

	snprintf(line, sizeof line, "plumb %s --help", path);
	ck_assert_int_eq(run(line), EXIT_FINE);
	ck_assert_str_eq(complained, "");
	for (const struct option *o = command->options; o && o->name; o++) {
		snprintf(line, sizeof line, "--%s", o->name);
		ck_assert_msg(strstr(said, line) != NULL, "help of %s lacks %s", path, line);
	}
}

START_TEST(every_command_helps_without_a_daemon)
{
	nowhere();
	each(check_help);
}
END_TEST

/* ---- made from the table */

#define MADE_MAX ((size_t)1 << 20)

/* Nothing answers here: only what the table knows. */
static void
check_completed(const struct command *command, const char *path)
{
	char line[160], option[80];

	nowhere();
	snprintf(line, sizeof line, "plumb __complete %s", path);
	ck_assert_int_eq(run(line), EXIT_FINE);
	if (!command->hidden)
		ck_assert_msg(strstr(said, command->name) != NULL, "%s is not completed", path);
	snprintf(line, sizeof line, "plumb __complete %s --", path);
	ck_assert_int_eq(run(line), EXIT_FINE);
	ck_assert_str_eq(complained, "");
	for (const struct option *o = command->options; o && o->name; o++) {
		snprintf(option, sizeof option, "--%s\t", o->name);
		ck_assert_msg(
		    strstr(said, option) != NULL, "%s --%s is not completed", path, o->name);
	}
}

START_TEST(completion_knows_every_command_and_option)
{
	each(check_completed);
}
END_TEST

/* What is typed, and all that is answered, without a daemon. */
static const struct {
	const char *line;
	const char *says;
} completed[] = {
    {"plumb __complete compl", "completion\tprint a script that completes commands, options and "
			       "names in a shell\n:\n"},
    {"plumb __complete check --at-least ''", "note\nwarning\nerror\n:\n"},
    {"plumb __complete check --at-least=w", "--at-least=warning\n:\n"},
    {"plumb __complete list -o y", "yaml\n:\n"}, /* of the formats of list */
    {"plumb __complete completion z", "zsh\n:\n"},
    {"plumb __complete list kind:goal,mea", "kind:goal,measure\nkind:goal,measurement\n:\n"},
    {"plumb __complete get obj", "objective/\n:nospace\n"},
    {"plumb __complete list -status:pro", "-status:proposed\n:\n"},
    {"plumb __complete apply -f pla", ":files\n"},
    {"plumb __complete admin ver", "verify\trecompute every checksum of the log and the chain "
				   "between them\n:\n"},
    {"plumb __complete checkin initiative/x on", "on-track\n:\n"},
    {"plumb __complete ping too many", ":\n"}, {"plumb __complete nonsense ''", ":\n"},
    {"plumb __complete check --nonsense ''", ":\n"},
    {"plumb __complete get goal/gr", ":\n"}, /* names: nobody answers, and nothing is said */
};

START_TEST(completion_answers_in_lines)
{
	nowhere();
	ck_assert_int_eq(run(completed[_i].line), EXIT_FINE);
	ck_assert_str_eq(said, completed[_i].says);
	ck_assert_str_eq(complained, "");
}
END_TEST

START_TEST(the_bash_script_is_one)
{
	struct str out;
	FILE *bash = popen("bash -n", "w");

	ck_assert_ptr_nonnull(bash);
	str_init(&out, MADE_MAX);
	ck_assert(command_completion("bash", &out));
	fputs(out.data, bash);
	str_fini(&out);
	ck_assert_int_eq(pclose(bash), 0);
}
END_TEST

static void
check_page(const char *path, const struct str *out, const char *how)
{
	FILE *file = fopen(path, "r");

	ck_assert_msg(file != NULL,
	    "%s is missing (run this from the root): plumb help%s --man >%s", path, how, path);
	read_back(file, said);
	ck_assert_msg(out->len < TEXT_MAX - 1, "the page outgrew the test");
	ck_assert_msg(
	    strcmp(out->data, said) == 0, "write it anew: plumb help%s --man >%s", how, path);
}

START_TEST(the_man_pages_in_docs_are_those_that_the_table_makes)
{
	struct str out;

	str_init(&out, MADE_MAX);
	command_man(&out);
	check_page("docs/man/plumb.1", &out, "");
	for (size_t i = 0; command_table[i]; i++) {
		char path[128], how[64];

		if (command_table[i]->hidden)
			continue;
		snprintf(path, sizeof path, "docs/man/plumb-%s.1", command_table[i]->name);
		snprintf(how, sizeof how, " %s", command_table[i]->name);
		str_reset(&out);
		command_man_page(command_table[i], &out);
		check_page(path, &out, how);
	}
	str_fini(&out);
}
END_TEST

START_TEST(edits_are_counted)
{
	ck_assert_uint_eq(command_distance("check", "check", 2), 0);
	ck_assert_uint_eq(command_distance("chek", "check", 2), 1);  /* insert */
	ck_assert_uint_eq(command_distance("chekc", "check", 2), 1); /* swap */
	ck_assert_uint_eq(command_distance("chock", "check", 2), 1); /* replace */
	ck_assert_uint_eq(command_distance("", "ab", 2), 2);
	ck_assert_uint_eq(command_distance("abcdef", "ghijkl", 2), 3); /* the limit and one */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("main");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, a_wrong_command_line_says_what_is_wrong_and_exits_2, 0,
	    (int)(sizeof wrong / sizeof wrong[0]));
	tcase_add_test(tcase, no_daemon_is_exit_3_and_says_what_to_do);
	tcase_add_test(tcase, options_stand_anywhere_and_in_either_form);
	tcase_add_test(tcase, without_a_command_the_overview_is_shown);
	tcase_add_test(tcase, every_command_is_whole);
	tcase_add_test(tcase, examples_use_options_that_there_are);
	tcase_add_test(tcase, every_command_helps_without_a_daemon);
	tcase_add_test(tcase, completion_knows_every_command_and_option);
	tcase_add_loop_test(
	    tcase, completion_answers_in_lines, 0, (int)(sizeof completed / sizeof completed[0]));
	tcase_add_test(tcase, the_bash_script_is_one);
	tcase_add_test(tcase, the_man_pages_in_docs_are_those_that_the_table_makes);
	tcase_add_test(tcase, edits_are_counted);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
