/* doors/pem.h -- PEM files to GnuTLS' credentials, whichever side shows them. Private to this room.
 *
 * Each file is read once, and what is wrong is told of the file that is wrong; the bytes of keys are overwritten
 * once GnuTLS has them. Errors of all calls: NABLA_EIO (it cannot be read), NABLA_EINVAL (it holds something else),
 * both with *fault, whose key is the one that was given; NABLA_ENOMEM. */
#ifndef DOORS_PEM_H
#define DOORS_PEM_H

#include "doors/certificates.h"

#include <gnutls/gnutls.h>

struct pem_times { /* of a certificate, in seconds since the Unix epoch */
    int64_t begin_s, end_s;
};

/* A certificate with those between it and its CA, and the key of the first: *out is the first one's. */
MUST_CHECK enum nabla_status pem_pair(gnutls_certificate_credentials_t to, const char *cert_file,
                                      const char *key_file, struct pem_times *out,
                                      struct certificate_fault *fault);

/* Whom to believe; key: the name by which the file was given. */
MUST_CHECK enum nabla_status pem_trust(gnutls_certificate_credentials_t to, const char *key,
                                       const char *ca_file, struct certificate_fault *fault);

/* Notes a fault of the file that was given as key. Returns NABLA_EINVAL. */
__attribute__((format(printf, 3, 4))) enum nabla_status pem_blame(struct certificate_fault *fault,
                                                                  const char *key,
                                                                  const char *format, ...);

#endif
