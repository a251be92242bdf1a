/* alerts/tell.c -- one alert after the other is written as it comes; what a webhook's head says of all of
 * them is kept as the labels of the first, less those in which another differs.
 * Law: a body is whole JSON whatever bytes labels hold (test_tell.c reads it back with jansson). */
#include "alerts/tell.h"

#include "base/exposed.h"
#include "wire/json_out.h"

#include <inttypes.h>
#include <string.h>

#define NO_TIME "\"0001-01-01T00:00:00Z\"" /* Go's zero: not over */

/* ---- parts of an alert */

static void write_name(struct buf *b, const struct label *l)
{
    char name[EXPOSED_NAME_MAX];
    uint32_t n = l->name_n < LABEL_NAME_MAX ? l->name_n : LABEL_NAME_MAX;
    json_text(b, name, exposed_label(name, l->name, n));
}

static void write_members(struct buf *b, const char *title, const struct label *at, uint32_t n)
{
    buf_printf(b, "\"%s\": {", title);
    for (uint32_t i = 0; i < n; i++) {
        buf_text(b, i == 0 ? "" : ", ");
        write_name(b, &at[i]);
        buf_text(b, ": ");
        json_text(b, at[i].value, at[i].value_n);
    }
    buf_char(b, '}');
}

static void write_percent(struct buf *b, const char *text, size_t n)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (size_t i = 0; i < n; i++)
        if (text[i] != '\0' && strchr(plain, text[i]) != NULL)
            buf_char(b, text[i]);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)text[i]);
}

/* Where the rates of what the rule is about are to be seen. */
static void write_generator(struct buf *b, const char *external_url, const struct alert_view *v)
{
    struct buf url;
    buf_init(&url);
    buf_printf(&url, "%s/api/v1/rates?match[]=", external_url);
    write_percent(&url, v->match, v->match_n);
    buf_text(b, ", \"generatorURL\": ");
    json_text(b, url.at, *external_url != '\0' ? url.n : 0);
    b->failed = b->failed || url.failed;
    buf_fini(&url);
}

static bool is_firing(const struct alert_view *v)
{
    return v->state.phase == ALERT_FIRING;
}

static void write_ends(struct buf *b, const struct tell *t, const struct alert_view *v,
                       int64_t now_ns)
{
    buf_text(b, ", \"endsAt\": ");
    if (!is_firing(v))
        json_time(b, v->resolved_ns, TIME_RFC3339);
    else if (t->frame.form == TELL_ALERTMANAGER)
        json_time(b, now_ns + t->frame.holds_ns, TIME_RFC3339);
    else
        buf_text(b, NO_TIME);
}

static void write_alert(struct tell *t, const struct alert_view *v, int64_t now_ns)
{
    struct buf *b = &t->alerts;
    buf_text(b, t->n == 0 ? "{" : ",\n{");
    if (t->frame.form == TELL_WEBHOOK)
        buf_printf(b, "\"status\": \"%s\", ", is_firing(v) ? "firing" : "resolved");
    write_members(b, "labels", v->told.labels, v->told.labels_n);
    buf_text(b, ", ");
    write_members(b, "annotations", v->told.annotations, v->told.annotations_n);
    buf_text(b, ", \"startsAt\": ");
    json_time(b, v->fired_ns, TIME_RFC3339);
    write_ends(b, t, v, now_ns);
    write_generator(b, t->frame.external_url, v);
    if (t->frame.form == TELL_WEBHOOK)
        buf_printf(b, ", \"fingerprint\": \"%016" PRIx64 "\"",
                   tell_fingerprint(v->told.labels, v->told.labels_n));
    buf_char(b, '}');
}

/* ---- what all have in common */

static const char *keep(char **at, const char *text, size_t n)
{
    char *kept = memcpy(*at, text, n);
    *at += n;
    return kept;
}

static size_t bytes_of(const struct label *at, uint32_t n)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += at[i].name_n + at[i].value_n;
    return bytes;
}

static uint32_t copy_labels(struct label *out, const struct label *at, uint32_t n, char **room)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] = at[i];
        out[i].name = keep(room, at[i].name, at[i].name_n);
        out[i].value = keep(room, at[i].value, at[i].value_n);
    }
    return n;
}

