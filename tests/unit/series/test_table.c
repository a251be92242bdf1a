/* tests/unit/series/test_table.c -- samples in, readings out: every row of what may arrive, births
 * and ends, policies, and two threads on many shards.
 * A key here is "name" or "name;label=value;..."; its labels are read by the test itself. */
#include "series/selector.h"
#include "series/table.h"

#include "suite.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000LL

static const int64_t t0 = 1700000000LL * S;

static enum nabla_status read_key(const struct sample *s, struct label_list *out)
{
    const char *p = s->key, *end = s->key + s->key_n;
    out->n = out->text_n = 0;
    for (bool metric = true; p < end; metric = false) {
        const char *stop = memchr(p, ';', (size_t)(end - p));
        stop = stop == NULL ? end : stop;
        const char *eq = metric ? NULL : memchr(p, '=', (size_t)(stop - p));
        if (!metric && eq == NULL)
            return NABLA_EINVAL;
        if (out->n == LABELS_MAX)
            return NABLA_ELIMIT;
        out->at[out->n++] =
            metric ? (struct label){LABEL_METRIC, p, 8, (uint32_t)(stop - p)}
                   : (struct label){p, eq + 1, (uint32_t)(eq - p), (uint32_t)(stop - eq - 1)};
        p = stop + 1;
    }
    return NABLA_OK;
}

struct bench {
    struct stats stats;
    struct table *table;
    struct feed *feed;
    struct instant now;
};

static int unheard;

static void hear(void *ctx)
{
    ++*(int *)ctx;
}

/* A table with one policy for all, at time t0. */
static void setup(struct bench *b, uint32_t shards, uint32_t max_series, struct policy policy)
{
    struct policies policies = {.defaults = policy};
    memset(b, 0, sizeof *b);
    ck_assert_int_eq(feed_new(4096, &b->feed), NABLA_OK);
    feed_listen(b->feed, hear, &unheard);
    struct table_options o = {.max_series = max_series,
                              .shards = shards,
                              .max_future_ns = 3600 * S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = &b->stats,
                              .feed = b->feed};
    ck_assert_int_eq(table_new(&o, &b->table), NABLA_OK);
    b->now = (struct instant){.wall_ns = t0, .mono_ns = 5 * S};
}

static void teardown(struct bench *b)
{
    table_free(b->table);
    feed_free(b->feed);
}

static struct batch batch; /* 50 KB: not on the stack of a forked test */

static void push_form(struct bench *b, const char *key, enum key_form form, int64_t t_ns, double v)
{
    batch.n = 1;
    batch.at[0] = (struct sample){.t_ns = t_ns,
                                  .v = v,
                                  .key = key,
                                  .sub = "",
                                  .key_n = (uint32_t)strlen(key),
                                  .form = (uint8_t)form};
    table_apply(b->table, &batch, b->now);
}

static void push(struct bench *b, const char *key, int64_t t_ns, double v)
{
    push_form(b, key, KEY_GRAPHITE, t_ns, v);
}

static uint64_t rejected(const struct bench *b, enum cause c)
{
    return counted(&b->stats.rejected[c]);
}

static uint64_t happened(const struct bench *b, enum event e)
{
    return counted(&b->stats.events[e]);
}

static uint32_t drain(struct bench *b, struct feed_item *out, uint32_t max)
{
    uint64_t lost;
    uint32_t n = feed_take(b->feed, out, max, &lost);
    ck_assert_uint_eq(lost, 0);
    return n;
}

static struct readings readings;

/* The reading of the one series that the selector finds. */
static const struct reading *read_one(struct bench *b, const char *text)
{
    struct selector *s;
    struct selector_fault fault;
    struct findings found;
    ck_assert_int_eq(selector_new(text, strlen(text), &s, &fault), NABLA_OK);
    const struct selector *any[] = {s};
    struct query q = {.any = any, .any_n = 1};
    ck_assert_int_eq(table_select(b->table, &q, b->now, &found), NABLA_OK);
    ck_assert_msg(found.n == 1, "%s: %u found", text, found.n);
    ck_assert_int_eq(table_read(b->table, found.at, found.n, b->now, &readings), NABLA_OK);
    ck_assert_uint_eq(readings.n, 1);
    findings_fini(&found);
    selector_free(s);
    return &readings.at[0];
}

