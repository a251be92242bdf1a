/* numeric/fault.c -- sentences out of a pattern and a few integers. Laws: the message always ends with
 * a NUL and never exceeds its array; a longer sentence is cut. */
#include "numeric/fault.h"

#include <string.h>

struct sentence {
    char *at, *end; /* end: where the NUL still fits */
};

static void add_text(struct sentence *s, const char *text)
{
    while (*text != '\0' && s->at < s->end)
        *s->at++ = *text++;
}

static void add_integer(struct sentence *s, int64_t number)
{
    char digits[24], *d = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *--d = '\0';
    do
        *--d = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (number < 0)
        *--d = '-';
    add_text(s, d);
}

enum nabla_status fault_say(struct nabla_fault *fault, enum nabla_status status, int argument,
                            int64_t index, const char *text, const int64_t *numbers)
{
    if (fault == NULL)
        return status;
    fault->argument = argument;
    fault->index = index;
    struct sentence s = {fault->message, fault->message + sizeof fault->message - 1};
    for (; *text != '\0'; text++) {
        if (*text == '%' && text[1] == 'i')
            text++, add_integer(&s, *numbers++);
        else if (*text == '%' && text[1] == 't')
            text++, add_text(&s, nabla_dtype_name((enum nabla_dtype) * numbers++));
        else
            add_text(&s, (const char[]){*text, '\0'});
    }
    *s.at = '\0';
    return status;
}
