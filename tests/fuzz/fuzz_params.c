/* rooms: http */
/* Any bytes as a query string or a form, and as what it asks for: pairs that lie inside, in order, of
 * valid UTF-8 without a terminator in their way; a refusal says why. */
#include "base/utf8.h"
#include "http/params.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_pairs(const struct params *p, const char *text, size_t n)
{
    const char *at = text;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct param *x = &p->at[i];
        require(x->name >= at && x->value >= x->name + x->name_n);
        at = x->value + x->value_n;
        require(at <= text + n);
        require(utf8_valid(x->name, x->name_n) && utf8_valid(x->value, x->value_n));
    }
}

static void ask(const struct params *p)
{
    static const unsigned known[] = {0, ASK_MATCH | ASK_STATE | ASK_SORT | ASK_LIMIT | ASK_TIME |
                                            ASK_TIMESTAMPS};
    for (size_t i = 0; i < 2; i++) {
        struct ask a;
        struct fault fault = {0};
        enum nabla_status status = ask_read(p, known[i], &a, &fault);
        require(status == NABLA_OK || (known[i] != 0 && a.any_n == 0));
        require(status != NABLA_EINVAL || strlen(fault.message) > 0);
        ask_fini(&a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct params p = {0};
    struct fault fault = {0};
    char *text = malloc(n + 1), *path = malloc(n + 1); /* n may be 0 */
    size_t path_n = n;
    if (text == NULL || path == NULL)
        abort();
    memcpy(text, data, n);
    memcpy(path, data, n);
    enum nabla_status status = params_read(&p, text, n, &fault);
    require(status == NABLA_OK || (status == NABLA_EINVAL && strlen(fault.message) > 0));
    require(p.n <= PARAMS_MAX);
    check_pairs(&p, text, n);
    if (status == NABLA_OK)
        ask(&p);
    if (percent_decode(path, &path_n, false) == NABLA_OK)
        require(path_n <= n && utf8_valid(path, path_n));
    free(text);
    free(path);
    return 0;
}
