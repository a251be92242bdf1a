/* numeric/dtype.h -- what is known about element types. Tables only. */
#ifndef NUMERIC_DTYPE_H
#define NUMERIC_DTYPE_H

#include "numeric/status.h"

#include <stdbool.h>

bool dtype_is_known(enum nabla_dtype dtype);

/* The address of an element is a multiple of this: of its size, for a complex one of its parts'. */
size_t dtype_alignment(enum nabla_dtype dtype);

bool dtype_is_integer(enum nabla_dtype dtype);
bool dtype_is_complex(enum nabla_dtype dtype);
bool dtype_is_time(enum nabla_dtype dtype);

#endif
