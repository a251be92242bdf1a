/* How near words are, which is guessed, and in which order faults are told. */
#include "conf/faults.h"

#include "suite.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *a, *b;
    size_t distance;
} distance_rows[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"abc", "", 3},
    {"listen", "listen", 0},
    {"LISTEN", "listen", 0},
    {"listne", "listen", 1}, /* neighbours changed places */
    {"isten", "listen", 1},
    {"listten", "listen", 1},
    {"lizten", "listen", 1},
    {"kitten", "sitting", 3},
    {"ca", "abc", 3}, /* each neighbourhood is edited once: not 2 */
    {"threads", "per", 6},
    {"0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789", 0},
    {"01234567890123456789012345678901234567890", "listen", SIZE_MAX},
};

START_TEST(distance_row)
{
    const char *a = distance_rows[_i].a, *b = distance_rows[_i].b;
    ck_assert_uint_eq(word_distance(a, strlen(a), b, strlen(b)), distance_rows[_i].distance);
    ck_assert_uint_eq(word_distance(b, strlen(b), a, strlen(a)), distance_rows[_i].distance);
}
END_TEST

static const struct {
    const char *meant, *best;
} guess_rows[] = {
    {"max_conections", "max_connections"},
    {"timout", "timeout"},
    {"per", "per"},
    {"pre", "per"},
    {"pears", NULL},
    {"request_timeouts", "request_timeout"},
    {"retention", NULL},
    {"", NULL},
};

START_TEST(guess_row)
{
    static const char *const words[] = {"timeout", "max_connections", "request_timeout", "per"};
    struct guess g = {.meant = guess_rows[_i].meant, .n = strlen(guess_rows[_i].meant)};
    for (int i = 0; i < ROWS(words); i++)
        guess_try(&g, words[i]);
    ck_assert_pstr_eq(g.best, guess_rows[_i].best);
}
END_TEST

START_TEST(told_by_place)
{
    static const struct place places[] = {{3, 1}, {1, 9}, {1, 2}, {2, 5}, {1, 2}};
    static struct faults f;
    struct buf out = {0};
    for (int i = 0; i < ROWS(places); i++)
        faults_add(&f, places[i], "fault %d", i);
    faults_write(&f, "x.yaml", &out);
    buf_char(&out, '\0');
    ck_assert_str_eq(out.at, "x.yaml:1:2: fault 2\n"
                             "x.yaml:1:2: fault 4\n"
                             "x.yaml:1:9: fault 1\n"
                             "x.yaml:2:5: fault 3\n"
                             "x.yaml:3:1: fault 0\n");
    buf_fini(&out);
}
END_TEST

START_TEST(counted_past_the_limit)
{
    static struct faults f;
    struct buf out = {0};
    for (size_t i = 0; i < CONF_ERRORS_MAX + 3; i++)
        faults_add(&f, (struct place){i + 1, 1}, "wrong");
    faults_write(&f, "x", &out);
    buf_char(&out, '\0');
    ck_assert_ptr_nonnull(strstr(out.at, "x:64:1: wrong\nx: and 3 more\n"));
    ck_assert_ptr_null(strstr(out.at, "x:65:"));
    buf_fini(&out);
}
END_TEST

START_TEST(clipped)
{
    static struct faults f;
    static char text[2 * FAULT_TEXT_MAX];
    memset(text, 'a', sizeof text - 1);
    faults_add(&f, (struct place){1, 1}, "%s", text);
    ck_assert_uint_eq(strlen(f.found[0].text), FAULT_TEXT_MAX - 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("faults");
    TCase *c = tcase_create("faults");
    tcase_add_loop_test(c, distance_row, 0, ROWS(distance_rows));
    tcase_add_loop_test(c, guess_row, 0, ROWS(guess_rows));
    tcase_add_test(c, told_by_place);
    tcase_add_test(c, counted_past_the_limit);
    tcase_add_test(c, clipped);
    suite_add_tcase(s, c);
    return s;
}
