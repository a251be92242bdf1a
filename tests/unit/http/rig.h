/* tests/unit/http/rig.h -- a whole server on a free port over a real table, and a client that
 * speaks raw HTTP/1.1 to it. Reads have a limit of PATIENCE_S, so that a server that does not answer fails
 * a test instead of holding it. */
#ifndef TESTS_HTTP_RIG_H
#define TESTS_HTTP_RIG_H

#include "base/buf.h"
#include "http/http.h"
#include "wire/key.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

enum { PATIENCE_S = 120 };
#define S  (int64_t) NS_PER_S
#define T0 (1700000000 * S)

struct rig {
    struct stats stats;
    struct feed *feed;
    struct table *table;
    struct http *http;
    struct instant now; /* when samples arrive */
    atomic_bool ready;
    enum nabla_status reload_says;
    const char *reload_text;
};

static enum nabla_status rig_reload(void *ctx, struct buf *errors)
{
    struct rig *rig = ctx;
    if (rig->reload_text != NULL)
        buf_text(errors, rig->reload_text);
    return rig->reload_says;
}

static inline struct http_options rig_options(struct rig *rig)
{
    struct http_options o = {.listen = {.host = "127.0.0.1"},
                             .max_connections = 64,
                             .max_streams = 8,
                             .timeout_ns = 60 * S,
                             .request_timeout_ns = 60 * S,
                             .gradient = {.max_body = 1024 * 1024,
                                          .max_elements = 100000,
                                          .max_dimensions = 32,
                                          .max_jobs = 8,
                                          .timeout_ns = 600 * S},
                             .max_body = 1024 * 1024,
                             .max_decompressed = 4 * 1024 * 1024,
                             .max_line = 64 * 1024,
                             .activated = -1,
                             .table = rig->table,
                             .feed = rig->feed,
                             .stats = &rig->stats,
                             .ready = &rig->ready,
                             .reload = rig_reload,
                             .reload_ctx = rig};
    return o;
}

/* A table and a feed; the server comes with rig_serve. */
static inline void rig_init_policies(struct rig *rig, struct policies *policies)
{
    memset(rig, 0, sizeof *rig);
    rig->now = clock_now();
    ck_assert_int_eq(feed_new(4096, &rig->feed), NABLA_OK);
    struct table_options o = {.max_series = 1000000,
                              .shards = 4,
                              .max_future_ns = 3600 * S,
                              .read_key = key_read_by,
                              .policies = policies,
                              .stats = &rig->stats,
                              .feed = rig->feed};
    ck_assert_int_eq(table_new(&o, &rig->table), NABLA_OK);
}

static inline void rig_init(struct rig *rig)
{
    struct policies policies = {.defaults = policy_default()};
    rig_init_policies(rig, &policies);
}

static inline void rig_serve(struct rig *rig, const struct http_options *o)
{
    ck_assert_int_eq(http_new(o, &rig->http), NABLA_OK);
    ck_assert_int_eq(http_start(rig->http), NABLA_OK);
}

static inline void rig_start(struct rig *rig)
{
    rig_init(rig);
    struct http_options o = rig_options(rig);
    rig_serve(rig, &o);
}

static inline void rig_stop(struct rig *rig)
{
    http_stop(rig->http, PATIENCE_S * S);
    http_free(rig->http);
    table_free(rig->table);
    feed_free(rig->feed);
}

/* key: a Graphite path with ;tag=value. */
static inline void rig_put(struct rig *rig, const char *key, int64_t t_ns, double v)
{
    static struct batch batch;
    batch.n = 1;
    batch.at[0] = (struct sample){.t_ns = t_ns,
                                  .v = v,
                                  .key = key,
                                  .sub = "",
                                  .key_n = (uint32_t)strlen(key),
                                  .form = KEY_GRAPHITE};
    table_apply(rig->table, &batch, rig->now);
}

/* Three samples a second apart: rate and edge are slope. */
static inline void rig_put_line(struct rig *rig, const char *key, double slope)
{
    for (int i = 0; i < 3; i++)
        rig_put(rig, key, T0 + i * S, slope * i);
}

static inline void rig_put_many(struct rig *rig, uint32_t series)
{
    char key[64];
    for (uint32_t i = 0; i < series; i++) {
        snprintf(key, sizeof key, "many;number=%06u", i);
        rig_put_line(rig, key, i);
    }
}

/* ---- the client */

