/* wire/influx.c -- a line of Influx' line protocol to a sample a field.
 *
 *     temperature,site=plant\ 3 value=21.4,state="open",humidity=40i 1700000000000000000
 *     ^key                      ^sub  ^v   ^skipped     ^sub     ^v  ^time, or arrival
 *
 * Laws: one pass; nothing is copied or unescaped; a line that is refused leaves batch as it was.
 * As InfluxDB, blanks around the parts are tolerated; unlike it, NaN and infinities are values (a
 * series' policy is about them), and a string cannot hold LF, which always ends the line.
 * Elsewhere: comments and CR (wire/lines.c), unescaping (wire/key.c), judging names
 * (series/labels.c). */
#include "wire/lines.h"

#include "base/number.h"
#include "wire/scan.h"

#include <string.h>

struct reader {
    const char *p, *end; /* p: where the line went wrong, if it did */
    const char *key;
    uint32_t key_n;
    uint32_t skipped;
    struct batch *batch;
    uint32_t first; /* index in batch of the line's first sample */
};

static enum cause fail_at(struct reader *r, const char *p, enum cause cause)
{
    r->p = p;
    return cause;
}

static bool ends_value(const char *p, const char *end)
{
    return p == end || *p == ',' || scan_is_blank(*p);
}

/* measurement[,tag=value]... up to the blank before the fields. A tag's value may be empty, which
 * is the same as no tag. */
static enum cause read_key(struct reader *r)
{
    const char *key = scan_blanks(r->p, r->end), *end = r->end;
    const char *p = scan_measurement(key, end);
    if (p == key)
        return fail_at(r, p, CAUSE_SYNTAX);
    while (p < end && *p == ',') {
        const char *tag = p + 1;
        p = scan_word(tag, end);
        if (p == end || p == tag || *p != '=')
            return fail_at(r, p, CAUSE_SYNTAX);
        p = scan_word(p + 1, end);
    }
    if (p == end || *p != ' ')
        return fail_at(r, p, CAUSE_SYNTAX);
    r->key = key;
    r->key_n = (uint32_t)(p - key);
    r->p = scan_blanks(p, end);
    return CAUSE_COUNT;
}

/* p stands at the opening quote. */
static enum cause skip_string(struct reader *r)
{
    const char *p = r->p + 1;
    for (; p < r->end && *p != '"'; p++)
        if (*p == '\\' && r->end - p > 1 && (p[1] == '"' || p[1] == '\\'))
            p++;
    if (p == r->end)
        return fail_at(r, p, CAUSE_SYNTAX);
    r->p = p + 1;
    r->skipped++;
    return CAUSE_COUNT;
}

static bool read_boolean(const char *p, size_t n, double *v)
{
    static const char *const words[][2] = {
        {"f", "t"}, {"F", "T"}, {"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int truth = 0; truth <= 1; truth++)
            if (strlen(words[i][truth]) == n && memcmp(words[i][truth], p, n) == 0) {
                *v = truth;
                return true;
            }
    return false;
}

/* 12i or 12u, the letter at p[n]. Must fit 64 bits, then becomes the nearest double and a rest. */
static bool read_integer(const char *p, size_t n, double *v, int *rest)
{
    size_t plus = *p == '+';
    int64_t i = 0;
    uint64_t u = 0;
    if (p[n] == 'i' && number_read_i64(p + plus, n - plus, &i) == n - plus)
        *v = (double)i;
    else if (p[n] == 'u' && number_read_u64(p + plus, n - plus, &u) == n - plus)
        *v = (double)u;
    else
        return false;
    *rest = number_rest(p, n);
    return true;
}

static enum cause read_value(struct reader *r, double *v, int *rest)
{
    const char *p = r->p, *end = r->end;
    size_t used = number_read_any(p, (size_t)(end - p), v);
    if (used == 0) {
        while (!ends_value(p + used, end))
            used++;
        if (!read_boolean(p, used, v))
            return CAUSE_VALUE;
    } else if (!ends_value(p + used, end)) {
        if (!ends_value(p + used + 1, end) || !read_integer(p, used, v, rest))
            return CAUSE_VALUE;
        used++;
    }
    r->p = p + used;
    return CAUSE_COUNT;
}

static enum cause read_field(struct reader *r)
{
    const char *name = r->p, *equals = scan_word(name, r->end);
    if (equals == r->end || equals == name || *equals != '=')
        return fail_at(r, equals, CAUSE_SYNTAX);
    r->p = equals + 1;
    if (r->p < r->end && *r->p == '"')
        return skip_string(r);
    if (equals - name > UINT16_MAX)
        return fail_at(r, name, CAUSE_NAME);
    if (r->batch->n - r->first == LINE_SAMPLES_MAX)
        return fail_at(r, name, CAUSE_FIELDS);
    double v = 0;
    int rest = 0;
    enum cause cause = read_value(r, &v, &rest);
    if (cause != CAUSE_COUNT)
        return cause;
    struct sample *s = &r->batch->at[r->batch->n++];
    *s = (struct sample){.v = v,
                         .key = r->key,
                         .key_n = r->key_n,
                         .sub = name,
                         .sub_n = (uint16_t)(equals - name),
                         .form = KEY_INFLUX};
    sample_set_rest(s, rest);
    return CAUSE_COUNT;
}

static enum cause read_fields(struct reader *r)
{
    for (;; r->p++) {
        enum cause cause = read_field(r);
        if (cause != CAUSE_COUNT)
            return cause;
        if (r->p == r->end || scan_is_blank(*r->p))
            return CAUSE_COUNT;
        if (*r->p != ',') /* only after a string: a value ends where it may */
            return CAUSE_SYNTAX;
    }
}

static enum cause read_time(struct reader *r, const struct line_options *options, int64_t *t_ns)
{
    const char *p = scan_blanks(r->p, r->end);
    *t_ns = options->arrival_ns;
    if (p == r->end)
        return CAUSE_COUNT;
    int64_t units = 0;
    size_t used = number_read_i64(p, (size_t)(r->end - p), &units);
    if (used == 0 || (p + used < r->end && !scan_is_blank(p[used])) ||
        __builtin_mul_overflow(units, options->precision_ns, t_ns))
        return fail_at(r, p, CAUSE_TIME);
    p = scan_blanks(p + used, r->end);
    return p == r->end ? CAUSE_COUNT : fail_at(r, p, CAUSE_SYNTAX);
}

static enum cause read_parts(struct reader *r, const struct line_options *options, int64_t *t_ns)
{
    enum cause cause = read_key(r);
    if (cause == CAUSE_COUNT)
        cause = read_fields(r);
    return cause == CAUSE_COUNT ? read_time(r, options, t_ns) : cause;
}

enum cause influx_read(const struct line_options *options, const char *line, uint32_t n,
                       struct batch *batch, uint32_t *skipped, uint32_t *offset)
{
    struct reader r = {.p = line, .end = line + n, .batch = batch, .first = batch->n};
    int64_t t_ns = 0;
    enum cause cause = read_parts(&r, options, &t_ns);
    if (cause != CAUSE_COUNT) {
        batch->n = r.first;
        *offset = (uint32_t)(r.p - line);
        return cause;
    }
    for (uint32_t i = r.first; i < batch->n; i++)
        batch->at[i].t_ns = t_ns;
    *skipped = r.skipped;
    return CAUSE_COUNT;
}
