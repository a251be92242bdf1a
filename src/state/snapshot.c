/* state/snapshot.c -- the table chunk by chunk into transactions of some megabytes.
 *
 *     table_save ─► puts ─► puts ─► full ─► store_write ─► puts ...    a chunk whose write fails counts as changed
 *
 * Laws: a chunk on the disk is as it was at one moment of the snapshot, all of them are series by themselves, so
 * that a process that is killed between two transactions leaves a state; a file takes its place only when it is
 * whole and on the disk. */
#include "state/snapshot.h"

#include "base/log.h"
#include "state/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { TRANSACTION_BYTES = 8 << 20 };
static const char name[] = "state.mdb", fresh_name[] = "state.mdb.new";

void snapshot_init(struct snapshot *s, const struct state_options *o)
{
    snprintf(s->directory, sizeof s->directory, "%s", o->directory);
    snprintf(s->path, sizeof s->path, "%s/%s", o->directory, name);
    snprintf(s->fresh_path, sizeof s->fresh_path, "%s/%s", o->directory, fresh_name);
    s->folder = -1;
    s->stats = o->stats;
    s->log = o->log;
    s->key_rules = o->key_rules;
}

static void leave_store(struct snapshot *s)
{
    if (s->store != NULL && !s->whole)
        (void)unlink(s->fresh_path);
    store_close(s->store);
    s->store = NULL;
    s->whole = false;
}

void snapshot_fini(struct snapshot *s)
{
    leave_store(s);
    puts_fini(&s->puts);
    free(s->chunks);
    if (s->folder >= 0)
        close(s->folder);
}

void snapshot_instead_of(struct snapshot *s, enum health health)
{
    if (health == HEALTH_NEWER)
        s->aside = "state.mdb.newer";
    else if (health != HEALTH_GOOD && health != HEALTH_ABSENT)
        s->aside = "state.mdb.damaged";
}

/* ---- one transaction */

static bool note_chunk(struct snapshot *s, struct save_chunk at)
{
    if (s->chunks_n == s->chunks_cap) {
        uint32_t cap = s->chunks_cap == 0 ? 256 : 2 * s->chunks_cap;
        struct save_chunk *chunks = realloc(s->chunks, cap * sizeof *chunks);
        if (chunks == NULL)
            return false;
        s->chunks = chunks;
        s->chunks_cap = cap;
    }
    s->chunks[s->chunks_n++] = at;
    return true;
}

/* What is in puts goes to the disk, or is changed again. */
static enum nabla_status flush(struct snapshot *s, struct table *t, char why[static STORE_WHY_MAX])
{
    enum nabla_status status = NABLA_OK;
    if (s->chunks_n > 0)
        status = store_write(s->store, &s->puts, why);
    if (status == NABLA_OK)
        count(&s->stats->saved_bytes, s->puts.bytes.n);
    for (uint32_t i = 0; i < s->chunks_n && status != NABLA_OK; i++)
        table_save_again(t, s->chunks[i]);
    puts_clear(&s->puts);
    s->chunks_n = 0;
    return status;
}

/* What the file has of points that the chunk's series have no more goes with the chunk. */
static enum nabla_status trim_points(struct snapshot *s, struct save_chunk at)
{
    enum nabla_status status = puts_trim(&s->puts, at.shard, at.chunk * SAVE_CHUNK, SAVE_CHUNK);
    for (uint32_t i = 0; i < s->keepers.n && status == NABLA_OK; i++) {
        const struct save_keeper *k = &s->keepers.at[i];
        if (!k->anew)
            status = puts_trim_keep(&s->puts, table_place(k->ref), k->oldest_ns);
    }
    return status;
}

static enum nabla_status save_points(struct snapshot *s, struct table *t, struct save_chunk at,
                                     const struct save_keeper *k, char why[static STORE_WHY_MAX])
{
    enum nabla_status status = NABLA_OK;
    struct key key = {KEY_POINTS, at.shard, table_place(k->ref), {INT64_MIN}};
    int64_t next_ns = INT64_MIN;
    while (status == NABLA_OK && next_ns != INT64_MAX) {
        size_t offset = s->puts.bytes.n;
        key.first_ns = next_ns;
        if (!table_save_points(t, k, &key.first_ns, &s->puts.bytes, &next_ns))
            return s->puts.bytes.failed ? NABLA_ENOMEM : NABLA_OK;
        status = puts_add(&s->puts, &key, offset);
        if (status == NABLA_OK && s->puts.bytes.n >= TRANSACTION_BYTES)
            status = flush(s, t, why);
        if (status == NABLA_OK && s->chunks_n == 0 && !note_chunk(s, at))
            status = NABLA_ENOMEM;
    }
    return status;
}

