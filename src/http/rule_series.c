/* http/rule_series.c -- /api/v1/rules/series: the series under one rule, nearest to firing first, a page of them.
 *
 *     select ──► slice by slice: facts, state of the alert, distance ──► heap of the first offset + limit
 *                                                                            └──► the page, read again
 *
 * Laws: firing ones come before pending ones, and these before all others; within a state what is asked for
 * decides, what is not known comes last, and what is equal stays in the table's order. Distances of different
 * comparisons have different units: where a rule has several, when each is there decides, and then its share of the
 * way. Memory is that of RULE_SERIES_MAX places, however many series there are. */
#include "alerts/alerts.h"
#include "base/number.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/standing.h"
#include "http/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RULE_SERIES_MAX = 10000, /* of a rule that one can page through: offset and limit together */
    PAGE_DEFAULT = 50,
    ROWS_A_SLICE = 64, /* of the answer, read and written in one go */
};

enum nearest { BY_DISTANCE, BY_ETA, BY_VALUE };

/* The rule that is asked for, copied. */
struct subject {
    uint32_t number; /* alerts_number */
    struct expression when;
    char query[EXPRESSION_TEXT_MAX + 1], match[SELECTOR_TEXT_MAX + 1];
};

struct row {
    struct found found;
    uint32_t place;   /* in the table's order */
    uint8_t state;    /* 0 firing, 1 pending, 2 neither */
    double key, then; /* then: among those whose key is the same, or not known */
};

struct nearby {
    struct scan scan;
    struct subject subject;
    struct param group, name; /* borrowed from the request's uri */
    enum nearest by;
    bool descending, begun, follows; /* something was written; a row was */
    uint32_t offset, limit;
    uint32_t seen, states[3]; /* series in all; of them in each state */
    uint32_t unknown;         /* of them, those whose distance is not known */
    struct row *at;           /* owned: a heap, the last of the order on top; then sorted */
    uint32_t n, next;         /* next: to be written */
};

/* ---- what is asked for */

static enum nabla_status read_count(const struct params *p, const char *name, uint32_t *out,
                                    struct fault *fault)
{
    const struct param *x = params_find(p, name);
    uint64_t n = *out;
    if (x != NULL && (number_read_u64(x->value, x->value_n, &n) != x->value_n || x->value_n == 0 ||
                      n > RULE_SERIES_MAX)) {
        fault_set(fault, "invalid parameter \"%s\": it is not a number of at most %d", name,
                  RULE_SERIES_MAX);
        return NABLA_EINVAL;
    }
    *out = (uint32_t)n;
    return NABLA_OK;
}

static enum nabla_status read_page(struct nearby *y, const struct params *p, struct fault *fault)
{
    y->limit = PAGE_DEFAULT;
    if (read_count(p, "offset", &y->offset, fault) != NABLA_OK ||
        read_count(p, "limit", &y->limit, fault) != NABLA_OK)
        return NABLA_EINVAL;
    if (y->offset + y->limit <= RULE_SERIES_MAX)
        return NABLA_OK;
    fault_set(fault, "invalid parameter \"offset\": more than %d with limit", RULE_SERIES_MAX);
    return NABLA_EINVAL;
}

static bool is(const struct param *p, const char *text)
{
    return p->value_n == strlen(text) && memcmp(p->value, text, p->value_n) == 0;
}

static enum nabla_status read_order(struct nearby *y, const struct params *p, struct fault *fault)
{
    static const struct {
        const char *word;
        enum nearest by;
        bool descending;
    } words[] = {{"distance", BY_DISTANCE, false},
                 {"eta", BY_ETA, false},
                 {"value", BY_VALUE, false},
                 {"-value", BY_VALUE, true}};
    const struct param *x = params_find(p, "sort");
    for (size_t i = 0; x != NULL && i < sizeof words / sizeof words[0]; i++)
        if (is(x, words[i].word)) {
            y->by = words[i].by;
            y->descending = words[i].descending;
            return NABLA_OK;
        }
    if (x == NULL)
        return NABLA_OK;
    fault_set(fault, "invalid parameter \"sort\": it is not distance, eta, value or -value");
    return NABLA_EINVAL;
}

/* A parameter that is not there fits all. */
static bool fits(const struct param *p, const char *text)
{
    return p == NULL || is(p, text);
}

/* The first of that name; files may have groups of the same name. False: there is none. */
static bool find_rule(struct nearby *y, struct alerts *a, const struct params *p)
{
    const struct param *match = params_find(p, "match"), *file = params_find(p, "file");
    bool found = false;
    const struct rules *rules = alerts_lock(a);
    for (uint32_t g = 0; g < rules->groups_n && !found; g++) {
        const struct rule_group *group = &rules->groups[g];
        bool meant = is(&y->group, group->name) && fits(file, group->file);
        for (uint32_t i = 0; meant && i < group->n && !found; i++) {
            const struct rule *rule = &group->rules[i];
            found = is(&y->name, rule->alert) && fits(match, rule->match) &&
                    strlen(rule->match) < sizeof y->subject.match &&
                    strlen(rule->when_text) < sizeof y->subject.query;
            if (!found)
                continue;
            y->subject.number = alerts_number(a, g, i);
            y->subject.when = rule->when;
            strcpy(y->subject.query, rule->when_text);
            strcpy(y->subject.match, rule->match);
        }
    }
    alerts_unlock(a);
    return found;
}

