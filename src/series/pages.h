/* series/pages.h -- zeroed memory: large pieces straight from the kernel, so that what is given back
 * is given back to it; in huge pages where that is asked for, since at a million series a lookup in
 * 4 KiB pages costs a page walk more than the lookup. */
#ifndef SERIES_PAGES_H
#define SERIES_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { PAGES_HUGE = 2 * 1024 * 1024 };

/* bytes > 0, zeroed, aligned to PAGES_HUGE; huge: in huge pages, if the kernel has any. NULL if there
 * is no memory. */
void *pages_new(size_t bytes, bool huge);
void pages_free(void *pages, size_t bytes); /* bytes as given to pages_new; NULL is fine */

/* The same for pieces of any size: small ones come from malloc, large ones are mapped, and none is
 * larger in memory than what has been touched of it. */
void *pages_take(size_t bytes);
void pages_give(void *piece, size_t bytes);

/* What lies behind the first `from` of a piece's bytes is needed no more: the kernel gets whole pages of it back, if
 * the piece was mapped. It may be written again; what it holds until then is not said. */
void pages_leave(void *piece, size_t bytes, size_t from);

#endif
