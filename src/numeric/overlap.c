/* numeric/overlap.c -- do two arrays share a byte?
 *
 * Mostly their extents are apart, and that is that. Interleaved ones (the components of one array of
 * vectors, every other row) need the question itself: are there indices i, j and bytes p, q with
 *
 *     a + sum(s[k] i[k]) + p  =  b + sum(t[k] j[k]) + q ?
 *
 * With every index counted from the end that makes its coefficient positive this is a bounded sum of
 * positive coefficients that has to meet one number. The largest coefficient is tried first: what the
 * smaller ones can still add leaves it one or two values where dimensions nest, as they nearly always
 * do. A budget bounds the rest.
 *
 * Laws: never "no" for arrays that meet; symmetric. */
#include "numeric/array.h"

enum { TERMS_MAX = 2 * NABLA_DIMS_MAX + 2, TRIES_MAX = 10000 };

struct term {
    uint64_t step, most; /* step * 0..most */
};

/* Bytes [low, low + size) hold the view; low counts from address 0. */
struct extent {
    uint64_t low, size;
};

static struct extent extent_of(const struct view *v)
{
    struct extent e = {(uint64_t)(uintptr_t)v->data, nabla_dtype_size(v->dtype)};
    for (int k = 0; k < v->ndim; k++) {
        int64_t way = v->shape[k] > 1 ? v->strides[k] * (v->shape[k] - 1) : 0;
        e.low += way < 0 ? (uint64_t)way : 0; /* wraps as it should: low goes down */
        e.size += way < 0 ? 0 - (uint64_t)way : (uint64_t)way;
    }
    return e;
}

static struct term term_of(const struct view *v, int k)
{
    const int64_t s = v->strides[k];
    return (struct term){s < 0 ? 0 - (uint64_t)s : (uint64_t)s, (uint64_t)v->shape[k] - 1};
}

/* Sorted by step, largest first; equal steps are one term. */
static int insert(struct term *terms, int n, struct term t)
{
    int at = n;
    if (t.step == 0 || t.most == 0)
        return n;
    for (int k = 0; k < n; k++)
        if (terms[k].step == t.step) {
            terms[k].most += t.most;
            return n;
        }
    for (; at > 0 && terms[at - 1].step < t.step; at--)
        terms[at] = terms[at - 1];
    terms[at] = t;
    return n + 1;
}

static int insert_dims(struct term *terms, int n, const struct view *v)
{
    for (int k = 0; k < v->ndim; k++)
        n = insert(terms, n, term_of(v, k));
    return insert(terms, n, (struct term){1, nabla_dtype_size(v->dtype) - 1});
}

/* Can the terms add up to target? reach: what all of them together can. */
static bool can_meet(const struct term *terms, int n, uint64_t target, uint64_t reach, int *tries)
{
    if (target == 0)
        return true;
    if (target > reach)
        return false;
    if (++*tries > TRIES_MAX)
        return true;
    const uint64_t rest = reach - terms->step * terms->most;
    uint64_t high = target / terms->step, low = 0;
    if (high > terms->most)
        high = terms->most;
    if (target > rest)
        low = (target - rest + terms->step - 1) / terms->step;
    for (uint64_t i = high + 1; i-- > low;)
        if (can_meet(terms + 1, n - 1, target - i * terms->step, rest, tries))
            return true;
    return false;
}

/* a[low] + x = b[high] - y, with x and y sums over the dimensions and bytes of a and b. */
bool view_overlaps(const struct view *a, const struct view *b)
{
    if (a->elements == 0 || b->elements == 0)
        return false;
    const struct extent ea = extent_of(a), eb = extent_of(b);
    if (ea.low >= eb.low + eb.size || eb.low >= ea.low + ea.size)
        return false;
    struct term terms[TERMS_MAX];
    int tries = 0, n = insert_dims(terms, insert_dims(terms, 0, a), b);
    return can_meet(terms, n, eb.low + eb.size - 1 - ea.low, ea.size - 1 + eb.size - 1, &tries);
}

/* Dimensions nest if each steps over all that the smaller ones cover. */
bool view_overlaps_itself(const struct view *v)
{
    struct term terms[TERMS_MAX];
    uint64_t covered = nabla_dtype_size(v->dtype);
    int n = 0;
    if (v->elements == 0)
        return false;
    for (int k = 0; k < v->ndim; k++) {
        const int before = n;
        n = insert(terms, n, term_of(v, k));
        if (v->shape[k] > 1 && n == before) /* no step, or that of another dimension */
            return true;
    }
    while (n-- > 0) {
        if (terms[n].step < covered)
            return true;
        covered += terms[n].step * terms[n].most;
    }
    return false;
}
