/* The role that each method needs, against what docs/SECURITY.md says of it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/permit.h"

/* Written from the document, not from the table. */
static const char *const open_to_all[] = {
    "grpc.health.v1.Health.Check", "grpc.health.v1.Health.Watch"};
static const char *const for_readers[] = {"plumb.v1.Plan.Get", "plumb.v1.Plan.List",
    "plumb.v1.Plan.Watch", "plumb.v1.Plan.History", "plumb.v1.Plan.Diff", "plumb.v1.Plan.Export",
    "plumb.v1.Plan.Conflicts", "plumb.v1.Insight.Check", "plumb.v1.Insight.Explain",
    "plumb.v1.Insight.Trace", "plumb.v1.Insight.Load", "plumb.v1.Insight.Forecast",
    "plumb.v1.Insight.Segments", "plumb.v1.Insight.Maturity", "plumb.v1.Insight.Schedule",
    "plumb.v1.Insight.Moves", "plumb.v1.Insight.WhatIf", "plumb.v1.Insight.Mine",
    "plumb.v1.Insight.Mirror", "plumb.v1.Insight.SayDo", "plumb.v1.Insight.Room",
    "plumb.v1.Insight.Progress", "plumb.v1.Insight.Outside", "plumb.v1.Insight.Journey",
    "plumb.v1.Insight.Ecosystem", "plumb.v1.Insight.Score", "plumb.v1.Insight.Agenda",
    "plumb.v1.Insight.Reviews", "plumb.v1.Insight.Trend", "plumb.v1.Insight.BurnUp",
    "plumb.v1.Insight.Drift", "plumb.v1.Insight.InFlight", "plumb.v1.Insight.Impact",
    "plumb.v1.Signal.Pulse", "plumb.v1.Signal.Signals", "plumb.v1.Voice.Ballot",
    "plumb.v1.Voice.Concord", "plumb.v1.Survey.Questions", "plumb.v1.Survey.Answer",
    "plumb.v1.Survey.Clarity", "plumb.v1.Survey.Acceptances", "plumb.v1.Admin.Info",
    "plumb.v1.Admin.Ping", "plumb.v1.Admin.ListWorkspaces",
    "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"};
static const char *const for_contributors[] = {
    "plumb.v1.Plan.Apply", "plumb.v1.Plan.ApplyScenario"};

/* For administrators of all workspaces only. */
static const char *const for_the_whole[] = {"plumb.v1.Admin.CreateWorkspace",
    "plumb.v1.Admin.Backup", "plumb.v1.Admin.Snapshot", "plumb.v1.Access.CreateToken",
    "plumb.v1.Access.ListTokens", "plumb.v1.Access.RevokeToken", "plumb.v1.Access.RotateToken",
    "plumb.v1.Audit.Verify", "plumb.v1.Audit.List", "plumb.v1.Webhooks.Watch",
    "plumb.v1.Webhooks.Report"};

#define HAS(list, name) has(list, sizeof list / sizeof list[0], name)

static bool
has(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

static void
name_of(const struct rpc_method *method, char name[160])
{
	snprintf(name, 160, "%s.%s", method->service, method->name);
}

/* Everything else is for administrators. */
static enum access
expected(const struct rpc_method *method)
{
	char name[160];

	name_of(method, name);
	if (HAS(open_to_all, name))
		return ACCESS_NONE;
	if (HAS(for_readers, name))
		return ACCESS_READER;
	return HAS(for_contributors, name) ? ACCESS_CONTRIBUTOR : ACCESS_ADMIN;
}

START_TEST(every_method_has_a_row_with_its_role)
{
	size_t count;
	const struct rpc_method *methods = rpc_methods(&count);

	for (size_t i = 0; i < count; i++) {
		enum access least = ACCESS_NONE;
		bool whole = false;
		char name[160];

		name_of(&methods[i], name);
		ck_assert_msg(
		    permit_least(&methods[i], &least, &whole), "%s has no row in permit.c", name);
		ck_assert_msg(whole == HAS(for_the_whole, name), "%s: of all workspaces?", name);
		ck_assert_msg(least == expected(&methods[i]), "%s.%s: %d", methods[i].service,
		    methods[i].name, least);
	}
}
END_TEST

static bool
ask(const struct rpc_method *method, enum access access, struct err *err)
{
	struct rpc_call call = {.method = method,
	    .caller = {.name = "person/anna", .verified = true, .access = access}};

	return permit_call(&call, err);
}

START_TEST(a_role_may_what_those_before_it_may_and_no_more)
{
	size_t count;
	const struct rpc_method *methods = rpc_methods(&count);

	for (size_t i = 0; i < count; i++) {
		for (int access = ACCESS_NONE; access <= ACCESS_ADMIN; access++) {
			struct err err = {0};
			bool may = ask(&methods[i], (enum access)access, &err);

			ck_assert_msg(may == (access >= (int)expected(&methods[i])), "%s.%s as %d",
			    methods[i].service, methods[i].name, access);
			if (!may)
				ck_assert_int_eq(err.code,
				    access == ACCESS_NONE ? ERR_UNAUTHENTICATED : ERR_DENIED);
		}
	}
}
END_TEST

START_TEST(a_refusal_says_what_is_needed_who_one_is_and_whom_to_ask)
{
	bool known;
	struct err err = {0};

	ck_assert(!ask(rpc_find("plumb.v1.Plan", 13, "Apply", 5, &known), ACCESS_READER, &err));
	ck_assert_str_eq(err.msg,
	    "Plan.Apply needs the role contributor; you are person/anna here, as reader. Ask an "
	    "administrator for a token with that role");
}
END_TEST

/* A method that nobody has given a row is for administrators. */
START_TEST(what_has_no_row_is_for_administrators)
{
	static const struct rpc_method other = {.service = "x.Y", .name = "Z"};
	enum access least;
	bool whole;
	struct err err = {0};

	ck_assert(!permit_least(&other, &least, &whole));
	ck_assert(!ask(&other, ACCESS_PLANNER, &err));
	ck_assert(ask(&other, ACCESS_ADMIN, &err));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("permit");
	TCase *tc = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_method_has_a_row_with_its_role);
	tcase_add_test(tc, a_role_may_what_those_before_it_may_and_no_more);
	tcase_add_test(tc, a_refusal_says_what_is_needed_who_one_is_and_whom_to_ask);
	tcase_add_test(tc, what_has_no_row_is_for_administrators);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
