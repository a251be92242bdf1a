/* numeric/derive_loops_avx2.c -- the loops with AVX2, where the compiler was told to use it. */
#if defined(__AVX2__)
#include "numeric/derive_loops.inc"

const struct derive_loops *derive_loops_avx2(void)
{
    return &loops;
}
#else
#include "numeric/derive_loops.h"

const struct derive_loops *derive_loops_avx2(void)
{
    return NULL;
}
#endif
