/* daemon/recovery.c -- entries of the journal, through the same readers and the same table as when they came.
 *
 *     snapshot ─► table ◄─ sink ◄─ entry, entry, ... of the journal
 *
 * Series are as old as their samples: one that fell silent before the end is silent, or forgotten, after the
 * start. What the readers count of it is not counted once more; what the table counts, is. */
#include "daemon/recovery.h"

#include "base/clock.h"
#include "net/sink.h"

#include <stdlib.h>

struct recovery {
    struct sink sink;
    struct stats nobody; /* what the sink counts */
    struct instant begun;
    enum nabla_status status;
};

/* The monotonic clock's time at a moment that the wall clock gave, no later than now. */
static struct instant instant_of(const struct recovery *r, int64_t wall_ns)
{
    int64_t age_ns = 0;
    if (__builtin_sub_overflow(r->begun.wall_ns, wall_ns, &age_ns))
        age_ns = wall_ns < 0 ? INT64_MAX : 0;
    age_ns = age_ns < 0 ? 0 : age_ns;
    return (struct instant){.wall_ns = wall_ns, .mono_ns = r->begun.mono_ns - age_ns};
}

static void on_entry(void *ctx, const struct journal_entry *e)
{
    struct recovery *r = ctx;
    struct instant when = instant_of(r, e->received_ns);
    if (e->kind == JOURNAL_LINES)
        sink_replay_lines(&r->sink, (enum line_format)e->format, e->precision_ns, when, e->body,
                          e->n);
    else if (sink_replay_remote_write(&r->sink, when, e->body, e->n) != NABLA_OK)
        r->status = NABLA_ENOMEM;
}

static void tell(struct journal *j, const struct recovery *r, struct log *log)
{
    struct journal_figures f;
    journal_figures(j, &f);
    double seconds = (double)(clock_now().mono_ns - r->begun.mono_ns) / NS_PER_S;
    log_event(log, LOG_LEVEL_INFO, NULL, "journal_replayed",
              "entries=%llu bytes=%llu samples=%llu seconds=%.3f torn_bytes=%llu bad_bytes=%llu",
              (unsigned long long)f.replayed, (unsigned long long)f.bytes,
              (unsigned long long)counted(&r->nobody.samples), seconds,
              (unsigned long long)f.torn_bytes, (unsigned long long)f.bad_bytes);
}

static enum nabla_status replay(struct journal *j, struct table *table, struct log *log)
{
    struct recovery *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    r->begun = clock_now();
    r->sink.table = table;
    r->sink.stats = &r->nobody;
    enum nabla_status status = journal_replay(j, on_entry, r);
    if (status == NABLA_OK)
        status = r->status;
    if (status == NABLA_OK)
        tell(j, r, log);
    free(r);
    return status;
}

enum nabla_status recovery_run(const struct conf *conf, struct table *table, struct log *log,
                               struct journal **out)
{
    *out = NULL;
    if (!conf->state.journal)
        return NABLA_OK;
    struct journal_options options = {
        .directory = conf->state.directory, .max_bytes = conf->state.journal_max, .log = log};
    enum nabla_status status = journal_new(&options, out);
    if (status == NABLA_OK)
        status = replay(*out, table, log);
    if (status == NABLA_OK)
        status = journal_start(*out);
    return status;
}

/* ---- snapshots */

static uint64_t cut(void *ctx)
{
    return journal_cut(ctx);
}

static void watch(void *ctx, void (*on_half)(void *of), void *of)
{
    journal_watch(ctx, on_half, of);
}

static void forget(void *ctx, uint64_t number)
{
    journal_forget(ctx, number);
}

const struct state_journal *recovery_for_snapshots(struct journal *j, struct state_journal *out)
{
    *out = (struct state_journal){.watch = watch, .cut = cut, .forget = forget, .ctx = j};
    return j != NULL ? out : NULL;
}
