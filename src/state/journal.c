/* state/journal.c -- what is staged, what is safe, which segments there are.
 * Laws: an entry's number and its place in a chunk are given under one lock, so that numbers are in the order of
 * the bytes; a loss makes all that is staged lost, so that numbers up to `settled` are decided for good.
 * Elsewhere: the disk (journal_write.c), the start (journal_replay.c). */
#include "state/journal_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_ROOM = 256 * 1024, KICK = 1024 * 1024 };

const char *journal_answer_text(enum journal_answer a)
{
    switch (a) {
    case JOURNAL_TAKEN: return "taken";
    case JOURNAL_FULL: return "the journal is full (state.journal_max); try again";
    case JOURNAL_BROKEN: return "the journal cannot be written; try again";
    case JOURNAL_NO_MEMORY: return "no memory for the journal; try again";
    }
    return "";
}

/* ---- segments */

void journal_name(char out[static JOURNAL_NAME_MAX], uint64_t number)
{
    snprintf(out, JOURNAL_NAME_MAX, "journal-%016llu", (unsigned long long)number);
}

bool segments_add(struct segments *s, uint64_t number, uint64_t bytes)
{
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 16 : 2 * s->cap;
        struct segment *at = realloc(s->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = (struct segment){number, bytes};
    return true;
}

struct segment *segments_find(struct segments *s, uint64_t number)
{
    for (size_t i = s->n; i-- > 0;)
        if (s->at[i].number == number)
            return &s->at[i];
    return NULL;
}

void segments_remove(struct segments *s, size_t i)
{
    memmove(s->at + i, s->at + i + 1, (s->n - i - 1) * sizeof *s->at);
    s->n--;
}

uint64_t segments_bytes(const struct segments *s)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < s->n; i++)
        bytes += s->at[i].bytes;
    return bytes;
}

void journal_tell(struct journal *j, const char *what, const char *file, int why)
{
    char path[JOURNAL_PATH_MAX + JOURNAL_NAME_MAX], quoted[LOG_QUOTE_MAX];
    snprintf(path, sizeof path, "%s%s%s", j->directory, *file != '\0' ? "/" : "", file);
    log_event(j->log, LOG_LEVEL_ERROR, "journal", what, "file=%s why=\"%s\"",
              log_quote(quoted, path, strlen(path)), strerrordesc_np(why));
}

/* ---- what is staged */

/* Whether n bytes more would be taken; the lock is held. */
static enum journal_answer judge(const struct journal *j, size_t n)
{
    if (j->retry_ns != 0 && clock_now().mono_ns < j->retry_ns)
        return JOURNAL_BROKEN;
    uint64_t bytes = segments_bytes(&j->segments) + j->staged_bytes;
    return bytes + n > j->max_bytes ? JOURNAL_FULL : JOURNAL_TAKEN;
}

static enum journal_answer refused(struct journal *j, enum journal_answer a)
{
    if (a == JOURNAL_FULL)
        j->figures.refused_full++;
    else if (a != JOURNAL_TAKEN)
        j->figures.refused_broken++;
    unsigned long long bytes = segments_bytes(&j->segments) + j->staged_bytes;
    if (a != JOURNAL_TAKEN)
        log_event(j->log, LOG_LEVEL_WARN, "journal_refused", "journal_refused",
                  "bytes=%llu max=%llu why=\"%s\"", bytes, (unsigned long long)j->max_bytes,
                  journal_answer_text(a));
    return a;
}

enum journal_answer journal_accepts(struct journal *j, size_t n)
{
    pthread_mutex_lock(&j->lock);
    enum journal_answer a = refused(j, judge(j, n + JOURNAL_ENTRY_HEAD + JOURNAL_HEAD));
    pthread_mutex_unlock(&j->lock);
    return a;
}

/* A chunk of the current segment with room for n bytes, the last; NULL without memory. */
static struct chunk *chunk_for(struct journal *j, size_t n)
{
    struct chunk *c = j->last;
    if (c != NULL && c->segment == j->current && c->cap - c->n >= n)
        return c;
    size_t cap = n > CHUNK_ROOM ? n : CHUNK_ROOM;
    if (j->spare != NULL && cap == CHUNK_ROOM) {
        c = j->spare;
        j->spare = c->next;
    } else if ((c = malloc(sizeof *c + cap)) == NULL) {
        return NULL;
    }
    c->next = NULL;
    c->segment = j->current;
    c->n = 0;
    c->cap = cap;
    *(j->last != NULL ? &j->last->next : &j->first) = c;
    j->last = c;
    return c;
}

static void begin_segment(struct journal *j)
{
    j->current += j->current_bytes > 0;
    j->current_bytes = j->current_safe = 0;
}

/* Where n bytes can be written, which are staged then; NULL without memory. */
static char *stage(struct journal *j, size_t n)
{
    if (j->current_bytes > 0 && j->current_bytes + n > JOURNAL_SEGMENT)
        begin_segment(j);
    struct chunk *c = chunk_for(j, n);
    if (c == NULL)
        return NULL;
    char *at = c->at + c->n;
    c->n += n;
    j->staged_bytes += n;
    j->current_bytes += n;
    return at;
}

