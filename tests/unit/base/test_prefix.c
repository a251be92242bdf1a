/* Networks of IPv4 and IPv6: how they are written, what they hold, and at which bit they end. */
#include "base/prefix.h"

#include "suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text, *why; /* NULL: it is one */
} texts[] = {
    {"10.0.0.0/8", NULL},
    {"0.0.0.0/0", NULL},
    {"0.0.0.0/1", NULL},
    {"255.255.255.255/32", NULL},
    {"10.1.2.3", NULL},
    {"::/0", NULL},
    {"::1/128", NULL},
    {"::1", NULL},
    {"fd00::/8", NULL},
    {"2001:db8::/32", NULL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", NULL},
    {"::ffff:10.0.0.0/104", NULL},
    {"::ffff:0:0/96", NULL},
    {"::ffff:10.1.2.3", NULL},
    {"10.0.0.0/33", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/-1", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/+8", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/08", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/8 ", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/8/8", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/255.0.0.0", "the prefix of such a network is 0 to 32"},
    {"10.0.0.0/4294967304", "the prefix of such a network is 0 to 32"},
    {"fd00::/129", "the prefix of such a network is 0 to 128"},
    {"10.0.0.1/8", "10.0.0.1 has bits behind its prefix; did you mean 10.0.0.0/8?"},
    {"10.0.0.1/31", "10.0.0.1 has bits behind its prefix; did you mean 10.0.0.0/31?"},
    {"1.0.0.0/0", "1.0.0.0 has bits behind its prefix; did you mean 0.0.0.0/0?"},
    {"fd00::1/8", "fd00::1 has bits behind its prefix; did you mean fd00::/8?"},
    {"::1/64", "::1 has bits behind its prefix; did you mean ::/64?"},
    {"::1/0", "::1 has bits behind its prefix; did you mean ::/0?"},
    {"::ffff:10.0.0.0/90", "10.0.0.0 has bits behind its prefix; did you mean ::ffc0:0:0/90?"},
#define NO_ADDRESS "it needs a numeric address such as 10.0.0.0/8 or fd00::/8"
    {"", NO_ADDRESS},
    {"/8", NO_ADDRESS},
    {"10", NO_ADDRESS},
    {"10.0.0/8", NO_ADDRESS},
    {"10.0.0.0.0/8", NO_ADDRESS},
    {"10.0.0.256/32", NO_ADDRESS},
    {"010.0.0.0/8", NO_ADDRESS},
    {" 10.0.0.0/8", NO_ADDRESS},
    {"[fd00::]/8", NO_ADDRESS},
    {"fe80::1%lo/64", NO_ADDRESS},
    {"plant.example", NO_ADDRESS},
    {"10.0.0.0:2207", NO_ADDRESS},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999/8", NO_ADDRESS},
    {"10.0.0.0000000000000000000000000000000000000000000000000000000/8", NO_ADDRESS},
};

START_TEST(text_row)
{
    const struct prefix untouched = {{1, 2}, {3, 4}};
    struct prefix p = untouched;
    char why[PREFIX_WHY_MAX] = "";
    bool good = prefix_read(texts[_i].text, strlen(texts[_i].text), &p, why);
    ck_assert_msg(good == (texts[_i].why == NULL), "%s: %s", texts[_i].text, why);
    ck_assert_str_eq(why, good ? "" : texts[_i].why);
    ck_assert_msg(good || memcmp(&p, &untouched, sizeof p) == 0, "%s", texts[_i].text);
}
END_TEST

START_TEST(a_text_ends_where_its_length_says)
{
    struct prefix p;
    char why[PREFIX_WHY_MAX];
    ck_assert(prefix_read("10.0.0.0/80", 10, &p, why));
    ck_assert(!prefix_read("10.0.0.0\0/8", 11, &p, why));
    ck_assert(!prefix_read("10.0.0.0/8\0", 11, &p, why));
}
END_TEST

static struct prefixes list(const char *text)
{
    struct prefixes all = {.n = 0};
    char copy[256], why[PREFIX_WHY_MAX], *save = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *one = strtok_r(copy, " ", &save); one != NULL; one = strtok_r(NULL, " ", &save))
        ck_assert_msg(prefix_read(one, strlen(one), &all.at[all.n++], why), "%s: %s", one, why);
    return all;
}

static const struct {
    const char *networks, *ip;
    bool held;
} rows[] = {
    {"", "10.1.2.3", false},
    {"10.0.0.0/8", "10.0.0.0", true},
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "9.255.255.255", false},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true}, /* from a socket of both families */
    {"10.0.0.0/8", "a00::", false},
    {"10.0.0.0/8", "::10.1.2.3", false}, /* an address of IPv6 that only looks like it */
    {"::ffff:10.0.0.0/104", "10.1.2.3", true},
    {"::ffff:10.0.0.0/104", "11.1.2.3", false},
    {"10.1.2.3/32", "10.1.2.3", true},
    {"10.1.2.3", "10.1.2.2", false},
    {"10.1.2.2/31", "10.1.2.3", true},
    {"10.1.2.2/31", "10.1.2.4", false},
    {"0.0.0.0/0", "255.255.255.255", true},
    {"0.0.0.0/0", "::ffff:1.2.3.4", true},
    {"0.0.0.0/0", "fd00::1", false},
    {"::/0", "fd00::1", true},
    {"::/0", "10.1.2.3", false},
    {"::/1", "10.1.2.3", false},
    {"::/80", "10.1.2.3", false},
    {"128.0.0.0/1", "127.255.255.255", false},
    {"128.0.0.0/1", "128.0.0.0", true},
    {"::1/128", "::1", true},
    {"::1/128", "::2", false},
    {"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:db8::/32", "2001:db9::", false},
    {"2001:db8::/63", "2001:db8:0:1::", true},
    {"2001:db8::/63", "2001:db8:0:2::", false},
    {"2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true},
    {"2001:db8::/64", "2001:db8:0:1::", false},
    {"2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff", true},
    {"2001:db8::/65", "2001:db8::8000:0:0:0", false},
    {"fd00::/8 10.0.0.0/8", "10.0.0.1", true},
    {"fd00::/8 10.0.0.0/8", "fdff::", true},
    {"fd00::/8 10.0.0.0/8", "fe00::", false},
};

