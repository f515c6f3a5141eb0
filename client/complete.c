/*
 * Completion in a shell. The scripts only ask "plumb __complete WORD…" what could stand for the last word; all
 * that is known is known here: commands, options and their values from the table, names from the daemon, which is
 * asked shortly and missed in silence.
 *
 * A line is "candidate" or "candidate TAB what it is"; the last one is ":", ":nospace" (more of the word follows) or
 * ":files" (names of files, too).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/describe.h"
#include "client/safe.h"
#include "client/settings.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/webhook.pb-c.h"

#define COMPLETE_ARENA (64u << 20)
#define COMPLETE_MS    500
#define NAMES_MAX      200
#define WORD_MAX       512

struct completion {
	struct context ctx;
	struct args args; /* the words before the last */
	const struct command *command;
	bool only_values; /* "--" was there */
	const char *word; /* to be completed */
	const char *keep; /* stands before every candidate: "--output=", "kind:task," */
	struct str out;
	size_t count;
	size_t open; /* candidates that end with / : or = */
	bool files;
};

/* ---- candidates */

static void
add(struct completion *c, const char *candidate, const char *what)
{
	char last = candidate[0] ? candidate[strlen(candidate) - 1] : '\0';

	if (strncmp(candidate, c->word, strlen(c->word)) != 0)
		return;
	str_addf(&c->out, "%s%s", c->keep, candidate);
	if (what && what[0]) {
		str_add_char(&c->out, '\t');
		safe_text(&c->out, what, false);
	}
	str_add_char(&c->out, '\n');
	c->count++;
	c->open += last == '/' || last == ':' || last == '=';
}

/* Each of the words, divided by blanks or bars. */
static void
add_words(struct completion *c, const char *words)
{
	char word[WORD_MAX];

	for (const char *p = words; *p;) {
		size_t len = strcspn(p, " |");

		snprintf(word, sizeof word, "%.*s", (int)len, p);
		if (len > 0)
			add(c, word, NULL);
		p += len;
		p += *p != '\0';
	}
}

static void
add_commands(struct completion *c, const struct command *const *table)
{
	for (size_t i = 0; table && table[i]; i++) {
		if (!table[i]->hidden)
			add(c, table[i]->name, table[i]->summary);
	}
}

static void
add_options(struct completion *c, const struct option *options, bool common)
{
	char name[80];

	for (size_t i = 0; options && options[i].name; i++) {
		if (common && c->command && !command_takes(c->command, &options[i]))
			continue;
		snprintf(name, sizeof name, "--%s", options[i].name);
		add(c, name, options[i].help);
	}
}

static void
add_kinds(struct completion *c, const char *after)
{
	char word[64];

	for (int kind = 1; kind < 200; kind++) {
		const char *name = context_kind_name((Plumb__V1__Kind)kind);

		if (strcmp(name, "entry") == 0 || strcmp(name, "workspace") == 0)
			continue;
		snprintf(word, sizeof word, "%s%s", name, after);
		add(c, word, NULL);
	}
}

/* ---- names that the daemon knows */

static const Plumb__V1__ListReply *
list(struct completion *c, const char *kinds, const char *prefix)
{
	Plumb__V1__ListRequest request;
	Plumb__V1__At at;

	/* what cannot begin an id would make another filter of it */
	if (prefix[strspn(prefix, "abcdefghijklmnopqrstuvwxyz0123456789._-")])
		return NULL;
	plumb__v1__list_request__init(&request);
	if (!context_at(&c->ctx, &at))
		return NULL;
	request.at = &at;
	request.page_size = NAMES_MAX;
	request.filter = arena_printf(c->ctx.arena, "%s%s%s%s%s", kinds[0] ? "kind:" : "", kinds,
	    prefix[0] ? " id:" : "", prefix, prefix[0] ? "*" : "");
	return request.filter
		   ? context_call(&c->ctx, &plumb__v1__plan__descriptor, "List", &request.base)
		   : NULL;
}

/* Entries of these kinds as "kind/id" (whole) or "id". */
static void
add_entries(struct completion *c, const char *kinds, bool whole)
{
	const char *slash = strchr(c->word, '/');
	const Plumb__V1__ListReply *reply = list(c, kinds, slash ? slash + 1 : c->word);
	struct rpc_status status = c->ctx.status;

	for (size_t i = 0; reply && i < reply->n_entries; i++) {
		const Plumb__V1__Envelope *entry = reply->entries[i];
		const char *id = strchr(entry->ref, '/');
		const Plumb__V1__Item *item = describe_item(entry);

		add(c, whole || !id ? entry->ref : id + 1, item ? item->title : NULL);
	}
	c->ctx.status = status;
}

