/* tests/unit/cli/test_suggest.c -- which word was meant. */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

#include "suite.h"

static const struct row {
    const char *word, *meant; /* NULL: none */
    size_t distance;          /* to the nearest of the words below */
} rows[] = {
    {"rates", "rates", 0}, {"raets", "rates", 1}, {"rate", "rates", 1},  {"ratess", "rates", 1},
    {"rites", "rates", 1}, {"sned", "send", 1},   {"chekc", "check", 1}, {"x", NULL, 4},
    {"", NULL, 4},         {"gradient", NULL, 5},
};

START_TEST(meant)
{
    static const char *const words[] = {"rates", "send", "check"};
    struct suggestion s = suggest_for(rows[_i].word, strlen(rows[_i].word));
    ck_assert_ptr_null(suggest_text(&s));
    for (int i = 0; i < ROWS(words); i++)
        suggest_consider(&s, words[i]);
    const char *got = suggest_text(&s);
    ck_assert_msg(s.distance == rows[_i].distance, "%s: %zu", rows[_i].word, s.distance);
    ck_assert_msg(rows[_i].meant == NULL ? got == NULL : got && strcmp(got, rows[_i].meant) == 0,
                  "%s: %s", rows[_i].word, got ? got : "none");
}
END_TEST

START_TEST(long_words)
{
    char word[SUGGEST_WORD_MAX + 1];
    memset(word, 'a', sizeof word);
    ck_assert_uint_eq(suggest_distance(word, SUGGEST_WORD_MAX, word, SUGGEST_WORD_MAX), 0);
    ck_assert_uint_eq(suggest_distance(word, sizeof word, word, 1), SIZE_MAX);
    struct suggestion s = suggest_for(word, sizeof word);
    suggest_consider(&s, "rates");
    ck_assert_ptr_null(suggest_text(&s));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/suggest");
    TCase *t = tcase_create("suggest");
    tcase_add_loop_test(t, meant, 0, ROWS(rows));
    tcase_add_test(t, long_words);
    suite_add_tcase(s, t);
    return s;
}
