/* series/table_column.c -- which series have this value of this label? One column a label, made when
 * somebody first asks by it, kept in step by births and ends, dropped when nobody has asked for long.
 *
 *     value ──hash──► index ──► a series that has it ⇄ another ⇄ another     a chain a value
 *
 * Costs 8 bytes a series and 11 a value; a million series are entered in 0.2 s, slice by slice, which
 * the first who asks waits for. Chains longer than CHAIN_MAX, all of a query's together, are not
 * followed: reading all series one after the other is then as quick.
 * Laws: a column that is made has exactly the living series that have the label; one in the making
 * has those before (shard, place). All of it is the catalog's lock's. */
#include "series/parts.h"
#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 8,
    CHAIN_MAX = 16384,
    COLUMN_SLICE = 512, /* series entered under one hold of the lock */
};
static const int64_t COLUMN_IDLE_NS = 600 * (int64_t)NS_PER_S;

/* Global places + 1; 0: none. */
struct link {
    uint32_t next, previous;
};

struct column {
    char *name; /* owned */
    uint32_t name_n;
    struct index heads;    /* of global places: the first of each chain */
    struct tiers *links;   /* owned; a shard's, by place */
    uint32_t shard, place; /* in the making: the next to enter; made: shard is how many there are */
    int64_t asked_ns;
};

struct columns {
    uint32_t n;
    struct column at[COLUMNS_MAX];
};

/* ---- links */

static const unsigned char *identity_at(const struct table *t, uint32_t global)
{
    struct ref r = {.index = global};
    return record_at(&t->shards[ref_shard(r)], ref_place(r))->identity;
}

static struct link *link_at(const struct column *c, uint32_t global)
{
    struct ref r = {.index = global};
    return tiers_at(&c->links[ref_shard(r)], ref_place(r), sizeof(struct link));
}

static bool value_at(const struct table *t, const struct column *c, const unsigned char *id,
                     struct label *out)
{
    return identity_value(&t->catalog.names, id, c->name, c->name_n, out);
}

static uint32_t tag_of(const struct table *t, const struct label *value)
{
    return keyhash_bytes(&t->secrets, value->value, value->value_n);
}

/* The first of a value's chain. */
static bool find_head(const struct table *t, const struct column *c, uint32_t tag,
                      const struct label *value, uint32_t *head)
{
    const struct slot *at = NULL;
    struct label other;
    while (index_next(&c->heads, tag, &at, head))
        if (value_at(t, c, identity_at(t, *head), &other) && other.value_n == value->value_n &&
            memcmp(other.value, value->value, value->value_n) == 0)
            return true;
    return false;
}

/* Behind the first of its chain, or as the first of a new one. */
static bool enter(struct table *t, struct column *c, uint32_t global, const unsigned char *id)
{
    struct label value;
    struct ref r = {.index = global};
    uint32_t head;
    if (!value_at(t, c, id, &value))
        return true;
    if (!tiers_reach(&c->links[ref_shard(r)], ref_place(r), sizeof(struct link)))
        return false;
    struct link *x = link_at(c, global);
    *x = (struct link){0};
    uint32_t tag = tag_of(t, &value);
    if (!find_head(t, c, tag, &value, &head))
        return index_add(&c->heads, tag, global) == NABLA_OK;
    struct link *h = link_at(c, head);
    *x = (struct link){.next = h->next, .previous = head + 1};
    if (h->next != 0)
        link_at(c, h->next - 1)->previous = global + 1;
    h->next = global + 1;
    return true;
}

/* The place of a head that goes is its follower's, in a slot that is free by then. */
static bool leave(struct table *t, struct column *c, uint32_t global, const unsigned char *id)
{
    struct label value;
    if (!value_at(t, c, id, &value))
        return true;
    struct link x = *link_at(c, global);
    if (x.next != 0)
        link_at(c, x.next - 1)->previous = x.previous;
    if (x.previous != 0) {
        link_at(c, x.previous - 1)->next = x.next;
        return true;
    }
    uint32_t tag = tag_of(t, &value);
    index_remove(&c->heads, tag, global);
    return x.next == 0 || index_add(&c->heads, tag, x.next - 1) == NABLA_OK;
}

/* ---- columns */

static void drop(const struct table *t, struct columns *all, struct column *c)
{
    index_fini(&c->heads);
    for (uint32_t i = 0; c->links != NULL && i < t->shards_n; i++)
        tiers_fini(&c->links[i], sizeof(struct link));
    free(c->links);
    free(c->name);
    *c = all->at[--all->n];
}

void columns_fini(struct table *t)
{
    struct columns *all = t->catalog.columns;
    while (all != NULL && all->n > 0)
        drop(t, all, &all->at[0]);
    free(all);
}

uint64_t columns_bytes(const struct table *t)
{
    const struct columns *all = t->catalog.columns;
    uint64_t bytes = all == NULL ? 0 : sizeof *all;
    for (uint32_t i = 0; all != NULL && i < all->n; i++) {
        bytes += index_bytes(&all->at[i].heads);
        for (uint32_t s = 0; s < t->shards_n; s++)
            bytes += tiers_bytes(&all->at[i].links[s], sizeof(struct link));
    }
    return bytes;
}

static bool has_entered(const struct column *c, uint32_t global)
{
    struct ref r = {.index = global};
    uint32_t shard = ref_shard(r);
    return shard < c->shard || (shard == c->shard && ref_place(r) < c->place);
}

/* One that could not be kept in step is dropped. */
void columns_born(struct table *t, uint32_t global, const unsigned char *id)
{
    struct columns *all = t->catalog.columns;
    for (uint32_t i = all == NULL ? 0 : all->n; i-- > 0;)
        if (has_entered(&all->at[i], global) && !enter(t, &all->at[i], global, id))
            drop(t, all, &all->at[i]);
}

