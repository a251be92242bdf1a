/* wire/nested.h -- lists of lists of numbers, as JSON has them, to an array and back. Pure.
 *
 *     [[1, 2.5, null], [4, 5, 6]]   <-->   shape 2 x 3, six numbers in C order
 *
 * A null is a NaN; a number that is not finite is written as null. */
#ifndef WIRE_NESTED_H
#define WIRE_NESTED_H

#include "base/buf.h"
#include "numeric/status.h"

struct json_scan;

/* Asked every now and then whether to go on: reading and writing take as long as the array is large. */
struct patience {
    bool (*go_on)(void *ctx); /* NULL: always */
    void *ctx;
};

struct nested_limits {
    int64_t elements;
    int dimensions; /* at most NABLA_DIMS_MAX */
    struct patience patience;
};

struct nested {
    struct buf numbers; /* owned: count doubles, aligned as malloc aligns */
    int ndim;           /* 0: a number alone */
    int64_t shape[NABLA_DIMS_MAX], count;
};

static inline const double *nested_numbers(const struct nested *a)
{
    return (const double *)(const void *)a->numbers.at;
}

void nested_fini(struct nested *a); /* accepts a zeroed one */

/* Reads a number, a null or a list from s->p on; name is what the array is called in *why, to which a
 * sentence without a full stop is appended. Each number is equal to strtod's in every bit.
 * Errors: NABLA_EINVAL for what is no JSON (s->p stands where), for a list whose length or depth is not
 * that of its neighbours, named by its path, and for too many dimensions; NABLA_ELIMIT for too many
 * elements, or, with nothing in *why, when patience has ended; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status nested_read(struct json_scan *s, const char *name,
                                         const struct nested_limits *limits, struct nested *out,
                                         struct buf *why);

/* Can arrays of this dtype be written exactly? The floats up to float64 and timedelta64, whose NaT is
 * null. */
bool nested_has(enum nabla_dtype dtype);

/* Appends an array of such a dtype in C order, data aligned, as lists; *nulls grows by the numbers that
 * are null. Returns false when patience has ended. */
bool nested_write(struct buf *out, enum nabla_dtype dtype, int ndim, const int64_t *shape,
                  const void *data, const struct patience *patience, uint64_t *nulls);

#endif
