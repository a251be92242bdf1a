/* daemon/keeping.c -- between the configuration and the state. */
#include "daemon/keeping.h"

enum nabla_status keeping_open(struct keeping *k, const struct conf *conf,
                               struct state_stats *stats, struct log *log)
{
    if (conf->state.directory[0] == '\0')
        return NABLA_OK;
    struct state_options options = {.directory = conf->state.directory,
                                    .interval_ns = conf->state.interval_ns,
                                    .key_rules = path_templates_print(&conf->templates),
                                    .stats = stats,
                                    .log = log};
    return state_open(&options, &k->state);
}

const struct secrets *keeping_secrets(const struct keeping *k)
{
    return k->state != NULL ? state_secrets(k->state) : NULL;
}

void keeping_load(struct keeping *k, struct table *table)
{
    if (k->state != NULL)
        state_load(k->state, table);
}

enum nabla_status keeping_start(struct keeping *k, const struct state_journal *journal)
{
    return k->state != NULL ? state_start(k->state, journal) : NABLA_OK;
}

void keeping_configure(struct keeping *k, const struct conf *conf)
{
    if (k->state != NULL)
        state_key_rules(k->state, path_templates_print(&conf->templates));
}

void keeping_stop(struct keeping *k)
{
    state_stop(k->state);
}

void keeping_fini(struct keeping *k)
{
    state_free(k->state);
    k->state = NULL;
}
