/* base/reading.h -- what the table says of a series at one moment: a copy, safe to keep. */
#ifndef BASE_READING_H
#define BASE_READING_H

#include "base/labelset.h"
#include "numeric/window.h"

#include <stdbool.h>
#include <stdint.h>

enum series_state {
    STATE_WARMING, /* one sample: nothing is known */
    STATE_OK,      /* two samples: edge; three: rate, edge, accel */
    STATE_STALE,   /* silent for stale_after */
};
enum { STATE_COUNT = STATE_STALE + 1 };

/* "warming", "ok", "stale"; static. */
const char *state_text(enum series_state state);

/* What a rate is per: the rates of a reading are in [v] a unit. */
enum per { PER_SECOND, PER_MINUTE, PER_HOUR };

double per_seconds(enum per per);     /* 1, 60, 3600 */
const char *per_unit(enum per per);   /* "1/s", "1/min", "1/h"; static */
const char *per_suffix(enum per per); /* "_per_second", "_per_minute", "_per_hour"; static */

struct derivative {
    int64_t t_ns;
    double value;  /* [v] a unit of per */
    uint8_t order; /* of accuracy; 0: not known, t_ns and value mean nothing */
};

struct reading {
    const struct labelset *labels; /* owned by the struct readings that holds this */
    enum series_state state;
    enum kind kind;
    enum per per;
    struct derivative rate, edge;
    double accel;   /* [v] a unit of per squared; NaN while rate.order is 0 */
    int64_t age_ns; /* since the last sample arrived, by the monotonic clock */
    struct obs window[WINDOW_SIZE];
    uint8_t window_n;
};

/* A reusable bunch of readings and the memory of their labels. */
enum { READINGS_MAX = 256 };
struct readings {
    struct reading at[READINGS_MAX];
    uint32_t n;
    char *text;      /* the labelsets */
    size_t text_cap; /* bytes */
};

void readings_fini(struct readings *r); /* frees; accepts a zeroed one */

#endif
