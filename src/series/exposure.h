/* series/exposure.h -- which lines /metrics shows, and how they are relabelled: what the configuration says,
 * shared by the configuration and by answers on their way. Whoever asks its selectors and rules does so in
 * one thread. */
#ifndef SERIES_EXPOSURE_H
#define SERIES_EXPOSURE_H

#include "series/relabel.h"
#include "series/selector.h"

#include <stdatomic.h>

enum { EXPOSURE_SELECTORS_MAX = 64 };

struct exposure {
    atomic_uint holders;
    struct selector *include[EXPOSURE_SELECTORS_MAX], *exclude[EXPOSURE_SELECTORS_MAX]; /* owned */
    uint32_t include_n, exclude_n;
    struct relabel *relabel; /* owned; NULL: no rules */
};

/* With one holder. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status exposure_new(struct exposure **out);
struct exposure *exposure_hold(struct exposure *e); /* e itself; NULL is fine, as below */
void exposure_leave(struct exposure *e);            /* frees it with its last holder */

#endif
