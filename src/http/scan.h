/* http/scan.h -- found series, read slice by slice, and lists of them as answers. */
#ifndef HTTP_SCAN_H
#define HTTP_SCAN_H

#include "http/reply.h"

struct scan {
    struct http *http;
    struct selection *selection; /* owned; NULL: it is done */
    struct ask *ask;             /* owned; what was asked for, its selectors too */
    struct findings found;       /* owned */
    uint32_t total;              /* how many were found */
    uint32_t at;                 /* the next to read */
    uint32_t first, stride;      /* the last that were read began there; to read at a time */
    uint64_t held;               /* its part of http->pool */
    bool busy; /* it had to hold more, or its expressions cost more, than they may: scan_refuse */
    struct effort since; /* when its slice began */
    int64_t until_ns;    /* by then it is over */
};

/* Of all series that ask wants. *ask is taken over, on success and on failure; it is emptied.
 * Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status scan_new(struct http *h, struct ask *ask, bool by_family,
                                      struct scan *out);

/* The first step of a job: finds them, for http->slice_ns. STEP_DONE: they are found, or the scan is
 * busy, or they were found before. */
enum step scan_select(struct scan *s);

/* Whoever asks expressions of many readings does it in slices: a slice is over once one of them was dear, or
 * many were asked and http->slice_ns is over. Asked between two readings or lines. */
void scan_begin_slice(struct scan *s);
bool scan_is_due(struct scan *s);

/* Have its expressions cost all that a request's may? They then match nothing any more: scan_refuse, or
 * scan_cut if its answer has begun. */
static inline bool scan_is_spent(const struct scan *s)
{
    return effort_is_spent(&s->ask->effort);
}
/* Answers for a scan that is busy; counts a limit of expressions. */
enum MHD_Result scan_refuse(struct request *r, const struct scan *s);
enum step scan_cut(const struct scan *s); /* counts it; STEP_FAILED */

/* The answer holds so many bytes more, until scan_fini. Errors: NABLA_ELIMIT while answers on their
 * way hold all that they may. */
MUST_CHECK enum nabla_status scan_hold(struct scan *s, uint64_t bytes);
void scan_fini(struct scan *s); /* accepts a zeroed one */

static inline bool scan_has_more(const struct scan *s)
{
    return s->at < s->found.n;
}

/* Reads the next, at most READINGS_MAX, into h->readings: those that are still there.
 * Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status scan_read(struct http *h, struct scan *s);

/* How many to read next, of so many that are left: READINGS_MAX, fewer after slices that were over before. */
uint32_t scan_stride(struct scan *s, uint32_t left);

/* Those from h->readings.at[i] on are read again: the slice was over before. */
void scan_put_back(struct scan *s, uint32_t i);

/* The same of one series; h->readings.n is 0 or 1. */
MUST_CHECK enum nabla_status scan_read_one(struct http *h, struct scan *s);

/* {"status":"success","data":[...]}, an object a series and line, streamed: of all that ask wants;
 * of what has been found. *ask and *scan are taken over. */
enum MHD_Result list_answer(struct request *r, struct ask *ask,
                            void (*write)(struct buf *b, const struct reading *r,
                                          enum time_style style));
/* The same where a line needs to know which series it is of; false: no memory. */
enum MHD_Result list_answer_each(struct request *r, struct ask *ask,
                                 bool (*write)(struct http *h, struct buf *b,
                                               const struct found *found, const struct reading *r,
                                               const struct ask *ask));
enum MHD_Result list_reply(struct request *r, struct scan *scan,
                           void (*write)(struct buf *b, const struct reading *r,
                                         enum time_style style));

#endif
