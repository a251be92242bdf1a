/* test_gradient_run.c -- box by box is as all at once: every bit, for any cut, dtype, layout, spacing,
 * byte order and number of threads. */
#include "cli/gradient_run.h"

#include "cli/arrays_copy.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../guard.h"
#include "suite.h"

enum { ROUNDS = 1500, SIDE = 12 };

/* One random task, and what the library says of the whole. */
struct trial {
    struct npy in, out[NABLA_DIMS_MAX];
    char *data; /* owned, in's byte order, not aligned */
    char *native;
    int axes[NABLA_DIMS_MAX], axes_n;
    struct spacing spacing[NABLA_DIMS_MAX];
    char *coordinates[NABLA_DIMS_MAX];    /* owned */
    struct scheme scheme[NABLA_DIMS_MAX]; /* numpy's, all of one edge order */
    enum nabla_mode mode;
    char *want[NABLA_DIMS_MAX], *got[NABLA_DIMS_MAX];
    struct gradient_sink sinks[NABLA_DIMS_MAX];
};

static const enum nabla_dtype dtypes[] = {
    NABLA_FLOAT64,    NABLA_FLOAT32,   NABLA_FLOAT16,    NABLA_INT16,      NABLA_UINT8,
    NABLA_COMPLEX128, NABLA_COMPLEX64, NABLA_DATETIME64, NABLA_LONGDOUBLE, NABLA_UINT64,
};
static const enum nabla_dtype coordinate_dtypes[] = {
    NABLA_FLOAT64,    NABLA_FLOAT32,    NABLA_INT64,   NABLA_UINT8,
    NABLA_DATETIME64, NABLA_LONGDOUBLE, NABLA_FLOAT16, NABLA_TIMEDELTA64,
};

/* Small whole numbers: exact in every dtype. */
static void put(void *at, enum nabla_dtype dtype, int v)
{
    static const uint16_t halves[] = {0x0000, 0x3c00, 0x4000, 0x4200,
                                      0x4400, 0x4500, 0x4600, 0x4700};
    switch (dtype) {
    case NABLA_UINT8: *(uint8_t *)at = (uint8_t)v; break;
    case NABLA_INT16: *(int16_t *)at = (int16_t)v; break;
    case NABLA_FLOAT16: *(uint16_t *)at = halves[v & 7]; break;
    case NABLA_FLOAT32: *(float *)at = (float)v; break;
    case NABLA_FLOAT64: *(double *)at = v; break;
    case NABLA_LONGDOUBLE:
        memset(at, 0, 16);
        *(long double *)at = v;
        break;
    case NABLA_COMPLEX64:
        ((float *)at)[0] = (float)v;
        ((float *)at)[1] = (float)-v * 3;
        break;
    case NABLA_COMPLEX128:
        ((double *)at)[0] = v;
        ((double *)at)[1] = v * 0.3;
        break;
    default: *(int64_t *)at = v; break;
    }
}

static void swap_all(char *to, const char *from, int64_t n, enum nabla_dtype dtype, bool swapped)
{
    struct layout source = {.at = (char *)(size_t)from}, target = {.at = to};
    layout_packed(&source, 1, &n, nabla_dtype_size(dtype));
    layout_packed(&target, 1, &n, nabla_dtype_size(dtype));
    arrays_copy(&target, &source, 1, &n, dtype, swapped);
}

static void make_array(struct trial *t, uint64_t *state)
{
    struct npy *in = &t->in;
    in->dtype = dtypes[random_below(state, ROWS(dtypes))];
    in->ndim = 1 + (int)random_below(state, 4);
    in->fortran = random_below(state, 2) == 1;
    in->swapped = random_below(state, 3) == 0 && nabla_dtype_size(in->dtype) > 1;
    in->count = 1;
    for (int d = 0; d < in->ndim; d++)
        in->count *= in->shape[d] = 1 + (int64_t)random_below(state, in->ndim == 1 ? 400 : SIDE);
    size_t size = nabla_dtype_size(in->dtype);
    in->bytes = (size_t)in->count * size;
    t->native = aligned_alloc(16, (in->bytes + 31) / 16 * 16);
    t->data = malloc(in->bytes + 8);
    for (int64_t i = 0; i < in->count; i++)
        put(t->native + i * (int64_t)size, in->dtype, (int)random_below(state, 100));
    for (int64_t i = 0; i < in->count && in->dtype == NABLA_FLOAT64; i++)
        ((double *)(void *)t->native)[i] *= 0.37;
    swap_all(t->data + 1, t->native, in->count, in->dtype, in->swapped);
}

