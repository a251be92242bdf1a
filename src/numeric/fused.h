/* numeric/fused.h -- all axes of a call in one pass over the data, where layout and types are plain. */
#ifndef NUMERIC_FUSED_H
#define NUMERIC_FUSED_H

#include "numeric/call.h"

/* Does the whole call, outputs having been checked, or nothing: false if it is not for a sweep. */
bool fused_gradient(const struct call *call, const struct nabla_array *out);

#endif
