/* wire/fields.c -- names and units of what is sent of a point. */
#include "wire/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void name_field(enum field field, enum per per, char out[static FIELD_SUFFIX_MAX])
{
    static const char *const fronts[FIELDS] = {[FIELD_TREND] = "_trend"};
    static const char *const backs[FIELDS] = {[FIELD_ACCEL] = "_squared", [FIELD_ERROR] = "_error"};
    snprintf(out, FIELD_SUFFIX_MAX, "%s%s%s", fronts[field] != NULL ? fronts[field] : "",
             field == FIELD_VALUE ? "" : per_suffix(per), backs[field] != NULL ? backs[field] : "");
}

static double value_of(enum field field, double unit_s, const struct point *p,
                       const struct point_note *note)
{
    switch (field) {
    case FIELD_VALUE: return p->value;
    case FIELD_ACCEL: return p->accel * unit_s * unit_s;
    case FIELD_ERROR: return note->error * unit_s;
    case FIELD_TREND: return note->trend * unit_s;
    default: return p->rate * unit_s;
    }
}

uint32_t fields_of(unsigned wanted, enum per per, const struct point *p,
                   const struct point_note *note, struct field_value out[static FIELDS])
{
    uint32_t n = 0;
    for (unsigned field = 0; field < FIELDS; field++) {
        double v = value_of((enum field)field, per_seconds(per), p, note);
        if ((wanted & 1U << field) == 0 || !isfinite(v))
            continue;
        out[n].v = v;
        name_field((enum field)field, per, out[n++].suffix);
    }
    return n;
}

uint32_t fields_stale(unsigned wanted, enum per per, struct field_value out[static FIELDS])
{
    static const uint64_t marker = UINT64_C(0x7ff0000000000002); /* a signalling NaN: only copied */
    uint32_t n = 0;
    for (unsigned field = 0; field < FIELDS; field++) {
        if ((wanted & 1U << field) == 0)
            continue;
        memcpy(&out[n].v, &marker, sizeof marker);
        name_field((enum field)field, per, out[n++].suffix);
    }
    return n;
}
