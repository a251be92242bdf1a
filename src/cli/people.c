/* cli/people.c -- printf rounds correctly; this decides how many decimals to ask for. */
#include "cli/people.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The power of ten of v's first digit once v is rounded to PEOPLE_DIGITS: 9.999999 has 1. */
static int exponent_of(double v)
{
    char text[PEOPLE_TEXT_MAX];
    snprintf(text, sizeof text, "%.*e", PEOPLE_DIGITS - 1, v);
    return atoi(strchr(text, 'e') + 1);
}

/* Drops the zeros that end a fraction, and a point left bare. The fraction ends at `end`; what
 * stands from there on moves up. Returns the new length. */
static size_t trim_fraction(char *text, char *end)
{
    char *keep = end;
    while (keep[-1] == '0')
        keep--;
    if (keep[-1] == '.')
        keep--;
    memmove(keep, end, strlen(end) + 1);
    return strlen(text);
}

size_t people_number(char out[static PEOPLE_TEXT_MAX], double v)
{
    if (isnan(v))
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "NaN");
    if (isinf(v))
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, v > 0 ? "+Inf" : "-Inf");
    if (v == 0)
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "0"); /* -0 tells people nothing */
    int exponent = exponent_of(v);
    if (exponent < -4 || fabs(v) >= 999999999.5) {
        snprintf(out, PEOPLE_TEXT_MAX, "%.*e", PEOPLE_DIGITS - 1, v);
        return trim_fraction(out, strchr(out, 'e'));
    }
    int decimals = PEOPLE_DIGITS - 1 - exponent;
    int n = snprintf(out, PEOPLE_TEXT_MAX, "%.*f", decimals > 0 ? decimals : 0, v);
    return decimals > 0 ? trim_fraction(out, out + n) : (size_t)n;
}

size_t people_age(char out[static PEOPLE_TEXT_MAX], int64_t ns)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    const char *sign = ns < 0 ? "-" : "";
    uint64_t span = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns; /* INT64_MIN too */
    unsigned long long s = span / NS_PER_S;
    if (s < 10)
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "%s%llu.%llus", sign, s,
                                (unsigned long long)(span / (NS_PER_S / 10) % 10));
    if (s < MINUTE)
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "%s%llus", sign, s);
    if (s < HOUR)
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "%s%llum%02llus", sign, s / MINUTE,
                                s % MINUTE);
    if (s < DAY)
        return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "%s%lluh%02llum", sign, s / HOUR,
                                s % HOUR / MINUTE);
    return (size_t)snprintf(out, PEOPLE_TEXT_MAX, "%s%llud%02lluh", sign, s / DAY, s % DAY / HOUR);
}
