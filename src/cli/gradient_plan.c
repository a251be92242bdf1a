/* cli/gradient_plan.c -- the command line held against an array: which axes, what spacing, and who
 * differentiates along each.
 *
 *     an axis is numpy's      unless order, accuracy, boundary or missing values are asked for that
 *     (nabla_gradient)        numpy has not: then it is nabla_derivative's
 *
 * All is refused here that can be known from shapes and coordinates, before anything is written. */
#include "cli/gradient.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool plan_axes(const struct gradient_args *a, int ndim, struct gradient_plan *p)
{
    p->axes_n = a->axes_n > 0 ? a->axes_n : ndim;
    for (int i = 0; i < p->axes_n; i++) {
        int given = a->axes_n > 0 ? a->axes[i] : i;
        p->axes[i] = given < 0 ? given + ndim : given;
        if (p->axes[i] < 0 || p->axes[i] >= ndim) {
            cli_error(CLI_USAGE, "--axis %d: %s has %d %s", given, a->input_name, ndim,
                      ndim == 1 ? "axis" : "axes");
            return false;
        }
        for (int j = 0; j < i; j++)
            if (p->axes[j] == p->axes[i]) {
                cli_error(CLI_USAGE, "--axis %d: axis %d is named twice", given, p->axes[i]);
                return false;
            }
    }
    if (p->axes_n == 0)
        cli_error(CLI_USAGE, "%s: a single number has no gradient", a->input_name);
    return p->axes_n > 0;
}

static bool open_spacings(const struct gradient_args *a, struct gradient_plan *p)
{
    char message[SPACING_MESSAGE_MAX];
    for (; p->opened_n < a->spacing_n; p->opened_n++)
        if (!spacing_open(&p->opened[p->opened_n], a->spacing[p->opened_n], a->mode, message)) {
            cli_error(CLI_USAGE, "%s", message);
            return false;
        }
    return true;
}

/* Is an option that may be given once, or once an axis, given so? */
static bool check_number(const char *option, int given, int axes)
{
    if (given <= 1 || given == axes)
        return true;
    cli_error(CLI_USAGE, "%s is given %d times for %d %s: give it once, or once an axis", option,
              given, axes, axes == 1 ? "axis" : "axes");
    return false;
}

static bool plan_spacings(const struct gradient_args *a, const int64_t *shape,
                          struct gradient_plan *p)
{
    if (!check_number("-s", a->spacing_n, p->axes_n))
        return false;
    for (int i = 0; i < p->axes_n && a->spacing_n > 0; i++) {
        int given = a->spacing_n == 1 ? 0 : i;
        p->spacing[i] = p->opened[given];
        if (p->spacing[i].kind != NABLA_COORDINATES)
            continue;
        if (a->spacing_n != p->axes_n) {
            cli_error(CLI_USAGE, "-s %s: coordinates belong to one axis: give -s once an axis",
                      a->spacing[given]);
            return false;
        }
        if (p->spacing[i].n != shape[p->axes[i]]) {
            cli_error(CLI_USAGE,
                      "-s %s: %" PRId64 " coordinates for axis %d, which has %" PRId64 " elements",
                      a->spacing[given], p->spacing[i].n, p->axes[i], shape[p->axes[i]]);
            return false;
        }
    }
    return true;
}

enum { ASKED_MAX = 32 };

/* What was asked for that numpy has not, as it was written; "" if nothing. */
static void name_beyond(const struct gradient_args *a, const struct boundary *b,
                        char out[static ASKED_MAX])
{
    static const char *const policies[] = {"propagate", "skip", "break"};
    out[0] = '\0';
    if (a->laplacian)
        strcpy(out, "--laplacian");
    else if (a->order > 1)
        snprintf(out, ASKED_MAX, "--order %d", a->order);
    else if (a->accuracy > 0)
        snprintf(out, ASKED_MAX, "--accuracy %d", a->accuracy);
    else if (b->before == NABLA_PERIODIC)
        strcpy(out, "--boundary periodic");
    else if (b->before == NABLA_REFLECT || b->after == NABLA_REFLECT)
        strcpy(out, "--boundary reflect");
    else if (a->nan != NABLA_NAN_PROPAGATE)
        snprintf(out, ASKED_MAX, "--nan %s", policies[a->nan]);
}

