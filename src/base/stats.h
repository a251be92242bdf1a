/* base/stats.h -- what nablad counts about itself. One struct stats, made by main; any thread adds
 * to it and reads it without a lock. Counters only grow; a reader may see one ahead of another. */
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include "base/cause.h"
#include "base/examples.h"
#include "base/limit.h"

#include <stdatomic.h>
#include <stdint.h>

enum { STATS_LISTENERS_MAX = 64, STATS_LOOPS_MAX = 66, STATS_NAME_MAX = 96 };
enum { STATS_FORMATS = 6 }; /* of lines, as wire/lines.h numbers them; 0: not recognised */

typedef _Atomic uint64_t counter; /* the one typedef: an atomic reads badly otherwise */

static inline void count(counter *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static inline uint64_t counted(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

struct listener_stats {
    char name[STATS_NAME_MAX]; /* "tcp://127.0.0.1:2207"; set before any thread starts */
    counter bytes, lines, datagrams;
    counter formats[STATS_FORMATS];           /* the lines, by what they were read as */
    counter tls_handshakes;                   /* that succeeded */
    counter connections, refused_connections; /* accepted, turned away at the limit */
    counter idle_closed;                      /* without a line for too long */
    counter refused[REFUSAL_COUNT];           /* connections and datagrams, at the door */
    _Atomic int64_t open_connections;
    counter kernel_drops; /* UDP datagrams that the kernel had no room for */
};

struct loop_stats {
    char name[24];          /* "main", "http", "ingest-0" */
    _Atomic int64_t lag_ns; /* how late the loop's timer was, the worst of the last second */
    counter beats;          /* of that timer: a loop that hangs has none */
};

/* Which resource a request was for, and how it was answered. */
enum http_handler {
    HTTP_RATES,
    HTTP_POINTS,
    HTTP_SERIES,
    HTTP_SERIES_RULES,
    HTTP_LABELS,
    HTTP_LABEL_VALUES,
    HTTP_QUERY,
    HTTP_QUERY_RANGE,
    HTTP_METADATA,
    HTTP_EXEMPLARS,
    HTTP_BUILDINFO,
    HTTP_METRICS,
    HTTP_FEDERATE,
    HTTP_RULES,
    HTTP_RULE_SERIES,
    HTTP_ALERTS,
    HTTP_NOTIFICATIONS,
    HTTP_STATUS,
    HTTP_STREAM,
    HTTP_GRADIENT,
    HTTP_REMOTE_WRITE,
    HTTP_LINES,
    HTTP_INFLUX_WRITE,
    HTTP_INFLUX_WRITE2,
    HTTP_INFLUX_QUERY,
    HTTP_INFLUX_PING,
    HTTP_INFLUX_HEALTH,
    HTTP_HEALTHY,
    HTTP_READY,
    HTTP_RELOAD,
    HTTP_HOME,
    HTTP_PAGE,
    HTTP_OTHER,
    HTTP_HANDLER_COUNT
};
enum http_class { HTTP_2XX, HTTP_4XX, HTTP_5XX, HTTP_CLASS_COUNT };

/* What became of a request for a gradient. */
enum gradient_outcome {
    GRADIENT_OK,
    GRADIENT_REFUSED,   /* what cannot be read or differentiated */
    GRADIENT_TOO_LARGE, /* more bytes or elements than the limits */
    GRADIENT_BUSY,      /* too many at once */
    GRADIENT_TIMEOUT,   /* not done in time */
    GRADIENT_FAILED,    /* no memory */
    GRADIENT_CANCELLED, /* nablad ended meanwhile */
    GRADIENT_OUTCOME_COUNT
};

/* What is on the disk, and what it costs: state/state.h. */
struct state_stats {
    atomic_bool kept;                  /* there is a directory; else all of it is 0 */
    counter snapshots, failures;       /* that were written whole, and that were not */
    counter saved_series, saved_bytes; /* in all of them */
    _Atomic int64_t last_ns; /* wall clock, when the last one was on the disk; 0: none yet */
    _Atomic int64_t took_ns,
        took_cpu_ns;         /* the last one: from its beginning to the disk, of its thread */
    _Atomic int64_t held_ns; /* the longest that a shard was held for one */
    counter loaded_series, refused_series; /* at start */
    counter damaged;                       /* values, or whole files, that could not be read */
    _Atomic int64_t load_ns;               /* that loading took */
};

/* What became of those who wanted in by HTTP: where there are users or tokens, but for the last. */
enum auth_outcome {
    AUTH_OK,
    AUTH_MISSING,   /* nothing was shown, and that has not the right */
    AUTH_WRONG,     /* what was shown is nobody's */
    AUTH_FORBIDDEN, /* somebody who has not the right */
    AUTH_LIMITED,   /* too many failures from that address, or too many passwords wait */
    AUTH_FOREIGN,   /* a browser, for a page of another site */
    AUTH_OUTCOME_COUNT
};

struct stats {
    int64_t start_wall_ns;
    counter lines;   /* read, comments and empty ones not counted */
    counter samples; /* taken from lines and remote writes, before the table judges them */
    counter points;  /* final points derived, corrections among them */
    counter rejected[CAUSE_COUNT];
    struct examples examples; /* of those, and of who was refused at the door */
    counter events[EVENT_COUNT];
    counter limited[LIMIT_COUNT]; /* how often each was reached */
    counter http_requests[HTTP_HANDLER_COUNT][HTTP_CLASS_COUNT];
    counter exposition_collisions; /* lines left out of /metrics: another had the same labels */
    counter exposition_unfit; /* because rules gave them no valid name, or made them too large */
    counter http_bytes;       /* bodies sent, after compression */
    counter feed_lost;        /* points that slow stream readers missed */
    counter gradients[GRADIENT_OUTCOME_COUNT];
    counter gradient_elements, gradient_ns; /* of results; that threads spent on them */
    counter auth[AUTH_OUTCOME_COUNT];
    counter passwords_verified; /* by bcrypt: those that were not known from before */
    counter reloads_ok, reloads_failed;
    counter alerts_fired, alerts_resolved;
    counter alerts_left_out; /* for want of room or memory: limits.max_alerts */
    counter alerts_dropped;  /* resolved ones that not everybody was told of */
    counter alerts_lost;     /* silences and ends of watched series that came too many at once */
    struct state_stats state;
    counter log_suppressed; /* log lines held back by the rate limit */
    struct listener_stats listeners[STATS_LISTENERS_MAX];
    uint32_t listeners_n; /* set before any thread starts */
    struct loop_stats loops[STATS_LOOPS_MAX];
    uint32_t loops_n; /* set before any thread starts */
};

#endif
