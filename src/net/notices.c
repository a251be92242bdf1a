/* net/notices.c -- a ring behind a lock that is held for one copy. */
#include "net/notices.h"

const char *notice_outcome_text(enum notice_outcome o)
{
    static const char *const texts[NOTICE_OUTCOMES] = {"taken", "refused", "failed"};
    return texts[o];
}

void notices_init(struct notices *s)
{
    pthread_mutex_init(&s->lock, NULL);
    s->n = 0;
}

void notices_fini(struct notices *s)
{
    pthread_mutex_destroy(&s->lock);
}

void notices_put(struct notices *s, const struct notice *x)
{
    pthread_mutex_lock(&s->lock);
    struct notice *to = &s->at[s->n++ % NOTICES_MAX];
    *to = *x;
    to->number = s->n;
    pthread_mutex_unlock(&s->lock);
}

bool notices_before(struct notices *s, uint64_t *number, struct notice *out)
{
    pthread_mutex_lock(&s->lock);
    uint64_t newest = *number > s->n ? s->n : *number > 0 ? *number - 1 : 0;
    bool kept = newest > 0 && s->n - newest < NOTICES_MAX;
    if (kept)
        *out = s->at[(newest - 1) % NOTICES_MAX];
    pthread_mutex_unlock(&s->lock);
    *number = newest;
    return kept;
}