static bool plan_beyond(const struct gradient_args *a, const struct boundary *b, const char *asked,
                        struct scheme *s)
{
    int accuracy = a->accuracy > 0 ? a->accuracy : 2;
    int edge = b->edge_order > 0 ? b->edge_order : a->edge_text != NULL ? a->edge_order : accuracy;
    bool has_end = b->before == NABLA_ONE_SIDED || b->after == NABLA_ONE_SIDED;
    s->beyond = true;
    s->options = (struct nabla_derivative_options){.order = a->laplacian ? 2 : a->order,
                                                   .accuracy = accuracy,
                                                   .before = b->before,
                                                   .after = b->after,
                                                   .period = b->period,
                                                   .nan = a->nan};
    if (a->mode_given && a->mode == NABLA_NUMPY)
        cli_error(CLI_USAGE, "--mode numpy: numpy has no %s", asked);
    else if (has_end && edge != accuracy)
        cli_error(CLI_USAGE, "%s %d: with %s the ends are as accurate as the rest, of order %d",
                  b->edge_order > 0 ? "--boundary one-sided" : "--edge-order", edge, asked,
                  accuracy);
    else
        return true;
    return false;
}

static bool plan_scheme(const struct gradient_args *a, const struct boundary *b, struct scheme *s)
{
    char asked[ASKED_MAX];
    name_beyond(a, b, asked);
    if (a->edge_text != NULL && b->edge_order > 0 && b->edge_order != a->edge_order) {
        cli_error(CLI_USAGE, "--edge-order %d: --boundary one-sided:%d says another", a->edge_order,
                  b->edge_order);
        return false;
    }
    if (asked[0] != '\0')
        return plan_beyond(a, b, asked, s);
    *s = (struct scheme){.edge_order = b->edge_order > 0 ? b->edge_order : a->edge_order};
    return true;
}

static bool plan_schemes(const struct gradient_args *a, struct gradient_plan *p)
{
    struct boundary b[NABLA_DIMS_MAX] = {{0}};
    if (!check_number("--boundary", a->boundary_n, p->axes_n))
        return false;
    for (int i = 0; i < a->boundary_n; i++) {
        const char *why = boundary_read(a->boundary[i], &b[i]);
        if (why != NULL) {
            cli_error(CLI_USAGE, "--boundary %s: %s", a->boundary[i], why);
            return false;
        }
    }
    for (int i = 0; i < p->axes_n; i++)
        if (!plan_scheme(a, &b[a->boundary_n == 1 ? 0 : i], &p->scheme[i]))
            return false;
    return true;
}

static bool refuse_spacing(const struct gradient_args *a, int i, const char *why)
{
    if (a->spacing_n == 0)
        cli_error(CLI_USAGE, "--x %s: %s", a->x != NULL ? a->x : "of the table", why);
    else
        cli_error(CLI_USAGE, "-s %s: %s", a->spacing[a->spacing_n == 1 ? 0 : i], why);
    return false;
}

/* Whoever is not numpy wants coordinates in order, and steps that are numbers. */
static bool check_order(const struct gradient_args *a, int i, const struct gradient_plan *p)
{
    char why[128];
    int64_t bad;
    double power = pow(p->spacing[i].step, p->scheme[i].options.order);
    bool step = p->spacing[i].kind == NABLA_STEP;
    if (!p->scheme[i].beyond && a->fill_text == NULL)
        return true;
    if (!spacing_is_ordered(&p->spacing[i], &bad)) {
        snprintf(why, sizeof why,
                 "coordinates %" PRId64 " and %" PRId64
                 " are not finite and in order, rising or falling",
                 bad, bad + 1);
        return refuse_spacing(a, i, step ? "a step is finite and not 0" : why);
    }
    if (step && p->scheme[i].beyond && (power == 0 || !isfinite(power)))
        return refuse_spacing(a, i, "its power is no number that a double can hold");
    return true;
}

/* The period of a periodic axis, held against its spacing. */
static bool plan_period(const struct gradient_args *a, int i, int64_t n, struct gradient_plan *p)
{
    struct spacing *s = &p->spacing[i];
    struct nabla_derivative_options *o = &p->scheme[i].options;
    const char *why = NULL;
    double span = spacing_span(s);
    if (!scheme_is_periodic(&p->scheme[i]))
        return true;
    bool uneven = s->kind == NABLA_COORDINATES || s->kind == NABLA_STEPS;
    double steps = (double)n * (s->kind == NABLA_STEP ? fabs(s->step) : 1);
    if (!uneven && o->period != 0 && fabs(o->period - steps) > 1e-9 * steps)
        why = "with a step, the period is as many steps as there are elements: leave it out";
    else if (uneven && o->period == 0)
        why = "coordinates do not tell where the first comes round again: periodic:PERIOD";
    else if (uneven && o->period <= fabs(span))
        why = "the period is not longer than the coordinates span";
    else if (spacing_is_counted(s) && o->period != nearbyint(o->period))
        why = "coordinates are whole numbers, and the period is none";
    if (why != NULL) {
        cli_error(CLI_USAGE, "--boundary %s: %s", a->boundary[a->boundary_n == 1 ? 0 : i], why);
        return false;
    }
    s->period = span < 0 ? -o->period : o->period;
    s->closing = s->kind == NABLA_STEPS ? s->period - span : 0;
    o->period = 0; /* pieces bring their coordinates along */
    return true;
}

