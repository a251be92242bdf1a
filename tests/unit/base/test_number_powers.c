/* test_number_powers.c -- the table against whole numbers: 5^|k| is multiplied out, and each entry is
 * what a division by it, or its own leading bits, must be. */
#include "base/number_powers.h"

#include "suite.h"

#include <stdbool.h>
#include <string.h>

enum { LIMBS = 40 }; /* of 32 bits, the lowest first: 5^342 and 128 bits more */

struct whole {
    uint32_t limb[LIMBS];
};

static struct whole multiply(struct whole a, uint32_t by)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a.limb[i] * by;
        a.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    ck_assert_uint_eq(carry, 0);
    return a;
}

static struct whole power_of_five(int k)
{
    struct whole five = {{1}};
    for (int i = 0; i < k; i++)
        five = multiply(five, 5);
    return five;
}

static int bit_length(const struct whole *a)
{
    int n = 32 * LIMBS;
    while (n > 0 && (a->limb[(n - 1) / 32] >> (n - 1) % 32 & 1) == 0)
        n--;
    return n;
}

static int compare(const struct whole *a, const struct whole *b)
{
    int i = LIMBS - 1;
    while (i > 0 && a->limb[i] == b->limb[i])
        i--;
    return (a->limb[i] > b->limb[i]) - (a->limb[i] < b->limb[i]);
}

static struct whole add(struct whole a, const struct whole *b)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a.limb[i] + b->limb[i];
        a.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return a;
}

/* by: the power's 128 bits */
static struct whole multiply_power(const struct whole *a, struct power by)
{
    const uint32_t parts[] = {(uint32_t)by.low, (uint32_t)(by.low >> 32), (uint32_t)by.high,
                              (uint32_t)(by.high >> 32)};
    struct whole sum = {{0}};
    for (int p = 0; p < 4; p++) {
        struct whole term = multiply(*a, parts[p]);
        memmove(term.limb + p, term.limb, sizeof(uint32_t) * (size_t)(LIMBS - p));
        memset(term.limb, 0, sizeof(uint32_t) * (size_t)p);
        sum = add(sum, &term);
    }
    return sum;
}

static struct whole bit(int n)
{
    struct whole a = {{0}};
    a.limb[n / 32] = UINT32_C(1) << n % 32;
    return a;
}

/* p 5^-k <= 2^bits < (p + 1) 5^-k, where 2^bits gives 128 bits of quotient. */
static bool is_quotient(struct power p, int k)
{
    struct whole five = power_of_five(-k), product = multiply_power(&five, p);
    struct whole dividend = bit(bit_length(&five) + 127), next = add(product, &five);
    return compare(&product, &dividend) <= 0 && compare(&dividend, &next) < 0;
}

/* The leading 128 bits of 5^k. */
static bool is_prefix(struct power p, int k)
{
    struct whole five = power_of_five(k), entry = {{1}};
    entry = multiply_power(&entry, p);
    int shift = bit_length(&five) - 128;
    for (; shift > 0; shift--) {
        for (int i = 0; i < LIMBS; i++)
            five.limb[i] = five.limb[i] >> 1 | (i + 1 < LIMBS ? five.limb[i + 1] << 31 : 0);
    }
    for (; shift < 0; shift++)
        five = multiply(five, 2);
    return compare(&five, &entry) == 0;
}

START_TEST(power_row)
{
    struct power p = power_of_ten(_i);
    ck_assert_msg(p.high >> 63 == 1, "10^%d has no leading bit", _i);
    ck_assert_msg(_i < 0 ? is_quotient(p, _i) : is_prefix(p, _i), "10^%d", _i);
    /* 5^k has power_exponent(k) - k + 128 bits, the reciprocal of 5^-k ends one lower */
    struct whole five = power_of_five(_i < 0 ? -_i : _i);
    int bits = bit_length(&five);
    ck_assert_int_eq(power_exponent(_i), _i + (_i < 0 ? -bits - 127 : bits - 128));
    ck_assert_msg((_i >= 0 && bits <= 128) == (_i >= 0 && _i <= POWER_EXACT), "10^%d exact", _i);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("number_powers");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, power_row, POWER_LOW, POWER_HIGH + 1);
    suite_add_tcase(s, all);
    return s;
}
