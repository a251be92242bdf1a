/* http/params.h -- name=value pairs of a query string or a form, and what they ask for. Pure but
 * for the memory of selectors. */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H

#include "base/reading.h"
#include "series/selector.h"
#include "wire/json_out.h"

enum { PARAMS_MAX = 128, SELECTORS_MAX = 64, REGEXES_MAX = 32, FAULT_MAX = 512 };

/* Why a request cannot be answered, for the one who sent it. */
struct fault {
    char message[FAULT_MAX];
};
__attribute__((format(printf, 2, 3))) void fault_set(struct fault *fault, const char *format, ...);

/* Decoded; valid UTF-8; not terminated. */
struct param {
    const char *name, *value;
    uint32_t name_n, value_n;
};
struct params {
    struct param at[PARAMS_MAX];
    uint32_t n;
};

/* Appends the pairs of text[0..n), which is decoded in place and must stay where it is.
 * Errors: NABLA_EINVAL for a bad escape, bytes that are not UTF-8, more than PARAMS_MAX pairs. */
MUST_CHECK enum nabla_status params_read(struct params *p, char *text, size_t n,
                                         struct fault *fault);

/* The first of that name; NULL: there is none. */
const struct param *params_find(const struct params *p, const char *name);

/* 2023-11-14T22:13:20Z, or seconds since 1970. Errors: NABLA_EINVAL with a fault. */
MUST_CHECK enum nabla_status param_time(const struct param *p, int64_t *out_ns,
                                        struct fault *fault);

/* Decodes %XX in place, and '+' to a blank if the text is a form's; *n is the length, before and
 * after. Errors: NABLA_EINVAL for a bad escape or what is not UTF-8. */
MUST_CHECK enum nabla_status percent_decode(char *text, size_t *n, bool form);

enum sort_by {
    SORT_NONE,
    SORT_RATE,
    SORT_EDGE,
    SORT_ACCEL,
    SORT_VALUE,
    SORT_AGE,
    SORT_NAME,
    SORT_MAGNITUDE,    /* of the rate */
    SORT_SIGNIFICANCE, /* the same over its error; those without one behind, by magnitude */
    SORT_ETA,          /* the soonest of its limits */
};

/* What a request asks for. Zeroed is everything, unsorted, in RFC 3339. */
struct ask {
    struct selector *any[SELECTORS_MAX]; /* owned */
    uint32_t any_n;
    uint32_t regexes;     /* of them all */
    struct effort effort; /* what these have cost by now, once ask_charge has been called */
    uint32_t states;      /* bit (1 << enum series_state); 0: every state */
    enum sort_by sort;
    bool descending;
    uint32_t limit;  /* series or values; 0: no limit */
    uint32_t offset; /* series to leave out first */
    bool paged;      /* an offset was given: the answer says how many there are in all */
    bool exact;      /* any[] are closed: selector_close */
    bool as_came;    /* labels as they came, without the names that others know them by */
    enum time_style style;
    bool timestamps;
    bool exposed; /* not a parameter: the selectors are about lines, too; see struct query */
    int64_t start_ns, end_ns; /* of points, both included; all of time if not said */
    uint32_t max_points;      /* of a series; 0: all */
    bool newest;              /* of each series its newest point alone: http/newest.h */
    bool marks;               /* and samples that did not go the plain way */
    bool by_value; /* which spikes survive when there are more: the values', not the rates' */
};

/* Parameters that a resource knows; all others are ignored, as Prometheus ignores them. */
enum {
    ASK_MATCH = 1,       /* match[]=SELECTOR, any number */
    ASK_STATE = 2,       /* state=ok,stale, any number */
    ASK_SORT = 4,        /* sort=-rate */
    ASK_LIMIT = 8,       /* limit=N */
    ASK_TIME = 16,       /* time=unix or rfc3339 */
    ASK_TIMESTAMPS = 32, /* timestamps=1 */
    ASK_POINTS = 64,     /* start, end, max_points, by, marks */
    ASK_OFFSET = 128,    /* offset=N */
    ASK_EXPOSED = 256,   /* exposed=0 */
    ASK_NEWEST = 512,    /* newest=1 */
    ASK_EXACT = 1024,    /* exact=1, before match[] or after it */
};

/* Of a parameter that can stand once the first counts. Errors: NABLA_EINVAL with a fault that names
 * the parameter; NABLA_ENOMEM. *out is then empty. */
MUST_CHECK enum nabla_status ask_read(const struct params *p, unsigned known, struct ask *out,
                                      struct fault *fault);
void ask_fini(struct ask *a); /* accepts a zeroed one */

/* Charges its selectors to its own effort: a stays where it is from now on. */
void ask_charge(struct ask *a);

#endif
