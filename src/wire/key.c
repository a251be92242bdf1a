/* wire/key.c -- a sample's raw key to labels.
 *
 *     temperature,site=plant\ 3   ->  __name__="temperature"   a slice of the key
 *                                     site="plant 3"           unescaped into text[]
 *
 * Laws: what needs no unescaping is a slice of the key; the same labels in another spelling give
 * the same list, up to order; any bytes at all are a key or an error (test_key.c).
 * Elsewhere: order, repeats, lengths, UTF-8 (series/labels.c). */
#include "wire/key.h"

#include "wire/json_scan.h"
#include "wire/path_template.h"
#include "wire/protobuf.h"
#include "wire/scan.h"

#include <string.h>

struct slice {
    const char *at;
    size_t n;
};

static enum nabla_status add_label(struct label_list *list, struct slice name, struct slice value)
{
    if (list->n == LABELS_MAX)
        return NABLA_ELIMIT;
    list->at[list->n++] = (struct label){.name = name.at,
                                         .value = value.at,
                                         .name_n = (uint32_t)name.n,
                                         .value_n = (uint32_t)value.n};
    return NABLA_OK;
}

static enum nabla_status add_metric(struct label_list *list, struct slice value)
{
    return add_label(list, (struct slice){LABEL_METRIC, sizeof LABEL_METRIC - 1}, value);
}

/* Room for n bytes of text, NULL if there is none. Not taken before text_n says so. */
static char *text_room(struct label_list *list, size_t n)
{
    return n <= sizeof list->text - list->text_n ? list->text + list->text_n : NULL;
}

/* Influx and Graphite */

static char *copy_unescaped(char *to, struct slice s)
{
    for (const char *p = s.at, *end = s.at + s.n; p < end; p++) {
        p += scan_escapes(p, end);
        *to++ = *p;
    }
    return to;
}

static enum nabla_status unescape_influx(struct label_list *list, struct slice *s)
{
    if (memchr(s->at, '\\', s->n) == NULL)
        return NABLA_OK;
    char *text = text_room(list, s->n);
    if (text == NULL)
        return NABLA_ELIMIT;
    s->n = (size_t)(copy_unescaped(text, *s) - text);
    s->at = text;
    list->text_n += (uint32_t)s->n;
    return NABLA_OK;
}

/* The measurement, and behind it the field, unless that is plain "value". */
static enum nabla_status add_influx_metric(struct label_list *list, struct slice measurement,
                                           struct slice field)
{
    if (field.n == 5 && memcmp(field.at, "value", 5) == 0) {
        enum nabla_status status = unescape_influx(list, &measurement);
        return status ? status : add_metric(list, measurement);
    }
    char *text = text_room(list, measurement.n + 1 + field.n);
    if (text == NULL)
        return NABLA_ELIMIT;
    char *to = copy_unescaped(text, measurement);
    *to++ = '_';
    to = copy_unescaped(to, field);
    list->text_n += (uint32_t)(to - text);
    return add_metric(list, (struct slice){text, (size_t)(to - text)});
}

static enum nabla_status read_influx(const struct sample *s, struct label_list *out)
{
    const char *end = s->key + s->key_n, *p = scan_measurement(s->key, end);
    struct slice measurement = {s->key, (size_t)(p - s->key)};
    if (measurement.n == 0 || s->sub_n == 0)
        return NABLA_EINVAL;
    bool escaped = memchr(s->key, '\\', s->key_n) != NULL;
    enum nabla_status status =
        add_influx_metric(out, measurement, (struct slice){s->sub, s->sub_n});
    while (status == NABLA_OK && p < end && *p == ',') {
        const char *tag = p + 1, *equals = scan_word(tag, end);
        if (equals == end || equals == tag || *equals != '=')
            return NABLA_EINVAL;
        p = scan_word(equals + 1, end);
        struct slice name = {tag, (size_t)(equals - tag)};
        struct slice value = {equals + 1, (size_t)(p - equals - 1)};
        if (escaped && (status = unescape_influx(out, &name)) == NABLA_OK)
            status = unescape_influx(out, &value);
        if (status == NABLA_OK)
            status = add_label(out, name, value);
    }
    return status == NABLA_OK && p != end ? NABLA_EINVAL : status;
}

