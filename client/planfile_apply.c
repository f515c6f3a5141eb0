/* Sending what was worked out: one call for each change set, its faults brought back to the lines they came from. */
#include "client/planfile_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile_apply_internal.h"
#include "client/planfile_index.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/crypto.h"
#include "common/pb.h"

/* What one call can hold (docs/PROTOCOL.md, "Limits"); the request's own fields and frame take less than the rest. */
#define CHANGES_MAX 10000
#define BYTES_MAX   ((4u << 20) - 4096)

#define ARENA_MAX ((size_t)4 << 30)
#define TEXT_MAX  (256u << 20)

static bool
init_changes(struct planfile_changes *c, struct err *err)
{
	char time[TIME_TEXT_LEN];
	int64_t us;

	c->arena = arena_new(ARENA_MAX);
	if (c->arena == NULL)
		return err_oom(err);
	c->there = refmap_new(c->arena);
	if (c->there == NULL)
		return err_oom(err);
	if (c->options.effective[0] == '\0')
		return true;
	if (!time_or_date_parse(c->options.effective, &us))
		return err_set(err, ERR_INVALID,
		    "effective wants a date or a time, but this is '%.60s'", c->options.effective);
	c->options.effective = arena_strdup(c->arena, time_format(us, time));
	return c->options.effective != NULL || err_oom(err);
}

/* The first changes of the set, as many as one call can hold; set keeps the others. False: it holds all. */
static bool
split_set(struct planned_set *set, struct planned_set *first)
{
	size_t bytes = 0, count = 0;

	while (count < set->count && count < CHANGES_MAX) {
		/* 32: more than its expected revision, once that is known, its tag and its length take. */
		bytes += 32 + protobuf_c_message_get_packed_size(&set->list[count].change->base);
		if (bytes > BYTES_MAX / 8 * 7 && count > 0)
			break;
		count++;
	}
	if (count == set->count)
		return false;
	*first = *set;
	first->count = count;
	set->list += count;
	set->count -= count;
	return true;
}

static bool
split_sets(struct planfile_changes *c)
{
	struct planned_set *all = NULL, part;
	size_t count = 0, cap = 0;

	for (size_t i = 0; i < c->sets_count; i++) {
		bool more;

		do {
			more = split_set(&c->sets[i], &part);
			all = arena_append(c->arena, all, count, &cap, more ? &part : &c->sets[i],
			    1, sizeof all[0]);
			if (all == NULL)
				return false;
			count++;
		} while (more);
	}
	if (count > 0)
		c->sets = all;
	c->sets_count = c->summary.change_sets = count;
	return true;
}

struct planfile_changes *
planfile_compare(struct planfile *plan, struct rpc_client *client,
    const struct planfile_options *options, struct err *err)
{
	struct planfile_changes *c = calloc(1, sizeof *c);

	if (c == NULL) {
		err_oom(err);
		return NULL;
	}
	c->plan = plan;
	c->client = client;
	c->options = *options;
	if (c->options.workspace == NULL)
		c->options.workspace = "";
	if (c->options.reason == NULL)
		c->options.reason = "";
	if (c->options.source == NULL)
		c->options.source = plan->default_source != NULL ? plan->default_source : "files";
	if (c->options.effective == NULL)
		c->options.effective = "";
	str_init(&c->text, TEXT_MAX);
	if (init_changes(c, err) && there_fetch(c, err) && changes_compare(c, err) &&
	    (!options->split || split_sets(c) || err_oom(err)))
		return c;
	planfile_changes_free(c);
	return NULL;
}

void
planfile_changes_free(struct planfile_changes *c)
{
	if (c == NULL)
		return;
	str_fini(&c->text);
	arena_free(c->arena);
	free(c);
}

const struct planfile_summary *
planfile_changes_summary(const struct planfile_changes *c)
{
	return &c->summary;
}

/* ---- showing -------------------------------------------------------------------------------------------------- */

static const char *
line_colour(char mark)
{
	switch (mark) {
	case '+':
		return "\033[32m";
	case '-':
		return "\033[31m";
	case '!':
		return "\033[1;31m";
	case '>':
	case '@':
		return "\033[36m";
	case '=':
		return "\033[33m";
	default:
		return "";
	}
}

void
planfile_changes_print(const struct planfile_changes *c, struct str *out)
{
	const char *colour, *end;

	if (!c->options.colour) {
		str_add_len(out, c->text.data, c->text.len);
		return;
	}
	for (const char *p = c->text.data; *p != '\0'; p = end + (*end != '\0')) {
		end = p + strcspn(p, "\n");
		colour = line_colour(*p);
		str_add(out, colour);
		str_add_len(out, p, (size_t)(end - p));
		str_add(out, colour[0] != '\0' ? "\033[0m\n" : "\n");
	}
}

