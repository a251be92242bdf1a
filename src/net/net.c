/* net/net.c -- every listener on every ingest loop, and their common start and stop.
 * Elsewhere: a loop's life (ingest.c), connections (tcp.c), datagrams (udp.c), sockets (bind.c). */
#include "net/net.h"

#include "conf/reach.h"
#include "net/bind.h"
#include "net/ingest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* the configuration's numbers for formats, which it states without seeing the parser's */
_Static_assert(LINE_AUTO == 0 && LINE_INFLUX == 1 && LINE_GRAPHITE == 2 && LINE_JSON == 3 &&
                   LINE_STATSD == 4 && LINE_PICKLE == 5,
               "conf.h and lines.h number the formats alike");

struct net {
    struct house house;
    struct ingest **loops; /* owned */
    uint32_t loops_n;
    uint32_t running; /* loops [0..running) have a thread */
    struct gate gates[STATS_LISTENERS_MAX];
    uint32_t gates_n;
    uint32_t first_stats; /* of listeners: [i] is gates[i - first_stats]'s */
};

/* A listener to be: from the configuration, or from systemd with a socket bound already. */
struct plan {
    struct conf_listener listener;
    int fd; /* -1: to be bound */
};

struct plans {
    struct plan at[STATS_LISTENERS_MAX];
    uint32_t n;
};

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Gives a socket from systemd to the listener that is configured for its address, or, if none is, to
 * one of its own that takes every format. */
static void plan_activated(struct plans *plans, int fd, struct log *log)
{
    struct conf_listener l = {.precision_ns = 1};
    if (!bind_describe(fd, &l.address, &l.transport) || plans->n == STATS_LISTENERS_MAX) {
        log_event(log, LOG_LEVEL_WARN, NULL, "socket_ignored", "fd=%d", fd);
        close(fd);
        return;
    }
    for (uint32_t i = 0; i < plans->n; i++) {
        struct plan *p = &plans->at[i];
        if (p->fd < 0 && p->listener.transport == l.transport &&
            same_address(&p->listener.address, &l.address)) {
            p->fd = fd;
            return;
        }
    }
    plans->at[plans->n++] = (struct plan){l, fd};
}

static void plan_all(const struct net_options *o, struct plans *plans)
{
    for (uint32_t i = 0; i < o->conf->ingest.listeners_n; i++)
        plans->at[plans->n++] = (struct plan){o->conf->ingest.listeners[i], -1};
    for (int i = 0; i < o->activated_n; i++)
        plan_activated(plans, o->activated[i], o->log);
}

static void log_failure(struct net *net, const struct plan *p)
{
    char name[STATS_NAME_MAX];
    int why = errno;
    bind_name(name, p->listener.transport, &p->listener.address);
    log_event(net->house.log, LOG_LEVEL_ERROR, NULL, "listen_failed", "listener=%s why=\"%s\"",
              name, strerror(why));
}

/* Sockets that share an address let any process of this user join them: so that a second nablad is
 * told, the address is first bound by one socket that does not share. It also settles port 0. */
static enum nabla_status claim(struct plan *p)
{
    int fd;
    enum nabla_status status = bind_socket(&p->listener.address, p->listener.transport, false, &fd,
                                           &p->listener.address.port);
    if (status == NABLA_OK)
        close(fd);
    return status;
}

/* The socket for one more loop: the first binds, or takes what systemd bound, and settles the port. */
static enum nabla_status socket_for(struct net *net, struct plan *p, int *out)
{
    if (p->fd >= 0) {
        *out = dup(p->fd);
        return *out < 0 ? NABLA_EIO : NABLA_OK;
    }
    return bind_socket(&p->listener.address, p->listener.transport, net->loops_n > 1, out,
                       &p->listener.address.port);
}

static void ask_receive_buffer(struct net *net, const struct conf *conf, int fd, const char *name)
{
    int got = bind_receive_buffer(fd, conf->ingest.receive_buffer);
    if (got < (int)conf->ingest.receive_buffer)
        log_event(net->house.log, LOG_LEVEL_WARN, NULL, "receive_buffer_small",
                  "listener=%s asked=%u got=%d why=\"net.core.rmem_max\"", name,
                  conf->ingest.receive_buffer, got);
}

