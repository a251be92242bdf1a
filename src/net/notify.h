/* net/notify.h -- tells of alerts: Alertmanagers by their API v2, webhooks by Alertmanager's own JSON.
 *
 *     alerts ──what a target does not know──► a body of at most 64 ──post──► target
 *        ▲                                                                     │ 2xx
 *        └──────────────────────────alerts_told────────────────────────────────┘
 *
 * There is no queue: what a target has to be told is what it was not told, and alerts keep that for as long
 * as it takes. Each target has one request under way at most, and waits for no other.
 *     2xx                          told
 *     no answer, 408, 429, 5xx     tried again: after 0.5 s, 1 s, 2 s ... 15 s, or as Retry-After says
 *     any other                    refused: logged, counted, and not repeated
 *
 * Threads: all of it on the loop's, but for notifier_configure, notifier_count and notifier_told. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include "alerts/tell.h"
#include "base/log.h"
#include "conf/conf.h"
#include "net/notices.h"

#include <uv.h>

enum {
    NOTIFY_BATCH = 64, /* alerts in a body */
    NOTIFY_BACKOFF_FIRST_MS = 500,
    NOTIFY_BACKOFF_MAX_MS = 15 * 1000, /* so late an alert may be when its target is back */
    NOTIFY_HOLDS = 4, /* a firing alert ends for Alertmanager after so many `resend` of silence */
};

struct notifier;

/* conf is copied; the rest is borrowed. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status notifier_new(uv_loop_t *loop, struct alerts *alerts, struct log *log,
                                          const struct conf_alerting *conf, struct notifier **out);

/* Other targets from now on, any thread. One whose URL stays knows what it was told; a new one knows
 * nothing. Errors: NABLA_ENOMEM: nothing has changed. */
MUST_CHECK enum nabla_status notifier_configure(struct notifier *n,
                                                const struct conf_alerting *conf);

/* Alerts may have changed: whoever is not busy is told. */
void notifier_wake(struct notifier *n);

/* What is under way is given up. What is left goes when the loop runs next, which it must; nobody calls
 * then. NULL is fine. */
void notifier_free(struct notifier *n);

/* ---- what became of it; alerts, not requests */

struct notify_counts {
    enum tell_form form;
    char name[CONF_URL_MAX];         /* the URL; a query, which may be secret, is a number: URL?3 */
    uint64_t sent, refused, retried; /* alerts: taken; not taken; to be tried again */
    bool works;                      /* the last request was answered, or there was none yet */
};

/* The i-th target; false after the last. Any thread. */
bool notifier_count(struct notifier *n, uint32_t i, struct notify_counts *out);

/* The newest request before *number, as notices_before has it. Any thread. */
bool notifier_told(struct notifier *n, uint64_t *number, struct notice *out);

#endif
