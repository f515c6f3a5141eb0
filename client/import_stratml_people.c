/*
 * Stakeholders. They have no identifier and stand wherever they are concerned: who has the same name, but for case,
 * is the same one.
 */
#include <string.h>

#include "client/import_stratml_internal.h"
#include "common/pb.h"

/* The type that the place states, if it is one. */
static Plumb__V1__Kind
stated_kind(struct import *imp, const xmlNode *node)
{
	const char *type = xml_attribute(imp, node, "StakeholderTypeType");

	if (strcmp(type, "Person") == 0)
		return PLUMB__V1__KIND__PERSON;
	if (strcmp(type, "Organization") == 0 || strcmp(type, "Generic_Group") == 0)
		return PLUMB__V1__KIND__TEAM;
	if (*type != '\0')
		note(imp, STRATML_LEFT_OUT, "types of stakeholders that StratML does not have",
		    node, type);
	return PLUMB__V1__KIND__KIND_UNSPECIFIED;
}

static struct stakeholder *
meet(struct import *imp, const char *name, Plumb__V1__Kind kind, const xmlNode *node)
{
	const char *folded = fold(imp, name);
	struct name_entry *entry = name_put(imp, &imp->people, folded);
	struct stakeholder *who;

	if (entry == NULL)
		return NULL;
	who = entry->value;
	if (who == NULL) {
		who = arena_zalloc(imp->arena, sizeof *who);
		if (who == NULL) {
			imp->failed = true;
			return NULL;
		}
		who->name = name;
		who->node = node;
		who->folded = folded;
		who->description = "";
		entry->value = who;
		*imp->stakeholders_end = who;
		imp->stakeholders_end = &who->next;
	}
	if (kind == PLUMB__V1__KIND__KIND_UNSPECIFIED)
		return who;
	if (who->stated && who->kind != kind)
		note(imp, STRATML_REPAIRED,
		    "stakeholders that are a person here and an organization there: taken as at "
		    "first",
		    node, name);
	else
		who->kind = kind;
	who->stated = true;
	return who;
}

const char *
stakeholder_name(struct import *imp, const xmlNode *node)
{
	const char *name = xml_child_line(imp, node, "Name");

	return *name != '\0' ? name : first_sentence(imp, description_of(imp, node));
}

/* Where StratML has stakeholders; elsewhere they are reported as out of place. */
static bool
has_place(const xmlNode *node)
{
	if (xml_is(node, "Organization"))
		return xml_is(node->parent, "StrategicPlanCore");
	return xml_is(node, "Stakeholder") &&
	       (xml_is(node->parent, "Organization") || xml_is(node->parent, "Goal") ||
		   xml_is(node->parent, "Objective"));
}

void
people_gather(struct import *imp, const xmlNode *root)
{
	for (const xmlNode *node = root; node != NULL && !imp->failed;
	     node = xml_walk(node, root)) {
		bool organization = xml_is(node, "Organization");
		struct stakeholder *who;
		const char *name, *text;

		if (!has_place(node))
			continue;
		if (xml_blank(node)) {
			note_element(imp, STRATML_LEFT_OUT, "blank # elements", node, "");
			continue;
		}
		name = title_of(imp, node);
		if (*name == '\0') {
			note_element(imp, STRATML_LEFT_OUT,
			    "# elements with neither name nor description", node, "");
			continue;
		}
		imp->report->mentions += !organization;
		who = meet(
		    imp, name, organization ? PLUMB__V1__KIND__TEAM : stated_kind(imp, node), node);
		if (who == NULL)
			return;
		text = xml_child_text(imp, node, "Description");
		if (*who->description == '\0')
			who->description = text;
	}
}

/* Someone of that name, or given that external id, whom others put there already. */
static const struct import_known *
known_person(struct import *imp, const char *folded, const char *key)
{
	struct name_entry *entry = name_find(imp, &imp->known, fmt(imp, "stratml:%s", key));

	if (entry == NULL)
		entry = name_find(imp, &imp->known_people, folded);
	return entry != NULL ? &imp->options->known[entry->count - 1] : NULL;
}

/*
 * Does the workspace say what they are? A team that an import put there may be no more than what is taken where no
 * type is stated.
 */
