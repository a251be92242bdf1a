/* numeric/decimate.c -- largest triangle, three parts at a time.
 *
 *      chosen        this part        the next part
 *        x  - - - - .   ^   .  - - - - x its mean
 *                     \ the point that makes the largest triangle */
#include "numeric/decimate.h"

#include <math.h>
#include <stdbool.h>

struct part {
    size_t from, to; /* [from, to) */
};

/* Part i of parts, of the points between the first and the last; the part after the last is the last point. */
static struct part part_at(size_t n, size_t parts, size_t i)
{
    size_t inner = n - 2;
    if (i == parts)
        return (struct part){n - 1, n};
    return (struct part){1 + inner * i / parts, 1 + inner * (i + 1) / parts};
}

/* The mean of the finite points of a part, in seconds and [v] from origin; false if none is. */
static bool mean_of(const struct obs *at, struct part p, const struct obs *origin, double *x,
                    double *y)
{
    double sum_x = 0, sum_y = 0;
    size_t n = 0;
    for (size_t i = p.from; i < p.to; i++) {
        if (!isfinite(at[i].v))
            continue;
        sum_x += stencil_seconds(origin->t_ns, at[i].t_ns);
        sum_y += at[i].v - origin->v;
        n++;
    }
    *x = n > 0 ? sum_x / (double)n : 0;
    *y = n > 0 ? sum_y / (double)n : 0;
    return n > 0;
}

static size_t choose(const struct obs *at, struct part p, struct part next, const struct obs *last)
{
    double mx, my, largest = -1;
    bool known = isfinite(last->v) && mean_of(at, next, last, &mx, &my);
    size_t best = p.from;
    for (size_t i = p.from; i < p.to; i++) {
        double x = stencil_seconds(last->t_ns, at[i].t_ns), y = at[i].v - last->v;
        double area = known ? fabs(x * my - mx * y) : fabs(at[i].v);
        if (area > largest) {
            largest = area;
            best = i;
        }
    }
    return best;
}

size_t decimate(const struct obs *at, size_t n, size_t max, uint32_t *chosen)
{
    size_t used = 0;
    if (n <= max || max < 2) {
        for (; used < n && used < max; used++)
            chosen[used] = (uint32_t)used;
        return used;
    }
    chosen[used++] = 0;
    for (size_t i = 0; i + 2 < max; i++) {
        const struct obs *last = &at[chosen[used - 1]];
        struct part p = part_at(n, max - 2, i), next = part_at(n, max - 2, i + 1);
        chosen[used++] = (uint32_t)choose(at, p, next, last);
    }
    chosen[used++] = (uint32_t)(n - 1);
    return used;
}
