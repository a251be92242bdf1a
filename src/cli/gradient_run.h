/* cli/gradient_run.h -- the gradient of one array in memory, mapped or not, box by box: in little
 * memory of its own, and with what it has read given back as it goes. */
#ifndef CLI_GRADIENT_RUN_H
#define CLI_GRADIENT_RUN_H

#include "cli/gradient_spacing.h"
#include "wire/npy.h"

#include <stdbool.h>

struct gradient_task {
    const struct npy *in;
    const char *data;              /* in's first element: in's byte order, any alignment */
    const int *axes;               /* from 0 to ndim - 1, each once, long enough for the stencil */
    int axes_n;                    /* at least 1 */
    const struct spacing *spacing; /* one for each of axes, of that axis' length */
    int edge_order;
    enum nabla_mode mode;
    int threads;           /* at least 1 */
    bool magnitude;        /* the length of the gradient instead, as nabla_magnitude has it */
    const struct npy *out; /* what the outputs are, as gradient_output says */
    char *const *outputs;  /* where their elements go: one an axis, or one for the magnitude */
    bool show_progress;    /* on standard error */
    size_t slab_bytes;     /* of input and gradients at a time; 0: what fits the cache */
};

/* What the gradient of such an array is: numpy's dtype, shape and layout, and the input's byte order
 * where the dtype is of the same kind. offset is not set. */
struct npy gradient_output(const struct npy *in);

/* True if a dtype, as gradient_output has it, has a magnitude here. */
bool gradient_has_magnitude(enum nabla_dtype dtype);

/* Computes; each bit is as nabla_gradient's for the whole array, whatever the threads. Signals that
 * the caller has blocked end it early. Errors: NABLA_EIO with errno (EINTR: such a signal is pending),
 * NABLA_ENOMEM, and what nabla_gradient refuses, said in *fault. */
MUST_CHECK enum nabla_status gradient_run(const struct gradient_task *task,
                                          struct nabla_fault *fault);

#endif