/* Coordinates that are even for stretches, or for all of the axis; a third is no short binary fraction,
 * so that the formulas for even and for uneven ones differ in their last bits. */
static void make_spacing(struct trial *t, int i, uint64_t *state)
{
    struct spacing *s = &t->spacing[i];
    int64_t n = t->in.shape[t->axes[i]];
    *s = (struct spacing){.kind = (enum nabla_spacing_kind)random_below(state, 3), .step = 0.7};
    if (s->kind != NABLA_COORDINATES)
        return;
    struct npy npy = {.dtype = coordinate_dtypes[random_below(state, ROWS(coordinate_dtypes))],
                      .ndim = 1,
                      .shape = {n},
                      .count = n,
                      .swapped = random_below(state, 3) == 0};
    size_t size = nabla_dtype_size(npy.dtype);
    npy.swapped &= size > 1;
    char *x = aligned_alloc(16, ((size_t)n * size + 31) / 16 * 16),
         name[] = "/tmp/nabla-test-XXXXXX";
    int jump = (int)random_below(state, 3) * (int)random_below(state, (uint64_t)n + 1);
    for (int k = 0; k < n; k++)
        put(x + k * (int64_t)size, npy.dtype, 3 * (k % 80) + (jump > 0 && k >= jump));
    struct buf file = {0};
    npy_write(&file, &npy);
    char *room = buf_room(&file, (size_t)n * size);
    swap_all(room, x, n, npy.dtype, npy.swapped);
    buf_used(&file, (size_t)n * size);
    int fd = mkstemp(name);
    ck_assert(fd >= 0 && write(fd, file.at, file.n) == (ssize_t)file.n);
    close(fd);
    char message[SPACING_MESSAGE_MAX];
    ck_assert_msg(spacing_open(s, name, t->mode, message), "%s", message);
    unlink(name);
    buf_fini(&file);
    t->coordinates[i] = x;
}

static struct gradient_task task_of(const struct trial *t)
{
    return (struct gradient_task){.in = &t->in,
                                  .data = t->data + 1,
                                  .axes = t->axes,
                                  .axes_n = t->axes_n,
                                  .spacing = t->spacing,
                                  .scheme = t->scheme,
                                  .mode = t->mode,
                                  .threads = 1,
                                  .out = t->out,
                                  .outputs = t->sinks};
}

static void make_trial(struct trial *t, uint64_t *state)
{
    int edge_order = 1 + (int)random_below(state, 2);
    *t = (struct trial){.mode = (enum nabla_mode)random_below(state, 2)};
    make_array(t, state);
    int first = (int)random_below(state, (uint64_t)t->in.ndim);
    for (int k = 0; k < t->in.ndim; k++) {
        int axis = (first + k) % t->in.ndim;
        if (t->in.shape[axis] <= edge_order || random_below(state, 4) == 0)
            continue;
        t->axes[t->axes_n] = axis;
        t->scheme[t->axes_n].edge_order = edge_order;
        make_spacing(t, t->axes_n++, state);
    }
    struct gradient_task task = task_of(t);
    const char *what;
    ck_assert(t->axes_n == 0 || gradient_outputs(&task, t->out, &what));
    for (int i = 0; i < t->axes_n; i++) {
        t->want[i] = calloc(1, t->out[i].bytes + 16);
        t->got[i] = calloc(1, t->out[i].bytes + 16);
        t->sinks[i].at = t->got[i];
    }
}

static void trial_fini(struct trial *t)
{
    for (int i = 0; i < t->axes_n; i++) {
        spacing_close(&t->spacing[i]);
        free(t->coordinates[i]);
        free(t->want[i]);
        free(t->got[i]);
    }
    free(t->data);
    free(t->native);
}

