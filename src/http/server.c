/* http/server.c -- libmicrohttpd on a libuv loop, in a thread of its own.
 *
 *     knocks ──────────── uv_poll ────► accept_some
 *     epoll descriptor ── uv_poll ──┐
 *     its timeout ─────── uv_timer ─┼──► run: MHD_run, then ask how long to wait (http/pace.h)
 *     at once, jobs ───── uv_idle ──┘
 *     feed, stop, disk ── uv_async ────► hub_take, begin_drain, durable_settle
 *     tick ────────────── uv_timer ────► deadlines, heartbeats, the loop's lag
 *
 * The stop: hear what was asked, take no more connections, end the streams, answer what is whole,
 * and only then, or when the time is up, stop libmicrohttpd with nothing suspended: it aborts
 * otherwise.
 * Elsewhere: requests (http/request.c), who may make them (http/auth.c), TLS (http/tls.c), streams (http/hub.c), late requests (http/peer.c). */
#include "http/server.h"

#include "doors/access.h"
#include "doors/certificates.h"
#include "http/accept.h"
#include "http/auth.h"
#include "http/durable.h"
#include "http/request.h"
#include "http/socket.h"
#include "http/tls.h"
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICKS_A_TIMEOUT = 8, LAST_RUNS = 4 };

static int64_t now_ns(void)
{
    return clock_now().mono_ns;
}

static void run(struct http *h);
static void finish(struct http *h);

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_again(uv_idle_t *idle)
{
    struct http *h = idle->data;
    requests_resume(h);
    jobs_step(h);
    run(h);
}

/* Arms whatever libmicrohttpd is to be woken by next. */
static void arm(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool has = MHD_get_timeout(h->daemon, &ms) == MHD_YES;
    bool busy = h->jobs != NULL || h->resting != NULL || h->queued != NULL;
    int64_t wait_ms = busy ? 0 : pace_wait(&h->pace, has, ms);
    if (wait_ms == 0)
        uv_idle_start(&h->again, on_again);
    else
        uv_idle_stop(&h->again);
    if (wait_ms > 0)
        uv_timer_start(&h->timer, on_timer, (uint64_t)wait_ms, 0);
    else
        uv_timer_stop(&h->timer);
}

static void run(struct http *h)
{
    if (h->daemon == NULL)
        return;
    MHD_run(h->daemon);
    accept_go_on(h);
    durable_commit(h);
    if (h->draining && h->answering == 0)
        finish(h);
    else
        arm(h);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct http *h = poll->data;
    (void)status, (void)events;
    pace_progress(&h->pace);
    run(h);
}

void server_nudge(struct http *h)
{
    pace_progress(&h->pace);
    uv_idle_start(&h->again, on_again);
}

