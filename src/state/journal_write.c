/* state/journal_write.c -- the thread that writes: all that is staged in one go, one fdatasync, then all that
 * waited for it hear. While it waits for the disk, the next batch is staged: the slower the disk, the larger the
 * groups.
 *
 *     staged ─take─► write ... write ─ fdatasync ─► safe              all well
 *                       └────────┴───────────────► lost, segment left  the first errno that is not EINTR
 *
 *     [head][entry][entry][entry]00000000    small groups are written over zeros that are on the disk already: else
 *                                            each sync writes the file's length and where it lies, too, which makes it
 *                                            half as long again. They go when the segment ends
 *
 * An fdatasync that failed may have dropped the pages that it could not write, and says so once: another that
 * returns 0 proves nothing. So what failed is never synced again, and never written to again. */
#include "state/journal_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SPARE_ROOM = 256 * 1024,
    RETRY_MS = 1000,
    SMALL_GROUP = JOURNAL_FILL / 64 /* zeros are written, too: many groups are to share them */
};

static bool write_whole(struct journal_pen *pen, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t wrote = pwrite(pen->fd, at, n, (off_t)pen->written);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote == 0 ? ENOSPC : errno;
            return false;
        }
        at += wrote;
        n -= (size_t)wrote;
        pen->written += (uint64_t)wrote;
        pen->dirty = true;
    }
    return true;
}

/* Zeros behind the entries, for the groups that follow. A disk that has no room for them does without. */
static void fill(struct journal_pen *pen)
{
    static const char zeros[64 * 1024];
    if (pen->written <= pen->size)
        return;
    pen->size = pen->written;
    if (pen->written - pen->safe > SMALL_GROUP)
        return;
    for (uint64_t end = pen->size + JOURNAL_FILL; pen->size < end;) {
        ssize_t wrote = pwrite(pen->fd, zeros, sizeof zeros, (off_t)pen->size);
        if (wrote <= 0) {
            pen->size = ftruncate(pen->fd, (off_t)pen->written) == 0 ? pen->written : end;
            return;
        }
        pen->size += (uint64_t)wrote;
    }
}

/* Adds what became safe to the figures and to the segment, unless that was forgotten meanwhile. */
static void note_safe(struct journal *j, int64_t took_ns)
{
    pthread_mutex_lock(&j->lock);
    struct segment *s = segments_find(&j->segments, j->pen.number);
    if (s != NULL)
        s->bytes = j->pen.written;
    if (j->pen.number == j->current)
        j->current_safe = j->pen.written;
    j->figures.syncs++;
    j->figures.sync_ns += (uint64_t)took_ns;
    j->figures.written_bytes += j->pen.written - j->pen.safe;
    pthread_mutex_unlock(&j->lock);
    j->pen.safe = j->pen.written;
    j->pen.dirty = false;
}

static bool sync_pen(struct journal *j)
{
    if (!j->pen.dirty)
        return true;
    fill(&j->pen);
    int64_t begun_ns = clock_now().mono_ns;
    if (fdatasync(j->pen.fd) != 0)
        return false;
    note_safe(j, clock_now().mono_ns - begun_ns);
    return true;
}

/* A file that keeps its zeros is read as well. */
static void close_pen(struct journal_pen *pen)
{
    if (pen->size > pen->written)
        (void)!ftruncate(pen->fd, (off_t)pen->written);
    if (pen->fd >= 0)
        close(pen->fd);
    *pen = (struct journal_pen){.fd = -1};
}

static bool note_begun(struct journal *j, uint64_t number)
{
    pthread_mutex_lock(&j->lock);
    bool added = segments_add(&j->segments, number, JOURNAL_HEAD);
    pthread_mutex_unlock(&j->lock);
    errno = added ? errno : ENOMEM;
    return added;
}

