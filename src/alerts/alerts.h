/* alerts/alerts.h -- which alerts there are: one for a rule and a series, from when its condition first
 * holds until everybody has been told that it is over.
 *
 *     lookout ──looks──► step (rules) ──► pending, firing, resolved ──► notifier, HTTP, /metrics
 *                          ▲                     │
 *        heap of due times─┘                     └──► state on disk (alerts/saved.h)
 *
 * Threads: every call from any thread; one lock, held for a step or a copy. The table is read with the
 * lock held, so nobody who holds a lock of the table may call this. */
#ifndef ALERTS_ALERTS_H
#define ALERTS_ALERTS_H

#include "alerts/lookout.h"
#include "base/log.h"
#include "base/stats.h"
#include "rules/alert.h"
#include "rules/step.h"
#include "series/table.h"

enum {
    ALERT_TARGETS_MAX = 16,     /* who is told */
    ALERTS_SLICE = 256,         /* looks under one hold of the lock */
    ALERT_ROOM_MAX = 64 * 1024, /* bytes of a view's labels */
};
#define ALERTS_RESOLVED_FOR_NS (INT64_C(15) * 60 * NS_PER_S) /* told again for so long */

struct alerts;

struct alerts_options {
    struct lookout *lookout; /* borrowed, as the rest is */
    struct stats *stats;
    struct log *log; /* may be NULL */
    uint32_t max; /* alerts at once, those that are over and wait to be told among them: they make
                        room, the oldest first; where there are none, what comes is left out. Both are counted */
};

/* now_ns: wall clock. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alerts_new(const struct alerts_options *options, int64_t now_ns,
                                        struct alerts **out);
/* Borrowed; before anything happens. Rules may be prepared before it. */
void alerts_table(struct alerts *a, struct table *table);
void alerts_free(struct alerts *a); /* NULL is fine; before the lookout goes */

/* ---- rules */

/* Takes other rules (taken over if it succeeds: *rules is then emptied) in two steps. alerts_prepare fills
 * p->watches, which the caller then gives to the table; once every series follows them, alerts_adopt, called
 * until it is false, a slice of the alerts each time, makes them the rules in force. Alerts of rules that stay (same
 * group, name and match) go on; those of the others are resolved at now. One change at a time; the alerts may be
 * freed in between. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alerts_prepare(struct alerts *a, struct rules *rules,
                                            struct policies *p);
bool alerts_adopt(struct alerts *a, struct instant now);

/* ---- what happens */

/* Takes what the lookout saw, up to ALERTS_SLICE of it. True if there may be more. */
bool alerts_take(struct alerts *a, struct instant now);

/* Looks again at what is due, up to ALERTS_SLICE of it, and lets go of what is over. Returns when it
 * wants to be called next, wall clock; INT64_MAX: not before something changes. */
int64_t alerts_turn(struct alerts *a, struct instant now);

/* ---- who is told. A target is a number below ALERT_TARGETS_MAX. */

/* An alert as it is: a copy. */
struct alert_view {
    uint64_t id;      /* grows from alert to alert */
    uint64_t changes; /* which state of it this is, of those that are told; 0: of none */
    struct alert_state state;
    int64_t fired_ns, resolved_ns; /* 0: it has not fired; it is not over */
    struct alert_told told;        /* borrows from this very view */
    uint32_t group, index;         /* of the rule, among those in force; UINT32_MAX: it is none */
    const char *match;             /* the rule's; borrows from this very view */
    uint32_t match_n;
    char room[ALERT_ROOM_MAX];
};

/* The next pending or firing alert after *id in the order of ids; *id moves to it. False at the end. Start with 0. */
bool alerts_next(struct alerts *a, struct instant now, uint64_t *id, struct alert_view *out);

/* The same of one rule in force: the index-th of the group-th group. */
bool alerts_next_of(struct alerts *a, struct instant now, uint32_t group, uint32_t index,
                    uint64_t *id, struct alert_view *out);

/* What a target has to be told. */
struct alert_due {
    uint32_t target;
    int64_t again_ns;    /* firing alerts are told again after so long, */
    bool resolved_again; /* and so are resolved ones, for ALERTS_RESOLVED_FOR_NS */
    const char *name;    /* alerts of this name[0..name_n) alone; NULL: all */
    size_t name_n;
};

/* What that target has to be told is in two walks. The next firing or resolved alert whose state it does not
 * know, in the order of changes: the first with more than *changes, which moves to it. */
bool alerts_next_news(struct alerts *a, const struct alert_due *due, struct instant now,
                      uint64_t *changes, struct alert_view *out);

/* The next after *id that it knows, and that is to be told again. */
bool alerts_next_again(struct alerts *a, const struct alert_due *due, struct instant now,
                       uint64_t *id, struct alert_view *out);

/* The target has taken that state of the alert. */
void alerts_told(struct alerts *a, uint32_t target, uint64_t id, uint64_t changes, int64_t now_ns);

/* Who is to be told: keys[i], any number that says who it is, is target i; 0: there is none. Resolved alerts do
 * not wait for others. A target whose key is not that of its number before knows nothing. */
void alerts_targets(struct alerts *a, const uint64_t keys[static ALERT_TARGETS_MAX]);

/* The keys as they were told, or restored. */
void alerts_target_keys(struct alerts *a, uint64_t keys[static ALERT_TARGETS_MAX]);

/* The number of the newest change that there is to tell. */
uint64_t alerts_changes(struct alerts *a);

/* Whether an alert of that name is firing now. */
bool alerts_firing(struct alerts *a, const char *name, size_t name_n);

/* ---- who asks */

/* The rules in force; nothing changes until alerts_unlock, which must come soon. */
const struct rules *alerts_lock(struct alerts *a);
void alerts_unlock(struct alerts *a);
/* Locked: a number that names a rule in force for as long as it is; UINT32_MAX: there is no such rule. */
uint32_t alerts_number(const struct alerts *a, uint32_t group, uint32_t index);
/* The state of that rule's alert of each of n series; inactive where there is none. Not locked. */
void alerts_states(struct alerts *a, uint32_t number, const struct ref *series, uint32_t n,
                   struct alert_state *out);
/* Locked: the rules that look at a series, in their order, and how their alerts of it stand; inactive where there is
 * none. Returns how many; what out has is borrowed until alerts_unlock. */
struct alert_standing {
    const struct rule_group *group;
    const struct rule *rule;
    struct alert_state state;
};
uint32_t alerts_of(struct alerts *a, struct ref series,
                   struct alert_standing out[static WATCHED_MAX]);
/* Locked: the furthest that an alert of a rule in force is. */
enum alert_phase alerts_worst(const struct alerts *a, uint32_t group, uint32_t index);

struct alerts_counts {
    uint32_t pending, firing, resolved; /* resolved: those that wait to be told */
    uint32_t max;                       /* that there may be */
};
struct alerts_counts alerts_count(struct alerts *a);

#endif
