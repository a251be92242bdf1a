/* net/post.c -- libcurl's multi interface on a libuv loop.
 *
 *     curl's sockets ── uv_poll, one each ──┐
 *     curl's timeout ── uv_timer ───────────┼──► curl_multi_socket_action, then who is done
 *     what cannot be sent ── uv_timer ──────┴──► on_done
 *
 * Laws: on_done is called from the loop alone, once, unless cancelled. A timeout of 0 is 1 ms: libuv runs
 * a timer of 0 that is set again in its own callback in the same turn, and sockets would starve. A
 * uv_poll is freed in its close callback, since libuv may still hold it; curl, done with a
 * socket, may close it, and open another of the same number, before that. */
#include "net/post.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_CONNECTIONS = 8 };

struct watch {
    uv_poll_t poll;
    struct poster *poster;
    curl_socket_t fd;
};

struct post {
    struct post *next, **at; /* in the poster */
    struct poster *poster;
    CURL *easy;
    bool broken, running;       /* never sent; or with curl */
    struct curl_slist *headers; /* owned, as what follows is */
    struct buf body, answer;
    size_t answer_n;             /* all that came */
    char error[CURL_ERROR_SIZE]; /* why there is no answer; "": curl says it another way */
    post_done *on_done;
    void *ctx;
};

struct poster {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer, broken; /* curl's; of what could not be sent */
    int handles;              /* open timers: at 0 the poster goes */
    struct post *first;
    uint32_t n, max;
};

/* ---- the loop's events to curl, and curl's wishes to the loop */

static void finish_done(struct poster *p);

static void act(struct poster *p, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(p->multi, fd, events, &running);
    finish_done(p);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    const struct watch *w = poll->data;
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    what |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    what |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(w->poster, w->fd, what);
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
    struct poster *p = ctx;
    (void)multi;
    if (ms < 0)
        return uv_timer_stop(&p->timer);
    return uv_timer_start(&p->timer, on_timer, ms == 0 ? 1 : (uint64_t)ms, 0);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *watch_new(struct poster *p, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    *w = (struct watch){.poster = p, .fd = fd};
    if (uv_poll_init_socket(p->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    curl_multi_assign(p->multi, fd, w);
    return w;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct watch *w = socket_ctx;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL)
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        return 0;
    }
    if (w == NULL && (w = watch_new(ctx, fd)) == NULL)
        return -1;
    int events = (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    return uv_poll_start(&w->poll, events, on_socket) == 0 ? 0 : -1;
}

/* ---- one request */

static void post_free(struct post *post)
{
    if (post->running)
        curl_multi_remove_handle(post->poster->multi, post->easy);
    *post->at = post->next;
    if (post->next != NULL)
        post->next->at = post->at;
    post->poster->n--;
    curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->headers);
    buf_fini(&post->body);
    buf_fini(&post->answer);
    free(post);
}

void post_cancel(struct post *post)
{
    post_free(post);
}

/* What goes past the end that is shown is read, so that the connection serves again; not for ever. */
static size_t on_answer(char *bytes, size_t size, size_t n, void *ctx)
{
    struct post *post = ctx;
    size_t came = size * n, room = POST_ANSWER_MAX - post->answer.n;
    buf_add(&post->answer, bytes, came < room ? came : room);
    post->answer_n += came;
    return post->answer_n <= POST_READ_MAX ? came : 0;
}

static int64_t retry_after(CURL *easy)
{
    curl_off_t s = 0;
    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s) != CURLE_OK || s < 0)
        return 0;
    return (int64_t)(s < POST_RETRY_AFTER_MAX_S ? s : POST_RETRY_AFTER_MAX_S) * NS_PER_S;
}

