/* cli/sender.c -- line by line: read, judge, wait for its time, rewrite its time, send.
 *
 * Times that are told apart here: a line's own time; `recorded`, the same moved on by the rounds
 * before; and, for --now and --speed, the wall's and the monotonic clock's when the first went. */
#include "cli/sender.h"

#include "base/clock.h"
#include "cli/input.h"
#include "cli/pace.h"
#include "cli/people.h"
#include "cli/stamp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FAULTS_SHOWN = 10,
    TOGETHER_NS = NS_PER_MS /* lines due within it are not waited for one by one */
};

struct fault {
    uint64_t line;
    uint32_t column; /* both from 1 */
    const char *text;
};

struct sender {
    const struct send_options *options;
    struct input input;
    struct outlet outlet;
    struct buf line; /* rewritten */
    uint64_t round;  /* from 0 */
    uint64_t sent, refused;
    struct fault faults[FAULTS_SHOWN];
    int64_t round_ns;     /* how far this round's times are behind the file's */
    int64_t first_ns;     /* recorded time of the first line that has one */
    struct instant start; /* when that was sent */
    bool started;
    struct pace_period period; /* of the first round */
    struct batch scratch;
};

/* Counts a line that is not sent, once whatever the rounds. */
static void refuse(struct sender *s, uint32_t offset, const char *text)
{
    if (s->round > 0)
        return;
    if (s->refused < FAULTS_SHOWN)
        s->faults[s->refused] = (struct fault){s->input.number, offset + 1, text};
    s->refused++;
}

