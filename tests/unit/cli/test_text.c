/* tests/unit/cli/test_text.c -- widths, escapes and shortening; nothing hostile gets through. */
#include "cli/text.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static const struct escape_row {
    const char *label, *in;
    enum text_style style;
    const char *out;
} escapes[] = {
    {"plain", "plant-03", TEXT_QUOTED, "plant-03"},
    {"quote", "a\"b\\c", TEXT_QUOTED, "a\\\"b\\\\c"},
    {"quote, plain", "a\"b\\c", TEXT_PLAIN, "a\"b\\c"},
    {"escape sequence", "\x1b[2J", TEXT_QUOTED, "\\x1b[2J"},
    {"line feed", "a\nb\tc\rd", TEXT_PLAIN, "a\\nb\\tc\\rd"},
    {"bell, delete", "\a\x7f", TEXT_PLAIN, "\\x07\\x7f"},
    {"C1: CSI",
     "\xc2\x9b"
     "2J",
     TEXT_PLAIN,
     "\\u009b"
     "2J"},
    {"not UTF-8", "a\xff\xc3", TEXT_PLAIN, "a\\xff\\xc3"},
    {"overlong", "\xc0\xaf", TEXT_PLAIN, "\\xc0\\xaf"},
    {"overlong of three", "\xe0\x80\xaf", TEXT_PLAIN, "\\xe0\\x80\\xaf"},
    {"surrogate", "\xed\xa0\x80", TEXT_PLAIN, "\\xed\\xa0\\x80"},
    {"past the last", "\xf4\x90\x80\x80", TEXT_PLAIN, "\\xf4\\x90\\x80\\x80"},
    {"cut short", "\xe2\x82", TEXT_PLAIN, "\\xe2\\x82"},
    {"right to left override",
     "a\xe2\x80\xae"
     "b",
     TEXT_PLAIN,
     "a\\u202e"
     "b"},
    {"arabic letter mark", "\xd8\x9c", TEXT_PLAIN, "\\u061c"},
    {"soft hyphen", "\xc2\xad", TEXT_PLAIN, "\\u00ad"},
    {"byte order mark", "\xef\xbb\xbf", TEXT_PLAIN, "\\ufeff"},
    {"isolate", "\xe2\x81\xa6", TEXT_PLAIN, "\\u2066"},
    {"zero width space", "\xe2\x80\x8b", TEXT_PLAIN, "\\u200b"},
    {"line separator", "\xe2\x80\xa8", TEXT_PLAIN, "\\u2028"},
    {"tag", "\xf3\xa0\x81\x81", TEXT_PLAIN, "\\U000e0041"},
    {"letters", "Z\xc3\xbcrich \xe6\xb8\xa9\xe5\xba\xa6", TEXT_QUOTED,
     "Z\xc3\xbcrich \xe6\xb8\xa9\xe5\xba\xa6"},
    {"combining", "e\xcc\x81", TEXT_PLAIN, "e\xcc\x81"},
};

START_TEST(escape_row)
{
    const struct escape_row *r = &escapes[_i];
    struct buf out = {0};
    text_escape(&out, r->in, strlen(r->in), r->style);
    buf_char(&out, '\0');
    ck_assert_msg(strcmp(out.at, r->out) == 0, "%s: %s", r->label, out.at);
    buf_fini(&out);
}
END_TEST

static bool is_harmless(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        struct text_char c = text_char_at(text + i, n - i);
        if (c.width < 0 || c.code < 0x20 || c.code == 0x7f)
            return false;
        i += c.bytes;
    }
    return true;
}

/* Any bytes: what comes out holds no control, and is a fixed point. */
START_TEST(escape_is_safe)
{
    srand48(11);
    for (int round = 0; round < 5000; round++) {
        char in[24];
        size_t n = (size_t)(lrand48() % (long)sizeof in);
        for (size_t i = 0; i < n; i++)
            in[i] = (char)(lrand48() % 3 == 0 ? 0xc2 + lrand48() % 0x33 : lrand48() % 0x100);
        struct buf out = {0}, again = {0};
        text_escape(&out, in, n, TEXT_PLAIN);
        ck_assert_msg(is_harmless(out.at, out.n), "round %d: %.*s", round, (int)out.n, out.at);
        text_escape(&again, out.at, out.n, TEXT_PLAIN);
        ck_assert(again.n == out.n && (out.n == 0 || memcmp(again.at, out.at, out.n) == 0));
        buf_fini(&out);
        buf_fini(&again);
    }
}
END_TEST

