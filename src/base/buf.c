/* base/buf.c -- a growing buffer that remembers its first failure. */
#include "base/buf.h"

#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b)
{
    *b = (struct buf){0};
}

void buf_fini(struct buf *b)
{
    free(b->at);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

char *buf_grow(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap - b->n < n)
        cap *= 2;
    char *at = realloc(b->at, cap);
    if (at == NULL) {
        b->failed = true;
        return NULL;
    }
    b->at = at;
    b->cap = cap;
    return at + b->n;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *room = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
    if (room != NULL) {
        vsnprintf(room, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void buf_double(struct buf *b, double v)
{
    char *room = buf_room(b, NUMBER_TEXT_MAX);
    if (room != NULL)
        b->n += number_write(room, v);
}

void buf_int(struct buf *b, int64_t v)
{
    char *room = buf_room(b, NUMBER_TEXT_MAX);
    if (room != NULL)
        b->n += number_write_i64(room, v);
}

void buf_uint(struct buf *b, uint64_t v)
{
    char *room = buf_room(b, NUMBER_TEXT_MAX);
    if (room != NULL)
        b->n += number_write_u64(room, v);
}
