/* Help, completion scripts and the man page, all from the table of commands. */
#include "client/command.h"

#include <stdio.h>
#include <string.h>

#include "client/output.h"
#include "common/str.h"
#include "common/utf8.h"

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_PLAN] = "Shaping the plan",
    [GROUP_READ] = "Looking at it",
    [GROUP_REPORT] = "Reporting progress",
    [GROUP_PAST] = "Its past",
    [GROUP_DAEMON] = "Running it",
    [GROUP_HELP] = "Help",
};

static const struct {
	const char *name;
	unsigned takes;
} needs[] = {
    {"server", TAKES_SERVER},
    {"context", TAKES_SERVER},
    {"workspace", TAKES_SERVER},
    {"as", TAKES_SERVER},
    {"timeout", TAKES_SERVER},
    {"as-of", TAKES_AS_OF},
    {"today", TAKES_TODAY},
};

static bool
has_option(const struct option *options, const char *name)
{
	for (size_t i = 0; options && options[i].name; i++) {
		if (strcmp(options[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Does this command take that common option (and not replace it with its own)? */
static bool
takes_common(const struct command *command, const struct option *option)
{
	if (has_option(command->options, option->name))
		return false;
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		if (strcmp(needs[i].name, option->name) == 0)
			return (command->takes & needs[i].takes) != 0;
	}
	return strcmp(option->name, "output") != 0 || command->formats != NULL;
}

/* What its -o may be. */
static const char *
option_values(const struct command *command, const struct option *option)
{
	if (strcmp(option->name, "output") == 0 && command->formats &&
	    !has_option(command->options, "output"))
		return command->formats;
	return option->values;
}

/* ---- help */

#define OPTION_COLUMN 30

static void
add_option(const struct command *command, const struct option *option, int width, struct str *out)
{
	struct str lead;
	const char *values = command ? option_values(command, option) : option->values;
	char text[512];

	str_init(&lead, 256);
	if (option->letter)
		str_addf(&lead, "  -%c, --%s", option->letter, option->name);
	else
		str_addf(&lead, "      --%s", option->name);
	if (option->value)
		str_addf(&lead, " %s", option->value);
	if (values)
		snprintf(text, sizeof text, "%s: %s", option->help, values);
	else
		snprintf(text, sizeof text, "%s", option->help);
	if (utf8_width(lead.data) + 2 > OPTION_COLUMN || width < 60) {
		str_addf(out, "%s\n", lead.data);
		str_reset(&lead);
		str_add(&lead, "          ");
	}
	while (utf8_width(lead.data) < OPTION_COLUMN && width >= 60)
		str_add_char(&lead, ' ');
	output_wrap_str(out, width, lead.data, text);
	str_fini(&lead);
}

static void
add_options(const struct command *command, int width, struct str *out)
{
	if (command->options && command->options[0].name) {
		str_add(out, "\nOptions:\n");
		for (size_t i = 0; command->options[i].name; i++)
			add_option(command, &command->options[i], width, out);
	}
	str_add(out, "\nCommon options:\n");
	for (size_t i = 0; command_common_options[i].name; i++) {
		if (takes_common(command, &command_common_options[i]))
			add_option(command, &command_common_options[i], width, out);
	}
}

static void
add_list(const struct command *const *table, const char *before, int width, struct str *out)
{
	size_t widest = 0;

	for (size_t i = 0; table[i]; i++) {
		if (!table[i]->hidden && strlen(table[i]->name) > widest)
			widest = strlen(table[i]->name);
	}
	for (size_t i = 0; table[i]; i++) {
		char lead[128];

		if (table[i]->hidden)
			continue;
		snprintf(lead, sizeof lead, "  %s%-*s  ", before, (int)widest, table[i]->name);
		output_wrap_str(out, width, lead, table[i]->summary);
	}
}

static void
add_examples(const struct command *command, int width, struct str *out)
{
	if (!command->examples || !command->examples[0].line)
		return;
	str_add(out, "\nExamples:\n");
	for (size_t i = 0; command->examples[i].line; i++) {
		str_addf(out, "  %s\n", command->examples[i].line);
		if (command->examples[i].what)
			output_wrap_str(out, width, "      ", command->examples[i].what);
	}
}

static void
add_sentence(const char *summary, int width, struct str *out)
{
	struct str text;

	str_init(&text, 1024);
	str_add(&text, summary);
	if (text.len && text.data[0] >= 'a' && text.data[0] <= 'z')
		text.data[0] = (char)(text.data[0] - 'a' + 'A');
	str_add_char(&text, '.');
	output_wrap_str(out, width, "", text.data);
	str_fini(&text);
}

void
command_help(const struct command *command, const char *path, int width, struct str *out)
{
	char before[72];

	add_sentence(command->summary, width, out);
	if (command->run)
		str_addf(out, "\nUsage: plumb %s%s%s [options]\n", path,
		    command->arguments[0] ? " " : "", command->arguments);
	if (command->parts) {
		str_add(out, command->run ? "\nAlso:\n" : "\nCommands:\n");
		snprintf(before, sizeof before, "plumb %s ", path);
		add_list(command->parts, before, width, out);
	}
	if (command->help && command->help[0]) {
		str_add_char(out, '\n');
		output_wrap_str(out, width, "", command->help);
	}
	if (command->run)
		add_options(command, width, out);
	add_examples(command, width, out);
}

void
command_overview(int width, struct str *out)
{
	output_wrap_str(out, width, "",
	    "plumb holds a strategic plan as data and says where the plan and the work have come "
	    "apart.");
	str_add(out, "\nUsage: plumb COMMAND [arguments] [options]\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		str_addf(out, "\n%s:\n", group_titles[group]);
		for (size_t i = 0; command_table[i]; i++) {
			char lead[32];

			if ((int)command_table[i]->group != group || command_table[i]->hidden)
				continue;
			snprintf(lead, sizeof lead, "  %-11s ", command_table[i]->name);
			output_wrap_str(out, width, lead, command_table[i]->summary);
		}
	}
	str_add(out, "\nCommon options:\n");
	for (size_t i = 0; command_common_options[i].name; i++)
		add_option(NULL, &command_common_options[i], width, out);
	str_add_char(out, '\n');
	output_wrap_str(out, width, "",
	    "plumb help COMMAND tells more, with examples. Begin with: plumb check -f DIR");
}

/* ---- completion */

/* In single quotes for a shell; a quote inside is left out (our texts have none that matter). */
static void
add_quoted(struct str *out, const char *text)
{
	str_add_char(out, '\'');
	for (; *text; text++) {
		if (*text != '\'')
			str_add_char(out, *text);
		else
			str_add(out, "\xe2\x80\x99");
	}
	str_add_char(out, '\'');
}

static void
add_names(const struct command *const *table, struct str *out)
{
	bool first = true;

	for (size_t i = 0; table && table[i]; i++) {
		if (table[i]->hidden)
			continue;
		str_addf(out, "%s%s", first ? "" : " ", table[i]->name);
		first = false;
	}
}

static void
add_option_words(const struct command *command, struct str *out)
{
	for (size_t i = 0; command->options && command->options[i].name; i++)
		str_addf(out, "--%s ", command->options[i].name);
	for (size_t i = 0; command_common_options[i].name; i++) {
		if (takes_common(command, &command_common_options[i]))
			str_addf(out, "--%s ", command_common_options[i].name);
	}
}

static bool
is_path(const struct option *option)
{
	return option->value &&
	       (strcmp(option->value, "PATH") == 0 || strcmp(option->value, "DIR") == 0 ||
		   strcmp(option->value, "FILE") == 0);
}

static void
bash_values(const struct command *command, const char *pattern, const struct option *options,
    bool common, struct str *out)
{
	for (size_t i = 0; options && options[i].name; i++) {
		const struct option *option = &options[i];
		const char *values = option_values(command, option);

		if (!option->value || (common && !takes_common(command, option)))
			continue;
		str_addf(out, "\t'%s/--%s'", pattern, option->name);
		if (option->letter)
			str_addf(out, "|'%s/-%c'", pattern, option->letter);
		if (values)
			str_addf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return;;\n",
			    values);
		else if (is_path(option))
			str_add(out, ") compopt -o default; COMPREPLY=(); return;;\n");
		else
			str_add(out, ") return;;\n");
	}
}

static void
bash_command(const struct command *command, const char *path, struct str *out)
{
	bash_values(command, path, command->options, false, out);
	bash_values(command, path, command_common_options, true, out);
}

/* Calls fn for every command and part that can be run or has parts, with its path. */
static void
each_command(struct str *out, void (*fn)(const struct command *, const char *, struct str *))
{
	char path[64];

	for (size_t i = 0; command_table[i]; i++) {
		const struct command *command = command_table[i];

		if (command->hidden)
			continue;
		fn(command, command->name, out);
		for (size_t j = 0; command->parts && command->parts[j]; j++) {
			if (command->parts[j]->hidden)
				continue;
			snprintf(
			    path, sizeof path, "%s %s", command->name, command->parts[j]->name);
			fn(command->parts[j], path, out);
		}
	}
}

static void
bash_words(const struct command *command, const char *path, struct str *out)
{
	str_addf(out, "\t'%s') words=\"", path);
	if (command->parts) {
		add_names(command->parts, out);
		str_add_char(out, ' ');
	}
	add_option_words(command, out);
	str_add(out, "\";;\n");
}

static void
bash_completion(struct str *out)
{
	str_add(out, "# bash completion for plumb; load with: source <(plumb completion bash)\n"
		     "_plumb() {\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= "
		     "words= w\n"
		     "\tCOMPREPLY=()\n"
		     "\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		     "\t\tcase \"$path $w\" in\n");
	str_add(
	    out, "\t\t' '-*|*' '-*) continue;;\n\t\tesac\n\t\tcase \"$path\" in\n\t\t'') case \" ");
	add_names(command_table, out);
	str_add(out, " \" in *\" $w \"*) path=$w;; esac;;\n");
	for (size_t i = 0; command_table[i]; i++) {
		if (command_table[i]->hidden || !command_table[i]->parts)
			continue;
		str_addf(out, "\t\t'%s') case \" ", command_table[i]->name);
		add_names(command_table[i]->parts, out);
		str_add(out, " \" in *\" $w \"*) path=\"$path $w\";; esac;;\n");
	}
	str_add(out, "\t\tesac\n\tdone\n\tcase \"$path/$prev\" in\n");
	each_command(out, bash_command);
	str_add(out, "\tesac\n\tcase \"$path\" in\n\t'') words=\"");
	add_names(command_table, out);
	str_add(out, " --help --version\";;\n\t'help') words=\"");
	add_names(command_table, out);
	str_add(out, "\";;\n\t'completion') words='bash zsh fish';;\n");
	each_command(out, bash_words);
	str_add(out, "\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		     "complete -o bashdefault -o default -F _plumb plumb\n");
}

static void
fish_option(const struct option *option, const struct command *command, const char *condition,
    struct str *out)
{
	const char *values = option_values(command, option);

	str_addf(out, "complete -c plumb -n '%s' -l %s", condition, option->name);
	if (option->letter)
		str_addf(out, " -s %c", option->letter);
	if (values)
		str_addf(out, " -x -a '%s'", values);
	else if (option->value)
		str_add(out, is_path(option) ? " -r" : " -x");
	str_add(out, " -d ");
	add_quoted(out, option->help);
	str_add_char(out, '\n');
}

static void
fish_command(const struct command *command, const char *path, struct str *out)
{
	char condition[160];
	const char *space = strchr(path, ' ');

	if (space)
		snprintf(condition, sizeof condition,
		    "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s",
		    (int)(space - path), path, space + 1);
	else
		snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", path);
	for (size_t i = 0; command->parts && command->parts[i]; i++) {
		str_addf(out, "complete -c plumb -f -n '%s' -a %s -d ", condition,
		    command->parts[i]->name);
		add_quoted(out, command->parts[i]->summary);
		str_add_char(out, '\n');
	}
	for (size_t i = 0; command->options && command->options[i].name; i++)
		fish_option(&command->options[i], command, condition, out);
	for (size_t i = 0; command_common_options[i].name; i++) {
		if (takes_common(command, &command_common_options[i]))
			fish_option(&command_common_options[i], command, condition, out);
	}
}

static void
fish_completion(struct str *out)
{
	str_add(out, "# fish completion for plumb; load with: plumb completion fish | source\n");
	for (size_t i = 0; command_table[i]; i++) {
		if (command_table[i]->hidden)
			continue;
		str_addf(out, "complete -c plumb -f -n '__fish_use_subcommand' -a %s -d ",
		    command_table[i]->name);
		add_quoted(out, command_table[i]->summary);
		str_add_char(out, '\n');
	}
	str_add(out, "complete -c plumb -f -n '__fish_seen_subcommand_from help' -a '");
	add_names(command_table, out);
	str_add(out, "'\ncomplete -c plumb -f -n '__fish_seen_subcommand_from completion' -a 'bash "
		     "zsh fish'\n");
	each_command(out, fish_command);
}

/* zsh's _describe and _arguments take "name:text"; colons and brackets inside end it early. */
static void
zsh_text(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_add(out, "\xe2\x80\x99");
		else if (strchr(":[]\\", *text))
			str_addf(out, "\\%c", *text);
		else
			str_add_char(out, *text);
	}
}

static void
zsh_list(const struct command *const *table, struct str *out)
{
	for (size_t i = 0; table[i]; i++) {
		if (table[i]->hidden)
			continue;
		str_addf(out, " '%s:", table[i]->name);
		zsh_text(out, table[i]->summary);
		str_add_char(out, '\'');
	}
}

static void
zsh_option(const struct option *option, const struct command *command, struct str *out)
{
	const char *values = option_values(command, option);

	for (int letter = 0; letter < (option->letter ? 2 : 1); letter++) {
		if (letter)
			str_addf(out, " '*-%c[", option->letter);
		else
			str_addf(out, " '*--%s%s[", option->name, option->value ? "=" : "");
		zsh_text(out, option->help);
		str_add_char(out, ']');
		if (values)
			str_addf(out, ":%s:(%s)", option->value, values);
		else if (option->value)
			str_addf(out, ":%s:%s", option->value, is_path(option) ? "_files" : "");
		str_add_char(out, '\'');
	}
}

static void
zsh_command(const struct command *command, const char *path, struct str *out)
{
	str_addf(out, "\t'%s')", path);
	if (command->parts) {
		str_add(out, " local -a parts=(");
		zsh_list(command->parts, out);
		str_add(out, "); _describe part parts;");
	}
	str_add(out, " _arguments -S");
	for (size_t i = 0; command->options && command->options[i].name; i++)
		zsh_option(&command->options[i], command, out);
	for (size_t i = 0; command_common_options[i].name; i++) {
		if (takes_common(command, &command_common_options[i]))
			zsh_option(&command_common_options[i], command, out);
	}
	if (strcmp(path, "completion") == 0)
		str_add(out, " '*:shell:(bash zsh fish)'");
	else if (strcmp(path, "help") == 0) {
		str_add(out, " '*:command:(");
		add_names(command_table, out);
		str_add(out, ")'");
	} else {
		str_add(out, " '*:argument:_files'");
	}
	str_add(out, ";;\n");
}

static void
zsh_completion(struct str *out)
{
	str_add(out, "#compdef plumb\n# zsh completion for plumb; load with: source <(plumb "
		     "completion zsh)\n"
		     "_plumb() {\n"
		     "\tlocal path= w\n"
		     "\tfor w in ${words[2,CURRENT-1]}; do\n"
		     "\t\tcase $w in -*) continue;; esac\n"
		     "\t\tcase $path in\n\t\t'') case ' ");
	add_names(command_table, out);
	str_add(out, " ' in *\" $w \"*) path=$w;; esac;;\n");
	for (size_t i = 0; command_table[i]; i++) {
		if (command_table[i]->hidden || !command_table[i]->parts)
			continue;
		str_addf(out, "\t\t'%s') case ' ", command_table[i]->name);
		add_names(command_table[i]->parts, out);
		str_add(out, " ' in *\" $w \"*) path=\"$path $w\";; esac;;\n");
	}
	str_add(out, "\t\tesac\n\tdone\n\tcase $path in\n\t'') local -a commands=(");
	zsh_list(command_table, out);
	str_add(out, "); _describe command commands;;\n");
	each_command(out, zsh_command);
	str_add(out, "\tesac\n}\n"
		     "if [ \"$funcstack[1]\" = _plumb ]; then _plumb \"$@\"; else compdef _plumb "
		     "plumb; fi\n");
}

bool
command_completion(const char *shell, struct str *out)
{
	if (strcmp(shell, "bash") == 0)
		bash_completion(out);
	else if (strcmp(shell, "zsh") == 0)
		zsh_completion(out);
	else if (strcmp(shell, "fish") == 0)
		fish_completion(out);
	else
		return false;
	return true;
}

/* ---- the man page */

/* Escapes what roff would read as a command. */
static void
man_text(struct str *out, const char *text)
{
	bool line_start = true;

	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			str_add(out, "\\&");
		if (*text == '\\')
			str_add(out, "\\e");
		else if (*text == '-')
			str_add(out, "\\-");
		else if (text[0] == '\n' && text[1] == '\n') {
			str_add(out, "\n.PP\n");
			text++;
		} else
			str_add_char(out, *text);
		line_start = *text == '\n';
	}
	str_add_char(out, '\n');
}

static void
man_option(const struct command *command, const struct option *option, struct str *out)
{
	const char *values = command ? option_values(command, option) : option->values;
	struct str text;

	str_add(out, ".TP\n");
	if (option->letter)
		str_addf(out, "\\fB\\-%c\\fR, ", option->letter);
	str_addf(out, "\\fB\\-\\-%s\\fR", option->name);
	if (option->value)
		str_addf(out, " \\fI%s\\fR", option->value);
	str_add_char(out, '\n');
	str_init(&text, 4096);
	str_addf(&text, "%s%s%s", option->help, values ? ": " : "", values ? values : "");
	man_text(out, text.data);
	str_fini(&text);
}

static void
man_command(const struct command *command, const char *path, struct str *out)
{
	str_addf(
	    out, ".SS plumb %s%s%s\n", path, command->arguments[0] ? " " : "", command->arguments);
	man_text(out, command->summary);
	if (command->help && command->help[0]) {
		str_add(out, ".PP\n");
		man_text(out, command->help);
	}
	for (size_t i = 0; command->options && command->options[i].name; i++)
		man_option(command, &command->options[i], out);
	for (size_t i = 0; command->examples && command->examples[i].line; i++) {
		str_add(out, ".PP\n.RS\n.nf\n");
		man_text(out, command->examples[i].line);
		str_add(out, ".fi\n.RE\n");
		if (command->examples[i].what) {
			str_add(out, ".RS 8\n");
			man_text(out, command->examples[i].what);
			str_add(out, ".RE\n");
		}
	}
}

void
command_man(struct str *out)
{
	str_add(out,
	    ".\\\" Written by: plumb help --man\n"
	    ".TH PLUMB 1 \"\" \"plumbline " PLUMB_VERSION "\" \"User commands\"\n"
	    ".SH NAME\nplumb \\- hold a strategic plan as data and say where it has come apart\n"
	    ".SH SYNOPSIS\n\\fBplumb\\fR \\fICOMMAND\\fR [arguments] [options]\n"
	    ".SH DESCRIPTION\n"
	    "plumb talks to plumbd(8), which keeps the plan. Ids are written \\fIkind/id\\fR\n"
	    "(initiative/onboarding\\-30); a bare id is enough where only one entry has it.\n"
	    ".SH COMMON OPTIONS\nEach command takes those that mean something for it.\n");
	for (size_t i = 0; command_common_options[i].name; i++)
		man_option(NULL, &command_common_options[i], out);
	str_add(out, ".SH COMMANDS\n");
	each_command(out, man_command);
	str_add(out,
	    ".SH EXIT STATUS\n"
	    ".TP\n0\nFine.\n.TP\n1\nThe answer is no: findings at or above \\-\\-fail\\-on, "
	    "differences, conflicts with others' edits.\n"
	    ".TP\n2\nThe command line or a file is wrong.\n"
	    ".TP\n3\nNo server was reached, or it refused.\n"
	    ".SH ENVIRONMENT\n"
	    ".TP\n\\fBPLUMB_SERVER\\fR, \\fBPLUMB_WORKSPACE\\fR, \\fBPLUMB_AS\\fR\n"
	    "As \\-\\-server, \\-\\-workspace and \\-\\-as.\n"
	    ".TP\n\\fBXDG_RUNTIME_DIR\\fR\n"
	    "Where plumbd.sock is looked for when no server is named; else tcp:127.0.0.1:7411.\n"
	    ".TP\n\\fBCOLUMNS\\fR\nHow wide to print where the output is not a terminal; 80.\n"
	    ".TP\n\\fBNO_COLOR\\fR\nNo colour. Colour never says what words do not.\n"
	    ".SH SEE ALSO\nplumbd(8), plumbd.conf(5)\n");
}
