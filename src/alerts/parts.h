/* alerts/parts.h -- what alerts are made of inside. Private to alerts.
 *
 *     all[]     in the order of their ids, NULL where one has gone
 *     buckets   by rule and series, those whose series is known
 *     heap      by look_ns, those that have to be looked at again */
#ifndef ALERTS_PARTS_H
#define ALERTS_PARTS_H

#include "alerts/alerts.h"

#include <pthread.h>

struct told_of {
    uint64_t changes; /* the state that the target knows; 0: none */
    int64_t at_ns;    /* when it was told */
};

/* Rules that were read together; kept for as long as an alert is of one of them. */
struct rule_set {
    struct rules rules;
    uint32_t users; /* alerts, and one while they are in force */
    uint16_t first; /* number of the first rule */
};

struct alert {
    struct alert *next; /* in its bucket */
    uint64_t id, changes;
    struct rule_set *set;
    const struct rule *rule;
    uint16_t number; /* the rule's; NUMBER_NONE: it is no longer in force */
    struct ref series;
    bool bound;   /* series is known; else it comes from before a restart */
    uint32_t due; /* 1 + place in the heap; 0: none */
    int64_t look_ns;
    struct alert_state state;
    struct facts facts;            /* at the last look at which something was known */
    int64_t fired_ns, resolved_ns; /* 0: not */
    struct labelset *labels;       /* owned: the series' */
    struct told_of told[ALERT_TARGETS_MAX];
};

enum { ALERT_BUCKETS = 4096, NUMBER_NONE = UINT16_MAX };

/* A rule in force, by number. */
struct rule_place {
    const struct rule *rule; /* NULL: none has that number */
    uint32_t group, index;
    uint32_t unbound; /* alerts from before a restart that wait for their series */
};

struct alerts {
    struct alerts_options options;
    struct table *table; /* borrowed */
    pthread_mutex_t lock;
    struct rule_set *set;   /* in force; owned, as one of its users */
    struct rule_set *fresh; /* prepared */
    struct rule_place places[LOOKOUT_PLACES];
    struct alert **all;            /* owned */
    uint32_t all_n, all_cap, gone; /* gone: NULLs among all */
    struct alert *buckets[ALERT_BUCKETS];
    struct alert **heap; /* owned */
    uint32_t heap_n, heap_cap;
    int64_t started_ns;               /* wall clock */
    uint64_t last_id, changes;        /* changes: grows with each change of any alert's state */
    uint64_t edits;                   /* grows with whatever is saved */
    uint64_t keys[ALERT_TARGETS_MAX]; /* whose number it is; 0: nobody's */
    struct alerts_counts counts;
    struct readings readings; /* of one series */
};

/* list.c -- the three lists; the lock is held. */
struct alert *list_find(const struct alerts *a, uint16_t number, struct ref series);
/* Takes labels over if it succeeds; NULL without memory. */
struct alert *list_add(struct alerts *a, struct labelset *labels);
void list_bind(struct alerts *a, struct alert *x, struct ref series);
void list_unbind(struct alerts *a, struct alert *x);
void list_remove(struct alerts *a, struct alert *x);               /* frees it */
bool list_due(struct alerts *a, struct alert *x, int64_t look_ns); /* false without memory */
struct alert *list_first_due(const struct alerts *a);              /* NULL: none */
/* The first in all[] with a larger id; all_n if there is none. */
uint32_t list_after(const struct alerts *a, uint64_t id);

/* alerts.c -- the lock is held. */
void alert_settle(struct alerts *a, struct alert *x, struct alert_outcome outcome, int64_t now_ns);
void alert_resolve(struct alerts *a, struct alert *x,
                   int64_t now_ns);                   /* whatever its series does */
void alert_forget(struct alerts *a, struct alert *x); /* without a word; frees it */
/* What its series says now; PRESENCE_GONE if it is not there. */
void alert_read(struct alerts *a, const struct alert *x, struct instant now, struct facts *out);
void alert_counted(struct alerts *a, const struct alert *x);     /* a new one, as it is */
struct labelset *alert_copy_labels(const struct labelset *from); /* NULL without memory */

/* sets.c -- the lock is held. */
void alert_of_rule(struct alerts *a, struct alert *x, uint16_t number); /* a rule in force */
void set_leave(struct rule_set *set);
uint32_t set_number(const struct rule_set *set, uint32_t group, uint32_t index);

#endif
