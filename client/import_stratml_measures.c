/*
 * Performance indicators: a measure, what its objective wants of it, and the values that were stated.
 *
 * StratML has no baseline element: a result is one where its descriptor says so.
 */
#include <stdio.h>
#include <string.h>

#include "client/import_stratml_internal.h"
#include "common/crypto.h"
#include "common/pb.h"

struct result {
	const xmlNode *node;
	const char *start; /* dates; "" not stated */
	const char *end;
	const char *label; /* "Status: Baseline" */
	const char *text;
	double value;
	size_t instance;
	bool target;
	bool numeric;
	bool baseline;
};

/* An indicator on its way into the plan. */
struct indicator {
	const xmlNode *node;
	struct result *results;
	size_t count;
	const char *key;
	const char *id;
	Plumb__V1__Item *measure;
	const struct result *latest; /* target with a number; NULL */
};

/* ---- names ------------------------------------------------------------------------------------------------- */

static const char *
with_unit(struct import *imp, const char *dimension, const char *unit)
{
	return *unit != '\0' ? fmt(imp, "%s (%s)", dimension, unit) : dimension;
}

void
measures_count(struct import *imp, const xmlNode *root)
{
	for (const xmlNode *node = root; node != NULL && !imp->failed;
	     node = xml_walk(node, root)) {
		const char *dimension, *full;
		struct name_entry *entry;

		if (!xml_is(node, "PerformanceIndicator"))
			continue;
		dimension = xml_child_line(imp, node, "MeasurementDimension");
		full = with_unit(imp, dimension, xml_child_line(imp, node, "UnitOfMeasurement"));
		if (*dimension == '\0')
			continue;
		entry = name_put(imp, &imp->dimensions, fold(imp, dimension));
		if (entry != NULL)
			entry->count++;
		if (strcmp(full, dimension) == 0)
			continue;
		entry = name_put(imp, &imp->dimensions, fold(imp, full));
		if (entry != NULL)
			entry->count++;
	}
}

static bool
stands_once(struct import *imp, const char *name)
{
	struct name_entry *entry = name_find(imp, &imp->dimensions, fold(imp, name));

	return entry == NULL || entry->count <= 1;
}

/* What the indicator is called: an indicator has no name of its own. */
static const char *
indicator_name(struct import *imp, const struct indicator *in)
{
	const char *name = xml_child_line(imp, in->node, "MeasurementDimension");

	if (*name == '\0')
		name = xml_child_line(imp, in->node, "UnitOfMeasurement");
	for (size_t i = 0; i < in->count && *name == '\0'; i++)
		if (in->results[i].target)
			name = first_sentence(imp, in->results[i].text);
	for (size_t i = 0; i < in->count && *name == '\0'; i++)
		name = first_sentence(imp, in->results[i].text);
	return name;
}

/* Where several indicators have one name, the unit or the objective tells them apart. */
static const char *
measure_title(struct import *imp, const struct indicator *in, const char *name,
    const Plumb__V1__Item *objective)
{
	const char *dimension = xml_child_line(imp, in->node, "MeasurementDimension");
	const char *full;

	if (*name == '\0')
		return fmt(imp, "Measure of: %s", objective->title);
	if (*dimension == '\0' || stands_once(imp, dimension))
		return name;
	full = with_unit(imp, dimension, xml_child_line(imp, in->node, "UnitOfMeasurement"));
	if (strcmp(full, dimension) != 0 && stands_once(imp, full))
		return full;
	return fmt(imp, "%s: %s", full, objective->title);
}

/* ---- reading results ------------------------------------------------------------------------------------------ */

static void
read_number(struct import *imp, struct result *result)
{
	const char *text = xml_child_line(imp, result->node, "NumberOfUnits");

	if (*text == '\0')
		return;
	result->numeric = parse_double(text, &result->value);
	if (result->numeric && strcmp(result->text, text) == 0)
		result->text = ""; /* says the number once more */
	if (result->numeric)
		return;
	note(imp, STRATML_KEPT, "numbers that are not plain decimals: kept as text",
	    xml_child(result->node, "NumberOfUnits"), text);
	result->text = join(imp, text, ": ", result->text);
}

