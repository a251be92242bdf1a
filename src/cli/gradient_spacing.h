/* cli/gradient_spacing.h -- what -s names: a step, or a file of coordinates, and the part of them that
 * belongs to a slab. */
#ifndef CLI_GRADIENT_SPACING_H
#define CLI_GRADIENT_SPACING_H

#include "cli/arrays.h"
#include "cli/gradient_tiles.h"

#include <nabla/nabla.h>

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: a step of 1. */
struct spacing {
    enum nabla_spacing_kind kind;
    double step;
    enum nabla_mode mode; /* 64-bit integers are differenced by it */
    struct mapped file;   /* of the coordinates; none if they are somebody else's memory */
    const char *at;       /* the first coordinate or step, in the file's bytes */
    enum nabla_dtype dtype;
    bool swapped;
    int64_t n;      /* elements of the axis */
    bool even;      /* numpy takes them for one step: all differences are the same */
    bool whole;     /* numpy's way of computing cannot use them in parts */
    double period;  /* of coordinates; 0: none */
    double closing; /* NABLA_STEPS: from the last element round to the first; 0: there is no way */
};

enum { SPACING_MESSAGE_MAX = 256 };

/* Reads a -s. False, with why in message, if it is neither a number nor a 1-d .npy file. */
bool spacing_open(struct spacing *s, const char *text, enum nabla_mode mode,
                  char message[static SPACING_MESSAGE_MAX]);
void spacing_close(struct spacing *s); /* accepts a zeroed one */

/* The coordinates, or with NABLA_STEPS the n - 1 steps, of n elements in memory, which is borrowed. */
struct spacing spacing_of(enum nabla_spacing_kind kind, const double *at, int64_t n);

/* Are coordinates finite and strictly monotone, as all but numpy's way of computing needs? Else
 * *bad is the first of two that are not. Steps and numbers: of use if they are finite and not 0. */
bool spacing_is_ordered(const struct spacing *s, int64_t *bad);

/* From the first coordinate to the last, or all steps together. */
double spacing_span(const struct spacing *s);

/* Are coordinates counted as 64-bit integers, so that a period must be one, too? */
bool spacing_is_counted(const struct spacing *s);

/* Bytes that spacing_slice and spacing_around may need for n coordinates. */
size_t spacing_room(const struct spacing *s, int64_t n);

/* What nabla_gradient is to be told about rows lo to hi, whose answers from box_hi on are
 * dropped, and those of lo unless it is 0, so that each bit is as if it had been told of all rows. The
 * slab is widened by one row more than the stencil needs wherever s is uneven. May use room; borrows
 * s. */
struct nabla_spacing spacing_slice(const struct spacing *s, int64_t lo, int64_t hi, int64_t box_hi,
                                   char *room);

/* What all other calls are to be told about rows lo to hi: of a periodic axis (with a period or a
 * closing step) they may lie beyond its ends. */
struct nabla_spacing spacing_around(const struct spacing *s, int64_t lo, int64_t hi, char *room);

/* Gives the memory of mapped coordinates back to the system. */
void spacing_forget(const struct spacing *s);

#endif