/* ---- what a window knows */

START_TEST(one_sample_warms)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 1);
    const struct reading *r = read_one(&b, "t");
    ck_assert_int_eq(r->state, STATE_WARMING);
    ck_assert_int_eq(r->rate.order, 0);
    ck_assert_int_eq(r->edge.order, 0);
    ck_assert(isnan(r->accel) && r->window_n == 1 && r->window[0].v == 1);
    teardown(&b);
}
END_TEST

START_TEST(two_samples_know_the_edge)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 1);
    push(&b, "t", t0 + 2 * S, 5);
    const struct reading *r = read_one(&b, "t");
    ck_assert_int_eq(r->state, STATE_OK);
    ck_assert_int_eq(r->rate.order, 0);
    ck_assert(r->edge.order == 1 && r->edge.value == 2 && r->edge.t_ns == t0 + 2 * S);
    ck_assert(isnan(r->accel));
    teardown(&b);
}
END_TEST

START_TEST(three_samples_know_all)
{
    struct bench b;
    struct policy p = policy_default();
    p.per = PER_MINUTE;
    p.edge_order = 2;
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    const struct reading *r = read_one(&b, "t");
    ck_assert(r->rate.order == 2 && r->rate.value == 120 && r->rate.t_ns == t0 + S);
    ck_assert(r->edge.order == 2 && r->edge.value == 240 && r->edge.t_ns == t0 + 2 * S);
    ck_assert(r->accel == 7200 && r->window_n == 3 && r->per == PER_MINUTE);
    teardown(&b);
}
END_TEST

/* ---- what arrives: SEMANTICS' second table */

START_TEST(a_duplicate_changes_nothing)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    push(&b, "t", t0 + S, 1);
    ck_assert_uint_eq(happened(&b, EVENT_DUPLICATE), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 0);
    teardown(&b);
}
END_TEST

START_TEST(a_new_value_replaces)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + S, 9);
    push(&b, "t", t0 + 2 * S, 4);
    drain(&b, out, 8);
    push(&b, "t", t0 + S, 1);
    ck_assert_uint_eq(happened(&b, EVENT_REPLACED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 2);
    ck_assert(out[0].point.corrected && out[0].point.rate == 1);
    ck_assert(read_one(&b, "t")->window[1].v == 1);
    teardown(&b);
}
END_TEST

START_TEST(a_late_sample_is_put_in_order)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + S, 1);
    push(&b, "t", t0 + 3 * S, 9);
    push(&b, "t", t0 + 2 * S, 4);
    ck_assert_uint_eq(happened(&b, EVENT_INSERTED), 1);
    ck_assert(read_one(&b, "t")->rate.value == 4);
    teardown(&b);
}
END_TEST

START_TEST(a_sample_before_the_window_is_dropped)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 4; i++)
        push(&b, "t", t0 + i * S, i * i);
    push(&b, "t", t0, 0);
    push(&b, "t", t0 - S, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 2);
    teardown(&b);
}
END_TEST

START_TEST(the_future_is_refused)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0 + 3600 * S, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_FUTURE), 0);
    push(&b, "u", t0 + 3600 * S + 1, 1);
    push(&b, "u", INT64_MAX, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_FUTURE), 2);
    ck_assert_uint_eq(table_count(b.table), 1);
    teardown(&b);
}
END_TEST

static const struct nan_row {
    const char *label;
    enum on_nan on_nan;
    uint64_t refused, breaks;
    int window_n;
    double rate; /* of 0 1 NaN 9 at seconds 0 1 2 3, NaN: not known */
} nan_rows[] = {
    {"skip bridges the gap", ON_NAN_SKIP, 1, 0, 3, 2},
    {"break restarts", ON_NAN_BREAK, 1, 1, 1, NAN},
    {"propagate", ON_NAN_PROPAGATE, 0, 0, 3, NAN},
};

