/* cli/show.h -- one question to nablad, its answer printed: as a table, or as the JSON that came. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/cli.h"
#include "cli/grid.h"
#include "cli/identity.h"

#include <jansson.h>

struct show {
    const struct identity *identity; /* who asks; NULL: nobody in particular */
    const char *server;              /* as the caller named it, for messages */
    bool json;                       /* what nablad's interface says, in full precision */
    void (*begin)(struct grid *g);
    void (*fill)(struct grid *g, const json_t *data, const void *ctx);
    const void *ctx; /* fill's */
};

/* Asks url and prints what came: for a terminal a table in its width, its heads in bold. Returns how the
 * command ends; what went wrong has been said. */
enum cli_exit show_once(const struct show *s, const char *url);

/* Appends server, without slashes at its end, and path: a URL, not terminated yet. */
void show_url(struct buf *url, const char *server, const char *path);

/* Cells of an answer: what is not known is a dash. */
void show_number(struct grid *g, const json_t *number);
void show_word(struct grid *g, const json_t *word);
void show_span(struct grid *g, double seconds); /* NaN: not known */

/* Appends name="value", harmless on a terminal. */
void show_label(struct buf *out, const char *name, const json_t *value);

#endif
