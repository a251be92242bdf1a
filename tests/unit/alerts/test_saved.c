/* tests/unit/alerts/test_saved.c -- alerts as records, and back: what goes on, what ends, what is refused; the form of before. */
#include "rig.h"

#include "alerts/saved.h"

/* Records as a disk has them: by kind and number. */
struct records {
    struct record_at {
        enum saved_kind kind;
        uint64_t number;
        size_t offset, n;
    } at[2000];
    int n, calls; /* calls: of the last save */
    struct buf bytes;
};

static struct record_at *find(struct records *r, enum saved_kind kind, uint64_t number)
{
    for (int i = 0; i < r->n; i++)
        if (r->at[i].kind == kind && r->at[i].number == number)
            return &r->at[i];
    return NULL;
}

static void on_record(void *ctx, enum saved_kind kind, uint64_t number, const char *bytes, size_t n)
{
    struct records *r = ctx;
    struct record_at *x = find(r, kind, number);
    r->calls++;
    if (n == 0) {
        if (x != NULL)
            *x = r->at[--r->n];
        return;
    }
    if (x == NULL) {
        ck_assert_int_lt(r->n, 2000);
        x = &r->at[r->n++];
    }
    *x = (struct record_at){kind, number, r->bytes.n, n};
    buf_add(&r->bytes, bytes, n);
}

static void save(struct alert_rig *p, bool all, struct records *out)
{
    if (all) {
        out->n = 0;
        buf_clear(&out->bytes);
    }
    out->calls = 0;
    ck_assert(alerts_save(p->alerts, all, on_record, out));
}

/* Alerts as they are; then they go. */
static void save_and_end(struct alert_rig *p, struct records *out)
{
    save(p, true, out);
    end_all(p);
}

/* In the order of kinds; how many are refused. */
static int restore_records(struct alert_rig *p, const struct records *from)
{
    struct alerts_restoring *r;
    int refused = 0;
    ck_assert_int_eq(alerts_restore_begin(p->alerts, &r), NABLA_OK);
    for (enum saved_kind kind = SAVED_TARGETS; kind <= SAVED_ALERT; kind++)
        for (int i = 0; i < from->n; i++)
            if (from->at[i].kind == kind)
                refused += alerts_restore_one(r, kind, from->at[i].number,
                                              from->bytes.at + from->at[i].offset,
                                              from->at[i].n) == NABLA_EINVAL;
    alerts_restore_end(r);
    return refused;
}

static void restore_with(struct alert_rig *p, const struct spec *specs, uint32_t n,
                         const struct records *from, int64_t now_ns)
{
    begin_with(p, specs, n, 1000);
    p->b.now.wall_ns = now_ns;
    ck_assert_int_eq(restore_records(p, from), 0);
}

static struct records records;

/* Saved while it fires, restored into alerts that know the rule: its series speaks again and ends it; whoever
 * was told is told no more than that. */
START_TEST(outlives_a_restart)
{
    struct alert_rig p, q;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    save(&p, true, &records);
    int64_t fired_ns = view.fired_ns, now_ns = p.b.now.wall_ns;
    end_all(&p);
    restore_with(&q, &warming, 1, &records, now_ns);
    ck_assert_uint_eq(alerts_count(q.alerts).firing, 1);
    ck_assert_int_eq(active(&q), 1);
    ck_assert_int_eq(view.fired_ns, fired_ns);
    ck_assert_int_eq(due(&q, 0, false), 0);
    ck_assert_int_eq(due(&q, 1, false), 1);
    ramp(&q, freezer, &v, 1, 5);
    ck_assert_int_eq(active(&q), 1);
    ck_assert_uint_eq(counted(&q.b.stats.alerts_fired), 0);
    ramp(&q, freezer, &v, 0, 2);
    ck_assert_int_eq(active(&q), 0);
    ck_assert_uint_eq(counted(&q.b.stats.alerts_resolved), 1);
    ck_assert_int_eq(due(&q, 0, true), 1);
    end_all(&q);
}
END_TEST

static const struct spec other = {"Other", "temperature", "value > 1000", NULL, 0,
                                  0,       NO_DATA_KEEP,  NULL,           NULL};

/* What fires when its rule goes is over, in that rule's words, for whoever was told that it fires; this too outlives a
 * restart. What was pending is forgotten. */
