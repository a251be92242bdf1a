/* Answers that wait for the disk: who is told what when it takes its time, fails, or has no room. The disk's word is
 * this program's own fdatasync. */
#include "rig.h"

#include <dirent.h>
#include <stdatomic.h>

enum { ROOM = 64 * 1024 * 1024 };

static struct rig rig;
static struct journal *journal;
static char directory[32];
static atomic_bool stands;   /* the disk says nothing */
static atomic_int failures;  /* so many times more it says no */
static atomic_int sync_asks; /* how often it was asked */

int fdatasync(int fd)
{
    (void)fd;
    sync_asks++;
    while (stands)
        usleep(1000);
    int left = failures;
    while (left > 0 && !atomic_compare_exchange_weak(&failures, &left, left - 1))
        ;
    errno = EIO;
    return left > 0 ? -1 : 0;
}

static void start_with(uint64_t max_bytes)
{
    stands = false;
    failures = sync_asks = 0;
    strcpy(directory, "/tmp/durable-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    struct journal_options o = {.directory = directory, .max_bytes = max_bytes};
    ck_assert_int_eq(journal_new(&o, &journal), NABLA_OK);
    ck_assert_int_eq(journal_start(journal), NABLA_OK);
    rig_init(&rig);
    struct http_options options = rig_options(&rig);
    options.journal = journal;
    options.max_body = 8 * 1024 * 1024;
    rig_serve(&rig, &options);
}

static void start(void)
{
    start_with(ROOM);
}

static void remove_directory(void)
{
    char path[300];
    struct dirent *e;
    DIR *d = opendir(directory);
    while ((e = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        unlink(path);
    }
    closedir(d);
    ck_assert_int_eq(rmdir(directory), 0);
}

static void end_journal(void)
{
    stands = false;
    journal_stop(journal);
    journal_free(journal);
    remove_directory();
}

static void stop(void)
{
    stands = false;
    rig_stop(&rig);
    end_journal();
}

static struct journal_figures figures(void)
{
    struct journal_figures f;
    journal_figures(journal, &f);
    return f;
}

static uint64_t taken(void)
{
    return counted(&rig.stats.samples);
}

static void say_post(int fd, const char *target, const char *body)
{
    struct buf b = {0};
    buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", target,
               strlen(body), body);
    buf_char(&b, '\0');
    say(fd, b.at);
    buf_fini(&b);
}

static int begin_post(const char *target, const char *body)
{
    int fd = dial(&rig);
    say_post(fd, target, body);
    return fd;
}

static bool is_silent(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void expect_end(int fd, int status, const char *label)
{
    struct answer a;
    hear(fd, &a);
    expect_answer(a, status, NULL, label);
    close(fd);
}

static int post(const char *target, const char *body)
{
    struct answer a = ask_with(&rig, "POST", target, "", body);
    int status = a.status;
    answer_fini(&a);
    return status;
}

/* ---- what is said, and what is kept */

static const struct row {
    const char *label, *target, *body;
    int failures, status;
    uint64_t entries; /* that became safe */
    const char *says; /* in the answer; NULL: nothing */
} rows[] = {
    {"lines", "/write", "a value=1 1\nb value=2 2\n", 0, 204, 1, NULL},
    {"the last without LF", "/write", "a value=1 1", 0, 204, 1, NULL},
    {"of all formats", "/api/v1/lines", "{\"metric\":\"a\",\"value\":1}\nb:4|g\n", 0, 204, 1, NULL},
    {"nothing waits for nothing", "/write", "", 1, 204, 0, NULL},
    {"some are bad, the others are safe", "/write", "a value=1 1\nb value=\n", 0, 400, 1, "line 2"},
    {"some are bad, no line is safe", "/write", "a value=1 1\nb value=\n", 1, 503, 0, "journal"},
    {"the disk says no", "/write", "a value=1 1\n", 1, 503, 0, "cannot be written; try again"},
    {"to version 2", "/api/v2/write", "a value=1 1\n", 1, 503, 0, "cannot be written; try again"},
    {"to all formats", "/api/v1/lines", "a 1 1\n", 1, 503, 0, "cannot be written; try again"},
};

START_TEST(row)
{
    const struct row *r = &rows[_i];
    failures = r->failures;
    struct answer a = ask_with(&rig, "POST", r->target, "", r->body);
    ck_assert_msg(r->says == NULL || strstr(a.body.at, r->says) != NULL, "%s: %s", r->label,
                  a.body.at);
    expect_answer(a, r->status, NULL, r->label);
    ck_assert_msg(figures().entries == r->entries, "%s: %llu entries", r->label,
                  (unsigned long long)figures().entries);
}
END_TEST

/* ---- waiting */

START_TEST(no_answer_before_the_disk_s)
{
    stands = true;
    int fd = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    ck_assert_uint_eq(taken(), 1);
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "others"); /* turns of the loop go by */
    ck_assert(is_silent(fd));
    stands = false;
    expect_end(fd, 204, "the disk's word");
}
END_TEST

/* All that came while the disk was busy wait for its next word, and it is one. */
START_TEST(one_word_for_all_that_wait)
{
    enum { MANY = 20 };
    int fds[MANY];
    stands = true;
    int first = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    for (int i = 0; i < MANY; i++)
        fds[i] = begin_post("/write", "b value=1 1\n");
    AWAIT(taken() == MANY + 1);
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "a turn later");
    stands = false;
    expect_end(first, 204, "the first");
    for (int i = 0; i < MANY; i++)
        expect_end(fds[i], 204, "the others");
    ck_assert_int_eq(sync_asks, 2);
    ck_assert_uint_eq(figures().entries, MANY + 1);
}
END_TEST

