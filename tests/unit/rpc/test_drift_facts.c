/* What counts as drift is a table by field of item.proto: in order, each field there, and found. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/plan.h"
#include "server/rpc/drift.h"

START_TEST(rows_are_in_order)
{
	size_t count;
	const struct drift_row *rows = drift_rows(&count);

	for (size_t i = 1; i < count; i++)
		ck_assert_msg(strcmp(rows[i - 1].field, rows[i].field) < 0, "%s, %s",
		    rows[i - 1].field, rows[i].field);
}
END_TEST

static bool
has_field(const ProtobufCMessageDescriptor *type, const char *name, unsigned depth)
{
	size_t len = strlen(type->short_name);

	if (strncmp(name, type->short_name, len) == 0 && name[len] == '.' &&
	    protobuf_c_message_descriptor_get_field_by_name(type, name + len + 1) != NULL)
		return true;
	for (unsigned i = 0; i < type->n_fields && depth > 0; i++) {
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
		    has_field(type->fields[i].descriptor, name, depth - 1))
			return true;
	}
	return false;
}

START_TEST(every_row_is_a_field_of_an_item)
{
	size_t count;
	const struct drift_row *rows = drift_rows(&count);

	for (size_t i = 0; i < count; i++)
		ck_assert_msg(
		    has_field(&plumb__v1__item__descriptor, rows[i].field, 3), "%s", rows[i].field);
}
END_TEST

static const struct drift_fact *
find(const struct drift_facts *facts, const char *field, const char *key)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (strcmp(facts->list[i].row->field, field) == 0 &&
		    strcmp(facts->list[i].key, key) == 0)
			return &facts->list[i];
	}
	return NULL;
}

START_TEST(lists_are_one_fact_and_scopes_are_many)
{
	char *owners[] = {pb_str("b"), pb_str("person/a")};
	char *in[] = {pb_str("x"), pb_str("y"), pb_str("x")};
	struct arena *arena = arena_new(1 << 20);
	struct plan *plan = plan_new();
	Plumb__V1__Initiative initiative;
	Plumb__V1__Scope scope;
	struct drift_facts facts;
	Plumb__V1__Item item;

	plumb__v1__item__init(&item);
	plumb__v1__initiative__init(&initiative);
	plumb__v1__scope__init(&scope);
	item.id = pb_str("i");
	item.owners = owners;
	item.n_owners = 2;
	item.body_case = PLUMB__V1__ITEM__BODY_INITIATIVE;
	item.initiative = &initiative;
	initiative.finish = pb_str("2026-03-31");
	initiative.status = PLUMB__V1__WORK_STATUS__ACTIVE;
	initiative.scope = &scope;
	scope.in = in;
	scope.n_in = 3;
	ck_assert(drift_facts_of(&item.base, NULL, plan_now(plan), arena, &facts));
	ck_assert_uint_eq(facts.count, 4);
	ck_assert_str_eq(find(&facts, "Item.owners", "")->text, "b, person/a");
	ck_assert_ptr_nonnull(find(&facts, "Scope.in", "x"));
	ck_assert_ptr_nonnull(find(&facts, "Scope.in", "y"));
	ck_assert(find(&facts, "Initiative.finish", "")->number == 20543);
	initiative.status = PLUMB__V1__WORK_STATUS__STOPPED;
	ck_assert(drift_facts_of(&item.base, NULL, plan_now(plan), arena, &facts));
	ck_assert_str_eq(find(&facts, "Initiative.status", "")->text, "stopped");
	plan_free(plan);
	arena_free(arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/drift_facts");
	TCase *tcase = tcase_create("drift_facts");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, rows_are_in_order);
	tcase_add_test(tcase, every_row_is_a_field_of_an_item);
	tcase_add_test(tcase, lists_are_one_fact_and_scopes_are_many);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
