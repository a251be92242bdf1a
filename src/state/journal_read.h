/* state/journal_read.h -- a segment's bytes: how they are laid out, and how they are read back, whatever has
 * become of them. Pure functions over bytes.
 *
 *     segment   "nabla-j1" │ number │ wall clock │ salt │ hash of these
 *     entry     magic │ n │ kind, format, safe │ precision │ received │ hash of the body │ hash of these │ body, n bytes
 *
 * Behind the last entry there may be zeros. An entry says how many bytes of its segment were safe when it was put: what
 * is missing before that is damage; what is missing behind what the last one says so of is torn: the disk was writing
 * it, in any order, and nobody had been told of it.
 *
 * Numbers have the machine's byte order. Hashes are XXH3 seeded by the salt, which is random and nobody's but
 * the disk's: a body cannot hold bytes that are taken for an entry when something before them is damaged.
 * Law: whatever the bytes, the reader comes to an end, reads only them, and gives no entry whose hashes do not
 * agree (tests/fuzz/fuzz_journal.c). */
#ifndef STATE_JOURNAL_READ_H
#define STATE_JOURNAL_READ_H

#include "state/journal.h"

enum { JOURNAL_HEAD = 40, JOURNAL_ENTRY_HEAD = 48 }; /* bytes */

/* Writes the header of a segment, and of an entry. */
void journal_head_write(char out[static JOURNAL_HEAD], uint64_t number, int64_t wall_ns,
                        uint64_t salt);
void journal_entry_head_write(char out[static JOURNAL_ENTRY_HEAD], const struct journal_entry *e,
                              uint64_t salt);
/* The same header, of an entry that is put when so many bytes of its segment are safe; at first it says 0. */
void journal_entry_head_safe(char head[static JOURNAL_ENTRY_HEAD], uint64_t safe, uint64_t salt);

struct journal_reader {
    const char *at; /* borrowed */
    size_t n, pos;
    uint64_t number, salt;
    size_t safe;   /* so much was, as far as entries behind the first gap say */
    bool has_safe; /* they were asked */
};

enum journal_found {
    JOURNAL_ENTRY,
    JOURNAL_DAMAGED, /* bytes were skipped that were safe once */
    JOURNAL_TORN,    /* bytes were skipped of which nobody had been told; entries may follow */
    JOURNAL_END,
};

/* Reads the segment's header. NABLA_EINVAL: it is none, or one of another version. A segment without a byte
 * that is not 0 in its header is no fault: it was never finished, and holds nothing. */
MUST_CHECK enum nabla_status journal_read_begin(struct journal_reader *r, const char *at, size_t n);

/* The next entry, whose body borrows the bytes; or how many bytes could not be read. */
enum journal_found journal_read_next(struct journal_reader *r, struct journal_entry *out,
                                     size_t *skipped);

#endif
