/* base/network.c -- entries in an array, chained by the hash of their source; free ones in a chain, too.
 *
 *     heads [ 3 | 0 | 1 | 0 ]        at [ others | a | free | b ]
 *             └──► b   └──► a                          └──► end
 *
 * Laws: an entry is in its chain exactly while it has things; nothing grows after networks_init. */
#include "base/network.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

struct networks_entry {
    struct network from;
    uint64_t weight;
    uint32_t things;
    uint32_t next; /* in its chain, or of the free ones; 0: none */
};

#define V4_HERE UINT64_C(0xffff7f000001) /* ::ffff:127.0.0.1 */

struct network network_here(void)
{
    return (struct network){{.low = 1}};
}

bool network_is_here(const struct network *n)
{
    return n->ip.high == 0 && (n->ip.low == 1 || n->ip.low == V4_HERE);
}

struct network network_of(const struct sockaddr *from)
{
    struct network n;
    if (from == NULL || !ip_of_socket(from, &n.ip))
        return network_here();
    bool is_v4 = n.ip.high == 0 && n.ip.low >> 32 == V4_HERE >> 32;
    if (!is_v4 && !network_is_here(&n))
        n.ip.low = 0;
    return n;
}

struct network network_of_socket(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage room;
    } a;
    socklen_t n = sizeof a;
    return network_of(getpeername(fd, &a.any, &n) == 0 ? &a.any : NULL);
}

enum nabla_status networks_init(struct networks *n, uint32_t cap)
{
    uint32_t buckets = 1;
    while (buckets < cap)
        buckets *= 2;
    *n = (struct networks){.cap = cap, .buckets = buckets};
    if (getrandom(&n->seed, sizeof n->seed, 0) != (ssize_t)sizeof n->seed)
        return NABLA_EIO;
    n->at = calloc((size_t)cap + 1, sizeof *n->at);
    n->heads = calloc(buckets, sizeof *n->heads);
    if (n->at == NULL || n->heads == NULL) {
        networks_fini(n);
        return NABLA_ENOMEM;
    }
    for (uint32_t i = cap; i > 0; i--) {
        n->at[i].next = n->free;
        n->free = i;
    }
    return NABLA_OK;
}

void networks_fini(struct networks *n)
{
    free(n->at);
    free(n->heads);
    *n = (struct networks){0};
}

/* Every bit of the source and of the secret reaches those that choose the chain. */
static uint32_t *head_of(const struct networks *n, const struct network *from)
{
    uint64_t h = (from->ip.high ^ n->seed) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 32 ^ from->ip.low) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ h >> 32 ^ n->seed) * UINT64_C(0xd6e8feb86659fd93);
    return &n->heads[(h >> 32) & (n->buckets - 1)];
}

/* The number of a source that has things, else NETWORKS_OTHERS. */
static uint32_t find(const struct networks *n, const struct network *from)
{
    uint32_t i = *head_of(n, from);
    while (i != 0 && memcmp(&n->at[i].from, from, sizeof *from) != 0)
        i = n->at[i].next;
    return i;
}

static uint32_t add(struct networks *n, const struct network *from)
{
    uint32_t *head = head_of(n, from), i = n->free;
    if (i == 0)
        return NETWORKS_OTHERS;
    n->free = n->at[i].next;
    n->at[i] = (struct networks_entry){.from = *from, .next = *head};
    *head = i;
    return i;
}

static void drop(struct networks *n, uint32_t number)
{
    struct networks_entry *x = &n->at[number];
    uint32_t *p = head_of(n, &x->from);
    while (*p != number)
        p = &n->at[*p].next;
    *p = x->next;
    x->next = n->free;
    n->free = number;
}

bool networks_has_room(const struct networks *n, const struct network *from, uint32_t max)
{
    uint32_t i = find(n, from);
    bool is_new = i == NETWORKS_OTHERS && n->free != 0;
    return network_is_here(from) || (is_new ? 0 : n->at[i].things) < max;
}

bool networks_join(struct networks *n, const struct network *from, uint32_t max, uint32_t *number)
{
    if (!networks_has_room(n, from, max))
        return false;
    uint32_t i = find(n, from);
    if (i == NETWORKS_OTHERS)
        i = add(n, from);
    n->at[i].things++;
    *number = i;
    return true;
}

void networks_leave(struct networks *n, uint32_t number)
{
    if (--n->at[number].things == 0 && number != NETWORKS_OTHERS)
        drop(n, number);
}

/* Those that share a count share their weight. */
uint64_t networks_weight(const struct networks *n, const struct network *from)
{
    uint32_t i = find(n, from);
    bool is_new = i == NETWORKS_OTHERS && n->free != 0;
    return is_new ? 0 : n->at[i].weight;
}

void networks_weigh(struct networks *n, uint32_t number, int64_t more)
{
    n->at[number].weight += (uint64_t)more;
}

uint32_t networks_count(const struct networks *n, uint32_t number)
{
    return n->at[number].things;
}

static bool is_stranger(const struct networks_entry *x)
{
    return x->things > 0 && !network_is_here(&x->from);
}

uint32_t networks_most(const struct networks *n)
{
    uint32_t most = 0;
    for (uint32_t i = 1; i <= n->cap; i++)
        if (n->at[i].things > most && is_stranger(&n->at[i]))
            most = n->at[i].things;
    return most;
}

uint32_t networks_next(const struct networks *n, uint32_t number, uint32_t things)
{
    for (uint32_t i = number + 1; i <= n->cap; i++)
        if (n->at[i].things == things && is_stranger(&n->at[i]))
            return i;
    return NETWORKS_OTHERS;
}

uint64_t networks_bytes(const struct networks *n)
{
    return n->at == NULL ? 0
                         : ((uint64_t)n->cap + 1) * sizeof *n->at + n->buckets * sizeof *n->heads;
}

bool origins_add(struct origins *o, uint32_t first, const struct network *from)
{
    struct origin *last = o->n > 0 ? &o->at[o->n - 1] : NULL;
    if (last != NULL && memcmp(&last->from, from, sizeof *from) == 0)
        return true;
    bool replaces = last != NULL && last->first == first;
    if (!replaces && o->n == ORIGINS_MAX)
        return false;
    o->n += !replaces;
    o->at[o->n - 1] = (struct origin){first, *from};
    return true;
}

struct network origins_find(const struct origins *o, uint32_t number)
{
    for (uint32_t i = o->n; i > 0; i--)
        if (o->at[i - 1].first <= number)
            return o->at[i - 1].from;
    return network_here();
}

void origins_restart(struct origins *o)
{
    if (o->n == 0)
        return;
    o->at[0] = (struct origin){0, o->at[o->n - 1].from};
    o->n = 1;
}
