/* net/push_target.h -- one push target: points to parcels, parcels through its buffer, one after the other
 * to where they belong. Private to push.c; everything on its loop.
 *
 *     point ──► being filled ──► waiting ──spool_turn──► buffer ──► on its way ──► sent, refused
 *                                   └─── without a directory ──────────▲   │
 *                                                                    later ◄┘ no answer, 5xx, 429 */
#ifndef NET_PUSH_TARGET_H
#define NET_PUSH_TARGET_H

#include "base/clock.h"
#include "base/log.h"
#include "base/push_board.h"
#include "base/reading.h"
#include "conf/conf.h"
#include "net/carrier.h"
#include "net/post.h"
#include "net/spool.h"

enum {
    PUSH_BODY_MAX = 1024 * 1024, /* bytes: a fuller parcel is closed, whatever `batch` says */
    PUSH_WAITING_MAX = 16 * 1024 * 1024, /* bytes that may wait for a slow disk */
    PUSH_BACKOFF_MIN_MS = 250,
    PUSH_BACKOFF_MAX_MS = 30 * 1000,
};

struct push_target {
    struct push_target *next; /* of those that leave */
    struct conf_push conf;    /* owned, its selectors too */
    uv_loop_t *loop;
    struct poster *poster;
    struct log *log;
    uint64_t random; /* state of the jitter */
    bool durable;    /* its buffer is in the spool */
    struct push_figures figures;
    /* being filled */
    struct buf body;
    uint32_t body_points;
    int64_t body_mono_ns, body_wall_ns; /* when its first point came */
    struct parcels waiting;             /* for the spool; without it, the buffer */
    struct spool_queue queue;           /* of the spool; the worker's while a turn runs */
    bool in_turn, known;                /* known: a turn has counted what there is */
    uint64_t turn_points, turn_sent;    /* what this turn is to put in, and to take out */
    uint64_t kept, kept_bytes;          /* in the spool, after the last turn */
    int64_t kept_oldest_ns;
    /* on its way */
    struct parcel *out;   /* NULL: nothing is */
    bool busy;            /* it is being sent; else it is tried again at again_ns */
    uint64_t sent_number; /* to be taken out of the spool; 0: none */
    int64_t again_ns, backoff_ns;
    struct post *post;
    struct carrier *carrier;
    uint32_t attempts; /* of out */
    bool failing;      /* the last attempt failed: said once in the log */
};

/* conf is taken over, whatever happens. NULL without memory. */
struct push_target *target_new(uv_loop_t *loop, struct poster *poster, struct log *log,
                               struct conf_push *conf, bool durable);
void target_free(struct push_target *t); /* cancels what is on its way; NULL is fine */

/* The name of its queue: other contents, other queue. */
void target_queue_name(const struct conf_push *conf, char out[static SPOOL_NAME_MAX]);

/* Goes on with another configuration, taken over, whose queue has the same name. */
void target_adopt(struct push_target *t, struct conf_push *fresh);

void target_point(struct push_target *t, const struct labelset *labels, enum per per,
                  const struct point *p, const struct point_note *note, struct instant now);
/* The series has ended, its last sample at t_ns: a staleness marker goes to who knows what that is, a millisecond
 * behind it, so that whatever the series says later is later. */
void target_end(struct push_target *t, const struct labelset *labels, enum per per, int64_t t_ns,
                struct instant now);
/* Closes the parcel that is being filled; unless all, only if it is old enough. */
void target_flush(struct push_target *t, int64_t mono_ns, bool all);

/* Sends what is there and is due. */
void target_send(struct push_target *t, int64_t mono_ns);
/* Gives up what is on its way, for a while or for good; it stays in the buffer. */
void target_interrupt(struct push_target *t);

/* Nothing to send, as far as is known, and nothing on its way. */
bool target_is_done(const struct push_target *t);

/* All points are in the buffer. */
bool target_is_flushed(const struct push_target *t);

/* Before and after a turn of the spool, which has *t's queue meanwhile; false: there is nothing to do. */
bool target_ask_turn(struct push_target *t);
void target_take_turn(struct push_target *t, bool succeeded);

/* What is told of it now. */
struct push_figures target_figures(const struct push_target *t);

#endif
