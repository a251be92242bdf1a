/* base/number_powers.h -- powers of ten to 128 bits, for reading and writing doubles. Pure.
 *
 *     10^k = (high * 2^64 + low + d) * 2^power_exponent(k),   0 <= d < 1, high >= 2^63
 *
 * d is 0 exactly for 0 <= k <= POWER_EXACT, where 5^k fits.
 * Private to base/number_*.c. */
#ifndef BASE_NUMBER_POWERS_H
#define BASE_NUMBER_POWERS_H

#include <stdint.h>

enum {
    POWER_LOW = -342, /* times 2^64, an integer of 19 digits, below this is less than any double */
    POWER_HIGH =
        324, /* what makes the least double an integer of 17 digits is 10^340, of one 10^324 */
    POWER_EXACT = 55,
};

struct power {
    uint64_t high, low;
};

extern const struct power number_powers[POWER_HIGH - POWER_LOW + 1];

static inline struct power power_of_ten(int k)
{
    return number_powers[k - POWER_LOW];
}

/* floor(log2(10^k)) for |k| <= 1233. Source: Giulietti 2020, section 9. */
static inline int floor_log2_power(int k)
{
    return (k * 1741647) >> 19;
}

static inline int power_exponent(int k)
{
    return floor_log2_power(k) - 127;
}

#endif
