/* http/tree.c -- the comma that stands before a member is due unless a bracket has just been opened, or a line. */
#include "http/tree.h"

#include "wire/json_out.h"

#include <inttypes.h>
#include <string.h>

static bool is_first(const struct buf *b)
{
    char last = b->n > 0 ? b->at[b->n - 1] : '\n';
    return last == '{' || last == '[' || last == '\n';
}

void tree_line(struct buf *b)
{
    buf_text(b, is_first(b) ? "\n" : ",\n");
}

void tree_name(struct buf *b, const char *name)
{
    buf_text(b, is_first(b) ? "" : ", ");
    if (name != NULL)
        buf_printf(b, "\"%s\": ", name);
}

void tree_open(struct buf *b, const char *name, char bracket)
{
    tree_name(b, name);
    buf_char(b, bracket);
}

void tree_close(struct buf *b, char bracket)
{
    buf_char(b, bracket);
}

void tree_double(struct buf *b, const char *name, double v)
{
    tree_name(b, name);
    json_double(b, v);
}

void tree_count(struct buf *b, const char *name, uint64_t n)
{
    tree_name(b, name);
    buf_printf(b, "%" PRIu64, n);
}

void tree_bool(struct buf *b, const char *name, bool yes)
{
    tree_name(b, name);
    buf_text(b, yes ? "true" : "false");
}

void tree_text(struct buf *b, const char *name, const char *text)
{
    tree_name(b, name);
    if (text == NULL || *text == '\0')
        buf_text(b, "null");
    else
        json_text(b, text, strlen(text));
}

void tree_time(struct buf *b, const char *name, int64_t wall_ns)
{
    tree_name(b, name);
    if (wall_ns == 0)
        buf_text(b, "null");
    else
        json_time(b, wall_ns, TIME_RFC3339);
}
