/* rules/fault.h -- where a text of a rule cannot be read, and why. */
#ifndef RULES_FAULT_H
#define RULES_FAULT_H

#include <stddef.h>

enum { TEXT_FAULT_MAX = 320 };

struct text_fault {
    size_t offset; /* bytes into the text; at most its length */
    char message[TEXT_FAULT_MAX];
};

/* Fills *fault; bytes that do not print stand as '?'. */
__attribute__((format(printf, 3, 4))) void text_fault_set(struct text_fault *fault, size_t offset,
                                                          const char *format, ...);

#endif
