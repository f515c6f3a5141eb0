#include "server/rpc/as_of.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/scenario_view.h"

static void
free_plan(void *arg)
{
	struct as_of *as_of = arg;

	plan_view_release(as_of->plan, as_of->view);
	plan_free(as_of->plan);
}

static void
free_entry(void *arg)
{
	struct as_of *as_of = arg;

	free(as_of->conflicts);
	free(as_of);
}

/* A plan of a million items takes a while to free: a worker does it. */
static void
as_of_free(struct as_of *as_of)
{
	struct err ignored;

	assert(as_of->refs == 0 && as_of->waiting.first == NULL);
	check_book_forget(as_of->daemon->checks, as_of->view);
	if (as_of->plan == NULL) {
		free_entry(as_of);
		return;
	}
	if (!jobs_start(as_of->daemon->jobs, free_plan, free_entry, as_of, &ignored)) {
		free_plan(as_of);
		free_entry(as_of);
	}
}

static void
unlink_entry(struct as_of *as_of)
{
	struct as_of **at = &as_of->daemon->as_of.first;

	while (*at != as_of)
		at = &(*at)->next;
	*at = as_of->next;
	as_of->forgotten = true;
	if (as_of->refs == 0)
		as_of_free(as_of);
}

/* On a worker. The list of what is not durable is empty here, but settling is what makes a view readable. */
static void
build(void *arg)
{
	struct as_of *as_of = arg;

	as_of->plan = fold_plan(&as_of->source, as_of->revision, NULL, &as_of->err);
	if (as_of->plan == NULL)
		return;
	err_oom(&as_of->err);
	as_of->view = as_of->scenario[0] == '\0'
			  ? plan_view(as_of->plan)
			  : scenario_view_take(as_of->plan, as_of->scenario, &as_of->conflicts,
				&as_of->conflicts_len, &as_of->err);
	if (as_of->view == NULL || !view_settle(as_of->view)) {
		plan_view_release(as_of->plan, as_of->view);
		as_of->view = NULL;
		plan_free(as_of->plan);
		as_of->plan = NULL;
	}
}

static void
built(void *arg)
{
	struct as_of *as_of = arg;

	as_of->state = as_of->plan != NULL ? AS_OF_READY : AS_OF_FAILED;
	if (as_of->state == AS_OF_FAILED && !as_of->forgotten)
		unlink_entry(as_of);
	waiters_wake(&as_of->waiting, UINT64_MAX, UINT64_MAX);
	as_of_unref(as_of); /* the build's own */
}

static struct as_of *
find(struct daemon *daemon, const struct workspace *ws, uint64_t revision, const char *scenario)
{
	for (struct as_of **at = &daemon->as_of.first; *at != NULL; at = &(*at)->next) {
		struct as_of *as_of = *at;

		if (as_of->ws != ws || as_of->revision != revision ||
		    strcmp(as_of->scenario, scenario) != 0)
			continue;
		*at = as_of->next;
		as_of->next = daemon->as_of.first;
		daemon->as_of.first = as_of;
		return as_of;
	}
	return NULL;
}

struct as_of *
as_of_get(struct daemon *daemon, struct workspace *ws, uint64_t revision, const char *scenario,
    struct err *err)
{
	struct as_of *as_of = find(daemon, ws, revision, scenario);

	if (as_of != NULL) {
		as_of->refs++;
		return as_of;
	}
	as_of = calloc(1, sizeof *as_of);
	if (as_of == NULL) {
		err_oom(err);
		return NULL;
	}
	as_of->daemon = daemon;
	as_of->ws = ws;
	as_of->revision = revision;
	memcpy(as_of->scenario, scenario, strlen(scenario) + 1);
	workspace_fold_source(ws, NULL, &as_of->source);
	if (!jobs_start(daemon->jobs, build, built, as_of, err)) {
		free(as_of);
		return NULL;
	}
	as_of->refs = 2;
	as_of->next = daemon->as_of.first;
	daemon->as_of.first = as_of;
	return as_of;
}

/* Those not used beyond the first few go. */
static void
trim(struct daemon *daemon, int64_t oldest_us)
{
	struct as_of *next;
	unsigned kept = 0;

	for (struct as_of *as_of = daemon->as_of.first; as_of != NULL; as_of = next) {
		next = as_of->next;
		if (as_of->refs > 0)
			continue;
		kept++;
		if (kept > AS_OF_KEPT || as_of->used_us < oldest_us)
			unlink_entry(as_of);
	}
}

void
as_of_unref(struct as_of *as_of)
{
	if (as_of == NULL)
		return;
	assert(as_of->refs > 0);
	as_of->used_us = daemon_monotonic_us();
	if (--as_of->refs > 0)
		return;
	if (as_of->forgotten)
		as_of_free(as_of);
	else
		trim(as_of->daemon, INT64_MIN);
}

void
as_of_forget(struct daemon *daemon, const struct workspace *ws)
{
	struct as_of *next;

	for (struct as_of *as_of = daemon->as_of.first; as_of != NULL; as_of = next) {
		next = as_of->next;
		if (ws == NULL || as_of->ws == ws)
			unlink_entry(as_of);
	}
}

void
as_of_tick(struct daemon *daemon, int64_t now_us)
{
	trim(daemon, now_us - AS_OF_KEPT_US);
}