START_TEST(without_a_locale)
{
    struct buf out = {0};
    setlocale(LC_CTYPE, "C");
    text_escape(&out, "\xc3\xbc", 2, TEXT_PLAIN);
    ck_assert(out.n == 6 && memcmp(out.at, "\\u00fc", 6) == 0);
    buf_fini(&out);
}
END_TEST

static const struct width_case {
    const char *text;
    size_t width;
} widths[] = {
    {"", 0},          {"abc", 3},          {"\xc3\xbc", 1},         {"\xe6\xb8\xa9\xe5\xba\xa6", 4},
    {"e\xcc\x81", 1}, {"\xe2\x80\xa6", 1}, {"\xf0\x9f\x94\xa5", 2},
};

START_TEST(columns)
{
    ck_assert_uint_eq(text_width(widths[_i].text, strlen(widths[_i].text)), widths[_i].width);
}
END_TEST

#define DOTS "\xe2\x80\xa6"
static const struct shorten_row {
    const char *label, *in;
    size_t width;
    const char *out;
} shorts[] = {
    {"fits", "temperature", 11, "temperature"},
    {"one too many", "temperature", 10, "tempe" DOTS "ture"},
    {"odd", "temperature", 5, "te" DOTS "re"},
    {"two", "temperature", 2, "t" DOTS},
    {"one", "temperature", 1, DOTS},
    {"none", "temperature", 0, ""},
    {"wide letters are not cut", "\xe6\xb8\xa9\xe5\xba\xa6\xe6\xb8\xa9\xe5\xba\xa6", 6,
     "\xe6\xb8\xa9" DOTS "\xe5\xba\xa6"},
    {"a mark stays with its letter", "abcdee\xcc\x81", 3, "a" DOTS "e\xcc\x81"},
    {"and none begins the tail",
     "abcde\xcc\x81"
     "f",
     3, "a" DOTS "f"},
};

START_TEST(shorten)
{
    const struct shorten_row *r = &shorts[_i];
    struct buf out = {0};
    text_shorten(&out, r->in, strlen(r->in), r->width);
    buf_char(&out, '\0');
    ck_assert_msg(strcmp(out.at, r->out) == 0, "%s: %s", r->label, out.at);
    buf_fini(&out);
}
END_TEST

/* Both ends are the text's own, and no column more than asked is used, at every width. */
START_TEST(shorten_every_width)
{
    static const char text[] =
        "temp\xc3\xa9rature{site=\"\xe6\xb8\xa9\xe5\xba\xa6\",s=\"e\xcc\x81\"}";
    size_t n = sizeof text - 1, whole = text_width(text, n);
    for (size_t width = 1; width <= whole + 1; width++) {
        struct buf out = {0};
        text_shorten(&out, text, n, width);
        size_t got = text_width(out.at, out.n);
        ck_assert_msg(got <= width && got + 2 >= (width < whole ? width : whole), "%zu: %zu", width,
                      got);
        const char *dots = memmem(out.at, out.n, DOTS, 3);
        ck_assert_int_eq(dots != NULL, width < whole);
        if (dots != NULL) {
            size_t head = (size_t)(dots - out.at), tail = out.n - head - 3;
            ck_assert(memcmp(out.at, text, head) == 0);
            ck_assert(memcmp(dots + 3, text + n - tail, tail) == 0);
        }
        buf_fini(&out);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/text");
    TCase *t = tcase_create("text");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_loop_test(t, escape_row, 0, ROWS(escapes));
    tcase_add_test(t, escape_is_safe);
    tcase_add_test(t, without_a_locale);
    tcase_add_loop_test(t, columns, 0, ROWS(widths));
    tcase_add_loop_test(t, shorten, 0, ROWS(shorts));
    tcase_add_test(t, shorten_every_width);
    suite_add_tcase(s, t);
    return s;
}
