/* cli/show.c -- asked once, printed once. Elsewhere: the request (cli/fetch.c), the envelope
 * (cli/answer.c), columns (cli/grid.c). */
#include "cli/show.h"

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/fetch.h"
#include "cli/people.h"
#include "cli/screen.h"
#include "cli/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void show_label(struct buf *out, const char *name, const json_t *value)
{
    text_escape(out, name, strlen(name), TEXT_PLAIN);
    buf_text(out, "=\"");
    text_escape(out, json_string_value(value), json_string_length(value), TEXT_QUOTED);
    buf_char(out, '"');
}

void show_number(struct grid *g, const json_t *number)
{
    char text[PEOPLE_TEXT_MAX] = "-";
    if (json_is_number(number))
        people_number(text, json_number_value(number));
    grid_cell(g, text);
}

void show_word(struct grid *g, const json_t *word)
{
    struct buf text = {0};
    if (json_is_string(word))
        text_escape(&text, json_string_value(word), json_string_length(word), TEXT_PLAIN);
    buf_char(&text, '\0');
    grid_cell(g, text.failed || text.n == 1 ? "-" : text.at);
    buf_fini(&text);
}

void show_span(struct grid *g, double seconds)
{
    char text[PEOPLE_TEXT_MAX] = "-";
    if (fabs(seconds) < 9e9) /* within 64-bit nanoseconds */
        people_age(text, (int64_t)(seconds * NS_PER_S));
    grid_cell(g, text);
}

void show_url(struct buf *url, const char *server, const char *path)
{
    size_t n = strlen(server);
    while (n > 0 && server[n - 1] == '/')
        n--;
    buf_add(url, server, n);
    buf_text(url, path);
}

/* Appends the data as a table: for a terminal in its width, its heads in bold. */
static void write_table(const struct show *s, struct buf *out, const json_t *data, uint32_t width,
                        bool colours)
{
    struct grid grid;
    struct grid_layout layout;
    s->begin(&grid);
    s->fill(&grid, data, s->ctx);
    uint32_t rows = grid_rows(&grid);
    grid_fit(&grid, rows, width, &layout);
    buf_text(out, colours ? SCREEN_BOLD : "");
    grid_head(&grid, &layout, out);
    buf_text(out, colours ? SCREEN_NORMAL "\n" : "\n");
    for (uint32_t row = 0; row < rows; row++) {
        grid_row(&grid, &layout, row, out);
        buf_char(out, '\n');
    }
    out->failed = out->failed || grid.text.failed || grid.starts.failed;
    grid_fini(&grid);
}

static enum cli_exit print(const struct show *s, json_t *data)
{
    struct buf out = {0};
    struct screen_size size = {.columns = GRID_ANY_WIDTH};
    bool terminal = isatty(STDOUT_FILENO) && screen_size(STDOUT_FILENO, &size);
    if (s->json)
        answer_print(&out, data);
    else
        write_table(s, &out, data, size.columns, terminal && screen_colours());
    enum cli_exit done = out.failed ? cli_error(CLI_FAILED, "no memory") : CLI_OK;
    if (done == CLI_OK)
        fwrite(out.at, 1, out.n, stdout);
    buf_fini(&out);
    return done != CLI_OK ? done : cli_flush();
}

/* Prints what came, or why nothing did. */
static enum cli_exit judge(const struct show *s, const struct fetch *f)
{
    if (fetch_outcome(f) != FETCH_ANSWERED)
        return cli_error(fetch_outcome(f) == FETCH_BAD_URL ? CLI_USAGE : CLI_FAILED, "%s: %s",
                         s->server, fetch_error(f));
    struct buf why = {0};
    json_t *data = answer_read(fetch_status(f), fetch_body(f)->at, fetch_body(f)->n, &why);
    enum cli_exit done;
    if (data != NULL)
        done = print(s, data);
    else
        done = cli_error(fetch_status(f) == 400 ? CLI_USAGE : CLI_FAILED, "%s: %.*s", s->server,
                         (int)why.n, why.at);
    json_decref(data);
    buf_fini(&why);
    return done;
}

enum cli_exit show_once(const struct show *s, const char *url)
{
    struct fetch *f = fetch_new(s->identity);
    if (f == NULL)
        return CLI_USAGE;
    fetch_start(f, url);
    while (!fetch_wait(f, NULL, 0, 1000))
        continue;
    enum cli_exit done = judge(s, f);
    fetch_free(f);
    return done;
}
