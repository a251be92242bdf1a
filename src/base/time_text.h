/* base/time_text.h -- RFC 3339 and durations, to the nanosecond. Pure. */
#ifndef BASE_TIME_TEXT_H
#define BASE_TIME_TEXT_H

#include "numeric/status.h"

#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_MAX = 40 };

/* "2023-11-14T22:13:20.250000000Z"; always nine digits, always UTC. Every int64 has a form.
 * Returns the length, the NUL not counted. */
size_t time_write(char out[static TIME_TEXT_MAX], int64_t t_ns);

/* Reads RFC 3339 with any fraction (digits past the ninth are cut) and any offset; the whole of
 * text[0..n). Errors: NABLA_EINVAL for another shape or a day that no month has, NABLA_ERANGE for
 * a time that 64-bit nanoseconds cannot hold. A leap second (:60) counts as the next second. */
MUST_CHECK enum nabla_status time_read(const char *text, size_t n, int64_t *out_ns);

/* Reads a duration such as 500ms, 10s, 5m, 2h, 15d, 1h30m: the whole of text[0..n), not negative.
 * Units ns, us, ms, s, m, h, d, w, each at most once, largest first. "0" alone is none.
 * Errors: NABLA_EINVAL, NABLA_ERANGE. */
MUST_CHECK enum nabla_status duration_read(const char *text, size_t n, int64_t *out_ns);

/* The same, written shortest: "1h30m", "250ms", "0s". */
size_t duration_write(char out[static TIME_TEXT_MAX], int64_t ns);

#endif
