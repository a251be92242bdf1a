/* daemon/replay.c -- what nablad would have said of a recording.
 *
 *     file ──lines──► batch ──cut where time moves──► table ──► feed ──► JSON lines
 *                                     └─► sweep: who has been silent by then?
 *
 * "Now" is the newest time that any sample has had so far: silence and expiry are judged by it, as the
 * monotonic clock does when nablad listens. The table has one thread and one shard: places are given in order
 * of birth, so that what a sweep ends comes out in the same order each time, whatever the hashes' secret. The
 * feed is read before it can be full, so that it never loses a point.
 * Laws: the same bytes from run to run; the points of a series are those of numpy.gradient over each run of
 * it (test_replay.py).
 * Elsewhere: from the feed to JSON lines (replay_out.c), on several threads (printer.c). */
#include "daemon/replay.h"

#include "daemon/app.h"
#include "daemon/replay_out.h"
#include "wire/key.h"
#include "wire/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 1 << 20, /* room for a longest line, many times */
    WAITING = 1024,       /* points in the feed before they are taken */
    FEED_ROOM = WAITING + 8 * BATCH_MAX,
    SWEEP_RECORDS = BATCH_MAX, /* at a time: their points fit the feed */
};

struct replay {
    const char *path;
    struct stats stats;
    struct log *log;
    struct feed *feed;
    struct table *table;
    struct line_options lines;
    int64_t origin_ns; /* wall time at which the monotonic clock shows one second */
    bool begun;        /* a sample has come: now means something */
    struct instant now;
    int64_t sweep_ns, sweep_period_ns; /* monotonic, of the next sweep */
    struct replay_out *out;
    bool failed; /* reading, writing, memory: said in the log */
};

/* The first thing that went wrong is the one to tell. */
static void fail(struct replay *r, const char *what)
{
    if (!r->failed)
        log_event(r->log, LOG_LEVEL_ERROR, NULL, "replay_failed", "file=%s why=\"%s: %s\"", r->path,
                  what, strerror(errno));
    r->failed = true;
}

static void drain(struct replay *r)
{
    if (replay_out_drain(r->out, r->now) != NABLA_OK)
        fail(r, "cannot write");
}

/* ---- time */

/* Visits every series once. What waits is taken first: an expired series has no labels any more. */
static void sweep(struct replay *r)
{
    struct sweep at = {0};
    drain(r);
    do {
        table_sweep(r->table, &at, SWEEP_RECORDS, r->now);
        drain(r);
    } while (at.place != 0 && !r->failed);
    if (__builtin_add_overflow(r->now.mono_ns, r->sweep_period_ns, &r->sweep_ns))
        r->sweep_ns = INT64_MAX;
}

/* Makes it so late, if it is not already. */
static void reach(struct replay *r, int64_t t_ns)
{
    if (!r->begun) {
        r->begun = true;
        r->origin_ns = t_ns - NS_PER_S;
        r->now.wall_ns = t_ns - 1;
        r->sweep_ns = NS_PER_S + r->sweep_period_ns;
    }
    if (t_ns <= r->now.wall_ns)
        return;
    r->now.wall_ns = t_ns;
    if (__builtin_sub_overflow(t_ns, r->origin_ns, &r->now.mono_ns))
        r->now.mono_ns = INT64_MAX;
    if (r->now.mono_ns >= r->sweep_ns)
        sweep(r);
}

/* ---- in */

/* A batch in pieces, each with the time of its first sample as now and none later than it. */
static void apply(struct replay *r, const struct batch *batch)
{
    struct batch piece;
    for (uint32_t i = 0; i < batch->n && !r->failed;) {
        reach(r, batch->at[i].t_ns);
        for (piece.n = 0; i < batch->n && batch->at[i].t_ns <= r->now.wall_ns; i++)
            piece.at[piece.n++] = batch->at[i];
        table_apply(r->table, &piece, r->now);
        if (counted(&r->stats.points) - replay_out_points(r->out) >= WAITING)
            drain(r);
    }
}

static void log_fault(struct replay *r, const struct line_report *report)
{
    char line[LOG_QUOTE_MAX];
    log_event(r->log, LOG_LEVEL_WARN, cause_label(report->fault), "line_refused",
              "file=%s reason=%s offset=%u line=%s why=\"%s\"", r->path, cause_label(report->fault),
              report->fault_offset, log_quote(line, report->fault_text, report->fault_text_n),
              cause_text(report->fault));
}

static void publish(struct replay *r, const struct line_report *report)
{
    count(&r->stats.lines, report->lines);
    count(&r->stats.samples, report->samples);
    for (int i = 0; i < CAUSE_COUNT; i++)
        count(&r->stats.rejected[i], report->refused[i]);
}

