/* daemon/replay_out.c -- a point leaves the feed with its series' number, and needs its labels.
 *
 *     feed ──points──► number % SLOTS ─► [ "{"metric": {...}", unit ] ──► printer
 *                                          not this series': table_read
 *
 * The labels' text of a series stays in its slot until another series needs that: memory is bounded by the
 * slots. The printer copies it, so that a series may end while its points wait to be written. */
#include "daemon/replay_out.h"

#include "daemon/printer.h"
#include "wire/json_out.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS = 1 << 16 };

struct slot {
    struct ref ref;
    enum per per;
    struct buf labels; /* empty: no series' */
};

struct replay_out {
    struct table *table;
    struct feed *feed;
    struct printer *printer;
    uint64_t points;
    struct feed_item items[READINGS_MAX];
    struct readings readings;
    struct slot slots[SLOTS];
};

static void on_ready(void *unused)
{
    (void)unused; /* the feed is drained before it is full anyway */
}

enum nabla_status replay_out_new(struct table *table, struct feed *feed, uint32_t threads,
                                 FILE *file, struct replay_out **out)
{
    struct replay_out *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = printer_new(threads, file, &o->printer);
    if (status != NABLA_OK) {
        free(o);
        return status;
    }
    o->table = table;
    o->feed = feed;
    feed_listen(feed, FEED_STREAMS, on_ready, NULL);
    *out = o;
    return NABLA_OK;
}

void replay_out_free(struct replay_out *o)
{
    if (o == NULL)
        return;
    printer_free(o->printer);
    for (uint32_t i = 0; i < SLOTS; i++)
        buf_fini(&o->slots[i].labels);
    readings_fini(&o->readings);
    free(o);
}

static bool read_labels(struct replay_out *o, struct ref ref, struct instant now, struct slot *slot)
{
    struct found found = {.ref = ref};
    buf_clear(&slot->labels);
    if (table_read(o->table, &found, 1, now, &o->readings) != NABLA_OK || o->readings.n != 1)
        return false;
    json_point_labels(&slot->labels, o->readings.at[0].labels);
    slot->ref = ref;
    slot->per = o->readings.at[0].per;
    return !slot->labels.failed;
}

/* NULL: no memory. */
static const struct slot *find_labels(struct replay_out *o, struct ref ref, struct instant now)
{
    struct slot *slot = &o->slots[ref.index % SLOTS];
    bool same = slot->labels.n > 0 && slot->ref.index == ref.index && slot->ref.birth == ref.birth;
    return same || read_labels(o, ref, now, slot) ? slot : NULL;
}

static enum nabla_status print(struct replay_out *o, uint32_t n, struct instant now)
{
    enum nabla_status status = NABLA_OK;
    for (uint32_t i = 0; i < n && status == NABLA_OK; i++) {
        const struct feed_item *x = &o->items[i];
        const struct slot *slot = find_labels(o, x->series, now);
        if (slot == NULL) {
            errno = ENOMEM;
            return NABLA_ENOMEM;
        }
        status = printer_add(o->printer, &slot->labels, slot->per, &x->point, &x->note);
    }
    return status;
}

enum nabla_status replay_out_drain(struct replay_out *o, struct instant now)
{
    enum nabla_status status = NABLA_OK;
    uint32_t n = READINGS_MAX;
    while (n == READINGS_MAX && status == NABLA_OK) {
        uint64_t lost = 0;
        n = feed_take(o->feed, FEED_STREAMS, o->items, READINGS_MAX, &lost);
        o->points += n;
        status = print(o, n, now);
    }
    return status;
}

uint64_t replay_out_points(const struct replay_out *o)
{
    return o->points;
}

enum nabla_status replay_out_finish(struct replay_out *o)
{
    return printer_finish(o->printer);
}
