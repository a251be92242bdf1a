/* The journal as its users see it: what is said to be safe is there at the next start; what fails is lost, and
 * said; what is cut away and forgotten is gone, and nothing else. */
#include "journal_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

START_TEST(safe_is_there_at_the_next_start)
{
    struct rig r;
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), "");
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "a");
    rig_save(&r, "b");
    ck_assert_uint_eq(rig_figures(&r).entries, 2);
    ck_assert_uint_ge(rig_figures(&r).syncs, 1);
    rig_close(&r);
    for (int i = 0; i < 2; i++) { /* a start that is killed costs nothing */
        rig_open(&r, MANY);
        ck_assert_str_eq(rig_replay(&r), " a b");
        rig_close(&r);
    }
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "c");
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " a b c");
    ck_assert_uint_eq(rig_figures(&r).replayed, 3);
    ck_assert_uint_eq(rig_figures(&r).torn_bytes, 0);
    rig_end(&r);
}
END_TEST

static void on_settled(void *ctx)
{
    struct rig *r = ctx;
    atomic_fetch_add(&r->calls, 1);
}

START_TEST(nothing_is_safe_before_it_is_written)
{
    struct rig r;
    struct journal_ticket ticket = {0}, none = {0};
    rig_begin(&r);
    rig_open(&r, MANY);
    journal_listen(r.journal, on_settled, &r);
    ck_assert_int_eq(journal_look(r.journal, &none), JOURNAL_SAFE);
    ck_assert_int_eq(rig_put(&r, "a", &ticket), JOURNAL_TAKEN);
    ck_assert_int_eq(rig_put(&r, "b", &ticket), JOURNAL_TAKEN);
    journal_commit(r.journal);
    ck_assert_int_eq(journal_look(r.journal, &ticket), JOURNAL_WAITS);
    ck_assert_int_eq(atomic_load(&r.calls), 0);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_SAFE);
    ck_assert_uint_eq(rig_figures(&r).syncs, 1); /* one for both */
    ck_assert_int_ge(atomic_load(&r.calls), 1);
    rig_end(&r);
}
END_TEST

START_TEST(a_stop_writes_what_is_staged)
{
    struct rig r;
    struct journal_ticket ticket = {0};
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    ck_assert_int_eq(rig_put(&r, "a", &ticket), JOURNAL_TAKEN);
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " a");
    rig_end(&r);
}
END_TEST

/* ---- snapshots */

START_TEST(cut_and_forget)
{
    struct rig r;
    char path[400];
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "a");
    uint64_t n = journal_cut(r.journal);
    ck_assert_uint_eq(journal_cut(r.journal), n); /* nothing came between */
    rig_save(&r, "b");
    ck_assert_int_eq(rig_files(&r, "", path), 2);
    journal_forget(r.journal, n);
    ck_assert_int_eq(rig_files(&r, "", path), 1);
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " b");
    ck_assert_uint_gt(journal_cut(r.journal), n);
    rig_end(&r);
}
END_TEST

/* What is staged when its segment is forgotten is in the snapshot: it may be written, it need not. */
START_TEST(forgotten_while_it_is_staged)
{
    struct rig r;
    struct journal_ticket ticket = {0};
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(rig_put(&r, "a", &ticket), JOURNAL_TAKEN);
    uint64_t n = journal_cut(r.journal);
    ck_assert_int_eq(rig_put(&r, "b", &ticket), JOURNAL_TAKEN);
    journal_forget(r.journal, n);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_SAFE);
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " a b");
    rig_end(&r);
}
END_TEST

/* Numbers only grow: what a snapshot says of one is never about a later one. */
START_TEST(numbers_never_come_again)
{
    struct rig r;
    char path[400];
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "a");
    uint64_t n = journal_cut(r.journal) + 1000000; /* a clock that was ahead */
    journal_forget(r.journal, n);
    ck_assert_int_eq(rig_files(&r, "", path), 0);
    rig_close(&r);
    rig_open(&r, MANY);
    journal_forget(r.journal, n); /* as a start does that reads it in a snapshot */
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "b");
    rig_close(&r);
    rig_open(&r, MANY);
    journal_forget(r.journal, n);
    ck_assert_str_eq(rig_replay(&r), " b");
    rig_end(&r);
}
END_TEST

