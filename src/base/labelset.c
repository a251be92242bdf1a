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

void labelset_add(struct labelset_writer *w, const struct label *l)
{
    struct lengths n = {(uint16_t)l->name_n, (uint16_t)l->value_n};
    memcpy(w->end, &n, sizeof n);
    memcpy(w->end + sizeof n, l->name, n.name);
    memcpy(w->end + sizeof n + n.name, l->value, n.value);
    w->end += sizeof n + n.name + n.value;
    w->count++;
}

void labelset_end(struct labelset_writer *w)
{
    *w->set = (struct labelset){.bytes = (uint16_t)(w->end - (char *)w->set),
                                .count = (uint16_t)w->count};
}

size_t labelset_size(const struct label *labels, uint32_t n)
{
    size_t bytes = sizeof(struct labelset);
    for (uint32_t i = 0; i < n; i++)
        bytes += sizeof(struct lengths) + labels[i].name_n + labels[i].value_n;
    return bytes;
}

enum nabla_status labelset_pack(const struct label *labels, uint32_t n, struct labelset *out)
{
    struct labelset_writer w;
    if (n > LABELS_MAX || labelset_size(labels, n) > LABELSET_MAX)
        return NABLA_ELIMIT;
    labelset_begin(&w, out);
    for (uint32_t i = 0; i < n; i++)
        labelset_add(&w, &labels[i]);
    labelset_end(&w);
    return NABLA_OK;
}
