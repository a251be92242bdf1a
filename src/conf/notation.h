/* conf/notation.h -- values of a series in the shorthand of promtool's tests. Pure. Private to this room.
 *
 *     1 2.5 -3     as they stand          _      no sample
 *     0+5x3        0 5 10 15              _x3    three times no sample
 *     10-2.5x2     10 7.5 5               4x2    4 4 4
 *     NaN Inf      values like others */
#ifndef CONF_NOTATION_H
#define CONF_NOTATION_H

#include "numeric/status.h"
#include "rules/fault.h"

#include <stdbool.h>
#include <stdint.h>

enum { NOTATION_VALUES_MAX = 100 * 1000 };

/* take(ctx, index, v) for each sample: its place among the values, those that are missing counted.
 * Returns NABLA_OK; NABLA_EINVAL, *fault then says where and why; NABLA_ENOMEM as soon as take returns
 * false. */
MUST_CHECK enum nabla_status notation_read(const char *text, size_t n,
                                           bool (*take)(void *ctx, uint32_t index, double v),
                                           void *ctx, struct text_fault *fault);

#endif
