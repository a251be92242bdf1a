/* wire/remote_write.c -- a request to samples, each series in two looks.
 *
 *     TimeSeries  | Label Label Label | Sample | Exemplar | Sample |
 *                 ^------- key ------^  first look: is it whole, where are its Labels
 *                                       ^ second look: samples, as many as the batch has room for
 *
 * Writers put a series' Labels first, all together: the key then is a slice of the request. Where
 * something stands between them, they are gathered, and the batch ends with that series.
 * Elsewhere: what is inside a Label (wire/key.c). */
#include "wire/remote_write.h"

#include "wire/protobuf.h"

enum {
    SERIES = PB_TAG(1, PB_BYTES),
    METADATA = PB_TAG(3, PB_BYTES),
    LABEL = PB_TAG(1, PB_BYTES),
    SAMPLE = PB_TAG(2, PB_BYTES),
    EXEMPLAR = PB_TAG(3, PB_BYTES),
    HISTOGRAM = PB_TAG(4, PB_BYTES),
    SAMPLE_VALUE = PB_TAG(1, PB_FIXED64),
    SAMPLE_TIME = PB_TAG(2, PB_VARINT),
};

enum { NS_PER_MS = 1000000 };

void remote_write_begin(struct remote_write *w, const char *bytes, size_t n)
{
    w->p = bytes;
    w->end = bytes + n;
    w->sample = w->sample_end = NULL;
    w->key = NULL;
    w->key_n = 0;
    w->series = w->samples = w->metadata = 0;
    memset(w->refused, 0, sizeof w->refused);
}

/* A field of the numbers that mean something, but of another type than theirs. */
static bool is_mistyped(uint32_t tag)
{
    return (tag >> 3 == 1 || tag >> 3 == 2) && (tag & 7) != PB_BYTES;
}

/* ---- the first look */

/* Where a series' Labels are, as far as they stand together. */
struct look {
    const char *key, *key_end; /* the same: none yet */
    bool scattered;
    uint64_t exemplars, histograms;
};

static void note_label(struct look *l, const char *field, const char *end)
{
    if (l->key == l->key_end)
        l->key = field;
    else if (field != l->key_end)
        l->scattered = true;
    l->key_end = end;
}

/* True if the series is one, whatever its Labels hold. */
static bool look_at(const char *p, const char *end, struct look *l)
{
    while (p < end) {
        const char *field = p;
        uint32_t tag = (unsigned char)*p;
        size_t n;
        if (tag == LABEL || tag == SAMPLE) { /* nearly always, and with a short length */
            p++;
            if (!pb_length(&p, end, &n))
                return false;
            p += n;
        } else if (!pb_tag(&p, end, &tag) || is_mistyped(tag) || !pb_skip(&p, end, tag)) {
            return false;
        }
        if (tag == LABEL)
            note_label(l, field, p);
        l->exemplars += tag == EXEMPLAR;
        l->histograms += tag == HISTOGRAM;
    }
    return true;
}

/* Puts the Labels of a looked-at series together; false if they are too long to be any series'. */
static bool gather(struct remote_write *w, const char *p, const char *end)
{
    w->key = w->gathered;
    w->key_n = 0;
    while (p < end) {
        const char *field = p;
        uint32_t tag;
        if (!pb_tag(&p, end, &tag) || !pb_skip(&p, end, tag))
            return false;
        if (tag != LABEL)
            continue;
        if ((size_t)(p - field) > REMOTE_KEY_MAX - w->key_n)
            return false;
        memcpy(w->gathered + w->key_n, field, (size_t)(p - field));
        w->key_n += (uint32_t)(p - field);
    }
    return true;
}

/* ---- the second look */

/* A Sample; false if it is none. */
static bool read_sample(const char *p, const char *end, double *v, int64_t *t_ms)
{
    *v = 0;
    *t_ms = 0;
    while (p < end) {
        uint64_t u;
        uint32_t tag;
        if (!pb_tag(&p, end, &tag))
            return false;
        if (tag == SAMPLE_VALUE && end - p >= 8) {
            *v = pb_double(p);
            p += 8;
        } else if (tag == SAMPLE_TIME) {
            if (!pb_varint(&p, end, PB_VARINT_BYTES, &u))
                return false;
            *t_ms = (int64_t)u;
        } else if (tag >> 3 == 1 || tag >> 3 == 2 || !pb_skip(&p, end, tag)) {
            return false;
        }
    }
    return true;
}

static void add(struct remote_write *w, struct batch *batch, double v, int64_t t_ms)
{
    int64_t t_ns;
    if (__builtin_mul_overflow(t_ms, (int64_t)NS_PER_MS, &t_ns)) {
        w->refused[CAUSE_TIME]++;
        return;
    }
    w->samples++;
    batch->at[batch->n++] = (struct sample){
        .t_ns = t_ns, .v = v, .key = w->key, .sub = "", .key_n = w->key_n, .form = KEY_REMOTE};
}

/* Goes on with the series, which was looked at, until it or the batch's room ends. */
static bool read_samples(struct remote_write *w, struct batch *batch)
{
    while (w->sample < w->sample_end && batch->n < BATCH_MAX) {
        uint32_t tag;
        size_t n;
        double v;
        int64_t t_ms;
        if (!pb_tag(&w->sample, w->sample_end, &tag))
            return false;
        if (tag != SAMPLE) {
            if (!pb_skip(&w->sample, w->sample_end, tag))
                return false;
            continue;
        }
        if (!pb_length(&w->sample, w->sample_end, &n) ||
            !read_sample(w->sample, w->sample + n, &v, &t_ms))
            return false;
        w->sample += n;
        add(w, batch, v, t_ms);
    }
    return true;
}

/* Everything up to a series' first sample. */
static bool open_series(struct remote_write *w, const char *p, const char *end)
{
    struct look l = {.key = p, .key_end = p};
    if (!look_at(p, end, &l))
        return false;
    w->series++;
    w->refused[CAUSE_EXEMPLAR] += l.exemplars;
    w->refused[CAUSE_HISTOGRAM] += l.histograms;
    w->key = l.key;
    w->key_n = (uint32_t)(l.key_end - l.key);
    w->sample = !l.scattered && l.key == p ? l.key_end : p;
    w->sample_end = end;
    if (l.scattered && !gather(w, p, end)) {
        w->refused[CAUSE_LABEL_LENGTH]++;
        w->sample = end;
    }
    return true;
}

/* The next field of the request. */
static bool open_field(struct remote_write *w)
{
    uint32_t tag;
    size_t n;
    if (!pb_tag(&w->p, w->end, &tag))
        return false;
    if (tag != SERIES) {
        w->metadata += tag == METADATA;
        return tag >> 3 != 1 && pb_skip(&w->p, w->end, tag);
    }
    if (!pb_length(&w->p, w->end, &n))
        return false;
    const char *series = w->p;
    w->p += n;
    return open_series(w, series, w->p);
}

enum remote_state remote_write_read(struct remote_write *w, struct batch *batch)
{
    for (;;) {
        if (!read_samples(w, batch))
            return REMOTE_BAD;
        if (batch->n == BATCH_MAX)
            return REMOTE_MORE;
        if (w->key == w->gathered &&
            batch->n > 0) { /* the samples borrow what the next would overwrite */
            w->key = NULL;
            return REMOTE_MORE;
        }
        if (w->p == w->end)
            return REMOTE_DONE;
        if (!open_field(w))
            return REMOTE_BAD;
    }
}
