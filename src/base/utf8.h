/* base/utf8.h -- is it text? Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True if text[0..n) is UTF-8 as RFC 3629 has it: no overlong form, no surrogate, at most U+10FFFF. */
bool utf8_valid(const char *text, size_t n);

#endif
