/* series/echo.h -- the newest samples as they came, so that one that comes again is known for what it is, also where
 * the window holds no trace of it: because it was merged, held back, dropped or unwrapped. Pure state.
 *
 *     came     1 2 3   4 5 6           asked: 5  echo
 *     window   (1+2+3)/3 ...                  0  older than all: it may be one
 *                                             4' another value: none */
#ifndef SERIES_ECHO_H
#define SERIES_ECHO_H

#include "numeric/exact.h"

#include <stdint.h>

enum { ECHOES_MAX = 16 };

struct echoes {
    struct exact at[ECHOES_MAX]; /* at[0..n), in no order of time */
    uint32_t n, next;            /* next: where the one after goes, instead of the oldest to come */
};

enum echo {
    ECHO_NEW,  /* it never came; it is known from now on */
    ECHO_SAME, /* it came before */
    ECHO_OLD,  /* of before what is known: nobody can say */
};

enum echo echo_judge(struct echoes *e, struct exact x);

/* The i-th of e->n, in the order in which they came. */
const struct exact *echo_at(const struct echoes *e, uint32_t i);

#endif
