/* cli/gradient_progress.c -- one line that is written over and over, and wiped at the end. */
#include "cli/gradient_progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { BAR = 40, WAIT_NS = NS_PER_S, EVERY_NS = NS_PER_S / 10 };

void progress_text(char out[static PROGRESS_TEXT_MAX], uint64_t done, uint64_t bytes,
                   int64_t elapsed_ns)
{
    double part = bytes == 0 ? 1 : (double)done / (double)bytes;
    double seconds = (double)elapsed_ns / NS_PER_S;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    uint64_t left = rate > 0 ? (uint64_t)((double)(bytes - done) / rate + 0.5) : 0;
    char bar[BAR + 1] = "";
    for (int i = 0; i < BAR; i++)
        bar[i] = i < (int)(part * BAR) ? '#' : ' ';
    snprintf(out, PROGRESS_TEXT_MAX, "[%s] %3d %%  %.2f GB/s  %" PRIu64 ":%02" PRIu64 " left", bar,
             (int)(part * 100), rate / 1e9, left / 60, left % 60);
}

void progress_begin(struct progress *p, bool on)
{
    *p = (struct progress){.begin_ns = on ? clock_now().mono_ns : INT64_MAX};
}

void progress_show(struct progress *p, uint64_t done, uint64_t bytes)
{
    char text[PROGRESS_TEXT_MAX];
    if (p->begin_ns == INT64_MAX)
        return;
    int64_t now_ns = clock_now().mono_ns;
    if (now_ns - p->begin_ns < WAIT_NS || (p->shown && now_ns - p->last_ns < EVERY_NS))
        return;
    progress_text(text, done, bytes, now_ns - p->begin_ns);
    fprintf(stderr, "\r%s\x1b[K", text);
    fflush(stderr);
    p->shown = true;
    p->last_ns = now_ns;
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\x1b[K", stderr);
    p->shown = false;
}
