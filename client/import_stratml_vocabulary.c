/* The elements of StratML, and a look over a document for what is not among them. */
#include <string.h>

#include "client/import_stratml_internal.h"

/* Which elements have a place in which; "!" after those of which only one is read. */
static const struct {
	const char *parent;
	const char *children;
} vocabulary[] = {
    {"StrategicPlan", " Name! Description! OtherInformation! StrategicPlanCore! "
		      "AdministrativeInformation! Submitter! "},
    {"PerformancePlanOrReport", " Name! Description! OtherInformation! StrategicPlanCore! "
				"AdministrativeInformation! Submitter! "},
    {"StrategicPlanCore", " Organization Vision! Mission! Value Goal "},
    {"Organization", " Name! Acronym! Identifier! Description! OtherInformation! Stakeholder "},
    {"Vision", " Description! Identifier! "},
    {"Mission", " Description! Identifier! "},
    {"Value", " Name! Description! "},
    {"Goal", " Name! Description! Identifier! SequenceIndicator! Stakeholder OtherInformation! "
	     "Objective "},
    {"Objective", " Name! Description! Identifier! SequenceIndicator! Stakeholder "
		  "OtherInformation! PerformanceIndicator "},
    {"Stakeholder", " Name! Description! Role "},
    {"Role", " Name! Description! RoleType "},
    {"PerformanceIndicator",
	" SequenceIndicator! MeasurementDimension! UnitOfMeasurement! Identifier! "
	"Relationship MeasurementInstance OtherInformation! "},
    {"MeasurementInstance", " TargetResult ActualResult "},
    {"TargetResult", " StartDate! EndDate! NumberOfUnits! Descriptor Description! "},
    {"ActualResult", " StartDate! EndDate! NumberOfUnits! Descriptor Description! "},
    {"Descriptor", " DescriptorName! DescriptorValue! "},
    {"Relationship", " Identifier! ReferentIdentifier! Name! Description! "},
    {"AdministrativeInformation",
	" Identifier! StartDate! EndDate! PublicationDate! Source! Submitter! "},
    {"Submitter",
	" Identifier! GivenName! Surname! FirstName! LastName! PhoneNumber! EmailAddress! "},
};

static const char *
children_of(const xmlNode *node)
{
	for (size_t i = 0; i < sizeof vocabulary / sizeof *vocabulary; i++)
		if (xml_is(node, vocabulary[i].parent))
			return vocabulary[i].children;
	return NULL;
}

/* The mark behind the child's name: ' ' any number, '!' one; 0 it has no place there. */
static char
place_of(const char *children, const xmlNode *child)
{
	size_t len = strlen((const char *)child->name);

	for (const char *p = children; (p = strstr(p, (const char *)child->name)) != NULL; p++)
		if (p[-1] == ' ' && (p[len] == ' ' || p[len] == '!'))
			return p[len];
	return 0;
}

static bool
is_second(const xmlNode *node)
{
	for (const xmlNode *n = node->prev; n != NULL; n = n->prev)
		if (xml_is(n, (const char *)node->name) && !xml_blank(n))
			return true;
	return false;
}

static void
check_text(struct import *imp, const xmlNode *node)
{
	for (const xmlNode *child = node->children; child != NULL; child = child->next) {
		const char *text = (const char *)child->content;

		if (child->type != XML_TEXT_NODE || text == NULL ||
		    text[strspn(text, " \t\r\n")] == '\0')
			continue;
		note(imp, STRATML_REPAIRED, "texts between elements, where none belongs: ignored",
		    node, fmt(imp, "%.120s", text + strspn(text, " \t\r\n")));
		return;
	}
}

/* Below an element of the vocabulary; true if its own children shall be looked at. */
static bool
check_child(struct import *imp, const char *children, const xmlNode *child)
{
	char mark = place_of(children, child);

	if (mark == 0) {
		note(imp, STRATML_LEFT_OUT, "elements that StratML does not have there", child,
		    xml_blank(child) ? "blank" : xml_line(imp, child));
		return false;
	}
	if (mark == '!' && !xml_blank(child) && is_second(child))
		note_element(imp, STRATML_LEFT_OUT,
		    "# elements beyond the one that has a place there", child,
		    xml_line(imp, child));
	return true;
}

void
vocabulary_check(struct import *imp, const xmlNode *root)
{
	for (const xmlNode *node = root; node != NULL && !imp->failed;
	     node = xml_walk(node, root)) {
		const char *children = children_of(node);

		if (children == NULL) { /* a text */
			if (node->children != NULL && xml_blank(node) &&
			    *xml_line(imp, node) != '\0' && !xml_is(node, "Identifier") &&
			    !xml_is(node, "SequenceIndicator") &&
			    !xml_is(node, "ReferentIdentifier"))
				note(imp, STRATML_LEFT_OUT, "placeholder texts", node,
				    xml_line(imp, node));
			continue;
		}
		check_text(imp, node);
		for (const xmlNode *child = xml_first(node); child != NULL; child = xml_next(child))
			check_child(imp, children, child);
	}
}
