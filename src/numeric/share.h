/* numeric/share.h -- pieces of work that touch nothing in common, shared among threads. */
#ifndef NUMERIC_SHARE_H
#define NUMERIC_SHARE_H

#include <stdint.h>

/* Bytes of output from which a second thread pays. */
enum { SHARE_BYTES = 4 << 20 };

/* Calls work(context, piece, thread) for each piece from 0 to pieces - 1 once, 0 <= thread < threads: by the
 * caller alone for threads < 2, or where OpenMP was not compiled in. */
void share(int64_t pieces, int threads, void (*work)(void *context, int64_t piece, int thread),
           void *context);

/* How many threads are worth it: those asked for, or 1 for less than SHARE_BYTES. */
int share_threads(int asked, int64_t elements, int64_t element_bytes);

#endif
