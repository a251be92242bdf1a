/* state/store.h -- a file of values in LMDB, each with a sum over its bytes, all of one version: written.
 *
 *     meta                 ──►  "NABLAST" 0 | version u32 | made i64 | rules of keys u64 | secrets | sum u64
 *     c shard number       ──►  sum u64 | a chunk's series, one behind the other: series/saved.h
 *     p shard place time   ──►  sum u64 | a block of the points that the series at that place keeps
 *     n, r number, s id    ──►  sum u64 | targets, a rule, an alert: alerts/saved.h, in a file of its own
 *
 * Numbers in keys stand most significant byte first, all others last. A sum is XXH3's 64 bits. A file is written
 * by one process, and read by the next: what places mean is over with their process.
 * All calls block; one thread at a time. Elsewhere: reading (state/health.h), the folder (state/folder.h). */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include "series/keyhash.h"
#include "state/puts.h"

enum {
    STORE_VERSION = 1, /* of the format of all that is in a file */
    STORE_WHY_MAX = 512,
    STORE_META_MAX = 512,
};

struct store_meta {
    int64_t made_ns;    /* wall clock */
    uint64_t key_rules; /* names the rules by which keys were read into labels */
    struct secrets secrets;
};

struct store;

/* Makes a file, in place of one that is there; readable by its owner alone. Until store_settle a power cut may
 * spoil it. Errors: NABLA_EIO, *why says why; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status store_make(const char *path, const struct store_meta *meta,
                                        struct store **out, char why[static STORE_WHY_MAX]);
void store_close(struct store *s); /* NULL is fine */

/* All of it or nothing. When it has returned, a settled file has it on the disk. Errors: NABLA_EIO (the disk is
 * full, or broken), NABLA_ENOMEM: *why says why. */
MUST_CHECK enum nabla_status store_write(struct store *s, const struct puts *puts,
                                         char why[static STORE_WHY_MAX]);
/* What was written is on the disk now, and what will be, when it is written. Errors: as store_write. */
MUST_CHECK enum nabla_status store_settle(struct store *s, char why[static STORE_WHY_MAX]);

/* Pages of the file that have been looked at leave this process' memory; the kernel keeps them as long as it likes. */
void store_rest(struct store *s);

/* True once it can not be written to any more, whatever the disk does. */
bool store_is_lost(const struct store *s);
int store_fd(const struct store *s); /* the file; borrowed */

/* A meta's bytes, of which it returns how many there are; and back. Errors: NABLA_EINVAL: it is none of ours, or
 * damaged; NABLA_ELIMIT: *version, which is ours, is a later one than this program knows. */
size_t store_meta_put(const struct store_meta *meta, char out[static STORE_META_MAX]);
MUST_CHECK enum nabla_status store_meta_get(const char *bytes, size_t n, struct store_meta *out,
                                            uint32_t *version);

#endif
