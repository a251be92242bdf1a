/* cli/answer.h -- what nablad's HTTP interface answered: the data out of its envelope. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "base/buf.h"

#include <jansson.h>

/* Reads {"status": "success", "data": ...}. Returns the data, owned by the caller, or NULL with one
 * line on why appended to *why: the envelope's own error, or that this is no answer of nablad. */
json_t *answer_read(long status, const char *body, size_t n, struct buf *why);

/* Appends the value as JSON text, an array's items a line each; numbers so that they read back the
 * same. Its integers were read as doubles. */
void answer_print(struct buf *out, json_t *value);

#endif
