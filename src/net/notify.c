/* net/notify.c -- two walks a target, a body at a time: news, in the order in which they came to be; and when
 * there are none, from time to time, what is to be told again.
 *
 *     idle ──a change, or it is time──► walk ──nothing is due──► idle
 *                                       ▲ │ a body
 *                                 2xx   │ ▼
 *                                       in flight ──no answer, 429, 5xx──► waits ──► walk, from where it was
 *
 * Laws: a walk goes on behind the alert at which the last body ended, so what a change costs is no matter of how
 * many alerts there are, and a hundred thousand that fire at once are passed once and not once a body. News
 * come before what is told again.
 * Elsewhere: what is due (alerts/view.c), bodies (alerts/tell.c), where they go (notify_send.c), HTTP (post.c), the
 * newest answers (notices.c). */
#include "net/notify.h"

#include "net/notify_send.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOKS_A_PERIOD = 8,  /* for what is to be told again */
    LONGEST_IDLE_S = 10, /* between them */
    NAME_AT = 9,         /* bytes of "alertname" */
};
_Static_assert(2 * CONF_PEERS_MAX <= ALERT_TARGETS_MAX, "each has a number");

struct target {
    struct notifier *notifier;
    bool used;
    enum tell_form form;
    struct conf_peer peer;
    struct post *post; /* in flight; NULL: none */
    struct {
        uint64_t id, changes;
    } batch[NOTIFY_BATCH]; /* what is in it */
    uint32_t batch_n;
    struct notice notice; /* of what is in flight */
    uint64_t passed;      /* changes: news up to here were told, or are in the batch */
    uint64_t walked; /* id of the last alert that was told again, in the walk that is going on */
    struct {
        uint64_t passed, walked;
    } before; /* the batch */
    uint32_t failures;
    int64_t wait_ns, idle_ns; /* monotonic: not tried, not walked before */
    counter sent, refused, retried;
    atomic_bool broken;
};

/* Targets as the configuration has them. */
struct roll {
    int64_t resend_ns, repeat_ns;
    char external_url[CONF_URL_MAX];
    struct {
        enum tell_form form;
        struct conf_peer peer;
    } at[ALERT_TARGETS_MAX];
    uint32_t n;
};

struct notifier {
    struct alerts *alerts;
    struct log *log;
    struct poster *poster;
    uv_async_t configured;
    uv_timer_t timer;
    int handles;          /* open ones */
    pthread_mutex_t lock; /* of fresh, and of the targets' names and numbers */
    struct roll *fresh;   /* owned; to be adopted; NULL: none */
    int64_t resend_ns, repeat_ns;
    char external_url[CONF_URL_MAX];
    struct target targets[ALERT_TARGETS_MAX];
    uint64_t changes; /* that there are, at the last wake */
    struct notices notices;
    struct alert_view view;
    struct tell tell;
};

static void advance(struct notifier *n, struct target *t);

/* ---- when */

static bool is_idle(const struct target *t)
{
    return t->used && t->post == NULL;
}

static int64_t next_ns(const struct target *t)
{
    bool news = t->passed < t->notifier->changes;
    return news || t->wait_ns > t->idle_ns ? t->wait_ns : t->idle_ns;
}

static void on_timer(uv_timer_t *timer);

static void plan(struct notifier *n)
{
    int64_t first_ns = INT64_MAX, now_ns = clock_now().mono_ns;
    for (struct target *t = n->targets; t < n->targets + ALERT_TARGETS_MAX; t++)
        if (is_idle(t) && next_ns(t) < first_ns)
            first_ns = next_ns(t);
    if (first_ns == INT64_MAX)
        uv_timer_stop(&n->timer);
    else
        uv_timer_start(&n->timer, on_timer,
                       first_ns > now_ns ? (uint64_t)((first_ns - now_ns) / NS_PER_MS + 1) : 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct notifier *n = timer->data;
    for (struct target *t = n->targets; t < n->targets + ALERT_TARGETS_MAX; t++)
        advance(n, t);
    plan(n);
}

/* ---- what became of a body */

static void read_counts(const struct target *t, struct notify_counts *out)
{
    const char *url = t->peer.url;
    size_t url_n = strcspn(url, "?");
    *out = (struct notify_counts){.form = t->form,
                                  .sent = counted(&t->sent),
                                  .refused = counted(&t->refused),
                                  .retried = counted(&t->retried),
                                  .works = !t->broken};
    if (url[url_n] == '\0')
        memcpy(out->name, url, url_n);
    else
        snprintf(out->name, sizeof out->name, "%.*s?%d", (int)url_n, url,
                 (int)(t - t->notifier->targets));
}

/* A share of one between a half and a whole: targets that fell together do not come back together. */
static double jitter(void)
{
    uint16_t bits = 0;
    (void)uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL);
    return 0.5 + bits / 131072.0;
}

