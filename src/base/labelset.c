/* base/labelset.c -- packed labels: written once, read by walking. */
#include "base/labelset.h"

#include <string.h>

struct lengths {
    uint16_t name, value;
};

bool labelset_next(const struct labelset *set, struct label_cursor *cursor, struct label *out)
{
    if (cursor->index == set->count)
        return false;
    const char *p = set->packed + cursor->offset;
    struct lengths n;
    memcpy(&n, p, sizeof n);
    p += sizeof n;
    *out = (struct label){.name = p, .name_n = n.name, .value = p + n.name, .value_n = n.value};
    cursor->index++;
    cursor->offset += (uint32_t)sizeof n + n.name + n.value;
    return true;
}

bool labelset_get(const struct labelset *set, const char *name, size_t name_n, struct label *out)
{
    struct label_cursor cursor = {0};
    struct label l;
    while (labelset_next(set, &cursor, &l))
        if (l.name_n == name_n && memcmp(l.name, name, name_n) == 0) {
            *out = l;
            return true;
        }
    return false;
}

struct label labelset_metric(const struct labelset *set)
{
    struct label_cursor cursor = {0};
    struct label l = {.name = "", .value = ""};
    labelset_next(set, &cursor, &l);
    return l;
}

enum nabla_status labelset_pack(const struct label *labels, uint32_t n, struct labelset *out)
{
    size_t bytes = sizeof *out;
    for (uint32_t i = 0; i < n; i++)
        bytes += sizeof(struct lengths) + labels[i].name_n + labels[i].value_n;
    if (n > LABELS_MAX || bytes > LABELSET_MAX)
        return NABLA_ELIMIT;
    *out = (struct labelset){.bytes = (uint16_t)bytes, .count = (uint16_t)n};
    char *p = out->packed;
    for (uint32_t i = 0; i < n; i++) {
        struct lengths len = {(uint16_t)labels[i].name_n, (uint16_t)labels[i].value_n};
        memcpy(p, &len, sizeof len);
        memcpy(p + sizeof len, labels[i].name, len.name);
        memcpy(p + sizeof len + len.name, labels[i].value, len.value);
        p += sizeof len + len.name + len.value;
    }
    return NABLA_OK;
}

bool labelset_equal(const struct labelset *a, const struct labelset *b)
{
    return a->bytes == b->bytes && memcmp(a, b, a->bytes) == 0;
}