/* Tells, then frees; only the request that is told of goes, whatever on_done does. */
static void finish(struct post *post, CURLcode code)
{
    long status = 0;
    bool cut = code == CURLE_WRITE_ERROR && post->answer_n > POST_READ_MAX;
    struct post_answer answer = {.body = post->answer.at, .body_n = post->answer.n};
    if (code == CURLE_OK || cut)
        curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    if (status == 0)
        answer.why = post->error[0] != '\0' ? post->error : curl_easy_strerror(code);
    else
        answer.retry_after_ns = retry_after(post->easy);
    struct buf body = post->answer;
    char error[CURL_ERROR_SIZE];
    memcpy(error, post->error, sizeof error);
    if (answer.why == post->error)
        answer.why = error;
    post->answer = (struct buf){0};
    post_done *on_done = post->on_done;
    void *ctx = post->ctx;
    post_free(post);
    on_done(ctx, &answer);
    buf_fini(&body);
}

static void finish_done(struct poster *p)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(p->multi, &left)) != NULL;) {
        char *post = NULL;
        CURLcode code = m->data.result;
        if (m->msg == CURLMSG_DONE &&
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &post) == CURLE_OK)
            finish((struct post *)(void *)post, code);
    }
}

static void on_broken(uv_timer_t *timer)
{
    const struct poster *p = timer->data;
    struct post *post = p->first;
    while (post != NULL && !post->broken)
        post = post->next;
    if (post == NULL)
        return;
    uv_timer_start(timer, on_broken, 1, 0); /* there may be more */
    finish(post, CURLE_READ_ERROR);
}

/* ---- what is sent */

/* A secret's first line; false, and why, if there is none. */
static bool read_secret(const char *path, char out[static POST_SECRET_MAX + 1],
                        char why[static CURL_ERROR_SIZE])
{
    FILE *f = fopen(path, "rbe");
    size_t n = f == NULL ? 0 : fread(out, 1, POST_SECRET_MAX + 1, f);
    const char *fault = f == NULL || ferror(f) ? strerrordesc_np(errno) : NULL;
    if (f != NULL)
        fclose(f);
    if (n > POST_SECRET_MAX)
        fault = "it is too long";
    while (n > 0 && n <= POST_SECRET_MAX && (unsigned char)out[n - 1] <= ' ')
        n--;
    for (size_t i = 0; i < n && fault == NULL; i++)
        if ((unsigned char)out[i] < ' ')
            fault = "it has a control character";
    out[fault == NULL ? n : 0] = '\0';
    if (fault != NULL)
        snprintf(why, CURL_ERROR_SIZE, "%.180s: %s", path, fault);
    return fault == NULL;
}

static bool add_header(struct post *post, const char *line)
{
    struct curl_slist *more = curl_slist_append(post->headers, line);
    if (more == NULL)
        return false;
    post->headers = more;
    return true;
}

static void forget(void *secret, size_t n)
{
    explicit_bzero(secret, n);
}

/* Returns curl's complaint; CURLE_READ_ERROR with post->error if a file cannot be read. */
static CURLcode set_token(struct post *post, const char *path)
{
    char token[POST_SECRET_MAX + 1];
    CURLcode code = CURLE_READ_ERROR;
    if (read_secret(path, token, post->error)) {
        code = curl_easy_setopt(post->easy, CURLOPT_XOAUTH2_BEARER, token);
        curl_easy_setopt(post->easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    }
    forget(token, sizeof token);
    return code;
}

static CURLcode set_password(struct post *post, const char *username, const char *path)
{
    char password[POST_SECRET_MAX + 1] = "";
    CURLcode code = CURLE_READ_ERROR;
    if (path == NULL || read_secret(path, password, post->error))
        code = curl_easy_setopt(post->easy, CURLOPT_PASSWORD, password);
    forget(password, sizeof password);
    if (code == CURLE_OK)
        code = curl_easy_setopt(post->easy, CURLOPT_USERNAME, username);
    curl_easy_setopt(post->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    return code;
}

static CURLcode set_identity(struct post *post, const struct post_target *t)
{
    if (t->bearer_token_file != NULL)
        return set_token(post, t->bearer_token_file);
    return t->username != NULL ? set_password(post, t->username, t->password_file) : CURLE_OK;
}

static void set_tls(CURL *c, const struct post_target *t)
{
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, t->insecure ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, t->insecure ? 0L : 2L);
    if (t->ca_file != NULL)
        curl_easy_setopt(c, CURLOPT_CAINFO, t->ca_file);
    if (t->cert_file != NULL)
        curl_easy_setopt(c, CURLOPT_SSLCERT, t->cert_file);
    if (t->key_file != NULL)
        curl_easy_setopt(c, CURLOPT_SSLKEY, t->key_file);
}

static void set_manner(struct post *post, const struct post_target *t)
{
    CURL *c = post->easy;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT,
                     1L); /* a cancelled look-up of a name is not waited for */
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(t->connect_timeout_ns / NS_PER_MS));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(t->timeout_ns / NS_PER_MS));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "nablad/" NABLA_VERSION);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, post->error);
    curl_easy_setopt(c, CURLOPT_PRIVATE, post);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, post);
}

