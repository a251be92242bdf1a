/* net/push.c -- one reader of the feed for all targets, and the turns of their common spool.
 *
 *     feed ── uv_async ──► take: labels of 256 points at a time ──► target_point
 *     tick ── uv_timer ──► flush what is old, send what is due, tell the board
 *     spool ─ uv_work ───► one turn at a time for all targets; what comes meanwhile is in the next
 *
 * Laws: no call on the loop waits for a disk or another machine; a point that the feed or the table no longer
 * has is counted as dropped by every target.
 * Elsewhere: what becomes of a point (net/push_target.c), the file (net/spool.c). */
#include "net/push.h"

#include "base/clock.h"
#include "net/push_target.h"
#include "net/spool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_EVERY_MS = 50,
    TAKE = READINGS_MAX,  /* points at a time */
    TAKES_A_WAKE = 16,    /* then others get a turn */
    DISK_PAUSE_MS = 1000, /* after a turn that failed */
    TURN_QUEUES_MAX = 2 * PUSH_TARGETS_MAX,
};

struct push {
    struct push_options options;
    struct poster *poster;
    struct spool *spool; /* NULL: buffers are in memory */
    uv_async_t wake;
    uv_timer_t tick;
    struct push_target *targets[PUSH_TARGETS_MAX];
    uint32_t targets_n;
    struct push_target *leaving; /* a list: their queues are to be emptied */
    struct feed_item *items;     /* TAKE of them */
    struct readings readings;
    bool stopping;
    /* a turn of the spool */
    uv_work_t work;
    bool working, turn_failing;
    int64_t turn_at_ns; /* not before */
    struct spool_queue *queues[TURN_QUEUES_MAX];
    uint32_t queues_n;
    enum nabla_status turn_status;
    char why[SPOOL_WHY_MAX];
    /* any thread */
    pthread_mutex_t lock; /* of what follows */
    bool has_fresh;
    struct conf_pushes fresh;
};

static void on_ready(void *ctx)
{
    struct push *p = ctx;
    uv_async_send(&p->wake);
}

/* ---- turns */

static void begin_turn(struct push *p);

static void work_turn(uv_work_t *work)
{
    struct push *p = work->data;
    p->turn_status = spool_turn(p->spool, p->queues, p->queues_n, p->why);
}

static void send_all(struct push *p, int64_t mono_ns)
{
    for (uint32_t i = 0; i < p->targets_n; i++)
        target_send(p->targets[i], mono_ns);
}

static void free_left(struct push *p)
{
    for (struct push_target *t; (t = p->leaving) != NULL && t->known && t->kept == 0;) {
        p->leaving = t->next;
        target_free(t);
    }
}

static void tell_turn(struct push *p)
{
    char quoted[LOG_QUOTE_MAX];
    bool failed = p->turn_status != NABLA_OK;
    if (failed)
        log_event(p->options.log, LOG_LEVEL_ERROR, "push_disk", "push_disk_failed", "why=%s",
                  log_quote(quoted, p->why, strlen(p->why)));
    else if (p->turn_failing)
        log_event(p->options.log, LOG_LEVEL_INFO, NULL, "push_disk_recovered",
                  "why=\"buffers are written again\"");
    p->turn_failing = failed;
    p->turn_at_ns = failed ? clock_now().mono_ns + (int64_t)DISK_PAUSE_MS * NS_PER_MS : 0;
}

static void adopt(struct push *p);

static void after_turn(uv_work_t *work, int status)
{
    struct push *p = work->data;
    p->working = false;
    if (status != 0)
        p->turn_status = NABLA_ENOMEM; /* cancelled: it never ran */
    tell_turn(p);
    for (uint32_t i = 0; i < p->targets_n; i++)
        if (p->targets[i]->in_turn)
            target_take_turn(p->targets[i], p->turn_status == NABLA_OK);
    for (struct push_target *t = p->leaving; t != NULL; t = t->next)
        if (t->in_turn)
            target_take_turn(t, p->turn_status == NABLA_OK);
    free_left(p);
    adopt(p);
    send_all(p, clock_now().mono_ns);
    begin_turn(p);
}