static bool check_length(const struct gradient_args *a, int i, int64_t n,
                         const struct gradient_plan *p)
{
    const struct scheme *s = &p->scheme[i];
    bool uneven = p->spacing[i].kind == NABLA_COORDINATES || p->spacing[i].kind == NABLA_STEPS;
    int64_t least = scheme_fewest(s, uneven);
    if (n < least && s->beyond)
        cli_error(CLI_USAGE,
                  "%s: axis %d has %" PRId64 " elements; this derivative needs at least %" PRId64,
                  a->input_name, p->axes[i], n, least);
    else if (n < least)
        cli_error(CLI_USAGE,
                  "%s: axis %d has %" PRId64
                  " elements; a gradient of edge order %d needs at least %" PRId64,
                  a->input_name, p->axes[i], n, s->edge_order, least);
    else if (a->smooth > n && n > 0)
        cli_error(CLI_USAGE, "--smooth %" PRId64 ": axis %d of %s has %" PRId64 " elements",
                  a->smooth, p->axes[i], a->input_name, n);
    else
        return true;
    return false;
}

/* Options that do not go together, whatever the array. */
static bool check_together(const struct gradient_args *a, const struct gradient_plan *p)
{
    const char *one = a->magnitude ? "--magnitude" : "--laplacian";
    if (a->magnitude && a->laplacian)
        cli_error(CLI_USAGE, "--laplacian: --magnitude asks for another result");
    else if (a->laplacian && a->order != 0 && a->order != 2)
        cli_error(CLI_USAGE, "--order %d: --laplacian is made of second derivatives", a->order);
    else if (a->repeat > 1 && (a->magnitude || a->laplacian))
        cli_error(CLI_USAGE, "--repeat %d: each axis repeats its own, which %s would mix",
                  a->repeat, one);
    else if (a->fill_text != NULL && p->axes_n > 1)
        cli_error(CLI_USAGE, "--fill %s: gaps are filled along one axis: name it with --axis",
                  a->fill_text);
    else
        return true;
    return false;
}

bool gradient_plan_make(const struct gradient_args *a, int ndim, const int64_t *shape,
                        const struct spacing *given, struct gradient_plan *out)
{
    *out = (struct gradient_plan){0};
    bool right = plan_axes(a, ndim, out) && check_together(a, out) && open_spacings(a, out) &&
                 plan_spacings(a, shape, out) && plan_schemes(a, out);
    if (right && given != NULL)
        out->spacing[0] = *given;
    for (int i = 0; i < out->axes_n && right; i++)
        right = check_length(a, i, shape[out->axes[i]], out) && check_order(a, i, out) &&
                plan_period(a, i, shape[out->axes[i]], out);
    if (!right)
        gradient_plan_fini(out);
    return right;
}

void gradient_plan_fini(struct gradient_plan *p)
{
    for (int i = 0; i < p->opened_n; i++)
        spacing_close(&p->opened[i]);
    p->opened_n = 0;
}

void gradient_task_make(const struct gradient_args *a, const struct gradient_plan *p,
                        const struct npy *in, const char *data, struct gradient_task *out)
{
    *out = (struct gradient_task){.in = in,
                                  .data = data,
                                  .axes = p->axes,
                                  .axes_n = p->axes_n,
                                  .spacing = p->spacing,
                                  .scheme = p->scheme,
                                  .mode = a->mode,
                                  .fill = a->fill_text != NULL,
                                  .fill_ends = a->fill_ends,
                                  .fill_max = a->fill_max,
                                  .smooth = a->smooth,
                                  .smooth_nan = a->nan,
                                  .repeat = a->repeat,
                                  .result = a->magnitude   ? GRADIENT_MAGNITUDE
                                            : a->laplacian ? GRADIENT_LAPLACIAN
                                                           : GRADIENT_EACH,
                                  .threads = a->threads,
                                  .show_progress = isatty(STDERR_FILENO) == 1,
                                  .slab_bytes = a->memory / (size_t)a->threads,
                                  .memory = a->memory};
}
