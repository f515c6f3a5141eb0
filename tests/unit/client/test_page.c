/* Pages: text of others stays text, in HTML and in Markdown. */
#include <check.h>
#include <stdlib.h>

#include "client/page.h"

static void
expect(void (*escape)(struct str *, const char *), const char *text, const char *wanted)
{
	struct str out;

	str_init(&out, 1000);
	escape(&out, text);
	ck_assert_str_eq(out.data, wanted);
	str_fini(&out);
}

START_TEST(test_html)
{
	expect(page_escape_html, "<b a=\"1\">&amp;", "&lt;b a=&quot;1&quot;&gt;&amp;amp;");
	expect(page_escape_html, "a\nb\x01\x7f", "a b\xef\xbf\xbd\xef\xbf\xbd");
	expect(page_escape_html, "\xe2\x80\xae", "\xef\xbf\xbd");   /* U+202E */
	expect(page_escape_html, "\xef\xbf\xbe.\xef\xbf\xbf", "."); /* no characters */
}
END_TEST

START_TEST(test_markdown)
{
	expect(page_escape_md, "a|b <i> [x](y) `z` *", "a\\|b \\<i\\> \\[x\\](y) \\`z\\` \\*");
	expect(page_escape_md, "- x", "\\- x");
	expect(page_escape_md, "12. x", "12\\. x");
	expect(page_escape_md, "1.5 x-y", "1\\.5 x-y");
	expect(page_escape_md, "", "");
}
END_TEST

START_TEST(test_blocks_end)
{
	static const char *const titles[] = {"A", ">B"};
	struct page page;

	page_begin(&page, false, "T", "S");
	page_point(&page, "p");
	page_table(&page, titles, 2);
	page_cell(&page, "x");
	page_share(&page, 0.001);
	page_text(&page, "end");
	ck_assert(page_end(&page, "foot"));
	ck_assert_str_eq(page.out.data,
	    "# T\n\nS\n\n- p\n\n| A | B |\n|---|--:|\n| x | \\< 1 % |\n\nend\n\n---\n\nfoot\n");
	page_fini(&page);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("page");
	TCase *tc = tcase_create("page");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, test_html);
	tcase_add_test(tc, test_markdown);
	tcase_add_test(tc, test_blocks_end);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
