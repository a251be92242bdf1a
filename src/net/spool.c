/* net/spool.c -- queues in one LMDB file.
 *
 *     influx plant \0 | 00 .. 07    points, time | body      the oldest of a queue is its first key
 *     influx plant \0 | 00 .. 08    points, time | body
 *     remote_write .. | 00 .. 01    points, time | body
 *
 * Laws: a turn happens wholly or not at all; numbers grow, so that order is that of putting in; a queue's
 * bytes are at most its limit after a turn, the parcel on its way left aside.
 * Choices: LMDB syncs each turn, whose callers gather what comes meanwhile (group commit). A lock of our own
 * keeps a second process out, which lets LMDB's go: it would outlive a kill -9. The map is twice the
 * queues and more, since freed pages must lie together to take a body: where they do not, the older half of
 * each queue makes room, or all of it, and the turn is tried again. */
#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUMBER_BYTES = 8, KEY_MAX = SPOOL_NAME_MAX + 1 + NUMBER_BYTES, PATH_ROOM = 1200 };
static const uint64_t map_extra = UINT64_C(64) << 20;

struct spool {
    char path[PATH_ROOM];
    MDB_env *env; /* NULL: it could not be opened again */
    MDB_dbi dbi;
    int lock;
    uint64_t map_bytes;
};

/* What stands before a body. */
struct head {
    uint32_t points, unused;
    int64_t born_ns;
};

/* ---- keys and values */

struct key {
    char at[KEY_MAX];
    size_t name_n; /* the NUL included */
};

static struct key key_of(const struct spool_queue *q, uint64_t number)
{
    struct key k = {.name_n = strlen(q->name) + 1};
    memcpy(k.at, q->name, k.name_n);
    for (int i = 0; i < NUMBER_BYTES; i++)
        k.at[k.name_n + (size_t)i] = (char)(number >> (8 * (NUMBER_BYTES - 1 - i)));
    return k;
}

static MDB_val val_of(struct key *k)
{
    return (MDB_val){.mv_data = k->at, .mv_size = k->name_n + NUMBER_BYTES};
}

static bool is_of(const MDB_val *key, const char *name)
{
    size_t n = strlen(name) + 1;
    return key->mv_size == n + NUMBER_BYTES && memcmp(key->mv_data, name, n) == 0;
}

static uint64_t number_of(const MDB_val *key)
{
    const unsigned char *p = (const unsigned char *)key->mv_data + key->mv_size - NUMBER_BYTES;
    uint64_t number = 0;
    for (int i = 0; i < NUMBER_BYTES; i++)
        number = number << 8 | p[i];
    return number;
}

static struct head head_of(const MDB_val *value)
{
    struct head h = {0};
    if (value->mv_size >= sizeof h)
        memcpy(&h, value->mv_data, sizeof h);
    return h;
}

static uint64_t cost(const MDB_val *value)
{
    return value->mv_size - sizeof(struct head) + SPOOL_OVERHEAD;
}

/* Moves to the first parcel of q whose number is at least `from`. MDB_NOTFOUND: there is none. */
static int seek(MDB_cursor *c, const struct spool_queue *q, uint64_t from, MDB_val *key,
                MDB_val *value)
{
    struct key k = key_of(q, from);
    *key = val_of(&k);
    int rc = mdb_cursor_get(c, key, value, MDB_SET_RANGE);
    if (rc == 0 && !is_of(key, q->name))
        return MDB_NOTFOUND;
    return rc;
}

/* ---- one queue in a turn; each returns LMDB's status */