/* Sends what waits, then sleeps until it is due. False if the peer is gone. */
static bool wait_until(struct sender *s, int64_t due_ns)
{
    if (due_ns - clock_now().mono_ns < TOGETHER_NS)
        return true;
    if (!outlet_flush(&s->outlet))
        return false;
    struct timespec due = {.tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue;
    return true;
}

/* The time that goes into a line, if times are shifted; *due_ns is when it goes. */
static int64_t schedule(struct sender *s, int64_t t_ns, int64_t *due_ns)
{
    int64_t recorded = pace_due(t_ns, s->round_ns, 1);
    double speed = s->options->speed > 0 ? s->options->speed : 1;
    if (!s->started) {
        s->started = true;
        s->first_ns = recorded;
        s->start = clock_now();
    }
    int64_t span = pace_span(s->first_ns, recorded);
    *due_ns = pace_due(s->start.mono_ns, span, speed);
    return pace_due(s->start.wall_ns, span, speed);
}

static bool send_line(struct sender *s, const char *line, size_t n)
{
    if (!outlet_fits(&s->outlet, n)) {
        refuse(s, (uint32_t)s->outlet.max, "the line does not fit a datagram of 1400 bytes");
        return true;
    }
    s->sent++;
    return outlet_add(&s->outlet, line, n);
}

/* A good line that has a time: when it is due, with the time that it is to have. */
static bool send_timed(struct sender *s, const char *line, size_t n, const struct stamp *stamp)
{
    int64_t due_ns, t_ns = schedule(s, stamp->t_ns, &due_ns);
    if (s->round == 0)
        pace_see(&s->period, stamp->t_ns);
    if (s->options->speed > 0 && !wait_until(s, due_ns))
        return false;
    if (!s->options->now)
        return send_line(s, line, n + 1);
    buf_clear(&s->line);
    stamp_write(&s->line, line, n, stamp->form, s->options->precision_ns, t_ns);
    buf_char(&s->line, '\n');
    if (s->line.failed) {
        s->outlet.why = "no memory";
        return false;
    }
    return send_line(s, s->line.at, s->line.n);
}

/* False, with the outlet's why, if it cannot be sent. */
static bool take_line(struct sender *s, const char *line, size_t n)
{
    struct stamp stamp;
    stamp_read(line, n, s->options->precision_ns, &s->scratch, &stamp);
    if (stamp.ignored)
        return true;
    if (stamp.fault != CAUSE_COUNT) {
        refuse(s, stamp.offset, cause_text(stamp.fault));
        return true;
    }
    return stamp.has_time ? send_timed(s, line, n, &stamp) : send_line(s, line, n + 1);
}

enum result { DONE, UNREADABLE, UNSENDABLE };

static enum result send_round(struct sender *s)
{
    for (;;) {
        char *line;
        size_t n;
        if (!input_is_ready(&s->input) && !outlet_flush(&s->outlet))
            return UNSENDABLE; /* what is read next may be long in coming */
        switch (input_next(&s->input, &line, &n)) {
        case INPUT_END: return DONE;
        case INPUT_FAILED: return UNREADABLE;
        case INPUT_TOO_LONG: refuse(s, INPUT_LINE_MAX, cause_text(CAUSE_LINE_LENGTH)); break;
        case INPUT_LINE:
            if (!take_line(s, line, n))
                return UNSENDABLE;
        }
    }
}

static enum result send_rounds(struct sender *s)
{
    enum result result = send_round(s);
    while (result == DONE && ++s->round < s->options->repeat) {
        s->round_ns = pace_due(s->round_ns, pace_period(&s->period), 1);
        result = input_rewind(&s->input) ? send_round(s) : UNREADABLE;
    }
    if (result == DONE && !outlet_finish(&s->outlet))
        result = UNSENDABLE;
    return result;
}

static void summarise(const struct sender *s, int64_t took_ns)
{
    char seconds[PEOPLE_TEXT_MAX];
    if (s->options->quiet)
        return;
    people_number(seconds, (double)took_ns / 1e9);
    fprintf(stderr, "sent %" PRIu64 " line%s in %s s\n", s->sent, s->sent == 1 ? "" : "s", seconds);
}

static enum cli_exit report_faults(const struct sender *s)
{
    if (s->refused == 0)
        return CLI_OK;
    for (uint64_t i = 0; i < s->refused && i < FAULTS_SHOWN; i++)
        fprintf(stderr, "%s:%" PRIu64 ":%" PRIu32 ": %s\n", s->options->file, s->faults[i].line,
                s->faults[i].column, s->faults[i].text);
    if (s->refused > FAULTS_SHOWN)
        fprintf(stderr, "... and %" PRIu64 " more\n", s->refused - FAULTS_SHOWN);
    return cli_error(CLI_USAGE, "%s: %" PRIu64 " line%s could not be read and %s not sent",
                     s->options->file, s->refused, s->refused == 1 ? "" : "s",
                     s->refused == 1 ? "was" : "were");
}

static enum cli_exit conclude(struct sender *s)
{
    struct instant began = clock_now();
    enum result result = send_rounds(s);
    int why = errno;
    if (result == UNSENDABLE)
        return cli_error(CLI_FAILED, "%s: %s, after %" PRIu64 " lines", s->options->to_text,
                         s->outlet.why, s->sent);
    summarise(s, clock_now().mono_ns - began.mono_ns);
    enum cli_exit done = report_faults(s);
    if (result == UNREADABLE)
        return cli_error(why == EISDIR || why == ESPIPE ? CLI_USAGE : CLI_FAILED, "%s: %s",
                         s->options->file, strerror(why));
    return done;
}

enum cli_exit sender_run(const struct send_options *options, int fd)
{
    struct sender *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cli_error(CLI_FAILED, "no memory");
    s->options = options;
    enum cli_exit done;
    if (!outlet_open(&s->outlet, &options->to, options->guard))
        done = cli_error(CLI_FAILED, "%s: %s", options->to_text, s->outlet.why);
    else if (!input_init(&s->input, fd))
        done = cli_error(CLI_FAILED, "no memory");
    else
        done = conclude(s);
    input_fini(&s->input);
    outlet_close(&s->outlet);
    buf_fini(&s->line);
    free(s);
    return done;
}
