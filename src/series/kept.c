/* series/kept.c -- a ring that doubles while the budget lets it, and drops what is too old first.
 *
 *     ring   [ 7 8 . . . 3 4 5 6 ]     first: 3, n: 6 */
#include "series/kept.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_FIRST = 16 }; /* points that a ring begins with */

static struct kept_point *place(const struct kept *k, uint32_t i)
{
    return &k->ring[(k->first + i) & (k->cap - 1)];
}

const struct kept_point *kept_at(const struct kept *k, uint32_t i)
{
    return place(k, i);
}

uint32_t kept_from(const struct kept *k, int64_t t_ns)
{
    uint32_t low = 0, high = k->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (kept_at(k, middle)->t_ns < t_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Takes bytes from the budget; false, nothing taken, if they are not there. */
static bool spend(struct budget *b, uint64_t bytes)
{
    uint64_t used = atomic_load(&b->used);
    do {
        if (used + bytes > atomic_load(&b->limit))
            return false;
    } while (!atomic_compare_exchange_weak(&b->used, &used, used + bytes));
    return true;
}

static enum nabla_status grow(struct kept *k, struct budget *budget)
{
    uint32_t cap = k->cap == 0 ? KEPT_FIRST : 2 * k->cap;
    if (!spend(budget, (uint64_t)(cap - k->cap) * sizeof *k->ring))
        return NABLA_ELIMIT;
    struct kept_point *ring = malloc(cap * sizeof *ring);
    if (ring == NULL) {
        atomic_fetch_sub(&budget->used, (uint64_t)(cap - k->cap) * sizeof *ring);
        return NABLA_ENOMEM;
    }
    for (uint32_t i = 0; i < k->n; i++)
        ring[i] = *place(k, i);
    free(k->ring);
    *k = (struct kept){.ring = ring, .cap = cap, .n = k->n};
    return NABLA_OK;
}

static void forget_old(struct kept *k, int64_t newest_ns, int64_t keep_ns)
{
    while (k->n > 0 && newest_ns > place(k, 0)->t_ns &&
           (uint64_t)newest_ns - (uint64_t)place(k, 0)->t_ns > (uint64_t)keep_ns) {
        k->first = (k->first + 1) & (k->cap - 1);
        k->n--;
    }
}

/* How many points are earlier than t_ns: nearly all, as a rule. */
static uint32_t earlier(const struct kept *k, int64_t t_ns)
{
    uint32_t i = k->n;
    while (i > 0 && place(k, i - 1)->t_ns >= t_ns)
        i--;
    return i;
}

enum nabla_status kept_put(struct kept *k, const struct kept_point *p, int64_t keep_ns,
                           struct budget *budget)
{
    forget_old(k, p->t_ns, keep_ns);
    uint32_t i = earlier(k, p->t_ns);
    if (i < k->n && place(k, i)->t_ns == p->t_ns) {
        *place(k, i) = *p;
        return NABLA_OK;
    }
    enum nabla_status status = k->n == k->cap ? grow(k, budget) : NABLA_OK;
    if (status != NABLA_OK && i == 0) /* p would be the oldest itself, or there is no ring */
        return status;
    if (status != NABLA_OK) {
        k->first = (k->first + 1) & (k->cap - 1);
        k->n--;
        i--;
    }
    k->n++;
    for (uint32_t j = k->n - 1; j > i; j--)
        *place(k, j) = *place(k, j - 1);
    *place(k, i) = *p;
    return status;
}

void kept_fini(struct kept *k, struct budget *budget)
{
    atomic_fetch_sub(&budget->used, (uint64_t)k->cap * sizeof *k->ring);
    free(k->ring);
    *k = (struct kept){0};
}
