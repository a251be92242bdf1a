/* series/selector_text.h -- a selector's text to its matchers, before anything is compiled. Pure.
 * Private to selector.c. */
#ifndef SERIES_SELECTOR_TEXT_H
#define SERIES_SELECTOR_TEXT_H

#include "series/selector.h"

enum match_op { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher_text {
    enum match_op op;
    const char *name, *value; /* unescaped, in the arena; not NUL-terminated */
    size_t name_n, value_n;
    size_t name_at, value_at; /* bytes into the text; value_at is its opening quote */
};

struct selector_text {
    struct matcher_text at[SELECTOR_MATCHERS_MAX]; /* a name before the braces comes first */
    size_t n;
};

/* Reads all of text[0..n), n at most SELECTOR_TEXT_MAX. arena: n bytes, which hold what *out
 * borrows. Errors: NABLA_EINVAL, *fault then says where and why. */
MUST_CHECK enum nabla_status selector_text_read(const char *text, size_t n, char *arena,
                                                struct selector_text *out,
                                                struct selector_fault *fault);

/* Where in the text the value_offset-th byte of an unescaped value came from; quote_at is the
 * value's opening quote in a text that selector_text_read took. */
size_t selector_text_offset(const char *text, size_t n, size_t quote_at, size_t value_offset);

/* Fills *fault. */
__attribute__((format(printf, 3, 4))) void selector_fault_set(struct selector_fault *fault,
                                                              size_t offset, const char *format,
                                                              ...);

#endif
