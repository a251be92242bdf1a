/* daemon/printer.c -- pieces of some thousand points in a ring; who has time makes text of one.
 *
 *       written        taken         filled
 *     ──────┴──────────────┴─────────────┴──────► piece numbers
 *            text, or soon   points        being filled
 *     caller: fwrite ◄┘  workers: ◄┘  caller: ◄┘
 *
 * The caller fills a piece and goes on. When the ring is full it writes the oldest piece; where that has no text
 * yet, it makes that of the next piece itself, if there is one that nobody took: alone, it does all of the work.
 * Laws: the bytes depend on no thread; a piece has one owner at a time, and changes hands under the lock. */
#include "daemon/printer.h"

#include "wire/json_out.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { PIECE_POINTS = 2048, PIECES_A_THREAD = 2 };

struct job {
    size_t labels_end; /* of its labels, among those of the piece */
    enum per per;
    struct point point;
    struct point_note note;
};

struct piece {
    bool done; /* it has its text */
    uint32_t n;
    struct buf labels, text;
    struct job jobs[PIECE_POINTS];
};

struct printer {
    FILE *out;
    int error;              /* errno of the first failure; 0: none. The caller's */
    pthread_mutex_t lock;   /* of the numbers, `done` and `ending` */
    pthread_cond_t is_work; /* a piece was filled, or it ends */
    pthread_cond_t is_text; /* a piece was done */
    uint64_t filled, taken, written;
    bool ending;
    uint32_t pieces_n, workers_n;
    struct piece *pieces;
    pthread_t *workers;
};

static struct piece *piece_at(struct printer *p, uint64_t number)
{
    return &p->pieces[number % p->pieces_n];
}

static void format(struct piece *x)
{
    size_t start = 0;
    for (uint32_t i = 0; i < x->n && !x->labels.failed; i++) {
        const struct job *job = &x->jobs[i];
        buf_add(&x->text, x->labels.at + start, job->labels_end - start);
        json_point_rest(&x->text, job->per, &job->point, &job->note, TIME_RFC3339);
        buf_char(&x->text, '\n');
        start = job->labels_end;
    }
    x->text.failed = x->text.failed || x->labels.failed;
}

/* Makes the text of the next piece; there is one. The lock is held, but not meanwhile. */
static void format_next(struct printer *p)
{
    struct piece *x = piece_at(p, p->taken++);
    pthread_mutex_unlock(&p->lock);
    format(x);
    pthread_mutex_lock(&p->lock);
    x->done = true;
    pthread_cond_signal(&p->is_text);
}

static void *work(void *printer)
{
    struct printer *p = printer;
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (p->taken < p->filled)
            format_next(p);
        else
            pthread_cond_wait(&p->is_work, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- the caller's side */

static void write_piece(struct printer *p, struct piece *x)
{
    errno = ENOMEM;
    if (p->error == 0 && (x->text.failed || fwrite(x->text.at, 1, x->text.n, p->out) != x->text.n))
        p->error = errno;
    buf_clear(&x->labels);
    buf_clear(&x->text);
    x->n = 0;
    x->done = false;
}

/* Writes the oldest piece as soon as it has its text. */
static void write_oldest(struct printer *p)
{
    struct piece *x = piece_at(p, p->written);
    pthread_mutex_lock(&p->lock);
    while (!x->done) {
        if (p->taken < p->filled)
            format_next(p);
        else
            pthread_cond_wait(&p->is_text, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    write_piece(p, x);
    p->written++;
}

/* The piece that was being filled is full enough; the next one is free after that. */
static void hand_over(struct printer *p)
{
    pthread_mutex_lock(&p->lock);
    p->filled++;
    pthread_cond_signal(&p->is_work);
    pthread_mutex_unlock(&p->lock);
    if (p->filled - p->written == p->pieces_n)
        write_oldest(p);
}

static enum nabla_status status_of(const struct printer *p)
{
    if (p->error == 0)
        return NABLA_OK;
    errno = p->error;
    return p->error == ENOMEM ? NABLA_ENOMEM : NABLA_EIO;
}

enum nabla_status printer_add(struct printer *p, const struct buf *labels, enum per per,
                              const struct point *point, const struct point_note *note)
{
    struct piece *x = piece_at(p, p->filled);
    buf_add(&x->labels, labels->at, labels->n);
    x->jobs[x->n++] =
        (struct job){.labels_end = x->labels.n, .per = per, .point = *point, .note = *note};
    if (x->n == PIECE_POINTS)
        hand_over(p);
    return status_of(p);
}

enum nabla_status printer_finish(struct printer *p)
{
    if (piece_at(p, p->filled)->n > 0)
        hand_over(p);
    while (p->written < p->filled)
        write_oldest(p);
    if (fflush(p->out) != 0 && p->error == 0)
        p->error = errno;
    return status_of(p);
}

/* ---- start and end */

static void start(struct printer *p, uint32_t workers)
{
    while (p->workers_n < workers && pthread_create(&p->workers[p->workers_n], NULL, work, p) == 0)
        p->workers_n++;
}

enum nabla_status printer_new(uint32_t threads, FILE *out, struct printer **made)
{
    struct printer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NABLA_ENOMEM;
    p->out = out;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->is_work, NULL);
    pthread_cond_init(&p->is_text, NULL);
    p->pieces_n = threads == 1 ? 1 : PIECES_A_THREAD * threads;
    p->pieces = calloc(p->pieces_n, sizeof *p->pieces);
    p->workers = calloc(threads, sizeof *p->workers);
    if (p->pieces == NULL || p->workers == NULL) {
        printer_free(p);
        return NABLA_ENOMEM;
    }
    start(p, threads - 1);
    *made = p;
    return NABLA_OK;
}

static void stop(struct printer *p)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->is_work);
    pthread_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->workers_n; i++)
        pthread_join(p->workers[i], NULL);
}

void printer_free(struct printer *p)
{
    if (p == NULL)
        return;
    stop(p);
    for (uint32_t i = 0; p->pieces != NULL && i < p->pieces_n; i++) {
        buf_fini(&p->pieces[i].labels);
        buf_fini(&p->pieces[i].text);
    }
    pthread_cond_destroy(&p->is_text);
    pthread_cond_destroy(&p->is_work);
    pthread_mutex_destroy(&p->lock);
    free(p->pieces);
    free(p->workers);
    free(p);
}