START_TEST(not_a_number)
{
    const struct nan_row *row = &nan_rows[_i];
    struct bench b;
    struct policy p = policy_default();
    p.on_nan = row->on_nan;
    setup(&b, 1, 10, p);
    static const double values[] = {0, 1, NAN, 9};
    for (int i = 0; i < 4; i++)
        push(&b, "t", t0 + i * S, values[i]);
    const struct reading *r = read_one(&b, "t");
    ck_assert_msg(rejected(&b, CAUSE_NOT_FINITE) == row->refused, "%s", row->label);
    ck_assert_msg(happened(&b, EVENT_BREAK) == row->breaks, "%s", row->label);
    ck_assert_msg(r->window_n == row->window_n, "%s: %d", row->label, r->window_n);
    if (isnan(row->rate))
        ck_assert_msg(r->rate.order == 0 || isnan(r->rate.value), "%s", row->label);
    else
        ck_assert_msg(fabs(r->rate.value - row->rate) < 1e-12, "%s: %g", row->label, r->rate.value);
    teardown(&b);
}
END_TEST

START_TEST(a_gap_restarts_and_ends_the_run)
{
    struct bench b;
    struct feed_item out[8];
    struct policy p = policy_default();
    p.max_gap_ns = 10 * S;
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    push(&b, "t", t0 + 12 * S, 100); /* 10 s: not longer than max_gap */
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 0);
    drain(&b, out, 8);
    push(&b, "t", t0 + 22 * S + 1, 500);
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert(out[0].point.t_ns == t0 + 12 * S && out[0].point.order == 1);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_WARMING);
    teardown(&b);
}
END_TEST

START_TEST(max_gap_is_stale_after_unless_told)
{
    struct bench b;
    struct policy p = policy_default();
    p.stale_after_ns = 10 * S;
    setup(&b, 1, 10, p);
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + 10 * S + 1, 1);
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 1);
    teardown(&b);
}
END_TEST

static void sweep_all(struct bench *b)
{
    struct sweep at = {0};
    table_sweep(b->table, &at, UINT32_MAX, b->now);
}

START_TEST(silence_makes_stale_then_forgets)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    b.now.mono_ns += 300 * S;
    sweep_all(&b);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_OK);
    b.now.mono_ns += 1;
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_STALE); /* seen before the sweep comes by */
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 0);
    sweep_all(&b);
    sweep_all(&b);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert(out[0].point.t_ns == t0 + 2 * S && out[0].point.rate == 3);
    ck_assert(read_one(&b, "t")->rate.value == 2); /* what was last known */
    b.now.mono_ns += 3300 * S;
    sweep_all(&b);
    ck_assert_uint_eq(happened(&b, EVENT_EXPIRED), 1);
    ck_assert_uint_eq(table_count(b.table), 0);
    push(&b, "t", t0 + 9 * S, 1);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_WARMING);
    teardown(&b);
}
END_TEST

static const struct back_row {
    const char *label;
    bool swept;
} back_rows[] = {{"the sweep came by", true}, {"it did not", false}};

START_TEST(a_sample_after_silence_starts_anew)
{
    struct bench b;
    struct feed_item out[8];
    struct policy p = policy_default();
    p.max_gap_ns = 36000 * S; /* silence is judged by the monotonic clock, whatever samples say */
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    b.now.mono_ns += 301 * S;
    if (back_rows[_i].swept)
        sweep_all(&b);
    push(&b, "t", t0 + 3 * S, 9);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert_msg(out[0].point.t_ns == t0 + 2 * S, "%s", back_rows[_i].label);
    const struct reading *r = read_one(&b, "t");
    ck_assert(r->state == STATE_WARMING && r->window_n == 1);
    teardown(&b);
}
END_TEST

START_TEST(a_counter_that_falls_was_reset)
{
    struct bench b;
    struct policy p = policy_default();
    p.kind = KIND_COUNTER;
    setup(&b, 1, 10, p);
    push(&b, "c_total", t0, 100);
    push(&b, "c_total", t0 + S, 104);
    push(&b, "c_total", t0 + 2 * S, 6);
    ck_assert_uint_eq(happened(&b, EVENT_RESET), 1);
    ck_assert(read_one(&b, "c_total")->rate.value == 5);
    ck_assert(read_one(&b, "c_total")->edge.value == 6);
    teardown(&b);
}
END_TEST

