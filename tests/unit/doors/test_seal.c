/* HMAC-SHA-256 by the vectors of RFC 4231, and files of keys that are and are not. */
#include "doors/seal.h"

#include "pki.h"
#include "suite.h"

static char path[] = "/tmp/nabla-test-seal-XXXXXX";

static void make_file(void)
{
    close(mkstemp(path));
}

static void remove_file(void)
{
    unlink(path);
}

#define TEN(x) x x x x x x x x x x

/* RFC 4231, section 4; its keys of fewer than 16 bytes are not ours. */
static const struct {
    const char *key, *data, *mac;
} vectors[] = {
    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {TEN("\xaa\xaa"), TEN("\xdd\xdd\xdd\xdd\xdd"),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {TEN("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa") "\xaa",
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {TEN("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa") "\xaa",
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static struct seal_keys *load(const char *text)
{
    struct seal_keys *k = NULL;
    char why[SEAL_WHY_MAX] = "";
    pki_write(path, text, strlen(text));
    ck_assert_msg(seal_keys_load(path, &k, why) == NABLA_OK, "%s", why);
    return k;
}

START_TEST(vector)
{
    struct seal_keys *k = load(vectors[_i].key);
    unsigned char mac[SEAL_MAC];
    char hex[2 * SEAL_MAC + 1];
    size_t n = strlen(vectors[_i].data);
    seal_sign(k, vectors[_i].data, n, mac);
    for (int i = 0; i < SEAL_MAC; i++)
        snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    ck_assert_str_eq(hex, vectors[_i].mac);
    ck_assert(seal_check(k, vectors[_i].data, n, mac));
    for (int bit = 0; bit < 8 * SEAL_MAC; bit++) {
        mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_msg(!seal_check(k, vectors[_i].data, n, mac), "bit %d", bit);
        mac[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    seal_keys_leave(k);
}
END_TEST

START_TEST(every_byte_that_is_changed)
{
    char text[] = "1700000000000000000\ntemperature,site=a value=1\n";
    struct seal_keys *k = load("0123456789abcdef");
    unsigned char mac[SEAL_MAC];
    size_t n = strlen(text);
    seal_sign(k, text, n, mac);
    for (size_t i = 0; i < n; i++) {
        text[i] ^= 1;
        ck_assert(!seal_check(k, text, n, mac));
        text[i] ^= 1;
        ck_assert(!seal_check(k, text, i, mac));
    }
    ck_assert(seal_check(k, text, n, mac));
    seal_keys_leave(k);
}
END_TEST

START_TEST(several_keys)
{
    struct seal_keys *old = load("an old key, long enough\n"), *both, *other;
    unsigned char mac[SEAL_MAC];
    both = load("\n a new key, long enough\r\nan old key, long enough\t\n\n");
    other = load("another key, long enough");
    seal_sign(old, "text", 4, mac);
    ck_assert(seal_check(both, "text", 4, mac));
    ck_assert(!seal_check(other, "text", 4, mac));
    seal_sign(both, "text", 4, mac); /* by the first */
    ck_assert(!seal_check(old, "text", 4, mac));
    ck_assert_ptr_eq(seal_keys_hold(both), both);
    seal_keys_leave(both);
    ck_assert(seal_check(both, "text", 4, mac));
    ck_assert_ptr_null(seal_keys_hold(NULL));
    seal_keys_leave(NULL);
    seal_keys_leave(old);
    seal_keys_leave(both);
    seal_keys_leave(other);
}
END_TEST

#define KEY "0123456789abcdef\n"

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "the file is empty"},
    {"\n \n", "there is no key in it"},
    {"0123456789abcde\n", "a key is shorter than 16 bytes"},
    {KEY "x", "a key is shorter than 16 bytes"},
    {KEY KEY KEY KEY KEY KEY KEY KEY KEY, "there are more than 8 keys"},
};

START_TEST(no_keys)
{
    struct seal_keys *k = NULL;
    char why[SEAL_WHY_MAX] = "", want[SEAL_WHY_MAX];
    pki_write(path, bad[_i].text, strlen(bad[_i].text));
    ck_assert_int_ne(seal_keys_load(path, &k, why), NABLA_OK);
    snprintf(want, sizeof want, "%s: %s", path, bad[_i].why);
    ck_assert_str_eq(why, want);
    ck_assert_ptr_null(k);
}
END_TEST

START_TEST(limits)
{
    char text[SEAL_KEY_MAX + 2], why[SEAL_WHY_MAX];
    struct seal_keys *k = NULL;
    memset(text, 'k', sizeof text);
    pki_write(path, text, SEAL_KEY_MAX + 1);
    ck_assert_int_eq(seal_keys_load(path, &k, why), NABLA_EINVAL);
    pki_write(path, text, SEAL_KEY_MAX);
    ck_assert_int_eq(seal_keys_load(path, &k, why), NABLA_OK);
    seal_keys_leave(k);
    ck_assert_int_eq(seal_keys_load("/nowhere/key", &k, why), NABLA_EIO);
    ck_assert_str_eq(why, "/nowhere/key: No such file or directory");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("seal");
    TCase *c = tcase_create("seal");
    tcase_add_unchecked_fixture(c, make_file, remove_file);
    tcase_add_loop_test(c, vector, 0, ROWS(vectors));
    tcase_add_test(c, every_byte_that_is_changed);
    tcase_add_test(c, several_keys);
    tcase_add_loop_test(c, no_keys, 0, ROWS(bad));
    tcase_add_test(c, limits);
    suite_add_tcase(s, c);
    return s;
}
