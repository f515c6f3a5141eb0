/* What the parts of planfile share: the files that were read, and how they become entries. */
#ifndef CLIENT_PLANFILE_INTERNAL_H
#define CLIENT_PLANFILE_INTERNAL_H

#include "client/planfile.h"
#include "client/planfile_kinds.h"

struct yaml_node;

/* One file, parsed; its entries come when all files are there. */
struct planfile_file {
	const char *name;
	struct yaml_node *root;
	const char *effective; /* as written; NULL: the present */
	long long effective_us;
	size_t order; /* of loading */
};

/* Copies text into the arena; NULL sets plan->out_of_memory. */
const char *planfile_text(struct planfile *plan, const char *text);
/* Sets plan->out_of_memory; always false. */
bool planfile_oom(struct planfile *plan);
/* The entry of that name in this step or the newest before it; NULL. */
struct planfile_entry *planfile_find_before(
    const struct planfile *plan, const struct planfile_step *step, const char *ref);
bool planfile_add_removal(struct planfile *plan, struct planfile_step *step, const char *ref,
    struct planfile_place place);
/* planfile_convert.c: the file's sections into the step. */
void planfile_convert(
    struct planfile *plan, const struct planfile_file *file, struct planfile_step *step);

#endif
