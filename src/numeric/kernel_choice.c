/* numeric/kernel_choice.c -- which kernels this processor can run. The processor is asked each time: a
 * few loads, and nothing to keep.
 * Elsewhere: the kernels (kernel_portable.c, kernel_avx2.c, kernel_avx512.c). */
#include "numeric/kernel_tables.h"

#include <string.h>

static bool runs_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static bool runs_avx512(void)
{
#if defined(__x86_64__)
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#else
    return false;
#endif
}

const struct kernels *kernels_best(void)
{
    const struct kernels *k = runs_avx512() ? kernels_avx512() : NULL;
    if (k == NULL && runs_avx2())
        k = kernels_avx2();
    return k != NULL ? k : kernels_portable();
}

const struct kernels *kernels_named(const char *name)
{
    if (strcmp(name, "avx512") == 0)
        return runs_avx512() ? kernels_avx512() : NULL;
    if (strcmp(name, "avx2") == 0)
        return runs_avx2() ? kernels_avx2() : NULL;
    return strcmp(name, "portable") == 0 ? kernels_portable() : NULL;
}
