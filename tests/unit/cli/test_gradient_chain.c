/* test_gradient_chain.c -- a chain of links, box by box, is the library's calls on the whole, one after
 * the other: every bit, for any cut, layout, byte order, spacing and number of threads. What goes
 * round a period has no call for the whole; there, any cut is as one box. */
#include "cli/gradient_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../guard.h"
#include "suite.h"

enum { ROUNDS = 250, DIMS = 3 };
static const uint64_t side = 30;

struct trial {
    struct npy in, out[DIMS];
    int64_t shape[DIMS];
    char *data; /* owned: in's byte order and layout */
    int axes[DIMS], axes_n;
    double *x[DIMS]; /* owned; NULL: a step */
    struct spacing spacing[DIMS];
    struct scheme scheme[DIMS];
    struct gradient_task task;
    char *got[DIMS], *again[DIMS];
    struct gradient_sink sinks[DIMS];
};

static const enum nabla_dtype dtypes[] = {NABLA_FLOAT64, NABLA_FLOAT64, NABLA_FLOAT32, NABLA_INT16};

static void make_array(struct trial *t, uint64_t *state, int64_t most)
{
    struct npy *in = &t->in;
    in->dtype = dtypes[random_below(state, ROWS(dtypes))];
    in->ndim = 1 + (int)random_below(state, DIMS);
    in->fortran = random_below(state, 2) == 1;
    in->swapped = random_below(state, 3) == 0;
    in->count = 1;
    for (int d = 0; d < in->ndim; d++)
        in->count *= in->shape[d] =
            11 + (int64_t)random_below(state, in->ndim == 1 ? (uint64_t)most : side >> d);
    size_t size = nabla_dtype_size(in->dtype);
    in->bytes = (size_t)in->count * size;
    t->data = malloc(in->bytes);
    for (int64_t i = 0; i < in->count; i++) {
        char v[8], *to = t->data + (size_t)i * size;
        double number = (double)random_below(state, 1000) * 0.37;
        bool gap = random_below(state, 12) == 0;
        if (in->dtype == NABLA_FLOAT64)
            memcpy(v, &(double){gap ? (double)NAN : number}, 8);
        else if (in->dtype == NABLA_FLOAT32)
            memcpy(v, &(float){gap ? NAN : (float)number}, 4);
        else
            memcpy(v, &(int16_t){(int16_t)number}, 2);
        for (size_t b = 0; b < size; b++)
            to[b] = v[in->swapped ? size - 1 - b : b];
    }
}

static void make_axis(struct trial *t, int i, bool may_go_round, uint64_t *state)
{
    struct scheme *s = &t->scheme[i];
    int64_t n = t->in.shape[t->axes[i]];
    bool uneven = random_below(state, 2) == 1;
    s->edge_order = 1 + (int)random_below(state, 2);
    s->beyond = t->task.result == GRADIENT_LAPLACIAN || random_below(state, 2) == 1;
    s->options = (struct nabla_derivative_options){
        .order = t->task.result == GRADIENT_LAPLACIAN ? 2 : 1 + (int)random_below(state, 4),
        .accuracy = 2 + 2 * (int)random_below(state, 3),
        .before = random_below(state, 2) == 1 ? NABLA_REFLECT : NABLA_ONE_SIDED,
        .after = random_below(state, 2) == 1 ? NABLA_REFLECT : NABLA_ONE_SIDED,
        .nan = (enum nabla_nan_policy)random_below(state, 3)};
    if (may_go_round && random_below(state, 2) == 1) {
        s->beyond = true;
        s->options.before = s->options.after = NABLA_PERIODIC;
    }
    t->spacing[i] = (struct spacing){.kind = NABLA_STEP, .step = 0.7};
    if (!uneven)
        return;
    t->x[i] = malloc((size_t)n * sizeof(double));
    double x = 0;
    for (int64_t k = 0; k < n; k++, x += 0.1 + (double)random_below(state, 3))
        t->x[i][k] = x;
    t->spacing[i] = spacing_of(NABLA_COORDINATES, t->x[i], n);
    t->spacing[i].mode = t->task.mode;
    t->spacing[i].period = scheme_is_periodic(s) ? x + 0.3 : 0;
}

