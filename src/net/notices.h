/* net/notices.h -- the newest requests that told somebody of alerts, and what was answered: for who wonders why
 * nobody was woken. Threads: any. */
#ifndef NET_NOTICES_H
#define NET_NOTICES_H

#include "alerts/tell.h"
#include "base/log.h"

#include <pthread.h>

enum {
    NOTICES_MAX = 64, /* kept */
    NOTICE_TARGET_MAX = 256,
    NOTICE_ALERT_MAX = 128,
};

enum notice_outcome {
    NOTICE_TAKEN,   /* 2xx */
    NOTICE_REFUSED, /* and not sent again */
    NOTICE_FAILED,  /* it will be sent again */
    NOTICE_OUTCOMES
};
const char *notice_outcome_text(enum notice_outcome o); /* "taken", "refused", "failed": static */

struct notice {
    uint64_t number;            /* of all that there were, from 1 */
    int64_t begun_ns, ended_ns; /* wall clock: sent, answered */
    enum tell_form form;
    enum notice_outcome outcome;
    int status;                     /* HTTP's; 0: there was no answer */
    uint32_t alerts, firing;        /* in it; of them */
    char target[NOTICE_TARGET_MAX]; /* as notify_counts.name, clipped */
    char alert[NOTICE_ALERT_MAX];   /* name of the first, clipped */
    bool theirs;                    /* `said` is the target's, else ours: why there is no answer */
    char said[LOG_QUOTE_MAX];       /* as log_quote writes it */
};

struct notices {
    pthread_mutex_t lock; /* of what follows */
    uint64_t n;
    struct notice at[NOTICES_MAX]; /* a ring */
};

void notices_init(struct notices *s);
void notices_fini(struct notices *s);

/* Copies it under the next number; the oldest makes room. */
void notices_put(struct notices *s, const struct notice *x);

/* Copies the newest whose number is below *number, which becomes its own; false: there is none. Start with
 * UINT64_MAX. */
bool notices_before(struct notices *s, uint64_t *number, struct notice *out);

#endif
