/* wire/path_template.h -- templates of the configuration, by which dotted paths become a metric and labels: those
 * of InfluxDB and Telegraf, but for what is said below. Pure.
 *
 *     plant.*.temperature.*   .site.measurement.sensor   unit=C
 *     ^filter: which paths     ^template: what each part is ^labels for all of them
 *
 *     plant.p3.temperature.s17   ->   temperature{sensor="s17",site="p3",unit="C"}
 *
 * Filter and labels can be left out. A filter speaks of a path's first parts; a star in it is
 * any text within a part. In a template `measurement` is the metric's name, `field` an ending of it, any other word a label, nothing a
 * part to skip; at its end, `measurement*` and `field*` take all parts that are left, one at least. Parts
 * with the same word are joined by '_', and a field is set off by one.
 * A template has a word for each of a path's parts, or it does not match; the first that does counts. */
#ifndef WIRE_PATH_TEMPLATE_H
#define WIRE_PATH_TEMPLATE_H

#include "base/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATH_TEMPLATES_MAX = 1024,
    PATH_TEMPLATE_MAX = 512, /* bytes of one */
    PATH_PARTS_MAX = 32,     /* of a path that templates can match, of a filter, of a template */
};

struct path_template;

/* Immutable once in force: then any thread may read it. */
struct path_templates {
    struct path_template *at; /* owned */
    uint32_t n;
};

struct path_template_fault {
    size_t offset; /* in bytes, where it went wrong */
    const char *message;
};

/* Appends what text says. Errors: NABLA_EINVAL, *fault then says why; NABLA_ELIMIT past PATH_TEMPLATES_MAX;
 * NABLA_ENOMEM. Then nothing has changed. */
MUST_CHECK enum nabla_status path_templates_add(struct path_templates *t, const char *text,
                                                size_t n, struct path_template_fault *fault);
/* A number that two lists share only if they say the same, but for a chance of 2^-64. */
uint64_t path_templates_print(const struct path_templates *t);
void path_templates_fini(struct path_templates *t); /* accepts a zeroed one */

/* Adds the metric, its name ending with ending, and the labels of path[0..n) to out, which so far has
 * neither; *matched says whether a template did, without which out is untouched. Names and values point
 * into out->text or the path. Errors: NABLA_ELIMIT for more labels or text than fit. */
MUST_CHECK enum nabla_status path_templates_apply(const struct path_templates *t, const char *path,
                                                  size_t n, const char *ending,
                                                  struct label_list *out, bool *matched);

#endif
