/* series/relabel.h -- Prometheus' relabelling: a list of rules that change the labels of a line, or drop it.
 *
 *     {__name__="temperature_per_second", site="plant-03"}
 *         source_labels [site], regex plant-(.+), target_label plant, replacement $1     plant="03"
 *         action labeldrop, regex site                                                   site goes
 *
 * Expressions are PCRE2 as in selectors (series/selector.h), anchored at both ends, with its limits; one that
 * runs into a limit does not match. $1 and ${name} as Go's regexp expands them. Lowercase and uppercase know
 * ASCII letters only. A list may be used by one thread at a time. */
#ifndef SERIES_RELABEL_H
#define SERIES_RELABEL_H

#include "base/labelset.h"

#include <stdbool.h>

enum {
    RELABEL_RULES_MAX = 256,
    RELABEL_SOURCES_MAX = 32,
    RELABEL_LABELS_MAX = 2 * LABELS_MAX, /* of a line on its way */
    RELABEL_BYTES_MAX = 64 * 1024,       /* that rules make of one line */
    RELABEL_TEXT_MAX = 4096,             /* of a name or value that a rule makes */
    RELABEL_WHY_MAX = 320,
};

enum relabel_action {
    RELABEL_REPLACE,
    RELABEL_KEEP,
    RELABEL_DROP,
    RELABEL_KEEPEQUAL,
    RELABEL_DROPEQUAL,
    RELABEL_HASHMOD,
    RELABEL_LABELMAP,
    RELABEL_LABELDROP,
    RELABEL_LABELKEEP,
    RELABEL_LOWERCASE,
    RELABEL_UPPERCASE,
    RELABEL_ACTIONS
};

/* "replace"; false if there is no such action. */
bool relabel_action_find(const char *word, enum relabel_action *out);

/* A rule as it is written; NULL, and 0 of modulus, for what is not said. */
struct relabel_text {
    enum relabel_action action;
    const char *sources[RELABEL_SOURCES_MAX];
    uint32_t sources_n;
    const char *separator, *regex, *target, *replacement;
    uint64_t modulus;
};

struct relabel; /* a list of rules */

MUST_CHECK enum nabla_status relabel_new(struct relabel **out);
void relabel_free(struct relabel *r); /* NULL is fine */

/* Appends a rule. Errors: NABLA_EINVAL, why then says what does not go together; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status relabel_add(struct relabel *r, const struct relabel_text *text,
                                         char why[static RELABEL_WHY_MAX]);
uint32_t relabel_count(const struct relabel *r); /* NULL: 0 */

/* True if no rule can give a line another name, though it may drop it or take its name away; and if the rules only
 * choose lines, whose labels stay as they are. */
bool relabel_keeps_names(const struct relabel *r);
bool relabel_only_chooses(const struct relabel *r);

/* What became of a line. */
enum relabel_fate {
    RELABEL_KEPT,
    RELABEL_DROPPED,   /* as the rules want it */
    RELABEL_INVALID,   /* its name is gone or not valid, or a label's name is not valid */
    RELABEL_TOO_LARGE, /* for the limits above, or for the room */
};

/* Applies all rules to a line's labels; *out, bytes of room, gets what they become if it is kept. */
enum relabel_fate relabel_apply(struct relabel *r, const struct labelset *labels,
                                struct labelset *out, size_t bytes);

#endif
