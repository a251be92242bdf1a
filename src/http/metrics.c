/* http/metrics.c -- /metrics: every live rate, then nablad's own metrics.
 *
 *     found, by family       a a | b b b | c | a' a'      a run: series of one metric name
 *     groups, by exposition  [a a'] [b] [c]               names that are one when made valid
 *     written                a: per second, per minute, per hour   each with its HELP and TYPE
 *
 * Laws: a family's lines stand together, under one HELP and one TYPE; no two lines have the same labels.
 * Groups, and the plan if rules change names, are made by a job, since there can be as many names as
 * series.
 * Elsewhere: the lines (metrics_write.c), the plan (metrics_plan.c). */
#include "http/metrics.h"
#include "http/alerts.h"
#include "http/own_metrics.h"
#include "http/routes.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_A_STEP = 4096 };

static void free_metrics(void *ctx)
{
    struct metrics *m = ctx;
    scan_fini(&m->scan);
    strings_fini(&m->groups);
    seen_clear(&m->written);
    buf_fini(&m->line);
    plan_free(m->plan);
    exposure_leave(m->exposure);
    free(m->runs);
    free(m->heads);
    free(m);
}

static enum nabla_status grow(struct metrics *m)
{
    uint32_t cap = m->runs_cap ? 2 * m->runs_cap : 256;
    struct run *runs = realloc(m->runs, cap * sizeof *runs);
    if (runs != NULL)
        m->runs = runs;
    uint32_t *heads = realloc(m->heads, cap * sizeof *heads);
    if (heads != NULL)
        m->heads = heads;
    if (runs == NULL || heads == NULL)
        return NABLA_ENOMEM;
    m->runs_cap = cap;
    return NABLA_OK;
}

/* Puts run number n behind the first of its group, or begins a group with it. */
static enum nabla_status join_group(struct http *h, struct metrics *m, uint32_t n)
{
    char name[LABEL_NAME_MAX];
    uint32_t family = m->scan.found.at[m->runs[n].first].family, group;
    bool fresh;
    buf_clear(&m->line);
    prom_name(&m->line, name, table_family_name(h->options.table, family, name));
    if (m->line.failed)
        return NABLA_ENOMEM;
    enum nabla_status s = strings_add(&m->groups, m->line.at, m->line.n, &group, &fresh);
    if (s != NABLA_OK)
        return s;
    if (fresh) {
        m->heads[group] = n;
    } else {
        struct run *head = &m->runs[m->heads[group]];
        m->runs[n].next = head->next;
        head->next = n + 1;
    }
    return NABLA_OK;
}

/* The next run of found, from scan.at on. */
static enum nabla_status add_run(struct http *h, struct metrics *m)
{
    const struct findings *f = &m->scan.found;
    uint32_t end = m->scan.at;
    while (end < f->n && f->at[end].family == f->at[m->scan.at].family)
        end++;
    if (m->runs_n == m->runs_cap && grow(m) != NABLA_OK)
        return NABLA_ENOMEM;
    m->runs[m->runs_n] = (struct run){.first = m->scan.at, .n = end - m->scan.at};
    m->scan.at = end;
    return join_group(h, m, m->runs_n++);
}

/* Some of the lines that rules change, then the own ones. */
static enum step plan_step(struct http *h, struct metrics *m)
{
    struct buf none = {0};
    scan_begin_slice(&m->scan);
    for (uint32_t reads = 0; m->group < m->groups.n;) {
        uint32_t n = metrics_write_some(h, m, &none);
        if (n == 0)
            return STEP_FAILED;
        reads += n;
        m->scan.busy = scan_is_spent(&m->scan);
        if (m->scan.busy)
            return STEP_DONE;
        if (reads >= METRICS_READS || scan_is_due(&m->scan))
            return STEP_MORE;
    }
    if (alerts_expose(h, m->form, &m->alert, plan_own(m->plan)))
        return STEP_MORE;
    return plan_end(h, m) == NABLA_OK ? STEP_DONE : STEP_FAILED;
}

static enum step group_step(struct request *r, void *ctx)
{
    struct metrics *m = ctx;
    enum step step = scan_select(&m->scan);
    if (step != STEP_DONE || m->scan.busy)
        return step;
    for (int i = 0; i < RUNS_A_STEP && scan_has_more(&m->scan); i++)
        if (add_run(r->http, m) != NABLA_OK)
            return STEP_FAILED;
    if (scan_has_more(&m->scan))
        return STEP_MORE;
    if (m->plan == NULL)
        return STEP_DONE;
    return seen_reserve(&m->written, m->scan.found.n) == NABLA_OK ? plan_step(r->http, m)
                                                                  : STEP_FAILED;
}

/* The lines in m->line that are wanted, as far as the slice goes. False: there are more. */
static bool pass_lines(struct http *h, struct metrics *m, struct buf *out)
{
    if (m->walking)
        m->walking = !own_lines_pass(h, m, out);
    return !m->walking;
}

static void begin_lines(struct metrics *m)
{
    buf_clear(&m->line);
    m->walk = (struct own_walk){0};
    m->walking = true;
}

/* Some alerts. True if there are more. */
static bool write_alerts(struct http *h, struct metrics *m, struct buf *out)
{
    if (!m->filtered && m->rules == NULL)
        return alerts_expose(h, m->form, &m->alert, out);
    if (!pass_lines(h, m, out))
        return true;
    if (m->alerts_done)
        return false;
    begin_lines(m);
    m->alerts_done = !alerts_expose(h, m->form, &m->alert, &m->line);
    return true;
}

