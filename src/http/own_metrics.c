/* http/own_metrics.c -- struct stats as Prometheus metrics, and the process as the kernel sees it.
 * Names, labels and units follow Prometheus' rules; `promtool check metrics` holds them to it. */
#include "http/own_metrics.h"

#include "alerts/alerts.h"
#include "doors/access.h"
#include "doors/certificates.h"
#include "http/process.h"
#include "http/routes.h"
#include "net/notify.h"

#include <string.h>

struct page {
    struct buf *out;
    enum exposition form;
    struct buf labels; /* scratch */
};

static void title(struct page *p, const char *name, const char *type, const char *help)
{
    prom_family(p->out, p->form, name, strlen(name), type, help);
}

static void gauge(struct page *p, const char *name, const char *help, double v)
{
    title(p, name, "gauge", help);
    prom_sample(p->out, name, "", v);
}

static void total(struct page *p, const char *name, const char *help, double v)
{
    title(p, name, "counter", help);
    prom_sample(p->out, name, "", v);
}

/* A sample with labels: name, value, name, value, ..., NULL. */
static void labelled(struct page *p, const char *metric, const char *const pairs[], double v)
{
    buf_clear(&p->labels);
    for (; pairs[0] != NULL; pairs += 2)
        prom_label(&p->labels, pairs[0], pairs[1], strlen(pairs[1]));
    buf_char(&p->labels, '\0');
    if (!p->labels.failed)
        prom_sample(p->out, metric, p->labels.at, v);
}

static void write_samples(struct page *p, const struct stats *s)
{
    total(p, "nablad_lines_total", "Lines read, empty ones and comments not counted.",
          (double)counted(&s->lines));
    total(p, "nablad_samples_total", "Samples taken from lines and remote writes.",
          (double)counted(&s->samples));
    total(p, "nablad_points_total", "Final points derived, corrections among them.",
          (double)counted(&s->points));
    title(p, "nablad_rejected_total", "counter", "Lines, fields and samples refused, by reason.");
    for (enum cause c = 0; c < CAUSE_COUNT; c++)
        labelled(p, "nablad_rejected_total", (const char *[]){"reason", cause_label(c), NULL},
                 (double)counted(&s->rejected[c]));
    title(p, "nablad_events_total", "counter", "What else happened to samples and series.");
    for (enum event e = 0; e < EVENT_COUNT; e++)
        labelled(p, "nablad_events_total", (const char *[]){"event", event_label(e), NULL},
                 (double)counted(&s->events[e]));
}

static const struct {
    const char *name, *help;
    size_t offset;
} of_listeners[] = {
#define OF(member, text)                                                                           \
    {                                                                                              \
        "nablad_listener_" #member "_total", text, offsetof(struct listener_stats, member)         \
    }
    OF(bytes, "Bytes received."),
    OF(lines, "Lines received."),
    OF(datagrams, "Datagrams received."),
    OF(connections, "Connections accepted."),
    OF(refused_connections, "Connections turned away at the limit."),
    OF(tls_handshakes, "TLS handshakes that succeeded."),
    OF(idle_closed, "Connections closed because they brought no line for too long."),
#undef OF
    {"nablad_udp_kernel_drops_total", "Datagrams that the kernel had no room for.",
     offsetof(struct listener_stats, kernel_drops)},
};

static void write_listeners(struct page *p, const struct stats *s)
{
    for (size_t i = 0; i < sizeof of_listeners / sizeof of_listeners[0]; i++) {
        title(p, of_listeners[i].name, "counter", of_listeners[i].help);
        for (uint32_t l = 0; l < s->listeners_n; l++) {
            const struct listener_stats *listener = &s->listeners[l];
            const counter *c = (const counter *)((const char *)listener + of_listeners[i].offset);
            labelled(p, of_listeners[i].name, (const char *[]){"listener", listener->name, NULL},
                     (double)counted(c));
        }
    }
    title(p, "nablad_listener_refused_total", "counter",
          "Connections and datagrams turned away at the door, by reason.");
    for (uint32_t l = 0; l < s->listeners_n; l++)
        for (enum refusal r = 0; r < REFUSAL_COUNT; r++)
            labelled(p, "nablad_listener_refused_total",
                     (const char *[]){"listener", s->listeners[l].name, "reason", refusal_label(r),
                                      NULL},
                     (double)counted(&s->listeners[l].refused[r]));
    title(p, "nablad_listener_open_connections", "gauge", "Connections that are open.");
    for (uint32_t l = 0; l < s->listeners_n; l++)
        labelled(p, "nablad_listener_open_connections",
                 (const char *[]){"listener", s->listeners[l].name, NULL},
                 (double)atomic_load(&s->listeners[l].open_connections));
}