START_TEST(past_the_limit_new_series_are_refused)
{
    struct bench b;
    setup(&b, 1, 2, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "b", t0, 1);
    push(&b, "c", t0, 1);
    push(&b, "a", t0 + S, 2);
    ck_assert_uint_eq(rejected(&b, CAUSE_SERIES_LIMIT), 1);
    ck_assert_uint_eq(table_count(b.table), 2);
    ck_assert(read_one(&b, "a")->edge.value == 1);
    teardown(&b);
}
END_TEST

START_TEST(bad_keys_are_refused_by_cause)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t;no equals sign", t0, 1);
    push(&b, "t;a=1;a=2", t0, 1);
    push(&b, "t;a=\xff", t0, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_NAME), 2);
    ck_assert_uint_eq(rejected(&b, CAUSE_LABEL_TWICE), 1);
    ck_assert_uint_eq(table_count(b.table), 0);
    teardown(&b);
}
END_TEST

/* ---- spellings */

START_TEST(two_spellings_are_one_series)
{
    struct bench b;
    setup(&b, _i, 100, policy_default());
    for (int k = 0; k < 20; k++) { /* on many shards the two keys live apart more often than not */
        char ab[64], ba[64], selector[64];
        snprintf(ab, sizeof ab, "t%d;a=1;b=2", k);
        snprintf(ba, sizeof ba, "t%d;b=2;a=1", k);
        snprintf(selector, sizeof selector, "t%d", k);
        push(&b, ab, t0, 0);
        push(&b, ba, t0 + S, 1);
        push(&b, ab, t0 + 2 * S, 4);
        push(&b, ba, t0 + 3 * S, 9);
        ck_assert(read_one(&b, selector)->rate.value == 4);
    }
    ck_assert_uint_eq(table_count(b.table), 20);
    ck_assert_uint_eq(happened(&b, EVENT_BORN), 20);
    teardown(&b);
}
END_TEST

START_TEST(an_alias_ends_with_its_series)
{
    struct bench b;
    setup(&b, _i, 100, policy_default());
    for (int round = 0; round < 3; round++) {
        push(&b, "t;a=1;b=2", t0, 0);
        push(&b, "t;b=2;a=1", t0 + S, 1);
        b.now.mono_ns += 3601 * S;
        if (round != 1) {
            sweep_all(&b);
            ck_assert_uint_eq(table_count(b.table), 0);
        }
    }
    push(&b, "t;b=2;a=1", t0 + 2 * S, 1); /* by its alias' name first */
    push(&b, "t;a=1;b=2", t0 + 3 * S, 2);
    ck_assert(read_one(&b, "t")->edge.value == 1);
    ck_assert_uint_eq(table_count(b.table), 1);
    teardown(&b);
}
END_TEST

START_TEST(forms_are_languages_of_their_own)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push_form(&b, "t;a=1", KEY_GRAPHITE, t0, 0);
    push_form(&b, "t;a=1", KEY_INFLUX, t0 + S,
              1); /* the test reads both alike: an alias, one series */
    ck_assert_uint_eq(table_count(b.table), 1);
    ck_assert(read_one(&b, "t")->edge.value == 1);
    teardown(&b);
}
END_TEST

START_TEST(many_come_and_go)
{
    struct bench b;
    char key[32];
    setup(&b, _i, 40000, policy_default());
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40000; i++) {
            snprintf(key, sizeof key, "m%d;i=%d", i % 7, i + round);
            push(&b, key, t0, i);
        }
        ck_assert_uint_eq(table_count(b.table), 40000);
        b.now.mono_ns += 3601 * S;
        sweep_all(&b);
        ck_assert_uint_eq(table_count(b.table), 0);
    }
    ck_assert_uint_eq(happened(&b, EVENT_EXPIRED), 120000);
    ck_assert_uint_eq(rejected(&b, CAUSE_SERIES_LIMIT), 0);
    ck_assert_uint_lt(table_memory(b.table), 40000 * 300);
    teardown(&b);
}
END_TEST

