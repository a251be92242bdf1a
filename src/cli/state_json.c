/* cli/state_json.c -- one member for each thing that a series has; what is as it is for most is left out.
 * Law: what is written is read as it was, bit for bit (tests/e2e/test_state.py). */
#include "cli/state_json.h"

#include "base/number.h"
#include "series/labels.h"

#include <math.h>
#include <string.h>

/* ---- out */

json_t *state_number_json(double v)
{
    if (isfinite(v))
        return json_real(v);
    return json_string(isnan(v) ? "NaN" : v > 0 ? "Inf" : "-Inf");
}

static json_t *time_json(int64_t t_ns)
{
    return json_integer(t_ns);
}

static json_t *exact_json(struct exact x)
{
    return json_pack("[o,o,o]", time_json(x.t_ns), state_number_json(x.v),
                     state_number_json(x.rest));
}

static json_t *numbers_json(const double *at, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, state_number_json(at[i]));
    return all;
}

json_t *state_labels_json(const struct label_list *list)
{
    json_t *all = json_object();
    for (uint32_t i = 0; i < list->n; i++) {
        const struct label *l = &list->at[i];
        char name[LABEL_NAME_MAX + 1];
        if (l->name_n > LABEL_NAME_MAX || memchr(l->name, '\0', l->name_n) != NULL) {
            json_decref(all);
            return NULL;
        }
        memcpy(name, l->name, l->name_n);
        name[l->name_n] = '\0';
        if (json_object_set_new(all, name, json_stringn(l->value, l->value_n)) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static json_t *window_json(const struct window *w)
{
    json_t *all = json_array();
    for (int i = 0; i < w->n; i++)
        json_array_append_new(
            all, json_pack("[o,o]", time_json(w->at[i].t_ns), state_number_json(w->at[i].v)));
    return all;
}

static json_t *trend_json(const struct extra *e, int64_t trend_ns)
{
    const struct trend *t = &e->trend;
    const struct moments *m = &t->by_weight;
    const double moments[] = {m->w, m->x, m->y, m->xx, m->xy, m->yy, t->w2, t->x2, t->xx2};
    return json_pack("{s:o,s:I,s:[o,o],s:o,s:o,s:o}", "tau", time_json(trend_ns), "samples",
                     (json_int_t)t->n, "newest", time_json(t->newest.t_ns),
                     state_number_json(t->newest.v), "moments",
                     numbers_json(moments, sizeof moments / sizeof *moments), "from",
                     exact_json(e->trend_from), "base", state_number_json(e->trend_base));
}

static json_t *waiting_json(const struct reorder *r)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < r->n; i++)
        json_array_append_new(
            all, json_pack("[o,o]", exact_json(r->at[i].x), time_json(r->at[i].came_ns)));
    return all;
}

static json_t *echoes_json(const struct echoes *e)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < e->n; i++)
        json_array_append_new(all, exact_json(*echo_at(e, i)));
    return all;
}

static void add_extra(json_t *out, const struct saved *s)
{
    const struct extra *e = s->extra;
    if (e->exact)
        json_object_set_new(out, "rests", numbers_json(e->rest, s->window.n));
    if (e->trend.n > 0)
        json_object_set_new(out, "trend", trend_json(e, s->trend_ns));
    if (e->wraps > 0 || e->wrapped != 0)
        json_object_set_new(
            out, "wrap", json_pack("[o,I]", state_number_json(e->wrapped), (json_int_t)e->wraps));
    if (e->came.t_ns != INT64_MIN)
        json_object_set_new(out, "came", json_pack("[o,b]", exact_json(e->came), (int)e->adds));
    if (e->merge.n > 0)
        json_object_set_new(out, "merge",
                            json_pack("[I,o,o,o,o]", (json_int_t)e->merge.n,
                                      exact_json(e->merge.first), exact_json(e->merge.last),
                                      state_number_json(e->merge.t_sum_s),
                                      state_number_json(e->merge.v_sum)));
    if (e->guard.holds)
        json_object_set_new(out, "held", exact_json(e->guard.held));
    if (e->reorder != NULL && e->reorder->n > 0)
        json_object_set_new(out, "waiting", waiting_json(e->reorder));
    if (e->echoes != NULL && e->echoes->n > 0)
        json_object_set_new(out, "echoes", echoes_json(e->echoes));
}

json_t *state_series_json(uint32_t number, const struct saved_series *in)
{
    const struct saved *s = &in->saved;
    json_t *out = json_pack("{s:I,s:o,s:o,s:o}", "number", (json_int_t)number, "labels",
                            state_labels_json(&in->labels), "seen", time_json(s->seen_ns), "window",
                            window_json(&s->window));
    const struct {
        const char *name;
        bool set;
    } flags[] = {
        {"stale", s->stale}, {"broken", s->broken}, {"cut", s->window.cut}, {"keeps", s->keeps}};
    for (size_t i = 0; out != NULL && i < sizeof flags / sizeof *flags; i++)
        if (flags[i].set)
            json_object_set_new(out, flags[i].name, json_true());
    if (out != NULL && s->window.resets > 0)
        json_object_set_new(out, "resets", json_integer(s->window.resets));
    if (out != NULL && s->extra != NULL)
        add_extra(out, s);
    return out;
}

