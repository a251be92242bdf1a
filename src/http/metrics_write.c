/* http/metrics_write.c -- the walk through groups, views and series that makes the lines of /metrics.
 *
 *     group ──► view (rate, trend, ...) ──► run ──► slice of series ──► lines, or the plan
 *
 * Where making names valid made two series equal, the first is written, and the log says which was not: a
 * group that can have such lines (several metrics, or labels that are not valid as they are) remembers what
 * it has written. That it has such labels shows at the first of them, and the lines before are then gone
 * through again. For all other groups this costs nothing.
 * Rules that leave names alone are applied to each line as it is written; where they can make any two lines
 * equal, all lines of a view are remembered.
 * Elsewhere: groups and the answer (metrics.c), lines whose names rules change (metrics_plan.c). */
#include "http/metrics.h"
#include "http/names.h"

#include <math.h>
#include <string.h>

uint32_t metrics_group_size(const struct metrics *m, uint32_t group)
{
    uint32_t n = 0;
    for (uint32_t run = m->heads[group] + 1; run != 0; run = m->runs[run - 1].next)
        n += m->runs[run - 1].n;
    return n;
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

void metrics_tell_collision(struct http *h, const struct labelset *labels)
{
    char quoted[LOG_QUOTE_MAX];
    struct label metric = labelset_metric(labels);
    count(&h->options.stats->exposition_collisions, 1);
    log_event(h->options.log, LOG_LEVEL_WARN, "exposition_collision", "exposition_collision",
              "metric=%s reason=\"another series has the same name and labels once they are valid, "
              "and relabelled\"",
              log_quote(quoted, metric.value, metric.value_n));
}

/* Do all lines have to be remembered, because rules can make any two of them equal? */
static bool remembers_made(const struct metrics *m)
{
    return m->rules != NULL && !m->choose;
}

static void tell_unfit(struct http *h, const struct labelset *labels, enum relabel_fate fate)
{
    char quoted[LOG_QUOTE_MAX];
    struct label metric = labelset_metric(labels);
    count(&h->options.stats->exposition_unfit, 1);
    log_event(h->options.log, LOG_LEVEL_WARN, "exposition_unfit", "exposition_unfit",
              "metric=%s reason=\"%s\"", log_quote(quoted, metric.value, metric.value_n),
              fate == RELABEL_INVALID ? "metrics.relabel leaves it no valid name"
                                      : "metrics.relabel makes it too large");
}

bool metrics_relabel(struct http *h, struct metrics *m)
{
    bool fresh = true;
    enum relabel_fate fate = relabel_apply(m->rules, &m->exposed.set, &m->made.set, sizeof m->made);
    if (fate == RELABEL_INVALID || fate == RELABEL_TOO_LARGE)
        tell_unfit(h, &m->exposed.set, fate);
    if (fate != RELABEL_KEPT)
        return false;
    if (remembers_made(m))
        m->failed |= seen_add(&m->written, &m->made.set, m->made.set.bytes, &fresh) != NABLA_OK;
    if (!fresh)
        metrics_tell_collision(h, &m->made.set);
    return fresh && !m->failed;
}

struct label metrics_extreme(uint32_t i)
{
    static const char *const values[] = {"lowest", "highest"};
    return (struct label){
        .name = "extreme", .value = values[i], .name_n = 7, .value_n = (uint32_t)strlen(values[i])};
}

/* Does one of the selectors mean the line, by its own labels, or as all lines of its series? */
static bool means(const struct selector *const *any, uint32_t n, const struct labelset *labels,
                  unsigned view, const struct label *extra, struct exposed *out)
{
    struct ask ask = {.any_n = n};
    memcpy(ask.any, any, n * sizeof *any);
    return ask_wants_line(&ask, labels, view, extra, out);
}

bool metrics_wants(struct metrics *m, const struct labelset *labels, unsigned view,
                   const struct label *extra)
{
    const struct exposure *e = m->exposure;
    if (!ask_wants_line(m->scan.ask, labels, view, extra, &m->exposed))
        return false;
    if (e == NULL)
        return true;
    if (e->include_n > 0 && !means((const struct selector *const *)e->include, e->include_n, labels,
                                   view, extra, &m->exposed))
        return false;
    if (e->exclude_n > 0 && means((const struct selector *const *)e->exclude, e->exclude_n, labels,
                                  view, extra, &m->exposed))
        return false;
    return exposed_make(labels, view, extra, &m->exposed);
}

static bool any_matches(struct selector *const *any, uint32_t n, const struct labelset *line)
{
    for (uint32_t i = 0; i < n; i++)
        if (selector_match(any[i], line))
            return true;
    return false;
}

bool metrics_wants_own(const struct metrics *m, const struct labelset *line)
{
    const struct exposure *e = m->exposure;
    return ask_matches(m->scan.ask, line) &&
           (e == NULL || ((e->include_n == 0 || any_matches(e->include, e->include_n, line)) &&
                          !any_matches(e->exclude, e->exclude_n, line)));
}

static uint32_t found_of(const struct metrics *m, const struct reading *r)
{
    return m->runs[m->run - 1].first + m->place + r->number;
}

/* The same where rules change labels, but no names. */
static void write_made(struct http *h, struct metrics *m, const struct reading *r, double v,
                       struct buf *out)
{
    bool has_time = m->timestamps && m->view / PERS == WHAT_RATE;
    if (!metrics_relabel(h, m))
        return;
    if (!m->titled)
        write_title(m, out);
    prom_line(out, m->form, &m->made.set, v, has_time ? &r->rate.t_ns : NULL);
}

/* The i-th line of the view, if it is wanted. False if another series can have one of the same labels. */
static bool write_line(struct http *h, struct metrics *m, const struct reading *r, uint32_t i,
                       const struct label *extra, double v, struct buf *out)
{
    bool is_rate = m->view / PERS == WHAT_RATE;
    if (m->filtered && !metrics_wants(m, r->labels, m->view, extra))
        return true;
    if (m->rules != NULL && !m->filtered && !exposed_make(r->labels, m->view, extra, &m->exposed))
        return true;
    if (m->plan != NULL) {
        plan_add(h, m, found_of(m, r), i, v);
        return true;
    }
    if (m->rules != NULL && !m->choose) {
        write_made(h, m, r, v, out);
        return true;
    }
    if (m->rules != NULL && !metrics_relabel(h, m))
        return true;
    if (!m->titled)
        write_title(m, out);
    return is_rate ? prom_reading(out, m->form, r, m->timestamps)
                   : prom_value(out, r->labels, m->suffix, extra, v);
}

static bool write_extremes(struct http *h, struct metrics *m, const struct reading *r,
                           struct buf *out)
{
    const struct label lowest = metrics_extreme(0), highest = metrics_extreme(1);
    double least, most, unit_s = per_seconds(r->per);
    if (!table_take_extremes(h->options.table, m->scan.found.at[found_of(m, r)].ref, m->scraper,
                             &least, &most))
        return true;
    bool clean = write_line(h, m, r, 0, &lowest, least * unit_s, out);
    return write_line(h, m, r, 1, &highest, most * unit_s, out) && clean;
}

/* The lines of a view. False as write_line. */
static bool write_view(struct http *h, struct metrics *m, const struct reading *r, struct buf *out)
{
    struct exposed_line line;
    bool clean = true;
    if (m->view / PERS == WHAT_RATE)
        return write_line(h, m, r, 0, NULL, r->rate.value, out);
    if (m->view / PERS == WHAT_EXTREME)
        return write_extremes(h, m, r, out);
    for (uint32_t i = 0; exposed_line(r, m->view, i, &line); i++) {
        const struct label *extra = line.extra.name != NULL ? &line.extra : NULL;
        if (m->view != VIEW_ETA || !isnan(line.value))
            clean = write_line(h, m, r, i, extra, line.value, out) && clean;
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
        metrics_tell_collision(h, r->labels);
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
    if (m->plan == NULL) /* which remembers all lines of all views */
        seen_clear(&m->written);
    if (m->plan == NULL && remembers_made(m))
        m->failed |= seen_reserve(&m->written, metrics_group_size(m, m->group)) != NABLA_OK;
    m->titled = false;
    m->run = m->heads[m->group] + 1;
    m->place = m->quiet = 0;
}

static void begin_group(struct metrics *m)
{
    m->view = m->views = 0;
    m->remembers = !remembers_made(m) && m->runs[m->heads[m->group]].next != 0;
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
uint32_t metrics_write_some(struct http *h, struct metrics *m, struct buf *out)
{
    if (m->run == 0)
        begin_group(m);
    const struct run *run = &m->runs[m->run - 1];
    uint32_t n = scan_stride(&m->scan, run->n - m->place);
    if (table_read(h->options.table, m->scan.found.at + run->first + m->place, n, clock_now(),
                   &h->readings) != NABLA_OK)
        return 0;
    for (uint32_t i = 0; i < h->readings.n; i++) {
        if (!write_reading(h, m, &h->readings.at[i], out)) {
            m->quiet = m->place + h->readings.at[i].number;
            m->place = 0;
            m->remembers = true;
            return n;
        }
        if (!scan_is_due(&m->scan))
            continue;
        if (i + 1 < h->readings.n) /* those behind it: the next time */
            n = m->scan.stride = h->readings.at[i + 1].number;
        break;
    }
    m->place += n;
    if (m->place == run->n)
        next_run(m);
    return m->failed ? 0 : n;
}