static void begin_drain(struct http *h)
{
    for (int i = 0; i < DRAIN_RUNS; i++) {
        accept_some(h);
        MHD_run(h->daemon);
    }
    h->draining = true;
    accept_end(h);
    hub_end(h);
    run(h);
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Ends everything; the loop then has no handle left and returns. */
static void finish(struct http *h)
{
    h->draining = h->finishing = true;
    durable_end(h);
    hub_end(h);
    jobs_cancel(h);
    for (int i = 0; i < LAST_RUNS; i++)
        MHD_run(h->daemon);
    uv_poll_stop(&h->poll);
    MHD_stop_daemon(h->daemon);
    h->daemon = NULL;
    uv_walk(&h->loop, close_handle, NULL);
}

static void on_wake(uv_async_t *wake)
{
    struct http *h = wake->data;
    if (h->daemon == NULL)
        return;
    durable_settle(h);
    if (atomic_load(&h->stopping) && !h->draining)
        begin_drain(h);
    else
        hub_take(h);
}

/* How late this tick is, the worst of a second. */
static void measure_lag(struct http *h, int64_t now, int64_t period_ns)
{
    int64_t late = now - h->tick_due_ns;
    h->tick_due_ns = now + period_ns;
    h->lag_worst_ns = late > h->lag_worst_ns ? late : h->lag_worst_ns;
    if (h->lag != NULL)
        count(&h->lag->beats, 1);
    if (h->lag == NULL || now - h->lag_since_ns < NS_PER_S)
        return;
    atomic_store(&h->lag->lag_ns, h->lag_worst_ns);
    h->lag_since_ns = now;
    h->lag_worst_ns = 0;
}

static void on_tick(uv_timer_t *tick)
{
    struct http *h = tick->data;
    int64_t now = now_ns();
    measure_lag(h, now, (int64_t)uv_timer_get_repeat(tick) * NS_PER_MS);
    pulse_beat(&h->pulse, h->options.stats, clock_now());
    struct peer_patience patience = {h->options.request_timeout_ns, h->options.answer_timeout_ns};
    struct peer_overdue late = peers_check(&h->peers, now, &patience);
    count(&h->options.stats->http_requests[HTTP_OTHER][HTTP_4XX], late.requests);
    count(&h->options.stats->limited[LIMIT_HTTP_REQUEST], late.requests);
    count(&h->options.stats->limited[LIMIT_HTTP_ANSWER], late.answers);
    accept_tick(h, now);
    hub_beat(h, now, h->options.heartbeat_ns);
    if (h->draining && now >= atomic_load(&h->stop_ns))
        finish(h);
}

/* Before a connection takes a place. */
static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t n)
{
    struct http *h = cls;
    struct network from = network_of(address);
    (void)n;
    if (peers_admit(&h->peers, &from))
        return MHD_YES;
    count(&h->options.stats->limited[LIMIT_HTTP_PER_ADDRESS], 1);
    count(&h->door->refused_connections, 1);
    return MHD_NO;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *h = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_STARTED && info != NULL) {
        *context = peer_opened(&h->peers, info->connect_fd);
        if (h->tls && !tls_begin(h, connection, *context))
            shutdown(info->connect_fd, SHUT_RDWR);
        count(&h->door->connections, 1);
    } else if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        uint64_t head_bytes;
        peer_closed(&h->peers, *context, &head_bytes);
        if (head_bytes >
            CONNECTION_MEMORY / 2) /* a first line that libmicrohttpd had no room for */
            request_head_refused(h);
    }
    atomic_store(&h->door->open_connections, (int64_t)h->peers.n);
}

/* libmicrohttpd's complaints are about clients that come and go. */
__attribute__((format(printf, 2, 0))) static void on_log(void *cls, const char *format,
                                                         va_list args)
{
    struct http *h = cls;
    char text[LOG_QUOTE_MAX], quoted[LOG_QUOTE_MAX];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n <= 0)
        return;
    size_t length = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    length -= text[length - 1] == '\n';
    log_event(h->options.log, LOG_LEVEL_INFO, "http_library", "http_library", "text=%s",
              log_quote(quoted, text, length));
}

static enum nabla_status start_daemon(struct http *h)
{
    unsigned timeout_s = (unsigned)((h->options.timeout_ns + NS_PER_S - 1) / NS_PER_S);
    struct MHD_OptionItem tls[2];
    tls_options(h, tls);
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (h->tls ? MHD_USE_TLS : 0),
        0, on_accept, h, request_go_on, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->options.max_connections + ACCEPT_SPARE,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, request_begin, h,
        MHD_OPTION_NOTIFY_COMPLETED, request_end, h, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    return h->daemon != NULL ? NABLA_OK : NABLA_EIO;
}

static uint64_t tick_ms(const struct http_options *o)
{
    int64_t least =
        o->request_timeout_ns < o->heartbeat_ns ? o->request_timeout_ns : o->heartbeat_ns;
    int64_t ms = least / TICKS_A_TIMEOUT / NS_PER_MS;
    return ms < 1 ? 1 : ms > TICK_MOST_MS ? TICK_MOST_MS : (uint64_t)ms;
}

