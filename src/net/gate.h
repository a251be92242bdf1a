/* net/gate.h -- who may come in by a listener of lines. All loops share a listener's gate; only certificates and
 * keys change while they run. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "base/log.h"
#include "base/stats.h"
#include "conf/conf.h"
#include "doors/seal.h"
#include "net/replay.h"
#include "net/tls.h"

#include <sys/socket.h>
#include <uv.h>

enum { GATE_WHY_MAX = CERTIFICATES_WHY_MAX };

struct gate {
    struct prefixes allow; /* none: everybody */
    bool tls, sealed, made;
    struct conf_listener listener; /* its files are read again by gate_prepare */
    uv_mutex_t lock;               /* of what follows */
    struct certificates *certificates, *next_certificates; /* held; NULL: none */
    struct seal_keys *keys, *next_keys; /* held; NULL: datagrams are not signed */
    struct replay *replay;              /* owned; NULL as above */
};

/* Reads what the listener's keys name. Errors: NABLA_EIO, NABLA_EINVAL, with why; NABLA_ENOMEM. gate_fini
 * accepts a gate after an error, and a zeroed one. */
MUST_CHECK enum nabla_status gate_init(struct gate *gate, const struct conf_listener *l,
                                       char why[static GATE_WHY_MAX]);
void gate_fini(struct gate *gate);

/* Reads the files again, beside those in force; gate_adopt then puts them in their place: connections that
 * are open keep what they began with. Errors as above, and nothing has changed. */
MUST_CHECK enum nabla_status gate_prepare(struct gate *gate, char why[static GATE_WHY_MAX]);
void gate_adopt(struct gate *gate);

/* A session under the certificates in force. Any thread. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status gate_begin_tls(struct gate *gate, struct tls **out);

/* May this address send here? What is no address of IP may not, if there is a list. */
bool gate_admits(const struct gate *gate, const struct sockaddr *from);

/* Judges a datagram of a gate that is sealed, and remembers it. REFUSAL_COUNT: it is good, and its lines begin at
 * *lines_at. Any thread. */
enum refusal gate_unseal(struct gate *gate, const char *bytes, size_t n, size_t *lines_at);

/* A refusal is counted for its listener, and logged and kept among all's examples, with the sender's address
 * (NULL: not known) and a clipped copy of detail[0..n): what it sent, or what is wrong with it. */
void gate_refuse(struct log *log, struct stats *all, struct listener_stats *stats, enum refusal why,
                 const struct sockaddr *from, const char *detail, size_t n);

#endif
