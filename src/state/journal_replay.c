/* state/journal_replay.c -- the start: the directory, the segments that were left, their entries.
 *
 *     journal-0000000000000007   whole, or torn at its end: entries, oldest first
 *     journal-0000000000000008   damaged before its end: what is whole; kept as ...08.bad, too
 *     journal-0000000000000009   no segment of ours, or of another version: only set aside as ...09.bad
 *
 * A segment stays until a snapshot that came after it is safe (journal_forget), so that a crash during the replay
 * costs nothing but another. */
#include "state/journal_parts.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is there */

static bool read_name(const char *name, uint64_t *number)
{
    char again[JOURNAL_NAME_MAX];
    unsigned long long n;
    if (sscanf(name, "journal-%16llu", &n) != 1 || n == 0)
        return false;
    *number = n;
    journal_name(again, n);
    return strcmp(name, again) == 0;
}

static int by_number(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Returns errno. */
static int list_segments(struct journal *j)
{
    struct stat st;
    uint64_t number;
    int fault = 0;
    DIR *d = opendir(j->directory);
    if (d == NULL)
        return errno;
    for (struct dirent *e; fault == 0 && (e = readdir(d)) != NULL;) {
        if (!read_name(e->d_name, &number) ||
            fstatat(j->dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (!segments_add(&j->segments, number, (uint64_t)st.st_size))
            fault = ENOMEM;
    }
    closedir(d);
    if (j->segments.n > 0)
        qsort(j->segments.at, j->segments.n, sizeof j->segments.at[0], by_number);
    return fault;
}

/* The name of a folder that was just made is on the disk, too. */
static bool sync_parent(int dir_fd)
{
    int fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return synced;
}

/* Numbers only grow, also where no segment was left to go on from: what a snapshot says of one is never about
 * another. */
static uint64_t first_number(const struct segments *s)
{
    uint64_t now_ms = (uint64_t)(clock_now().wall_ns / NS_PER_MS);
    uint64_t next = s->n > 0 ? s->at[s->n - 1].number + 1 : 1;
    return next > now_ms ? next : now_ms;
}

/* Returns errno. */
static int open_directory(struct journal *j)
{
    bool made = mkdir(j->directory, 0700) == 0;
    if (!made && errno != EEXIST)
        return errno;
    j->dir_fd = open(j->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir_fd < 0 || (made && !sync_parent(j->dir_fd)))
        return errno;
    if (getrandom(&j->salt, sizeof j->salt, 0) != (ssize_t)sizeof j->salt)
        return EIO;
    return list_segments(j);
}

enum nabla_status journal_new(const struct journal_options *options, struct journal **out)
{
    struct journal *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NABLA_ENOMEM;
    j->dir_fd = j->pen.fd = -1;
    j->log = options->log;
    j->max_bytes = options->max_bytes;
    pthread_mutex_init(&j->lock, NULL);
    pthread_mutex_init(&j->listener_lock, NULL);
    pthread_cond_init(&j->work, NULL);
    snprintf(j->directory, sizeof j->directory, "%s", options->directory);
    int fault = open_directory(j);
    if (fault != 0) {
        journal_tell(j, "journal_failed", "", fault);
        journal_free(j);
        return fault == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
    }
    j->current = first_number(&j->segments);
    *out = j;
    return NABLA_OK;
}

/* ---- what was in it */

/* The whole file, owned by the caller. Returns errno. */
static int read_file(struct journal *j, const char *name, char **at, size_t *n)
{
    struct stat st;
    int fault = 0, fd = openat(j->dir_fd, name, O_RDONLY | O_CLOEXEC);
    *at = NULL;
    *n = 0;
    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0)
        fault = errno;
    else if ((*at = malloc((size_t)st.st_size + 1)) == NULL)
        fault = ENOMEM;
    while (fault == 0 && *n < (size_t)st.st_size) {
        ssize_t got = read(fd, *at + *n, (size_t)st.st_size - *n);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            fault = errno;
        *n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return fault;
}

/* A copy under another name, or, for what is no segment, the file itself. */
static void set_aside(struct journal *j, const char *name, bool whole, const char *why)
{
    char bad[JOURNAL_NAME_MAX + 4];
    snprintf(bad, sizeof bad, "%s.bad", name);
    int done = whole ? renameat(j->dir_fd, name, j->dir_fd, bad)
                     : linkat(j->dir_fd, name, j->dir_fd, bad, 0);
    if (done != 0 && errno != EEXIST) /* of an earlier start: it is there */
        journal_tell(j, "journal_not_set_aside", name, errno);
    log_event(j->log, LOG_LEVEL_ERROR, NULL, "journal_damaged", "set_aside=%s why=\"%s\"", bad,
              why);
}

struct telling {
    void (*on_entry)(void *ctx, const struct journal_entry *e);
    void *ctx;
};

/* Returns how many bytes in the middle could not be read. */
static uint64_t tell_entries(struct journal *j, struct journal_reader *r, struct telling to,
                             const char *name)
{
    struct journal_entry e;
    uint64_t bad = 0;
    size_t skipped;
    for (enum journal_found f; (f = journal_read_next(r, &e, &skipped)) != JOURNAL_END;) {
        if (f == JOURNAL_ENTRY) {
            to.on_entry(to.ctx, &e);
            j->figures.replayed++;
        } else if (f == JOURNAL_TORN) {
            j->figures.torn_bytes += skipped;
            log_event(j->log, LOG_LEVEL_WARN, NULL, "journal_torn", "segment=%s bytes=%zu", name,
                      skipped);
        } else {
            bad += skipped;
        }
    }
    return bad;
}

/* False: it was no segment, and is one no more. */
static bool tell_segment(struct journal *j, const char *at, size_t n, struct telling to,
                         const char *name)
{
    struct journal_reader r;
    if (journal_read_begin(&r, at, n) != NABLA_OK) {
        set_aside(j, name, true, "it is no segment of a journal, or of another version");
        j->figures.bad_bytes += n;
        return false;
    }
    uint64_t bad = tell_entries(j, &r, to, name);
    j->figures.bad_bytes += bad;
    if (bad > 0)
        set_aside(j, name, false, "some of it could not be read, the rest was taken");
    return true;
}

static enum nabla_status replay_one(struct journal *j, size_t i, struct telling to, bool *there)
{
    char name[JOURNAL_NAME_MAX], *at;
    size_t n;
    journal_name(name, j->segments.at[i].number);
    int fault = read_file(j, name, &at, &n);
    if (fault == 0)
        *there = tell_segment(j, at, n, to, name);
    else
        journal_tell(j, "journal_not_read", name, fault);
    free(at);
    return fault == 0 ? NABLA_OK : fault == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
}

enum nabla_status journal_replay(struct journal *j,
                                 void (*on_entry)(void *ctx, const struct journal_entry *e),
                                 void *ctx)
{
    struct telling to = {on_entry, ctx};
    for (size_t i = 0; i < j->segments.n;) {
        bool there = true;
        enum nabla_status status = replay_one(j, i, to, &there);
        if (status != NABLA_OK)
            return status;
        if (there)
            i++;
        else
            segments_remove(&j->segments, i);
    }
    return NABLA_OK;
}
