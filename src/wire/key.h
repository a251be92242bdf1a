/* wire/key.h -- a sample's raw key to labels: called once for a key never seen before. Pure.
 *
 *     Influx    temperature,site=a + value     {__name__="temperature", site="a"}
 *     Influx    temperature,site=a + max       {__name__="temperature_max", site="a"}
 *     Graphite  plant.s17;site=a               {__name__="plant.s17", site="a"}
 *     JSON      "temperature" + {"site":"a"}   {__name__="temperature", site="a"}
 *     statsd    wait|ms + site:a,hot           {__name__="wait_count", hot="true", site="a"}, and wait_sum
 *     Remote    Label Label, as protobuf       as they say themselves */
#ifndef WIRE_KEY_H
#define WIRE_KEY_H

#include "base/sample.h"

/* A key_reader (base/sample.h) for every enum key_form. ctx: struct path_templates (wire/path_template.h), by which
 * the dotted names of Graphite and statsd become labels, or NULL for none. */
enum nabla_status key_read_by(void *ctx, const struct sample *s, struct label_list *out);

/* The same without templates. */
enum nabla_status key_read(const struct sample *s, struct label_list *out);

#endif
