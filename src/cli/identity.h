/* cli/identity.h -- who nabla is to nablad, and whom it trusts to be nablad: options, or else the
 * environment, so that no secret is ever an argument that others see in the list of processes. */
#ifndef CLI_IDENTITY_H
#define CLI_IDENTITY_H

#include "cli/cli.h"

/* All borrowed, from argv or the environment; NULL: none. */
struct identity {
    const char *ca_file;       /* PEM: who vouches for nablad; NULL: the system's authorities */
    const char *cert, *key;    /* PEM: what nabla shows by mutual TLS */
    const char *user;          /* with password_file */
    const char *password_file; /* its first line */
    const char *token_file;    /* the same */
};

/* NABLA_CA_FILE, NABLA_CERT, NABLA_KEY, NABLA_USER, NABLA_PASSWORD_FILE, NABLA_TOKEN_FILE. */
struct identity identity_of_environment(void);

/* Where nablad answers, if no option says so: NABLA_URL, or http://127.0.0.1:9207. */
const char *identity_url(void);

/* Rows for a command's table of long options, and what they do; false if letter is none of them. */
enum {
    IDENTITY_CA_FILE = 512,
    IDENTITY_CERT,
    IDENTITY_KEY,
    IDENTITY_USER,
    IDENTITY_PASSWORD_FILE,
    IDENTITY_TOKEN_FILE
};
/* clang-format off */
#define IDENTITY_OPTIONS                                                                           \
    {"ca-file", required_argument, NULL, IDENTITY_CA_FILE},                                        \
    {"cert", required_argument, NULL, IDENTITY_CERT},                                              \
    {"key", required_argument, NULL, IDENTITY_KEY},                                                \
    {"user", required_argument, NULL, IDENTITY_USER},                                              \
    {"password-file", required_argument, NULL, IDENTITY_PASSWORD_FILE},                            \
    {"token-file", required_argument, NULL, IDENTITY_TOKEN_FILE}
#define IDENTITY_HELP                                                                              \
    "      --ca-file FILE     who vouches for an https:// nablad, instead of the system's authorities\n" \
    "      --cert FILE        the certificate to show, where one is asked for\n"                    \
    "      --key FILE         its key\n"                                                            \
    "      --user NAME        who asks, by password\n"                                              \
    "      --password-file FILE\n"                                                                  \
    "                         whose first line is the password\n"                                   \
    "      --token-file FILE  who asks, by token\n"
/* clang-format on */
bool identity_take(struct identity *id, int letter, const char *value);

/* What is wrong with it, having been said: CLI_USAGE; else CLI_OK. */
enum cli_exit identity_check(const struct identity *id);

/* A file's first line, as a secret that identity_forget ends; NULL, having said why, if it has none. */
enum { IDENTITY_SECRET_MAX = 512 };
char *identity_secret(const char *path);
void identity_forget(char *secret); /* NULL is fine */

#endif
