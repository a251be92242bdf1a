/* alerts/saved.h -- alerts as bytes, so that they outlive a restart. Pure but for the alerts' lock.
 *
 *     "NABLAAL\1" | u64 FNV-1a of what follows | u64 last change | u32 n | u64 key of each target | alerts
 *     alert: group, name, match (u16 length, bytes), labels (as base/labelset.h packs them),
 *            state, times, what each target was told, the last facts
 *
 * Numbers are little-endian. An alert is known again by its rule's group, name and match, and by its labels; one
 * whose rule is gone is left out. Restored alerts wait for their series: silent after five minutes, gone after an
 * hour. */
#ifndef ALERTS_SAVED_H
#define ALERTS_SAVED_H

#include "alerts/alerts.h"
#include "base/buf.h"

/* Another number whenever there is something new to save. */
uint64_t alerts_edits(struct alerts *a);

/* Appends all of it to out; out->failed without memory. */
void alerts_save(struct alerts *a, struct buf *out);

/* Once, when rules are in force and before anything happens. Errors: NABLA_EINVAL: these are no alerts, and nothing
 * has changed; NABLA_ENOMEM: some may be missing. */
MUST_CHECK enum nabla_status alerts_restore(struct alerts *a, const char *bytes, size_t n);

#endif
