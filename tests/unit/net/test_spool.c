/* Queues in a file: order, limits, what outlives a crash, and what is damaged. */
#include "net/spool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "no_map.h"
#include "suite.h"

enum { MIB = 1024 * 1024, POINTS = 10 };

static char folder[64];
static struct spool *spool;

static void open_it(void)
{
    char why[SPOOL_WHY_MAX];
    ck_assert_msg(spool_open(folder, 4 * MIB, &spool, why) == NABLA_OK, "%s", why);
    ck_assert_str_eq(why, "");
}

static void reopen(void)
{
    spool_close(spool);
    open_it();
}

static void setup(void)
{
    strcpy(folder, "/tmp/nabla-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_it();
}

static void teardown(void)
{
    static const char *const names[] = {"push.mdb", "push.lock", "push.mdb.damaged"};
    char path[128];
    spool_close(spool);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0); /* and nothing else was there */
}

static struct spool_queue *queue_new(const char *name, uint64_t limit)
{
    struct spool_queue *q = calloc(1, sizeof *q);
    strcpy(q->name, name);
    q->limit = limit;
    return q;
}

static void queue_free(struct spool_queue *q)
{
    parcels_fini(&q->in);
    parcel_free(q->oldest);
    free(q);
}

/* A parcel of n bytes, all of them `fill`. */
static void add(struct spool_queue *q, char fill, size_t n)
{
    struct parcel *p = calloc(1, sizeof *p);
    p->points = POINTS;
    p->born_ns = fill;
    memset(buf_room(&p->body, n), fill, n);
    buf_used(&p->body, n);
    parcels_add(&q->in, p);
}

static enum nabla_status turn(struct spool_queue *q)
{
    char why[SPOOL_WHY_MAX];
    return spool_turn(spool, &q, 1, why);
}

static void do_turn(struct spool_queue *q)
{
    ck_assert_int_eq(turn(q), NABLA_OK);
}

/* Takes the oldest out, which must be of n bytes `fill`; the turn after that says what is next. */
static void expect_oldest(struct spool_queue *q, char fill, size_t n)
{
    q->wanted = true;
    do_turn(q);
    struct parcel *p = q->oldest;
    q->oldest = NULL;
    ck_assert_msg(p != NULL, "no %c", fill);
    ck_assert_msg(p->body.n == n && p->body.at[0] == fill && p->body.at[n - 1] == fill,
                  "%c of %zu, not %c", p->body.at[0], p->body.n, fill);
    ck_assert_uint_eq(p->points, POINTS);
    ck_assert_int_eq(p->born_ns, fill);
    q->sent = p->number;
    q->wanted = false;
    do_turn(q);
    q->sent = 0;
    parcel_free(p);
}

static void expect_empty(struct spool_queue *q)
{
    q->wanted = true;
    do_turn(q);
    ck_assert_ptr_null(q->oldest);
    ck_assert_uint_eq(q->points, 0);
    ck_assert_uint_eq(q->bytes, 0);
    ck_assert_int_eq(q->oldest_ns, 0);
}

START_TEST(first_in_first_out)
{
    struct spool_queue *q = queue_new("a", MIB);
    static const size_t sizes[] = {1, 5000, 100, 100000, 2};
    for (int i = 0; i < 5; i++)
        add(q, (char)('a' + i), sizes[i]);
    do_turn(q);
    ck_assert_ptr_null(q->in.first);
    ck_assert_uint_eq(q->points, 5 * POINTS);
    ck_assert_uint_eq(q->bytes, 105103 + 5 * SPOOL_OVERHEAD);
    ck_assert_int_eq(q->oldest_ns, 'a');
    for (int i = 0; i < 5; i++)
        expect_oldest(q, (char)('a' + i), sizes[i]);
    expect_empty(q);
    ck_assert_uint_eq(q->dropped, 0);
    queue_free(q);
}
END_TEST

