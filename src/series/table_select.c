/* series/table_select.c -- which series match: named by refs, slice by slice, so that no lock is held
 * for longer than a slice and the caller goes on with other work between two of them.
 *
 *     in table order     one pass over all records:  matches ──► found, as they come
 *     by family          two passes:                 count of each family ──► start of each
 *                                                    matches ──► found[start[family]++]
 *
 * Two passes, because sorting found would need a second array as large. Between the two, series are
 * born and end: what no longer fits its family's room is left out, as if it had come after the query;
 * room that was not needed is closed.
 * Where every selector demands a value by '=', and there are many series, only those are visited that
 * a column knows to have the rarest of the values.
 * Elsewhere: readings (table_read.c), columns (table_column.c). */
#include "series/filter.h"
#include "series/parts.h"

#include <stdlib.h>
#include <string.h>

void findings_fini(struct findings *f)
{
    free(f->at);
    *f = (struct findings){0};
}

enum { COLUMNS_WORTH = 10000 }; /* series; fewer are read in the time that a column needs */

enum phase {
    PHASE_COLUMNS, /* wants columns that are not made yet */
    PHASE_VISIT,
};

struct selection {
    struct table *table;
    struct filter filter;
    uint32_t states;
    int64_t mono_ns;
    enum phase phase;
    uint32_t selector, matcher;  /* PHASE_COLUMNS: whose column is being made */
    bool narrow;                 /* visits candidates only */
    struct places candidates;    /* owned; ascending, each once */
    uint32_t shard, place;       /* the next to visit; narrow: place is a candidate's number */
    const struct effort *effort; /* borrowed; NULL: it is not known what records cost */
    bool counting, by_family;
    /* by family: ends[f]: in the first pass, how many matches; in the second, where the next goes */
    uint32_t *ends, *starts; /* owned */
    uint32_t families, families_cap;
    struct findings found;
    uint32_t cap;
};

enum nabla_status selection_new(struct table *t, const struct query *query, struct instant now,
                                struct selection **out)
{
    struct selection *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NABLA_ENOMEM;
    s->table = t;
    s->states = query->states;
    s->mono_ns = now.mono_ns;
    s->effort = query->effort;
    s->by_family = s->counting = query->by_family;
    filter_init(&s->filter, &t->catalog.names, query->any, query->any_n, query->exposed);
    s->phase = s->filter.any_n > 0 && table_count(t) >= COLUMNS_WORTH ? PHASE_COLUMNS : PHASE_VISIT;
    *out = s;
    return NABLA_OK;
}

void selection_free(struct selection *s)
{
    if (s == NULL)
        return;
    free(s->candidates.at);
    free(s->ends);
    free(s->starts);
    findings_fini(&s->found);
    free(s);
}

/* ---- what becomes of a match */

static bool count_family(struct selection *s, uint32_t family)
{
    if (family >= s->families_cap) {
        uint32_t cap = s->families_cap == 0 ? 64 : s->families_cap * 2;
        while (cap <= family)
            cap *= 2;
        uint32_t *ends = realloc(s->ends, cap * sizeof *ends);
        if (ends == NULL)
            return false;
        memset(ends + s->families_cap, 0, (cap - s->families_cap) * sizeof *ends);
        s->ends = ends;
        s->families_cap = cap;
    }
    s->families = family >= s->families ? family + 1 : s->families;
    s->ends[family]++;
    return true;
}

static bool append(struct selection *s, struct found found)
{
    if (s->found.n == s->cap) {
        uint32_t cap = s->cap == 0 ? 256 : s->cap * 2;
        struct found *at = realloc(s->found.at, cap * sizeof *at);
        if (at == NULL)
            return false;
        s->found.at = at;
        s->cap = cap;
    }
    s->found.at[s->found.n++] = found;
    return true;
}

