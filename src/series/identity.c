/* series/identity.c -- packing and unpacking.
 * Law: unpacking gives the very labelset that labelset_pack makes of the same labels. */
#include "series/identity.h"

#include <string.h>

void vocabulary_fini(struct vocabulary *v)
{
    dictionary_fini(&v->metrics);
    dictionary_fini(&v->shapes);
}

uint64_t vocabulary_bytes(const struct vocabulary *v)
{
    return dictionary_bytes(&v->metrics) + dictionary_bytes(&v->shapes);
}

static unsigned char *put_number(unsigned char *p, uint32_t x)
{
    for (; x >= 0x80; x >>= 7)
        *p++ = (unsigned char)(x | 0x80);
    *p++ = (unsigned char)x;
    return p;
}

static unsigned char *put_text(unsigned char *p, const char *text, uint32_t n)
{
    p = put_number(p, n);
    memcpy(p, text, n);
    return p + n;
}

/* Never longer than the labelset would be, whose lengths take two bytes each. */
static enum nabla_status join_shape(struct vocabulary *v, const struct label *labels, uint32_t n,
                                    uint32_t *number)
{
    unsigned char names[LABELSET_MAX], *p = names;
    for (uint32_t i = 1; i < n; i++)
        p = put_text(p, labels[i].name, labels[i].name_n);
    return dictionary_join(&v->shapes, (const char *)names, (uint32_t)(p - names), number);
}

enum nabla_status identity_make(struct vocabulary *v, const struct label *labels, uint32_t n,
                                unsigned char out[static IDENTITY_MAX], size_t *bytes)
{
    uint32_t metric, shape;
    if (dictionary_join(&v->metrics, labels[0].value, labels[0].value_n, &metric) != NABLA_OK)
        return NABLA_ENOMEM;
    if (join_shape(v, labels, n, &shape) != NABLA_OK) {
        dictionary_leave(&v->metrics, metric);
        return NABLA_ENOMEM;
    }
    unsigned char *p = put_number(put_number(out, metric), shape);
    for (uint32_t i = 1; i < n; i++)
        p = put_text(p, labels[i].value, labels[i].value_n);
    *bytes = (size_t)(p - out);
    return NABLA_OK;
}

void identity_leave(struct vocabulary *v, const unsigned char *id)
{
    const unsigned char *p = id;
    uint32_t metric = identity_number(&p), shape = identity_number(&p);
    dictionary_leave(&v->metrics, metric);
    dictionary_leave(&v->shapes, shape);
}

/* A shape's names, from the first on. */
struct names {
    const unsigned char *p, *end;
};

static struct names names_of(const struct vocabulary *v, uint32_t shape)
{
    const struct entry *x = dictionary_at(&v->shapes, shape);
    const unsigned char *p = (const unsigned char *)x->text;
    return (struct names){p, p + x->n};
}

size_t identity_bytes(const struct vocabulary *v, const unsigned char *id)
{
    const unsigned char *p = id;
    identity_number(&p);
    struct names names = names_of(v, identity_number(&p));
    while (names.p < names.end) {
        uint32_t name_n = identity_number(&names.p), n = identity_number(&p);
        names.p += name_n;
        p += n;
    }
    return (size_t)(p - id);
}

bool identity_value(const struct vocabulary *v, const unsigned char *id, const char *name,
                    uint32_t name_n, struct label *out)
{
    const unsigned char *p = id;
    const struct entry *metric = dictionary_at(&v->metrics, identity_number(&p));
    struct names names = names_of(v, identity_number(&p));
    if (name_n == sizeof LABEL_METRIC - 1 && memcmp(name, LABEL_METRIC, name_n) == 0) {
        *out = (struct label){name, metric->text, name_n, metric->n};
        return true;
    }
    while (names.p < names.end) {
        uint32_t n = identity_number(&names.p), value_n = identity_number(&p);
        if (n == name_n && memcmp(names.p, name, n) == 0) {
            *out = (struct label){name, (const char *)p, name_n, value_n};
            return true;
        }
        names.p += n;
        p += value_n;
    }
    return false;
}

void identity_unpack(const struct vocabulary *v, const unsigned char *id, struct labelset *out)
{
    const unsigned char *p = id;
    const struct entry *metric = dictionary_at(&v->metrics, identity_number(&p));
    struct names names = names_of(v, identity_number(&p));
    struct label l = {LABEL_METRIC, metric->text, sizeof LABEL_METRIC - 1, metric->n};
    struct labelset_writer w;
    labelset_begin(&w, out);
    labelset_add(&w, &l);
    while (names.p < names.end) {
        l.name_n = identity_number(&names.p);
        l.name = (const char *)names.p;
        names.p += l.name_n;
        l.value_n = identity_number(&p);
        l.value = (const char *)p;
        p += l.value_n;
        labelset_add(&w, &l);
    }
    labelset_end(&w);
}
