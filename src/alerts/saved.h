/* alerts/saved.h -- alerts as records, each by itself, so that they outlive a restart. Pure but for the alerts' lock.
 *
 *     targets, 0        u64 key of each target
 *     rule, number      group, name, match, when (u16 length, bytes), labels and annotations (u8 count, names, texts)
 *     alert, id         u32 number of its rule, labels (as base/labelset.h packs them), state, times,
 *                       who was told (u8 count: u8 target, u8 whether it knows this state, i64 when), the last facts
 *
 * Numbers are little-endian. An alert is known again by its rule's group, name and match, and by its labels.
 * Restored alerts wait for their series: silent after five minutes, gone after an hour. Those whose rule is gone are
 * resolved at once, and told so in that rule's words; those of them that were pending are left out.
 * Elsewhere: where records lie (state/alert_file.h). */
#ifndef ALERTS_SAVED_H
#define ALERTS_SAVED_H

#include "alerts/alerts.h"
#include "base/buf.h"

enum saved_kind { SAVED_TARGETS, SAVED_RULE, SAVED_ALERT };
enum { SAVED_RULES_MAX = 4096 /* numbers of rules are below it */ };

/* ---- a record, read: what it points to are its bytes */

struct saved_text {
    const char *at;
    size_t n;
};

struct saved_texts {
    struct saved_text name[RULE_TEXTS_MAX], value[RULE_TEXTS_MAX];
    uint32_t n;
};

struct saved_rule {
    struct saved_text group, name, match, when;
    struct saved_texts labels, annotations;
};

struct saved_alert {
    uint32_t rule;
    struct alert_state state;
    int64_t fired_ns, resolved_ns; /* 0: not */
    struct saved_told {
        bool knows;    /* this state of it */
        int64_t at_ns; /* 0: never */
    } told[ALERT_TARGETS_MAX];
    struct facts facts;
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    };
};

/* False: these bytes are none, to their end. *out is then undefined. */
bool saved_get_targets(const char *bytes, size_t n, uint64_t keys[static ALERT_TARGETS_MAX]);
bool saved_get_rule(const char *bytes, size_t n, struct saved_rule *out);
bool saved_get_alert(const char *bytes, size_t n, struct saved_alert *out);
bool saved_is_good(enum saved_kind kind, const char *bytes, size_t n);

/* Append one; b->failed without memory. */
void saved_put_targets(struct buf *b, const uint64_t keys[static ALERT_TARGETS_MAX]);
void saved_put_rule(struct buf *b, const struct saved_rule *r);
void saved_put_alert(struct buf *b, const struct saved_alert *x, const struct labelset *labels);

/* ---- alerts to records */

/* Another number whenever there is something new to save. */
uint64_t alerts_edits(struct alerts *a);

/* Calls on_record for what has changed since the last call, or for all there is: a rule before the first alert of it;
 * without bytes (n is 0): that alert has gone. Any thread, one at a time; on_record may call nothing of alerts'. What
 * changes meanwhile is among it, or the next time. False: without memory, or past SAVED_RULES_MAX: the next call must
 * be for all. */
bool alerts_save(struct alerts *a, bool all,
                 void (*on_record)(void *ctx, enum saved_kind kind, uint64_t number,
                                   const char *bytes, size_t n),
                 void *ctx);

/* ---- and back: once, when rules are in force and before anything happens */

struct alerts_restoring;

/* Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alerts_restore_begin(struct alerts *a, struct alerts_restoring **out);
/* Rules before alerts. Errors: NABLA_EINVAL: it is no record, or an alert of no rule, and is passed over; NABLA_ENOMEM:
 * it may be missing. */
MUST_CHECK enum nabla_status alerts_restore_one(struct alerts_restoring *r, enum saved_kind kind,
                                                uint64_t number, const char *bytes, size_t n);
/* The log tells of those that end. Frees it. */
void alerts_restore_end(struct alerts_restoring *r);

/* ---- the file in which alerts lay before: "NABLAAL\2" | u64 FNV-1a of what follows | u32 records | targets | records,
 * each behind a u8, 1 for a rule, whose number is how many come before it, 2 for an alert. */

enum { SAVED_HEAD = 16 /* bytes: magic and checksum */ };
static const char saved_magic[8] = {'N', 'A', 'B', 'L', 'A', 'A', 'L', 2};

uint64_t saved_checksum(const char *at, size_t n);

/* All of it or nothing, instead of the above. Errors: NABLA_EINVAL: these are no alerts, and nothing has changed;
 * NABLA_ENOMEM: some may be missing. */
MUST_CHECK enum nabla_status alerts_restore_file(struct alerts *a, const char *bytes, size_t n);

#endif