static void make_trial(struct trial *t, bool may_go_round, int64_t most, uint64_t *state)
{
    const char *what;
    *t = (struct trial){.axes_n = 0};
    make_array(t, state, most);
    int first = (int)random_below(state, (uint64_t)t->in.ndim);
    t->axes_n = 1 + (int)random_below(state, (uint64_t)t->in.ndim);
    t->task = (struct gradient_task){
        .in = &t->in,
        .data = t->data,
        .axes = t->axes,
        .axes_n = t->axes_n,
        .spacing = t->spacing,
        .scheme = t->scheme,
        .mode =
            t->in.dtype == NABLA_FLOAT32 ? NABLA_NUMPY : (enum nabla_mode)random_below(state, 2),
        .fill = t->axes_n == 1 && random_below(state, 3) == 0,
        .fill_ends = (enum nabla_gap_ends)random_below(state, 2),
        .fill_max = (int64_t)random_below(state, 4),
        .smooth = (int64_t)random_below(state, 7),
        .smooth_nan = (enum nabla_nan_policy)random_below(state, 3),
        .result = (enum gradient_result)random_below(state, 3),
        .threads = 1,
        .out = t->out,
        .outputs = t->sinks,
    };
    if (t->task.result == GRADIENT_EACH)
        t->task.repeat = (int)random_below(state, 4);
    for (int i = 0; i < t->axes_n; i++) {
        t->axes[i] = (first + i) % t->in.ndim;
        make_axis(t, i, may_go_round, state);
    }
    ck_assert(gradient_outputs(&t->task, t->out, &what));
    for (int i = 0; i < gradient_outputs_n(&t->task); i++) {
        t->got[i] = calloc(1, t->out[i].bytes + 16);
        t->again[i] = calloc(1, t->out[i].bytes + 16);
    }
}

static void trial_fini(struct trial *t)
{
    for (int i = 0; i < DIMS; i++) {
        free(t->x[i]);
        free(t->got[i]);
        free(t->again[i]);
    }
    free(t->data);
}

static void run(struct trial *t, char **to, size_t slab_bytes, int threads, int number)
{
    struct nabla_fault fault = {0};
    for (int i = 0; i < gradient_outputs_n(&t->task); i++)
        t->sinks[i].at = to[i];
    t->task.slab_bytes = slab_bytes;
    t->task.threads = threads;
    ck_assert_msg(gradient_run(&t->task, &fault) == NABLA_OK, "trial %d: %s", number,
                  fault.message);
}

/* What there is between two calls: native, in the order of the axes. */
struct whole {
    enum nabla_dtype dtype;
    char *at; /* owned */
};

static struct nabla_array view(const struct trial *t, const struct whole *w)
{
    return (struct nabla_array){w->at, w->dtype, t->in.ndim, t->in.shape, NULL};
}

static struct whole empty(const struct trial *t, enum nabla_dtype dtype)
{
    return (struct whole){dtype, calloc(1, (size_t)t->in.count * nabla_dtype_size(dtype) + 16)};
}

/* Between an array in the order of its axes, native, and one as its file has it. */
static void convert(const struct npy *npy, const char *from, char *to, bool to_file)
{
    size_t size = nabla_dtype_size(npy->dtype);
    for (int64_t i = 0; i < npy->count; i++) {
        int64_t rest = i, place = 0, stride = 1;
        int64_t at[DIMS];
        for (int d = npy->ndim - 1; d >= 0; d--, rest = rest / npy->shape[d + 1])
            at[d] = rest % npy->shape[d];
        for (int k = 0; k < npy->ndim; k++) {
            int d = npy->fortran ? k : npy->ndim - 1 - k;
            place += at[d] * stride;
            stride *= npy->shape[d];
        }
        for (size_t b = 0; b < size; b++) {
            size_t other = npy->swapped ? size - 1 - b : b;
            if (to_file)
                to[(size_t)place * size + other] = from[(size_t)i * size + b];
            else
                to[(size_t)i * size + b] = from[(size_t)place * size + other];
        }
    }
}

static enum nabla_dtype real_dtype(enum nabla_dtype dtype)
{
    return dtype == NABLA_FLOAT32 ? NABLA_FLOAT32 : NABLA_FLOAT64;
}

