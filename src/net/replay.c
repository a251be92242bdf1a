/* net/replay.c -- a heap by time, whose top goes first, and a set of MACs by hash.
 *
 *     heap  [ oldest | ... ]            which one is forgotten next
 *     slots [ MAC | - | MAC | MAC ]     was it seen? Open addressing; a MAC is its own hash, as nobody chooses
 *                                       one without the key
 *
 * Laws: heap and slots hold the same MACs; at least half of the slots are free. */
#include "net/replay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct mac {
    uint64_t high, low; /* both 0: none */
};

struct seen {
    int64_t t_ns;
    struct mac mac;
};

struct replay {
    struct seen *heap; /* owned */
    struct mac *slots; /* owned */
    uint32_t n, max, mask;
    int64_t window_ns, floor_ns;
};

enum nabla_status replay_new(uint32_t max, int64_t window_ns, int64_t floor_ns, struct replay **out)
{
    uint32_t slots = 2;
    while (slots < 2 * max)
        slots *= 2;
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    *r = (struct replay){
        .max = max, .mask = slots - 1, .window_ns = window_ns, .floor_ns = floor_ns};
    r->heap = malloc(max * sizeof *r->heap); /* untouched, so unpaid, until used */
    r->slots = calloc(slots, sizeof *r->slots);
    if (r->heap == NULL || r->slots == NULL) {
        replay_free(r);
        return NABLA_ENOMEM;
    }
    *out = r;
    return NABLA_OK;
}

void replay_free(struct replay *r)
{
    if (r == NULL)
        return;
    free(r->heap);
    free(r->slots);
    free(r);
}

/* ---- the set */

static struct mac mac_of(const unsigned char bytes[static REPLAY_MAC])
{
    struct mac m;
    memcpy(&m.high, bytes, sizeof m.high);
    memcpy(&m.low, bytes + sizeof m.high, sizeof m.low);
    m.low |= m.high == 0; /* none is 0 */
    return m;
}

static bool same(struct mac a, struct mac b)
{
    return a.high == b.high && a.low == b.low;
}

static bool is_none(struct mac m)
{
    return m.high == 0 && m.low == 0;
}

/* Where it is, or the free place where it would be. */
static uint32_t place_of(const struct replay *r, struct mac m)
{
    uint32_t i = (uint32_t)m.high & r->mask;
    while (!is_none(r->slots[i]) && !same(r->slots[i], m))
        i = (i + 1) & r->mask;
    return i;
}

/* Those behind it move up, so that each is found without a gap before it. */
static void remove_mac(struct replay *r, struct mac m)
{
    uint32_t hole = place_of(r, m);
    for (uint32_t i = (hole + 1) & r->mask; !is_none(r->slots[i]); i = (i + 1) & r->mask) {
        uint32_t home = (uint32_t)r->slots[i].high & r->mask;
        if (((i - home) & r->mask) < ((i - hole) & r->mask))
            continue; /* its home is behind the hole */
        r->slots[hole] = r->slots[i];
        hole = i;
    }
    r->slots[hole] = (struct mac){0};
}

/* ---- the heap */

static void rise(struct replay *r, struct seen s)
{
    uint32_t i = r->n++;
    for (; i > 0 && r->heap[(i - 1) / 2].t_ns > s.t_ns; i = (i - 1) / 2)
        r->heap[i] = r->heap[(i - 1) / 2];
    r->heap[i] = s;
}

static void sink(struct replay *r, struct seen s)
{
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < r->n; i = child) {
        child += child + 1 < r->n && r->heap[child + 1].t_ns < r->heap[child].t_ns;
        if (r->heap[child].t_ns >= s.t_ns)
            break;
        r->heap[i] = r->heap[child];
    }
    r->heap[i] = s;
}

/* What is forgotten is too old from then on, even if the clock is put back. */
static void forget_oldest(struct replay *r)
{
    if (r->heap[0].t_ns > r->floor_ns)
        r->floor_ns = r->heap[0].t_ns;
    remove_mac(r, r->heap[0].mac);
    r->n--;
    if (r->n > 0)
        sink(r, r->heap[r->n]);
}

enum replay_verdict replay_judge(struct replay *r, const unsigned char mac[static REPLAY_MAC],
                                 int64_t t_ns, int64_t now_ns)
{
    struct mac m = mac_of(mac);
    if (t_ns - now_ns > r->window_ns) /* both are positive: no overflow */
        return REPLAY_FUTURE;
    if (now_ns - t_ns > r->window_ns || t_ns <= r->floor_ns)
        return REPLAY_OLD;
    while (r->n > 0 && now_ns - r->heap[0].t_ns > r->window_ns)
        forget_oldest(r);
    if (!is_none(r->slots[place_of(r, m)]))
        return REPLAY_AGAIN;
    if (r->n == r->max) {
        if (t_ns <= r->heap[0].t_ns)
            return REPLAY_OLD;
        forget_oldest(r);
    }
    r->slots[place_of(r, m)] = m;
    rise(r, (struct seen){t_ns, m});
    return REPLAY_NEW;
}