static void keep_first(struct tell *t, const struct alert_told *told)
{
    char *room = buf_room(&t->texts, 1 + bytes_of(told->labels, told->labels_n) +
                                         bytes_of(told->annotations, told->annotations_n));
    if (room == NULL)
        return;
    t->labels_n = copy_labels(t->labels, told->labels, told->labels_n, &room);
    t->annotations_n = copy_labels(t->annotations, told->annotations, told->annotations_n, &room);
}

static bool has(const struct label *at, uint32_t n, const struct label *l)
{
    for (uint32_t i = 0; i < n; i++)
        if (at[i].name_n == l->name_n && at[i].value_n == l->value_n &&
            memcmp(at[i].name, l->name, l->name_n) == 0)
            return memcmp(at[i].value, l->value, l->value_n) == 0;
    return false;
}

static uint32_t keep_common(struct label *kept, uint32_t n, const struct label *at, uint32_t at_n)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < n; i++)
        if (has(at, at_n, &kept[i]))
            kept[left++] = kept[i];
    return left;
}

/* ---- a body */

void tell_begin(struct tell *t, const struct tell_frame *frame)
{
    t->frame = *frame;
    t->labels_n = t->annotations_n = t->n = t->firing = 0;
    buf_init(&t->alerts);
    buf_init(&t->texts);
}

void tell_add(struct tell *t, const struct alert_view *v, int64_t now_ns)
{
    const struct alert_told *told = &v->told;
    write_alert(t, v, now_ns);
    if (t->n == 0)
        keep_first(t, told);
    t->labels_n = keep_common(t->labels, t->labels_n, told->labels, told->labels_n);
    t->annotations_n =
        keep_common(t->annotations, t->annotations_n, told->annotations, told->annotations_n);
    t->firing += is_firing(v);
    t->n++;
}

static const struct label *name_of(const struct tell *t)
{
    for (uint32_t i = 0; i < t->labels_n; i++)
        if (t->labels[i].name_n == 9 && memcmp(t->labels[i].name, "alertname", 9) == 0)
            return &t->labels[i];
    return NULL;
}

static void write_group(struct buf *b, const struct label *name)
{
    struct buf key;
    buf_init(&key);
    buf_text(&key, "{}:{alertname=");
    if (name != NULL)
        json_text(&key, name->value, name->value_n);
    buf_char(&key, '}');
    buf_text(b, "{\"version\": \"4\", \"groupKey\": ");
    json_text(b, key.at, key.n);
    b->failed = b->failed || key.failed;
    buf_fini(&key);
    buf_text(b, ", \"truncatedAlerts\": 0, \"receiver\": \"nablad\", ");
    write_members(b, "groupLabels", name, name != NULL);
}

static void write_webhook(const struct tell *t, bool fires, struct buf *b)
{
    write_group(b, name_of(t));
    buf_printf(b, ", \"status\": \"%s\", ", fires || t->firing > 0 ? "firing" : "resolved");
    write_members(b, "commonLabels", t->labels, t->labels_n);
    buf_text(b, ", ");
    write_members(b, "commonAnnotations", t->annotations, t->annotations_n);
    buf_text(b, ", \"externalURL\": ");
    json_text(b, t->frame.external_url, strlen(t->frame.external_url));
    buf_text(b, ",\n\"alerts\": [");
    buf_add(b, t->alerts.at, t->alerts.n);
    buf_text(b, "]}\n");
}

void tell_end(struct tell *t, bool fires, struct buf *out)
{
    if (t->frame.form == TELL_WEBHOOK) {
        write_webhook(t, fires, out);
    } else {
        buf_char(out, '[');
        buf_add(out, t->alerts.at, t->alerts.n);
        buf_text(out, "]\n");
    }
    out->failed = out->failed || t->alerts.failed || t->texts.failed;
    buf_fini(&t->alerts);
    buf_fini(&t->texts);
}

/* ---- its number */

static uint64_t hash(uint64_t h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return h;
}

uint64_t tell_fingerprint(const struct label *at, uint32_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (uint32_t i = 0; i < n; i++) {
        char name[EXPOSED_NAME_MAX] = "";
        uint32_t said_n = at[i].name_n < LABEL_NAME_MAX ? at[i].name_n : LABEL_NAME_MAX;
        size_t name_n = exposed_label(name, at[i].name, said_n);
        h = hash(hash(h, name, name_n), "\xff", 1);
        h = hash(hash(h, at[i].value, at[i].value_n), "\xff", 1);
    }
    return h;
}
