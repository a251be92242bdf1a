/* http/status.h -- the parts of /api/v1/status: each appends members to the object that is open. Private to
 * status*.c. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "http/request.h"

/* status_ingest.c: listeners, what was refused and why, the last minutes. admin: examples are shown. */
void status_ingest(struct buf *b, struct http *h, bool admin);

/* status_rest.c: what there is against what there may be; the disk; whom nablad sends to. */
void status_rest(struct buf *b, struct http *h);

#endif
