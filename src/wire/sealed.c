/* wire/sealed.c -- one spelling for one head: small letters, no leading zeros, one blank. */
#include "wire/sealed.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

static const char word[] = "#hmac-sha256 ";
enum { WORD = sizeof word - 1, DIGITS = 2 * SEALED_MAC, TIME_AT = WORD + DIGITS + 1 };

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_mac(const char *digits, unsigned char out[static SEALED_MAC])
{
    for (int i = 0; i < SEALED_MAC; i++) {
        int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* Digits up to an LF; returns how many bytes, LF included, or 0. */
static size_t read_time(const char *text, size_t n, int64_t *out)
{
    uint64_t t;
    size_t used = number_read_u64(text, n, &t);
    if (used == 0 || used == n || text[used] != '\n' || (text[0] == '0' && used > 1) ||
        t > INT64_MAX)
        return 0;
    *out = (int64_t)t;
    return used + 1;
}

bool sealed_read(const char *bytes, size_t n, struct sealed *out)
{
    struct sealed s = {.signed_at = TIME_AT};
    if (n <= TIME_AT || memcmp(bytes, word, WORD) != 0 || bytes[TIME_AT - 1] != ' ' ||
        !read_mac(bytes + WORD, s.mac))
        return false;
    size_t time_n = read_time(bytes + TIME_AT, n - TIME_AT, &s.t_ns);
    if (time_n == 0)
        return false;
    s.lines_at = TIME_AT + time_n;
    *out = s;
    return true;
}

size_t sealed_write_time(char out[static SEALED_TIME_MAX], int64_t t_ns)
{
    return (size_t)snprintf(out, SEALED_TIME_MAX, "%lld\n", (long long)t_ns);
}

size_t sealed_write_mac(char out[static SEALED_HEAD_MAX],
                        const unsigned char mac[static SEALED_MAC])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, word, WORD);
    for (int i = 0; i < SEALED_MAC; i++) {
        out[WORD + 2 * i] = digits[mac[i] >> 4];
        out[WORD + 2 * i + 1] = digits[mac[i] & 15];
    }
    out[TIME_AT - 1] = ' ';
    return TIME_AT;
}