/* "Status: Baseline" */
static const char *
read_label(struct import *imp, const xmlNode *node)
{
	struct str label;

	lines_init(&label);
	for (const xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
		/* A name alone ("Status"), or "Status: TBD", says nothing. */
		if (!xml_is(child, "Descriptor") ||
		    *xml_child_line(imp, child, "DescriptorValue") == '\0')
			continue;
		lines_add(&label, "; ",
		    join(imp, xml_child_line(imp, child, "DescriptorName"), ": ",
			xml_child_line(imp, child, "DescriptorValue")));
	}
	return lines_take(imp, &label);
}

/* Is the result labelled as where things began: by name or value of a descriptor? */
static bool
is_baseline(struct import *imp, const xmlNode *node)
{
	for (const xmlNode *child = xml_first(node); child != NULL; child = xml_next(child))
		if (xml_is(child, "Descriptor") &&
		    strcasestr(xml_line(imp, child), "baseline") != NULL)
			return true;
	return false;
}

/* False if nothing is stated: a target may be no more than its dates, an actual result may not. */
static bool
read_result(struct import *imp, struct result *result, const xmlNode *node, size_t instance)
{
	*result = (struct result){
	    .node = node, .instance = instance, .target = xml_is(node, "TargetResult")};
	result->start = xml_child_date(imp, node, "StartDate");
	result->end = xml_child_date(imp, node, "EndDate");
	result->label = read_label(imp, node);
	result->text = xml_child_text(imp, node, "Description");
	result->baseline = is_baseline(imp, node);
	read_number(imp, result);
	if (!result->numeric && *result->text == '\0' && *result->label == '\0' &&
	    !(result->target && *result->end != '\0')) {
		note_element(imp, STRATML_LEFT_OUT, "# elements that state no result", node, "");
		return false;
	}
	if (*result->start != '\0' && *result->end != '\0' &&
	    strcmp(result->end, result->start) < 0)
		note(imp, STRATML_KEPT, "results that end before they start", node,
		    fmt(imp, "%s to %s", result->start, result->end));
	return true;
}

static size_t
count_results(const xmlNode *indicator)
{
	size_t count = 0;

	for (const xmlNode *in = xml_first(indicator); in != NULL; in = xml_next(in))
		if (xml_is(in, "MeasurementInstance"))
			for (const xmlNode *r = xml_first(in); r != NULL; r = xml_next(r))
				count++;
	return count;
}

/*
 * A target labelled as baseline beside an actual result is what that result is compared with, hence a target; only
 * where it stands alone is it where things began.
 */
static void
settle_baselines(struct import *imp, struct indicator *in, size_t first)
{
	bool actual = false;

	for (size_t i = first; i < in->count; i++)
		actual |= !in->results[i].target;
	for (size_t i = first; i < in->count; i++) {
		struct result *result = &in->results[i];

		if (!result->target || !result->baseline)
			continue;
		if (actual) {
			result->baseline = false;
			continue;
		}
		result->target = false;
		note(imp, STRATML_REPAIRED,
		    "targets labelled as baseline, alone: taken as baselines", result->node,
		    result->label);
	}
}

static bool
read_results(struct import *imp, struct indicator *in)
{
	size_t instance = 0;

	in->results = arena_array(imp->arena, count_results(in->node) + 1, sizeof *in->results);
	if (in->results == NULL) {
		imp->failed = true;
		return false;
	}
	for (const xmlNode *node = xml_first(in->node); node != NULL; node = xml_next(node)) {
		size_t first = in->count;

		if (!xml_is(node, "MeasurementInstance"))
			continue;
		instance++;
		if (xml_blank(node)) {
			note(imp, STRATML_LEFT_OUT, "blank MeasurementInstance elements", node, "");
			continue;
		}
		for (const xmlNode *r = xml_first(node); r != NULL; r = xml_next(r)) {
			if (!xml_is(r, "TargetResult") && !xml_is(r, "ActualResult"))
				continue;
			if (read_result(imp, &in->results[in->count], r, instance))
				in->count++;
		}
		settle_baselines(imp, in, first);
	}
	return true;
}

