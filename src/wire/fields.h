/* wire/fields.h -- what of a final point is sent to others, and what it is called there: behind the metric's name, as
 * /metrics has it. Pure.
 *
 *     rate    _per_second            value   (nothing)             trend   _trend_per_second
 *     accel   _per_second_squared    error   _per_second_error     with minute and hour as `per` says */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "base/reading.h"

enum field { FIELD_RATE, FIELD_VALUE, FIELD_ACCEL, FIELD_ERROR, FIELD_TREND, FIELDS };
enum { FIELD_SUFFIX_MAX = 32 };

struct field_value {
    char suffix[FIELD_SUFFIX_MAX]; /* "" of the value itself */
    double v;                      /* in the unit of per */
};

/* Those of `wanted`, bits (1 << enum field), that are known and finite, in the order above; returns how many. */
uint32_t fields_of(unsigned wanted, enum per per, const struct point *p,
                   const struct point_note *note, struct field_value out[static FIELDS]);

/* All of `wanted`, each with Prometheus' staleness marker as its value: the series has ended. */
uint32_t fields_stale(unsigned wanted, enum per per, struct field_value out[static FIELDS]);

#endif
