/* series/table_source.c -- whose series are whose: how many of them, and of other spellings, a sender may have,
 * and how many bytes of labels, so that one stranger does not take the room of all.
 *
 *     sources (catalog)   192.0.2.7: 3    192.0.2.9: 1          counts, by network
 *     shard               place 0: 1, place 1: 2, alias 0: 1    who made it, one more than the number there
 *
 * A series is charged with what the labels of all grew by when it was made: its values, and those names that nobody
 * had before. The same goes when it ends, so that it stands with the series.
 * What this machine sends, and what came back after a restart, is nobody's: it is not counted, and takes no
 * memory here. The catalog is locked, and for what lies beside a record its shard. */
#include "series/parts.h"

/* A series of the longest labels, under names that nobody had before, is some 50 KiB. */
static uint16_t eights_of(uint32_t bytes)
{
    uint32_t eights = (bytes + 7) / 8;
    return eights < UINT16_MAX ? (uint16_t)eights : UINT16_MAX;
}

enum cause source_join(struct table *t, const struct network *from, uint32_t cost,
                       struct owner *owner)
{
    struct catalog *c = &t->catalog;
    const struct birth_limits *limits = &c->limits;
    uint32_t number;
    *owner = (struct owner){0};
    if (limits->per_source == 0 || network_is_here(from))
        return CAUSE_COUNT;
    uint16_t eights = eights_of(cost);
    uint64_t bytes = (networks_weight(&c->sources, from) + eights) * 8;
    if (eights > 0 && limits->source_label_bytes != 0 && bytes > limits->source_label_bytes)
        return CAUSE_SOURCE_LABELS;
    if (!networks_join(&c->sources, from, limits->per_source, &number))
        return CAUSE_SOURCE_LIMIT;
    networks_weigh(&c->sources, number, eights);
    *owner = (struct owner){(uint16_t)(number + 1), eights};
    return CAUSE_COUNT;
}

void source_leave(struct table *t, struct owner owner)
{
    if (owner.source == 0)
        return;
    networks_weigh(&t->catalog.sources, owner.source - 1u, -(int64_t)owner.eights);
    networks_leave(&t->catalog.sources, owner.source - 1u);
}

bool source_note(struct shard *s, uint32_t place, struct owner owner)
{
    if (owner.source == 0 && s->sources.at[tier_of(place)] == NULL)
        return true;
    if (!tiers_reach(&s->sources, place, sizeof owner))
        return false;
    *(struct owner *)tiers_at(&s->sources, place, sizeof owner) = owner;
    return true;
}

struct owner source_take(struct shard *s, uint32_t place)
{
    if (s->sources.at[tier_of(place)] == NULL)
        return (struct owner){0};
    struct owner *at = tiers_at(&s->sources, place, sizeof *at), owner = *at;
    *at = (struct owner){0};
    return owner;
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
