/* numeric/share.c -- OpenMP in one place, for what is not the kernels' own.
 * Laws: what a piece computes depends on its number alone, so any number of threads gives the same bits.
 * One thread goes without OpenMP's preparations, which cost a microsecond. */
#include "numeric/share.h"

#ifdef _OPENMP
#include <omp.h>
#endif

void share(int64_t pieces, int threads, void (*work)(void *context, int64_t piece, int thread),
           void *context)
{
#ifdef _OPENMP
    if (threads > 1 && pieces > 1) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t k = 0; k < pieces; k++)
            work(context, k, omp_get_thread_num());
        return;
    }
#endif
    (void)threads;
    for (int64_t k = 0; k < pieces; k++)
        work(context, k, 0);
}

int share_threads(int asked, int64_t elements, int64_t element_bytes)
{
    return asked > 1 && elements * element_bytes >= SHARE_BYTES ? asked : 1;
}