static int count_queue(MDB_cursor *c, struct spool_queue *q)
{
    MDB_val key, value;
    int rc = seek(c, q, 0, &key, &value);
    q->points = q->bytes = 0;
    q->next_number = 1;
    for (; rc == 0 && is_of(&key, q->name); rc = mdb_cursor_get(c, &key, &value, MDB_NEXT)) {
        q->points += head_of(&value).points;
        q->bytes += cost(&value);
        q->next_number = number_of(&key) + 1;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int remove_here(MDB_cursor *c, struct spool_queue *q, const MDB_val *value, uint64_t *points)
{
    uint32_t n = head_of(value).points;
    q->bytes -= cost(value);
    q->points -= n;
    *points += n;
    return mdb_cursor_del(c, 0);
}

static int remove_sent(MDB_cursor *c, struct spool_queue *q)
{
    MDB_val key, value;
    uint64_t points = 0;
    if (q->sent == 0)
        return 0;
    int rc = seek(c, q, q->sent, &key, &value);
    if (rc == 0 && number_of(&key) == q->sent)
        rc = remove_here(c, q, &value, &points);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Drops the oldest, but the one on its way, until `bytes` are the most there is. */
static int trim(MDB_cursor *c, struct spool_queue *q, uint64_t bytes)
{
    MDB_val key, value;
    while (q->bytes > bytes) {
        int rc = seek(c, q, q->held + 1, &key, &value);
        if (rc == 0)
            rc = remove_here(c, q, &value, &q->dropped);
        if (rc != 0)
            return rc == MDB_NOTFOUND ? 0 : rc;
    }
    return 0;
}

static int put(MDB_txn *txn, MDB_dbi dbi, struct spool_queue *q, const struct parcel *p)
{
    struct key k = key_of(q, q->next_number);
    struct head head = {.points = p->points, .born_ns = p->born_ns};
    MDB_val key = val_of(&k), value = {.mv_size = sizeof head + p->body.n};
    int rc = mdb_put(txn, dbi, &key, &value, MDB_RESERVE);
    if (rc != 0)
        return rc;
    memcpy(value.mv_data, &head, sizeof head);
    memcpy((char *)value.mv_data + sizeof head, p->body.at, p->body.n);
    q->next_number++;
    q->points += p->points;
    q->bytes += cost(&value);
    return 0;
}

/* The first of q, copied; its time. */
static int look(MDB_cursor *c, struct spool_queue *q)
{
    MDB_val key, value;
    int rc = seek(c, q, 0, &key, &value);
    q->oldest_ns = 0;
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    q->oldest_ns = head_of(&value).born_ns;
    if (!q->wanted)
        return 0;
    struct parcel *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ENOMEM;
    p->number = number_of(&key);
    p->points = head_of(&value).points;
    p->born_ns = q->oldest_ns;
    buf_add(&p->body, (const char *)value.mv_data + sizeof(struct head),
            value.mv_size - sizeof(struct head));
    if (p->body.failed) {
        parcel_free(p);
        return ENOMEM;
    }
    q->oldest = p;
    return 0;
}

/* Without puts, a queue is only cut down, to half if it is not to be emptied. */
static int turn_one(MDB_txn *txn, MDB_dbi dbi, struct spool_queue *q, bool puts, bool half)
{
    MDB_cursor *c;
    int rc = mdb_cursor_open(txn, dbi, &c);
    if (rc != 0)
        return rc;
    if (!q->counted)
        rc = count_queue(c, q);
    if (rc == 0)
        rc = remove_sent(c, q);
    if (rc == 0 && q->removed)
        rc = trim(c, q, 0);
    for (const struct parcel *p = q->in.first; rc == 0 && puts && p != NULL; p = p->next)
        rc = put(txn, dbi, q, p);
    if (rc == 0)
        rc = trim(c, q, puts ? q->limit : half ? q->bytes / 2 : 0);
    if (rc == 0)
        rc = look(c, q);
    mdb_cursor_close(c);
    return rc;
}

/* ---- a turn */

/* What a turn that fails must not have changed. */
struct before {
    uint64_t dropped, next_number, points, bytes;
};

static struct before save(const struct spool_queue *q)
{
    return (struct before){q->dropped, q->next_number, q->points, q->bytes};
}

static void restore(struct spool_queue *q, const struct before *b)
{
    q->dropped = b->dropped;
    q->next_number = b->next_number;
    q->points = b->points;
    q->bytes = b->bytes;
    parcel_free(q->oldest);
    q->oldest = NULL;
}

static int transact(struct spool *s, struct spool_queue *const queues[], uint32_t n, bool puts,
                    bool half)
{
    MDB_txn *txn;
    struct before *before = calloc(n > 0 ? n : 1, sizeof *before);
    int rc = before == NULL ? ENOMEM : mdb_txn_begin(s->env, NULL, 0, &txn);
    if (rc != 0) {
        free(before);
        return rc;
    }
    for (uint32_t i = 0; i < n; i++)
        before[i] = save(queues[i]);
    for (uint32_t i = 0; i < n && rc == 0; i++)
        rc = turn_one(txn, s->dbi, queues[i], puts, half);
    if (rc == 0)
        rc = mdb_txn_commit(txn);
    else
        mdb_txn_abort(txn);
    for (uint32_t i = 0; i < n; i++)
        if (rc != 0)
            restore(queues[i], &before[i]);
        else
            queues[i]->counted = true;
    free(before);
    return rc;
}

static void forget_oldest(struct spool_queue *const queues[], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        parcel_free(queues[i]->oldest);
        queues[i]->oldest = NULL;
    }
}

static int open_env(struct spool *s);

/* Once a page that LMDB must write was not written, it refuses all until it is opened anew; and only then is it
 * known what the file holds. */
static void open_again(struct spool *s, struct spool_queue *const queues[], uint32_t n)
{
    if (s->env != NULL)
        mdb_env_close(s->env);
    s->env = NULL;
    (void)open_env(s); /* if this fails, too, the next turn tries */
    for (uint32_t i = 0; i < n; i++)
        queues[i]->counted = false;
}

enum nabla_status spool_turn(struct spool *s, struct spool_queue *const queues[], uint32_t n,
                             char why[static SPOOL_WHY_MAX])
{
    for (uint32_t i = 0; i < n; i++) {
        queues[i]->dropped = 0;
        queues[i]->oldest = NULL;
    }
    int rc = s->env == NULL ? open_env(s) : 0;
    if (rc == 0)
        rc = transact(s, queues, n, true, false);
    for (int tries = 0; rc == MDB_MAP_FULL && tries < 2; tries++) {
        rc = transact(s, queues, n, false, tries == 0);
        forget_oldest(queues, n);
        if (rc == 0)
            rc = transact(s, queues, n, true, false); /* what was sent is out already: not there */
    }
    if (rc != 0) {
        snprintf(why, SPOOL_WHY_MAX, "%s", mdb_strerror(rc));
        if (rc != MDB_MAP_FULL)
            open_again(s, queues, n);
        return rc == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
    }
    for (uint32_t i = 0; i < n; i++)
        parcels_fini(&queues[i]->in);
    return NABLA_OK;
}

static bool is_one_of(const MDB_val *key, const char *const names[], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (is_of(key, names[i]))
            return true;
    return false;
}

enum nabla_status spool_keep_only(struct spool *s, const char *const names[], uint32_t n,
                                  uint64_t *points)
{
    MDB_txn *txn;
    MDB_cursor *c;
    MDB_val key, value;
    uint64_t gone = 0;
    if (s->env == NULL || mdb_txn_begin(s->env, NULL, 0, &txn) != 0)
        return NABLA_EIO;
    int rc = mdb_cursor_open(txn, s->dbi, &c);
    if (rc == 0) {
        for (rc = mdb_cursor_get(c, &key, &value, MDB_FIRST); rc == 0;
             rc = mdb_cursor_get(c, &key, &value, MDB_NEXT)) {
            if (is_one_of(&key, names, n))
                continue;
            gone += head_of(&value).points;
            mdb_cursor_del(c, 0);
        }
        mdb_cursor_close(c);
    }
    if (rc != MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return NABLA_EIO;
    }
    if (mdb_txn_commit(txn) != 0)
        return NABLA_EIO;
    *points = gone;
    return NABLA_OK;
}

/* ---- the file */

static uint64_t map_for(uint64_t bytes)
{
    return (2 * bytes + map_extra) / 4096 * 4096;
}

/* LMDB lets go of the old map before it asks for the new one: without one its environment is good for nothing, and
 * the next turn opens another. */
void spool_make_room(struct spool *s, uint64_t bytes)
{
    uint64_t wanted = map_for(bytes);
    if (wanted <= s->map_bytes)
        return;
    if (s->env == NULL || mdb_env_set_mapsize(s->env, wanted) == 0) {
        s->map_bytes = wanted;
        return;
    }
    mdb_env_close(s->env);
    s->env = NULL;
}

static int open_env(struct spool *s)
{
    MDB_txn *txn;
    int rc = mdb_env_create(&s->env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(s->env, s->map_bytes);
    if (rc == 0)
        rc = mdb_env_open(s->env, s->path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (rc == 0) {
        rc = mdb_dbi_open(txn, NULL, 0, &s->dbi);
        if (rc == 0)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    if (rc != 0) {
        mdb_env_close(s->env);
        s->env = NULL;
    }
    return rc;
}

static bool is_damage(int rc)
{
    return rc == MDB_INVALID || rc == MDB_CORRUPTED || rc == MDB_VERSION_MISMATCH ||
           rc == MDB_PAGE_NOTFOUND || rc == MDB_INCOMPATIBLE;
}

static enum nabla_status take_lock(struct spool *s, const char *directory,
                                   char why[static SPOOL_WHY_MAX])
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/push.lock", directory);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0) {
        snprintf(why, SPOOL_WHY_MAX, "%.400s: %s", path, strerrordesc_np(errno));
        return NABLA_EIO;
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, SPOOL_WHY_MAX, "%.400s: another process uses it", path);
        return NABLA_EIO;
    }
    return NABLA_OK;
}

static enum nabla_status open_file(struct spool *s, const char *directory,
                                   char why[static SPOOL_WHY_MAX])
{
    char aside[PATH_ROOM + 16];
    snprintf(s->path, sizeof s->path, "%s/push.mdb", directory);
    snprintf(aside, sizeof aside, "%s.damaged", s->path);
    int rc = open_env(s);
    if (is_damage(rc) && rename(s->path, aside) == 0) {
        snprintf(why, SPOOL_WHY_MAX, "%.200s was damaged, and is now %.200s", s->path, aside);
        rc = open_env(s);
    }
    if (rc == 0)
        return NABLA_OK;
    snprintf(why, SPOOL_WHY_MAX, "%.400s: %s", s->path, mdb_strerror(rc));
    return rc == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
}

enum nabla_status spool_open(const char *directory, uint64_t bytes, struct spool **out,
                             char why[static SPOOL_WHY_MAX])
{
    why[0] = '\0';
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        snprintf(why, SPOOL_WHY_MAX, "%.400s: %s", directory, strerrordesc_np(errno));
        return NABLA_EIO;
    }
    struct spool *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NABLA_ENOMEM;
    s->lock = -1;
    s->map_bytes = map_for(bytes);
    enum nabla_status status = take_lock(s, directory, why);
    if (status == NABLA_OK)
        status = open_file(s, directory, why);
    if (status != NABLA_OK) {
        spool_close(s);
        return status;
    }
    *out = s;
    return NABLA_OK;
}

void spool_close(struct spool *s)
{
    if (s == NULL)
        return;
    if (s->env != NULL)
        mdb_env_close(s->env);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}
