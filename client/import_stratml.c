/* From a StratML document to a plan: the parts of the document, in order. */
#include <stdio.h>
#include <string.h>

#include "client/import_stratml_internal.h"
#include "client/planfile_kinds.h"
#include "common/crypto.h"
#include "common/pb.h"

/* ---- telling the dialects apart ------------------------------------------------------------------------ */

static bool
refuse(struct import *imp, const xmlNode *root, struct err *err, const char *why)
{
	return err_set(err, ERR_INVALID, "%s:%u: %s", imp->file, xml_place(imp, root).line, why);
}

/* By name of the root and structure, since namespaces are missing or wrong in real documents. NULL: refused. */
static const xmlNode *
find_core(struct import *imp, const xmlNode *root, struct err *err)
{
	const xmlNode *core = xml_child(root, "StrategicPlanCore");
	bool report = xml_is(root, "PerformancePlanOrReport");
	const char *why;

	if (core != NULL && (report || xml_is(root, "StrategicPlan"))) {
		imp->report->dialect = report ? "StratML Part 2 (PerformancePlanOrReport)"
					      : "StratML Part 1 (StrategicPlan)";
		return core;
	}
	if (xml_is(root, "StrategicPlanCore")) {
		imp->report->dialect = "StratML draft of 2008 (StrategicPlanCore)";
		return root;
	}
	if (report &&
	    (*xml_attribute(imp, root, "DocumentType") != '\0' ||
		xml_child(root, "NameDescription") != NULL || xml_child(root, "Goal") != NULL))
		why = "this is StratML Part 3 (PerformancePlanOrReport without StrategicPlanCore), "
		      "which is not "
		      "read; Parts 1 and 2 are";
	else if (xml_is(root, "html") || xml_is(root, "HTML"))
		why = "this is a web page; where it is a StratML form, save the document that it "
		      "holds, and import "
		      "that";
	else if (xml_is(root, "OrganizationalStrategyDocument"))
		why = "this is an OrganizationalStrategyDocument, not StratML Part 1 or 2";
	else if (report || xml_is(root, "StrategicPlan"))
		why = "has no StrategicPlanCore: it has StratML's name but not its structure";
	else
		why = "is no StratML: the outermost element of Part 1 is StrategicPlan, that of "
		      "Part 2 "
		      "PerformancePlanOrReport";
	refuse(imp, root, err, why);
	return NULL;
}

/* ---- the frame of the plan -------------------------------------------------------------------------------- */

/* "key" of the first organization: what has no identifier is told apart by it. */
static void
find_organization(struct import *imp, const xmlNode *core)
{
	for (const xmlNode *node = xml_first(core); node != NULL; node = xml_next(node)) {
		const char *identifier = xml_child_line(imp, node, "Identifier");
		char word[ID_MAX_LEN + 1];

		if (!xml_is(node, "Organization"))
			continue;
		slug(xml_child_line(imp, node, "Name"), word);
		if (text_is_placeholder(identifier) || strpbrk(identifier, "[] ") != NULL)
			identifier = "";
		imp->organization_key = *identifier != '\0' ? identifier : fmt(imp, "%s", word);
		if (*imp->organization_key != '\0')
			return;
	}
}

static void
add_organization(struct import *imp, const xmlNode *node, const char *plan_text)
{
	const char *key, *text, *acronym;
	struct stakeholder *who;
	Plumb__V1__Item *item;

	if (xml_blank(node))
		return; /* counted by people_gather */
	who = people_find(imp, stakeholder_name(imp, node));
	if (who == NULL || who->id != NULL)
		return;
	key = item_key(imp, node, "", "organization", who->name);
	who->kind = PLUMB__V1__KIND__TEAM;
	who->id = item_id(imp, who->kind, key, "", who->name);
	who->ref = fmt(imp, "team/%s", who->id);
	acronym = xml_child_line(imp, node, "Acronym");
	text = join(
	    imp, *acronym != '\0' ? fmt(imp, "(%s)", acronym) : "", " ", description_of(imp, node));
	item = new_item(
	    imp, who->kind, who->id, key, who->name, join(imp, text, "\n\n", plan_text), node);
	imp->report->teams += item != NULL;
}

/* The plan's own name and texts, for people. */
static const char *
plan_text(struct import *imp, const xmlNode *root)
{
	const xmlNode *admin = xml_child(root, "AdministrativeInformation");
	const char *published = xml_child_date(imp, admin, "PublicationDate");
	const char *source = xml_child_line(imp, admin, "Source");
	const char *text = description_of(imp, root);

	if (*published != '\0')
		published = fmt(imp, "Published %s.", published);
	if (*source != '\0')
		source = fmt(imp, "Source: %s", source);
	return join(imp, text, "\n\n", join(imp, published, " ", source));
}

