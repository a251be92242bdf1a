/* http/names.c -- one series, many names. */
#include "http/names.h"

#include <string.h>

bool ask_matches(const struct ask *ask, const struct labelset *labels)
{
    for (uint32_t i = 0; i < ask->any_n; i++)
        if (selector_match(ask->any[i], labels))
            return true;
    return ask->any_n == 0;
}

bool ask_wants_line(const struct ask *ask, const struct labelset *labels, unsigned view,
                    const struct label *extra, struct exposed *out)
{
    if (!exposed_make(labels, view, extra, out))
        return false;
    if (ask_matches(ask, &out->set))
        return true;
    for (unsigned plain = VIEW_VALUE; plain <= VIEW_STORED; plain += VIEW_STORED - VIEW_VALUE)
        if (exposed_make(labels, plain, NULL, out) && ask_matches(ask, &out->set))
            return exposed_make(labels, view, extra, out);
    return false;
}

static bool is_same(const struct labelset *a, const struct labelset *b)
{
    return a->bytes == b->bytes && memcmp(a, b, a->bytes) == 0;
}

/* Are its labels' names what Prometheus' clients take? */
static bool is_clean(const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    struct label l;
    while (labelset_next(labels, &cursor, &l))
        if (!exposed_is_clean(l.name, l.name_n))
            return false;
    return true;
}

enum nabla_status names_visit(const struct reading *r, const struct ask *ask,
                              struct exposed *scratch,
                              enum nabla_status (*on_set)(void *ctx, const struct labelset *set),
                              void *ctx)
{
    enum nabla_status status = NABLA_OK;
    unsigned views = exposed_views(r) | 1U << VIEW_VALUE;
    struct exposed_line line;
    if (is_clean(r->labels) && ask_matches(ask, r->labels))
        status = on_set(ctx, r->labels);
    for (unsigned view = 0; status == NABLA_OK && view < VIEWS; view++)
        for (uint32_t i = 0;
             status == NABLA_OK && (views & 1U << view) != 0 && exposed_line(r, view, i, &line);
             i++) {
            const struct label *extra = line.extra.name != NULL ? &line.extra : NULL;
            if (exposed_make(r->labels, view, extra, scratch) &&
                !is_same(&scratch->set, r->labels) && ask_matches(ask, &scratch->set))
                status = on_set(ctx, &scratch->set);
        }
    return status;
}