/* "kind/id", or a bare id once some of it is there. */
static void
add_refs(struct completion *c)
{
	const char *slash = strchr(c->word, '/');
	char word[64];
	Plumb__V1__Kind kind;

	if (!slash) {
		add_kinds(c, "/");
		if (c->word[0])
			add_entries(c, "", false);
		return;
	}
	snprintf(word, sizeof word, "%.*s", (int)(slash - c->word), c->word);
	if (context_kind(word, &kind))
		add_entries(c, context_kind_name(kind), true);
}

static void
add_rules(struct completion *c, bool families_only)
{
	Plumb__V1__ExplainRequest request;
	const Plumb__V1__ExplainReply *reply;
	char family[64], before[64] = "";

	plumb__v1__explain_request__init(&request);
	request.workspace = pb_str(c->ctx.workspace);
	reply = context_call(&c->ctx, &plumb__v1__insight__descriptor, "Explain", &request.base);
	for (size_t i = 0; reply && i < reply->n_rules; i++) {
		const char *name = reply->rules[i]->name;

		snprintf(family, sizeof family, "%.*s", (int)strcspn(name, "/"), name);
		if (strcmp(family, before) != 0)
			add(c, family, "all rules of this family");
		snprintf(before, sizeof before, "%s", family);
		if (!families_only)
			add(c, name, reply->rules[i]->asks);
	}
}

static void
add_workspaces(struct completion *c)
{
	Plumb__V1__ListWorkspacesRequest request;
	const Plumb__V1__ListWorkspacesReply *reply;

	plumb__v1__list_workspaces_request__init(&request);
	reply =
	    context_call(&c->ctx, &plumb__v1__admin__descriptor, "ListWorkspaces", &request.base);
	for (size_t i = 0; reply && i < reply->n_workspaces; i++)
		add(c, reply->workspaces[i]->id, reply->workspaces[i]->title);
}

static void
add_webhooks(struct completion *c)
{
	Plumb__V1__ListWebhooksRequest request;
	const Plumb__V1__ListWebhooksReply *reply;

	plumb__v1__list_webhooks_request__init(&request);
	request.workspace = pb_str(c->ctx.workspace);
	reply = context_call(&c->ctx, &plumb__v1__webhooks__descriptor, "List", &request.base);
	for (size_t i = 0; reply && i < reply->n_webhooks; i++)
		add(c, reply->webhooks[i]->id, reply->webhooks[i]->url);
}

static void
add_contexts(struct completion *c)
{
	for (const struct config_context *x = c->ctx.config.contexts; x; x = x->next)
		add(c, x->name, x->server);
}

/* ---- filters of plumb list */

static const struct {
	const char *key;
	const char *kinds; /* ids of these; NULL: words */
	const char *words;
} filters[] = {
    {"kind:", NULL, NULL},
    {"owner:", "person,team", NULL},
    {"team:", "team", NULL},
    {"status:", NULL,
	"proposed approved active paused done stopped open closed asked committed declined "
	"countered "
	"met missed on_track at_risk off_track"},
    {"level:", NULL, "executive director manager individual"},
    {"period:", "period", NULL},
    {"goal:", "goal", NULL},
    {"objective:", "objective", NULL},
    {"initiative:", "initiative", NULL},
    {"about:", "", NULL},
    {"label:", NULL, ""},
    {"title:", NULL, ""},
    {"id:", "", NULL},
    {"due<", NULL, ""},
    {"due>", NULL, ""},
    {"changed>", NULL, ""},
    {"source:", NULL, ""},
    {"removed:", NULL, "yes"},
    {"retracted:", NULL, "yes"},
};
#define FILTERS (sizeof filters / sizeof filters[0])

/* "kind:task,mil": what is done already is kept. */
static void
keep_until(struct completion *c, const char *end)
{
	const char *kept =
	    arena_printf(c->ctx.arena, "%s%.*s", c->keep, (int)(end - c->word), c->word);

	if (!kept)
		return;
	c->keep = kept;
	c->word = end;
}

static void
add_filter_value(struct completion *c, size_t i)
{
	const char *comma = strrchr(c->word, ',');

	if (comma)
		keep_until(c, comma + 1);
	if (strcmp(filters[i].key, "kind:") == 0)
		add_kinds(c, "");
	else if (strcmp(filters[i].key, "about:") == 0)
		add_refs(c);
	else if (filters[i].kinds)
		add_entries(c, filters[i].kinds, false);
	else
		add_words(c, filters[i].words);
}

