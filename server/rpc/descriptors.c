#include "server/rpc/descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/descriptor.pb-c.h"

#define FILES_MAX    64u
#define SETS_MAX     4u
#define NAME_MAX_LEN 512u

struct descriptor_file {
	Google__Protobuf__FileDescriptorProto *proto; /* in its set, which is never freed */
	uint8_t *bytes;
	size_t len;
};

/* common/embed.cmake */
extern const uint8_t plumb_descriptors[];
extern const size_t plumb_descriptors_len;

static Google__Protobuf__FileDescriptorSet *sets[SETS_MAX];
static size_t sets_count;
static struct descriptor_file files[FILES_MAX];
static size_t files_count;

static struct descriptor_file *
find_file(const char *name)
{
	for (size_t i = 0; i < files_count; i++) {
		if (strcmp(files[i].proto->name, name) == 0)
			return &files[i];
	}
	return NULL;
}

bool
descriptors_add(const uint8_t *set, size_t len)
{
	Google__Protobuf__FileDescriptorSet *all;

	if (sets_count == SETS_MAX)
		return false;
	all = google__protobuf__file_descriptor_set__unpack(NULL, len, set);
	if (all == NULL)
		return false;
	sets[sets_count++] = all;
	for (size_t i = 0; i < all->n_file; i++) {
		struct descriptor_file *file = &files[files_count];

		if (find_file(all->file[i]->name) != NULL)
			continue;
		if (files_count == FILES_MAX)
			return false;
		file->proto = all->file[i];
		file->len = google__protobuf__file_descriptor_proto__get_packed_size(all->file[i]);
		file->bytes = malloc(file->len + 1);
		if (file->bytes == NULL)
			return false;
		google__protobuf__file_descriptor_proto__pack(all->file[i], file->bytes);
		files_count++;
	}
	return true;
}

/* The built-in set is read when it is first asked for. */
static void
read_own(void)
{
	static bool done;

	if (done)
		return;
	/* Without memory it is tried again with the next question. */
	done = descriptors_add(plumb_descriptors, plumb_descriptors_len);
}

const struct descriptor_file *
descriptors_file(const char *name)
{
	read_own();
	return find_file(name);
}

/* What is left of a full name behind "scope."; NULL: it does not lie in that scope. "" where it is the scope itself. */
static const char *
behind(const char *name, const char *scope)
{
	size_t len = strlen(scope);

	if (len == 0)
		return name;
	if (strncmp(name, scope, len) != 0)
		return NULL;
	if (name[len] == '\0')
		return name + len;
	return name[len] == '.' ? name + len + 1 : NULL;
}

static bool
enum_has(const Google__Protobuf__EnumDescriptorProto *e, const char *name)
{
	for (size_t i = 0; i < e->n_value; i++) {
		if (strcmp(e->value[i]->name, name) == 0)
			return true;
	}
	return false;
}

/* An enum by its name, or a value of it: values lie beside their enum. */
static bool
enums_have(Google__Protobuf__EnumDescriptorProto *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i]->name, name) == 0 || enum_has(list[i], name))
			return true;
	}
	return false;
}

/* name is relative to the message; only_types: fields and values don't count. */
static bool
message_has(const Google__Protobuf__DescriptorProto *m, const char *name, bool only_types)
{
	const char *rest;

	if (name[0] == '\0')
		return true;
	for (size_t i = 0; i < m->n_nested_type; i++) {
		rest = behind(name, m->nested_type[i]->name);
		if (rest != NULL && message_has(m->nested_type[i], rest, only_types))
			return true;
	}
	if (only_types)
		return false;
	for (size_t i = 0; i < m->n_field; i++) {
		if (strcmp(m->field[i]->name, name) == 0)
			return true;
	}
	for (size_t i = 0; i < m->n_oneof_decl; i++) {
		if (strcmp(m->oneof_decl[i]->name, name) == 0)
			return true;
	}
	return enums_have(m->enum_type, m->n_enum_type, name);
}

static bool
service_has(const Google__Protobuf__ServiceDescriptorProto *service, const char *name)
{
	if (name[0] == '\0')
		return true;
	for (size_t i = 0; i < service->n_method; i++) {
		if (strcmp(service->method[i]->name, name) == 0)
			return true;
	}
	return false;
}

static bool
file_has(const Google__Protobuf__FileDescriptorProto *file, const char *full, bool only_types)
{
	const char *name = behind(full, file->package != NULL ? file->package : ""), *rest;

	if (name == NULL || name[0] == '\0')
		return false;
	for (size_t i = 0; i < file->n_message_type; i++) {
		rest = behind(name, file->message_type[i]->name);
		if (rest != NULL && message_has(file->message_type[i], rest, only_types))
			return true;
	}
	if (only_types)
		return false;
	for (size_t i = 0; i < file->n_service; i++) {
		rest = behind(name, file->service[i]->name);
		if (rest != NULL && service_has(file->service[i], rest))
			return true;
	}
	return enums_have(file->enum_type, file->n_enum_type, name);
}

const struct descriptor_file *
descriptors_symbol(const char *name)
{
	read_own();
	for (size_t i = 0; i < files_count; i++) {
		if (file_has(files[i].proto, name, false))
			return &files[i];
	}
	return NULL;
}

bool
descriptors_message(const char *name)
{
	read_own();
	for (size_t i = 0; i < files_count; i++) {
		if (file_has(files[i].proto, name, true))
			return true;
	}
	return false;
}

const char *
descriptors_service(size_t wanted)
{
	static char name[NAME_MAX_LEN];

	read_own();
	for (size_t i = 0; i < files_count; i++) {
		const Google__Protobuf__FileDescriptorProto *file = files[i].proto;

		if (wanted < file->n_service) {
			snprintf(
			    name, sizeof name, "%s.%s", file->package, file->service[wanted]->name);
			return name;
		}
		wanted -= file->n_service;
	}
	return NULL;
}

const uint8_t *
descriptor_file_bytes(const struct descriptor_file *file, size_t *len)
{
	*len = file->len;
	return file->bytes;
}

size_t
descriptor_file_all(
    const struct descriptor_file *file, const struct descriptor_file **out, size_t max)
{
	size_t count = 0;

	if (max > 0)
		out[count++] = file;
	for (size_t at = 0; at < count; at++) {
		const Google__Protobuf__FileDescriptorProto *proto = out[at]->proto;

		for (size_t i = 0; i < proto->n_dependency; i++) {
			const struct descriptor_file *next = descriptors_file(proto->dependency[i]);
			bool known = next == NULL;

			for (size_t k = 0; k < count && !known; k++)
				known = out[k] == next;
			if (!known && count < max)
				out[count++] = next;
		}
	}
	return count;
}
