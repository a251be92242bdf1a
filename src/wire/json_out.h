/* wire/json_out.h -- readings, labels and points as JSON text. Pure: appends to a buffer. */
#ifndef WIRE_JSON_OUT_H
#define WIRE_JSON_OUT_H

#include "base/buf.h"
#include "base/reading.h"

#include <stdbool.h>

enum time_style { TIME_RFC3339, TIME_UNIX };

/* "text", escaped; bytes that are not UTF-8 become U+FFFD. Not json_string, which is jansson's. */
void json_text(struct buf *b, const char *text, size_t n);

/* A number; null for NaN and the infinities, which JSON lacks. */
void json_double(struct buf *b, double v);

/* A sample's value, rest being what v lacks (numeric/exact.h): an integer with all of its digits if it is
 * one beyond 2^53 that 64 bits, or a little more, hold; else json_double. */
void json_value_of(struct buf *b, double v, double rest);

/* "2023-11-14T22:13:20.000000000Z" or 1700000000.000000000, nine digits each. */
void json_time(struct buf *b, int64_t t_ns, enum time_style style);

/* {"__name__": "temperature", "site": "plant-03"} */
void json_labels(struct buf *b, const struct labelset *labels);

/* The object that SEMANTICS promises for a series, in one line. Members that are not known are
 * null; "why" says why when rate or edge is, or when a number is not finite. */
void json_reading(struct buf *b, const struct reading *r, enum time_style style);

/* A final point: {"metric": {...}, "time": ..., "value": ..., "rate": ..., "accel": ..., "order": 2,
 * "corrected": false, "unit": "1/s"}; behind accel "error" and "trend", where they are known. */
void json_point(struct buf *b, const struct labelset *labels, enum per per, const struct point *p,
                const struct point_note *note, enum time_style style);

/* The same in two parts, for who writes many points of a series: up to its labels, and from there on. */
void json_point_labels(struct buf *b, const struct labelset *labels);
void json_point_rest(struct buf *b, enum per per, const struct point *p,
                     const struct point_note *note, enum time_style style);

#endif
