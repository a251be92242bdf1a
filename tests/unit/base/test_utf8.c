/* test_utf8.c -- base/utf8 against rows and an encoder of every character. */
#include "base/utf8.h"

#include "guard.h"
#include "suite.h"

static const struct {
    const char *label, *text;
    bool valid;
} rows[] = {
    {"empty", "", true},
    {"ASCII", "plant-03", true},
    {"two, three and four bytes", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
    {"behind eight of ASCII", "12345678\xC3\xA9", true},
    {"U+10FFFF", "\xF4\x8F\xBF\xBF", true},
    {"U+110000", "\xF4\x90\x80\x80", false},
    {"surrogate", "\xED\xA0\x80", false},
    {"last before the surrogates", "\xED\x9F\xBF", true},
    {"overlong two", "\xC1\xBF", false},
    {"overlong three", "\xE0\x9F\xBF", false},
    {"overlong four", "\xF0\x8F\xBF\xBF", false},
    {"lone continuation", "a\x80", false},
    {"cut", "12345678\xE2\x82", false},
    {"continued by ASCII", "\xE2\x82z", false},
    {"five bytes", "\xF8\x88\x80\x80\x80", false},
    {"0xFF", "\xFF", false},
};
START_TEST(row)
{
    ck_assert_msg(utf8_valid(rows[_i].text, strlen(rows[_i].text)) == rows[_i].valid, "%s",
                  rows[_i].label);
}
END_TEST

static size_t encode(unsigned long c, unsigned char *to)
{
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, c >>= 6)
        to[i] = (unsigned char)(0x80 | (c & 0x3F));
    to[0] = (unsigned char)(lead[more] | c);
    return more + 1;
}

/* Every two bytes, and every three behind a lead of three: valid exactly if a character is so
 * written. */
START_TEST(every_short_sequence)
{
    static bool two[1 << 16], three[1 << 24];
    for (unsigned long c = 0x80; c < 0x10000; c++) {
        unsigned char at[4];
        size_t n = c < 0xD800 || c > 0xDFFF ? encode(c, at) : 0;
        if (n == 2)
            two[at[0] << 8 | at[1]] = true;
        else if (n == 3)
            three[at[0] << 16 | at[1] << 8 | at[2]] = true;
    }
    for (unsigned i = 0x8000; i < 0x10000; i++) {
        char text[2] = {(char)(i >> 8), (char)i};
        ck_assert_msg(utf8_valid(text, 2) == two[i], "%04x", i);
    }
    for (unsigned i = 0xE00000; i < 0xF00000; i++) {
        char text[3] = {(char)(i >> 16), (char)(i >> 8), (char)i};
        if (utf8_valid(text, 3) != three[i]) /* ck_assert a million times is slow */
            ck_abort_msg("%06x", i);
    }
}
END_TEST

START_TEST(every_character_at_a_guard_page)
{
    struct guard guard = guard_new(4096);
    for (unsigned long c = 0; c < 0x120000; c++) {
        unsigned char at[4];
        size_t n = encode(c, at);
        bool scalar = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
        ck_assert_msg(utf8_valid(guard_copy(&guard, at, n), n) == scalar, "U+%lX", c);
        if (n > 1)
            ck_assert_msg(!utf8_valid(guard_copy(&guard, at, n - 1), n - 1), "U+%lX, cut", c);
    }
    guard_free(&guard);
}
END_TEST

START_TEST(every_length_at_a_guard_page)
{
    struct guard guard = guard_new(4096);
    for (size_t n = 0; n < 40; n++) {
        char *text = guard.end - n;
        memset(text, 'a', n);
        ck_assert(utf8_valid(text, n));
        for (size_t i = 0; i < n; i++) {
            text[i] = '\x80';
            ck_assert_msg(!utf8_valid(text, n), "byte %zu of %zu", i, n);
            text[i] = 'a';
        }
    }
    guard_free(&guard);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("utf8");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, row, 0, ROWS(rows));
    tcase_add_test(all, every_short_sequence);
    tcase_add_test(all, every_character_at_a_guard_page);
    tcase_add_test(all, every_length_at_a_guard_page);
    suite_add_tcase(s, all);
    return s;
}
