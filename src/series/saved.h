/* series/saved.h -- one series as bytes, so that it outlives a restart. Pure.
 *
 *     u32 bytes of what follows | key 16 | seen i64 | resets u32 | flags u8 | samples u8 | labels u8 | place u8
 *     | samples: time i64, value f64 | labels: name u16, value u16, name, value | parts, to the end
 *     part: kind u8 | bytes u16 | what a rule asks for besides the window, see enum saved_part
 *
 * Numbers are little-endian. A part of a kind that is not known is passed over, so that parts may be added
 * without another version; anything else needs one (state/store.h). Kept points are saved beside it. */
#ifndef SERIES_SAVED_H
#define SERIES_SAVED_H

#include "base/buf.h"
#include "base/sample.h"
#include "series/extra.h"

enum saved_part {
    SAVED_RESTS = 1,   /* what each sample's value lacks: numeric/exact.h */
    SAVED_TREND = 2,   /* time constant, moments, what values are told from */
    SAVED_WRAP = 3,    /* overflows of a counter */
    SAVED_CAME = 4,    /* the newest sample as it came, whether it was a sum of increments */
    SAVED_MERGE = 5,   /* samples that the newest is the mean of */
    SAVED_GUARD = 6,   /* the sample that is held back */
    SAVED_REORDER = 7, /* samples that wait to be sorted */
    SAVED_ECHO = 8,    /* the newest as they came, the first to come first */
};

/* Bytes of one series at most. */
enum { SAVED_MAX = LABELSET_MAX + REORDER_MAX * 32 + ECHOES_MAX * 24 + 1024 };

struct saved {
    struct keyhash key;
    int64_t seen_ns; /* wall clock, when its last sample came */
    struct window window;
    bool stale, broken;
    bool unkeyed;              /* key is made of the labels: no spelling of them has come */
    uint8_t place;             /* among those that are saved together */
    bool keeps;                /* it has points that are saved beside it, by that number */
    const struct extra *extra; /* NULL: none; its kept points and extremes are not looked at */
    int64_t trend_ns;          /* the time constant of its trend */
    int64_t wall_less_mono_ns; /* makes the times at which extra->reorder's came wall clock */
};

/* Appends a series. Labels as they stand in a series: judged and sorted. b->failed without memory; with
 * room for SAVED_MAX nothing is asked for. */
void saved_put(struct buf *b, const struct saved *s, const struct labelset *labels);

/* A kept point: time i64, value, rate, accel, error, trend f64, rest f32, order u8. */
enum { SAVED_POINT = 53 };
void saved_put_point(struct buf *b, const struct kept_point *p);
/* The point at *at, which moves behind it; false at the end, or where there is none. */
bool saved_get_point(const char **at, const char *end, struct kept_point *out);

/* A series that was read. saved.extra points to extra, or is NULL; extra.reorder to reorder, and extra.echoes to
 * echoes, or each is NULL; labels into the bytes: they are as they came, not judged (series/labels.h). */
struct saved_series {
    struct saved saved;
    struct label_list labels;
    struct extra extra;
    struct reorder reorder;
    struct echoes echoes;
};

/* Reads the series at *at, before end; *at moves behind it, or to the end where that cannot be told. Whatever
 * the bytes are, what is read can be put into a table. Errors: NABLA_EINVAL: these bytes are no series. */
MUST_CHECK enum nabla_status saved_get(const char **at, const char *end, struct saved_series *out);

#endif
