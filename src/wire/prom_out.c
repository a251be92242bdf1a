/* wire/prom_out.c -- Prometheus' text exposition 0.0.4 and OpenMetrics 1.0.
 *
 *     # HELP temperature_per_second Rate of change ...
 *     # TYPE temperature_per_second gauge
 *     temperature_per_second{site="plant-03"} 0.0125 1700000000000
 *
 * Laws: every name written is valid in both forms; no sample has two labels of one name; a line
 * is never cut by a byte of a label (LF is escaped).
 * Elsewhere: grouping series into families, each once (http/metrics.c). */
#include "wire/prom_out.h"

#include "base/clock.h"
#include "base/exposed.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void prom_name(struct buf *b, const char *name, size_t n)
{
    char *room = buf_room(b, EXPOSED_NAME_MAX);
    if (room != NULL)
        buf_used(b, exposed_metric(room, name, n));
}

/* Escapes backslash and LF, and the quote where it would end the text. */
static void write_escaped(struct buf *b, const char *text, size_t n, bool quote)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\')
            buf_text(b, "\\\\");
        else if (text[i] == '\n')
            buf_text(b, "\\n");
        else if (text[i] == '"' && quote)
            buf_text(b, "\\\"");
        else
            buf_char(b, text[i]);
    }
}

void prom_family(struct buf *b, enum exposition form, const char *name, size_t n, const char *type,
                 const char *help)
{
    static const char total[] = "_total";
    size_t total_n = sizeof total - 1;
    bool openmetrics = form == EXPOSITION_OPENMETRICS;
    if (openmetrics && strcmp(type, "counter") == 0 && n > total_n &&
        memcmp(name + n - total_n, total, total_n) == 0)
        n -= total_n; /* the family's name; its samples keep the suffix */
    buf_text(b, "# HELP ");
    buf_add(b, name, n);
    buf_char(b, ' ');
    write_escaped(b, help, strlen(help), openmetrics);
    buf_text(b, "\n# TYPE ");
    buf_add(b, name, n);
    buf_printf(b, " %s\n", type);
}

void prom_sample(struct buf *b, const char *name, const char *labels, double v)
{
    buf_text(b, name);
    if (labels[0] != '\0')
        buf_printf(b, "{%s}", labels);
    buf_char(b, ' ');
    buf_double(b, v);
    buf_char(b, '\n');
}

void prom_label(struct buf *b, const char *name, const char *value, size_t value_n)
{
    if (b->n > 0)
        buf_char(b, ',');
    buf_printf(b, "%s=\"", name);
    write_escaped(b, value, value_n, true);
    buf_char(b, '"');
}

static bool same_name(const struct label *a, const struct label *b)
{
    char x[EXPOSED_NAME_MAX], y[EXPOSED_NAME_MAX];
    size_t n = exposed_label(x, a->name, a->name_n);
    return n == exposed_label(y, b->name, b->name_n) && memcmp(x, y, n) == 0;
}

static void write_one(struct buf *b, const struct label *labels, size_t n, size_t i, bool join)
{
    char name[EXPOSED_NAME_MAX];
    size_t name_n = exposed_label(name, labels[i].name, labels[i].name_n);
    buf_add(b, name, name_n);
    buf_text(b, "=\"");
    write_escaped(b, labels[i].value, labels[i].value_n, true);
    for (size_t j = i + 1; join && j < n; j++)
        if (same_name(&labels[i], &labels[j])) {
            buf_char(b, ';');
            write_escaped(b, labels[j].value, labels[j].value_n, true);
        }
    buf_char(b, '"');
}

static bool written_before(const struct label *labels, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (same_name(&labels[j], &labels[i]))
            return true;
    return false;
}

static bool has_name(const struct label *labels, size_t n, const struct label *x)
{
    for (size_t i = 0; i < n; i++)
        if (labels[i].name_n == x->name_n && memcmp(labels[i].name, x->name, x->name_n) == 0)
            return true;
    return false;
}

static void write_extra(struct buf *b, const struct label *labels, size_t n,
                        const struct label *extra)
{
    buf_text(b, has_name(labels, n, extra) ? "nabla_" : "");
    buf_add(b, extra->name, extra->name_n);
    buf_text(b, "=\"");
    buf_add(b, extra->value, extra->value_n);
    buf_char(b, '"');
}

/* extra: a label in clean bytes to come last, or NULL. False if making names valid can have made these
 * labels equal to another series'. */
static bool write_labels(struct buf *b, const struct labelset *set, const struct label *extra)
{
    struct label labels[LABELS_MAX];
    struct label_cursor cursor = {0};
    size_t n = 0;
    bool clean = true, first = true;
    labelset_next(set, &cursor, &labels[0]); /* the metric's name stands in front of the braces */
    while (n < LABELS_MAX && labelset_next(set, &cursor, &labels[n]))
        clean = exposed_is_clean(labels[n].name, labels[n].name_n) && clean, n++;
    for (size_t i = 0; i < n; i++) {
        if (!clean && written_before(labels, i))
            continue;
        buf_char(b, first ? '{' : ',');
        first = false;
        write_one(b, labels, n, i, !clean);
    }
    if (extra != NULL) {
        buf_char(b, first ? '{' : ',');
        first = false;
        write_extra(b, labels, n, extra);
    }
    if (!first)
        buf_char(b, '}');
    return clean;
}

/* Rounds down, so that a time before 1970 stays in order. */
static void write_timestamp(struct buf *b, enum exposition form, int64_t t_ns)
{
    int64_t s = t_ns / NS_PER_S, ns = t_ns % NS_PER_S;
    if (ns < 0) {
        s--;
        ns += NS_PER_S;
    }
    if (form == EXPOSITION_TEXT)
        buf_printf(b, " %" PRId64, s * 1000 + ns / NS_PER_MS);
    else if (s < 0 && ns > 0)
        buf_printf(b, " -%" PRId64 ".%09" PRId64, -(s + 1), NS_PER_S - ns);
    else
        buf_printf(b, " %" PRId64 ".%09" PRId64, s, ns);
}

