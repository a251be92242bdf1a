/* net/sink_replay.c -- bodies that came by HTTP and are read once more, at the time at which they came.
 * Law: the table is given the very samples that it was given then, in the same order: the same readers, the same
 * clock. What cannot be read now could not be read then, and is left out without a word. */
#include "net/sink.h"

#include "wire/remote_write.h"

#include <snappy-c.h>
#include <stdlib.h>

enum { LINE_MOST = 64 * 1024 }; /* ingest.max_line's largest: it may have been changed since */

void sink_replay_lines(struct sink *sink, enum line_format format, int64_t precision_ns,
                       struct instant when, const char *text, size_t n)
{
    struct listener_stats nobody = {.name = "journal"};
    struct inlet inlet = {.options = {.format = format,
                                      .once = true,
                                      .precision_ns = precision_ns,
                                      .max_line = LINE_MOST},
                          .stats = &nobody,
                          .received = when};
    (void)sink_take(sink, &inlet, text, n);
    sink_flush(sink, &inlet);
}

static void take_message(struct sink *sink, struct instant when, const char *at, size_t n)
{
    struct remote_write reader;
    enum remote_state state;
    remote_write_begin(&reader, at, n);
    do {
        sink->batch.n = 0;
        state = remote_write_read(&reader, &sink->batch);
        if (sink->batch.n > 0)
            table_apply(sink->table, &sink->batch, when);
    } while (state == REMOTE_MORE);
    sink->batch.n = 0;
}

enum nabla_status sink_replay_remote_write(struct sink *sink, struct instant when, const char *body,
                                           size_t n)
{
    size_t unpacked_n;
    if (snappy_uncompressed_length(body, n, &unpacked_n) != SNAPPY_OK)
        return NABLA_OK;
    char *unpacked = malloc(unpacked_n + 1);
    if (unpacked == NULL)
        return NABLA_ENOMEM;
    if (snappy_uncompress(body, n, unpacked, &unpacked_n) == SNAPPY_OK)
        take_message(sink, when, unpacked, unpacked_n);
    free(unpacked);
    return NABLA_OK;
}
