/* base/sample.h -- what a parser hands to the table: samples whose keys are still the bytes that
 * came, and the list of labels that such a key means. */
#ifndef BASE_SAMPLE_H
#define BASE_SAMPLE_H

#include "base/labelset.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How a key is spelled; wire/key.h reads all of them. */
enum key_form {
    KEY_INFLUX,   /* key: measurement and tags, escaped; sub: the field's name, escaped */
    KEY_GRAPHITE, /* key: path with ;tag=value; sub: empty */
    KEY_JSON, /* key: the metric's JSON string, quotes included; sub: the labels' object or empty */
    KEY_REMOTE,       /* key: the Labels of a remote write, tags and lengths included; sub: empty */
    KEY_STATSD,       /* key: name; sub: name:value,name of its labels, or empty */
    KEY_STATSD_COUNT, /* the same, of which this is the series NAME_count */
    KEY_STATSD_SUM,   /* and this NAME_sum */
    KEY_FORM = 0x7,   /* the bits of a sample's form that are one of these */
    KEY_ADDS = 0x8,   /* or'ed to it: the value is not the series' own but is added to its newest */
};

/* The value by which Prometheus says that a series has ended: a NaN that nothing else makes, text least of
 * all. */
#define SAMPLE_END_BITS UINT64_C(0x7ff0000000000002)
static inline bool sample_is_end(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits == SAMPLE_END_BITS;
}

/* One value of one series at one time. Borrows the buffer it was read from. */
struct sample {
    int64_t t_ns; /* since the Unix epoch */
    double v;     /* may be NaN or infinite: the series decides; or sample_is_end */
    const char *key;
    const char *sub;
    uint32_t key_n;
    uint16_t sub_n;
    unsigned form : 4;  /* enum key_form, perhaps with KEY_ADDS */
    unsigned rest : 12; /* 0, or sample_rest */
};

_Static_assert(sizeof(struct sample) == 40, "its rest takes no room: batches stay in the cache");

enum { SAMPLE_REST_BITS = 0xfff, SAMPLE_REST_SIGN = 0x800 };

/* What v lacks of the integer that came, as number_rest has it. */
static inline int sample_rest(const struct sample *s)
{
    return ((int)s->rest ^ SAMPLE_REST_SIGN) - SAMPLE_REST_SIGN;
}

static inline void sample_set_rest(struct sample *s, int rest)
{
    s->rest = (unsigned)rest & SAMPLE_REST_BITS;
}

enum {
    BATCH_MAX = 1024,       /* samples in a batch */
    LINE_SAMPLES_MAX = 512, /* of one line (its fields); a batch with less room is full */
};

struct batch {
    struct sample at[BATCH_MAX];
    uint32_t n;
};

/* Labels as a key spells them: in its order, unescaped, not judged. Names and values point into
 * the key or into text[]. The metric's name is the label __name__. */
struct label_list {
    struct label at[LABELS_MAX];
    uint32_t n;
    uint32_t text_n;
    char text[LABELSET_MAX];
};

/* Reads a sample's key into labels; ctx is what came with the reader; any thread. Errors: NABLA_EINVAL for a key that is none, NABLA_ELIMIT for
 * too many labels or more text than fits; *out is then undefined. */
typedef enum nabla_status key_reader(void *ctx, const struct sample *s, struct label_list *out);

#endif