/* Makes the file of a segment, and its name last. */
static bool open_pen(struct journal *j, uint64_t number)
{
    char name[JOURNAL_NAME_MAX], head[JOURNAL_HEAD];
    journal_name(name, number);
    int fd = openat(j->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    j->pen = (struct journal_pen){.fd = fd, .number = number};
    if (fd < 0 || !note_begun(j, number))
        return false;
    journal_head_write(head, number, clock_now().wall_ns, j->salt);
    return write_whole(&j->pen, head, sizeof head) && fsync(j->dir_fd) == 0;
}

/* The file is that of the chunk's segment; what the one before still held is synced. */
static bool turn_to(struct journal *j, uint64_t number)
{
    if (j->pen.fd >= 0 && j->pen.number == number)
        return true;
    if (!sync_pen(j))
        return false;
    close_pen(&j->pen);
    return open_pen(j, number);
}

static bool write_chunks(struct journal *j, const struct chunk *c)
{
    for (; c != NULL; c = c->next)
        if (!turn_to(j, c->segment) || !write_whole(&j->pen, c->at, c->n))
            return false;
    return sync_pen(j);
}

/* ---- what became of it */

static void give_back(struct journal *j, struct chunk *c)
{
    j->staged_bytes -= c->n;
    if (j->spare == NULL && c->cap == SPARE_ROOM) {
        c->next = NULL;
        j->spare = c;
    } else {
        free(c);
    }
}

static void give_back_all(struct journal *j, struct chunk *c)
{
    for (struct chunk *next; c != NULL; c = next) {
        next = c->next;
        give_back(j, c);
    }
}

/* Without the lock: who is woken wants it. */
static void tell_listener(struct journal *j)
{
    pthread_mutex_lock(&j->listener_lock);
    if (j->on_settled != NULL)
        j->on_settled(j->ctx);
    pthread_mutex_unlock(&j->listener_lock);
}

/* Whether it has just become half full; the lock is held. */
static bool becomes_half(struct journal *j)
{
    bool half = !j->half_told && segments_bytes(&j->segments) > j->max_bytes / 2;
    j->half_told |= half;
    return half;
}

static void tell_half(struct journal *j)
{
    pthread_mutex_lock(&j->listener_lock);
    if (j->on_half != NULL)
        j->on_half(j->half_ctx);
    pthread_mutex_unlock(&j->listener_lock);
}

static void succeed(struct journal *j, struct chunk *taken, uint64_t up_to)
{
    pthread_mutex_lock(&j->lock);
    bool works_again = j->retry_ns != 0;
    j->retry_ns = 0;
    j->figures.entries += up_to - j->settled;
    give_back_all(j, taken);
    j->settled = up_to;
    bool half = becomes_half(j);
    pthread_mutex_unlock(&j->lock);
    tell_listener(j);
    if (half)
        tell_half(j);
    if (works_again)
        log_event(j->log, LOG_LEVEL_INFO, NULL, "journal_works", "segment=%llu",
                  (unsigned long long)j->pen.number);
}

/* What did not become safe, nobody was told of: it goes, or else is torn, and with it a segment in which nothing
 * did. */
static void leave_pen(struct journal *j)
{
    char name[JOURNAL_NAME_MAX];
    uint64_t number = j->pen.number;
    journal_name(name, number);
    bool empty = j->pen.fd >= 0 && j->pen.safe == 0 && unlinkat(j->dir_fd, name, 0) == 0;
    if (j->pen.fd >= 0 && !empty && ftruncate(j->pen.fd, (off_t)j->pen.safe) == 0)
        j->pen.written = j->pen.size = j->pen.safe;
    pthread_mutex_lock(&j->lock);
    struct segment *s = segments_find(&j->segments, number);
    if (s != NULL && empty)
        segments_remove(&j->segments, (size_t)(s - j->segments.at));
    else if (s != NULL)
        s->bytes = j->pen.written;
    pthread_mutex_unlock(&j->lock);
    close_pen(&j->pen);
}

/* All that is staged is lost, what came during the attempt among it. */
static void fail(struct journal *j, struct chunk *taken, int why)
{
    char name[JOURNAL_NAME_MAX];
    journal_name(name, j->pen.number);
    journal_tell(j, "journal_failed", name, why);
    leave_pen(j);
    pthread_mutex_lock(&j->lock);
    j->figures.failures++;
    j->figures.refused_broken += j->put - j->settled;
    j->losses++;
    j->retry_ns = clock_now().mono_ns + (int64_t)RETRY_MS * NS_PER_MS;
    give_back_all(j, taken);
    give_back_all(j, j->first);
    j->first = j->last = NULL;
    j->current++;
    j->current_bytes = j->current_safe = 0;
    j->settled = j->put;
    pthread_mutex_unlock(&j->lock);
    tell_listener(j);
}

/* All that is staged, once somebody waits for it; NULL at the end. */
static struct chunk *take(struct journal *j, uint64_t *up_to)
{
    pthread_mutex_lock(&j->lock);
    while (!j->stopping && !j->wanted)
        pthread_cond_wait(&j->work, &j->lock);
    struct chunk *taken = j->first;
    j->first = j->last = NULL;
    j->wanted = false;
    *up_to = j->put;
    pthread_mutex_unlock(&j->lock);
    return taken;
}

static bool goes_on(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool more = !j->stopping || j->first != NULL;
    pthread_mutex_unlock(&j->lock);
    return more;
}

void *journal_write(void *journal)
{
    struct journal *j = journal;
    uint64_t up_to;
    while (goes_on(j)) {
        struct chunk *taken = take(j, &up_to);
        if (taken == NULL)
            continue;
        if (write_chunks(j, taken))
            succeed(j, taken, up_to);
        else
            fail(j, taken, errno);
    }
    close_pen(&j->pen);
    return NULL;
}