static void back_off(struct target *t, int64_t at_least_ns)
{
    int64_t ms = NOTIFY_BACKOFF_FIRST_MS;
    for (uint32_t i = 0; i < t->failures && ms < NOTIFY_BACKOFF_MAX_MS; i++)
        ms *= 2;
    ms = ms < NOTIFY_BACKOFF_MAX_MS ? ms : NOTIFY_BACKOFF_MAX_MS;
    int64_t wait_ns = (int64_t)((double)ms * jitter()) * NS_PER_MS;
    t->failures++;
    t->wait_ns = clock_now().mono_ns + (wait_ns > at_least_ns ? wait_ns : at_least_ns);
    t->passed = t->before.passed;
    t->walked = t->before.walked;
    t->idle_ns = 0;
}

static void log_answer(struct notifier *n, const struct target *t, const char *event,
                       const struct post_answer *a)
{
    char url[LOG_QUOTE_MAX], said[LOG_QUOTE_MAX];
    const char *what = a->why != NULL ? a->why : a->body;
    log_event(
        n->log, LOG_LEVEL_WARN, "notify", event, "target=%s status=%d alerts=%u why=%s",
        log_quote(url, t->peer.url, strcspn(t->peer.url, "?")), a->status, t->batch_n,
        log_quote(said, what != NULL ? what : "", a->why != NULL ? strlen(a->why) : a->body_n));
}

static void log_works(struct notifier *n, const struct target *t)
{
    char url[LOG_QUOTE_MAX];
    log_event(n->log, LOG_LEVEL_INFO, "notify", "notify_works", "target=%s",
              log_quote(url, t->peer.url, strcspn(t->peer.url, "?")));
}

/* Not about what was sent, but about the way to the target: it may be taken another time. */
static bool is_worth_repeating(int status)
{
    return status == 0 || status >= 500 || status == 401 || status == 403 || status == 404 ||
           status == 408 || status == 429;
}

static void told(struct notifier *n, struct target *t)
{
    uint32_t number = (uint32_t)(t - n->targets);
    int64_t now_ns = clock_now().wall_ns;
    for (uint32_t i = 0; i < t->batch_n; i++)
        alerts_told(n->alerts, number, t->batch[i].id, t->batch[i].changes, now_ns);
    if (t->failures > 0)
        log_works(n, t);
    t->failures = 0;
    t->broken = false;
}

static void keep_notice(struct notifier *n, struct target *t, const struct post_answer *a,
                        enum notice_outcome outcome)
{
    struct notice *x = &t->notice;
    const char *said = a->why != NULL ? a->why : a->body != NULL ? a->body : "";
    struct notify_counts c;
    read_counts(t, &c);
    memcpy(x->target, c.name, strnlen(c.name, sizeof x->target - 1));
    x->form = t->form;
    x->ended_ns = clock_now().wall_ns;
    x->outcome = outcome;
    x->status = a->status;
    x->alerts = t->batch_n;
    x->theirs = a->why == NULL;
    log_quote(x->said, said, a->why != NULL ? strlen(said) : a->body_n);
    notices_put(&n->notices, x);
}

static void take_answer(struct notifier *n, struct target *t, const struct post_answer *a)
{
    t->post = NULL;
    if (is_worth_repeating(a->status)) {
        log_answer(n, t, "notify_failed", a);
        keep_notice(n, t, a, NOTICE_FAILED);
        count(&t->retried, t->batch_n);
        t->broken = true;
        back_off(t, a->retry_after_ns);
        return;
    }
    bool taken = a->status >= 200 && a->status < 300;
    if (!taken)
        log_answer(n, t, "notify_refused", a);
    keep_notice(n, t, a, taken ? NOTICE_TAKEN : NOTICE_REFUSED);
    count(taken ? &t->sent : &t->refused, t->batch_n);
    told(n, t);
}

