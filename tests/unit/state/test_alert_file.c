/* tests/unit/state/test_alert_file.c -- alerts on a disk: what changes, what the disk refuses, what is not as it should
 * be. */
#include "../alerts/rig.h"

#include "state/alert_file.h"
#include "state/health.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "no_map.h"

static char folder[64], path[128];
static struct state_stats stats;
static const struct spec hot = {"Hot", "temperature", "value > 5", NULL, 0,
                                0,     NO_DATA_KEEP,  NULL,        NULL};

static void setup_folder(void)
{
    strcpy(folder, "/tmp/nabla-alerts-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/alerts.mdb", folder);
    memset(&stats, 0, sizeof stats);
}

static void teardown_folder(void)
{
    static const char *const names[] = {"alerts.mdb",       "alerts.mdb.new", "alerts.mdb.damaged",
                                        "alerts.mdb.newer", "alerts",         "alerts.bad"};
    char name[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, names[i]);
        unlink(name);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static void begin(struct alert_rig *p, struct alert_file **f)
{
    struct alert_file_options o = {.directory = folder, .stats = &stats};
    begin_with(p, &hot, 1, 1000);
    o.alerts = p->alerts;
    ck_assert_int_eq(alert_file_open(&o, f), NABLA_OK);
}

static void end(struct alert_rig *p, struct alert_file *f)
{
    alert_file_close(f);
    end_all(p);
}

static void fire(struct alert_rig *p, int from, int to, double v)
{
    char key[64];
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof key, "temperature;room=%d", i);
        sample(p, key, v);
    }
}

static uint32_t firing_after_a_restart(void)
{
    struct alert_rig p;
    struct alert_file *f;
    begin(&p, &f);
    uint32_t n = alerts_count(p.alerts).firing;
    end(&p, f);
    return n;
}

static uint64_t values(void)
{
    struct health_report r;
    ck_assert_int_eq(health_check(path, NULL, NULL, &r), NABLA_OK);
    ck_assert_int_eq(r.health, HEALTH_GOOD);
    return r.alerts;
}

START_TEST(what_has_changed)
{
    struct alert_rig p;
    struct alert_file *f;
    struct stat before, after;
    begin(&p, &f);
    fire(&p, 0, 100, 9);
    ck_assert(alert_file_write(f, false));
    ck_assert_uint_eq(values(), 100);
    ck_assert_int_eq(stat(path, &before), 0);
    fire(&p, 40, 60, 1); /* they end */
    fire(&p, 100, 103, 9);
    ck_assert(alert_file_write(f, false));
    ck_assert_uint_eq(values(), 83);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    uint64_t bytes = counted(&stats.saved_bytes);
    ck_assert(alert_file_write(f, false)); /* nothing but the targets */
    ck_assert_uint_lt(counted(&stats.saved_bytes) - bytes, 200);
    ck_assert(alert_file_write(f, true)); /* anew */
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_ne(before.st_ino, after.st_ino);
    ck_assert_uint_eq(values(), 83);
    end(&p, f);
    ck_assert_uint_eq(firing_after_a_restart(), 83);
}
END_TEST

START_TEST(a_file_that_is_taken_away)
{
    struct alert_rig p;
    struct alert_file *f;
    begin(&p, &f);
    fire(&p, 0, 10, 9);
    ck_assert(alert_file_write(f, false));
    ck_assert_int_eq(unlink(path), 0);
    fire(&p, 10, 11, 9);
    ck_assert(alert_file_write(f, false)); /* of all, though only one has changed */
    end(&p, f);
    ck_assert_uint_eq(firing_after_a_restart(), 11);
}
END_TEST

/* More than its map has room for, and no memory for a larger one. */
START_TEST(what_was_refused_comes_again)
{
    struct alert_rig p;
    struct alert_file *f;
    begin(&p, &f);
    fire(&p, 0, 10, 9);
    ck_assert(alert_file_write(f, false));
    fire(&p, 10, 20, 9);
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s/alerts.mdb.new", folder);
    ck_assert_int_eq(unlink(path), 0);
    no_map = true;
    ck_assert(!alert_file_write(f, false));
    no_map = false;
    ck_assert_uint_eq(counted(&stats.failures), 1);
    ck_assert_int_ne(access(fresh, F_OK), 0); /* nothing is left behind */
    ck_assert(alert_file_write(f, false));
    ck_assert_uint_eq(values(), 20);
    ck_assert_int_eq(mkdir(fresh, 0700), 0); /* it cannot be made */
    ck_assert(!alert_file_write(f, true));
    ck_assert_int_eq(rmdir(fresh), 0);
    ck_assert_uint_eq(firing_after_a_restart(), 20); /* what was there stays */
    ck_assert(alert_file_write(f, false));
    end(&p, f);
}
END_TEST

static void overwrite(const char *what)
{
    FILE *f = fopen(path, "r+b");
    char bytes[256 * 1024];
    ck_assert_ptr_nonnull(f);
    size_t n = fread(bytes, 1, sizeof bytes, f), m = strlen(what);
    bool found = false;
    for (size_t i = 0; i + m < n; i++)
        if (memcmp(bytes + i, what, m) == 0) {
            bytes[i] ^= 1;
            found = true;
        }
    ck_assert(found);
    rewind(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static const struct damage {
    const char *what; /* a byte of it is another */
    uint64_t bad;
    uint32_t left;
} damages[] = {
    {"room17", 1, 49},        /* an alert: it alone */
    {"value > 5", 1 + 50, 0}, /* the rule: what is of it goes, too */
};

START_TEST(a_record_that_is_damaged)
{
    const struct damage *d = &damages[_i];
    struct alert_rig p;
    struct alert_file *f;
    char aside[160];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    begin(&p, &f);
    fire(&p, 0, 50, 9);
    ck_assert(alert_file_write(f, false));
    end(&p, f);
    overwrite(d->what);
    begin(&p, &f);
    ck_assert_uint_eq(alerts_count(p.alerts).firing, d->left);
    ck_assert_uint_eq(counted(&stats.damaged), d->bad);
    ck_assert_int_ne(access(aside, F_OK), 0);
    ck_assert(alert_file_write(f, false));
    ck_assert_int_eq(access(aside, F_OK), 0);
    ck_assert_uint_eq(values(), d->left);
    end(&p, f);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/alert_file");
    TCase *t = tcase_create("alert_file");
    tcase_add_checked_fixture(t, setup_folder, teardown_folder);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, what_has_changed);
    tcase_add_test(t, a_file_that_is_taken_away);
    tcase_add_test(t, what_was_refused_comes_again);
    tcase_add_loop_test(t, a_record_that_is_damaged, 0, sizeof damages / sizeof *damages);
    suite_add_tcase(s, t);
    return s;
}
