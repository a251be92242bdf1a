/* net/gate.h -- who may come in by a listener of lines. All loops share a listener's gate; it does not
 * change while they run. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "base/log.h"
#include "base/stats.h"
#include "conf/conf.h"

#include <sys/socket.h>

struct gate {
    struct prefixes allow; /* none: everybody */
};

void gate_init(struct gate *gate, const struct conf_listener *l);

/* May this address send here? What is no address of IP may not, if there is a list. */
bool gate_admits(const struct gate *gate, const struct sockaddr *from);

/* A refusal is counted, and logged with the sender's address (NULL: not known) and a clipped copy of
 * what it sent, text[0..n). */
void gate_refuse(struct log *log, struct listener_stats *stats, enum refusal why,
                 const struct sockaddr *from, const char *text, size_t n);

#endif
