/* cli/gradient_run.c -- boxes, shared out to threads by an atomic counter.
 *
 * A slab and its gradients stay in the cache. Mappings are given back every so often, so that what is
 * resident stays small however large the files are.
 * Laws: the same bits for any cut and any number of threads (test_gradient_run.c). Elsewhere: the cut
 * (cli/gradient_arrange.c), one box (cli/gradient_box.c). */
#include "cli/gradient_run.h"

#include "cli/arrays.h"
#include "cli/gradient_box.h"
#include "cli/gradient_progress.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    FORGET_BYTES = 64 << 20, /* of input between two times that mappings are given back */
    THREADS_MAX = 256,
};

int gradient_outputs_n(const struct gradient_task *t)
{
    return t->result == GRADIENT_EACH ? t->axes_n : 1;
}

static struct npy describe(const struct npy *in, enum nabla_dtype dtype)
{
    struct npy out = *in;
    out.dtype = dtype;
    if (in->dtype != dtype && dtype != NABLA_TIMEDELTA64)
        out.swapped = false; /* another kind of number: nothing to keep */
    if (dtype != NABLA_DTYPE_COUNT)
        out.bytes = (size_t)out.count * nabla_dtype_size(dtype);
    return out;
}

/* Of one result of all axes: float16 is too narrow for it. */
static enum nabla_dtype one_dtype(enum nabla_dtype in, enum nabla_dtype part)
{
    if (in == NABLA_FLOAT16 || in == NABLA_FLOAT32)
        return NABLA_FLOAT32;
    return part == NABLA_FLOAT64 ? part : NABLA_DTYPE_COUNT;
}

bool gradient_outputs(const struct gradient_task *t, struct npy *out, const char **what)
{
    for (int i = 0; i < t->axes_n; i++) {
        enum nabla_dtype dtype = chain_dtype(t, i, what);
        if (dtype != NABLA_DTYPE_COUNT && t->result != GRADIENT_EACH) {
            *what = "--magnitude";
            dtype = one_dtype(t->in->dtype, dtype);
        }
        if (dtype == NABLA_DTYPE_COUNT)
            return false;
        if (i < gradient_outputs_n(t))
            out[i] = describe(t->in, dtype);
    }
    return true;
}

static void forget(const struct gradient_task *t)
{
    mapped_forget(t->data, t->in->bytes);
    for (int i = 0; i < t->axes_n; i++)
        spacing_forget(&t->spacing[i]);
}

/* Counts what is done; whoever passes the mark gives back what is mapped. */
static uint64_t count_done(struct sweep *s, uint64_t bytes)
{
    uint64_t before = atomic_fetch_add(&s->done, bytes);
    if (before / FORGET_BYTES != (before + bytes) / FORGET_BYTES)
        forget(s->task);
    return before + bytes;
}

/* Is a signal pending that would have ended the program, had it not been blocked? */
static bool is_interrupted(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
            sigismember(&pending, SIGHUP) == 1);
}

/* The first failure is the one that is told. */
static void fail(struct sweep *s, enum nabla_status status, int error,
                 const struct nabla_fault *fault)
{
    int none = NABLA_OK;
    if (!atomic_compare_exchange_strong(&s->status, &none, (int)status))
        return;
    s->error = error;
    s->fault = *fault;
}

static void run_boxes(struct worker *w, struct progress *progress)
{
    struct sweep *s = w->s;
    struct box box;
    while (atomic_load(&s->status) == NABLA_OK) {
        int64_t number = atomic_fetch_add(&s->next, 1);
        if (number >= s->tiles.boxes)
            return;
        tiles_box(&s->tiles, number, &box);
        enum nabla_status status = run_box(w, &box);
        if (status != NABLA_OK)
            fail(s, status, errno, &w->fault);
        else if (is_interrupted())
            fail(s, NABLA_EIO, EINTR, &w->fault);
        size_t bytes = (size_t)box_elements(&box, s->tiles.ndim) * item(s->task->in);
        uint64_t done = count_done(s, bytes);
        if (progress != NULL)
            progress_show(progress, done, s->task->in->bytes);
    }
}

static void *run_thread(void *worker)
{
    run_boxes(worker, NULL);
    return NULL;
}

static bool worker_init(struct worker *w, struct sweep *s)
{
    *w = (struct worker){.s = s, .memory = aligned_alloc(64, sweep_divide(s, NULL))};
    if (w->memory != NULL)
        sweep_divide(s, w);
    return w->memory != NULL;
}

static void worker_fini(struct worker *w)
{
    free(w->memory);
    free(w->workspace);
}

/* The caller's thread is the first worker, and shows how far it has come. */
static void run_workers(struct sweep *s, struct worker *workers, int n)
{
    struct progress progress;
    for (int i = 1; i < n; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, run_thread, &workers[i]) == 0;
    progress_begin(&progress, s->task->show_progress);
    run_boxes(&workers[0], &progress);
    progress_end(&progress);
    for (int i = 1; i < n; i++)
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
}

static void run_all(struct sweep *s, int n)
{
    struct worker *workers = calloc((size_t)n, sizeof *workers);
    int made = 0;
    while (workers != NULL && made < n && worker_init(&workers[made], s))
        made++;
    if (made == 0)
        fail(s, NABLA_ENOMEM, ENOMEM, &s->fault);
    else
        run_workers(s, workers, made);
    for (int i = 0; i < made; i++)
        worker_fini(&workers[i]);
    free(workers);
}

enum nabla_status gradient_run(const struct gradient_task *task, struct nabla_fault *fault)
{
    struct sweep s = {.task = task, .fault.argument = -1};
    int n = task->threads < THREADS_MAX ? task->threads : THREADS_MAX;
    if (task->in->count == 0)
        return NABLA_OK;
    enum nabla_status status = sweep_arrange(&s);
    if (status == NABLA_OK)
        run_all(&s, s.tiles.boxes < n ? (int)s.tiles.boxes : n);
    else
        fail(&s, status, ENOMEM, &s.fault);
    free(s.chains);
    *fault = s.fault;
    errno = s.error;
    return (enum nabla_status)atomic_load(&s.status);
}
