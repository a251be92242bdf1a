/* base/exposed.c -- from a series' labels to the labels of its lines.
 *
 *     labels ──valid names──► parts, by the order of the stored names
 *                               └─ sorted by valid name ──► equal ones joined ──► packed
 *
 * Most labels are clean already: then only the metric's name is changed, and the rest copied as it lies.
 * Laws: of labels that are clean already only the metric's name changes; two lines of one series
 * never have the same labels. */
#include "base/exposed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t make_valid(char *out, const char *name, size_t n, bool metric)
{
    size_t used = 0;
    if (n == 0 || (name[0] >= '0' && name[0] <= '9'))
        out[used++] = '_';
    for (size_t i = 0; i < n; i++)
        out[used++] = exposed_holds(name[i], metric) ? name[i] : '_';
    return used;
}

size_t exposed_metric(char out[static EXPOSED_NAME_MAX], const char *name, size_t n)
{
    return make_valid(out, name, n, true);
}

size_t exposed_label(char out[static EXPOSED_NAME_MAX], const char *name, size_t n)
{
    size_t used = make_valid(out, name, n, false);
    if (used == strlen(LABEL_METRIC) && memcmp(out, LABEL_METRIC, used) == 0)
        out[used++] = '_';
    return used;
}

void exposed_suffix(unsigned view, char out[static EXPOSED_SUFFIX_MAX])
{
    static const char *const fronts[] = {"", "_trend", "", "_seconds_to", "", ""};
    static const char *const backs[] = {"", "", "_extreme", "", "", ""};
    enum what what = view / PERS;
    char *end = stpcpy(out, fronts[what]);
    if (what < WHAT_ETA)
        end = stpcpy(end, per_suffix((enum per)(view % PERS)));
    strcpy(end, backs[what]);
}

void exposed_help(unsigned view, const char *name, int n, char out[static EXPOSED_HELP_MAX])
{
    static const char *const units[] = {"second", "minute", "hour"};
    const char *unit = units[view % PERS];
    size_t max = EXPOSED_HELP_MAX;
    switch ((enum what)(view / PERS)) {
    case WHAT_TREND:
        snprintf(out, max, "Slope of %.*s per %s, by least squares over the past.", n, name, unit);
        break;
    case WHAT_EXTREME:
        snprintf(out, max, "Lowest and highest rate of %.*s per %s since this scraper last came.",
                 n, name, unit);
        break;
    case WHAT_ETA:
        snprintf(out, max, "Seconds until %.*s is at a limit, by its course now.", n, name);
        break;
    case WHAT_VALUE: snprintf(out, max, "Newest value of %.*s.", n, name); break;
    default:
        snprintf(out, max, "Rate of change of %.*s per %s, at the middle of three samples.", n,
                 name, unit);
    }
}

unsigned exposed_views(const struct reading *r)
{
    unsigned views = r->window_n > 0 ? 1U << VIEW_VALUE : 0;
    if (r->rate.order == 0)
        return views;
    views |= 1U << (WHAT_RATE * PERS + r->per);
    views |= r->trend.order != 0 ? 1U << (WHAT_TREND * PERS + r->per) : 0;
    views |= r->extremes ? 1U << (WHAT_EXTREME * PERS + r->per) : 0;
    return views | (r->etas_n > 0 ? 1U << VIEW_ETA : 0);
}

/* A label on its way: its valid name, and where it stands in the source. */
struct part {
    char name[EXPOSED_NAME_MAX + 8]; /* "nabla_" */
    uint32_t name_n;
    const char *value;
    uint32_t value_n;
};

static int compare(const struct part *a, const struct part *b)
{
    uint32_t n = a->name_n < b->name_n ? a->name_n : b->name_n;
    int by = memcmp(a->name, b->name, n);
    return by != 0 ? by : (a->name_n > b->name_n) - (a->name_n < b->name_n);
}

/* Stable, and quick for what is sorted already: order[0..n) gets one more. The metric stays first. */
static void insert(const struct part *parts, uint8_t *order, uint32_t n)
{
    uint32_t i = n;
    for (; i > 1 && compare(&parts[order[i - 1]], &parts[n]) > 0; i--)
        order[i] = order[i - 1];
    order[i] = (uint8_t)n;
}

static bool put(struct exposed *out, size_t *used, const void *bytes, size_t n)
{
    if (*used + n > sizeof out->room)
        return false;
    memcpy(out->room + *used, bytes, n);
    *used += n;
    return true;
}

/* One label: the values of parts[order[0..n)], joined. */
static bool put_label(struct exposed *out, size_t *used, const struct part *parts,
                      const uint8_t *order, uint32_t n)
{
    const struct part *first = &parts[order[0]];
    uint32_t value_n = n - 1;
    for (uint32_t i = 0; i < n; i++)
        value_n += parts[order[i]].value_n;
    uint16_t head[2] = {(uint16_t)first->name_n, (uint16_t)value_n};
    bool fits = put(out, used, head, sizeof head) && put(out, used, first->name, first->name_n);
    for (uint32_t i = 0; i < n && fits; i++)
        fits = (i == 0 || put(out, used, ";", 1)) &&
               put(out, used, parts[order[i]].value, parts[order[i]].value_n);
    return fits;
}