static void write_http(struct page *p, const struct stats *s, const struct http *h)
{
    static const char *const classes[] = {"2xx", "4xx", "5xx"};
    title(p, "nablad_http_requests_total", "counter", "Requests answered, by resource and status.");
    for (enum http_handler r = 0; r < HTTP_HANDLER_COUNT; r++)
        for (enum http_class c = 0; c < HTTP_CLASS_COUNT; c++)
            labelled(p, "nablad_http_requests_total",
                     (const char *[]){"handler", route_label(r), "code", classes[c], NULL},
                     (double)counted(&s->http_requests[r][c]));
    total(p, "nablad_http_response_bytes_total", "Bytes of answers sent, after compression.",
          (double)counted(&s->http_bytes));
    total(p, "nablad_exposition_collisions_total",
          "Lines left out of /metrics because another had the same name and labels.",
          (double)counted(&s->exposition_collisions));
    total(p, "nablad_exposition_unfit_total",
          "Lines left out of /metrics because metrics.relabel gave them no valid name.",
          (double)counted(&s->exposition_unfit));
    title(p, "nablad_limited_total", "counter",
          "Connections, requests and answers that were ended or refused, by the limit.");
    for (enum limit l = 0; l < LIMIT_COUNT; l++)
        labelled(p, "nablad_limited_total", (const char *[]){"limit", limit_label(l), NULL},
                 (double)counted(&s->limited[l]));
    gauge(p, "nablad_http_open_connections", "HTTP connections that are open.", (double)h->peers.n);
    gauge(p, "nablad_http_streams", "Event streams that are open.", (double)h->hub.n);
    total(p, "nablad_scrapers_replaced_total",
          "Scrapers forgotten to make room for another, for those who read extremes.",
          (double)h->scrapers_replaced);
    total(p, "nablad_feed_lost_total", "Points that slow readers of event streams missed.",
          (double)counted(&s->feed_lost));
    gauge(p, "nablad_feed_memory_bytes",
          "Memory of points on their way to event streams and push targets.",
          h->options.feed == NULL ? 0 : (double)feed_bytes(h->options.feed));
}

static void write_gradients(struct page *p, const struct stats *s, const struct http *h)
{
    static const char *const outcomes[GRADIENT_OUTCOME_COUNT] = {
        "ok", "refused", "too_large", "busy", "timeout", "failed", "cancelled"};
    static const char requests[] = "nablad_gradient_requests_total";
    title(p, requests, "counter", "Gradients asked for, by what became of it.");
    for (enum gradient_outcome o = 0; o < GRADIENT_OUTCOME_COUNT; o++)
        labelled(p, requests, (const char *[]){"outcome", outcomes[o], NULL},
                 (double)counted(&s->gradients[o]));
    gauge(p, "nablad_gradient_jobs", "Requests for gradients that hold one of the places.",
          (double)h->gradients);
    total(p, "nablad_gradient_elements_total", "Numbers in gradients.",
          (double)counted(&s->gradient_elements));
    total(p, "nablad_gradient_seconds_total",
          "Time that threads spent to read, differentiate and write arrays.",
          (double)counted(&s->gradient_ns) / NS_PER_S);
}

