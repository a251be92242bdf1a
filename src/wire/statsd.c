/* wire/statsd.c -- a line of statsd, with DogStatsD's tags, to a sample or two.
 *
 *     requests:3|c|@0.1|#room:a,canary|T1700000000
 *     ^key    ^v ^type   ^sub            ^seconds; left out: when it was received
 *
 *     c          adds value / rate to the series, which so is the sum of all that came
 *     g          is the value; with a sign, it is added
 *     ms h d     add to two series: NAME_count the number of values / rate, NAME_sum the values / rate
 *
 * Several values (1:2:3) are those of as many lines. Laws: one pass; a line that is refused leaves batch as
 * it was; the number that is added is finite, so that a sum cannot be spoilt.
 * Elsewhere: the sum (series/table_apply.c), tags (wire/key.c), CR and comments (wire/lines.c). */
#include "wire/lines.h"

#include "base/number.h"
#include "wire/scan.h"

#include <math.h>
#include <string.h>

enum type { TYPE_NONE, TYPE_COUNTER, TYPE_GAUGE, TYPE_TIMER, TYPE_SET };

struct metric {
    const char *p, *end; /* p: where the line went wrong, if it did */
    const char *name, *values, *tags;
    uint32_t name_n, values_n, tags_n;
    enum type type;
    double rate; /* of sampling: each value stands for 1/rate */
    int64_t t_ns;
};

static enum cause fail_at(struct metric *m, const char *p, enum cause cause)
{
    m->p = p;
    return cause;
}

static bool starts_with(const char *p, const char *end, const char *text, size_t n)
{
    return (size_t)(end - p) >= n && memcmp(p, text, n) == 0;
}

static enum type type_of(const char *p, size_t n)
{
    if (n == 2)
        return p[0] == 'm' && p[1] == 's' ? TYPE_TIMER : TYPE_NONE;
    switch (n == 1 ? *p : 0) {
    case 'c': return TYPE_COUNTER;
    case 'g': return TYPE_GAUGE;
    case 'h':
    case 'd': return TYPE_TIMER;
    case 's': return TYPE_SET;
    default: return TYPE_NONE;
    }
}

/* The next '|' of the line, or its end. */
static const char *find_bar(const char *p, const char *end)
{
    while (p < end && *p != '|')
        p++;
    return p;
}

/* name:values|type; leaves p at what follows. */
static enum cause read_head(struct metric *m)
{
    const char *p = m->p, *end = m->end;
    if (starts_with(p, end, "_e{", 3) || starts_with(p, end, "_sc|", 4))
        return CAUSE_STATSD_EVENT;
    while (p < end && *p != ':' && *p != '|')
        p++;
    if (p == m->p || p == end || *p == '|')
        return fail_at(m, p, CAUSE_SYNTAX);
    m->name = m->p;
    m->name_n = (uint32_t)(p - m->p);
    m->values = p + 1;
    const char *bar = find_bar(p, end), *type = bar + (bar < end);
    m->values_n = (uint32_t)(bar - m->values);
    m->p = find_bar(type, end);
    m->type = type_of(type, (size_t)(m->p - type));
    if (m->type == TYPE_NONE)
        return fail_at(m, type, CAUSE_SYNTAX);
    return m->type == TYPE_SET ? fail_at(m, type, CAUSE_STATSD_SET) : CAUSE_COUNT;
}

/* A word in small letters and a colon: a part that later versions of the protocol have, c:container. */
static bool is_extension(const char *p, const char *end)
{
    const char *at = p;
    while (p < end && *p >= 'a' && *p <= 'z')
        p++;
    return p > at && p < end && *p == ':';
}

