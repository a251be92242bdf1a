/* cli/plot.h -- pictures of an array and its gradient, drawn by gnuplot. Whatever the size of the
 * arrays, a picture is made of a few thousand points or a few hundred thousand dots. */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include "cli/cli.h"
#include "cli/gradient_spacing.h"
#include "wire/npy.h"

#include <stdint.h>

struct plot_array {
    const char *data; /* as a .npy file has it */
    const struct npy *npy;
};

/* Where the elements of a series are; one of them is set, or none: 0, 1, 2, ... */
struct plot_axis {
    const struct spacing *spacing;
    const double *x;
    const int64_t *t_ns; /* since the Unix epoch: the picture shows dates */
    const char *label;   /* NULL: none */
    int order;           /* of the derivative that is drawn; 0 and 1: the gradient */
};

/* Can there be a picture at all? Prints why not: gnuplot is not there. */
enum cli_exit plot_check(const char *target);

/* Each draws to target (.svg or .png), which is replaced when the picture is whole, or prints why
 * not. A series and its gradient, of the same length, one under the other; */
enum cli_exit plot_series(const char *target, const struct plot_axis *x, const char *title,
                          const struct plot_array *value, const struct plot_array *gradient);

/* an image and what became of it, of the same shape, side by side: the length of its gradient, of
 * which n components (1 or 2) are given, or with plain the only one as it is. */
struct plot_image {
    const char *title, *result_title;
    const struct plot_array *value, *results;
    int n;
    bool plain;
};
enum cli_exit plot_image(const char *target, const struct plot_image *image);

#endif
