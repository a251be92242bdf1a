/* base/buf.h -- bytes that grow. A failed append marks the buffer, and all later ones do nothing,
 * so that a writer appends freely and asks once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *at;
    size_t n, cap;
    bool failed; /* no memory for an append: at[0..n) is what there was before */
};

void buf_init(struct buf *b);
void buf_fini(struct buf *b);  /* frees; accepts a zeroed one */
void buf_clear(struct buf *b); /* forgets the bytes and the failure, keeps the memory */

/* Room for n more bytes at the end, or NULL; buf_used says how many were written there. */
char *buf_room(struct buf *b, size_t n);
void buf_used(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *format, ...);

/* The shortest decimal that reads back as v; NaN, +Inf, -Inf as Prometheus spells them. */
void buf_double(struct buf *b, double v);
void buf_int(struct buf *b, int64_t v);
void buf_uint(struct buf *b, uint64_t v);

#endif
