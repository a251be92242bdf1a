/* rules/humanize.h -- numbers as people read them, in the words of Prometheus' templates. Pure. */
#ifndef RULES_HUMANIZE_H
#define RULES_HUMANIZE_H

#include <stddef.h>

enum { HUMANIZED_MAX = 64 }; /* bytes, NUL included */

/* Each writes v and returns the length; NaN, +Inf and -Inf stand for themselves. */
size_t humanize(char out[static HUMANIZED_MAX], double v);      /* 1.234k, 12m: powers of 1000 */
size_t humanize_1024(char out[static HUMANIZED_MAX], double v); /* 1.5ki */
size_t humanize_duration(char out[static HUMANIZED_MAX], double v);   /* 1h 2m 3s, 1.5s, 20ms */
size_t humanize_percentage(char out[static HUMANIZED_MAX], double v); /* 0.1234 -> 12.34% */
size_t humanize_timestamp(char out[static HUMANIZED_MAX],
                          double v); /* 2023-11-14 22:13:20 +0000 UTC */

#endif