static void
add_count(struct str *out, size_t count, const char *what)
{
	if (count > 0)
		str_addf(out, "%s%zu %s", out->len > 0 ? ", " : "", count, what);
}

void
planfile_changes_print_summary(const struct planfile_changes *c, struct str *out)
{
	const struct planfile_summary *s = &c->summary;
	struct str text;

	str_init(&text, 4096);
	add_count(&text, s->created, "created");
	add_count(&text, s->changed, "changed");
	add_count(&text, s->removed, "removed");
	add_count(&text, s->placed, s->placed == 1 ? "move in a ranking" : "moves in rankings");
	add_count(&text, s->records, s->records == 1 ? "record" : "records");
	if (text.len == 0 && s->conflicts == 0)
		str_add(&text, "nothing to do");
	if (s->change_sets > 1)
		str_addf(&text, ", in %zu change sets", s->change_sets);
	add_count(&text, s->conflicts, s->conflicts == 1 ? "conflict" : "conflicts");
	add_count(&text, s->kept, "kept as others changed it");
	add_count(&text, s->left, "gone from the files but left there (--prune removes)");
	str_add(out, text.data);
	str_fini(&text);
}

/* ---- sending -------------------------------------------------------------------------------------------------- */

/* The same change set on the same revision has the same key: sending it again after a lost reply does nothing. */
static const char *
make_key(struct planfile_changes *c, const Plumb__V1__ChangeSet *set)
{
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	struct sha256 *hash = sha256_new();
	const uint8_t *bytes;
	size_t len;

	if (hash == NULL)
		return NULL;
	bytes = pb_encode(&set->base, c->arena, &len);
	if (bytes != NULL) {
		sha256_update(hash, bytes, len);
		sha256_update(hash, &c->summary.revision, sizeof c->summary.revision);
		sha256_final(hash, digest);
		hex_encode(digest, 16, hex);
	}
	sha256_free(hash);
	return bytes == NULL ? NULL : arena_strdup(c->arena, hex);
}

/* Index of "change_set.changes[12].put…", and what follows it; false if the field is none of a change. */
static bool
split_field(const char *field, size_t *index, const char **rest)
{
	const char *at = strstr(field, "changes[");
	char *end;

	if (at == NULL)
		return false;
	*index = strtoul(at + 8, &end, 10);
	if (*end != ']')
		return false;
	*rest = end[1] == '.' ? end + 2 : end + 1;
	return true;
}

static const char *
skip_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) != 0 || (text[len] != '.' && text[len] != '\0'))
		return text;
	return text + len + (text[len] == '.');
}

/* One violation as a fault of the line that it comes from. */
static void
map_violation(struct planfile_changes *c, const struct planned_set *set,
    const struct rpc_violation *violation)
{
	const struct planned *planned;
	const char *rest, *path;
	size_t index;

	if (!split_field(violation->field, &index, &rest) || index >= set->count) {
		planfile_fault(c->plan, (struct planfile_place){c->options.source, 0, 0}, "%s%s%s",
		    violation->field, violation->field[0] != '\0' ? ": " : "",
		    violation->description);
		return;
	}
	planned = &set->list[index];
	if (planned->entry == NULL) {
		planfile_fault(c->plan, planned->place, "%s: %s", rest, violation->description);
		return;
	}
	path = skip_prefix(skip_prefix(skip_prefix(rest, "put"), "add"), "item");
	path = skip_prefix(skip_prefix(path, "record"), "applied");
	path = skip_prefix(path, planfile_kind(planned->entry->kind)->body);
	planfile_fault(c->plan, planfile_field_place(planned->entry, path), "%s%s%s: %s",
	    planned->entry->ref, path[0] != '\0' ? " " : "", path, violation->description);
}

static bool
refused(struct planfile_changes *c, const struct planned_set *set, struct err *err)
{
	const Plumb__V1__Conflict *conflict = c->status.conflict;

	for (size_t i = 0; i < c->status.violations_count; i++)
		map_violation(c, set, &c->status.violations[i]);
	if (c->status.err.code == ERR_CONFLICT && conflict != NULL)
		return err_set(err, ERR_CONFLICT,
		    "%s was changed in this moment by %s (revision %" PRIu64
		    "), so nothing is applied",
		    conflict->ref[0] != '\0' ? conflict->ref : "the workspace",
		    conflict->entry != NULL ? conflict->entry->updated_by : "another",
		    conflict->actual);
	*err = c->status.err;
	return false;
}

