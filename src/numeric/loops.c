/* numeric/loops.c -- the loops of every run in every precision that can meet it.
 * Laws: the bits are numpy's; no product is contracted with a sum (-ffp-contract=off).
 * Elsewhere: the loops themselves (loops_real.inc, loops_complex.inc), those of times (loops_time.c). */
#include "numeric/loops.h"
#include "numeric/half.h"
#include "numeric/loops_time.h"

#define TO_HALF(x) half_round((double)(x))
#define SAME(x)    (x)

#define ELEMENT    float
#define NUMBER     float
#define FIT(x)     TO_HALF(x)
#define ROUND(x)   TO_HALF(x)
#define NAME(verb) half_in_half_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     float
#define FIT(x)     TO_HALF(x)
#define ROUND(x)   SAME(x)
#define NAME(verb) half_in_float_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     double
#define FIT(x)     TO_HALF(x)
#define ROUND(x)   SAME(x)
#define NAME(verb) half_in_double_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     long double
#define FIT(x)     TO_HALF((float)(x)) /* as numpy casts it */
#define ROUND(x)   SAME(x)
#define NAME(verb) half_in_long_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     float
#define FIT(x)     ((float)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) float_in_float_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     double
#define FIT(x)     ((float)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) float_in_double_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    float
#define NUMBER     long double
#define FIT(x)     ((float)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) float_in_long_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    double
#define NUMBER     double
#define FIT(x)     ((double)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) double_in_double_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    double
#define NUMBER     long double
#define FIT(x)     ((double)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) double_in_long_##verb
#include "numeric/loops_real.inc"

#define ELEMENT    long double
#define NUMBER     long double
#define FIT(x)     ((long double)(x))
#define ROUND(x)   SAME(x)
#define NAME(verb) long_in_long_##verb
#include "numeric/loops_real.inc"

#define PART       float
#define NUMBER     float
#define NAME(verb) complex_float_in_float_##verb
#include "numeric/loops_complex.inc"

#define PART       float
#define NUMBER     double
#define NAME(verb) complex_float_in_double_##verb
#include "numeric/loops_complex.inc"

#define PART       float
#define NUMBER     long double
#define NAME(verb) complex_float_in_long_##verb
#include "numeric/loops_complex.inc"

#define PART       double
#define NUMBER     double
#define NAME(verb) complex_double_in_double_##verb
#include "numeric/loops_complex.inc"

#define PART       double
#define NUMBER     long double
#define NAME(verb) complex_double_in_long_##verb
#include "numeric/loops_complex.inc"

const struct loops *loops_for(enum run run, enum run precision)
{
    static const struct loops *const table[][RUN_LONG + 1] = {
        [RUN_HALF] = {&half_in_half_loops, &half_in_float_loops, &half_in_double_loops,
                      &half_in_long_loops},
        [RUN_FLOAT] = {[RUN_FLOAT] = &float_in_float_loops,
                       &float_in_double_loops,
                       &float_in_long_loops},
        [RUN_DOUBLE] = {[RUN_DOUBLE] = &double_in_double_loops, &double_in_long_loops},
        [RUN_LONG] = {NULL, NULL, NULL, &long_in_long_loops},
        [RUN_COMPLEX_FLOAT] = {[RUN_FLOAT] = &complex_float_in_float_loops,
                               &complex_float_in_double_loops,
                               &complex_float_in_long_loops},
        [RUN_COMPLEX_DOUBLE] = {[RUN_DOUBLE] = &complex_double_in_double_loops,
                                &complex_double_in_long_loops},
        [RUN_TIME] = {[RUN_DOUBLE] = &time_loops},
    };
    return table[run][precision];
}
