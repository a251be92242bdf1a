/* series/labels.h -- judges the labels that came and makes the set that names a series. Pure. */
#ifndef SERIES_LABELS_H
#define SERIES_LABELS_H

#include "base/cause.h"
#include "base/sample.h"

/* Sorts by name, drops labels with an empty value (Prometheus: the same as absent) and repeats of
 * the same pair, and packs the rest into *out (room for LABELSET_MAX bytes). *list is reordered.
 * Returns CAUSE_COUNT if done, else why not: CAUSE_NAME (no metric name, an empty or over-long name,
 * bytes that are not UTF-8 or are control characters), CAUSE_LABEL_COUNT, CAUSE_LABEL_LENGTH,
 * CAUSE_LABEL_TWICE. */
MUST_CHECK enum cause labels_seal(struct label_list *list, struct labelset *out);

#endif
