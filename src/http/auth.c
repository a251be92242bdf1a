/* http/auth.c -- 401, 403, 429, or on.
 *
 * A password that waits is its check's, which its request may leave behind (the daemon ends): it is then
 * freed when the thread is done with it.
 * Laws: a page of another site leaves no sample and reloads nothing, whoever looks at it; what was shown is overwritten as soon as it is judged; neither it nor a user's name is ever logged,
 * since people type the one where the other belongs. A password that is not known costs bcrypt's time whether
 * or not there is such a user.
 * Elsewhere: who there is (doors/access.h), which right a route wants (routes.c). */
#include "http/auth.h"

#include "base/clock.h"
#include "base/network.h"
#include "doors/access.h"
#include "doors/failures.h"
#include "doors/password.h"
#include "http/origin.h"
#include "http/reply.h"
#include "http/routes.h"

#include <stdlib.h>
#include <string.h>

struct check {
    struct check *next;
    uv_work_t work;
    struct http *http;
    struct request *request; /* NULL: it has gone */
    struct credentials shown;
    char hash[PASSWORD_HASH + 1]; /* "": there is no such user */
    unsigned cost, rights;
    bool right;
};

struct auth {
    struct password_cache cache;
    struct failures failures;
    struct check *first, **last; /* that wait, in turn */
    uint32_t waiting;
    bool running;
};

enum nabla_status auth_new(uint32_t failures, uint64_t secret, struct auth **out)
{
    struct auth *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NABLA_ENOMEM;
    g->last = &g->first;
    failures_init(&g->failures, failures, secret);
    enum nabla_status status = password_cache_init(&g->cache);
    if (status == NABLA_OK)
        *out = g;
    else
        auth_free(g);
    return status;
}

void auth_free(struct auth *g)
{
    if (g != NULL)
        secret_wipe(g, sizeof *g);
    free(g);
}

/* ---- who asks */

static struct ip address_of(const struct request *r)
{
    return r->peer != NULL ? r->peer->from.ip : network_here().ip;
}

static void count_outcome(struct http *h, enum auth_outcome outcome)
{
    count(&h->options.stats->auth[outcome], 1);
}

static void refuse(struct request *r, unsigned status, enum auth_outcome outcome)
{
    r->refused = status;
    count_outcome(r->http, outcome);
}

/* What was shown is wrong. */
static void fail(struct request *r)
{
    char text[IP_TEXT_MAX];
    struct ip from = address_of(r);
    failures_count(&r->http->auth->failures, from, clock_now().mono_ns);
    refuse(r, MHD_HTTP_UNAUTHORIZED, AUTH_WRONG);
    log_event(r->http->options.log, LOG_LEVEL_WARN, "auth_failed", "auth_failed", "address=%s",
              ip_write(from, text));
}

/* True, and it is refused, if its address has failed too often. */
static bool must_wait(struct request *r)
{
    int64_t wait_ns = failures_wait(&r->http->auth->failures, address_of(r), clock_now().mono_ns);
    if (wait_ns == 0)
        return false;
    refuse(r, MHD_HTTP_TOO_MANY_REQUESTS, AUTH_LIMITED);
    count(&r->http->options.stats->limited[LIMIT_HTTP_AUTH_FAILURES], 1);
    r->retry_s = (uint32_t)((wait_ns + NS_PER_S - 1) / NS_PER_S);
    return true;
}

/* Somebody with these rights asks. */
static void admit(struct request *r, unsigned rights, bool is_somebody)
{
    unsigned wanted = r->route != NULL ? r->route->rights : RIGHTS_ALL;
    r->rights = rights;
    if ((rights & wanted) != 0)
        count_outcome(r->http, AUTH_OK);
    else if (is_somebody)
        refuse(r, MHD_HTTP_FORBIDDEN, AUTH_FORBIDDEN);
    else
        refuse(r, MHD_HTTP_UNAUTHORIZED, AUTH_MISSING);
}

/* ---- a password that is not known yet */

static void free_check(struct check *c)
{
    credentials_forget(&c->shown);
    free(c);
}

/* Also looked for where there is no such user: that takes time, too. */
static bool is_known(struct check *c)
{
    return password_cache_has(&c->http->auth->cache, c->shown.text, c->hash,
                              credentials_password(&c->shown));
}

/* It is known now: its request goes on. */
static void conclude(struct check *c)
{
    struct request *r = c->request;
    if (c->right)
        password_cache_put(&c->http->auth->cache, c->shown.text, c->hash,
                           credentials_password(&c->shown));
    if (r != NULL) {
        r->check = NULL;
        if (c->right)
            admit(r, c->rights, true);
        else if (r->refused == 0)
            fail(r);
        request_unpark(r);
        server_nudge(r->http);
    }
    free_check(c);
}

static void on_work(uv_work_t *work)
{
    struct check *c = work->data;
    c->right = password_verify(c->hash[0] != '\0' ? c->hash : NULL, c->cost,
                               credentials_password(&c->shown));
}

static void next_check(struct http *h);

static void on_worked(uv_work_t *work, int status)
{
    struct check *c = work->data;
    struct http *h = c->http;
    (void)status;
    h->auth->running = false;
    conclude(c);
    next_check(h);
}

static struct check *take_first(struct auth *g)
{
    struct check *c = g->first;
    g->first = c->next;
    g->waiting--;
    if (g->first == NULL)
        g->last = &g->first;
    return c;
}

