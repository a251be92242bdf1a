/* Sources of things: which addresses are one, and how many things one may have. */
#include "base/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

static struct network of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return network_of((struct sockaddr *)&v4);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return network_of((struct sockaddr *)&v6);
}

static const struct row {
    const char *a, *b;
    bool same;
} rows[] = {
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.8", false},
    {"192.0.2.7", "::ffff:192.0.2.7", true}, /* as a socket of both families says it */
    {"2001:db8:0:7::1", "2001:db8:0:7:ffff::2", true},
    {"2001:db8:0:7::1", "2001:db8:0:8::1", false},
    {"::1", "::2", false},
    {"127.0.0.1", "127.0.0.2", false},
};

START_TEST(which_are_one)
{
    struct network a = of(rows[_i].a), b = of(rows[_i].b);
    ck_assert_msg((memcmp(&a, &b, sizeof a) == 0) == rows[_i].same, "%s %s", rows[_i].a,
                  rows[_i].b);
}
END_TEST

START_TEST(this_machine)
{
    static const struct {
        const char *text;
        bool here;
    } all[] = {{"127.0.0.1", true},  {"::1", true},  {"::ffff:127.0.0.1", true},
               {"127.0.0.2", false}, {"::2", false}, {"192.0.2.1", false}};
    for (int i = 0; i < ROWS(all); i++) {
        struct network n = of(all[i].text);
        ck_assert_msg(network_is_here(&n) == all[i].here, "%s", all[i].text);
    }
    struct sockaddr unix_socket = {.sa_family = AF_UNIX};
    struct network n = network_of(&unix_socket), none = network_of(NULL);
    ck_assert(network_is_here(&n));
    ck_assert(network_is_here(&none));
    n = network_of_socket(STDIN_FILENO);
    ck_assert(network_is_here(&n));
}
END_TEST

START_TEST(no_more_than_it_may)
{
    struct networks n;
    struct network a = of("192.0.2.1"), b = of("192.0.2.2"), here = of("127.0.0.1");
    uint32_t of_a[3], of_b, of_here[4];
    ck_assert_int_eq(networks_init(&n, 8), NABLA_OK);
    for (int i = 0; i < 3; i++)
        ck_assert(networks_join(&n, &a, 3, &of_a[i]));
    ck_assert(!networks_has_room(&n, &a, 3));
    ck_assert(!networks_join(&n, &a, 3, &of_b));
    ck_assert(networks_join(&n, &b, 3, &of_b));
    ck_assert_uint_ne(of_b, of_a[0]);
    for (int i = 0; i < 4; i++)
        ck_assert(networks_join(&n, &here, 1, &of_here[i]));
    ck_assert_uint_eq(networks_count(&n, of_here[0]), 4);
    ck_assert_uint_eq(networks_most(&n), 3); /* this machine does not count */
    ck_assert_uint_eq(networks_next(&n, NETWORKS_OTHERS, 3), of_a[0]);
    ck_assert_uint_eq(networks_next(&n, of_a[0], 3), NETWORKS_OTHERS);
    ck_assert_uint_eq(networks_next(&n, NETWORKS_OTHERS, 1), of_b);
    ck_assert_uint_eq(networks_next(&n, NETWORKS_OTHERS, 4), NETWORKS_OTHERS);
    networks_leave(&n, of_a[1]);
    ck_assert(networks_join(&n, &a, 3, &of_a[1]));
    ck_assert(!networks_join(&n, &a, 0, &of_b));
    networks_fini(&n);
}
END_TEST

/* More sources than there are numbers: the last share one, and its limit. */
START_TEST(others_share)
{
    enum { CAP = 4, MAX = 5 };
    struct networks n;
    uint32_t number, first = 0;
    char text[32];
    ck_assert_int_eq(networks_init(&n, CAP), NABLA_OK);
    for (int i = 0; i < CAP + MAX; i++) {
        snprintf(text, sizeof text, "192.0.2.%d", i);
        struct network from = of(text);
        ck_assert(networks_join(&n, &from, MAX, &number));
        ck_assert_int_eq(number == NETWORKS_OTHERS, i >= CAP);
        first = i == 0 ? number : first;
    }
    struct network late = of("198.51.100.1");
    ck_assert(!networks_join(&n, &late, MAX, &number));
    networks_leave(&n, first);
    ck_assert(networks_join(&n, &late, MAX, &number));
    ck_assert_uint_eq(number, first);
    networks_leave(&n, NETWORKS_OTHERS);
    networks_fini(&n);
    networks_fini(&n);
}
END_TEST

/* Many come and go in no order: nothing is lost of the chains. */
START_TEST(come_and_go)
{
    enum { CAP = 64, ROUNDS = 20000 };
    struct networks n;
    uint32_t held[CAP] = {0}, things[CAP] = {0}, state = 1;
    char text[32];
    ck_assert_int_eq(networks_init(&n, CAP), NABLA_OK);
    for (int i = 0; i < ROUNDS; i++) {
        state = state * 1664525 + 1013904223;
        uint32_t who = state >> 26;
        snprintf(text, sizeof text, "10.0.0.%u", who + 2);
        struct network from = of(text);
        if ((state >> 16 & 1) != 0) {
            ck_assert_int_eq(networks_join(&n, &from, 4, &held[who]), things[who] < 4);
            things[who] += things[who] < 4;
        } else if (things[who] > 0) {
            networks_leave(&n, held[who]);
            things[who]--;
        }
        ck_assert(things[who] == 0 || networks_count(&n, held[who]) == things[who]);
    }
    networks_fini(&n);
}
END_TEST

/* Which of a row's things came from where. */
START_TEST(origins)
{
    struct origins o = {0};
    struct network here = network_here(), a = of("192.0.2.1"), b = of("192.0.2.2"), found;
    found = origins_find(&o, 7);
    ck_assert(network_is_here(&found));
    ck_assert(origins_add(&o, 0, &here) && origins_add(&o, 0, &a) && origins_add(&o, 3, &a));
    ck_assert_uint_eq(o.n, 1); /* nothing came from here, and it goes on from a */
    ck_assert(origins_add(&o, 5, &b) && origins_add(&o, 9, &a));
    static const uint64_t low[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1};
    for (uint32_t i = 0; i < ROWS(low); i++) {
        found = origins_find(&o, i);
        ck_assert_msg((found.ip.low & 0xff) == low[i], "%u", i);
    }
    origins_restart(&o);
    found = origins_find(&o, 0);
    ck_assert_uint_eq(found.ip.low & 0xff, 1);
    for (uint32_t i = 1; i < ORIGINS_MAX; i++)
        ck_assert(origins_add(&o, i, i % 2 ? &b : &a));
    ck_assert(!origins_add(&o, ORIGINS_MAX, &b) || ORIGINS_MAX % 2 == 0);
    ck_assert_uint_eq(o.n, ORIGINS_MAX);
    ck_assert(!origins_add(&o, ORIGINS_MAX, &here));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("network");
    TCase *t = tcase_create("network");
    tcase_add_loop_test(t, which_are_one, 0, ROWS(rows));
    tcase_add_test(t, this_machine);
    tcase_add_test(t, no_more_than_it_may);
    tcase_add_test(t, others_share);
    tcase_add_test(t, come_and_go);
    tcase_add_test(t, origins);
    suite_add_tcase(s, t);
    return s;
}