static bool set_headers(struct post *post, const char *const headers[])
{
    bool good = add_header(post, "Expect:"); /* or curl would wait for a 100 before a large body */
    for (; good && *headers != NULL; headers++)
        good = add_header(post, *headers);
    return good;
}

/* CURLE_OK, or why it cannot be sent. */
static CURLcode prepare(struct post *post, const struct post_target *t, const char *const headers[])
{
    CURL *c = post->easy;
    if (c == NULL || !set_headers(post, headers))
        return CURLE_OUT_OF_MEMORY;
    set_manner(post, t);
    set_tls(c, t);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, post->body.n > 0 ? post->body.at : "");
    CURLcode code = curl_easy_setopt(c, CURLOPT_URL, t->url);
    return code == CURLE_OK ? set_identity(post, t) : code;
}

/* In the poster's list; no request of its own yet. */
static struct post *post_new(struct poster *p, struct buf *body, post_done *on_done, void *ctx)
{
    struct post *post = calloc(1, sizeof *post);
    if (post == NULL)
        return NULL;
    *post = (struct post){.next = p->first,
                          .at = &p->first,
                          .poster = p,
                          .easy = curl_easy_init(),
                          .body = *body,
                          .on_done = on_done,
                          .ctx = ctx};
    *body = (struct buf){0};
    if (p->first != NULL)
        p->first->at = &post->next;
    p->first = post;
    p->n++;
    return post;
}

enum nabla_status post_send(struct poster *p, const struct post_target *target,
                            const char *const headers[], struct buf *body, post_done *on_done,
                            void *ctx, struct post **out)
{
    struct post *post = p->n < p->max ? post_new(p, body, on_done, ctx) : NULL;
    if (post == NULL) {
        buf_fini(body);
        *body = (struct buf){0};
        return p->n < p->max ? NABLA_ENOMEM : NABLA_ELIMIT;
    }
    CURLcode code = prepare(post, target, headers);
    if (code == CURLE_OUT_OF_MEMORY) {
        post_free(post);
        return NABLA_ENOMEM;
    }
    post->running = code == CURLE_OK && curl_multi_add_handle(p->multi, post->easy) == CURLM_OK;
    if (!post->running) {
        post->broken = true;
        if (post->error[0] == '\0')
            snprintf(post->error, sizeof post->error, "%s", curl_easy_strerror(code));
        uv_timer_start(&p->broken, on_broken, 1, 0);
    }
    *out = post;
    return NABLA_OK;
}

/* ---- the poster */

static void on_timer_closed(uv_handle_t *handle)
{
    struct poster *p = handle->data;
    if (--p->handles == 0)
        free(p);
}

enum nabla_status poster_new(uv_loop_t *loop, uint32_t max, struct poster **out)
{
    struct poster *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NABLA_ENOMEM;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *p = (struct poster){.loop = loop, .multi = curl_multi_init(), .max = max, .handles = 2};
    if (p->multi == NULL) {
        curl_global_cleanup();
        free(p);
        return NABLA_ENOMEM;
    }
    uv_timer_init(loop, &p->timer);
    uv_timer_init(loop, &p->broken);
    p->timer.data = p->broken.data = p;
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
    curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max);
    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    *out = p;
    return NABLA_OK;
}

void poster_free(struct poster *p)
{
    if (p == NULL)
        return;
    while (p->first != NULL)
        post_free(p->first);
    curl_multi_cleanup(p->multi);
    curl_global_cleanup();
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
    uv_close((uv_handle_t *)&p->broken, on_timer_closed);
}
