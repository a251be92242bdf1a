/* http/status_rest.c -- what there is against what there may be, the loops, the disk, and those to whom nablad
 * sends. */
#include "alerts/alerts.h"
#include "http/status.h"
#include "http/tree.h"
#include "net/notify.h"

#include <math.h>

static void write_series(struct buf *b, const struct http *h)
{
    struct table_room room;
    table_room(h->options.table, &room);
    tree_line(b);
    tree_open(b, "series", '{');
    tree_count(b, "count", room.series);
    tree_count(b, "max", room.max_series);
    tree_count(b, "label_bytes", room.label_bytes);
    tree_count(b, "max_label_bytes", room.max_label_bytes);
    tree_count(b, "kept_bytes", room.kept_bytes);
    tree_count(b, "max_kept_bytes", room.max_kept_bytes);
    tree_count(b, "table_bytes", table_memory(h->options.table));
    tree_close(b, '}');
}

static void write_loops(struct buf *b, const struct stats *s)
{
    tree_line(b);
    tree_open(b, "loops", '[');
    for (uint32_t i = 0; i < s->loops_n; i++) {
        tree_open(b, NULL, '{');
        tree_text(b, "name", s->loops[i].name);
        tree_double(b, "lag_seconds", (double)atomic_load(&s->loops[i].lag_ns) / NS_PER_S);
        tree_close(b, '}');
    }
    tree_close(b, ']');
}

static uint64_t line_connections(const struct http *h)
{
    const struct stats *s = h->options.stats;
    int64_t n = 0;
    for (uint32_t i = 0; i < s->listeners_n; i++)
        if (&s->listeners[i] != h->door)
            n += atomic_load(&s->listeners[i].open_connections);
    return n > 0 ? (uint64_t)n : 0;
}

static uint64_t requests_of(const struct stats *s, enum http_class class)
{
    uint64_t n = 0;
    for (enum http_handler i = 0; i < HTTP_HANDLER_COUNT; i++)
        n += counted(&s->http_requests[i][class]);
    return n;
}

static void write_connections(struct buf *b, const struct http *h)
{
    const struct stats *s = h->options.stats;
    tree_line(b);
    tree_open(b, "ingest", '{');
    tree_count(b, "connections", line_connections(h));
    tree_count(b, "max_connections", h->options.max_line_connections);
    tree_close(b, '}');
    tree_open(b, "http", '{');
    tree_count(b, "connections", h->peers.n);
    tree_count(b, "max_connections", h->options.max_connections);
    tree_count(b, "streams", h->hub.n);
    tree_count(b, "max_streams", h->options.max_streams);
    tree_count(b, "held_bytes", atomic_load(&h->pool.held));
    tree_count(b, "max_held_bytes", h->pool.max);
    tree_count(b, "requests_2xx", requests_of(s, HTTP_2XX));
    tree_count(b, "requests_4xx", requests_of(s, HTTP_4XX));
    tree_count(b, "requests_5xx", requests_of(s, HTTP_5XX));
    tree_count(b, "sent_bytes", counted(&s->http_bytes));
    tree_count(b, "stream_points_lost", counted(&s->feed_lost));
    tree_close(b, '}');
}

/* Those that were reached. */
static void write_limits(struct buf *b, const struct stats *s)
{
    tree_line(b);
    tree_open(b, "limits_reached", '{');
    for (enum limit l = 0; l < LIMIT_COUNT; l++)
        if (counted(&s->limited[l]) != 0)
            tree_count(b, limit_label(l), counted(&s->limited[l]));
    tree_close(b, '}');
}

static void write_alerts(struct buf *b, const struct http *h)
{
    const struct stats *s = h->options.stats;
    struct alerts_counts n = {0};
    if (h->options.alerts != NULL)
        n = alerts_count(h->options.alerts);
    tree_line(b);
    tree_open(b, "alerts", '{');
    tree_count(b, "pending", n.pending);
    tree_count(b, "firing", n.firing);
    tree_count(b, "untold", n.resolved);
    tree_count(b, "max", n.max);
    tree_count(b, "fired", counted(&s->alerts_fired));
    tree_count(b, "resolved", counted(&s->alerts_resolved));
    tree_count(b, "left_out", counted(&s->alerts_left_out));
    tree_count(b, "dropped", counted(&s->alerts_dropped));
    tree_count(b, "lost", counted(&s->alerts_lost));
    tree_close(b, '}');
}

