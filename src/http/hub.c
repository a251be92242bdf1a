/* http/hub.c -- one reader of the feed for all streams.
 * Laws: a queue holds whole events; a lost point is told of before the next that is not; nothing a
 * client does or leaves undone makes the feed, or another client, wait. */
#include "http/hub.h"

#include "http/names.h"
#include "http/newest.h"
#include "http/server.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { LOSS_ROOM = 64, HUB_TURN_NS = 2000000 }; /* bytes that the word of a loss takes at most */

static void on_ready(void *ctx)
{
    struct http *h = ctx;
    uv_async_send(&h->wake);
}

enum nabla_status hub_init(struct http *h)
{
    h->hub.items = calloc(HUB_TAKE, sizeof h->hub.items[0]);
    if (h->hub.items == NULL)
        return NABLA_ENOMEM;
    return networks_init(&h->hub.networks, h->options.max_streams);
}

void hub_fini(struct http *h)
{
    free(h->hub.items);
    buf_fini(&h->hub.forms[TIME_RFC3339]);
    buf_fini(&h->hub.forms[TIME_UNIX]);
    h->hub.items = NULL;
    networks_fini(&h->hub.networks);
}

bool hub_admits(const struct http *h, const struct network *from)
{
    return networks_has_room(&h->hub.networks, from, h->options.max_streams_per_address);
}

static void on_beat(uv_timer_t *beat)
{
    newest_beat(beat->data);
}

/* The feed is listened to for those that want all, the table read for the others, and neither for nobody. */
static void count_in(struct http *h, const struct stream *s, int by)
{
    struct hub *hub = &h->hub;
    uint32_t all_before = hub->n - hub->newest_n;
    hub->n += (uint32_t)by;
    if (s->newest != NULL) {
        hub->newest_n += (uint32_t)by;
        if (hub->newest_n == 0)
            uv_timer_stop(&h->beat);
        else if (!uv_is_active((uv_handle_t *)&h->beat))
            uv_timer_start(&h->beat, on_beat, 0, NEWEST_MS);
        return;
    }
    hub->regexes += by > 0 ? s->ask.regexes : -s->ask.regexes;
    bool listens = hub->n > hub->newest_n;
    if (h->options.feed != NULL && listens != (all_before > 0))
        feed_listen(h->options.feed, FEED_STREAMS, listens ? on_ready : NULL, h);
}

struct stream *hub_join(struct http *h, struct MHD_Connection *connection, int fd,
                        const struct network *from, struct ask *ask)
{
    uint32_t network;
    struct stream *s = calloc(1, sizeof *s);
    struct newest *newest = ask->newest ? newest_new() : NULL;
    if (s == NULL || (ask->newest && newest == NULL) ||
        !networks_join(&h->hub.networks, from, UINT32_MAX, &network)) {
        newest_free(newest);
        free(s);
        return NULL;
    }
    *s = (struct stream){.next = h->hub.first,
                         .at = &h->hub.first,
                         .http = h,
                         .connection = connection,
                         .fd = fd,
                         .ask = *ask,
                         .newest = newest,
                         .network = network,
                         .wrote_ns = clock_now().mono_ns};
    *ask = (struct ask){0};
    ask_charge(&s->ask);
    if (s->next != NULL)
        s->next->at = &s->next;
    h->hub.first = s;
    count_in(h, s, 1);
    return s;
}

void hub_leave(struct stream *s)
{
    struct http *h = s->http;
    *s->at = s->next;
    if (s->next != NULL)
        s->next->at = s->at;
    networks_leave(&h->hub.networks, s->network);
    count_in(h, s, -1);
    newest_free(s->newest);
    ask_fini(&s->ask);
    buf_fini(&s->queue);
    free(s);
}

static void resume(struct stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    MHD_resume_connection(s->connection);
    server_nudge(s->http);
}

static void lose(struct stream *s, uint64_t points)
{
    s->lost += points;
    count(&s->http->options.stats->feed_lost, points);
}

/* Drops what the client has taken, so that the queue's room is what still waits. */
static void compact(struct stream *s)
{
    if (s->taken == 0)
        return;
    memmove(s->queue.at, s->queue.at + s->taken, s->queue.n - s->taken);
    s->queue.n -= s->taken;
    s->taken = 0;
}

static void tell_loss(struct stream *s)
{
    if (s->lost > 0)
        buf_printf(&s->queue, "event: lost\ndata: {\"lost\": %" PRIu64 "}\n\n", s->lost);
    s->lost = 0;
}

/* Puts one event into the queue, or loses it. Room for the word of a loss is kept. */
bool hub_put(struct stream *s, const char *event, size_t n, int64_t mono_ns)
{
    if (s->queue.n - s->taken + n + LOSS_ROOM > STREAM_QUEUE_MAX)
        return false;
    compact(s);
    if (buf_room(&s->queue, n + LOSS_ROOM) == NULL) {
        s->queue.failed = false; /* what waits is whole */
        return false;
    }
    tell_loss(s);
    buf_add(&s->queue, event, n);
    s->wrote_ns = mono_ns;
    resume(s);
    return true;
}

void hub_end_dear(struct stream *s)
{
    if (s->ended)
        return;
    count(&s->http->options.stats->limited[LIMIT_HTTP_OVERRUNS], 1);
    s->ended = true;
    resume(s);
}

