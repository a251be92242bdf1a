/* http/pulse.c -- two rings of counters, as they stood second by second. */
#include "http/pulse.h"

static uint64_t all_refused(const struct stats *s)
{
    uint64_t n = 0;
    for (enum cause c = 0; c < CAUSE_COUNT; c++)
        n += counted(&s->rejected[c]);
    return n;
}

static uint64_t all_drops(const struct stats *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->listeners_n; i++)
        n += counted(&s->listeners[i].kernel_drops);
    return n;
}

static int64_t worst_lag(const struct stats *s)
{
    int64_t worst_ns = 0;
    for (uint32_t i = 0; i < s->loops_n; i++) {
        int64_t ns = atomic_load(&s->loops[i].lag_ns);
        worst_ns = ns > worst_ns ? ns : worst_ns;
    }
    return worst_ns;
}

static void look_at_doors(const struct stats *s, int64_t mono_ns, struct door_beat *out)
{
    out->mono_ns = mono_ns;
    out->lines = counted(&s->lines);
    out->samples = counted(&s->samples);
    out->points = counted(&s->points);
    for (enum cause c = 0; c < CAUSE_COUNT; c++)
        out->rejected[c] = counted(&s->rejected[c]);
    for (uint32_t i = 0; i < s->listeners_n; i++) {
        out->of[i].lines = counted(&s->listeners[i].lines);
        out->of[i].bytes = counted(&s->listeners[i].bytes);
        for (int f = 0; f < STATS_FORMATS; f++)
            out->of[i].formats[f] = counted(&s->listeners[i].formats[f]);
    }
}

void pulse_beat(struct pulse *p, const struct stats *s, struct instant now)
{
    if (p->n > 0 && now.mono_ns - p->beats[(p->n - 1) % PULSE_BEATS].at.mono_ns < NS_PER_S)
        return;
    look_at_doors(s, now.mono_ns, &p->doors[p->n % PULSE_DOORS]);
    p->beats[p->n++ % PULSE_BEATS] = (struct beat){.at = now,
                                                   .lines = counted(&s->lines),
                                                   .samples = counted(&s->samples),
                                                   .points = counted(&s->points),
                                                   .refused = all_refused(s),
                                                   .kernel_drops = all_drops(s),
                                                   .lag_ns = worst_lag(s)};
}

const struct beat *pulse_at(const struct pulse *p, uint32_t i)
{
    uint64_t kept = p->n < PULSE_BEATS ? p->n : PULSE_BEATS;
    return i < kept ? &p->beats[(p->n - kept + i) % PULSE_BEATS] : NULL;
}

const struct door_beat *pulse_door(const struct pulse *p)
{
    if (p->n == 0)
        return NULL;
    return &p->doors[p->n < PULSE_DOORS ? 0 : p->n % PULSE_DOORS];
}
