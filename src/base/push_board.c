/* base/push_board.c -- a few figures under a mutex, copied in and out. */
#include "base/push_board.h"

#include <string.h>

void push_board_init(struct push_board *b)
{
    pthread_mutex_init(&b->lock, NULL);
    b->n = 0;
}

void push_board_fini(struct push_board *b)
{
    pthread_mutex_destroy(&b->lock);
}

void push_board_write(struct push_board *b, const struct push_figures *figures, uint32_t n)
{
    pthread_mutex_lock(&b->lock);
    b->n = n;
    memcpy(b->at, figures, n * sizeof *figures);
    pthread_mutex_unlock(&b->lock);
}

uint32_t push_board_read(struct push_board *b, struct push_figures out[static PUSH_TARGETS_MAX])
{
    pthread_mutex_lock(&b->lock);
    uint32_t n = b->n;
    memcpy(out, b->at, n * sizeof *out);
    pthread_mutex_unlock(&b->lock);
    return n;
}