START_TEST(of_a_rule_that_is_gone)
{
    struct alert_rig p;
    double v = -18, w = -18;
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ramp(&p, "temperature;room=freezer2", &w, 1, 3);
    ck_assert_uint_eq(alerts_count(p.alerts).pending, 1);
    ck_assert_int_eq(due(&p, 0, true), 1);
    int64_t fired_ns = view.fired_ns, now_ns = p.b.now.wall_ns;
    save_and_end(&p, &records);
    for (int times = 0; times < 3; times++) {
        restore_with(&p, &other, 1, &records, now_ns);
        ck_assert_int_eq(active(&p), 0);
        ck_assert_uint_eq(alerts_count(p.alerts).resolved, 1);
        ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), times == 0);
        ck_assert_int_eq(due(&p, 0, false), 1);
        ck_assert_int_eq(view.state.phase, ALERT_INACTIVE);
        ck_assert_int_eq(view.fired_ns, fired_ns);
        ck_assert_int_ge(view.resolved_ns, t0);
        ck_assert_uint_eq(view.told.labels_n, 3);
        ck_assert_int_eq(memcmp(view.told.labels[2].value, "page", 4), 0);
        ck_assert_int_eq(memcmp(view.told.annotations[0].value, "freezer1 warms", 14), 0);
        ck_assert_uint_eq(view.group, UINT32_MAX);
        ramp(&p, freezer, &v, 1, 3); /* its series goes on without it */
        ck_assert_int_eq(active(&p), 0);
        save_and_end(&p, &records);
    }
}
END_TEST

/* With nobody to tell there is nothing to keep. */
START_TEST(nobody_waits_for_it)
{
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 1, 10);
    save_and_end(&p, &records);
    restore_with(&p, &other, 1, &records, p.b.now.wall_ns);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 0);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), 1);
    end_all(&p);
}
END_TEST

/* More than are copied under one hold of the lock, of several rules. */
START_TEST(many)
{
    enum { ROOMS = 300 };
    struct spec specs[] = {other, other, warming};
    struct alert_rig p;
    specs[0].when = "value > 5";
    specs[1].when = "value > 50";
    specs[1].alert = "Hot";
    begin_with(&p, specs, 3, 1000);
    for (int i = 0; i < ROOMS; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(&p, key, i % 3 == 0 ? 60 : 6);
    }
    ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3);
    save_and_end(&p, &records);
    restore_with(&p, (const struct spec[]){specs[2], specs[1], specs[0]}, 3, &records, t0);
    ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3);
    for (int i = 0; i < ROOMS; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(&p, key, 6);
        ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3 - 1 - i / 3);
    }
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), 0);
    end_all(&p);
}
END_TEST

/* A save is of what has changed since the last, and of who has gone; what a disk then has is what there is. */
START_TEST(only_what_has_changed)
{
    struct alert_rig p, q;
    struct spec hot = other;
    char key[64];
    hot.when = "value > 5";
    begin_with(&p, &hot, 1, 1000);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(&p, key, 6);
    }
    save(&p, true, &records);
    ck_assert_int_eq(records.calls, 1 + 1 + 300); /* targets, the rule, alerts */
    save(&p, false, &records);
    ck_assert_int_eq(records.calls, 1);
    sample(&p, "temperature;room=7", 1); /* ends: nobody has to be told, so it goes */
    sample(&p, "temperature;room=new", 9);
    save(&p, false, &records);
    ck_assert_int_eq(records.calls, 1 + 1 + 1);
    ck_assert_int_eq(records.n, 1 + 1 + 300);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    ck_assert_int_eq(due(&p, 0, true), 300);
    save(&p, false, &records);
    ck_assert_int_eq(records.calls, 1 + 300); /* who was told */
    int64_t now_ns = p.b.now.wall_ns;
    end_all(&p);
    restore_with(&q, &hot, 1, &records, now_ns);
    ck_assert_uint_eq(alerts_count(q.alerts).firing, 300);
    ck_assert_int_eq(due(&q, 0, false), 0);
    end_all(&q);
}
END_TEST

/* Rules that come and go while it saves: each is there once, under a number of its own, before its alerts. */
START_TEST(rules_change_between_two_saves)
{
    struct alert_rig p, q;
    struct spec specs[2] = {other, other};
    specs[0].when = "value > 5";
    specs[1].when = "value > 6";
    specs[1].alert = "Hotter";
    begin_with(&p, specs, 1, 1000);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    sample(&p, "temperature;room=1", 9);
    ck_assert_int_eq(due(&p, 0, true), 1);
    save(&p, true, &records);
    rule_with(&p, specs, 2);
    sample(&p, "temperature;room=1", 10);
    save(&p, false, &records);
    ck_assert_uint_eq(alerts_count(p.alerts).firing, 2);
    rule_with(&p, &specs[1], 1); /* the first is gone: resolved, and told so */
    save(&p, false, &records);
    struct alerts_counts n = alerts_count(p.alerts);
    ck_assert(n.firing == 1 && n.resolved == 1);
    int64_t now_ns = p.b.now.wall_ns;
    end_all(&p);
    restore_with(&q, &specs[1], 1, &records, now_ns);
    n = alerts_count(q.alerts);
    ck_assert(n.firing == 1 && n.resolved == 1);
    end_all(&q);
}
END_TEST