static enum step write_own(struct http *h, struct metrics *m, struct buf *out)
{
    if (!m->filtered && m->rules == NULL) {
        own_metrics_write(out, m->form, h);
    } else {
        if (!m->own_begun) {
            begin_lines(m);
            own_metrics_write(&m->line, m->form, h);
        }
        m->own_begun = true;
        if (!m->line.failed && !pass_lines(h, m, out))
            return STEP_MORE;
    }
    if (m->line.failed || m->failed)
        return STEP_FAILED;
    prom_end(out, m->form);
    return STEP_DONE;
}

static enum step metrics_next(struct http *h, void *ctx, struct buf *out)
{
    struct metrics *m = ctx;
    scan_begin_slice(&m->scan);
    if (scan_is_spent(&m->scan))
        return scan_cut(&m->scan);
    for (uint32_t reads = 0; m->group < m->groups.n;) {
        uint32_t n = metrics_write_some(h, m, out);
        if (n == 0)
            return STEP_FAILED;
        reads += n;
        if (out->n >= METRICS_SLICE_BYTES || reads >= METRICS_READS || scan_is_due(&m->scan))
            return STEP_MORE;
    }
    if (!m->own_begun && write_alerts(h, m, out))
        return STEP_MORE;
    return write_own(h, m, out);
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_metrics(ctx);
}

/* What lines that rules change will take to be remembered, for the largest group. */
static uint64_t remembered_bytes(const struct metrics *m)
{
    uint32_t most = 0;
    for (uint32_t group = 0; m->rules != NULL && group < m->groups.n; group++) {
        uint32_t n = metrics_group_size(m, group);
        most = n > most ? n : most;
    }
    return most * (uint64_t)SEEN_LINE_BYTES;
}

static enum MHD_Result metrics_reply(struct request *r, void *ctx)
{
    struct metrics *m = ctx;
    uint64_t bytes = m->runs_cap * (sizeof m->runs[0] + sizeof m->heads[0]) + m->groups.text.cap;
    bytes += plan_bytes(m->plan) + remembered_bytes(m);
    if (m->scan.busy || scan_hold(&m->scan, bytes) != NABLA_OK)
        return scan_refuse(r, &m->scan);
    r->job.free = NULL; /* the answer has it now */
    return reply_source(
        r, prom_content_type(m->form),
        (struct source){m->plan != NULL ? plan_next : metrics_next, free_source, m});
}

static struct scraper who_asks(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct scraper who = {.came_ns = clock_now().mono_ns};
    if (info != NULL && info->client_addr->sa_family == AF_INET)
        memcpy(who.address,
               &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr, 4);
    else if (info != NULL && info->client_addr->sa_family == AF_INET6)
        memcpy(who.address,
               &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr, 16);
    return who;
}

/* Who asks, by its address: one of a few, the one that came least recently making room. */
static uint32_t scraper_of(struct http *h, struct MHD_Connection *connection)
{
    struct scraper who = who_asks(connection), *all = h->scrapers;
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < SCRAPERS_MAX; i++) {
        if (all[i].came_ns != 0 && memcmp(all[i].address, who.address, sizeof who.address) == 0) {
            all[i] = who;
            return i;
        }
        oldest = all[i].came_ns < all[oldest].came_ns ? i : oldest;
    }
    if (all[oldest].came_ns != 0) {
        table_forget_extremes(h->options.table, oldest);
        h->scrapers_replaced++;
    }
    all[oldest] = who;
    return oldest;
}

static enum MHD_Result expose(struct request *r, bool wants_match)
{
    struct ask ask;
    struct fault fault;
    enum nabla_status status = ask_read(&r->params, ASK_TIMESTAMPS | ASK_MATCH, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    if (wants_match && ask.any_n == 0)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "no match[] parameter provided");
    struct metrics *m = calloc(1, sizeof *m);
    if (m == NULL) {
        ask_fini(&ask);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    m->timestamps = ask.timestamps;
    m->exposure = http_exposure(r->http);
    m->filtered = ask.any_n > 0 ||
                  (m->exposure != NULL && m->exposure->include_n + m->exposure->exclude_n > 0);
    m->form = prom_negotiate(
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
    m->groups.seed = m->written.seed = r->http->secret;
    m->scraper = scraper_of(r->http, r->connection);
    ask.states = 1U << STATE_OK;
    ask.exposed = true;
    if (m->exposure != NULL && relabel_count(m->exposure->relabel) > 0)
        m->rules = m->exposure->relabel;
    m->choose = m->rules != NULL && relabel_only_chooses(m->rules);
    status = scan_new(r->http, &ask, true, &m->scan);
    if (status == NABLA_OK && m->rules != NULL && !relabel_keeps_names(m->rules))
        status = plan_new(r->http, &m->plan);
    if (status != NABLA_OK) {
        free_metrics(m);
        return reply_fault(r, status, NULL);
    }
    return request_prepare(r, (struct job){group_step, metrics_reply, free_metrics, m});
}

enum MHD_Result metrics_answer(struct request *r)
{
    return expose(r, false);
}

enum MHD_Result federate_answer(struct request *r)
{
    return expose(r, true);
}
