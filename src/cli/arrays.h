/* cli/arrays.h -- files as memory: what is read, and what is written beside its target.
 *
 * An output has no name until it is whole. It is an unnamed file in its target's folder (or, where
 * the file system has none, one named .NAME.nabla-XXXXXX), is given its space at once, so that a
 * full disk is known before anything is computed, and takes its name in one step. */
#ifndef CLI_ARRAYS_H
#define CLI_ARRAYS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct mapped {
    const char *at; /* NULL if the file is empty */
    size_t n;
};

/* Maps a file to read, or standard input for "-": itself if it is a file, else all that it says,
 * kept in an unnamed file. Returns NULL, or why not: static, or strerror's. */
const char *mapped_open(struct mapped *m, const char *path);
void mapped_close(struct mapped *m); /* accepts a zeroed one */

/* Reads at[0..n) in before it is touched. False, with errno, if the file is not that long any more
 * or its disk fails: touching it would end the program. */
bool mapped_fetch(const char *at, size_t n);

/* Gives the memory of a mapping back to the system; what was written to it stays written. */
void mapped_forget(const void *at, size_t n);

struct outfile {
    int fd; /* of n bytes, zeroed, to be written anywhere within them */
    size_t n;
    char *at;              /* outfile_map: the same bytes; else NULL */
    bool in_place;         /* the target is no regular file: it is written, never replaced */
    char target[PATH_MAX]; /* "": standard output */
    char named[PATH_MAX];  /* the file's own name; "": it has none */
};

/* Makes an output of n bytes for a target, NULL for standard output. Returns NULL, or why not, which
 * errno says, too; then there is nothing to discard. */
const char *outfile_new(struct outfile *o, const char *target, size_t n);

/* Writes bytes[0..n) at an offset. False with errno. */
bool outfile_write(const struct outfile *o, size_t offset, const void *bytes, size_t n);

/* Maps what has been written, to read. NULL with errno. */
const char *outfile_map(struct outfile *o);

/* Gives the output its name, or writes it where it cannot have one. The mapping is gone then,
 * whatever came of it; on failure nothing is left. Returns NULL, or why not, with errno. */
const char *outfile_publish(struct outfile *o);
void outfile_discard(struct outfile *o); /* accepts a zeroed or a published one */

#endif
