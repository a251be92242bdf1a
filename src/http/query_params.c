/* http/query_params.c -- time, start, end, step, timeout: as Prometheus reads them.
 * Law: what is read here can be added to and subtracted from offsets, ranges and lookbacks of
 * QUERY_YEARS_MAX without leaving 64 bits: times are those of two centuries. */
#include "http/query.h"

#include "http/expr.h"

#define YEAR_NS      ((int64_t)365 * 24 * 3600 * NS_PER_S)
#define EARLIEST_NS  (-70 * YEAR_NS)
#define LATEST_NS    (130 * YEAR_NS)
#define LOOKBACK_MAX (YEAR_NS)

static enum nabla_status read_time(const struct params *p, const char *name, int64_t *out,
                                   struct fault *fault)
{
    const struct param *x = params_find(p, name);
    if (x == NULL) {
        fault_set(fault, "invalid parameter \"%s\": it is missing", name);
        return NABLA_EINVAL;
    }
    enum nabla_status status = param_time(x, out, fault);
    if (status == NABLA_OK && (*out < EARLIEST_NS || *out > LATEST_NS)) {
        fault_set(fault, "invalid parameter \"%s\": a time before 1900 or after 2099", name);
        return NABLA_EINVAL;
    }
    return status;
}

enum nabla_status query_instant(const struct params *p, struct instant now, int64_t *t_ns,
                                struct fault *fault)
{
    if (params_find(p, "time") != NULL)
        return read_time(p, "time", t_ns, fault);
    *t_ns = now.wall_ns;
    return NABLA_OK;
}

/* A duration above 0, or the default if there is none. */
static enum nabla_status read_length(const struct params *p, const char *name, int64_t most_ns,
                                     int64_t *out, struct fault *fault)
{
    const struct param *x = params_find(p, name);
    int64_t ns;
    if (x == NULL)
        return NABLA_OK;
    if (expr_duration(x->value, x->value_n, true, &ns) != NABLA_OK || ns <= 0) {
        fault_set(fault,
                  "invalid parameter \"%s\": \"%.*s\" is not a duration above 0 such as 15s, 1m or "
                  "0.5",
                  name, (int)(x->value_n < 128 ? x->value_n : 128), x->value);
        return NABLA_EINVAL;
    }
    *out = ns < most_ns ? ns : most_ns;
    return NABLA_OK;
}

enum nabla_status query_steps(const struct params *p, int64_t *start_ns, int64_t *end_ns,
                              int64_t *step_ns, struct fault *fault)
{
    *step_ns = 0;
    if (read_time(p, "start", start_ns, fault) != NABLA_OK ||
        read_time(p, "end", end_ns, fault) != NABLA_OK ||
        read_length(p, "step", INT64_MAX, step_ns, fault) != NABLA_OK)
        return NABLA_EINVAL;
    if (*step_ns == 0) {
        fault_set(fault, "invalid parameter \"step\": it is missing");
        return NABLA_EINVAL;
    }
    if (*end_ns < *start_ns) {
        fault_set(fault, "invalid parameter \"end\": it is before start");
        return NABLA_EINVAL;
    }
    if ((*end_ns - *start_ns) / *step_ns > QUERY_STEPS_MAX) {
        fault_set(fault, "more than %d points a series; ask for a longer step", QUERY_STEPS_MAX);
        return NABLA_EINVAL;
    }
    return NABLA_OK;
}

enum nabla_status query_patience(const struct params *p, struct instant now, int64_t *lookback_ns,
                                 int64_t *deadline_ns, struct fault *fault)
{
    int64_t timeout_ns = QUERY_TIMEOUT_NS;
    *lookback_ns = QUERY_LOOKBACK_NS;
    if (read_length(p, "lookback_delta", LOOKBACK_MAX, lookback_ns, fault) != NABLA_OK ||
        read_length(p, "timeout", QUERY_TIMEOUT_NS, &timeout_ns, fault) != NABLA_OK)
        return NABLA_EINVAL;
    *deadline_ns = now.mono_ns + timeout_ns;
    return NABLA_OK;
}
