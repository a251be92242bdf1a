/* http/params.c -- the bytes of a query string or a form to pairs.
 *
 *     match[]=temperature%7Bsite%3D%22a%22%7D&state=ok,stale&limit=10
 *     ^name   ^value, decoded in place: it never grows
 *
 * Elsewhere: what the pairs mean (http/ask.c). */
#include "http/params.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fault_set(struct fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum nabla_status percent_decode(char *text, size_t *n, bool form)
{
    size_t used = 0;
    for (size_t i = 0; i < *n; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < *n ? hex(text[i + 1]) : -1;
            int low = i + 2 < *n ? hex(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NABLA_EINVAL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        text[used++] = c;
    }
    *n = used;
    return utf8_valid(text, used) ? NABLA_OK : NABLA_EINVAL;
}

static enum nabla_status read_pair(struct params *p, char *text, size_t n, struct fault *fault)
{
    char *equals = memchr(text, '=', n);
    size_t name_n = equals != NULL ? (size_t)(equals - text) : n;
    char *value = equals != NULL ? equals + 1 : text + n;
    size_t value_n = n - (size_t)(value - text);
    if (percent_decode(text, &name_n, true) != NABLA_OK) {
        fault_set(fault, "a parameter's name has a bad %%-escape or is not UTF-8");
        return NABLA_EINVAL;
    }
    if (percent_decode(value, &value_n, true) != NABLA_OK) {
        fault_set(fault, "invalid parameter \"%.*s\": a bad %%-escape, or not UTF-8",
                  (int)(name_n < 64 ? name_n : 64), text);
        return NABLA_EINVAL;
    }
    if (p->n == PARAMS_MAX) {
        fault_set(fault, "more than %d parameters", PARAMS_MAX);
        return NABLA_EINVAL;
    }
    p->at[p->n++] = (struct param){text, value, (uint32_t)name_n, (uint32_t)value_n};
    return NABLA_OK;
}

enum nabla_status params_read(struct params *p, char *text, size_t n, struct fault *fault)
{
    for (size_t i = 0; i < n;) {
        char *ampersand = memchr(text + i, '&', n - i);
        size_t end = ampersand != NULL ? (size_t)(ampersand - text) : n;
        if (end > i && read_pair(p, text + i, end - i, fault) != NABLA_OK)
            return NABLA_EINVAL;
        i = end + 1;
    }
    return NABLA_OK;
}