static void on_done(void *ctx, const struct post_answer *answer)
{
    struct target *t = ctx;
    struct notifier *n = t->notifier;
    take_answer(n, t, answer);
    advance(n, t);
    plan(n);
}

/* ---- a body */

/* A walk: over news, or over what is told again. */
struct walk {
    bool (*next)(struct alerts *a, const struct alert_due *due, struct instant now, uint64_t *at,
                 struct alert_view *out);
    struct alert_due due;
    uint64_t *at;
    struct instant now;
};

static bool step(struct notifier *n, const struct walk *w)
{
    return w->next(n->alerts, &w->due, w->now, w->at, &n->view);
}

/* The first alert that is due; false: none is. */
static bool begin(struct notifier *n, struct target *t, struct walk *w)
{
    w->next = alerts_next_news;
    w->at = &t->passed;
    if (step(n, w))
        return true;
    w->next = alerts_next_again;
    w->at = &t->walked;
    return step(n, w);
}

static const struct label *name_in(const struct alert_view *v)
{
    const struct label *l = v->told.labels;
    while (l < v->told.labels + v->told.labels_n &&
           (l->name_n != NAME_AT || memcmp(l->name, "alertname", NAME_AT) != 0))
        l++;
    return l;
}

static void begin_notice(struct target *t, const struct alert_view *first, int64_t now_ns)
{
    const struct label *l = name_in(first);
    t->notice = (struct notice){.begun_ns = now_ns};
    snprintf(t->notice.alert, sizeof t->notice.alert, "%.*s", (int)l->value_n, l->value);
}

static void add(struct notifier *n, struct target *t, int64_t now_ns)
{
    if (t->batch_n == 0)
        begin_notice(t, &n->view, now_ns);
    t->notice.firing += n->view.state.phase == ALERT_FIRING;
    tell_add(&n->tell, &n->view, now_ns);
    t->batch[t->batch_n].id = n->view.id;
    t->batch[t->batch_n++].changes = n->view.changes;
}

/* All that is due to an Alertmanager goes together. */
static void fill(struct notifier *n, struct target *t, const struct walk *w)
{
    while (t->batch_n < NOTIFY_BATCH && step(n, w))
        add(n, t, w->now.wall_ns);
}

/* A webhook's body is of one name: the walk stays, others may be due behind it. Returns whether an alert of
 * that name is firing. */
static bool fill_named(struct notifier *n, struct target *t, struct walk w)
{
    char name[LABEL_VALUE_MAX];
    const struct label *l = name_in(&n->view);
    uint64_t at = *w.at;
    w.at = &at;
    w.due.name = name;
    w.due.name_n = l->value_n < sizeof name ? l->value_n : sizeof name;
    memcpy(name, l->value, w.due.name_n);
    fill(n, t, &w);
    return alerts_firing(n->alerts, name, w.due.name_n);
}

/* False: nothing is due. */
static bool make_body(struct notifier *n, struct target *t, struct buf *body)
{
    bool webhook = t->form == TELL_WEBHOOK, fires = false;
    struct tell_frame frame = {
        .form = t->form, .external_url = n->external_url, .holds_ns = NOTIFY_HOLDS * n->resend_ns};
    struct walk w = {.due = {.target = (uint32_t)(t - n->targets),
                             .again_ns = webhook ? n->repeat_ns : n->resend_ns,
                             .resolved_again = !webhook},
                     .now = clock_now()};
    t->batch_n = 0;
    t->before.passed = t->passed;
    t->before.walked = t->walked;
    if (!begin(n, t, &w))
        return false;
    tell_begin(&n->tell, &frame);
    add(n, t, w.now.wall_ns);
    if (webhook)
        fires = fill_named(n, t, w);
    else
        fill(n, t, &w);
    tell_end(&n->tell, fires, body);
    return true;
}

/* ---- a request */

