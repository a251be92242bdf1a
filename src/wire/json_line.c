/* wire/json_line.c -- a JSON object to a sample.
 *
 *     {"metric":"temperature","labels":{"site":"a"},"time":1700000000.25,"value":21.4,"x":[]}
 *               ^key                   ^sub                ^exact, as text       ^v   ^skipped
 *
 * Members come in any order; metric and value are required. They are known by how they are
 * spelled: one written with escapes is another member. Nothing is allocated, copied or unescaped.
 * Laws: accepts no line that is not JSON; a line that is refused leaves batch as it was; labels
 * that are empty and labels that are absent are the same sub.
 * Elsewhere: JSON itself (wire/json_scan.c), unescaping (wire/key.c), judging names and UTF-8
 * (series/labels.c). */
#include "wire/lines.h"

#include "base/number.h"
#include "base/number_short.h"
#include "base/time_text.h"
#include "numeric/exact.h"
#include "wire/json_scan.h"

#include <math.h>
#include <string.h>

struct reader {
    struct json_scan s;
    struct sample sample;
    unsigned seen; /* a bit for each member */
};

static enum cause fail_at(struct reader *r, const char *p, enum cause cause)
{
    r->s.p = p;
    return cause;
}

static enum cause read_metric(struct reader *r)
{
    r->sample.key = r->s.p;
    if (!json_quoted(&r->s))
        return CAUSE_SYNTAX;
    r->sample.key_n = (uint32_t)(r->s.p - r->sample.key);
    return CAUSE_COUNT;
}

/* {"name":"value"}...; the braces are part of sub, unless nothing is in them. */
static enum cause read_labels(struct reader *r)
{
    const char *open = r->s.p;
    if (!json_take(&r->s, '{'))
        return CAUSE_SYNTAX;
    if (json_take(&r->s, '}'))
        return CAUSE_COUNT;
    do {
        if (!json_quoted(&r->s) || !json_take(&r->s, ':') || !json_quoted(&r->s))
            return CAUSE_SYNTAX;
    } while (json_take(&r->s, ','));
    if (r->s.p == r->s.end || *r->s.p != '}')
        return CAUSE_SYNTAX;
    r->s.p++;
    if (r->s.p - open > UINT16_MAX)
        return fail_at(r, open, CAUSE_LABEL_LENGTH);
    r->sample.sub = open;
    r->sample.sub_n = (uint16_t)(r->s.p - open);
    return CAUSE_COUNT;
}

/* Any number; what it lacks, if it is an integer that no double holds, is the sample's rest. */
static bool read_long_number(struct reader *r, const char *first, double *v)
{
    size_t n = (size_t)(r->s.p - first);
    bool read = number_read(first, n, v) > 0;
    if (read && fabs(*v) >= EXACT_FROM)
        sample_set_rest(&r->sample, number_rest(first, n));
    return read;
}

/* Behind "value": there are more bytes than number_short looks back. */
static bool read_number(struct reader *r, double *v)
{
    const char *first = r->s.p;
    if (!json_number(&r->s))
        return false;
    return number_short(first, r->s.p, v) || read_long_number(r, first, v);
}

static enum cause read_value(struct reader *r)
{
    const char *first = r->s.p;
    double *v = &r->sample.v;
    if (json_word(&r->s, "true"))
        *v = 1;
    else if (json_word(&r->s, "false"))
        *v = 0;
    else if (json_word(&r->s, "null"))
        *v = NAN;
    else if (!read_number(r, v))
        return fail_at(r, first, CAUSE_VALUE);
    return CAUSE_COUNT;
}

/* Behind "time": there are eight bytes to look back. */
static bool read_seconds(struct reader *r, int64_t *t_ns)
{
    const char *first = r->s.p;
    if (!json_number(&r->s))
        return false;
    return number_short_seconds(first, r->s.p, t_ns) ||
           number_read_seconds(first, (size_t)(r->s.p - first), t_ns) > 0;
}

static enum cause read_time(struct reader *r)
{
    const char *first = r->s.p;
    int64_t *t_ns = &r->sample.t_ns;
    bool read;
    if (first < r->s.end && *first == '"')
        read = json_quoted(&r->s) &&
               time_read(first + 1, (size_t)(r->s.p - first - 2), t_ns) == NABLA_OK;
    else
        read = read_seconds(r, t_ns);
    return read ? CAUSE_COUNT : fail_at(r, first, CAUSE_TIME);
}

enum member { METRIC, LABELS, TIME, VALUE, OTHER };

/* Takes a name as it is spelled, quotes included: no scan for its end. */
static inline bool take_name(struct reader *r, const char *name, size_t n)
{
    if ((size_t)(r->s.end - r->s.p) < n || memcmp(r->s.p, name, n) != 0)
        return false;
    r->s.p += n;
    return true;
}

/* False if there is no name. */
static bool take_member(struct reader *r, enum member *member)
{
#define IS(name) take_name(r, "\"" name "\"", sizeof name + 1)
    *member = IS("metric")   ? METRIC
              : IS("labels") ? LABELS
              : IS("time")   ? TIME
              : IS("value")  ? VALUE
                             : OTHER;
#undef IS
    return *member != OTHER || json_quoted(&r->s);
}

static enum cause read_known(struct reader *r, enum member member)
{
    switch (member) {
    case METRIC: return read_metric(r);
    case LABELS: return read_labels(r);
    case TIME: return read_time(r);
    default: return read_value(r);
    }
}

static enum cause read_member(struct reader *r)
{
    const char *name = r->s.p;
    enum member member;
    if (!take_member(r, &member) || !json_take(&r->s, ':'))
        return CAUSE_SYNTAX;
    if (member == OTHER)
        return json_value(&r->s, JSON_DEPTH_MAX - 1) ? CAUSE_COUNT : CAUSE_SYNTAX;
    if (r->seen & 1u << member)
        return fail_at(r, name, CAUSE_SYNTAX);
    r->seen |= 1u << member;
    return read_known(r, member);
}

static enum cause read_object(struct reader *r)
{
    if (!json_take(&r->s, '{'))
        return CAUSE_SYNTAX;
    if (r->s.p < r->s.end && *r->s.p != '}')
        do {
            enum cause cause = read_member(r);
            if (cause != CAUSE_COUNT)
                return cause;
        } while (json_take(&r->s, ','));
    const char *close = r->s.p;
    if (!json_take(&r->s, '}') || r->s.p != r->s.end)
        return CAUSE_SYNTAX;
    if (!(r->seen & 1u << METRIC))
        return fail_at(r, close, CAUSE_SYNTAX);
    return r->seen & 1u << VALUE ? CAUSE_COUNT : fail_at(r, close, CAUSE_VALUE);
}

enum cause json_line_read(const struct line_options *options, const char *line, uint32_t n,
                          struct batch *batch, uint32_t *offset)
{
    struct reader r = {.s = {line, line + n},
                       .sample = {.t_ns = options->arrival_ns, .sub = line + n, .form = KEY_JSON}};
    enum cause cause = read_object(&r);
    if (cause == CAUSE_COUNT)
        batch->at[batch->n++] = r.sample;
    else
        *offset = (uint32_t)(r.s.p - line);
    return cause;
}