static struct nabla_spacing spacing_of_axis(const struct trial *t, int i)
{
    return t->x[i] == NULL ? nabla_step(0.7) : nabla_coordinates(t->x[i], t->in.shape[t->axes[i]]);
}

static void replace(struct whole *w, struct whole by)
{
    free(w->at);
    *w = by;
}

/* Gaps filled and means taken. */
static struct whole prepare(const struct trial *t)
{
    struct whole w = empty(t, t->in.dtype);
    convert(&t->in, t->data, w.at, false);
    for (int i = -1; i < t->axes_n; i++) {
        if (i < 0 ? !t->task.fill : t->task.smooth < 2)
            continue;
        struct whole next = empty(t, real_dtype(w.dtype));
        struct nabla_array f = view(t, &w), out = view(t, &next);
        struct nabla_spacing spacing = spacing_of_axis(t, i < 0 ? 0 : i);
        enum nabla_status status =
            i < 0 ? nabla_interpolate_gaps(&f, t->axes[0], &spacing, t->task.fill_ends,
                                           t->task.fill_max, 1, &out, NULL)
                  : nabla_rolling_mean(&f, t->axes[i], t->task.smooth, t->task.smooth_nan, 1, &out,
                                       NULL);
        ck_assert_int_eq(status, NABLA_OK);
        replace(&w, next);
    }
    return w;
}

static struct whole differentiate(const struct trial *t, int i, const struct whole *w)
{
    const struct scheme *s = &t->scheme[i];
    size_t room = nabla_derivative_workspace() + (1 << 20);
    struct whole next = empty(t, s->beyond ? real_dtype(w->dtype) : nabla_gradient_dtype(w->dtype));
    if (t->task.result == GRADIENT_LAPLACIAN)
        replace(&next, empty(t, NABLA_FLOAT64));
    struct nabla_array f = view(t, w), out = view(t, &next);
    struct nabla_spacing spacing = spacing_of_axis(t, i);
    struct nabla_options numpy = {.spacing = &spacing,
                                  .spacing_n = 1,
                                  .axes = &t->axes[i],
                                  .axes_n = 1,
                                  .edge_order = s->edge_order,
                                  .mode = t->task.mode};
    struct nabla_derivative_options beyond = s->options;
    beyond.spacing = spacing;
    void *workspace = malloc(room);
    struct nabla_fault fault = {0};
    enum nabla_status status =
        s->beyond ? nabla_derivative(&f, t->axes[i], &beyond, &out, workspace, room, &fault)
                  : nabla_gradient(&f, &numpy, &out, 1, workspace, room, &fault);
    ck_assert_msg(status == NABLA_OK, "%s", fault.message);
    free(workspace);
    return next;
}

/* One result of all parts, which are freed. */
static struct whole combine(const struct trial *t, struct whole *parts)
{
    struct whole one = empty(t, t->out[0].dtype);
    struct nabla_array views[DIMS], out = view(t, &one);
    for (int i = 0; i < t->axes_n; i++)
        views[i] = view(t, &parts[i]);
    if (t->task.result == GRADIENT_MAGNITUDE)
        ck_assert_int_eq(nabla_magnitude(views, t->axes_n, 1, &out, NULL), NABLA_OK);
    for (int64_t k = 0; k < t->in.count && t->task.result == GRADIENT_LAPLACIAN; k++) {
        double sum = ((double *)(void *)parts[0].at)[k];
        for (int i = 1; i < t->axes_n; i++)
            sum += ((double *)(void *)parts[i].at)[k];
        if (one.dtype == NABLA_FLOAT32)
            ((float *)(void *)one.at)[k] = (float)sum;
        else
            ((double *)(void *)one.at)[k] = sum;
    }
    for (int i = 0; i < t->axes_n; i++)
        free(parts[i].at);
    return one;
}

static void expect(const struct trial *t, int i, struct whole *want, int number)
{
    char *file = calloc(1, t->out[i].bytes + 16);
    ck_assert_msg(want->dtype == t->out[i].dtype, "trial %d: output %d is %s", number, i,
                  nabla_dtype_name(t->out[i].dtype));
    convert(&t->out[i], want->at, file, true);
    ck_assert_msg(memcmp(file, t->got[i], t->out[i].bytes) == 0, "trial %d: output %d", number, i);
    free(file);
    free(want->at);
}

