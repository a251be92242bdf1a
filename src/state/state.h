/* state/state.h -- what nablad knows, on a disk: read at start, saved while it runs, off its loops.
 *
 *     DIR/state.mdb             ──► looked through ──► series are born again
 *     DIR/state.mdb.new         the first snapshot of a process; takes its place once it is whole
 *     DIR/state.mdb             from then on: the chunks that have changed, every interval and at the end
 *     DIR/state.mdb.damaged     what could not be read, or not all of it
 *
 * A disk that fails costs nothing but what it does not take: it is tried again at the next interval. kill -9 costs
 * what came since the last write, at any moment. */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/clock.h"
#include "base/stats.h"
#include "series/table_save.h"

struct log;
struct state;

/* A journal of what has come since the last snapshot; called in the saving thread, but for watch. */
struct state_journal {
    /* on_half(of) is to be called, on any thread, when a snapshot had better not wait for its time; NULL: not any
     * more, and nobody is calling it when this returns. Called by state_start and state_stop. */
    void (*watch)(void *ctx, void (*on_half)(void *of), void *of);
    uint64_t (*cut)(void *ctx); /* a segment begins: what comes from now on is in it; its number */
    void (*forget)(void *ctx,
                   uint64_t n); /* a snapshot that holds all that came before n is on the disk */
    void *ctx;
};

struct state_options {
    const char *directory;     /* copied; not "" */
    int64_t interval_ns;       /* from a snapshot's beginning to the next one's */
    uint64_t key_rules;        /* names the rules by which keys are read into labels */
    struct state_stats *stats; /* borrowed, as log is */
    struct log *log;
};

/* Takes the directory for this process and looks at what is in it. What is wrong is logged; a directory or file
 * that is not as it should be costs the state, not the start. Errors: NABLA_ELIMIT: another process has the
 * directory; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status state_open(const struct state_options *options, struct state **out);

/* What a table must be made with so that the saved keys mean something; NULL: nothing is saved. Borrowed. */
const struct secrets *state_secrets(const struct state *s);

/* Puts the saved series into a table, which is borrowed until state_stop. Once, before its first sample. */
void state_load(struct state *s, struct table *t);

/* From now on snapshots are written, by a thread. journal: copied; NULL: there is none. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status state_start(struct state *s, const struct state_journal *journal);

/* Keys are read by other rules from now on; any thread. */
void state_key_rules(struct state *s, uint64_t key_rules);

/* Writes a last snapshot, if state_start was called, and waits for it; no samples come any more. NULL is fine, as
 * below. */
void state_stop(struct state *s);
void state_free(struct state *s); /* and gives the directory back */

#endif
