/* rules/humanize.c -- four significant digits and a prefix. The printf of C and of Go agree on %.4g. */
#include "rules/humanize.h"

#include "base/time_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t four_digits(char out[static HUMANIZED_MAX], double v, const char *prefix,
                          const char *unit)
{
    if (isnan(v))
        return (size_t)snprintf(out, HUMANIZED_MAX, "NaN");
    if (isinf(v))
        return (size_t)snprintf(out, HUMANIZED_MAX, "%s", v > 0 ? "+Inf" : "-Inf");
    return (size_t)snprintf(out, HUMANIZED_MAX, "%.4g%s%s", v, prefix, unit);
}

/* Divides v as often as it needs, and there are prefixes. */
static const char *large_prefix(double *v, double base, const char *const prefixes[8])
{
    const char *prefix = "";
    for (int i = 0; i < 8 && fabs(*v) >= base; i++) {
        prefix = prefixes[i];
        *v /= base;
    }
    return prefix;
}

static const char *small_prefix(double *v)
{
    static const char *const prefixes[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
    const char *prefix = "";
    for (int i = 0; i < 8 && fabs(*v) < 1; i++) {
        prefix = prefixes[i];
        *v *= 1000;
    }
    return prefix;
}

size_t humanize(char out[static HUMANIZED_MAX], double v)
{
    static const char *const prefixes[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    const char *prefix = "";
    if (v != 0 && isfinite(v))
        prefix = fabs(v) >= 1 ? large_prefix(&v, 1000, prefixes) : small_prefix(&v);
    return four_digits(out, v, prefix, "");
}

size_t humanize_1024(char out[static HUMANIZED_MAX], double v)
{
    static const char *const prefixes[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
    const char *prefix = "";
    if (isfinite(v) && fabs(v) > 1)
        prefix = large_prefix(&v, 1024, prefixes);
    return four_digits(out, v, prefix, "");
}

size_t humanize_duration(char out[static HUMANIZED_MAX], double v)
{
    if (!isfinite(v))
        return four_digits(out, v, "", "");
    if (fabs(v) < 60 || fabs(v) >= 9e18) {
        const char *prefix = v != 0 && fabs(v) < 1 ? small_prefix(&v) : "";
        return four_digits(out, v, prefix, "s");
    }
    const char *sign = v < 0 ? "-" : "";
    long long s = (long long)fabs(v), m = s / 60, h = m / 60, d = h / 24;
    if (d > 0)
        return (size_t)snprintf(out, HUMANIZED_MAX, "%s%lldd %lldh %lldm %llds", sign, d, h % 24,
                                m % 60, s % 60);
    if (h > 0)
        return (size_t)snprintf(out, HUMANIZED_MAX, "%s%lldh %lldm %llds", sign, h, m % 60, s % 60);
    return (size_t)snprintf(out, HUMANIZED_MAX, "%s%lldm %llds", sign, m, s % 60);
}

size_t humanize_percentage(char out[static HUMANIZED_MAX], double v)
{
    return four_digits(out, v * 100, "", isfinite(v * 100) ? "%" : "");
}

/* As Go prints a time: no zeros at a fraction's end. */
size_t humanize_timestamp(char out[static HUMANIZED_MAX], double v)
{
    char text[TIME_TEXT_MAX];
    if (!isfinite(v) || fabs(v) >= 9.2e9)
        return four_digits(out, v, "", "");
    int64_t ms = (int64_t)(v * 1000);
    time_write(text, ms * 1000000);
    size_t n = 29; /* 2023-11-14T22:13:20.250000000, the Z left out */
    while (text[n - 1] == '0')
        n--;
    n -= text[n - 1] == '.';
    return (size_t)snprintf(out, HUMANIZED_MAX, "%.10s %.*s +0000 UTC", text, (int)(n - 11),
                            text + 11);
}
