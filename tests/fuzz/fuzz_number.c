/* rooms: base */
/* fuzz_number.c -- numbers against strtod and strtoll; what is written reads back. */
#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static int same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* strtod also takes blanks, hexadecimal and nan(...), which are no numbers here. */
static int is_plain(const char *text)
{
    return strpbrk(text, "xX( \t\n\v\f\r") == NULL;
}

static void check_doubles(const char *text, size_t n, const char *terminated)
{
    char *end;
    double v = 7, any = 7, expected = strtod(terminated, &end);
    size_t used = number_read(text, n, &v), used_any = number_read_any(text, n, &any);
    CHECK(used <= n && (used == 0 || (used == used_any && same(v, any))));
    CHECK(used > 0 || v == 7);
    if (!is_plain(terminated))
        return;
    CHECK(used_any == (size_t)(end - terminated));
    CHECK(used_any == 0 || isnan(expected) ? used_any == 0 || isnan(any) : same(any, expected));
}

static void check_integers(const char *text, size_t n, const char *terminated)
{
    int64_t i = 7;
    uint64_t u = 7;
    char *end;
    size_t used = number_read_i64(text, n, &i);
    CHECK(number_read_u64(text, n, &u) <= n && used <= n);
    if (!is_plain(terminated) || *terminated == '+')
        return;
    errno = 0;
    long long expected = strtoll(terminated, &end, 10);
    CHECK(errno == ERANGE ? used == 0 && i == 7
                          : used == (size_t)(end - terminated) && (used == 0 || i == expected));
}

/* A double has 53 bits: its seconds agree with the exact ones to that much. */
static void check_seconds(const char *text, size_t n)
{
    int64_t ns = 7;
    double v = 0;
    size_t used = number_read_seconds(text, n, &ns), used_double = number_read(text, n, &v);
    CHECK(used == 0 || used == used_double);
    if (used > 0)
        CHECK(fabs((double)ns - v * 1e9) <= 1 + fabs(v) * 1e9 * 0x1p-50);
    else
        CHECK(used_double == 0 || fabs(v) > 9.22337e9);
}

static void check_written(const uint8_t *data, size_t n)
{
    double v, back = 7;
    if (n < sizeof v)
        return;
    memcpy(&v, data, sizeof v);
    char text[NUMBER_TEXT_MAX];
    size_t length = number_write(text, v);
    CHECK(length < NUMBER_TEXT_MAX && length == strlen(text));
    CHECK(number_read_any(text, length, &back) == length);
    CHECK(isnan(v) ? isnan(back) : same(v, back));
}

static void check_written_integer(const uint8_t *data, size_t n)
{
    int64_t v, back = 7;
    uint64_t magnitude, u = 7;
    if (n < sizeof v)
        return;
    memcpy(&v, data, sizeof v);
    memcpy(&magnitude, data, sizeof magnitude);
    char text[NUMBER_TEXT_MAX];
    size_t length = number_write_i64(text, v);
    CHECK(length == strlen(text) && number_read_i64(text, length, &back) == length && back == v);
    length = number_write_u64(text, magnitude);
    CHECK(length == strlen(text) && number_read_u64(text, length, &u) == length && u == magnitude);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *terminated = malloc(n + 1), *text = malloc(n + (n == 0));
    CHECK(terminated != NULL && text != NULL);
    memcpy(terminated, data, n);
    terminated[n] = '\0';
    memcpy(text, data, n);
    check_doubles(text, n, terminated);
    check_integers(text, n, terminated);
    check_seconds(text, n);
    check_written(data, n);
    check_written_integer(data, n);
    free(text);
    free(terminated);
    return 0;
}
