/* conf/conf.c -- from a file, or from nothing, to a struct conf; and what tells two of them apart.
 * The new one is built beside the caller's, which a file that cannot be used leaves as it was. */
#include "conf/conf.h"

#include "conf/beside.h"
#include "conf/faults.h"
#include "conf/file.h"
#include "conf/keys.h"
#include "conf/read.h"
#include "conf/read_http.h"
#include "conf/rules_file.h"
#include "doors/access.h"
#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

void conf_default(struct conf *c)
{
    *c = (struct conf){0};
    read_defaults("", c);
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_keys[i].type == CONF_SECTION)
            read_defaults(conf_keys[i].path, c);
    for (int transport = TRANSPORT_TCP; transport <= TRANSPORT_UDP; transport++) {
        struct conf_listener *l = &c->ingest.listeners[c->ingest.listeners_n++];
        read_defaults("ingest.listeners[]", l);
        l->address = (struct conf_address){.host = "127.0.0.1", .port = 2207};
        l->transport = (enum transport)transport;
    }
}

void conf_pushes_fini(struct conf_pushes *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        for (uint32_t k = 0; k < p->at[i].match.n; k++)
            selector_free(p->at[i].match.at[k]);
        free(p->at[i].match.at);
    }
    free(p->at);
    *p = (struct conf_pushes){0};
}

void conf_fini(struct conf *c)
{
    conf_pushes_fini(&c->push);
    policies_fini(&c->policies);
    for (uint32_t i = 0; i < c->rule_files.n; i++)
        free(c->rule_files.at[i]);
    rules_fini(&c->rules);
    path_templates_fini(&c->templates);
    exposure_leave(c->exposure);
    access_leave(c->access);
    free(c->alerting.alertmanagers.at);
    free(c->alerting.webhooks.at);
    *c = (struct conf){0};
}

enum nabla_status conf_read_text(const char *name, const char *text, size_t n, struct conf *c,
                                 struct buf *errors)
{
    if (n > CONF_FILE_MAX) {
        buf_printf(errors, "%s:1:1: the file is larger than %d bytes\n", name, CONF_FILE_MAX);
        return NABLA_EINVAL;
    }
    struct faults *faults = calloc(1, sizeof *faults);
    if (faults == NULL)
        return NABLA_ENOMEM;
    struct conf next;
    conf_default(&next);
    enum nabla_status status = read_document(text, n, &next, faults);
    faults_write(faults, name, errors);
    free(faults);
    if (status == NABLA_OK)
        *c = next;
    else
        conf_fini(&next);
    return status;
}

/* All files, so that all faults of all of them are told. */
static enum nabla_status read_rule_files(const char *path, struct conf *c, struct buf *errors)
{
    enum nabla_status status = NABLA_OK;
    for (uint32_t i = 0; i < c->rule_files.n; i++) {
        char *file = file_beside(path, c->rule_files.at[i]);
        enum nabla_status one =
            file == NULL ? NABLA_ENOMEM : rules_read_file(file, &c->rules, errors);
        free(file);
        status = status == NABLA_OK ? one : status;
    }
    return status;
}

enum nabla_status conf_read_file(const char *path, struct conf *c, struct buf *errors)
{
    char *text;
    size_t n;
    struct conf next;
    enum nabla_status status = file_read(path, &text, &n, errors);
    if (status != NABLA_OK)
        return status;
    status = conf_read_text(path, text, n, &next, errors);
    free(text);
    if (status != NABLA_OK)
        return status;
    status = read_rule_files(path, &next, errors);
    enum nabla_status named = files_beside(path, &next, errors);
    if (named == NABLA_OK)
        named = read_http_web(&next, errors);
    status = status == NABLA_OK ? named : status;
    if (status == NABLA_OK)
        *c = next;
    else
        conf_fini(&next);
    return status;
}

/* The two members of a key, in two of whatever it is read into. */
static bool differ(const struct conf_key *key, const void *a, const void *b)
{
    return memcmp((const char *)a + key->offset, (const char *)b + key->offset, key->size) != 0;
}

static bool listeners_differ(const struct conf *a, const struct conf *b)
{
    if (a->ingest.listeners_n != b->ingest.listeners_n)
        return true;
    for (size_t k = 0; k < conf_keys_n; k++)
        for (size_t i = 0; i < a->ingest.listeners_n; i++)
            if (conf_key_in(&conf_keys[k], "ingest.listeners[]") &&
                differ(&conf_keys[k], &a->ingest.listeners[i], &b->ingest.listeners[i]))
                return true;
    return false;
}

void conf_restart_keys(const struct conf *a, const struct conf *b, struct buf *out)
{
    const char *separator = "";
    for (const struct conf_key *k = conf_keys; k < conf_keys + conf_keys_n; k++) {
        if (!k->restart || strstr(k->path, "[]") != NULL)
            continue;
        if (k->type == CONF_LISTENERS ? listeners_differ(a, b) : differ(k, a, b)) {
            buf_printf(out, "%s%s", separator, k->path);
            separator = ", ";
        }
    }
}