/* What others have found out meanwhile need not be found out again. */
static void next_check(struct http *h)
{
    struct auth *g = h->auth;
    while (g->first != NULL && !g->running) {
        struct check *c = take_first(g);
        c->right = is_known(c);
        if (c->request == NULL || c->right || must_wait(c->request)) {
            conclude(c);
            continue;
        }
        count(&h->options.stats->passwords_verified, 1);
        g->running = uv_queue_work(&h->loop, &c->work, on_work, on_worked) == 0;
        if (!g->running)
            conclude(c);
    }
}

static void start_check(struct request *r, const struct access *a, const struct credentials *shown,
                        const char *hash, unsigned rights)
{
    struct http *h = r->http;
    struct auth *g = h->auth;
    struct check *c = g->waiting < AUTH_WAITING_MAX && !h->finishing ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, AUTH_LIMITED);
        count(&h->options.stats->limited[LIMIT_HTTP_AUTH_WAITING], 1);
        return;
    }
    c->work.data = c;
    c->http = h;
    c->request = r;
    c->shown = *shown;
    c->rights = rights;
    c->cost = access_cost(a, hash);
    if (hash != NULL)
        memcpy(c->hash, hash, PASSWORD_HASH);
    if (is_known(c)) {
        free_check(c);
        admit(r, rights, true);
        return;
    }
    r->check = c;
    *g->last = c;
    g->last = &c->next;
    g->waiting++;
    request_park(&h->checking, r);
    next_check(h);
}

/* ---- the request */

static void judge(struct request *r, const struct access *a, const struct credentials *shown)
{
    unsigned rights;
    const char *hash;
    bool is_somebody = shown->kind != CREDENTIALS_NONE && a->users_n + a->tokens_n > 0;
    if (is_somebody && must_wait(r))
        return;
    switch (access_judge(a, shown, &rights, &hash)) {
    case ACCESS_KNOWN: admit(r, rights, is_somebody); break;
    case ACCESS_VERIFY: start_check(r, a, shown, hash, rights); break;
    case ACCESS_NOBODY: fail(r); break;
    }
}

/* What leaves something behind is for nobody's page but ours. */
static bool must_be_ours(const struct request *r)
{
    return r->route != NULL && (r->route->rights & RIGHT_READ) == 0;
}

static void refuse_foreign(struct request *r)
{
    char text[IP_TEXT_MAX], quoted[LOG_QUOTE_MAX];
    const char *origin = request_header(r, MHD_HTTP_HEADER_ORIGIN);
    origin = origin != NULL ? origin : "";
    r->foreign = true;
    refuse(r, MHD_HTTP_FORBIDDEN, AUTH_FOREIGN);
    log_event(r->http->options.log, LOG_LEVEL_WARN, "foreign_page", "foreign_page",
              "address=%s path=%s origin=%s", ip_write(address_of(r), text), r->route->path,
              log_quote(quoted, origin, strlen(origin)));
}

void auth_judge(struct request *r)
{
    struct credentials shown;
    if (must_be_ours(r) && origin_is_foreign(r->connection)) {
        refuse_foreign(r);
        return;
    }
    struct access *a = http_access(r->http);
    if (a == NULL) {
        r->rights = RIGHTS_ALL;
        return;
    }
    credentials_read(request_header(r, MHD_HTTP_HEADER_AUTHORIZATION), &shown);
    judge(r, a, &shown);
    credentials_forget(&shown);
    access_leave(a);
}

enum MHD_Result auth_refuse(struct request *r)
{
    char seconds[16];
    switch (r->refused) {
    case MHD_HTTP_UNAUTHORIZED:
        return reply_error(r, r->refused,
                           "this needs a user and the right password, or the right token");
    case MHD_HTTP_FORBIDDEN:
        return reply_error(r, r->refused,
                           r->foreign ? "a browser asks this for a page of another site"
                                      : "this user or token has not the right to do that");
    case MHD_HTTP_TOO_MANY_REQUESTS:
        snprintf(seconds, sizeof seconds, "%u", (unsigned)r->retry_s);
        return reply_error_extra(r, r->refused, "too many wrong passwords or tokens; wait",
                                 (struct extra){MHD_HTTP_HEADER_RETRY_AFTER, seconds});
    default: return reply_busy(r, "too many passwords are being verified; try again");
    }
}

void auth_add_headers(struct http *h, unsigned status, struct MHD_Response *response)
{
    struct access *a = http_access(h);
    for (uint32_t i = 0; a != NULL && i < a->headers_n; i++)
        if (MHD_get_response_header(response, a->headers[i].name) == NULL)
            MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
    if (a != NULL && status == MHD_HTTP_UNAUTHORIZED && a->users_n > 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Basic realm=\"nablad\", charset=\"UTF-8\"");
    if (a != NULL && status == MHD_HTTP_UNAUTHORIZED && a->tokens_n > 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"nablad\"");
    access_leave(a);
}

void auth_leave(struct request *r)
{
    if (r->check != NULL)
        r->check->request = NULL;
    r->check = NULL;
}

void auth_cancel(struct http *h)
{
    while (h->checking != NULL) {
        struct request *r = h->checking;
        auth_leave(r);
        r->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
        request_unpark(r);
    }
    next_check(h); /* lets go of all of them */
}
