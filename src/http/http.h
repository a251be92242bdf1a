/* http/http.h -- the HTTP server: its own libuv loop in its own thread.
 *
 *     libmicrohttpd (epoll descriptor) ──► uv_poll ──► MHD_run ──► routes ──► one file a resource
 *
 * Large answers are generated slice by slice as the client takes them. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/log.h"
#include "base/push_board.h"
#include "base/stats.h"
#include "conf/conf.h"
#include "series/table.h"
#include "state/journal.h"

#include <stdatomic.h>

struct http;
struct access;

/* A stream's client that has gone is noticed by it, and proxies keep the connection. */
#define HTTP_HEARTBEAT_NS (15 * (int64_t)NS_PER_S)

/* What all answers on their way may hold together, lists of series above all (a million series:
 * 12 MB a request, 50 MB if they are sorted), and bodies that have to be kept: further ones get a 503.
 * One is always let through. */
#define HTTP_HELD_BYTES (128 * (uint64_t)1024 * 1024)

enum { HTTP_AUTH_FAILURES = 10 };

struct http_options {
    struct conf_address listen;
    uint32_t max_connections, max_streams;
    uint32_t max_connections_per_address, max_streams_per_address; /* 0: as many as in all */
    int64_t timeout_ns, request_timeout_ns;
    int64_t answer_timeout_ns; /* 0: none */
    int64_t query_timeout_ns;  /* 0: none */
    int64_t heartbeat_ns;      /* of event streams that are silent; 0: HTTP_HEARTBEAT_NS */
    struct conf_gradient gradient;
    struct access
        *access; /* who may do what at first, and whether there is TLS; held; NULL: no TLS, and
                              everybody may do everything */
    uint32_t auth_failures;    /* a minute from one address */
    struct exposure *exposure; /* what /metrics shows at first; it is held; NULL: all, as it is */
    uint32_t max_body, max_decompressed; /* bytes of samples that are posted */
    uint32_t max_line;                   /* of those, where they are lines */
    uint32_t max_line_connections; /* of the other listeners; told, as the next is, and not held */
    int64_t state_interval_ns;
    uint64_t max_held_bytes;   /* by large answers and bodies on their way; 0: HTTP_HELD_BYTES */
    int activated;             /* a bound socket from systemd, taken over; -1: bind one */
    struct table *table;       /* borrowed for as long as the server lives, as the rest is */
    struct alerts *alerts;     /* NULL: there are none */
    struct notifier *notifier; /* the same */
    struct feed *feed;
    struct stats *stats;           /* gets a listener and a loop more */
    struct push_board *push_board; /* NULL: nothing is pushed */
    struct journal *journal;       /* started; NULL: what comes is in memory alone */
    struct log *log;
    const atomic_bool *ready; /* what /-/ready says */
    /* Re-reads the configuration. Called in a thread of libuv's pool, never twice at once; it may block for as long
     * as that takes. Errors: as conf_read_file; *errors then says why. */
    enum nabla_status (*reload)(void *ctx, struct buf *errors);
    void *reload_ctx;
};

/* Binds; no thread runs yet. Errors: NABLA_EIO with a logged reason, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status http_new(const struct http_options *options, struct http **out);
MUST_CHECK enum nabla_status http_start(struct http *http);
uint16_t http_port(const struct http *http); /* the port in use, for port 0 */

/* What /metrics shows from now on, and who may do what, as in the options; connections that are there keep
 * the certificate that they began with. Whether there is TLS stays as it was at the start; if it is on and
 * access has no certificate, the one that was there goes on. Any thread. */
void http_configure(struct http *http, struct exposure *exposure, struct access *access);
bool http_has_tls(const struct http *http);

/* Takes no new connections, lets what was asked be answered, at most timeout_ns, then ends. */
void http_stop(struct http *http, int64_t timeout_ns);
void http_free(struct http *http); /* stopped, or never started; NULL is fine */

#endif
