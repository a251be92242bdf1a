/* wire/pickle_text.h -- strings of pickle's protocol 0, which stand on a line with escapes. Private to wire. */
#ifndef WIRE_PICKLE_TEXT_H
#define WIRE_PICKLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Writes what line[0..n), its LF left out, means to to, which has room for 2 n bytes. False if it is no string. */
typedef bool pickle_unescape(const char *line, size_t n, char *to, size_t *used);

/* 'plant.\xc3\xa9', in either quotes, as Python 2 prints a str: its bytes. */
pickle_unescape pickle_unescape_bytes;

/* plant.\u20ac, other bytes being Latin-1, as Python writes a unicode: its UTF-8. */
pickle_unescape pickle_unescape_letters;

#endif
