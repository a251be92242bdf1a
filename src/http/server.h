/* http/server.h -- the server's inside, for the files of this room. Everything here belongs to the
 * server's thread once it runs, but for `stopping` and uv_async_send(&wake). */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/http.h"
#include "http/hub.h"
#include "http/pace.h"
#include "http/peer.h"
#include "http/pool.h"
#include "http/pulse.h"
#include "net/sink.h"

#include <microhttpd.h>
#include <pthread.h>
#include <uv.h>

enum {
    STUCK_TICKS = 8,               /* after which even who is busy gives way to those that knock */
    TICK_MOST_MS = 250,            /* deadlines, heartbeats and the loop's lag are looked at */
    CONNECTION_MEMORY = 64 * 1024, /* a connection's: request line and headers, then answers */
    BODY_MAX = 64 * 1024,          /* of a form */
    BODY_SKIP_MAX =
        8 * 1024 * 1024,    /* a refused body is read up to here: its sender gets the answer */
    TEXT_PIECE = 64 * 1024, /* of lines: looked at in one go */
    SLICE_NS =
        1000000, /* of a turn of the loop, for all jobs together; what a slice of an answer may take */
    DATABASES_MAX = 32,
    DATABASE_NAME_MAX = 128, /* bytes, NUL included */
    DRAIN_RUNS = 16,         /* runs to hear what had been asked before the stop */
};

struct request;

/* One of those who ask for /metrics, each of whom hears of every extreme once. */
struct scraper {
    unsigned char address[16];
    int64_t came_ns; /* monotonic; 0: nobody */
};

struct http {
    struct http_options options;
    int listen_fd; /* -1: nobody is taken in any more */
    uint16_t port;
    uint64_t secret; /* seeds hashes of names that others choose */
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool running; /* the thread is there */
    atomic_bool stopping;
    atomic_llong stop_ns; /* monotonic: the thread has ended by then */

    uv_loop_t loop;
    bool has_loop;
    uv_poll_t poll;   /* libmicrohttpd's epoll descriptor */
    uv_poll_t knock;  /* listen_fd: accept.h */
    uv_timer_t timer; /* libmicrohttpd's next timeout */
    uv_idle_t again;  /* libmicrohttpd at once, and jobs */
    uv_async_t wake;  /* points in the feed, or the stop */
    uv_timer_t tick;
    uv_timer_t beat; /* of streams that want the newest points, while there are some */

    struct pace pace;
    bool listens;       /* for knocks: there is a place */
    bool starved;       /* there was no descriptor for who knocked last */
    bool draining;      /* nothing new is taken */
    bool finishing;     /* nothing may be suspended any more */
    uint32_t answering; /* requests that have come whole and are not answered */
    struct peers peers;
    struct request *jobs;    /* requests whose answers are being prepared, suspended */
    struct request *stepped; /* the same: those that had their step of this round */
    struct request *waiting; /* the same, by other threads */
    struct request *resting; /* suspended for a turn: their bodies had their share */
    struct request *
        queued; /* suspended in the middle of a dear answer: one goes on a turn, the first that came */
    struct request *stalled; /* suspended until the journal has room */
    bool commits; /* some of those that wait do for the journal, which does not know yet */
    struct request *checking; /* the same: a password is being verified */
    struct auth *auth;
    int64_t slice_ns; /* what a step of one of the jobs may take of this turn of the loop */
    struct reloads {
        uv_work_t work;
        bool running;
        uint64_t begun;           /* how many there were */
        enum nabla_status status; /* what came of the one that is under way, and why */
        struct buf errors;
    } reloads;          /* reload.c */
    uint32_t gradients; /* requests that have a place, see gradient.h */
    struct hub hub;
    struct scraper scrapers[SCRAPERS_MAX];
    uint64_t scrapers_replaced;
    struct readings readings; /* for one slice at a time */
    struct pool
        pool; /* of answers and bodies on their way: lists of series, keys to sort by, arrays */
    struct listener_stats *door; /* of all that comes by HTTP */
    struct sink sink;
    char
        *text; /* of max_line + TEXT_PIECE bytes: the beginning of a line, then a piece of a body */

    /* Names that Influx clients created: all lines go to one table, but they look for them. */
    char databases[DATABASES_MAX][DATABASE_NAME_MAX];
    uint32_t databases_n;
    pthread_mutex_t adopted_lock; /* of the two that follow, which any thread sets */
    struct exposure *exposure;    /* held */
    struct access *access;        /* the same */
    bool tls;                     /* since the start, whatever access says now */

    struct pulse pulse;     /* for /api/v1/status */
    struct loop_stats *lag; /* NULL if the statistics had no room */
    int64_t tick_due_ns, lag_since_ns, lag_worst_ns;
    uint32_t stuck_ticks; /* for which there was no descriptor */
};

/* Has libmicrohttpd run soon: something was resumed. */
void server_nudge(struct http *h);

/* What /metrics shows now, held for the caller; NULL: all, as it is. */
struct exposure *http_exposure(struct http *h);

/* Who may do what now, the same; NULL: everybody may do everything. */
struct access *http_access(struct http *h);

#endif
