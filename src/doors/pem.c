/* doors/pem.c -- each file is looked at by itself before GnuTLS gets both, which would not say what is wrong with
 * which. */
#include "doors/pem.h"

#include "doors/secret.h"

#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>

struct pem { /* a file that was read */
    const char *path;
    struct secret bytes;
};

enum nabla_status pem_blame(struct certificate_fault *fault, const char *key, const char *format,
                            ...)
{
    va_list args;
    fault->key = key;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return NABLA_EINVAL;
}

static enum nabla_status read_file(const char *key, const char *path, struct pem *out,
                                   struct certificate_fault *fault)
{
    char why[SECRET_WHY_MAX];
    if (path == NULL || *path == '\0')
        return pem_blame(fault, key, "%s is missing", key);
    out->path = path;
    enum nabla_status status = secret_read(path, &out->bytes, why);
    if (status == NABLA_EIO)
        (void)pem_blame(fault, key, "%s: %s", path, why);
    return status;
}

static gnutls_datum_t datum(const struct pem *p)
{
    return (gnutls_datum_t){.data = (unsigned char *)p->bytes.at, .size = (unsigned)p->bytes.n};
}

/* The first certificate's times; all of them must be readable. */
static enum nabla_status look_at_chain(const struct pem *cert, struct pem_times *out,
                                       struct certificate_fault *fault)
{
    gnutls_x509_crt_t *chain = NULL;
    unsigned n = 0;
    gnutls_datum_t d = datum(cert);
    int got = gnutls_x509_crt_list_import2(&chain, &n, &d, GNUTLS_X509_FMT_PEM, 0);
    if (got < 0 || n == 0) {
        gnutls_free(chain);
        return pem_blame(fault, "cert_file", "%s: no certificate in PEM form: %s", cert->path,
                         gnutls_strerror(got));
    }
    *out = (struct pem_times){gnutls_x509_crt_get_activation_time(chain[0]),
                              gnutls_x509_crt_get_expiration_time(chain[0])};
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return NABLA_OK;
}

static enum nabla_status look_at_key(const struct pem *key, struct certificate_fault *fault)
{
    gnutls_x509_privkey_t read;
    gnutls_datum_t d = datum(key);
    if (gnutls_x509_privkey_init(&read) != GNUTLS_E_SUCCESS)
        return NABLA_ENOMEM;
    int got = gnutls_x509_privkey_import2(read, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_x509_privkey_deinit(read);
    if (got == GNUTLS_E_SUCCESS)
        return NABLA_OK;
    if (got == GNUTLS_E_DECRYPTION_FAILED)
        return pem_blame(fault, "key_file", "%s: the key is encrypted, and there is nobody to ask",
                         key->path);
    return pem_blame(fault, "key_file", "%s: no private key in PEM form: %s", key->path,
                     gnutls_strerror(got));
}

static enum nabla_status set_pair(gnutls_certificate_credentials_t to, const struct pem *cert,
                                  const struct pem *key, struct pem_times *out,
                                  struct certificate_fault *fault)
{
    gnutls_datum_t cert_d = datum(cert), key_d = datum(key);
    enum nabla_status status = look_at_chain(cert, out, fault);
    if (status == NABLA_OK)
        status = look_at_key(key, fault);
    if (status != NABLA_OK)
        return status;
    int got =
        gnutls_certificate_set_x509_key_mem2(to, &cert_d, &key_d, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (got == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return pem_blame(fault, "key_file", "%s: not the key of the certificate in %s", key->path,
                         cert->path);
    return got >= 0 ? NABLA_OK
                    : pem_blame(fault, "cert_file", "%s: %s", cert->path, gnutls_strerror(got));
}

enum nabla_status pem_pair(gnutls_certificate_credentials_t to, const char *cert_file,
                           const char *key_file, struct pem_times *out,
                           struct certificate_fault *fault)
{
    struct pem cert = {0}, key = {0};
    enum nabla_status status = read_file("cert_file", cert_file, &cert, fault);
    if (status == NABLA_OK)
        status = read_file("key_file", key_file, &key, fault);
    if (status == NABLA_OK)
        status = set_pair(to, &cert, &key, out, fault);
    secret_forget(&cert.bytes);
    secret_forget(&key.bytes);
    return status;
}

enum nabla_status pem_trust(gnutls_certificate_credentials_t to, const char *key,
                            const char *ca_file, struct certificate_fault *fault)
{
    struct pem ca = {0};
    enum nabla_status status = read_file(key, ca_file, &ca, fault);
    if (status != NABLA_OK)
        return status;
    gnutls_datum_t d = datum(&ca);
    int n = gnutls_certificate_set_x509_trust_mem(to, &d, GNUTLS_X509_FMT_PEM);
    secret_forget(&ca.bytes);
    return n > 0 ? NABLA_OK : pem_blame(fault, key, "%s: no certificate in PEM form", ca_file);
}
