/* conf/notation.c -- one item after the other: start, step, times. */
#include "conf/notation.h"

#include "base/number.h"

#include <string.h>

struct item {
    bool missing;
    double start, step;
    uint64_t times; /* steps: one value more than that, but of what is missing */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t item_length(const char *text, size_t n, size_t at)
{
    size_t end = at;
    while (end < n && !is_blank(text[end]))
        end++;
    return end - at;
}

/* xN at the end of an item. */
static bool read_times(const char *text, size_t n, uint64_t *times)
{
    return n > 1 && text[0] == 'x' && number_read_u64(text + 1, n - 1, times) == n - 1 &&
           *times <= NOTATION_VALUES_MAX;
}

static bool read_item(const char *text, size_t n, struct item *out)
{
    *out = (struct item){.missing = text[0] == '_', .times = 0};
    if (out->missing) {
        out->times = 1;
        return n == 1 || read_times(text + 1, n - 1, &out->times);
    }
    size_t used = number_read_any(text, n, &out->start);
    if (used == 0 || used == n)
        return used == n;
    size_t step = 0;
    if (text[used] != 'x')
        step = text[used + 1] == '+' || text[used + 1] == '-'
                   ? 0
                   : number_read(text + used + 1, n - used - 1, &out->step);
    if (text[used] != 'x' && ((text[used] != '+' && text[used] != '-') || step == 0))
        return false;
    if (text[used] == '-')
        out->step = -out->step;
    used += step > 0 ? step + 1 : 0;
    return read_times(text + used, n - used, &out->times);
}

enum nabla_status notation_read(const char *text, size_t n,
                                bool (*take)(void *ctx, uint32_t index, double v), void *ctx,
                                struct text_fault *fault)
{
    uint64_t index = 0;
    struct item item;
    for (size_t at = 0, length; at < n; at += length) {
        length = item_length(text, n, at);
        if (length == 0) {
            length = 1;
            continue;
        }
        if (!read_item(text + at, length, &item)) {
            text_fault_set(fault, at,
                           "\"%.*s\" is none of 1.5, 0+5x10, 10-2x3, 4x10, _ and _x10 (at most %d "
                           "values)",
                           (int)(length < 40 ? length : 40), text + at, NOTATION_VALUES_MAX);
            return NABLA_EINVAL;
        }
        uint64_t count = item.times + !item.missing;
        if (index + count > NOTATION_VALUES_MAX) {
            text_fault_set(fault, at, "more than %d values", NOTATION_VALUES_MAX);
            return NABLA_EINVAL;
        }
        for (uint64_t i = 0; !item.missing && i < count; i++)
            if (!take(ctx, (uint32_t)(index + i), item.start + (double)i * item.step))
                return NABLA_ENOMEM;
        index += count;
    }
    return NABLA_OK;
}
