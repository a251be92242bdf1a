/* rooms: wire */
/* fuzz_pickle.c -- any bytes as a frame: its samples lie in the frame or the reader, another room for each
 * batch makes no difference, and the reader is as new for each frame. */
#include "wire/key.h"
#include "wire/pickle.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

struct sum {
    enum cause cause;
    uint32_t offset;
    uint64_t samples, lines, hash;
};

static void mix(uint64_t *hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes, *end = p + n; p < end; p++)
        *hash = (*hash ^ *p) * UINT64_C(0x100000001B3);
}

static struct sum read_all(struct pickle *pickle, const char *frame, size_t n, uint32_t room)
{
    static struct batch batch;
    static struct label_list list;
    struct line_report report = {0};
    struct sum sum = {.offset = 0};
    sum.cause = pickle_read(pickle, frame, n, &sum.offset);
    CHECK(sum.offset <= n);
    for (bool more = sum.cause == CAUSE_COUNT; more;) {
        batch.n = BATCH_MAX - room;
        more = pickle_samples(pickle, 42, &batch, &report);
        CHECK(!more || batch.n == BATCH_MAX);
        for (uint32_t i = BATCH_MAX - room; i < batch.n; i++) {
            const struct sample *s = &batch.at[i];
            CHECK(s->key_n > 0 && s->form == KEY_GRAPHITE);
            mix(&sum.hash, s->key, s->key_n);
            mix(&sum.hash, &s->t_ns, sizeof s->t_ns);
            mix(&sum.hash, &s->v, sizeof s->v);
            enum nabla_status status = key_read(s, &list);
            CHECK(status == NABLA_OK || status == NABLA_ELIMIT);
            sum.samples++;
        }
    }
    sum.lines = report.lines;
    CHECK(report.samples == sum.samples && sum.samples <= sum.lines);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct pickle *pickle;
    if (pickle == NULL && pickle_new(&pickle) != NABLA_OK)
        abort();
    char *frame = malloc(n + (n == 0)); /* a copy of its own, so that a sanitizer sees its end */
    CHECK(frame != NULL);
    if (n > 0)
        memcpy(frame, data, n);
    struct sum all = read_all(pickle, frame, n, BATCH_MAX), few = read_all(pickle, frame, n, 3);
    CHECK(memcmp(&all, &few, sizeof all) == 0);
    free(frame);
    return 0;
}
