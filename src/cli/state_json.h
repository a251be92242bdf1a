/* cli/state_json.h -- a saved series as JSON and back: what series/saved.h says in bytes, with names.
 *
 *     {"number":1,"labels":{"__name__":"a"},"seen":1700000000000000000,"window":[[1700000000000000000,1.5]],...}
 *     {"series":1,"points":[[1700000000000000000,1.5,0.1,null,...],...]}
 *
 * Times are nanoseconds since the Unix epoch, numbers are exact, those that are not finite are text: "NaN", "Inf",
 * "-Inf". A number names a series within one dump. Keys are left out: they mean nothing without their secret. */
#ifndef CLI_STATE_JSON_H
#define CLI_STATE_JSON_H

#include "series/saved.h"

#include <jansson.h>

/* A new object; NULL without memory, or for labels that are not UTF-8. */
json_t *state_series_json(uint32_t number, const struct saved_series *in);
json_t *state_points_json(uint32_t number, const char *bytes, size_t n);

/* Appends a series' bytes to out, at a place among those that are saved together. Errors: NABLA_EINVAL: *why says
 * what is wrong with it; static. */
MUST_CHECK enum nabla_status state_series_read(const json_t *line, uint8_t place, struct buf *out,
                                               const char **why);
/* The same of points, which are in order of time; *first_ns is that of the first. */
MUST_CHECK enum nabla_status state_points_read(const json_t *line, struct buf *out,
                                               int64_t *first_ns, const char **why);

/* ---- parts, of alerts, too (state_alerts.h) */

json_t *state_number_json(double v);
json_t *state_labels_json(const struct label_list *list); /* NULL: JSON does not hold them */

/* False: it is none; v may be NULL. */
bool state_get_number(const json_t *v, double *out);
bool state_get_time(const json_t *v, int64_t *out);
bool state_get_count(const json_t *v, uint32_t *out);
bool state_get_labels(json_t *v, struct labelset *out); /* *out has room for LABELSET_MAX */

#endif
