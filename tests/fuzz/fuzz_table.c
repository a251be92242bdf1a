/* rooms: series */
/* fuzz_table.c -- the series table against a model of it that keeps every sample of every run: the bytes are steps, after each
 * of which every window, rate, kept point and counter is compared. Among the steps is to save all of it and to go on in a
 * new table. The first byte says whether points are kept; a step is four bytes. */
#include "base/clock.h"
#include "series/table_save.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

enum { NAMES = 4, STEPS_MAX = 200, STEP = 4, SHOWN = 3 };
#define T0 (INT64_C(1700000000) * NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* ---- the model */

struct twin {
    bool there, over;
    int64_t seen_ns; /* monotonic */
    struct obs run[STEPS_MAX];
    int n;
    struct told {
        double v, rate, scale; /* rate: NaN where it is not compared */
    } past[2 * STEPS_MAX];     /* points of runs that are over */
    int past_n;
    bool jumbled; /* a run began before the one before it had ended: its points have no one order */
};

struct model {
    struct twin at[NAMES];
    uint64_t inserted, replaced, duplicate, gap, late;
};

static double slope(const struct obs *a, const struct obs *b)
{
    return (b->v - a->v) / ((double)(b->t_ns - a->t_ns) * 1e-9);
}

static double central(const struct obs w[static 3])
{
    double hs = (double)(w[1].t_ns - w[0].t_ns), hd = (double)(w[2].t_ns - w[1].t_ns);
    return (hd * slope(&w[0], &w[1]) + hs * slope(&w[1], &w[2])) / (hs + hd);
}

static double scale_of(const struct obs w[static 3])
{
    double a = (double)(w[1].t_ns - w[0].t_ns), b = (double)(w[2].t_ns - w[1].t_ns);
    return 1 + (fabs(w[0].v) + fabs(w[1].v) + fabs(w[2].v)) * 1e9 / (a < b ? a : b);
}

/* The points of a run: none yet if it has two samples and goes on. */
static int points_of(const struct twin *s, bool over, struct told *out)
{
    int n = 0;
    if (s->n < 2 || (s->n == 2 && !over))
        return 0;
    out[n++] = (struct told){s->run[0].v, NAN, 1};
    for (int i = 1; i + 1 < s->n; i++)
        out[n++] = (struct told){s->run[i].v, central(&s->run[i - 1]), scale_of(&s->run[i - 1])};
    if (over)
        out[n++] = (struct told){s->run[s->n - 1].v, NAN, 1};
    return n;
}

static void twin_end(struct twin *s)
{
    if (!s->over)
        s->past_n += points_of(s, true, s->past + s->past_n);
    s->over = true;
}

static void twin_begin(struct twin *s, struct obs x)
{
    twin_end(s);
    s->jumbled = s->jumbled || (s->n > 0 && x.t_ns <= s->run[s->n - 1].t_ns);
    s->run[0] = x;
    s->n = 1;
    s->over = false;
}

/* Of the three newest, the one at t_ns; -1: none. */
static int shown_at(const struct twin *s, int64_t t_ns)
{
    for (int i = s->n > SHOWN ? s->n - SHOWN : 0; i < s->n; i++)
        if (s->run[i].t_ns == t_ns)
            return i;
    return -1;
}

static void twin_insert(struct twin *s, struct obs x)
{
    int i = s->n++;
    for (; i > 0 && s->run[i - 1].t_ns > x.t_ns; i--)
        s->run[i] = s->run[i - 1];
    s->run[i] = x;
}

/* A sample of a run that goes on; false: it is too late. */
static bool twin_arrive(struct model *m, struct twin *s, struct obs x)
{
    int same = shown_at(s, x.t_ns), oldest = s->n > SHOWN ? s->n - SHOWN : 0;
    int64_t newest_ns = s->n > 0 ? s->run[s->n - 1].t_ns : INT64_MIN / 2;
    if (s->n > 0 && x.t_ns < s->run[oldest].t_ns) {
        m->late++;
        return false;
    }
    if (s->n > 0 && x.t_ns - newest_ns > policy_default().stale_after_ns) {
        m->gap++;
        twin_begin(s, x);
    } else if (same >= 0) {
        m->duplicate += s->run[same].v == x.v;
        m->replaced += s->run[same].v != x.v;
        s->run[same].v = x.v;
    } else {
        m->inserted += x.t_ns < newest_ns;
        twin_insert(s, x);
    }
    return true;
}

/* A NaN is skipped, but what has a name is there. */
static void model_take_nan(struct model *m, int name, int64_t mono_ns)
{
    if (!m->at[name].there)
        m->at[name] = (struct twin){.there = true, .seen_ns = mono_ns};
}

static void model_take(struct model *m, int name, struct obs x, int64_t mono_ns)
{
    struct twin *s = &m->at[name];
    int same = s->there ? shown_at(s, x.t_ns) : -1;
    if (!s->there) {
        *s = (struct twin){.there = true, .run = {x}, .n = 1};
    } else if (s->over && same >= 0 && s->run[same].v == x.v) {
        m->duplicate++;
        return;
    } else if (s->over) {
        twin_begin(s, x);
    } else if (!twin_arrive(m, s, x)) {
        return;
    }
    s->seen_ns = mono_ns;
}

