/* http/metrics_plan.c -- lines whose names rules change: which there are is found out first, by name.
 *
 *     lines, in the order of the plain answer ──relabel──► kept, and new ──► entry {name, series, view, value}
 *     entries, by name: a a a | b b | c   ──read, relabelled again──► lines, each name under one title
 *
 * An entry is some 24 bytes, where its line is a hundred: so the answer is still written as it is taken. Of two
 * lines that come to the same labels the first counts, as it does for a Prometheus that relabels itself.
 * Laws: lines of one name stand together, in the order of the plain answer. What rules give no valid name
 * to is left out, counted and told.
 * Elsewhere: rules that leave names alone need no plan (metrics_write.c). */
#include "http/metrics.h"
#include "http/own_metrics.h"

#include <stdlib.h>
#include <string.h>

enum { OWN = VIEWS, BATCH = 128 };

struct entry {
    union {
        double value;   /* of a series' line */
        uint32_t title; /* of an own line: where its family's HELP begins */
    };
    uint32_t found; /* of a series, or where in the own lines its line begins */
    uint32_t name;
    uint8_t view, i; /* OWN: nablad's own */
};

struct plan {
    struct strings names;
    struct entry *at; /* owned */
    uint32_t n, cap;
    uint32_t *order; /* owned; entries by name */
    struct buf own;  /* nablad's own lines, those of alerts first */
    /* where the answer is */
    uint32_t next, name; /* the next in order; the name that has its title, + 1 */
};

enum nabla_status plan_new(struct http *h, struct plan **out)
{
    struct plan *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NABLA_ENOMEM;
    p->names.seed = h->secret;
    *out = p;
    return NABLA_OK;
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    strings_fini(&p->names);
    buf_fini(&p->own);
    free(p->at);
    free(p->order);
    free(p);
}

uint64_t plan_bytes(const struct plan *p)
{
    return p == NULL ? 0
                     : p->cap * (uint64_t)sizeof *p->at + p->n * (uint64_t)sizeof *p->order +
                           p->names.text.cap + p->own.cap;
}

static enum nabla_status append(struct plan *p, const struct labelset *made, struct entry entry)
{
    struct label name = labelset_metric(made);
    if (p->n == p->cap) {
        uint32_t cap = p->cap == 0 ? 256 : p->cap + p->cap / 2;
        struct entry *at = realloc(p->at, cap * sizeof *at);
        if (at == NULL)
            return NABLA_ENOMEM;
        p->at = at;
        p->cap = cap;
    }
    enum nabla_status status = strings_add(&p->names, name.value, name.value_n, &entry.name, NULL);
    if (status == NABLA_OK)
        p->at[p->n++] = entry;
    return status;
}

static void add(struct http *h, struct metrics *m, struct entry entry)
{
    if (metrics_relabel(h, m))
        m->failed |= append(m->plan, &m->made.set, entry) != NABLA_OK;
}

void plan_add(struct http *h, struct metrics *m, uint32_t found, uint32_t i, double v)
{
    add(h, m,
        (struct entry){.value = v, .found = found, .view = (uint8_t)m->view, .i = (uint8_t)i});
}

struct buf *plan_own(struct plan *p)
{
    return &p->own;
}

static void add_own(struct http *h, struct metrics *m)
{
    struct plan *p = m->plan;
    struct own_line own = {0};
    own_metrics_write(&p->own, m->form, h);
    m->failed |= p->own.failed;
    for (size_t at = 0; !m->failed && own_lines_next(&p->own, &at, &own);) {
        own_line_read(own.line, &m->exposed.set);
        if (metrics_wants_own(m, &m->exposed.set))
            add(h, m,
                (struct entry){.title = (uint32_t)(own.title - p->own.at),
                               .found = (uint32_t)(own.line - p->own.at),
                               .view = OWN});
    }
}

/* Entries by name; those of one name stay in their order. */
static enum nabla_status sort(struct plan *p)
{
    uint32_t *ends = calloc(p->names.n + 1, sizeof *ends);
    p->order = malloc((p->n + 1) * sizeof *p->order);
    if (ends == NULL || p->order == NULL) {
        free(ends);
        return NABLA_ENOMEM;
    }
    for (uint32_t i = 0; i < p->n; i++)
        ends[p->at[i].name + 1]++;
    for (uint32_t name = 0; name < p->names.n; name++)
        ends[name + 1] += ends[name];
    for (uint32_t i = 0; i < p->n; i++)
        p->order[ends[p->at[i].name]++] = i;
    free(ends);
    return NABLA_OK;
}

enum nabla_status plan_end(struct http *h, struct metrics *m)
{
    add_own(h, m);
    seen_clear(&m->written);
    return m->failed ? NABLA_ENOMEM : sort(m->plan);
}