/* Names that begin alike, and numbers whose bytes end alike. */
START_TEST(queues_do_not_mix)
{
    static const char *const names[] = {"a", "ab", "a b", "b"};
    struct spool_queue *all[4];
    char why[SPOOL_WHY_MAX];
    for (int i = 0; i < 4; i++)
        all[i] = queue_new(names[i], MIB);
    for (int round = 0; round < 300; round++)
        for (int i = 0; i < 4; i++)
            add(all[i], (char)('A' + i + round % 7), 10);
    ck_assert_int_eq(spool_turn(spool, all, 4, why), NABLA_OK);
    for (int round = 0; round < 300; round++)
        expect_oldest(all[1], (char)('A' + 1 + round % 7), 10);
    expect_empty(all[1]);
    for (int i = 0; i < 4; i++) {
        do_turn(all[i]);
        ck_assert_uint_eq(all[i]->points, i == 1 ? 0 : 300 * POINTS);
        parcel_free(all[i]->oldest);
        all[i]->oldest = NULL;
        queue_free(all[i]);
    }
}
END_TEST

START_TEST(the_oldest_are_dropped)
{
    struct spool_queue *q = queue_new("a", 4 * (1000 + SPOOL_OVERHEAD));
    for (int i = 0; i < 7; i++)
        add(q, (char)('a' + i), 1000);
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 3 * POINTS);
    ck_assert_uint_eq(q->points, 4 * POINTS);
    expect_oldest(q, 'd', 1000);
    add(q, 'x', 3000);
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 2 * POINTS);
    expect_oldest(q, 'g', 1000);
    add(q, 'y', 5000); /* more than there may be */
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 2 * POINTS);
    expect_empty(q);
    queue_free(q);
}
END_TEST

START_TEST(what_is_on_its_way_is_not_dropped)
{
    struct spool_queue *q = queue_new("a", 2 * (1000 + SPOOL_OVERHEAD));
    add(q, 'a', 1000);
    q->wanted = true;
    do_turn(q);
    struct parcel *a = q->oldest;
    q->oldest = NULL;
    q->wanted = false;
    q->held = a->number;
    for (int i = 1; i < 5; i++)
        add(q, (char)('a' + i), 1000);
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 3 * POINTS);
    q->held = 0;
    expect_oldest(q, 'a', 1000);
    expect_oldest(q, 'e', 1000);
    parcel_free(a);
    queue_free(q);
}
END_TEST

START_TEST(a_restart_changes_nothing)
{
    struct spool_queue *q = queue_new("a", MIB);
    for (int i = 0; i < 4; i++)
        add(q, (char)('a' + i), 100);
    do_turn(q);
    expect_oldest(q, 'a', 100);
    queue_free(q);
    reopen();
    q = queue_new("a", MIB);
    add(q, 'e', 100);
    do_turn(q);
    ck_assert_uint_eq(q->points, 4 * POINTS);
    for (int i = 1; i < 5; i++)
        expect_oldest(q, (char)('a' + i), 100);
    queue_free(q);
}
END_TEST

/* A process that is killed after a turn, and in the middle of many. */
START_TEST(kill_9_takes_nothing_back)
{
    int pipes[2], status;
    ck_assert_int_eq(pipe(pipes), 0);
    spool_close(spool);
    spool = NULL;
    pid_t child = fork();
    if (child == 0) {
        open_it();
        struct spool_queue *q = queue_new("a", MIB);
        for (uint32_t n = 0;; n++) {
            add(q, 'a', 3000);
            if (turn(q) != NABLA_OK || write(pipes[1], &n, sizeof n) != sizeof n)
                _exit(1);
        }
    }
    uint32_t done = 0;
    while (done < 50)
        ck_assert_int_eq(read(pipes[0], &done, sizeof done), sizeof done);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
    close(pipes[1]);
    while (read(pipes[0], &done, sizeof done) == sizeof done)
        ;
    close(pipes[0]);
    open_it();
    struct spool_queue *q = queue_new("a", MIB);
    do_turn(q);
    uint64_t parcels = q->points / POINTS;
    ck_assert_uint_ge(parcels, done + 1);
    ck_assert_uint_le(parcels, done + 2);
    queue_free(q);
}
END_TEST

START_TEST(only_some_are_kept)
{
    struct spool_queue *a = queue_new("a", MIB), *b = queue_new("ab", MIB);
    uint64_t points = 0;
    add(a, 'a', 10);
    add(b, 'b', 10);
    add(b, 'c', 10);
    do_turn(a);
    do_turn(b);
    ck_assert_int_eq(spool_keep_only(spool, (const char *const[]){"a"}, 1, &points), NABLA_OK);
    ck_assert_uint_eq(points, 2 * POINTS);
    expect_oldest(a, 'a', 10);
    b->counted = false;
    expect_empty(b);
    queue_free(a);
    queue_free(b);
}
END_TEST

