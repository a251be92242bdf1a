/* wire/nested.c -- nested lists in one pass, without recursion and without a tree.
 *
 *     [[1, 2, 3], [4, 5]]      depth 2 at the first number: ndim is 2
 *              ^        ^      the first list that is closed at a depth says that axis' length;
 *        shape[1] = 3   2 /= 3      f is ragged: f[1] has 2 elements, f[0] has 3
 *
 * at[d] counts what the list open at depth d has got so far, so that at[0..depth) is also the path of
 * where the reader stands. A million numbers take 8 MB here, and in a tree some 100 MB.
 * Laws: reads only [p, end); read(write(x)) = x but for what is not finite (test_nested.c).
 * Elsewhere: one value of JSON (json_scan.c), one number (base/number.c). */
#include "wire/nested.h"

#include "base/number.h"
#include "numeric/half.h"
#include "wire/json_out.h"
#include "wire/json_scan.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { ASK_EVERY = 1 << 14 }; /* numbers between two questions whether to go on */

struct reader {
    struct json_scan *s;
    const char *name;
    const struct nested_limits *limits;
    struct nested a;
    struct buf *why;
    int depth;
    int64_t at[NABLA_DIMS_MAX];
    bool has_ndim;
};

static bool goes_on(const struct patience *p)
{
    return p->go_on == NULL || p->go_on(p->ctx);
}

/* ---- what is said of a place: f[1][0] */

static void say_place(struct reader *r, int depth, bool of_first)
{
    buf_text(r->why, r->name);
    for (int d = 0; d < depth; d++)
        buf_printf(r->why, "[%" PRId64 "]", of_first ? 0 : r->at[d]);
}

static void say_ragged(struct reader *r, int depth)
{
    buf_printf(r->why, "%s is ragged: ", r->name);
    say_place(r, depth, false);
}

static enum nabla_status refuse_kind(struct reader *r, const char *is, const char *wanted)
{
    say_ragged(r, r->depth);
    buf_printf(r->why, " is %s where %s is expected", is, wanted);
    return NABLA_EINVAL;
}

/* The list that ends here is the one at path at[0..depth). */
static enum nabla_status refuse_length(struct reader *r, int64_t n, int64_t wanted)
{
    say_ragged(r, r->depth);
    buf_printf(r->why, " has %" PRId64 " element%s, ", n, n == 1 ? "" : "s");
    say_place(r, r->depth, true);
    buf_printf(r->why, " has %" PRId64, wanted);
    return NABLA_EINVAL;
}

/* What json.dumps of Python writes is said by its name. */
static enum nabla_status refuse_syntax(struct reader *r, const char *expected)
{
    static const char *const literals[] = {"NaN", "Infinity", "-Infinity"};
    struct json_scan there = *r->s;
    buf_text(r->why, "in ");
    say_place(r, r->depth, false);
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++)
        if (json_word(&there, literals[i])) {
            buf_printf(r->why, ": %s is no number of JSON%s", literals[i],
                       i == 0 ? "; write null" : "");
            return NABLA_EINVAL;
        }
    buf_printf(r->why, ": %s is expected", expected);
    return NABLA_EINVAL;
}

static enum nabla_status refuse_size(struct reader *r)
{
    buf_printf(r->why, "%s has more than %" PRId64 " elements, the limit", r->name,
               r->limits->elements);
    return NABLA_ELIMIT;
}

/* ---- reading */

static enum nabla_status take_number(struct reader *r)
{
    double v;
    const char *first = r->s->p;
    if (r->has_ndim && r->depth != r->a.ndim)
        return refuse_kind(r, "a number", "a list");
    if (json_word(r->s, "null")) {
        v = NAN;
    } else if (!json_number(r->s) || number_read(first, (size_t)(r->s->p - first), &v) == 0) {
        r->s->p = first;
        return refuse_syntax(r, "a number, null or a list");
    }
    r->has_ndim = true;
    r->a.ndim = r->depth;
    if (r->a.count == r->limits->elements)
        return refuse_size(r);
    buf_add(&r->a.numbers, &v, sizeof v);
    if (++r->a.count % ASK_EVERY == 0 && !goes_on(&r->limits->patience))
        return NABLA_ELIMIT;
    return r->a.numbers.failed ? NABLA_ENOMEM : NABLA_OK;
}

static enum nabla_status open_list(struct reader *r)
{
    if (r->has_ndim && r->depth == r->a.ndim)
        return refuse_kind(r, "a list", "a number");
    if (r->depth == r->limits->dimensions) {
        buf_printf(r->why, "%s has more than %d dimension%s, the limit", r->name, r->depth,
                   r->depth == 1 ? "" : "s");
        return NABLA_EINVAL;
    }
    r->s->p++;
    r->at[r->depth++] = 0;
    return NABLA_OK;
}

