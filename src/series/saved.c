/* series/saved.c -- written in one go into room that is there; read with every length and every number checked,
 * since a file may be damaged or made to harm.
 * Law: what was written is read as it was, bit for bit; no other bytes do more than be refused (test_saved.c). */
#include "series/saved.h"

#include <endian.h>
#include <math.h>
#include <string.h>

enum {
    FLAG_STALE = 1,
    FLAG_BROKEN = 2,
    FLAG_CUT = 4,
    FLAG_KEEPS = 8,
    FLAG_UNKEYED = 16,
    FLAGS = 31,
    HEAD = 36
};

/* Later than that no time is read: what is added to it (a silence, a gap) must fit, too. */
#define LATEST (INT64_MAX - (INT64_C(1) << 61))

/* ---- out: p is where the next byte goes */

static char *put(char *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++, v >>= 8)
        *p++ = (char)(v & 0xff);
    return p;
}

static char *put_time(char *p, int64_t t_ns)
{
    return put(p, (uint64_t)t_ns, 8);
}

static char *put_double(char *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return put(p, bits, 8);
}

static char *put_exact(char *p, struct exact x)
{
    return put_double(put_double(put_time(p, x.t_ns), x.v), x.rest);
}

static char *put_labels(char *p, const struct labelset *labels)
{
    struct label_cursor at = {0};
    struct label l;
    while (labelset_next(labels, &at, &l)) {
        p = put(put(p, l.name_n, 2), l.value_n, 2);
        memcpy(p, l.name, l.name_n);
        memcpy(p + l.name_n, l.value, l.value_n);
        p += l.name_n + l.value_n;
    }
    return p;
}

/* A part begins with room for its length, which part_end fills in. */
static char *part_begin(char *p, enum saved_part kind)
{
    return put(p, (uint64_t)kind, 1) + 2;
}

static char *part_end(char *begin, char *end)
{
    put(begin - 2, (uint64_t)(end - begin), 2);
    return end;
}

static char *put_rests(char *p, const struct extra *e, int n)
{
    char *begin = p = part_begin(p, SAVED_RESTS);
    for (int i = 0; i < n; i++)
        p = put_double(p, e->rest[i]);
    return part_end(begin, p);
}

