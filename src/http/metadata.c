/* http/metadata.c -- what else who speaks to a Prometheus asks: of each name its type and what it is, the
 * build, and exemplars, of which there are none. */
#include "base/exposed.h"
#include "base/number.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/seen.h"
#include "http/strings.h"

#include <stdlib.h>
#include <string.h>

enum { SLICES_A_STEP = 8, FAMILIES_MAX = 200000, FAMILIES_BYTES = 32 * 1024 * 1024 };
enum { LINES_A_SLICE = 256, COUNTER_MARK = 32 };

/* A family is one byte, its view + 1 and perhaps COUNTER_MARK, and the valid name of its metric. */
struct collecting {
    struct scan scan;
    struct strings families;
    struct seen names; /* that were written */
    uint32_t at, written;
    int64_t limit; /* of names; below 0: none */
    char *only;    /* owned; NULL: all */
    uint32_t only_n;
    bool too_many, begun;
};

static void free_collecting(void *ctx)
{
    struct collecting *c = ctx;
    scan_fini(&c->scan);
    strings_fini(&c->families);
    seen_clear(&c->names);
    free(c->only);
    free(c);
}

static enum nabla_status collect(struct collecting *c, const struct reading *r)
{
    char family[1 + EXPOSED_NAME_MAX];
    struct label metric = labelset_metric(r->labels);
    size_t n = exposed_metric(family + 1, metric.value, metric.value_n);
    for (unsigned view = 0, views = exposed_views(r); view < VIEWS; view++) {
        uint32_t number;
        bool is_counter = view == VIEW_VALUE && r->kind == KIND_COUNTER;
        family[0] = (char)(view + 1 + (is_counter ? COUNTER_MARK : 0));
        if ((views & 1U << view) == 0)
            continue;
        enum nabla_status s = strings_add(&c->families, family, 1 + n, &number, NULL);
        if (s != NABLA_OK)
            return s;
    }
    return NABLA_OK;
}

static enum step collect_step(struct request *r, void *ctx)
{
    struct collecting *c = ctx;
    const struct readings *readings = &r->http->readings;
    enum step step = scan_select(&c->scan);
    if (step != STEP_DONE || c->scan.busy)
        return step;
    for (int slice = 0; slice < SLICES_A_STEP && scan_has_more(&c->scan); slice++) {
        if (scan_read(r->http, &c->scan) != NABLA_OK)
            return STEP_FAILED;
        for (uint32_t i = 0; i < readings->n; i++) {
            enum nabla_status s = collect(c, &readings->at[i]);
            c->too_many = s == NABLA_ELIMIT;
            if (s != NABLA_OK)
                return c->too_many ? STEP_DONE : STEP_FAILED;
        }
    }
    return scan_has_more(&c->scan) ? STEP_MORE : STEP_DONE;
}

/* One name, once: `"temperature": [{"type": ..., "help": ..., "unit": ""}]`. */
static bool write_family(struct collecting *c, struct buf *out, const char *family, size_t n)
{
    char name[EXPOSED_NAME_MAX + EXPOSED_SUFFIX_MAX], help[EXPOSED_HELP_MAX];
    unsigned mark = (unsigned char)family[0] - 1u, view = mark % COUNTER_MARK;
    bool fresh;
    memcpy(name, family + 1, n - 1);
    exposed_suffix(view, name + n - 1);
    exposed_help(view, family + 1, (int)n - 1, help);
    size_t name_n = strlen(name + n - 1) + n - 1;
    if (c->only != NULL && (name_n != c->only_n || memcmp(name, c->only, name_n) != 0))
        return true;
    if (seen_add(&c->names, name, name_n, &fresh) != NABLA_OK)
        return false;
    if (!fresh)
        return true;
    buf_text(out, c->written++ > 0 ? ",\n" : "\n");
    json_text(out, name, name_n);
    buf_printf(out, ":[{\"type\":\"%s\",\"help\":", mark >= COUNTER_MARK ? "counter" : "gauge");
    json_text(out, help, strlen(help));
    buf_text(out, ",\"unit\":\"\"}]");
    return true;
}