json_t *state_points_json(uint32_t number, const char *bytes, size_t n)
{
    const char *at = bytes, *end = bytes + n;
    struct kept_point p;
    json_t *all = json_array();
    while (saved_get_point(&at, end, &p))
        json_array_append_new(all, json_pack("[o,o,o,o,o,o,o,I]", time_json(p.t_ns),
                                             state_number_json(p.value), state_number_json(p.rate),
                                             state_number_json(p.accel), state_number_json(p.error),
                                             state_number_json(p.trend), state_number_json(p.rest),
                                             (json_int_t)p.order));
    return json_pack("{s:I,s:o}", "series", (json_int_t)number, "points", all);
}

/* ---- in */

bool state_get_number(const json_t *v, double *out)
{
    if (json_is_string(v)) {
        size_t n = json_string_length(v);
        return number_read_any(json_string_value(v), n, out) == n && n > 0 && !isfinite(*out);
    }
    *out = json_number_value(v);
    return json_is_number(v);
}

bool state_get_time(const json_t *v, int64_t *out)
{
    *out = json_integer_value(v);
    return json_is_integer(v);
}

bool state_get_count(const json_t *v, uint32_t *out)
{
    json_int_t n = json_integer_value(v);
    *out = (uint32_t)n;
    return json_is_integer(v) && n >= 0 && n <= UINT32_MAX;
}

static bool is_list(const json_t *v, size_t n)
{
    return json_is_array(v) && json_array_size(v) == n;
}

static bool get_exact(const json_t *v, struct exact *out)
{
    return is_list(v, 3) && state_get_time(json_array_get(v, 0), &out->t_ns) &&
           state_get_number(json_array_get(v, 1), &out->v) &&
           state_get_number(json_array_get(v, 2), &out->rest);
}

static bool get_numbers(const json_t *v, size_t n, double *out)
{
    bool good = is_list(v, n);
    for (size_t i = 0; good && i < n; i++)
        good = state_get_number(json_array_get(v, i), &out[i]);
    return good;
}

static bool get_window(const json_t *v, struct window *w)
{
    size_t n = json_array_size(v);
    bool good = json_is_array(v) && n <= WINDOW_KEPT;
    for (size_t i = 0; good && i < n; i++) {
        const json_t *x = json_array_get(v, i);
        good = is_list(x, 2) && state_get_time(json_array_get(x, 0), &w->at[i].t_ns) &&
               state_get_number(json_array_get(x, 1), &w->at[i].v);
    }
    w->n = good ? (uint8_t)n : 0;
    return good;
}

static bool get_trend(const json_t *v, struct extra *e, int64_t *trend_ns)
{
    double m[9];
    const json_t *newest = json_object_get(v, "newest");
    struct trend *t = &e->trend;
    if (!get_numbers(json_object_get(v, "moments"), 9, m) || !is_list(newest, 2))
        return false;
    t->by_weight = (struct moments){m[0], m[1], m[2], m[3], m[4], m[5]};
    t->w2 = m[6];
    t->x2 = m[7];
    t->xx2 = m[8];
    return state_get_time(json_object_get(v, "tau"), trend_ns) &&
           state_get_count(json_object_get(v, "samples"), &t->n) &&
           state_get_time(json_array_get(newest, 0), &t->newest.t_ns) &&
           state_get_number(json_array_get(newest, 1), &t->newest.v) &&
           get_exact(json_object_get(v, "from"), &e->trend_from) &&
           state_get_number(json_object_get(v, "base"), &e->trend_base);
}

static bool get_merge(const json_t *v, struct merge *m)
{
    return is_list(v, 5) && state_get_count(json_array_get(v, 0), &m->n) &&
           get_exact(json_array_get(v, 1), &m->first) &&
           get_exact(json_array_get(v, 2), &m->last) &&
           state_get_number(json_array_get(v, 3), &m->t_sum_s) &&
           state_get_number(json_array_get(v, 4), &m->v_sum);
}

static bool get_waiting(const json_t *v, struct reorder *r)
{
    size_t n = json_array_size(v);
    bool good = json_is_array(v) && n < REORDER_MAX;
    for (r->n = 0; good && r->n < n; r->n++) {
        const json_t *x = json_array_get(v, r->n);
        good = is_list(x, 2) && get_exact(json_array_get(x, 0), &r->at[r->n].x) &&
               state_get_time(json_array_get(x, 1), &r->at[r->n].came_ns);
    }
    return good;
}

static bool get_echoes(const json_t *v, struct echoes *e)
{
    size_t n = json_array_size(v);
    bool good = json_is_array(v) && n <= ECHOES_MAX;
    for (e->n = 0; good && e->n < n; e->n++)
        good = get_exact(json_array_get(v, e->n), &e->at[e->n]);
    e->next = e->n % ECHOES_MAX;
    return good;
}

/* What extra borrows. */
struct beside {
    struct reorder waiting;
    struct echoes echoes;
};

