/* cli/gradient_chain.h -- what one axis goes through, link by link: gaps filled, means taken,
 * derivatives, each of a slab that is so much wider than what is wanted of it.
 *
 *      box                          [ box ]
 *      region of the last link   [ .  .  .  ]
 *      of the one before      [ .  .  .  .  .  ]     cut at the true ends of an axis, or going round it
 */
#ifndef CLI_GRADIENT_CHAIN_H
#define CLI_GRADIENT_CHAIN_H

#include "cli/gradient_run.h"

enum { LINKS_MAX = 1 + NABLA_DIMS_MAX + 16 }; /* fill, a mean an axis, repeats */

enum link_kind { LINK_FILL, LINK_SMOOTH, LINK_NUMPY, LINK_BEYOND };

struct link {
    enum link_kind kind;
    int axis;              /* of the task: its spacing and scheme */
    int d;                 /* dimension, in the order of memory */
    int64_t before, after; /* elements along it that an element is made of */
    enum nabla_dtype out;
};

struct chain {
    struct link link[LINKS_MAX];
    int n;
};

struct sweep;
struct worker;

/* Does a task go beyond what nabla_gradient does in one call? */
bool chain_is_needed(const struct gradient_task *task);

/* Links of the task's axis i; dim: the dimension of each of its axes. */
void chain_make(const struct gradient_task *task, int i, const int *dim, struct chain *out);

/* What the chain makes of the input's dtype; NABLA_DTYPE_COUNT if it takes none such, *what then the
 * option that does not. */
enum nabla_dtype chain_dtype(const struct gradient_task *task, int i, const char **what);

/* Cuts into boxes whose slabs have about `elements` elements, or as few more as there must be; returns
 * the elements of the largest slab of any chain. */
int64_t chain_cut(struct sweep *s, int64_t elements);

/* Errors: as run_box. */
MUST_CHECK enum nabla_status chain_run(struct worker *w, const struct box *box, int i);

#endif
