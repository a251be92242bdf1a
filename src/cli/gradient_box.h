/* cli/gradient_box.h -- one box of an array: read, differentiated, put in its place. Private to
 * gradient_run.c, which shares the boxes out. */
#ifndef CLI_GRADIENT_BOX_H
#define CLI_GRADIENT_BOX_H

#include "cli/arrays_copy.h"
#include "cli/gradient_chain.h"
#include "cli/gradient_run.h"

#include <pthread.h>
#include <stdatomic.h>

/* What all workers share. */
struct sweep {
    const struct gradient_task *task;
    struct tiles tiles;
    struct layout in;           /* dimensions in the order of memory, as in tiles */
    int dim[NABLA_DIMS_MAX];    /* of each of the task's axes */
    bool round[NABLA_DIMS_MAX]; /* of each dimension: it is periodic */
    bool direct;                /* nabla_gradient can read the input where it is */
    bool chained;               /* each axis by its own chain; else all at once by nabla_gradient */
    struct chain *chains;       /* owned; one an axis */
    size_t slab_bytes;  /* of a slab: as it is read, and of what is computed, an axis or a link */
    size_t piece_bytes; /* of one axis' result of a box */
    int pieces_n;       /* the last one is for turning round */
    size_t spacing_bytes;
    atomic_int_fast64_t next;  /* box that nobody has taken yet */
    atomic_uint_fast64_t done; /* bytes of input */
    atomic_int status;         /* enum nabla_status of the first worker that failed */
    int error;                 /* its errno; valid once all workers have ended */
    struct nabla_fault fault;  /* likewise */
};

/* What each has for itself: one block of memory, cut up. */
struct worker {
    struct sweep *s;
    pthread_t thread;
    bool started;
    char *memory;
    char *slab;
    char *gradients; /* one slab an axis; of a chain one, the other end of its links */
    char *pieces;
    char *spacing; /* of the axes that are differentiated together */
    char *workspace;
    size_t workspace_n;
    struct nabla_fault fault;
};

/* Bytes of an element. */
static inline size_t item(const struct npy *npy)
{
    return nabla_dtype_size(npy->dtype);
}

/* Boxes of a task, and what a worker needs for one of them. Errors: NABLA_ENOMEM; NABLA_ELIMIT, said in
 * s->fault, if the smallest boxes there are take more memory than the task allows. */
MUST_CHECK enum nabla_status sweep_arrange(struct sweep *s);

/* Bytes of a worker's block of memory, a multiple of 64; its parts in *w, if that is not NULL. */
size_t sweep_divide(const struct sweep *s, struct worker *w);

/* Errors: NABLA_EIO with errno, NABLA_ENOMEM, and the library's, with w->fault. */
MUST_CHECK enum nabla_status run_box(struct worker *w, const struct box *box);

/* ---- of the parts that a box is made of */

/* Where a box begins. */
static inline char *at_box(char *first, const int64_t *strides, const struct box *b, int ndim)
{
    for (int d = 0; d < ndim; d++)
        first += b->lo[d] * strides[d];
    return first;
}

static inline void extents_of(const struct box *b, int ndim, int64_t *extents)
{
    for (int d = 0; d < ndim; d++)
        extents[d] = b->hi[d] - b->lo[d];
}

/* Reads the slab's bytes in, so that a disk that fails is an error; not if they lie far apart. False
 * with errno. */
bool box_fetch(const struct sweep *s, const struct box *slab);

/* A workspace of so many bytes; false: no memory. */
bool worker_has_room(struct worker *w, size_t need);

/* Keeps the box out of a slab of results of the task's axis i: in its place, or as a piece. False,
 * with errno and the output in w->fault, if it cannot be written. */
bool box_keep(struct worker *w, const struct box *box, const struct box *slab, const char *results,
              int i);

/* Writes a box of elements to output i. As box_keep. */
bool box_write(struct worker *w, const struct box *box, const struct layout *from, int i);

#endif
