/* rooms: http */
/* Any bytes as an expression: refused with a sentence, or read. */
#include "http/expr.h"
#include "series/selector.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct expr e = {.kind = EXPR_STRING, .range_ns = -1};
    struct fault fault = {.message = ""};
    char *text = malloc(n + 1); /* so that a byte too far is seen */
    require(text != NULL);
    memcpy(text, data, n);
    char *exact = realloc(text, n > 0 ? n : 1);
    text = exact != NULL ? exact : text;
    enum nabla_status status = expr_read(text, n, &e, &fault);
    if (status == NABLA_EINVAL)
        require(strncmp(fault.message, "query: column ", 14) == 0 && e.range_ns == -1);
    if (status == NABLA_OK) {
        require((e.selector != NULL) == (e.kind == EXPR_VECTOR || e.kind == EXPR_MATRIX));
        require((e.range_ns > 0) == (e.kind == EXPR_MATRIX));
        expr_fini(&e);
    }
    free(text);
    return 0;
}