static void ask(struct push *p, struct push_target *t)
{
    if (p->queues_n < TURN_QUEUES_MAX && target_ask_turn(t))
        p->queues[p->queues_n++] = &t->queue;
}

/* If there is something to do for the disk, and it is not at it. */
static void begin_turn(struct push *p)
{
    if (p->spool == NULL || p->working || clock_now().mono_ns < p->turn_at_ns)
        return;
    p->queues_n = 0;
    for (uint32_t i = 0; i < p->targets_n; i++)
        ask(p, p->targets[i]);
    for (struct push_target *t = p->leaving; t != NULL; t = t->next)
        ask(p, t);
    if (p->queues_n == 0)
        return;
    p->work.data = p;
    p->working = uv_queue_work(p->options.loop, &p->work, work_turn, after_turn) == 0;
}

/* ---- points */

static void lose(struct push *p, uint64_t points)
{
    for (uint32_t i = 0; i < p->targets_n; i++)
        p->targets[i]->figures.dropped += points;
}

static void hand_out(struct push *p, const struct reading *r, struct instant now)
{
    const struct feed_item *item = &p->items[r->number];
    for (uint32_t i = 0; i < p->targets_n; i++)
        if (item->ended)
            target_end(p->targets[i], r->labels, r->per, item->point.t_ns, now);
        else
            target_point(p->targets[i], r->labels, r->per, &item->point, &item->note, now);
}

/* Points of series that have gone meanwhile are nobody's any more. */
static void deliver(struct push *p, uint32_t n, struct instant now)
{
    struct found found[TAKE] = {0};
    for (uint32_t i = 0; i < n; i++)
        found[i].ref = p->items[i].series;
    if (table_read(p->options.table, found, n, now, &p->readings) != NABLA_OK) {
        lose(p, n);
        return;
    }
    for (uint32_t i = 0; i < p->readings.n; i++)
        hand_out(p, &p->readings.at[i], now);
    lose(p, n - p->readings.n);
}

/* Returns true if there may be more. */
static bool take(struct push *p)
{
    for (int takes = 0; takes < TAKES_A_WAKE; takes++) {
        uint64_t lost = 0;
        uint32_t n = feed_take(p->options.feed, FEED_PUSH, p->items, TAKE, &lost);
        lose(p, lost);
        deliver(p, n, clock_now());
        if (n < TAKE)
            return false;
    }
    return true;
}

static void work_on(struct push *p, bool all)
{
    int64_t mono_ns = clock_now().mono_ns;
    for (uint32_t i = 0; i < p->targets_n; i++)
        target_flush(p->targets[i], mono_ns, all);
    begin_turn(p);
    send_all(p, mono_ns);
}

static void tell(struct push *p)
{
    struct push_figures figures[PUSH_TARGETS_MAX];
    for (uint32_t i = 0; i < p->targets_n; i++)
        figures[i] = target_figures(p->targets[i]);
    push_board_write(p->options.board, figures, p->targets_n);
}

static void on_wake(uv_async_t *wake)
{
    struct push *p = wake->data;
    if (!p->working)
        adopt(p);
    if (p->targets_n > 0 && take(p))
        uv_async_send(wake);
    work_on(p, false);
}

static void on_tick(uv_timer_t *tick)
{
    struct push *p = tick->data;
    work_on(p, false);
    tell(p);
}

/* ---- targets that come and go */

static struct push_target *take_out(struct push *p, const char *queue)
{
    for (uint32_t i = 0; i < p->targets_n; i++) {
        struct push_target *t = p->targets[i];
        if (strcmp(t->queue.name, queue) != 0)
            continue;
        memmove(p->targets + i, p->targets + i + 1, (--p->targets_n - i) * sizeof *p->targets);
        return t;
    }
    return NULL;
}

/* The queue of a target that leaves may still be in the spool when one of that name comes again: it then
 * begins with an empty queue, since turns of both are in order. */
static void leave(struct push *p, struct push_target *t)
{
    uint64_t points = target_figures(t).buffered + t->body_points;
    log_event(p->options.log, LOG_LEVEL_INFO, NULL, "push_removed",
              "target=\"%s\" points_dropped=%" PRIu64, t->conf.name, points);
    target_interrupt(t);
    parcel_free(t->out);
    t->out = NULL;
    if (p->spool == NULL) {
        target_free(t);
        return;
    }
    t->queue.removed = true;
    t->next = p->leaving;
    p->leaving = t;
}

