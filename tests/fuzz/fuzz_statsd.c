/* rooms: wire */
/* fuzz_statsd.c -- lines of statsd, pinned and recognised. The first byte says which; the rest is a stream. */
#include "wire/key.h"
#include "wire/lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static struct batch batch;

static void check_sample(const struct sample *s, const char *buf, size_t n)
{
    static struct label_list labels;
    int form = s->form & KEY_FORM;
    if (form < KEY_STATSD)
        return;
    CHECK(s->key >= buf && s->key_n > 0 && s->key + s->key_n <= buf + n);
    CHECK(s->sub >= buf && s->sub + s->sub_n <= buf + n);
    CHECK((s->form & KEY_ADDS) == 0 || isfinite(s->v));
    CHECK(form == KEY_STATSD || (s->form & KEY_ADDS) != 0);
    enum nabla_status status = key_read(s, &labels);
    CHECK(status == NABLA_OK || status == NABLA_ELIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    struct line_options options = {.format = data[0] & 1 ? LINE_STATSD : LINE_AUTO,
                                   .precision_ns = 1,
                                   .arrival_ns = 42,
                                   .max_line = 64 * 1024};
    struct line_report report = {0};
    const char *p = (const char *)data + 1;
    size_t used;
    n--;
    do {
        batch.n = 0;
        used = lines_read(&options, p, n, &batch, &report);
        for (uint32_t i = 0; i < batch.n; i++)
            check_sample(&batch.at[i], p, used);
        p += used;
        n -= used;
    } while (used > 0);
    CHECK(memchr(p, '\n', n) == NULL);
    CHECK(!report.has_fault || report.fault_offset <= report.fault_text_n);
    return 0;
}
