/* cli/text.c -- decodes UTF-8 strictly (RFC 3629) and asks wcwidth for columns.
 *
 *     temperature{site="plant-03",sensor="s17"}      whole
 *     temperature{site="p…03",sensor="s17"}          shortened: both ends say the most
 *
 * Laws: nothing appended by text_escape has a character of width -1; text_shorten never appends more
 * columns than asked, nor half a character. */
#include "cli/text.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* Bytes of the character that starts with this byte; 0: none does. */
static uint32_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* True unless the form is overlong, a surrogate or past U+10FFFF. */
static bool is_scalar(uint32_t code, uint32_t bytes)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= least[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static bool decode(const char *text, size_t n, uint32_t *code, uint32_t *bytes)
{
    const unsigned char *p = (const unsigned char *)text;
    *bytes = sequence_length(p[0]);
    if (*bytes == 0 || *bytes > n)
        return false;
    if (*bytes == 1) {
        *code = p[0];
        return true;
    }
    uint32_t c = p[0] & (0x7fu >> *bytes);
    for (uint32_t i = 1; i < *bytes; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return false;
        c = c << 6 | (p[i] & 0x3fu);
    }
    *code = c;
    return is_scalar(c, *bytes);
}

/* Marks that reorder or join what stands around them, and invisible characters that break lines:
 * of width 0 to wcwidth, of effect on the whole line. */
static bool is_layout(uint32_t c)
{
    return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

struct text_char text_char_at(const char *text, size_t n)
{
    struct text_char c = {.code = (unsigned char)text[0], .bytes = 1, .width = -1};
    uint32_t code, bytes;
    if (!decode(text, n, &code, &bytes))
        return c;
    c.code = code;
    c.bytes = bytes;
    if (code < 0x80)
        c.width = code >= 0x20 && code != 0x7f ? 1 : -1;
    else if (!is_layout(code))
        c.width = wcwidth((wchar_t)code);
    return c;
}

size_t text_width(const char *text, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n;) {
        struct text_char c = text_char_at(text + i, n - i);
        columns += c.width > 0 ? (size_t)c.width : 0;
        i += c.bytes;
    }
    return columns;
}

static void escape(struct buf *out, const char *text, struct text_char c)
{
    uint32_t code, bytes;
    if (c.code == '\n')
        buf_text(out, "\\n");
    else if (c.code == '\t')
        buf_text(out, "\\t");
    else if (c.code == '\r')
        buf_text(out, "\\r");
    else if (c.code < 0x80 || !decode(text, c.bytes, &code, &bytes))
        buf_printf(out, "\\x%02x", c.code);
    else if (c.code < 0x10000)
        buf_printf(out, "\\u%04x", c.code);
    else
        buf_printf(out, "\\U%08x", c.code);
}

void text_escape(struct buf *out, const char *text, size_t n, enum text_style style)
{
    for (size_t i = 0; i < n;) {
        struct text_char c = text_char_at(text + i, n - i);
        if (c.width < 0) {
            escape(out, text + i, c);
        } else {
            if (style == TEXT_QUOTED && (c.code == '"' || c.code == '\\'))
                buf_char(out, '\\');
            buf_add(out, text + i, c.bytes);
        }
        i += c.bytes;
    }
}

/* How many bytes of text fit `width` columns, the marks that combine with the last included. */
static size_t fit(const char *text, size_t n, size_t width)
{
    size_t i = 0;
    while (i < n) {
        struct text_char c = text_char_at(text + i, n - i);
        size_t columns = c.width > 0 ? (size_t)c.width : 0;
        if (columns > width)
            break;
        width -= columns;
        i += c.bytes;
    }
    return i;
}

/* Where the part of text starts that follows its first `skip` columns. */
static size_t skip_columns(const char *text, size_t n, size_t skip)
{
    size_t i = 0;
    while (i < n) {
        struct text_char c = text_char_at(text + i, n - i);
        if (skip == 0 && c.width != 0)
            break;
        size_t columns = c.width > 0 ? (size_t)c.width : 0;
        skip -= columns < skip ? columns : skip;
        i += c.bytes;
    }
    return i;
}

void text_shorten(struct buf *out, const char *text, size_t n, size_t width)
{
    size_t whole = text_width(text, n);
    if (whole <= width) {
        buf_add(out, text, n);
        return;
    }
    if (width == 0)
        return;
    size_t tail = (width - 1) / 2;
    size_t from = skip_columns(text, n, whole - tail);
    buf_add(out, text, fit(text, n, width - 1 - tail));
    buf_text(out, ELLIPSIS);
    buf_add(out, text + from, n - from);
}

void text_clip(struct buf *out, size_t start, size_t width)
{
    out->n = start + fit(out->at + start, out->n - start, width);
}

void text_pad(struct buf *out, size_t columns)
{
    char *room = buf_room(out, columns);
    if (room == NULL)
        return;
    memset(room, ' ', columns);
    buf_used(out, columns);
}
