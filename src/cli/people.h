/* cli/people.h -- numbers as people read them: rounded, short, never wrong by more than they show.
 * Pure; LC_NUMERIC is C's. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include <stddef.h>
#include <stdint.h>

enum { PEOPLE_TEXT_MAX = 32, PEOPLE_DIGITS = 6 };

/* v rounded to PEOPLE_DIGITS significant digits, without trailing zeros: 21.437, 0.0125, -3. Digits
 * before the point are all kept below 1e9; from there on, and below 1e-4, 1.23457e+09. NaN, +Inf,
 * -Inf. Returns the length. */
size_t people_number(char out[static PEOPLE_TEXT_MAX], double v);

/* A span of time in its two largest units at most: 0.3s, 59s, 4m10s, 3h05m, 2d04h; cut, not rounded,
 * as clocks do. Negative spans have a minus. Returns the length. */
size_t people_age(char out[static PEOPLE_TEXT_MAX], int64_t ns);

#endif