static bool pack(struct exposed *out, const struct part *parts, const uint8_t *order, uint32_t n)
{
    size_t used = offsetof(struct labelset, packed);
    uint16_t count = 0;
    bool fits = true;
    for (uint32_t i = 0, end; i < n && fits; i = end, count++) {
        for (end = i + 1; end < n && compare(&parts[order[i]], &parts[order[end]]) == 0;)
            end++;
        fits = put_label(out, &used, parts, order + i, end - i);
    }
    out->set.bytes = (uint16_t)used;
    out->set.count = count;
    return fits;
}

static void name_extra(struct part *x, const struct label *extra, const struct labelset *labels)
{
    struct label taken;
    bool is_taken = labelset_get(labels, extra->name, extra->name_n, &taken);
    x->name_n = (uint32_t)snprintf(x->name, sizeof x->name, "%s%.*s", is_taken ? "nabla_" : "",
                                   (int)extra->name_n, extra->name);
    x->value = extra->value;
    x->value_n = extra->value_n;
}

/* The metric's name as the view has it; returns its length. */
static size_t make_metric(char out[static EXPOSED_NAME_MAX + EXPOSED_SUFFIX_MAX],
                          const struct label *metric, unsigned view)
{
    size_t n = metric->value_n;
    if (view == VIEW_STORED)
        memcpy(out, metric->value, n);
    else
        n = exposed_metric(out, metric->value, n);
    exposed_suffix(view, out + n);
    return n + strlen(out + n);
}

static bool is_clean(const struct labelset *labels, struct label_cursor cursor)
{
    struct label l;
    while (labelset_next(labels, &cursor, &l))
        if (!exposed_is_clean(l.name, l.name_n))
            return false;
    return true;
}

/* The labels behind the cursor as they are. */
static bool copy(const struct labelset *labels, struct label_cursor cursor, const char *metric,
                 size_t metric_n, struct exposed *out)
{
    size_t used = offsetof(struct labelset, packed);
    size_t rest = labels->bytes - used - cursor.offset;
    uint16_t head[2] = {sizeof LABEL_METRIC - 1, (uint16_t)metric_n};
    if (!put(out, &used, head, sizeof head) || !put(out, &used, LABEL_METRIC, head[0]) ||
        !put(out, &used, metric, metric_n) ||
        !put(out, &used, labels->packed + cursor.offset, rest))
        return false;
    out->set.bytes = (uint16_t)used;
    out->set.count = labels->count;
    return true;
}

/* Of labels that have to be made valid, or get one more. */
static bool make_parts(const struct labelset *labels, struct label_cursor cursor,
                       const char *metric, size_t metric_n, const struct label *extra,
                       struct exposed *out)
{
    struct part parts[LABELS_MAX + 2];
    uint8_t order[LABELS_MAX + 2] = {0};
    struct label l;
    uint32_t n = 1;
    memcpy(parts[0].name, LABEL_METRIC, sizeof LABEL_METRIC);
    parts[0].name_n = sizeof LABEL_METRIC - 1;
    parts[0].value = metric;
    parts[0].value_n = (uint32_t)metric_n;
    while (labelset_next(labels, &cursor, &l)) {
        struct part *x = &parts[n];
        x->name_n = (uint32_t)exposed_label(x->name, l.name, l.name_n);
        x->value = l.value;
        x->value_n = l.value_n;
        insert(parts, order, n++);
    }
    if (extra != NULL) {
        name_extra(&parts[n], extra, labels);
        insert(parts, order, n++);
    }
    return pack(out, parts, order, n);
}

bool exposed_make(const struct labelset *labels, unsigned view, const struct label *extra,
                  struct exposed *out)
{
    char metric[EXPOSED_NAME_MAX + EXPOSED_SUFFIX_MAX];
    struct label_cursor cursor = {0};
    struct label l;
    labelset_next(labels, &cursor, &l);
    size_t metric_n = make_metric(metric, &l, view);
    return extra == NULL && is_clean(labels, cursor)
               ? copy(labels, cursor, metric, metric_n, out)
               : make_parts(labels, cursor, metric, metric_n, extra, out);
}

static bool eta_line(const struct reading *r, uint32_t i, struct exposed_line *out)
{
    if (i >= r->etas_n)
        return false;
    out->value = r->etas[i].seconds;
    out->extra = (struct label){.name = "limit", .value = out->text, .name_n = 5};
    out->extra.value_n = (uint32_t)number_write(out->text, r->etas[i].limit);
    return true;
}

bool exposed_line(const struct reading *r, unsigned view, uint32_t i, struct exposed_line *out)
{
    *out = (struct exposed_line){.value = NAN};
    switch ((enum what)(view / PERS)) {
    case WHAT_RATE: out->value = r->rate.value; break;
    case WHAT_TREND: out->value = r->trend.value; break;
    case WHAT_VALUE: out->value = r->window_n > 0 ? r->window[r->window_n - 1].v : NAN; break;
    case WHAT_ETA: return eta_line(r, i, out);
    default: return false;
    }
    return i == 0;
}
