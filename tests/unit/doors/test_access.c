/* tests/unit/doors/test_access.c -- who is who: names and tokens are looked for whole, to the last byte. */
#include "doors/access.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST                                                                                    \
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890"             \
    "12345678901234567890123456789012345678901234567" /* 127 */
#define HASH(digit) "$2b$1" digit "$0xm5NiWpj3.v1r.PtRC1VOJdsgHqIfIyDkuO2bVu5DWYpufzKp9x2"

static struct access *people(void)
{
    static const char *const names[] = {"alice", "bob", LONGEST};
    static const char *const tokens[] = {"token-of-carol-01", "token-of-dave-012"};
    struct access *a = access_new();
    ck_assert_ptr_nonnull(a);
    for (int i = 0; i < ROWS(names); i++) {
        struct access_user *u = &a->users[a->users_n++];
        memcpy(u->name, names[i], strlen(names[i]));
        u->hash = strdup(i == 0 ? HASH("0") : i == 1 ? HASH("1") : HASH("2"));
        u->rights = 1U << i;
    }
    for (int i = 0; i < ROWS(tokens); i++) {
        struct access_token *t = &a->tokens[a->tokens_n++];
        secret_digest(tokens[i], strlen(tokens[i]), t->digest);
        t->rights = 1U << i;
    }
    a->anonymous = 0;
    return a;
}

static const struct {
    enum credentials_kind kind;
    const char *text;
    enum access_answer answer;
    unsigned rights;
    const char *hash;
} rows[] = {
    {CREDENTIALS_NONE, "", ACCESS_KNOWN, 0, NULL},
    {CREDENTIALS_BAD, "", ACCESS_NOBODY, 0, NULL},
    {CREDENTIALS_BASIC, "alice", ACCESS_VERIFY, 1, HASH("0")},
    {CREDENTIALS_BASIC, "bob", ACCESS_VERIFY, 2, HASH("1")},
    {CREDENTIALS_BASIC, LONGEST, ACCESS_VERIFY, 4, HASH("2")},
    {CREDENTIALS_BASIC, LONGEST "8", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BASIC, LONGEST "8 and more than that", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BASIC, "", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BASIC, "alic", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BASIC, "alicea", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BASIC, "Alice", ACCESS_VERIFY, 0, NULL},
    {CREDENTIALS_BEARER, "token-of-carol-01", ACCESS_KNOWN, 1, NULL},
    {CREDENTIALS_BEARER, "token-of-dave-012", ACCESS_KNOWN, 2, NULL},
    {CREDENTIALS_BEARER, "token-of-dave-01", ACCESS_NOBODY, 0, NULL},
    {CREDENTIALS_BEARER, "token-of-dave-0123", ACCESS_NOBODY, 0, NULL},
    {CREDENTIALS_BEARER, "alice", ACCESS_NOBODY, 0, NULL},
};

START_TEST(row)
{
    struct access *a = people();
    struct credentials c = {.kind = rows[_i].kind};
    unsigned rights = 99;
    const char *hash = NULL;
    memcpy(c.text, rows[_i].text, strlen(rows[_i].text));
    ck_assert_int_eq(access_judge(a, &c, &rights, &hash), rows[_i].answer);
    ck_assert_msg(rights == rows[_i].rights || rows[_i].answer == ACCESS_NOBODY, "%u", rights);
    ck_assert_pstr_eq(hash, rows[_i].hash);
    if (rows[_i].answer == ACCESS_VERIFY) /* nobody's password costs what the first user's does */
        ck_assert_uint_eq(access_cost(a, hash),
                          hash == NULL ? 10 : (unsigned)(10 + (hash[5] - '0')));
    access_leave(a);
}
END_TEST

START_TEST(open_to_all)
{
    struct access *a = access_new();
    struct credentials c = {.kind = CREDENTIALS_BASIC, .text = "anybody"};
    unsigned rights = 0;
    const char *hash;
    ck_assert(access_is_open(NULL) && access_is_open(a));
    ck_assert_int_eq(access_judge(a, &c, &rights, &hash), ACCESS_KNOWN);
    ck_assert_uint_eq(rights, RIGHTS_ALL);
    a->anonymous = RIGHT_READ;
    ck_assert(!access_is_open(a));
    access_leave(a);
    a = people();
    ck_assert(!access_is_open(a));
    access_leave(a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("access");
    TCase *c = tcase_create("access");
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_test(c, open_to_all);
    suite_add_tcase(s, c);
    return s;
}
