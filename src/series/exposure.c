/* series/exposure.c -- counted by its holders. */
#include "series/exposure.h"

#include <stdlib.h>

enum nabla_status exposure_new(struct exposure **out)
{
    struct exposure *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NABLA_ENOMEM;
    e->holders = 1;
    *out = e;
    return NABLA_OK;
}

struct exposure *exposure_hold(struct exposure *e)
{
    if (e != NULL)
        atomic_fetch_add(&e->holders, 1);
    return e;
}

void exposure_leave(struct exposure *e)
{
    if (e == NULL || atomic_fetch_sub(&e->holders, 1) > 1)
        return;
    for (uint32_t i = 0; i < e->include_n; i++)
        selector_free(e->include[i]);
    for (uint32_t i = 0; i < e->exclude_n; i++)
        selector_free(e->exclude[i]);
    relabel_free(e->relabel);
    free(e);
}