/* ---- queries */

START_TEST(select_groups_by_family)
{
    struct bench b;
    char key[32], name[LABEL_NAME_MAX];
    struct findings found;
    setup(&b, 16, 1000, policy_default());
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "m%d;i=%d", i % 5, i);
        push(&b, key, t0, i);
    }
    struct query q = {.by_family = true};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 500);
    for (uint32_t i = 1; i < found.n; i++)
        ck_assert(found.at[i].family == found.at[i - 1].family ||
                  found.at[i].family == found.at[i - 1].family + 1);
    ck_assert_uint_eq(table_family_name(b.table, found.at[0].family, name), 2);
    ck_assert_int_eq(name[0], 'm');
    ck_assert_uint_eq(table_family_name(b.table, 999, name), 0);
    for (uint32_t from = 0; from < found.n; from += 100) {
        ck_assert_int_eq(table_read(b.table, found.at + from, 100, b.now, &readings), NABLA_OK);
        ck_assert_uint_eq(readings.n, 100);
        for (uint32_t i = 0; i < 100; i++)
            ck_assert_uint_eq(labelset_metric(readings.at[i].labels).value_n, 2);
    }
    findings_fini(&found);
    teardown(&b);
}
END_TEST

START_TEST(what_has_ended_is_left_out)
{
    struct bench b;
    struct findings found;
    setup(&b, 1, 10, policy_default());
    push(&b, "old", t0, 1);
    struct query q = {0};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    b.now.mono_ns += 3601 * S;
    sweep_all(&b);
    push(&b, "new", t0, 1); /* at the old one's place */
    ck_assert_int_eq(table_read(b.table, found.at, found.n, b.now, &readings), NABLA_OK);
    ck_assert_uint_eq(readings.n, 0);
    findings_fini(&found);
    teardown(&b);
}
END_TEST

START_TEST(states_filter)
{
    struct bench b;
    struct findings found;
    setup(&b, 1, 10, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "b", t0, 1);
    push(&b, "b", t0 + S, 1);
    struct query q = {.states = 1u << STATE_OK};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 1);
    findings_fini(&found);
    teardown(&b);
}
END_TEST

/* ---- policies */

static struct policies rules_for(const char *match, enum per per)
{
    struct selector_fault fault;
    struct policies p = {.defaults = policy_default(), .rules_n = 1};
    p.rules = calloc(1, sizeof *p.rules);
    p.rules[0].policy = policy_default();
    p.rules[0].policy.per = per;
    ck_assert_int_eq(selector_new(match, strlen(match), &p.rules[0].match, &fault), NABLA_OK);
    return p;
}

START_TEST(rules_choose_at_birth_and_at_reload)
{
    struct bench b;
    setup(&b, 4, 1000, policy_default());
    push(&b, "slow;site=a", t0, 1);
    for (int round = 0; round < 4; round++) {
        struct policies p = rules_for(round % 2 ? "slow" : "other", PER_HOUR);
        table_configure(b.table, &p, 1000, 3600 * S);
        push(&b, "slow;site=b", t0, 1);
        enum per want = round % 2 ? PER_HOUR : PER_SECOND;
        ck_assert_int_eq(read_one(&b, "slow{site=\"a\"}")->per, want);
        ck_assert_int_eq(read_one(&b, "slow{site=\"b\"}")->per, want);
    }
    teardown(&b);
}
END_TEST

/* ---- threads */

enum { THREADS = 3, ROUNDS = 300, KEYS = 64 };

struct worker {
    struct bench *bench;
    int number;
};