START_TEST(a_queue_is_removed)
{
    struct spool_queue *q = queue_new("a", MIB);
    for (int i = 0; i < 30; i++)
        add(q, 'a', 10);
    do_turn(q);
    q->removed = true;
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 30 * POINTS);
    expect_empty(q);
    queue_free(q);
}
END_TEST

/* The disk takes no more: nothing has changed, and all goes on when it does again. */
START_TEST(a_full_disk)
{
    struct spool_queue *q = queue_new("a", 64 * (uint64_t)MIB);
    struct rlimit before, small = {MIB, MIB};
    signal(SIGXFSZ, SIG_IGN);
    add(q, 'a', 100);
    do_turn(q);
    for (int i = 0; i < 3; i++)
        add(q, (char)('b' + i), MIB);
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    ck_assert_int_eq(turn(q), NABLA_EIO);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_uint_eq(q->points, POINTS);
    ck_assert_uint_eq(q->in.points, 3 * POINTS);
    do_turn(q);
    ck_assert_uint_eq(q->points, 4 * POINTS);
    expect_oldest(q, 'a', 100);
    for (int i = 0; i < 3; i++)
        expect_oldest(q, (char)('b' + i), MIB);
    queue_free(q);
}
END_TEST

/* As much as hardly fits the file, in parcels of all sizes: where no place is left that is large enough, room
 * is made of what is oldest, and the newest is there. */
START_TEST(a_file_in_pieces)
{
    struct spool_queue *q = queue_new("a", 66 * (uint64_t)MIB);
    uint64_t dropped = 0, random = 1;
    for (int i = 0; i < 300; i++) {
        add(q, (char)(i < 299 ? 'a' : 'z'), 1 + random_below(&random, 2 * MIB));
        do_turn(q);
        dropped += q->dropped;
        ck_assert_uint_le(q->bytes, q->limit);
    }
    ck_assert_uint_eq(dropped + q->points, 300 * POINTS);
    size_t n = 0;
    for (q->wanted = true; q->points > POINTS; q->sent = q->oldest->number) {
        parcel_free(q->oldest);
        do_turn(q);
    }
    n = q->oldest->body.n;
    ck_assert_int_eq(q->oldest->body.at[n - 1], 'z');
    queue_free(q);
}
END_TEST

/* A queue may hold more than the file can: the older half goes, what is new comes in, and each point is counted. */
START_TEST(a_full_file_drops_the_older_half)
{
    enum { ROUNDS = 20, BODY = 9 * MIB };
    struct spool_queue *q = queue_new("a", UINT64_C(1) << 40);
    uint64_t dropped = 0, most = 0;
    int cuts = 0;
    for (int i = 0; i < ROUNDS; i++) {
        add(q, (char)('A' + i), BODY);
        do_turn(q);
        cuts += q->dropped > 0;
        dropped += q->dropped;
        most = q->points > most ? q->points : most;
        ck_assert_uint_eq(q->points + dropped, (uint64_t)(i + 1) * POINTS);
        if (q->dropped > 0) /* half of what there was, and the new one */
            ck_assert_uint_le(q->points, most / 2 + 2 * (uint64_t)POINTS);
    }
    ck_assert_int_ge(cuts, 2);
    for (int i = (int)(dropped / POINTS); i < ROUNDS; i++)
        expect_oldest(q, (char)('A' + i), BODY);
    expect_empty(q);
    queue_free(q);
}
END_TEST

/* What was sent is taken out once, not dropped as well, when its turn finds the file full. */
START_TEST(sent_when_the_file_is_full)
{
    struct spool_queue *q = queue_new("a", UINT64_C(1) << 40);
    uint64_t in = 0, out = 0, dropped = 0;
    bool was_cut = false;
    for (int i = 0; i < 14; i++) {
        q->wanted = true;
        for (int j = 0; j < 2; j++, in += POINTS)
            add(q, (char)('A' + i), 6 * MIB);
        do_turn(q);
        was_cut = was_cut || q->dropped > 0;
        dropped += q->dropped;
        out += q->sent != 0 ? POINTS : 0;
        ck_assert_uint_eq(q->points + out + dropped, in);
        ck_assert_ptr_nonnull(q->oldest);
        ck_assert_uint_gt(q->oldest->number, q->sent);
        q->sent = q->held = q->oldest->number;
        parcel_free(q->oldest);
    }
    ck_assert(was_cut);
    q->oldest = NULL;
    queue_free(q);
}
END_TEST

