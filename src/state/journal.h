/* state/journal.h -- what came by HTTP, on the disk before it is acknowledged; read again at the next start.
 *
 *     take a batch into the table ─► journal_put ─► journal_commit ─► journal_look ─► answer
 *                                        │ staged        │               ▲
 *                                        └──► one write, one fdatasync ──┘   the writer's thread, for all that waited
 *
 *     state.directory/  journal-0000000000000007  journal-0000000000000008  ...      append only, each a segment
 *
 * Laws, and the test of each in tests/unit/state/test_journal.c:
 *  - Acknowledged is journaled: JOURNAL_SAFE is said of a ticket only when all of its entries were written and
 *    fdatasync has returned 0 for each of their segments, and for the directory since these were made.
 *  - What fails is not tried again: after a write or a sync that failed, all that was staged is lost (their
 *    senders hear of it), the segment is left as it is, and another begins a second later at the earliest.
 *  - Take first, put then: whoever puts an entry has taken its samples into the table before. So what was put
 *    before journal_cut is in the table when it returns, and a snapshot begun then holds all that is in segments
 *    before N; when that snapshot is safe, they may go.
 *  - A replay is told to a table that may hold some or all of it already: entries come in the order in which they
 *    were put, and samples that are there change nothing.
 *  - Bounded: what is on the disk and staged is never more than max_bytes, and JOURNAL_FILL of zeros; what is staged
 *    never more than JOURNAL_STAGED_MAX and one entry.
 *
 * Threads: any, at any time, but where it says otherwise. */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "base/log.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

enum {
    JOURNAL_STAGED_MAX = 16 * 1024 * 1024, /* bytes that wait for the disk */
    JOURNAL_SEGMENT = 32 * 1024 * 1024,    /* bytes of entries, then another segment begins */
    JOURNAL_FILL = 1024 * 1024, /* bytes that a segment's file may be longer than its entries */
    JOURNAL_PATH_MAX = 1100,
};

enum journal_kind {
    JOURNAL_LINES = 1,        /* whole lines */
    JOURNAL_REMOTE_WRITE = 2, /* a body of Prometheus' remote write, in snappy's block format */
};

/* What a body needs to be read again as it was read. */
struct journal_entry {
    enum journal_kind kind;
    uint8_t format;       /* of lines: enum line_format of wire/lines.h */
    int64_t precision_ns; /* of lines: their timestamps' unit */
    int64_t received_ns;  /* the wall clock's: the time of samples that bring none */
    const char *body;     /* borrowed */
    uint32_t n;
};

struct journal_options {
    const char *directory; /* made if it is missing; copied */
    uint64_t max_bytes;
    struct log *log; /* borrowed; may be NULL */
};

/* Opens the directory, which is this process's (state/folder.h), and finds what segments there are. Errors,
 * logged: NABLA_EIO (it cannot be read), NABLA_ENOMEM. */
MUST_CHECK enum nabla_status journal_new(const struct journal_options *options,
                                         struct journal **out);
void journal_free(struct journal *j); /* stopped, or never started; NULL is fine */

/* Before journal_start: tells every entry of every segment that there is, oldest first. The end of a segment
 * that was being written is torn, and said; what is damaged before that is skipped, said, and its segment kept
 * under another name (".bad"). Errors: NABLA_EIO (a segment cannot be read; logged), NABLA_ENOMEM. */
MUST_CHECK enum nabla_status journal_replay(
    struct journal *j, void (*on_entry)(void *ctx, const struct journal_entry *e), void *ctx);

MUST_CHECK enum nabla_status journal_start(struct journal *j); /* the writer's thread */
void journal_stop(struct journal *j); /* writes what is staged, then ends it; NULL is fine */

/* ---- who answers senders */

/* What one sender has put; zeroed at first. */
struct journal_ticket {
    uint64_t last;   /* number of its last entry; 0: none */
    uint64_t losses; /* of the journal, when the first was put */
};

enum journal_answer {
    JOURNAL_TAKEN,
    JOURNAL_FULL,     /* max_bytes: there is room again when a snapshot is safe */
    JOURNAL_BROKEN,   /* a write or a sync has failed, a second ago at most */
    JOURNAL_NO_MEMORY /* for the copy */
};
const char *journal_answer_text(enum journal_answer a); /* what a sender is told: a static string */

/* Whether an entry of n bytes would be taken now: asked before samples go into the table. */
enum journal_answer journal_accepts(struct journal *j, size_t n);
/* Copies an entry to what is staged. Nothing is written before journal_commit, or much is staged. Any answer
 * but JOURNAL_TAKEN is counted and logged, and the sender must not be told that its samples are safe. */
MUST_CHECK enum journal_answer journal_put(struct journal *j, const struct journal_entry *e,
                                           struct journal_ticket *ticket);
void journal_commit(struct journal *j); /* somebody waits now */

enum journal_fate { JOURNAL_WAITS, JOURNAL_SAFE, JOURNAL_LOST };
enum journal_fate journal_look(struct journal *j, const struct journal_ticket *ticket);

/* True while so much is staged that its senders should wait before they send more. */
bool journal_is_congested(struct journal *j);

/* Called on the writer's thread whenever what waited has become safe or lost; it must only wake its own.
 * NULL: nobody listens any more, and nobody is being called when this returns. */
void journal_listen(struct journal *j, void (*on_settled)(void *ctx), void *ctx);

/* ---- who makes snapshots */

/* Begins another segment: all that was put before lies in segments before the one whose number is returned.
 * Called before a snapshot reads the table. Never waits for the disk. */
uint64_t journal_cut(struct journal *j);
/* on_half is called, on the writer's thread, when the journal has become half full, and again if it is when
 * journal_forget has been called since: a snapshot would make room before there is none. It must only wake its own.
 * NULL, and nobody is being called when this returns: as of journal_listen. */
void journal_watch(struct journal *j, void (*on_half)(void *ctx), void *ctx);
/* Deletes the segments before `number`. Called when the snapshot begun after that cut is on the disk, synced;
 * at start, before journal_replay, with the number that the snapshot was begun with, if it knows. */
void journal_forget(struct journal *j, uint64_t number);

/* ---- for /metrics */
struct journal_figures {
    uint64_t bytes, max_bytes, segments;      /* on the disk now */
    uint64_t entries, written_bytes;          /* that became safe */
    uint64_t syncs, sync_ns;                  /* that returned 0; time spent in all of them */
    uint64_t failures;                        /* writes, syncs and files that could not be made */
    uint64_t refused_full, refused_broken;    /* entries that were not taken, or lost */
    uint64_t replayed, torn_bytes, bad_bytes; /* at this start */
};
void journal_figures(struct journal *j, struct journal_figures *out);

#endif
