/* state/store.c -- transactions that are bounded by their caller; the map grows when one does not fit.
 * Choices: no locks of LMDB's, since the folder has one (folder.h) and theirs outlive a kill -9; no write map, so
 * that a stray pointer harms nothing and a full disk is an error, not a signal. */
#include "state/store.h"

#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { HEAD = 8 + 4 + 8 + 8, MAP_FIRST = 16 << 20 };
static const char magic[8] = {'N', 'A', 'B', 'L', 'A', 'S', 'T', 0};
static const char meta_key[] = "meta";

struct store {
    MDB_env *env;
    MDB_dbi dbi;
    size_t map_bytes;
    bool lost;
};

/* ---- meta */

static char *put(char *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++, v >>= 8)
        *p++ = (char)(v & 0xff);
    return p;
}

static uint64_t get(const char *p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return v;
}

size_t store_meta_put(const struct store_meta *meta, char out[static STORE_META_MAX])
{
    char *p = out;
    memcpy(p, magic, sizeof magic);
    p = put(p + sizeof magic, STORE_VERSION, 4);
    p = put(put(p, (uint64_t)meta->made_ns, 8), meta->key_rules, 8);
    memcpy(p, &meta->secrets, sizeof meta->secrets);
    p += sizeof meta->secrets;
    p = put(p, sum_of(out, (size_t)(p - out)), SUM_BYTES);
    return (size_t)(p - out);
}

enum nabla_status store_meta_get(const char *bytes, size_t n, struct store_meta *out,
                                 uint32_t *version)
{
    size_t whole = HEAD + sizeof out->secrets + SUM_BYTES;
    if (n < sizeof magic + 4 || memcmp(bytes, magic, sizeof magic) != 0)
        return NABLA_EINVAL;
    *version = (uint32_t)get(bytes + sizeof magic, 4);
    if (*version > STORE_VERSION)
        return NABLA_ELIMIT;
    if (n != whole || *version == 0 ||
        get(bytes + whole - SUM_BYTES, SUM_BYTES) != sum_of(bytes, whole - SUM_BYTES))
        return NABLA_EINVAL;
    out->made_ns = (int64_t)get(bytes + sizeof magic + 4, 8);
    out->key_rules = get(bytes + sizeof magic + 4 + 8, 8);
    memcpy(&out->secrets, bytes + HEAD, sizeof out->secrets);
    return NABLA_OK;
}

/* ---- what is to be put in */

static int transact(struct store *s, const struct puts *puts)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    rc = puts_apply(puts, txn, s->dbi);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

/* LMDB lets go of the old map before it asks for the new one: if it gets none, any other call would read what is
 * there no more. */
static int grow(struct store *s)
{
    size_t more = s->map_bytes * 2;
    int rc = more < s->map_bytes ? ENOMEM : mdb_env_set_mapsize(s->env, more);
    s->map_bytes = rc == 0 ? more : s->map_bytes;
    s->lost |= rc != 0;
    return rc;
}

static enum nabla_status fail(int rc, char why[static STORE_WHY_MAX])
{
    snprintf(why, STORE_WHY_MAX, "%s", mdb_strerror(rc));
    return rc == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
}

enum nabla_status store_write(struct store *s, const struct puts *puts,
                              char why[static STORE_WHY_MAX])
{
    int rc = s->lost ? MDB_PANIC : transact(s, puts);
    while (rc == MDB_MAP_FULL && (rc = grow(s)) == 0)
        rc = transact(s, puts);
    s->lost |= rc == MDB_PANIC || rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND;
    return rc == 0 ? NABLA_OK : fail(rc, why);
}

enum nabla_status store_settle(struct store *s, char why[static STORE_WHY_MAX])
{
    int rc = s->lost ? MDB_PANIC : mdb_env_sync(s->env, 1);
    if (rc == 0)
        rc = mdb_env_set_flags(s->env, MDB_NOSYNC, 0);
    return rc == 0 ? NABLA_OK : fail(rc, why);
}

/* LMDB does not tell where its map lies; the kernel does. */
static bool find_map(int fd, uintptr_t *from, uintptr_t *to)
{
    struct stat of_file;
    char line[256];
    unsigned major_, minor_;
    unsigned long long inode;
    bool found = false;
    FILE *maps = fstat(fd, &of_file) == 0 ? fopen("/proc/self/maps", "re") : NULL;
    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL)
        found = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %x:%x %llu", from, to, &major_,
                       &minor_, &inode) == 5 &&
                inode == of_file.st_ino && makedev(major_, minor_) == of_file.st_dev;
    if (maps != NULL)
        fclose(maps);
    return found;
}

void store_rest(struct store *s)
{
    uintptr_t from, to;
    if (find_map(store_fd(s), &from, &to))
        madvise((void *)from, to - from, MADV_DONTNEED); /* it is shared: nothing is lost */
}

bool store_is_lost(const struct store *s)
{
    return s->lost;
}

int store_fd(const struct store *s)
{
    int fd = -1;
    (void)mdb_env_get_fd(s->env, &fd);
    return fd;
}

/* ---- the file */

static int put_meta(MDB_txn *txn, MDB_dbi dbi, const struct store_meta *meta)
{
    char bytes[STORE_META_MAX];
    MDB_val key = {.mv_data = (void *)(uintptr_t)meta_key, .mv_size = sizeof meta_key - 1};
    MDB_val value = {.mv_data = bytes, .mv_size = store_meta_put(meta, bytes)};
    return mdb_put(txn, dbi, &key, &value, 0);
}

static int open_env(struct store *s, const char *path, const struct store_meta *meta)
{
    MDB_txn *txn;
    int rc = mdb_env_create(&s->env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(s->env, s->map_bytes);
    if (rc == 0)
        rc = mdb_env_open(s->env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NORDAHEAD,
                          0600);
    if (rc == 0)
        rc = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, NULL, 0, &s->dbi);
    if (rc == 0)
        rc = put_meta(txn, s->dbi, meta);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

enum nabla_status store_make(const char *path, const struct store_meta *meta, struct store **out,
                             char why[static STORE_WHY_MAX])
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return fail(ENOMEM, why);
    s->map_bytes = MAP_FIRST;
    int rc = unlink(path) != 0 && errno != ENOENT ? errno : open_env(s, path, meta);
    if (rc != 0) {
        store_close(s);
        return fail(rc, why);
    }
    *out = s;
    return NABLA_OK;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    if (s->env != NULL)
        mdb_env_close(s->env);
    free(s);
}
