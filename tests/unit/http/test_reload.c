/* tests/unit/http/test_reload.c -- POST /-/reload while the configuration is read by somebody else, who takes as long
 * as the test likes. */
#include "rig.h"

#include <semaphore.h>

/* A reload finds what the file said when it began, and says it as a fault. */
static struct slow {
    sem_t begun, may_end;
    _Atomic(const char *) file;
    atomic_int running, most;
} slow;

static enum nabla_status reload_slowly(void *ctx, struct buf *errors)
{
    struct slow *s = ctx;
    int running = atomic_fetch_add(&s->running, 1) + 1;
    if (running > s->most)
        s->most = running;
    buf_text(errors, s->file);
    sem_post(&s->begun);
    sem_wait(&s->may_end);
    atomic_fetch_sub(&s->running, 1);
    return NABLA_EINVAL;
}

static struct rig rig;

static void setup_slow(void)
{
    rig_init(&rig);
    rig.ready = true;
    sem_init(&slow.begun, 0, 0);
    sem_init(&slow.may_end, 0, 0);
    slow.running = slow.most = 0;
    slow.file = "one";
    struct http_options o = rig_options(&rig);
    o.reload = reload_slowly;
    o.reload_ctx = &slow;
    rig_serve(&rig, &o);
}

static int wish(void)
{
    int fd = dial(&rig);
    say(fd, "POST /-/reload HTTP/1.1\r\nHost: x\r\n\r\n");
    return fd;
}

static void expect_word(int fd, const char *word)
{
    struct answer a;
    hear(fd, &a);
    ck_assert_int_eq(a.status, 400);
    buf_char(&a.body, '\0');
    ck_assert_msg(strstr(a.body.at, word) != NULL, "%s lacks %s", a.body.at, word);
    answer_fini(&a);
    close(fd);
}

/* Others are answered meanwhile; who wishes meanwhile hears of a reload that began after that. */
START_TEST(a_reload_that_began_after_the_wish)
{
    int late[3];
    setup_slow();
    int first = wish();
    sem_wait(&slow.begun);
    expect_answer(get(&rig, "/-/ready"), 200, "nablad is ready.\n", "meanwhile");
    slow.file = "two";
    for (int i = 0; i < 3; i++)
        late[i] = wish();
    expect_answer(get(&rig, "/-/healthy"), 200, "nablad is healthy.\n", "and still");
    for (int i = 0; i < 4; i++) /* as many as there may be, if none shares one */
        sem_post(&slow.may_end);
    expect_word(first, "one");
    for (int i = 0; i < 3; i++)
        expect_word(late[i], "two");
    ck_assert_int_eq(slow.most, 1);
    rig_stop(&rig);
}
END_TEST

/* Whoever leaves, or comes when the server stops, leaves nothing behind. */
START_TEST(a_stop_in_the_middle)
{
    struct answer a;
    setup_slow();
    int gone = wish(), waits;
    sem_wait(&slow.begun);
    close(gone);
    waits = wish();
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "meanwhile");
    sem_post(&slow.may_end);
    sem_post(&slow.may_end);
    rig_stop(&rig);
    hear(waits, &a); /* answered, or the connection is closed */
    ck_assert_msg(a.status == 0 || a.status == 400 || a.status == 503, "%d", a.status);
    answer_fini(&a);
    close(waits);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/reload");
    TCase *t = tcase_create("reload");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_reload_that_began_after_the_wish);
    tcase_add_test(t, a_stop_in_the_middle);
    suite_add_tcase(s, t);
    return s;
}
