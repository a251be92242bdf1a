/* tests/unit/cli/test_outlet.c -- addresses, and how lines are packed into datagrams. */
#include "cli/outlet.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

static const struct row {
    const char *text;
    bool taken, udp;
    const char *host, *port;
} rows[] = {
    {"tcp://127.0.0.1:2207", true, false, "127.0.0.1", "2207"},
    {"udp://127.0.0.1:9", true, true, "127.0.0.1", "9"},
    {"example.org:65535", true, false, "example.org", "65535"},
    {"localhost", true, false, "localhost", "2207"},
    {"[::1]:2207", true, false, "::1", "2207"},
    {"udp://[fe80::1%eth0]", true, true, "fe80::1%eth0", "2207"},
    {"", false, false, "", ""},
    {":2207", false, false, "", ""},
    {"tcp://", false, false, "", ""},
    {"http://127.0.0.1:2207", false, false, "", ""},
    {"127.0.0.1:", false, false, "", ""},
    {"127.0.0.1:65536", false, false, "", ""},
    {"127.0.0.1:x", false, false, "", ""},
    {"127.0.0.1:22 07", false, false, "", ""},
    {"127.0.0.1:2207/", false, false, "", ""},
    {"[::1", false, false, "", ""},
    {"[::1]2207", false, false, "", ""},
    {"::1", false, false, "", ""},
    {"a:123456789", false, false, "", ""},
};

START_TEST(target)
{
    const struct row *r = &rows[_i];
    struct target got = {0};
    ck_assert_msg(target_read(r->text, &got) == r->taken, "%s", r->text);
    ck_assert_int_eq(got.udp, r->udp);
    ck_assert_str_eq(got.host, r->host);
    ck_assert_str_eq(got.port, r->port);
}
END_TEST

/* A socket of 127.0.0.1 on a port of the system's choice, and how to reach it. */
static int listen_udp(struct target *to)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, n), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *to = (struct target){.udp = true, .host = "127.0.0.1"};
    snprintf(to->port, sizeof to->port, "%u", ntohs(at.sin_port));
    return fd;
}

START_TEST(datagrams_hold_whole_lines)
{
    struct target to;
    struct outlet o;
    char line[OUTLET_DATAGRAM_MAX + 1], got[2 * OUTLET_DATAGRAM_MAX];
    int fd = listen_udp(&to);
    ck_assert_ptr_null(outlet_open(&o, &to));
    memset(line, 'a', sizeof line);
    ck_assert(outlet_fits(&o, OUTLET_DATAGRAM_MAX));
    ck_assert(!outlet_fits(&o, OUTLET_DATAGRAM_MAX + 1));
    static const size_t lengths[] = {700, 700, 1, 1400, 1399, 1};
    static const ssize_t datagrams[] = {1400, 1, 1400, 1400};
    for (int i = 0; i < ROWS(lengths); i++) {
        line[lengths[i] - 1] = '\n';
        ck_assert(outlet_add(&o, line, lengths[i]));
        line[lengths[i] - 1] = 'a';
    }
    ck_assert(outlet_finish(&o));
    for (int i = 0; i < ROWS(datagrams); i++) {
        ssize_t n = recv(fd, got, sizeof got, MSG_DONTWAIT);
        ck_assert_msg(n == datagrams[i], "datagram %d: %zd bytes", i, n);
        ck_assert_int_eq(got[n - 1], '\n');
    }
    outlet_close(&o);
    close(fd);
}
END_TEST

START_TEST(nobody_listens)
{
    struct target to;
    struct outlet o;
    close(listen_udp(&to));
    ck_assert_ptr_null(outlet_open(&o, &to));
    ck_assert(outlet_add(&o, "t value=1\n", 10));
    ck_assert(!outlet_finish(&o));
    outlet_close(&o);
    to.udp = false;
    ck_assert_ptr_nonnull(outlet_open(&o, &to));
    outlet_close(&o);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/outlet");
    TCase *t = tcase_create("outlet");
    tcase_add_loop_test(t, target, 0, ROWS(rows));
    tcase_add_test(t, datagrams_hold_whole_lines);
    tcase_add_test(t, nobody_listens);
    suite_add_tcase(s, t);
    return s;
}