/* True: the word is a filter already, and its value was completed. */
static bool
add_filters(struct completion *c)
{
	for (size_t i = 0; i < FILTERS; i++) {
		const char *word = c->word + (c->word[0] == '-');

		if (strncmp(word, filters[i].key, strlen(filters[i].key)) == 0) {
			keep_until(c, word + strlen(filters[i].key));
			add_filter_value(c, i);
			return true;
		}
	}
	for (size_t i = 0; i < FILTERS; i++)
		add(c, filters[i].key, NULL);
	return false;
}

/* ---- what a placeholder stands for */

static void add_for(struct completion *c, const char *place);

/* "bash|zsh|fish", "CHECK-IN|KIND/ID": one or the other. */
static void
add_alternatives(struct completion *c, const char *place)
{
	char part[WORD_MAX];

	for (const char *p = place; *p;) {
		size_t len = strcspn(p, "|");

		snprintf(part, sizeof part, "%.*s", (int)len, p);
		if (part[0] >= 'a' && part[0] <= 'z')
			add(c, part, NULL);
		else
			add_for(c, part);
		p += len;
		p += *p == '|';
	}
}

static bool
is_any(const char *place, const char *names)
{
	size_t len = strlen(place);

	for (const char *p = names; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, place, n) == 0)
			return true;
		p += n;
		p += *p == ' ';
	}
	return false;
}

/* The kind that a placeholder names: "INITIATIVE", "CHECK-IN". */
static bool
kind_of_place(const char *place, Plumb__V1__Kind *kind)
{
	char word[40];
	size_t n = 0;

	for (; place[n] && n + 1 < sizeof word; n++)
		word[n] =
		    (char)(place[n] >= 'A' && place[n] <= 'Z' ? place[n] - 'A' + 'a' : place[n]);
	word[n] = '\0';
	return context_kind(word, kind);
}

static void
add_for(struct completion *c, const char *place)
{
	Plumb__V1__Kind kind;

	if (strchr(place, '|'))
		add_alternatives(c, place);
	else if (is_any(place, "PATH DIR FILE FOLDER FILES"))
		c->files = true;
	else if (is_any(place, "KIND/ID ITEM REF ENTRY SUBJECT"))
		add_refs(c);
	else if (strcmp(place, "KIND") == 0)
		add_kinds(c, "");
	else if (strcmp(place, "FILTER") == 0)
		(void)add_filters(c);
	else if (strcmp(place, "RULE") == 0 || strcmp(place, "FAMILY") == 0)
		add_rules(c, place[0] == 'F');
	else if (strcmp(place, "WEBHOOK") == 0)
		add_webhooks(c);
	else if (strcmp(place, "CONTEXT") == 0)
		add_contexts(c);
	else if (strcmp(place, "COMMAND") == 0)
		add_commands(c, command_table);
	else if (strcmp(place, "RECORD") == 0)
		add_entries(c, "measurement,check-in,acknowledgement", true);
	else if (is_any(place, "WHEN FROM TO"))
		add_entries(c, "baseline", false);
	else if (is_any(place, "WHO MEMBER"))
		add_entries(c, "person,team", strchr(c->word, '/') != NULL);
	else if (strcmp(place, "FIELD") == 0)
		add_words(c, "id title rank updated due revision");
	else if (kind_of_place(place, &kind))
		add_entries(c, context_kind_name(kind), strchr(c->word, '/') != NULL);
}

static void
add_option_value(struct completion *c, const struct option *option)
{
	const char *values =
	    c->command ? command_option_values(c->command, option) : option->values;

	if (values)
		add_words(c, values);
	else if (strcmp(option->name, "workspace") == 0)
		add_workspaces(c);
	else if (strcmp(option->name, "context") == 0)
		add_contexts(c);
	else if (strcmp(option->name, "as") == 0)
		add_entries(c, "person", true);
	else
		add_for(c, option->value);
}

/* The n-th placeholder of "KIND/ID [NEW-ID…]", without its brackets; the last repeats. */
static bool
place_at(const char *arguments, size_t n, char place[WORD_MAX])
{
	bool found = false;

	for (const char *p = arguments; *p;) {
		size_t len;

		p += strspn(p, " [");
		len = strcspn(p, " ]");
		if (len >= 3 && strncmp(p + len - 3, "\xe2\x80\xa6", 3) == 0)
			len -= 3;
		if (len > 0) {
			snprintf(place, WORD_MAX, "%.*s", (int)len, p);
			found = true;
			if (n-- == 0)
				return true;
		}
		p += strcspn(p, " ");
	}
	return found;
}