/* A record that is wrong costs what it is about; an alert whose rule is wrong goes with it. */
START_TEST(one_that_is_wrong)
{
    struct alert_rig p, q;
    struct spec specs[2] = {other, other};
    specs[0].when = specs[1].when = "value > 5";
    specs[1].alert = "Hot";
    begin_with(&p, specs, 2, 1000);
    sample(&p, "temperature;room=1", 9);
    sample(&p, "temperature;room=2", 9);
    save_and_end(&p, &records);
    for (enum saved_kind kind = SAVED_TARGETS; kind <= SAVED_ALERT; kind++) {
        struct record_at *x = NULL;
        for (int i = 0; x == NULL; i++)
            x = records.at[i].kind == kind ? &records.at[i] : NULL;
        for (size_t n = 1; n < x->n; n++) { /* cut anywhere */
            size_t whole = x->n;
            x->n = n;
            begin_with(&q, specs, 2, 1000);
            int refused = restore_records(&q, &records);
            ck_assert_int_eq(refused, kind == SAVED_RULE ? 3 : 1);
            ck_assert_int_eq(active(&q), kind == SAVED_TARGETS ? 4 : kind == SAVED_RULE ? 2 : 3);
            end_all(&q);
            x->n = whole;
        }
    }
}
END_TEST

/* Any byte: it is refused, or something whole is there. */
START_TEST(wrong_but_well_summed)
{
    struct alert_rig p;
    double v = -18;
    int refused = 0;
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    save_and_end(&p, &records);
    for (size_t i = 0; i < records.bytes.n; i++) {
        records.bytes.at[i] = (char)(records.bytes.at[i] ^ 0xc1);
        begin_with(&p, &warming, 1, 100);
        refused += restore_records(&p, &records);
        while (active(&p) > 0 && alerts_turn(p.alerts, p.b.now) <= p.b.now.wall_ns)
            ;
        end_all(&p);
        records.bytes.at[i] = (char)(records.bytes.at[i] ^ 0xc1);
    }
    ck_assert_int_gt(refused, 20); /* of lengths and counts */
}
END_TEST

/* ---- the file of before: tests/data/alerts-2 */

static void read_former(struct buf *out)
{
    FILE *f = fopen(NABLA_SOURCE_DIR "/tests/data/alerts-2", "rb");
    ck_assert_ptr_nonnull(f);
    char *room = buf_room(out, 4096);
    buf_used(out, fread(room, 1, 4096, f));
    ck_assert_int_eq(fclose(f), 0);
}

static const struct spec former = {"Warm",
                                   "temperature",
                                   "value > -15",
                                   NULL,
                                   0,
                                   0,
                                   NO_DATA_KEEP,
                                   "page",
                                   "{{ $labels.room }} is warm"};

/* Its group's name was "former"; the rig's is "g": what fired ends, what was pending is left out. */
START_TEST(the_former_file)
{
    struct alert_rig p;
    struct buf bytes = {0};
    read_former(&bytes);
    begin_with(&p, &former, 1, 100);
    for (size_t i = 0; i < bytes.n; i++) { /* torn, and with a byte that is wrong */
        ck_assert_int_eq(alerts_restore_file(p.alerts, bytes.at, i), NABLA_EINVAL);
        bytes.at[i] ^= 1;
        ck_assert_int_eq(alerts_restore_file(p.alerts, bytes.at, bytes.n), NABLA_EINVAL);
        bytes.at[i] ^= 1;
    }
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), 0);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    ck_assert_int_eq(alerts_restore_file(p.alerts, bytes.at, bytes.n), NABLA_OK);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), 2);
    end_all(&p);
    buf_fini(&bytes);
}
END_TEST

START_TEST(the_former_file_wrong_but_well_summed)
{
    struct alert_rig p;
    struct buf bytes = {0};
    int refused = 0;
    read_former(&bytes);
    for (size_t i = SAVED_HEAD; i < bytes.n; i++) {
        bytes.at[i] = (char)(bytes.at[i] ^ 0xc1);
        uint64_t sum = saved_checksum(bytes.at + SAVED_HEAD, bytes.n - SAVED_HEAD);
        for (size_t k = 0; k < 8; k++)
            bytes.at[8 + k] = (char)(sum >> 8 * k & 0xff);
        begin_with(&p, &former, 1, 100);
        bool good = alerts_restore_file(p.alerts, bytes.at, bytes.n) == NABLA_OK;
        refused += !good;
        ck_assert_msg(good || active(&p) == 0, "byte %zu", i);
        end_all(&p);
        bytes.at[i] = (char)(bytes.at[i] ^ 0xc1);
    }
    ck_assert_int_gt(refused, 20); /* of lengths, kinds and counts */
    buf_fini(&bytes);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("saved");
    TCase *t = tcase_create("saved");
    tcase_add_test(t, outlives_a_restart);
    tcase_add_test(t, of_a_rule_that_is_gone);
    tcase_add_test(t, nobody_waits_for_it);
    tcase_add_test(t, many);
    tcase_add_test(t, only_what_has_changed);
    tcase_add_test(t, rules_change_between_two_saves);
    tcase_add_test(t, one_that_is_wrong);
    tcase_add_test(t, wrong_but_well_summed);
    tcase_add_test(t, the_former_file);
    tcase_add_test(t, the_former_file_wrong_but_well_summed);
    tcase_set_timeout(t, 120);
    suite_add_tcase(s, t);
    return s;
}
