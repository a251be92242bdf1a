/* http/names.h -- the labels that a series answers to: its own, and those of what is told of it. */
#ifndef HTTP_NAMES_H
#define HTTP_NAMES_H

#include "base/exposed.h"
#include "http/params.h"

/* True if one of ask's selectors matches, or if it has none. */
bool ask_matches(const struct ask *ask, const struct labelset *labels);

/* Does ask want this line: by its own labels, or as all lines of the series, by the metric's name as it came
 * or in valid form? out gets the line's labels; false also if they do not fit. */
bool ask_wants_line(const struct ask *ask, const struct labelset *labels, unsigned view,
                    const struct label *extra, struct exposed *out);

/* Calls on_set with each set of labels of a reading that ask's selectors mean: its own as they came, unless
 * a label's name is not valid (Prometheus' clients refuse the whole answer then), and each that
 * /api/v1/query knows. scratch: the room they are made in. Errors: on_set's first one. */
MUST_CHECK enum nabla_status names_visit(
    const struct reading *r, const struct ask *ask, struct exposed *scratch,
    enum nabla_status (*on_set)(void *ctx, const struct labelset *set), void *ctx);

#endif
