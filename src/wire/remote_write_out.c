/* wire/remote_write_out.c -- points to protobuf, by hand: five fields are all there is.
 *
 *     WriteRequest { repeated TimeSeries = 1 }
 *     TimeSeries   { repeated Label = 1; repeated Sample = 2 }
 *     Label        { string name = 1; string value = 2 }
 *     Sample       { double value = 1; int64 timestamp = 2 }      milliseconds
 *
 * Laws: labels are sorted by name and no two share one, as receivers demand.
 * Source: Prometheus Remote-Write 1.0; protobuf's wire format. */
#include "wire/remote_write_out.h"

#include "base/clock.h"

#include <string.h>

enum {
    BYTES = 2,
    FIXED64 = 1,
    VARINT = 0,
    VARINT_MAX = 10,
    NAME_MAX_VALID = LABEL_NAME_MAX + 2 + FIELD_SUFFIX_MAX
};

struct pair {
    char name[NAME_MAX_VALID];
    uint32_t name_n, value_n;
    const char *value;
};

struct pairs {
    struct pair at[LABELS_MAX];
    uint8_t order[LABELS_MAX]; /* of at, by name */
    uint32_t n;
    char metric[NAME_MAX_VALID];
    char joined[LABELSET_MAX]; /* values of labels that became one */
    uint32_t joined_n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool name_holds(char c, bool metric)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (c == ':' && metric);
}

/* name[0..n), n at most LABEL_NAME_MAX, made valid. Returns its length. */
static uint32_t make_valid(char out[static NAME_MAX_VALID], const char *name, uint32_t n,
                           bool metric)
{
    uint32_t used = 0;
    if (n == 0 || is_digit(name[0]))
        out[used++] = '_';
    for (uint32_t i = 0; i < n; i++)
        out[used++] = name_holds(name[i], metric) ? name[i] : '_';
    return used;
}

static int compare(const struct pair *a, const struct pair *b)
{
    uint32_t n = a->name_n < b->name_n ? a->name_n : b->name_n;
    int order = memcmp(a->name, b->name, n);
    return order != 0 ? order : (a->name_n > b->name_n) - (a->name_n < b->name_n);
}

/* "a;b" as the value of a name that two labels share. */
static void join(struct pairs *p, struct pair *into, const struct pair *x)
{
    char *start = p->joined + p->joined_n;
    if (into->value_n + x->value_n + 1 > sizeof p->joined - p->joined_n)
        return;
    memcpy(start, into->value, into->value_n);
    start[into->value_n] = ';';
    memcpy(start + into->value_n + 1, x->value, x->value_n);
    into->value = start;
    into->value_n += 1 + x->value_n;
    p->joined_n += into->value_n;
}

/* Takes at[n] in, where it belongs. */
static void take(struct pairs *p)
{
    uint32_t at = p->n;
    while (at > 0 && compare(&p->at[p->n], &p->at[p->order[at - 1]]) < 0)
        at--;
    if (at > 0 && compare(&p->at[p->n], &p->at[p->order[at - 1]]) == 0) {
        join(p, &p->at[p->order[at - 1]], &p->at[p->n]);
        return;
    }
    memmove(p->order + at + 1, p->order + at, p->n - at);
    p->order[at] = (uint8_t)p->n++;
}

static void take_metric(struct pairs *p, const struct label *l, const char *suffix)
{
    struct pair *x = &p->at[p->n];
    uint32_t n = make_valid(p->metric, l->value, l->value_n, true);
    memcpy(p->metric + n, suffix, strlen(suffix));
    x->value = p->metric;
    x->value_n = n + (uint32_t)strlen(suffix);
    x->name_n = sizeof LABEL_METRIC - 1;
    memcpy(x->name, LABEL_METRIC, x->name_n);
    take(p);
}

static void take_label(struct pairs *p, const struct label *l)
{
    struct pair *x = &p->at[p->n];
    x->name_n = make_valid(x->name, l->name, l->name_n, false);
    if (x->name_n == sizeof LABEL_METRIC - 1 && memcmp(x->name, LABEL_METRIC, x->name_n) == 0)
        x->name[x->name_n++] = '_';
    x->value = l->value;
    x->value_n = l->value_n;
    take(p);
}

/* ---- protobuf */

static uint32_t varint_size(uint64_t v)
{
    uint32_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static void write_varint(struct buf *b, uint64_t v)
{
    char *room = buf_room(b, VARINT_MAX);
    size_t n = 0;
    if (room == NULL)
        return;
    for (; v >= 0x80; v >>= 7)
        room[n++] = (char)(v | 0x80);
    room[n++] = (char)v;
    buf_used(b, n);
}

static void write_tag(struct buf *b, unsigned field, unsigned type)
{
    buf_char(b, (char)(field << 3 | type));
}

static void write_bytes(struct buf *b, unsigned field, const char *at, uint32_t n)
{
    write_tag(b, field, BYTES);
    write_varint(b, n);
    buf_add(b, at, n);
}

static uint32_t bytes_size(uint32_t n)
{
    return 1 + varint_size(n) + n;
}

static uint32_t label_size(const struct pair *x)
{
    return bytes_size(x->name_n) + bytes_size(x->value_n);
}

static void write_label(struct buf *b, const struct pair *x)
{
    write_tag(b, 1, BYTES);
    write_varint(b, label_size(x));
    write_bytes(b, 1, x->name, x->name_n);
    write_bytes(b, 2, x->value, x->value_n);
}

static uint32_t sample_size(int64_t ms)
{
    return 1 + sizeof(double) + 1 + varint_size((uint64_t)ms);
}

static void write_sample(struct buf *b, const struct field_value *field, int64_t ms)
{
    uint64_t bits;
    char bytes[sizeof bits];
    memcpy(&bits, &field->v, sizeof bits);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(bits >> (8 * i));
    write_tag(b, 2, BYTES);
    write_varint(b, sample_size(ms));
    write_tag(b, 1, FIXED64);
    buf_add(b, bytes, sizeof bytes);
    write_tag(b, 2, VARINT);
    write_varint(b, (uint64_t)ms);
}

static int64_t milliseconds(int64_t t_ns)
{
    return t_ns / NS_PER_MS - (t_ns % NS_PER_MS < 0);
}

void remote_write_point(struct buf *b, const struct labelset *labels,
                        const struct field_value *field, int64_t t_ns)
{
    struct pairs pairs;
    struct label_cursor cursor = {0};
    struct label l;
    pairs.n = pairs.joined_n = 0;
    labelset_next(labels, &cursor, &l); /* the metric's name comes first */
    take_metric(&pairs, &l, field->suffix);
    while (labelset_next(labels, &cursor, &l))
        take_label(&pairs, &l);
    int64_t ms = milliseconds(t_ns);
    uint32_t size = bytes_size(sample_size(ms));
    for (uint32_t i = 0; i < pairs.n; i++)
        size += bytes_size(label_size(&pairs.at[i]));
    write_tag(b, 1, BYTES);
    write_varint(b, size);
    for (uint32_t i = 0; i < pairs.n; i++)
        write_label(b, &pairs.at[pairs.order[i]]);
    write_sample(b, field, ms);
}