/* ---- the answer */

static const struct entry *entry_at(const struct plan *p, uint32_t i)
{
    return &p->at[p->order[i]];
}

/* HELP and TYPE of a view's family, whatever its name is now. */
static void write_view_title(struct metrics *m, const struct entry *e, const struct reading *r,
                             struct buf *out)
{
    char stem[EXPOSED_NAME_MAX], help[EXPOSED_HELP_MAX];
    const struct strings *names = &m->plan->names;
    struct label metric = labelset_metric(r->labels);
    size_t n = exposed_metric(stem, metric.value, metric.value_n);
    exposed_help(e->view, stem, (int)n, help);
    prom_family(out, m->form, strings_text(names, e->name), names->at[e->name].n, "gauge", help);
}

/* That of an own family if it has its name still: else there is none, and it is untyped. */
static void write_own_title(struct metrics *m, const struct entry *e, struct buf *out)
{
    const struct plan *p = m->plan;
    struct label was = labelset_metric(&m->exposed.set);
    if (was.value_n != p->names.at[e->name].n ||
        memcmp(was.value, strings_text(&p->names, e->name), was.value_n) != 0)
        return;
    const char *title = p->own.at + e->title;
    const char *type = strstr(title, "\n# TYPE ") + 1;
    buf_add(out, title, (size_t)(type - title) + strcspn(type, "\n") + 1);
}

/* Is the line in m->exposed still what the plan says? */
static bool is_as_planned(struct metrics *m, const struct entry *e)
{
    const struct plan *p = m->plan;
    if (relabel_apply(m->rules, &m->exposed.set, &m->made.set, sizeof m->made) != RELABEL_KEPT)
        return false;
    struct label name = labelset_metric(&m->made.set);
    return name.value_n == p->names.at[e->name].n &&
           memcmp(name.value, strings_text(&p->names, e->name), name.value_n) == 0;
}

static void write_own_entry(struct metrics *m, const struct entry *e, struct buf *out)
{
    struct plan *p = m->plan;
    const char *line = p->own.at + e->found, *value = own_line_read(line, &m->exposed.set);
    if (!is_as_planned(m, e))
        return;
    if (p->name != e->name + 1)
        write_own_title(m, e, out);
    p->name = e->name + 1;
    prom_labels(out, &m->made.set);
    buf_char(out, ' ');
    buf_add(out, value, strcspn(value, "\n") + 1);
}

static void write_entry(struct metrics *m, const struct entry *e, const struct reading *r,
                        struct buf *out)
{
    struct plan *p = m->plan;
    struct exposed_line line = {0};
    struct label extreme = metrics_extreme(e->i % 2);
    bool is_extreme = e->view / PERS == WHAT_EXTREME, is_rate = e->view / PERS == WHAT_RATE;
    if (!is_extreme && !exposed_line(r, e->view, e->i, &line))
        return;
    const struct label *extra = is_extreme                ? &extreme
                                : line.extra.name != NULL ? &line.extra
                                                          : NULL;
    if (!exposed_make(r->labels, e->view, extra, &m->exposed) || !is_as_planned(m, e))
        return;
    if (p->name != e->name + 1)
        write_view_title(m, e, r, out);
    p->name = e->name + 1;
    prom_line(out, m->form, &m->made.set, e->value,
              is_rate && m->timestamps ? &r->rate.t_ns : NULL);
}

/* The next entries that are series' lines. */
static bool write_batch(struct http *h, struct metrics *m, struct buf *out)
{
    struct plan *p = m->plan;
    struct found found[BATCH];
    uint32_t n = 0, first = p->next;
    for (; n < BATCH && first + n < p->n && entry_at(p, first + n)->view != OWN; n++)
        found[n] = m->scan.found.at[entry_at(p, first + n)->found];
    if (table_read(h->options.table, found, n, clock_now(), &h->readings) != NABLA_OK)
        return false;
    for (uint32_t i = 0; i < h->readings.n; i++)
        write_entry(m, entry_at(p, first + h->readings.at[i].number), &h->readings.at[i], out);
    p->next += n;
    return true;
}

enum step plan_next(struct http *h, void *ctx, struct buf *out)
{
    struct metrics *m = ctx;
    struct plan *p = m->plan;
    while (p->next < p->n) {
        if (entry_at(p, p->next)->view == OWN)
            write_own_entry(m, entry_at(p, p->next++), out);
        else if (!write_batch(h, m, out))
            return STEP_FAILED;
        if (out->n >= METRICS_SLICE_BYTES)
            return STEP_MORE;
    }
    prom_end(out, m->form);
    return STEP_DONE;
}