/* ---- what the objective wants ------------------------------------------------------------------------------------ */

static const char *
day_of(const struct result *result)
{
	return *result->end != '\0' ? result->end : result->start;
}

/* The latest target, with a number if that is asked for; the last of equal ones. */
static const struct result *
latest_target(const struct indicator *in, bool numeric)
{
	const struct result *latest = NULL;

	for (size_t i = 0; i < in->count; i++) {
		const struct result *result = &in->results[i];

		if (!result->target || result->numeric != numeric)
			continue;
		if (latest == NULL || strcmp(day_of(result), day_of(latest)) >= 0)
			latest = result;
	}
	return latest;
}

/* The baseline beside the target, else the last one that is stated. */
static const struct result *
baseline_of(const struct indicator *in, const struct result *target)
{
	const struct result *found = NULL;

	for (size_t i = 0; i < in->count; i++) {
		const struct result *result = &in->results[i];

		if (!result->baseline || !result->numeric)
			continue;
		if (target != NULL && result->instance == target->instance)
			return result;
		found = result;
	}
	return found;
}

/* A result in words: "2011-01-01 to 2011-12-31: text (Status: Done)". */
static const char *
in_words(struct import *imp, const struct result *result, bool dated)
{
	const char *days = result->start;
	const char *text = result->text;

	if (*result->end != '\0')
		days = *result->start != '\0' && strcmp(result->start, result->end) != 0
			   ? fmt(imp, "%s to %s", result->start, result->end)
			   : result->end;
	if (*result->label != '\0')
		text = *text != '\0' ? fmt(imp, "%s (%s)", text, result->label) : result->label;
	return dated ? join(imp, days, ": ", text) : text;
}

/* The texts of targets that have no number, a line each. */
static const char *
target_texts(struct import *imp, const struct indicator *in)
{
	struct str text;
	size_t count = 0;

	for (size_t i = 0; i < in->count; i++)
		count += in->results[i].target && !in->results[i].numeric;
	lines_init(&text);
	for (size_t i = 0; i < in->count; i++)
		if (in->results[i].target && !in->results[i].numeric)
			lines_add(&text, "\n", in_words(imp, &in->results[i], count > 1));
	return lines_take(imp, &text);
}

static void
add_target(struct import *imp, Plumb__V1__Item *objective, struct indicator *in)
{
	Plumb__V1__Objective *body = objective->objective;
	Plumb__V1__Target *target = arena_zalloc(imp->arena, sizeof *target);
	Plumb__V1__Target **bigger = arena_array(imp->arena, body->n_targets + 1, sizeof *bigger);
	const struct result *baseline;
	const struct result *dated;

	if (target == NULL || bigger == NULL) {
		imp->failed = true;
		return;
	}
	plumb__v1__target__init(target);
	target->measure = pb_str(in->id);
	in->latest = latest_target(in, true);
	dated = in->latest != NULL ? in->latest : latest_target(in, false);
	if (dated != NULL)
		target->due = pb_str(dated->end);
	if (in->latest != NULL) {
		target->target__case = PLUMB__V1__TARGET__TARGET__TARGET;
		target->target = in->latest->value;
		imp->report->targets++;
	}
	target->text = pb_str(clip_text(imp, in->node,
	    join(imp, in->latest != NULL ? in_words(imp, in->latest, false) : "", "\n",
		target_texts(imp, in))));
	baseline = baseline_of(in, in->latest);
	if (baseline != NULL) {
		target->baseline__case = PLUMB__V1__TARGET__BASELINE__BASELINE;
		target->baseline = baseline->value;
	}
	if (body->n_targets > 0)
		memcpy(bigger, body->targets, body->n_targets * sizeof *bigger);
	bigger[body->n_targets++] = target;
	body->targets = bigger;
}

