/* net/spool.h -- parcels that wait to be sent, in one LMDB file: a queue for each target, oldest first.
 *
 *     target \0 number (8 bytes, most significant first)  ──►  points, time, body
 *
 * A turn is one transaction over all queues: what came is put in, what was sent is taken out, what is too
 * much is dropped from the oldest on. When it has returned, the disk has it (fdatasync): neither kill -9
 * nor a power cut takes it back. All calls block; one thread at a time. */
#ifndef NET_SPOOL_H
#define NET_SPOOL_H

#include "base/buf.h"

enum {
    SPOOL_NAME_MAX = 400, /* bytes of a queue's name: LMDB's keys have 511 */
    SPOOL_OVERHEAD = 64,  /* bytes that a parcel counts for besides its body */
    SPOOL_WHY_MAX = 512,
};

/* What is sent at once. */
struct parcel {
    struct parcel *next;
    uint64_t number; /* in its queue, growing; 0: it is in none */
    uint32_t points;
    int64_t born_ns; /* wall clock: when its first point came */
    struct buf body;
};
void parcel_free(struct parcel *p); /* NULL is fine */

struct parcels {
    struct parcel *first, *last;
    uint64_t points, bytes; /* bytes: overhead, too */
};
void parcels_add(struct parcels *all, struct parcel *p); /* at the end; taken over */
struct parcel *parcels_take(struct parcels *all);        /* the first, or NULL */
/* Puts all of `front` before what is there; *front is empty then. */
void parcels_return(struct parcels *all, struct parcels *front);
void parcels_fini(struct parcels *all);

struct spool_queue {
    char name[SPOOL_NAME_MAX];
    uint64_t limit; /* bytes, overhead included */
    /* what a turn is to do */
    struct parcels in; /* to be put in: taken over if the turn succeeds */
    uint64_t sent;     /* the number of a parcel to take out; 0: none */
    uint64_t held;     /* the number of one that is on its way, and not to be dropped; 0: none */
    bool wanted;       /* the oldest is asked for, */
    bool removed;      /* or all are to go */
    /* what it did */
    struct parcel *oldest; /* owned by the caller; NULL: the queue is empty */
    uint64_t dropped;      /* points */
    /* what there is; counted by the first turn */
    bool counted;
    uint64_t next_number, points, bytes;
    int64_t oldest_ns; /* when the oldest point came, wall clock; 0: the queue is empty */
};

struct spool;

/* Opens or makes directory/push.mdb, for one process at a time; directory is made if it is missing. A
 * file that is damaged is set aside as push.mdb.damaged and begun anew; *why then says so, and is else "".
 * Errors: NABLA_EIO, *why says why; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status spool_open(const char *directory, uint64_t bytes, struct spool **out,
                                        char why[static SPOOL_WHY_MAX]);
void spool_close(struct spool *s); /* NULL is fine */

/* Makes the file able to hold queues of so many bytes, all together; it never shrinks. */
void spool_make_room(struct spool *s, uint64_t bytes);

/* Takes out all queues but these; *points: how many went. Errors: NABLA_EIO. */
MUST_CHECK enum nabla_status spool_keep_only(struct spool *s, const char *const names[], uint32_t n,
                                             uint64_t *points);

/* Errors: NABLA_EIO (the disk is full, or broken), NABLA_ENOMEM: nothing was put in then, but the oldest may have been
 * dropped to make room, which points, bytes and `dropped` say. */
MUST_CHECK enum nabla_status spool_turn(struct spool *s, struct spool_queue *const queues[],
                                        uint32_t n, char why[static SPOOL_WHY_MAX]);

#endif
