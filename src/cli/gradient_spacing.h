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
    enum nabla_spacing_kind kind; /* NABLA_UNIT, NABLA_STEP or NABLA_COORDINATES */
    double step;
    enum nabla_mode mode; /* 64-bit integers are differenced by it */
    struct mapped file;   /* of the coordinates */
    const char *at;       /* the first of them, in the file's bytes */
    enum nabla_dtype dtype;
    bool swapped;
    int64_t n;
    bool even;  /* numpy takes them for one step: all differences are the same */
    bool whole; /* they cannot be used in parts */
};

enum { SPACING_MESSAGE_MAX = 256 };

/* Reads a -s. False, with why in message, if it is neither a number nor a 1-d .npy file. */
bool spacing_open(struct spacing *s, const char *text, enum nabla_mode mode,
                  char message[static SPACING_MESSAGE_MAX]);
void spacing_close(struct spacing *s); /* accepts a zeroed one */

/* Bytes that spacing_slice may need for n coordinates. */
size_t spacing_room(const struct spacing *s, int64_t n);

/* What nabla_gradient is to be told about rows lo to hi, whose answers from box_hi on are
 * dropped, and those of lo unless it is 0, so that each bit is as if it had been told of all rows. The slab is widened by one row
 * more than the stencil needs wherever s is uneven. May use room; borrows s. */
struct nabla_spacing spacing_slice(const struct spacing *s, int64_t lo, int64_t hi, int64_t box_hi,
                                   char *room);

/* Gives the memory of mapped coordinates back to the system. */
void spacing_forget(const struct spacing *s);

#endif
