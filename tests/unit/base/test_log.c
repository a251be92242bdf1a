/* tests/unit/base/test_log.c -- lines as they come out of a pipe: their shape, quoting, the limit. */
#include "base/log.h"
#include "base/stats.h"

#include "suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static char out[65536];

static struct log *start(bool journal, enum log_level level, struct stats *stats)
{
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    struct log *log = log_new(ends[1], journal, level, stats);
    ck_assert_ptr_nonnull(log);
    return log;
}

static const char *written(void)
{
    ssize_t n = read(ends[0], out, sizeof out - 1);
    out[n > 0 ? n : 0] = '\0';
    return out;
}

static int lines(const char *text)
{
    int n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        n++;
    return n;
}

START_TEST(a_line_has_time_level_event_and_pairs)
{
    struct log *log = start(false, LOG_LEVEL_INFO, NULL);
    log_event(log, LOG_LEVEL_WARN, NULL, "thing_seen", "a=%d b=%s", 1, "x");
    const char *line = written();
    ck_assert_msg(strncmp(line, "time=2", 6) == 0, "%s", line);
    ck_assert_ptr_nonnull(strstr(line, "Z level=warn event=thing_seen a=1 b=x\n"));
    ck_assert_uint_eq(strcspn(line, " "), strlen("time=2026-01-02T03:04:05.678Z"));
    log_free(log);
}
END_TEST

static const struct priority_row {
    enum log_level level;
    const char *start;
} priority_rows[] = {
    {LOG_LEVEL_DEBUG, "<7>level=debug event=x\n"},
    {LOG_LEVEL_INFO, "<6>level=info event=x\n"},
    {LOG_LEVEL_WARN, "<4>level=warn event=x\n"},
    {LOG_LEVEL_ERROR, "<3>level=error event=x\n"},
};

START_TEST(journald_gets_priorities_and_no_time)
{
    struct log *log = start(true, LOG_LEVEL_DEBUG, NULL);
    log_event(log, priority_rows[_i].level, NULL, "x", "%s", "");
    ck_assert_ptr_nonnull(strstr(written(), "event=x"));
    log_event(log, priority_rows[_i].level, NULL, "x", "k=%d", 1);
    const char *line = written();
    size_t n = strlen(priority_rows[_i].start) - 1; /* its LF is a blank here */
    ck_assert_msg(strncmp(line, priority_rows[_i].start, n) == 0, "%s", line);
    log_free(log);
}
END_TEST

START_TEST(journald_is_known_by_its_stream)
{
    char stream[64];
    struct stat st;
    struct log *log = start(false, LOG_LEVEL_INFO, NULL);
    ck_assert_int_eq(fstat(ends[1], &st), 0);
    unsetenv("JOURNAL_STREAM");
    ck_assert(!log_is_journal(ends[1]));
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    ck_assert(log_is_journal(ends[1]));
    setenv("JOURNAL_STREAM", "1:1", 1);
    ck_assert(!log_is_journal(ends[1]));
    setenv("JOURNAL_STREAM", "nonsense", 1);
    ck_assert(!log_is_journal(ends[1]));
    log_free(log);
}
END_TEST

START_TEST(below_the_level_is_silent)
{
    struct log *log = start(false, LOG_LEVEL_WARN, NULL);
    log_event(log, LOG_LEVEL_INFO, NULL, "x", "a=%d", 1);
    ck_assert_str_eq(written(), "");
    log_set_level(log, LOG_LEVEL_INFO);
    log_event(log, LOG_LEVEL_INFO, NULL, "x", "a=%d", 1);
    ck_assert_int_eq(lines(written()), 1);
    log_event(NULL, LOG_LEVEL_ERROR, NULL, "x", "a=%d", 1); /* no log: nothing, and no crash */
    log_free(log);
}
END_TEST

START_TEST(a_topic_is_limited_and_says_so)
{
    static struct stats stats;
    struct log *log = start(false, LOG_LEVEL_INFO, &stats);
    for (int i = 0; i < 1000; i++)
        log_event(log, LOG_LEVEL_WARN, "flood", "x", "i=%d", i);
    int came = lines(written());
    ck_assert_msg(came >= LOG_BURST && came < 100, "%d lines",
                  came); /* the burst, and a few seconds' worth */
    ck_assert_uint_eq(counted(&stats.log_suppressed), 1000 - (uint64_t)came);
    log_event(log, LOG_LEVEL_WARN, "other", "y", "i=%d", 1); /* its own bucket */
    log_event(log, LOG_LEVEL_WARN, NULL, "z", "i=%d", 1);    /* no limit */
    ck_assert_int_eq(lines(written()), 2);
    while (log_event(log, LOG_LEVEL_WARN, "flood", "again", "i=%d", 1), lines(written()) == 0)
        usleep(20000);
    ck_assert_ptr_nonnull(strstr(out, "event=again i=1 suppressed="));
    log_free(log);
}
END_TEST

START_TEST(a_line_is_clipped_never_split)
{
    struct log *log = start(false, LOG_LEVEL_INFO, NULL);
    static char big[2 * LOG_LINE_MAX];
    memset(big, 'a', sizeof big - 1);
    log_event(log, LOG_LEVEL_INFO, NULL, "x", "big=%s", big);
    const char *text = written();
    ck_assert_int_eq(lines(text), 1);
    ck_assert_uint_eq(strlen(text), LOG_LINE_MAX);
    log_free(log);
}
END_TEST

static const struct quote_row {
    const char *label, *text;
    size_t n;
    const char *want;
} quote_rows[] = {
    {"plain", "abc", 3, "\"abc\""},
    {"quote and backslash", "a\"b\\", 4, "\"a\\\"b\\\\\""},
    {"line break", "a\nb", 3, "\"a\\x0ab\""},
    {"terminal escape", "\x1b[2J", 4, "\"\\x1b[2J\""},
    {"NUL", "a\0b", 3, "\"a\\x00b\""},
    {"not ASCII", "\xc3\xa9", 2, "\"\\xc3\\xa9\""},
    {"empty", "", 0, "\"\""},
};

START_TEST(quoting)
{
    char room[LOG_QUOTE_MAX];
    const struct quote_row *r = &quote_rows[_i];
    ck_assert_msg(strcmp(log_quote(room, r->text, r->n), r->want) == 0, "%s: %s", r->label, room);
}
END_TEST

START_TEST(long_texts_are_clipped_visibly)
{
    static char text[4 * LOG_QUOTE_MAX];
    char room[LOG_QUOTE_MAX];
    memset(text, '\n', sizeof text); /* the widest escape */
    for (size_t n = 0; n < sizeof text; n++) {
        size_t length = strlen(log_quote(room, text, n));
        ck_assert_uint_lt(length, LOG_QUOTE_MAX);
        bool clipped = length != 4 * n + 2;
        ck_assert(clipped == (strstr(room, "...\"") != NULL));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/log");
    TCase *t = tcase_create("log");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_line_has_time_level_event_and_pairs);
    tcase_add_loop_test(t, journald_gets_priorities_and_no_time, 0, ROWS(priority_rows));
    tcase_add_test(t, journald_is_known_by_its_stream);
    tcase_add_test(t, below_the_level_is_silent);
    tcase_add_test(t, a_topic_is_limited_and_says_so);
    tcase_add_test(t, a_line_is_clipped_never_split);
    tcase_add_loop_test(t, quoting, 0, ROWS(quote_rows));
    tcase_add_test(t, long_texts_are_clipped_visibly);
    suite_add_tcase(s, t);
    return s;
}