/* Forgotten no sooner than at the sweep after the one that found it silent. */
static void model_sweep(struct model *m, int64_t mono_ns)
{
    struct policy p = policy_default();
    for (int i = 0; i < NAMES; i++) {
        struct twin *s = &m->at[i];
        if (s->there && !s->over && mono_ns - s->seen_ns > p.stale_after_ns)
            twin_end(s);
        else if (s->there && mono_ns - s->seen_ns > p.expire_after_ns)
            *s = (struct twin){.there = false};
    }
}

/* ---- the table */

struct real {
    struct table *table;
    struct stats stats;
    struct instant now;
    bool keeps;
    struct ref keepers[NAMES]; /* while it is restored */
    uint32_t places[NAMES], keepers_n;
};

static const char names[] = "abcd";

static enum nabla_status read_key(void *ctx, const struct sample *s, struct label_list *out)
{
    (void)ctx;
    out->n = 1;
    out->text_n = 0;
    out->at[0] = (struct label){LABEL_METRIC, s->key, 8, s->key_n};
    return NABLA_OK;
}

static struct table *make(struct real *r, const struct secrets *secrets)
{
    struct policies policies = {.defaults = policy_default()};
    struct table *t = NULL;
    policies.defaults.keep_ns = r->keeps ? INT64_C(1000000) * NS_PER_S : 0;
    struct table_options o = {.max_series = 100,
                              .shards = 1,
                              .keep_bytes = 1 << 20,
                              .max_future_ns = INT64_C(100000000) * NS_PER_S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = &r->stats,
                              .secrets = secrets};
    CHECK(table_new(&o, &t) == NABLA_OK);
    return t;
}

static void apply(struct real *r, int name, struct obs x)
{
    static struct batch batch;
    batch.n = 1;
    batch.at[0] = (struct sample){
        .t_ns = x.t_ns, .v = x.v, .key = &names[name], .sub = "", .key_n = 1, .form = KEY_GRAPHITE};
    table_apply(r->table, &batch, r->now);
}

static void on_keeper(void *ctx, uint32_t place, struct ref ref)
{
    struct real *r = ctx;
    CHECK(r->keepers_n < NAMES);
    r->keepers[r->keepers_n] = ref;
    r->places[r->keepers_n++] = place;
}

/* The points of a series, block by block, to that which was at its place. */
static void carry_points(struct real *r, const struct save_keeper *k, struct table *to)
{
    int64_t next_ns = INT64_MIN;
    struct ref ref = {0};
    bool found = false;
    for (uint32_t i = 0; i < r->keepers_n; i++)
        if (r->places[i] == table_place(k->ref) % SAVE_CHUNK) {
            ref = r->keepers[i];
            found = true;
        }
    CHECK(found);
    while (next_ns != INT64_MAX) {
        struct buf bytes = {0};
        int64_t first_ns = next_ns;
        bool some = table_save_points(r->table, k, &first_ns, &bytes, &next_ns);
        if (some)
            table_restore_points(to, ref, bytes.at, bytes.n);
        buf_fini(&bytes);
        if (!some)
            return;
    }
}

static void restart(struct real *r)
{
    static struct save_keepers keepers;
    struct secrets secrets;
    struct save_tally tally = {0};
    struct restore restore = {.now = r->now, .keyed = true, .on_keeper = on_keeper, .ctx = r};
    uint32_t chunks = table_chunks(r->table, 0);
    table_secrets(r->table, &secrets);
    struct table *to = make(r, &secrets);
    for (struct save_chunk at = {0}; at.chunk < chunks; at.chunk++) {
        struct buf bytes = {0};
        r->keepers_n = 0;
        CHECK(table_save(r->table, at, true, r->now, &bytes, &keepers, &tally) && !bytes.failed);
        table_restore(to, bytes.at, bytes.n, &restore);
        for (uint32_t i = 0; i < keepers.n; i++)
            carry_points(r, &keepers.at[i], to);
        buf_fini(&bytes);
    }
    CHECK(restore.refused == 0 && restore.series == table_count(r->table));
    table_free(r->table);
    r->table = to;
}

/* ---- both */

static bool is_near(double got, double want, double scale)
{
    return fabs(got - want) <= 1e-9 * scale;
}

static void compare_reading(const struct reading *got, const struct twin *s)
{
    int shown = s->n < SHOWN ? s->n : SHOWN;
    const struct obs *w = s->run + s->n - shown;
    enum series_state state = s->over ? STATE_STALE : s->n < 2 ? STATE_WARMING : STATE_OK;
    CHECK(got->state == state && got->window_n == shown);
    for (int i = 0; i < shown; i++)
        CHECK(got->window[i].t_ns == w[i].t_ns && got->window[i].v == w[i].v);
    CHECK((got->rate.order > 0) == (shown == SHOWN) && (got->edge.order > 0) == (shown > 1));
    if (shown == SHOWN)
        CHECK(is_near(got->rate.value, central(w), scale_of(w)) && got->rate.t_ns == w[1].t_ns);
    if (shown > 1)
        CHECK(is_near(got->edge.value, slope(&w[shown - 2], &w[shown - 1]),
                      1 + fabs(slope(&w[shown - 2], &w[shown - 1]))));
}

