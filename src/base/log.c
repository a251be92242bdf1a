/* base/log.c -- lines to standard error, a bucket of tokens for each topic.
 * A line is written by one write(), so that lines of several threads never mix. */
#include "base/log.h"

#include "base/clock.h"
#include "base/stats.h"
#include "base/time_text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOPICS_MAX = 64 };

struct topic {
    const char *name;    /* static */
    double tokens;       /* lines that may go out now */
    int64_t refilled_ns; /* monotonic */
    uint64_t held_back;  /* since the last line that went out */
};

struct log {
    int fd;
    bool journal;
    atomic_int level;
    struct stats *stats;
    pthread_mutex_t lock; /* of what follows */
    struct topic topics[TOPICS_MAX];
    size_t topics_n;
};

struct log *log_new(int fd, bool journal, enum log_level level, struct stats *stats)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->journal = journal;
    log->level = (int)level;
    log->stats = stats;
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

void log_free(struct log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
    log->level = (int)level;
}

bool log_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* device:inode, set by systemd */
    unsigned long long device, inode;
    struct stat st;
    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* The topic's bucket; the last is shared by all topics that find no place of their own. */
static struct topic *topic_at(struct log *log, const char *name, int64_t now_ns)
{
    for (size_t i = 0; i < log->topics_n; i++)
        if (log->topics[i].name == name)
            return &log->topics[i];
    if (log->topics_n == TOPICS_MAX)
        return &log->topics[TOPICS_MAX - 1];
    struct topic *t = &log->topics[log->topics_n++];
    *t = (struct topic){.name = name, .tokens = LOG_BURST, .refilled_ns = now_ns};
    return t;
}

/* True if a line of this topic may go out now; *held_back says how many before it did not. */
static bool admit(struct log *log, const char *name, int64_t now_ns, uint64_t *held_back)
{
    *held_back = 0;
    if (name == NULL)
        return true;
    pthread_mutex_lock(&log->lock);
    struct topic *t = topic_at(log, name, now_ns);
    t->tokens += (double)(now_ns - t->refilled_ns) / NS_PER_S * LOG_PER_S;
    t->tokens = t->tokens > LOG_BURST ? LOG_BURST : t->tokens;
    t->refilled_ns = now_ns;
    bool yes = t->tokens >= 1;
    if (yes) {
        t->tokens -= 1;
        *held_back = t->held_back;
        t->held_back = 0;
    } else {
        t->held_back++;
        if (log->stats != NULL)
            count(&log->stats->log_suppressed, 1);
    }
    pthread_mutex_unlock(&log->lock);
    return yes;
}

static size_t write_head(const struct log *log, char *line, enum log_level level, const char *event,
                         int64_t wall_ns)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    static const int priorities[] = {7, 6, 4, 3}; /* syslog's numbers, as journald reads them */
    int n;
    if (log->journal) { /* it stamps lines itself */
        n = snprintf(line, LOG_LINE_MAX, "<%d>level=%s event=%s", priorities[level], names[level],
                     event);
    } else {
        char time[TIME_TEXT_MAX];
        time_write(time, wall_ns);
        n = snprintf(line, LOG_LINE_MAX, "time=%.23sZ level=%s event=%s", time, names[level],
                     event);
    }
    return (size_t)n;
}

/* Appends to a line of at most LOG_LINE_MAX bytes, clipping. Returns the new length. */
__attribute__((format(printf, 3, 0))) static size_t append(char *line, size_t n, const char *format,
                                                           va_list args)
{
    int more = vsnprintf(line + n, LOG_LINE_MAX - n, format, args);
    size_t end = n + (more < 0 ? 0 : (size_t)more);
    return end < LOG_LINE_MAX ? end : LOG_LINE_MAX - 1;
}

__attribute__((format(printf, 3, 4))) static size_t append_f(char *line, size_t n,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    n = append(line, n, format, args);
    va_end(args);
    return n;
}

void log_event(struct log *log, enum log_level level, const char *topic, const char *event,
               const char *format, ...)
{
    uint64_t held_back;
    if (log == NULL || (int)level < log->level)
        return;
    struct instant now = clock_now();
    if (!admit(log, topic, now.mono_ns, &held_back))
        return;
    char line[LOG_LINE_MAX];
    size_t n = write_head(log, line, level, event, now.wall_ns);
    if (format[0] != '\0') {
        n = append_f(line, n, " ");
        va_list args;
        va_start(args, format);
        n = append(line, n, format, args);
        va_end(args);
    }
    if (held_back > 0)
        n = append_f(line, n, " suppressed=%llu", (unsigned long long)held_back);
    line[n] = '\n'; /* append leaves this place free */
    ssize_t written = write(log->fd, line, n + 1);
    (void)written; /* nowhere is left to complain to */
}

const char *log_quote(char out[static LOG_QUOTE_MAX], const char *text, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    char *p = out, *end = out + LOG_QUOTE_MAX - 9; /* an escape, "...", the quote, NUL */
    *p++ = '"';
    size_t i = 0;
    for (; i < n && p < end; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            *p++ = '\\';
            *p++ = (char)c;
        } else if (c < 0x20 || c >= 0x7f) {
            *p++ = '\\';
            *p++ = 'x';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        } else {
            *p++ = (char)c;
        }
    }
    if (i < n)
        p = (char *)memcpy(p, "...", 3) + 3;
    *p++ = '"';
    *p = '\0';
    return out;
}