/* A dotted path by the template that it matches, or as it stands; and behind it an ending. */
static enum nabla_status add_path(const struct path_templates *templates, struct slice path,
                                  struct slice ending, struct label_list *out)
{
    bool matched;
    enum nabla_status status =
        path_templates_apply(templates, path.at, path.n, ending.at, out, &matched);
    if (matched || status != NABLA_OK)
        return status;
    char *text = text_room(out, path.n + ending.n);
    if (ending.n == 0)
        return add_metric(out, path);
    if (text == NULL)
        return NABLA_ELIMIT;
    memcpy(text, path.at, path.n);
    memcpy(text + path.n, ending.at, ending.n);
    out->text_n += (uint32_t)(path.n + ending.n);
    return add_metric(out, (struct slice){text, path.n + ending.n});
}

static enum nabla_status read_graphite(const struct path_templates *templates,
                                       const struct sample *s, struct label_list *out)
{
    const char *end = s->key + s->key_n, *tag = memchr(s->key, ';', s->key_n);
    struct slice path = {s->key, (size_t)((tag == NULL ? end : tag) - s->key)};
    if (path.n == 0)
        return NABLA_EINVAL;
    enum nabla_status status = add_path(templates, path, (struct slice){"", 0}, out);
    while (status == NABLA_OK && tag != NULL) {
        const char *name = tag + 1;
        tag = memchr(name, ';', (size_t)(end - name));
        const char *tag_end = tag == NULL ? end : tag;
        const char *equals = memchr(name, '=', (size_t)(tag_end - name));
        if (equals == NULL || equals == name)
            return NABLA_EINVAL;
        status = add_label(out, (struct slice){name, (size_t)(equals - name)},
                           (struct slice){equals + 1, (size_t)(tag_end - equals - 1)});
    }
    return status;
}

/* statsd */

/* room:a,canary: a tag without a value is "true". */
static enum nabla_status read_statsd(const struct path_templates *templates, const struct sample *s,
                                     struct slice ending, struct label_list *out)
{
    const char *p = s->sub, *end = s->sub + s->sub_n, *comma;
    if (s->key_n == 0)
        return NABLA_EINVAL;
    enum nabla_status status = add_path(templates, (struct slice){s->key, s->key_n}, ending, out);
    for (; status == NABLA_OK && p < end; p = comma + 1) {
        comma = memchr(p, ',', (size_t)(end - p));
        comma = comma == NULL ? end : comma;
        const char *colon = memchr(p, ':', (size_t)(comma - p));
        struct slice name = {p, (size_t)((colon == NULL ? comma : colon) - p)};
        struct slice value = {"true", 4};
        if (colon != NULL)
            value = (struct slice){colon + 1, (size_t)(comma - colon - 1)};
        if (comma > p)
            status = add_label(out, name, value);
    }
    return status;
}

/* JSON */

static char *put_utf8(char *to, unsigned long c)
{
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (char)(lead[more] | c >> 6 * more);
    while (more-- > 0)
        *to++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return to;
}

/* The character of the \u at *p, maybe a pair of them; *p moves to its last digit. The string has
 * been checked. */