static enum nabla_status send_body(struct notifier *n, struct target *t, struct buf *body)
{
    return notify_send(n->poster, t->form, &t->peer, body, on_done, t, &t->post);
}

static void advance(struct notifier *n, struct target *t)
{
    struct buf body;
    int64_t now_ns = clock_now().mono_ns;
    if (!is_idle(t) || now_ns < next_ns(t))
        return;
    buf_init(&body);
    if (!make_body(n, t, &body)) {
        int64_t period_ns = t->form == TELL_WEBHOOK ? n->repeat_ns : n->resend_ns;
        int64_t longest_ns = (int64_t)LONGEST_IDLE_S * NS_PER_S;
        period_ns /= LOOKS_A_PERIOD;
        t->idle_ns = now_ns + (period_ns < longest_ns ? period_ns : longest_ns);
        t->passed = n->changes > t->passed ? n->changes : t->passed;
        t->walked = 0;
        return;
    }
    bool failed = body.failed;
    if (failed)
        buf_fini(&body);
    if (failed || send_body(n, t, &body) != NABLA_OK)
        take_answer(n, t, &(struct post_answer){.why = "no memory"});
    else
        t->idle_ns = 0; /* the walk goes on when the answer is there */
}

void notifier_wake(struct notifier *n)
{
    uint64_t changes = alerts_changes(n->alerts);
    if (changes == n->changes)
        return;
    n->changes = changes;
    for (struct target *t = n->targets; t < n->targets + ALERT_TARGETS_MAX; t++)
        advance(n, t);
    plan(n);
}

/* ---- targets come and go */

static struct target *find(struct notifier *n, enum tell_form form, const char *url)
{
    for (struct target *t = n->targets; t < n->targets + ALERT_TARGETS_MAX; t++)
        if (t->used && t->form == form && strcmp(t->peer.url, url) == 0)
            return t;
    return NULL;
}

static bool is_listed(const struct roll *roll, const struct target *t)
{
    for (uint32_t i = 0; i < roll->n; i++)
        if (roll->at[i].form == t->form && strcmp(roll->at[i].peer.url, t->peer.url) == 0)
            return true;
    return false;
}

static void leave(struct target *t)
{
    if (t->post != NULL)
        post_cancel(t->post);
    *t = (struct target){0};
}

/* Who a target is, over restarts. */
static uint64_t key_of(enum tell_form form, const char *url)
{
    uint64_t h = UINT64_C(14695981039346656037) + (uint64_t)form;
    for (; *url != '\0'; url++)
        h = (h ^ (unsigned char)*url) * UINT64_C(1099511628211);
    return h | 1;
}

/* The number that the key had, else the first that nobody has had, else any. There are as many as targets in a
 * configuration. */
static struct target *take_free(struct notifier *n, const uint64_t keys[static ALERT_TARGETS_MAX],
                                uint64_t key)
{
    struct target *best = NULL;
    for (uint32_t i = ALERT_TARGETS_MAX; i-- > 0;) {
        struct target *t = &n->targets[i];
        bool better = best == NULL || keys[i] == 0 || keys[best - n->targets] != 0;
        if (!t->used && better)
            best = t;
    }
    for (uint32_t i = 0; i < ALERT_TARGETS_MAX; i++)
        if (!n->targets[i].used && keys[i] == key)
            best = &n->targets[i];
    *best = (struct target){.notifier = n, .used = true};
    return best;
}

static void set_target(struct target *t, enum tell_form form, const struct conf_peer *peer)
{
    t->form = form;
    t->peer = *peer;
    t->wait_ns = t->idle_ns = 0; /* what kept it from working may be mended */
}

/* Fills keys with whose each number is. */
static void change_targets(struct notifier *n, const struct roll *roll,
                           uint64_t keys[static ALERT_TARGETS_MAX])
{
    alerts_target_keys(n->alerts, keys);
    for (struct target *t = n->targets; t < n->targets + ALERT_TARGETS_MAX; t++)
        if (t->used && !is_listed(roll, t))
            leave(t);
    for (uint32_t i = 0; i < roll->n; i++) {
        enum tell_form form = roll->at[i].form;
        const struct conf_peer *peer = &roll->at[i].peer;
        struct target *t = find(n, form, peer->url);
        set_target(t != NULL ? t : take_free(n, keys, key_of(form, peer->url)), form, peer);
    }
    for (uint32_t i = 0; i < ALERT_TARGETS_MAX; i++) {
        const struct target *t = &n->targets[i];
        keys[i] = t->used ? key_of(t->form, t->peer.url) : 0;
    }
}

