/* state/health.h -- a file of store.h's, read: first looked through, then its good values.
 *
 *     health_walk  ── fork ──► walks all of it, touches all of it ──► what LMDB makes of it
 *     health_check ── fork ──► the same, and reads what is in its values ──► what it is good for
 *     health_read  ──────────► the values, in the order of their keys, but for those whose sum is wrong
 *
 * LMDB believes what stands in a file, and may not survive one that is damaged; so a process of its own goes first.
 * Values are their readers' to judge, who survive any bytes: whoever reads all of them need not have them summed
 * twice. None writes to the file. */
#ifndef STATE_HEALTH_H
#define STATE_HEALTH_H

#include "alerts/saved.h"
#include "state/store.h"

enum health {
    HEALTH_GOOD,
    HEALTH_ABSENT,
    HEALTH_SPOILT,  /* some values are damaged; the others can be read */
    HEALTH_DAMAGED, /* nothing can be read */
    HEALTH_FOREIGN, /* it is none of ours */
    HEALTH_NEWER,   /* of a later version than this program's */
    HEALTH_SEALED,  /* it cannot be read: permissions, a broken disk, no memory */
};
const char *health_text(enum health h); /* "is damaged", ...; static */

struct health_report {
    enum health health;
    int fault;        /* errno's or LMDB's, of one that is sealed or damaged; 0: none */
    uint32_t version; /* 0: not known */
    uint64_t values;  /* as all that follow, of one that could be walked */
    uint64_t bad_values, series, bad_series, points, alerts; /* health_check's */
    struct store_meta meta;                                  /* of a good or spoilt one */
};

/* on_fault(ctx, line) is called in that other process, for each value that is bad; NULL: nobody asks. Errors:
 * NABLA_EIO: there could be no such process. */
MUST_CHECK enum nabla_status health_check(const char *path,
                                          void (*on_fault)(void *ctx, const char *line), void *ctx,
                                          struct health_report *out);

/* Without a look at what is in the values: one that is good may have bad ones. Errors: as of health_check. */
MUST_CHECK enum nabla_status health_walk(const char *path, struct health_report *out);

/* What an alert's key names; false: it is no alert's. */
bool health_alert_kind(const struct key *k, enum saved_kind *out);

struct store_value {
    struct key key;
    const char *bytes; /* borrowed */
    size_t n;
};
/* Visits the values of a good or spoilt file whose sums are right; *bad grows by those that are left out. Errors:
 * NABLA_EIO. */
MUST_CHECK enum nabla_status health_read(const char *path,
                                         void (*on_value)(void *ctx, const struct store_value *v),
                                         void *ctx, uint64_t *bad);

#endif