static void write_alerts(struct page *p, const struct stats *s, const struct http *h)
{
    static const char name[] = "nablad_alerts";
    struct alerts_counts n = {0};
    if (h->options.alerts != NULL)
        n = alerts_count(h->options.alerts);
    title(p, name, "gauge", "Alerts; resolved ones of which somebody still has to be told.");
    labelled(p, name, (const char *[]){"state", "pending", NULL}, n.pending);
    labelled(p, name, (const char *[]){"state", "firing", NULL}, n.firing);
    labelled(p, name, (const char *[]){"state", "resolved", NULL}, n.resolved);
    total(p, "nablad_alerts_fired_total", "Alerts that began to fire.",
          (double)counted(&s->alerts_fired));
    total(p, "nablad_alerts_resolved_total", "Alerts that ended.",
          (double)counted(&s->alerts_resolved));
    total(p, "nablad_alerts_left_out_total", "Alerts past limits.max_alerts, or without memory.",
          (double)counted(&s->alerts_left_out));
    total(p, "nablad_alerts_dropped_total", "Resolved alerts that not every target was told of.",
          (double)counted(&s->alerts_dropped));
    total(p, "nablad_alerts_lost_total",
          "Silences and ends of series under rules that came too many at once.",
          (double)counted(&s->alerts_lost));
}

static const struct {
    const char *name, *type, *help;
    size_t offset;
} of_targets[] = {
#define OF(name, type, member, text)                                                               \
    {                                                                                              \
        name, type, text, offsetof(struct push_figures, member)                                    \
    }
    OF("nablad_push_queued_points_total", "counter", queued,
       "Points put into a push target's buffer, those found there at start among them."),
    OF("nablad_push_sent_points_total", "counter", sent, "Points that a push target took."),
    OF("nablad_push_retried_points_total", "counter", retried,
       "Points sent to a push target once more."),
    OF("nablad_push_dropped_points_total", "counter", dropped,
       "Points lost for a push target: its buffer was full, or nablad too slow."),
    OF("nablad_push_refused_points_total", "counter", refused,
       "Points that a push target refused for good."),
    OF("nablad_push_buffered_points", "gauge", buffered, "Points that wait for a push target."),
    OF("nablad_push_buffer_bytes", "gauge", buffer_bytes, "Bytes that wait for a push target."),
#undef OF
};

static double age_of(const struct push_figures *f)
{
    int64_t age_ns = f->oldest_ns == 0 ? 0 : clock_now().wall_ns - f->oldest_ns;
    return age_ns > 0 ? (double)age_ns / NS_PER_S : 0;
}

static void write_push(struct page *p, struct push_board *board)
{
    static const char age[] = "nablad_push_buffer_age_seconds";
    struct push_figures at[PUSH_TARGETS_MAX];
    uint32_t n = board != NULL ? push_board_read(board, at) : 0;
    for (size_t i = 0; n > 0 && i < sizeof of_targets / sizeof of_targets[0]; i++) {
        title(p, of_targets[i].name, of_targets[i].type, of_targets[i].help);
        for (uint32_t t = 0; t < n; t++) {
            uint64_t value;
            memcpy(&value, (const char *)&at[t] + of_targets[i].offset, sizeof value);
            labelled(p, of_targets[i].name, (const char *[]){"target", at[t].name, NULL},
                     (double)value);
        }
    }
    if (n > 0)
        title(p, age, "gauge", "How long the oldest point has waited for a push target.");
    for (uint32_t t = 0; t < n; t++)
        labelled(p, age, (const char *[]){"target", at[t].name, NULL}, age_of(&at[t]));
}

static const char *kind_of(const struct notify_counts *c)
{
    return c->form == TELL_WEBHOOK ? "webhook" : "alertmanager";
}

