/* rooms: wire */
/* fuzz_gradient_body.c -- a body that is taken holds what it says, and its array reads the same when
 * written anew. */
#include "wire/gradient_body.h"
#include "wire/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static const struct nested_limits limits = {.elements = 4096, .dimensions = 8};

static void check_nested(const struct nested *a, size_t item)
{
    int64_t count = 1;
    CHECK(a->ndim >= 0 && a->ndim <= NABLA_DIMS_MAX);
    for (int i = 0; i < a->ndim; i++)
        count *= a->shape[i];
    CHECK(count == a->count && a->count <= limits.elements);
    CHECK(a->numbers.n == (size_t)a->count * item);
}

static void check_manner(const struct gradient_manner *m)
{
    CHECK(m->axes_n >= 0 && m->axes_n <= GRADIENT_AXES_MAX && (m->has_axes || m->axes_n == 0));
    CHECK(m->spacing_n >= 0 && m->spacing_n <= NABLA_DIMS_MAX);
    CHECK(m->edge_order == 1 || m->edge_order == 2);
    CHECK(m->mode == NABLA_NUMPY || m->mode == NABLA_ACCURATE);
    for (int i = 0; i < m->spacing_n; i++) {
        const struct nabla_spacing *s = &m->spacing[i];
        check_nested(&m->coordinates[i], sizeof(double));
        CHECK(s->kind == NABLA_STEP || (s->kind == NABLA_COORDINATES && s->dtype == NABLA_FLOAT64));
        CHECK(s->kind == NABLA_STEP || s->data == m->coordinates[i].numbers.at);
        CHECK(s->kind == NABLA_STEP || s->n == m->coordinates[i].count);
    }
}

/* Doubles only; what is not finite comes back as a NaN. */
static void check_written(const struct nested *a)
{
    struct buf text = {0}, why = {0};
    struct patience patience = {0};
    struct nested again;
    uint64_t nulls = 0;
    CHECK(nested_write(&text, NABLA_FLOAT64, a->ndim, a->shape, a->numbers.at, &patience, &nulls));
    struct json_scan s = {text.at, text.at + text.n};
    CHECK(nested_read(&s, "f", &limits, &again, &why) == NABLA_OK && s.p == s.end);
    CHECK(again.ndim == a->ndim && again.count == a->count);
    CHECK(memcmp(again.shape, a->shape, sizeof(int64_t) * (size_t)a->ndim) == 0);
    for (int64_t i = 0; i < a->count; i++) {
        double was = nested_numbers(a)[i], is = nested_numbers(&again)[i];
        CHECK(isfinite(was) ? memcmp(&was, &is, sizeof is) == 0 : isnan(is));
        nulls -= isfinite(was) ? 0 : 1;
    }
    CHECK(nulls == 0);
    nested_fini(&again);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct gradient_ask ask;
    struct buf why = {0};
    const char *body = n > 0 ? (const char *)data : NULL; /* as a request without one has it */
    enum nabla_status status = gradient_body_read(body, n, &limits, &ask, &why);
    if (status == NABLA_OK) {
        CHECK(why.n == 0);
        check_nested(&ask.f, nabla_dtype_size(ask.dtype));
        check_manner(&ask.manner);
        if (ask.dtype == NABLA_FLOAT64)
            check_written(&ask.f);
        gradient_ask_fini(&ask);
    } else {
        CHECK(why.n > 0 && (status == NABLA_EINVAL || status == NABLA_ELIMIT));
    }
    buf_fini(&why);
    return 0;
}
