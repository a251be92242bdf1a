/* base/limit.c -- the labels of base/limit.h. */
#include "base/limit.h"

const char *limit_label(enum limit limit)
{
    static const char *const labels[] = {
#define X(symbol, label) label,
        LIMIT_LIST(X)
#undef X
    };
    return labels[limit];
}
