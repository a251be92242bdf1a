/* conf/beside.c -- server.key in /etc/nabla/nablad.yaml is /etc/nabla/server.key, wherever nablad was started: as
 * web.yml, rules and what they name. The table of keys says which are files; this goes through all that the
 * configuration may hold several of. state.directory is no such file: nablad writes there. */
#include "conf/beside.h"

#include "conf/keys.h"

#include <string.h>

/* The file that is read, and what was wrong with what it names. */
struct names {
    const char *path;
    size_t folder; /* bytes of it up to the last /, with that */
    struct buf *errors;
    enum nabla_status status;
};

static void put_folder(struct names *f, const struct conf_key *key, char *name)
{
    size_t n = strlen(name);
    if (n == 0 || name[0] == '/')
        return;
    if (f->folder + n >= key->size) {
        buf_printf(f->errors, "%s:1:1: %s: %.*s%s is longer than %zu bytes\n", f->path, key->path,
                   (int)f->folder, f->path, name, key->size - 1);
        f->status = NABLA_EINVAL;
        return;
    }
    memmove(name + f->folder, name, n + 1);
    memcpy(name, f->path, f->folder);
}

/* Of n items of so many bytes each, read as `parent`. */
static void items(struct names *f, const char *parent, void *at, size_t n, size_t size)
{
    for (size_t k = 0; k < conf_keys_n; k++)
        for (size_t i = 0; i < n; i++)
            if (conf_keys[k].type == CONF_FILE && conf_key_in(&conf_keys[k], parent))
                put_folder(f, &conf_keys[k], (char *)at + i * size + conf_keys[k].offset);
}

enum nabla_status files_beside(const char *path, struct conf *c, struct buf *errors)
{
    const char *slash = strrchr(path, '/');
    struct names f = {.path = path, .errors = errors, .status = NABLA_OK};
    f.folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    items(&f, "http", c, 1, sizeof *c);
    items(&f, "ingest.listeners[]", c->ingest.listeners, c->ingest.listeners_n,
          sizeof c->ingest.listeners[0]);
    items(&f, "push[]", c->push.at, c->push.n, sizeof *c->push.at);
    struct conf_peers *managers = &c->alerting.alertmanagers, *hooks = &c->alerting.webhooks;
    items(&f, "alerting.alertmanagers[]", managers->at, managers->n, sizeof *managers->at);
    items(&f, "alerting.webhooks[]", hooks->at, hooks->n, sizeof *hooks->at);
    return f.status;
}
