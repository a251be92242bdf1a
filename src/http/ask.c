/* http/ask.c -- what parameters ask for: one reader a parameter, in a table.
 * Laws: a parameter that a resource does not know is ignored; one that it knows and cannot read is
 * a fault that names it. */
#include "http/params.h"

#include "base/number.h"
#include "base/time_text.h"

#include <string.h>

static bool is(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

static enum nabla_status complain(struct fault *fault, const struct param *p, const char *want)
{
    fault_set(fault, "invalid parameter \"%.*s\": \"%.*s\" is not %s", (int)p->name_n, p->name,
              (int)(p->value_n < 128 ? p->value_n : 128), p->value, want);
    return NABLA_EINVAL;
}

static enum nabla_status read_match(struct ask *a, const struct param *p, struct fault *fault)
{
    struct selector_fault why;
    if (a->any_n == SELECTORS_MAX) {
        fault_set(fault, "invalid parameter \"match[]\": more than %d of them", SELECTORS_MAX);
        return NABLA_EINVAL;
    }
    enum nabla_status s = selector_new(p->value, p->value_n, &a->any[a->any_n], &why);
    if (s == NABLA_EINVAL)
        fault_set(fault, "invalid parameter \"match[]\": at byte %zu: %s", why.offset, why.message);
    if (s != NABLA_OK)
        return s;
    a->regexes += selector_regexes(a->any[a->any_n++]);
    if (a->regexes <= REGEXES_MAX)
        return NABLA_OK;
    fault_set(fault, "invalid parameter \"match[]\": more than %d regular expressions in all",
              REGEXES_MAX);
    return NABLA_EINVAL;
}

static enum nabla_status read_state(struct ask *a, const struct param *p, struct fault *fault)
{
    for (size_t i = 0; i <= p->value_n;) {
        const char *word = p->value + i;
        const char *comma = memchr(word, ',', p->value_n - i);
        size_t n = comma != NULL ? (size_t)(comma - word) : p->value_n - i;
        unsigned state = 0;
        while (state < STATE_COUNT && !is(word, n, state_text((enum series_state)state)))
            state++;
        if (state == STATE_COUNT)
            return complain(fault, p, "a list of ok, warming, stale");
        a->states |= 1U << state;
        i += n + 1;
    }
    return NABLA_OK;
}

static enum nabla_status read_sort(struct ask *a, const struct param *p, struct fault *fault)
{
    static const struct {
        const char *word;
        enum sort_by by;
    } words[] = {{"rate", SORT_RATE},
                 {"edge", SORT_EDGE},
                 {"accel", SORT_ACCEL},
                 {"value", SORT_VALUE},
                 {"age", SORT_AGE},
                 {"name", SORT_NAME},
                 {"magnitude", SORT_MAGNITUDE},
                 {"significance", SORT_SIGNIFICANCE},
                 {"eta", SORT_ETA}};
    bool minus = p->value_n > 0 && p->value[0] == '-';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is(p->value + minus, p->value_n - minus, words[i].word)) {
            a->sort = words[i].by;
            a->descending = minus;
            return NABLA_OK;
        }
    return complain(fault, p,
                    "rate, edge, accel, value, age, name, magnitude, significance or eta, with - "
                    "for descending");
}

static bool is_count(const struct param *p, uint64_t *n)
{
    size_t used = number_read_u64(p->value, p->value_n, n);
    return used > 0 && used == p->value_n;
}

static enum nabla_status read_limit(struct ask *a, const struct param *p, struct fault *fault)
{
    uint64_t limit;
    if (!is_count(p, &limit))
        return complain(fault, p, "a number of series, 0 for no limit");
    a->limit = limit > UINT32_MAX ? 0 : (uint32_t)limit; /* more than any table holds */
    return NABLA_OK;
}

static enum nabla_status read_offset(struct ask *a, const struct param *p, struct fault *fault)
{
    uint64_t offset;
    if (!is_count(p, &offset))
        return complain(fault, p, "a number of series");
    a->offset = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset;
    a->paged = true;
    return NABLA_OK;
}

static enum nabla_status read_exposed(struct ask *a, const struct param *p, struct fault *fault)
{
    a->as_came = is(p->value, p->value_n, "0");
    return a->as_came || is(p->value, p->value_n, "1") ? NABLA_OK : complain(fault, p, "1 or 0");
}

static enum nabla_status read_time(struct ask *a, const struct param *p, struct fault *fault)
{
    if (!is(p->value, p->value_n, "unix") && !is(p->value, p->value_n, "rfc3339"))
        return complain(fault, p, "unix or rfc3339");
    a->style = p->value[0] == 'u' ? TIME_UNIX : TIME_RFC3339;
    return NABLA_OK;
}

static enum nabla_status read_timestamps(struct ask *a, const struct param *p, struct fault *fault)
{
    a->timestamps = is(p->value, p->value_n, "1") || is(p->value, p->value_n, "true");
    if (!a->timestamps && !is(p->value, p->value_n, "0") && !is(p->value, p->value_n, "false"))
        return complain(fault, p, "1 or 0");
    return NABLA_OK;
}

