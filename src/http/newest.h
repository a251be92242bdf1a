/* http/newest.h -- streams that want of each series the newest point and no more (newest=1): ten times a second.
 *
 *     each LOOK_MS    selection, slice by slice ──► the series that it follows
 *     each NEWEST_MS  their readings ──► a point that was not told yet? ──► the stream's queue
 *
 * They do not listen to the feed: what such a stream costs is set by how many series it follows, however fast samples
 * come, and ingest pays nothing for it. A client that has not taken what it was told is told no more until it has, and
 * then the newest: nothing is lost that it would still want. */
#ifndef HTTP_NEWEST_H
#define HTTP_NEWEST_H

#include <stdint.h>

enum {
    NEWEST_MS = 100,
    NEWEST_SERIES_MAX = 10000, /* that one stream follows */
};

struct http;
struct stream;
struct newest;

/* NULL: no memory. */
struct newest *newest_new(void);
void newest_free(struct newest *w); /* accepts NULL */

/* All streams of the hub that want it: called each NEWEST_MS. */
void newest_beat(struct http *h);

#endif
