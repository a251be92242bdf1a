/* numeric/weights.c -- Fornberg's weights: derivatives of the polynomial through any nodes.
 * Nodes are added one at a time. d(i, j, k), the weight of node j in the k-th derivative when nodes
 * 0..i are there, follows from d(i-1, ., .):
 *
 *     old node   d(i,j,k) = (x_i d(i-1,j,k) - k d(i-1,j,k-1)) / (x_i - x_j)
 *     new node   d(i,i,k) = R_i (k d(i-1,i-1,k-1) - x_(i-1) d(i-1,i-1,k))
 *     R_i        = prod_(j<i-1) (x_(i-1) - x_j)  /  prod_(j<i) (x_i - x_j)
 *
 * R_i is formed factor by factor: either product alone leaves the range of a double for 64 nodes.
 * Laws: the moment equations, sum_i w_i x_i^j = j! if j is the order and 0 for other j < n; the
 * tables of the literature; equal to rational arithmetic (test_weights.c, test_beyond.py).
 * Source: Fornberg 1988, Math. Comp. 51, 699-706. */
#include "numeric/weights.h"

#include "numeric/status.h"

#include <math.h>
#include <string.h>

static double lead(const double *x, int i)
{
    double r = 1 / (x[i] - x[i - 1]);
    for (int j = 0; j < i - 1; j++)
        r *= (x[i - 1] - x[j]) / (x[i] - x[j]);
    return r;
}

/* Adds node i to the weights of nodes 0..i-1; k falls because row k needs the old row k-1. */
static void add_node(const double *x, int n, int i, int order, double *d)
{
    double r = lead(x, i);
    for (int k = i < order ? i : order; k >= 0; k--) {
        double *row = d + k * n;
        const double *below = k > 0 ? row - n : row; /* times k: row 0 needs none */
        row[i] = r * (k * below[i - 1] - x[i - 1] * row[i - 1]);
        for (int j = 0; j < i; j++)
            row[j] = (x[i] * row[j] - k * below[j]) / (x[i] - x[j]);
    }
}

void weights_table(const double *nodes, int n, int order, double *table)
{
    memset(table, 0, (size_t)(order + 1) * (size_t)n * sizeof *table);
    table[0] = 1;
    for (int i = 1; i < n; i++)
        add_node(nodes, n, i, order, table);
}

static enum nabla_status check(const double *x, int n, double point)
{
    if (!isfinite(point))
        return NABLA_EINVAL;
    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return NABLA_EINVAL;
        for (int j = 0; j < i; j++)
            if (x[i] == x[j])
                return NABLA_EORDER;
    }
    return NABLA_OK;
}

enum nabla_status nabla_weights(const double *nodes, size_t n, int order, double point,
                                double *weights)
{
    double relative[WEIGHTS_NODES_MAX], table[WEIGHTS_NODES_MAX * WEIGHTS_NODES_MAX];
    if (nodes == NULL || weights == NULL || n < 1 || n > WEIGHTS_NODES_MAX)
        return NABLA_EINVAL;
    int count = (int)n;
    if (order < 0 || order >= count)
        return NABLA_EINVAL;
    enum nabla_status status = check(nodes, count, point);
    if (status != NABLA_OK)
        return status;
    for (int i = 0; i < count; i++)
        relative[i] = nodes[i] - point;
    weights_table(relative, count, order, table);
    const double *row = table + order * count;
    for (int i = 0; i < count; i++)
        if (!isfinite(row[i])) /* too large, or nodes that meet, seen from a point far away */
            return NABLA_ERANGE;
    memcpy(weights, row, n * sizeof *weights);
    return NABLA_OK;
}
