/* http/gradient.h -- what the room's other files need to know of POST /api/v1/gradient: its requests
 * are few at once, from the first body that is larger than a form's until the answer is taken. */
#ifndef HTTP_GRADIENT_H
#define HTTP_GRADIENT_H

#include "http/request.h"

/* Takes one of the places of gradient.max_jobs for the request, unless it has one, until request_end, and holds
 * n bytes of its body in http->pool; false if there is no place, or no room. */
bool gradient_place(struct request *r, size_t n);
void gradient_leave(struct request *r); /* gives it back, if it has one */

#endif
