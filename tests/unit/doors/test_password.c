/* tests/unit/doors/test_password.c -- hashes that are none, passwords that are right, and what is known
 * again. */
#include "doors/password.h"

#include "suite.h"

#include <crypt.h>

#include <stdio.h>
#include <stdlib.h>

/* Has the form of one; nobody knows its password. */
#define HASH  "$2b$04$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu"
#define SALTS "abcdefghijklmnopqrstuu"

static const struct fault_row {
    const char *hash, *says;
} faults[] = {
    {"", "no bcrypt hash"},
    {"wonder", "no bcrypt hash"},
    {"$2", "no bcrypt hash"},
    {"$2b", "no bcrypt hash"},
    {"$1$abcdefgh$abcdefghijklmnopqrstuv", "no bcrypt hash"},
    {"$2x$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", "no bcrypt hash"},
    {"$2b$1$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtuu", "no bcrypt hash"},
    {"$2b$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAt", "60 characters"},
    {"$2b$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtuu", "60 characters"},
    {"$2b$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAt!", "60 characters"},
    {"$2b$03$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", "least cost"},
    {"$2b$17$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", "above 16"},
    {"$2b$99$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", "above 16"},
    {"$2a$04$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", NULL},
    {"$2b$16$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", NULL},
    {"$2y$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu", NULL},
};

START_TEST(fault_row)
{
    const struct fault_row *r = &faults[_i];
    const char *got = password_fault(r->hash);
    ck_assert_msg((got == NULL) == (r->says == NULL), "%s: %s", r->hash, got);
    ck_assert_msg(got == NULL || strstr(got, r->says) != NULL, "%s: %s", r->hash, got);
}
END_TEST

static const char *hash_of(const char *password, const char *prefix,
                           char out[static PASSWORD_HASH + 1])
{
    char setting[64];
    struct crypt_data *room = calloc(1, sizeof *room);
    snprintf(setting, sizeof setting, "%s04$" SALTS, prefix);
    snprintf(out, PASSWORD_HASH + 1, "%s", crypt_r(password, setting, room));
    free(room);
    return out;
}

START_TEST(verifies)
{
    static const char *const prefixes[] = {"$2a$", "$2b$", "$2y$"};
    char hash[PASSWORD_HASH + 1];
    for (size_t i = 0; i < 3; i++) {
        hash_of("wonder", prefixes[i], hash);
        ck_assert_ptr_null(password_fault(hash));
        ck_assert_uint_eq(password_cost(hash), 4);
        ck_assert(password_verify(hash, 4, "wonder"));
        ck_assert(!password_verify(hash, 4, "Wonder"));
        ck_assert(!password_verify(hash, 4, "wonder "));
        ck_assert(!password_verify(hash, 4, ""));
    }
    ck_assert(!password_verify(NULL, 4, "wonder"));
    ck_assert(!password_verify(NULL, 4, ""));
    ck_assert(password_verify(hash_of("", "$2b$", hash), 4, ""));
}
END_TEST

START_TEST(known_again)
{
    struct password_cache *c = malloc(sizeof *c);
    ck_assert_int_eq(password_cache_init(c), NABLA_OK);
    ck_assert(!password_cache_has(c, "alice", HASH, "wonder"));
    password_cache_put(c, "alice", HASH, "wonder");
    ck_assert(password_cache_has(c, "alice", HASH, "wonder"));
    ck_assert(!password_cache_has(c, "bob", HASH, "wonder"));
    ck_assert(!password_cache_has(c, "alice", HASH "x", "wonder"));
    ck_assert(!password_cache_has(c, "alice", HASH, "wonde"));
    ck_assert(!password_cache_has(c, "alic", "e" HASH, "wonder"));
    free(c);
}
END_TEST

/* However many come, the last one is known and memory is what it was. */
START_TEST(bounded)
{
    struct password_cache *c = malloc(sizeof *c);
    char password[32];
    unsigned known = 0;
    ck_assert_int_eq(password_cache_init(c), NABLA_OK);
    for (int i = 0; i < 5000; i++) {
        snprintf(password, sizeof password, "password %d", i);
        password_cache_put(c, "alice", HASH, password);
        ck_assert(password_cache_has(c, "alice", HASH, password));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(password, sizeof password, "password %d", i);
        known += password_cache_has(c, "alice", HASH, password);
    }
    ck_assert_uint_eq(known, PASSWORD_CACHE_SETS * PASSWORD_CACHE_WAYS);
    free(c);
}
END_TEST

START_TEST(too_long_is_never_known)
{
    struct password_cache *c = malloc(sizeof *c);
    char password[2000];
    memset(password, 'a', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    ck_assert_int_eq(password_cache_init(c), NABLA_OK);
    password_cache_put(c, "alice", HASH, password);
    ck_assert(!password_cache_has(c, "alice", HASH, password));
    free(c);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("password");
    TCase *t = tcase_create("password");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, fault_row, 0, ROWS(faults));
    tcase_add_test(t, verifies);
    tcase_add_test(t, known_again);
    tcase_add_test(t, bounded);
    tcase_add_test(t, too_long_is_never_known);
    suite_add_tcase(s, t);
    return s;
}
