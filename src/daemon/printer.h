/* daemon/printer.h -- points to JSON lines on several threads, written in the order they came.
 * All calls from one thread. */
#ifndef DAEMON_PRINTER_H
#define DAEMON_PRINTER_H

#include "base/buf.h"
#include "base/reading.h"

#include <stdio.h>

struct printer;

/* threads: 1 or more, the caller's included; fewer work if there are no more to have. out: borrowed.
 * Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status printer_new(uint32_t threads, FILE *out, struct printer **made);
void printer_free(struct printer *p); /* NULL is fine; what is not finished is lost */

/* A line, written now or later. labels: as json_point_labels writes them, copied.
 * Errors, also of lines before it, in errno as well: NABLA_EIO, NABLA_ENOMEM; nothing more is written then. */
MUST_CHECK enum nabla_status printer_add(struct printer *p, const struct buf *labels, enum per per,
                                         const struct point *point, const struct point_note *note);

/* Writes all lines. Errors: as printer_add's. */
MUST_CHECK enum nabla_status printer_finish(struct printer *p);

#endif
