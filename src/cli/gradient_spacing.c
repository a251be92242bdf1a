/* cli/gradient_spacing.c -- numpy judges by all coordinates of an axis whether they are even, and
 * computes differently if they are; here only some are at hand.
 *
 *     all of them   0  1  2  3  4  6  8  10        uneven: three weights a point
 *     a slab           1  2  3  4  .               would pass for even, so the row that is spare is
 *     what is told     1  2  3  4  4               put elsewhere; what it touches is dropped
 *
 * Law: equal to the library's answer for the whole axis in every bit (test_gradient_run.c). */
#include "cli/gradient_spacing.h"

#include "base/number.h"
#include "cli/arrays_copy.h"
#include "wire/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FORGET_EVERY = 4 << 20 }; /* coordinates */

static bool refuse(struct spacing *s, char *message, const char *name, const char *why)
{
    snprintf(message, SPACING_MESSAGE_MAX, "-s %.120s: %s", name, why);
    spacing_close(s);
    return false;
}

/* Does the library difference these as integers? */
static bool is_exact(const struct spacing *s)
{
    switch (s->dtype) {
    case NABLA_DATETIME64: return true;
    case NABLA_TIMEDELTA64:
    case NABLA_INT64:
    case NABLA_UINT64: return s->mode == NABLA_ACCURATE;
    default: return false;
    }
}

static double integer_difference(enum nabla_dtype dtype, int64_t a, int64_t b)
{
    bool is_count = dtype == NABLA_INT64 || dtype == NABLA_UINT64;
    if (!is_count && (a == INT64_MIN || b == INT64_MIN)) /* NaT */
        return NAN;
    bool up = dtype == NABLA_UINT64 ? (uint64_t)b >= (uint64_t)a : b >= a;
    return up ? (double)((uint64_t)b - (uint64_t)a) : -(double)((uint64_t)a - (uint64_t)b);
}

/* From the first of two coordinates to the second, rounded as the library rounds it. */
static long double difference(const struct spacing *s, const char *p)
{
    const size_t size = nabla_dtype_size(s->dtype);
    const void *a = p, *b = p + size;
    if (is_exact(s))
        return integer_difference(s->dtype, *(const int64_t *)a, *(const int64_t *)b);
    switch (s->dtype) {
    case NABLA_FLOAT32: return *(const float *)b - *(const float *)a;
    case NABLA_LONGDOUBLE: return *(const long double *)b - *(const long double *)a;
    default: return arrays_number(b, s->dtype, false) - arrays_number(a, s->dtype, false);
    }
}

/* Are n steps from p on all this one? */
static bool all_are(const struct spacing *s, const char *p, int64_t n, long double step)
{
    bool same = true;
    if (s->dtype == NABLA_FLOAT64) { /* the common one, quickly */
        const double *x = (const double *)(const void *)p, h = (double)step;
        for (int64_t i = 0; i < n; i++)
            same &= x[i + 1] - x[i] == h;
        return same;
    }
    for (int64_t i = 0; i < n && same; i++, p += nabla_dtype_size(s->dtype))
        same = difference(s, p) == step;
    return same;
}

static bool is_direct(const struct spacing *s)
{
    return !s->swapped && (size_t)s->at % nabla_dtype_size(s->dtype) == 0;
}

/* Coordinates lo to hi in this machine's byte order and aligned: where they are, or in room. */
static const char *load(const struct spacing *s, int64_t lo, int64_t hi, char *room)
{
    int64_t size = (int64_t)nabla_dtype_size(s->dtype), n = hi - lo;
    struct layout from = {.at = (char *)(size_t)s->at + lo * size, .strides = {size}};
    struct layout to = {.at = room, .strides = {size}};
    if (is_direct(s))
        return from.at;
    arrays_copy(&to, &from, 1, &n, s->dtype, s->swapped);
    return room;
}

/* A NaN equals nothing, not even when it is alone. */
static bool is_even(const struct spacing *s, int64_t lo, int64_t hi)
{
    enum { BLOCK = 512 };
    _Alignas(16) char room[(BLOCK + 1) * sizeof(long double)];
    if (hi - lo < 2)
        return true;
    long double step = difference(s, load(s, lo, lo + 2, room));
    for (int64_t i = lo; i < hi - 1; i += BLOCK) {
        int64_t n = hi - 1 - i < BLOCK ? hi - 1 - i : BLOCK;
        if (!all_are(s, load(s, i, i + n + 1, room), n, step))
            return false;
        if (i / FORGET_EVERY != (i + n) / FORGET_EVERY)
            spacing_forget(s);
    }
    return true;
}

static bool open_file(struct spacing *s, const char *name, char *message)
{
    struct npy npy;
    const char *why = mapped_open(&s->file, name);
    if (why == NULL && npy_read(s->file.at, s->file.n, &npy, &why) == NABLA_OK)
        why = NULL;
    if (why != NULL)
        return refuse(s, message, name, why);
    if (npy.ndim != 1)
        return refuse(s, message, name,
                      "coordinates are an array of one axis; this has another number");
    if (npy.dtype == NABLA_BOOL || npy.dtype == NABLA_COMPLEX64 || npy.dtype == NABLA_COMPLEX128)
        return refuse(s, message, name, "coordinates are real numbers or times");
    s->kind = NABLA_COORDINATES;
    s->at = s->file.at + npy.offset;
    s->dtype = npy.dtype;
    s->swapped = npy.swapped;
    s->n = npy.count;
    s->whole =
        npy.dtype == NABLA_FLOAT16; /* the distinct ones are few; is_even cannot judge them */
    s->even = !s->whole && is_even(s, 0, s->n);
    return true;
}

