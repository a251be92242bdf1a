/* state/journal_parts.h -- the journal's inside, for journal.c, journal_write.c and journal_replay.c.
 *
 *     put ─► [chunk]─[chunk]─[chunk]   of segment 8, 8 and 9: a chunk never lies in two
 *                └──────┬──────┘
 *                    writer: takes all of them at once */
#ifndef STATE_JOURNAL_PARTS_H
#define STATE_JOURNAL_PARTS_H

#include "state/journal.h"
#include "state/journal_read.h"

#include <pthread.h>

struct chunk {
    struct chunk *next;
    uint64_t segment; /* number of the one that it belongs to */
    size_t n, cap;
    char at[];
};

/* A segment on the disk. */
struct segment {
    uint64_t number, bytes;
};

struct segments {
    struct segment *at; /* owned; by number, ascending */
    size_t n, cap;
};

/* Where the writer is; its thread's alone. */
struct journal_pen {
    int fd; /* -1: no segment is open */
    uint64_t number;
    uint64_t written, safe; /* bytes of entries; what follows them in the file is 0 */
    uint64_t size;          /* of the file */
    bool dirty;             /* something was written since the last sync */
};

struct journal {
    char directory[JOURNAL_PATH_MAX];
    int dir_fd;
    uint64_t max_bytes, salt;
    struct log *log;
    pthread_t thread;
    bool running;
    struct journal_pen pen;

    pthread_mutex_t lock; /* of all below, but to look at what is atomic */
    pthread_cond_t work;
    struct segments segments;
    uint64_t current;       /* number of the segment that is put to */
    uint64_t current_bytes; /* put to it; 0: it does not exist yet */
    uint64_t current_safe;  /* bytes of its file that are on the disk */
    struct chunk *first, *last, *spare;
    _Atomic uint64_t staged_bytes; /* in chunks, those that are being written among them */
    uint64_t put;                  /* number of the last entry that was put */
    _Atomic uint64_t settled;      /* of the last whose fate is known; losses are counted before */
    _Atomic uint64_t losses;
    bool wanted, stopping;
    bool half_told;   /* that half of max_bytes was reached, since the last snapshot */
    int64_t retry_ns; /* monotonic: nothing is taken before, after a failure; 0: all is well */
    struct journal_figures figures;

    pthread_mutex_t listener_lock; /* of what follows, and while it is called */
    void (*on_settled)(void *ctx);
    void *ctx;
    void (*on_half)(void *ctx);
    void *half_ctx;
};

enum { JOURNAL_NAME_MAX = 40 };
void journal_name(char out[static JOURNAL_NAME_MAX], uint64_t number);

/* Adds a segment, the newest; the lock is held if there are threads. False without memory. */
bool segments_add(struct segments *s, uint64_t number, uint64_t bytes);
uint64_t segments_bytes(const struct segments *s);
struct segment *segments_find(struct segments *s, uint64_t number); /* NULL: there is none */
void segments_remove(struct segments *s, size_t i);

/* Logs that something failed, with errno's text. file: of the directory, or "". */
void journal_tell(struct journal *j, const char *what, const char *file, int why);

/* The writer's thread. */
void *journal_write(void *journal);

#endif
