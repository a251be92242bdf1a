/* cli/gradient_scheme.h -- how one axis is differentiated: as numpy does, or as numpy cannot. */
#ifndef CLI_GRADIENT_SCHEME_H
#define CLI_GRADIENT_SCHEME_H

#include <nabla/nabla.h>

#include <stdbool.h>

struct scheme {
    bool beyond;    /* by nabla_derivative; else by nabla_gradient */
    int edge_order; /* not beyond: 1 or 2 */
    /* beyond: what is asked for; its spacing and halos belong to a piece and are not set */
    struct nabla_derivative_options options;
};

static inline bool scheme_is_periodic(const struct scheme *s)
{
    return s->beyond && s->options.before == NABLA_PERIODIC;
}

/* How far from an element along its axis anything is read; a piece that is so much wider than what
 * is wanted of it has room for its ends, too. */
int64_t scheme_reach(const struct scheme *s);

/* Elements that the axis must have. uneven: its spacing is coordinates or steps. */
int64_t scheme_fewest(const struct scheme *s, bool uneven);

/* What stands at the ends of an axis, as --boundary has it. */
struct boundary {
    enum nabla_boundary before, after;
    int edge_order; /* of one-sided ends; 0: not said */
    double period;  /* 0: not said */
};

/* Reads one-sided[:1|2], reflect, periodic[:PERIOD], or two of them with a comma between. Returns
 * NULL, or what is wrong. */
const char *boundary_read(const char *text, struct boundary *out);

#endif
