/* The head of a signed datagram: its one spelling, cut and changed at every byte. */
#include "wire/sealed.h"

#include "suite.h"

#include <string.h>

#define MAC  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD "#hmac-sha256 " MAC " "

static const struct {
    const char *text;
    int64_t t_ns; /* -1: no head */
} rows[] = {
    {HEAD "1700000000000000000\nm 1\n", 1700000000000000000},
    {HEAD "0\nm 1", 0},
    {HEAD "9223372036854775807\n", INT64_MAX},
    {HEAD "9223372036854775808\n", -1},
    {HEAD "99999999999999999999999\n", -1},
    {HEAD "01\n", -1},
    {HEAD "-1\n", -1},
    {HEAD "+1\n", -1},
    {HEAD " 1\n", -1},
    {HEAD "1 \n", -1},
    {HEAD "1\r\n", -1},
    {HEAD "1", -1},
    {HEAD "\n", -1},
    {HEAD, -1},
    {"#hmac-sha256 " MAC "\n1\n", -1},
    {"#hmac-sha256  " MAC " 1\n", -1},
    {"#hmac-sha256 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff 1\n", -1},
    {"#hmac-sha256 0011223344556677889/aabbccddeeff00112233445566778899aabbccddeeff 1\n", -1},
    {"#hmac-sha256 0011223344556677889gaabbccddeeff00112233445566778899aabbccddeeff 1\n", -1},
    {"#HMAC-sha256 " MAC " 1\n", -1},
    {"#hmac-sha512 " MAC " 1\n", -1},
    {" #hmac-sha256 " MAC " 1\n", -1},
    {"m 1\n", -1},
    {"", -1},
};

START_TEST(row)
{
    struct sealed s = {.t_ns = 7, .lines_at = 7};
    bool good = sealed_read(rows[_i].text, strlen(rows[_i].text), &s);
    ck_assert_msg(good == (rows[_i].t_ns >= 0), "%s", rows[_i].text);
    ck_assert_int_eq(s.t_ns, good ? rows[_i].t_ns : 7);
    ck_assert_uint_eq(s.lines_at, good ? strcspn(rows[_i].text, "\n") + 1 : 7);
    ck_assert(!good || (s.mac[0] == 0 && s.mac[1] == 0x11 && s.mac[31] == 0xff));
    ck_assert(!good || s.signed_at == strlen(HEAD));
}
END_TEST

START_TEST(every_cut_and_every_change)
{
    static const char text[] = HEAD "1700000000000000000\nm 1\n";
    const size_t head = strcspn(text, "\n") + 1;
    for (size_t n = 0; n < sizeof text; n++) {
        struct sealed s;
        ck_assert_msg(sealed_read(text, n, &s) == (n >= head), "%zu", n);
    }
    for (size_t at = 0; at < head; at++) {
        char changed[sizeof text];
        struct sealed before, after;
        memcpy(changed, text, sizeof text);
        changed[at] ^= 1;
        ck_assert(sealed_read(text, sizeof text - 1, &before));
        if (sealed_read(changed, sizeof text - 1, &after))
            ck_assert_msg(memcmp(before.mac, after.mac, SEALED_MAC) != 0 ||
                              before.t_ns != after.t_ns,
                          "byte %zu", at);
    }
}
END_TEST

START_TEST(what_is_written_is_read)
{
    static const int64_t times[] = {0, 1, 1700000000000000000, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[SEALED_HEAD_MAX + SEALED_TIME_MAX];
        unsigned char mac[SEALED_MAC];
        struct sealed s;
        memset(mac, 0xa0 + (int)i, sizeof mac);
        size_t n = sealed_write_mac(text, mac);
        n += sealed_write_time(text + n, times[i]);
        ck_assert(sealed_read(text, n, &s));
        ck_assert_int_eq(s.t_ns, times[i]);
        ck_assert_int_eq(memcmp(s.mac, mac, sizeof mac), 0);
        ck_assert_uint_eq(s.lines_at, n);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sealed");
    TCase *c = tcase_create("sealed");
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_test(c, every_cut_and_every_change);
    tcase_add_test(c, what_is_written_is_read);
    suite_add_tcase(s, c);
    return s;
}
