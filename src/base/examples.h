/* base/examples.h -- the newest few of what was refused, by cause, for whoever asks why: where it came in, from
 * whom, and a clipped copy of it.
 *
 *     [cause] ──► newest │ one before │ ... EXAMPLES_EACH of them, a ring
 *
 * Threads: any. Nobody who ingests ever waits: what comes while another is written down, or read, is left out.
 * Zeroed: there are none. */
#ifndef BASE_EXAMPLES_H
#define BASE_EXAMPLES_H

#include "base/cause.h"
#include "base/log.h"
#include "base/prefix.h"

#include <stdatomic.h>

enum {
    EXAMPLES_EACH = 4, /* kept of a cause */
    EXAMPLE_LISTENER_MAX = 96,
    EXAMPLE_KINDS = CAUSE_COUNT + REFUSAL_COUNT,
};

struct example {
    int64_t wall_ns;                     /* when it was refused */
    char listener[EXAMPLE_LISTENER_MAX]; /* "": it was refused behind the listeners, by the table */
    char sender[IP_TEXT_MAX];            /* its address; "": not known */
    char text[LOG_QUOTE_MAX];            /* as log_quote writes it: in quotes, escaped, clipped */
    uint32_t offset;                     /* bytes into the line, where it went wrong; 0: nowhere */
};

struct examples {
    atomic_bool busy; /* somebody is at what follows */
    struct {
        uint32_t n, next;
        struct example at[EXAMPLES_EACH];
    } of[EXAMPLE_KINDS];
};

/* Which ring: lines and samples by cause, then senders by refusal. */
static inline unsigned example_kind(enum cause cause)
{
    return (unsigned)cause;
}
static inline unsigned example_kind_at_door(enum refusal refusal)
{
    return (unsigned)CAUSE_COUNT + (unsigned)refusal;
}

/* Copies it; the oldest of its kind makes room. */
void examples_note(struct examples *e, unsigned kind, const struct example *x);

/* Copies those of a kind, newest first; returns how many. */
uint32_t examples_read(struct examples *e, unsigned kind, struct example out[static EXAMPLES_EACH]);

#endif
