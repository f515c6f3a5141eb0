/* People and teams who are named: those whose names differ by case or punctuation only are one. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"

#define NAMES_MAX 64u /* in one cell */

/* Words of positions: "VP of Engineering" is somebody, "Data Team" is not. */
bool
okr_is_position(const char *role)
{
	static const char *const words[] = {"ceo", "cfo", "cto", "coo", "cmo", "cro", "cpo", "cio",
	    "ciso", "chro", "vp", "svp", "evp", "director", "manager", "head", "chief", "lead",
	    "leader", "fellow", "officer", "president", "controller", "pm", "em", "owner",
	    "founder", "partner"};

	for (const char *p = role; *p != '\0';) {
		size_t len = 0;

		while (isalpha((unsigned char)p[len]))
			len++;
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (strlen(words[i]) == len && strncasecmp(words[i], p, len) == 0)
				return true;
		p += len > 0 ? len : 1;
	}
	return false;
}

struct okr_name *
okr_meet(struct okr *okr, const char *name, bool team)
{
	char word[ID_MAX_LEN + 1];
	const char *key;
	struct okr_name *who;

	while (*name == '@')
		name++;
	name = okr_cut(okr, name, strlen(name));
	if (okr_is_nothing(name))
		return NULL;
	slug(name, word);
	key = okr_fmt(
	    okr, "%s/%s", team ? "team" : "person", *word != '\0' ? word : okr_fold(okr, name));
	who = refmap_get(okr->people, key);
	if (who != NULL) {
		/* Of two ways to write a name one is taken, whichever comes first. */
		if (strcmp(name, who->name) < 0)
			who->name = name;
		return who;
	}
	who = arena_zalloc(okr->arena, sizeof *who);
	if (who == NULL || !refmap_put(okr->people, key, who)) {
		okr_oom(okr);
		return NULL;
	}
	*who = (struct okr_name){.name = name, .team = team, .ref = ""};
	return who;
}

/* The next separator between names; NULL. "Brandt, Anna" is one name; "Anna Brandt, Ben Cho" are two. */
static const char *
name_end(const char *text, size_t *skip)
{
	static const char *const between[] = {";", "/", "&", "\n", " and ", " und ", " + ", ", "};
	const char *end = NULL;

	for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
		const char *p = strstr(text, between[i]);

		if (p == NULL || (end != NULL && p >= end))
			continue;
		end = p;
		*skip = strlen(between[i]);
	}
	return end;
}

/* "Brandt, Anna": one comma, a word on each side: a family name first, or two people? */
static bool
is_one_or_two(const char *text)
{
	const char *comma = strstr(text, ", ");

	return comma != NULL && strpbrk(comma + 2, ",;/& ") == NULL &&
	       strcspn(text, " ;/&") == (size_t)(comma + 1 - text);
}

struct okr_name **
okr_meet_all(struct okr *okr, const char *text, size_t *count)
{
	struct okr_name **names = arena_array(okr->arena, NAMES_MAX + 1, sizeof(struct okr_name *));
	size_t skip = 0;

	*count = 0;
	if (names == NULL) {
		okr_oom(okr);
		return NULL;
	}
	while (*text != '\0' && *count < NAMES_MAX) {
		const char *end = name_end(text, &skip);
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
		const char *name = okr_cut(okr, text, len);
		size_t name_len = strlen(name);
		bool team = name_len > 5 && strcasecmp(name + name_len - 5, " team") == 0;
		struct okr_name *who = okr_meet(okr, name, team);

		if (okr->failed)
			return NULL;
		if (who != NULL)
			names[(*count)++] = who;
		text += end != NULL ? len + skip : len;
	}
	return names;
}

/* Somebody of that name whom the workspace has. */
static const struct import_known *
known_name(struct okr *okr, const struct okr_name *who)
{
	const char *kind = who->team ? "team" : "person";
	const struct import_known *known;
	char word[ID_MAX_LEN + 1];

	known = refmap_get(okr->known_names, okr_fmt(okr, "%s/%s", kind, okr_fold(okr, who->name)));
	if (known != NULL)
		return known;
	/* A first name, or the name of an account, may be an id: "anna", "b.cho". */
	slug(who->name, word);
	return refmap_get(okr->taken, okr_fmt(okr, "%s/%s", kind, word));
}

