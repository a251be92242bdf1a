/* conf/value.h -- a scalar's text to what its key means by it. Pure. Private to this room. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/keys.h"
#include "numeric/status.h"

enum { VALUE_WHY_MAX = 400 };

/* Writes key's member in *into; text is a scalar, quoted or not. Of a list of numbers: "[]".
 * Not for sections, other lists and selectors. Errors: NABLA_EINVAL, why then says what is wrong and *into is untouched. */
MUST_CHECK enum nabla_status value_read(const struct conf_key *key, const char *text, size_t n,
                                        bool quoted, void *into, char why[static VALUE_WHY_MAX]);

/* The number that text means to an integer, a size, a duration or a word of key, its range left
 * aside. Errors: NABLA_EINVAL for what is none, NABLA_ERANGE for one that 64 bits do not hold. */
MUST_CHECK enum nabla_status value_number(const struct conf_key *key, const char *text, size_t n,
                                          int64_t *out);

/* The finite double that text is to key, its range looked at. Errors: NABLA_EINVAL, with why. */
MUST_CHECK enum nabla_status value_double(const struct conf_key *key, const char *text, size_t n,
                                          double *out, char why[static VALUE_WHY_MAX]);

/* What a key takes, for a message: "a duration such as 500ms, 10s, 5m or 1h30m". Static. */
const char *value_wanted(enum conf_type type);

/* One word of a CONF_WORDS' list, its bit added to *bits. Errors: NABLA_EINVAL, why says which there are. */
MUST_CHECK enum nabla_status value_word(const struct conf_key *key, const char *text, size_t n,
                                        uint32_t *bits, char why[static VALUE_WHY_MAX]);

#endif