static enum nabla_status save_chunk(struct snapshot *s, struct table *t, struct save_chunk at,
                                    struct save_tally *tally, char why[static STORE_WHY_MAX])
{
    struct buf *bytes = &s->puts.bytes;
    struct key key = {.kind = KEY_CHUNK, .shard = at.shard, .number = at.chunk};
    size_t offset = bytes->n;
    bool changed = table_save(t, at, !s->whole, clock_now(), bytes, &s->keepers, tally);
    if (!changed && !bytes->failed)
        return NABLA_OK;
    enum nabla_status status = changed ? puts_add(&s->puts, &key, offset) : NABLA_ENOMEM;
    if (status == NABLA_OK)
        status = trim_points(s, at);
    if (status == NABLA_OK && !note_chunk(s, at))
        status = NABLA_ENOMEM;
    for (uint32_t i = 0; i < s->keepers.n && status == NABLA_OK; i++)
        status = save_points(s, t, at, &s->keepers.at[i], why);
    if (status != NABLA_OK)
        table_save_again(t, at);
    return status;
}

static int64_t mono_now(void)
{
    return clock_now().mono_ns;
}

static enum nabla_status save_all(struct snapshot *s, struct table *t, struct save_tally *tally,
                                  char why[static STORE_WHY_MAX])
{
    enum nabla_status status = NABLA_OK;
    for (struct save_chunk at = {0}; at.shard < table_shards(t); at.shard++) {
        uint32_t n = table_chunks(t, at.shard);
        for (at.chunk = 0; at.chunk < n && status == NABLA_OK; at.chunk++) {
            status = save_chunk(s, t, at, tally, why);
            if (status == NABLA_OK && s->puts.bytes.n >= TRANSACTION_BYTES)
                status = flush(s, t, why);
        }
    }
    enum nabla_status last = flush(s, t, why);
    return status != NABLA_OK ? status : last;
}

/* ---- the file */

static enum nabla_status begin(struct snapshot *s, char why[static STORE_WHY_MAX])
{
    if (s->folder < 0 && folder_take(s->directory, &s->folder, why) != NABLA_OK)
        return NABLA_EIO;
    bool fits = s->whole && s->meta.key_rules == s->key_rules && !store_is_lost(s->store) &&
                folder_has(s->folder, name, store_fd(s->store));
    if (fits)
        return NABLA_OK;
    leave_store(s);
    s->meta.key_rules = s->key_rules;
    s->meta.made_ns = clock_now().wall_ns;
    return store_make(s->fresh_path, &s->meta, &s->store, why);
}

/* The new file is all there. */
static enum nabla_status take_place(struct snapshot *s, char why[static STORE_WHY_MAX])
{
    char quoted[LOG_QUOTE_MAX];
    enum nabla_status status = store_settle(s->store, why);
    if (status == NABLA_OK)
        status = folder_replace(s->folder, fresh_name, name, s->aside, why);
    if (status != NABLA_OK)
        return status;
    if (s->aside != NULL)
        log_event(s->log, LOG_LEVEL_WARN, NULL, "state_set_aside", "file=%s",
                  log_quote(quoted, s->aside, strlen(s->aside)));
    s->aside = NULL;
    s->whole = true;
    return NABLA_OK;
}

static void tell(struct snapshot *s, bool done, const char *why)
{
    char quoted[LOG_QUOTE_MAX];
    count(done ? &s->stats->snapshots : &s->stats->failures, 1);
    if (!done)
        log_event(s->log, LOG_LEVEL_ERROR, "state", "state_not_saved", "directory=%s why=\"%s\"",
                  log_quote(quoted, s->directory, strlen(s->directory)), why);
    else if (s->failing)
        log_event(s->log, LOG_LEVEL_INFO, NULL, "state_saved_again", "directory=%s",
                  log_quote(quoted, s->directory, strlen(s->directory)));
    s->failing = !done;
}

/* What a snapshot needs it takes anew: else memory would stand for ever at what the largest one took. */
static void rest(struct snapshot *s)
{
    puts_fini(&s->puts);
    free(s->chunks);
    s->chunks = NULL;
    s->chunks_cap = 0;
    if (s->store != NULL)
        store_rest(s->store);
}

static int64_t cpu_ns(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_THREAD, &u) != 0)
        return 0;
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * (int64_t)NS_PER_S +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

bool snapshot_write(struct snapshot *s, struct table *t)
{
    char why[STORE_WHY_MAX] = "no memory";
    struct save_tally tally = {.clock = mono_now};
    int64_t began_ns = mono_now(), cpu_began_ns = cpu_ns();
    enum nabla_status status = begin(s, why);
    if (status == NABLA_OK)
        status = save_all(s, t, &tally, why);
    if (status == NABLA_OK && !s->whole)
        status = take_place(s, why);
    if (status != NABLA_OK && !s->whole)
        leave_store(s);
    rest(s);
    struct instant now = clock_now();
    if (status == NABLA_OK) {
        count(&s->stats->saved_series, tally.series);
        s->stats->last_ns = now.wall_ns;
        s->stats->took_ns = now.mono_ns - began_ns;
        s->stats->took_cpu_ns = cpu_ns() - cpu_began_ns;
    }
    if (tally.longest_ns > s->stats->held_ns)
        s->stats->held_ns = tally.longest_ns;
    tell(s, status == NABLA_OK, why);
    return status == NABLA_OK;
}
