/* http/gradient_work.c -- an array in, one gradient an axis out.
 *
 *     JSON ──► gradient_body_read ──┐                             ┌──► nested_write ──► JSON
 *                                   ├──► nabla_gradient ──────────┤
 *     .npy ──► npy_read, in place ──┘    into one piece of memory └──► behind a header: .npy
 *
 *     one axis        the array                     as numpy.gradient gives it
 *     several, none   a list; a stack in .npy       numpy.stack(numpy.gradient(f))
 *
 * Laws: nothing is computed, and no memory taken for it, before the size of all results is known and
 * allowed. Elsewhere: the request (gradient.c), what a query says (gradient_query.c). */
#include "http/gradient_work.h"

#include "base/clock.h"
#include "wire/npy.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

/* The array to be differentiated, and what is to come of it. */
struct subject {
    struct npy f, out; /* out: one result */
    char *data;        /* of f, aligned, in this machine's byte order */
    int results_n;
};

static bool goes_on(void *ctx)
{
    const struct gradient_work *w = ctx;
    return !atomic_load(&w->cancelled) && clock_now().mono_ns < w->deadline_ns;
}

static struct patience patience_of(struct gradient_work *w)
{
    return (struct patience){goes_on, w};
}

/* ---- memory */

enum { NUMBER_TEXT = 26 }; /* bytes of JSON that a number takes at most, its comma among them */

/* So many bytes more, before they are asked for. */
static enum nabla_status hold(struct gradient_work *w, uint64_t bytes)
{
    w->full = !pool_hold(w->pool, &w->held, w->held + bytes);
    return w->full ? NABLA_ELIMIT : NABLA_OK;
}

/* What a body of JSON is read into: between two numbers there is a comma. */
static enum nabla_status hold_numbers(struct gradient_work *w)
{
    uint64_t numbers = 1;
    if (w->npy_in)
        return NABLA_OK;
    for (size_t i = 0; i < w->body.n; i++)
        numbers += w->body.at[i] == ',';
    return hold(w, numbers * sizeof(double));
}

/* What it is answered with, and in JSON what that is written from. */
static enum nabla_status hold_results(struct gradient_work *w, const struct subject *s)
{
    uint64_t bytes = (uint64_t)s->results_n * s->out.bytes;
    uint64_t numbers = (uint64_t)s->results_n * (uint64_t)s->out.count;
    return hold(w, w->npy_out ? bytes : bytes + numbers * NUMBER_TEXT);
}

/* ---- in */

static enum nabla_status read_json(struct gradient_work *w, struct subject *s)
{
    struct nested_limits limits = {w->limits.max_elements, (int)w->limits.max_dimensions,
                                   patience_of(w)};
    enum nabla_status status =
        gradient_body_read(w->body.at, w->body.n, &limits, &w->ask, &w->answer);
    if (status != NABLA_OK)
        return status;
    const struct nested *f = &w->ask.f;
    s->f = (struct npy){.dtype = w->ask.dtype, .ndim = f->ndim, .count = f->count};
    memcpy(s->f.shape, f->shape, sizeof f->shape);
    s->data = f->numbers.at;
    return NABLA_OK;
}

/* The elements are moved to where they are aligned, if a header's length was odd. */
static enum nabla_status read_npy(struct gradient_work *w, struct subject *s)
{
    const char *why;
    if (npy_read(w->body.at, w->body.n, &s->f, &why) != NABLA_OK) {
        buf_printf(&w->answer, "the .npy body cannot be read: %s", why);
        return NABLA_EINVAL;
    }
    if (s->f.ndim > (int)w->limits.max_dimensions) {
        buf_printf(&w->answer, "f has %d dimensions, more than the limit of %" PRIu32, s->f.ndim,
                   w->limits.max_dimensions);
        return NABLA_EINVAL;
    }
    s->data = w->body.at + s->f.offset;
    if ((uintptr_t)s->data % _Alignof(max_align_t) != 0)
        s->data = memmove(w->body.at, s->data, s->f.bytes);
    if (s->f.swapped)
        npy_swap(s->data, s->f.bytes, s->f.dtype);
    return NABLA_OK;
}

/* ---- what may be computed */

