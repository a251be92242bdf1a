/* http/newest.c -- a stream as a reader of the table, not as an ear of the feed.
 * Laws: one stream at a time looks which series match, so that only one list of all of them is in memory; what is read
 * in one beat is bounded for all streams together; what had no room in the queue is read again in a later beat. */
#include "http/newest.h"

#include "http/server.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    LOOK_MS = 2000,           /* series that are born meanwhile wait as long */
    LOOK_SLICE_NS = 1000000,  /* of a beat, for all who look */
    READS_A_BEAT = 16 * 1024, /* readings for all streams together: some 5 ms */
};

struct followed {
    struct found found;
    int64_t told_ns; /* the point that was told last; INT64_MIN: none */
    double told_value, told_rate;
};

struct newest {
    struct selection *selection; /* owned; NULL: it does not look */
    struct followed *at;         /* owned, in the table's order */
    uint32_t n, next;            /* next: where the next beat goes on */
    uint32_t beyond;             /* series that match and are not followed: there are too many */
    int64_t looked_ns;           /* monotonic; 0: never */
};

struct newest *newest_new(void)
{
    return calloc(1, sizeof(struct newest));
}

void newest_free(struct newest *w)
{
    if (w == NULL)
        return;
    selection_free(w->selection);
    free(w->at);
    free(w);
}

/* ---- which series */

static void tell_beyond(struct stream *s, uint32_t beyond, int64_t mono_ns)
{
    char text[128];
    int n = snprintf(text, sizeof text,
                     "event: beyond\ndata: {\"series\": %" PRIu32 ", \"followed\": %d}\n\n",
                     NEWEST_SERIES_MAX + beyond, NEWEST_SERIES_MAX);
    hub_put(s, text, (size_t)n, mono_ns);
}

static bool same(struct ref a, struct ref b)
{
    return a.index == b.index && a.birth == b.birth;
}

/* Those that were found are followed; what was told of those that were followed before stays known. */
static void adopt(struct newest *w, const struct findings *f)
{
    uint32_t n = f->n < NEWEST_SERIES_MAX ? f->n : NEWEST_SERIES_MAX, old = 0;
    struct followed *at = malloc((n + 1) * sizeof *at);
    if (at == NULL)
        return; /* those of before, then, until the next look */
    for (uint32_t i = 0; i < n; i++) {
        struct ref ref = f->at[i].ref;
        while (old < w->n && w->at[old].found.ref.index < ref.index)
            old++;
        at[i] = (struct followed){.found = f->at[i], .told_ns = INT64_MIN};
        if (old < w->n && same(w->at[old].found.ref, ref))
            at[i] = w->at[old];
    }
    free(w->at);
    w->at = at;
    w->n = n;
    w->next = w->next < n ? w->next : 0;
}

static void end_look(struct stream *s, bool found, int64_t mono_ns)
{
    struct newest *w = s->newest;
    if (found) {
        struct findings f = selection_steal(w->selection);
        uint32_t beyond = f.n > NEWEST_SERIES_MAX ? f.n - NEWEST_SERIES_MAX : 0;
        adopt(w, &f);
        findings_fini(&f);
        if (beyond != w->beyond)
            tell_beyond(s, beyond, mono_ns);
        w->beyond = beyond;
    }
    selection_free(w->selection);
    w->selection = NULL;
    w->looked_ns = mono_ns;
    if (effort_is_spent(&s->ask.effort))
        hub_end_dear(s);
}

static bool begin_look(struct stream *s, struct instant now)
{
    struct query query = {.any = (const struct selector *const *)s->ask.any,
                          .any_n = s->ask.any_n,
                          .effort = &s->ask.effort};
    return selection_new(s->http->options.table, &query, now, &s->newest->selection) == NABLA_OK;
}

static bool is_due(const struct newest *w, int64_t mono_ns)
{
    return w->looked_ns == 0 || mono_ns - w->looked_ns >= LOOK_MS * (int64_t)NS_PER_MS;
}

