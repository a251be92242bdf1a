/* cli/rates_rows.c -- an answer of /api/v1/rates as rows of a grid.
 *
 *     SERIES                  VALUE    RATE  UNIT    EDGE  ACCEL  STATE  AGE
 *     temperature{site="a"}  21.437  0.0125  1/s   0.0131      0  ok     0.5s
 *
 * A series is shown as a selector that finds it: {__name__="plant-03.t"} where the name is no
 * identifier, labels sorted as they came. What is not known is a dash. */
#include "cli/rates.h"

#include "cli/fetch.h"
#include "cli/show.h"
#include "cli/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_N = 8, SERIES_SHRINK = 20 };

static const struct grid_column columns[COLUMNS_N] = {
    {.head = "SERIES", .align = GRID_LEFT, .shrink = SERIES_SHRINK},
    {.head = "VALUE", .align = GRID_POINT, .leaves = 6},
    {.head = "RATE", .align = GRID_POINT},
    {.head = "UNIT", .align = GRID_LEFT, .leaves = 3},
    {.head = "EDGE", .align = GRID_POINT, .leaves = 2},
    {.head = "ACCEL", .align = GRID_POINT, .leaves = 1},
    {.head = "STATE", .align = GRID_LEFT, .leaves = 5},
    {.head = "AGE", .align = GRID_LEFT, .leaves = 4},
};

bool rates_url(const struct rates_options *options, struct buf *url)
{
    show_url(url, options->url, "/api/v1/rates");
    for (int i = 0; i < options->selectors_n; i++)
        fetch_add_param(url, "match[]", options->selectors[i]);
    if (options->state != NULL)
        fetch_add_param(url, "state", options->state);
    if (options->sort != NULL)
        fetch_add_param(url, "sort", options->sort);
    if (options->limit != NULL)
        fetch_add_param(url, "limit", options->limit);
    buf_char(url, '\0');
    return !url->failed;
}

void rates_grid_init(struct grid *g)
{
    grid_begin(g, columns, COLUMNS_N);
}

static bool is_identifier(const char *name, size_t n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    return strspn(name, letters) > 0 &&
           strspn(name, rest) == n; /* a NUL inside ends it too early */
}

/* Appends the series as a selector; terminated. */
static void write_series(struct buf *out, json_t *metric)
{
    const json_t *metric_name = json_object_get(metric, "__name__");
    const char *text = json_string_value(metric_name);
    bool bare = text != NULL && is_identifier(text, json_string_length(metric_name));
    if (bare)
        buf_text(out, text);
    const char *name;
    json_t *value;
    char separator = '{';
    json_object_foreach(metric, name, value)
    {
        if (!json_is_string(value) || (bare && strcmp(name, "__name__") == 0))
            continue;
        buf_char(out, separator);
        show_label(out, name, value);
        separator = ',';
    }
    buf_text(out, separator == ',' ? "}" : bare ? "" : "{}");
    buf_char(out, '\0');
}

static void series_cell(struct grid *g, json_t *metric)
{
    struct buf text = {0};
    write_series(&text, metric);
    grid_cell(g, text.failed ? "?" : text.at);
    buf_fini(&text);
}

static void age_cell(struct grid *g, const json_t *age)
{
    show_span(g, json_is_number(age) ? json_number_value(age) : NAN);
}

static const json_t *newest_value(const json_t *series)
{
    const json_t *window = json_object_get(series, "window");
    size_t n = json_array_size(window);
    return n > 0 ? json_object_get(json_array_get(window, n - 1), "value") : NULL;
}

static const json_t *derivative(const json_t *series, const char *name)
{
    return json_object_get(json_object_get(series, name), "value");
}

static void add_row(struct grid *g, const json_t *series)
{
    series_cell(g, json_object_get(series, "metric"));
    show_number(g, newest_value(series));
    show_number(g, derivative(series, "rate"));
    show_word(g, json_object_get(series, "unit"));
    show_number(g, derivative(series, "edge"));
    show_number(g, json_object_get(series, "accel"));
    show_word(g, json_object_get(series, "state"));
    age_cell(g, json_object_get(series, "age"));
}

struct ranked {
    double speed; /* |rate|; -1 where it is not known */
    size_t index; /* in the answer: equally fast ones keep its order */
};

static int fastest_first(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->speed != b->speed)
        return a->speed > b->speed ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* The data's indexes, the fastest first: owned by the caller, NULL if there is no memory. */
static struct ranked *rank_by_rate(const json_t *data, size_t n)
{
    struct ranked *ranked = calloc(n + 1, sizeof *ranked);
    if (ranked == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const json_t *rate = derivative(json_array_get(data, i), "rate");
        ranked[i].speed = json_is_number(rate) ? fabs(json_number_value(rate)) : -1;
        ranked[i].index = i;
    }
    qsort(ranked, n, sizeof *ranked, fastest_first);
    return ranked;
}

size_t rates_fill(struct grid *g, const json_t *data, bool by_rate, size_t limit)
{
    size_t n = json_array_size(data);
    struct ranked *ranked = by_rate ? rank_by_rate(data, n) : NULL;
    grid_clear(g);
    for (size_t i = 0; i < n && i < limit; i++)
        add_row(g, json_array_get(data, ranked != NULL ? ranked[i].index : i));
    free(ranked);
    return n;
}
