#include "server/insight/load/load.h"

#include <stdlib.h>

struct load {
	const struct index *ix;
};

struct load *
load_run(const struct index *ix, index_stop_fn stop, void *arg, struct err *err)
{
	struct load *load = calloc(1, sizeof *load);

	(void)stop;
	(void)arg;
	if (load == NULL)
		err_oom(err);
	else
		load->ix = ix;
	return load;
}

void
load_free(struct load *load)
{
	free(load);
}