/* The innermost open list ends; an empty one is as deep as numbers are. */
static enum nabla_status close_list(struct reader *r)
{
    int d = --r->depth;
    int64_t n = r->at[d];
    if (r->a.shape[d] < 0)
        r->a.shape[d] = n;
    if (r->a.shape[d] != n)
        return refuse_length(r, n, r->a.shape[d]);
    if (n == 0 && !r->has_ndim) {
        r->has_ndim = true;
        r->a.ndim = d + 1;
    }
    if (n == 0 && r->a.ndim != d + 1)
        return refuse_kind(r, "an empty list", "a list of lists");
    r->s->p++;
    return NABLA_OK;
}

static bool stands_at(const struct json_scan *s, char c)
{
    return s->p < s->end && *s->p == c;
}

/* A number, or a list's beginning; *whole: a value ends here, as an empty list does at once. */
static enum nabla_status begin_value(struct reader *r, bool *whole)
{
    json_space(r->s);
    *whole = !stands_at(r->s, '[');
    if (*whole)
        return take_number(r);
    enum nabla_status status = open_list(r);
    json_space(r->s);
    if (status != NABLA_OK || !stands_at(r->s, ']'))
        return status;
    *whole = true;
    return close_list(r);
}

/* Behind a value: closes the lists that end with it, up to a comma or the end of all. */
static enum nabla_status end_value(struct reader *r)
{
    while (r->depth > 0) {
        r->at[r->depth - 1]++;
        if (json_take(r->s, ','))
            return NABLA_OK;
        if (!stands_at(r->s, ']'))
            return refuse_syntax(r, "a comma or ]");
        enum nabla_status status = close_list(r);
        if (status != NABLA_OK)
            return status;
    }
    return NABLA_OK;
}

enum nabla_status nested_read(struct json_scan *s, const char *name,
                              const struct nested_limits *limits, struct nested *out,
                              struct buf *why)
{
    struct reader r = {.s = s, .name = name, .limits = limits, .why = why};
    enum nabla_status status;
    for (int d = 0; d < NABLA_DIMS_MAX; d++)
        r.a.shape[d] = -1;
    do {
        bool whole;
        status = begin_value(&r, &whole);
        if (status == NABLA_OK && whole)
            status = end_value(&r);
    } while (status == NABLA_OK && r.depth > 0);
    if (status == NABLA_OK)
        *out = r.a;
    else
        nested_fini(&r.a);
    return status;
}

void nested_fini(struct nested *a)
{
    buf_fini(&a->numbers);
    *a = (struct nested){0};
}

/* ---- writing */

struct writer {
    struct buf *out;
    enum nabla_dtype dtype;
    int ndim;
    const int64_t *shape;
    const char *at; /* the next element */
    const struct patience *patience;
    uint64_t nulls, written;
};

bool nested_has(enum nabla_dtype dtype)
{
    return dtype == NABLA_FLOAT16 || dtype == NABLA_FLOAT32 || dtype == NABLA_FLOAT64 ||
           dtype == NABLA_TIMEDELTA64;
}

static void write_float(struct writer *w, double v)
{
    w->nulls += isfinite(v) == 0;
    if (v == 0 && signbit(v))
        buf_text(w->out, "-0.0"); /* many read -0 as an integer, which has no sign */
    else
        json_double(w->out, v);
}

static void write_time(struct writer *w, int64_t count)
{
    if (count == INT64_MIN) { /* NaT */
        w->nulls++;
        buf_text(w->out, "null");
    } else {
        buf_int(w->out, count);
    }
}

static void write_element(struct writer *w)
{
    const void *v = w->at;
    w->at += nabla_dtype_size(w->dtype);
    switch (w->dtype) {
    case NABLA_FLOAT16: write_float(w, (double)half_value(*(const uint16_t *)v)); break;
    case NABLA_FLOAT32: write_float(w, (double)*(const float *)v); break;
    case NABLA_FLOAT64: write_float(w, *(const double *)v); break;
    default: write_time(w, *(const int64_t *)v); break;
    }
}

/* At most NABLA_DIMS_MAX calls deep. */
static bool write_from(struct writer *w, int d)
{
    if (w->written++ % ASK_EVERY == 0 && !goes_on(w->patience))
        return false;
    if (d == w->ndim) {
        write_element(w);
        return true;
    }
    buf_char(w->out, '[');
    for (int64_t i = 0; i < w->shape[d] && !w->out->failed; i++) {
        if (i > 0)
            buf_char(w->out, ',');
        if (!write_from(w, d + 1))
            return false;
    }
    buf_char(w->out, ']');
    return true;
}

bool nested_write(struct buf *out, enum nabla_dtype dtype, int ndim, const int64_t *shape,
                  const void *data, const struct patience *patience, uint64_t *nulls)
{
    struct writer w = {out, dtype, ndim, shape, data, patience, 0, 0};
    bool whole = write_from(&w, 0);
    *nulls += w.nulls;
    return whole;
}