static void write_notified(struct page *p, const struct notify_counts *c)
{
    const struct {
        const char *outcome;
        uint64_t n;
    } all[] = {{"sent", c->sent}, {"refused", c->refused}, {"retried", c->retried}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        labelled(p, "nablad_notifications_total",
                 (const char *[]){"kind", kind_of(c), "target", c->name, "outcome", all[i].outcome,
                                  NULL},
                 (double)all[i].n);
}

static void write_notifications(struct page *p, struct notifier *n)
{
    struct notify_counts c;
    if (n == NULL || !notifier_count(n, 0, &c))
        return;
    title(p, "nablad_notifications_total", "counter",
          "Alerts told to others, by what became of it.");
    for (uint32_t i = 0; notifier_count(n, i, &c); i++)
        write_notified(p, &c);
    title(p, "nablad_notifications_up", "gauge", "Whether the last request was answered.");
    for (uint32_t i = 0; notifier_count(n, i, &c); i++)
        labelled(p, "nablad_notifications_up",
                 (const char *[]){"kind", kind_of(&c), "target", c.name, NULL}, c.works);
}

static void write_state(struct page *p, const struct state_stats *s)
{
    if (!atomic_load(&s->kept))
        return;
    total(p, "nablad_state_snapshots_total", "Snapshots of series that are whole on the disk.",
          (double)counted(&s->snapshots));
    total(p, "nablad_state_failures_total", "Snapshots that the disk did not take.",
          (double)counted(&s->failures));
    total(p, "nablad_state_saved_series_total", "Series written, in all snapshots.",
          (double)counted(&s->saved_series));
    total(p, "nablad_state_saved_bytes_total", "Bytes written, in all snapshots.",
          (double)counted(&s->saved_bytes));
    gauge(p, "nablad_state_last_snapshot_timestamp_seconds",
          "When the last snapshot was on the disk, since the Unix epoch; 0: there is none.",
          (double)atomic_load(&s->last_ns) / NS_PER_S);
    gauge(p, "nablad_state_snapshot_seconds", "How long the last snapshot took.",
          (double)atomic_load(&s->took_ns) / NS_PER_S);
    gauge(p, "nablad_state_snapshot_cpu_seconds", "CPU time of the last snapshot.",
          (double)atomic_load(&s->took_cpu_ns) / NS_PER_S);
    gauge(p, "nablad_state_hold_seconds", "The longest that samples had to wait for a snapshot.",
          (double)atomic_load(&s->held_ns) / NS_PER_S);
    gauge(p, "nablad_state_loaded_series", "Series that were there again after the start.",
          (double)counted(&s->loaded_series));
    gauge(p, "nablad_state_refused_series", "Saved series that had no place after the start.",
          (double)counted(&s->refused_series));
    gauge(p, "nablad_state_damaged", "Values, or files, that could not be read at the start.",
          (double)counted(&s->damaged));
    gauge(p, "nablad_state_load_seconds", "How long the start waited for the saved series.",
          (double)atomic_load(&s->load_ns) / NS_PER_S);
}

static void write_journal(struct page *p, struct journal *j)
{
    static const char refused[] = "nablad_journal_refused_total";
    struct journal_figures f = {0};
    if (j != NULL)
        journal_figures(j, &f);
    gauge(p, "nablad_journal_bytes", "Bytes of the journal's segments.", (double)f.bytes);
    gauge(p, "nablad_journal_max_bytes", "What they may have.", (double)f.max_bytes);
    gauge(p, "nablad_journal_segments", "Files of the journal.", (double)f.segments);
    total(p, "nablad_journal_entries_total", "Pieces of bodies that are safe on the disk.",
          (double)f.entries);
    total(p, "nablad_journal_written_bytes_total", "Their bytes.", (double)f.written_bytes);
    total(p, "nablad_journal_syncs_total", "Times that the disk was waited for.", (double)f.syncs);
    total(p, "nablad_journal_sync_seconds_total", "How long.", (double)f.sync_ns / NS_PER_S);
    title(p, refused, "counter", "Pieces of bodies that were not journaled, by reason.");
    labelled(p, refused, (const char *[]){"reason", "full", NULL}, (double)f.refused_full);
    labelled(p, refused, (const char *[]){"reason", "failed", NULL}, (double)f.refused_broken);
    total(p, "nablad_journal_failures_total", "Writes, syncs and files that failed.",
          (double)f.failures);
    gauge(p, "nablad_journal_replayed_entries", "Entries that the start read.", (double)f.replayed);
    gauge(p, "nablad_journal_torn_bytes", "Bytes at the ends of segments that it could not read.",
          (double)f.torn_bytes);
    gauge(p, "nablad_journal_bad_bytes", "Bytes before the ends that it could not read.",
          (double)f.bad_bytes);
}

static void write_daemon(struct page *p, const struct stats *s, const struct http *h)
{
    title(p, "nablad_build_info", "gauge", "Always 1; the label says which version runs.");
    labelled(p, "nablad_build_info", (const char *[]){"version", NABLA_VERSION, NULL}, 1);
    gauge(p, "nablad_start_time_seconds", "When nablad started, since the Unix epoch.",
          (double)s->start_wall_ns / NS_PER_S);
    gauge(p, "nablad_series", "Series that there are.", (double)table_count(h->options.table));
    gauge(p, "nablad_table_memory_bytes", "Bytes that the series table has asked for.",
          (double)table_memory(h->options.table));
    gauge(p, "nablad_kept_bytes", "Bytes of points that series with `keep` hold.",
          (double)table_kept_bytes(h->options.table));
    title(p, "nablad_loop_lag_seconds", "gauge",
          "How late a loop's timer was, the worst of the last second.");
    for (uint32_t i = 0; i < s->loops_n; i++)
        labelled(p, "nablad_loop_lag_seconds", (const char *[]){"loop", s->loops[i].name, NULL},
                 (double)atomic_load(&s->loops[i].lag_ns) / NS_PER_S);
    title(p, "nablad_config_reloads_total", "counter", "Configuration reloads, by result.");
    labelled(p, "nablad_config_reloads_total", (const char *[]){"result", "ok", NULL},
             (double)counted(&s->reloads_ok));
    labelled(p, "nablad_config_reloads_total", (const char *[]){"result", "failed", NULL},
             (double)counted(&s->reloads_failed));
    total(p, "nablad_log_suppressed_total", "Log lines held back by the rate limit.",
          (double)counted(&s->log_suppressed));
}

static void write_auth(struct page *p, const struct stats *s, struct http *h)
{
    static const char *const outcomes[] = {"ok",        "missing", "wrong",
                                           "forbidden", "limited", "foreign"};
    struct access *a = http_access(h);
    title(p, "nablad_auth_total", "counter", "Requests by what they showed of who sends them.");
    for (enum auth_outcome o = 0; o < AUTH_OUTCOME_COUNT; o++)
        labelled(p, "nablad_auth_total", (const char *[]){"outcome", outcomes[o], NULL},
                 (double)counted(&s->auth[o]));
    total(p, "nablad_auth_passwords_verified_total",
          "Passwords that were not known yet, and cost bcrypt's time.",
          (double)counted(&s->passwords_verified));
    if (a != NULL && a->certificates != NULL)
        gauge(p, "nablad_certificate_end_seconds",
              "When the HTTP server's certificate ends, since the Unix epoch.",
              (double)certificates_end_s(a->certificates));
    access_leave(a);
}

static void write_process(struct page *p, const struct stats *s)
{
    struct process_figures f;
    process_look(&f);
    total(p, "process_cpu_seconds_total", "User and system CPU time.", f.cpu_s);
    gauge(p, "process_resident_memory_bytes", "Resident memory.", (double)f.resident_bytes);
    gauge(p, "process_open_fds", "Open file descriptors.", (double)f.open_files);
    gauge(p, "process_max_fds", "How many file descriptors may be open.", (double)f.max_files);
    gauge(p, "process_start_time_seconds", "When the process started, since the Unix epoch.",
          (double)s->start_wall_ns / NS_PER_S);
}

void own_metrics_write(struct buf *b, enum exposition form, struct http *h)
{
    struct page p = {.out = b, .form = form};
    const struct stats *s = h->options.stats;
    write_daemon(&p, s, h);
    write_samples(&p, s);
    write_listeners(&p, s);
    write_http(&p, s, h);
    write_auth(&p, s, h);
    write_gradients(&p, s, h);
    write_alerts(&p, s, h);
    write_notifications(&p, h->options.notifier);
    write_push(&p, h->options.push_board);
    write_state(&p, &s->state);
    write_journal(&p, h->options.journal);
    write_process(&p, s);
    buf_fini(&p.labels);
}
