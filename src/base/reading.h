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
    double error;  /* of value, one standard error, from the sensor's step; 0: not known */
};

/* What was known beside a point when it became final. */
struct point_note {
    double error; /* [v/s] of its rate, one standard error; NaN: not known */
    double trend; /* [v/s] NaN: none */
};

/* A value that the series may reach, and when. */
struct eta {
    double limit;   /* [v] */
    double seconds; /* from the newest sample; NaN: never, as far as can be told */
};
enum { ETAS_MAX = 4 };

struct reading {
    uint32_t number;               /* of its series, among those that were asked for */
    const struct labelset *labels; /* owned by the struct readings that holds this */
    enum series_state state;
    enum kind kind;
    enum per per;
    bool silent; /* for stale_after, though its rule has it live on: its rate is 0, or the last */
    struct derivative rate, edge;
    double accel;       /* [v] a unit of per squared; NaN while rate.order is 0 */
    double accel_error; /* one standard error; 0: not known */
    double
        truncation; /* [v] a unit of per: what the next order would add to rate; NaN: not known */
    struct derivative trend; /* least squares over the past, at the newest sample; order 0: none */
    double trend_level; /* [v] where the trend is at the newest sample; means nothing without */
    struct eta etas[ETAS_MAX];
    uint32_t etas_n;
    bool extremes;  /* its rule wants the largest and smallest rate told to scrapers */
    int64_t age_ns; /* since the last sample arrived, by the monotonic clock */
    struct obs window[WINDOW_SIZE];
    double rest[WINDOW_SIZE]; /* what the window's values lack, numeric/exact.h */
    uint8_t window_n;
    uint32_t resets, wraps; /* of a counter since the series began */
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