static enum nabla_status open_on(struct net *net, const struct conf *conf, struct ingest *in,
                                 struct plan *p, struct listener_stats *stats, struct gate *gate)
{
    struct listener *l = &in->listeners[in->listeners_n];
    int fd;
    enum nabla_status status = socket_for(net, p, &fd);
    if (status != NABLA_OK)
        return status;
    bind_name(stats->name, p->listener.transport, &p->listener.address);
    l->ingest = in;
    l->gate = gate;
    l->transport = p->listener.transport;
    /* the duplicates of a socket that systemd passed share its one counter */
    l->counts_drops = l->transport == TRANSPORT_UDP && (p->fd < 0 || in == net->loops[0]);
    l->inlet = (struct inlet){.options = {.format = (enum line_format)p->listener.format,
                                          .precision_ns = p->listener.precision_ns,
                                          .max_line = conf->ingest.max_line},
                              .stats = stats};
    if (l->inlet.options.format == LINE_PICKLE && in->sink.pickle == NULL &&
        (status = pickle_new(&in->sink.pickle)) != NABLA_OK) {
        close(fd);
        return status;
    }
    if (gate->tls && in->tls_buf == NULL && (in->tls_buf = malloc(CARRY_MAX + READ_MAX)) == NULL) {
        close(fd);
        return NABLA_ENOMEM;
    }
    in->listeners_n++;
    if (l->transport == TRANSPORT_TCP)
        return door_open(l, fd);
    ask_receive_buffer(net, conf, fd, stats->name);
    return udp_listen(l, fd);
}

/* The configuration has been judged; a socket from systemd that it does not have has not. */
static enum nabla_status judge(struct net *net, const struct plan *p)
{
    const struct conf_listener *l = &p->listener;
    char name[STATS_NAME_MAX], why[REACH_WHY_MAX];
    if (reach_allowed(&l->address, reach_guarded(l), l->insecure, REACH_LINE_REMEDIES, why))
        return NABLA_OK;
    bind_name(name, l->transport, &l->address);
    log_event(net->house.log, LOG_LEVEL_ERROR, NULL, "listen_refused", "listener=%s why=\"%s\"",
              name, why);
    return NABLA_EINVAL;
}

static enum nabla_status make_gate(struct net *net, struct gate *gate, const struct plan *p)
{
    char name[STATS_NAME_MAX], why[GATE_WHY_MAX];
    enum nabla_status status = gate_init(gate, &p->listener, why);
    if (status == NABLA_OK)
        return NABLA_OK;
    bind_name(name, p->listener.transport, &p->listener.address);
    log_event(net->house.log, LOG_LEVEL_ERROR, NULL, "listen_refused", "listener=%s why=\"%s\"",
              name, status == NABLA_ENOMEM ? "no memory" : why);
    return status;
}

static enum nabla_status open_everywhere(struct net *net, const struct conf *conf, struct plan *p)
{
    struct stats *all = net->house.stats;
    struct listener_stats *stats = &all->listeners[all->listeners_n++];
    struct gate *gate = &net->gates[net->gates_n++];
    enum nabla_status status = judge(net, p);
    if (status == NABLA_OK)
        status = make_gate(net, gate, p);
    if (status == NABLA_OK && net->loops_n > 1 && p->fd < 0 && (status = claim(p)) != NABLA_OK)
        log_failure(net, p);
    for (uint32_t i = 0; i < net->loops_n && status == NABLA_OK; i++) {
        status = open_on(net, conf, net->loops[i], p, stats, gate);
        if (status != NABLA_OK)
            log_failure(net, p);
    }
    if (status == NABLA_OK)
        log_event(net->house.log, LOG_LEVEL_INFO, NULL, "listening", "listener=%s", stats->name);
    return status;
}