START_TEST(all_that_wait_hear_no)
{
    stands = true;
    failures = 1;
    int first = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    int second = begin_post("/write", "b value=1 1\n");
    AWAIT(taken() == 2);
    stands = false;
    expect_end(first, 503, "the first");
    expect_end(second, 503, "what was staged behind it");
    ck_assert_uint_eq(figures().entries, 0);
}
END_TEST

START_TEST(who_hangs_up_costs_nothing)
{
    stands = true;
    int fd = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    int other = begin_post("/write", "b value=1 1\n");
    AWAIT(taken() == 2);
    close(fd);
    stands = false;
    expect_end(other, 204, "the other");
    ck_assert_int_eq(post("/write", "c value=1 1\n"), 204);
}
END_TEST

/* ---- refusals */

START_TEST(a_broken_journal_takes_nothing_for_a_while)
{
    failures = 1;
    ck_assert_int_eq(post("/write", "a value=1 1\n"), 503);
    uint64_t before = taken();
    if (journal_accepts(journal, 1) == JOURNAL_BROKEN) { /* else that took more than its second */
        int status = post("/write", "b value=1 1\n");
        ck_assert(status == 503 || status == 204);
        ck_assert_uint_eq(taken() - before, status == 204); /* a no took nothing */
    }
    AWAIT(post("/write", "c value=1 1\n") == 204);
    ck_assert_uint_eq(figures().failures, 1);
}
END_TEST

/* The first part of it is lost, the rest would be safe: it is one request. */
START_TEST(half_of_it_is_not_enough)
{
    enum { HALF = 1536 * 1024 }; /* much enough to be written before it is whole */
    static const char line[] = "a value=1 1\n";
    struct buf half = {0}, head = {0};
    struct answer a;
    while (half.n < HALF)
        buf_text(&half, line);
    buf_char(&half, '\0');
    failures = 1;
    int fd = dial(&rig);
    buf_printf(&head, "POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
               half.n - 1 + sizeof line - 1);
    buf_char(&head, '\0');
    say(fd, head.at);
    say(fd, half.at);
    AWAIT(figures().failures == 1);
    AWAIT(journal_accepts(journal, 1) == JOURNAL_TAKEN);
    say(fd, line);
    hear(fd, &a);
    expect_answer(a, 503, NULL, "half of it");
    close(fd);
    buf_fini(&half);
    buf_fini(&head);
}
END_TEST

START_TEST(a_full_journal_takes_nothing)
{
    start_with(200); /* bytes: a head of a segment, and one entry */
    ck_assert_int_eq(post("/write", "a value=1 1\n"), 204);
    struct buf body = {0};
    while (body.n < 300)
        buf_text(&body, "b value=1 1\n");
    buf_char(&body, '\0');
    struct answer a = ask_with(&rig, "POST", "/write", "", body.at);
    ck_assert_msg(strstr(a.body.at, "the journal is full") != NULL, "%s", a.body.at);
    expect_answer(a, 503, NULL, "full");
    ck_assert_uint_eq(figures().entries, 1);
    journal_forget(journal, journal_cut(journal)); /* a snapshot is safe */
    ck_assert_int_eq(post("/write", "c value=1 1\n"), 204);
    buf_fini(&body);
    stop();
}
END_TEST

/* ---- the end */

START_TEST(a_stop_says_yes_to_nobody)
{
    start();
    stands = true;
    int fd = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    http_stop(rig.http, S / 10);
    http_free(rig.http);
    expect_end(fd, 503, "the time was up");
    end_journal();
    table_free(rig.table);
    feed_free(rig.feed);
}
END_TEST

START_TEST(a_stop_waits_for_the_disk)
{
    start();
    stands = true;
    int fd = begin_post("/write", "a value=1 1\n");
    AWAIT(sync_asks == 1);
    stands = false;
    http_stop(rig.http, PATIENCE_S * S);
    http_free(rig.http);
    expect_end(fd, 204, "in time");
    end_journal();
    table_free(rig.table);
    feed_free(rig.feed);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("durable");
    TCase *served = tcase_create("served");
    tcase_set_timeout(served, 120);
    tcase_add_checked_fixture(served, start, stop);
    tcase_add_loop_test(served, row, 0, ROWS(rows));
    tcase_add_test(served, no_answer_before_the_disk_s);
    tcase_add_test(served, one_word_for_all_that_wait);
    tcase_add_test(served, all_that_wait_hear_no);
    tcase_add_test(served, who_hangs_up_costs_nothing);
    tcase_add_test(served, a_broken_journal_takes_nothing_for_a_while);
    tcase_add_test(served, half_of_it_is_not_enough);
    suite_add_tcase(s, served);
    TCase *own = tcase_create("of its own");
    tcase_set_timeout(own, 120);
    tcase_add_test(own, a_full_journal_takes_nothing);
    tcase_add_test(own, a_stop_says_yes_to_nobody);
    tcase_add_test(own, a_stop_waits_for_the_disk);
    suite_add_tcase(s, own);
    return s;
}
