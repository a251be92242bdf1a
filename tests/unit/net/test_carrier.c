/* Lines out by TCP and UDP, against sockets on the same loop: what arrives, what is said when it does not, and that
 * nothing is left whenever it ends. */
#include "net/carrier.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

enum { MS = NS_PER_MS, LARGE = 32 * 1024 * 1024 /* more than two systems keep in between */ };
#define LONG_NS (INT64_C(60000) * MS)

static struct rig {
    uv_loop_t loop;
    uv_timer_t tick; /* UV_RUN_ONCE comes back */
    uv_tcp_t listener;
    struct taker *takers; /* newest first */
    unsigned accepted;
    bool reads;     /* takers do */
    struct buf got; /* all that they read */
    int udp;        /* a socket that is bound; not of the loop */
    char tcp_port[8], udp_port[8];
} rig;

struct taker {
    uv_tcp_t tcp;
    struct taker *next;
    char room[65536];
};

struct heard {
    unsigned times;
    char why[128];
};

static void on_tick(uv_timer_t *tick)
{
    (void)tick;
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct taker *t = handle->data;
    (void)wanted;
    *out = uv_buf_init(t->room, sizeof t->room);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    (void)stream;
    if (n > 0)
        buf_add(&rig.got, bytes->base, (size_t)n);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct taker *t = calloc(1, sizeof *t);
    ck_assert(status == 0 && t != NULL);
    uv_tcp_init(&rig.loop, &t->tcp);
    t->tcp.data = t;
    t->next = rig.takers;
    rig.takers = t;
    rig.accepted++;
    ck_assert_int_eq(uv_accept(listener, (uv_stream_t *)&t->tcp), 0);
    if (rig.reads)
        uv_read_start((uv_stream_t *)&t->tcp, on_alloc, on_read);
}

static void on_taker_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* They hang up. */
static void close_takers(void)
{
    for (struct taker *t; (t = rig.takers) != NULL;) {
        rig.takers = t->next;
        uv_close((uv_handle_t *)&t->tcp, on_taker_closed);
    }
}

static void say_port(char out[static 8], const struct sockaddr_in *at)
{
    snprintf(out, 8, "%u", ntohs(at->sin_port));
}

static void listen_udp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    rig.udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(rig.udp, (struct sockaddr *)&at, n), 0);
    ck_assert_int_eq(getsockname(rig.udp, (struct sockaddr *)&at, &n), 0);
    say_port(rig.udp_port, &at);
}

static void listen_tcp(void)
{
    struct sockaddr_in at;
    int n = sizeof at;
    uv_ip4_addr("127.0.0.1", 0, &at);
    uv_tcp_init(&rig.loop, &rig.listener);
    ck_assert_int_eq(uv_tcp_bind(&rig.listener, (struct sockaddr *)&at, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)&rig.listener, 16, on_connection), 0);
    ck_assert_int_eq(uv_tcp_getsockname(&rig.listener, (struct sockaddr *)&at, &n), 0);
    say_port(rig.tcp_port, &at);
}

static void setup(void)
{
    memset(&rig, 0, sizeof rig);
    rig.reads = true;
    ck_assert_int_eq(uv_loop_init(&rig.loop), 0);
    uv_timer_init(&rig.loop, &rig.tick);
    uv_timer_start(&rig.tick, on_tick, 10, 10);
    listen_tcp();
    listen_udp();
}

static void teardown(void)
{
    close_takers();
    close(rig.udp);
    uv_close((uv_handle_t *)&rig.tick, NULL);
    uv_close((uv_handle_t *)&rig.listener, NULL);
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&rig.loop), 0); /* nothing was left open */
    buf_fini(&rig.got);
}

static void on_done(void *ctx, const char *why)
{
    struct heard *h = ctx;
    h->times++;
    snprintf(h->why, sizeof h->why, "%s", why != NULL ? why : "");
}

