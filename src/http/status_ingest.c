/* http/status_ingest.c -- how much comes in and where, what of it was refused and why, and how that went in the last
 * minutes. A rate is that of the last ten seconds or so, from the pulse; null until there is one. */
#include "http/status.h"

#include "http/tree.h"
#include "wire/json_out.h"
#include "wire/lines.h"

#include <math.h>
#include <string.h>

/* What rates are told from. */
struct since {
    const struct door_beat *door; /* NULL: nothing yet */
    double seconds;
};

static struct since since_when(const struct http *h)
{
    struct since s = {.door = pulse_door(&h->pulse)};
    if (s.door != NULL)
        s.seconds = (double)(clock_now().mono_ns - s.door->mono_ns) / NS_PER_S;
    return s;
}

static void write_rate(struct buf *b, const char *name, const struct since *s, uint64_t now,
                       uint64_t before)
{
    tree_double(b, name, s->seconds > 0 ? (double)(now - before) / s->seconds : NAN);
}

static void write_totals(struct buf *b, const struct stats *s, const struct since *since)
{
    static const struct door_beat nothing = {0};
    const struct door_beat *d = since->door != NULL ? since->door : &nothing;
    uint64_t lines = counted(&s->lines), samples = counted(&s->samples),
             points = counted(&s->points);
    tree_line(b);
    tree_open(b, "totals", '{');
    tree_count(b, "lines", lines);
    write_rate(b, "lines_per_second", since, lines, d->lines);
    tree_count(b, "samples", samples);
    write_rate(b, "samples_per_second", since, samples, d->samples);
    tree_count(b, "points", points);
    write_rate(b, "points_per_second", since, points, d->points);
    tree_close(b, '}');
}

/* ---- listeners */

/* What lines were read as, of those formats that came. */
static void write_formats(struct buf *b, const struct listener_stats *l, const struct since *s,
                          uint32_t number)
{
    tree_open(b, "formats", '{');
    for (int f = 0; f < STATS_FORMATS; f++) {
        uint64_t n = counted(&l->formats[f]);
        if (n == 0)
            continue;
        tree_open(b, f == LINE_AUTO ? "unknown" : line_format_text((enum line_format)f), '{');
        tree_count(b, "lines", n);
        write_rate(b, "lines_per_second", s, n,
                   s->door != NULL ? s->door->of[number].formats[f] : 0);
        tree_close(b, '}');
    }
    tree_close(b, '}');
}

static void write_refusals(struct buf *b, const struct listener_stats *l)
{
    tree_open(b, "refused", '{');
    for (enum refusal r = 0; r < REFUSAL_COUNT; r++)
        if (counted(&l->refused[r]) != 0)
            tree_count(b, refusal_label(r), counted(&l->refused[r]));
    tree_close(b, '}');
}

static void write_listener(struct buf *b, const struct listener_stats *l, const struct since *s,
                           uint32_t number)
{
    uint64_t lines = counted(&l->lines), bytes = counted(&l->bytes);
    int64_t open = atomic_load(&l->open_connections);
    tree_line(b);
    tree_open(b, NULL, '{');
    tree_text(b, "name", l->name);
    tree_count(b, "lines", lines);
    write_rate(b, "lines_per_second", s, lines, s->door != NULL ? s->door->of[number].lines : 0);
    tree_count(b, "bytes", bytes);
    write_rate(b, "bytes_per_second", s, bytes, s->door != NULL ? s->door->of[number].bytes : 0);
    write_formats(b, l, s, number);
    tree_count(b, "datagrams", counted(&l->datagrams));
    tree_count(b, "kernel_drops", counted(&l->kernel_drops));
    tree_count(b, "open_connections", open > 0 ? (uint64_t)open : 0);
    tree_count(b, "connections", counted(&l->connections));
    tree_count(b, "refused_connections", counted(&l->refused_connections));
    tree_count(b, "idle_closed", counted(&l->idle_closed));
    tree_count(b, "tls_handshakes", counted(&l->tls_handshakes));
    write_refusals(b, l);
    tree_close(b, '}');
}

static void write_listeners(struct buf *b, const struct stats *s, const struct since *since)
{
    tree_line(b);
    tree_open(b, "listeners", '[');
    for (uint32_t i = 0; i < s->listeners_n; i++)
        write_listener(b, &s->listeners[i], since, i);
    tree_close(b, ']');
}

/* ---- what was refused */

/* The text as the log has it, without the quotes around it. */
static void write_example(struct buf *b, const struct example *x)
{
    size_t n = strlen(x->text);
    tree_open(b, NULL, '{');
    tree_time(b, "time", x->wall_ns);
    tree_text(b, "listener", x->listener);
    tree_text(b, "sender", x->sender);
    tree_count(b, "offset", x->offset);
    tree_name(b, "text");
    json_text(b, n > 2 ? x->text + 1 : "", n > 2 ? n - 2 : 0);
    tree_close(b, '}');
}

