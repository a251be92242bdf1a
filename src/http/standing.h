/* http/standing.h -- how a series stands under a rule, as members of a JSON object. Pure: appends to a buffer. */
#ifndef HTTP_STANDING_H
#define HTTP_STANDING_H

#include "alerts/alerts.h"
#include "base/buf.h"

/* "state", "noData", "activeAt", "firedAt", "seriesState", "age"; of the comparison that decides (alert_gap_of)
 * "unit", "value", "threshold", "distance", "eta", "approaching", and where there are several, "comparison".
 * query: the text that `when` was read from. */
void standing_write(struct buf *b, const struct expression *when, const char *query,
                    const struct reading *r, const struct alert_state *s);

#endif
