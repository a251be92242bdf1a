/* cli/gradient_run.c -- boxes, shared out to threads by an atomic counter.
 *
 * A slab and its gradients stay in the cache. Mappings are given back every so often, so that what is
 * resident stays small however large the files are.
 * Laws: the same bits for any cut and any number of threads (test_gradient_run.c). Elsewhere: the cut
 * (cli/gradient_tiles.c), one box (cli/gradient_box.c). */
#include "cli/gradient_run.h"

#include "cli/arrays.h"
#include "cli/gradient_box.h"
#include "cli/gradient_progress.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    SLAB_BYTES = 4 << 20, /* of a slab and its gradients: about what a core has of the last cache */
    FORGET_BYTES = 64 << 20, /* of input between two times that mappings are given back */
    THREADS_MAX = 256,
    ROWS_MORE = 8 /* than a box has rows: a slab never has so many, with one to spare */
};

struct npy gradient_output(const struct npy *in)
{
    struct npy out = *in;
    out.dtype = nabla_gradient_dtype(in->dtype);
    if (out.dtype == NABLA_DTYPE_COUNT)
        return out;
    if (in->dtype != out.dtype && out.dtype != NABLA_TIMEDELTA64)
        out.swapped = false; /* made of integers: nothing to keep */
    out.bytes = (size_t)out.count * nabla_dtype_size(out.dtype);
    return out;
}

bool gradient_has_magnitude(enum nabla_dtype dtype)
{
    return dtype == NABLA_FLOAT32 || dtype == NABLA_FLOAT64;
}

static void forget(const struct gradient_task *t)
{
    mapped_forget(t->data, t->in->bytes);
    for (int i = 0; i < (t->magnitude ? 1 : t->axes_n); i++)
        mapped_forget(t->outputs[i], t->out->bytes);
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

static size_t round_up(size_t n)
{
    return (n + 63) / 64 * 64;
}

static bool worker_init(struct worker *w, struct sweep *s)
{
    const struct gradient_task *t = s->task;
    size_t slab = s->direct ? 0 : round_up((size_t)s->tiles.slab_max * item(t->in));
    size_t gradient = (size_t)s->tiles.slab_max * item(t->out);
    size_t gradients = round_up(gradient * (size_t)t->axes_n);
    size_t pieces = t->magnitude ? gradients : 0;
    *w = (struct worker){.s = s};
    w->memory = aligned_alloc(64, slab + gradients + pieces + round_up(s->spacing_room) + 64);
    w->slab = w->memory;
    w->gradients = w->slab + slab;
    w->pieces = w->gradients + gradients;
    w->spacing = w->pieces + pieces;
    return w->memory != NULL;
}

static void worker_fini(struct worker *w)
{
    free(w->memory);
    free(w->workspace);
}

/* Tiles and layouts have dimensions in the order of memory; Fortran's is the axes' order reversed. */
static void arrange(struct sweep *s)
{
    const struct gradient_task *t = s->task;
    struct tiles *tiles = &s->tiles;
    tiles->ndim = t->in->ndim;
    tiles->edge_order = t->edge_order;
    for (int d = 0; d < tiles->ndim; d++)
        tiles->shape[d] = t->in->shape[t->in->fortran ? tiles->ndim - 1 - d : d];
    for (int i = 0; i < t->axes_n; i++) {
        int d = t->in->fortran ? tiles->ndim - 1 - t->axes[i] : t->axes[i];
        s->dim[i] = d;
        tiles->along[d] = true;
        tiles->whole[d] = t->spacing[i].whole;
    }
    size_t largest = item(t->in) > item(t->out) ? item(t->in) : item(t->out);
    size_t bytes = t->slab_bytes > 0 ? t->slab_bytes : SLAB_BYTES;
    tiles_cut(tiles, (int64_t)(bytes / largest) / (1 + t->axes_n));
    s->in.at = (char *)(size_t)t->data;
    s->direct = !t->in->swapped && (size_t)t->data % item(t->in) == 0;
    layout_packed(&s->in, tiles->ndim, tiles->shape, item(t->in));
    layout_packed(&s->out, tiles->ndim, tiles->shape, item(t->out));
    for (int i = 0; i < t->axes_n; i++)
        s->spacing_room += spacing_room(&t->spacing[i], tiles->extent[s->dim[i]] + ROWS_MORE);
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

enum nabla_status gradient_run(const struct gradient_task *task, struct nabla_fault *fault)
{
    struct sweep s = {.task = task};
    int n = task->threads < THREADS_MAX ? task->threads : THREADS_MAX;
    if (task->in->count == 0)
        return NABLA_OK;
    arrange(&s);
    n = s.tiles.boxes < n ? (int)s.tiles.boxes : n;
    struct worker *workers = calloc((size_t)n, sizeof *workers);
    int made = 0;
    while (workers != NULL && made < n && worker_init(&workers[made], &s))
        made++;
    if (made == 0)
        fail(&s, NABLA_ENOMEM, ENOMEM, &s.fault);
    else
        run_workers(&s, workers, made);
    for (int i = 0; i < made; i++)
        worker_fini(&workers[i]);
    if (made < n && workers != NULL)
        worker_fini(&workers[made]);
    free(workers);
    *fault = s.fault;
    errno = s.error;
    return (enum nabla_status)atomic_load(&s.status);
}
