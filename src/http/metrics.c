/* http/metrics.c -- /metrics: every live rate, then nablad's own metrics.
 *
 *     found, by family       a a | b b b | c | a' a'      a run: series of one metric name
 *     groups, by exposition  [a a'] [b] [c]               names that are one when made valid
 *     written                a: per second, per minute, per hour   each with its HELP and TYPE
 *
 * Laws: a family's lines stand together, under one HELP and one TYPE. Where making names valid made two
 * series equal, the first is written, and the log says which was not: a group that can have such lines
 * (several metrics, or labels that are not valid as they are) remembers what it has written. That it has
 * such labels shows at the first of them, and the lines before are then gone through again.
 * Groups are made by a job, since there can be as many names as series. */
#include "http/alerts.h"
#include "http/names.h"
#include "http/own_metrics.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/seen.h"
#include "http/strings.h"
#include "wire/prom_out.h"

#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A slice is what libmicrohttpd takes in one turn, so that no turn of the loop makes more than one for
 * each client. */
enum { RUNS_A_STEP = 4096, SLICE_BYTES = 16 * 1024, READS_A_SLICE = 512 };

struct run {
    uint32_t first, n; /* in found */
    uint32_t next;     /* the group's next run + 1; 0: it is the last */
};

struct metrics {
    struct scan scan;
    enum exposition form;
    bool timestamps;
    struct run *runs; /* owned; runs[0..runs_n) */
    uint32_t runs_n, runs_cap;
    uint32_t *heads;       /* each group's first run; as many as runs_cap */
    struct strings groups; /* their names, made valid */
    /* where the answer is */
    uint32_t group, run, place; /* run + 1, 0: the group begins; place: series of the run */
    uint64_t alert;             /* the last that was written, once all series are */
    uint32_t scraper;           /* who asks, for extremes */
    unsigned view;
    char suffix[EXPOSED_SUFFIX_MAX]; /* of the view */
    unsigned views;                  /* those that the group's series have */
    bool titled;                     /* this group and view has its HELP and TYPE */
    bool filtered;                   /* match[] asks for some lines only */
    bool remembers;      /* the group's lines can be equal: those of the view that were written */
    struct seen written; /* are in here */
    uint32_t quiet;      /* up to this place of the run all has been written already */
    struct buf line;     /* scratch */
    struct exposed exposed; /* scratch */
};

