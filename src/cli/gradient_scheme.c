/* cli/gradient_scheme.c -- boundaries read, and what a stencil needs.
 *
 *     one-sided:2,reflect
 *     ^before     ^after       without a comma: both
 *
 * Laws: scheme_reach and scheme_fewest are what the library asks for (test_gradient_scheme.c). */
#include "cli/gradient_scheme.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

int64_t scheme_reach(const struct scheme *s)
{
    return s->beyond ? nabla_derivative_halo(&s->options) : s->edge_order + 1;
}

int64_t scheme_fewest(const struct scheme *s, bool uneven)
{
    const struct nabla_derivative_options *o = &s->options;
    int sided = (o->order == 0 ? 1 : o->order) + (o->accuracy == 0 ? 2 : o->accuracy);
    int radius = uneven ? sided / 2 : (sided - 1) / 2;
    if (!s->beyond)
        return s->edge_order + 1;
    if (o->before == NABLA_PERIODIC)
        return sided > 2 * radius + 1 ? sided : 2 * radius + 1;
    if (o->before == NABLA_REFLECT && o->after == NABLA_REFLECT)
        return radius + 1;
    return sided;
}

static bool is_word(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

/* One end: its kind, and what follows the colon. */
static const char *read_end(const char *text, size_t n, struct boundary *out)
{
    const char *colon = memchr(text, ':', n), *more = colon == NULL ? NULL : colon + 1;
    size_t word = colon == NULL ? n : (size_t)(colon - text), more_n = n - word - (more != NULL);
    *out = (struct boundary){0};
    if (is_word(text, word, "one-sided")) {
        if (more == NULL)
            return NULL;
        out->edge_order = more_n == 1 && (*more == '1' || *more == '2') ? *more - '0' : 0;
        return out->edge_order > 0 ? NULL : "one-sided:1 or one-sided:2";
    }
    if (is_word(text, word, "periodic")) {
        out->before = out->after = NABLA_PERIODIC;
        if (more == NULL)
            return NULL;
        bool read = more_n > 0 && number_read(more, more_n, &out->period) == more_n;
        return read && out->period > 0 && isfinite(out->period)
                   ? NULL
                   : "a period is a number above 0: periodic:360";
    }
    out->before = out->after = NABLA_REFLECT;
    return more == NULL && is_word(text, word, "reflect")
               ? NULL
               : "one-sided, reflect or periodic, or two of them with a comma between";
}

const char *boundary_read(const char *text, struct boundary *out)
{
    struct boundary after;
    size_t n = strcspn(text, ",");
    const char *why = read_end(text, n, out);
    if (why != NULL || text[n] == '\0')
        return why;
    if ((why = read_end(text + n + 1, strlen(text + n + 1), &after)) != NULL)
        return why;
    if ((out->before == NABLA_PERIODIC) != (after.before == NABLA_PERIODIC) ||
        out->period != after.period)
        return "an axis is periodic at both ends or at neither";
    if (out->edge_order != 0 && after.edge_order != 0 && out->edge_order != after.edge_order)
        return "both one-sided ends have one order";
    out->after = after.before;
    out->edge_order = out->edge_order > after.edge_order ? out->edge_order : after.edge_order;
    return NULL;
}