static struct carrier *carrier_to(bool udp, const char *host, const char *port, struct heard *h)
{
    struct carrier *o;
    *h = (struct heard){0};
    ck_assert_int_eq(carrier_new(&rig.loop, udp, host, port, on_done, h, &o), NABLA_OK);
    return o;
}

static void send_and_wait(struct carrier *o, const char *bytes, size_t n, int64_t timeout_ns,
                          struct heard *h)
{
    unsigned before = h->times;
    carrier_send(o, bytes, n, timeout_ns);
    ck_assert_uint_eq(h->times, before); /* never before it has returned */
    while (h->times == before)
        uv_run(&rig.loop, UV_RUN_ONCE);
    for (int i = 0; i < 5; i++)
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_uint_eq(h->times, before + 1);
}

/* Lines of 64 bytes that differ. */
static void make_lines(struct buf *b, size_t n)
{
    for (unsigned i = 0; b->n < n; i++)
        buf_printf(b, "%063u\n", i);
    ck_assert(!b->failed);
}

static void wait_for_bytes(size_t n)
{
    while (rig.got.n < n)
        uv_run(&rig.loop, UV_RUN_ONCE);
}

static void expect_got(const char *bytes, size_t n)
{
    wait_for_bytes(n);
    ck_assert(rig.got.n == n && memcmp(rig.got.at, bytes, n) == 0);
}

/* ---- TCP */

START_TEST(bodies_share_a_connection)
{
    struct heard h;
    struct carrier *o = carrier_to(false, "localhost", rig.tcp_port, &h);
    /* by its name: another address of localhost's may come first, and refuse */
    send_and_wait(o, "one\n", 4, LONG_NS, &h);
    if (h.why[0] != '\0') {
        carrier_free(o);
        o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
        send_and_wait(o, "one\n", 4, LONG_NS, &h);
    }
    ck_assert_str_eq(h.why, "");
    send_and_wait(o, "two\n", 4, LONG_NS, &h);
    ck_assert_str_eq(h.why, "");
    expect_got("one\ntwo\n", 8);
    ck_assert_uint_eq(rig.accepted, 1);
    carrier_free(o);
}
END_TEST