START_TEST(held_row)
{
    struct prefixes all = list(rows[_i].networks);
    struct ip ip;
    ck_assert(ip_read(rows[_i].ip, &ip));
    ck_assert_msg(prefixes_hold(&all, ip) == rows[_i].held, "%s in %s", rows[_i].ip,
                  rows[_i].networks);
}
END_TEST

/* Every length of a prefix: the last address of a network is in it, the one after is not. */
START_TEST(every_length_ends_at_its_bit)
{
    const uint64_t top = UINT64_C(1) << 63; /* far from where IPv4 lies */
    for (unsigned bits = 1; bits <= 128; bits++) {
        char text[64], why[PREFIX_WHY_MAX];
        struct prefixes all = {.n = 1};
        snprintf(text, sizeof text, "8000::/%u", bits);
        ck_assert(prefix_read(text, strlen(text), &all.at[0], why));
        struct ip size = {bits <= 64 ? UINT64_C(1) << (64 - bits) : 0,
                          bits <= 64 ? 0 : UINT64_C(1) << (128 - bits)};
        struct ip first_out = {top + size.high, size.low};
        struct ip last_in = {first_out.high - (bits <= 64), first_out.low - 1};
        ck_assert_msg(prefixes_hold(&all, last_in), "%s", text);
        ck_assert_msg(!prefixes_hold(&all, first_out), "%s", text);
    }
}
END_TEST

static const struct {
    const char *networks;
    bool everybody;
} everybody_rows[] = {
    {"", false},     {"0.0.0.0/0", true},       {"::/0", true},   {"0.0.0.0/1", false},
    {"::/1", false}, {"10.0.0.0/8 ::/0", true}, {"::/96", false}, {"::ffff:0:0/96", true},
};

START_TEST(everybody_row)
{
    struct prefixes all = list(everybody_rows[_i].networks);
    ck_assert_msg(prefixes_hold_everybody(&all) == everybody_rows[_i].everybody, "%s",
                  everybody_rows[_i].networks);
}
END_TEST

static const struct {
    const char *text, *written;
    bool loopback;
} ips[] = {
    {"127.0.0.1", "127.0.0.1", true},
    {"127.255.255.255", "127.255.255.255", true},
    {"::ffff:127.0.0.1", "127.0.0.1", true},
    {"126.255.255.255", "126.255.255.255", false},
    {"128.0.0.0", "128.0.0.0", false},
    {"0.0.0.0", "0.0.0.0", false},
    {"::", "::", false},
    {"::1", "::1", true},
    {"::2", "::2", false},
    {"1::1", "1::1", false},
    {"2001:db8:0:0:0:0:0:1", "2001:db8::1", false},
};

START_TEST(ip_row)
{
    struct ip ip;
    char text[IP_TEXT_MAX];
    ck_assert(ip_read(ips[_i].text, &ip));
    ck_assert_str_eq(ip_write(ip, text), ips[_i].written);
    ck_assert_msg(ip_is_loopback(ip) == ips[_i].loopback, "%s", ips[_i].text);
}
END_TEST

START_TEST(addresses_of_sockets)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = 7};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_scope_id = 3};
    const struct sockaddr local = {.sa_family = AF_UNIX};
    char text[IP_TEXT_MAX];
    struct ip ip = {7, 7};
    inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr);
    ck_assert(!ip_of_socket(&local, &ip));
    ck_assert(ip.high == 7 && ip.low == 7);
    ck_assert(ip_of_socket((const struct sockaddr *)&v4, &ip));
    ck_assert_str_eq(ip_write(ip, text), "192.0.2.7");
    ck_assert(ip_of_socket((const struct sockaddr *)&v6, &ip));
    ck_assert_str_eq(ip_write(ip, text), "2001:db8::7");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("prefix");
    TCase *c = tcase_create("prefix");
    tcase_add_loop_test(c, text_row, 0, ROWS(texts));
    tcase_add_test(c, a_text_ends_where_its_length_says);
    tcase_add_loop_test(c, held_row, 0, ROWS(rows));
    tcase_add_test(c, every_length_ends_at_its_bit);
    tcase_add_loop_test(c, everybody_row, 0, ROWS(everybody_rows));
    tcase_add_loop_test(c, ip_row, 0, ROWS(ips));
    tcase_add_test(c, addresses_of_sockets);
    suite_add_tcase(s, c);
    return s;
}
