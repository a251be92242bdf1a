/* rules/template.h -- labels and annotations of alerts: the part of Prometheus' templates that alerts
 * use. Text once to segments, segments and an alert to text.
 *
 *     {{ $labels.room }} warms at {{ $value | humanize }} {{ $unit }}, -15 in {{ $eta }}
 *
 * What may stand in {{ }} (or {{- -}}, which takes the white space beside it away):
 *     $labels.NAME  .Labels.NAME   a label of the series; nothing if it has none of that name
 *     $value  .Value               the left side of the rule's first comparison; rates per the series' unit
 *     $unit                        1/s, 1/min or 1/h of a rate, s of a duration, nothing of a value
 *     $eta                         the time until a limit, as "12m 30s", "never" or "unknown"
 *     "text"  `text`  1.5          as they stand
 *     humanize  humanize1024  humanizeDuration  humanizePercentage  humanizeTimestamp
 *     toUpper  toLower  title      ASCII letters; others stay as they are
 *     printf "FORMAT" ARGUMENT...  %s %q of text, %.2f %.2e %.4g of numbers, %v of both, %%
 *     comments, as Go has them
 * A function's last argument may come from the left: {{ $value | printf "%.2f" | toUpper }}. Nothing
 * else of Go's templates is here, and what is not is refused when it is compiled.
 *
 * Pure. A compiled template may be used from any thread at once. */
#ifndef RULES_TEMPLATE_H
#define RULES_TEMPLATE_H

#include "base/labelset.h"
#include "numeric/status.h"
#include "rules/fault.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TEMPLATE_TEXT_MAX = 4096,    /* bytes */
    TEMPLATE_CALLS_MAX = 64,     /* texts, values and functions in one */
    TEMPLATE_ARGUMENTS_MAX = 64, /* of all of them */
    TEMPLATE_VALUE_MAX = 4096,   /* bytes of one value while it is made */
};

struct template;

/* Errors: NABLA_EINVAL, *fault then says where and why; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status template_new(const char *text, size_t n, struct template **out,
                                          struct text_fault *fault);
void template_free(struct template *t); /* NULL is fine */

/* The text it was made of. Borrowed. */
const char *template_text(const struct template *t, size_t *n);

/* What an alert has to tell. */
struct template_input {
    const struct labelset *labels; /* of the series */
    double value;                  /* NaN: not known */
    const char *unit;
    double eta_s; /* INFINITY: never; NaN: not known */
};

/* Writes at most cap bytes, cut at a character's end, not terminated; returns how many. */
size_t template_render(const struct template *t, const struct template_input *in, char *out,
                       size_t cap);

#endif
