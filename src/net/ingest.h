/* net/ingest.h -- one ingest loop: its thread, its sockets, its buffers. Everything here is touched by
 * that thread only, but for what is marked. */
#ifndef NET_INGEST_H
#define NET_INGEST_H

#include "conf/conf.h"
#include "net/gate.h"
#include "net/places.h"
#include "net/sink.h"

#include <stdatomic.h>
#include <uv.h>

enum {
    READ_MAX = 256 * 1024,  /* bytes one read can bring */
    CARRY_MAX = 64 * 1024,  /* of an incomplete line, kept until its rest comes */
    TURN_MAX = 1024 * 1024, /* bytes one connection may have in one turn of the loop */
    DATAGRAMS_MAX = 20,     /* one recvmmsg brings; libuv takes 64 KiB for each */
    DATAGRAM_ROOM = 64 * 1024,
    TICK_MS = 250,
    IDLE_CLOSED_MAX = 256, /* idle connections closed in one tick */
    DRAIN_QUIET = 2,       /* turns without a byte before a drain is over */
};

struct ingest;

struct listener {
    struct ingest *ingest;
    struct inlet inlet;
    struct gate *gate; /* borrowed */
    enum transport transport;
    bool counts_drops;   /* UDP: of the loops that share a socket, one counts for all */
    uint32_t drops_seen; /* of the socket's own counter */
    int door;            /* TCP: owned, the socket that listens; 0: none */
    bool rests;          /* TCP: it could take nobody in, and waits for the tick */
    union {
        uv_handle_t handle;
        uv_poll_t poll; /* TCP: of door */
        uv_udp_t udp;
    };
};

/* What the loops have in common. */
struct house {
    struct stats *stats;
    struct log *log;
    struct places places;
    uint32_t max_line;
    uint64_t all_connections; /* those of HTTP, too */
    uint32_t idle_ticks;      /* a connection without a line for more of them is closed; 0: never */
    uint32_t handshake_ticks; /* a TLS handshake that takes longer is given up */
};

struct connection;

struct ingest {
    struct house *house;
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t wake; /* any thread: net_stop */
    uv_timer_t tick;
    uv_check_t turn_end;
    bool ran;                 /* its thread has run, and has closed the loop */
    atomic_llong deadline_ns; /* any thread: 0, or when a drain must be over; monotonic */
    struct loop_stats *loop_stats;
    int64_t tick_ns;    /* when the last one was; monotonic */
    int64_t lags_ns[4]; /* of the last ticks: a second's worth */
    uint32_t ticks;
    uint64_t turn;            /* number of the loop's turn */
    uint64_t bytes;           /* read by it so far */
    struct connection *first; /* all connections, a list: that which brought a line last is first */
    struct connection *last;
    struct connection *paused;                   /* those that had their share of this turn */
    struct secure *first_shaking, *last_shaking; /* TLS handshakes, the oldest first */
    uint64_t steps_turn;        /* the turn in which handshakes were last gone on with, */
    uint32_t steps;             /* and how often in it */
    char *tls_buf;              /* owned: CARRY_MAX + READ_MAX bytes; NULL: no listener has TLS */
    struct listener *listeners; /* owned */
    uint32_t listeners_n;
    struct sink sink;
    char tcp_buf[CARRY_MAX + READ_MAX]; /* a carry is put in front of what was read */
    char udp_buf[DATAGRAMS_MAX * DATAGRAM_ROOM];
};

/* net/door.c. Takes over fd, whatever happens. */
MUST_CHECK enum nabla_status door_open(struct listener *l, int fd);
void door_knock_again(struct listener *l); /* at each tick: a listener that rests listens again */
void door_close(struct listener *l);       /* after its handle; nothing if it never opened */

/* net/tcp.c */
void tcp_take(struct listener *l, int fd); /* somebody has come; takes over fd */
/* Nobody can be taken in, or this one cannot: counted and logged. */
void tcp_cannot_take(struct listener *l, const char *why);
void tcp_resume(struct ingest *in);     /* at the end of a turn: those that were paused read on */
void tcp_close_idle(struct ingest *in); /* at each tick */
void tcp_close_connections(struct ingest *in);

/* net/udp.c. Takes over fd, whatever happens. */
MUST_CHECK enum nabla_status udp_listen(struct listener *l, int fd);
void udp_count_drops(struct listener *l);

/* net/ingest.c */
struct ingest *ingest_new(struct house *house, struct table *table, struct loop_stats *stats,
                          uint32_t listeners); /* NULL without memory */
void ingest_free(struct ingest *in);           /* its thread is over, or never ran; NULL is fine */
MUST_CHECK enum nabla_status ingest_start(struct ingest *in);
void ingest_drain(struct ingest *in, int64_t deadline_ns); /* any thread */
void ingest_join(struct ingest *in);

#endif