/* The library's answer for all of it at once, in the output's byte order. */
static void ask_library(struct trial *t)
{
    struct nabla_spacing spacing[NABLA_DIMS_MAX];
    struct nabla_array outputs[NABLA_DIMS_MAX];
    struct layout in = {0}, out = {0};
    int64_t reversed[NABLA_DIMS_MAX];
    int n = t->in.ndim;
    for (int d = 0; d < n; d++)
        reversed[d] = t->in.shape[t->in.fortran ? n - 1 - d : d];
    layout_packed(&in, n, reversed, nabla_dtype_size(t->in.dtype));
    layout_packed(&out, n, reversed, nabla_dtype_size(t->out[0].dtype));
    for (int d = 0; d < n / 2 && t->in.fortran; d++) {
        int64_t a = in.strides[d], b = out.strides[d];
        in.strides[d] = in.strides[n - 1 - d];
        in.strides[n - 1 - d] = a;
        out.strides[d] = out.strides[n - 1 - d];
        out.strides[n - 1 - d] = b;
    }
    for (int i = 0; i < t->axes_n; i++) {
        const struct spacing *s = &t->spacing[i];
        spacing[i] = (struct nabla_spacing){s->kind, s->step, t->coordinates[i], s->dtype, s->n, 0};
        outputs[i] =
            (struct nabla_array){t->want[i], t->out[0].dtype, n, t->out[0].shape, out.strides};
    }
    struct nabla_array f = {t->native, t->in.dtype, n, t->in.shape, in.strides};
    struct nabla_options options = {.spacing = spacing,
                                    .spacing_n = t->axes_n,
                                    .axes = t->axes,
                                    .axes_n = t->axes_n,
                                    .edge_order = t->scheme[0].edge_order,
                                    .mode = t->mode};
    struct nabla_fault fault = {0};
    size_t need = nabla_gradient_workspace(&f, &options);
    void *workspace = malloc(need + 1);
    ck_assert_msg(nabla_gradient(&f, &options, outputs, t->axes_n, workspace, need, &fault) == 0,
                  "%s", fault.message);
    free(workspace);
    for (int i = 0; i < t->axes_n && t->out[0].swapped; i++) {
        char *copy = malloc(t->out[0].bytes + 1);
        memcpy(copy, t->want[i], t->out[0].bytes);
        swap_all(t->want[i], copy, t->out[0].count, t->out[0].dtype, true);
        free(copy);
    }
}

/* Compares numbers; a long double's padding is anything. */
static bool same(const struct npy *npy, const char *a, const char *b)
{
    for (int64_t i = 0; i < npy->count && npy->dtype == NABLA_LONGDOUBLE; i++)
        for (int k = 0; k < 16; k++)
            if ((npy->swapped ? k >= 6 : k < 10) && a[16 * i + k] != b[16 * i + k])
                return false;
    return npy->dtype == NABLA_LONGDOUBLE || memcmp(a, b, npy->bytes) == 0;
}

START_TEST(as_all_at_once)
{
    uint64_t state = (uint64_t)_i * 1000003 + 7;
    struct trial t;
    struct nabla_fault fault = {0};
    make_trial(&t, &state);
    if (t.axes_n > 0) {
        struct gradient_task task = task_of(&t);
        task.slab_bytes = 1 + random_below(&state, 1 << random_below(&state, 15));
        task.threads = 1 + (int)random_below(&state, 3);
        ask_library(&t);
        ck_assert_msg(gradient_run(&task, &fault) == NABLA_OK, "%d: %s", _i, fault.message);
        for (int i = 0; i < t.axes_n; i++)
            ck_assert_msg(same(&t.out[i], t.got[i], t.want[i]), "trial %d: %s, %d axes, result %d",
                          _i, nabla_dtype_name(t.in.dtype), t.in.ndim, i);
    }
    trial_fini(&t);
}
END_TEST

