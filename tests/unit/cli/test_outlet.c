/* tests/unit/cli/test_outlet.c -- addresses, and how lines are packed into datagrams, and signed. */
#include "cli/outlet.h"

#include "wire/sealed.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

static const struct row {
    const char *text;
    bool taken;
    enum carrier carrier;
    const char *host, *port;
} rows[] = {
    {"tcp://127.0.0.1:2207", true, CARRIER_TCP, "127.0.0.1", "2207"},
    {"tls://127.0.0.1:2208", true, CARRIER_TLS, "127.0.0.1", "2208"},
    {"udp://127.0.0.1:9", true, CARRIER_UDP, "127.0.0.1", "9"},
    {"example.org:65535", true, CARRIER_ANY, "example.org", "65535"},
    {"localhost", true, CARRIER_ANY, "localhost", "2207"},
    {"[::1]:2207", true, CARRIER_ANY, "::1", "2207"},
    {"udp://[fe80::1%eth0]", true, CARRIER_UDP, "fe80::1%eth0", "2207"},
    {"", false, CARRIER_ANY, "", ""},
    {":2207", false, CARRIER_ANY, "", ""},
    {"tcp://", false, CARRIER_ANY, "", ""},
    {"http://127.0.0.1:2207", false, CARRIER_ANY, "", ""},
    {"127.0.0.1:", false, CARRIER_ANY, "", ""},
    {"127.0.0.1:65536", false, CARRIER_ANY, "", ""},
    {"127.0.0.1:x", false, CARRIER_ANY, "", ""},
    {"127.0.0.1:22 07", false, CARRIER_ANY, "", ""},
    {"127.0.0.1:2207/", false, CARRIER_ANY, "", ""},
    {"[::1", false, CARRIER_ANY, "", ""},
    {"[::1]2207", false, CARRIER_ANY, "", ""},
    {"::1", false, CARRIER_ANY, "", ""},
    {"a:123456789", false, CARRIER_ANY, "", ""},
};

START_TEST(target)
{
    const struct row *r = &rows[_i];
    struct target got = {0};
    ck_assert_msg(target_read(r->text, &got) == r->taken, "%s", r->text);
    ck_assert_int_eq(got.carrier, r->carrier);
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
    *to = (struct target){.carrier = CARRIER_UDP, .host = "127.0.0.1"};
    snprintf(to->port, sizeof to->port, "%u", ntohs(at.sin_port));
    return fd;
}

static const struct outlet_guard in_the_open;

START_TEST(datagrams_hold_whole_lines)
{
    struct target to;
    struct outlet o;
    char line[OUTLET_DATAGRAM_MAX + 1], got[2 * OUTLET_DATAGRAM_MAX];
    int fd = listen_udp(&to);
    ck_assert(outlet_open(&o, &to, in_the_open));
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

/* Each is what wire/sealed.h says, of whole lines, under the first key. */
START_TEST(datagrams_are_signed)
{
    struct target to;
    struct outlet o;
    struct outlet_guard guard = {0};
    struct sealed s;
    char path[] = "key.XXXXXX", why[SEAL_WHY_MAX], got[2 * OUTLET_DATAGRAM_MAX];
    static const char keys[] = "the first key is here\nand another one here\n";
    int fd = listen_udp(&to), file = mkstemp(path);
    ck_assert_int_eq(write(file, keys, sizeof keys - 1), sizeof keys - 1);
    ck_assert_int_eq(seal_keys_load(path, &guard.keys, why), NABLA_OK);
    ck_assert(outlet_open(&o, &to, guard));
    size_t longest = OUTLET_DATAGRAM_MAX - SEALED_HEAD_MAX - SEALED_TIME_MAX;
    ck_assert(outlet_fits(&o, longest) && !outlet_fits(&o, longest + 1));
    ck_assert(outlet_add(&o, "a value=1\n", 10) && outlet_add(&o, "b value=2\n", 10));
    ck_assert(outlet_flush(&o) && outlet_add(&o, "c value=3\n", 10) && outlet_finish(&o));
    static const char *const lines[] = {"a value=1\nb value=2\n", "c value=3\n"};
    for (int i = 0; i < ROWS(lines); i++) {
        ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
        ck_assert_int_gt(n, 0);
        got[n] = '\0';
        ck_assert(sealed_read(got, (size_t)n, &s));
        ck_assert_str_eq(got + s.lines_at, lines[i]);
        ck_assert(seal_check(guard.keys, got + s.signed_at, (size_t)n - s.signed_at, s.mac));
    }
    outlet_close(&o);
    seal_keys_leave(guard.keys);
    unlink(path);
    close(file);
    close(fd);
}
END_TEST

START_TEST(nobody_listens)
{
    struct target to;
    struct outlet o;
    close(listen_udp(&to));
    ck_assert(outlet_open(&o, &to, in_the_open));
    ck_assert(outlet_add(&o, "t value=1\n", 10));
    ck_assert(!outlet_finish(&o));
    outlet_close(&o);
    to.carrier = CARRIER_TCP;
    ck_assert(!outlet_open(&o, &to, in_the_open));
    ck_assert_str_ne(o.why, "");
    outlet_close(&o);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/outlet");
    TCase *t = tcase_create("outlet");
    tcase_add_loop_test(t, target, 0, ROWS(rows));
    tcase_add_test(t, datagrams_hold_whole_lines);
    tcase_add_test(t, datagrams_are_signed);
    tcase_add_test(t, nobody_listens);
    suite_add_tcase(s, t);
    return s;
}
