/* net/push_target.c -- points to parcels, and each parcel to the target until it is taken or refused.
 *
 *     answer                          what becomes of the parcel
 *     2xx                             sent
 *     none, 408, 429, 5xx             tried again, later each time; Retry-After is waited for
 *     anything else                   refused: counted, told in the log, gone
 *
 * Laws: a target's parcels go out in the order of their points, the next one when the last is done with. What
 * is in the spool is taken out of it only then; so a kill -9 may send one twice, and loses none.
 * Elsewhere: the feed and the turns of the spool (net/push.c), lines by TCP and UDP (net/carrier.c). */
#include "net/push_target.h"

#include "net/pack.h"
#include "series/selector.h"
#include "wire/graphite_out.h"
#include "wire/influx_out.h"
#include "wire/remote_write_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void target_queue_name(const struct conf_push *conf, char out[static SPOOL_NAME_MAX])
{
    static const char *const formats[] = {"influx", "graphite", "remote_write"};
    snprintf(out, SPOOL_NAME_MAX, "%s %s", formats[conf->format], conf->name);
}

static void free_conf(struct conf_push *conf)
{
    for (uint32_t i = 0; i < conf->match.n; i++)
        selector_free(conf->match.at[i]);
    free(conf->match.at);
    conf->match = (struct conf_selectors){0};
}

/* ---- filling parcels */

static void bound_waiting(struct push_target *t)
{
    uint64_t most = t->durable ? PUSH_WAITING_MAX : t->conf.buffer;
    while (t->waiting.bytes > most) {
        struct parcel *p = parcels_take(&t->waiting);
        t->figures.dropped += p->points;
        parcel_free(p);
    }
}

/* As its receiver takes it; false: no memory. */
static bool pack(const struct push_target *t, struct buf *body)
{
    if (t->conf.format == PUSH_REMOTE_WRITE)
        return pack_snappy(body);
    return t->conf.compression == PUSH_GZIP ? pack_gzip(body) : true;
}

/* What has been filled becomes a parcel; without memory its points are lost. */
static void close_parcel(struct push_target *t)
{
    struct parcel *p = calloc(1, sizeof *p);
    uint32_t points = t->body_points;
    struct buf body = t->body;
    t->body = (struct buf){0};
    t->body_points = 0;
    if (p == NULL || body.failed || !pack(t, &body)) {
        buf_fini(&body);
        free(p);
        t->figures.dropped += points;
        return;
    }
    *p = (struct parcel){.points = points, .born_ns = t->body_wall_ns, .body = body};
    if (!t->durable)
        t->figures.queued += points;
    parcels_add(&t->waiting, p);
    bound_waiting(t);
}

static bool wants(const struct push_target *t, const struct labelset *labels)
{
    for (uint32_t i = 0; i < t->conf.match.n; i++)
        if (selector_match(t->conf.match.at[i], labels))
            return true;
    return t->conf.match.n == 0;
}

static void write_fields(struct push_target *t, const struct labelset *labels,
                         const struct field_value *fields, uint32_t n, int64_t t_ns)
{
    switch ((enum push_format)t->conf.format) {
    case PUSH_INFLUX: influx_point(&t->body, labels, fields, n, t_ns); return;
    case PUSH_GRAPHITE:
        for (uint32_t i = 0; i < n; i++)
            graphite_point(&t->body, labels, &fields[i], t_ns);
        return;
    case PUSH_REMOTE_WRITE:
        for (uint32_t i = 0; i < n; i++)
            remote_write_point(&t->body, labels, &fields[i], t_ns);
        return;
    }
}

/* One point more, of n fields. */
static void add(struct push_target *t, const struct labelset *labels,
                const struct field_value *fields, uint32_t n, int64_t t_ns, struct instant now)
{
    if (n == 0)
        return;
    if (t->body_points++ == 0) {
        t->body_mono_ns = now.mono_ns;
        t->body_wall_ns = now.wall_ns;
    }
    write_fields(t, labels, fields, n, t_ns);
    if (t->body_points >= t->conf.batch || t->body.n >= PUSH_BODY_MAX || t->body.failed)
        close_parcel(t);
}

void target_point(struct push_target *t, const struct labelset *labels, enum per per,
                  const struct point *p, const struct point_note *note, struct instant now)
{
    struct field_value fields[FIELDS];
    if ((p->corrected && t->conf.corrections == PUSH_CORRECTIONS_DROP) || !wants(t, labels))
        return;
    add(t, labels, fields, fields_of(t->conf.fields, per, p, note, fields), p->t_ns, now);
}

void target_end(struct push_target *t, const struct labelset *labels, enum per per, int64_t t_ns,
                struct instant now)
{
    struct field_value fields[FIELDS];
    if (t->conf.format != PUSH_REMOTE_WRITE || !wants(t, labels))
        return;
    add(t, labels, fields, fields_stale(t->conf.fields, per, fields), t_ns + NS_PER_MS, now);
}

