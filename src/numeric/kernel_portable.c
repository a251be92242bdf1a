/* numeric/kernel_portable.c -- the patterns in plain C, for any processor. What every other set must
 * equal to the bit: test_kernel.c. */
#include "numeric/kernel_inline.h"

static void finish(void) {}

#define SET_NAME  "portable"
#define SET_TABLE kernels_portable
#include "numeric/kernel_table.inc"
