/* numeric/kernel_inline.h -- what is part of a loop must be compiled into it, also without
 * optimisation: a vector handed over by a call could not keep its registers. */
#ifndef NUMERIC_KERNEL_INLINE_H
#define NUMERIC_KERNEL_INLINE_H

#define INLINE inline __attribute__((always_inline))

/* kernel_division.inc's limits: data beyond them are divided */
#define DIVIDEND_EXPONENT_f64 600
#define DIVIDEND_EXPONENT_f32 60

#endif
