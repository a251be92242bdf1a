/* cli/gradient_box.h -- one box of an array: read, differentiated, put in its place. Private to
 * gradient_run.c, which shares the boxes out. */
#ifndef CLI_GRADIENT_BOX_H
#define CLI_GRADIENT_BOX_H

#include "cli/arrays_copy.h"
#include "cli/gradient_run.h"

#include <pthread.h>
#include <stdatomic.h>

/* What all workers share. */
struct sweep {
    const struct gradient_task *task;
    struct tiles tiles;
    struct layout in;        /* dimensions in the order of memory, as in tiles */
    struct layout out;       /* strides alone */
    int dim[NABLA_DIMS_MAX]; /* of each of the task's axes */
    bool direct;             /* nabla_gradient can read the input where it is */
    size_t spacing_room;
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
    char *slab;      /* the input, if it is not read where it is */
    char *gradients; /* one slab an axis */
    char *pieces;    /* magnitude: one box an axis */
    char *spacing;   /* of the axes that are differentiated together */
    char *workspace;
    size_t workspace_n;
    struct nabla_fault fault;
};

/* Bytes of an element. */
static inline size_t item(const struct npy *npy)
{
    return nabla_dtype_size(npy->dtype);
}

/* Errors: NABLA_EIO with errno, NABLA_ENOMEM, and the library's, with w->fault. */
MUST_CHECK enum nabla_status run_box(struct worker *w, const struct box *box);

#endif