/* One part behind a bar, [p, end). */
static enum cause read_part(struct metric *m, const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    if (n > 1 && *p == '#') {
        m->tags = p + 1;
        m->tags_n = (uint32_t)(n - 1);
        return n - 1 <= UINT16_MAX ? CAUSE_COUNT : fail_at(m, p, CAUSE_LABEL_LENGTH);
    }
    if (n > 1 && *p == '@') {
        bool good = number_read(p + 1, n - 1, &m->rate) == n - 1 && m->rate > 0 && m->rate <= 1;
        return good ? CAUSE_COUNT : fail_at(m, p + 1, CAUSE_VALUE);
    }
    if (n > 1 && *p == 'T') {
        bool good = number_read_seconds(p + 1, n - 1, &m->t_ns) == n - 1;
        return good ? CAUSE_COUNT : fail_at(m, p + 1, CAUSE_TIME);
    }
    return (n == 1 && *p == '#') || is_extension(p, end) ? CAUSE_COUNT
                                                         : fail_at(m, p, CAUSE_SYNTAX);
}

static enum cause read_parts(struct metric *m)
{
    enum cause cause = read_head(m);
    while (cause == CAUSE_COUNT && m->p < m->end) {
        const char *part = m->p + 1, *bar = find_bar(part, m->end);
        m->p = bar;
        cause = read_part(m, part, bar);
    }
    return cause;
}

/* What several values come to. */
struct sum {
    double v;
    double n;
    bool adds; /* v is to be added; else it is the value, */
    int rest;  /* and this what it lacks (numeric/exact.h) */
};

static void take_value(struct sum *sum, enum type type, double v, int rest, bool is_signed)
{
    if (type == TYPE_GAUGE && !is_signed) {
        *sum = (struct sum){.v = v, .n = sum->n, .rest = rest};
    } else {
        sum->v += v;
        sum->rest = 0;
    }
    sum->n++;
}

static enum cause read_values(struct metric *m, struct sum *sum)
{
    const char *p = m->values, *end = m->values + m->values_n;
    *sum = (struct sum){.adds = true};
    for (;; p++) {
        double v;
        size_t used = number_read_any(p, (size_t)(end - p), &v);
        if (used == 0 || (p + used < end && p[used] != ':'))
            return fail_at(m, p, CAUSE_VALUE);
        take_value(sum, m->type, v, number_rest(p, used), *p == '+' || *p == '-');
        p += used;
        if (p == end)
            break;
    }
    if (m->type != TYPE_GAUGE) {
        sum->v /= m->rate;
        sum->n /= m->rate;
    }
    bool good = !sum->adds || (isfinite(sum->v) && isfinite(sum->n));
    return good ? CAUSE_COUNT : fail_at(m, m->values, CAUSE_VALUE);
}

static void add_sample(const struct metric *m, enum key_form form, bool adds, double v,
                       struct batch *batch)
{
    batch->at[batch->n++] =
        (struct sample){.t_ns = m->t_ns,
                        .v = v,
                        .key = m->name,
                        .sub = m->tags,
                        .key_n = m->name_n,
                        .sub_n = (uint16_t)m->tags_n,
                        .form = (unsigned)(form | (adds ? KEY_ADDS : 0)) & (KEY_FORM | KEY_ADDS)};
}

enum cause statsd_read(const struct line_options *options, const char *line, uint32_t n,
                       struct batch *batch, uint32_t *offset)
{
    const char *end = line + n;
    while (end > line && scan_is_blank(end[-1]))
        end--;
    struct metric m = {.p = scan_blanks(line, end),
                       .end = end,
                       .tags = end,
                       .rate = 1,
                       .t_ns = options->arrival_ns};
    struct sum sum;
    enum cause cause = read_parts(&m);
    if (cause == CAUSE_COUNT)
        cause = read_values(&m, &sum);
    if (cause != CAUSE_COUNT) {
        *offset = (uint32_t)(m.p - line);
        return cause;
    }
    if (m.type == TYPE_TIMER) {
        add_sample(&m, KEY_STATSD_COUNT, true, sum.n, batch);
        add_sample(&m, KEY_STATSD_SUM, true, sum.v, batch);
    } else {
        add_sample(&m, KEY_STATSD, sum.adds, sum.v, batch);
        sample_set_rest(&batch->at[batch->n - 1], sum.adds ? 0 : sum.rest);
    }
    return CAUSE_COUNT;
}
