/* Plan files from disk: which files make a plan, and in what order they count (docs/PLANFILES.md). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/planfile.h"
#include "client/planfile_internal.h"
#include "client/yaml.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/str.h"

#define FOLDERS_MAX 32 /* deep */

/* ---- one file -------------------------------------------------------------------------------------------- */

struct reading {
	struct planfile *plan;
	const char *name;
};

static void
take_fault(void *arg, unsigned line, unsigned column, const char *message)
{
	struct reading *reading = arg;

	planfile_fault(
	    reading->plan, (struct planfile_place){reading->name, line, column}, "%s", message);
}

/* The file's `effective:` header, where it has one. */
static void
read_effective(struct planfile *plan, struct planfile_file *file)
{
	const struct yaml_node *node = yaml_get(file->root, "effective");
	int64_t us = 0;

	if (node == NULL || yaml_is_null(node))
		return;
	if (node->type != YAML_SCALAR || !time_or_date_parse(node->text, &us)) {
		planfile_fault(plan, (struct planfile_place){file->name, node->line, node->column},
		    "effective wants a date (2026-01-05) or a time (2026-01-05T09:00:00Z)");
		return;
	}
	file->effective = node->text;
	file->effective_us = us;
}

static struct planfile_file *
add_file(struct planfile *plan)
{
	struct planfile_file *files;
	size_t count = plan->files_count;

	/* Doubles at every power of two. */
	if ((count & (count - 1)) == 0) {
		files = arena_array(plan->arena, count == 0 ? 1 : count * 2, sizeof *files);
		if (files == NULL) {
			planfile_oom(plan);
			return NULL;
		}
		if (count > 0)
			memcpy(files, plan->files, count * sizeof *files);
		plan->files = files;
	}
	return &plan->files[plan->files_count++];
}

void
planfile_load_text(struct planfile *plan, const char *name, const char *text, size_t len)
{
	struct reading reading = {plan, planfile_text(plan, name)};
	struct planfile_file *file;
	struct yaml_node *root;
	bool oom = false;

	if (reading.name == NULL)
		return;
	if (len > PLANFILE_FILE_BYTES || plan->bytes + len > PLANFILE_BYTES) {
		planfile_fault(plan, (struct planfile_place){reading.name, 0, 0},
		    len > PLANFILE_FILE_BYTES
			? "the file is larger than 32 MiB: divide it"
			: "the files of a plan are larger than 256 MiB together");
		return;
	}
	plan->bytes += len;
	root = yaml_read(text, len, plan->arena, take_fault, &reading, &oom);
	if (oom)
		planfile_oom(plan);
	if (root == NULL || yaml_is_null(root))
		return;
	if (root->type != YAML_MAP) {
		take_fault(&reading, root->line, root->column,
		    "a plan file is a map of sections (goals:, objectives:, …)");
		return;
	}
	file = add_file(plan);
	if (file == NULL)
		return;
	*file =
	    (struct planfile_file){.name = reading.name, .root = root, .order = plan->files_count};
	read_effective(plan, file);
}

/* ---- all files together ------------------------------------------------------------------------------------ */