/* ---- bounds */

START_TEST(full_is_refused_until_something_is_forgotten)
{
    struct rig r;
    char body[1000];
    struct journal_ticket ticket = {0};
    rig_begin(&r);
    rig_open(&r, 10000);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < 9; i++)
        rig_save(&r, body);
    ck_assert_int_eq(journal_accepts(r.journal, 999), JOURNAL_FULL);
    ck_assert_int_eq(rig_put(&r, body, &ticket), JOURNAL_FULL);
    ck_assert_uint_eq(ticket.last, 0);
    ck_assert_uint_eq(rig_figures(&r).refused_full, 2);
    ck_assert_uint_le(rig_figures(&r).bytes, 10000);
    journal_forget(r.journal, journal_cut(r.journal));
    ck_assert_int_eq(journal_accepts(r.journal, 999), JOURNAL_TAKEN);
    rig_save(&r, body);
    rig_end(&r);
}
END_TEST

START_TEST(segments_end_by_themselves)
{
    struct rig r;
    char path[400];
    struct journal_ticket ticket = {0};
    size_t n = JOURNAL_SEGMENT / 4;
    rig_begin(&r);
    rig_open(&r, 8 * (uint64_t)JOURNAL_SEGMENT);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    char *body = malloc(n + 1);
    memset(body, 'x', n);
    body[n] = '\0';
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(rig_put(&r, body, &ticket), JOURNAL_TAKEN);
        ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_SAFE);
    }
    ck_assert_int_eq(rig_files(&r, "", path),
                     3); /* three in each: four and their headers are more */
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_uint_eq(strlen(rig_replay(&r)), 7 * (n + 1));
    free(body);
    rig_end(&r);
}
END_TEST

START_TEST(congested_while_much_is_staged)
{
    struct rig r;
    struct journal_ticket ticket = {0};
    size_t n = JOURNAL_STAGED_MAX;
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert(!journal_is_congested(r.journal));
    char *body = malloc(n + 1);
    memset(body, 'x', n);
    body[n] = '\0';
    ck_assert_int_eq(rig_put(&r, body, &ticket), JOURNAL_TAKEN);
    ck_assert(journal_is_congested(r.journal));
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_SAFE);
    ck_assert(!journal_is_congested(r.journal));
    free(body);
    rig_end(&r);
}
END_TEST

/* ---- faults */

/* No file may grow beyond that: a write is short, then fails. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void wait_until_taken(struct rig *r, const char *body)
{
    struct journal_ticket ticket = {0};
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        if (rig_put(r, body, &ticket) == JOURNAL_TAKEN) {
            ck_assert_int_eq(rig_wait(r, &ticket), JOURNAL_SAFE);
            return;
        }
        usleep(10000);
    }
    ck_abort_msg("it never takes anything again");
}

START_TEST(what_cannot_be_written_is_lost_and_said)
{
    struct rig r;
    char body[2000], path[400];
    struct journal_ticket ticket = {0}, late = {0};
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "a");
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    limit_files(1000);
    ck_assert_int_eq(rig_put(&r, body, &ticket), JOURNAL_TAKEN);
    ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_LOST);
    ck_assert_int_eq(rig_put(&r, "b", &late), JOURNAL_BROKEN); /* not again at once */
    ck_assert_int_eq(journal_accepts(r.journal, 1), JOURNAL_BROKEN);
    ck_assert_uint_eq(rig_figures(&r).failures, 1);
    ck_assert_uint_eq(rig_figures(&r).refused_broken, 3);
    limit_files(RLIM_INFINITY);
    wait_until_taken(&r, "c");
    ck_assert_int_eq(journal_look(r.journal, &ticket), JOURNAL_LOST); /* for ever */
    ck_assert_int_eq(rig_files(&r, "", path), 2);
    rig_close(&r);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " a c");
    ck_assert_uint_eq(rig_figures(&r).torn_bytes, 0); /* cut back to what is safe */
    rig_end(&r);
}
END_TEST

