/* net/places.c -- connections by where they come from, so that whoever has most is found.
 *
 *     networks [ others | a: 3 | b: 1 ]
 *     first    [        | ●    | ●    ]
 *                         └► c ──► c ──► c      a's, the last that came first
 *
 * Law: a connection in a list is open, since its loop takes it out before it closes it: so a thread that is not its own
 * may shut it down. There are never more than max in the lists, and PLACES_LEAVING_MAX beside them. */
#include "net/places.h"

#include <stdlib.h>
#include <sys/socket.h>

enum nabla_status places_init(struct places *p, uint32_t max, uint32_t per_address)
{
    *p = (struct places){.max = max, .per_address = per_address};
    enum nabla_status status = networks_init(&p->networks, max);
    if (status == NABLA_OK && (p->first = calloc((size_t)max + 1, sizeof(struct place *))) == NULL)
        status = NABLA_ENOMEM;
    if (status == NABLA_OK && uv_mutex_init(&p->lock) == 0)
        return NABLA_OK;
    free(p->first);
    networks_fini(&p->networks);
    *p = (struct places){0};
    return status == NABLA_OK ? NABLA_ENOMEM : status;
}

void places_fini(struct places *p)
{
    if (p->first == NULL)
        return;
    uv_mutex_destroy(&p->lock);
    free(p->first);
    networks_fini(&p->networks);
    *p = (struct places){0};
}

static void put_in(struct places *p, struct place *place)
{
    (void)networks_join(&p->networks, &place->from, UINT32_MAX, &place->number);
    struct place **head = &p->first[place->number];
    place->next = *head;
    place->at = head;
    if (place->next != NULL)
        place->next->at = &place->next;
    *head = place;
    p->n++;
}

static void take_out(struct places *p, struct place *place)
{
    *place->at = place->next;
    if (place->next != NULL)
        place->next->at = place->at;
    networks_leave(&p->networks, place->number);
    p->n--;
}

static int64_t heard_ns(const struct place *place)
{
    return atomic_load_explicit(&place->heard_ns, memory_order_relaxed);
}

/* Of those whose addresses have `most`. */
static struct place *most_silent(const struct places *p, uint32_t most)
{
    struct place *best = NULL;
    for (uint32_t i = networks_next(&p->networks, NETWORKS_OTHERS, most); i != NETWORKS_OTHERS;
         i = networks_next(&p->networks, i, most))
        for (struct place *c = p->first[i]; c != NULL; c = c->next)
            if (best == NULL || heard_ns(c) <= heard_ns(best))
                best = c;
    return best;
}

static bool displace(struct places *p, const struct network *from)
{
    uint32_t most = networks_most(&p->networks);
    if (most < 2 || p->leaving >= PLACES_LEAVING_MAX ||
        !networks_has_room(&p->networks, from, most - 1))
        return false;
    struct place *place = most_silent(p, most);
    shutdown(place->fd, SHUT_RDWR);
    place->lost = true;
    p->leaving++;
    take_out(p, place);
    return true;
}

static enum limit admit(struct places *p, const struct network *from, bool *displaces)
{
    *displaces = false;
    if (!networks_has_room(&p->networks, from, p->per_address))
        return LIMIT_INGEST_PER_ADDRESS;
    if (p->n < p->max)
        return LIMIT_COUNT;
    *displaces = displace(p, from);
    return *displaces ? LIMIT_COUNT : LIMIT_INGEST_CONNECTIONS;
}

enum limit places_take(struct places *p, struct place *place, const struct network *from, int fd,
                       int64_t now_ns, bool *displaces)
{
    uv_mutex_lock(&p->lock);
    enum limit limit = admit(p, from, displaces);
    if (limit == LIMIT_COUNT) {
        place->from = *from;
        place->fd = fd;
        place->lost = false;
        place_heard(place, now_ns);
        put_in(p, place);
    }
    uv_mutex_unlock(&p->lock);
    return limit;
}

void places_leave(struct places *p, struct place *place)
{
    uv_mutex_lock(&p->lock);
    if (place->lost)
        p->leaving--;
    else
        take_out(p, place);
    uv_mutex_unlock(&p->lock);
}
