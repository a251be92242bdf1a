/* series/labels.h -- judges the labels that came and puts them in the order that names a series. Pure. */
#ifndef SERIES_LABELS_H
#define SERIES_LABELS_H

#include "base/cause.h"
#include "base/sample.h"

/* Sorts list->at[0..list->n) by name, the metric's first, and drops labels with an empty value
 * (Prometheus: the same as absent) and repeats of the same pair; what is left fits a labelset.
 * Returns CAUSE_COUNT if done, else why not: CAUSE_NAME (no metric name, an empty or over-long name,
 * bytes that are not UTF-8 or are control characters), CAUSE_LABEL_COUNT, CAUSE_LABEL_LENGTH,
 * CAUSE_LABEL_TWICE. */
MUST_CHECK enum cause labels_sort(struct label_list *list);

#endif
