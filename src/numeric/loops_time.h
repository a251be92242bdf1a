/* numeric/loops_time.h -- the loops of RUN_TIME, in double precision. */
#ifndef NUMERIC_LOOPS_TIME_H
#define NUMERIC_LOOPS_TIME_H

#include "numeric/loops.h"

extern const struct loops time_loops;

#endif
