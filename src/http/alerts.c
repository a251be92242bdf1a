/* http/alerts.c -- /api/v1/alerts and /api/v1/rules in Prometheus' shapes, and ALERTS for /metrics.
 * Answers are streamed some alerts at a time: each is a copy, so nobody waits for a slow client. An
 * alert that begins or ends meanwhile may be in it or not. */
#include "alerts/alerts.h"

#include "http/alerts.h"
#include "http/reply.h"
#include "http/routes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALERTS_A_SLICE = 64 };

/* WANT_GROUPS: of rules that record there are none. */
enum want { WANT_ALERTS, WANT_RULES, WANT_GROUPS };

struct listing {
    uint64_t id;
    uint32_t group, index; /* of the rule that is next */
    bool open;             /* a rule's alerts are being written */
    bool any;              /* something was written in the list that is open */
    enum want want;
    struct alert_view view;
};

/* ---- JSON */

static void write_members(struct buf *b, const struct label *at, uint32_t n)
{
    buf_char(b, '{');
    for (uint32_t i = 0; i < n; i++) {
        buf_text(b, i == 0 ? "" : ", ");
        json_text(b, at[i].name, at[i].name_n);
        buf_text(b, ": ");
        json_text(b, at[i].value, at[i].value_n);
    }
    buf_char(b, '}');
}

/* Prometheus gives the value as text, in which NaN has a place. */
static void write_alert(struct buf *b, const struct alert_view *v)
{
    buf_text(b, "{\"labels\": ");
    write_members(b, v->told.labels, v->told.labels_n);
    buf_text(b, ", \"annotations\": ");
    write_members(b, v->told.annotations, v->told.annotations_n);
    buf_printf(b, ", \"state\": \"%s\", \"activeAt\": ",
               alert_phase_text((enum alert_phase)v->state.phase));
    json_time(b, v->state.active_ns, TIME_RFC3339);
    buf_text(b, ", \"value\": \"");
    buf_double(b, v->told.value);
    buf_printf(b, "\", \"noData\": %s}", v->state.silent ? "true" : "false");
}

static void free_listing(struct http *h, void *ctx)
{
    (void)h;
    free(ctx);
}

static enum MHD_Result reply_listing(struct request *r, enum want want,
                                     enum step (*next)(struct http *h, void *ctx, struct buf *out))
{
    struct listing *l = calloc(1, sizeof *l);
    if (l == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    l->want = want;
    return reply_source(r, TYPE_JSON, (struct source){next, free_listing, l});
}

static enum step next_alerts(struct http *h, void *ctx, struct buf *out)
{
    struct listing *l = ctx;
    if (!l->open)
        buf_text(out, "{\"status\": \"success\", \"data\": {\"alerts\": [");
    l->open = true;
    for (int i = 0; i < ALERTS_A_SLICE; i++) {
        if (!alerts_next(h->options.alerts, clock_now(), &l->id, &l->view)) {
            buf_text(out, "]}}\n");
            return STEP_DONE;
        }
        buf_text(out, l->any ? ",\n" : "");
        write_alert(out, &l->view);
        l->any = true;
    }
    return STEP_MORE;
}

enum MHD_Result alerts_answer(struct request *r)
{
    return reply_listing(r, WANT_ALERTS, next_alerts);
}

/* ---- rules */

static void write_texts(struct buf *b, const struct rule_texts *t)
{
    buf_char(b, '{');
    for (uint32_t i = 0; i < t->n; i++) {
        size_t n;
        const char *text = template_text(t->at[i].value, &n);
        buf_text(b, i == 0 ? "" : ", ");
        json_text(b, t->at[i].name, strlen(t->at[i].name));
        buf_text(b, ": ");
        json_text(b, text, n);
    }
    buf_char(b, '}');
}

static void write_text(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, ", \"%s\": ", name);
    json_text(b, text, strlen(text));
}

/* A rule up to its alerts. query: for those who show Prometheus' rules. */
static void open_rule(struct buf *b, const struct rule *rule, const char *state)
{
    buf_printf(b, "{\"type\": \"alerting\", \"health\": \"ok\", \"state\": \"%s\"", state);
    buf_text(b, ", \"evaluationTime\": 0, \"lastEvaluation\": "); /* at each sample */
    json_time(b, clock_now().wall_ns, TIME_RFC3339);
    write_text(b, "name", rule->alert);
    write_text(b, "query", rule->when_text);
    write_text(b, "match", rule->match);
    if (rule->clear_text != NULL)
        write_text(b, "clear", rule->clear_text);
    buf_text(b, ", \"duration\": ");
    buf_double(b, (double)rule->for_ns / NS_PER_S);
    buf_text(b, ", \"keepFiringFor\": ");
    buf_double(b, (double)rule->keep_firing_for_ns / NS_PER_S);
    buf_text(b, ", \"labels\": ");
    write_texts(b, &rule->labels);
    buf_text(b, ", \"annotations\": ");
    write_texts(b, &rule->annotations);
    buf_text(b, ", \"alerts\": [");
}

