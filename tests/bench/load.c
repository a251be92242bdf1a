/* tests/bench/load.c -- sends lines as fast as the other side reads them, or at a rate. The bytes are
 * ready before the clock starts, so that the sender is never the limit.
 *
 *     bench_load to=tcp:PORT | to=udp:PORT | to=http:PORT:/PATH | to=-    127.0.0.1, or standard output
 *         series=N rounds=N start=NS [first=N] [step=N] [seed=N] [format=influx]   corpus.h
 *         [connections=1]   TCP: each has series of its own, and they take turns
 *         [chunk=262144]    bytes of a write or of a body, at most; whole lines
 *         [datagram=1400]   bytes of a datagram, at most; 0: each has one line
 *         [rate=0]          lines a second; 0: as fast as it goes
 *
 * Says "ready" on standard output when the bytes are made and the connections are open, and starts
 * when a line comes on standard input (go=1: at once). Then prints what was sent as a JSON object. */
#include "corpus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGES = 32,
    SEGMENTS = 64, /* of one write, at most: udp(7) */
    DATAGRAM_MAX = 65507,
    ANSWER_ROOM = 4096,
    NS_PER_S = 1000000000
};

struct options {
    struct corpus_options corpus;
    const char *to;
    uint32_t connections;
    size_t chunk, datagram;
    double rate;
    bool go;
};

struct sent {
    uint64_t lines, bytes, datagrams;
    int64_t start_ns, end_ns;
};

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int connect_to(int type, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        fail("bench_load: connect");
    return fd;
}

/* Waits until the lines sent so far may have been. A sleep is at least 60 us: short waits are spun. */
static void keep_pace(const struct options *o, const struct sent *sent)
{
    if (o->rate == 0)
        return;
    int64_t due_ns = sent->start_ns + (int64_t)((double)sent->lines / o->rate * 1e9);
    for (int64_t left; (left = due_ns - now_ns()) > 0;)
        if (left > 200000)
            nanosleep(&(struct timespec){.tv_nsec = (left - 100000) % NS_PER_S}, NULL);
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            fail("bench_load: write");
        p += k;
        n -= (size_t)k;
    }
}

/* ---- TCP and standard output */

struct lane {
    int fd;
    struct corpus corpus;
    size_t at;
};

/* The lines of one write; false when the lane has none left. */
static bool send_chunk(const struct options *o, struct lane *l, struct sent *sent)
{
    size_t from = l->at;
    if (from == l->corpus.n)
        return false;
    l->at = corpus_cut(&l->corpus, from, o->chunk);
    send_all(l->fd, l->corpus.bytes + from, l->at - from);
    sent->bytes += l->at - from;
    if (o->rate > 0)
        sent->lines += count_lines(l->corpus.bytes + from, l->at - from);
    keep_pace(o, sent);
    return true;
}

static void open_lane(const struct options *o, int port, uint32_t number, struct lane *l)
{
    struct corpus_options c = o->corpus;
    c.series /= o->connections;
    c.first += number * c.series;
    c.seed += number;
    if (!corpus_make(&c, &l->corpus))
        fail("bench_load: corpus");
    l->fd = port < 0 ? dup(STDOUT_FILENO) : connect_to(SOCK_STREAM, port);
}

static void wait_for_go(const struct options *o, struct sent *sent)
{
    char line[8];
    if (!o->go && strcmp(o->to, "-") != 0) {
        puts("ready");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            exit(1);
    }
    sent->start_ns = now_ns();
}

static void run_stream(const struct options *o, int port, struct sent *sent)
{
    struct lane *lanes = calloc(o->connections, sizeof *lanes);
    if (lanes == NULL)
        fail("bench_load");
    for (uint32_t i = 0; i < o->connections; i++)
        open_lane(o, port, i, &lanes[i]);
    wait_for_go(o, sent);
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < o->connections; i++)
            more = send_chunk(o, &lanes[i], sent) || more;
    }
    sent->end_ns = now_ns();
    sent->lines = 0;
    for (uint32_t i = 0; i < o->connections; i++) {
        sent->lines += lanes[i].corpus.lines;
        close(lanes[i].fd);
        corpus_free(&lanes[i].corpus);
    }
    free(lanes);
}

