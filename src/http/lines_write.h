/* http/lines_write.h -- a request that brings lines, between its body (lines_write.c) and its answer
 * (lines_answer.c). */
#ifndef HTTP_LINES_WRITE_H
#define HTTP_LINES_WRITE_H

#include "http/reply.h"
#include "net/sink.h"

struct inflater;

struct lines_write {
    struct inlet inlet;
    struct outcome outcome;
    struct inflater *inflater; /* NULL: the body comes as it is */
    struct buf carry;          /* the beginning of a line */
    bool skipping;             /* the rest of a line that is too long */
    uint64_t unpacked;         /* bytes, of a body that was packed */
    unsigned status; /* not 0: why the rest of the body is not looked at, w->fault in words */
    struct fault fault;
};

/* The lines are all in: sets status and fault if there is something to say of them. */
void lines_judge(struct lines_write *w);

/* The answer to all of it, once it is known what became of it on the disk: in the words of whose API was asked. */
enum MHD_Result lines_reply(struct request *r, struct lines_write *w);

#endif
