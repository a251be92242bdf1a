/* base/md5.h -- MD5 (RFC 1321), by which Prometheus' hashmod spreads series over shards. No protection
 * against anybody. Pure. */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

/* The last eight bytes of the digest, the first of them most significant. */
uint64_t md5_last64(const void *bytes, size_t n);

#endif