static void
add_arguments(struct completion *c)
{
	char place[WORD_MAX];

	if (strcmp(c->command->name, "help") == 0 && c->args.count > 0) {
		const struct command *of = command_find(command_table, c->args.values[0]);

		for (size_t i = 1; of && i < c->args.count; i++)
			of = of->parts ? command_find(of->parts, c->args.values[i]) : NULL;
		add_commands(c, of ? of->parts : NULL);
		return;
	}
	if (c->args.count == 0)
		add_commands(c, c->command->parts);
	if (!c->command->run || c->args.count >= c->command->max_args ||
	    !place_at(c->command->arguments, c->args.count, place))
		return;
	/* kinds and filters may be mixed */
	if (strcmp(place, "KIND") == 0 && (c->command->takes & TAKES_FILTER) && add_filters(c))
		return;
	add_for(c, place);
}

/* ---- the words before */

static const struct option *
find_option(const struct completion *c, const char *word)
{
	const struct option *const tables[] = {
	    c->command ? c->command->options : NULL, command_common_options};

	for (size_t t = 0; t < 2; t++) {
		for (const struct option *o = tables[t]; o && o->name; o++) {
			size_t len = strlen(o->name);

			if (t == 1 && c->command && !command_takes(c->command, o))
				continue;
			if (word[1] == '-' && strncmp(word + 2, o->name, len) == 0 &&
			    (!word[2 + len] || word[2 + len] == '='))
				return o;
			if (word[1] != '-' && o->letter && word[1] == o->letter && !word[2])
				return o;
		}
	}
	return NULL;
}

/* Takes the words before the last; answers the option whose value the last one is, or NULL. */
static const struct option *
read_words(struct completion *c, int count, char **words, struct given *given, const char **values)
{
	const struct option *waits = NULL;

	c->args.given = given;
	c->args.values = values;
	for (int i = 0; i + 1 < count; i++) {
		const char *word = words[i];
		const struct command *const *table = c->command ? c->command->parts : command_table;
		const struct option *option = NULL;

		if (waits) {
			given[c->args.given_count++] = (struct given){waits->name, word};
			waits = NULL;
		} else if (!c->only_values && strcmp(word, "--") == 0) {
			c->only_values = true;
		} else if (!c->only_values && word[0] == '-' && word[1]) {
			option = find_option(c, word);
			if (option && option->value && strchr(word, '='))
				given[c->args.given_count++] =
				    (struct given){option->name, strchr(word, '=') + 1};
			else if (option && option->value)
				waits = option;
		} else if (c->args.count == 0 && table && command_find(table, word)) {
			c->command = command_find(table, word);
		} else {
			values[c->args.count++] = word;
		}
	}
	c->args.command = c->command;
	return waits;
}

static void
complete(struct completion *c, const struct option *waits)
{
	const struct option *option;

	if (waits) {
		add_option_value(c, waits);
	} else if (!c->only_values && c->word[0] == '-' && strchr(c->word, '=') &&
		   (option = find_option(c, c->word)) && option->value) {
		keep_until(c, strchr(c->word, '=') + 1);
		add_option_value(c, option);
	} else if (!c->only_values && c->word[0] == '-' && !strchr(c->word, ':')) {
		add_options(c, c->command ? c->command->options : NULL, false);
		add_options(c, command_common_options, true);
		if (!c->command)
			add(c, "--version", "say which version this is");
	} else if (c->command) {
		add_arguments(c);
	} else if (c->args.count == 0) {
		add_commands(c, command_table);
	}
}

/* A shell that hangs is worse than one that does not complete; a slow line may want to wait longer. */
static int
patience_ms(void)
{
	const char *text = getenv("PLUMB_COMPLETE_MS");
	uint64_t ms;

	return text && parse_u64(text, 1, 60000, &ms) ? (int)ms : COMPLETE_MS;
}

int
command_complete(int count, char **words)
{
	struct completion c = {.word = words[count - 1], .keep = ""};
	struct given *given = calloc((size_t)count, sizeof *given);
	const char **values = calloc((size_t)count, sizeof *values);
	const struct option *waits;
	struct err err = {0};

	c.ctx.arena = arena_new(COMPLETE_ARENA);
	str_init(&c.out, 4u << 20);
	if (!given || !values || !c.ctx.arena)
		goto out;
	output_init(&c.ctx.out, stdout);
	waits = read_words(&c, count, words, given, values);
	c.ctx.as_of = c.ctx.scenario = c.ctx.today = c.ctx.as = c.ctx.workspace = "";
	if (settings_load(&c.ctx, false, &err) && settings_fill(&c.ctx, &c.args, &err)) {
		c.ctx.timeout_ms = patience_ms();
		complete(&c, waits);
	}
	fputs(c.out.data ? c.out.data : "", stdout);
	puts(c.files ? ":files" : c.count > 0 && c.open == c.count ? ":nospace" : ":");
out:
	rpc_client_free(c.ctx.client);
	str_fini(&c.out);
	arena_free(c.ctx.arena);
	free(values);
	free(given);
	return EXIT_FINE;
}