/* Each cut gives the magnitude of the whole's gradients. */
START_TEST(magnitude)
{
    uint64_t state = (uint64_t)_i + 1;
    struct trial t;
    struct nabla_fault fault = {0};
    do {
        make_trial(&t, &state);
        if (t.axes_n > 0 && (t.out[0].dtype == NABLA_FLOAT32 || t.out[0].dtype == NABLA_FLOAT64) &&
            !t.out[0].swapped)
            break;
        trial_fini(&t);
    } while (true);
    struct gradient_task task = task_of(&t);
    struct nabla_array parts[NABLA_DIMS_MAX];
    const int64_t n = t.out[0].count;
    char *want = aligned_alloc(16, (t.out[0].bytes + 31) / 16 * 16);
    struct nabla_array length = {want, t.out[0].dtype, 1, &n, NULL};
    ask_library(&t);
    for (int i = 0; i < t.axes_n; i++)
        parts[i] = (struct nabla_array){t.want[i], t.out[0].dtype, 1, &n, NULL};
    ck_assert_int_eq(nabla_magnitude(parts, t.axes_n, 1, &length, &fault), NABLA_OK);
    task.result = GRADIENT_MAGNITUDE;
    task.slab_bytes = 1 + random_below(&state, 3000);
    ck_assert_int_eq(gradient_run(&task, &fault), NABLA_OK);
    ck_assert_msg(memcmp(t.got[0], want, t.out[0].bytes) == 0, "trial %d", _i);
    free(want);
    trial_fini(&t);
}
END_TEST

/* A pending signal ends it, and so does a file that is not there any more. */
START_TEST(ended_early)
{
    const int axes[] = {0};
    double f[64] = {0}, df[64] = {0};
    const struct gradient_sink output = {.at = (char *)df};
    const struct scheme scheme = {.edge_order = 1};
    struct npy npy = {.dtype = NABLA_FLOAT64, .ndim = 1, .shape = {64}, .count = 64, .bytes = 512};
    const struct spacing spacing = {0};
    struct nabla_fault fault;
    struct gradient_task task = {.in = &npy,
                                 .data = (char *)f,
                                 .axes = axes,
                                 .axes_n = 1,
                                 .spacing = &spacing,
                                 .scheme = &scheme,
                                 .threads = 1,
                                 .out = &npy,
                                 .outputs = &output,
                                 .slab_bytes = 64};
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    f[63] = 5;
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &held, &before), 0);
    raise(SIGTERM);
    ck_assert_int_eq(gradient_run(&task, &fault), NABLA_EIO);
    ck_assert_int_eq(errno, EINTR);
    ck_assert(df[63] == 0);
    int number;
    sigwait(&held, &number);
    sigprocmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_eq(gradient_run(&task, &fault), NABLA_OK);
    ck_assert(df[63] == 5);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        enum nabla_dtype dtype;
        unsigned char bytes[16];
        bool swapped;
        double number;
    } cells[] = {
        {NABLA_INT8, {0xff}, false, -1},
        {NABLA_UINT8, {0xff}, false, 255},
        {NABLA_INT16, {0xff, 0xfe}, true, -2},
        {NABLA_UINT32, {0, 0, 0, 1}, false, 16777216},
        {NABLA_FLOAT16, {0x00, 0xbe}, false, -1.5},
        {NABLA_FLOAT16, {0x01, 0x00}, false, 0x1p-24},
        {NABLA_FLOAT16, {0x7c, 0x00}, true, INFINITY},
        {NABLA_FLOAT16, {0x00, 0x7e}, false, NAN},
        {NABLA_FLOAT32, {0x3f, 0xc0, 0, 0}, true, 1.5},
        {NABLA_FLOAT64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, false, 1.5},
        {NABLA_COMPLEX64, {0x40, 0x40, 0, 0, 0x40, 0x80, 0, 0}, true, 5},
        {NABLA_DATETIME64, {0x80, 0, 0, 0, 0, 0, 0, 0}, true, NAN},
        {NABLA_TIMEDELTA64, {0, 0, 0, 0, 0, 0, 0, 5}, true, 5},
    };
    for (int i = 0; i < ROWS(cells); i++) {
        double got = arrays_number(cells[i].bytes, cells[i].dtype, cells[i].swapped);
        ck_assert_msg(got == cells[i].number || (isnan(got) && isnan(cells[i].number)),
                      "row %d: %g", i, got);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_run");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, as_all_at_once, 0, ROUNDS);
    tcase_add_loop_test(all, magnitude, 0, 200);
    tcase_add_test(all, ended_early);
    tcase_add_test(all, numbers);
    suite_add_tcase(s, all);
    return s;
}