/* Each member that is there; false if one is wrong. */
static bool get_extra(const json_t *line, struct saved *s, struct extra *e, struct beside *beside)
{
    const json_t *v;
    bool good = true;
    memset(e, 0, sizeof *e);
    e->came.t_ns = INT64_MIN;
    if ((v = json_object_get(line, "rests")) != NULL)
        good = e->exact = get_numbers(v, s->window.n, e->rest);
    if (good && (v = json_object_get(line, "trend")) != NULL)
        good = get_trend(v, e, &s->trend_ns);
    if (good && (v = json_object_get(line, "wrap")) != NULL)
        good = is_list(v, 2) && state_get_number(json_array_get(v, 0), &e->wrapped) &&
               state_get_count(json_array_get(v, 1), &e->wraps);
    if (good && (v = json_object_get(line, "came")) != NULL) {
        good = is_list(v, 2) && get_exact(json_array_get(v, 0), &e->came);
        e->adds = json_is_true(json_array_get(v, 1));
    }
    if (good && (v = json_object_get(line, "merge")) != NULL)
        good = get_merge(v, &e->merge);
    if (good && (v = json_object_get(line, "held")) != NULL)
        good = e->guard.holds = get_exact(v, &e->guard.held);
    if (good && (v = json_object_get(line, "waiting")) != NULL) {
        good = get_waiting(v, &beside->waiting);
        e->reorder = &beside->waiting;
    }
    if (good && (v = json_object_get(line, "echoes")) != NULL) {
        good = get_echoes(v, &beside->echoes);
        e->echoes = &beside->echoes;
    }
    s->extra = e;
    return good;
}

bool state_get_labels(json_t *v, struct labelset *out)
{
    struct label_list list = {.n = 0};
    const char *name;
    json_t *value;
    json_object_foreach(v, name, value)
    {
        if (!json_is_string(value) || list.n == LABELS_MAX)
            return false;
        list.at[list.n++] = (struct label){name, json_string_value(value), (uint32_t)strlen(name),
                                           (uint32_t)json_string_length(value)};
    }
    return labels_sort(&list) == CAUSE_COUNT && labelset_pack(list.at, list.n, out) == NABLA_OK;
}

static enum nabla_status fail(const char **why, const char *text)
{
    *why = text;
    return NABLA_EINVAL;
}

enum nabla_status state_series_read(const json_t *line, uint8_t place, struct buf *out,
                                    const char **why)
{
    union {
        struct labelset set;
        char room[LABELSET_MAX];
    } labels;
    struct saved_series judged;
    struct extra extra;
    struct beside beside;
    struct saved s = {.place = place, .unkeyed = true};
    size_t offset = out->n;
    if (!state_get_labels(json_object_get(line, "labels"), &labels.set))
        return fail(why, "its labels are none");
    if (!get_window(json_object_get(line, "window"), &s.window))
        return fail(why, "its window is none");
    const json_t *resets = json_object_get(line, "resets");
    if (!state_get_time(json_object_get(line, "seen"), &s.seen_ns) ||
        (resets != NULL && !state_get_count(resets, &s.window.resets)))
        return fail(why, "seen or resets is no number");
    s.stale = json_is_true(json_object_get(line, "stale"));
    s.broken = json_is_true(json_object_get(line, "broken"));
    s.window.cut = json_is_true(json_object_get(line, "cut"));
    s.keeps = json_is_true(json_object_get(line, "keeps"));
    if (!get_extra(line, &s, &extra, &beside))
        return fail(why, "what it has beside its window is not right");
    saved_put(out, &s, &labels.set);
    if (out->failed)
        return NABLA_ENOMEM;
    const char *at = out->at + offset;
    if (saved_get(&at, out->at + out->n, &judged) == NABLA_OK)
        return NABLA_OK;
    out->n = offset;
    return fail(why, "it cannot be: times that do not grow, or are too late");
}

enum nabla_status state_points_read(const json_t *line, struct buf *out, int64_t *first_ns,
                                    const char **why)
{
    const json_t *all = json_object_get(line, "points");
    size_t n = json_array_size(all);
    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(all, i);
        struct kept_point p;
        double rest;
        uint32_t order;
        if (!is_list(x, 8) || !state_get_time(json_array_get(x, 0), &p.t_ns) ||
            !state_get_number(json_array_get(x, 1), &p.value) ||
            !state_get_number(json_array_get(x, 2), &p.rate) ||
            !state_get_number(json_array_get(x, 3), &p.accel) ||
            !state_get_number(json_array_get(x, 4), &p.error) ||
            !state_get_number(json_array_get(x, 5), &p.trend) ||
            !state_get_number(json_array_get(x, 6), &rest) ||
            !state_get_count(json_array_get(x, 7), &order) || order > 2)
            return fail(why, "one of its points is none");
        p.rest = (float)rest;
        p.order = (uint8_t)order;
        *first_ns = i == 0 ? p.t_ns : *first_ns;
        saved_put_point(out, &p);
    }
    if (n == 0)
        return fail(why, "it has no points");
    return out->failed ? NABLA_ENOMEM : NABLA_OK;
}