/* A length of 0 counts as 1: empty lists have to be written, too. */
static enum nabla_status check_size(struct gradient_work *w, const struct subject *s)
{
    int64_t numbers = s->results_n > 1 ? s->results_n : 1;
    for (int i = 0; i < s->f.ndim; i++)
        if (__builtin_mul_overflow(numbers, s->f.shape[i] > 0 ? s->f.shape[i] : 1, &numbers))
            numbers = INT64_MAX;
    if (numbers <= w->limits.max_elements)
        return NABLA_OK;
    buf_printf(&w->answer,
               "the answer would have %" PRId64 " numbers (elements times axes), more than the "
               "limit of %" PRIu32,
               numbers, w->limits.max_elements);
    return NABLA_ELIMIT;
}

static enum nabla_status check_form(struct gradient_work *w, const struct subject *s)
{
    const enum nabla_dtype dtype = s->out.dtype;
    if (w->npy_out && s->results_n != 1 && s->f.ndim == NABLA_DIMS_MAX) {
        buf_printf(&w->answer,
                   "an array of %d dimensions has none left to stack %d results along; "
                   "ask for one axis at a time",
                   s->f.ndim, s->results_n);
        return NABLA_EINVAL;
    }
    if (w->npy_out || dtype == NABLA_DTYPE_COUNT || nested_has(dtype))
        return NABLA_OK;
    buf_printf(&w->answer, "the gradient of %s is %s, which JSON cannot hold; ask for .npy",
               nabla_dtype_name(s->f.dtype), nabla_dtype_name(dtype));
    w->status = MHD_HTTP_NOT_ACCEPTABLE;
    return NABLA_EDTYPE;
}

static void plan(const struct gradient_work *w, struct subject *s)
{
    const struct gradient_manner *m = &w->ask.manner;
    s->results_n = m->has_axes ? m->axes_n : s->f.ndim;
    s->out = npy_gradient(&s->f);
    s->out.fortran &= w->npy_out && s->results_n == 1;
    s->out.swapped &= w->npy_out;
}

/* ---- computing */

static enum nabla_status differentiate(struct gradient_work *w, const struct subject *s,
                                       char *results)
{
    const struct gradient_manner *m = &w->ask.manner;
    struct nabla_array out[GRADIENT_AXES_MAX], f = {s->data, s->f.dtype, s->f.ndim, s->f.shape, 0};
    struct nabla_options options = {.spacing = m->spacing,
                                    .spacing_n = m->spacing_n,
                                    .axes = m->has_axes ? m->axes : NULL,
                                    .axes_n = m->axes_n,
                                    .edge_order = m->edge_order,
                                    .mode = m->mode};
    struct nabla_fault fault = {0};
    int64_t in_strides[NABLA_DIMS_MAX], out_strides[NABLA_DIMS_MAX];
    npy_strides(&s->f, in_strides);
    npy_strides(&s->out, out_strides);
    f.strides = in_strides;
    for (int i = 0; i < s->results_n; i++)
        out[i] = (struct nabla_array){results + (size_t)i * s->out.bytes, s->out.dtype, s->out.ndim,
                                      s->out.shape, out_strides};
    enum nabla_status status = nabla_gradient(&f, &options, out, s->results_n, NULL, 0, &fault);
    if (status != NABLA_OK)
        buf_text(&w->answer, fault.message);
    return status == NABLA_ELIMIT ? NABLA_EINVAL : status;
}