static enum nabla_status start_loop(struct http *h)
{
    int fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (uv_poll_init(&h->loop, &h->poll, fd) != 0 ||
        uv_async_init(&h->loop, &h->wake, on_wake) != 0 || accept_begin(h) != NABLA_OK)
        return NABLA_EIO;
    uv_timer_init(&h->loop, &h->timer);
    uv_timer_init(&h->loop, &h->tick);
    uv_timer_init(&h->loop, &h->beat);
    uv_idle_init(&h->loop, &h->again);
    h->poll.data = h->timer.data = h->again.data = h->wake.data = h->tick.data = h->beat.data = h;
    uint64_t ms = tick_ms(&h->options);
    h->tick_due_ns = now_ns() + (int64_t)ms * NS_PER_MS;
    h->lag_since_ns = now_ns();
    durable_begin(h);
    uv_poll_start(&h->poll, UV_READABLE, on_event);
    uv_timer_start(&h->tick, on_tick, ms, ms);
    uv_idle_start(&h->again, on_again);
    return NABLA_OK;
}

static void *serve(void *cls)
{
    struct http *h = cls;
    (void)pthread_setname_np(pthread_self(), "http");
    uv_run(&h->loop, UV_RUN_DEFAULT);
    return NULL;
}

static struct loop_stats *add_loop(struct stats *stats)
{
    if (stats->loops_n == STATS_LOOPS_MAX)
        return NULL;
    struct loop_stats *loop = &stats->loops[stats->loops_n++];
    strcpy(loop->name, "http");
    return loop;
}

/* Where what comes by HTTP is counted, and where its lines are put together. */
static enum nabla_status open_door(struct http *h)
{
    struct stats *stats = h->options.stats;
    const char *host = h->options.listen.host;
    bool brackets = strchr(host, ':') != NULL;
    h->sink.table = h->options.table;
    h->sink.stats = stats;
    h->sink.log = h->options.log;
    h->text = malloc((size_t)h->options.max_line + TEXT_PIECE);
    if (h->text == NULL || stats->listeners_n == STATS_LISTENERS_MAX)
        return NABLA_ENOMEM;
    h->door = &stats->listeners[stats->listeners_n++];
    snprintf(h->door->name, sizeof h->door->name, "%s://%s%s%s:%u", h->tls ? "https" : "http",
             brackets ? "[" : "", host, brackets ? "]" : "", h->port);
    return NABLA_OK;
}

/* The socket that systemd passed, or one of our own. */
static enum nabla_status open_socket(struct http *h)
{
    const struct conf_address *address = &h->options.listen;
    h->listen_fd = h->options.activated;
    enum nabla_status status =
        h->listen_fd >= 0 ? socket_take(h->listen_fd) : socket_listen(address, &h->listen_fd);
    if (status != NABLA_OK)
        log_event(h->options.log, LOG_LEVEL_ERROR, NULL, "listen_failed",
                  "listener=http://%s%s%s:%u why=\"%s\"", strchr(address->host, ':') ? "[" : "",
                  address->host, strchr(address->host, ':') ? "]" : "", address->port,
                  strerror(errno));
    else
        h->port = socket_port(h->listen_fd);
    return status;
}

static enum nabla_status open_loop(struct http *h)
{
    if (loop_open(&h->loop, (uint64_t)h->options.max_connections +
                                h->options.max_line_connections) != NABLA_OK)
        return NABLA_ENOMEM;
    h->has_loop = true;
    if (loop_start_pool(&h->loop) != NABLA_OK)
        return NABLA_ENOMEM;
    ssize_t n = getrandom(&h->secret, sizeof h->secret, 0);
    return n == (ssize_t)sizeof h->secret ? NABLA_OK : NABLA_EIO;
}

/* What tests leave open. */
static void set_defaults(struct http_options *o)
{
    if (o->heartbeat_ns == 0)
        o->heartbeat_ns = HTTP_HEARTBEAT_NS;
    if (o->max_held_bytes == 0)
        o->max_held_bytes = HTTP_HELD_BYTES;
    if (o->auth_failures == 0)
        o->auth_failures = HTTP_AUTH_FAILURES;
    if (o->answer_timeout_ns == 0)
        o->answer_timeout_ns = INT64_MAX;
    if (o->max_connections_per_address == 0)
        o->max_connections_per_address = o->max_connections;
    if (o->max_streams_per_address == 0)
        o->max_streams_per_address = o->max_streams;
}

