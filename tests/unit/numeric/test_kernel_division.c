/* tests/unit/numeric/test_kernel_division.c -- division by a constant without dividing is division, to
 * the bit: divisors at random and of every nasty shape, all mantissas of float, the quotients of double
 * that lie nearest to the middle between two numbers, and the ends of the range. */
#include "numeric/kernel.h"

#include "guard.h"
#include "suite.h"

#include <float.h>
#include <math.h>

static const char *const sets[] = {"portable", "avx2", "avx512"};

/* Runs of LONG_ENOUGH are corrected where that serves, shorter ones divided; of CHUNK, also multiplied by two
 * parts of the inverse. */
enum { CHUNK = 4096, LONG_ENOUGH = 64 };

/* x[i] / d by the kernels, as (x[i] - 0) / d: subtracting zero keeps every number, and -0. */
static void check_doubles(const double *x, size_t n, double d)
{
    static double zero[CHUNK], got[CHUNK];
    for (int s = 0; s < ROWS(sets); s++) {
        const struct kernels *k = kernels_named(sets[s]);
        if (k == NULL)
            continue;
        k->difference(NABLA_FLOAT64, NABLA_FLOAT64, x, zero, got, n, d, STORE_CACHED);
        for (size_t i = 0; i < n; i++) {
            double want = x[i] / d;
            if (memcmp(&got[i], &want, sizeof want) != 0 && !(isnan(got[i]) && isnan(want)))
                ck_abort_msg("%s: %a / %a is %a, not %a", sets[s], x[i], d, want, got[i]);
        }
    }
}

static void check_floats(const float *x, size_t n, float d)
{
    static float zero[CHUNK], got[CHUNK];
    for (int s = 0; s < ROWS(sets); s++) {
        const struct kernels *k = kernels_named(sets[s]);
        if (k == NULL)
            continue;
        k->difference(NABLA_FLOAT32, NABLA_FLOAT32, x, zero, got, n, (double)d, STORE_CACHED);
        for (size_t i = 0; i < n; i++) {
            float want = x[i] / d;
            if (memcmp(&got[i], &want, sizeof want) != 0 && !(isnan(got[i]) && isnan(want)))
                ck_abort_msg("%s: %a / %a is %a, not %a", sets[s], (double)x[i], (double)d,
                             (double)want, (double)got[i]);
        }
    }
}

/* ---- divisors by shape: the mantissas at which such tricks have failed, at many exponents */

static const double mantissas[] = {
    1.0,
    1.0 + DBL_EPSILON,
    1.0 + 2 * DBL_EPSILON,
    2.0 - DBL_EPSILON, /* all ones */
    2.0 - 2 * DBL_EPSILON,
    1.5,
    1.5 - DBL_EPSILON,
    1.5 + DBL_EPSILON,
    4.0 / 3,
    0x1.6a09e667f3bcdp0, /* the root of 2 */
    0x1.6a09e667f3bccp0,
    0x1.999999999999ap0, /* of 0.1 and 0.2 */
    0x1.921fb54442d18p0,
    0x1.5555555555555p0,
    0x1.0000000000003p0,
    0x1.ffffffff00000p0,
    0x1.00000fffffffep0,
};
static const int exponents[] = {0,   1,   -1,   4,   -10, 29,   30,   31,   -29,   -30,
                                -31, 200, -200, 299, 300, -300, -301, 1000, -1021, 1023};

START_TEST(doubles_by_random_and_nasty_divisors)
{
    uint64_t random = 1;
    static double x[CHUNK];
    for (int turn = 0; turn < 2000; turn++) {
        double mantissa = turn % 2 == 0 ? mantissas[turn / 2 % ROWS(mantissas)]
                                        : 1 + (double)(next_random(&random) >> 12) * 0x1p-52;
        double d = ldexp(mantissa, exponents[random_below(&random, ROWS(exponents))]);
        for (size_t i = 0; i < CHUNK; i++) {
            uint64_t bits = next_random(&random);
            if (i % 4 != 0) /* mostly near 1, so that the quick way is taken by whole vectors */
                bits = (bits & ~(UINT64_C(0x7FF) << 52)) | (1023 + i % 3) << 52;
            memcpy(&x[i], &bits, sizeof bits);
        }
        check_doubles(x, CHUNK, turn % 3 == 0 ? -d : d);
    }
}
END_TEST

