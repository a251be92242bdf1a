/* http/gzip.h -- answers made smaller, slice by slice. */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include "base/buf.h"

struct gzip;

MUST_CHECK enum nabla_status gzip_new(struct gzip **out);
void gzip_free(struct gzip *g); /* NULL is fine */

/* Appends what n more bytes become, perhaps nothing yet; last: these are all, and the end is
 * written. out->failed says if there was no memory. */
void gzip_add(struct gzip *g, const void *bytes, size_t n, bool last, struct buf *out);

/* By an Accept-Encoding header, NULL if there is none: is gzip wanted? */
bool gzip_wanted(const char *accept_encoding);

#endif
