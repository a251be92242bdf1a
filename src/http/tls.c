/* http/tls.c -- libmicrohttpd makes a session with credentials of its own, and tells of the connection before
 * the handshake: the session then gets ours instead, and keeps them whatever is loaded later. Those of its
 * own hold no certificate, so a session that was not given ours gets nowhere. */
#include "http/tls.h"

#include "doors/access.h"
#include "doors/certificates.h"

void tls_options(const struct http *h, struct MHD_OptionItem out[static 2])
{
    out[0] = out[1] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    if (h->tls)
        out[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0, certificates_none()};
}

bool tls_begin(struct http *h, struct MHD_Connection *connection, struct peer *peer)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct access *a = http_access(h);
    bool begun = peer != NULL && info != NULL && info->tls_session != NULL && a != NULL &&
                 certificates_begin(a->certificates, info->tls_session) == NABLA_OK;
    if (begun)
        peer->certificates = a->certificates;
    access_leave(a);
    return begun;
}
