/* cli/watch.c -- nabla rates --watch: one loop that waits for the answer, the clock, a key and a
 * signal at once.
 *
 *     nabla rates  http://127.0.0.1:9207  1203 series  14:03:27
 *     no answer since 14:03:20: Couldn't connect to server      only while it is so
 *     SERIES                  VALUE    RATE  UNIT  STATE  AGE
 *     temperature{site="a"}  21.437  0.0125  1/s   ok     0.5s
 *
 * The rows that were seen last stay until there are newer ones. */
#include "cli/rates.h"

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/fetch.h"
#include "cli/screen.h"
#include "cli/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_LINES = 3,
    ROWS_KEPT = 512 /* of an answer, at least: the screen may grow before the next one */
};

struct watch {
    struct rates_options options;
    struct screen screen;
    struct screen_size size;
    bool colours;
    struct fetch *fetch;
    bool fetching;
    int64_t next_ns;     /* monotonic: when to ask again */
    int64_t answered_ns; /* wall: when the last good answer came; 0: never */
    char limit[16];      /* options.limit, if it is ours; */
    uint32_t limit_n;    /* the same, else 0 */
    struct grid grid;
    size_t count;       /* series in the last answer */
    struct buf trouble; /* why there is no newer answer; empty: there is */
    bool refused;       /* the trouble is the caller's */
    struct buf frame;
};

static void clock_text(char out[static 16], int64_t wall_ns)
{
    time_t s = (time_t)(wall_ns / NS_PER_S);
    struct tm local;
    localtime_r(&s, &local);
    strftime(out, 16, "%H:%M:%S", &local);
}

/* Ends the line that began at `start` of the frame, cut to the screen's width. */
static void end_line(struct watch *w, size_t start)
{
    if (!w->frame.failed)
        text_clip(&w->frame, start, w->size.columns);
    buf_text(&w->frame, SCREEN_NORMAL "\x1b[K\r\n");
}

static void draw_title(struct watch *w)
{
    char now[16];
    size_t start = w->frame.n;
    clock_text(now, clock_now().wall_ns);
    buf_text(&w->frame, "nabla rates  ");
    text_escape(&w->frame, w->options.url, strlen(w->options.url), TEXT_PLAIN);
    bool cut = w->limit_n > 0 && w->count >= w->limit_n;
    if (w->answered_ns != 0)
        buf_printf(&w->frame, "  %s%zu series", cut ? "first " : "", w->count);
    buf_printf(&w->frame, "  %s", now);
    end_line(w, start);
}

static void draw_trouble(struct watch *w)
{
    char since[16];
    size_t start = w->frame.n;
    if (w->trouble.n > 0 && w->answered_ns != 0) {
        clock_text(since, w->answered_ns);
        buf_printf(&w->frame, "no answer since %s: ", since);
    }
    text_escape(&w->frame, w->trouble.at, w->trouble.n, TEXT_PLAIN);
    end_line(w, start);
}

static void draw_rows(struct watch *w)
{
    struct grid_layout layout;
    uint32_t rows = grid_rows(&w->grid);
    uint32_t room = w->size.rows > HEAD_LINES ? w->size.rows - HEAD_LINES : 0;
    rows = rows < room ? rows : room;
    grid_fit(&w->grid, rows, w->size.columns, &layout);
    buf_text(&w->frame, w->colours ? SCREEN_BOLD : "");
    size_t start = w->frame.n;
    grid_head(&w->grid, &layout, &w->frame);
    end_line(w, start);
    for (uint32_t row = 0; row < rows; row++) {
        start = w->frame.n;
        grid_row(&w->grid, &layout, row, &w->frame);
        end_line(w, start);
    }
}

/* Draws all; the last line gets no line feed, which would scroll. */
static bool draw(struct watch *w)
{
    buf_clear(&w->frame);
    buf_text(&w->frame, "\x1b[H");
    draw_title(w);
    if (w->size.rows > 1)
        draw_trouble(w);
    if (w->size.rows >= HEAD_LINES)
        draw_rows(w);
    if (w->frame.failed)
        return true; /* no memory for this frame: perhaps for the next */
    w->frame.n -= 2;
    buf_text(&w->frame, "\x1b[J");
    return screen_write(&w->frame);
}

static void say_trouble(struct watch *w, bool refused, const char *text, size_t n)
{
    buf_clear(&w->trouble);
    buf_add(&w->trouble, text, n);
    w->refused = refused;
}