static void adopt(struct notifier *n)
{
    uint64_t keys[ALERT_TARGETS_MAX];
    pthread_mutex_lock(&n->lock);
    struct roll *roll = n->fresh;
    n->fresh = NULL;
    if (roll != NULL) {
        change_targets(n, roll, keys);
        n->resend_ns = roll->resend_ns;
        n->repeat_ns = roll->repeat_ns;
        memcpy(n->external_url, roll->external_url, sizeof n->external_url);
        alerts_targets(n->alerts, keys);
    }
    pthread_mutex_unlock(&n->lock);
    free(roll);
}

static void on_configured(uv_async_t *async)
{
    struct notifier *n = async->data;
    adopt(n);
    on_timer(&n->timer);
}

static void list(struct roll *roll, enum tell_form form, const struct conf_peers *peers)
{
    for (uint32_t i = 0; i < peers->n; i++) {
        roll->at[roll->n].form = form;
        roll->at[roll->n++].peer = peers->at[i];
    }
}

enum nabla_status notifier_configure(struct notifier *n, const struct conf_alerting *conf)
{
    struct roll *roll = calloc(1, sizeof *roll);
    if (roll == NULL)
        return NABLA_ENOMEM;
    roll->resend_ns = conf->resend_ns;
    roll->repeat_ns = conf->repeat_ns;
    memcpy(roll->external_url, conf->external_url, notify_url_length(conf->external_url));
    list(roll, TELL_ALERTMANAGER, &conf->alertmanagers);
    list(roll, TELL_WEBHOOK, &conf->webhooks);
    pthread_mutex_lock(&n->lock);
    free(n->fresh);
    n->fresh = roll;
    pthread_mutex_unlock(&n->lock);
    uv_async_send(&n->configured);
    return NABLA_OK;
}

bool notifier_count(struct notifier *n, uint32_t i, struct notify_counts *out)
{
    bool found = false;
    pthread_mutex_lock(&n->lock);
    for (uint32_t k = 0; k < ALERT_TARGETS_MAX && !found; k++)
        if (n->targets[k].used && i-- == 0) {
            read_counts(&n->targets[k], out);
            found = true;
        }
    pthread_mutex_unlock(&n->lock);
    return found;
}

bool notifier_told(struct notifier *n, uint64_t *number, struct notice *out)
{
    return notices_before(&n->notices, number, out);
}

/* ---- made and freed */

static void on_closed(uv_handle_t *handle)
{
    struct notifier *n = handle->data;
    if (--n->handles > 0)
        return;
    pthread_mutex_destroy(&n->lock);
    notices_fini(&n->notices);
    free(n->fresh);
    free(n);
}

enum nabla_status notifier_new(uv_loop_t *loop, struct alerts *alerts, struct log *log,
                               const struct conf_alerting *conf, struct notifier **out)
{
    struct notifier *n = calloc(1, sizeof *n);
    if (n == NULL || poster_new(loop, ALERT_TARGETS_MAX, &n->poster) != NABLA_OK) {
        free(n);
        return NABLA_ENOMEM;
    }
    n->alerts = alerts;
    n->log = log;
    n->handles = 2;
    pthread_mutex_init(&n->lock, NULL);
    notices_init(&n->notices);
    uv_async_init(loop, &n->configured, on_configured);
    uv_timer_init(loop, &n->timer);
    n->configured.data = n->timer.data = n;
    if (notifier_configure(n, conf) != NABLA_OK) {
        notifier_free(n);
        return NABLA_ENOMEM;
    }
    adopt(n);
    *out = n;
    return NABLA_OK;
}

void notifier_free(struct notifier *n)
{
    if (n == NULL)
        return;
    poster_free(n->poster);
    uv_close((uv_handle_t *)&n->configured, on_closed);
    uv_close((uv_handle_t *)&n->timer, on_closed);
}
