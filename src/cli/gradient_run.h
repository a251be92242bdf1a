/* cli/gradient_run.h -- the gradient of one array in memory, mapped or not, box by box: in little
 * memory of its own, and with what it has read given back as it goes. */
#ifndef CLI_GRADIENT_RUN_H
#define CLI_GRADIENT_RUN_H

#include "cli/gradient_scheme.h"
#include "cli/gradient_spacing.h"
#include "wire/npy.h"

#include <stdbool.h>

/* Where the elements of one result go: memory, or a file from an offset on. */
struct gradient_sink {
    char *at; /* NULL: a file */
    const struct outfile *file;
    size_t offset;
};

enum gradient_result { GRADIENT_EACH, GRADIENT_MAGNITUDE, GRADIENT_LAPLACIAN };

struct gradient_task {
    const struct npy *in;
    const char *data;              /* in's first element: in's byte order, any alignment */
    const int *axes;               /* from 0 to ndim - 1, each once, long enough for its scheme */
    int axes_n;                    /* at least 1 */
    const struct spacing *spacing; /* one for each of axes, of that axis' length */
    const struct scheme *scheme;   /* likewise */
    enum nabla_mode mode;
    bool fill; /* gaps first, along the only axis */
    enum nabla_gap_ends fill_ends;
    int64_t fill_max; /* 0: gaps of any length */
    int64_t smooth;   /* then the mean of so many elements along each of axes; 0 or 1: none */
    enum nabla_nan_policy smooth_nan;
    int repeat; /* how many times along each of axes; 0 or 1: once; not of one result of all */
    enum gradient_result result;
    int threads;                         /* at least 1 */
    const struct npy *out;               /* what gradient_outputs says of each output */
    const struct gradient_sink *outputs; /* one an axis, or one of all */
    bool show_progress;                  /* on standard error */
    size_t slab_bytes; /* of what a thread works on at a time, if it can be so little; 0: what fits
                          the cache */
    size_t memory;     /* of all blocks together, at most; 0: 256 MiB a thread */
};

int gradient_outputs_n(const struct gradient_task *task);

/* What each output is: numpy's dtype where nabla_gradient makes it, else float32 of float16 and
 * float32, float64 of all others; the input's shape and layout, and its byte order where the dtype is of
 * the same kind. offset is not set. False: the dtype of the input has no such result, which `what` of
 * the options asks for. */
bool gradient_outputs(const struct gradient_task *task, struct npy *out, const char **what);

/* Computes. Each bit is as if the whole were worked on at once, by the library's functions one after
 * the other, whatever the blocks and threads; smoothing and filling go round a periodic axis. Signals
 * that the caller has blocked end it early. Errors: NABLA_EIO with errno (EINTR: such a signal is
 * pending; with fault->argument the output that could not be written, -1: the input), NABLA_ENOMEM,
 * NABLA_ELIMIT if memory is too little, and what the library refuses, said in *fault. */
MUST_CHECK enum nabla_status gradient_run(const struct gradient_task *task,
                                          struct nabla_fault *fault);

#endif