/* ---- the nearest */

/* Below 0: a comes first. What is not known comes last. */
static int order(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return (a > b) - (a < b);
}

static bool comes_before(const struct nearby *y, const struct row *a, const struct row *b)
{
    if (a->state != b->state)
        return a->state < b->state;
    int d = y->descending ? order(-a->key, -b->key) : order(a->key, b->key);
    if (d == 0)
        d = order(a->then, b->then);
    return d != 0 ? d < 0 : a->place < b->place;
}

static void sink(struct nearby *y, uint32_t i)
{
    for (;;) {
        uint32_t last = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < y->n; child++)
            if (comes_before(y, &y->at[last], &y->at[child]))
                last = child;
        if (last == i)
            return;
        struct row moved = y->at[i];
        y->at[i] = y->at[last];
        y->at[last] = moved;
        i = last;
    }
}

static void rise(struct nearby *y, uint32_t i)
{
    while (i > 0 && comes_before(y, &y->at[(i - 1) / 2], &y->at[i])) {
        struct row moved = y->at[i];
        y->at[i] = y->at[(i - 1) / 2];
        y->at[(i - 1) / 2] = moved;
        i = (i - 1) / 2;
    }
}

static void keep(struct nearby *y, const struct row *x)
{
    if (y->n < y->offset + y->limit) {
        y->at[y->n] = *x;
        rise(y, y->n++);
    } else if (y->n > 0 && comes_before(y, x, &y->at[0])) {
        y->at[0] = *x;
        sink(y, 0);
    }
}

/* The heap gives its last ones first. */
static void put_in_order(struct nearby *y)
{
    uint32_t all = y->n;
    while (y->n > 1) {
        struct row last = y->at[0];
        y->at[0] = y->at[--y->n];
        sink(y, 0);
        y->at[y->n] = last;
    }
    y->n = all;
}

static uint8_t state_of(const struct alert_state *s)
{
    return s->phase == ALERT_FIRING ? 0 : s->phase == ALERT_PENDING ? 1 : 2;
}

static void set_keys(const struct nearby *y, const struct facts *f,
                     const struct expression_gap *gap, struct row *x)
{
    bool several = y->subject.when.comparisons_n > 1;
    switch (y->by) {
    case BY_ETA: x->key = gap->eta_s; break;
    case BY_VALUE: x->key = expression_subject(&y->subject.when, f); break;
    default: x->key = several ? gap->eta_s : gap->distance;
    }
    x->then = several && y->by == BY_DISTANCE ? gap->share : 0;
}

static void judge(struct nearby *y, const struct found *found, const struct reading *r,
                  const struct alert_state *s)
{
    struct facts f;
    struct row x = {.found = *found, .place = y->seen++, .state = state_of(s)};
    struct expression_gap gap;
    facts_of_reading(r, &f);
    expression_gap(&y->subject.when, &f, &gap);
    set_keys(y, &f, &gap, &x);
    y->states[x.state]++;
    y->unknown += isnan(gap.distance) != 0;
    keep(y, &x);
}

static enum nabla_status judge_slice(struct http *h, struct nearby *y)
{
    const struct found *found = y->scan.found.at + y->scan.at;
    struct alert_state states[READINGS_MAX];
    struct ref refs[READINGS_MAX];
    enum nabla_status status = scan_read(h, &y->scan);
    if (status != NABLA_OK)
        return status;
    for (uint32_t i = 0; i < h->readings.n; i++)
        refs[i] = found[h->readings.at[i].number].ref;
    alerts_states(h->options.alerts, y->subject.number, refs, h->readings.n, states);
    for (uint32_t i = 0; i < h->readings.n; i++)
        judge(y, &found[h->readings.at[i].number], &h->readings.at[i], &states[i]);
    return NABLA_OK;
}

static enum step find_step(struct request *r, void *ctx)
{
    struct nearby *y = ctx;
    enum step step = scan_select(&y->scan);
    if (step != STEP_DONE || y->scan.busy)
        return step;
    int64_t end_ns = clock_now().mono_ns + r->http->slice_ns;
    while (scan_has_more(&y->scan)) {
        if (judge_slice(r->http, y) != NABLA_OK)
            return STEP_FAILED;
        if (clock_now().mono_ns > end_ns && scan_has_more(&y->scan))
            return STEP_MORE;
    }
    put_in_order(y);
    return STEP_DONE;
}

/* ---- the answer */

