/* http/influx.h -- what the resources that InfluxDB's clients ask for have in common. */
#ifndef HTTP_INFLUX_H
#define HTTP_INFLUX_H

#include "http/reply.h"

/* What clients take nablad for: the InfluxDB whose API this is. */
#define INFLUX_VERSION "1.8.0"

/* An answer of such a resource, with the header that names the version. body is taken over. */
static inline enum MHD_Result influx_reply(struct request *r, unsigned status, struct buf *body)
{
    return reply_buf(r, status, TYPE_JSON, body,
                     (struct extra){"X-Influxdb-Version", INFLUX_VERSION});
}

#endif