static bool
is_sure(const struct import *imp, const struct import_known *known)
{
	return strncmp(known->ref, "person/", 7) == 0 ||
	       (strncmp(known->source, "stratml:", 8) != 0 &&
		   strcmp(known->source, imp->options->source) != 0);
}

static void
settle_kind(struct import *imp, struct stakeholder *who, const struct import_known *known)
{
	if (known != NULL) {
		who->kind = strncmp(known->ref, "person/", 7) == 0 ? PLUMB__V1__KIND__PERSON
								   : PLUMB__V1__KIND__TEAM;
		who->sure = who->stated || is_sure(imp, known);
		return;
	}
	who->sure = who->stated || imp->options->untyped_are_people;
	if (who->stated)
		return;
	who->kind =
	    imp->options->untyped_are_people ? PLUMB__V1__KIND__PERSON : PLUMB__V1__KIND__TEAM;
	note(imp, STRATML_REPAIRED,
	    imp->options->untyped_are_people
		? "stakeholders to whom no place gives a type: taken as people (--untyped person)"
		: "stakeholders to whom no place gives a type: taken as teams (--untyped person "
		  "takes them as "
		  "people)",
	    who->node, who->name);
}

void
people_add(struct import *imp)
{
	for (struct stakeholder *who = imp->stakeholders; who != NULL && !imp->failed;
	     who = who->next) {
		const struct import_known *known;
		const char *key;

		if (who->id != NULL) /* an organization of the plan */
			continue;
		key = item_key(imp, NULL, "", "stakeholder", who->name);
		known = known_person(imp, who->folded, key);
		settle_kind(imp, who, known);
		if (known != NULL) {
			who->ref = fmt(imp, "%s", known->ref);
			who->id = strchr(who->ref, '/') + 1;
		} else {
			who->id = item_id(imp, who->kind, key, "", who->name);
			who->ref = fmt(imp, "%s/%s", kind_word(who->kind), who->id);
		}
		if (known != NULL && strcmp(known->source, imp->options->source) != 0) {
			imp->report->there++;
			continue;
		}
		if (new_item(imp, who->kind, who->id, key, who->name, who->description, NULL) ==
		    NULL)
			continue;
		if (who->kind == PLUMB__V1__KIND__PERSON)
			imp->report->people++;
		else
			imp->report->teams++;
	}
}

struct stakeholder *
people_find(struct import *imp, const char *name)
{
	struct name_entry *entry = name_find(imp, &imp->people, fold(imp, name));

	return entry != NULL ? entry->value : NULL;
}

/* ---- links ---------------------------------------------------------------------------------------------------- */

/* "performer", "beneficiary", both or "". */
static const char *
role_type(const xmlNode *role, struct import *imp, bool *performs)
{
	bool performer = false, beneficiary = false;

	for (const xmlNode *type = xml_first(role); type != NULL; type = xml_next(type)) {
		const char *text;

		if (!xml_is(type, "RoleType"))
			continue;
		text = xml_line(imp, type);
		performer |= strcmp(text, "Performer") == 0;
		beneficiary |= strcmp(text, "Beneficiary") == 0;
	}
	*performs |= performer;
	if (performer)
		return beneficiary ? "performer and beneficiary" : "performer";
	return beneficiary ? "beneficiary" : "";
}

/* "performer: Co-chair: leads the calls; beneficiary: member" */
static const char *
mention_text(
    struct import *imp, const xmlNode *stakeholder, const struct stakeholder *who, bool *performs)
{
	const char *description = xml_child_text(imp, stakeholder, "Description");
	struct str text;

	lines_init(&text);
	if (strcmp(description, who->description) != 0)
		lines_add(&text, "; ", description);
	for (const xmlNode *role = xml_first(stakeholder); role != NULL; role = xml_next(role)) {
		const char *type, *words;

		if (!xml_is(role, "Role"))
			continue;
		type = role_type(role, imp, performs);
		words = join(imp, xml_child_line(imp, role, "Name"), ": ",
		    xml_child_line(imp, role, "Description"));
		if (*type == '\0' && *words == '\0')
			note(imp, STRATML_LEFT_OUT, "blank Role elements", role, "");
		lines_add(&text, "; ", join(imp, type, ": ", words));
	}
	return lines_take(imp, &text);
}