START_TEST(a_large_body_arrives_whole)
{
    struct heard h;
    struct buf body = {0};
    struct carrier *o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
    make_lines(&body, LARGE);
    send_and_wait(o, body.at, body.n, LONG_NS, &h);
    ck_assert_str_eq(h.why, "");
    expect_got(body.at, body.n);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

/* A connection that has ended while nothing was on its way is another's beginning. */
START_TEST(who_hangs_up_between_is_dialled_again)
{
    struct heard h;
    struct carrier *o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
    send_and_wait(o, "one\n", 4, LONG_NS, &h);
    wait_for_bytes(4);
    close_takers();
    for (int i = 0; i < 20; i++) /* until the end of it is noticed; or else the next send says so */
        uv_run(&rig.loop, UV_RUN_ONCE);
    send_and_wait(o, "two\n", 4, LONG_NS, &h);
    if (h.why[0] != '\0')
        send_and_wait(o, "two\n", 4, LONG_NS, &h);
    ck_assert_str_eq(h.why, "");
    expect_got("one\ntwo\n", 8);
    ck_assert_uint_eq(rig.accepted, 2);
    carrier_free(o);
}
END_TEST

START_TEST(who_never_reads_has_not_taken_it)
{
    struct heard h;
    struct buf body = {0};
    struct carrier *o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
    make_lines(&body, LARGE);
    rig.reads = false;
    send_and_wait(o, body.at, body.n, INT64_C(200) * MS, &h);
    ck_assert_str_eq(h.why, "timeout: it did not take the data");
    rig.reads = true;
    send_and_wait(o, "again\n", 6, LONG_NS, &h); /* over another connection */
    ck_assert_str_eq(h.why, "");
    expect_got("again\n", 6);
    ck_assert_uint_eq(rig.accepted, 2);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

/* What this system has, and the other one has not, is not sent. */
START_TEST(what_is_not_acknowledged_is_not_sent)
{
    enum { SMALL = 256 * 1024 /* fits this system's buffer, and not the other's */ };
    struct heard h;
    struct buf body = {0};
    struct carrier *o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
    uv_os_fd_t fd;
    ck_assert_int_eq(uv_fileno((uv_handle_t *)&rig.listener, &fd), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)); /* those that it accepts */
    make_lines(&body, SMALL);
    rig.reads = false;
    carrier_send(o, body.at, body.n, LONG_NS);
    while (rig.accepted == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    for (int i = 0; i < 50; i++) /* ticks of its own among them */
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_uint_eq(h.times, 0);
    uv_read_start((uv_stream_t *)&rig.takers->tcp, on_alloc, on_read);
    while (h.times == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_str_eq(h.why, "");
    expect_got(body.at, body.n);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

START_TEST(who_hangs_up_meanwhile_is_told_of)
{
    struct heard h;
    struct buf body = {0};
    struct carrier *o = carrier_to(false, "127.0.0.1", rig.tcp_port, &h);
    make_lines(&body, LARGE);
    rig.reads = false;
    carrier_send(o, body.at, body.n, LONG_NS);
    while (rig.accepted == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    close_takers();
    while (h.times == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_msg(strncmp(h.why, "the connection ended", 20) == 0 ||
                      strncmp(h.why, "writing: ", 9) == 0,
                  "%s", h.why);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

/* ---- what cannot be reached */

static const struct fault_row {
    const char *label, *host, *port, *why;
    bool udp;
} fault_rows[] = {
    {"nobody listens", "127.0.0.1", "1", "connecting: connection refused", false},
    {"no such port", "127.0.0.1", "no-port", "looking up its name: ", false},
    {"no such port, UDP", "127.0.0.1", "no-port", "looking up its name: ", true},
    {"not to be sent to", "255.255.255.255", "9", "sending: ", true},
};

START_TEST(fault_row)
{
    const struct fault_row *r = &fault_rows[_i];
    struct heard h;
    struct carrier *o = carrier_to(r->udp, r->host, r->port, &h);
    for (int i = 0; i < 2; i++) { /* the second as the first */
        send_and_wait(o, "one\n", 4, LONG_NS, &h);
        ck_assert_msg(strncmp(h.why, r->why, strlen(r->why)) == 0, "%s: %s", r->label, h.why);
    }
    carrier_free(o);
}
END_TEST

/* ---- UDP */

enum { FULL = CARRIER_DATAGRAM_MAX };

/* A body of lines of these lengths, LF and all; the last may go without. */
static const struct udp_row {
    const char *label;
    unsigned lines[8], datagrams[8]; /* their lengths; 0: no more */
    bool no_end;
} udp_rows[] = {
    {"one", {5}, {5}, false},
    {"several share one", {5, 6, 7}, {18}, false},
    {"an end without LF goes alone", {5, 6}, {5, 6}, true},
    {"just full", {1000, FULL - 1000}, {FULL}, false},
    {"a byte too much", {1000, FULL - 999}, {1000, FULL - 999}, false},
    {"a line as long as one", {FULL, 5}, {FULL, 5}, false},
    {"a longer one goes alone", {5, FULL + 1, 6, 7}, {5, FULL + 1, 13}, false},
    {"a long end without LF", {5, 3 * FULL}, {5, 3 * FULL}, true},
};

static void make_udp(struct buf *b, const struct udp_row *r)
{
    for (int i = 0; i < 8 && r->lines[i] > 0; i++) {
        for (unsigned k = 0; k < r->lines[i] - 1; k++)
            buf_char(b, (char)('a' + i));
        buf_char(b, '\n');
    }
    if (r->no_end)
        b->at[b->n - 1] = 'z';
}

/* What has come, or is about to. */
static size_t receive(char *to, size_t room)
{
    for (;;) {
        ssize_t n = recv(rig.udp, to, room, 0);
        if (n >= 0)
            return (size_t)n;
        ck_assert_int_eq(errno, EAGAIN);
        uv_run(&rig.loop, UV_RUN_ONCE);
    }
}

START_TEST(udp_row)
{
    const struct udp_row *r = &udp_rows[_i];
    static char got[8 * FULL];
    struct buf body = {0};
    struct heard h;
    size_t at = 0;
    struct carrier *o = carrier_to(true, "127.0.0.1", rig.udp_port, &h);
    make_udp(&body, r);
    send_and_wait(o, body.at, body.n, LONG_NS, &h);
    ck_assert_msg(h.why[0] == '\0', "%s: %s", r->label, h.why);
    for (int i = 0; i < 8 && r->datagrams[i] > 0; i++) {
        size_t n = receive(got, sizeof got);
        ck_assert_msg(n == r->datagrams[i], "%s: datagram %d has %zu bytes", r->label, i, n);
        ck_assert_msg(memcmp(got, body.at + at, n) == 0, "%s: datagram %d", r->label, i);
        at += n;
    }
    ck_assert_uint_eq(at, body.n);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

/* More than a burst: the rest goes with later ticks, in order. */
START_TEST(bursts_follow_each_other)
{
    static char got[2 * FULL];
    struct buf body = {0};
    struct heard h;
    struct carrier *o = carrier_to(true, "127.0.0.1", rig.udp_port, &h);
    make_lines(&body, (3 * CARRIER_BURST + 1) * (size_t)FULL);
    carrier_send(o, body.at, body.n, LONG_NS);
    size_t at = 0, datagrams = 0;
    for (; at < body.n; datagrams++) {
        size_t n = receive(got, sizeof got);
        ck_assert(n > 0 && n <= FULL && got[n - 1] == '\n');
        ck_assert(memcmp(got, body.at + at, n) == 0);
        at += n;
    }
    while (h.times == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_str_eq(h.why, "");
    ck_assert_uint_gt(datagrams, 3 * CARRIER_BURST);
    carrier_free(o);
    buf_fini(&body);
}
END_TEST

/* ---- its end */

/* After so many turns of the loop a body is at some place on its way; then it is left. */
START_TEST(freed_on_its_way)
{
    struct heard h;
    struct buf body = {0};
    make_lines(&body, LARGE);
    rig.reads = false;
    for (int udp = 0; udp < 2; udp++) {
        struct carrier *o =
            carrier_to(udp != 0, "127.0.0.1", udp != 0 ? rig.udp_port : rig.tcp_port, &h);
        carrier_send(o, body.at, body.n, LONG_NS);
        for (int i = 0; i < _i; i++)
            uv_run(&rig.loop, UV_RUN_ONCE);
        carrier_free(o);
        for (int i = 0; i < 5; i++)
            uv_run(&rig.loop, UV_RUN_ONCE);
        ck_assert_uint_eq(h.times, 0);
    }
    carrier_free(NULL);
    buf_fini(&body);
}
END_TEST

START_TEST(freed_unused)
{
    struct heard h;
    carrier_free(carrier_to(false, "127.0.0.1", rig.tcp_port, &h));
    ck_assert_uint_eq(h.times, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("carrier");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 240);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, bodies_share_a_connection);
    tcase_add_test(c, a_large_body_arrives_whole);
    tcase_add_test(c, who_hangs_up_between_is_dialled_again);
    tcase_add_test(c, who_never_reads_has_not_taken_it);
    tcase_add_test(c, what_is_not_acknowledged_is_not_sent);
    tcase_add_test(c, who_hangs_up_meanwhile_is_told_of);
    tcase_add_loop_test(c, fault_row, 0, ROWS(fault_rows));
    tcase_add_loop_test(c, udp_row, 0, ROWS(udp_rows));
    tcase_add_test(c, bursts_follow_each_other);
    tcase_add_loop_test(c, freed_on_its_way, 0, 12);
    tcase_add_test(c, freed_unused);
    suite_add_tcase(s, c);
    return s;
}
