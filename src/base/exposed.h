/* base/exposed.h -- the names by which Prometheus knows a series, and what is told of it under each.
 *
 *     temperature {sensor-id="s1"}   ─►   temperature_per_second      {sensor_id="s1"}
 *                                         temperature_trend_per_second, temperature_seconds_to, ...
 *                                         temperature                 the newest value
 *
 * A byte that a name cannot hold becomes '_' (UTF-8 sequences byte by byte), a name that starts with a
 * digit gets a '_' in front; labels that become equal so are joined with ';' in the order of their
 * names. Pure. */
#ifndef BASE_EXPOSED_H
#define BASE_EXPOSED_H

#include "base/number.h"
#include "base/reading.h"

/* What is told of a series, each under a name of its own. All but the last two exist per second, minute
 * and hour: a view is PERS * what + per, and per is 0 for those two. */
enum what { WHAT_RATE, WHAT_TREND, WHAT_EXTREME, WHAT_ETA, WHAT_VALUE, WHAT_COUNT };
enum { PERS = 3, VIEWS = WHAT_COUNT * PERS };
enum { VIEW_ETA = WHAT_ETA * PERS, VIEW_VALUE = WHAT_VALUE * PERS };
enum { VIEW_STORED = VIEWS }; /* no view: the metric's name as it came */

enum {
    EXPOSED_NAME_MAX = LABEL_NAME_MAX + 2,
    EXPOSED_SUFFIX_MAX = 32,
    EXPOSED_HELP_MAX = LABEL_NAME_MAX + 96,
    EXPOSED_SET_MAX = LABELSET_MAX + 4096, /* bytes of a packed set of valid names */
};

static inline bool exposed_holds(char c, bool metric)
{
    /* a bit a byte: digits; letters and '_' */
    static const uint64_t held[4] = {UINT64_C(0x03ff000000000000), UINT64_C(0x07fffffe87fffffe)};
    unsigned char byte = (unsigned char)c;
    return (held[byte / 64] >> byte % 64 & 1) != 0 || (c == ':' && metric);
}

/* True if the name of a label is valid as it is. */
static inline bool exposed_is_clean(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!exposed_holds(name[i], false))
            return false;
    return n > 0 && !(name[0] >= '0' && name[0] <= '9');
}

/* The valid form of a metric's name, and of a label's, which is never the metric's own; returns its
 * length. n is at most LABEL_NAME_MAX. */
size_t exposed_metric(char out[static EXPOSED_NAME_MAX], const char *name, size_t n);
size_t exposed_label(char out[static EXPOSED_NAME_MAX], const char *name, size_t n);

/* "_trend_per_minute", "" for the value itself; terminated. */
void exposed_suffix(unsigned view, char out[static EXPOSED_SUFFIX_MAX]);

/* A sentence on what a view of the metric name[0..n) is. */
void exposed_help(unsigned view, const char *name, int n, char out[static EXPOSED_HELP_MAX]);

/* The views that there are of a reading: bit (1 << view). */
unsigned exposed_views(const struct reading *r);

struct exposed {
    union {
        struct labelset
            set; /* sorted, valid names, each once; the metric's with the view's suffix */
        char room[EXPOSED_SET_MAX];
    };
};

/* The labels of one line. extra: a label in clean bytes that it has besides, or NULL; if the series has a
 * label of that name itself it gets "nabla_" in front. Returns false if that is more than LABELS_MAX
 * labels or does not fit; *out is then worth nothing. */
bool exposed_make(const struct labelset *labels, unsigned view, const struct label *extra,
                  struct exposed *out);

/* The i-th line of a view: its value and extra label (text holds its value; .name NULL: none); false
 * after the last. Not of extremes, which are the table's to tell. */
struct exposed_line {
    double value;
    struct label extra;
    char text[NUMBER_TEXT_MAX];
};
bool exposed_line(const struct reading *r, unsigned view, uint32_t i, struct exposed_line *out);

#endif
