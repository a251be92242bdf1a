/* tests/unit/alerts/test_saved.c -- alerts as bytes, and back: what goes on, what ends, what is refused. */
#include "rig.h"

#include "alerts/saved.h"

/* Alerts as they are, in bytes; then they go. */
static void save_and_end(struct alert_rig *p, struct buf *out)
{
    buf_clear(out);
    alerts_save(p->alerts, out);
    ck_assert(!out->failed);
    end_all(p);
}

static void restore_with(struct alert_rig *p, const struct spec *specs, uint32_t n,
                         const struct buf *bytes, int64_t now_ns)
{
    begin_with(p, specs, n, 1000);
    p->b.now.wall_ns = now_ns;
    ck_assert_int_eq(alerts_restore(p->alerts, bytes->at, bytes->n), NABLA_OK);
}

/* Saved while it fires, restored into alerts that know the rule: its series speaks again and ends it; whoever
 * was told is told no more than that. */
START_TEST(outlives_a_restart)
{
    struct alert_rig p, q;
    struct buf bytes;
    double v = -18;
    buf_init(&bytes);
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    alerts_save(p.alerts, &bytes);
    int64_t fired_ns = view.fired_ns, now_ns = p.b.now.wall_ns;
    end_all(&p);
    begin_with(&q, &warming, 1, 100);
    q.b.now.wall_ns = now_ns;
    for (size_t i = 0; i < bytes.n; i++) { /* torn, and with a byte that is wrong */
        ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, i), NABLA_EINVAL);
        bytes.at[i] ^= 1;
        ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, bytes.n), NABLA_EINVAL);
        bytes.at[i] ^= 1;
    }
    ck_assert_int_eq(active(&q), 0);
    ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, bytes.n), NABLA_OK);
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
    buf_fini(&bytes);
}
END_TEST

static const struct spec other = {"Other", "temperature", "value > 1000", NULL, 0,
                                  0,       NO_DATA_KEEP,  NULL,           NULL};

/* What fires when its rule goes is over, in that rule's words, for whoever was told that it fires; this too outlives a
 * restart. What was pending is forgotten. */
START_TEST(of_a_rule_that_is_gone)
{
    struct alert_rig p;
    struct buf bytes;
    double v = -18, w = -18;
    buf_init(&bytes);
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ramp(&p, "temperature;room=freezer2", &w, 1, 3);
    ck_assert_uint_eq(alerts_count(p.alerts).pending, 1);
    ck_assert_int_eq(due(&p, 0, true), 1);
    int64_t fired_ns = view.fired_ns, now_ns = p.b.now.wall_ns;
    save_and_end(&p, &bytes);
    for (int times = 0; times < 3; times++) {
        restore_with(&p, &other, 1, &bytes, now_ns);
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
        save_and_end(&p, &bytes);
    }
    buf_fini(&bytes);
}
END_TEST

/* With nobody to tell there is nothing to keep. */
START_TEST(nobody_waits_for_it)
{
    struct alert_rig p;
    struct buf bytes;
    double v = -18;
    buf_init(&bytes);
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 1, 10);
    save_and_end(&p, &bytes);
    restore_with(&p, &other, 1, &bytes, p.b.now.wall_ns);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 0);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), 1);
    end_all(&p);
    buf_fini(&bytes);
}
END_TEST

/* More than are copied under one hold of the lock, of several rules. */
START_TEST(many)
{
    enum { ROOMS = 300 };
    struct spec specs[] = {other, other, warming};
    struct alert_rig p;
    struct buf bytes;
    specs[0].when = "value > 5";
    specs[1].when = "value > 50";
    specs[1].alert = "Hot";
    buf_init(&bytes);
    begin_with(&p, specs, 3, 1000);
    for (int i = 0; i < ROOMS; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(&p, key, i % 3 == 0 ? 60 : 6);
    }
    ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3);
    save_and_end(&p, &bytes);
    restore_with(&p, (const struct spec[]){specs[2], specs[1], specs[0]}, 3, &bytes, t0);
    ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3);
    for (int i = 0; i < ROOMS; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(&p, key, 6);
        ck_assert_uint_eq(alerts_count(p.alerts).firing, ROOMS + ROOMS / 3 - 1 - i / 3);
    }
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), 0);
    end_all(&p);
    buf_fini(&bytes);
}
END_TEST

static void set_checksum(struct buf *b)
{
    uint64_t sum = saved_checksum(b->at + SAVED_HEAD, b->n - SAVED_HEAD);
    for (size_t i = 0; i < 8; i++)
        b->at[8 + i] = (char)(sum >> 8 * i & 0xff);
}

/* Bytes that are wrong though the checksum is right: all is refused, or something whole is there. */
START_TEST(wrong_but_well_summed)
{
    struct alert_rig p;
    struct buf bytes;
    double v = -18;
    int refused = 0;
    buf_init(&bytes);
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    save_and_end(&p, &bytes);
    for (size_t i = SAVED_HEAD; i < bytes.n; i++) {
        char before = bytes.at[i];
        bytes.at[i] = (char)(before ^ 0xc1);
        set_checksum(&bytes);
        begin_with(&p, &warming, 1, 100);
        bool good = alerts_restore(p.alerts, bytes.at, bytes.n) == NABLA_OK;
        refused += !good;
        ck_assert_msg(good || active(&p) == 0, "byte %zu", i);
        while (active(&p) > 0 && alerts_turn(p.alerts, p.b.now) <= p.b.now.wall_ns)
            ;
        end_all(&p);
        bytes.at[i] = before;
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
    tcase_add_test(t, wrong_but_well_summed);
    suite_add_tcase(s, t);
    return s;
}
