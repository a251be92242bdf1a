/* wire/plain_avx2.c -- plain lines in vectors of 32 bytes. Compiled for AVX2 by CMakeLists.txt; without,
 * there is nothing here. Who may call this: plain_best. */
#include "wire/plain.h"

#ifdef __AVX2__
static plain_reader read_avx2;
#define PLAIN_READ read_avx2
#include "wire/plain.inc"
#endif

plain_reader *plain_avx2(void)
{
#ifdef __AVX2__
    return read_avx2;
#else
    return NULL;
#endif
}
