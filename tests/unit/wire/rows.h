/* tests/unit/wire/rows.h -- what the tests of the three line formats share: a line as a row, and how
 * samples are compared. */
#ifndef TESTS_WIRE_ROWS_H
#define TESTS_WIRE_ROWS_H

#include "wire/lines.h"

#include "guard.h"
#include "suite.h"

#include <math.h>

enum { ARRIVAL = 42 };

static const struct line_options plain = {
    .precision_ns = 1, .arrival_ns = ARRIVAL, .max_line = 64 * 1024};

/* A line and what becomes of it. */
struct line_row {
    const char *line;
    enum cause cause; /* CAUSE_COUNT: taken */
    uint32_t offset;  /* of the fault */
    uint32_t skipped;
    uint32_t n; /* samples; at most the three here */
    struct {
        const char *key, *sub;
        double v;
        int64_t t_ns;
    } at[3];
};

static inline bool is_text(const char *bytes, size_t n, const char *text)
{
    return bytes != NULL && strlen(text) == n && memcmp(bytes, text, n) == 0;
}

static inline bool same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static inline bool same_sample(const struct sample *a, const struct sample *b)
{
    return a->t_ns == b->t_ns && same_value(a->v, b->v) && a->form == b->form &&
           a->rest == b->rest && a->key_n == b->key_n && a->sub_n == b->sub_n &&
           memcmp(a->key, b->key, a->key_n) == 0 &&
           (a->sub_n == 0 || memcmp(a->sub, b->sub, a->sub_n) == 0);
}

/* A batch that already holds something, so that a line that is refused can be seen to leave it. */
static inline struct batch *batch_with_one(void)
{
    struct batch *batch =
        malloc(sizeof *batch); /* the rest stays uninitialised: no one may read it */
    batch->at[0] = (struct sample){.key = "before", .v = -1};
    batch->n = 1;
    return batch;
}

static inline void check_row(const struct line_row *row, enum cause cause, uint32_t offset,
                             uint32_t skipped, const struct batch *batch, enum key_form form)
{
    ck_assert_msg(cause == row->cause, "%s: cause %d", row->line, cause);
    ck_assert_msg(offset == row->offset && skipped == row->skipped, "%s: offset %u, skipped %u",
                  row->line, offset, skipped);
    ck_assert_msg(batch->n == 1 + row->n && batch->at[0].v == -1, "%s: %u samples", row->line,
                  batch->n - 1);
    for (uint32_t i = 0; i < row->n; i++) {
        const struct sample *s = &batch->at[1 + i];
        ck_assert_msg(is_text(s->key, s->key_n, row->at[i].key), "%s: key %.*s", row->line,
                      (int)s->key_n, s->key);
        ck_assert_msg(is_text(s->sub, s->sub_n, row->at[i].sub), "%s: sub %.*s", row->line,
                      (int)s->sub_n, s->sub);
        ck_assert_msg(same_value(s->v, row->at[i].v) && s->t_ns == row->at[i].t_ns &&
                          s->form == form,
                      "%s: %.17g at %lld", row->line, s->v, (long long)s->t_ns);
    }
}

#endif
