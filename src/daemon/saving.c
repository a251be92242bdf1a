/* daemon/saving.c -- looks twice a second whether there is something new to save. */
#include "daemon/saving.h"

#include "base/clock.h"

/* REST: so many times what saving took, before it is done again */
enum { PERIOD_MS = 500, REST = 9 };

static void on_work(uv_work_t *work)
{
    struct saving *s = work->data;
    int64_t begun_ns = clock_now().mono_ns;
    s->failed = !alert_file_write(s->file, false);
    s->took_ns = clock_now().mono_ns - begun_ns;
}

static void on_worked(uv_work_t *work, int status)
{
    struct saving *s = work->data;
    (void)status;
    s->busy = false;
    s->rest_ns = clock_now().mono_ns + REST * s->took_ns;
}

static bool has_news(struct saving *s)
{
    uint64_t before = s->edits;
    s->edits = alerts_edits(s->alerts);
    return s->edits != before || s->failed;
}

static void on_timer(uv_timer_t *timer)
{
    struct saving *s = timer->data;
    if (s->busy || clock_now().mono_ns < s->rest_ns || !has_news(s))
        return;
    s->busy = uv_queue_work(timer->loop, &s->work, on_work, on_worked) == 0;
}

enum nabla_status saving_start(struct saving *s, uv_loop_t *loop,
                               const struct alert_file_options *o)
{
    uv_timer_init(loop, &s->timer);
    s->alerts = o->alerts;
    s->timer.data = s->work.data = s;
    if (*o->directory == '\0')
        return NABLA_OK;
    enum nabla_status status = alert_file_open(o, &s->file);
    if (status != NABLA_OK)
        return status;
    s->edits = UINT64_MAX;
    uv_timer_start(&s->timer, on_timer, PERIOD_MS, PERIOD_MS);
    return NABLA_OK;
}

void saving_fini(struct saving *s)
{
    if (s->file != NULL && has_news(s))
        (void)alert_file_write(s->file, true); /* with the newest values, which alone are no news */
    alert_file_close(s->file);
}