const struct param *params_find(const struct params *p, const char *name)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (is(p->at[i].name, p->at[i].name_n, name))
            return &p->at[i];
    return NULL;
}

enum nabla_status param_time(const struct param *p, int64_t *out, struct fault *fault)
{
    if (time_read(p->value, p->value_n, out) == NABLA_OK)
        return NABLA_OK;
    size_t used = number_read_seconds(p->value, p->value_n, out);
    if (used > 0 && used == p->value_n)
        return NABLA_OK;
    return complain(fault, p, "a time such as 2023-11-14T22:13:20Z or 1700000000.5");
}

static enum nabla_status read_start(struct ask *a, const struct param *p, struct fault *fault)
{
    return param_time(p, &a->start_ns, fault);
}

static enum nabla_status read_end(struct ask *a, const struct param *p, struct fault *fault)
{
    return param_time(p, &a->end_ns, fault);
}

static enum nabla_status read_max_points(struct ask *a, const struct param *p, struct fault *fault)
{
    uint64_t most;
    if (!is_count(p, &most) || most < 2 || most > UINT32_MAX)
        return complain(fault, p, "a number of points, at least 2");
    a->max_points = (uint32_t)most;
    return NABLA_OK;
}

static enum nabla_status read_by(struct ask *a, const struct param *p, struct fault *fault)
{
    a->by_value = is(p->value, p->value_n, "value");
    return a->by_value || is(p->value, p->value_n, "rate") ? NABLA_OK
                                                           : complain(fault, p, "rate or value");
}

static enum nabla_status read_marks(struct ask *a, const struct param *p, struct fault *fault)
{
    a->marks = is(p->value, p->value_n, "1");
    return a->marks || is(p->value, p->value_n, "0") ? NABLA_OK : complain(fault, p, "1 or 0");
}

static enum nabla_status read_newest(struct ask *a, const struct param *p, struct fault *fault)
{
    a->newest = is(p->value, p->value_n, "1");
    return a->newest || is(p->value, p->value_n, "0") ? NABLA_OK : complain(fault, p, "1 or 0");
}

static enum nabla_status read_exact(struct ask *a, const struct param *p, struct fault *fault)
{
    a->exact = is(p->value, p->value_n, "1");
    return a->exact || is(p->value, p->value_n, "0") ? NABLA_OK : complain(fault, p, "1 or 0");
}

static const struct {
    const char *name;
    unsigned flag;
    bool many;
    enum nabla_status (*read)(struct ask *a, const struct param *p, struct fault *fault);
} readers[] = {
    {"match[]", ASK_MATCH, true, read_match},
    {"state", ASK_STATE, true, read_state},
    {"sort", ASK_SORT, false, read_sort},
    {"limit", ASK_LIMIT, false, read_limit},
    {"time", ASK_TIME, false, read_time},
    {"timestamps", ASK_TIMESTAMPS, false, read_timestamps},
    {"start", ASK_POINTS, true, read_start},
    {"end", ASK_POINTS, true, read_end},
    {"max_points", ASK_POINTS, true, read_max_points},
    {"by", ASK_POINTS, true, read_by},
    {"marks", ASK_POINTS, true, read_marks},
    {"offset", ASK_OFFSET, false, read_offset},
    {"exposed", ASK_EXPOSED, false, read_exposed},
    {"newest", ASK_NEWEST, false, read_newest},
    {"exact", ASK_EXACT, false, read_exact},
};

/* known loses the flags of those parameters that can stand once, as they are read. */
static enum nabla_status read_one(struct ask *a, const struct param *p, unsigned *known,
                                  struct fault *fault)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if ((*known & readers[i].flag) != 0 && is(p->name, p->name_n, readers[i].name)) {
            *known &= readers[i].many ? ~0U : ~readers[i].flag;
            return readers[i].read(a, p, fault);
        }
    return NABLA_OK;
}

enum nabla_status ask_read(const struct params *p, unsigned known, struct ask *out,
                           struct fault *fault)
{
    struct ask a = {.start_ns = INT64_MIN, .end_ns = INT64_MAX};
    for (uint32_t i = 0; i < p->n; i++) {
        enum nabla_status s = read_one(&a, &p->at[i], &known, fault);
        if (s != NABLA_OK) {
            ask_fini(&a);
            *out = a;
            return s;
        }
    }
    for (uint32_t i = 0; a.exact && i < a.any_n; i++)
        selector_close(a.any[i]);
    *out = a;
    return NABLA_OK;
}

void ask_charge(struct ask *a)
{
    for (uint32_t i = 0; i < a->any_n; i++)
        selector_charge(a->any[i], &a->effort);
}

void ask_fini(struct ask *a)
{
    for (uint32_t i = 0; i < a->any_n; i++)
        selector_free(a->any[i]);
    *a = (struct ask){0};
}
