/* numeric/walk.h -- one axis of an array of any layout. */
#ifndef NUMERIC_WALK_H
#define NUMERIC_WALK_H

#include "numeric/scheme.h"

/* Writes the derivative of f along dimension dim into out, of the same shape; both have elements.
 * threads: at most so many, where they pay; the bits do not depend on it. */
void walk_axis(const struct scheme *a, const struct view *f, const struct view *out, int dim,
               int threads);

#endif
