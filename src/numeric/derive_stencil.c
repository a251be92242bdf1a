/* numeric/derive_stencil.c -- which elements a derivative is made of, and how much of each.
 *
 *     elements           even axis               uneven axis
 *     centred            m + p, for even m       m + p, for even m
 *                        one fewer: symmetry     one more: no symmetry helps,
 *                        gives the last order    and a middle is wanted
 *     anywhere else      m + p                   m + p            (m: order, p: accuracy)
 *
 * A centred stencil stands wherever it fits between the ends (or the gaps); elsewhere the nearest one
 * that does stands against the end. Laws: exact on polynomials of degree m + p - 1; the error falls
 * as step^p; a constant gives 0 (test_derive.c). */
#include "numeric/derive.h"
#include "numeric/fault.h"
#include "numeric/weights.h"

#include <math.h>

static enum nabla_status check_numbers(const struct nabla_derivative_options *o, int argument,
                                       struct nabla_fault *fault)
{
    if (o->order < 0 || o->order > ORDER_MAX)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "order is %i: it can be 1 to 4",
                         FAULT_NUMBERS(o->order));
    if (o->accuracy < 0 || o->accuracy > 6 || o->accuracy % 2 != 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "accuracy is %i: it can be 2, 4 or 6",
                         FAULT_NUMBERS(o->accuracy));
    if (o->nan < NABLA_NAN_PROPAGATE || o->nan > NABLA_NAN_BREAK)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "the NaN policy is of no known kind",
                         NULL);
    if (o->halo_before < 0 || o->halo_after < 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "a halo is negative: %i and %i",
                         FAULT_NUMBERS(o->halo_before, o->halo_after));
    return NABLA_OK;
}

static void size_up(struct derivation *p, const struct nabla_derivative_options *o)
{
    bool uneven = o->spacing.kind == NABLA_COORDINATES || o->spacing.kind == NABLA_STEPS;
    p->order = o->order ? o->order : 1;
    p->accuracy = o->accuracy ? o->accuracy : 2;
    p->nan = o->nan;
    p->sided = p->order + p->accuracy;
    p->radius = uneven ? p->sided / 2 : (p->sided - 1) / 2;
    p->reach = p->nan == NABLA_NAN_SKIP ? NABLA_SKIP_REACH : p->sided - 1;
}

int64_t nabla_derivative_halo(const struct nabla_derivative_options *options)
{
    struct derivation p;
    if (options == NULL || check_numbers(options, 0, NULL) != NABLA_OK)
        return -1;
    size_up(&p, options);
    return p.reach;
}

/* The fewest elements that every stencil finds its own among. */
static int64_t fewest(const struct derivation *p)
{
    if (p->grid.wraps)
        return p->sided > 2 * p->radius + 1 ? p->sided : 2 * p->radius + 1;
    if (p->grid.before == NABLA_REFLECT && p->grid.after == NABLA_REFLECT)
        return p->radius + 1;
    return p->sided;
}

static enum nabla_status check_size(const struct derivation *p,
                                    const struct nabla_derivative_options *o, int argument,
                                    struct nabla_fault *fault)
{
    const struct grid *x = &p->grid;
    bool periodic_piece = x->before == NABLA_PERIODIC && !x->wraps;
    if (periodic_piece && (o->halo_before < p->reach || o->halo_after < p->reach))
        return fault_say(fault, NABLA_ESMALL, argument, -1,
                         "a piece of a periodic axis needs %i elements of halo on either side",
                         FAULT_NUMBERS(p->reach));
    if (x->n < fewest(p))
        return fault_say(fault, NABLA_ESMALL, argument, -1,
                         "%i elements are too few for this derivative: it needs %i",
                         FAULT_NUMBERS(x->n, fewest(p)));
    return NABLA_OK;
}

static enum nabla_status set_divisor(struct derivation *p, int argument, struct nabla_fault *fault)
{
    p->divisor = 1;
    for (int k = 0; !p->grid.uneven && k < p->order; k++)
        p->divisor *= p->grid.step;
    if (isfinite(p->divisor) && p->divisor != 0)
        return NABLA_OK;
    return fault_say(fault, NABLA_ERANGE, argument, -1,
                     "spacing %i: power %i of the step is no number that a double can hold",
                     FAULT_NUMBERS(argument, p->order));
}

void derivation_weights(const struct derivation *p, const double *nodes, int n, double *weights)
{
    double table[(ORDER_MAX + 1) * (TAPS_MAX + 1)];
    weights_table(nodes, n, p->order, table);
    for (int k = 0; k < n; k++)
        weights[k] = table[p->order * n + k];
}

/* The right half stands for both: the left has the same weights, or their negatives. */
static void set_middle(struct derivation *p)
{
    double nodes[TAPS_MAX], weights[TAPS_MAX];
    int r = p->radius;
    p->middle = (struct stencil){.from = -r, .n = 2 * r + 1, .centred = true};
    for (int k = -r; k <= r; k++)
        nodes[k + r] = k;
    derivation_weights(p, nodes, 2 * r + 1, weights);
    for (int k = 1; k <= r; k++)
        p->middle.weight[k] = weights[r + k];
}

enum nabla_status derivation_init(struct derivation *p,
                                  const struct nabla_derivative_options *options, int64_t n,
                                  int64_t count, int argument, struct nabla_fault *fault)
{
    *p = (struct derivation){0};
    enum nabla_status status = check_numbers(options, argument, fault);
    if (status != NABLA_OK)
        return status;
    size_up(p, options);
    status = grid_init(&p->grid, options, n, count, argument, fault);
    if (status == NABLA_OK)
        status = check_size(p, options, argument, fault);
    if (status == NABLA_OK)
        status = set_divisor(p, argument, fault);
    if (status == NABLA_OK && !p->grid.uneven)
        set_middle(p);
    return status;
}

void derivation_stencil(const struct derivation *p, int64_t at, int64_t low, int64_t high,
                        struct stencil *out)
{
    bool left = at - low >= p->radius, right = high - at >= p->radius;
    if (left && right && !p->grid.uneven) {
        *out = p->middle;
        return;
    }
    double nodes[TAPS_MAX];
    int64_t from = left && right ? at - p->radius : left ? high - p->sided + 1 : low;
    out->centred = false;
    out->from = (int)(from - at);
    out->n = left && right ? 2 * p->radius + 1 : p->sided;
    grid_nodes(&p->grid, at, from, out->n, nodes);
    derivation_weights(p, nodes, out->n, out->weight);
}
