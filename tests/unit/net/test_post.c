/* Requests out, against a small server on the same loop. */
#include "net/post.h"

#include "base/clock.h"

#include <unistd.h>

#include "http_peer.h"

enum { MAX = 4, MS = NS_PER_MS };

static struct rig {
    uv_loop_t loop;
    struct http_peer peer;
    uv_timer_t tick;
    struct poster *poster;
    char url[128], secret[64];
} rig;

struct heard {
    int status;
    unsigned times;
    int64_t retry_after_ns;
    struct buf body, why;
    const char *then; /* a path that is sent to from within on_done */
    struct heard *of_that;
};

static void setup(void)
{
    memset(&rig, 0, sizeof rig);
    ticking_begin(&rig.loop, &rig.tick);
    http_peer_start(&rig.peer, &rig.loop);
    ck_assert_int_eq(poster_new(&rig.loop, MAX, &rig.poster), NABLA_OK);
    strcpy(rig.secret, "/tmp/nabla-post-XXXXXX");
    close(mkstemp(rig.secret));
}

static void teardown(void)
{
    poster_free(rig.poster);
    http_peer_stop(&rig.peer);
    ticking_end(&rig.loop, &rig.tick);
    unlink(rig.secret);
}

static void write_secret(const char *text)
{
    FILE *f = fopen(rig.secret, "w");
    ck_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

static struct post_target target_of(const char *path)
{
    snprintf(rig.url, sizeof rig.url, "%s%s", path[0] == '/' ? "http://127.0.0.1:" : "", path);
    if (path[0] == '/')
        snprintf(rig.url, sizeof rig.url, "http://127.0.0.1:%d%s", rig.peer.port, path);
    return (struct post_target){.url = rig.url,
                                .connect_timeout_ns = INT64_C(20000) * MS,
                                .timeout_ns = INT64_C(20000) * MS};
}

static enum nabla_status send_to(const struct post_target *target, const char *body,
                                 struct heard *heard, struct post **out);

static void on_done(void *ctx, const struct post_answer *a)
{
    struct heard *h = ctx;
    h->times++;
    h->status = a->status;
    h->retry_after_ns = a->retry_after_ns;
    buf_clear(&h->body);
    buf_add(&h->body, a->body_n > 0 ? a->body : "", a->body_n);
    buf_clear(&h->why);
    buf_text(&h->why, a->why != NULL ? a->why : "");
    buf_char(&h->why, '\0');
    if (h->then != NULL) {
        struct post *post;
        struct post_target target = target_of(h->then);
        ck_assert_int_eq(send_to(&target, "more", h->of_that, &post), NABLA_OK);
    }
}

static enum nabla_status send_to(const struct post_target *target, const char *text,
                                 struct heard *heard, struct post **out)
{
    struct buf body;
    buf_init(&body);
    buf_text(&body, text);
    enum nabla_status status =
        post_send(rig.poster, target, (const char *const[]){"Content-Type: text/plain", NULL},
                  &body, on_done, heard, out);
    ck_assert(body.at == NULL);
    return status;
}

static void wait_for(const struct heard *h)
{
    while (h->times == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    ck_assert_uint_eq(h->times, 1);
}

static void heard_fini(struct heard *h)
{
    buf_fini(&h->body);
    buf_fini(&h->why);
}

static void ask(const struct post_target *target, const char *text, struct heard *h)
{
    struct post *post;
    ck_assert_int_eq(send_to(target, text, h, &post), NABLA_OK);
    ck_assert_uint_eq(h->times, 0);
    wait_for(h);
}

static const struct row {
    const char *path;
    int status, retry_after_s;
    size_t body_n;
    const char *why;
} rows[] = {
    {"/200", 200, 0, 4, ""},
    {"/204", 204, 0, 0, ""},
    {"/302", 302, 0, 4, ""}, /* not followed */
    {"/404", 404, 0, 4, ""},
    {"/503", 503, 7, 4, ""},
    {"/503?far", 503, POST_RETRY_AFTER_MAX_S, 4, ""},
    {"/long", 200, 0, POST_ANSWER_MAX, ""},
    {"/hang-up", 0, 0, 0, "Empty reply from server"},
    {"http://127.0.0.1:1/", 0, 0, 0, "127.0.0.1 port 1"}, /* nobody listens there */
    {"http://127.0.0.1:99999/", 0, 0, 0, "URL"},
    {"ftp://127.0.0.1/", 0, 0, 0, "not supported or disabled"},
    {"", 0, 0, 0, "URL"},
};

START_TEST(answers)
{
    const struct row *r = &rows[_i];
    struct heard h = {.status = -1};
    struct post_target target = target_of(r->path);
    ask(&target, "body", &h);
    ck_assert_msg(h.status == r->status, "%s: status %d", r->path, h.status);
    ck_assert_int_eq(h.retry_after_ns, r->retry_after_s * (int64_t)NS_PER_S);
    ck_assert_uint_eq(h.body.n, r->body_n);
    ck_assert_msg(r->why[0] == '\0' ? h.why.at[0] == '\0' : strstr(h.why.at, r->why) != NULL,
                  "%s: %s", r->path, h.why.at);
    heard_fini(&h);
}
END_TEST

START_TEST(what_is_sent)
{
    enum { BODY = 3 * 1000 * 1000 };
    char *text = malloc(BODY + 1);
    struct heard h = {0};
    struct post_target target = target_of("/200?db=x");
    memset(text, 'y', BODY);
    text[BODY] = '\0';
    ask(&target, text, &h);
    ck_assert(strncmp(rig.peer.last.at, "POST /200?db=x HTTP/1.1\r\n", 25) == 0);
    ck_assert(strstr(rig.peer.last.at, "\r\nContent-Type: text/plain\r\n") != NULL);
    ck_assert(strstr(rig.peer.last.at, "\r\nUser-Agent: nablad/") != NULL);
    ck_assert(strstr(rig.peer.last.at, "Authorization:") == NULL);
    ck_assert(strcasestr(rig.peer.last.at, "Expect:") == NULL);
    ck_assert_str_eq(strstr(rig.peer.last.at, "\r\n\r\n") + 4, text);
    heard_fini(&h);
    free(text);
}
END_TEST

START_TEST(one_connection_serves_many)
{
    struct post_target target = target_of("/long");
    for (int i = 0; i < 5; i++) {
        struct heard h = {0};
        ask(&target, "body", &h);
        heard_fini(&h);
    }
    ck_assert_uint_eq(rig.peer.requests, 5);
    ck_assert_uint_eq(rig.peer.accepted, 1);
}
END_TEST

static const struct secret_row {
    const char *username, *secret;
    const char *header; /* NULL: it is refused, */
    const char *why;    /* for that */
} secrets[] = {
    {NULL, "s3cret\n", "\r\nAuthorization: Bearer s3cret\r\n", NULL},
    {NULL, " a b \r\n\n", "\r\nAuthorization: Bearer  a b\r\n", NULL},
    {NULL, "a\nX-Evil: 1", NULL, "control character"},
    {"me", "open: sesame\n", "\r\nAuthorization: Basic bWU6b3Blbjogc2VzYW1l\r\n", NULL},
    {"me", "a\nb", NULL, "control character"},
};

START_TEST(identity)
{
    const struct secret_row *r = &secrets[_i];
    struct heard h = {.status = -1};
    struct post_target target = target_of("/200");
    write_secret(r->secret);
    target.username = r->username;
    *(r->username != NULL ? &target.password_file : &target.bearer_token_file) = rig.secret;
    ask(&target, "body", &h);
    ck_assert_int_eq(h.status, r->header != NULL ? 200 : 0);
    if (r->header != NULL)
        ck_assert_msg(strstr(rig.peer.last.at, r->header) != NULL, "%s", rig.peer.last.at);
    else
        ck_assert_msg(strstr(h.why.at, r->why) != NULL, "%s", h.why.at);
    ck_assert_uint_eq(rig.peer.requests, r->header != NULL);
    heard_fini(&h);
}
END_TEST

START_TEST(secret_that_cannot_be_read)
{
    char long_one[POST_SECRET_MAX + 2] = "";
    struct heard missing = {0}, large = {0};
    struct post_target target = target_of("/200");
    target.bearer_token_file = "no-such-file";
    ask(&target, "body", &missing);
    ck_assert_str_eq(missing.why.at, "no-such-file: No such file or directory");
    memset(long_one, 'x', sizeof long_one - 1);
    write_secret(long_one);
    target.bearer_token_file = rig.secret;
    ask(&target, "body", &large);
    ck_assert(strstr(large.why.at, "too long") != NULL);
    ck_assert_uint_eq(rig.peer.requests, 0);
    heard_fini(&missing);
    heard_fini(&large);
}
END_TEST

START_TEST(silence_ends)
{
    struct heard h = {.status = -1};
    struct post_target target = target_of("/silent");
    target.timeout_ns = INT64_C(50) * MS;
    ask(&target, "body", &h);
    ck_assert_int_eq(h.status, 0);
    ck_assert(strstr(h.why.at, "timed out") != NULL);
    heard_fini(&h);
}
END_TEST

START_TEST(as_many_as_allowed)
{
    struct heard h[MAX + 2] = {{0}};
    struct post *posts[MAX + 2];
    struct post_target target = target_of("/silent");
    for (int i = 0; i < MAX; i++)
        ck_assert_int_eq(send_to(&target, "body", &h[i], &posts[i]), NABLA_OK);
    ck_assert_int_eq(send_to(&target, "body", &h[MAX], &posts[MAX]), NABLA_ELIMIT);
    while (rig.peer.requests < MAX)
        uv_run(&rig.loop, UV_RUN_ONCE);
    post_cancel(posts[1]); /* makes room, and is never heard of again */
    target = target_of("/200");
    ask(&target, "body", &h[MAX + 1]);
    for (int i = 0; i <= MAX; i++)
        ck_assert_uint_eq(h[i].times, 0);
    heard_fini(&h[MAX + 1]);
} /* the others are on their way when the poster goes */
END_TEST

START_TEST(sending_from_an_answer)
{
    struct heard second = {0}, broken = {0};
    struct heard first = {.then = "/404", .of_that = &second};
    struct post_target target = target_of("/200");
    second.then = "ftp://127.0.0.1/";
    second.of_that = &broken;
    ask(&target, "body", &first);
    wait_for(&second);
    wait_for(&broken);
    ck_assert_int_eq(second.status, 404);
    ck_assert_int_eq(broken.status, 0);
    heard_fini(&first);
    heard_fini(&second);
    heard_fini(&broken);
}
END_TEST

START_TEST(several_broken_ones)
{
    struct heard h[3] = {{0}};
    struct post *posts[3];
    struct post_target target = target_of("/200");
    target.bearer_token_file = "no-such-file";
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(send_to(&target, "body", &h[i], &posts[i]), NABLA_OK);
    post_cancel(posts[1]);
    wait_for(&h[0]);
    wait_for(&h[2]);
    ck_assert_uint_eq(h[1].times, 0);
    heard_fini(&h[0]);
    heard_fini(&h[2]);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("net/post");
    TCase *t = tcase_create("post");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, answers, 0, ROWS(rows));
    tcase_add_loop_test(t, identity, 0, ROWS(secrets));
    tcase_add_test(t, what_is_sent);
    tcase_add_test(t, one_connection_serves_many);
    tcase_add_test(t, secret_that_cannot_be_read);
    tcase_add_test(t, silence_ends);
    tcase_add_test(t, as_many_as_allowed);
    tcase_add_test(t, sending_from_an_answer);
    tcase_add_test(t, several_broken_ones);
    suite_add_tcase(s, t);
    return s;
}
