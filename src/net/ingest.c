/* net/ingest.c -- the life of an ingest loop.
 *
 *     run ──► wake: a deadline is set ──► drain: turns that do not wait, until two of them in a row
 *     brought no byte, or the deadline is past ──► close everything ──► the thread ends */
#include "net/connection.h"
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>

static void on_wake(uv_async_t *wake)
{
    uv_stop(wake->loop);
}

/* How late the tick is, the worst of the last second, is the loop's lag. */
static void note_lag(struct ingest *in, int64_t now_ns)
{
    int64_t worst = 0, due_ns = in->tick_ns + (int64_t)TICK_MS * NS_PER_MS;
    in->lags_ns[in->ticks++ % 4] = now_ns > due_ns ? now_ns - due_ns : 0;
    for (int i = 0; i < 4; i++)
        worst = in->lags_ns[i] > worst ? in->lags_ns[i] : worst;
    in->loop_stats->lag_ns = worst;
    count(&in->loop_stats->beats, 1);
    in->tick_ns = now_ns;
}

static void on_tick(uv_timer_t *timer)
{
    struct ingest *in = timer->data;
    note_lag(in, clock_now().mono_ns);
    tcp_close_idle(in);
    secure_close_slow(in);
    for (uint32_t i = 0; i < in->listeners_n; i++) {
        if (in->listeners[i].counts_drops)
            udp_count_drops(&in->listeners[i]);
        door_knock_again(&in->listeners[i]);
    }
}

static void on_turn_end(uv_check_t *check)
{
    struct ingest *in = check->data;
    in->turn++;
    tcp_resume(in);
}

struct ingest *ingest_new(struct house *house, struct table *table, struct loop_stats *stats,
                          uint32_t listeners)
{
    struct ingest *in = malloc(sizeof *in); /* its buffers stay untouched, so unpaid, until used */
    if (in == NULL)
        return NULL;
    memset(in, 0, offsetof(struct ingest, sink));
    in->sink.table = table;
    in->sink.stats = house->stats;
    in->sink.log = house->log;
    in->sink.pickle = NULL;
    in->sink.batch.n = 0;
    in->house = house;
    in->loop_stats = stats;
    in->listeners = calloc(listeners, sizeof *in->listeners);
    if (in->listeners == NULL || loop_open(&in->loop, house->all_connections) != NABLA_OK) {
        free(in->listeners);
        free(in);
        return NULL;
    }
    uv_async_init(&in->loop, &in->wake, on_wake);
    uv_timer_init(&in->loop, &in->tick);
    uv_check_init(&in->loop, &in->turn_end);
    in->tick.data = in->turn_end.data = in;
    return in;
}

/* ---- the thread */

static void drain(struct ingest *in)
{
    uint32_t quiet = 0;
    while (quiet < DRAIN_QUIET && clock_now().mono_ns < in->deadline_ns) {
        uint64_t before = in->bytes;
        uv_run(&in->loop, UV_RUN_NOWAIT);
        quiet = in->bytes == before ? quiet + 1 : 0;
    }
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_all(struct ingest *in)
{
    tcp_close_connections(in);
    uv_walk(&in->loop, close_handle, NULL);
    uv_run(&in->loop, UV_RUN_DEFAULT);
    for (uint32_t i = 0; i < in->listeners_n; i++)
        door_close(&in->listeners[i]);
    uv_loop_close(&in->loop);
}

static void run(void *arg)
{
    struct ingest *in = arg;
    (void)pthread_setname_np(pthread_self(), in->loop_stats->name);
    in->tick_ns = clock_now().mono_ns;
    uv_timer_start(&in->tick, on_tick, TICK_MS, TICK_MS);
    uv_check_start(&in->turn_end, on_turn_end);
    while (in->deadline_ns == 0)
        uv_run(&in->loop, UV_RUN_DEFAULT);
    drain(in);
    on_tick(&in->tick); /* the last drops */
    close_all(in);
}

enum nabla_status ingest_start(struct ingest *in)
{
    in->ran = uv_thread_create(&in->thread, run, in) == 0;
    return in->ran ? NABLA_OK : NABLA_EIO;
}

void ingest_drain(struct ingest *in, int64_t deadline_ns)
{
    in->deadline_ns = deadline_ns;
    uv_async_send(&in->wake);
}

void ingest_join(struct ingest *in)
{
    uv_thread_join(&in->thread);
}

void ingest_free(struct ingest *in)
{
    if (in == NULL)
        return;
    if (!in->ran)
        close_all(in);
    pickle_free(in->sink.pickle);
    free(in->tls_buf);
    free(in->listeners);
    free(in);
}
