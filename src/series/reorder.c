/* series/reorder.c -- a short array, kept sorted: late samples are few and not very late. */
#include "series/reorder.h"

#include <string.h>

bool reorder_put(struct reorder *r, struct exact x, int64_t mono_ns)
{
    uint32_t i = r->n;
    while (i > 0 && r->at[i - 1].x.t_ns > x.t_ns)
        i--;
    memmove(r->at + i + 1, r->at + i, (r->n - i) * sizeof r->at[0]);
    r->at[i].x = x;
    r->at[i].came_ns = mono_ns;
    return i < r->n++;
}

bool reorder_take(struct reorder *r, int64_t wait_ns, int64_t mono_ns, struct held_sample *out)
{
    bool due = r->n == REORDER_MAX;
    for (uint32_t i = 0; i < r->n && !due; i++)
        due = mono_ns - r->at[i].came_ns >= wait_ns;
    if (!due)
        return false;
    *out = r->at[0];
    memmove(r->at, r->at + 1, --r->n * sizeof r->at[0]);
    return true;
}
