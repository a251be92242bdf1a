/* rules/facts.c -- a reading's derivatives, per second again, and how far ahead a limit is. */
#include "rules/facts.h"

#include "numeric/forecast.h"

#include <math.h>

void facts_of_nothing(enum presence presence, double age_s, struct facts *out)
{
    *out = (struct facts){.level = NAN, .limit_eta_s = NAN, .presence = presence};
    for (int i = 0; i < FACT_COUNT; i++)
        out->at[i].v = NAN;
    out->at[FACT_AGE].v = age_s;
}

static struct quantity per_second(const struct derivative *d, double per)
{
    if (d->order == 0)
        return (struct quantity){.v = NAN};
    return (struct quantity){.v = d->value / per, .error = d->error / per};
}

/* Less the time that has passed; a NaN of the forecast is "never" if there was a course to look along. */
static double from_now(const struct facts *f, bool course_known, double seconds)
{
    if (!course_known)
        return NAN;
    return isnan(seconds) ? INFINITY : fmax(seconds - f->at[FACT_AGE].v, 0);
}

static const struct quantity *course_slope(const struct facts *f)
{
    return isnan(f->at[FACT_TREND].v) ? &f->at[FACT_EDGE] : &f->at[FACT_TREND];
}

double facts_eta(const struct facts *f, double limit)
{
    const struct quantity *slope = course_slope(f), *accel = &f->at[FACT_ACCEL];
    struct course c = {.value = f->level,
                       .slope = slope->v,
                       .slope_error = slope->error > 0 ? slope->error : NAN,
                       .accel = accel->v,
                       .accel_error = accel->error > 0 ? accel->error : NAN};
    return from_now(f, !isnan(slope->v) && !isnan(f->level), forecast_seconds(&c, limit));
}

void facts_of_reading(const struct reading *r, struct facts *out)
{
    double per = per_seconds(r->per);
    facts_of_nothing(PRESENCE_LIVE, (double)r->age_ns * 1e-9, out);
    out->per = r->per;
    if (r->state == STATE_STALE) {
        out->presence = PRESENCE_SILENT;
        return;
    }
    if (r->window_n > 0)
        out->at[FACT_VALUE].v = out->level = r->window[r->window_n - 1].v;
    out->at[FACT_RATE] = per_second(&r->rate, per);
    out->at[FACT_EDGE] = per_second(&r->edge, per);
    out->at[FACT_TREND] = per_second(&r->trend, per);
    if (r->trend.order != 0)
        out->level = r->trend_level;
    if (r->rate.order != 0)
        out->at[FACT_ACCEL] =
            (struct quantity){.v = r->accel / per / per, .error = r->accel_error / per / per};
    if (out->at[FACT_RATE].error > 0)
        out->at[FACT_ERROR].v = out->at[FACT_RATE].error;
    if (r->etas_n > 0)
        out->limit_eta_s = from_now(out, !isnan(course_slope(out)->v), r->etas[0].seconds);
}
