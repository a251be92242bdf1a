/* tests/bench/corpus.c -- a line is a head, which names the series, and a tail of value and time. Heads
 * are made once a series; only tails once a line, digit by digit, so that a hundred million bytes take
 * less than a second. */
#include "corpus.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEAD_ROOM = 96, LINE_ROOM = 160, NS_PER_S = 1000000000, CRAFTED_BITS = 9 };

static const char *const names[CORPUS_FORMAT_COUNT] = {"influx", "long",   "graphite",
                                                       "json",   "statsd", "crafted"};

/* xorshift64: quick, and the same everywhere for a seed */
struct dice {
    uint64_t state;
};

static uint64_t next_random(struct dice *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return d->state;
}

/* ---- pieces of a line: each returns where the next one goes */

static char *put_text(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static char *put_digits(char *p, uint64_t v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + digits;
}

static char *put_path(char *p, uint32_t series)
{
    p = put_digits(put_text(p, "factory.plant-"), series % 100, 2);
    p = put_digits(put_text(p, ".line-"), series % 89, 2);
    return put_digits(put_text(p, ".temperature.s"), series, 8);
}

static char *put_head(char *p, enum corpus_format format, uint32_t series)
{
    switch (format) {
    case CORPUS_GRAPHITE: return put_text(put_path(p, series), " ");
    case CORPUS_STATSD: return put_text(put_path(p, series), ":");
    case CORPUS_JSON:
        p = put_text(p, "{\"metric\":\"temperature\",\"labels\":{\"site\":\"plant-");
        p = put_text(put_digits(p, series % 100, 2), "\",\"sensor\":\"s");
        return put_text(put_digits(p, series, 8), "\"},\"time\":");
    default:
        p = put_digits(put_text(p, "temperature,site=plant-"), series % 100, 2);
        p = put_digits(put_text(p, ",sensor=s"), series, 8);
        return put_text(p, " value=");
    }
}

static char *put_value(char *p, bool exact, struct dice *d)
{
    uint64_t x = next_random(d);
    p = put_text(put_digits(p, 15 + x % 20, 2), ".");
    return put_digits(p, x >> 8, exact ? 15 : 3);
}

static char *put_seconds(char *p, uint64_t t_ns, int fraction)
{
    p = put_text(put_digits(p, t_ns / NS_PER_S, 10), ".");
    uint64_t part = t_ns % NS_PER_S;
    for (int i = fraction; i < 9; i++)
        part /= 10;
    return put_digits(p, part, fraction);
}

static char *put_tail(char *p, enum corpus_format format, uint64_t t_ns, struct dice *d)
{
    switch (format) {
    case CORPUS_GRAPHITE:
        return put_text(put_seconds(put_text(put_value(p, false, d), " "), t_ns, 3), "\n");
    case CORPUS_STATSD: return put_text(put_value(p, false, d), "|g\n");
    case CORPUS_JSON:
        p = put_text(put_seconds(p, t_ns, 9), ",\"value\":");
        return put_text(put_value(p, false, d), "}\n");
    default:
        p = put_text(put_value(p, format == CORPUS_LONG, d), " ");
        return put_text(put_digits(p, t_ns, 19), "\n");
    }
}

/* ---- all series */

struct heads {
    char (*text)[HEAD_ROOM];
    unsigned char *n;
    uint32_t *order;
};

static void heads_fini(struct heads *h)
{
    free(h->text);
    free(h->n);
    free(h->order);
}

/* Would an index that hashed without a secret put these bytes into the same 512th as others? */
static bool meets_others(const char *head, size_t n)
{
    size_t key_n = n - strlen(" value=");
    return (XXH3_128bits(head, key_n).low64 & ((1u << CRAFTED_BITS) - 1)) == 0;
}

static bool heads_init(struct heads *h, const struct corpus_options *o)
{
    uint32_t number = o->first;
    *h = (struct heads){malloc(o->series * sizeof *h->text), malloc(o->series),
                        malloc(o->series * sizeof *h->order)};
    if (h->text == NULL || h->n == NULL || h->order == NULL)
        return false;
    for (uint32_t i = 0; i<o->series; number += o->step> 0 ? o->step : 1) {
        size_t n = (size_t)(put_head(h->text[i], o->format, number) - h->text[i]);
        if (o->format == CORPUS_CRAFTED && !meets_others(h->text[i], n))
            continue;
        h->n[i] = (unsigned char)n;
        h->order[i] = i;
        i++;
    }
    return true;
}

static void shuffle(uint32_t *order, uint32_t n, struct dice *d)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)(next_random(d) % i), x = order[i - 1];
        order[i - 1] = order[j];
        order[j] = x;
    }
}

static char *put_round(char *p, const struct corpus_options *o, struct heads *h, uint64_t round,
                       struct dice *d)
{
    uint64_t start_ns = (uint64_t)o->start_ns + round * NS_PER_S;
    shuffle(h->order, o->series, d);
    for (uint32_t i = 0; i < o->series; i++) {
        uint32_t series = h->order[i];
        memcpy(p, h->text[series], h->n[series]);
        uint64_t t_ns = start_ns + next_random(d) % (NS_PER_S / 10 * 9);
        p = put_tail(p + h->n[series], o->format, t_ns, d);
    }
    return p;
}

bool corpus_format_of(const char *name, enum corpus_format *out)
{
    for (enum corpus_format f = 0; f < CORPUS_FORMAT_COUNT; f++) {
        if (strcmp(name, names[f]) != 0)
            continue;
        *out = f;
        return true;
    }
    return false;
}

bool corpus_make(const struct corpus_options *o, struct corpus *out)
{
    struct dice d = {o->seed * 2654435769u + 1};
    struct heads h;
    /* untouched pages of the room cost nothing */
    char *bytes = malloc((size_t)o->series * o->rounds * LINE_ROOM), *p = bytes;
    bool made = heads_init(&h, o) && bytes != NULL;
    for (uint64_t round = 0; made && round < o->rounds; round++)
        p = put_round(p, o, &h, round, &d);
    heads_fini(&h);
    *out = (struct corpus){bytes, (size_t)(p - bytes), (uint64_t)o->series * o->rounds};
    return made;
}

void corpus_free(struct corpus *c)
{
    free(c->bytes);
    *c = (struct corpus){0};
}

size_t corpus_cut(const struct corpus *c, size_t from, size_t max)
{
    if (c->n - from <= max)
        return c->n;
    const char *lf = memrchr(c->bytes + from, '\n', max);
    if (lf == NULL)
        lf = memchr(c->bytes + from, '\n', c->n - from);
    return (size_t)(lf + 1 - c->bytes);
}
