/* rooms: wire */
/* fuzz_lines.c -- lines of all formats. The first two bytes choose the options, the third where the
 * stream is cut; the rest is the stream. */
#include "wire/key.h"
#include "wire/lines.h"
#include "wire/plain.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

enum { HEAD = 3 };

static struct line_options choose_options(const uint8_t *data)
{
    static const int64_t precisions[] = {1, 1000, 1000000, 1000000000};
    static const uint32_t lengths[] = {64 * 1024, 80, 10, 0};
    return (struct line_options){.format = (enum line_format)(data[0] & 3),
                                 .precision_ns = precisions[data[0] >> 2 & 3],
                                 .once = (data[0] & 16) != 0,
                                 .max_line = lengths[data[1] & 3],
                                 .arrival_ns = data[1] >> 2};
}

static int inside(const char *p, size_t n, const char *buf, size_t buf_n)
{
    return p >= buf && n <= buf_n && p <= buf + buf_n - n;
}

static void check_samples(const struct line_options *options, const struct batch *batch,
                          const char *buf, size_t n)
{
    static struct label_list labels;
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct sample *s = &batch->at[i];
        CHECK(!options->once || (s->form & KEY_ADDS) == 0);
        CHECK(inside(s->key, s->key_n, buf, n) && s->key_n > 0);
        CHECK(inside(s->sub, s->sub_n, buf, n));
        enum nabla_status status = key_read(s, &labels);
        CHECK(status == NABLA_OK || status == NABLA_ELIMIT);
    }
}

static void check_report(const struct line_report *r, const char *buf, size_t n)
{
    uint64_t refused = 0;
    for (int c = 0; c < CAUSE_COUNT; c++)
        refused += c == CAUSE_STRING ? 0 : r->refused[c];
    CHECK(refused <= r->lines && r->has_fault == (refused > 0));
    CHECK(r->lines <= r->passed);
    CHECK(!r->has_fault || (r->fault_line < r->passed && r->fault_offset <= r->fault_text_n &&
                            inside(r->fault_text, r->fault_text_n, buf, n)));
}

/* As many samples as came, by value: a sum that depends on their order. */
struct digest {
    uint64_t sum;
    uint64_t lines, samples, refused[CAUSE_COUNT];
};

static void mix(struct digest *d, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d->sum = (d->sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001B3);
}

static void mix_samples(struct digest *d, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct sample *s = &batch->at[i];
        mix(d, s->key, s->key_n);
        mix(d, s->sub, s->sub_n);
        mix(d, &s->t_ns, sizeof s->t_ns);
        mix(d, &s->v, sizeof s->v);
        uint16_t tail = (uint16_t)(s->rest << 3 | s->form);
        mix(d, &tail, sizeof tail);
    }
}

/* Reads all whole lines of buf, batch by batch; returns what was used. */
static size_t read_all(const struct line_options *options, const char *buf, size_t n,
                       struct digest *d)
{
    static struct batch batch;
    struct line_report report = {0};
    size_t used = 0, step;
    do {
        batch.n = 0;
        step = lines_read(options, buf + used, n - used, &batch, &report);
        CHECK(step <= n - used && (step == 0 || buf[used + step - 1] == '\n'));
        check_samples(options, &batch, buf + used, step);
        mix_samples(d, &batch);
        used += step;
    } while (step > 0);
    CHECK(memchr(buf + used, '\n', n - used) == NULL);
    check_report(&report, buf, n);
    d->lines += report.lines;
    d->samples += report.samples;
    for (int c = 0; c < CAUSE_COUNT; c++)
        d->refused[c] += report.refused[c];
    return used;
}

/* A copy of its own, so that a sanitizer sees its end. */
static size_t read_copy(const struct line_options *options, const char *buf, size_t n,
                        struct digest *d)
{
    char *copy = malloc(n + (n == 0));
    CHECK(copy != NULL);
    memcpy(copy, buf, n);
    size_t used = read_all(options, copy, n, d);
    free(copy);
    return used;
}

/* Both ways to read plain lines stop at the same place and leave the same. */
static void check_twins(const struct line_options *options, const char *buf, size_t n)
{
    static struct batch batch;
    plain_reader *const readers[] = {plain_read_portable, plain_best()};
    struct digest digests[2] = {{0}, {0}};
    const char *stops[2];
    for (int i = 0; i < 2; i++) {
        struct line_report report = {0};
        batch.n = 0;
        stops[i] = readers[i](options, buf, buf + n, &batch, &report);
        mix_samples(&digests[i], &batch);
        digests[i].lines = report.lines;
        digests[i].samples = report.samples;
    }
    CHECK(stops[0] == stops[1] && memcmp(&digests[0], &digests[1], sizeof *digests) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < HEAD)
        return 0;
    struct line_options options = choose_options(data);
    const char *buf = (const char *)data + HEAD;
    n -= HEAD;
    size_t cut = n * data[2] / 255;
    struct digest whole = {0}, parts = {0};
    check_twins(&options, buf, n);
    size_t used = read_all(&options, buf, n, &whole);
    size_t first = read_copy(&options, buf, cut, &parts);
    size_t second = read_copy(&options, buf + first, n - first, &parts);
    CHECK(first + second == used && memcmp(&whole, &parts, sizeof whole) == 0);
    return 0;
}
