/* doors/priorities.h -- versions, cipher suites and curves by Go's names, as Prometheus' files have them,
 * to GnuTLS' priority string, which knows only which key exchanges, ciphers and MACs may be combined. */
#ifndef DOORS_PRIORITIES_H
#define DOORS_PRIORITIES_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { PRIORITIES_MAX = 1024, PRIORITIES_WHY_MAX = 256, PRIORITIES_NAMES_MAX = 32 };

/* "TLS10" to "TLS13" as 10 to 13; 0: none of them. */
int tls_version_find(const char *name);

/* Whether there is one of that name, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" or "X25519". */
bool tls_suite_known(const char *name);
bool tls_curve_known(const char *name);

struct tls_wish {
    int min_version, max_version; /* 10 to 13 */
    const char
        *suites[PRIORITIES_NAMES_MAX]; /* known ones, most wanted first; none: GnuTLS' choice */
    const char *curves[PRIORITIES_NAMES_MAX]; /* the same */
    uint32_t suites_n, curves_n;
    bool client_order; /* the client's preferences count, not the server's */
};

/* Errors: NABLA_EINVAL if GnuTLS cannot say it, why then tells what it would allow besides. TLS 1.3 has
 * those suites whose cipher is in the list. */
MUST_CHECK enum nabla_status priorities_write(const struct tls_wish *w,
                                              char out[static PRIORITIES_MAX],
                                              char why[static PRIORITIES_WHY_MAX]);

#endif