/* The one that looks, or the next that is to; NULL: nobody. */
static struct stream *who_looks(struct http *h, int64_t mono_ns)
{
    struct stream *due = NULL;
    for (struct stream *s = h->hub.first; s != NULL; s = s->next) {
        if (s->newest != NULL && s->newest->selection != NULL)
            return s;
        if (s->newest != NULL && is_due(s->newest, mono_ns) &&
            (due == NULL || s->newest->looked_ns < due->newest->looked_ns))
            due = s;
    }
    return due;
}

static void look(struct http *h, struct instant now)
{
    int64_t end_ns = now.mono_ns + LOOK_SLICE_NS;
    struct stream *s;
    while (clock_now().mono_ns < end_ns && (s = who_looks(h, now.mono_ns)) != NULL) {
        bool done = false;
        if (s->newest->selection == NULL && !begin_look(s, now))
            done = true;
        else if (selection_step(s->newest->selection, &done) != NABLA_OK) {
            end_look(s, false, now.mono_ns);
            continue;
        }
        if (done)
            end_look(s, s->newest->selection != NULL, now.mono_ns);
    }
}

/* ---- their points */

/* The newest point of a series as the feed would have it; false: there is none, or it is silent. */
static bool point_of(const struct reading *r, struct feed_item *out)
{
    double unit_s = per_seconds(r->per);
    uint32_t i = 0;
    if (r->rate.order == 0 || r->silent || r->state == STATE_STALE)
        return false;
    while (i < r->window_n && r->window[i].t_ns != r->rate.t_ns)
        i++;
    if (i == r->window_n)
        return false;
    *out = (struct feed_item){
        .point = {.t_ns = r->rate.t_ns,
                  .value = r->window[i].v,
                  .rate = r->rate.value / unit_s,
                  .accel = r->accel / unit_s / unit_s,
                  .order = r->rate.order,
                  .rest = (float)r->rest[i]},
        .note = {.error = r->rate.error != 0 ? r->rate.error / unit_s : NAN,
                 .trend = r->trend.order != 0 ? r->trend.value / unit_s : NAN},
    };
    return true;
}

static bool equal(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool is_told(const struct followed *x, const struct point *p)
{
    return equal(x->told_value, p->value) && equal(x->told_rate, p->rate);
}

/* False: the queue is full. */
static bool tell(struct stream *s, struct followed *x, const struct reading *r, int64_t mono_ns)
{
    struct feed_item item;
    if (!point_of(r, &item))
        return true;
    item.point.corrected = item.point.t_ns == x->told_ns;
    if (item.point.corrected && is_told(x, &item.point))
        return true;
    if (!hub_tell(s, r, &item, mono_ns))
        return false;
    x->told_ns = item.point.t_ns;
    x->told_value = item.point.value;
    x->told_rate = item.point.rate;
    return true;
}

/* Some of a stream's series, from w->next on; returns how many were read, 0 once the queue is full. */
static uint32_t tell_some(struct http *h, struct stream *s, uint32_t most, struct instant now)
{
    struct newest *w = s->newest;
    struct found found[READINGS_MAX];
    uint32_t n = 0, first = w->next;
    while (n < most && n < READINGS_MAX && first + n < w->n) {
        found[n] = w->at[first + n].found;
        n++;
    }
    if (table_read(h->options.table, found, n, now, &h->readings) != NABLA_OK)
        return 0;
    w->next = first + n < w->n ? first + n : 0;
    for (uint32_t i = 0; i < h->readings.n; i++) {
        const struct reading *r = &h->readings.at[i];
        if (!tell(s, &w->at[first + r->number], r, now.mono_ns)) {
            w->next = first + r->number;
            return 0;
        }
    }
    return n;
}

/* Each of its series once, or as many as there is room and time for. */
static void tell_all(struct http *h, struct stream *s, uint32_t most, struct instant now)
{
    uint32_t left = s->newest->n < most ? s->newest->n : most, n = 1;
    for (; left > 0 && n > 0; left -= n)
        n = tell_some(h, s, left, now);
}

void newest_beat(struct http *h)
{
    struct instant now = clock_now();
    uint32_t most = READS_A_BEAT / (h->hub.newest_n > 0 ? h->hub.newest_n : 1);
    look(h, now);
    for (struct stream *s = h->hub.first; s != NULL && !h->hub.ended; s = s->next)
        if (s->newest != NULL && s->queue.n == s->taken)
            tell_all(h, s, most, now);
}