/* The time that the plan is for; true if it states one. */
static bool
add_period(struct import *imp, const xmlNode *root, const char *text)
{
	const xmlNode *admin = xml_child(root, "AdministrativeInformation");
	const char *start = xml_child_date(imp, admin, "StartDate");
	const char *end = xml_child_date(imp, admin, "EndDate");
	const char *title = *imp->report->title != '\0' ? imp->report->title : "Plan";
	const char *key;
	Plumb__V1__Item *item;

	if (*start == '\0' && *end == '\0')
		return false;
	if (*start != '\0' && *end != '\0' && strcmp(end, start) < 0)
		note(imp, STRATML_KEPT, "plans that end before they start", admin,
		    fmt(imp, "%s to %s", start, end));
	/* Not by the document's Identifier: forms copy it from plan to plan. */
	key = item_key(imp, NULL, imp->organization_key, "plan", title);
	item = new_item(imp, PLUMB__V1__KIND__PERIOD,
	    item_id(imp, PLUMB__V1__KIND__PERIOD, key, "", title), key, title, text, admin);
	if (item == NULL)
		return true;
	item->period->first_day = pb_str(start);
	item->period->last_day = pb_str(end);
	imp->report->periods++;
	return true;
}

/* Vision and Mission have a text and no name; a Value has both. */
static void
add_statement(struct import *imp, const xmlNode *node, Plumb__V1__Kind kind)
{
	bool value = kind == PLUMB__V1__KIND__VALUE;
	const char *text, *title, *key;
	Plumb__V1__Item *item;

	if (xml_blank(node)) {
		note_element(imp, STRATML_LEFT_OUT, "blank # elements", node, "");
		return;
	}
	text = clip_text(imp, node, xml_child_text(imp, node, "Description"));
	title = value ? title_of(imp, node) : fmt(imp, "%s", (const char *)node->name);
	if (*title == '\0' ||
	    (!value && *text == '\0')) { /* text where none belongs, or only unknown elements */
		note_element(imp, STRATML_LEFT_OUT, "# elements with neither name nor description",
		    node, "");
		return;
	}
	key = item_key(imp, node, imp->organization_key, kind_word(kind), title);
	item = new_item(imp, kind, item_id(imp, kind, key, "", title), key, title, "", node);
	if (item == NULL)
		return;
	if (value)
		item->value->text = pb_str(text);
	else if (kind == PLUMB__V1__KIND__VISION)
		item->vision->text = pb_str(text);
	else
		item->mission->text = pb_str(text);
	imp->report->values += value;
}

/* ---- goals and objectives ------------------------------------------------------------------------------------ */

static void
add_objective(struct import *imp, const xmlNode *node, const Plumb__V1__Item *goal,
    const char *goal_key, const char *goal_sequence)
{
	const char *title, *sequence, *key;
	Plumb__V1__Item *item;

	if (xml_blank(node)) {
		note(imp, STRATML_LEFT_OUT, "blank Objective elements", node, "");
		return;
	}
	title = title_of(imp, node);
	sequence =
	    sequence_below(imp, goal_sequence, xml_child_line(imp, node, "SequenceIndicator"));
	key = item_key(imp, node, goal_key, "objective", *sequence != '\0' ? sequence : title);
	item = new_item(imp, PLUMB__V1__KIND__OBJECTIVE,
	    item_id(imp, PLUMB__V1__KIND__OBJECTIVE, key, sequence, title), key,
	    *title != '\0' ? title : fmt(imp, "Objective of: %s", goal->title),
	    description_of(imp, node), node);
	if (item == NULL)
		return;
	item->objective->goal = goal->id;
	imp->report->objectives++;
	people_link(imp, item, node);
	for (const xmlNode *child = xml_first(node); child != NULL && !imp->failed;
	     child = xml_next(child))
		if (xml_is(child, "PerformanceIndicator"))
			measure_add(imp, item, key, sequence, child);
}

static void
add_goal(struct import *imp, const xmlNode *node)
{
	const char *title, *sequence, *key;
	Plumb__V1__Item *item;

	if (xml_blank(node)) {
		note(imp, STRATML_LEFT_OUT, "blank Goal elements", node, "");
		return;
	}
	title = title_of(imp, node);
	sequence = xml_child_line(imp, node, "SequenceIndicator");
	key = item_key(
	    imp, node, imp->organization_key, "goal", *sequence != '\0' ? sequence : title);
	item = new_item(imp, PLUMB__V1__KIND__GOAL,
	    item_id(imp, PLUMB__V1__KIND__GOAL, key, sequence, title), key,
	    *title != '\0' ? title : "Goal", description_of(imp, node), node);
	if (item == NULL)
		return;
	imp->report->goals++;
	people_link(imp, item, node);
	for (const xmlNode *child = xml_first(node); child != NULL && !imp->failed;
	     child = xml_next(child))
		if (xml_is(child, "Objective"))
			add_objective(imp, child, item, key, sequence);
}