static inline int dial(const struct rig *rig)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_port(rig->http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Sends it all, or as much as a server that closes wants. */
static inline void say(int fd, const char *text)
{
    for (size_t n = strlen(text); n > 0;) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

struct answer {
    int status; /* 0: the connection ended without one */
    struct buf head, body;
    bool cut; /* the connection ended in the middle of the body */
};

static inline void answer_fini(struct answer *a)
{
    buf_fini(&a->head);
    buf_fini(&a->body);
}

static inline bool hear_byte(int fd, char *c)
{
    ssize_t n = recv(fd, c, 1, 0);
    ck_assert_msg(n >= 0 || errno == ECONNRESET, "no answer: %s", strerror(errno));
    return n == 1;
}

static inline bool hear_n(int fd, struct buf *out, size_t n)
{
    while (n > 0) {
        char *room = buf_room(out, n);
        ssize_t got = recv(fd, room, n, 0);
        ck_assert_msg(got >= 0 || errno == ECONNRESET, "no answer: %s", strerror(errno));
        if (got <= 0)
            return false;
        buf_used(out, (size_t)got);
        n -= (size_t)got;
    }
    return true;
}

/* A line without its CR LF, as a string; false at the end. */
static inline bool hear_line(int fd, struct buf *line)
{
    char c;
    buf_clear(line);
    while (hear_byte(fd, &c)) {
        if (c != '\n') {
            buf_char(line, c);
            continue;
        }
        if (line->n > 0 && line->at[line->n - 1] == '\r')
            line->n--;
        buf_char(line, '\0');
        return true;
    }
    return false;
}

static inline void hear_head(int fd, struct answer *a)
{
    struct buf line = {0};
    *a = (struct answer){0};
    if (hear_line(fd, &line))
        ck_assert_msg(sscanf(line.at, "HTTP/1.1 %d", &a->status) == 1, "no status: %s", line.at);
    while (a->status != 0 && hear_line(fd, &line) && line.at[0] != '\0')
        buf_printf(&a->head, "%s\n", line.at);
    buf_char(&a->head, '\0');
    buf_fini(&line);
}

/* The value of a header; NULL if it is not there. Good until the next call. */
static inline const char *header_of(const struct answer *a, const char *name)
{
    static char value[512];
    size_t n = strlen(name);
    for (const char *p = a->head.at; *p != '\0'; p = strchr(p, '\n') + 1)
        if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)(strchr(p, '\n') - p - (long)n - 2),
                     p + n + 2);
            return value;
        }
    return NULL;
}

/* One chunk, appended; false at the last one or the end of the connection. */
static inline bool hear_chunk(int fd, struct answer *a)
{
    struct buf line = {0};
    bool more = false;
    a->cut = !hear_line(fd, &line);
    if (!a->cut) {
        unsigned long n = strtoul(line.at, NULL, 16);
        more = n > 0;
        a->cut = (n > 0 && !hear_n(fd, &a->body, n)) || !hear_line(fd, &line);
    }
    buf_fini(&line);
    return more && !a->cut;
}

static inline void hear_body(int fd, struct answer *a)
{
    const char *length = header_of(a, "Content-Length");
    if (length != NULL)
        a->cut = !hear_n(fd, &a->body, strtoul(length, NULL, 10));
    else
        while (hear_chunk(fd, a))
            ;
    buf_char(&a->body, '\0');
}

static inline bool has_body(struct answer *a)
{
    bool none = a->status == 204 || a->status == 304;
    if (none)
        buf_char(&a->body, '\0');
    return a->status != 0 && !none;
}

static inline void hear(int fd, struct answer *a)
{
    hear_head(fd, a);
    if (has_body(a))
        hear_body(fd, a);
}

/* One request on a connection of its own; headers: each with its CR LF. */
static inline struct answer ask_with(const struct rig *rig, const char *method, const char *target,
                                     const char *headers, const char *body)
{
    struct buf b = {0};
    struct answer a;
    int fd = dial(rig);
    buf_printf(&b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s", method, target, headers);
    if (body != NULL)
        buf_printf(&b, "Content-Length: %zu\r\n", strlen(body));
    buf_printf(&b, "\r\n%s", body != NULL ? body : "");
    buf_char(&b, '\0');
    say(fd, b.at);
    buf_fini(&b);
    hear_head(fd, &a);
    if (has_body(&a) && strcmp(method, "HEAD") != 0)
        hear_body(fd, &a);
    close(fd);
    return a;
}

static inline struct answer get(const struct rig *rig, const char *target)
{
    return ask_with(rig, "GET", target, "", NULL);
}

/* Status and body, exactly. */
static inline void expect_answer(struct answer a, int status, const char *body, const char *label)
{
    ck_assert_msg(a.status == status, "%s: status %d, not %d: %s", label, a.status, status,
                  a.body.at);
    ck_assert_msg(!a.cut, "%s: cut", label);
    ck_assert_msg(body == NULL || strcmp(a.body.at, body) == 0, "%s: %s\n  not %s", label,
                  a.body.at, body);
    answer_fini(&a);
}

/* Waits until a condition holds, for PATIENCE_S at most. */
#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        int tries_ = PATIENCE_S * 200;                                                             \
        while (!(condition) && --tries_ > 0)                                                       \
            usleep(5000);                                                                          \
        ck_assert_msg(tries_ > 0, "never: %s", #condition);                                        \
    } while (0)

#endif
