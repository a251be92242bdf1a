/* tests/bench/drive.c -- a batch at a time: one clock read, one lock a shard. */
#include "drive.h"

#include "wire/key.h"

#include <string.h>
#include <time.h>

enum { MAX_LINE = 64 * 1024 };

bool drive_init(struct drive *d, uint32_t max_series, uint32_t shards)
{
    return drive_init_by(d, max_series, shards, policy_default());
}

bool drive_init_by(struct drive *d, uint32_t max_series, uint32_t shards, struct policy policy)
{
    memset(d, 0, sizeof *d);
    struct policies policies = {.defaults = policy};
    if (feed_new(DRIVE_FEED, &d->feed) != NABLA_OK)
        return false;
    struct table_options o = {.max_series = max_series,
                              .shards = shards,
                              .max_future_ns = 3600 * (int64_t)NS_PER_S,
                              .read_key = key_read_by,
                              .policies = &policies,
                              .stats = &d->stats,
                              .feed = d->feed};
    return table_new(&o, &d->table) == NABLA_OK;
}

void drive_fini(struct drive *d)
{
    table_free(d->table);
    feed_free(d->feed);
}

static void on_ready(void *ctx)
{
    (void)ctx;
}

void drive_follow(struct drive *d, uint32_t taken)
{
    static const struct feed_item some[1024];
    feed_listen(d->feed, FEED_STREAMS, on_ready, NULL);
    for (uint32_t n = 0; n + 1024 <= taken; n += 1024)
        feed_put(d->feed, some, 1024);
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void note(struct pauses *p, int64_t ns, int64_t cpu_ns, uint32_t series)
{
    p->worst_ns = ns > p->worst_ns ? ns : p->worst_ns;
    if (cpu_ns <= p->worst_cpu_ns)
        return;
    p->worst_cpu_ns = cpu_ns;
    p->worst_at = series;
}

static void apply_timed(struct table *t, const struct batch *batch, struct pauses *pauses)
{
    int64_t start = read_clock(CLOCK_MONOTONIC), cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
    table_apply(t, batch, clock_now());
    int64_t ns = read_clock(CLOCK_MONOTONIC) - start;
    note(pauses, ns, read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu, table_count(t));
}

static struct line_options options_now(void)
{
    return (struct line_options){.format = LINE_AUTO,
                                 .precision_ns = 1,
                                 .arrival_ns = clock_now().wall_ns,
                                 .max_line = MAX_LINE};
}

bool drive_lines(struct drive *d, const char *bytes, size_t n, struct pauses *pauses)
{
    struct line_options options = options_now();
    struct line_report report = {0};
    struct batch batch;
    for (size_t at = 0, used; at < n; at += used) {
        batch.n = 0;
        used = lines_read(&options, bytes + at, n - at, &batch, &report);
        if (used == 0)
            return false;
        if (pauses != NULL)
            apply_timed(d->table, &batch, pauses);
        else
            table_apply(d->table, &batch, clock_now());
    }
    return !report.has_fault;
}

bool drive_parse(const char *bytes, size_t n)
{
    struct line_options options = options_now();
    struct line_report report = {0};
    struct batch batch;
    for (size_t at = 0, used; at < n; at += used) {
        batch.n = 0;
        if ((used = lines_read(&options, bytes + at, n - at, &batch, &report)) == 0)
            return false;
    }
    return !report.has_fault;
}