/* ---- values -------------------------------------------------------------------------------------------------------- */

/*
 * A record's id says what it is, so that the same value is the same record in every import, and a corrected one
 * another. A value that was withdrawn and is stated again is a new one.
 */
static const char *
record_id(struct import *imp, const struct indicator *in, const struct result *result,
    const char *at, const char *text)
{
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	const char *content, *id = "";
	struct name_entry *same;

	content = fmt(imp, "%s|%d%d|%s|%.17g|%s", in->key, result->target, result->baseline, at,
	    result->value, text);
	same = name_put(imp, &imp->records, content);
	while (same != NULL && !imp->failed) {
		if (same->count++ > 0)
			content = fmt(imp, "%s|%zu", same->key, same->count);
		sha256(content, strlen(content), digest);
		hex_encode(digest, sizeof digest, hex);
		id = fmt(imp, "%.44s-%.14s", in->id, hex);
		if (name_find(imp, &imp->retracted, fmt(imp, "measurement/%s", id)) == NULL)
			break;
	}
	return id;
}

static void
add_measurement(
    struct import *imp, const struct indicator *in, const struct result *result, const char *at)
{
	bool whole = *result->start != '\0' && *result->end != '\0';
	const char *text = in_words(imp, result, whole && strcmp(result->start, result->end) != 0);
	struct planfile_entry *entry;

	text = clip_text(imp, result->node, text);
	entry = planfile_add_record(imp->plan, imp->step, PLUMB__V1__KIND__MEASUREMENT,
	    record_id(imp, in, result, at, text), xml_place(imp, result->node));
	if (entry == NULL) {
		imp->failed |= imp->plan->out_of_memory;
		return;
	}
	entry->record->about = pb_str(in->id);
	entry->record->at = pb_str(at);
	entry->record->note = pb_str(text);
	entry->record->measurement->value = result->value;
	if (result->target) {
		entry->record->measurement->role = PLUMB__V1__MEASUREMENT__ROLE__TARGET_VALUE;
		imp->report->target_values++;
	} else if (result->baseline) {
		entry->record->measurement->role = PLUMB__V1__MEASUREMENT__ROLE__BASELINE_VALUE;
		imp->report->baselines++;
	} else {
		imp->report->actuals++;
	}
}

/* A value that has no day to be recorded for, or no number, in words. */
static const char *
value_in_words(struct import *imp, const struct result *result)
{
	const char *text = in_words(imp, result, true);

	if (!result->numeric)
		return text;
	note(imp, STRATML_KEPT, "values without any date: kept in the measure's description",
	    result->node, fmt(imp, "%.15g", result->value));
	return join(imp, fmt(imp, "%.15g", result->value), ": ", text);
}

/* Adds what has a number as measurements; answers the words of what has none. */
static const char *
add_values(struct import *imp, struct indicator *in)
{
	struct str words;

	lines_init(&words);
	for (size_t i = 0; i < in->count && !imp->failed; i++) {
		const struct result *result = &in->results[i];
		const char *at = day_of(result);

		if (result == in->latest || (result->target && !result->numeric))
			continue;
		if (result->numeric && *at == '\0' && *imp->published != '\0') {
			note(imp, STRATML_REPAIRED,
			    "values without a date: dated by the publication", result->node,
			    imp->published);
			at = imp->published;
		}
		if (result->numeric && *at != '\0')
			add_measurement(imp, in, result, at);
		else
			lines_add(&words, "\n", value_in_words(imp, result));
	}
	return lines_take(imp, &words);
}

/* ---- the measure itself ----------------------------------------------------------------------------------------------- */

