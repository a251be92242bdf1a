/* alerts/parts.h -- what alerts are made of inside. Private to alerts.
 *
 *     by_id, by_change, by_edit   rows of numbered places, in which alerts are found by what has a larger number
 *     buckets            by rule and series; those whose series is not known yet, by rule and labels
 *     heap               by look_ns, those that have to be looked at again
 *     over               a list: resolved ones, in the order in which they were */
#ifndef ALERTS_PARTS_H
#define ALERTS_PARTS_H

#include "alerts/alerts.h"

#include <pthread.h>

struct told_of {
    uint64_t changes; /* the state that the target knows; 0: none */
    int64_t at_ns;    /* when it was told */
};

/* A rule among those that are saved (saved.c). */
struct rule_mark {
    uint64_t save; /* since all was saved for so many times */
    uint32_t at;   /* its number there */
};

/* Rules that were read together; kept for as long as an alert is of one of them. */
struct rule_set {
    struct rules rules;
    struct rule_mark *marks; /* owned: of each rule, in their order */
    uint32_t users;          /* alerts, and one while they are in force */
    uint16_t first;          /* number of the first rule */
};

enum alert_row { BY_ID, BY_CHANGE, BY_EDIT, ALERT_ROWS };

struct alert {
    struct alert *next;      /* in its bucket */
    uint64_t hash;           /* which bucket */
    bool hashed;             /* it is in one */
    bool bound;              /* series is known; else it comes from before a restart */
    uint16_t number;         /* the rule's; NUMBER_NONE: it is no longer in force */
    uint16_t ordinal;        /* of the rule in its set */
    uint32_t at[ALERT_ROWS]; /* 1 + place; 0: it is not in that row */
    uint32_t due;            /* 1 + place in the heap; 0: none */
    uint64_t id, changes;
    uint64_t edit; /* the newest; 0: none */
    struct rule_set *set;
    const struct rule *rule;
    struct ref series;
    int64_t look_ns;
    struct alert_state state;
    struct facts facts;            /* at the last look at which something was known */
    int64_t fired_ns, resolved_ns; /* 0: not */
    struct alert *sooner, *later;  /* in over, while resolved_ns is not 0 */
    struct labelset *labels;       /* owned: the series' */
    struct told_of told[ALERT_TARGETS_MAX];
};

enum { NUMBER_NONE = UINT16_MAX };

/* A rule in force, by number. */
struct rule_place {
    const struct rule *rule; /* NULL: none has that number */
    uint32_t group, index;
    uint32_t pending, firing; /* its alerts */
    uint32_t unbound;         /* alerts from before a restart that wait for their series */
};

/* Alerts by a number that grows; who has gone leaves a hole. */
struct row {
    struct numbered {
        uint64_t number;
        struct alert *alert; /* NULL: gone */
    } * at;                  /* owned */
    uint32_t n, cap, gone;
};

struct alerts {
    struct alerts_options options;
    struct table *table; /* borrowed */
    pthread_mutex_t lock;
    struct rule_set *set;   /* in force; owned, as one of its users */
    struct rule_set *fresh; /* prepared */
    uint16_t
        heirs[RULES_MAX]; /* of set's rules, by ordinal: the number in fresh; NUMBER_NONE: none */
    uint16_t ancestors[RULES_MAX]; /* the other way */
    uint64_t adopted_id;           /* alerts up to this one went over to fresh */
    struct rule_place places[LOOKOUT_PLACES];
    struct row rows[ALERT_ROWS];
    uint32_t n;
    struct alert **buckets; /* owned: a power of two, at least one an alert */
    uint32_t buckets_n;
    struct alert **heap; /* owned */
    uint32_t heap_n, heap_cap;
    struct alert *over_first, *over_last;
    int64_t started_ns;        /* wall clock */
    uint64_t last_id, changes; /* changes: grows with each change of any alert's state */
    uint64_t edits;            /* grows with whatever is saved */
    uint64_t saves;            /* how often all was; 0: nobody saves */
    uint64_t saved_edits;      /* the last that is saved */
    uint32_t saved_rules;      /* since all was */
    uint64_t *gone;            /* owned: ids of alerts that went since they were saved */
    uint32_t gone_n, gone_cap;
    bool edit_lost;                   /* there was no memory to note one */
    uint64_t keys[ALERT_TARGETS_MAX]; /* whose number it is; 0: nobody's */
    struct alerts_counts counts;
    struct readings readings; /* of one series */
};