static void free_metrics(void *ctx)
{
    struct metrics *m = ctx;
    scan_fini(&m->scan);
    strings_fini(&m->groups);
    seen_clear(&m->written);
    buf_fini(&m->line);
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

static enum step group_step(struct request *r, void *ctx)
{
    struct metrics *m = ctx;
    enum step step = scan_select(&m->scan);
    if (step != STEP_DONE || m->scan.busy)
        return step;
    for (int i = 0; i < RUNS_A_STEP && scan_has_more(&m->scan); i++)
        if (add_run(r->http, m) != NABLA_OK)
            return STEP_FAILED;
    return scan_has_more(&m->scan) ? STEP_MORE : STEP_DONE;
}

static void write_title(struct metrics *m, struct buf *out)
{
    char help[EXPOSED_HELP_MAX];
    int n = (int)m->groups.at[m->group].n;
    exposed_help(m->view, strings_text(&m->groups, m->group), n, help);
    buf_clear(&m->line);
    buf_add(&m->line, strings_text(&m->groups, m->group), (size_t)n);
    buf_text(&m->line, m->suffix);
    if (!m->line.failed)
        prom_family(out, m->form, m->line.at, m->line.n, "gauge", help);
    m->titled = true;
}

/* Is there a line like this one's already? A line with a rate of 0 stands for name and labels. */
static bool is_written(struct metrics *m, const struct reading *r)
{
    struct reading bare = *r;
    bool fresh = true;
    bare.rate.value = 0;
    buf_clear(&m->line);
    prom_reading(&m->line, m->form, &bare, false);
    return !m->line.failed && seen_add(&m->written, m->line.at, m->line.n, &fresh) == NABLA_OK &&
           !fresh;
}

static void tell_collision(struct http *h, const struct reading *r)
{
    char quoted[LOG_QUOTE_MAX];
    struct label metric = labelset_metric(r->labels);
    count(&h->options.stats->exposition_collisions, 1);
    log_event(
        h->options.log, LOG_LEVEL_WARN, "exposition_collision", "exposition_collision",
        "metric=%s reason=\"another series has the same name and labels once they are valid\"",
        log_quote(quoted, metric.value, metric.value_n));
}

static struct label label_of(const char *name, const char *value, size_t value_n)
{
    return (struct label){.name = name,
                          .name_n = (uint32_t)strlen(name),
                          .value = value,
                          .value_n = (uint32_t)value_n};
}

/* A line, if it is wanted. False if another series can have one of the same labels. */
static bool write_line(struct metrics *m, const struct reading *r, const struct label *extra,
                       double v, struct buf *out)
{
    bool is_rate = m->view / PERS == WHAT_RATE;
    if (m->filtered && !ask_wants_line(m->scan.ask, r->labels, m->view, extra, &m->exposed))
        return true;
    if (!m->titled)
        write_title(m, out);
    return is_rate ? prom_reading(out, m->form, r, m->timestamps)
                   : prom_value(out, r->labels, m->suffix, extra, v);
}

static bool write_extremes(struct http *h, struct metrics *m, const struct reading *r,
                           struct buf *out)
{
    const struct found *found = &m->scan.found.at[m->runs[m->run - 1].first + m->place + r->number];
    struct label lowest = label_of("extreme", "lowest", 6),
                 highest = label_of("extreme", "highest", 7);
    double least, most, unit_s = per_seconds(r->per);
    if (!table_take_extremes(h->options.table, found->ref, m->scraper, &least, &most))
        return true;
    bool clean = write_line(m, r, &lowest, least * unit_s, out);
    return write_line(m, r, &highest, most * unit_s, out) && clean;
}

/* The lines of a view. False as write_line. */
static bool write_view(struct http *h, struct metrics *m, const struct reading *r, struct buf *out)
{
    struct exposed_line line;
    bool clean = true;
    if (m->view / PERS == WHAT_RATE)
        return write_line(m, r, NULL, r->rate.value, out);
    if (m->view / PERS == WHAT_EXTREME)
        return write_extremes(h, m, r, out);
    for (uint32_t i = 0; exposed_line(r, m->view, i, &line); i++) {
        const struct label *extra = line.extra.name != NULL ? &line.extra : NULL;
        if (m->view != VIEW_ETA || !isnan(line.value))
            clean = write_line(m, r, extra, line.value, out) && clean;
    }
    return clean;
}

/* False: what was written must be gone through again, and this one is not written yet. */
static bool write_reading(struct http *h, struct metrics *m, const struct reading *r,
                          struct buf *out)
{
    size_t before = out->n;
    bool titled = m->titled;
    if (r->state != STATE_OK || r->rate.order == 0)
        return true;
    unsigned views = exposed_views(r) & ~(1U << VIEW_VALUE);
    m->views |= views;
    if ((views & 1U << m->view) == 0)
        return true;
    bool again = m->remembers && is_written(m, r);
    if (m->place + r->number < m->quiet)
        return true;
    if (again) {
        tell_collision(h, r);
        return true;
    }
    if (write_view(h, m, r, out) || m->remembers)
        return true;
    out->n = before;
    m->titled = titled;
    return false;
}

static void begin_view(struct metrics *m)
{
    exposed_suffix(m->view, m->suffix);
    seen_clear(&m->written);
    m->titled = false;
    m->run = m->heads[m->group] + 1;
    m->place = m->quiet = 0;
}

static void begin_group(struct metrics *m)
{
    m->view = m->views = 0;
    m->remembers = m->runs[m->heads[m->group]].next != 0;
    begin_view(m);
}

/* To the group's next run, or its next view, or the next group. */
static void next_run(struct metrics *m)
{
    m->run = m->runs[m->run - 1].next;
    m->place = m->quiet = 0;
    if (m->run != 0)
        return;
    if (m->views >> m->view >> 1 != 0) {
        m->view += 1 + (unsigned)__builtin_ctz(m->views >> m->view >> 1);
        begin_view(m);
        return;
    }
    m->group++;
}

/* Writes a slice of a run. Returns how many series it read, 0 if there was no memory. */
static uint32_t write_some(struct http *h, struct metrics *m, struct buf *out)
{
    if (m->run == 0)
        begin_group(m);
    const struct run *run = &m->runs[m->run - 1];
    uint32_t n = run->n - m->place < READINGS_MAX ? run->n - m->place : READINGS_MAX;
    if (table_read(h->options.table, m->scan.found.at + run->first + m->place, n, clock_now(),
                   &h->readings) != NABLA_OK)
        return 0;
    for (uint32_t i = 0; i < h->readings.n; i++) {
        if (write_reading(h, m, &h->readings.at[i], out))
            continue;
        m->quiet = m->place + h->readings.at[i].number;
        m->place = 0;
        m->remembers = true;
        return n;
    }
    m->place += n;
    if (m->place == run->n)
        next_run(m);
    return n;
}

/* Some alerts. True if there are more. */
static bool write_alerts(struct http *h, struct metrics *m, struct buf *out)
{
    if (!m->filtered)
        return alerts_expose(h, m->form, &m->alert, out);
    buf_clear(&m->line);
    bool more = alerts_expose(h, m->form, &m->alert, &m->line);
    if (m->line.n > 0)
        own_lines_pass(&m->line, m->scan.ask, &m->exposed, out);
    return more;
}

static bool write_own(struct http *h, struct metrics *m, struct buf *out)
{
    if (!m->filtered) {
        own_metrics_write(out, m->form, h);
        return true;
    }
    buf_clear(&m->line);
    own_metrics_write(&m->line, m->form, h);
    if (!m->line.failed)
        own_lines_pass(&m->line, m->scan.ask, &m->exposed, out);
    return !m->line.failed;
}

static enum step metrics_next(struct http *h, void *ctx, struct buf *out)
{
    struct metrics *m = ctx;
    for (uint32_t reads = 0; m->group < m->groups.n;) {
        uint32_t n = write_some(h, m, out);
        if (n == 0)
            return STEP_FAILED;
        reads += n;
        if (out->n >= SLICE_BYTES || reads >= READS_A_SLICE)
            return STEP_MORE;
    }
    if (write_alerts(h, m, out))
        return STEP_MORE;
    if (!write_own(h, m, out))
        return STEP_FAILED;
    prom_end(out, m->form);
    return STEP_DONE;
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_metrics(ctx);
}

static enum MHD_Result metrics_reply(struct request *r, void *ctx)
{
    struct metrics *m = ctx;
    uint64_t bytes = m->runs_cap * (sizeof m->runs[0] + sizeof m->heads[0]) + m->groups.text.cap;
    if (m->scan.busy || scan_hold(&m->scan, bytes) != NABLA_OK)
        return reply_fault(r, NABLA_ELIMIT, NULL);
    r->job.free = NULL; /* the answer has it now */
    return reply_source(r, prom_content_type(m->form),
                        (struct source){metrics_next, free_source, m});
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
    m->filtered = ask.any_n > 0;
    m->form = prom_negotiate(
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
    m->groups.seed = m->written.seed = r->http->secret;
    m->scraper = scraper_of(r->http, r->connection);
    ask.states = 1U << STATE_OK;
    ask.exposed = true;
    status = scan_new(r->http, &ask, true, &m->scan);
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