/* ---- HTTP: one body after another, each answered before the next */

static void read_answer(int fd)
{
    char answer[ANSWER_ROOM];
    size_t n = 0;
    while (n < sizeof answer - 1) {
        ssize_t k = read(fd, answer + n, sizeof answer - 1 - n);
        if (k <= 0)
            fail("bench_load: answer");
        n += (size_t)k;
        answer[n] = '\0';
        if (strstr(answer, "\r\n\r\n") != NULL)
            break;
    }
    if (strncmp(answer, "HTTP/1.1 204", 12) != 0) {
        fprintf(stderr, "bench_load: answered %.200s\n", answer);
        exit(1);
    }
}

static void run_http(const struct options *o, int port, const char *path, struct sent *sent)
{
    struct corpus c;
    char head[512];
    if (!corpus_make(&o->corpus, &c))
        fail("bench_load: corpus");
    int fd = connect_to(SOCK_STREAM, port);
    wait_for_go(o, sent);
    for (size_t from = 0, to; from < c.n; from = to) {
        to = corpus_cut(&c, from, o->chunk);
        int n = snprintf(head, sizeof head,
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n", path,
                         to - from);
        send_all(fd, head, (size_t)n);
        send_all(fd, c.bytes + from, to - from);
        read_answer(fd);
    }
    sent->end_ns = now_ns();
    sent->lines = c.lines;
    sent->bytes = c.n;
    close(fd);
    corpus_free(&c);
}

/* ---- UDP
 *
 * Where all lines are as long as the first, and the kernel knows UDP_SEGMENT, it cuts many datagrams out of
 * one write: a tenth of the sender's work. Else they are handed over by sendmmsg. */

struct volley {
    struct mmsghdr message[MESSAGES];
    struct iovec part[MESSAGES];
};

/* Lays out the next datagrams; returns how many. */
static unsigned aim(const struct options *o, const struct corpus *c, size_t *at, struct volley *v)
{
    unsigned n = 0;
    for (; n < MESSAGES && *at < c->n; n++) {
        size_t to = corpus_cut(c, *at, o->datagram == 0 ? 1 : o->datagram);
        v->part[n] = (struct iovec){c->bytes + *at, to - *at};
        v->message[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &v->part[n], .msg_iovlen = 1}};
        *at = to;
    }
    return n;
}

static void fire(int fd, struct volley *v, unsigned n, struct sent *sent)
{
    for (unsigned done = 0; done < n;) {
        int k = sendmmsg(fd, v->message + done, n - done, 0);
        if (k < 0 && errno != EINTR)
            fail("bench_load: sendmmsg");
        done += k > 0 ? (unsigned)k : 0;
    }
    for (unsigned i = 0; i < n; i++) {
        sent->bytes += v->part[i].iov_len;
        sent->lines += count_lines(v->part[i].iov_base, v->part[i].iov_len);
    }
    sent->datagrams += n;
}

static void send_volleys(const struct options *o, const struct corpus *c, int fd, struct sent *sent)
{
    struct volley v;
    size_t at = 0;
    for (unsigned n; (n = aim(o, c, &at, &v)) > 0;) {
        keep_pace(o, sent);
        fire(fd, &v, n, sent);
    }
}

/* Bytes of each line; 0 if they differ. */
static size_t line_length(const struct corpus *c)
{
    size_t n = c->n / c->lines;
    for (uint64_t i = 0; i < c->lines; i++)
        if (memchr(c->bytes + i * n, '\n', n) != c->bytes + i * n + n - 1)
            return 0;
    return n;
}

