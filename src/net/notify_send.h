/* net/notify_send.h -- a body that tells of alerts, on its way to one target of the configuration. */
#ifndef NET_NOTIFY_SEND_H
#define NET_NOTIFY_SEND_H

#include "alerts/tell.h"
#include "conf/conf.h"
#include "net/post.h"

/* body is taken over. Errors, and on_done: as post_send. */
MUST_CHECK enum nabla_status notify_send(struct poster *p, enum tell_form form,
                                         const struct conf_peer *to, struct buf *body,
                                         post_done *on_done, void *ctx, struct post **out);

/* The length of a URL without the slashes at its end. */
size_t notify_url_length(const char *url);

#endif
