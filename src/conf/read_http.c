/* conf/read_http.c -- who may reach HTTP: nobody but this machine, those whom web.yml lets in, or everybody
 * because the file says so. */
#include "conf/read_http.h"

#include "conf/reach.h"
#include "conf/web.h"
#include "doors/access.h"

/* web.yml, if there is one, is looked at once it has been read. */
void read_http_doors(struct reader *r, const char *section, const yaml_node_t *map)
{
    char why[REACH_WHY_MAX];
    const struct conf *c = r->conf;
    if (!reach_allowed(&c->http.listen, c->http.web_config[0] != '\0', c->http.insecure,
                       "web_config", why))
        reader_refuse(r, section, map, "listen", why);
}

static bool is_guarded(const struct access *a)
{
    return !access_is_open(a) || a->certificates != NULL;
}

enum nabla_status read_http_web(struct conf *c, struct buf *errors)
{
    if (c->http.web_config[0] == '\0')
        return NABLA_OK;
    enum nabla_status status = web_read_file(c->http.web_config, &c->access, errors);
    char why[REACH_WHY_MAX];
    if (status == NABLA_OK && !reach_allowed(&c->http.listen, is_guarded(c->access),
                                             c->http.insecure, "users, tokens or TLS", why)) {
        buf_printf(errors, "%s:1:1: http.listen: %s\n", c->http.web_config, why);
        status = NABLA_EINVAL;
    }
    return status;
}