static void *ingest(void *arg)
{
    struct worker *w = arg;
    struct batch *mine = calloc(1, sizeof *mine);
    char keys[KEYS][32];
    for (int round = 0; round < ROUNDS; round++) {
        mine->n = KEYS;
        for (int i = 0; i < KEYS; i++) { /* half the keys are everybody's, in two spellings */
            snprintf(keys[i], sizeof keys[i], i % 4 < 2 ? "s%d;a=1;b=2" : "s%d;b=2;a=1",
                     i % 2 ? i / 4 : 1000 * w->number + i / 4);
            mine->at[i] = (struct sample){.t_ns = t0 + (int64_t)round * THREADS + w->number,
                                          .v = round,
                                          .key = keys[i],
                                          .sub = "",
                                          .key_n = (uint32_t)strlen(keys[i]),
                                          .form = KEY_GRAPHITE};
        }
        table_apply(w->bench->table, mine, w->bench->now);
    }
    free(mine);
    return NULL;
}

static void *question(void *arg)
{
    struct bench *b = arg;
    struct readings *mine = calloc(1, sizeof *mine);
    struct sweep at = {0};
    struct feed_item items[256];
    uint64_t lost;
    for (int i = 0; i < 100; i++) {
        struct findings found;
        struct query q = {.by_family = true};
        struct policies p = rules_for("s1", i % 2 ? PER_HOUR : PER_SECOND);
        ck_assert_int_eq(table_select(b->table, &q, b->now, &found), NABLA_OK);
        uint32_t n = found.n < READINGS_MAX ? found.n : READINGS_MAX;
        ck_assert_int_eq(table_read(b->table, found.at, n, b->now, mine), NABLA_OK);
        findings_fini(&found);
        table_sweep(b->table, &at, 100, b->now);
        table_configure(b->table, &p, 100000, 3600 * S);
        while (feed_take(b->feed, items, 256, &lost) == 256)
            ;
    }
    readings_fini(mine);
    free(mine);
    return NULL;
}

START_TEST(threads_share_the_table)
{
    struct bench b;
    pthread_t threads[THREADS + 1];
    struct worker workers[THREADS];
    setup(&b, _i, 100000, policy_default());
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){&b, i + 1};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ingest, &workers[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[THREADS], NULL, question, &b), 0);
    for (int i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(table_count(b.table), KEYS / 4 * (THREADS + 1));
    uint64_t lost = 0;
    for (int i = 0; i < CAUSE_COUNT; i++)
        lost += i == CAUSE_LATE ? 0 : rejected(&b, (enum cause)i);
    ck_assert_uint_eq(lost, 0);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/table");
    TCase *t = tcase_create("table");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, one_sample_warms);
    tcase_add_test(t, two_samples_know_the_edge);
    tcase_add_test(t, three_samples_know_all);
    tcase_add_test(t, a_duplicate_changes_nothing);
    tcase_add_test(t, a_new_value_replaces);
    tcase_add_test(t, a_late_sample_is_put_in_order);
    tcase_add_test(t, a_sample_before_the_window_is_dropped);
    tcase_add_test(t, the_future_is_refused);
    tcase_add_loop_test(t, not_a_number, 0, ROWS(nan_rows));
    tcase_add_test(t, a_gap_restarts_and_ends_the_run);
    tcase_add_test(t, max_gap_is_stale_after_unless_told);
    tcase_add_test(t, silence_makes_stale_then_forgets);
    tcase_add_loop_test(t, a_sample_after_silence_starts_anew, 0, ROWS(back_rows));
    tcase_add_test(t, a_counter_that_falls_was_reset);
    tcase_add_test(t, past_the_limit_new_series_are_refused);
    tcase_add_test(t, bad_keys_are_refused_by_cause);
    tcase_add_loop_test(t, two_spellings_are_one_series, 1, 3);
    tcase_add_loop_test(t, an_alias_ends_with_its_series, 1, 3);
    tcase_add_test(t, forms_are_languages_of_their_own);
    tcase_add_loop_test(t, many_come_and_go, 1, 3);
    tcase_add_test(t, select_groups_by_family);
    tcase_add_test(t, what_has_ended_is_left_out);
    tcase_add_test(t, states_filter);
    tcase_add_test(t, rules_choose_at_birth_and_at_reload);
    tcase_add_loop_test(t, threads_share_the_table, 1, 3);
    suite_add_tcase(s, t);
    return s;
}
