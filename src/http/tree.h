/* http/tree.h -- an answer of many members as JSON: who writes a member need not know whether one came before
 * it. Pure: appends to a buffer.
 *
 *     tree_open(b, NULL, '{'), tree_count(b, "lines", 3), tree_open(b, "loops", '['), ...    tree_close(b, ']') ... */
#ifndef HTTP_TREE_H
#define HTTP_TREE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* name: of the member; NULL in a list, and of the whole. bracket: '{' or '['; close takes the other one. */
void tree_open(struct buf *b, const char *name, char bracket);
void tree_close(struct buf *b, char bracket);

void tree_double(struct buf *b, const char *name, double v); /* null if it is not finite */
void tree_count(struct buf *b, const char *name, uint64_t n);
void tree_bool(struct buf *b, const char *name, bool yes);
void tree_text(struct buf *b, const char *name, const char *text); /* NULL or "": null */
void tree_time(struct buf *b, const char *name, int64_t wall_ns);  /* RFC 3339; 0: null */

void tree_line(struct buf *b); /* what follows stands on a line of its own */

/* A member whose value the caller appends. */
void tree_name(struct buf *b, const char *name);

#endif