bool prom_reading(struct buf *b, enum exposition form, const struct reading *r, bool timestamps)
{
    if (r->rate.order == 0)
        return true;
    struct label metric = labelset_metric(r->labels);
    prom_name(b, metric.value, metric.value_n);
    buf_text(b, per_suffix(r->per));
    bool clean = write_labels(b, r->labels, NULL);
    buf_char(b, ' ');
    buf_double(b, r->rate.value);
    if (timestamps)
        write_timestamp(b, form, r->rate.t_ns);
    buf_char(b, '\n');
    return clean;
}

bool prom_value(struct buf *b, const struct labelset *labels, const char *suffix,
                const struct label *extra, double v)
{
    struct label metric = labelset_metric(labels);
    prom_name(b, metric.value, metric.value_n);
    buf_text(b, suffix);
    bool clean = write_labels(b, labels, extra);
    buf_char(b, ' ');
    buf_double(b, v);
    buf_char(b, '\n');
    return clean;
}

void prom_labels(struct buf *b, const struct labelset *exposed)
{
    struct label_cursor cursor = {0};
    struct label l;
    bool first = true;
    labelset_next(exposed, &cursor, &l);
    buf_add(b, l.value, l.value_n);
    for (; labelset_next(exposed, &cursor, &l); first = false) {
        buf_char(b, first ? '{' : ',');
        buf_add(b, l.name, l.name_n);
        buf_text(b, "=\"");
        write_escaped(b, l.value, l.value_n, true);
        buf_char(b, '"');
    }
    buf_text(b, first ? "" : "}");
}

void prom_line(struct buf *b, enum exposition form, const struct labelset *exposed, double v,
               const int64_t *t_ns)
{
    prom_labels(b, exposed);
    buf_char(b, ' ');
    buf_double(b, v);
    if (t_ns != NULL)
        write_timestamp(b, form, *t_ns);
    buf_char(b, '\n');
}

void prom_end(struct buf *b, enum exposition form)
{
    if (form == EXPOSITION_OPENMETRICS)
        buf_text(b, "# EOF\n");
}

const char *prom_content_type(enum exposition form)
{
    return form == EXPOSITION_TEXT ? "text/plain; version=0.0.4; charset=utf-8"
                                   : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

/* One range of an Accept header, "type/subtype;version=1;q=0.5", cut at its ends. */
struct range {
    const char *type, *version;
    size_t type_n, version_n;
    int q; /* thousandths; 1000 where none is given, 0 where it cannot be read */
};

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* 0.75 as 750. */
static int read_q(const char *p, size_t n)
{
    int q = 0;
    if (n == 0 || (p[0] != '0' && p[0] != '1') || (n > 1 && p[1] != '.') || n > 5)
        return 0;
    q = (p[0] - '0') * 1000;
    for (size_t i = 2, unit = 100; i < n; i++, unit /= 10) {
        if (!is_digit(p[i]))
            return 0;
        q += (p[i] - '0') * (int)unit;
    }
    return q > 1000 ? 0 : q;
}

static void read_parameter(struct range *r, const char *p, size_t n)
{
    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    if (n > 2 && strncasecmp(p, "q=", 2) == 0) {
        r->q = read_q(p + 2, n - 2);
    } else if (n > 8 && strncasecmp(p, "version=", 8) == 0) {
        r->version = p + 8;
        r->version_n = n - 8;
    }
}

/* Reads the next range; returns where the one after it begins, NULL at the end. */
static const char *next_range(const char *p, struct range *out)
{
    p += strspn(p, " \t,");
    if (*p == '\0')
        return NULL;
    *out = (struct range){.type = p, .type_n = strcspn(p, " \t;,"), .q = 1000};
    for (p += strcspn(p, ";,"); *p == ';'; p += strcspn(p, ";,")) {
        p = skip_blanks(p + 1);
        read_parameter(out, p, strcspn(p, ";,"));
    }
    return p;
}

static bool is_type(const struct range *r, const char *type)
{
    return r->type_n == strlen(type) && strncasecmp(r->type, type, r->type_n) == 0;
}

static bool is_version(const struct range *r, const char *version)
{
    return r->version_n == strlen(version) && memcmp(r->version, version, r->version_n) == 0;
}

/* How well a range names the text form: 3 by its name, 2 as text, 1 as anything, 0 not at all. */
static int names_text(const struct range *r)
{
    if (is_type(r, "text/plain"))
        return r->version == NULL || is_version(r, "0.0.4") ? 3 : 0;
    return is_type(r, "text/*") ? 2 : is_type(r, "*/*") ? 1 : 0;
}

/* By its name alone: what takes anything, a browser say, gets plain text. */
static bool names_openmetrics(const struct range *r)
{
    return is_type(r, "application/openmetrics-text") &&
           (r->version == NULL || is_version(r, "1.0.0") || is_version(r, "0.0.1"));
}

enum exposition prom_negotiate(const char *accept)
{
    struct range r;
    int openmetrics = 0, text = 0, best = 0;
    for (const char *p = accept; p != NULL && (p = next_range(p, &r)) != NULL;) {
        int fit = names_text(&r);
        if (names_openmetrics(&r)) {
            openmetrics = r.q > openmetrics ? r.q : openmetrics;
        } else if (fit > best || (fit > 0 && fit == best && r.q > text)) {
            best = fit;
            text = r.q;
        }
    }
    return openmetrics > 0 && openmetrics >= text ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}
