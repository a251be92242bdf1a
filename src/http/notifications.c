/* http/notifications.c -- /api/v1/notifications: the newest requests that told others of alerts, and what they
 * answered. What a target says in its own words may be anything, so that only an administrator reads it; why there was
 * no answer at all is nablad's own word. */
#include "base/number.h"
#include "http/params.h"
#include "http/reply.h"
#include "http/routes.h"
#include "http/tree.h"
#include "net/notify.h"
#include "wire/json_out.h"

#include <string.h>

/* Without the quotes around it. */
static void write_said(struct buf *b, const struct notice *x, bool admin)
{
    size_t n = strlen(x->said);
    tree_name(b, "said");
    if (n <= 2 || (x->theirs && !admin))
        buf_text(b, "null");
    else
        json_text(b, x->said + 1, n - 2);
}

static void write_notice(struct buf *b, const struct notice *x, bool admin)
{
    tree_line(b);
    tree_open(b, NULL, '{');
    tree_count(b, "number", x->number);
    tree_time(b, "time", x->begun_ns);
    tree_double(b, "seconds", (double)(x->ended_ns - x->begun_ns) / NS_PER_S);
    tree_text(b, "kind", x->form == TELL_WEBHOOK ? "webhook" : "alertmanager");
    tree_text(b, "target", x->target);
    tree_text(b, "alert", x->alert);
    tree_count(b, "alerts", x->alerts);
    tree_count(b, "firing", x->firing);
    tree_text(b, "outcome", notice_outcome_text(x->outcome));
    tree_count(b, "status", (uint64_t)x->status);
    write_said(b, x, admin);
    tree_close(b, '}');
}

static enum nabla_status read_limit(const struct params *p, uint64_t *limit, struct fault *fault)
{
    const struct param *x = params_find(p, "limit");
    *limit = NOTICES_MAX;
    if (x == NULL || (number_read_u64(x->value, x->value_n, limit) == x->value_n && *limit > 0))
        return NABLA_OK;
    fault_set(fault, "invalid parameter \"limit\": it is not a number of notifications");
    return NABLA_EINVAL;
}

enum MHD_Result notifications_answer(struct request *r)
{
    struct notifier *n = r->http->options.notifier;
    bool admin = (r->rights & RIGHT_ADMIN) != 0;
    uint64_t number = UINT64_MAX, limit;
    struct notice x;
    struct buf b = {0};
    struct fault fault;
    enum nabla_status status = read_limit(&r->params, &limit, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    buf_text(&b, "{\"status\":\"success\",\"data\":[");
    for (; n != NULL && limit > 0 && notifier_told(n, &number, &x); limit--)
        write_notice(&b, &x, admin);
    buf_text(&b, "\n]}\n");
    return reply_buf(r, MHD_HTTP_OK, TYPE_JSON, &b, (struct extra){0});
}