static void open_group(struct buf *b, const struct rule_group *group, bool first)
{
    buf_text(b, first ? "" : "]},\n");
    buf_text(b, "{\"interval\": 0, \"limit\": 0, \"evaluationTime\": 0, \"lastEvaluation\": ");
    json_time(b, clock_now().wall_ns, TIME_RFC3339);
    write_text(b, "name", group->name);
    write_text(b, "file", group->file);
    buf_text(b, ", \"rules\": [");
}

/* The worst that an alert of the rule is in. */
static const char *state_of(struct alerts *a, uint32_t group, uint32_t index)
{
    return alert_phase_text(alerts_worst(a, group, index));
}

static uint32_t rules_in(const struct listing *l, const struct rule_group *group)
{
    return l->want == WANT_GROUPS ? 0 : group->n;
}

/* The next rule's head, with its group's if it is the first. False: there are no more. */
static bool next_rule(struct http *h, struct listing *l, struct buf *out)
{
    struct alerts *a = h->options.alerts;
    const struct rules *rules = alerts_lock(a);
    while (l->group < rules->groups_n && l->index == rules_in(l, &rules->groups[l->group])) {
        if (l->index == 0)
            open_group(out, &rules->groups[l->group], l->group == 0);
        l->group++;
        l->index = 0;
    }
    bool there = l->group < rules->groups_n;
    if (there && l->index == 0)
        open_group(out, &rules->groups[l->group], l->group == 0);
    else if (there)
        buf_text(out, ",\n");
    if (there)
        open_rule(out, &rules->groups[l->group].rules[l->index], state_of(a, l->group, l->index));
    alerts_unlock(a);
    return there;
}

/* Some alerts of the rule that is open. */
static void alerts_of_rule(struct http *h, struct listing *l, struct buf *out)
{
    for (int i = 0; i < ALERTS_A_SLICE; i++) {
        if (l->want != WANT_ALERTS ||
            !alerts_next_of(h->options.alerts, clock_now(), l->group, l->index, &l->id, &l->view)) {
            buf_text(out, "]}");
            l->open = l->any = false;
            l->id = 0;
            l->index++;
            return;
        }
        buf_text(out, l->any ? ",\n" : "");
        write_alert(out, &l->view);
        l->any = true;
    }
}

static enum step next_rules(struct http *h, void *ctx, struct buf *out)
{
    struct listing *l = ctx;
    if (l->group == 0 && l->index == 0 && !l->open)
        buf_text(out, "{\"status\": \"success\", \"data\": {\"groups\": [");
    if (l->open) {
        alerts_of_rule(h, l, out);
        return STEP_MORE;
    }
    l->open = next_rule(h, l, out);
    if (l->open)
        return STEP_MORE;
    buf_text(out, l->group > 0 ? "]}]}}\n" : "]}}\n");
    return STEP_DONE;
}

static bool is_said(const struct request *r, const char *name, const char *value)
{
    for (uint32_t i = 0; i < r->params.n; i++) {
        const struct param *p = &r->params.at[i];
        if (p->name_n == strlen(name) && memcmp(p->name, name, p->name_n) == 0)
            return p->value_n == strlen(value) && memcmp(p->value, value, p->value_n) == 0;
    }
    return false;
}

enum MHD_Result rules_answer(struct request *r)
{
    enum want want = is_said(r, "exclude_alerts", "true") ? WANT_RULES : WANT_ALERTS;
    return reply_listing(r, is_said(r, "type", "record") ? WANT_GROUPS : want, next_rules);
}

/* ---- /metrics */

static bool pack(const struct alert_view *v, struct labelset *out)
{
    struct label at[LABELS_MAX];
    const char *phase = alert_phase_text((enum alert_phase)v->state.phase);
    uint32_t n = 0;
    at[n++] = (struct label){LABEL_METRIC, "ALERTS", sizeof LABEL_METRIC - 1, 6};
    at[n++] = (struct label){"alertstate", phase, 10, (uint32_t)strlen(phase)};
    for (uint32_t i = 0; i < v->told.labels_n && n < LABELS_MAX; i++)
        at[n++] = v->told.labels[i];
    return labelset_pack(at, n, out) == NABLA_OK;
}

bool alerts_expose(struct http *h, enum exposition form, uint64_t *id, struct buf *out)
{
    static const char name[] = "ALERTS";
    struct alert_view *v = malloc(sizeof *v);
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } set;
    bool more = v != NULL && h->options.alerts != NULL, first = *id == 0;
    for (int i = 0; i < ALERTS_A_SLICE && more; i++) {
        more = alerts_next(h->options.alerts, clock_now(), id, v);
        if (more && first)
            prom_family(out, form, name, sizeof name - 1, "gauge",
                        "Alerts that are pending or firing.");
        first = false;
        if (more && pack(v, &set.labels))
            prom_value(out, &set.labels, "", NULL, 1);
    }
    free(v);
    return more;
}
