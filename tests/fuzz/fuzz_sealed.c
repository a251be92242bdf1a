/* rooms: wire */
/* fuzz_sealed.c -- the head of a signed datagram. Laws: what is read lies within the bytes, and written again it is
 * the same bytes. */
#include "wire/sealed.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sealed s;
    char again[SEALED_HEAD_MAX + SEALED_TIME_MAX];
    if (!sealed_read((const char *)data, n, &s))
        return 0;
    CHECK(s.signed_at < s.lines_at && s.lines_at <= n && s.t_ns >= 0);
    size_t written = sealed_write_mac(again, s.mac);
    CHECK(written == s.signed_at);
    written += sealed_write_time(again + written, s.t_ns);
    CHECK(written == s.lines_at && memcmp(again, data, written) == 0);
    return 0;
}
