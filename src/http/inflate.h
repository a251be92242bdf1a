/* http/inflate.h -- the inverse of gzip, a piece at a time: what comes is a body of one or more gzip
 * members. */
#ifndef HTTP_INFLATE_H
#define HTTP_INFLATE_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>

struct inflater;

MUST_CHECK enum nabla_status inflater_new(struct inflater **out); /* NABLA_ENOMEM */
void inflater_free(struct inflater *i);                           /* NULL is fine */

/* Unpacks in[0..n) into out[0..*out_n), as far as either goes; *out_n is what was written, *used what was
 * read. If all of out was written, there may be more to come, even without input: call again.
 * Errors: NABLA_EINVAL for bytes that are not gzip, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status inflater_take(struct inflater *i, const void *in, size_t n,
                                           size_t *used, char *out, size_t *out_n);

/* True if the bytes so far are whole members. */
bool inflater_is_whole(const struct inflater *i);

#endif
