/* numeric/kernel_tables.h -- the kernels that were compiled, by instruction set. NULL for one that the
 * compiler was not told to use (kernel.cmake does on x86-64); whether the processor has it is
 * kernel_choice.c's to know. */
#ifndef NUMERIC_KERNEL_TABLES_H
#define NUMERIC_KERNEL_TABLES_H

#include "numeric/kernel.h"

const struct kernels *kernels_portable(void);
const struct kernels *kernels_avx2(void);
const struct kernels *kernels_avx512(void);

#endif
