/* http/influx_query.c -- /ping, /health and /query: as much of InfluxDB as its clients ask for before
 * they write.
 *
 *     CREATE DATABASE telegraf; SHOW DATABASES
 *     ^statement ─► result      ^the next, up to RESULTS_MAX
 *
 * There are no databases: all lines meet in one table. Names that somebody created are remembered until
 * nablad ends, DATABASES_MAX of them, for clients that look for theirs. */
#include "http/influx.h"
#include "http/routes.h"
#include "wire/json_out.h"

#include <string.h>
#include <strings.h>

enum { RESULTS_MAX = 16 };

/* A word of InfluxQL, or what stood in quotes. */
struct word {
    const char *at;
    size_t n;
};

struct statement {
    struct word words[5]; /* of longer ones the first */
    uint32_t n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Reads up to the next ';' or the end; returns where it goes on. */
static const char *read_statement(const char *p, const char *end, struct statement *s)
{
    enum { MOST = sizeof s->words / sizeof s->words[0] };
    for (s->n = 0; p < end && *p != ';'; p++) {
        if (is_blank(*p))
            continue;
        bool quoted = *p == '"';
        const char *start = p += quoted;
        while (p < end && (quoted ? *p != '"' : !is_blank(*p) && *p != ';'))
            p++;
        if (s->n < MOST)
            s->words[s->n++] = (struct word){start, (size_t)(p - start)};
        if (p == end || *p == ';')
            break;
    }
    return p < end ? p + 1 : end;
}

/* Whether its first words are these, in any case. */
static bool begins(const struct statement *s, const char *const words[], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (i >= s->n || s->words[i].n != strlen(words[i]) ||
            strncasecmp(s->words[i].at, words[i], s->words[i].n) != 0)
            return false;
    return true;
}

static bool is_known(const struct http *h, struct word name)
{
    for (uint32_t i = 0; i < h->databases_n; i++)
        if (strlen(h->databases[i]) == name.n && memcmp(h->databases[i], name.at, name.n) == 0)
            return true;
    return false;
}

static bool create(struct http *h, struct word name)
{
    if (name.n == 0 || name.n >= DATABASE_NAME_MAX || memchr(name.at, '\0', name.n) != NULL)
        return false;
    if (!is_known(h, name) && h->databases_n < DATABASES_MAX) {
        memcpy(h->databases[h->databases_n], name.at, name.n);
        h->databases[h->databases_n++][name.n] = '\0';
    }
    return true;
}

static void show_databases(const struct http *h, struct buf *b)
{
    buf_text(b, ",\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[");
    buf_text(b, "[\"nabla\"]");
    for (uint32_t i = 0; i < h->databases_n; i++) {
        buf_text(b, ",[");
        json_text(b, h->databases[i], strlen(h->databases[i]));
        buf_char(b, ']');
    }
    buf_text(b, "]}]");
}

static void show_policies(struct buf *b)
{
    buf_text(b,
             ",\"series\":[{\"columns\":[\"name\",\"duration\",\"shardGroupDuration\",\"replicaN\","
             "\"default\"],\"values\":[[\"autogen\",\"0s\",\"168h0m0s\",1,true]]}]");
}

/* Appends the statement's result; false if it is none of those that there are. */
static bool run(struct http *h, const struct statement *s, unsigned number, struct buf *b)
{
    static const char *const create_database[] = {"CREATE", "DATABASE"};
    static const char *const databases[] = {"SHOW", "DATABASES"};
    static const char *const policies[] = {"SHOW", "RETENTION", "POLICIES"};
    buf_printf(b, "%s{\"statement_id\":%u", number > 0 ? "," : "", number);
    if (begins(s, create_database, 2) && s->n >= 3) {
        if (!create(h, s->words[2]))
            buf_text(b, ",\"error\":\"invalid name\"");
    } else if (begins(s, databases, 2) && s->n == 2) {
        show_databases(h, b);
    } else if (begins(s, policies, 3)) {
        show_policies(b);
    } else {
        return false;
    }
    buf_char(b, '}');
    return true;
}

/* All statements of text[0..n); false: one of them is not for nablad, or there is none. */
static bool run_all(struct http *h, const char *text, size_t n, struct buf *b)
{
    const char *end = text + n;
    unsigned number = 0;
    buf_text(b, "{\"results\":[");
    while (text < end) {
        struct statement s;
        text = read_statement(text, end, &s);
        if (s.n > 0 && (number == RESULTS_MAX || !run(h, &s, number++, b)))
            return false;
    }
    buf_text(b, "]}\n");
    return number > 0;
}

enum MHD_Result influx_query_answer(struct request *r)
{
    static const char refused[] =
        "{\"error\":\"nablad stores no points and answers CREATE DATABASE, SHOW DATABASES and SHOW "
        "RETENTION POLICIES alone; rates of change are at /api/v1/rates\"}\n";
    struct buf b = {0};
    for (uint32_t i = 0; i < r->params.n; i++) {
        const struct param *p = &r->params.at[i];
        if (p->name_n == 1 && *p->name == 'q' && run_all(r->http, p->value, p->value_n, &b))
            return influx_reply(r, MHD_HTTP_OK, &b);
    }
    buf_clear(&b);
    buf_text(&b, refused);
    return influx_reply(r, MHD_HTTP_BAD_REQUEST, &b);
}

static bool is_verbose(const struct request *r)
{
    for (uint32_t i = 0; i < r->params.n; i++) {
        const struct param *p = &r->params.at[i];
        if (p->name_n == 7 && memcmp(p->name, "verbose", 7) == 0)
            return p->value_n > 0 && memcmp(p->value, "0", 1) != 0 &&
                   !(p->value_n == 5 && memcmp(p->value, "false", 5) == 0);
    }
    return false;
}

enum MHD_Result influx_ping_answer(struct request *r)
{
    struct buf b = {0};
    if (!is_verbose(r))
        return influx_reply(r, MHD_HTTP_NO_CONTENT, &b);
    buf_text(&b, "{\"version\":\"" INFLUX_VERSION "\"}\n");
    return influx_reply(r, MHD_HTTP_OK, &b);
}

enum MHD_Result influx_health_answer(struct request *r)
{
    struct buf b = {0};
    bool ready = atomic_load(r->http->options.ready) && !r->http->draining;
    buf_printf(&b,
               "{\"name\":\"influxdb\",\"message\":\"%s\",\"status\":\"%s\",\"checks\":[],"
               "\"version\":\"" INFLUX_VERSION "\"}\n",
               ready ? "ready for queries and writes" : "nablad is not ready",
               ready ? "pass" : "fail");
    return influx_reply(r, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, &b);
}
