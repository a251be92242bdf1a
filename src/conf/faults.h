/* conf/faults.h -- what is wrong with a file, all of it, in the order of its lines; and the word
 * that was perhaps meant. Private to this room. */
#ifndef CONF_FAULTS_H
#define CONF_FAULTS_H

#include "base/buf.h"
#include "conf/conf.h"

#include <stddef.h>

struct place {
    size_t line, column; /* both from 1 */
};

enum { FAULT_TEXT_MAX = 512 };

struct fault {
    struct place at;
    char text[FAULT_TEXT_MAX];
};

struct faults {
    struct fault found[CONF_ERRORS_MAX]; /* by place */
    size_t n;
    size_t more; /* found after there was no room */
};

__attribute__((format(printf, 3, 4))) void faults_add(struct faults *f, struct place at,
                                                      const char *format, ...);

/* Appends "name:line:column: text", a line each. */
void faults_write(const struct faults *f, const char *name, struct buf *out);

/* The nearest of the words tried, letters' case left aside, if it is near enough to be meant. */
struct guess {
    const char *meant; /* what to look for, */
    size_t n;          /* its length */
    const char *best;  /* NULL: none yet */
    size_t distance;
};
void guess_try(struct guess *g, const char *word);

/* Inserted, left out or changed letters, and neighbours that changed places, from a to b. Words
 * longer than GUESS_WORD_MAX are as far as can be from all others. */
enum { GUESS_WORD_MAX = 40 };
size_t word_distance(const char *a, size_t a_n, const char *b, size_t b_n);

#endif
