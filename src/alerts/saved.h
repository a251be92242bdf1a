/* alerts/saved.h -- alerts as bytes, so that they outlive a restart. Pure but for the alerts' lock.
 *
 *     "NABLAAL\2" | u64 FNV-1a of what follows | u32 records | u64 key of each target | records
 *     rule:  u8 1, group, name, match, when (u16 length, bytes), labels and annotations (u8 count, names and texts)
 *     alert: u8 2, u32 which of the rules before it, labels (as base/labelset.h packs them), state, times,
 *            who was told (u8 count: u8 target, u8 whether it knows this state, i64 when), the last facts
 *
 * Numbers are little-endian. An alert is known again by its rule's group, name and match, and by its labels.
 * Restored alerts wait for their series: silent after five minutes, gone after an hour. Those whose rule is gone are
 * resolved at once, and told so in that rule's words; those of them that were pending are left out. */
#ifndef ALERTS_SAVED_H
#define ALERTS_SAVED_H

#include "alerts/alerts.h"
#include "base/buf.h"

enum saved_kind { SAVED_RULE = 1, SAVED_ALERT = 2 };
enum { SAVED_HEAD = 16 /* bytes: magic and checksum */, SAVED_RULES_MAX = 4096 };
static const char saved_magic[8] = {'N', 'A', 'B', 'L', 'A', 'A', 'L', 2};

uint64_t saved_checksum(const char *at, size_t n);

/* Another number whenever there is something new to save. */
uint64_t alerts_edits(struct alerts *a);

/* Appends all of it to out, any thread, one at a time; out->failed without memory. What changes meanwhile may be in it
 * or not. */
void alerts_save(struct alerts *a, struct buf *out);

/* Once, when rules are in force and before anything happens. The log tells of those that end. Errors: NABLA_EINVAL: these are no alerts, and nothing
 * has changed; NABLA_ENOMEM: some may be missing. */
MUST_CHECK enum nabla_status alerts_restore(struct alerts *a, const char *bytes, size_t n);

#endif
