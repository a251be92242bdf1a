/* http/hub.h -- final points from the feed to every stream whose selector they match.
 *
 *     feed ──wake──► hub: labels, selectors ──► queue of each stream ──► client
 *                                               full: points are lost, and the client told
 *
 * The feed is listened to while there is a stream that wants all points; those that want the newest of each series
 * read the table (http/newest.h). */
#ifndef HTTP_HUB_H
#define HTTP_HUB_H

#include "base/buf.h"
#include "base/network.h"
#include "http/params.h"
#include "series/feed.h"

#include <microhttpd.h>

enum {
    STREAM_QUEUE_MAX = 256 * 1024, /* bytes that wait for one client */
    HUB_TAKE = READINGS_MAX,       /* points at a time */
};

struct http;

struct stream {
    struct stream *next, **at; /* in the hub */
    struct http *http;
    struct MHD_Connection *connection;
    int fd;                /* borrowed */
    struct ask ask;        /* owned */
    struct newest *newest; /* owned; NULL: it wants all points */
    uint32_t network;      /* its number in the hub's networks */
    struct buf queue;      /* queue.at[taken..n) waits */
    size_t taken;
    uint64_t lost;         /* points since the last that was told of */
    int64_t wrote_ns;      /* monotonic: when something was last put into the queue */
    bool suspended, ended; /* ended: what is queued is all there will be */
};

struct hub {
    struct stream *first;
    uint32_t n;        /* streams; of them: */
    uint32_t newest_n; /* those that want the newest points */
    bool ended;
    struct networks networks;
    uint32_t regexes;                /* of all streams: what a point may cost */
    struct feed_item *items;         /* HUB_TAKE of them */
    struct buf forms[TIME_UNIX + 1]; /* scratch: an event, in each form of time */
};

MUST_CHECK enum nabla_status hub_init(struct http *h);
void hub_fini(struct http *h);

/* Whether one more from there may listen, by http.max_streams_per_address. */
bool hub_admits(const struct http *h, const struct network *from);
/* ask's selectors are taken over. fd: the connection's. NULL if there is no memory. */
struct stream *hub_join(struct http *h, struct MHD_Connection *connection, int fd,
                        const struct network *from, struct ask *ask);
void hub_leave(struct stream *s); /* frees it */

/* Ends a stream whose expressions have cost what they may, and counts it. */
void hub_end_dear(struct stream *s);

void hub_take(struct http *h); /* points have come */

/* One event for one stream: as it stands, or of a point. False: there is no room, or no memory. */
bool hub_put(struct stream *s, const char *event, size_t n, int64_t mono_ns);
bool hub_tell(struct stream *s, const struct reading *r, const struct feed_item *item,
              int64_t mono_ns);
/* A comment to those that heard nothing for so long; a client that is gone is found out by it. One that sends no more,
 * and most often is gone, hears it each second. */
void hub_beat(struct http *h, int64_t mono_ns, int64_t silence_ns);
void hub_end(struct http *h); /* every stream ends once it is read */

/* What waits for the client, as much as fits: bytes, 0 if nothing does; -1 at the end. */
int64_t stream_take(struct stream *s, char *out, size_t max);

#endif