/* list.c -- the lists; the lock is held. */
struct alert *list_find(const struct alerts *a, uint16_t number, struct ref series);
/* The one of these labels that is not bound. */
struct alert *list_find_unbound(const struct alerts *a, uint16_t number,
                                const struct labelset *labels);
/* Takes labels over if it succeeds; NULL without memory. */
struct alert *list_add(struct alerts *a, struct labelset *labels);
/* Into the bucket of its rule, and of its series or its labels. */
void list_bind(struct alerts *a, struct alert *x, struct ref series);
void list_await(struct alerts *a, struct alert *x);
void list_unbind(struct alerts *a, struct alert *x);
void list_remove(struct alerts *a, struct alert *x);               /* frees it */
bool list_due(struct alerts *a, struct alert *x, int64_t look_ns); /* false without memory */
struct alert *list_first_due(const struct alerts *a);              /* NULL: none */
/* Its state is the changes-th, the newest of all. */
void list_changed(struct alerts *a, struct alert *x, uint64_t changes);
/* What is saved of it is another now. */
void list_edited(struct alerts *a, struct alert *x);
/* Says since when it is over; 0: it is not. */
void list_over(struct alerts *a, struct alert *x, int64_t resolved_ns);
/* The first place of the row, gone or not, with a larger number; n: there is none. */
uint32_t list_place(const struct alerts *a, enum alert_row row, uint64_t number);
/* The first alert of the row with a larger number; NULL: there is none. */
struct alert *list_after(const struct alerts *a, enum alert_row row, uint64_t number);
struct alert *list_of_id(const struct alerts *a, uint64_t id); /* NULL: it has gone */

/* alerts.c -- the lock is held. */
void alert_settle(struct alerts *a, struct alert *x, struct alert_outcome outcome, int64_t now_ns);
void alert_resolve(struct alerts *a, struct alert *x,
                   int64_t now_ns);                   /* whatever its series does */
void alert_forget(struct alerts *a, struct alert *x); /* without a word; frees it */
/* What its series says now; PRESENCE_GONE if it is not there. */
void alert_read(struct alerts *a, const struct alert *x, struct instant now, struct facts *out);
void alert_counted(struct alerts *a, const struct alert *x,
                   int by);                                      /* 1: a new one, as it is; -1 */
struct labelset *alert_copy_labels(const struct labelset *from); /* NULL without memory */

/* sets.c -- the lock is held. */
void alert_of_rule(struct alerts *a, struct alert *x, uint16_t number); /* a rule in force */
struct rule_set *set_new(
    struct rules *rules); /* takes them over if it succeeds; NULL without memory */
void set_join(struct rule_set *set, struct alert *x, uint32_t ordinal);
void set_leave(struct rule_set *set);
/* Says so in the log, if it has ended any alerts. */
void rule_ended(const struct alerts *a, const struct rule_group *group, const struct rule *rule,
                uint32_t alerts);
/* While rules change: the one that a new one goes on with, whose alerts have not all gone over; else NUMBER_NONE. */
uint16_t rule_ancestor(const struct alerts *a, uint16_t number);
/* Those among which a number's group is counted. */
const struct rules *rules_of(const struct alerts *a, uint16_t number);
uint32_t set_number(const struct rule_set *set, uint32_t group, uint32_t index);

#endif