static const char *
read_relationships(struct import *imp, const xmlNode *indicator)
{
	struct str text;

	lines_init(&text);
	for (const xmlNode *node = xml_first(indicator); node != NULL; node = xml_next(node)) {
		const char *words, *type;

		if (!xml_is(node, "Relationship"))
			continue;
		if (xml_blank(node)) {
			note(imp, STRATML_LEFT_OUT, "blank Relationship elements", node, "");
			continue;
		}
		type = xml_attribute(imp, node, "RelationshipType");
		words = join(imp, xml_child_line(imp, node, "Name"), ": ",
		    xml_child_line(imp, node, "Description"));
		words = join(imp, words, " -> ", xml_child_line(imp, node, "ReferentIdentifier"));
		note(imp, STRATML_LEFT_OUT,
		    "relationships: kept as text in the measure's description", node, words);
		lines_add(&text, "\n",
		    fmt(imp, "Relationship%s%s: %s", *type != '\0' ? " " : "", type, words));
	}
	return lines_take(imp, &text);
}

static void
add_label(struct import *imp, Plumb__V1__Item *measure, const char *prefix, const char *text)
{
	char word[ID_MAX_LEN + 1];

	slug(fmt(imp, "%s-%s", prefix, text), word);
	if (*text != '\0' && !text_is_placeholder(text))
		add_string(imp, &measure->labels, &measure->n_labels, fmt(imp, "%s", word));
}

static void
fill_measure(struct import *imp, struct indicator *in, const char *words)
{
	Plumb__V1__Measure *body = in->measure->measure;
	const char *type = xml_attribute(imp, in->node, "PerformanceIndicatorType");
	const char *text = xml_child_text(imp, in->node, "OtherInformation");

	if (*type == '\0')
		type = xml_attribute(imp, in->node, "IndicatorType"); /* before 2014 */
	body->dimension = pb_str(
	    clip_title(imp, in->node, xml_child_line(imp, in->node, "MeasurementDimension")));
	body->unit =
	    pb_str(clip_title(imp, in->node, xml_child_line(imp, in->node, "UnitOfMeasurement")));
	add_label(imp, in->measure, "stage", xml_attribute(imp, in->node, "ValueChainStage"));
	add_label(imp, in->measure, "type", type);
	text = join(imp, text, "\n\n", read_relationships(imp, in->node));
	if (*words != '\0')
		words = fmt(imp, "Results in words:\n%s", words);
	in->measure->description = pb_str(clip_text(imp, in->node, join(imp, text, "\n\n", words)));
}

void
measure_add(struct import *imp, Plumb__V1__Item *objective, const char *objective_key,
    const char *objective_sequence, const xmlNode *node)
{
	struct indicator in = {.node = node};
	const char *name, *sequence;

	if (xml_blank(node)) {
		note(imp, STRATML_LEFT_OUT, "blank PerformanceIndicator elements", node, "");
		return;
	}
	if (objective->objective->n_targets >= LIST_MAX) {
		note(imp, STRATML_LEFT_OUT,
		    "indicators beyond the 1,000 that an objective can have", node, "");
		return;
	}
	if (!read_results(imp, &in))
		return;
	name = indicator_name(imp, &in);
	sequence =
	    sequence_below(imp, objective_sequence, xml_child_line(imp, node, "SequenceIndicator"));
	in.key =
	    item_key(imp, node, objective_key, "indicator", *sequence != '\0' ? sequence : name);
	in.id = item_id(imp, PLUMB__V1__KIND__MEASURE, in.key,
	    *sequence != '\0' ? sequence : objective_sequence,
	    *name != '\0' ? name : objective->title);
	in.measure = new_item(imp, PLUMB__V1__KIND__MEASURE, in.id, in.key,
	    measure_title(imp, &in, name, objective), "", node);
	if (in.measure == NULL)
		return;
	in.measure->measure->inline_under = objective->id;
	imp->report->measures++;
	add_target(imp, objective, &in);
	fill_measure(imp, &in, add_values(imp, &in));
}