/* True if the writer is to be told, once the lock is not held any more: it would only wait for that. */
static bool rouse(struct journal *j)
{
    bool tell = !j->wanted;
    j->wanted = true;
    return tell;
}

static enum journal_answer put(struct journal *j, char head[static JOURNAL_ENTRY_HEAD],
                               const struct journal_entry *e, struct journal_ticket *ticket)
{
    size_t n = JOURNAL_ENTRY_HEAD + (size_t)e->n;
    enum journal_answer a = judge(j, n + JOURNAL_HEAD);
    char *at = a == JOURNAL_TAKEN ? stage(j, n) : NULL;
    if (at == NULL)
        return a == JOURNAL_TAKEN ? JOURNAL_NO_MEMORY : a;
    journal_entry_head_safe(head, j->current_safe, j->salt);
    memcpy(at, head, JOURNAL_ENTRY_HEAD);
    memcpy(at + JOURNAL_ENTRY_HEAD, e->body, e->n);
    if (ticket->last == 0)
        ticket->losses = j->losses;
    ticket->last = ++j->put;
    return JOURNAL_TAKEN;
}

enum journal_answer journal_put(struct journal *j, const struct journal_entry *e,
                                struct journal_ticket *ticket)
{
    char head[JOURNAL_ENTRY_HEAD];
    journal_entry_head_write(head, e, j->salt);
    pthread_mutex_lock(&j->lock);
    enum journal_answer a = refused(j, put(j, head, e, ticket));
    bool tell = j->staged_bytes > KICK && rouse(j);
    pthread_mutex_unlock(&j->lock);
    if (tell)
        pthread_cond_signal(&j->work);
    return a;
}

void journal_commit(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool tell = j->first != NULL && rouse(j);
    pthread_mutex_unlock(&j->lock);
    if (tell)
        pthread_cond_signal(&j->work);
}

enum journal_fate journal_look(struct journal *j, const struct journal_ticket *ticket)
{
    uint64_t settled = j->settled; /* first: a loss that it tells of is seen, too */
    return ticket->last == 0             ? JOURNAL_SAFE
           : ticket->losses != j->losses ? JOURNAL_LOST
           : ticket->last <= settled     ? JOURNAL_SAFE
                                         : JOURNAL_WAITS;
}

bool journal_is_congested(struct journal *j)
{
    bool full = j->staged_bytes >= JOURNAL_STAGED_MAX;
    if (full)
        journal_commit(j);
    return full;
}

void journal_listen(struct journal *j, void (*on_settled)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&j->listener_lock);
    j->on_settled = on_settled;
    j->ctx = ctx;
    pthread_mutex_unlock(&j->listener_lock);
}

/* ---- snapshots */

void journal_watch(struct journal *j, void (*on_half)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&j->listener_lock);
    j->on_half = on_half;
    j->half_ctx = ctx;
    pthread_mutex_unlock(&j->listener_lock);
}

uint64_t journal_cut(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    begin_segment(j);
    uint64_t number = j->current;
    pthread_mutex_unlock(&j->lock);
    return number;
}

/* Takes the oldest segment before `number` off the list; 0: there is none. */
static uint64_t take_oldest(struct journal *j, uint64_t number)
{
    pthread_mutex_lock(&j->lock);
    uint64_t oldest = j->segments.n > 0 ? j->segments.at[0].number : number;
    if (oldest < number)
        segments_remove(&j->segments, 0);
    pthread_mutex_unlock(&j->lock);
    return oldest < number ? oldest : 0;
}

void journal_forget(struct journal *j, uint64_t number)
{
    char name[JOURNAL_NAME_MAX];
    pthread_mutex_lock(&j->lock);
    if (j->current < number) /* at start: of a journal whose segments have all gone */
        j->current = number;
    j->half_told = false;
    pthread_mutex_unlock(&j->lock);
    for (uint64_t oldest; (oldest = take_oldest(j, number)) != 0;) {
        journal_name(name, oldest);
        if (unlinkat(j->dir_fd, name, 0) != 0 && errno != ENOENT)
            journal_tell(j, "journal_not_deleted", name, errno);
    }
}

void journal_figures(struct journal *j, struct journal_figures *out)
{
    pthread_mutex_lock(&j->lock);
    *out = j->figures;
    out->bytes = segments_bytes(&j->segments);
    out->segments = j->segments.n;
    out->max_bytes = j->max_bytes;
    pthread_mutex_unlock(&j->lock);
}

/* ---- its thread, its end */

enum nabla_status journal_start(struct journal *j)
{
    if (pthread_create(&j->thread, NULL, journal_write, j) != 0)
        return NABLA_EIO;
    j->running = true;
    return NABLA_OK;
}

void journal_stop(struct journal *j)
{
    if (j == NULL || !j->running)
        return;
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    j->running = false;
}

static void free_chunks(struct chunk *c)
{
    for (struct chunk *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
}

void journal_free(struct journal *j)
{
    if (j == NULL)
        return;
    free_chunks(j->first);
    free_chunks(j->spare);
    if (j->pen.fd >= 0)
        close(j->pen.fd);
    if (j->dir_fd >= 0)
        close(j->dir_fd);
    free(j->segments.at);
    pthread_cond_destroy(&j->work);
    pthread_mutex_destroy(&j->lock);
    pthread_mutex_destroy(&j->listener_lock);
    free(j);
}
