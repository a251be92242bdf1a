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
#include "base/time_text.h"
#include "wire/json_scan.h"

#include <math.h>
#include <string.h>

struct reader {
    struct json_scan s;
    struct sample sample;
    unsigned seen; /* a bit for each of members[] */
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

static enum cause read_value(struct reader *r)
{
    const char *first = r->s.p;
    if (json_word(&r->s, "true"))
        r->sample.v = 1;
    else if (json_word(&r->s, "false"))
        r->sample.v = 0;
    else if (json_word(&r->s, "null"))
        r->sample.v = NAN;
    else if (!json_number(&r->s) || number_read(first, (size_t)(r->s.p - first), &r->sample.v) == 0)
        return fail_at(r, first, CAUSE_VALUE);
    return CAUSE_COUNT;
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
        read = json_number(&r->s) && number_read_seconds(first, (size_t)(r->s.p - first), t_ns) > 0;
    return read ? CAUSE_COUNT : fail_at(r, first, CAUSE_TIME);
}

static const struct {
    const char *name; /* as spelled, quotes included */
    enum cause (*read)(struct reader *r);
} members[] = {{"\"metric\"", read_metric},
               {"\"labels\"", read_labels},
               {"\"value\"", read_value},
               {"\"time\"", read_time}};
enum { MEMBERS = sizeof members / sizeof *members, SEEN_METRIC = 1 << 0, SEEN_VALUE = 1 << 2 };

static int find_member(const char *name, size_t n)
{
    int i = 0;
    while (i < MEMBERS && (strlen(members[i].name) != n || memcmp(members[i].name, name, n) != 0))
        i++;
    return i;
}

static enum cause read_member(struct reader *r)
{
    const char *name = r->s.p;
    if (!json_quoted(&r->s))
        return CAUSE_SYNTAX;
    int i = find_member(name, (size_t)(r->s.p - name));
    if (!json_take(&r->s, ':'))
        return CAUSE_SYNTAX;
    if (i == MEMBERS)
        return json_value(&r->s, JSON_DEPTH_MAX - 1) ? CAUSE_COUNT : CAUSE_SYNTAX;
    if (r->seen & 1u << i)
        return fail_at(r, name, CAUSE_SYNTAX);
    r->seen |= 1u << i;
    return members[i].read(r);
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
    if (!(r->seen & SEEN_METRIC))
        return fail_at(r, close, CAUSE_SYNTAX);
    return r->seen & SEEN_VALUE ? CAUSE_COUNT : fail_at(r, close, CAUSE_VALUE);
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