static Plumb__V1__Link *
find_link(const Plumb__V1__Item *item, const char *to)
{
	for (size_t i = 0; i < item->n_links; i++)
		if (strcmp(item->links[i]->to, to) == 0)
			return item->links[i];
	return NULL;
}

/* What the links of an item weigh, so that it stays within what the daemon takes. */
static size_t
links_bytes(const Plumb__V1__Item *item)
{
	size_t bytes = strlen(item->description);

	for (size_t i = 0; i < item->n_links; i++)
		bytes += strlen(item->links[i]->to) + strlen(item->links[i]->note) + 8;
	return bytes;
}

static bool
link_to(struct import *imp, Plumb__V1__Item *item, const struct stakeholder *who, const char *text,
    const xmlNode *node)
{
	Plumb__V1__Link *link = find_link(item, who->ref);
	Plumb__V1__Link **bigger;

	if (link != NULL) {
		link->note = pb_str(clip_text(imp, node, join(imp, link->note, "; ", text)));
		return true;
	}
	if (item->n_links >= LIST_MAX || links_bytes(item) + strlen(text) > ITEM_TEXT_MAX) {
		note(imp, STRATML_LEFT_OUT,
		    "mentions of stakeholders beyond what one item can hold", node, who->name);
		return true;
	}
	link = arena_zalloc(imp->arena, sizeof *link);
	bigger = arena_array(imp->arena, item->n_links + 1, sizeof *bigger);
	if (link == NULL || bigger == NULL)
		return false;
	plumb__v1__link__init(link);
	link->to = pb_str(who->ref);
	link->note = pb_str(clip_text(imp, node, text));
	if (item->n_links > 0)
		memcpy(bigger, item->links, item->n_links * sizeof *bigger);
	bigger[item->n_links++] = link;
	item->links = bigger;
	return true;
}

/* Those who perform an item: counted once each. */
struct performers {
	const struct stakeholder *person; /* the last */
	size_t people;
	size_t unsure; /* of whom nobody says whether they are a person */
};

static void
count_performer(struct performers *performers, struct stakeholder *who, const xmlNode *parent)
{
	if (who->performs_in == parent)
		return;
	who->performs_in = parent;
	if (!who->sure) {
		performers->unsure++;
	} else if (who->kind == PLUMB__V1__KIND__PERSON) {
		performers->person = who;
		performers->people++;
	}
}

/* The one person who performs it; nobody where there are several, or may be. */
static void
propose_owner(struct import *imp, Plumb__V1__Item *item, const struct performers *performers,
    const xmlNode *node)
{
	if (item->body_case == PLUMB__V1__ITEM__BODY_TEAM || performers->people == 0)
		return;
	if (performers->people > 1) {
		note(imp, STRATML_KEPT,
		    "items that several people perform: none of them proposed as owner", node,
		    fmt(imp, "%zu people", performers->people));
	} else if (performers->unsure > 0) {
		note(imp, STRATML_KEPT,
		    "items that one person performs, and others without a type: no owner proposed",
		    node, performers->person->name);
	} else {
		add_string(imp, &item->owners, &item->n_owners, performers->person->id);
		imp->report->owners++;
	}
}

void
people_link(struct import *imp, Plumb__V1__Item *item, const xmlNode *parent)
{
	struct performers performers = {0};

	for (const xmlNode *node = xml_first(parent); node != NULL && !imp->failed;
	     node = xml_next(node)) {
		struct stakeholder *who;
		bool performs = false;
		const char *text;

		if (!xml_is(node, "Stakeholder") || xml_blank(node))
			continue;
		who = people_find(imp, stakeholder_name(imp, node));
		if (who == NULL || who->ref == NULL)
			continue;
		text = mention_text(imp, node, who, &performs);
		if (!link_to(imp, item, who, text, node)) {
			imp->failed = true;
			return;
		}
		if (performs)
			count_performer(&performers, who, parent);
	}
	propose_owner(imp, item, &performers, parent);
}