static bool is_leaving(const struct push *p, const char *queue)
{
    for (const struct push_target *t = p->leaving; t != NULL; t = t->next)
        if (strcmp(t->queue.name, queue) == 0)
            return true;
    return false;
}

static void add(struct push *p, struct push_target *t)
{
    if (t == NULL) {
        log_event(p->options.log, LOG_LEVEL_ERROR, NULL, "push_failed",
                  "why=\"no memory for a target\"");
        return;
    }
    log_event(p->options.log, LOG_LEVEL_INFO, NULL, "push_to", "target=\"%s\"", t->conf.name);
    p->targets[p->targets_n++] = t;
}

static uint64_t buffers(const struct push *p)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < p->targets_n; i++)
        bytes += p->targets[i]->conf.buffer;
    return bytes;
}

/* Those that stay go on, those that are not among these leave, the rest is new. */
static void replace(struct push *p, struct conf_pushes *fresh)
{
    struct push_target *stay[PUSH_TARGETS_MAX] = {0};
    for (uint32_t i = 0; i < fresh->n; i++) {
        char queue[SPOOL_NAME_MAX];
        target_queue_name(&fresh->at[i], queue);
        if ((stay[i] = take_out(p, queue)) != NULL)
            target_adopt(stay[i], &fresh->at[i]);
    }
    while (p->targets_n > 0)
        leave(p, p->targets[--p->targets_n]);
    for (uint32_t i = 0; i < fresh->n; i++) {
        if (stay[i] != NULL)
            p->targets[p->targets_n++] = stay[i];
        else
            add(p, target_new(p->options.loop, p->poster, p->options.log, &fresh->at[i],
                              p->spool != NULL));
    }
    conf_pushes_fini(fresh);
    if (p->spool != NULL)
        spool_make_room(p->spool, buffers(p));
    feed_listen(p->options.feed, FEED_PUSH, p->targets_n > 0 ? on_ready : NULL, p);
    if (p->targets_n > 0 || p->leaving != NULL)
        uv_timer_start(&p->tick, on_tick, TICK_EVERY_MS, TICK_EVERY_MS);
    else
        uv_timer_stop(&p->tick);
    tell(p);
}

/* Not while a turn runs, nor while a queue of one of the new ones is being emptied. */
static void adopt(struct push *p)
{
    struct conf_pushes fresh = {0};
    pthread_mutex_lock(&p->lock);
    bool has_fresh = p->has_fresh && !p->stopping;
    for (uint32_t i = 0; has_fresh && i < p->fresh.n; i++) {
        char queue[SPOOL_NAME_MAX];
        target_queue_name(&p->fresh.at[i], queue);
        has_fresh = !is_leaving(p, queue);
    }
    if (has_fresh) {
        fresh = p->fresh;
        p->fresh = (struct conf_pushes){0};
        p->has_fresh = false;
    }
    pthread_mutex_unlock(&p->lock);
    if (has_fresh)
        replace(p, &fresh);
}

void push_configure(struct push *p, struct conf_pushes *targets)
{
    pthread_mutex_lock(&p->lock);
    conf_pushes_fini(&p->fresh);
    p->fresh = *targets;
    *targets = (struct conf_pushes){0};
    p->has_fresh = true;
    pthread_mutex_unlock(&p->lock);
    uv_async_send(&p->wake);
}

/* ---- start and stop */