/* ---- the document ------------------------------------------------------------------------------------------------ */

/* Those who are concerned by the plan as a whole. */
static void
link_organization(struct import *imp, const xmlNode *node)
{
	struct stakeholder *who = people_find(imp, stakeholder_name(imp, node));
	struct planfile_entry *entry;

	if (who == NULL || who->ref == NULL)
		return;
	entry = planfile_find(imp->step, who->ref);
	if (entry != NULL && entry->item != NULL)
		people_link(imp, entry->item, node);
}

static void
add_core(struct import *imp, const xmlNode *root, const xmlNode *core)
{
	const char *text = plan_text(imp, root);
	bool first = true;

	/* Without a period the plan's own texts go to the organization, so that they are not lost. */
	if (add_period(imp, root, text))
		text = "";
	else
		text = join(imp, imp->report->title, ": ", text);
	for (const xmlNode *node = xml_first(core); node != NULL; node = xml_next(node)) {
		if (!xml_is(node, "Organization"))
			continue;
		add_organization(imp, node, first ? text : "");
		first = false;
	}
	people_add(imp);
	for (const xmlNode *node = xml_first(core); node != NULL && !imp->failed;
	     node = xml_next(node)) {
		if (xml_is(node, "Organization"))
			link_organization(imp, node);
		else if (xml_is(node, "Vision"))
			add_statement(imp, node, PLUMB__V1__KIND__VISION);
		else if (xml_is(node, "Mission"))
			add_statement(imp, node, PLUMB__V1__KIND__MISSION);
		else if (xml_is(node, "Value"))
			add_statement(imp, node, PLUMB__V1__KIND__VALUE);
		else if (xml_is(node, "Goal"))
			add_goal(imp, node);
	}
}

static bool
begin(struct import *imp, const struct stratml_options *options, struct planfile *plan,
    struct err *err)
{
	*imp = (struct import){.options = options, .plan = plan, .arena = plan->arena};
	imp->step = planfile_present(plan);
	imp->stakeholders_end = &imp->stakeholders;
	imp->organization_key = "";
	imp->published = "";
	imp->file = fmt(imp, "%s", options->name);
	imp->report = arena_zalloc(imp->arena, sizeof *imp->report);
	if (imp->report == NULL || imp->failed)
		return err_oom(err);
	imp->report->dialect = imp->report->title = "";
	if (!random_bytes(imp->hash_key, sizeof imp->hash_key))
		return err_set(err, ERR_UNAVAILABLE, "the system gives no random bytes");
	ids_load_known(imp);
	return true;
}

static bool
read_document(struct import *imp, const xmlNode *root, struct err *err)
{
	const xmlNode *core = find_core(imp, root, err);
	const xmlNode *admin = xml_child(root, "AdministrativeInformation");
	const xmlNode *submitter = xml_child(root, "Submitter");

	if (core == NULL)
		return false;
	if (submitter == NULL)
		submitter = xml_child(admin, "Submitter");
	imp->report->title = xml_child_line(imp, root, "Name");
	imp->published = xml_child_date(imp, admin, "PublicationDate");
	vocabulary_check(imp, root);
	if (submitter != NULL && !xml_blank(submitter))
		note(imp, STRATML_LEFT_OUT,
		    "submitter (a person's name and address, which are not the plan's)", submitter,
		    "");
	find_organization(imp, core);
	people_gather(imp, core);
	measures_count(imp, core);
	add_core(imp, root, core);
	report_finish(imp);
	for (size_t i = 0; i < imp->step->count; i++) {
		struct planfile_entry *entry = imp->step->entries[i];

		imp->failed |= !planfile_normal(planfile_kind(entry->kind),
		    entry->item != NULL ? &entry->item->base : &entry->record->base, imp->arena);
	}
	return true;
}

bool
stratml_import(const char *bytes, size_t len, const struct stratml_options *options,
    struct planfile *plan, struct stratml_report **report, struct err *err)
{
	struct import imp;
	xmlDoc *doc;
	bool ok;

	if (!begin(&imp, options, plan, err))
		return false;
	doc = stratml_xml_parse(bytes, len, imp.file, err);
	if (doc == NULL)
		return false;
	ok = read_document(&imp, xmlDocGetRootElement(doc), err);
	xmlFreeDoc(doc);
	if (ok && imp.failed)
		ok = err_set(
		    err, ERR_LIMIT, "%s: there is more in it than memory for one import", imp.file);
	if (ok)
		*report = imp.report;
	return ok;
}
