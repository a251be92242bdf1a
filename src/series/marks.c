/* series/marks.c -- rings of samples that did not go the plain way. */
#include "series/marks.h"

void marks_put(struct marks *m, const struct mark *mark)
{
    uint32_t lane = mark->series.index % MARK_LANES;
    m->at[lane][m->n[lane]++ % MARKS_A_LANE] = *mark;
}

uint32_t marks_of(const struct marks *m, struct ref series, int64_t start_ns, int64_t end_ns,
                  struct mark out[static MARKS_A_LANE])
{
    uint32_t lane = series.index % MARK_LANES, end = m->n[lane], found = 0;
    for (uint32_t i = end < MARKS_A_LANE ? 0 : end - MARKS_A_LANE; i != end; i++) {
        const struct mark *x = &m->at[lane][i % MARKS_A_LANE];
        if (x->series.index == series.index && x->series.birth == series.birth &&
            x->t_ns >= start_ns && x->t_ns <= end_ns)
            out[found++] = *x;
    }
    return found;
}

const char *mark_label(const struct mark *mark)
{
    return mark->what < EVENT_COUNT ? event_label((enum event)mark->what)
                                    : cause_label((enum cause)(mark->what - EVENT_COUNT));
}