void columns_end(struct table *t, uint32_t global, const unsigned char *id)
{
    struct columns *all = t->catalog.columns;
    for (uint32_t i = all == NULL ? 0 : all->n; i-- > 0;)
        if (has_entered(&all->at[i], global) && !leave(t, &all->at[i], global, id))
            drop(t, all, &all->at[i]);
}

static struct column *find(struct table *t, const struct label *l)
{
    struct columns *all = t->catalog.columns;
    for (uint32_t i = 0; all != NULL && i < all->n; i++)
        if (all->at[i].name_n == l->name_n && memcmp(all->at[i].name, l->name, l->name_n) == 0)
            return &all->at[i];
    return NULL;
}

/* A new one, empty; NULL if there are as many as may be, all of them in use, or no memory. */
static struct column *begin(struct table *t, const struct label *l, int64_t mono_ns)
{
    struct columns *all = t->catalog.columns;
    if (all == NULL && (all = t->catalog.columns = calloc(1, sizeof *all)) == NULL)
        return NULL;
    for (uint32_t i = all->n; i-- > 0;)
        if (mono_ns - all->at[i].asked_ns > COLUMN_IDLE_NS)
            drop(t, all, &all->at[i]);
    if (all->n == COLUMNS_MAX)
        return NULL;
    struct column *c = &all->at[all->n];
    *c = (struct column){.name = malloc(l->name_n + 1u),
                         .name_n = l->name_n,
                         .links = calloc(t->shards_n, sizeof *c->links),
                         .asked_ns = mono_ns};
    if (c->name == NULL || c->links == NULL) {
        free(c->name);
        free(c->links);
        return NULL;
    }
    memcpy(c->name, l->name, l->name_n);
    all->n++;
    return c;
}

/* Enters the next slice. False without memory. */
static bool go_on(struct table *t, struct column *c)
{
    const struct shard *s = &t->shards[c->shard];
    uint32_t end = s->places - c->place < COLUMN_SLICE ? s->places : c->place + COLUMN_SLICE;
    for (; c->place < end; c->place++) {
        const unsigned char *id = record_at(s, c->place)->identity;
        if (id != NULL && !enter(t, c, s->number << PLACE_BITS | c->place, id))
            return false;
    }
    if (c->place == s->places) {
        c->shard++;
        c->place = 0;
    }
    return true;
}

enum column_state columns_ask(struct table *t, const struct label *l, int64_t mono_ns)
{
    enum column_state state = COLUMN_NONE;
    pthread_mutex_lock(&t->catalog.lock);
    struct column *c = find(t, l);
    if (c == NULL)
        c = begin(t, l, mono_ns);
    if (c != NULL) {
        c->asked_ns = mono_ns;
        state = c->shard == t->shards_n ? COLUMN_MADE : COLUMN_IN_THE_MAKING;
        if (state == COLUMN_IN_THE_MAKING && !go_on(t, c)) {
            drop(t, t->catalog.columns, c);
            state = COLUMN_NONE;
        }
    }
    pthread_mutex_unlock(&t->catalog.lock);
    return state;
}

/* ---- chains */

/* The shortest of n chains: all are followed at once until the first ends. -1: none ends soon. */
static int shortest(struct column *const *columns, const uint32_t *heads, uint32_t n)
{
    uint32_t at[SELECTOR_MATCHERS_MAX];
    for (uint32_t i = 0; i < n; i++)
        at[i] = heads[i] + 1;
    for (uint32_t step = 0; step < CHAIN_MAX / n; step++)
        for (uint32_t i = 0; i < n; i++)
            if ((at[i] = link_at(columns[i], at[i] - 1)->next) == 0)
                return (int)i;
    return -1;
}

static enum chain collect(const struct column *c, uint32_t head, struct places *out)
{
    for (uint32_t at = head + 1; at != 0; at = link_at(c, at - 1)->next)
        if (!places_add(out, at - 1))
            return CHAIN_NO_MEMORY;
    return CHAIN_FOUND;
}

enum chain columns_find(struct table *t, const struct label *labels, uint32_t n, struct places *out)
{
    struct column *columns[SELECTOR_MATCHERS_MAX];
    uint32_t heads[SELECTOR_MATCHERS_MAX];
    enum chain result = CHAIN_FOUND;
    bool empty = false;
    if (out->n > CHAIN_MAX) /* of other selectors: they have to be sorted */
        return CHAIN_TOO_LONG;
    pthread_mutex_lock(&t->catalog.lock);
    for (uint32_t i = 0; i < n && !empty && result == CHAIN_FOUND; i++) {
        columns[i] = find(t, &labels[i]);
        if (columns[i] == NULL)
            result = CHAIN_TOO_LONG; /* dropped meanwhile */
        else
            empty = !find_head(t, columns[i], tag_of(t, &labels[i]), &labels[i], &heads[i]);
    }
    if (!empty && result == CHAIN_FOUND) {
        int best = shortest(columns, heads, n);
        result = best < 0 ? CHAIN_TOO_LONG : collect(columns[best], heads[best], out);
    }
    pthread_mutex_unlock(&t->catalog.lock);
    return result;
}

bool places_add(struct places *p, uint32_t global)
{
    if (p->n == p->cap) {
        uint32_t cap = p->cap == 0 ? 64 : p->cap * 2;
        uint32_t *at = realloc(p->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        p->at = at;
        p->cap = cap;
    }
    p->at[p->n++] = global;
    return true;
}