/* As many rows as a screen can show are enough where nablad puts them in order. */
static void fit_limit(struct watch *w)
{
    bool given = w->options.limit != NULL && w->options.limit != w->limit;
    if (given || w->options.sort == NULL)
        return;
    w->limit_n = w->size.rows;
    snprintf(w->limit, sizeof w->limit, "%u", w->limit_n);
    w->options.limit = w->limit;
}

static void ask(struct watch *w, int64_t now_ns)
{
    struct buf url = {0};
    fit_limit(w);
    if (rates_url(&w->options, &url)) {
        fetch_start(w->fetch, url.at);
        w->fetching = true;
    }
    w->next_ns = now_ns + w->options.interval_ns;
    buf_fini(&url);
}

static void take_data(struct watch *w, json_t *data)
{
    buf_clear(&w->trouble);
    w->answered_ns = clock_now().wall_ns;
    size_t rows = w->size.rows > ROWS_KEPT ? w->size.rows : ROWS_KEPT;
    w->count = rates_fill(&w->grid, data, w->options.sort == NULL, rows);
    json_decref(data);
}

static void take_answer(struct watch *w)
{
    const struct fetch *f = w->fetch;
    struct buf why = {0};
    w->fetching = false;
    if (fetch_outcome(f) != FETCH_ANSWERED) {
        const char *error = fetch_error(f);
        say_trouble(w, fetch_outcome(f) == FETCH_BAD_URL, error, strlen(error));
        return;
    }
    json_t *data = answer_read(fetch_status(f), fetch_body(f)->at, fetch_body(f)->n, &why);
    if (data != NULL)
        take_data(w, data);
    else
        say_trouble(w, fetch_status(f) == 400, why.at, why.n);
    buf_fini(&why);
}

/* Waits until an answer is there, it is time to ask, or an event; true if the first. */
static bool wait_for_change(struct watch *w)
{
    struct pollfd also[2] = {{.fd = w->screen.signals, .events = POLLIN},
                             {.fd = w->screen.keys, .events = POLLIN}};
    unsigned n = w->screen.keys >= 0 ? 2 : 1;
    if (w->fetching)
        return fetch_wait(w->fetch, also, n, 1000);
    int64_t left_ns = w->next_ns - clock_now().mono_ns;
    poll(also, n, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);
    return false;
}

/* A mistake that the first answer shows will not go away by waiting. */
static bool is_hopeless(const struct watch *w)
{
    return w->trouble.n > 0 && w->refused && w->answered_ns == 0;
}

static void run(struct watch *w)
{
    static const char waiting[] = "waiting for an answer";
    enum screen_event event = SCREEN_NOTHING;
    say_trouble(w, false, waiting, sizeof waiting - 1);
    draw(w);
    while (event != SCREEN_LEAVE && !is_hopeless(w)) {
        int64_t now_ns = clock_now().mono_ns;
        if (!w->fetching && now_ns >= w->next_ns)
            ask(w, now_ns);
        bool answered = wait_for_change(w);
        if (answered)
            take_answer(w);
        event = screen_event(&w->screen);
        if (event == SCREEN_REDRAW)
            screen_size(STDOUT_FILENO, &w->size);
        if ((answered || event == SCREEN_REDRAW) && !draw(w))
            event = SCREEN_LEAVE;
    }
}

enum cli_exit rates_watch(const struct rates_options *options)
{
    struct watch w = {.options = *options, .colours = screen_colours()};
    if (!isatty(STDOUT_FILENO) || !screen_size(STDOUT_FILENO, &w.size))
        return cli_error(CLI_USAGE, "--watch needs a terminal");
    w.fetch = fetch_new(&options->identity);
    if (w.fetch == NULL)
        return CLI_USAGE;
    rates_grid_init(&w.grid);
    enum cli_exit done = CLI_OK;
    if (screen_open(&w.screen)) {
        run(&w);
        screen_close(&w.screen);
    } else {
        done = cli_error(CLI_FAILED, "terminal: %s", strerror(errno));
    }
    if (is_hopeless(&w))
        done = cli_error(CLI_USAGE, "%s: %.*s", options->url, (int)w.trouble.n, w.trouble.at);
    fetch_free(w.fetch);
    grid_fini(&w.grid);
    buf_fini(&w.trouble);
    buf_fini(&w.frame);
    return done;
}
