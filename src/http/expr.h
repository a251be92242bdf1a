/* http/expr.h -- the part of Prometheus' query language that nablad answers. Pure but for the memory of a
 * selector.
 *
 *     temperature_per_second{site="a"}              what it is now, or was `offset 5m` ago
 *     temperature_per_second{site="a"}[5m]          the points of five minutes
 *     1 + 2 * 3, "text"                             numbers with + - * / % ^ and parentheses; a string
 *
 * Anything more is refused with a sentence that says what was found, and where. */
#ifndef HTTP_EXPR_H
#define HTTP_EXPR_H

#include "base/buf.h"
#include "http/params.h"

enum { EXPR_DEPTH_MAX = 64 }; /* of parentheses and signs */

enum expr_kind { EXPR_SCALAR, EXPR_STRING, EXPR_VECTOR, EXPR_MATRIX };

struct expr {
    enum expr_kind kind;
    double scalar;
    struct buf string;         /* owned; unescaped */
    struct selector *selector; /* owned; of a vector or a matrix */
    int64_t range_ns, offset_ns;
};

/* Reads the whole of text[0..n). Errors: NABLA_EINVAL with a fault, NABLA_ENOMEM; *out is then
 * untouched. */
MUST_CHECK enum nabla_status expr_read(const char *text, size_t n, struct expr *out,
                                       struct fault *fault);
void expr_fini(struct expr *e); /* accepts a zeroed one */

/* Prometheus' durations, 5m, 1h30m, 1y; or seconds, 15, 0.5, as `step` and `timeout` also take them.
 * The whole of text[0..n). Errors: NABLA_EINVAL, NABLA_ERANGE. */
MUST_CHECK enum nabla_status expr_duration(const char *text, size_t n, bool seconds,
                                           int64_t *out_ns);

#endif
