/* numeric/fault.h -- saying what was wrong with a call, in a sentence, without the C library's printing.
 * Pure: no allocation, locale or state. */
#ifndef NUMERIC_FAULT_H
#define NUMERIC_FAULT_H

#include "numeric/status.h"

/* Fills *fault (NULL: nobody asked) and returns status, so that a check can end with it. In text every
 * %i stands for the next of numbers, every %t for the name of the dtype that the next of them is. */
enum nabla_status fault_say(struct nabla_fault *fault, enum nabla_status status, int argument,
                            int64_t index, const char *text, const int64_t *numbers);

#define FAULT_NUMBERS(...)                                                                         \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#endif
