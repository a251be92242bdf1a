/* numeric/window.h -- a series' newest samples, kept in order, and the points that each new one
 * makes final. Pure state: no clock, allocation or thread of its own.
 *
 *       before        the window
 *     [ a    b ]   [ t0   t1   t2 ]
 *                         ^ rate: central, at the middle
 *                              ^ edge: one-sided, at the newest
 *
 * Samples at or before t0 are refused. The two samples before the window serve only to derive
 * again, exactly, what a late or corrected sample changes: a late one between t0 and t1 moves the
 * rate at t0, a correction of t0 that at b.
 *
 * The law: the points of a run, the last word on each time, are numpy.gradient(values, times,
 * edge_order) of the samples that were taken, up to rounding; one point a sample. A run starts with
 * the first sample and ends with window_end(). */
#ifndef NUMERIC_WINDOW_H
#define NUMERIC_WINDOW_H

#include "numeric/exact.h"

enum {
    WINDOW_SIZE = 3,   /* samples that a rate is made of */
    WINDOW_BEFORE = 2, /* samples kept before those */
    WINDOW_KEPT = WINDOW_SIZE + WINDOW_BEFORE,
    POINTS_MAX = 4, /* points that one sample can make final or correct */
};

struct window {
    struct obs at[WINDOW_KEPT]; /* at[0..n), oldest first, times strictly increasing */
    uint8_t n;
    bool cut;        /* samples older than at[0] were dropped: at[0] is not the first of its run */
    uint32_t resets; /* the caller's, who counts a counter's here; no function of these reads it */
};

/* What became of a sample. */
enum arrival {
    ARRIVAL_APPENDED,  /* newest */
    ARRIVAL_INSERTED,  /* inside the window */
    ARRIVAL_REPLACED,  /* a new value for a time in the window */
    ARRIVAL_DUPLICATE, /* nothing new: ignored */
    ARRIVAL_LATE,      /* at or before the window: dropped */
};

/* A derivative at a sample's time. */
struct point {
    int64_t t_ns;
    double value;   /* [v]     of the sample */
    double rate;    /* [v/s]   */
    double accel;   /* [v/s^2] NaN where two samples are all there is */
    uint8_t order;  /* of accuracy: 2, or 1 at an end with edge order 1 */
    bool corrected; /* this time was issued before, with another rate */
    float rest;     /* what value lacks, numeric/exact.h */
};

struct points {
    struct point at[POINTS_MAX]; /* oldest first */
    uint8_t n;
};

struct manner {
    enum kind kind;
    int edge_order; /* 1 or 2 */
};

/* Takes one sample; *out receives the points that it makes final or corrects, none if it changes
 * nothing. A NaN value is taken as it is: policy about it is the caller's. */
enum arrival window_push(struct window *w, struct obs x, struct manner manner, struct points *out);

/* window_push for nearly all samples: w is full, and x is newer than all of it. *out is its one point. */
void window_slide(struct window *w, struct obs x, enum kind kind, struct point *out);

/* The newest sample was not the last word on itself: it becomes x, which is later than the one before it.
 * *out receives the points that this corrects. The window is not empty. */
void window_amend(struct window *w, struct obs x, struct manner manner, struct points *out);

/* Ends the run: *out receives the points that wait for a next sample (the last; with two samples
 * both, of order 1; with one none), and *w is empty afterwards. */
void window_end(struct window *w, struct manner manner, struct points *out);

/* True if the window has this very sample, time and value (NaN is NaN's equal). */
bool window_holds(const struct window *w, struct obs x);

/* ---- the same for values that no double holds: rest[i] is what at[i].v lacks, kept in step with it. Zeroed
 * when a run begins; a window that was pushed to without rests has only zeros. */
enum arrival window_push_exact(struct window *w, double rest[static WINDOW_KEPT], struct exact x,
                               struct manner manner, struct points *out);
void window_amend_exact(struct window *w, double rest[static WINDOW_KEPT], struct exact x,
                        struct manner manner, struct points *out);
void window_end_exact(struct window *w, const double rest[static WINDOW_KEPT], struct manner manner,
                      struct points *out);
bool window_holds_exact(const struct window *w, const double rest[static WINDOW_KEPT],
                        struct exact x);

/* n samples from the i-th on, told from the one before the last of them, and a counter's without its
 * resets: a gauge with the same derivatives. n is 2 to 4. */
void window_told(const struct window *w, const double rest[static WINDOW_KEPT], int i, int n,
                 enum kind kind, struct obs *out);

/* The window's newest samples, at most WINDOW_SIZE, oldest first; *n says how many. Borrowed. */
const struct obs *window_newest(const struct window *w, int *n);

#endif