static bool wants(struct stream *s, const struct labelset *labels)
{
    if (s->ended)
        return false;
    bool is_wanted = ask_matches(&s->ask, labels);
    if (effort_is_spent(&s->ask.effort))
        hub_end_dear(s);
    return is_wanted;
}

static void write_event(struct buf *b, const struct reading *r, const struct feed_item *item,
                        enum time_style style)
{
    buf_text(b, "event: point\ndata: ");
    json_point(b, r->labels, r->per, &item->point, &item->note, style);
    buf_text(b, "\n\n");
}

bool hub_tell(struct stream *s, const struct reading *r, const struct feed_item *item,
              int64_t mono_ns)
{
    struct buf *event = &s->http->hub.forms[s->ask.style];
    buf_clear(event);
    write_event(event, r, item, s->ask.style);
    return !event->failed && hub_put(s, event->at, event->n, mono_ns);
}

/* To every stream that wants it; each form of time is written once. */
static void fan_out(struct http *h, const struct reading *r, const struct feed_item *item,
                    int64_t mono_ns)
{
    buf_clear(&h->hub.forms[TIME_RFC3339]);
    buf_clear(&h->hub.forms[TIME_UNIX]);
    for (struct stream *s = h->hub.first; s != NULL; s = s->next) {
        struct buf *event = &h->hub.forms[s->ask.style];
        if (s->newest != NULL || !wants(s, r->labels))
            continue;
        if (event->n == 0)
            write_event(event, r, item, s->ask.style);
        if (event->failed || !hub_put(s, event->at, event->n, mono_ns))
            lose(s, 1);
    }
}

/* Points of series that have gone meanwhile are nobody's any more. */
static void deliver_one(struct http *h, const struct feed_item *item, struct instant now)
{
    struct found found = {.ref = item->series};
    if (table_read(h->options.table, &found, 1, now, &h->readings) == NABLA_OK &&
        h->readings.n == 1)
        fan_out(h, &h->readings.at[0], item, now.mono_ns);
}

static void deliver(struct http *h, uint32_t n, struct instant now)
{
    struct found found[HUB_TAKE] = {0};
    for (uint32_t i = 0; i < n; i++)
        found[i] = (struct found){.ref = h->hub.items[i].series};
    if (table_read(h->options.table, found, n, now, &h->readings) == NABLA_OK &&
        h->readings.n == n) {
        for (uint32_t i = 0; i < n; i++)
            fan_out(h, &h->readings.at[i], &h->hub.items[i], now.mono_ns);
        return;
    }
    for (uint32_t i = 0; i < n; i++) /* one has gone: which reading is whose is not plain */
        deliver_one(h, &h->hub.items[i], now);
}

static void lose_for_all(struct http *h, uint64_t lost)
{
    for (struct stream *s = h->hub.first; lost > 0 && s != NULL; s = s->next) {
        if (s->newest != NULL)
            continue;
        lose(s, lost);
        resume(s);
    }
}

/* Fewer where the expressions of streams can make each point dear: others get their turns in between. */
static uint32_t takes_at_once(const struct http *h)
{
    return (HUB_TAKE + h->hub.regexes) / (1 + h->hub.regexes);
}

void hub_take(struct http *h)
{
    int64_t end_ns = clock_now().mono_ns + HUB_TURN_NS;
    for (int takes = 0; h->hub.n > 0 && !h->hub.ended; takes++) {
        if (takes > 0 && clock_now().mono_ns > end_ns) {
            uv_async_send(&h->wake);
            return;
        }
        uint64_t lost = 0;
        uint32_t n =
            feed_take(h->options.feed, FEED_STREAMS, h->hub.items, takes_at_once(h), &lost);
        lose_for_all(h, lost);
        deliver(h, n, clock_now());
        if (n < takes_at_once(h))
            return;
    }
}

/* Its client sends no more. That it does not read either is only known once something is written to it. */
static bool seems_gone(const struct stream *s)
{
    struct pollfd peer = {.fd = s->fd, .events = POLLRDHUP};
    return poll(&peer, 1, 0) > 0;
}

void hub_beat(struct http *h, int64_t mono_ns, int64_t silence_ns)
{
    static const char comment[] = ": heartbeat\n\n";
    for (struct stream *s = h->hub.first; s != NULL; s = s->next) {
        int64_t silent_ns = mono_ns - s->wrote_ns;
        if (silent_ns >= silence_ns || (silent_ns >= NS_PER_S && s->suspended && seems_gone(s)))
            hub_put(s, comment, sizeof comment - 1, mono_ns);
    }
}

void hub_end(struct http *h)
{
    h->hub.ended = true;
    for (struct stream *s = h->hub.first; s != NULL; s = s->next) {
        s->ended = true;
        resume(s);
    }
}

int64_t stream_take(struct stream *s, char *out, size_t max)
{
    if (s->taken == s->queue.n) {
        compact(s);
        if (buf_room(&s->queue, LOSS_ROOM) != NULL)
            tell_loss(s);
        s->queue.failed = false;
    }
    size_t n = s->queue.n - s->taken < max ? s->queue.n - s->taken : max;
    if (n == 0)
        return s->ended ? -1 : 0;
    memcpy(out, s->queue.at + s->taken, n);
    s->taken += n;
    return (int64_t)n;
}
