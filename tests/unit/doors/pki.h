/* tests/unit/doors/pki.h -- certificates made by the test, in a folder of its own. */
#ifndef TESTS_DOORS_PKI_H
#define TESTS_DOORS_PKI_H

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pki_pair {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
};

struct pki_wish {
    const char *name; /* common name, and DNS name */
    bool ca, client;
    int from_days, to_days;    /* from now; both 0: from yesterday for ten days */
    const struct pki_pair *by; /* NULL: by itself */
};

static inline struct pki_pair pki_make(struct pki_wish w)
{
    static unsigned char serial;
    struct pki_pair p;
    time_t now = time(NULL), day = 86400;
    bool usual = w.from_days == 0 && w.to_days == 0;
    serial++;
    gnutls_x509_privkey_init(&p.key);
    gnutls_x509_privkey_generate(p.key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&p.cert);
    gnutls_x509_crt_set_version(p.cert, 3);
    gnutls_x509_crt_set_serial(p.cert, &serial, 1);
    gnutls_x509_crt_set_key(p.cert, p.key);
    gnutls_x509_crt_set_dn_by_oid(p.cert, GNUTLS_OID_X520_COMMON_NAME, 0, w.name,
                                  (unsigned)strlen(w.name));
    gnutls_x509_crt_set_activation_time(p.cert, now + (usual ? -1 : w.from_days) * day);
    gnutls_x509_crt_set_expiration_time(p.cert, now + (usual ? 10 : w.to_days) * day);
    gnutls_x509_crt_set_ca_status(p.cert, w.ca);
    if (w.ca)
        gnutls_x509_crt_set_key_usage(p.cert, GNUTLS_KEY_KEY_CERT_SIGN);
    else {
        gnutls_x509_crt_set_subject_alt_name(p.cert, GNUTLS_SAN_DNSNAME, w.name,
                                             (unsigned)strlen(w.name), GNUTLS_FSAN_SET);
        gnutls_x509_crt_set_subject_alt_name(p.cert, GNUTLS_SAN_IPADDRESS, "\177\0\0\1", 4,
                                             GNUTLS_FSAN_APPEND);
        gnutls_x509_crt_set_key_purpose_oid(
            p.cert, w.client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0);
    }
    gnutls_x509_crt_sign2(p.cert, w.by != NULL ? w.by->cert : p.cert,
                          w.by != NULL ? w.by->key : p.key, GNUTLS_DIG_SHA256, 0);
    return p;
}

static inline void pki_free(struct pki_pair *p)
{
    gnutls_x509_crt_deinit(p->cert);
    gnutls_x509_privkey_deinit(p->key);
}

static inline void pki_write(const char *path, const void *at, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, at, n) != (ssize_t)n)
        abort();
    close(fd);
}

/* FOLDER/NAME.crt and FOLDER/NAME.key. */
static inline void pki_save(const struct pki_pair *p, const char *folder, const char *name)
{
    char path[512];
    gnutls_datum_t d;
    snprintf(path, sizeof path, "%s/%s.crt", folder, name);
    gnutls_x509_crt_export2(p->cert, GNUTLS_X509_FMT_PEM, &d);
    pki_write(path, d.data, d.size);
    gnutls_free(d.data);
    snprintf(path, sizeof path, "%s/%s.key", folder, name);
    gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM, &d);
    pki_write(path, d.data, d.size);
    gnutls_free(d.data);
}

#endif