/* The very first write fails: the file, of which nobody was told anything, is not left behind. */
START_TEST(an_empty_segment_does_not_stay)
{
    struct rig r;
    char path[400];
    struct journal_ticket ticket = {0};
    rig_begin(&r);
    rig_open(&r, MANY);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    limit_files(10);
    ck_assert_int_eq(rig_put(&r, "a", &ticket), JOURNAL_TAKEN);
    ck_assert_int_eq(rig_wait(&r, &ticket), JOURNAL_LOST);
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(rig_files(&r, "", path), 0);
    ck_assert_uint_eq(rig_figures(&r).bytes, 0);
    wait_until_taken(&r, "b");
    rig_end(&r);
}
END_TEST

/* ---- what a start finds */

static void edit(const char *path, off_t at, char with)
{
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, &with, 1, at), 1);
    close(fd);
}

static void save_three(struct rig *r)
{
    rig_begin(r);
    rig_open(r, MANY);
    ck_assert_int_eq(journal_start(r->journal), NABLA_OK);
    rig_save(r, "a");
    rig_save(r, "b");
    rig_save(r, "c");
    rig_close(r);
}

START_TEST(a_torn_end_is_an_end)
{
    struct rig r;
    char path[400];
    save_three(&r);
    ck_assert_int_eq(rig_files(&r, "", path), 1);
    ck_assert_int_eq(truncate(path, JOURNAL_HEAD + 3 * JOURNAL_ENTRY_HEAD + 2), 0);
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), " a b");
    ck_assert_uint_eq(rig_figures(&r).torn_bytes, JOURNAL_ENTRY_HEAD);
    ck_assert_int_eq(rig_files(&r, ".bad", path), 0);
    rig_end(&r);
}
END_TEST

START_TEST(a_damaged_middle_is_kept_aside)
{
    struct rig r;
    char path[400];
    save_three(&r);
    rig_files(&r, "", path);
    edit(path, JOURNAL_HEAD + 2 * JOURNAL_ENTRY_HEAD + 1, 'X'); /* the body of b */
    for (int i = 0; i < 2; i++) {
        rig_open(&r, MANY);
        ck_assert_str_eq(rig_replay(&r), " a c");
        ck_assert_uint_eq(rig_figures(&r).bad_bytes, JOURNAL_ENTRY_HEAD + 1);
        ck_assert_int_eq(rig_files(&r, ".bad", path), 1);
        ck_assert_int_eq(rig_files(&r, "", path), 1);
        rig_close(&r);
    }
    rig_open(&r, MANY);
    journal_forget(r.journal, journal_cut(r.journal));
    ck_assert_int_eq(rig_files(&r, "", path), 0);
    ck_assert_int_eq(rig_files(&r, ".bad", path), 1); /* not deleted */
    rig_end(&r);
}
END_TEST

START_TEST(what_is_no_segment_is_set_aside)
{
    struct rig r;
    char path[400];
    save_three(&r);
    rig_files(&r, "", path);
    edit(path, 7, '9'); /* another version */
    rig_open(&r, MANY);
    ck_assert_str_eq(rig_replay(&r), "");
    ck_assert_int_eq(rig_files(&r, "", path), 0);
    ck_assert_int_eq(rig_files(&r, ".bad", path), 1);
    ck_assert_int_eq(journal_start(r.journal), NABLA_OK);
    rig_save(&r, "d");
    rig_end(&r);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("journal");
    TCase *c = tcase_create("journal");
    tcase_set_timeout(c, 2 * PATIENCE_S);
    tcase_add_test(c, safe_is_there_at_the_next_start);
    tcase_add_test(c, nothing_is_safe_before_it_is_written);
    tcase_add_test(c, a_stop_writes_what_is_staged);
    tcase_add_test(c, cut_and_forget);
    tcase_add_test(c, forgotten_while_it_is_staged);
    tcase_add_test(c, numbers_never_come_again);
    tcase_add_test(c, full_is_refused_until_something_is_forgotten);
    tcase_add_test(c, segments_end_by_themselves);
    tcase_add_test(c, congested_while_much_is_staged);
    tcase_add_test(c, what_cannot_be_written_is_lost_and_said);
    tcase_add_test(c, an_empty_segment_does_not_stay);
    tcase_add_test(c, a_torn_end_is_an_end);
    tcase_add_test(c, a_damaged_middle_is_kept_aside);
    tcase_add_test(c, what_is_no_segment_is_set_aside);
    suite_add_tcase(s, c);
    return s;
}