static enum nabla_status open_all(struct net *net, const struct net_options *o)
{
    struct plans plans = {.n = 0};
    enum nabla_status status = NABLA_OK;
    plan_all(o, &plans);
    for (uint32_t i = 0; i < plans.n && status == NABLA_OK; i++)
        status = open_everywhere(net, o->conf, &plans.at[i]);
    for (uint32_t i = 0; i < plans.n; i++)
        if (plans.at[i].fd >= 0)
            close(plans.at[i].fd); /* each loop has a duplicate */
    return status;
}

static struct loop_stats *name_loop(struct stats *stats, uint32_t number)
{
    struct loop_stats *l = &stats->loops[stats->loops_n++];
    snprintf(l->name, sizeof l->name, "ingest-%u", number);
    return l;
}

static enum nabla_status make_loops(struct net *net, const struct net_options *o)
{
    uint32_t threads = o->conf->ingest.threads;
    net->loops = calloc(threads, sizeof(struct ingest *));
    for (; net->loops != NULL && net->loops_n < threads; net->loops_n++) {
        net->loops[net->loops_n] = ingest_new(
            &net->house, o->table, name_loop(o->stats, net->loops_n), STATS_LISTENERS_MAX);
        if (net->loops[net->loops_n] == NULL)
            return NABLA_ENOMEM;
    }
    return net->loops == NULL ? NABLA_ENOMEM : NABLA_OK;
}

/* A duration in ticks of the ingest loops, at least one; 0 for none. */
static uint32_t ticks_of(int64_t ns)
{
    const int64_t tick_ns = (int64_t)TICK_MS * NS_PER_MS;
    return (uint32_t)((ns + tick_ns - 1) / tick_ns);
}

enum nabla_status net_new(const struct net_options *options, struct net **out)
{
    struct net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return NABLA_ENOMEM;
    net->house.stats = options->stats;
    net->first_stats = options->stats->listeners_n;
    net->house.log = options->log;
    net->house.all_connections =
        (uint64_t)options->conf->ingest.max_connections + options->conf->http.max_connections;
    net->house.max_line = options->conf->ingest.max_line;
    net->house.handshake_ticks = ticks_of(options->conf->ingest.handshake_timeout_ns);
    net->house.idle_ticks = ticks_of(options->conf->ingest.idle_timeout_ns);
    enum nabla_status status =
        places_init(&net->house.places, options->conf->ingest.max_connections,
                    options->conf->ingest.max_connections_per_address);
    if (status == NABLA_OK)
        status = make_loops(net, options);
    if (status == NABLA_OK)
        status = open_all(net, options);
    if (status != NABLA_OK) {
        net_free(net);
        return status;
    }
    *out = net;
    return NABLA_OK;
}

enum nabla_status net_start(struct net *net)
{
    for (; net->running < net->loops_n; net->running++)
        if (ingest_start(net->loops[net->running]) != NABLA_OK)
            return NABLA_EIO;
    return NABLA_OK;
}

enum nabla_status net_prepare(struct net *net, struct buf *errors)
{
    enum nabla_status status = NABLA_OK;
    for (uint32_t i = 0; i < net->gates_n; i++) {
        char why[GATE_WHY_MAX];
        enum nabla_status one = gate_prepare(&net->gates[i], why);
        if (one != NABLA_OK)
            buf_printf(errors, "%s: %s\n", net->house.stats->listeners[net->first_stats + i].name,
                       why);
        status = status == NABLA_OK ? one : status;
    }
    return status;
}

void net_adopt(struct net *net)
{
    for (uint32_t i = 0; i < net->gates_n; i++)
        gate_adopt(&net->gates[i]);
}

void net_stop(struct net *net, int64_t timeout_ns)
{
    int64_t deadline_ns = clock_now().mono_ns + timeout_ns;
    for (uint32_t i = 0; i < net->running; i++)
        ingest_drain(net->loops[i], deadline_ns);
    for (uint32_t i = 0; i < net->running; i++)
        ingest_join(net->loops[i]);
    net->running = 0;
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    for (uint32_t i = 0; i < net->loops_n; i++)
        ingest_free(net->loops[i]);
    for (uint32_t i = 0; i < net->gates_n; i++)
        gate_fini(&net->gates[i]);
    free(net->loops);
    places_fini(&net->house.places);
    free(net);
}
