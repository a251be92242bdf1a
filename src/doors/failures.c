/* doors/failures.c -- a leaky bucket an address, held as one time: when it is empty again. */
#include "doors/failures.h"

#define MINUTE_NS INT64_C(60000000000)

static unsigned set_of(const struct failures *f, struct ip from)
{
    uint64_t h = (from.high ^ f->secret) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 32 ^ from.low ^ f->secret << 1) * UINT64_C(0xd6e8feb86659fd93);
    return (unsigned)(h >> 56) % FAILURES_SETS;
}

/* Its way in the set, or -1. */
static int find(const struct failures *f, unsigned set, struct ip from)
{
    for (int i = 0; i < FAILURES_WAYS; i++)
        if (f->at[set][i].from.high == from.high && f->at[set][i].from.low == from.low)
            return i;
    return -1;
}

static int64_t step_ns(const struct failures *f)
{
    return MINUTE_NS / f->burst;
}

void failures_init(struct failures *f, uint32_t burst, uint64_t secret)
{
    *f = (struct failures){.burst = burst, .secret = secret};
}

int64_t failures_wait(const struct failures *f, struct ip from, int64_t now_ns)
{
    unsigned set = set_of(f, from);
    int i = find(f, set, from);
    int64_t owed_ns = i < 0 ? 0 : f->at[set][i].clear_ns - now_ns;
    int64_t wait_ns = owed_ns - (f->burst - 1) * step_ns(f);
    return wait_ns > 0 ? wait_ns : 0;
}

void failures_count(struct failures *f, struct ip from, int64_t now_ns)
{
    unsigned set = set_of(f, from);
    int i = find(f, set, from);
    if (i < 0) {
        i = 0;
        for (int k = 1; k < FAILURES_WAYS; k++)
            i = f->at[set][k].clear_ns < f->at[set][i].clear_ns ? k : i;
        f->at[set][i].from = from;
        f->at[set][i].clear_ns = 0;
    }
    int64_t *clear_ns = &f->at[set][i].clear_ns;
    *clear_ns = (*clear_ns > now_ns ? *clear_ns : now_ns) + step_ns(f);
}
