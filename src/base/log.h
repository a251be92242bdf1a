/* base/log.h -- one line an event, key=value, on standard error; journald's priorities in front
 * when it is journald that reads. Callable from any thread.
 *
 *     time=2026-01-02T03:04:05.678Z level=warn event=line_refused listener=tcp://… reason=syntax
 *
 * A topic is limited to LOG_BURST lines, then LOG_PER_S a second; the next line that goes out says
 * how many were held back. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum { LOG_BURST = 10, LOG_PER_S = 1, LOG_LINE_MAX = 2048 };

struct log;
struct stats;

/* Writes to fd, borrowed; stats may be NULL. NULL if there is no memory. */
struct log *log_new(int fd, bool journal, enum log_level level, struct stats *stats);
void log_free(struct log *log);
void log_set_level(struct log *log, enum log_level level);

/* True when standard error goes to journald (JOURNAL_STREAM names it). */
bool log_is_journal(int fd);

/* event: a word; format: "key=value key=value", values that may hold blanks through log_quote.
 * topic: what the rate limit goes by, a static string; NULL for no limit. A NULL log is silent. */
__attribute__((format(printf, 5, 6))) void log_event(struct log *log, enum log_level level,
                                                     const char *topic, const char *event,
                                                     const char *format, ...);

/* Writes text[0..n) to out as a quoted, escaped, clipped value; returns out. */
enum { LOG_QUOTE_MAX = 256 };
const char *log_quote(char out[static LOG_QUOTE_MAX], const char *text, size_t n);

#endif
