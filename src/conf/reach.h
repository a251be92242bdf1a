/* conf/reach.h -- who can reach an address that nablad listens at, and whether it may listen there. */
#ifndef CONF_REACH_H
#define CONF_REACH_H

#include "conf/conf.h"

enum { REACH_WHY_MAX = 320 };

/* Does something keep strangers out of a line listener: networks, mutual TLS, or a key for signatures? TLS alone hides
 * what is sent, and lets everybody send. */
bool reach_guarded(const struct conf_listener *l);

/* Only this machine reaches a loopback address; any other may be listened at if it is guarded, or if
 * `insecure: true` says that it need not be. Returns false, and why not; remedies: the keys that would
 * guard it, for that text. The one place where this is decided, for lines and for HTTP. */
bool reach_allowed(const struct conf_address *address, bool guarded, bool insecure,
                   const char *remedies, char why[static REACH_WHY_MAX]);

#define REACH_LINE_REMEDIES "allow, cert_file and client_ca_file (tcp), or hmac_key_file (udp)"

#endif
