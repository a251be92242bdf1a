/* net/post.h -- HTTP requests out: libcurl's multi interface on a libuv loop, many at once, none of
 * which waits for another.
 *
 *     post_send ──► struct post ──► libcurl ──sockets, one timer──► the loop ──► on_done(answer)
 *
 * Everything here belongs to the loop's thread. No proxy is used, no redirection is followed. */
#ifndef NET_POST_H
#define NET_POST_H

#include "base/buf.h"

#include <uv.h>

enum {
    POST_ANSWER_MAX = 4096,       /* bytes of an answer that its reader is shown */
    POST_READ_MAX = 1024 * 1024,  /* a longer answer is cut off */
    POST_SECRET_MAX = 4096,       /* bytes of a password or a token */
    POST_RETRY_AFTER_MAX_S = 600, /* longer than that nobody is believed */
};

struct poster;
struct post; /* one request, from post_send to on_done or post_cancel */

/* Where to, and as whom. Texts are borrowed during post_send; NULL: there is none. */
struct post_target {
    const char *url;                  /* http:// or https:// */
    const char *username;             /* basic authentication, */
    const char *password_file;        /* read again for each request, blanks at its end left out */
    const char *bearer_token_file;    /* likewise; instead of the two above */
    const char *ca_file;              /* whom to trust; NULL: whom the system trusts */
    const char *cert_file, *key_file; /* what to show of oneself */
    bool insecure;                    /* any certificate is taken */
    int64_t connect_timeout_ns, timeout_ns; /* the latter of all of it; both more than 0 */
};

struct post_answer {
    int status;       /* HTTP's; 0: there was no answer */
    const char *why;  /* there was none: why, in words; else NULL */
    const char *body; /* clipped to POST_ANSWER_MAX; not terminated */
    size_t body_n;    /* bytes */
    int64_t
        retry_after_ns; /* Retry-After, in seconds or as a date, at most as above; 0: not said */
};

/* Called once, never before post_send has returned; the answer is borrowed during the call. The post is
 * gone then. More may be sent, and others cancelled, from within. */
typedef void post_done(void *ctx, const struct post_answer *answer);

/* max: requests at once. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status poster_new(uv_loop_t *loop, uint32_t max, struct poster **out);

/* Cancels every request; what is left of the poster goes when the loop runs next, which it must. NULL
 * is fine. Not from within on_done. */
void poster_free(struct poster *p);

/* Sends body (taken over, whatever happens; *body is emptied) with these headers ("Name: value", ended by
 * a NULL). A file that cannot be read, or a URL that is none, is an answer without a status.
 * Errors: NABLA_ELIMIT for too many at once, NABLA_ENOMEM; on_done is not called then. */
MUST_CHECK enum nabla_status post_send(struct poster *p, const struct post_target *target,
                                       const char *const headers[], struct buf *body,
                                       post_done *on_done, void *ctx, struct post **out);

/* Ends it without a word: on_done is not called. The other side may have taken it all the same. */
void post_cancel(struct post *post);

#endif
