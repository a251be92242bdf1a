/* rules/fault.c -- messages of one line, whatever bytes they quote. */
#include "rules/fault.h"

#include <stdarg.h>
#include <stdio.h>

void text_fault_set(struct text_fault *fault, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    for (char *p = fault->message; *p != '\0'; p++)
        if (*p < ' ' || *p == 0x7f)
            *p = '?';
    fault->offset = offset;
}
