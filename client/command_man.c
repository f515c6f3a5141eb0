/* The man pages, from the table of commands and the prose below. */
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "common/str.h"

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
	const char *values = command ? command_option_values(command, option) : option->values;
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
man_options(const char *title, const struct command *command, const struct option *options,
    bool common, struct str *out)
{
	bool headed = false;

	for (size_t i = 0; options && options[i].name; i++) {
		if (common && !command_takes(command, &options[i]))
			continue;
		if (!headed)
			str_addf(out, "%s\n", title);
		headed = true;
		man_option(command, &options[i], out);
	}
}

static void
man_examples(const char *title, const struct command *command, struct str *out)
{
	if (!command->examples || !command->examples[0].line)
		return;
	str_addf(out, "%s\n", title);
	for (size_t i = 0; command->examples[i].line; i++) {
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

/* A sentence of a summary: "Put the plan …." */
static void
man_summary(const struct command *command, struct str *out)
{
	size_t at = out->len;

	man_text(out, command->summary);
	if (str_ok(out) && out->data[at] >= 'a' && out->data[at] <= 'z')
		out->data[at] = (char)(out->data[at] - 'a' + 'A');
	if (str_ok(out) && out->len > at && out->data[out->len - 1] == '\n') {
		out->data[out->len - 1] = '.';
		str_add_char(out, '\n');
	}
}

static void
man_synopsis(const struct command *command, const char *path, struct str *out)
{
	str_addf(out, ".B plumb %s\n", path);
	if (command->arguments[0])
		man_text(out, command->arguments);
	str_add(out, "[\\fIoptions\\fR]\n");
}

/* "admin verify" under the page of admin. */
static void
man_part(const struct command *part, const char *path, struct str *out)
{
	str_addf(out, ".SS plumb %s\n", path);
	man_synopsis(part, path, out);
	str_add(out, ".PP\n");
	man_summary(part, out);
	if (part->help && part->help[0]) {
		str_add(out, ".PP\n");
		man_text(out, part->help);
	}
	man_options(".PP\nOptions:", part, part->options, false, out);
	man_examples(".PP\nExamples:", part, out);
}

/* What can be typed of a command: itself, where it does something, and its parts, theirs too. */
static void
man_synopses(const struct command *command, const char *path, bool *is_first, struct str *out)
{
	char below[96];

	if (command->run) {
		str_add(out, *is_first ? "" : ".br\n");
		man_synopsis(command, path, out);
		*is_first = false;
	}
	for (size_t i = 0; command->parts && command->parts[i]; i++) {
		if (command->parts[i]->hidden)
			continue;
		snprintf(below, sizeof below, "%.60s %.30s", path, command->parts[i]->name);
		man_synopses(command->parts[i], below, is_first, out);
	}
}

static void
man_parts(const struct command *command, const char *path, struct str *out)
{
	char below[96];

	for (size_t i = 0; command->parts && command->parts[i]; i++) {
		const struct command *part = command->parts[i];

		if (part->hidden)
			continue;
		snprintf(below, sizeof below, "%.60s %.30s", path, part->name);
		if (part->run)
			man_part(part, below, out);
		man_parts(part, below, out);
	}
}

static void
man_head(const char *name, const char *how, struct str *out)
{
	str_addf(out, ".\\\" Written by: plumb help --man%s\n.TH ", how);
	for (const char *p = name; *p; p++)
		str_add_char(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
	str_add(out, " 1 \"\" \"plumbline " PLUMB_VERSION "\" \"User commands\"\n");
}

static const char exit_status[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nFine.\n"
    ".TP\n1\nThe answer is no: findings at or above \\-\\-fail\\-on, differences, conflicts with "
    "others' edits.\n"
    ".TP\n2\nThe command line, a file or the configuration is wrong.\n"
    ".TP\n3\nNo server was reached, or it refused.\n";

void
command_man_page(const struct command *command, struct str *out)
{
	char name[64], path[96];
	bool is_first = true;

	snprintf(name, sizeof name, "plumb-%s", command->name);
	snprintf(path, sizeof path, " %s", command->name);
	man_head(name, path, out);
	str_addf(out, ".SH NAME\nplumb\\-%s \\- ", command->name);
	man_text(out, command->summary);
	str_add(out, ".SH SYNOPSIS\n");
	man_synopses(command, command->name, &is_first, out);
	str_add(out, ".SH DESCRIPTION\n");
	man_summary(command, out);
	if (command->help && command->help[0]) {
		str_add(out, ".PP\n");
		man_text(out, command->help);
	}
	man_options(".SH OPTIONS", command, command->options, false, out);
	if (command->parts)
		str_add(out, ".SH COMMANDS\n");
	man_parts(command, command->name, out);
	if (command->run)
		man_options(".SH COMMON OPTIONS\nThey are explained in plumb(1).", command,
		    command_common_options, true, out);
	man_examples(".SH EXAMPLES", command, out);
	str_add(out, exit_status);
	str_add(out, ".SH SEE ALSO\nplumb(1), plumbd(8)\n");
}

/* ---- plumb(1) */

static const char description[] =
    ".SH NAME\nplumb \\- hold a strategic plan as data and say where it has come apart\n"
    ".SH SYNOPSIS\n\\fBplumb\\fR \\fICOMMAND\\fR [arguments] [options]\n"
    ".SH DESCRIPTION\n"
    "An organisation writes down a strategy; people then do work. The two come apart, quietly: "
    "work "
    "that serves no objective, an objective that nobody serves, two owners, no number that says "
    "\"done\". plumb puts the plan into a daemon, plumbd(8), takes in what happens, and says where "
    "plan "
    "and work have come apart: each time with the evidence, who should act, and what would mend "
    "it.\n"
    ".PP\n"
    "To begin, write a plan in YAML files and look at it, without any daemon:\n"
    ".PP\n.RS\n.nf\nplumb check \\-f plan/\n.fi\n.RE\n"
    ".PP\n"
    "Then keep it in a daemon, where it has a history:\n"
    ".PP\n.RS\n.nf\n"
    "plumbd \\-\\-data plan\\-data &\n"
    "plumb apply \\-f plan/\nplumb tree\nplumb check\n.fi\n.RE\n"
    ".PP\n"
    "Every command tells more with \\-\\-help, and has a page of its own: plumb\\-check(1).\n"
    ".SH NAMES\n"
    "Everything in the plan is called \\fIkind/id\\fR: goal/growth, initiative/onboarding\\-30. A "
    "bare "
    "id is enough where only one entry has it. Kinds may stand in the plural. Ids are 1 to 64 of "
    "a\\-z "
    "0\\-9 . _ \\-, beginning and ending with a letter or digit.\n";

static const char prose[] =
    ".SH OUTPUT\n"
    "Tables and texts are for people: they fit the width of the terminal, and may change from one "
    "version to the next. For programs there are \\-o json, yaml, csv and name, whose shape is "
    "written "
    "down in docs/OUTPUT.md and only ever grows. Colour never says what words do not.\n"
    ".PP\n"
    "On a terminal, what looks at the plan goes through a pager: $PLUMB_PAGER, the pager of the "
    "configuration, $PAGER, or less; \\-\\-no\\-pager or PLUMB_PAGER=cat prints directly.\n"
    ".SH CONFIGURATION\n"
    "A context is a server, a workspace, who you are there, a timeout, and the files of "
    "certificates and a token, under a name; see plumb\\-context(1). For each of these values the "
    "first that is stated counts:\n"
    ".IP 1. 4\nthe option: \\-\\-server, \\-\\-workspace, \\-\\-as, \\-\\-timeout, \\-\\-ca, "
    "\\-\\-cert, \\-\\-key, \\-\\-token\\-file;\n"
    ".IP 2. 4\nthe context named by \\-\\-context;\n"
    ".IP 3. 4\nthe environment: PLUMB_SERVER, PLUMB_WORKSPACE and so on, below;\n"
    ".IP 4. 4\nthe context in use: PLUMB_CONTEXT, or what plumb context use said;\n"
    ".IP 5. 4\nthe default: plumbd.sock in $XDG_RUNTIME_DIR if it is there, else "
    "tcp:127.0.0.1:7411; the workspace main; nobody; 60 seconds.\n"
    ".PP\n"
    "plumb context show prints what counts now, and where it comes from. The file is written by "
    "plumb "
    "context, and may be edited:\n"
    ".PP\n.RS\n.nf\n"
    "context = prod\npager = less \\-S\ncolor = auto\n\n"
    "[context prod]\nserver = tls:plan.example.org:7411\nca = /etc/plumbline/ca.pem\n"
    "token_file = /home/anna/.config/plumb/token\nworkspace = main\ntimeout = 30\n.fi\n.RE\n";

static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBPLUMB_SERVER\\fR, \\fBPLUMB_WORKSPACE\\fR, \\fBPLUMB_AS\\fR, \\fBPLUMB_CONTEXT\\fR\n"
    "As \\-\\-server, \\-\\-workspace, \\-\\-as and the context in use.\n"
    ".TP\n\\fBPLUMB_TOKEN_FILE\\fR, \\fBPLUMB_CA\\fR, \\fBPLUMB_CERT\\fR, \\fBPLUMB_KEY\\fR\n"
    "As \\-\\-token\\-file, \\-\\-ca, \\-\\-cert and \\-\\-key.\n"
    ".TP\n\\fBPLUMB_TOKEN\\fR\nThe token itself; it counts before PLUMB_TOKEN_FILE.\n"
    ".TP\n\\fBPLUMB_ALLOW_CLEARTEXT\\fR\n"
    "yes: a token may be sent over tcp: to another machine, where all on the way can read it.\n"
    ".TP\n\\fBPLUMB_CONFIG\\fR\nThe configuration file, instead of the one below.\n"
    ".TP\n\\fBPLUMB_PAGER\\fR, \\fBPAGER\\fR\nThe pager; cat for none.\n"
    ".TP\n\\fBPLUMB_COMPLETE_MS\\fR\nHow long completion may wait for the daemon; 500.\n"
    ".TP\n\\fBXDG_RUNTIME_DIR\\fR\n"
    "Where plumbd.sock is looked for when no server is named.\n"
    ".TP\n\\fBCOLUMNS\\fR\nHow wide to print; else the width of the terminal, or 80.\n"
    ".TP\n\\fBNO_COLOR\\fR\nNo colour, unless \\-\\-color asks for it.\n"
    ".SH FILES\n"
    ".TP\n\\fI$XDG_CONFIG_HOME/plumb/config\\fR, \\fI~/.config/plumb/config\\fR\nThe "
    "configuration.\n"
    ".SH SEE ALSO\nplumbd(8), plumbd.conf(5)";

void
command_man(struct str *out)
{
	man_head("plumb", "", out);
	str_add(out, description);
	str_add(out, ".SH COMMANDS\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		str_addf(out, ".SS %s\n", command_group_title((enum command_group)group));
		for (size_t i = 0; command_table[i]; i++) {
			if ((int)command_table[i]->group != group || command_table[i]->hidden)
				continue;
			str_addf(out, ".TP\n\\fBplumb %s\\fR\n", command_table[i]->name);
			man_summary(command_table[i], out);
		}
	}
	str_add(out, ".SH COMMON OPTIONS\nEach command takes those that mean something for it.\n");
	for (size_t i = 0; command_common_options[i].name; i++)
		man_option(NULL, &command_common_options[i], out);
	str_add(out, prose);
	str_add(out, exit_status);
	str_add(out, environment);
	for (size_t i = 0; command_table[i]; i++) {
		if (!command_table[i]->hidden)
			str_addf(out, ", plumb\\-%s(1)", command_table[i]->name);
	}
	str_add_char(out, '\n');
}