static enum nabla_status open_spool(struct push *p, const struct conf_pushes *targets)
{
    char names[PUSH_TARGETS_MAX][SPOOL_NAME_MAX], quoted[LOG_QUOTE_MAX];
    const char *list[PUSH_TARGETS_MAX];
    uint64_t bytes = 0, dropped = 0;
    for (uint32_t i = 0; i < targets->n; i++) {
        target_queue_name(&targets->at[i], names[i]);
        list[i] = names[i];
        bytes += targets->at[i].buffer;
    }
    enum nabla_status status = spool_open(p->options.directory, bytes, &p->spool, p->why);
    if (p->why[0] != '\0')
        log_event(p->options.log, LOG_LEVEL_ERROR, NULL, "push_disk_failed", "why=%s",
                  log_quote(quoted, p->why, strlen(p->why)));
    if (status == NABLA_EIO) /* it cannot be written to: buffers are in memory, then */
        return NABLA_OK;
    if (status == NABLA_OK)
        status = spool_keep_only(p->spool, list, targets->n, &dropped);
    if (dropped > 0)
        log_event(p->options.log, LOG_LEVEL_WARN, NULL, "push_removed",
                  "why=\"their targets are gone\" points_dropped=%" PRIu64, dropped);
    return status;
}

enum nabla_status push_new(const struct push_options *options, struct conf_pushes *targets,
                           struct push **out)
{
    struct push *p = calloc(1, sizeof *p);
    if (p == NULL) {
        conf_pushes_fini(targets);
        return NABLA_ENOMEM;
    }
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    uv_async_init(options->loop, &p->wake, on_wake);
    uv_timer_init(options->loop, &p->tick);
    p->wake.data = p->tick.data = p;
    *out = p;
    p->items = calloc(TAKE, sizeof *p->items);
    enum nabla_status status = p->items == NULL ? NABLA_ENOMEM : NABLA_OK;
    if (status == NABLA_OK)
        status = poster_new(options->loop, PUSH_TARGETS_MAX, &p->poster);
    if (status == NABLA_OK && options->directory[0] != '\0')
        status = open_spool(p, targets);
    if (status == NABLA_OK)
        replace(p, targets);
    else
        conf_pushes_fini(targets);
    return status;
}

/* What a stop still waits for: points on the way into buffers, and, as long as there is hope, out of them. */
static bool is_stopped(const struct push *p, bool late)
{
    bool done = !p->working;
    for (uint32_t i = 0; i < p->targets_n; i++) {
        const struct push_target *t = p->targets[i];
        bool hopeless = late || (t->durable && t->failing);
        done = done && (target_is_done(t) || (hopeless && target_is_flushed(t)));
    }
    return done;
}

static void tell_rest(const struct push *p)
{
    for (uint32_t i = 0; i < p->targets_n; i++) {
        const struct push_target *t = p->targets[i];
        uint64_t points = target_figures(t).buffered;
        if (points > 0)
            log_event(p->options.log, t->durable ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, NULL,
                      t->durable ? "push_kept" : "push_lost", "target=\"%s\" points=%" PRIu64,
                      t->conf.name, points);
    }
}

static void drain(struct push *p, int64_t deadline_ns)
{
    while (take(p))
        ;
    work_on(p, true);
    for (;;) {
        bool late = clock_now().mono_ns >= deadline_ns;
        bool stuck = late && p->turn_failing; /* the disk takes nothing: so be it */
        if (is_stopped(p, late) || (stuck && !p->working))
            return;
        uv_run(p->options.loop, UV_RUN_ONCE); /* the tick ends each wait */
    }
}

void push_stop(struct push *p, int64_t deadline_ns)
{
    if (p == NULL || p->stopping)
        return;
    p->stopping = true;
    if (p->targets_n > 0)
        drain(p, deadline_ns);
    feed_listen(p->options.feed, FEED_PUSH, NULL, NULL);
    tell_rest(p);
    for (uint32_t i = 0; i < p->targets_n; i++)
        target_free(p->targets[i]);
    p->targets_n = 0;
    for (struct push_target *t; !p->working && (t = p->leaving) != NULL;) {
        p->leaving = t->next;
        target_free(t);
    }
    poster_free(p->poster);
    uv_close((uv_handle_t *)&p->wake, NULL);
    uv_close((uv_handle_t *)&p->tick, NULL);
}

void push_free(struct push *p)
{
    if (p == NULL)
        return;
    for (struct push_target *t; (t = p->leaving) != NULL;) {
        p->leaving = t->next;
        target_free(t);
    }
    spool_close(p->spool);
    conf_pushes_fini(&p->fresh);
    readings_fini(&p->readings);
    pthread_mutex_destroy(&p->lock);
    free(p->items);
    free(p);
}
