/* wire/plain_portable.c -- plain lines for any processor, and the choice between the ways to read
 * them. The processor is asked each time: a load, and nothing to keep. */
#define PLAIN_READ plain_read_portable
#include "wire/plain.inc"

plain_reader *plain_best(void)
{
    plain_reader *best = NULL;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        best = plain_avx2();
#endif
    return best != NULL ? best : plain_read_portable;
}
