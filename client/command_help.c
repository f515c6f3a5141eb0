/* Help, from the table of commands. */
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

const char *
command_group_title(enum command_group group)
{
	return group_titles[group];
}

static bool
has_option(const struct option *options, const char *name)
{
	for (size_t i = 0; options && options[i].name; i++) {
		if (strcmp(options[i].name, name) == 0)
			return true;
	}
	return false;
}

bool
command_takes(const struct command *command, const struct option *option)
{
	unsigned needed = command_common_takes(option->name);

	if (has_option(command->options, option->name))
		return false;
	if (needed)
		return (command->takes & needed) != 0;
	return strcmp(option->name, "output") != 0 || command->formats != NULL;
}

const char *
command_option_values(const struct command *command, const struct option *option)
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
	const char *values = command ? command_option_values(command, option) : option->values;
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
		if (command_takes(command, &command_common_options[i]))
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
	if (command->run) {
		char usage[300];

		snprintf(usage, sizeof usage, "plumb %s%s%s [options]", path,
		    command->arguments[0] ? " " : "", command->arguments);
		str_add_char(out, '\n');
		output_wrap_str(out, width, "Usage: ", usage);
	}
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
	str_add_char(out, '\n');
	output_wrap_str(out, width, "Usage: ", "plumb COMMAND [arguments] [options]");
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