static bool
fill_request(struct planfile_changes *c, struct planned_set *set, Plumb__V1__ChangeSet *message,
    struct err *err)
{
	char text[256];
	size_t bytes;

	if (set->count > CHANGES_MAX)
		return err_set(err, ERR_LIMIT,
		    "%zu changes, and a change set holds %d: apply some of the files first (-f)",
		    set->count, CHANGES_MAX);
	message->changes = arena_array(c->arena, set->count, sizeof *message->changes);
	if (message->changes == NULL)
		return err_oom(err);
	for (size_t i = 0; i < set->count; i++) {
		message->changes[i] = set->list[i].change;
		if (set->list[i].change->expect_case == PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION)
			set->list[i].change->expected_revision = set->list[i].there->revision;
	}
	message->n_changes = set->count;
	if (c->options.override != NULL)
		message->override_reason = pb_str(c->options.override);
	message->effective = pb_str(set->effective);
	snprintf(text, sizeof text, "apply %.200s", c->options.source);
	message->reason = set->reason != NULL && set->reason[0] != '\0'
			      ? pb_str(set->reason)
			      : arena_strdup(c->arena, text);
	bytes = message->reason == NULL ? 0 : protobuf_c_message_get_packed_size(&message->base);
	if (bytes > BYTES_MAX)
		return err_set(err, ERR_LIMIT,
		    "%zu bytes of changes, and a change set holds 4 MiB: apply some of the files "
		    "first (-f)",
		    bytes);
	if (!c->options.dry_run)
		message->idempotency_key = pb_str(make_key(c, message));
	return (message->reason != NULL && message->idempotency_key != NULL) || err_oom(err);
}

static bool
send_set(struct planfile_changes *c, struct planned_set *set, struct err *err)
{
	Plumb__V1__ApplyRequest request;
	Plumb__V1__ChangeSet message;
	Plumb__V1__Source source;
	const Plumb__V1__ApplyReply *reply;

	plumb__v1__apply_request__init(&request);
	plumb__v1__change_set__init(&message);
	plumb__v1__source__init(&source);
	source.name = pb_str(c->options.source);
	message.source = &source;
	request.workspace = pb_str(c->options.workspace);
	message.scenario = pb_str(c->options.scenario ? c->options.scenario : "");
	request.change_set = &message;
	request.dry_run = c->options.dry_run;
	request.findings = c->options.dry_run && c->options.findings;
	if (!fill_request(c, set, &message, err))
		return false;
	reply = rpc_client_call(
	    c->client, &plumb__v1__plan__descriptor, "Apply", &request.base, c->arena, &c->status);
	if (reply == NULL)
		return refused(c, set, err);
	if (c->options.dry_run) {
		c->tried = reply;
		return true;
	}
	c->summary.revision = reply->revision;
	for (size_t i = 0; i < set->count; i++) {
		if (set->list[i].there != NULL)
			set->list[i].there->revision = reply->revision;
	}
	return true;
}

bool
planfile_changes_apply(struct planfile_changes *c, struct err *err)
{
	/* What a later step expects only the steps before it make true: a dry run can try the first one. */
	size_t count = c->options.dry_run && c->sets_count > 1 ? 1 : c->sets_count;

	if (c->summary.conflicts > 0)
		return err_set(err, ERR_CONFLICT, "%zu conflict%s: nothing is applied",
		    c->summary.conflicts, c->summary.conflicts == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		if (c->options.progress != NULL)
			c->options.progress(c->options.progress_arg, (double)i / (double)count);
		if (!send_set(c, &c->sets[i], err)) {
			if (i > 0)
				err_wrap(err, "after %zu of %zu change sets, which stay", i,
				    c->sets_count);
			return false;
		}
	}
	return true;
}

const Plumb__V1__ApplyReply *
planfile_changes_tried(const struct planfile_changes *c)
{
	return c->tried;
}

const Plumb__V1__Refusal *
planfile_changes_refusal(const struct planfile_changes *c)
{
	return c->status.refusal;
}

bool
planfile_apply(struct planfile *plan, struct rpc_client *client,
    const struct planfile_options *options, struct planfile_summary *summary, struct err *err)
{
	struct planfile_changes *c = planfile_compare(plan, client, options, err);
	bool good;

	if (c == NULL)
		return false;
	good = planfile_changes_apply(c, err);
	if (summary != NULL)
		*summary = c->summary;
	planfile_changes_free(c);
	return good;
}
