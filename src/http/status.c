/* http/status.c -- /api/v1/status: all that nablad knows of itself, in one object for a page or a person.
 *
 *     struct stats, pulse (rates, the last minutes), examples ──► status_ingest.c ─┐
 *     table, alerts, HTTP, disk, targets                      ──► status_rest.c   ─┴─► one object
 *
 * Everybody who may read sees numbers. Examples of what was refused are somebody's bytes, in which a password may be
 * that was sent to the wrong door: they are an administrator's. */
#include "http/status.h"

#include "http/process.h"
#include "http/reply.h"
#include "http/routes.h"
#include "http/tree.h"

static void write_process(struct buf *b)
{
    struct process_figures f;
    process_look(&f);
    tree_open(b, "process", '{');
    tree_double(b, "cpu_seconds", f.cpu_s);
    tree_count(b, "resident_bytes", f.resident_bytes);
    tree_count(b, "open_files", f.open_files);
    tree_count(b, "max_files", f.max_files);
    tree_close(b, '}');
}

static void write_head(struct buf *b, const struct http *h)
{
    const struct stats *s = h->options.stats;
    int64_t now_ns = clock_now().wall_ns;
    tree_text(b, "version", NABLA_VERSION);
    tree_bool(b, "ready", *h->options.ready);
    tree_time(b, "now", now_ns);
    tree_time(b, "start", s->start_wall_ns);
    tree_double(b, "uptime", (double)(now_ns - s->start_wall_ns) / NS_PER_S);
    tree_open(b, "reloads", '{');
    tree_count(b, "ok", counted(&s->reloads_ok));
    tree_count(b, "failed", counted(&s->reloads_failed));
    tree_close(b, '}');
    tree_count(b, "log_suppressed", counted(&s->log_suppressed));
    write_process(b);
}

enum MHD_Result status_answer(struct request *r)
{
    struct buf b = {0};
    buf_text(&b, "{\"status\":\"success\",\"data\":{");
    write_head(&b, r->http);
    status_ingest(&b, r->http, (r->rights & RIGHT_ADMIN) != 0);
    status_rest(&b, r->http);
    buf_text(&b, "\n}}\n");
    return reply_buf(r, MHD_HTTP_OK, TYPE_JSON, &b, (struct extra){0});
}
