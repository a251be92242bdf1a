/* http/metrics.h -- what an answer of /metrics is made of, for the files that make it. */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "base/exposed.h"
#include "http/scan.h"
#include "http/seen.h"
#include "http/strings.h"
#include "series/exposure.h"
#include "wire/prom_out.h"

/* A slice is what libmicrohttpd takes in one turn, so that no turn of the loop makes more than one for
 * each client. */
enum { METRICS_SLICE_BYTES = 16 * 1024, METRICS_READS = 512 };

struct run {
    uint32_t first, n; /* in found */
    uint32_t next;     /* the group's next run + 1; 0: it is the last */
};

struct plan;

/* Which lines of a text are the next to be looked at. */
struct own_walk {
    size_t at;
    const char *title; /* of the family, until it is written */
    size_t title_n;
};

struct metrics {
    struct scan scan;
    enum exposition form;
    bool timestamps;
    struct run *runs; /* owned; runs[0..runs_n) */
    uint32_t runs_n, runs_cap;
    uint32_t *heads;       /* each group's first run; as many as runs_cap */
    struct strings groups; /* their names, made valid */
    /* where the answer is */
    uint32_t group, run, place; /* run + 1, 0: the group begins; place: series of the run */
    uint64_t alert;             /* the last that was written, once all series are */
    uint32_t scraper;           /* who asks, for extremes */
    unsigned view;
    char suffix[EXPOSED_SUFFIX_MAX]; /* of the view */
    unsigned views;                  /* those that the group's series have */
    bool titled;                     /* this group and view has its HELP and TYPE */
    bool filtered;                   /* some lines only are wanted */
    bool remembers;       /* the group's lines can be equal: those of the view that were written */
    struct seen written;  /* are in here */
    uint32_t quiet;       /* up to this place of the run all has been written already */
    bool failed;          /* no memory for a line that rules change */
    struct own_walk walk; /* of the text in line: lines of alerts, then nablad's own */
    bool walking, alerts_done, own_begun;
    struct exposure *exposure; /* held; NULL: all lines, as they are */
    struct relabel *rules;     /* of the exposure; NULL: none change lines */
    bool choose;               /* all that they do is choose lines */
    struct plan *plan;         /* owned; NULL: no rules change names */
    struct buf line;           /* scratch */
    struct exposed exposed;    /* scratch: a line's labels, */
    struct exposed made;       /* and what rules make of them */
};

/* Writes a slice of the lines, or plans it if there is a plan: group by group until m->group is
 * m->groups.n. Returns how many series it read, 0 if there was no memory. */
uint32_t metrics_write_some(struct http *h, struct metrics *m, struct buf *out);

/* How many series a group has. */
uint32_t metrics_group_size(const struct metrics *m, uint32_t group);

/* Is a line wanted, by match[] and by the configuration? m->exposed gets its labels. */
bool metrics_wants(struct metrics *m, const struct labelset *labels, unsigned view,
                   const struct label *extra);
/* The same of a line of nablad's own. */
bool metrics_wants_own(const struct metrics *m, const struct labelset *line);

/* Extremes: the label of the lowest (0) and of the highest (1). */
struct label metrics_extreme(uint32_t i);

/* Says, and counts, that a line is left out because another has the same labels. */
void metrics_tell_collision(struct http *h, const struct labelset *labels);

/* The rules' word on the line in m->exposed: m->made gets what they make of it. False: it is left out, which is
 * told where it is not what they want: it has no valid name any more, or another line's labels. m->failed: no
 * memory. */
bool metrics_relabel(struct http *h, struct metrics *m);

/* ---- metrics_plan.c: lines that rules change */

MUST_CHECK enum nabla_status plan_new(struct http *h, struct plan **out);
void plan_free(struct plan *p); /* NULL is fine */

/* Plans one line: i is its number in its view, v its value; its labels are m->exposed. found: of its
 * series. m->failed: no memory. */
void plan_add(struct http *h, struct metrics *m, uint32_t found, uint32_t i, double v);
/* Where alerts' lines are put before the end. */
struct buf *plan_own(struct plan *p);
/* nablad's own lines, then the end of planning. */
MUST_CHECK enum nabla_status plan_end(struct http *h, struct metrics *m);
uint64_t plan_bytes(const struct plan *p); /* NULL: 0 */
enum step plan_next(struct http *h, void *ctx,
                    struct buf *out); /* a source's; ctx: struct metrics */

#endif
