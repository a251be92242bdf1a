/* net/pack.h -- bodies made smaller before they go out. Any thread. */
#ifndef NET_PACK_H
#define NET_PACK_H

#include "base/buf.h"

#include <stdbool.h>

/* The bytes of *b as one block of snappy, or as a gzip file; false, *b untouched, without memory. */
MUST_CHECK bool pack_snappy(struct buf *b);
MUST_CHECK bool pack_gzip(struct buf *b);

/* Was a body of lines packed by pack_gzip? No line begins as that does. */
bool pack_is_gzip(const struct buf *b);

#endif
