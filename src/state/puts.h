/* state/puts.h -- what one transaction does to a file: first it trims points, then it puts values. */
#ifndef STATE_PUTS_H
#define STATE_PUTS_H

#include "base/buf.h"
#include "state/key.h"

struct MDB_txn;

/* Accepts a zeroed one. */
struct puts {
    struct buf bytes; /* of all values */
    struct put {
        struct key key;
        size_t offset, n; /* where its bytes are; none: the value goes */
    } * at;               /* owned */
    uint32_t n, cap;
    /* The blocks of points of places [place, place + n) go, but for those of kept[from, from + kept_n). */
    struct trim {
        uint32_t shard, place, n, from, kept_n;
    } * trims; /* owned */
    uint32_t trims_n, trims_cap;
    struct trim_kept {
        uint32_t place;
        int64_t from_ns; /* but for those that hold nothing from then on */
    } * kept;            /* owned; of a trim in the order of places */
    uint32_t kept_n, kept_cap;
};
void puts_fini(struct puts *p);
void puts_clear(struct puts *p); /* keeps the memory */

/* One more value: its bytes are p->bytes from `offset` on. Errors, as below: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status puts_add(struct puts *p, const struct key *key, size_t offset);
MUST_CHECK enum nabla_status puts_trim(struct puts *p, uint32_t shard, uint32_t place, uint32_t n);
/* Of the trim that was added last. */
MUST_CHECK enum nabla_status puts_trim_keep(struct puts *p, uint32_t place, int64_t from_ns);

/* Does all of it, in LMDB's transaction and table. Returns LMDB's status. */
int puts_apply(const struct puts *p, struct MDB_txn *txn, unsigned dbi);

/* Before a value's bytes, in the file. */
enum { SUM_BYTES = 8 };
uint64_t sum_of(const void *bytes, size_t n);

#endif
