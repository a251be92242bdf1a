/* series/selector.h -- which series? Prometheus' selectors: temperature{site="a",sensor=~"s1.*"}.
 *
 * Operators = != =~ !~; values in "" or '' with Go's escapes, or `` raw; a trailing comma is allowed;
 * {__name__="plant-03.temperature"} reaches names that are no identifiers, {"a label"="x"} labels
 * whose names are none. Regular expressions are PCRE2, anchored at both ends, JIT-compiled, with match limits; a label that a series lacks is "".
 * As in Prometheus, at least one matcher must not match the empty string.
 *
 * A selector may be used by one thread at a time. */
#ifndef SERIES_SELECTOR_H
#define SERIES_SELECTOR_H

#include "base/buf.h"
#include "base/labelset.h"
#include "series/effort.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SELECTOR_MATCHERS_MAX = 64,
    SELECTOR_TEXT_MAX = 16 * 1024, /* bytes */
    SELECTOR_REGEXES_MAX = 16,     /* of one selector: what it may cost for a series is bounded */
    SELECTOR_MATCH_LIMIT =
        10000, /* PCRE2's internal match() calls for one value; see series/effort.h */
    SELECTOR_DEPTH_LIMIT = 10000, /* without JIT: (a|b)* on LABEL_VALUE_MAX bytes needs 8192 */
    SELECTOR_MESSAGE_MAX = 256,
};

struct selector;

struct selector_fault {
    size_t offset; /* bytes into the text */
    char message[SELECTOR_MESSAGE_MAX];
};

/* Errors: NABLA_EINVAL, *fault then says where and why; NABLA_ENOMEM. Owned by the caller. */
MUST_CHECK enum nabla_status selector_new(const char *text, size_t n, struct selector **out,
                                          struct selector_fault *fault);
void selector_free(struct selector *s); /* NULL is fine */

/* From now on what its expressions cost is written down in *effort, which is borrowed. */
void selector_charge(struct selector *s, struct effort *effort);

/* An expression that runs into a match limit does not match; nor does any whose effort is spent. */
bool selector_match(const struct selector *s, const struct labelset *labels);

/* From now on it matches only series of which it names every label: {a="1"} no longer the one of {a="1",b="2"}. */
void selector_close(struct selector *s);

/* The same by hand, for who keeps labels in another form: it matches if it admits each label that there is, and
 * each of its matchers holds for the value of its label, "" where there is none. */
bool selector_admits(const struct selector *s, const char *name, size_t n);
size_t selector_size(const struct selector *s);      /* matchers */
uint32_t selector_regexes(const struct selector *s); /* of them, those with an expression */
bool selector_holds(const struct selector *s, size_t matcher, const char *value, size_t n);
/* Which label a matcher is about; its value if it is a `=` of one that is not empty, else .value
 * is NULL. Borrowed. */
struct label selector_label(const struct selector *s, size_t matcher);

/* A text in quotes as a selector's values are: text[0..n) is all of it, its meaning is appended to out.
 * Errors: NABLA_EINVAL with a fault, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status selector_unquote(const char *text, size_t n, struct buf *out,
                                              struct selector_fault *fault);

/* The metric's name if the selector demands one by '=', else NULL; *n its length. Borrowed. */
const char *selector_metric(const struct selector *s, size_t *n);

#endif
