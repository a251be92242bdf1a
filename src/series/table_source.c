/* series/table_source.c -- whose series are whose: how many of them, and of other spellings, a sender may have,
 * so that one stranger does not take the room of all.
 *
 *     sources (catalog)   192.0.2.7: 3    192.0.2.9: 1          counts, by network
 *     shard               place 0: 1, place 1: 2, alias 0: 1    who made it, one more than the number there
 *
 * What this machine sends, and what came back after a restart, is nobody's: it is not counted, and takes no
 * memory here. The catalog is locked, and for what lies beside a record its shard. */
#include "series/parts.h"

bool source_join(struct table *t, const struct network *from, uint16_t *source)
{
    struct catalog *c = &t->catalog;
    uint32_t number;
    *source = 0;
    if (c->limits.per_source == 0 || network_is_here(from))
        return true;
    if (!networks_join(&c->sources, from, c->limits.per_source, &number))
        return false;
    *source = (uint16_t)(number + 1);
    return true;
}

void source_leave(struct table *t, uint16_t source)
{
    if (source != 0)
        networks_leave(&t->catalog.sources, source - 1u);
}

bool source_note(struct shard *s, uint32_t place, uint16_t source)
{
    if (source == 0 && s->sources.at[tier_of(place)] == NULL)
        return true;
    if (!tiers_reach(&s->sources, place, sizeof source))
        return false;
    *(uint16_t *)tiers_at(&s->sources, place, sizeof source) = source;
    return true;
}

uint16_t source_take(struct shard *s, uint32_t place)
{
    if (s->sources.at[tier_of(place)] == NULL)
        return 0;
    uint16_t *at = tiers_at(&s->sources, place, sizeof *at), source = *at;
    *at = 0;
    return source;
}

enum nabla_status table_limit_births(struct table *t, const struct birth_limits *limits)
{
    struct catalog *c = &t->catalog;
    enum nabla_status status = NABLA_OK;
    pthread_mutex_lock(&c->lock);
    if (limits->per_source != 0 && c->sources.at == NULL)
        status = networks_init(&c->sources, SOURCES_MAX);
    if (status == NABLA_OK)
        c->limits = *limits;
    pthread_mutex_unlock(&c->lock);
    return status;
}
