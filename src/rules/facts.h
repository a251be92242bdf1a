/* rules/facts.h -- what a rule is told of a series at one moment. Pure: no clock, no allocation.
 * Rates are per second here, whatever `per` the series' readings have: 0.5/min in a rule means the
 * same for every series. */
#ifndef RULES_FACTS_H
#define RULES_FACTS_H

#include "base/reading.h"

#include <stdint.h>

enum fact {
    FACT_VALUE, /* [v] the newest */
    FACT_RATE,  /* [v/s] */
    FACT_EDGE,  /* [v/s] */
    FACT_ACCEL, /* [v/s^2] */
    FACT_TREND, /* [v/s] */
    FACT_ERROR, /* [v/s] of rate */
    FACT_AGE,   /* [s] since the newest sample arrived */
};
enum { FACT_COUNT = FACT_AGE + 1 };

struct quantity {
    double v;     /* NaN: not known */
    double error; /* one standard error; 0: none, or not known */
};

enum presence {
    PRESENCE_LIVE,   /* warming or ok: what is not known yet is NaN */
    PRESENCE_SILENT, /* stale: nothing is known but the age */
    PRESENCE_GONE,   /* forgotten: nothing is known */
};

struct facts {
    struct quantity at[FACT_COUNT];
    double level;         /* [v] where forecasts begin: the trend's, else the value */
    double limit_eta_s;   /* from now to the first of the series' own `limits`; as facts_eta */
    int64_t silent_in_ns; /* until it is silent if nothing comes; 0: not known, or somebody tells */
    enum presence presence;
    enum per per; /* of the series: how people read its rates */
};

/* *out of a reading as table_read fills it. silent_in_ns is 0. */
void facts_of_reading(const struct reading *r, struct facts *out);

/* Nothing is known: PRESENCE_GONE, or PRESENCE_SILENT with an age. */
void facts_of_nothing(enum presence presence, double age_s, struct facts *out);

/* Seconds from now until the series is at limit, along its trend where it has one, else its newest
 * slope: numeric/forecast.h less the age, not below 0. INFINITY: its course does not lead there (it
 * may be beyond); NaN: it has no known course. */
double facts_eta(const struct facts *f, double limit);

#endif