enum nabla_status http_new(const struct http_options *options, struct http **out)
{
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NABLA_ENOMEM;
    h->options = *options;
    pthread_mutex_init(&h->adopted_lock, NULL);
    h->exposure = exposure_hold(options->exposure);
    h->access = access_hold(options->access);
    h->tls = h->access != NULL && h->access->certificates != NULL;
    set_defaults(&h->options);
    h->pool.max = h->options.max_held_bytes;
    enum nabla_status status = open_socket(h);
    if (status == NABLA_OK)
        status = open_loop(h);
    if (status == NABLA_OK)
        status = peers_init(&h->peers, h->options.max_connections + ACCEPT_SPARE,
                            h->options.max_connections_per_address);
    if (status == NABLA_OK)
        status = auth_new(h->options.auth_failures, h->secret, &h->auth);
    if (status == NABLA_OK)
        status = hub_init(h);
    if (status == NABLA_OK)
        status = open_door(h);
    if (status != NABLA_OK) {
        http_free(h);
        return status;
    }
    h->lag = add_loop(options->stats);
    *out = h;
    return NABLA_OK;
}

enum nabla_status http_start(struct http *h)
{
    enum nabla_status status = start_daemon(h);
    if (status == NABLA_OK)
        status = start_loop(h);
    if (status != NABLA_OK)
        return status;
    if (pthread_create(&h->thread, NULL, serve, h) != 0)
        return NABLA_EIO;
    h->running = true;
    return NABLA_OK;
}

bool http_has_tls(const struct http *h)
{
    return h->tls;
}

/* A configuration without certificates cannot end TLS: what it says else holds, with those of before. */
static void keep_certificates(const struct http *h, struct access *fresh)
{
    if (h->tls && fresh->certificates == NULL)
        fresh->certificates = certificates_hold(h->access->certificates);
}

void http_configure(struct http *h, struct exposure *exposure, struct access *access)
{
    struct access *fresh = access != NULL ? access_hold(access) : h->tls ? access_new() : NULL;
    pthread_mutex_lock(&h->adopted_lock);
    struct exposure *old = h->exposure;
    struct access *old_access = h->access;
    h->exposure = exposure_hold(exposure);
    if (fresh != NULL)
        keep_certificates(h, fresh);
    if (fresh != NULL || !h->tls) /* no memory: who may do what stays as it was */
        h->access = fresh;
    else
        old_access = NULL;
    pthread_mutex_unlock(&h->adopted_lock);
    exposure_leave(old);
    access_leave(old_access);
}

struct exposure *http_exposure(struct http *h)
{
    pthread_mutex_lock(&h->adopted_lock);
    struct exposure *e = exposure_hold(h->exposure);
    pthread_mutex_unlock(&h->adopted_lock);
    return e;
}

struct access *http_access(struct http *h)
{
    pthread_mutex_lock(&h->adopted_lock);
    struct access *a = access_hold(h->access);
    pthread_mutex_unlock(&h->adopted_lock);
    return a;
}

uint16_t http_port(const struct http *h)
{
    return h->port;
}

void http_stop(struct http *h, int64_t timeout_ns)
{
    if (h == NULL || !h->running)
        return;
    atomic_store(&h->stop_ns, now_ns() + timeout_ns);
    atomic_store(&h->stopping, true);
    uv_async_send(&h->wake);
    pthread_join(h->thread, NULL);
    h->running = false;
}

/* Also of a loop that never ran. */
static void close_loop(uv_loop_t *loop)
{
    uv_walk(loop, close_handle, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    if (h->has_loop)
        close_loop(&h->loop);
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon);
    if (h->listen_fd >= 0)
        close(h->listen_fd);
    hub_fini(h);
    peers_fini(&h->peers);
    readings_fini(&h->readings);
    free(h->text);
    exposure_leave(h->exposure);
    access_leave(h->access);
    auth_free(h->auth);
    pthread_mutex_destroy(&h->adopted_lock);
    free(h);
}
