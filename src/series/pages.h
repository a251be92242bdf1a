/* series/pages.h -- zeroed memory straight from the kernel, in huge pages where it is large: at a
 * million series a lookup in 4 KiB pages costs a page walk more than the lookup. */
#ifndef SERIES_PAGES_H
#define SERIES_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { PAGES_HUGE = 2 * 1024 * 1024 };

/* bytes > 0, zeroed, aligned to PAGES_HUGE if `huge`, which asks for huge pages. NULL if there is
 * no memory. */
void *pages_new(size_t bytes, bool huge);
void pages_free(void *pages, size_t bytes); /* bytes as given to pages_new; NULL is fine */

#endif
