/* numeric/decimate.h -- fewer points, the same picture. Pure arithmetic. */
#ifndef NUMERIC_DECIMATE_H
#define NUMERIC_DECIMATE_H

#include "numeric/stencil.h"

#include <stddef.h>
#include <stdint.h>

/* Chooses at most max of the points at[0..n), times not decreasing: the first, the last, and of each of
 * max - 2 equal parts between them the one that makes the largest triangle with the one chosen before and the
 * mean of the next part, so that spikes stay. chosen[] receives their indices, rising; returns how many:
 * n if they all fit. A value that is not finite wins over none: gaps stay visible.
 * Source: Steinarsson 2013, Downsampling Time Series for Visual Representation (Univ. of Iceland). */
size_t decimate(const struct obs *at, size_t n, size_t max, uint32_t *chosen);

#endif