static bool
add_name(struct okr *okr, struct okr_name *who)
{
	const struct import_known *known = known_name(okr, who);
	Plumb__V1__Kind kind = who->team ? PLUMB__V1__KIND__TEAM : PLUMB__V1__KIND__PERSON;
	char word[ID_MAX_LEN + 1];
	Plumb__V1__Item *item;

	if (known != NULL) {
		who->ref = okr_fmt(okr, "%s", known->ref);
		if (strcmp(known->source, okr->options->source) != 0) {
			okr->report->there++;
			return true;
		}
		snprintf(word, sizeof word, "%s", strchr(known->ref, '/') + 1);
	} else {
		slug(who->name, word);
		if (*word == '\0') { /* nothing Latin in it */
			uint8_t digest[SHA256_LEN];
			char hex[2 * SHA256_LEN + 1];

			sha256(who->name, strlen(who->name), digest);
			hex_encode(digest, sizeof digest, hex);
			snprintf(word, sizeof word, "x-%.16s", hex);
		}
		who->ref = okr_fmt(okr, "%s/%s", who->team ? "team" : "person", word);
	}
	item = okr_item(okr, kind, word, who->name, "", 0);
	if (item == NULL)
		return false;
	if (!who->team && strchr(who->name, '@') != NULL && strchr(who->name, ' ') == NULL)
		item->person->email = pb_str(who->name);
	okr->report->people += !who->team;
	okr->report->teams += who->team;
	return true;
}

/* Calls each for everybody whom node names; false where it does, or memory is out. */
static bool
each_name(
    struct okr *okr, const struct okr_node *node, bool (*each)(struct okr *, struct okr_name *))
{
	const char *role = node->role;

	while (*role != '\0') { /* "Director of Product; Group Manager" */
		size_t len = strcspn(role, ";");
		const char *one = okr_cut(okr, role, len);
		struct okr_name *who = okr_meet(okr, one, !okr_is_position(one));

		if (who != NULL && !each(okr, who))
			return false;
		role += len + (role[len] != '\0');
	}
	for (const struct okr_fact *fact = node->facts; fact != NULL && !okr->failed;
	     fact = fact->next) {
		struct okr_name *team = NULL, **names = NULL;
		size_t count = 0;

		if (fact->field == FIELD_TEAM)
			team = okr_meet(okr, fact->text, true);
		else if (fact->field == FIELD_OWNER)
			names = okr_meet_all(okr, fact->text, &count);
		if (team != NULL && !each(okr, team))
			return false;
		for (size_t i = 0; i < count; i++)
			if (!each(okr, names[i]))
				return false;
	}
	return !okr->failed;
}

static bool
only_meet(struct okr *okr, struct okr_name *who)
{
	(void)who;
	return !okr->failed;
}

static bool
add_once(struct okr *okr, struct okr_name *who)
{
	return *who->ref != '\0' || add_name(okr, who);
}

bool
okr_add_people(struct okr *okr)
{
	for (const struct okr_node *node = okr->nodes; node != NULL; node = node->next) {
		for (const struct okr_fact *fact = node->facts; fact != NULL; fact = fact->next)
			if (fact->field == FIELD_OWNER && is_one_or_two(fact->text))
				okr_note(okr, OKR_READ_AS,
				    "two words with a comma between them: taken as two people; "
				    "write \"Anna Brandt\" for one",
				    fact->line, fact->text);
		if (!each_name(okr, node, only_meet))
			return false;
	}
	/* All names are known now, so that the way they are written does not depend on the order. */
	for (const struct okr_node *node = okr->nodes; node != NULL; node = node->next)
		if (!each_name(okr, node, add_once))
			return false;
	return true;
}