static unsigned long take_unicode(const char **p, const char *end)
{
    unsigned long c = (unsigned long)json_hex4(*p + 2, end);
    *p += 5;
    if (c < 0xD800 || c > 0xDFFF)
        return c;
    unsigned long low = (unsigned long)json_hex4(*p + 3, end);
    *p += 6;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

/* Never longer than what it was: six bytes \u.... become at most three. */
static char *copy_unescaped_json(char *to, struct slice s)
{
    static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
    for (const char *p = s.at, *end = s.at + s.n; p < end; p++) {
        if (*p != '\\') {
            *to++ = *p;
        } else if (p[1] == 'u') {
            to = put_utf8(to, take_unicode(&p, end));
        } else {
            const char *letter = strchr(from, *++p);
            *to++ = letter == NULL ? *p : into[letter - from];
        }
    }
    return to;
}

/* Takes the string that the scan stands at. */
static enum nabla_status take_string(struct json_scan *s, struct label_list *list,
                                     struct slice *out)
{
    const char *open = s->p;
    if (!json_quoted(s))
        return NABLA_EINVAL;
    *out = (struct slice){open + 1, (size_t)(s->p - open - 2)};
    if (memchr(out->at, '\\', out->n) == NULL)
        return NABLA_OK;
    char *text = text_room(list, out->n);
    if (text == NULL)
        return NABLA_ELIMIT;
    out->n = (size_t)(copy_unescaped_json(text, *out) - text);
    out->at = text;
    list->text_n += (uint32_t)out->n;
    return NABLA_OK;
}

static enum nabla_status read_json_labels(struct json_scan *s, struct label_list *out)
{
    if (!json_take(s, '{'))
        return NABLA_EINVAL;
    do {
        struct slice name, value;
        enum nabla_status status = take_string(s, out, &name);
        if (status == NABLA_OK && !json_take(s, ':'))
            status = NABLA_EINVAL;
        if (status == NABLA_OK)
            status = take_string(s, out, &value);
        if (status == NABLA_OK)
            status = add_label(out, name, value);
        if (status != NABLA_OK)
            return status;
    } while (json_take(s, ','));
    return json_take(s, '}') && s->p == s->end ? NABLA_OK : NABLA_EINVAL;
}

static enum nabla_status read_json(const struct sample *s, struct label_list *out)
{
    struct json_scan key = {s->key, s->key + s->key_n}, labels = {s->sub, s->sub + s->sub_n};
    struct slice metric;
    enum nabla_status status = take_string(&key, out, &metric);
    if (status == NABLA_OK && key.p != key.end)
        status = NABLA_EINVAL;
    if (status == NABLA_OK)
        status = add_metric(out, metric);
    return status != NABLA_OK || s->sub_n == 0 ? status : read_json_labels(&labels, out);
}

/* Remote write */

/* One Label: of a name or value that comes twice the last one counts. */
static enum nabla_status read_label(const char *p, const char *end, struct label_list *out)
{
    struct slice parts[2] = {{"", 0}, {"", 0}};
    while (p < end) {
        uint32_t tag;
        if (!pb_tag(&p, end, &tag))
            return NABLA_EINVAL;
        uint32_t number = tag >> 3;
        if (number != 1 && number != 2) {
            if (!pb_skip(&p, end, tag))
                return NABLA_EINVAL;
            continue;
        }
        size_t n;
        if ((tag & 7) != PB_BYTES || !pb_length(&p, end, &n))
            return NABLA_EINVAL;
        parts[number - 1] = (struct slice){p, n};
        p += n;
    }
    return add_label(out, parts[0], parts[1]);
}

static enum nabla_status read_remote(const struct sample *s, struct label_list *out)
{
    const char *p = s->key, *end = p + s->key_n;
    while (p < end) {
        uint32_t tag;
        size_t n;
        if (!pb_tag(&p, end, &tag) || tag != PB_TAG(1, PB_BYTES) || !pb_length(&p, end, &n))
            return NABLA_EINVAL;
        enum nabla_status status = read_label(p, p + n, out);
        if (status != NABLA_OK)
            return status;
        p += n;
    }
    return NABLA_OK;
}

enum nabla_status key_read(const struct sample *s, struct label_list *out)
{
    return key_read_by(NULL, s, out);
}

enum nabla_status key_read_by(void *ctx, const struct sample *s, struct label_list *out)
{
    const struct path_templates *templates = ctx;
    out->n = out->text_n = 0;
    switch ((enum key_form)(s->form & KEY_FORM)) {
    case KEY_INFLUX: return read_influx(s, out);
    case KEY_GRAPHITE: return read_graphite(templates, s, out);
    case KEY_JSON: return read_json(s, out);
    case KEY_REMOTE: return read_remote(s, out);
    case KEY_STATSD: return read_statsd(templates, s, (struct slice){"", 0}, out);
    case KEY_STATSD_COUNT: return read_statsd(templates, s, (struct slice){"_count", 6}, out);
    case KEY_STATSD_SUM: return read_statsd(templates, s, (struct slice){"_sum", 4}, out);
    default: break;
    }
    return NABLA_EINVAL;
}
