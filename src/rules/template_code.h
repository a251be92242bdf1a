/* rules/template_code.h -- a compiled template. Private to template*.c. */
#ifndef RULES_TEMPLATE_CODE_H
#define RULES_TEMPLATE_CODE_H

#include "rules/template.h"

enum argument_kind {
    ARGUMENT_LABEL, /* text: its name */
    ARGUMENT_VALUE,
    ARGUMENT_UNIT,
    ARGUMENT_ETA,
    ARGUMENT_NUMBER,
    ARGUMENT_TEXT,
    ARGUMENT_PIPED, /* what stands left of the | */
};

struct argument {
    enum argument_kind kind;
    uint32_t at, n; /* of a text in the template's own */
    double number;
};

enum function {
    FUNCTION_LITERAL, /* puts text out as it stands */
    FUNCTION_NONE,    /* the argument itself */
    FUNCTION_HUMANIZE,
    FUNCTION_HUMANIZE_1024,
    FUNCTION_HUMANIZE_DURATION,
    FUNCTION_HUMANIZE_PERCENTAGE,
    FUNCTION_HUMANIZE_TIMESTAMP,
    FUNCTION_UPPER,
    FUNCTION_LOWER,
    FUNCTION_TITLE,
    FUNCTION_PRINTF, /* its first argument is the format */
};

/* One function of a pipeline; the last puts its result out. */
struct call {
    enum function function;
    uint8_t first, n; /* arguments[first..first+n) */
    bool last;
    uint32_t at, text_n; /* of a literal */
};

struct template
{
    struct call calls[TEMPLATE_CALLS_MAX];
    struct argument arguments[TEMPLATE_ARGUMENTS_MAX];
    uint32_t calls_n, arguments_n;
    uint32_t text_n;    /* as it was given: bytes[0..text_n) */
    uint32_t strings_n; /* unescaped ones stand behind it */
    char bytes[];
};

/* One verb of a printf format at text[0..n), text[0] == '%'. */
struct verb {
    size_t n;        /* bytes of it; 0: it is none of ours */
    char letter;     /* % s q v f e g */
    char format[16]; /* for snprintf; of % s q v: nothing that it takes */
};
struct verb verb_read(const char *text, size_t n); /* template.c */

#endif
