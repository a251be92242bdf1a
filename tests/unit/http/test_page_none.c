/* nablad without the page: a browser gets the list of links, and there is no file. */
#include "http/page_files.h"

#include "rig.h"

/* As NABLA_WEB=OFF has it. */
const struct page_file page_files[1] = {{0}};
const uint32_t page_files_n = 0;

START_TEST(a_browser_gets_the_list)
{
    struct rig rig;
    rig_start(&rig);
    struct answer a = ask_with(&rig, "GET", "/", "Accept: text/html\r\n", NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_ptr_nonnull(strstr(a.body.at, "href=\"/metrics\""));
    ck_assert_ptr_null(strstr(a.body.at, "<script"));
    answer_fini(&a);
    expect_answer(get(&rig, "/page/app.js"), 404, NULL, "a file");
    rig_stop(&rig);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/page_none");
    TCase *tc = tcase_create("none");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_browser_gets_the_list);
    suite_add_tcase(s, tc);
    return s;
}
