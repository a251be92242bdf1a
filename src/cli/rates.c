/* cli/rates.c -- nabla rates: its options, and what it asks nablad.
 * Elsewhere: the question and the printed table (cli/show.c), the live table (cli/watch.c), the rows (cli/rates_rows.c), columns (cli/grid.c). */
#include "cli/rates.h"

#include "base/clock.h"
#include "base/number.h"
#include "cli/show.h"

#include <string.h>

static const char help[] =
    "Usage: nabla rates [SELECTOR]... [OPTION]...\n"
    "\n"
    "Shows how fast each series changes that a nablad has and a selector matches, such as\n"
    "'temperature{site=\"plant-03\",sensor=~\"s1.*\"}'. Without a selector: all.\n"
    "\n"
    "  -w, --watch[=SECONDS]  a live table, every second or so many; q leaves it\n"
    "  -u, --url URL          where nablad answers ($NABLA_URL, or http://127.0.0.1:9207)\n"
    "  -s, --sort KEY         rate, edge, accel, value, age, name, magnitude, significance or\n"
    "                         eta; -rate: largest first\n"
    "  -n, --limit N          at most so many series\n"
    "      --state STATE      only series that are ok, warming or stale\n"
    "  -j, --json             what nablad's API says, in full precision, one series a "
    "line\n" IDENTITY_HELP "  -h, --help             this text\n";

enum { OPTION_STATE = 256 };

static const struct option long_options[] = {{"watch", optional_argument, NULL, 'w'},
                                             {"url", required_argument, NULL, 'u'},
                                             {"sort", required_argument, NULL, 's'},
                                             {"limit", required_argument, NULL, 'n'},
                                             {"state", required_argument, NULL, OPTION_STATE},
                                             {"json", no_argument, NULL, 'j'},
                                             IDENTITY_OPTIONS,
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
    default: return identity_take(&options->identity, letter, optarg);
    }
}

static void fill(struct grid *g, const json_t *data, const void *ctx)
{
    (void)ctx;
    rates_fill(g, data, false, SIZE_MAX);
}

static enum cli_exit once(const struct rates_options *options)
{
    struct buf url = {0};
    struct show show = {.identity = &options->identity,
                        .server = options->url,
                        .json = options->json,
                        .begin = rates_grid_init,
                        .fill = fill};
    enum cli_exit done =
        rates_url(options, &url) ? show_once(&show, url.at) : cli_error(CLI_FAILED, "no memory");
    buf_fini(&url);
    return done;
}

enum cli_exit rates_command(int argc, char **argv)
{
    struct rates_options options = {
        .identity = identity_of_environment(), .url = identity_url(), .interval_ns = NS_PER_S};
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
    if (identity_check(&options.identity) != CLI_OK)
        return CLI_USAGE;
    return options.watch ? rates_watch(&options) : once(&options);
}
