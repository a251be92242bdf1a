/* rooms: base */
/* fuzz_time_text.c -- times and durations: any text is one or an error, and one that is read is
 * written as the same time, which reads back. */
#include "base/time_text.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static void check_time(int64_t t_ns)
{
    char text[TIME_TEXT_MAX];
    int64_t back = ~t_ns;
    size_t n = time_write(text, t_ns);
    CHECK(n < TIME_TEXT_MAX && n == strlen(text));
    CHECK(time_read(text, n, &back) == NABLA_OK && back == t_ns);
}

static void check_duration(int64_t ns)
{
    char text[TIME_TEXT_MAX];
    int64_t back = -1;
    size_t n = duration_write(text, ns);
    CHECK(n < TIME_TEXT_MAX && n == strlen(text));
    CHECK(duration_read(text, n, &back) == NABLA_OK && back == ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + (n == 0)); /* a copy, so that a sanitizer sees its end */
    CHECK(text != NULL);
    memcpy(text, data, n);
    int64_t ns = -7;
    if (time_read(text, n, &ns) == NABLA_OK)
        check_time(ns);
    else
        CHECK(ns == -7);
    ns = -7;
    if (duration_read(text, n, &ns) == NABLA_OK) {
        CHECK(ns >= 0);
        check_duration(ns);
    } else {
        CHECK(ns == -7);
    }
    if (n >= sizeof ns) {
        memcpy(&ns, data, sizeof ns);
        check_time(ns);
        check_duration(ns & INT64_MAX);
    }
    free(text);
    return 0;
}
