/* wire/json_out.c -- readings, labels and points as JSON, each on one line.
 *
 *     {"metric": {...}, "state": "ok", "unit": "1/s", "rate": {...}, "edge": {...}, "accel": 6e-05,
 *      "window": [...], "age": 0.5}
 *
 * Laws: what is appended is valid UTF-8 and valid JSON whatever the bytes were; a number that JSON
 * lacks is null, and its object then has a "why". One line holds one object, so that an answer can
 * be cut anywhere between lines.
 * Elsewhere: the envelope around the answers (http/reply.c). */
#include "wire/json_out.h"

#include "base/clock.h"
#include "base/time_text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

/* Bytes of the UTF-8 sequence at text[0..n), 0 if there is no valid one. */
static size_t sequence(const char *text, size_t n)
{
    unsigned char lead = (unsigned char)text[0];
    size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return bytes <= n && utf8_valid(text, bytes) ? bytes : 0;
}

static bool stands_for_itself(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Writes what cannot stand for itself; returns how many bytes of text it was. */
static size_t escape(struct buf *b, const char *text, size_t n)
{
    unsigned char c = (unsigned char)text[0];
    if (c >= 0x80) {
        size_t bytes = sequence(text, n);
        buf_add(b, bytes ? text : "\xef\xbf\xbd", bytes ? bytes : 3); /* U+FFFD */
        return bytes ? bytes : 1;
    }
    switch (c) {
    case '"': buf_text(b, "\\\""); break;
    case '\\': buf_text(b, "\\\\"); break;
    case '\n': buf_text(b, "\\n"); break;
    case '\r': buf_text(b, "\\r"); break;
    case '\t': buf_text(b, "\\t"); break;
    default: buf_printf(b, "\\u%04x", c); break;
    }
    return 1;
}

void json_text(struct buf *b, const char *text, size_t n)
{
    buf_char(b, '"');
    for (size_t i = 0; i < n;) {
        size_t run = i;
        while (run < n && stands_for_itself((unsigned char)text[run]))
            run++;
        buf_add(b, text + i, run - i);
        i = run;
        if (i < n)
            i += escape(b, text + i, n - i);
    }
    buf_char(b, '"');
}

void json_double(struct buf *b, double v)
{
    if (isfinite(v))
        buf_double(b, v);
    else
        buf_text(b, "null");
}

void json_value_of(struct buf *b, double v, double rest)
{
    static const uint64_t split = UINT64_C(1000000000000000000); /* 18 digits */
    if (!(fabs(v) >= EXACT_FROM && fabs(v) <= 0x1p66)) {
        json_double(b, v);
        return;
    }
    __int128 value = (__int128)v + llrint(rest);
    unsigned __int128 size = (unsigned __int128)(value < 0 ? -value : value);
    uint64_t high = (uint64_t)(size / split), low = (uint64_t)(size % split);
    buf_text(b, value < 0 ? "-" : "");
    if (high > 0)
        buf_printf(b, "%" PRIu64 "%018" PRIu64, high, low);
    else
        buf_printf(b, "%" PRIu64, low);
}

void json_time(struct buf *b, int64_t t_ns, enum time_style style)
{
    if (style == TIME_RFC3339) {
        char text[TIME_TEXT_MAX];
        size_t n = time_write(text, t_ns);
        buf_char(b, '"');
        buf_add(b, text, n);
        buf_char(b, '"');
        return;
    }
    uint64_t size =
        t_ns < 0 ? -(uint64_t)t_ns : (uint64_t)t_ns; /* INT64_MIN has no int64 negative */
    buf_printf(b, "%s%" PRIu64 ".%09" PRIu64, t_ns < 0 ? "-" : "", size / NS_PER_S,
               size % NS_PER_S);
}

void json_labels(struct buf *b, const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    struct label l;
    buf_char(b, '{');
    for (bool first = true; labelset_next(labels, &cursor, &l); first = false) {
        if (!first)
            buf_text(b, ", ");
        json_text(b, l.name, l.name_n);
        buf_text(b, ": ");
        json_text(b, l.value, l.value_n);
    }
    buf_char(b, '}');
}

static void write_member(struct buf *b, const char *name, double v)
{
    buf_text(b, ", \"");
    buf_text(b, name);
    buf_text(b, "\": ");
    json_double(b, v);
}

/* Without its closing brace; false for one that is not known, which is null. */
static bool open_derivative(struct buf *b, const char *name, const struct derivative *d,
                            enum time_style style)
{
    buf_printf(b, ", \"%s\": ", name);
    if (d->order == 0) {
        buf_text(b, "null");
        return false;
    }
    buf_text(b, "{\"time\": ");
    json_time(b, d->t_ns, style);
    write_member(b, "value", d->value);
    if (d->error > 0)
        write_member(b, "error", d->error);
    return true;
}

static void write_derivative(struct buf *b, const char *name, const struct derivative *d,
                             enum time_style style)
{
    if (open_derivative(b, name, d, style))
        buf_printf(b, ", \"order\": %d}", d->order);
}

static void write_rate(struct buf *b, const struct reading *r, enum time_style style)
{
    if (!open_derivative(b, "rate", &r->rate, style))
        return;
    if (r->rate.error > 0 && isfinite(r->truncation))
        write_member(b, "truncation", r->truncation);
    buf_printf(b, ", \"order\": %d}", r->rate.order);
}

/* The time so many seconds after t_ns; false if 64 bits do not hold it. */
static bool time_after(int64_t t_ns, double seconds, int64_t *out)
{
    double ns = seconds * NS_PER_S;
    return fabs(ns) < 0x1p63 && !__builtin_add_overflow(t_ns, (int64_t)ns, out);
}

/* [{"limit": -15, "seconds": 812.5, "time": ...}]; null where it is never reached */
static void write_etas(struct buf *b, const struct reading *r, enum time_style style)
{
    buf_text(b, ", \"eta\": [");
    for (uint32_t i = 0; i < r->etas_n; i++) {
        const struct eta *e = &r->etas[i];
        int64_t t_ns;
        buf_text(b, i == 0 ? "{\"limit\": " : ", {\"limit\": ");
        json_double(b, e->limit);
        write_member(b, "seconds", e->seconds);
        buf_text(b, ", \"time\": ");
        if (r->window_n > 0 && time_after(r->window[r->window_n - 1].t_ns, e->seconds, &t_ns))
            json_time(b, t_ns, style);
        else
            buf_text(b, "null");
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

/* What only series have whose rules ask for it. */
static void write_asked(struct buf *b, const struct reading *r, enum time_style style)
{
    if (r->accel_error > 0 && r->rate.order > 0)
        write_member(b, "accel_error", r->accel_error);
    if (r->trend.order > 0 && open_derivative(b, "trend", &r->trend, style)) {
        write_member(b, "level", r->trend_level);
        buf_char(b, '}');
    }
    if (r->etas_n > 0)
        write_etas(b, r, style);
    if (r->kind == KIND_COUNTER)
        buf_printf(b, ", \"resets\": %" PRIu32, r->resets);
    if (r->wraps > 0)
        buf_printf(b, ", \"wraps\": %" PRIu32, r->wraps);
    if (r->silent)
        buf_text(b, ", \"silent\": true");
}

static void write_window(struct buf *b, const struct reading *r, enum time_style style)
{
    buf_text(b, ", \"window\": [");
    for (int i = 0; i < r->window_n; i++) {
        buf_text(b, i == 0 ? "{\"time\": " : ", {\"time\": ");
        json_time(b, r->window[i].t_ns, style);
        buf_text(b, ", \"value\": ");
        json_value_of(b, r->window[i].v, r->rest[i]);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static bool is_lost(const struct derivative *d)
{
    return d->order > 0 && !isfinite(d->value);
}

/* Why something that one would expect is null; NULL if all is there. */
static const char *why(const struct reading *r)
{
    static const char *const counts[] = {"no sample so far", "one sample so far",
                                         "two samples so far: the central rate needs three"};
    if (r->state == STATE_STALE && r->rate.order == 0)
        return "silent for longer than stale_after";
    for (int i = 0; i < r->window_n; i++)
        if (!isfinite(r->window[i].v))
            return "a value in the window is not finite";
    if (is_lost(&r->rate) || is_lost(&r->edge) || (r->rate.order > 0 && !isfinite(r->accel)))
        return "a result is too large for a number";
    return r->window_n < WINDOW_SIZE ? counts[r->window_n] : NULL;
}

void json_reading(struct buf *b, const struct reading *r, enum time_style style)
{
    buf_text(b, "{\"metric\": ");
    json_labels(b, r->labels);
    buf_printf(b, ", \"state\": \"%s\", \"unit\": \"%s\"", state_text(r->state), per_unit(r->per));
    write_rate(b, r, style);
    write_derivative(b, "edge", &r->edge, style);
    buf_text(b, ", \"accel\": ");
    json_double(b, r->rate.order > 0 ? r->accel : NAN);
    write_asked(b, r, style);
    write_window(b, r, style);
    buf_text(b, ", \"age\": ");
    json_double(b, (double)r->age_ns / NS_PER_S);
    const char *reason = why(r);
    if (reason != NULL)
        buf_printf(b, ", \"why\": \"%s\"", reason);
    buf_char(b, '}');
}

void json_point(struct buf *b, const struct labelset *labels, enum per per, const struct point *p,
                const struct point_note *note, enum time_style style)
{
    json_point_labels(b, labels);
    json_point_rest(b, per, p, note, style);
}

void json_point_labels(struct buf *b, const struct labelset *labels)
{
    buf_text(b, "{\"metric\": ");
    json_labels(b, labels);
}

void json_point_rest(struct buf *b, enum per per, const struct point *p,
                     const struct point_note *note, enum time_style style)
{
    double unit_s = per_seconds(per);
    buf_text(b, ", \"time\": ");
    json_time(b, p->t_ns, style);
    buf_text(b, ", \"value\": ");
    json_value_of(b, p->value, (double)p->rest);
    buf_text(b, ", \"rate\": ");
    json_double(b, p->rate * unit_s);
    buf_text(b, ", \"accel\": ");
    json_double(b, p->accel * unit_s * unit_s);
    if (isfinite(note->error))
        write_member(b, "error", note->error * unit_s);
    if (isfinite(note->trend))
        write_member(b, "trend", note->trend * unit_s);
    buf_text(b, ", \"order\": ");
    buf_int(b, p->order);
    buf_text(b, p->corrected ? ", \"corrected\": true, \"unit\": \""
                             : ", \"corrected\": false, \"unit\": \"");
    buf_text(b, per_unit(per));
    buf_char(b, '"');
    if (!isfinite(p->value))
        buf_text(b, ", \"why\": \"the value is not finite\"");
    else if (!isfinite(p->rate))
        buf_text(b, ", \"why\": \"the rate is not finite\"");
    buf_char(b, '}');
}
