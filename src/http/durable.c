/* http/durable.c -- a request between its samples, which are in the table, and its answer.
 *
 *     taken ─► put ─► durable_wait ──WAITS──► suspended, in http->waiting
 *                          │                        ▲  the journal's thread ── uv_async ──► durable_settle
 *                          └──SAFE, LOST────────────┴──► answered
 *
 * Law: with a journal no request is told that its samples were taken before they are on the disk; a request that
 * only part of its samples are safe of is told that none are, and sends them again. */
#include "http/durable.h"

static void on_settled(void *ctx)
{
    struct http *h = ctx;
    uv_async_send(&h->wake);
}

void durable_begin(struct http *h)
{
    if (h->options.journal != NULL)
        journal_listen(h->options.journal, on_settled, h);
}

void durable_end(struct http *h)
{
    if (h->options.journal != NULL)
        journal_listen(h->options.journal, NULL, NULL);
}

bool durable_accepts(struct request *r)
{
    struct journal *j = r->http->options.journal;
    if (j != NULL && r->unjournaled == JOURNAL_TAKEN)
        r->unjournaled = journal_accepts(j, 1);
    return r->unjournaled == JOURNAL_TAKEN;
}

void durable_put(struct request *r, const struct journal_entry *e)
{
    struct journal *j = r->http->options.journal;
    if (j == NULL || r->unjournaled != JOURNAL_TAKEN)
        return;
    r->unjournaled = journal_put(j, e, &r->ticket);
}

/* Whether it is known by now what became of all that was put. */
static bool is_settled(struct request *r)
{
    if (r->ticket.last == 0 || r->unjournaled != JOURNAL_TAKEN)
        return true;
    enum journal_fate fate = journal_look(r->http->options.journal, &r->ticket);
    if (fate == JOURNAL_LOST)
        r->unjournaled = JOURNAL_BROKEN;
    return fate != JOURNAL_WAITS;
}

enum step durable_wait(struct request *r, void *ctx)
{
    (void)ctx;
    if (is_settled(r))
        return STEP_DONE;
    r->http->commits = true;
    return STEP_WAIT;
}

void durable_commit(struct http *h)
{
    if (h->commits)
        journal_commit(h->options.journal);
    h->commits = false;
}

bool durable_is_congested(struct http *h)
{
    return h->options.journal != NULL && journal_is_congested(h->options.journal);
}

void durable_settle(struct http *h)
{
    if (h->options.journal == NULL)
        return;
    requests_unstall(h);
    for (struct request *r = h->waiting, *next; r != NULL; r = next) {
        next = r->next;
        if (r->ticket.last != 0 && is_settled(r))
            request_wake(r, STEP_DONE);
    }
}