static void write_head(struct buf *b, const struct nearby *y)
{
    buf_text(b, "{\"status\":\"success\",\"data\":{");
    tree_name(b, "group");
    json_text(b, y->group.value, y->group.value_n);
    tree_name(b, "name");
    json_text(b, y->name.value, y->name.value_n);
    tree_text(b, "query", y->subject.query);
    tree_text(b, "match", y->subject.match);
    tree_bool(b, "distances", y->subject.when.has_distance);
    tree_count(b, "total", y->seen);
    tree_count(b, "firing", y->states[0]);
    tree_count(b, "pending", y->states[1]);
    tree_count(b, "unknown", y->unknown);
    tree_count(b, "offset", y->offset);
    tree_open(b, "series", '[');
}

static void write_row(struct buf *b, struct nearby *y, const struct reading *r,
                      const struct alert_state *s)
{
    buf_text(b, y->follows ? ",\n" : "\n");
    y->follows = true;
    tree_open(b, NULL, '{');
    tree_name(b, "metric");
    json_labels(b, r->labels);
    standing_write(b, &y->subject.when, y->subject.query, r, s);
    tree_close(b, '}');
}

/* Those rows from y->next on that still are there. */
static bool write_rows(struct http *h, struct nearby *y, struct buf *out)
{
    struct found found[ROWS_A_SLICE];
    struct ref refs[ROWS_A_SLICE];
    struct alert_state states[ROWS_A_SLICE];
    uint32_t n = 0;
    for (; n < ROWS_A_SLICE && y->next < y->n; n++)
        found[n] = y->at[y->next++].found;
    if (table_read(h->options.table, found, n, clock_now(), &h->readings) != NABLA_OK)
        return false;
    for (uint32_t i = 0; i < h->readings.n; i++)
        refs[i] = found[h->readings.at[i].number].ref;
    alerts_states(h->options.alerts, y->subject.number, refs, h->readings.n, states);
    for (uint32_t i = 0; i < h->readings.n; i++)
        write_row(out, y, &h->readings.at[i], &states[i]);
    return true;
}

static enum step next_rows(struct http *h, void *ctx, struct buf *out)
{
    struct nearby *y = ctx;
    if (!y->begun)
        write_head(out, y);
    y->begun = true;
    if (y->next < y->n && !write_rows(h, y, out))
        return STEP_FAILED;
    if (y->next < y->n)
        return STEP_MORE;
    buf_text(out, "\n]}}\n");
    return STEP_DONE;
}

static void free_nearby(void *ctx)
{
    struct nearby *y = ctx;
    scan_fini(&y->scan);
    free(y->at);
    free(y);
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_nearby(ctx);
}

static enum MHD_Result reply_rows(struct request *r, void *ctx)
{
    struct nearby *y = ctx;
    if (y->scan.busy)
        return scan_refuse(r, &y->scan);
    r->job.free = NULL; /* the answer has it now */
    y->next = y->offset;
    return reply_source(r, TYPE_JSON, (struct source){next_rows, free_source, y});
}

/* ---- the request */

/* Errors: NABLA_EINVAL with a fault; NABLA_ENOMEM. *none: there is no such rule. */
static enum nabla_status prepare(struct request *r, struct nearby *y, bool *none,
                                 struct fault *fault)
{
    const struct param *group = params_find(&r->params, "group"),
                       *name = params_find(&r->params, "name");
    if (group == NULL || name == NULL) {
        fault_set(fault, "the parameters \"group\" and \"name\" say which rule");
        return NABLA_EINVAL;
    }
    y->group = *group;
    y->name = *name;
    if (read_page(y, &r->params, fault) != NABLA_OK || read_order(y, &r->params, fault) != NABLA_OK)
        return NABLA_EINVAL;
    *none = r->http->options.alerts == NULL || !find_rule(y, r->http->options.alerts, &r->params);
    if (*none)
        return NABLA_OK;
    struct ask ask = {0};
    struct selector_fault why;
    if (selector_new(y->subject.match, strlen(y->subject.match), &ask.any[0], &why) != NABLA_OK)
        return NABLA_ENOMEM; /* it was good when it was read */
    ask.any_n = 1;
    y->at = malloc((y->offset + y->limit + 1) * sizeof *y->at);
    enum nabla_status status = scan_new(r->http, &ask, false, &y->scan);
    return y->at == NULL ? NABLA_ENOMEM : status;
}

enum MHD_Result rule_series_answer(struct request *r)
{
    struct fault fault;
    bool none = false;
    struct nearby *y = calloc(1, sizeof *y);
    enum nabla_status status = y != NULL ? prepare(r, y, &none, &fault) : NABLA_ENOMEM;
    if (status == NABLA_OK && !none)
        return request_prepare(r, (struct job){find_step, reply_rows, free_nearby, y});
    if (y != NULL)
        free_nearby(y);
    return none ? reply_error(r, MHD_HTTP_NOT_FOUND, "there is no such rule")
                : reply_fault(r, status, &fault);
}
