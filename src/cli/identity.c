/* cli/identity.c -- options over the environment; secrets from files alone. */
#include "cli/identity.h"

#include "doors/secret.h"

#include <stdlib.h>
#include <string.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

struct identity identity_of_environment(void)
{
    return (struct identity){.ca_file = variable("NABLA_CA_FILE"),
                             .cert = variable("NABLA_CERT"),
                             .key = variable("NABLA_KEY"),
                             .user = variable("NABLA_USER"),
                             .password_file = variable("NABLA_PASSWORD_FILE"),
                             .token_file = variable("NABLA_TOKEN_FILE")};
}

const char *identity_url(void)
{
    const char *url = variable("NABLA_URL");
    return url != NULL ? url : "http://127.0.0.1:9207";
}

/* A user on the command line is not for a token of the environment, nor the other way round. */
bool identity_take(struct identity *id, int letter, const char *value)
{
    switch (letter) {
    case IDENTITY_CA_FILE: id->ca_file = value; return true;
    case IDENTITY_CERT: id->cert = value; return true;
    case IDENTITY_KEY: id->key = value; return true;
    case IDENTITY_USER: id->user = value; break;
    case IDENTITY_PASSWORD_FILE: id->password_file = value; break;
    case IDENTITY_TOKEN_FILE: id->token_file = value; break;
    default: return false;
    }
    if (letter != IDENTITY_TOKEN_FILE && id->token_file == variable("NABLA_TOKEN_FILE"))
        id->token_file = NULL;
    if (letter == IDENTITY_TOKEN_FILE && id->user == variable("NABLA_USER"))
        id->user = id->password_file = NULL;
    return true;
}

enum cli_exit identity_check(const struct identity *id)
{
    if ((id->user == NULL) != (id->password_file == NULL))
        return cli_error(CLI_USAGE, "--user and --password-file go together");
    if (id->user != NULL && id->token_file != NULL)
        return cli_error(CLI_USAGE, "--user and --token-file exclude each other");
    if (id->user != NULL && strchr(id->user, ':') != NULL)
        return cli_error(CLI_USAGE, "--user %s: a name has no colon", id->user);
    if (id->key != NULL && id->cert == NULL)
        return cli_error(CLI_USAGE, "--key needs --cert");
    return CLI_OK;
}

char *identity_secret(const char *path)
{
    char why[SECRET_WHY_MAX] = "no memory";
    struct secret file = {0};
    char *line = NULL;
    if (secret_read(path, &file, why) != NABLA_OK) {
        cli_error(CLI_USAGE, "%s: %s", path, why);
        return NULL;
    }
    size_t n = strcspn(file.at, "\r\n");
    if (n == 0 || n > IDENTITY_SECRET_MAX)
        cli_error(CLI_USAGE, "%s: its first line has no secret, or one of more than %d bytes", path,
                  IDENTITY_SECRET_MAX);
    else if ((line = strndup(file.at, n)) == NULL)
        cli_error(CLI_FAILED, "no memory");
    secret_forget(&file);
    return line;
}

void identity_forget(char *secret)
{
    if (secret != NULL)
        secret_wipe(secret, strlen(secret));
    free(secret);
}
