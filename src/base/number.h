/* base/number.h -- text to numbers and back, exactly, in no locale. Pure. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "numeric/status.h"

#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 40 }; /* bytes that a number written here may use, NUL included */

/* Each reads a number at text[0..n) and returns how many bytes it used, 0 if none is there or, for
 * the integers, if it does not fit 64 bits. Reads nothing past text[n). */

/* Decimal floating point: 1, -1.5, +.5, 1., 1e-9. Equal to strtod of the same bytes in every bit.
 * Too large gives an infinity, too small 0, as strtod. No hexadecimal, no "inf", no "nan". */
size_t number_read(const char *text, size_t n, double *out);

/* As number_read, and also nan, inf, infinity with a sign, in any case of letters. */
size_t number_read_any(const char *text, size_t n, double *out);

size_t number_read_i64(const char *text, size_t n, int64_t *out);  /* -?digits */
size_t number_read_u64(const char *text, size_t n, uint64_t *out); /* digits */

/* What the nearest double of the integer at text[0..n) lacks: v = double + rest, |rest| <= 1024. 0 unless
 * all of it is [+-]?digits, and they fit 64 bits. */
int number_rest(const char *text, size_t n);
/* The same of an integer that 64 bits hold, one below 0 or one that is not. */
int number_rest_i64(int64_t v);
int number_rest_u64(uint64_t v);

/* Decimal seconds, 1700000000.25 or 1.7e9, to nanoseconds without a double in between; digits past
 * the ninth are cut. 0 also if it does not fit. */
size_t number_read_seconds(const char *text, size_t n, int64_t *out_ns);

/* Writes the shortest decimal that reads back as v: "0.1", "1e+21", "NaN", "+Inf", "-Inf". Returns
 * its length, the NUL not counted. */
size_t number_write(char out[static NUMBER_TEXT_MAX], double v);

/* As printf's %PRIi64 and %PRIu64. */
size_t number_write_i64(char out[static NUMBER_TEXT_MAX], int64_t v);
size_t number_write_u64(char out[static NUMBER_TEXT_MAX], uint64_t v);

#endif
