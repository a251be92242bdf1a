/* cli/fetch.h -- one HTTP GET at a time, bounded in bytes and time, that can be waited for together
 * with a terminal and signals. */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "base/buf.h"

#include <poll.h>
#include <stdbool.h>

enum {
    FETCH_BODY_MAX = 256 * 1024 * 1024, /* bytes; a million series are about half of it */
    FETCH_CONNECT_MS = 5000,
    FETCH_SILENCE_S = 10, /* an answer that stops coming for so long is given up */
    FETCH_TOTAL_S = 300,
    FETCH_ALSO_MAX = 4 /* other descriptors to wait for */
};

enum fetch_outcome {
    FETCH_ANSWERED, /* status and body are there */
    FETCH_BAD_URL,  /* the caller's fault */
    FETCH_BROKEN,   /* no answer, too long a one, or one that stopped */
};

struct fetch;

/* Who asks, and whom to trust (NULL: nobody in particular, and the system's authorities) is read here. NULL if
 * a file of it cannot be used or there is no memory, having said which. */
struct identity;
struct fetch *fetch_new(const struct identity *id);
void fetch_free(struct fetch *f); /* NULL is fine */

/* Starts a request, giving up one that still runs. */
void fetch_start(struct fetch *f, const char *url);

/* Moves the request on; waits for it and for also[0..n) (their revents are set) at most timeout_ms.
 * True once the request is done; at once if it is done already or none was started. */
bool fetch_wait(struct fetch *f, struct pollfd *also, unsigned n, int timeout_ms);

/* Of the request that is done. */
enum fetch_outcome fetch_outcome(const struct fetch *f);
const char *fetch_error(const struct fetch *f); /* why, unless FETCH_ANSWERED */
long fetch_status(const struct fetch *f);       /* HTTP's */
const struct buf *fetch_body(const struct fetch *f);

/* Appends "&name=value" or, if url has no query yet, "?name=value", both escaped. */
void fetch_add_param(struct buf *url, const char *name, const char *value);

#endif
