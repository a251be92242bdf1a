/* http/durable.h -- answers that wait until what they acknowledge is on the disk. All of it does nothing, at
 * no cost, where there is no journal. */
#ifndef HTTP_DURABLE_H
#define HTTP_DURABLE_H

#include "http/request.h"

/* Whether a body may come, asked before any of it is taken; else r->unjournaled says why not. */
bool durable_accepts(struct request *r);

/* Puts what was taken into the table, e.body[0..n), into the journal. The request's answer must go through
 * durable_wait. */
void durable_put(struct request *r, const struct journal_entry *e);

/* A job's step: STEP_DONE as soon as it is known whether all that was put is safe; r->unjournaled then says if
 * it is not. Until then STEP_WAIT. */
enum step durable_wait(struct request *r, void *ctx);

/* At the end of a turn: those whose answers wait since it began wait for one write. */
void durable_commit(struct http *h);

bool durable_is_congested(struct http *h);

void durable_begin(struct http *h); /* its loop is there */
void durable_settle(
    struct http *h); /* the journal has called: those whose fate is known are answered */
void durable_end(struct http *h); /* its loop goes */

#endif