static void compare_points(const struct real *r, struct ref ref, const struct twin *s)
{
    static struct told told[4 * STEPS_MAX];
    static struct kept_points got;
    int n = s->past_n;
    CHECK(table_points(r->table, ref, INT64_MIN, INT64_MAX, &got) == NABLA_OK);
    if (s->jumbled)
        return;
    memcpy(told, s->past, sizeof *told * (size_t)n);
    n += s->over ? 0 : points_of(s, false, told + n);
    CHECK(got.n == (uint32_t)n);
    for (int i = 0; i < n; i++)
        CHECK(got.at[i].value == told[i].v &&
              (isnan(told[i].rate) || is_near(got.at[i].rate, told[i].rate, told[i].scale)));
}

static void compare(struct real *r, const struct model *m)
{
    static struct readings readings;
    struct findings found;
    struct query all = {.any_n = 0};
    uint32_t n = 0;
    for (int i = 0; i < NAMES; i++)
        n += m->at[i].there;
    CHECK(table_select(r->table, &all, r->now, &found) == NABLA_OK && found.n == n);
    CHECK(table_read(r->table, found.at, found.n, r->now, &readings) == NABLA_OK);
    CHECK(readings.n == n && table_count(r->table) == n);
    for (uint32_t i = 0; i < n; i++) {
        struct label metric = labelset_metric(readings.at[i].labels);
        const struct twin *s = &m->at[*metric.value - 'a'];
        CHECK(metric.value_n == 1 && s->there);
        compare_reading(&readings.at[i], s);
        if (r->keeps)
            compare_points(r, found.at[i].ref, s);
    }
    findings_fini(&found);
    CHECK(counted(&r->stats.events[EVENT_INSERTED]) == m->inserted);
    CHECK(counted(&r->stats.events[EVENT_REPLACED]) == m->replaced);
    CHECK(counted(&r->stats.events[EVENT_DUPLICATE]) == m->duplicate);
    CHECK(counted(&r->stats.events[EVENT_GAP]) == m->gap);
    CHECK(counted(&r->stats.rejected[CAUSE_LATE]) == m->late);
}

static void take(struct real *r, struct model *m, int name, struct obs x)
{
    apply(r, name, x);
    if (isfinite(x.v))
        model_take(m, name, x, r->now.mono_ns);
    else
        model_take_nan(m, name, r->now.mono_ns);
}

static void pass(struct real *r, struct model *m, int64_t ns)
{
    struct sweep at = {0};
    r->now.mono_ns += ns;
    r->now.wall_ns += ns;
    table_sweep(r->table, &at, UINT32_MAX, r->now);
    model_sweep(m, r->now.mono_ns);
}

static void step(struct real *r, struct model *m, const uint8_t b[static STEP])
{
    static const int seconds[] = {1, 100, 301, 3700};
    int name = b[0] >> 3 & 3;
    const struct twin *s = &m->at[name];
    int64_t newest_ns = s->n > 0 ? s->run[s->n - 1].t_ns : T0, ms = b[1] | b[2] << 8;
    struct obs x = {newest_ns, (double)(int8_t)b[3] / 8};
    switch (b[0] & 7) {
    case 5: x.t_ns -= ms % 4096 * 10 * NS_PER_MS; break;
    case 6: /* a time again, with its value or another */
        if (s->n > 0) {
            const struct obs *again = &s->run[b[1] % s->n];
            x = (struct obs){again->t_ns, b[2] & 1 ? again->v : x.v};
        }
        break;
    case 7:
        if ((b[1] & 3) == 1) {
            pass(r, m, seconds[b[2] & 3] * (int64_t)NS_PER_S);
            return;
        }
        if ((b[1] & 3) == 2) {
            restart(r);
            return;
        }
        x.t_ns += policy_default().stale_after_ns + b[2] * (int64_t)NS_PER_MS;
        x.v = (b[1] & 3) == 3 ? NAN : x.v;
        break;
    default: x.t_ns += (ms + 1) * (int64_t)NS_PER_MS;
    }
    take(r, m, name, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct model m;
    static struct real r;
    if (n == 0)
        return 0;
    memset(&m, 0, sizeof m);
    memset(&r, 0, sizeof r);
    r.now = (struct instant){.wall_ns = T0, .mono_ns = NS_PER_S};
    r.keeps = data[0] & 1;
    r.table = make(&r, NULL);
    data++;
    n--;
    for (int steps = 0; n >= STEP && steps < STEPS_MAX; steps++, data += STEP, n -= STEP) {
        pass(&r, &m, NS_PER_MS);
        step(&r, &m, data);
        compare(&r, &m);
    }
    table_free(r.table);
    return 0;
}
