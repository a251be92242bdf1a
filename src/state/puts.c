/* state/puts.c -- values with their sums; points whose series are gone, or that their series have forgotten, go.
 *
 *     trim [128, 256)    p 130 t1 | p 130 t2 | p 130 t3 | p 201 t1 | ...      place 130 is kept from t on, t2 <= t < t3:
 *                        gone       kept       kept       gone                block t2 still holds some */
#include "state/puts.h"

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t sum_of(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

void puts_fini(struct puts *p)
{
    free(p->at);
    free(p->trims);
    free(p->kept);
    buf_fini(&p->bytes);
    *p = (struct puts){0};
}

void puts_clear(struct puts *p)
{
    p->n = p->trims_n = p->kept_n = 0;
    buf_clear(&p->bytes);
}

/* Room for one more of n items, in *at. */
static bool room_for_one(void *at, uint32_t n, uint32_t *cap, size_t bytes)
{
    if (n < *cap)
        return true;
    void *old;
    memcpy(&old, at, sizeof old);
    uint32_t more = *cap == 0 ? 64 : 2 * *cap;
    void *fresh = realloc(old, more * bytes);
    if (fresh == NULL)
        return false;
    memcpy(at, &fresh, sizeof fresh);
    *cap = more;
    return true;
}

enum nabla_status puts_add(struct puts *p, const struct key *key, size_t offset)
{
    if (!room_for_one(&p->at, p->n, &p->cap, sizeof *p->at))
        return NABLA_ENOMEM;
    p->at[p->n++] = (struct put){.key = *key, .offset = offset, .n = p->bytes.n - offset};
    return NABLA_OK;
}

enum nabla_status puts_trim(struct puts *p, uint32_t shard, uint32_t place, uint32_t n)
{
    if (!room_for_one(&p->trims, p->trims_n, &p->trims_cap, sizeof *p->trims))
        return NABLA_ENOMEM;
    p->trims[p->trims_n++] =
        (struct trim){.shard = shard, .place = place, .n = n, .from = p->kept_n};
    return NABLA_OK;
}

enum nabla_status puts_trim_keep(struct puts *p, uint32_t place, int64_t from_ns)
{
    if (!room_for_one(&p->kept, p->kept_n, &p->kept_cap, sizeof *p->kept))
        return NABLA_ENOMEM;
    p->kept[p->kept_n++] = (struct trim_kept){place, from_ns};
    p->trims[p->trims_n - 1].kept_n++;
    return NABLA_OK;
}

/* ---- done; each returns LMDB's status */

static int put_one(MDB_txn *txn, MDB_dbi dbi, const struct put *x, const char *bytes)
{
    unsigned char room[KEY_MAX];
    MDB_val key = {.mv_data = room, .mv_size = key_put(&x->key, room)};
    MDB_val value = {.mv_size = SUM_BYTES + x->n};
    if (x->n == 0) {
        int rc = mdb_del(txn, dbi, &key, NULL);
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    int rc = mdb_put(txn, dbi, &key, &value, MDB_RESERVE);
    if (rc != 0)
        return rc;
    uint64_t sum = sum_of(bytes, x->n);
    for (int i = 0; i < SUM_BYTES; i++)
        ((unsigned char *)value.mv_data)[i] = (unsigned char)(sum >> 8 * i & 0xff);
    memcpy((char *)value.mv_data + SUM_BYTES, bytes, x->n);
    return 0;
}

/* The first block at or behind `k` in the file, which is then what it names. MDB_NOTFOUND: there is none. */
static int seek(MDB_cursor *c, struct key *k)
{
    unsigned char room[KEY_MAX];
    MDB_val key = {.mv_data = room, .mv_size = key_put(k, room)}, value;
    int rc = mdb_cursor_get(c, &key, &value, MDB_SET_RANGE);
    if (rc != 0)
        return rc;
    return key_get(key.mv_data, key.mv_size, k) && k->kind == KEY_POINTS ? 0 : MDB_NOTFOUND;
}

static bool is_within(const struct key *k, const struct trim *t)
{
    return k->shard == t->shard && k->number - t->place < t->n;
}

/* A block goes if its series does, or if the next one begins before all that its series keeps. */
static int trim(MDB_cursor *c, const struct trim *t, const struct trim_kept *kept)
{
    const struct trim_kept *end = kept + t->kept_n;
    struct key at = {KEY_POINTS, t->shard, t->place, {INT64_MIN}};
    int rc = seek(c, &at);
    while (rc == 0 && is_within(&at, t)) {
        while (kept < end && kept->place < at.number)
            kept++;
        struct key next = at;
        next.first_ns++;
        bool mine = kept < end && kept->place == at.number;
        int next_rc = seek(c, &next);
        bool more = next_rc == 0 && next.shard == at.shard && next.number == at.number;
        if (mine && !(more && next.first_ns <= kept->from_ns)) {
            at.number++; /* the others of this place hold later points */
            at.first_ns = INT64_MIN;
        } else if ((rc = seek(c, &at)) == 0 && (rc = mdb_cursor_del(c, 0)) != 0) {
            return rc;
        }
        rc = seek(c, &at);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int trim_all(const struct puts *p, MDB_txn *txn, MDB_dbi dbi)
{
    static const struct trim_kept none = {0}; /* NULL has no end, not even at itself */
    MDB_cursor *c;
    int rc = p->trims_n > 0 ? mdb_cursor_open(txn, dbi, &c) : 0;
    if (rc != 0 || p->trims_n == 0)
        return rc;
    for (uint32_t i = 0; rc == 0 && i < p->trims_n; i++)
        rc = trim(c, &p->trims[i], p->kept == NULL ? &none : p->kept + p->trims[i].from);
    mdb_cursor_close(c);
    return rc;
}

int puts_apply(const struct puts *p, struct MDB_txn *txn, unsigned dbi)
{
    int rc = trim_all(p, txn, dbi);
    for (uint32_t i = 0; rc == 0 && i < p->n; i++)
        rc = put_one(txn, dbi, &p->at[i],
                     p->bytes.at == NULL ? NULL : p->bytes.at + p->at[i].offset);
    return rc;
}
