/* base/reading.c -- the words and units of readings. */
#include "base/reading.h"

#include <stdlib.h>

const char *state_text(enum series_state state)
{
    static const char *const texts[] = {"warming", "ok", "stale"};
    return texts[state];
}

static const struct {
    double seconds;
    const char *unit, *suffix;
} pers[] = {{1, "1/s", "_per_second"}, {60, "1/min", "_per_minute"}, {3600, "1/h", "_per_hour"}};

double per_seconds(enum per per)
{
    return pers[per].seconds;
}

const char *per_unit(enum per per)
{
    return pers[per].unit;
}

const char *per_suffix(enum per per)
{
    return pers[per].suffix;
}

void readings_fini(struct readings *r)
{
    free(r->text);
    r->text = NULL;
    r->text_cap = 0;
    r->n = 0;
}
