/* rooms: wire */
/* fuzz_remote_oracle.c -- remote write as protobuf-c reads it: what that takes we take, with the same labels, times and
 * values in the same order. What it refuses for the inside of a Label we refuse only when the key is read, so that
 * nothing is asked of us there. */
#include "wire/key.h"
#include "wire/remote_write.h"

#include "remote_write.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* All samples, and all labels but those of series that have more than we take. */
struct digest {
    uint64_t samples, sum, labels;
};

static void mix(uint64_t *sum, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        *sum = (*sum ^ p[i]) * UINT64_C(0x100000001B3);
    *sum = (*sum ^ n) * UINT64_C(0x100000001B3);
}

static void mix_sample(struct digest *d, int64_t t_ms, double v)
{
    d->samples++;
    mix(&d->sum, &t_ms, sizeof t_ms);
    mix(&d->sum, &v, sizeof v);
}

static void mix_key(struct digest *d, const struct sample *s)
{
    static struct label_list list;
    enum nabla_status status = key_read(s, &list);
    CHECK(status == NABLA_OK || status == NABLA_ELIMIT);
    for (uint32_t i = 0; status == NABLA_OK && i < list.n; i++) {
        mix(&d->labels, list.at[i].name, list.at[i].name_n);
        mix(&d->labels, list.at[i].value, list.at[i].value_n);
    }
}

static struct digest read_ours(const char *bytes, size_t n)
{
    static struct remote_write reader;
    static struct batch batch;
    struct digest d = {0};
    enum remote_state state;
    remote_write_begin(&reader, bytes, n);
    do {
        batch.n = 0;
        state = remote_write_read(&reader, &batch);
        for (uint32_t i = 0; i < batch.n; i++) {
            mix_key(&d, &batch.at[i]);
            mix_sample(&d, batch.at[i].t_ns / 1000000, batch.at[i].v);
        }
    } while (state == REMOTE_MORE);
    CHECK(state == REMOTE_DONE);
    CHECK(reader.refused[CAUSE_LABEL_LENGTH] == 0); /* no input is that long */
    return d;
}

static void mix_labels(struct digest *d, const Oracle__TimeSeries *ts)
{
    for (size_t i = 0; ts->n_labels <= LABELS_MAX && i < ts->n_labels; i++) {
        mix(&d->labels, ts->labels[i]->name.data, ts->labels[i]->name.len);
        mix(&d->labels, ts->labels[i]->value.data, ts->labels[i]->value.len);
    }
}

static struct digest digest_of(const Oracle__WriteRequest *w)
{
    struct digest d = {0};
    for (size_t i = 0; i < w->n_timeseries; i++) {
        const Oracle__TimeSeries *ts = w->timeseries[i];
        for (size_t k = 0; k < ts->n_samples; k++) {
            int64_t t_ns;
            if (__builtin_mul_overflow(ts->samples[k]->timestamp, (int64_t)1000000, &t_ns))
                continue;
            mix_labels(&d, ts);
            mix_sample(&d, ts->samples[k]->timestamp, ts->samples[k]->value);
        }
    }
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Oracle__WriteRequest *w =
        n <= LABELSET_MAX ? oracle__write_request__unpack(NULL, n, data) : NULL;
    if (w == NULL)
        return 0;
    struct digest theirs = digest_of(w), ours = read_ours((const char *)data, n);
    CHECK(memcmp(&theirs, &ours, sizeof ours) == 0);
    oracle__write_request__free_unpacked(w, NULL);
    return 0;
}
