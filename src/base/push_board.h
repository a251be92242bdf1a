/* base/push_board.h -- what is told of push targets: written by the loop that pushes, read by the one that
 * answers scrapes. */
#ifndef BASE_PUSH_BOARD_H
#define BASE_PUSH_BOARD_H

#include <pthread.h>
#include <stdint.h>

enum { PUSH_TARGETS_MAX = 32, PUSH_NAME_MAX = 256 };

/* Counted in points. queued = sent + refused + buffered + what a full buffer dropped; dropped also counts points
 * that never got so far. */
struct push_figures {
    char name[PUSH_NAME_MAX];
    uint64_t queued;  /* put into the buffer; those found there at start, too */
    uint64_t sent;    /* taken by the target */
    uint64_t retried; /* sent once more: a batch that was tried three times counts twice */
    uint64_t dropped; /* lost: the buffer was full, or nablad too slow */
    uint64_t refused; /* by the target, for good */
    uint64_t buffered, buffer_bytes;
    int64_t oldest_ns; /* wall clock: the oldest point that waits; 0: none does */
};

struct push_board {
    pthread_mutex_t lock; /* of what follows */
    uint32_t n;
    struct push_figures at[PUSH_TARGETS_MAX];
};

void push_board_init(struct push_board *b);
void push_board_fini(struct push_board *b);

/* Any thread. */
void push_board_write(struct push_board *b, const struct push_figures *figures, uint32_t n);
uint32_t push_board_read(struct push_board *b, struct push_figures out[static PUSH_TARGETS_MAX]);

#endif