/* ---- the disk */

static void write_state(struct buf *b, const struct http *h)
{
    const struct state_stats *s = &h->options.stats->state;
    tree_line(b);
    tree_open(b, "state", '{');
    tree_bool(b, "kept", atomic_load(&s->kept));
    tree_double(b, "interval", (double)h->options.state_interval_ns / NS_PER_S);
    tree_count(b, "snapshots", counted(&s->snapshots));
    tree_count(b, "failures", counted(&s->failures));
    tree_time(b, "last", atomic_load(&s->last_ns));
    tree_double(b, "took", (double)atomic_load(&s->took_ns) / NS_PER_S);
    tree_double(b, "longest_hold", (double)atomic_load(&s->held_ns) / NS_PER_S);
    tree_count(b, "saved_bytes", counted(&s->saved_bytes));
    tree_count(b, "loaded_series", counted(&s->loaded_series));
    tree_count(b, "refused_series", counted(&s->refused_series));
    tree_count(b, "damaged", counted(&s->damaged));
    tree_close(b, '}');
}

static void write_journal(struct buf *b, struct journal *j)
{
    struct journal_figures f = {0};
    if (j != NULL)
        journal_figures(j, &f);
    tree_open(b, "journal", '{');
    tree_bool(b, "kept", j != NULL);
    tree_count(b, "bytes", f.bytes);
    tree_count(b, "max_bytes", f.max_bytes);
    tree_count(b, "segments", f.segments);
    tree_count(b, "entries", f.entries);
    tree_double(b, "sync", f.syncs > 0 ? (double)f.sync_ns / (double)f.syncs / NS_PER_S : NAN);
    tree_count(b, "failures", f.failures);
    tree_count(b, "refused", f.refused_full + f.refused_broken);
    tree_count(b, "replayed", f.replayed);
    tree_close(b, '}');
}

/* ---- targets */

static void write_push_target(struct buf *b, const struct push_figures *f)
{
    tree_open(b, NULL, '{');
    tree_text(b, "target", f->name);
    tree_count(b, "queued", f->queued);
    tree_count(b, "sent", f->sent);
    tree_count(b, "retried", f->retried);
    tree_count(b, "dropped", f->dropped);
    tree_count(b, "refused", f->refused);
    tree_count(b, "waiting", f->buffered);
    tree_count(b, "waiting_bytes", f->buffer_bytes);
    tree_time(b, "oldest", f->oldest_ns);
    tree_close(b, '}');
}

static void write_push(struct buf *b, struct push_board *board)
{
    struct push_figures at[PUSH_TARGETS_MAX];
    uint32_t n = board != NULL ? push_board_read(board, at) : 0;
    tree_line(b);
    tree_open(b, "push", '[');
    for (uint32_t i = 0; i < n; i++)
        write_push_target(b, &at[i]);
    tree_close(b, ']');
}

static void write_notified(struct buf *b, struct notifier *notifier)
{
    struct notify_counts c;
    tree_line(b);
    tree_open(b, "notify", '[');
    for (uint32_t i = 0; notifier != NULL && notifier_count(notifier, i, &c); i++) {
        tree_open(b, NULL, '{');
        tree_text(b, "kind", c.form == TELL_WEBHOOK ? "webhook" : "alertmanager");
        tree_text(b, "target", c.name);
        tree_bool(b, "up", c.works);
        tree_count(b, "sent", c.sent);
        tree_count(b, "refused", c.refused);
        tree_count(b, "retried", c.retried);
        tree_close(b, '}');
    }
    tree_close(b, ']');
}

void status_rest(struct buf *b, struct http *h)
{
    const struct stats *s = h->options.stats;
    write_series(b, h);
    write_loops(b, s);
    write_connections(b, h);
    write_limits(b, s);
    write_alerts(b, h);
    write_state(b, h);
    write_journal(b, h->options.journal);
    write_push(b, h->options.push_board);
    write_notified(b, h->options.notifier);
}
