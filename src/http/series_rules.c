/* http/series_rules.c -- /api/v1/series/rules: the rules that look at a series, and how it stands under each.
 *
 *     series ──watches beside its record──► rules ──alert of rule and series──► state
 *
 * Laws: what it costs depends on the series that are asked for, WATCHED_MAX rules of each at most, and neither on
 * how many alerts there are nor on how many series its rules have.
 * Elsewhere: the other way round, from a rule to its series (rule_series.c). */
#include "alerts/alerts.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/standing.h"
#include "http/tree.h"

static void write_rule(struct buf *b, const struct alert_standing *x, const struct reading *r)
{
    tree_line(b);
    tree_open(b, NULL, '{');
    tree_text(b, "group", x->group->name);
    tree_text(b, "file", x->group->file);
    tree_text(b, "name", x->rule->alert);
    tree_text(b, "query", x->rule->when_text);
    tree_text(b, "match", x->rule->match);
    tree_double(b, "duration", (double)x->rule->for_ns / NS_PER_S);
    standing_write(b, &x->rule->when, x->rule->when_text, r, &x->state);
    tree_close(b, '}');
}

/* The rules are written while they are locked: they are few, and of one series. */
static bool write_series(struct http *h, struct buf *b, const struct found *found,
                         const struct reading *r, const struct ask *ask)
{
    struct alerts *a = h->options.alerts;
    struct alert_standing at[WATCHED_MAX];
    (void)ask;
    tree_open(b, NULL, '{');
    tree_name(b, "metric");
    json_labels(b, r->labels);
    tree_open(b, "rules", '[');
    if (a != NULL) {
        (void)alerts_lock(a);
        uint32_t n = alerts_of(a, found->ref, at);
        for (uint32_t i = 0; i < n; i++)
            write_rule(b, &at[i], r);
        alerts_unlock(a);
    }
    tree_close(b, ']');
    tree_close(b, '}');
    return true;
}

enum MHD_Result series_rules_answer(struct request *r)
{
    struct ask ask;
    struct fault fault;
    enum nabla_status status =
        ask_read(&r->params, ASK_MATCH | ASK_LIMIT | ASK_EXACT, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    if (ask.any_n == 0) {
        ask_fini(&ask);
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "no match[] parameter provided");
    }
    return list_answer_each(r, &ask, write_series);
}
