/* tests/unit/doors/test_credentials.c -- Authorization, as clients write it and as strangers do. */
#include "doors/credentials.h"

#include "suite.h"

#include <stdio.h>

static const struct row {
    const char *header;
    enum credentials_kind kind;
    const char *text, *password;
} rows[] = {
    {NULL, CREDENTIALS_NONE, "", NULL},
    {"Basic YWxpY2U6d29uZGVy", CREDENTIALS_BASIC, "alice", "wonder"},
    {"basic  YWxpY2U6d29uZGVy", CREDENTIALS_BASIC, "alice", "wonder"},
    {"Basic YTpi", CREDENTIALS_BASIC, "a", "b"},
    {"Basic YTpiYw==", CREDENTIALS_BASIC, "a", "bc"},
    {"Basic YTpiYw", CREDENTIALS_BASIC, "a", "bc"},
    {"Basic YTpiOmM=", CREDENTIALS_BASIC, "a", "b:c"},
    {"Basic Og==", CREDENTIALS_BASIC, "", ""},
    {"Basic w6k6w7w=", CREDENTIALS_BASIC, "\xc3\xa9", "\xc3\xbc"},
    {"Basic YWxpY2U=", CREDENTIALS_BAD, "", NULL}, /* no colon */
    {"Basic YTpiAGM=", CREDENTIALS_BAD, "", NULL}, /* a NUL */
    {"Basic YTpi!", CREDENTIALS_BAD, "", NULL},
    {"Basic YTpi YTpi", CREDENTIALS_BAD, "", NULL},
    {"Basic YTpiY", CREDENTIALS_BAD, "", NULL}, /* six bits too many */
    {"Basic ", CREDENTIALS_BAD, "", NULL},
    {"Basic", CREDENTIALS_BAD, "", NULL},
    {"Bearer abc.def-123", CREDENTIALS_BEARER, "abc.def-123", NULL},
    {"bearer   abc", CREDENTIALS_BEARER, "abc", NULL},
    {"Token abc", CREDENTIALS_BEARER, "abc", NULL},
    {"Bearer abc def", CREDENTIALS_BAD, "", NULL},
    {"Bearer abc\t", CREDENTIALS_BAD, "", NULL},
    {"Bearer ", CREDENTIALS_BAD, "", NULL},
    {"Bearerabc", CREDENTIALS_BAD, "", NULL},
    {"Digest username=\"alice\"", CREDENTIALS_BAD, "", NULL},
    {"", CREDENTIALS_BAD, "", NULL},
};

START_TEST(read_row)
{
    const struct row *r = &rows[_i];
    struct credentials c;
    memset(&c, 'x', sizeof c);
    credentials_read(r->header, &c);
    ck_assert_msg(c.kind == r->kind, "%s: kind %d", r->header, (int)c.kind);
    ck_assert_msg(strcmp(c.text, r->text) == 0, "%s: \"%s\"", r->header, c.text);
    if (r->password != NULL)
        ck_assert_str_eq(credentials_password(&c), r->password);
}
END_TEST

/* A token of every length up to one too many, and as many bytes of base64. */
START_TEST(lengths)
{
    char header[2048];
    struct credentials c;
    for (size_t n = 1; n < CREDENTIALS_MAX + 4; n++) {
        size_t at = (size_t)snprintf(header, sizeof header, "Bearer ");
        memset(header + at, 'a', n);
        header[at + n] = '\0';
        credentials_read(header, &c);
        ck_assert_int_eq(c.kind, n <= CREDENTIALS_MAX ? CREDENTIALS_BEARER : CREDENTIALS_BAD);
    }
    for (size_t quads = 2; quads < 200; quads++) {
        size_t at = (size_t)snprintf(header, sizeof header, "Basic YTpi");
        for (size_t i = 1; i < quads; i++, at += 4)
            memcpy(header + at, "YmJi", 5);
        credentials_read(header, &c);
        ck_assert_int_eq(c.kind,
                         quads * 3 <= CREDENTIALS_MAX ? CREDENTIALS_BASIC : CREDENTIALS_BAD);
        ck_assert(c.kind == CREDENTIALS_BAD || strlen(credentials_password(&c)) == quads * 3 - 2);
    }
}
END_TEST

START_TEST(forgotten)
{
    struct credentials c, nothing;
    memset(&nothing, 0, sizeof nothing);
    credentials_read("Basic YWxpY2U6d29uZGVy", &c);
    credentials_forget(&c);
    ck_assert_mem_eq(&c, &nothing, sizeof c);
    credentials_read("Basic YWxpY2U=", &c); /* what was read of a bad one, too */
    ck_assert_mem_eq(c.text, nothing.text, sizeof c.text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("credentials");
    TCase *t = tcase_create("credentials");
    tcase_add_loop_test(t, read_row, 0, ROWS(rows));
    tcase_add_test(t, lengths);
    tcase_add_test(t, forgotten);
    suite_add_tcase(s, t);
    return s;
}
