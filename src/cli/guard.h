/* cli/guard.h -- how lines go to nablad so that nobody else reads, forges or takes them: TLS, or signed datagrams. */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

#include "cli/cli.h"
#include "cli/identity.h"
#include "cli/outlet.h"

/* All texts borrowed, from argv or the environment; NULL: none. */
struct guard_options {
    bool tls, udp;
    struct identity identity; /* of which a line listener knows ca_file, cert and key */
    const char *tls_option;   /* one that was given and is good for TLS alone */
    const char *server_name, *hmac_key_file;
};

/* Rows for a command's table of long options, and what they do; false if letter is none of them. */
enum { GUARD_TLS = 768, GUARD_UDP, GUARD_SERVER_NAME, GUARD_HMAC_KEY_FILE };
/* clang-format off */
#define GUARD_OPTIONS                                                                              \
    {"tls", no_argument, NULL, GUARD_TLS},                                                         \
    {"udp", no_argument, NULL, GUARD_UDP},                                                         \
    {"ca-file", required_argument, NULL, IDENTITY_CA_FILE},                                        \
    {"cert", required_argument, NULL, IDENTITY_CERT},                                              \
    {"key", required_argument, NULL, IDENTITY_KEY},                                                \
    {"server-name", required_argument, NULL, GUARD_SERVER_NAME},                                   \
    {"hmac-key-file", required_argument, NULL, GUARD_HMAC_KEY_FILE}
#define GUARD_HELP                                                                                 \
    "      --tls, --udp       how, if the address does not say so\n"                               \
    "      --ca-file FILE     by TLS: who vouches for nablad, instead of the system's\n"           \
    "                         authorities\n"                                                       \
    "      --cert FILE        by TLS: the certificate to show, where one is asked for\n"           \
    "      --key FILE         its key, if it is not in the same file\n"                            \
    "      --server-name NAME by TLS: whom nablad's certificate names, if not the address\n"       \
    "      --hmac-key-file FILE\n"                                                                 \
    "                         by UDP: sign each datagram with the first key in it\n"
/* clang-format on */
bool guard_take(struct guard_options *g, int letter, const char *value);

/* Settles how lines go to `to`, and reads what the options name, for *out, which guard_free frees. CLI_OK; else it has
 * said what is wrong. */
enum cli_exit guard_load(const struct guard_options *g, struct target *to,
                         struct outlet_guard *out);
void guard_free(struct outlet_guard *guard); /* accepts a zeroed one */

#endif
