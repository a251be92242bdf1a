/* cli/text.h -- UTF-8 on a terminal: how wide it is, made harmless, made shorter. Pure, but for
 * LC_CTYPE: wcwidth knows characters beyond ASCII only in a UTF-8 locale; without, all of them are
 * escaped. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* One character at text[0..n), n > 0. */
struct text_char {
    uint32_t code;  /* the byte itself where text is not UTF-8 */
    uint32_t bytes; /* 1 to 4 */
    int width;      /* columns: 0, 1 or 2; -1: must not reach a terminal as it is */
};
struct text_char text_char_at(const char *text, size_t n);

/* Columns of text that holds nothing of width -1, as text_escape leaves it. */
size_t text_width(const char *text, size_t n);

/* Appends text with everything that could move the cursor, change its colour or reorder the line
 * (controls, bytes that are not UTF-8, marks of writing direction) as \n, \x1b, \u202e, the way
 * selectors spell them. TEXT_QUOTED escapes " and \ too. */
enum text_style { TEXT_PLAIN, TEXT_QUOTED };
void text_escape(struct buf *out, const char *text, size_t n, enum text_style style);

/* Appends text, already escaped, in at most `width` columns: whole, or its beginning and its end
 * with an ellipsis between them. */
void text_shorten(struct buf *out, const char *text, size_t n, size_t width);

/* Cuts what was appended from `start` on to at most `width` columns. */
void text_clip(struct buf *out, size_t start, size_t width);

void text_pad(struct buf *out, size_t columns); /* blanks */

#endif