START_TEST(as_the_library_says)
{
    uint64_t state = (uint64_t)_i * 7919 + 3;
    struct trial t;
    struct whole parts[DIMS];
    make_trial(&t, false, 200, &state);
    run(&t, t.got, 100 + random_below(&state, 1 << random_below(&state, 16)),
        1 + (int)random_below(&state, 3), _i);
    struct whole ready = prepare(&t);
    for (int i = 0; i < t.axes_n; i++) {
        parts[i] = differentiate(&t, i, &ready);
        for (int k = 1; k < t.task.repeat; k++)
            replace(&parts[i], differentiate(&t, i, &parts[i]));
    }
    free(ready.at);
    if (t.task.result != GRADIENT_EACH)
        parts[0] = combine(&t, parts);
    for (int i = 0; i < gradient_outputs_n(&t.task); i++)
        expect(&t, i, &parts[i], _i);
    trial_fini(&t);
}
END_TEST

START_TEST(any_cut_is_as_one)
{
    uint64_t state = (uint64_t)_i * 104729 + 5;
    struct trial t;
    make_trial(&t, true, 500, &state);
    run(&t, t.got, 64 << 20, 1, _i);
    run(&t, t.again, 100 + random_below(&state, 1 << random_below(&state, 16)),
        1 + (int)random_below(&state, 3), _i);
    for (int i = 0; i < gradient_outputs_n(&t.task); i++)
        ck_assert_msg(memcmp(t.got[i], t.again[i], t.out[i].bytes) == 0, "trial %d: output %d", _i,
                      i);
    trial_fini(&t);
}
END_TEST

/* Counts near the end of their type go round a period without a difference. */
START_TEST(a_period_of_counts)
{
    enum { N = 12 };
    int64_t at[N];
    double f[N], df[N];
    const int axis = 0;
    struct npy npy = {.dtype = NABLA_FLOAT64, .ndim = 1, .shape = {N}, .count = N, .bytes = N * 8};
    struct nabla_fault fault = {0};
    for (int i = 0; i < N; i++) {
        at[i] = INT64_MAX - 2000 + 100 * i;
        f[i] = sin(2 * acos(-1) * i / N);
    }
    struct spacing x = {.kind = NABLA_COORDINATES,
                        .at = (char *)at,
                        .dtype = NABLA_INT64,
                        .n = N,
                        .period = 100 * N};
    struct scheme scheme = {.beyond = true,
                            .options = {.before = NABLA_PERIODIC, .after = NABLA_PERIODIC}};
    const struct gradient_sink sink = {.at = (char *)df};
    struct gradient_task task = {.in = &npy,
                                 .data = (char *)f,
                                 .axes = &axis,
                                 .axes_n = 1,
                                 .spacing = &x,
                                 .scheme = &scheme,
                                 .threads = 1,
                                 .out = &npy,
                                 .outputs = &sink,
                                 .slab_bytes = (size_t)_i};
    ck_assert_msg(gradient_run(&task, &fault) == NABLA_OK, "%s", fault.message);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(df[i], (f[(i + 1) % N] - f[(i + N - 1) % N]) / 200, 1e-17);
}
END_TEST

START_TEST(too_little_memory)
{
    uint64_t state = 11;
    struct trial t;
    struct nabla_fault fault = {0};
    make_trial(&t, false, 2000, &state);
    t.task.smooth = 9;
    t.task.memory = 64;
    for (int i = 0; i < gradient_outputs_n(&t.task); i++)
        t.sinks[i].at = t.got[i];
    ck_assert_int_eq(gradient_run(&t.task, &fault), NABLA_ELIMIT);
    ck_assert_ptr_nonnull(strstr(fault.message, "--memory 1M allows it"));
    trial_fini(&t);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_chain");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, as_the_library_says, 0, ROUNDS);
    tcase_add_loop_test(all, any_cut_is_as_one, 0, ROUNDS);
    tcase_add_loop_test(all, a_period_of_counts, 1, 3);
    tcase_add_test(all, too_little_memory);
    suite_add_tcase(s, all);
    return s;
}