bool spacing_open(struct spacing *s, const char *text, enum nabla_mode mode,
                  char message[static SPACING_MESSAGE_MAX])
{
    size_t n = strlen(text);
    *s = (struct spacing){.mode = mode};
    if (n > 0 && number_read_any(text, n, &s->step) == n) {
        s->kind = NABLA_STEP;
        return true;
    }
    return open_file(s, text, message);
}

void spacing_close(struct spacing *s)
{
    mapped_close(&s->file);
    *s = (struct spacing){0};
}

struct spacing spacing_of(enum nabla_spacing_kind kind, const double *at, int64_t n)
{
    struct spacing s = {.kind = kind, .at = (const char *)at, .dtype = NABLA_FLOAT64, .n = n};
    s.even = kind == NABLA_COORDINATES && is_even(&s, 0, n);
    return s;
}

size_t spacing_room(const struct spacing *s, int64_t n)
{
    size_t size = nabla_dtype_size(s->dtype);
    bool told = s->kind == NABLA_COORDINATES || s->kind == NABLA_STEPS;
    size_t bytes = told ? (size_t)n * (size < sizeof(double) ? sizeof(double) : size) : 0;
    return (bytes + 15) / 16 * 16; /* what follows it is aligned, too */
}

/* So far away that no rounding to a double hides it. */
static void misplace_count(char *p, const char *near, const char *next)
{
    uint64_t at, from;
    memcpy(&at, near, sizeof at);
    memcpy(&from, next, sizeof from);
    uint64_t far = at ^ UINT64_C(1) << 62, step = at - from;
    if (far - at == step || at - far == step)
        far = at ^ UINT64_C(1) << 61;
    memcpy(p, &far, sizeof far);
}

/* Puts a coordinate where its difference to its neighbour is another than from there to the next. */
static void misplace(enum nabla_dtype dtype, char *room, int64_t at, int64_t neighbour,
                     int64_t next)
{
    size_t size = nabla_dtype_size(dtype);
    char *p = room + at * (int64_t)size;
    const char *near = room + neighbour * (int64_t)size;
    switch (dtype) {
    case NABLA_FLOAT32: *(float *)(void *)p = NAN; break;
    case NABLA_FLOAT64: *(double *)(void *)p = NAN; break;
    case NABLA_LONGDOUBLE: *(long double *)(void *)p = NAN; break;
    case NABLA_INT64:
    case NABLA_UINT64:
    case NABLA_DATETIME64:
    case NABLA_TIMEDELTA64: misplace_count(p, near, room + next * (int64_t)size); break;
    default:
        memcpy(p, near, size);
        p[0] ^= memcmp(near, room + next * (int64_t)size, size) == 0;
        break;
    }
}

/* Steps lo to hi - 1; if they pass for even ones and all of them do not, one that is spare is not told. */
static struct nabla_spacing slice_steps(const struct spacing *s, int64_t lo, int64_t hi,
                                        int64_t box_hi, char *room)
{
    const double *steps = (const double *)(const void *)s->at + lo;
    double *told = (double *)(void *)room;
    int64_t n = hi - lo - 1;
    bool even = n < s->n - 1;
    for (int64_t i = 1; i < n; i++)
        even &= steps[i] == steps[0];
    if (!even)
        return nabla_steps(steps, n);
    memcpy(told, steps, (size_t)n * sizeof *told);
    told[hi - box_hi >= 2 ? n - 1 : 0] = NAN;
    return nabla_steps(told, n);
}

struct nabla_spacing spacing_slice(const struct spacing *s, int64_t lo, int64_t hi, int64_t box_hi,
                                   char *room)
{
    int64_t n = hi - lo, size = (int64_t)nabla_dtype_size(s->dtype);
    struct nabla_spacing out = {.kind = s->kind, .step = s->step};
    if (s->kind == NABLA_STEPS)
        return slice_steps(s, lo, hi, box_hi, room);
    if (s->kind != NABLA_COORDINATES)
        return out;
    bool told = s->even || s->whole || n == s->n || !is_even(s, lo, hi);
    const char *x = load(s, lo, hi, room);
    if (!told && x != room)
        x = memcpy(room, x, (size_t)(n * size));
    if (!told && hi - box_hi >= 2)
        misplace(s->dtype, room, n - 1, n - 2, n - 3);
    else if (!told)
        misplace(s->dtype, room, 0, 1, 2);
    out.dtype = s->dtype;
    out.n = n;
    out.data = x;
    return out;
}

void spacing_forget(const struct spacing *s)
{
    if (s->file.at != NULL)
        mapped_forget(s->file.at, s->file.n);
}