/* Divisors whose mantissas end with so many zeros: what is tried depends on them. */
START_TEST(divisors_with_zeros_at_the_end)
{
    uint64_t random = 5;
    static double x[CHUNK];
    for (int zeros = 0; zeros < 53; zeros++) {
        const uint64_t odd = (UINT64_C(1) << 52 | next_random(&random) >> 12) >> zeros | 1;
        for (size_t i = 0; i < CHUNK; i++)
            x[i] = (double)(int64_t)next_random(&random);
        check_doubles(x, CHUNK, (double)odd);
        check_doubles(x, CHUNK, -ldexp((double)odd, -70));
    }
}
END_TEST

/* All numerators between two powers of two: what holds for them holds for each exponent in range. */
START_TEST(every_mantissa_of_float)
{
    static const float divisors[] = {0.1F,          3.0F,          0x1.fffffep0F, 0x1.000002p0F,
                                     0x1.6a09e6p0F, 0x1.fffffcp3F, 0.7F,          0x1.aaaaaap-5F};
    static float x[CHUNK];
    for (uint32_t bits = 0x3F800000; bits < 0x40000000; bits += CHUNK) {
        for (uint32_t i = 0; i < CHUNK; i++) {
            uint32_t b = bits + i;
            memcpy(&x[i], &b, sizeof b);
        }
        check_floats(x, CHUNK, divisors[_i]);
    }
}
END_TEST

START_TEST(floats_by_many_divisors)
{
    uint64_t random = 2;
    static float x[CHUNK];
    for (int turn = 0; turn < 4000; turn++) {
        uint64_t r = next_random(&random);
        int exponent = (int)random_below(&random, 70) - 35;
        float d = ldexpf((float)(0x800000 + (r & 0x7FFFFF)), exponent - 23);
        for (size_t i = 0; i < CHUNK; i++) {
            uint32_t bits = (uint32_t)next_random(&random);
            if (i % 4 != 0)
                bits = (bits & 0x807FFFFF) | (uint32_t)(127 + i % 3) << 23;
            memcpy(&x[i], &bits, sizeof bits);
        }
        check_floats(x, CHUNK, turn % 3 == 0 ? -d : d);
    }
}
END_TEST

/* ---- hard quotients: x = (m D + r) / 2^k with a small r, so that x / d lies r / (2^k d) beside the
 * middle m between two numbers. With D and m odd, k is chosen so that the division by 2^k is exact
 * for some m: m D = -r (mod 2^54) is solved by the inverse of D. */

static uint64_t inverse_modulo_2_64(uint64_t odd)
{
    uint64_t y = odd; /* right in three bits; each step doubles them */
    for (int i = 0; i < 6; i++)
        y *= 2 - odd * y;
    return y;
}

START_TEST(doubles_nearest_to_a_tie)
{
    static double x[CHUNK];
    uint64_t random = 3, hard = 0;
    for (int turn = 0; turn < 3000; turn++) {
        uint64_t D = UINT64_C(1) << 52 | next_random(&random) >> 12 | 1;
        size_t n = 0;
        for (int r = -63; r <= 63 && n < CHUNK; r += 2) {
            /* m has 54 bits, odd: the middle between two numbers of 53; m D + r a multiple of 2^54
             * or of 2^53 */
            for (int k = 53; k <= 54; k++) {
                uint64_t m =
                    (inverse_modulo_2_64(D) * (uint64_t) - (int64_t)r) & ((UINT64_C(1) << k) - 1);
                m |= k == 53 ? UINT64_C(1) << 53 : 0;
                unsigned __int128 product = (unsigned __int128)m * D;
                product = r < 0 ? product - (unsigned)-r : product + (unsigned)r;
                uint64_t X = (uint64_t)(product >> k);
                if (m >> 53 == 1 && (product & (((unsigned __int128)1 << k) - 1)) == 0 &&
                    X >> 53 == 0)
                    x[n++] = (double)X, hard++;
            }
        }
        const size_t lengths[] = {n < LONG_ENOUGH ? LONG_ENOUGH : n, CHUNK};
        for (size_t i = n; i < CHUNK; i++)
            x[i] = i == n ? 1 : x[i % (n + 1)];
        for (int k = 0; k < 2; k++) {
            check_doubles(x, lengths[k], (double)D);
            check_doubles(x, lengths[k], -ldexp((double)D, -60));
        }
    }
    ck_assert_uint_gt(hard, 20000);
}
END_TEST

