/* cli/rates.c -- nabla rates: asks nablad, prints a table.
 * Elsewhere: the live table (cli/watch.c), the rows (cli/rates_rows.c), columns (cli/grid.c). */
#include "cli/rates.h"

#include "base/clock.h"
#include "base/number.h"
#include "cli/answer.h"
#include "cli/fetch.h"
#include "cli/screen.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: nabla rates [SELECTOR]... [OPTION]...\n"
    "\n"
    "Shows how fast each series changes that a nablad has and a selector matches, such as\n"
    "'temperature{site=\"plant-03\",sensor=~\"s1.*\"}'. Without a selector: all.\n"
    "\n"
    "  -w, --watch[=SECONDS]  a live table, every second or so many; q leaves it\n"
    "  -u, --url URL          where nablad answers (http://127.0.0.1:9207)\n"
    "  -s, --sort KEY         rate, edge, accel, value, age or name; -rate: largest first\n"
    "  -n, --limit N          at most so many series\n"
    "      --state STATE      only series that are ok, warming or stale\n"
    "  -j, --json             what nablad's API says, in full precision, one series a line\n"
    "  -h, --help             this text\n";

enum { OPTION_STATE = 256 };

static const struct option long_options[] = {{"watch", optional_argument, NULL, 'w'},
                                             {"url", required_argument, NULL, 'u'},
                                             {"sort", required_argument, NULL, 's'},
                                             {"limit", required_argument, NULL, 'n'},
                                             {"state", required_argument, NULL, OPTION_STATE},
                                             {"json", no_argument, NULL, 'j'},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};

static bool read_interval(const char *text, int64_t *out_ns)
{
    double s;
    size_t n = strlen(text);
    if (n == 0 || number_read(text, n, &s) != n || !(s >= 0.1 && s <= 3600)) {
        cli_error(CLI_USAGE, "--watch=%s: not a number of seconds from 0.1 to 3600", text);
        return false;
    }
    *out_ns = (int64_t)(s * NS_PER_S);
    return true;
}

static bool read_limit(const char *text)
{
    uint64_t limit;
    size_t n = strlen(text);
    if (n > 0 && number_read_u64(text, n, &limit) == n && limit > 0)
        return true;
    cli_error(CLI_USAGE, "--limit %s: not a whole number above 0", text);
    return false;
}

/* Takes one option. Returns false after saying what is wrong with it. */
static bool take_option(struct rates_options *options, int letter)
{
    switch (letter) {
    case 'w': options->watch = true; return !optarg || read_interval(optarg, &options->interval_ns);
    case 'u': options->url = optarg; return true;
    case 's': options->sort = optarg; return true;
    case 'n': options->limit = optarg; return read_limit(optarg);
    case OPTION_STATE: options->state = optarg; return true;
    case 'j': options->json = true; return true;
    default: return false;
    }
}

/* Appends the data as a table: for a terminal in its width, its heads in bold. */
static void write_table(struct buf *out, json_t *data, uint32_t width, bool colours)
{
    struct grid grid;
    struct grid_layout layout;
    rates_grid_init(&grid);
    rates_fill(&grid, data, false, SIZE_MAX);
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

static enum cli_exit print(const struct rates_options *options, json_t *data)
{
    struct buf out = {0};
    struct screen_size size = {.columns = GRID_ANY_WIDTH};
    bool terminal = isatty(STDOUT_FILENO) && screen_size(STDOUT_FILENO, &size);
    if (options->json)
        answer_print(&out, data);
    else
        write_table(&out, data, size.columns, terminal && screen_colours());
    enum cli_exit done = out.failed ? cli_error(CLI_FAILED, "no memory") : CLI_OK;
    if (done == CLI_OK)
        fwrite(out.at, 1, out.n, stdout);
    buf_fini(&out);
    return done != CLI_OK ? done : cli_flush();
}

/* Prints what came, or why nothing did. */
static enum cli_exit judge(const struct rates_options *options, const struct fetch *f)
{
    if (fetch_outcome(f) != FETCH_ANSWERED)
        return cli_error(fetch_outcome(f) == FETCH_BAD_URL ? CLI_USAGE : CLI_FAILED, "%s: %s",
                         options->url, fetch_error(f));
    struct buf why = {0};
    json_t *data = answer_read(fetch_status(f), fetch_body(f)->at, fetch_body(f)->n, &why);
    enum cli_exit done;
    if (data != NULL)
        done = print(options, data);
    else
        done = cli_error(fetch_status(f) == 400 ? CLI_USAGE : CLI_FAILED, "%s: %.*s", options->url,
                         (int)why.n, why.at);
    json_decref(data);
    buf_fini(&why);
    return done;
}

static enum cli_exit show_once(const struct rates_options *options)
{
    struct buf url = {0};
    struct fetch *f = fetch_new();
    enum cli_exit done;
    if (f == NULL || !rates_url(options, &url)) {
        done = cli_error(CLI_FAILED, "no memory");
    } else {
        fetch_start(f, url.at);
        while (!fetch_wait(f, NULL, 0, 1000))
            continue;
        done = judge(options, f);
    }
    fetch_free(f);
    buf_fini(&url);
    return done;
}

enum cli_exit rates_command(int argc, char **argv)
{
    struct rates_options options = {.url = "http://127.0.0.1:9207", .interval_ns = NS_PER_S};
    for (int got; (got = cli_option(argc, argv, ":w::u:s:n:jh", long_options)) != -1;) {
        if (got == 'h')
            return cli_help(help);
        if (!take_option(&options, got))
            return CLI_USAGE;
    }
    options.selectors = (const char *const *)argv + optind;
    options.selectors_n = argc - optind;
    if (options.watch && options.json)
        return cli_error(CLI_USAGE, "--watch and --json exclude each other");
    return options.watch ? rates_watch(&options) : show_once(&options);
}