static enum step metadata_next(struct http *h, void *ctx, struct buf *out)
{
    struct collecting *c = ctx;
    const struct strings *f = &c->families;
    (void)h;
    if (!c->begun)
        buf_text(out, "{\"status\":\"success\",\"data\":{");
    c->begun = true;
    for (uint32_t end = c->at + LINES_A_SLICE; c->at < end && c->at < f->n; c->at++) {
        if (c->limit >= 0 && c->written >= c->limit)
            c->at = f->n - 1;
        else if (!write_family(c, out, strings_text(f, c->at), f->at[c->at].n))
            return STEP_FAILED;
    }
    if (c->at < f->n)
        return STEP_MORE;
    buf_text(out, "\n}}\n");
    return STEP_DONE;
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_collecting(ctx);
}

static enum MHD_Result metadata_reply(struct request *r, void *ctx)
{
    struct collecting *c = ctx;
    if (c->scan.busy)
        return scan_refuse(r, &c->scan);
    if (c->too_many)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "more than %d names, or %d bytes of them",
                           FAMILIES_MAX, FAMILIES_BYTES);
    r->job.free = NULL; /* the answer has it now */
    return reply_source(r, TYPE_JSON, (struct source){metadata_next, free_source, c});
}

static enum nabla_status read_params(struct collecting *c, const struct params *p,
                                     struct fault *fault)
{
    const struct param *limit = params_find(p, "limit"), *metric = params_find(p, "metric");
    c->limit = -1;
    if (limit != NULL &&
        number_read_i64(limit->value, limit->value_n, &c->limit) != limit->value_n) {
        fault_set(fault, "invalid parameter \"limit\": it is not a number");
        return NABLA_EINVAL;
    }
    if (metric == NULL || metric->value_n == 0)
        return NABLA_OK;
    c->only = malloc(metric->value_n);
    c->only_n = metric->value_n;
    if (c->only == NULL)
        return NABLA_ENOMEM;
    memcpy(c->only, metric->value, metric->value_n);
    return NABLA_OK;
}

enum MHD_Result metadata_answer(struct request *r)
{
    struct fault fault;
    struct ask ask = {0};
    struct collecting *c = calloc(1, sizeof *c);
    if (c == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    c->names.seed = r->http->secret;
    c->families = (struct strings){
        .seed = r->http->secret, .max_n = FAMILIES_MAX, .max_bytes = FAMILIES_BYTES};
    enum nabla_status status = read_params(c, &r->params, &fault);
    if (status == NABLA_OK)
        status = scan_new(r->http, &ask, false, &c->scan);
    if (status != NABLA_OK) {
        free_collecting(c);
        return reply_fault(r, status, &fault);
    }
    return request_prepare(r, (struct job){collect_step, metadata_reply, free_collecting, c});
}

static enum MHD_Result reply_text(struct request *r, const char *text)
{
    struct buf b = {0};
    buf_text(&b, text);
    return reply_buf(r, MHD_HTTP_OK, TYPE_JSON, &b, (struct extra){0});
}

/* The version that a client sees is the language's: what Prometheus 2.42 would take of it. */
enum MHD_Result buildinfo_answer(struct request *r)
{
    return reply_text(r, "{\"status\":\"success\",\"data\":{\"application\":\"nablad\","
                         "\"version\":\"2.42.0\",\"revision\":\"nablad-" NABLA_VERSION "\","
                         "\"branch\":\"\",\"buildUser\":\"\",\"buildDate\":\"\","
                         "\"goVersion\":\"\"}}\n");
}

enum MHD_Result exemplars_answer(struct request *r)
{
    return reply_text(r, "{\"status\":\"success\",\"data\":[]}\n");
}