/* ---- the ends of the range: where the quick way stops, on both sides of each bound */

START_TEST(range)
{
    static const double bounds[] = {0x1p-1074, 0x1p-1022, 0x1p-900,
                                    0x1p-601,  0x1p-600,  0x1p-599,
                                    0x1p599,   0x1p600,   0x1p601,
                                    0x1p1000,  0x1p1023,  DBL_MAX,
                                    0x1p-60,   0x1p-35,   0x1.23456789abcdep-40,
                                    0x1p50,    0x1p70,    0x1.23456789abcdep60};
    static const double divisors[] = {0.3,      -0.3,      3e-90,      3e90,      0x1p300,
                                      0x1p-300, 0x1.8p300, 0x1.8p-301, 0x1p1023,  0x1p-1022,
                                      5e-324,   0.0,       -0.0,       INFINITY,  -INFINITY,
                                      NAN,      0x1p-1030, 1e-310,     0x1.3p997, 0x1.7p-990};
    double x[ROWS(bounds) * 8 + 8] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 1e-5};
    size_t n = 8;
    for (int i = 0; i < ROWS(bounds); i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            x[n++] = sign * bounds[i];
            x[n++] = sign * nextafter(bounds[i], 0);
            x[n++] = sign * nextafter(bounds[i], INFINITY);
            x[n++] = sign * bounds[i] * (i < 6 ? 1.7 : 0.7);
        }
    for (size_t i = 0; i < n; i++) { /* each in a vector of its own, then all of them mixed */
        double alone[LONG_ENOUGH];
        for (size_t k = 0; k < LONG_ENOUGH; k++)
            alone[k] = (double)k;
        alone[i % LONG_ENOUGH] = x[i];
        check_doubles(alone, LONG_ENOUGH, divisors[_i]);
    }
    check_doubles(x, n, divisors[_i]);
    static double many[CHUNK];
    for (size_t i = 0; i < CHUNK; i++) /* whole vectors of ordinary ones between them */
        many[i] = i % 48 < 16 ? x[i / 48 % n] : (double)i;
    check_doubles(many, CHUNK, divisors[_i]);
    float narrow[ROWS(x)];
    for (size_t i = 0; i < n; i++)
        narrow[i] = (float)(fabs(x[i]) > 1e-100 ? x[i] : x[i] * 0x1p930);
    check_floats(narrow, n, (float)divisors[_i]);
}
END_TEST

START_TEST(float_range)
{
    static const float divisors[] = {0.3F,  0x1p30F,  0x1.000002p30F, 0x1.8p-31F, 0x1p-30F, 3e29F,
                                     -3e9F, 0x1p127F, 1e-40F,         1e-45F,     0x1p-127F};
    float x[64 * 8];
    size_t n = 0;
    for (int e = -149; e<128; e += e> - 64 && e < -56 ? 1 : e > 56 && e < 64 ? 1 : 7) {
        x[n++] = ldexpf(1, e), x[n++] = -ldexpf(1.9999999F, e - 1);
        x[n++] = ldexpf(1.3F, e), x[n++] = nextafterf(ldexpf(1, e), 0);
    }
    check_floats(x, n, divisors[_i]);
    static float many[CHUNK];
    for (size_t i = 0; i < CHUNK; i++)
        many[i] = i % 48 < 16 ? x[i / 48 % n] : (float)i;
    check_floats(many, CHUNK, divisors[_i]);
    for (size_t i = 0; i < n; i++) {
        float alone[LONG_ENOUGH];
        for (size_t k = 0; k < LONG_ENOUGH; k++)
            alone[k] = (float)k;
        alone[i % LONG_ENOUGH] = x[i];
        check_floats(alone, LONG_ENOUGH, divisors[_i]);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("kernel_division");
    TCase *t = tcase_create("is division");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, doubles_by_random_and_nasty_divisors);
    tcase_add_test(t, divisors_with_zeros_at_the_end);
    tcase_add_loop_test(t, every_mantissa_of_float, 0, 8);
    tcase_add_test(t, floats_by_many_divisors);
    tcase_add_test(t, doubles_nearest_to_a_tie);
    tcase_add_loop_test(t, range, 0, 20);
    tcase_add_loop_test(t, float_range, 0, 11);
    suite_add_tcase(s, t);
    return s;
}