/* Whole lines of text[0..n); returns how many bytes were used. */
static size_t take(struct replay *r, const char *text, size_t n)
{
    size_t used = 0;
    struct batch batch;
    do {
        struct line_report report = {0};
        batch.n = 0;
        r->lines.arrival_ns = r->now.wall_ns;
        used += lines_read(&r->lines, text + used, n - used, &batch, &report);
        if (report.has_fault)
            log_fault(r, &report);
        publish(r, &report);
        apply(r, &batch);
    } while (batch.n > BATCH_MAX - LINE_SAMPLES_MAX && !r->failed);
    return used;
}

/* Throws away a line too long for the room: what there is of it, and what follows up to its end. */
static void refuse_long(struct replay *r, bool *skipping)
{
    count(&r->stats.lines, 1);
    count(&r->stats.rejected[CAUSE_LINE_LENGTH], 1);
    log_event(r->log, LOG_LEVEL_WARN, cause_label(CAUSE_LINE_LENGTH), "line_refused",
              "file=%s reason=%s why=\"%s\"", r->path, cause_label(CAUSE_LINE_LENGTH),
              cause_text(CAUSE_LINE_LENGTH));
    *skipping = true;
}

static size_t skip(const char *text, size_t n, bool *skipping)
{
    const char *lf = memchr(text, '\n', n);
    *skipping = lf == NULL;
    return lf == NULL ? n : (size_t)(lf - text) + 1;
}

/* The file's last line needs no LF. */
static void read_all(struct replay *r, int fd, char *room)
{
    size_t n = 0;
    bool skipping = false, ended = false;
    while (!ended && !r->failed) {
        ssize_t got = read(fd, room + n, READ_BYTES - 1 - n);
        if (got < 0 && errno != EINTR)
            fail(r, "cannot read");
        if (got < 0)
            continue;
        ended = got == 0;
        n += (size_t)got;
        if (ended && n > 0)
            room[n++] = '\n';
        size_t used = skipping ? skip(room, n, &skipping) : 0;
        used += take(r, room + used, n - used);
        memmove(room, room + used, n - used);
        n -= used;
        if (n == READ_BYTES - 1) {
            refuse_long(r, &skipping);
            n = 0;
        }
    }
}

/* Whatever happened: what is final is written. */
static void finish(struct replay *r)
{
    drain(r);
    if (replay_out_finish(r->out) != NABLA_OK)
        fail(r, "cannot write");
}

/* The end of the input is the end of every run. */
static void end_all(struct replay *r)
{
    r->now.mono_ns = INT64_MAX;
    sweep(r);
    finish(r);
    if (!r->failed)
        log_event(r->log, LOG_LEVEL_INFO, NULL, "replayed",
                  "file=%s lines=%llu samples=%llu points=%llu series=%u", r->path,
                  (unsigned long long)counted(&r->stats.lines),
                  (unsigned long long)counted(&r->stats.samples),
                  (unsigned long long)counted(&r->stats.points), table_count(r->table));
}

/* ---- start and end */

static enum nabla_status make(struct replay *r, struct conf *conf, FILE *out)
{
    r->log = log_new(STDERR_FILENO, false, conf->log.level, &r->stats);
    enum nabla_status status = r->log == NULL ? NABLA_ENOMEM : feed_new(FEED_ROOM, &r->feed);
    if (status != NABLA_OK)
        return status;
    r->sweep_period_ns = app_sweep_period(&conf->policies);
    r->lines = (struct line_options){
        .format = LINE_AUTO, .precision_ns = 1, .max_line = conf->ingest.max_line};
    struct table_options o = {.max_series = conf->limits.max_series,
                              .shards = 1,
                              .keep_bytes = conf->limits.keep_memory,
                              .max_future_ns = conf->limits.max_future_ns,
                              .read_key = key_read_by,
                              .read_key_ctx = &conf->templates,
                              .policies = &conf->policies,
                              .stats = &r->stats,
                              .feed = r->feed,
                              .log = r->log};
    uint32_t threads = conf->ingest.threads;
    status = table_new(&o, &r->table);
    return status != NABLA_OK ? status : replay_out_new(r->table, r->feed, threads, out, &r->out);
}

static void fini(struct replay *r)
{
    replay_out_free(r->out);
    table_free(r->table);
    feed_free(r->feed);
    log_free(r->log);
}

static enum nabla_status run(struct replay *r)
{
    char *room = malloc(READ_BYTES);
    int fd = strcmp(r->path, "-") == 0 ? STDIN_FILENO : open(r->path, O_RDONLY | O_CLOEXEC);
    if (room == NULL || fd < 0) {
        fail(r, fd < 0 ? "cannot open" : "cannot read");
    } else {
        read_all(r, fd, room);
        if (r->failed)
            finish(r);
        else
            end_all(r);
    }
    if (fd > STDIN_FILENO)
        close(fd);
    free(room);
    return r->failed ? NABLA_EIO : NABLA_OK;
}

enum nabla_status replay(struct conf *conf, const char *path, FILE *out)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        conf_fini(conf);
        return NABLA_ENOMEM;
    }
    r->path = path;
    enum nabla_status status = make(r, conf, out);
    if (status == NABLA_OK)
        status = run(r);
    conf_fini(conf);
    fini(r);
    free(r);
    return status;
}
