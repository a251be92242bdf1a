/* base/time_text.c -- RFC 3339 and durations.
 * Days are counted in the proleptic Gregorian calendar from 1970-01-01, in years that start in
 * March, so that a leap day is a year's last; 400 years have 146097 days.
 * Laws: time_read undoes time_write for every int64; equal to timegm; an offset only moves a time
 * by itself; duration_read undoes duration_write (test_time_text.c). */
#include "base/time_text.h"

#include "base/clock.h"
#include "base/digits.h"
#include "base/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    DAY_S = 86400,
    DAYS_400_YEARS = 146097,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
    FRACTION_DIGITS = 9,
};

struct date {
    int64_t year;
    int month, day;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

/* Days before the month, in a year that starts in March: 31 30 31 30 31 | 31 30 31 30 31 | 31 .. */
static int days_before(int march_month)
{
    return (153 * march_month + 2) / 5;
}

static int64_t days_from_date(struct date d)
{
    int64_t year = d.year - (d.month <= 2);
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int of_year = days_before(d.month > 2 ? d.month - 3 : d.month + 9) + d.day - 1;
    return era * DAYS_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static struct date date_from_days(int64_t days)
{
    days += DAYS_TO_1970;
    int64_t era = floor_div(days, DAYS_400_YEARS);
    int64_t day = days - era * DAYS_400_YEARS;
    /* the leap days before it taken out, a day is its year and a remainder */
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int of_year = (int)(day - (365 * year + year / 4 - year / 100));
    int month = (5 * of_year + 2) / 153;
    return (struct date){.year = era * 400 + year + (month >= 10),
                         .month = month < 10 ? month + 3 : month - 9,
                         .day = of_year - days_before(month) + 1};
}

/* Two digits at a time: printf would cost more than all the rest of a reading. */
static char *put_pair(char *to, int v)
{
    *to++ = (char)('0' + v / 10);
    *to++ = (char)('0' + v % 10);
    return to;
}

static char *put_fraction(char *to, int64_t ns)
{
    *to = (char)('0' + ns / 100000000);
    digits_store(to + 1, digits_of((uint32_t)(ns % 100000000)));
    return to + FRACTION_DIGITS;
}

size_t time_write(char out[static TIME_TEXT_MAX], int64_t t_ns)
{
    int64_t seconds = floor_div(t_ns, NS_PER_S), days = floor_div(seconds, DAY_S);
    int of_day = (int)floor_mod(seconds, DAY_S);
    struct date d = date_from_days(days); /* 1677 to 2262: always four digits */
    char *to = put_pair(put_pair(out, (int)(d.year / 100)), (int)(d.year % 100));
    *to++ = '-';
    to = put_pair(to, d.month);
    *to++ = '-';
    to = put_pair(to, d.day);
    *to++ = 'T';
    to = put_pair(to, of_day / 3600);
    *to++ = ':';
    to = put_pair(to, of_day / 60 % 60);
    *to++ = ':';
    to = put_pair(to, of_day % 60);
    *to++ = '.';
    to = put_fraction(to, floor_mod(t_ns, NS_PER_S));
    *to++ = 'Z';
    *to = '\0';
    return (size_t)(to - out);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What is left of a text that is being read. */
struct rest {
    const char *at, *end;
};

static inline bool take(struct rest *r, const char *any_of)
{
    for (; r->at < r->end && *any_of != '\0'; any_of++)
        if (*r->at == *any_of) {
            r->at++;
            return true;
        }
    return false;
}

/* Exactly n digits, their number between low and high. */
static bool take_number(struct rest *r, int n, int low, int high, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++, r->at++) {
        if (r->at == r->end || !is_digit(*r->at))
            return false;
        v = v * 10 + (*r->at - '0');
    }
    *out = v;
    return v >= low && v <= high;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct rest *r, struct date *out)
{
    int year;
    if (!take_number(r, 4, 0, 9999, &year) || !take(r, "-") ||
        !take_number(r, 2, 1, 12, &out->month) || !take(r, "-") ||
        !take_number(r, 2, 1, month_days(year, out->month), &out->day))
        return false;
    out->year = year;
    return true;
}

/* Seconds since midnight; 60 as the last pair is a leap second. */
static bool take_clock(struct rest *r, int *out_s, bool *leap)
{
    int h, m, s;
    if (!take_number(r, 2, 0, 23, &h) || !take(r, ":") || !take_number(r, 2, 0, 59, &m) ||
        !take(r, ":") || !take_number(r, 2, 0, 60, &s))
        return false;
    *out_s = h * 3600 + m * 60 + s;
    *leap = s == 60;
    return true;
}

/* Nothing, or a point and at least one digit; those past the ninth are cut. */
static bool take_fraction(struct rest *r, int64_t *out_ns)
{
    *out_ns = 0;
    if (!take(r, "."))
        return true;
    const char *first = r->at;
    const char *cut = r->end - first > FRACTION_DIGITS ? first + FRACTION_DIGITS : r->end;
    uint64_t v = 0;
    const char *last = digits_read(first, cut, &v);
    *out_ns = (int64_t)(v * digits_tens[FRACTION_DIGITS - (last - first)]);
    r->at = digits_skip(last, r->end);
    return last > first;
}

static bool take_offset(struct rest *r, int *out_s)
{
    *out_s = 0;
    if (take(r, "Zz"))
        return true;
    bool west = r->at < r->end && *r->at == '-';
    int h, m;
    if (!take(r, "+-") || !take_number(r, 2, 0, 23, &h) || !take(r, ":") ||
        !take_number(r, 2, 0, 59, &m))
        return false;
    *out_s = (west ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

/* Below zero the whole second next to 0 is multiplied: INT64_MIN's own one would not fit. */
static bool join_ns(int64_t seconds, int64_t ns, int64_t *out_ns)
{
    if (seconds < 0) {
        seconds++;
        ns -= NS_PER_S;
    }
    return !__builtin_mul_overflow(seconds, NS_PER_S, &seconds) &&
           !__builtin_add_overflow(seconds, ns, out_ns);
}

enum nabla_status time_read(const char *text, size_t n, int64_t *out_ns)
{
    struct rest r = {text, text + n};
    struct date date;
    int of_day, offset;
    int64_t fraction, t_ns;
    bool leap;
    if (!take_date(&r, &date) || !take(&r, "Tt ") || !take_clock(&r, &of_day, &leap) ||
        !take_fraction(&r, &fraction) || !take_offset(&r, &offset) || r.at != r.end)
        return NABLA_EINVAL;
    int64_t seconds = days_from_date(date) * DAY_S + of_day - offset;
    if (leap && seconds % DAY_S != 0) /* they come only at the end of a UTC day */
        return NABLA_EINVAL;
    if (!join_ns(seconds, fraction, &t_ns))
        return NABLA_ERANGE;
    *out_ns = t_ns;
    return NABLA_OK;
}

/* Largest first. */
static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"w", INT64_C(7) * DAY_S *NS_PER_S},
    {"d", INT64_C(1) * DAY_S *NS_PER_S},
    {"h", INT64_C(3600) * NS_PER_S},
    {"m", INT64_C(60) * NS_PER_S},
    {"s", NS_PER_S},
    {"ms", NS_PER_MS},
    {"us", 1000},
    {"ns", 1},
};
enum { UNITS = sizeof units / sizeof *units };

/* The letters at r as a unit after the last one used; UNITS if they are none. */
static int take_unit(struct rest *r, int after)
{
    size_t n = 0;
    while (r->at + n < r->end && !is_digit(r->at[n]))
        n++;
    for (int i = after; i < UNITS; i++)
        if (strlen(units[i].name) == n && memcmp(units[i].name, r->at, n) == 0) {
            r->at += n;
            return i;
        }
    return UNITS;
}

enum nabla_status duration_read(const char *text, size_t n, int64_t *out_ns)
{
    if (n == 1 && text[0] == '0') {
        *out_ns = 0;
        return NABLA_OK;
    }
    struct rest r = {text, text + n};
    int64_t sum = 0;
    bool fits = n > 0;
    int unit = -1;
    if (n == 0)
        return NABLA_EINVAL;
    while (r.at < r.end) {
        uint64_t count = 0, part;
        const char *digits = r.at;
        while (r.at < r.end && is_digit(*r.at))
            r.at++;
        size_t digits_n = (size_t)(r.at - digits);
        if (digits_n == 0 || (unit = take_unit(&r, unit + 1)) == UNITS)
            return NABLA_EINVAL;
        fits = fits && number_read_u64(digits, digits_n, &count) == digits_n &&
               !__builtin_mul_overflow(count, (uint64_t)units[unit].ns, &part) &&
               !__builtin_add_overflow(sum, part, &sum);
    }
    if (!fits)
        return NABLA_ERANGE;
    *out_ns = sum;
    return NABLA_OK;
}

/* Weeks only where nothing is left over: 15d, not 2w1d. */
size_t duration_write(char out[static TIME_TEXT_MAX], int64_t ns)
{
    assert(ns >= 0);
    size_t n = 0;
    for (int i = ns % units[0].ns == 0 ? 0 : 1; i < UNITS && ns > 0; i++) {
        if (ns >= units[i].ns)
            n += (size_t)snprintf(out + n, TIME_TEXT_MAX - n, "%" PRId64 "%s", ns / units[i].ns,
                                  units[i].name);
        ns %= units[i].ns;
    }
    return n > 0 ? n : (size_t)snprintf(out, TIME_TEXT_MAX, "0s");
}