static char *put_moments(char *p, const struct trend *t)
{
    const double all[] = {t->by_weight.w,  t->by_weight.x,  t->by_weight.y,
                          t->by_weight.xx, t->by_weight.xy, t->by_weight.yy,
                          t->w2,           t->x2,           t->xx2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        p = put_double(p, all[i]);
    return p;
}

static char *put_trend(char *p, const struct extra *e, int64_t trend_ns)
{
    char *begin = p = part_begin(p, SAVED_TREND);
    p = put(put_time(p, trend_ns), e->trend.n, 4);
    p = put_double(put_time(p, e->trend.newest.t_ns), e->trend.newest.v);
    p = put_moments(p, &e->trend);
    p = put_double(put_exact(p, e->trend_from), e->trend_base);
    return part_end(begin, p);
}

static char *put_merge(char *p, const struct merge *m)
{
    char *begin = p = part_begin(p, SAVED_MERGE);
    p = put_exact(put_exact(put(p, m->n, 4), m->first), m->last);
    return part_end(begin, put_double(put_double(p, m->t_sum_s), m->v_sum));
}

static char *put_reorder(char *p, const struct reorder *r, int64_t wall_less_mono_ns)
{
    char *begin = p = part_begin(p, SAVED_REORDER);
    for (uint32_t i = 0; i < r->n; i++)
        p = put_time(put_exact(p, r->at[i].x), r->at[i].came_ns + wall_less_mono_ns);
    return part_end(begin, p);
}

static char *put_echoes(char *p, const struct echoes *e)
{
    char *begin = p = part_begin(p, SAVED_ECHO);
    for (uint32_t i = 0; i < e->n; i++)
        p = put_exact(p, *echo_at(e, i));
    return part_end(begin, p);
}

static char *put_parts(char *p, const struct saved *s)
{
    const struct extra *e = s->extra;
    if (e->exact)
        p = put_rests(p, e, s->window.n);
    if (e->trend.n > 0)
        p = put_trend(p, e, s->trend_ns);
    if (e->wraps > 0 || e->wrapped != 0) {
        char *begin = part_begin(p, SAVED_WRAP);
        p = part_end(begin, put(put_double(begin, e->wrapped), e->wraps, 4));
    }
    if (e->came.t_ns != INT64_MIN) {
        char *begin = part_begin(p, SAVED_CAME);
        p = part_end(begin, put(put_exact(begin, e->came), e->adds, 1));
    }
    if (e->merge.n > 0)
        p = put_merge(p, &e->merge);
    if (e->guard.holds) {
        char *begin = part_begin(p, SAVED_GUARD);
        p = part_end(begin, put_exact(begin, e->guard.held));
    }
    if (e->reorder != NULL && e->reorder->n > 0)
        p = put_reorder(p, e->reorder, s->wall_less_mono_ns);
    if (e->echoes != NULL && e->echoes->n > 0)
        p = put_echoes(p, e->echoes);
    return p;
}

void saved_put(struct buf *b, const struct saved *s, const struct labelset *labels)
{
    char *start = buf_room(b, SAVED_MAX), *p = start;
    if (start == NULL)
        return;
    int flags = (s->stale ? FLAG_STALE : 0) | (s->broken ? FLAG_BROKEN : 0) |
                (s->window.cut ? FLAG_CUT : 0) | (s->keeps ? FLAG_KEEPS : 0) |
                (s->unkeyed ? FLAG_UNKEYED : 0);
    p = put(put(p + 4, s->key.lo, 8), s->key.hi, 8);
    p = put(put_time(p, s->seen_ns), s->window.resets, 4);
    p = put(put(p, (uint64_t)flags, 1), s->window.n, 1);
    p = put(put(p, labels->count, 1), s->place, 1);
    for (int i = 0; i < s->window.n; i++)
        p = put_double(put_time(p, s->window.at[i].t_ns), s->window.at[i].v);
    p = put_labels(p, labels);
    if (s->extra != NULL)
        p = put_parts(p, s);
    put(start, (uint64_t)(p - start - 4), 4);
    buf_used(b, (size_t)(p - start));
}

void saved_put_point(struct buf *b, const struct kept_point *x)
{
    char *p = buf_room(b, SAVED_POINT);
    uint32_t rest;
    if (p == NULL)
        return;
    memcpy(&rest, &x->rest, sizeof rest);
    p = put_double(put_double(put_time(p, x->t_ns), x->value), x->rate);
    p = put_double(put_double(put_double(p, x->accel), x->error), x->trend);
    put(put(p, rest, 4), x->order, 1);
    buf_used(b, SAVED_POINT);
}

/* ---- in */

struct source {
    const char *at, *end;
    bool bad; /* it ended too early, or says what cannot be */
};

static const char *skip(struct source *s, size_t n)
{
    const char *at = s->at;
    if ((size_t)(s->end - s->at) < n) {
        s->bad = true;
        s->at = s->end;
        return NULL;
    }
    s->at += n;
    return at;
}

/* One load, as `bytes` is a constant wherever it is called. */
static inline uint64_t load(const char *at, int bytes)
{
    uint64_t v = 0;
    memcpy(&v, at, (size_t)bytes);
    return le64toh(v);
}

static inline uint64_t get(struct source *s, int bytes)
{
    const char *at = skip(s, (size_t)bytes);
    return at != NULL ? load(at, bytes) : 0;
}

static int64_t get_time(struct source *s)
{
    int64_t t_ns = (int64_t)get(s, 8);
    s->bad |= t_ns > LATEST;
    return t_ns;
}

static double to_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double get_double(struct source *s)
{
    return to_double(get(s, 8));
}

static double get_finite(struct source *s)
{
    double v = get_double(s);
    s->bad |= !isfinite(v);
    return v;
}

static struct exact get_exact(struct source *s)
{
    struct exact x = {.t_ns = get_time(s)};
    x.v = get_double(s);
    x.rest = get_finite(s);
    return x;
}

static void get_window(struct source *s, struct window *w)
{
    for (int i = 0; i < w->n; i++) {
        w->at[i].t_ns = get_time(s);
        w->at[i].v = get_double(s);
        s->bad |= i > 0 && w->at[i].t_ns <= w->at[i - 1].t_ns;
    }
}

static void get_labels(struct source *s, struct label_list *out, uint32_t n)
{
    out->n = out->text_n = 0;
    s->bad |= n == 0 || n > LABELS_MAX;
    while (out->n < n && !s->bad) {
        struct label *l = &out->at[out->n++];
        l->name_n = (uint32_t)get(s, 2);
        l->value_n = (uint32_t)get(s, 2);
        l->name = skip(s, l->name_n);
        l->value = skip(s, l->value_n);
    }
}

static void get_rests(struct source *s, struct extra *e, int n)
{
    e->exact = true;
    for (int i = 0; i < n; i++)
        e->rest[i] = get_finite(s);
}

static void get_trend(struct source *s, struct saved_series *out)
{
    struct trend *t = &out->extra.trend;
    double *const all[] = {&t->by_weight.w,  &t->by_weight.x,  &t->by_weight.y,
                           &t->by_weight.xx, &t->by_weight.xy, &t->by_weight.yy,
                           &t->w2,           &t->x2,           &t->xx2};
    out->saved.trend_ns = get_time(s);
    t->n = (uint32_t)get(s, 4);
    t->newest.t_ns = get_time(s);
    t->newest.v = get_double(s);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = get_double(s);
    out->extra.trend_from = get_exact(s);
    out->extra.trend_base = get_double(s);
    s->bad |= out->saved.trend_ns <= 0 || t->n == 0;
}

/* Its mean is a time: it must be one that fits. */
static void get_merge(struct source *s, struct merge *m)
{
    m->n = (uint32_t)get(s, 4);
    m->first = get_exact(s);
    m->last = get_exact(s);
    m->t_sum_s = get_finite(s);
    m->v_sum = get_double(s);
    s->bad |= m->n == 0 || m->t_sum_s < 0 ||
              !((double)m->first.t_ns + m->t_sum_s / m->n * 1e9 <= (double)LATEST);
}

static void get_reorder(struct source *s, struct saved_series *out)
{
    struct reorder *r = &out->reorder;
    for (r->n = 0; s->at < s->end && r->n < REORDER_MAX - 1 && !s->bad; r->n++) {
        r->at[r->n].x = get_exact(s);
        r->at[r->n].came_ns = get_time(s);
        s->bad |= r->n > 0 && r->at[r->n].x.t_ns < r->at[r->n - 1].x.t_ns;
    }
    out->extra.reorder = r;
}

static void get_echoes(struct source *s, struct saved_series *out)
{
    struct echoes *e = &out->echoes;
    for (e->n = 0; s->at < s->end && e->n < ECHOES_MAX && !s->bad; e->n++)
        e->at[e->n] = get_exact(s);
    e->next = e->n % ECHOES_MAX;
    out->extra.echoes = e;
}

static void get_part(struct source *s, enum saved_part kind, struct saved_series *out)
{
    struct extra *e = &out->extra;
    switch (kind) {
    case SAVED_RESTS: get_rests(s, e, out->saved.window.n); break;
    case SAVED_TREND: get_trend(s, out); break;
    case SAVED_WRAP:
        e->wrapped = get_finite(s);
        e->wraps = (uint32_t)get(s, 4);
        break;
    case SAVED_CAME:
        e->came = get_exact(s);
        e->adds = get(s, 1) != 0;
        break;
    case SAVED_MERGE: get_merge(s, &e->merge); break;
    case SAVED_GUARD:
        e->guard.held = get_exact(s);
        e->guard.holds = true;
        break;
    case SAVED_REORDER: get_reorder(s, out); break;
    case SAVED_ECHO: get_echoes(s, out); break;
    default: s->at = s->end; /* of a later nablad */
    }
    s->bad |= s->at != s->end;
}

static void get_parts(struct source *s, struct saved_series *out)
{
    memset(&out->extra, 0, sizeof out->extra);
    out->extra.came.t_ns = INT64_MIN;
    while (s->at < s->end && !s->bad) {
        enum saved_part kind = (enum saved_part)get(s, 1);
        size_t n = get(s, 2);
        const char *at = skip(s, n);
        if (at == NULL)
            return;
        struct source part = {at, at + n, false};
        get_part(&part, kind, out);
        s->bad |= part.bad;
        out->saved.extra = &out->extra;
    }
}

static void get_series(struct source *s, struct saved_series *out)
{
    struct saved *x = &out->saved;
    *x = (struct saved){0};
    x->key.lo = get(s, 8);
    x->key.hi = get(s, 8);
    x->seen_ns = get_time(s);
    x->window.resets = (uint32_t)get(s, 4);
    uint64_t flags = get(s, 1), n = get(s, 1), labels = get(s, 1);
    x->place = (uint8_t)get(s, 1);
    s->bad |= flags > FLAGS || n > WINDOW_KEPT || (n == 0 && (flags & FLAG_BROKEN));
    if (s->bad)
        return;
    x->stale = flags & FLAG_STALE;
    x->broken = flags & FLAG_BROKEN;
    x->keeps = flags & FLAG_KEEPS;
    x->unkeyed = flags & FLAG_UNKEYED;
    x->window.cut = flags & FLAG_CUT;
    x->window.n = (uint8_t)n;
    get_window(s, &x->window);
    get_labels(s, &out->labels, (uint32_t)labels);
    get_parts(s, out);
}

enum nabla_status saved_get(const char **at, const char *end, struct saved_series *out)
{
    struct source head = {*at, end, false};
    size_t n = get(&head, 4);
    const char *body = head.bad || n < HEAD ? NULL : skip(&head, n);
    *at = body == NULL ? end : head.at;
    if (body == NULL)
        return NABLA_EINVAL;
    struct source s = {body, body + n, false};
    get_series(&s, out);
    return s.bad ? NABLA_EINVAL : NABLA_OK;
}

bool saved_get_point(const char **at, const char *end, struct kept_point *out)
{
    const char *p = *at;
    bool whole = end - p >= SAVED_POINT;
    *at = whole ? p + SAVED_POINT : end;
    if (!whole)
        return false;
    uint32_t rest = (uint32_t)load(p + 48, 4);
    out->t_ns = (int64_t)load(p, 8);
    out->value = to_double(load(p + 8, 8));
    out->rate = to_double(load(p + 16, 8));
    out->accel = to_double(load(p + 24, 8));
    out->error = to_double(load(p + 32, 8));
    out->trend = to_double(load(p + 40, 8));
    memcpy(&out->rest, &rest, sizeof rest);
    out->order = (uint8_t)p[52];
    return out->t_ns <= LATEST && out->order <= 2;
}