static void write_examples(struct buf *b, struct examples *e, unsigned kind, bool admin)
{
    struct example at[EXAMPLES_EACH];
    if (!admin)
        return;
    tree_open(b, "examples", '[');
    uint32_t n = examples_read(e, kind, at);
    for (uint32_t i = 0; i < n; i++)
        write_example(b, &at[i]);
    tree_close(b, ']');
}

static void open_refused(struct buf *b, const char *of, const char *cause, const char *why,
                         uint64_t n)
{
    tree_line(b);
    tree_open(b, NULL, '{');
    tree_text(b, "cause", cause);
    tree_text(b, "of", of);
    tree_text(b, "why", why);
    tree_count(b, "count", n);
}

static void write_causes(struct buf *b, struct stats *s, const struct since *since, bool admin)
{
    for (enum cause c = 0; c < CAUSE_COUNT; c++) {
        uint64_t n = counted(&s->rejected[c]);
        if (n == 0)
            continue;
        open_refused(b, "line", cause_label(c), cause_text(c), n);
        write_rate(b, "per_second", since, n, since->door != NULL ? since->door->rejected[c] : 0);
        write_examples(b, &s->examples, example_kind(c), admin);
        tree_close(b, '}');
    }
}

static uint64_t refused_by_all(const struct stats *s, enum refusal r)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->listeners_n; i++)
        n += counted(&s->listeners[i].refused[r]);
    return n;
}

static void write_senders(struct buf *b, struct stats *s, bool admin)
{
    for (enum refusal r = 0; r < REFUSAL_COUNT; r++) {
        uint64_t n = refused_by_all(s, r);
        if (n == 0)
            continue;
        open_refused(b, "sender", refusal_label(r), refusal_text(r), n);
        tree_double(b, "per_second", NAN);
        write_examples(b, &s->examples, example_kind_at_door(r), admin);
        tree_close(b, '}');
    }
}

static void write_refused(struct buf *b, struct stats *s, const struct since *since, bool admin)
{
    tree_line(b);
    tree_bool(b, "examples_shown", admin);
    tree_open(b, "refused", '[');
    write_causes(b, s, since, admin);
    write_senders(b, s, admin);
    tree_close(b, ']');
}

static void write_events(struct buf *b, const struct stats *s)
{
    tree_line(b);
    tree_open(b, "events", '[');
    for (enum event e = 0; e < EVENT_COUNT; e++) {
        if (counted(&s->events[e]) == 0)
            continue;
        tree_open(b, NULL, '{');
        tree_text(b, "event", event_label(e));
        tree_text(b, "what", event_text(e));
        tree_count(b, "count", counted(&s->events[e]));
        tree_close(b, '}');
    }
    tree_close(b, ']');
}

/* ---- the last minutes */

/* One row of numbers: a counter's rate from beat to beat, or a lag as it was. */
static void write_row(struct buf *b, const struct pulse *p, const char *name, size_t offset)
{
    const struct beat *before = pulse_at(p, 0), *now;
    tree_open(b, name, '[');
    for (uint32_t i = 1; (now = pulse_at(p, i)) != NULL; before = now, i++) {
        uint64_t from, to;
        memcpy(&from, (const char *)before + offset, sizeof from);
        memcpy(&to, (const char *)now + offset, sizeof to);
        double seconds = (double)(now->at.mono_ns - before->at.mono_ns) / NS_PER_S;
        tree_double(b, NULL, round((double)(to - from) / seconds * 10) / 10);
    }
    tree_close(b, ']');
}

static void write_history(struct buf *b, const struct pulse *p)
{
    const struct beat *x;
    tree_line(b);
    tree_open(b, "history", '{');
    tree_open(b, "time", '[');
    for (uint32_t i = 1; (x = pulse_at(p, i)) != NULL; i++) {
        tree_name(b, NULL);
        json_time(b, x->at.wall_ns, TIME_UNIX);
    }
    tree_close(b, ']');
    write_row(b, p, "lines_per_second", offsetof(struct beat, lines));
    write_row(b, p, "samples_per_second", offsetof(struct beat, samples));
    write_row(b, p, "refused_per_second", offsetof(struct beat, refused));
    write_row(b, p, "kernel_drops_per_second", offsetof(struct beat, kernel_drops));
    tree_open(b, "lag_seconds", '[');
    for (uint32_t i = 1; (x = pulse_at(p, i)) != NULL; i++)
        tree_double(b, NULL, (double)x->lag_ns / NS_PER_S);
    tree_close(b, ']');
    tree_close(b, '}');
}

void status_ingest(struct buf *b, struct http *h, bool admin)
{
    struct stats *s = h->options.stats;
    struct since since = since_when(h);
    write_totals(b, s, &since);
    write_listeners(b, s, &since);
    write_refused(b, s, &since, admin);
    write_events(b, s);
    write_history(b, &h->pulse);
}
