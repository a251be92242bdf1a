/* tests/unit/net/http_peer.h -- the loop of a test, and a small HTTP server on it: what it answers goes by the
 * path. It keeps the last request whole.
 *
 *     /200 /404 ...   that status, "said" as the body; /503 with Retry-After: 7, /503?far with 100000
 *     /long           200 and a body of LONG_BODY bytes
 *     /silent         takes the request and never answers
 *     /hang-up        takes the request and closes */
#ifndef TESTS_HTTP_PEER_H
#define TESTS_HTTP_PEER_H

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "suite.h"

enum { LONG_BODY = 300 * 1000 };

struct http_peer {
    uv_tcp_t listener;
    uv_loop_t *loop;
    int port;
    unsigned accepted, requests, open;
    int say;         /* a status that is answered whatever the path says; 0: none */
    struct buf last; /* request: headers and body, ended by a NUL */
    struct peer_connection *first;
};

struct peer_connection {
    uv_tcp_t tcp;
    struct http_peer *peer;
    struct peer_connection *next;
    struct buf in, out;
    uv_write_t write;
    char room[65536];
};

static void peer_on_closed(uv_handle_t *handle)
{
    struct peer_connection *c = handle->data;
    struct peer_connection **at = &c->peer->first;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->peer->open--;
    buf_fini(&c->in);
    buf_fini(&c->out);
    free(c);
}

static void peer_close(struct peer_connection *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, peer_on_closed);
}

static void peer_reply(struct peer_connection *c)
{
    const char *path = strchr(c->in.at, ' ') + 1;
    int status = c->peer->say != 0 ? c->peer->say : atoi(path + 1);
    buf_clear(&c->out);
    if (strncmp(path, "/silent ", 8) == 0)
        return;
    if (strncmp(path, "/hang-up ", 9) == 0) {
        peer_close(c);
        return;
    }
    size_t n = strncmp(path, "/long ", 6) == 0 ? LONG_BODY : 4;
    buf_printf(&c->out, "HTTP/1.1 %d Word\r\nContent-Length: %zu\r\n%s\r\n", status ? status : 200,
               n,
               status != 503                        ? ""
               : strncmp(path, "/503?far ", 9) == 0 ? "Retry-After: 100000\r\n"
                                                    : "Retry-After: 7\r\n");
    if (n == 4)
        buf_text(&c->out, "said");
    else
        memset(buf_room(&c->out, n), 'x', n), buf_used(&c->out, n);
    uv_buf_t out = uv_buf_init(c->out.at, (unsigned)c->out.n);
    uv_write(&c->write, (uv_stream_t *)&c->tcp, &out, 1, NULL);
}

/* Once a request is there whole, it is answered. */
static void peer_take(struct peer_connection *c)
{
    buf_char(&c->in, '\0');
    c->in.n--;
    const char *end = strstr(c->in.at, "\r\n\r\n"),
               *length = strcasestr(c->in.at, "content-length:");
    if (end == NULL)
        return;
    size_t body = length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0;
    if (c->in.n < (size_t)(end + 4 - c->in.at) + body)
        return;
    c->peer->requests++;
    buf_clear(&c->peer->last);
    buf_add(&c->peer->last, c->in.at, c->in.n + 1);
    peer_reply(c);
    buf_clear(&c->in);
}

static void peer_on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct peer_connection *c = handle->data;
    (void)wanted;
    *out = uv_buf_init(c->room, sizeof c->room);
}

static void peer_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct peer_connection *c = stream->data;
    if (n < 0) {
        peer_close(c);
        return;
    }
    buf_add(&c->in, bytes->base, (size_t)n);
    peer_take(c);
}

static void peer_on_connection(uv_stream_t *listener, int status)
{
    struct http_peer *p = listener->data;
    struct peer_connection *c = calloc(1, sizeof *c);
    ck_assert(status == 0 && c != NULL);
    c->peer = p;
    c->next = p->first;
    p->first = c;
    p->accepted++;
    p->open++;
    uv_tcp_init(p->loop, &c->tcp);
    c->tcp.data = c;
    ck_assert_int_eq(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
    uv_read_start((uv_stream_t *)&c->tcp, peer_on_alloc, peer_on_read);
}

static inline void http_peer_start(struct http_peer *p, uv_loop_t *loop)
{
    struct sockaddr_storage at;
    int n = sizeof at;
    *p = (struct http_peer){.loop = loop};
    uv_ip4_addr("127.0.0.1", 0, (struct sockaddr_in *)&at);
    uv_tcp_init(loop, &p->listener);
    p->listener.data = p;
    ck_assert_int_eq(uv_tcp_bind(&p->listener, (struct sockaddr *)&at, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)&p->listener, 16, peer_on_connection), 0);
    ck_assert_int_eq(uv_tcp_getsockname(&p->listener, (struct sockaddr *)&at, &n), 0);
    p->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
}

/* The loop must run afterwards. */
static inline void http_peer_stop(struct http_peer *p)
{
    uv_close((uv_handle_t *)&p->listener, NULL);
    for (struct peer_connection *c = p->first; c != NULL; c = c->next)
        peer_close(c);
    buf_fini(&p->last);
}

static void peer_on_tick(uv_timer_t *tick)
{
    (void)tick;
}

/* A loop that goes on: UV_RUN_ONCE waits for a socket even if a timer has just done all there was. */
static inline void ticking_begin(uv_loop_t *loop, uv_timer_t *tick)
{
    ck_assert_int_eq(uv_loop_init(loop), 0);
    uv_timer_init(loop, tick);
    uv_timer_start(tick, peer_on_tick, 5, 5);
}

/* Whatever else was on it has been closed, or is being closed. */
static inline void ticking_end(uv_loop_t *loop, uv_timer_t *tick)
{
    uv_close((uv_handle_t *)tick, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(loop), 0); /* nothing was left open */
}

#endif