/* A body larger than the file: all that was there has to go, and is counted, and it waits outside. */
START_TEST(what_never_fits)
{
    struct spool_queue *q = queue_new("a", UINT64_C(1) << 40);
    for (int i = 0; i < 5; i++)
        add(q, 'a', 100);
    do_turn(q);
    add(q, 'b', 100 * (size_t)MIB);
    ck_assert_int_eq(turn(q), NABLA_EIO);
    ck_assert_uint_eq(q->dropped, 5 * POINTS);
    ck_assert_uint_eq(q->points, 0);
    ck_assert_uint_eq(q->in.points, POINTS);
    ck_assert_ptr_null(q->oldest);
    parcel_free(parcels_take(&q->in));
    add(q, 'c', 100);
    do_turn(q);
    ck_assert_uint_eq(q->dropped, 0);
    expect_oldest(q, 'c', 100);
    expect_empty(q);
    queue_free(q);
}
END_TEST

START_TEST(one_process_at_a_time)
{
    struct spool *other = NULL;
    char why[SPOOL_WHY_MAX];
    ck_assert_int_eq(spool_open(folder, MIB, &other, why), NABLA_EIO);
    ck_assert(strstr(why, "another process uses it") != NULL);
    ck_assert_int_eq(spool_open("/proc/no", MIB, &other, why), NABLA_EIO);
    ck_assert(strstr(why, "/proc/no: ") == why);
    ck_assert_ptr_null(other);
}
END_TEST

START_TEST(a_damaged_file_is_set_aside)
{
    char path[128], why[SPOOL_WHY_MAX];
    spool_close(spool);
    snprintf(path, sizeof path, "%s/push.mdb", folder);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 10000; i++)
        fputs("no database ", f);
    fclose(f);
    ck_assert_int_eq(spool_open(folder, MIB, &spool, why), NABLA_OK);
    ck_assert(strstr(why, "was damaged") != NULL);
    struct spool_queue *q = queue_new("a", MIB);
    add(q, 'a', 10);
    expect_oldest(q, 'a', 10);
    queue_free(q);
}
END_TEST

START_TEST(no_memory_for_a_larger_map)
{
    static const char *const names[] = {"a"};
    uint64_t dropped;
    struct spool_queue *q = queue_new("a", MIB);
    add(q, 'a', 10);
    do_turn(q);
    no_map = true;
    spool_make_room(spool, 64 * MIB);
    ck_assert_int_eq(spool_keep_only(spool, names, 1, &dropped), NABLA_EIO);
    add(q, 'b', 10);
    ck_assert_int_eq(turn(q), NABLA_ENOMEM);
    no_map = false;
    do_turn(q);
    ck_assert_uint_eq(q->points, 2 * POINTS);
    expect_oldest(q, 'a', 10);
    expect_oldest(q, 'b', 10);
    queue_free(q);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("net/spool");
    TCase *t = tcase_create("spool");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_in_first_out);
    tcase_add_test(t, queues_do_not_mix);
    tcase_add_test(t, the_oldest_are_dropped);
    tcase_add_test(t, what_is_on_its_way_is_not_dropped);
    tcase_add_test(t, a_restart_changes_nothing);
    tcase_add_test(t, kill_9_takes_nothing_back);
    tcase_add_test(t, only_some_are_kept);
    tcase_add_test(t, a_queue_is_removed);
    tcase_add_test(t, a_full_disk);
    tcase_add_test(t, a_file_in_pieces);
    tcase_add_test(t, a_full_file_drops_the_older_half);
    tcase_add_test(t, sent_when_the_file_is_full);
    tcase_add_test(t, what_never_fits);
    tcase_add_test(t, one_process_at_a_time);
    tcase_add_test(t, a_damaged_file_is_set_aside);
    tcase_add_test(t, no_memory_for_a_larger_map);
    suite_add_tcase(s, t);
    return s;
}
