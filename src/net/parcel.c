/* net/parcel.c -- lists of parcels. */
#include "net/spool.h"

#include <stdlib.h>

void parcel_free(struct parcel *p)
{
    if (p == NULL)
        return;
    buf_fini(&p->body);
    free(p);
}

void parcels_add(struct parcels *all, struct parcel *p)
{
    p->next = NULL;
    if (all->last != NULL)
        all->last->next = p;
    else
        all->first = p;
    all->last = p;
    all->points += p->points;
    all->bytes += p->body.n + SPOOL_OVERHEAD;
}

struct parcel *parcels_take(struct parcels *all)
{
    struct parcel *p = all->first;
    if (p == NULL)
        return NULL;
    all->first = p->next;
    if (all->first == NULL)
        all->last = NULL;
    all->points -= p->points;
    all->bytes -= p->body.n + SPOOL_OVERHEAD;
    p->next = NULL;
    return p;
}

void parcels_return(struct parcels *all, struct parcels *front)
{
    if (front->first == NULL)
        return;
    front->last->next = all->first;
    if (all->last == NULL)
        all->last = front->last;
    all->first = front->first;
    all->points += front->points;
    all->bytes += front->bytes;
    *front = (struct parcels){0};
}

void parcels_fini(struct parcels *all)
{
    for (struct parcel *p; (p = parcels_take(all)) != NULL;)
        parcel_free(p);
}
