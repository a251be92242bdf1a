/* series/labels.c -- from the labels as they were spelled to the one set that names a series.
 * Laws: the order of the labels, empty values and exact repeats make no difference. */
#include "series/labels.h"

#include "base/utf8.h"

#include <string.h>

static bool is_metric(const struct label *l)
{
    return l->name_n == sizeof LABEL_METRIC - 1 && memcmp(l->name, LABEL_METRIC, l->name_n) == 0;
}

/* Byte by byte, none being empty. */
static inline int compare_names(const struct label *a, const struct label *b)
{
    if (a->name[0] != b->name[0])
        return (unsigned char)a->name[0] < (unsigned char)b->name[0] ? -1 : 1;
    uint32_t n = a->name_n < b->name_n ? a->name_n : b->name_n;
    int order = memcmp(a->name, b->name, n);
    return order != 0 ? order : (a->name_n > b->name_n) - (a->name_n < b->name_n);
}

/* By name; the metric's name before all others. */
static int compare(const struct label *a, const struct label *b)
{
    if (is_metric(a) != is_metric(b))
        return is_metric(a) ? -1 : 1;
    return compare_names(a, b);
}

/* The bytes of a text of less than eight, some of them twice. */
static uint64_t few(const char *s, uint32_t n)
{
    uint32_t head, tail;
    if (n >= 4) {
        memcpy(&head, s, 4);
        memcpy(&tail, s + n - 4, 4);
        return (uint64_t)tail << 32 | head;
    }
    uint64_t x = UINT64_C(0x2020202020202020);
    for (uint32_t i = 0; i < n; i++)
        x = x << 8 | (unsigned char)s[i];
    return x;
}

/* True if no byte is a control character or beyond ASCII, tried eight at a time: each subtraction
 * leaves the high bit in a byte that is, and perhaps in the one above it. */
static bool is_plain(const char *s, uint32_t n)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t marks = 0, x = n < 8 ? few(s, n) : 0;
    for (uint32_t i = 0; i == 0 || i < n; i += 8) {
        if (n >= 8)
            memcpy(&x, s + (i + 8 <= n ? i : n - 8), 8);
        marks |= x | (x - ones * 0x20) | ((x ^ ones * 0x7f) - ones);
    }
    return (marks & ones << 7) == 0;
}

/* Text that a person can read: UTF-8 without control characters. */
static bool is_text(const char *s, uint32_t n)
{
    if (is_plain(s, n))
        return true;
    for (uint32_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return utf8_valid(s, n);
}

static enum cause judge(const struct label *l)
{
    if (l->name_n == 0 || l->name_n > LABEL_NAME_MAX || !is_text(l->name, l->name_n))
        return CAUSE_NAME;
    if (is_metric(l) && l->value_n > LABEL_NAME_MAX)
        return CAUSE_NAME;
    if (l->value_n > LABEL_VALUE_MAX)
        return CAUSE_LABEL_LENGTH;
    return is_text(l->value, l->value_n) ? CAUSE_COUNT : CAUSE_NAME;
}

static bool same_text(const char *a, uint32_t an, const char *b, uint32_t bn)
{
    return an == bn && memcmp(a, b, an) == 0;
}

/* Keeps one of each pair in the sorted list[0..n); *n says how many stay. False if a name has two
 * values. */
static bool drop_repeats(struct label *list, uint32_t *n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *n; i++) {
        struct label *last = kept > 0 ? &list[kept - 1] : NULL;
        if (last != NULL && same_text(last->name, last->name_n, list[i].name, list[i].name_n)) {
            if (!same_text(last->value, last->value_n, list[i].value, list[i].value_n))
                return false;
            continue;
        }
        list[kept++] = list[i];
    }
    *n = kept;
    return true;
}

/* By insertion, most keys having a handful. Returns whether two names are the same. */
static inline bool sort(struct label *list, uint32_t n,
                        int (*order)(const struct label *, const struct label *))
{
    bool twice = false;
    for (uint32_t i = 1; i < n; i++) {
        struct label x = list[i];
        uint32_t at = i;
        int last = 1;
        while (at > 0 && (last = order(&x, &list[at - 1])) < 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = x;
        twice |= last == 0;
    }
    return twice;
}

/* The metric's name stands first, and only there: how the readers of keys list most of them. */
static bool is_usual(const struct label *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (is_metric(&list[i]) != (i == 0))
            return false;
    return n > 0;
}

/* Sorts and drops repeats. */
static enum cause arrange(struct label *list, uint32_t *n)
{
    if (is_usual(list, *n)) {
        if (!sort(list + 1, *n - 1, compare_names))
            return CAUSE_COUNT;
    } else {
        (void)sort(list, *n, compare);
        if (*n == 0 || !is_metric(&list[0]))
            return CAUSE_NAME;
    }
    return drop_repeats(list, n) ? CAUSE_COUNT : CAUSE_LABEL_TWICE;
}

enum cause labels_sort(struct label_list *list)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        enum cause cause = judge(&list->at[i]);
        if (cause != CAUSE_COUNT)
            return cause;
        if (list->at[i].value_n > 0) /* empty is the same as absent */
            list->at[n++] = list->at[i];
    }
    enum cause cause = arrange(list->at, &n);
    if (cause != CAUSE_COUNT)
        return cause;
    list->n = n;
    return labelset_size(list->at, n) <= LABELSET_MAX ? CAUSE_COUNT : CAUSE_LABEL_LENGTH;
}
