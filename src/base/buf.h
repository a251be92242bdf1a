/* base/buf.h -- bytes that grow. A failed append marks the buffer, and all later ones do nothing,
 * so that a writer appends freely and asks once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *at;
    size_t n, cap;
    bool failed; /* no memory for an append: at[0..n) is what there was before */
};

void buf_init(struct buf *b);
void buf_fini(struct buf *b);  /* frees; accepts a zeroed one */
void buf_clear(struct buf *b); /* forgets the bytes and the failure, keeps the memory */

/* buf_room where there is too little of it. */
char *buf_grow(struct buf *b, size_t n);

/* Room for n more bytes at the end, or NULL; buf_used says how many were written there. */
static inline char *buf_room(struct buf *b, size_t n)
{
    if (!b->failed && b->at != NULL && b->cap - b->n >= n)
        return b->at + b->n;
    return buf_grow(b, n);
}

static inline void buf_used(struct buf *b, size_t n)
{
    b->n += n;
}

static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
    char *room = buf_room(b, n);
    if (room == NULL || n == 0)
        return;
    memcpy(room, bytes, n);
    b->n += n;
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text)); /* of a literal: known to the compiler */
}

static inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);

/* The shortest decimal that reads back as v; NaN, +Inf, -Inf as Prometheus spells them. */
void buf_double(struct buf *b, double v);
void buf_int(struct buf *b, int64_t v);
void buf_uint(struct buf *b, uint64_t v);

#endif