static void send_segments(const struct options *o, const struct corpus *c, int fd, size_t line,
                          int segment, struct sent *sent)
{
    size_t cut = (size_t)segment,
           most = DATAGRAM_MAX / cut < SEGMENTS ? DATAGRAM_MAX / cut : SEGMENTS;
    for (size_t at = 0, n; at < c->n; at += n) {
        n = c->n - at < most * cut ? c->n - at : most * cut;
        keep_pace(o, sent);
        send_all(fd, c->bytes + at, n);
        sent->bytes += n;
        sent->lines += n / line;
        sent->datagrams += (n + cut - 1) / cut;
    }
}

static void run_udp(const struct options *o, int port, struct sent *sent)
{
    struct corpus c;
    if (!corpus_make(&o->corpus, &c))
        fail("bench_load: corpus");
    int fd = connect_to(SOCK_DGRAM, port);
    size_t line = line_length(&c);
    int segment = (int)(line > 0 && o->datagram > line ? o->datagram / line * line : line);
    bool cuts = line > 0 && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0;
    wait_for_go(o, sent);
    if (cuts)
        send_segments(o, &c, fd, line, segment, sent);
    else
        send_volleys(o, &c, fd, sent);
    sent->end_ns = now_ns();
    close(fd);
    corpus_free(&c);
}

/* ---- the command line */

static bool take_option(struct options *o, const char *name, const char *value)
{
    struct corpus_options *c = &o->corpus;
    if (strcmp(name, "format") == 0)
        return corpus_format_of(value, &c->format);
    uint64_t n = strtoull(value, NULL, 10);
    if (strcmp(name, "to") == 0)
        o->to = value;
    else if (strcmp(name, "series") == 0)
        c->series = (uint32_t)n;
    else if (strcmp(name, "first") == 0)
        c->first = (uint32_t)n;
    else if (strcmp(name, "step") == 0)
        c->step = (uint32_t)n;
    else if (strcmp(name, "rounds") == 0)
        c->rounds = n;
    else if (strcmp(name, "seed") == 0)
        c->seed = n;
    else if (strcmp(name, "start") == 0)
        c->start_ns = (int64_t)n;
    else if (strcmp(name, "connections") == 0)
        o->connections = (uint32_t)n;
    else if (strcmp(name, "chunk") == 0)
        o->chunk = n;
    else if (strcmp(name, "datagram") == 0)
        o->datagram = n;
    else if (strcmp(name, "rate") == 0)
        o->rate = (double)n;
    else if (strcmp(name, "go") == 0)
        o->go = n != 0;
    else
        return false;
    return true;
}

static bool run(const struct options *o, struct sent *sent)
{
    int port = 0, n = 0;
    if (strcmp(o->to, "-") == 0)
        run_stream(o, -1, sent);
    else if (sscanf(o->to, "tcp:%d", &port) == 1)
        run_stream(o, port, sent);
    else if (sscanf(o->to, "udp:%d", &port) == 1)
        run_udp(o, port, sent);
    else if (sscanf(o->to, "http:%d:%n", &port, &n) == 1 && n > 0)
        run_http(o, port, o->to + n, sent);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.to = "", .connections = 1, .chunk = 1 << 18, .datagram = 1400};
    struct sent sent = {0};
    bool good = argc > 1;
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals != NULL)
            *equals = '\0';
        good = good && equals != NULL && take_option(&o, argv[i], equals + 1);
    }
    if (!good || !run(&o, &sent)) {
        fprintf(stderr,
                "usage: bench_load to=tcp:PORT series=N rounds=N start=NS [...]: see load.c\n");
        return 2;
    }
    fprintf(strcmp(o.to, "-") == 0 ? stderr : stdout,
            "{\"lines\": %llu, \"bytes\": %llu, \"datagrams\": %llu, \"seconds\": %.6f}\n",
            (unsigned long long)sent.lines, (unsigned long long)sent.bytes,
            (unsigned long long)sent.datagrams, (double)(sent.end_ns - sent.start_ns) * 1e-9);
    return 0;
}
