/* numeric/weights.h -- Fornberg's weights for callers that have checked their nodes. */
#ifndef NUMERIC_WEIGHTS_H
#define NUMERIC_WEIGHTS_H

enum { WEIGHTS_NODES_MAX = 64 };

/* table[k * n + i] becomes the weight of the value at nodes[i] in the k-th derivative at 0, for
 * 0 <= k <= order < n. The nodes are distinct and relative to the point. */
void weights_table(const double *nodes, int n, int order, double *table);

#endif
