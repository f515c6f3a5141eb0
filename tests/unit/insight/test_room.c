/* The customer room's book: quarters of the civil year. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/room.h"

static void
expect(const char *text, const char *first, const char *last)
{
	char buf[DATE_TEXT_LEN], name[ROOM_QUARTER_LEN];
	int32_t from, to;

	ck_assert(room_quarter_parse(text, &from, &to));
	ck_assert_str_eq(date_format(from, buf), first);
	ck_assert_str_eq(date_format(to, buf), last);
	ck_assert_str_eq(room_quarter_of(from, name), room_quarter_of(to, name));
}

START_TEST(test_quarters)
{
	static const char *const none[] = {"", "2027", "2027-Q0", "2027-Q5", "2027-Q1 ", "20270Q1",
	    "0000-Q1", "-027-Q1", "2027-X1"};
	int32_t from, to;
	char name[ROOM_QUARTER_LEN];

	expect("2027-Q1", "2027-01-01", "2027-03-31");
	expect("2024-q2", "2024-04-01", "2024-06-30");
	expect("2027-Q3", "2027-07-01", "2027-09-30");
	expect("9999-Q4", "9999-10-01", "9999-12-31");
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		ck_assert_msg(!room_quarter_parse(none[i], &from, &to), "%s", none[i]);
	ck_assert_str_eq(room_quarter_of(date_from_civil(2026, 12, 31), name), "2026-Q4");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("room");
	TCase *tc = tcase_create("room");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, test_quarters);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