/* ---- the scripts */

static const char bash_script[] =
    "# bash completion for plumb; load with: source <(plumb completion bash)\n"
    "_plumb() {\n"
    "\tlocal line=${COMP_LINE:0:COMP_POINT} reply directive= current breaks= kept\n"
    "\tlocal -a words\n"
    "\tif [[ -n $line ]]; then\n"
    "\t\tread -ra words <<<\"$line\"\n"
    "\t\t[[ $line == *[[:space:]] ]] && words+=('')\n"
    "\telse\n"
    "\t\twords=(\"${COMP_WORDS[@]:0:COMP_CWORD+1}\")\n"
    "\tfi\n"
    "\tcurrent=${words[${#words[@]}-1]}\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS= read -r reply; do\n"
    "\t\tcase $reply in\n"
    "\t\t:*) directive=$reply ;;\n"
    "\t\t*) COMPREPLY+=(\"${reply%%$'\\t'*}\") ;;\n"
    "\t\tesac\n"
    "\tdone < <(\"${words[0]/#\\~/$HOME}\" __complete \"${words[@]:1}\" 2>/dev/null)\n"
    "\tcase $directive in\n"
    "\t:nospace) compopt -o nospace 2>/dev/null ;;\n"
    "\t:files) compopt -o default 2>/dev/null ;;\n"
    "\tesac\n"
    "\t# bash takes a word apart at these, and wants only what follows the last of them\n"
    "\t[[ $COMP_WORDBREAKS == *:* ]] && breaks+=:\n"
    "\t[[ $COMP_WORDBREAKS == *=* ]] && breaks+==\n"
    "\t[[ $COMP_WORDBREAKS == *'<'* ]] && breaks+='<>'\n"
    "\tif [[ -n $breaks && $current == *[$breaks]* ]]; then\n"
    "\t\tkept=${current%\"${current##*[$breaks]}\"}\n"
    "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"$kept\"}\")\n"
    "\tfi\n"
    "}\n"
    "complete -F _plumb plumb\n";

static const char zsh_script[] =
    "#compdef plumb\n"
    "# zsh completion for plumb; load with: source <(plumb completion zsh)\n"
    "_plumb() {\n"
    "\tlocal line word text directive=\n"
    "\tlocal -a closed open\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tcase $line in\n"
    "\t\t:*) directive=$line; continue ;;\n"
    "\t\tesac\n"
    "\t\tword=${line%%$'\\t'*}\n"
    "\t\ttext=${${line#$word}#$'\\t'}\n"
    "\t\tcase $word in\n"
    "\t\t*[/:=]) open+=(\"${word//:/\\\\:}${text:+:$text}\") ;;\n"
    "\t\t*) closed+=(\"${word//:/\\\\:}${text:+:$text}\") ;;\n"
    "\t\tesac\n"
    "\tdone < <(${(Q)words[1]} __complete \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" "
    "2>/dev/null)\n"
    "\t(( $#closed )) && _describe -V plumb closed\n"
    "\t(( $#open )) && _describe -V plumb open -S ''\n"
    "\t[[ $directive == :files ]] && _files\n"
    "\treturn 0\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _plumb ]; then _plumb \"$@\"; else compdef _plumb plumb; fi\n";

static const char fish_script[] =
    "# fish completion for plumb; load with: plumb completion fish | source\n"
    "function __plumb_complete\n"
    "\tset -l words (commandline -opc)\n"
    "\tset -l current (commandline -ct)\n"
    "\tfor line in ($words[1] __complete $words[2..-1] \"$current\" 2>/dev/null)\n"
    "\t\tswitch $line\n"
    "\t\tcase ':files'\n"
    "\t\t\t__fish_complete_path \"$current\"\n"
    "\t\tcase ':*'\n"
    "\t\tcase '*'\n"
    "\t\t\techo $line\n"
    "\t\tend\n"
    "\tend\n"
    "end\n"
    "complete -c plumb -f -a '(__plumb_complete)'\n";

bool
command_completion(const char *shell, struct str *out)
{
	if (strcmp(shell, "bash") == 0)
		str_add(out, bash_script);
	else if (strcmp(shell, "zsh") == 0)
		str_add(out, zsh_script);
	else if (strcmp(shell, "fish") == 0)
		str_add(out, fish_script);
	else
		return false;
	return true;
}
