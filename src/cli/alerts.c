/* cli/alerts.c -- nabla alerts: what alarms at this moment.
 *
 *     STATE   ALERT           LABELS                                VALUE  SINCE  SUMMARY
 *     firing  FreezerWarming  {room="freezer1",severity="page"}  0.523301  4m10s  freezer1 warms ...
 *
 * Those that fire stand first, the oldest of them on top. */
#include "cli/show.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/time_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Usage: nabla alerts [OPTION]...\n"
                           "\n"
                           "Shows the alerts of a nablad that are pending or firing.\n"
                           "\n"
                           "  -u, --url URL          where nablad answers ($NABLA_URL, or "
                           "http://127.0.0.1:9207)\n"
                           "      --state STATE      only alerts that are pending or firing\n"
                           "  -j, --json             what nablad's API says\n" IDENTITY_HELP
                           "  -h, --help             this text\n";

enum { COLUMNS_N = 6, OPTION_STATE = 256, LABELS_SHRINK = 20, SUMMARY_SHRINK = 20 };

static const struct grid_column columns[COLUMNS_N] = {
    {.head = "STATE", .align = GRID_LEFT},
    {.head = "ALERT", .align = GRID_LEFT},
    {.head = "LABELS", .align = GRID_LEFT, .shrink = LABELS_SHRINK},
    {.head = "VALUE", .align = GRID_POINT, .leaves = 3},
    {.head = "SINCE", .align = GRID_LEFT, .leaves = 2},
    {.head = "SUMMARY", .align = GRID_LEFT, .leaves = 1, .shrink = SUMMARY_SHRINK},
};

static void begin(struct grid *g)
{
    grid_begin(g, columns, COLUMNS_N);
}

/* All but the alert's name, which has a column. */
static void labels_cell(struct grid *g, json_t *labels)
{
    struct buf text = {0};
    const char *name;
    json_t *value;
    char separator = '{';
    json_object_foreach(labels, name, value)
    {
        if (!json_is_string(value) || strcmp(name, "alertname") == 0)
            continue;
        buf_char(&text, separator);
        show_label(&text, name, value);
        separator = ',';
    }
    buf_text(&text, separator == ',' ? "}" : "-");
    buf_char(&text, '\0');
    grid_cell(g, text.failed ? "?" : text.at);
    buf_fini(&text);
}

/* The value comes as text, which may be NaN. */
static void value_cell(struct grid *g, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);
    double v;
    json_t *number = NULL;
    if (text != NULL && n > 0 && number_read(text, n, &v) == n)
        number = json_real(v);
    show_number(g, number);
    json_decref(number);
}

static double seconds_since(const json_t *time)
{
    int64_t t_ns;
    const char *text = json_string_value(time);
    if (text == NULL || time_read(text, json_string_length(time), &t_ns) != NABLA_OK)
        return NAN;
    return (double)(clock_now().wall_ns - t_ns) / NS_PER_S;
}

static bool fires(const json_t *alert)
{
    const char *state = json_string_value(json_object_get(alert, "state"));
    return state != NULL && strcmp(state, "firing") == 0;
}

static void add_row(struct grid *g, const json_t *alert)
{
    json_t *labels = json_object_get(alert, "labels");
    show_word(g, json_object_get(alert, "state"));
    show_word(g, json_object_get(labels, "alertname"));
    labels_cell(g, labels);
    value_cell(g, json_object_get(alert, "value"));
    show_span(g, seconds_since(json_object_get(alert, "activeAt")));
    show_word(g, json_object_get(json_object_get(alert, "annotations"), "summary"));
}

static bool is_wanted(const json_t *alert, const char *state)
{
    const char *own = json_string_value(json_object_get(alert, "state"));
    return state == NULL || (own != NULL && strcmp(own, state) == 0);
}

/* ctx: the state that is asked for; NULL: all. nablad lists the oldest first. */
static void fill(struct grid *g, const json_t *data, const void *ctx)
{
    const json_t *alerts = json_object_get(data, "alerts");
    for (int firing = 1; firing >= 0; firing--)
        for (size_t i = 0; i < json_array_size(alerts); i++) {
            const json_t *alert = json_array_get(alerts, i);
            if (fires(alert) == firing && is_wanted(alert, ctx))
                add_row(g, alert);
        }
}

static bool is_state(const char *text)
{
    if (strcmp(text, "pending") == 0 || strcmp(text, "firing") == 0)
        return true;
    cli_error(CLI_USAGE, "--state %s: neither pending nor firing", text);
    return false;
}

enum cli_exit alerts_command(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"url", required_argument, NULL, 'u'}, {"state", required_argument, NULL, OPTION_STATE},
        {"json", no_argument, NULL, 'j'},      IDENTITY_OPTIONS,
        {"help", no_argument, NULL, 'h'},      {0}};
    struct identity identity = identity_of_environment();
    struct show show = {
        .identity = &identity, .server = identity_url(), .begin = begin, .fill = fill};
    for (int got; (got = cli_option(argc, argv, ":u:jh", long_options)) != -1;)
        switch (got) {
        case 'h': return cli_help(help);
        case 'u': show.server = optarg; break;
        case 'j': show.json = true; break;
        case OPTION_STATE:
            if (!is_state(optarg))
                return CLI_USAGE;
            show.ctx = optarg;
            break;
        default:
            if (!identity_take(&identity, got, optarg))
                return CLI_USAGE;
        }
    if (optind < argc)
        return cli_error(CLI_USAGE, "nabla alerts takes no argument: %s", argv[optind]);
    if (show.json && show.ctx != NULL)
        return cli_error(CLI_USAGE, "--state and --json exclude each other");
    if (identity_check(&identity) != CLI_OK)
        return CLI_USAGE;
    struct buf url = {0};
    show_url(&url, show.server, "/api/v1/alerts");
    buf_char(&url, '\0');
    enum cli_exit done = url.failed ? cli_error(CLI_FAILED, "no memory") : show_once(&show, url.at);
    buf_fini(&url);
    return done;
}
