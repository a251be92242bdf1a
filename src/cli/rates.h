/* cli/rates.h -- the two ways to show rates: once (cli/rates.c) and live (cli/watch.c). */
#ifndef CLI_RATES_H
#define CLI_RATES_H

#include "cli/cli.h"
#include "cli/grid.h"
#include "cli/identity.h"

#include <jansson.h>

struct rates_options {
    struct identity identity;     /* who asks */
    const char *url;              /* of nablad */
    const char *const *selectors; /* borrowed from argv */
    int selectors_n;
    const char *sort, *limit, *state; /* as nablad takes them; NULL: its defaults */
    bool json;
    bool watch;
    int64_t interval_ns; /* between two looks */
};

/* Appends the URL to ask; terminated. Returns false if there is no memory. */
bool rates_url(const struct rates_options *options, struct buf *url);

/* A table of series, one a row. */
void rates_grid_init(struct grid *g);

/* Fills the grid with rows of an answer's data, `limit` at most, in its order or, by_rate, the
 * fastest first. Returns how many series the answer has; what is no series as nablad writes it is
 * shown as far as it can be read. */
size_t rates_fill(struct grid *g, const json_t *data, bool by_rate, size_t limit);

enum cli_exit rates_watch(const struct rates_options *options);

#endif