void target_flush(struct push_target *t, int64_t mono_ns, bool all)
{
    if (t->body_points > 0 && (all || mono_ns - t->body_mono_ns >= t->conf.flush_ns))
        close_parcel(t);
}

/* ---- one parcel on its way */

/* splitmix64: Steele, Lea, Flood 2014. */
static double jitter(struct push_target *t)
{
    uint64_t z = t->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void done_with(struct push_target *t, uint64_t *figure)
{
    *figure += t->out->points;
    t->sent_number = t->out->number;
    parcel_free(t->out);
    t->out = NULL;
    t->busy = false;
    t->attempts = 0;
    t->backoff_ns = 0;
    if (t->failing)
        log_event(t->log, LOG_LEVEL_INFO, NULL, "push_recovered", "target=\"%s\"", t->conf.name);
    t->failing = false;
}

/* Half of the delay and up to half more: targets that fail together do not come back together. */
static void try_later(struct push_target *t, int64_t at_least_ns, const char *why)
{
    const int64_t most = (int64_t)PUSH_BACKOFF_MAX_MS * NS_PER_MS;
    char quoted[LOG_QUOTE_MAX];
    t->backoff_ns =
        t->backoff_ns == 0 ? (int64_t)PUSH_BACKOFF_MIN_MS * NS_PER_MS : 2 * t->backoff_ns;
    t->backoff_ns = t->backoff_ns < most ? t->backoff_ns : most;
    int64_t delay_ns = (int64_t)((double)t->backoff_ns * (0.5 + 0.5 * jitter(t)));
    delay_ns = delay_ns > at_least_ns ? delay_ns : at_least_ns;
    t->again_ns = clock_now().mono_ns + delay_ns;
    t->busy = false;
    if (!t->failing)
        log_event(t->log, LOG_LEVEL_WARN, "push_failed", "push_failed", "target=\"%s\" why=%s",
                  t->conf.name, log_quote(quoted, why, strlen(why)));
    t->failing = true;
}

static bool is_passing(int status)
{
    return status == 0 || status == 408 || status == 429 || status >= 500;
}

static void on_answer(void *ctx, const struct post_answer *a)
{
    struct push_target *t = ctx;
    char quoted[LOG_QUOTE_MAX], why[LOG_QUOTE_MAX];
    t->post = NULL;
    if (a->status >= 200 && a->status < 300) {
        done_with(t, &t->figures.sent);
        return;
    }
    if (is_passing(a->status)) {
        snprintf(why, sizeof why, "HTTP status %d", a->status);
        try_later(t, a->retry_after_ns, a->status == 0 ? a->why : why);
        return;
    }
    log_event(t->log, LOG_LEVEL_WARN, "push_refused", "push_refused",
              "target=\"%s\" status=%d points=%u answer=%s", t->conf.name, a->status,
              t->out->points, log_quote(quoted, a->body_n > 0 ? a->body : "", a->body_n));
    done_with(t, &t->figures.refused);
}

static void on_carried(void *ctx, const char *why)
{
    struct push_target *t = ctx;
    if (why == NULL)
        done_with(t, &t->figures.sent);
    else
        try_later(t, 0, why);
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

MUST_CHECK static enum nabla_status send_http(struct push_target *t)
{
    static const char *const influx[] = {"Content-Type: text/plain; charset=utf-8", NULL};
    static const char *const packed[] = {"Content-Type: text/plain; charset=utf-8",
                                         "Content-Encoding: gzip", NULL};
    static const char *const remote[] = {"Content-Type: application/x-protobuf",
                                         "Content-Encoding: snappy",
                                         "X-Prometheus-Remote-Write-Version: 0.1.0", NULL};
    const struct conf_push *c = &t->conf;
    const struct post_target to = {.url = c->peer.url,
                                   .username = or_null(c->peer.username),
                                   .password_file = or_null(c->peer.password_file),
                                   .bearer_token_file = or_null(c->peer.bearer_token_file),
                                   .ca_file = or_null(c->peer.ca_file),
                                   .cert_file = or_null(c->peer.cert_file),
                                   .key_file = or_null(c->peer.key_file),
                                   .insecure = c->peer.verify == 0,
                                   .connect_timeout_ns = c->peer.timeout_ns,
                                   .timeout_ns = c->peer.timeout_ns};
    const char *const *lines = pack_is_gzip(&t->out->body) ? packed : influx;
    struct buf body = {0};
    buf_add(&body, t->out->body.at, t->out->body.n);
    if (body.failed) {
        buf_fini(&body);
        return NABLA_ENOMEM;
    }
    return post_send(t->poster, &to, c->format == PUSH_REMOTE_WRITE ? remote : lines, &body,
                     on_answer, t, &t->post);
}

MUST_CHECK static enum nabla_status send_lines(struct push_target *t)
{
    const struct conf_push *c = &t->conf;
    enum nabla_status status = NABLA_OK;
    if (t->carrier == NULL)
        status = carrier_new(t->loop, c->scheme == PUSH_UDP, c->host, c->port, on_carried, t,
                             &t->carrier);
    if (status == NABLA_OK)
        carrier_send(t->carrier, t->out->body.at, t->out->body.n, c->peer.timeout_ns);
    return status;
}

void target_send(struct push_target *t, int64_t mono_ns)
{
    if (t->out == NULL && !t->durable)
        t->out = parcels_take(&t->waiting);
    if (t->out == NULL || t->busy || mono_ns < t->again_ns)
        return;
    t->figures.retried += t->attempts++ > 0 ? t->out->points : 0;
    t->busy = true;
    enum nabla_status status = t->conf.scheme == PUSH_HTTP ? send_http(t) : send_lines(t);
    if (status != NABLA_OK)
        try_later(t, 0, status == NABLA_ENOMEM ? "no memory" : "too many requests at once");
}

void target_interrupt(struct push_target *t)
{
    if (t->post != NULL)
        post_cancel(t->post);
    carrier_free(t->carrier);
    t->post = NULL;
    t->carrier = NULL;
    t->busy = false;
}

/* ---- turns of the spool */

bool target_ask_turn(struct push_target *t)
{
    struct spool_queue *q = &t->queue;
    q->in = t->waiting;
    t->waiting = (struct parcels){0};
    t->turn_points = q->in.points;
    t->turn_sent = q->sent = t->sent_number;
    q->limit = t->conf.buffer;
    q->held = t->out != NULL ? t->out->number : 0;
    q->wanted = t->out == NULL && !q->removed;
    t->in_turn = !t->known || q->in.first != NULL || q->sent != 0 || q->removed ||
                 (q->wanted && t->kept > 0);
    return t->in_turn;
}

void target_take_turn(struct push_target *t, bool succeeded)
{
    struct spool_queue *q = &t->queue;
    t->in_turn = false;
    t->figures.dropped += q->dropped;
    t->kept = q->points;
    t->kept_bytes = q->bytes;
    if (!succeeded) {
        parcels_return(&t->waiting, &q->in);
        bound_waiting(t);
        return;
    }
    t->figures.queued += t->known ? t->turn_points : q->points + q->dropped;
    t->known = true;
    t->kept_oldest_ns = q->oldest_ns;
    if (t->sent_number == t->turn_sent) /* else another one was sent meanwhile */
        t->sent_number = 0;
    if (q->wanted)
        t->out = q->oldest;
    q->oldest = NULL;
}

/* ---- the target */

struct push_target *target_new(uv_loop_t *loop, struct poster *poster, struct log *log,
                               struct conf_push *conf, bool durable)
{
    struct push_target *t = calloc(1, sizeof *t);
    if (t == NULL) {
        free_conf(conf);
        return NULL;
    }
    *t = (struct push_target){
        .conf = *conf, .loop = loop, .poster = poster, .log = log, .durable = durable};
    conf->match = (struct conf_selectors){0};
    t->random = (uint64_t)clock_now().mono_ns ^ (uint64_t)(uintptr_t)t;
    target_queue_name(&t->conf, t->queue.name);
    snprintf(t->figures.name, sizeof t->figures.name, "%s", t->conf.name);
    return t;
}

void target_free(struct push_target *t)
{
    if (t == NULL)
        return;
    target_interrupt(t);
    parcel_free(t->out);
    parcel_free(t->queue.oldest);
    parcels_fini(&t->queue.in);
    parcels_fini(&t->waiting);
    buf_fini(&t->body);
    free_conf(&t->conf);
    free(t);
}

void target_adopt(struct push_target *t, struct conf_push *fresh)
{
    target_interrupt(t);
    free_conf(&t->conf);
    t->conf = *fresh;
    fresh->match = (struct conf_selectors){0};
    t->again_ns = 0;
    if (!t->durable)
        bound_waiting(t);
}

bool target_is_flushed(const struct push_target *t)
{
    return t->body_points == 0 &&
           (!t->durable || (t->known && !t->in_turn && t->waiting.first == NULL));
}

bool target_is_done(const struct push_target *t)
{
    return target_is_flushed(t) && t->waiting.first == NULL && t->out == NULL &&
           t->sent_number == 0 && t->kept == 0;
}

struct push_figures target_figures(const struct push_target *t)
{
    struct push_figures f = t->figures;
    const struct parcel *oldest = t->out != NULL ? t->out : t->waiting.first;
    if (t->durable) {
        f.buffered = t->kept;
        f.buffer_bytes = t->kept_bytes;
        f.oldest_ns = t->kept_oldest_ns;
        return f;
    }
    f.buffered = t->waiting.points + (t->out != NULL ? t->out->points : 0);
    f.buffer_bytes = t->waiting.bytes + (t->out != NULL ? t->out->body.n + SPOOL_OVERHEAD : 0);
    f.oldest_ns = oldest != NULL ? oldest->born_ns : 0;
    return f;
}