static int
compare_files(const void *left, const void *right)
{
	const struct planfile_file *a = left, *b = right;

	if ((a->effective == NULL) != (b->effective == NULL))
		return a->effective == NULL ? 1 : -1;
	if (a->effective != NULL && a->effective_us != b->effective_us)
		return a->effective_us < b->effective_us ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int
compare_faults(const void *left, const void *right)
{
	const struct planfile_place *a = &((const struct planfile_fault *)left)->place;
	const struct planfile_place *b = &((const struct planfile_fault *)right)->place;
	int order = strcmp(a->file != NULL ? a->file : "", b->file != NULL ? b->file : "");

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

bool
planfile_finish(struct planfile *plan, struct err *err)
{
	const struct planfile_file *file;
	struct planfile_step *step;

	if (plan->files_count > 0)
		qsort(plan->files, plan->files_count, sizeof *plan->files, compare_files);
	for (size_t i = 0; i < plan->files_count && !plan->out_of_memory; i++) {
		file = &plan->files[i];
		step = file->effective == NULL ? planfile_present(plan)
					       : planfile_step(plan, file->effective);
		if (step == NULL)
			planfile_oom(plan);
		else
			planfile_convert(plan, file, step);
	}
	plan->files_count = 0;
	if (plan->out_of_memory)
		return err_oom(err);
	qsort(plan->faults, plan->faults_count, sizeof plan->faults[0], compare_faults);
	if (plan->faults_total > 0)
		return err_set(err, ERR_INVALID, "%zu fault%s in the plan files",
		    plan->faults_total, plan->faults_total == 1 ? "" : "s");
	return true;
}

/* ---- disk -------------------------------------------------------------------------------------------------- */

struct names {
	char **list; /* owned, each too */
	size_t count;
	size_t cap;
};

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static bool
add_name(struct names *names, const char *folder, const char *name)
{
	size_t cap;
	char **grown;

	if (names->count == names->cap) {
		cap = names->cap == 0 ? 64 : names->cap * 2;
		grown = reallocarray(names->list, cap, sizeof *grown);
		if (grown == NULL)
			return false;
		names->list = grown;
		names->cap = cap;
	}
	if (asprintf(&names->list[names->count], "%s%s%s", folder,
		folder[strlen(folder) - 1] == '/' ? "" : "/", name) < 0)
		return false;
	names->count++;
	return true;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool
is_yaml_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void
file_fault(struct planfile *plan, const char *path, const char *fmt, const char *detail)
{
	struct planfile_place place = {planfile_text(plan, path), 0, 0};

	planfile_fault(plan, place, "%s%s", fmt, detail);
}

/* What a folder holds that matters: yaml files and folders, in order of name. */
static bool
list_folder(struct planfile *plan, const char *path, struct names *names)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = true;

	if (dir == NULL) {
		file_fault(plan, path, "cannot be opened: ", strerror(errno));
		return true;
	}
	while (good && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_REG && !is_yaml_name(entry->d_name))
			continue;
		good = add_name(names, path, entry->d_name);
	}
	closedir(dir);
	if (names->count > 0)
		qsort(names->list, names->count, sizeof *names->list, compare_names);
	return good;
}

/* The whole file, NUL-terminated, on the heap; NULL after a fault. */
static char *
read_whole(struct planfile *plan, const char *path, size_t *len)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL, *grown;
	size_t cap = 65536, used = 0, got;

	if (file == NULL) {
		file_fault(plan, path, "cannot be read: ", strerror(errno));
		return NULL;
	}
	do {
		cap *= 2;
		grown = realloc(text, cap);
		if (grown == NULL) {
			planfile_oom(plan);
			goto fail;
		}
		text = grown;
		got = fread(text + used, 1, cap - used - 1, file);
		used += got;
	} while (got > 0 && used <= PLANFILE_FILE_BYTES);
	if (ferror(file)) {
		file_fault(plan, path, "cannot be read: ", strerror(errno));
		goto fail;
	}
	if (file != stdin)
		fclose(file);
	text[used] = '\0';
	*len = used;
	return text;
fail:
	free(text);
	if (file != stdin)
		fclose(file);
	return NULL;
}

static void
load_file(struct planfile *plan, const char *path, size_t *found)
{
	size_t len;
	char *text;

	if (++*found > PLANFILE_FILES_MAX) {
		if (*found == PLANFILE_FILES_MAX + 1)
			file_fault(plan, path, "more than 10,000 files in one plan", "");
		return;
	}
	text = read_whole(plan, path, &len);
	if (text == NULL)
		return;
	planfile_load_text(plan, strcmp(path, "-") == 0 ? "stdin" : path, text, len);
	free(text);
}

static void
load_folder(struct planfile *plan, const char *path, unsigned depth, size_t *found)
{
	struct names names = {0};
	struct stat st;

	if (depth > FOLDERS_MAX) {
		file_fault(plan, path, "folders more than 32 deep", "");
		return;
	}
	if (!list_folder(plan, path, &names))
		planfile_oom(plan);
	for (size_t i = 0; i < names.count && !plan->out_of_memory; i++) {
		/* A link to a folder could lead in a circle; one to a file is as good as the file. */
		if (lstat(names.list[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			load_folder(plan, names.list[i], depth + 1, found);
			continue;
		}
		if (!is_yaml_name(names.list[i]) ||
		    (stat(names.list[i], &st) == 0 && S_ISDIR(st.st_mode)))
			continue;
		load_file(plan, names.list[i], found);
	}
	free_names(&names);
}

/* "files:" and the name of the folder, or of the one file. */
static void
set_default_source(struct planfile *plan, const char *path, size_t count)
{
	char full[PATH_MAX];
	const char *name = "stdin";
	struct stat st;
	char *slash;

	if (strcmp(path, "-") != 0 && realpath(path, full) != NULL && stat(full, &st) == 0) {
		slash = strrchr(full, '/');
		if (count > 1 && !S_ISDIR(st.st_mode) && slash != NULL && slash != full) {
			*slash = '\0';
			slash = strrchr(full, '/');
		}
		name = slash == NULL || slash[1] == '\0' ? "root" : slash + 1;
	}
	plan->default_source = arena_printf(plan->arena, "files:%.190s", name);
}

bool
planfile_load(struct planfile *plan, const char *const *paths, size_t count, struct err *err)
{
	struct stat st;
	size_t found = 0, before;

	for (size_t i = 0; i < count; i++) {
		before = found;
		if (strcmp(paths[i], "-") != 0 && stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			load_folder(plan, paths[i], 0, &found);
			if (found == before && plan->faults_total == 0)
				file_fault(plan, paths[i], "no *.yaml file in this folder", "");
		} else {
			load_file(plan, paths[i], &found);
		}
	}
	if (count > 0)
		set_default_source(plan, paths[0], count);
	return planfile_finish(plan, err);
}
