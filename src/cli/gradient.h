/* cli/gradient.h -- what the parts of nabla gradient share: its arguments, and the two kinds of input. */
#ifndef CLI_GRADIENT_H
#define CLI_GRADIENT_H

#include "cli/arrays.h"
#include "cli/cli.h"
#include "cli/gradient_run.h"

#include <nabla/nabla.h>

#include <stdbool.h>

enum { GRADIENT_THREADS_MAX = 256, GRADIENT_REPEAT_MAX = 16 };

/* As given; texts are argv's. Nothing of it has been held against an array. */
struct gradient_args {
    const char *input;
    const char *input_name; /* the same, for messages */
    const char *output;     /* NULL: none given */
    const char *plot;
    const char *x, *y; /* columns */
    const char *spacing[NABLA_DIMS_MAX];
    int spacing_n;
    const char *boundary[NABLA_DIMS_MAX];
    int boundary_n;
    int axes[NABLA_DIMS_MAX];
    int axes_n; /* 0: all */
    int edge_order;
    const char *edge_text; /* NULL: not given, and 1 is only the default */
    enum nabla_mode mode;
    bool mode_given;
    int accuracy, order; /* 0: not given */
    enum nabla_nan_policy nan;
    const char *fill_text; /* NULL: gaps stay */
    enum nabla_gap_ends fill_ends;
    int64_t fill_max; /* 0: gaps of any length */
    int64_t smooth;   /* elements of the window; 1: as it is */
    int repeat;
    int threads;
    size_t memory; /* bytes for blocks; 0: not given */
    bool magnitude, laplacian;
    bool help;
};

/* Reads the command line. False: an error has been printed. */
bool gradient_args_read(int argc, char **argv, struct gradient_args *out);

/* An array's axes and how each is differentiated. Zeroed: none; gradient_plan_fini closes the files. */
struct gradient_plan {
    int axes[NABLA_DIMS_MAX]; /* from 0 */
    int axes_n;
    struct spacing opened[NABLA_DIMS_MAX]; /* one a -s */
    int opened_n;
    struct spacing spacing[NABLA_DIMS_MAX]; /* one an axis; borrows opened */
    struct scheme scheme[NABLA_DIMS_MAX];   /* one an axis */
};

/* Holds the arguments against an array's shape; given, if not NULL, is the spacing of its only axis,
 * borrowed. False: an error has been printed. */
bool gradient_plan_make(const struct gradient_args *a, int ndim, const int64_t *shape,
                        const struct spacing *given, struct gradient_plan *out);
void gradient_plan_fini(struct gradient_plan *p);

/* What a plan comes to, all but where results go. Borrows all of them. */
void gradient_task_make(const struct gradient_args *a, const struct gradient_plan *p,
                        const struct npy *in, const char *data, struct gradient_task *out);

/* Runs the command on an input that has been mapped. */
enum cli_exit gradient_npy(const struct gradient_args *a, const struct mapped *input);
enum cli_exit gradient_csv(const struct gradient_args *a, const struct mapped *input);

/* "out.npy" to "out.0.npy", "out" to "out.0.npy"; free() it. NULL: no memory. */
char *gradient_output_name(const char *output, int axis);

/* Prints why an output failed: 2 if the caller can name another, 1 if not. Reads errno. */
enum cli_exit gradient_output_error(const char *target, const char *why, int error);

#endif