/* Room for all results at the end of b, and they in it; a failure leaves b as it was. */
static enum nabla_status add_results(struct gradient_work *w, const struct subject *s,
                                     struct buf *b)
{
    size_t bytes = (size_t)s->results_n * s->out.bytes;
    char *results = buf_room(b, bytes);
    if (results == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = differentiate(w, s, results);
    if (status == NABLA_OK)
        buf_used(b, bytes);
    return status;
}

/* ---- out */

static enum nabla_status make_npy(struct gradient_work *w, const struct subject *s)
{
    struct npy npy = s->out;
    struct buf file = {0};
    if (s->results_n != 1) {
        memmove(npy.shape + 1, npy.shape, sizeof npy.shape - sizeof npy.shape[0]);
        npy.shape[0] = s->results_n;
        npy.ndim++;
    }
    if (npy.dtype != NABLA_DTYPE_COUNT) /* else the computation says what is wrong */
        npy_write(&file, &npy);
    size_t header = file.n;
    enum nabla_status status = add_results(w, s, &file);
    if (status == NABLA_OK && npy.swapped)
        npy_swap(file.at + header, file.n - header, npy.dtype);
    if (status == NABLA_OK)
        w->answer = file;
    else
        buf_fini(&file);
    return status;
}

static bool write_results(struct gradient_work *w, const struct subject *s, const char *results,
                          uint64_t *nulls)
{
    struct patience patience = patience_of(w);
    bool one = s->results_n == 1;
    buf_text(&w->answer, one ? "" : "[");
    for (int i = 0; i < s->results_n; i++) {
        buf_text(&w->answer, i > 0 ? ",\n" : "");
        if (!nested_write(&w->answer, s->out.dtype, s->out.ndim, s->out.shape,
                          results + (size_t)i * s->out.bytes, &patience, nulls))
            return false;
    }
    buf_text(&w->answer, one ? "" : "]");
    return true;
}

static enum nabla_status make_json(struct gradient_work *w, const struct subject *s)
{
    struct buf results = {0};
    uint64_t nulls = 0;
    enum nabla_status status = add_results(w, s, &results);
    if (status == NABLA_OK) {
        buf_text(&w->answer, "{\"status\":\"success\",\"data\":");
        if (!write_results(w, s, results.at, &nulls)) {
            buf_clear(&w->answer);
            status = NABLA_ELIMIT;
        }
    }
    buf_fini(&results);
    if (status == NABLA_OK && nulls > 0)
        buf_printf(&w->answer,
                   ",\"why\":\"null: %" PRIu64 " of %" PRIu64 " numbers are not finite\"", nulls,
                   (uint64_t)s->out.count * (uint64_t)s->results_n);
    if (status == NABLA_OK)
        buf_text(&w->answer, "}\n");
    return status;
}

/* ---- all of it */

static enum nabla_status work(struct gradient_work *w)
{
    struct subject s = {0};
    if (!goes_on(w))
        return NABLA_ELIMIT;
    enum nabla_status status = hold_numbers(w);
    if (status == NABLA_OK)
        status = w->npy_in ? read_npy(w, &s) : read_json(w, &s);
    if (status != NABLA_OK)
        return status;
    plan(w, &s);
    status = check_size(w, &s);
    if (status == NABLA_OK)
        status = check_form(w, &s);
    if (status == NABLA_OK && !goes_on(w))
        status = NABLA_ELIMIT;
    if (status == NABLA_OK)
        status = hold_results(w, &s);
    if (status == NABLA_OK)
        status = w->npy_out ? make_npy(w, &s) : make_json(w, &s);
    w->elements = status == NABLA_OK ? (uint64_t)s.out.count * (uint64_t)s.results_n : 0;
    return status;
}

static enum gradient_outcome outcome_of(const struct gradient_work *w, enum nabla_status status)
{
    if (status == NABLA_ENOMEM || w->answer.failed)
        return GRADIENT_FAILED;
    if (w->full)
        return GRADIENT_BUSY;
    if (status == NABLA_ELIMIT && w->answer.n == 0)
        return atomic_load(&w->cancelled) ? GRADIENT_CANCELLED : GRADIENT_TIMEOUT;
    return status == NABLA_OK       ? GRADIENT_OK
           : status == NABLA_ELIMIT ? GRADIENT_TOO_LARGE
                                    : GRADIENT_REFUSED;
}

void gradient_work_run(struct gradient_work *w)
{
    static const unsigned statuses[GRADIENT_OUTCOME_COUNT] = {
        [GRADIENT_OK] = MHD_HTTP_OK,
        [GRADIENT_REFUSED] = MHD_HTTP_BAD_REQUEST,
        [GRADIENT_TOO_LARGE] = MHD_HTTP_CONTENT_TOO_LARGE,
        [GRADIENT_BUSY] = MHD_HTTP_SERVICE_UNAVAILABLE,
        [GRADIENT_TIMEOUT] = MHD_HTTP_SERVICE_UNAVAILABLE,
        [GRADIENT_FAILED] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [GRADIENT_CANCELLED] = MHD_HTTP_SERVICE_UNAVAILABLE,
    };
    int64_t begin_ns = clock_now().mono_ns;
    w->outcome = outcome_of(w, work(w));
    if (w->status == 0)
        w->status = statuses[w->outcome];
    buf_fini(&w->body);
    gradient_ask_fini(&w->ask);
    (void)pool_hold(w->pool, &w->held, w->answer.n < w->held ? w->answer.n : w->held);
    w->spent_ns = clock_now().mono_ns - begin_ns;
}

void gradient_work_fini(struct gradient_work *w)
{
    buf_fini(&w->body);
    gradient_ask_fini(&w->ask);
    buf_fini(&w->answer);
    if (w->pool != NULL)
        pool_leave(w->pool, &w->held);
}
