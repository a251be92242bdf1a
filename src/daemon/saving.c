/* daemon/saving.c -- looks twice a second whether there is something new to save. */
#include "daemon/saving.h"

#include "alerts/saved.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* REST: so many times what saving took, before it is done again */
enum { PERIOD_MS = 500, REST = 9, FILE_MAX = 1024 * 1024 * 1024 };

static bool write_whole(int fd, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, at, n);
        if (wrote < 0 && errno != EINTR)
            return false;
        at += wrote > 0 ? wrote : 0;
        n -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/* Returns errno, 0 if it is on the disk under its name. */
static int write_file(const char *path, const struct buf *bytes)
{
    char fresh[SAVING_PATH_MAX + 4];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    bool good = write_whole(fd, bytes->at, bytes->n) && fsync(fd) == 0;
    int fault = good ? 0 : errno;
    if (close(fd) != 0 && fault == 0)
        fault = errno;
    if (fault == 0 && rename(fresh, path) != 0)
        fault = errno;
    return fault;
}

static void tell(const struct saving *s)
{
    char quoted[LOG_QUOTE_MAX];
    if (s->fault != 0)
        log_event(s->log, LOG_LEVEL_ERROR, "saving", "alerts_not_saved", "file=%s why=\"%s\"",
                  log_quote(quoted, s->path, strlen(s->path)), strerrordesc_np(s->fault));
}

static void save(struct saving *s)
{
    int64_t begun_ns = clock_now().mono_ns;
    buf_clear(&s->bytes);
    alerts_save(s->alerts, &s->bytes);
    s->fault = s->bytes.failed ? ENOMEM : write_file(s->path, &s->bytes);
    s->took_ns = clock_now().mono_ns - begun_ns;
}

static void on_work(uv_work_t *work)
{
    save(work->data);
}

static void on_worked(uv_work_t *work, int status)
{
    struct saving *s = work->data;
    (void)status;
    s->busy = false;
    s->rest_ns = clock_now().mono_ns + REST * s->took_ns;
    if (s->fault != 0)
        s->edits = UINT64_MAX; /* again, next time */
    tell(s);
}

static bool has_news(struct saving *s)
{
    uint64_t before = s->edits;
    s->edits = alerts_edits(s->alerts);
    return s->edits != before;
}

static void on_timer(uv_timer_t *timer)
{
    struct saving *s = timer->data;
    if (s->busy || clock_now().mono_ns < s->rest_ns || !has_news(s))
        return;
    s->busy = uv_queue_work(timer->loop, &s->work, on_work, on_worked) == 0;
}

/* Returns errno; ENOENT: there is none. */
static int read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return errno;
    struct stat st;
    bool good = fstat(fileno(f), &st) == 0 && st.st_size <= FILE_MAX;
    char *room = good ? buf_room(out, (size_t)st.st_size + 1) : NULL;
    if (room != NULL)
        buf_used(out, fread(room, 1, (size_t)st.st_size, f));
    int fault = room == NULL ? EFBIG : ferror(f) ? EIO : 0;
    fclose(f);
    return fault;
}

static void set_aside(struct saving *s, const char *why)
{
    char quoted[LOG_QUOTE_MAX], bad[SAVING_PATH_MAX + 4];
    snprintf(bad, sizeof bad, "%s.bad", s->path);
    (void)rename(s->path, bad);
    log_event(s->log, LOG_LEVEL_ERROR, NULL, "alerts_not_restored", "set_aside=%s why=\"%s\"",
              log_quote(quoted, bad, strlen(bad)), why);
}

static void restore(struct saving *s)
{
    int fault = read_file(s->path, &s->bytes);
    if (fault == ENOENT)
        return;
    if (fault != 0) {
        set_aside(s, strerrordesc_np(fault));
        return;
    }
    enum nabla_status status = alerts_restore(s->alerts, s->bytes.at, s->bytes.n);
    struct alerts_counts n = alerts_count(s->alerts);
    if (status == NABLA_EINVAL)
        set_aside(s, "it is no file of alerts, or damaged");
    else
        log_event(s->log, LOG_LEVEL_INFO, NULL, "alerts_restored",
                  "pending=%u firing=%u resolved=%u", n.pending, n.firing, n.resolved);
}

void saving_start(struct saving *s, uv_loop_t *loop, struct alerts *alerts, struct log *log,
                  const char *directory)
{
    uv_timer_init(loop, &s->timer);
    s->alerts = alerts;
    s->log = log;
    s->timer.data = s->work.data = s;
    if (*directory == '\0')
        return;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        s->fault = errno;
    snprintf(s->path, sizeof s->path, "%s/alerts", directory);
    tell(s);
    restore(s);
    s->edits = UINT64_MAX;
    uv_timer_start(&s->timer, on_timer, PERIOD_MS, PERIOD_MS);
}

void saving_fini(struct saving *s)
{
    if (s->path[0] != '\0' && has_news(s)) {
        save(s);
        tell(s);
    }
    buf_fini(&s->bytes);
}
