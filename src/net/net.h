/* net/net.h -- listeners of lines on TCP and UDP, on loops and threads of their own.
 *
 *     socket ──► loop's read buffer ──lines_read──► batch ──table_apply──► table
 *
 * Each of `threads` loops has its own socket for each address (SO_REUSEPORT). */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/buf.h"
#include "base/log.h"
#include "base/stats.h"
#include "conf/conf.h"
#include "series/table.h"

struct net;

struct net_options {
    const struct conf *conf; /* borrowed during net_new */
    struct table *table;     /* borrowed for as long as the net lives, as the rest is */
    struct stats *stats;
    struct log *log;
    const int *activated; /* sockets that systemd passed, bound already; taken over */
    int activated_n;      /* with any, each replaces the configured listener of its kind and
                                  address, if there is one */
};

/* Binds every listener; no thread runs yet. Errors: NABLA_EIO with a logged reason, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status net_new(const struct net_options *options, struct net **out);

/* Starts the threads. Errors: NABLA_EIO. */
MUST_CHECK enum nabla_status net_start(struct net *net);

/* Reads the listeners' certificates again; each that cannot be used is a line of errors, and nothing
 * changes. Then net_adopt puts them in force, for connections that come from then on. Errors: NABLA_EIO,
 * NABLA_EINVAL, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status net_prepare(struct net *net, struct buf *errors);
void net_adopt(struct net *net);

/* Reads what the kernel has received, connections that wait to be accepted among it, until nothing
 * more comes or timeout_ns have passed; then closes all and ends the threads, and waits for them. */
void net_stop(struct net *net, int64_t timeout_ns);
void net_free(struct net *net); /* stopped, or never started; NULL is fine */

#endif