static void put_by_family(struct selection *s, struct found found)
{
    uint32_t f = found.family;
    if (f < s->families && s->ends[f] < s->starts[f + 1])
        s->found.at[s->ends[f]++] = found;
}

static bool take(struct selection *s, struct found found)
{
    if (s->counting)
        return count_family(s, found.family);
    if (!s->by_family)
        return append(s, found);
    put_by_family(s, found);
    return true;
}

/* ---- candidates */

static bool is_metric(const struct label *l)
{
    return l->name_n == sizeof LABEL_METRIC - 1 && memcmp(l->name, LABEL_METRIC, l->name_n) == 0;
}

/* The '=' matchers of a selector that columns are for: labels, or, there being none, the metric.
 * Returns how many. */
static uint32_t exact_labels(const struct selector *s, bool exposed,
                             struct label out[SELECTOR_MATCHERS_MAX])
{
    struct label metric = {0};
    uint32_t n = 0;
    for (size_t i = 0; i < selector_size(s); i++) {
        struct label l = selector_label(s, i);
        if (l.value == NULL)
            continue;
        if (exposed && filter_may_be_made(&l))
            continue;
        if (is_metric(&l))
            metric = l;
        else
            out[n++] = l;
    }
    if (n == 0 && metric.name != NULL)
        out[n++] = metric;
    return n;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* In table order, each once. */
static void sort_places(struct places *p)
{
    uint32_t kept = 0;
    if (p->n > 1)
        qsort(p->at, p->n, sizeof p->at[0], ascending);
    for (uint32_t i = 0; i < p->n; i++)
        if (i == 0 || p->at[i] != p->at[kept - 1])
            p->at[kept++] = p->at[i];
    p->n = kept;
}

static enum nabla_status find_candidates(struct selection *s)
{
    struct label labels[SELECTOR_MATCHERS_MAX];
    enum chain chain = CHAIN_FOUND;
    for (uint32_t i = 0; i < s->filter.any_n && chain == CHAIN_FOUND; i++)
        chain =
            columns_find(s->table, labels,
                         exact_labels(s->filter.any[i], s->filter.exposed, labels), &s->candidates);
    s->phase = PHASE_VISIT;
    s->narrow = chain == CHAIN_FOUND;
    if (s->narrow)
        sort_places(&s->candidates);
    return chain == CHAIN_NO_MEMORY ? NABLA_ENOMEM : NABLA_OK;
}

/* Sees to one column for a slice. A selector that no column can help makes all be visited. */
static enum nabla_status make_columns(struct selection *s)
{
    struct label labels[SELECTOR_MATCHERS_MAX];
    if (s->selector == s->filter.any_n)
        return find_candidates(s);
    uint32_t n = exact_labels(s->filter.any[s->selector], s->filter.exposed, labels);
    enum column_state state = COLUMN_NONE;
    if (s->matcher < n)
        state = columns_ask(s->table, &labels[s->matcher], s->mono_ns);
    if (state == COLUMN_NONE)
        s->phase = PHASE_VISIT;
    else if (state == COLUMN_MADE && ++s->matcher == n) {
        s->selector++;
        s->matcher = 0;
    }
    return NABLA_OK;
}

/* ---- slices */

static bool matches(struct selection *s, const struct record *x)
{
    if (x->identity == NULL)
        return false;
    if (s->states != 0 && (s->states & 1u << record_state(s->table, x, s->mono_ns)) == 0)
        return false;
    return filter_match(&s->filter, x->identity);
}

static bool visit(struct selection *s, const struct shard *shard, uint32_t place)
{
    const struct record *x = record_at(shard, place);
    return !matches(s, x) ||
           take(s, (struct found){ref_of(shard, place), identity_metric(x->identity)});
}

static struct effort effort_of(const struct selection *s)
{
    return s->effort != NULL ? *s->effort : (struct effort){0};
}

/* Has it been dear since? */
static bool is_dear(const struct selection *s, const struct effort *since)
{
    return s->effort != NULL && effort_is_slice(s->effort, since);
}

/* One slice of a shard's records; the shard is locked. */
static bool visit_records(struct selection *s, const struct shard *shard)
{
    uint32_t end = shard->places - s->place < SLICE ? shard->places : s->place + SLICE;
    struct effort before = effort_of(s);
    bool fits = true;
    for (; fits && s->place < end && !is_dear(s, &before); s->place++)
        fits = visit(s, shard, s->place);
    if (fits && s->place == shard->places) {
        s->shard++;
        s->place = 0;
    }
    return fits;
}

/* One slice of the candidates that live in a shard; it is locked. */
static bool visit_candidates(struct selection *s, const struct shard *shard)
{
    const struct places *p = &s->candidates;
    struct effort before = effort_of(s);
    bool fits = true;
    for (uint32_t n = 0; fits && n < SLICE && s->place < p->n && !is_dear(s, &before);
         n++, s->place++) {
        struct ref r = {.index = p->at[s->place]};
        if (ref_shard(r) != s->shard)
            break;
        fits = visit(s, shard, ref_place(r));
    }
    bool more = s->place < p->n && p->at[s->place] >> PLACE_BITS == s->shard;
    s->shard += fits && !more;
    return fits;
}

static bool visit_slice(struct selection *s)
{
    struct shard *shard = &s->table->shards[s->shard];
    pthread_mutex_lock(&shard->lock);
    bool fits = s->narrow ? visit_candidates(s, shard) : visit_records(s, shard);
    filter_forget(&s->filter);
    pthread_mutex_unlock(&shard->lock);
    return fits;
}

/* From counts to where each family's room begins; the second pass begins. */
static bool make_room(struct selection *s)
{
    uint32_t n = 0;
    s->starts = malloc((s->families + 1u) * sizeof *s->starts);
    for (uint32_t f = 0; s->starts != NULL && f < s->families; f++) {
        s->starts[f] = n;
        n += s->ends[f];
        s->ends[f] = s->starts[f];
    }
    s->found.at = malloc((n + 1u) * sizeof *s->found.at);
    if (s->starts == NULL || s->found.at == NULL)
        return false;
    s->starts[s->families] = n;
    s->counting = false;
    s->shard = s->place = 0;
    return true;
}

static void close_gaps(struct selection *s)
{
    for (uint32_t f = 0; f < s->families; f++) {
        uint32_t n = s->ends[f] - s->starts[f];
        memmove(s->found.at + s->found.n, s->found.at + s->starts[f], n * sizeof *s->found.at);
        s->found.n += n;
    }
}

enum nabla_status selection_step(struct selection *s, bool *done)
{
    bool fits = true;
    *done = false;
    if (s->phase == PHASE_COLUMNS)
        return make_columns(s);
    if (s->shard < s->table->shards_n) {
        fits = visit_slice(s);
    } else if (s->counting) {
        fits = make_room(s);
    } else {
        if (s->by_family)
            close_gaps(s);
        *done = true;
    }
    return fits ? NABLA_OK : NABLA_ENOMEM;
}

uint64_t selection_bytes(const struct selection *s)
{
    uint64_t found = s->by_family && !s->counting ? s->starts[s->families] + 1u : s->cap;
    return found * sizeof *s->found.at + (uint64_t)s->families_cap * 2 * sizeof *s->ends;
}

struct findings selection_steal(struct selection *s)
{
    struct findings found = s->found;
    s->found = (struct findings){0};
    return found;
}

enum nabla_status table_select(struct table *t, const struct query *query, struct instant now,
                               struct findings *out)
{
    struct selection *s;
    bool done = false;
    enum nabla_status status = selection_new(t, query, now, &s);
    if (status != NABLA_OK)
        return status;
    while (status == NABLA_OK && !done)
        status = selection_step(s, &done);
    if (status == NABLA_OK)
        *out = selection_steal(s);
    selection_free(s);
    return status;
}
