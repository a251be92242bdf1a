/* http/auth.h -- whether a request may be answered: by what its Authorization shows, before any of its body
 * is read.
 *
 *     headers ── token, known password, nothing ──► goes on, or is refused
 *             └─ password ──► suspended ── uv_queue_work: bcrypt ──► resumed ──► the same
 *
 * One password is verified at a time, so that bcrypt never takes more than one processor, and AUTH_WAITING_MAX
 * wait at most. Everything here belongs to the server's thread. */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "http/request.h"

enum { AUTH_WAITING_MAX = 64 };

struct auth;
MUST_CHECK enum nabla_status auth_new(uint32_t failures, uint64_t secret, struct auth **out);
void auth_free(struct auth *g); /* no password is being verified any more; NULL is fine */

/* Sets r->refused if it may not go on; or suspends it, r->check being set until it is known. Its route is
 * known. */
void auth_judge(struct request *r);

/* The answer to one that is refused. */
enum MHD_Result auth_refuse(struct request *r);

/* The headers of web.yml, and of a 401 what may be shown. */
void auth_add_headers(struct http *h, unsigned status, struct MHD_Response *response);

void auth_leave(struct request *r); /* it ends */
void auth_cancel(struct http *h);   /* all that wait are refused */

#endif
