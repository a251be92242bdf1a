/* cli/gradient_progress.h -- a bar on standard error for what takes longer than a second. */
#ifndef CLI_GRADIENT_PROGRESS_H
#define CLI_GRADIENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_TEXT_MAX = 128 };

struct progress {
    bool shown;       /* there is a bar on the terminal */
    int64_t begin_ns; /* monotonic */
    int64_t last_ns;  /* when it was drawn last */
};

/* Begins now; on: standard error may be written to. */
void progress_begin(struct progress *p, bool on);

/* Draws the bar if it is time to: after a second, then ten times a second. */
void progress_show(struct progress *p, uint64_t done, uint64_t bytes);
void progress_end(struct progress *p); /* wipes it */

/* "[#####     ]  50 %  1.2 GB/s  0:03 left": the bar, for what was done in so long. Pure. */
void progress_text(char out[static PROGRESS_TEXT_MAX], uint64_t done, uint64_t bytes,
                   int64_t elapsed_ns);

#endif
