/* params and ask: pairs out of bytes, and what they ask for; what cannot be read is named. */
#include "http/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const struct pairs_row {
    const char *label, *text;
    enum nabla_status status;
    const char *want; /* name|value pairs, each ended by ';' */
} pairs[] = {
    {"none", "", NABLA_OK, ""},
    {"one", "a=b", NABLA_OK, "a|b;"},
    {"several, one twice", "a=b&a=c&d=", NABLA_OK, "a|b;a|c;d|;"},
    {"no value", "a&b", NABLA_OK, "a|;b|;"},
    {"empty pairs", "&&a=b&", NABLA_OK, "a|b;"},
    {"no name", "=b", NABLA_OK, "|b;"},
    {"escapes in both", "match%5B%5D=a%7bb%3D%22c%22%7D", NABLA_OK, "match[]|a{b=\"c\"};"},
    {"plus and blank", "a=b+c%20d%2Be", NABLA_OK, "a|b c d+e;"},
    {"a second equals sign", "a=b=c", NABLA_OK, "a|b=c;"},
    {"an escaped ampersand", "a=b%26c=d", NABLA_OK, "a|b&c=d;"},
    {"UTF-8", "a=%c3%a4", NABLA_OK, "a|\xc3\xa4;"},
    {"escape cut", "a=b%4", NABLA_EINVAL, NULL},
    {"escape cut by the next pair", "a=b%4&1=2", NABLA_EINVAL, NULL},
    {"percent at the end", "a=b%", NABLA_EINVAL, NULL},
    {"no hex", "a=%zz", NABLA_EINVAL, NULL},
    {"half hex", "a=%4z", NABLA_EINVAL, NULL},
    {"not UTF-8", "a=%ff", NABLA_EINVAL, NULL},
    {"cut UTF-8", "a=%c3", NABLA_EINVAL, NULL},
    {"a bad name", "%ff=a", NABLA_EINVAL, NULL},
};

START_TEST(pairs_row)
{
    const struct pairs_row *r = &pairs[_i];
    struct params p = {0};
    struct fault fault = {""};
    char got[256] = "";
    size_t n = strlen(r->text);
    char *text = memcpy(malloc(n + 1), r->text, n); /* its end is the end: ASan watches */
    text = realloc(text, n ? n : 1);
    ck_assert_msg(params_read(&p, text, n, &fault) == r->status, "%s", r->label);
    for (uint32_t i = 0; i < p.n && r->status == NABLA_OK; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s|%.*s;", (int)p.at[i].name_n,
                 p.at[i].name, (int)p.at[i].value_n, p.at[i].value);
    if (r->status == NABLA_OK)
        ck_assert_str_eq(got, r->want);
    else
        ck_assert_str_ne(fault.message, "");
    free(text);
}
END_TEST

START_TEST(too_many_pairs)
{
    struct params p = {0};
    struct fault fault;
    char text[2 * (PARAMS_MAX + 1)];
    for (int i = 0; i <= PARAMS_MAX; i++)
        memcpy(text + 2 * i, "a&", 2);
    ck_assert_int_eq(params_read(&p, text, 2 * PARAMS_MAX, &fault), NABLA_OK);
    p.n = 0;
    ck_assert_int_eq(params_read(&p, text, sizeof text, &fault), NABLA_EINVAL);
}
END_TEST

enum {
    ALL = ASK_MATCH | ASK_STATE | ASK_SORT | ASK_LIMIT | ASK_TIME | ASK_TIMESTAMPS | ASK_OFFSET |
          ASK_EXPOSED | ASK_EXACT
};

static const struct ask_row {
    const char *text;
    unsigned known;
    struct ask want; /* any_n alone of the selectors */
} asks[] = {
    {"", ALL, {.any_n = 0}},
    {"match[]=a&match[]=b", ALL, {.any_n = 2}},
    {"state=ok", ALL, {.states = 1 << STATE_OK}},
    {"state=ok,stale&state=warming",
     ALL,
     {.states = 1 << STATE_OK | 1 << STATE_STALE | 1 << STATE_WARMING}},
    {"sort=rate", ALL, {.sort = SORT_RATE}},
    {"sort=-edge", ALL, {.sort = SORT_EDGE, .descending = true}},
    {"sort=accel", ALL, {.sort = SORT_ACCEL}},
    {"sort=value", ALL, {.sort = SORT_VALUE}},
    {"sort=age", ALL, {.sort = SORT_AGE}},
    {"sort=name", ALL, {.sort = SORT_NAME}},
    {"sort=name&sort=-rate", ALL, {.sort = SORT_NAME}}, /* the first counts */
    {"sort=-magnitude", ALL, {.sort = SORT_MAGNITUDE, .descending = true}},
    {"sort=-significance", ALL, {.sort = SORT_SIGNIFICANCE, .descending = true}},
    {"sort=eta", ALL, {.sort = SORT_ETA}},
    {"limit=10", ALL, {.limit = 10}},
    {"offset=0", ALL, {.paged = true}},
    {"offset=40&limit=20", ALL, {.paged = true, .offset = 40, .limit = 20}},
    {"offset=4294967296", ALL, {.paged = true, .offset = UINT32_MAX}},
    {"offset=1", ALL & ~ASK_OFFSET, {.any_n = 0}},
    {"exposed=0", ALL, {.as_came = true}},
    {"exposed=1", ALL, {.any_n = 0}},
    {"exact=1", ALL, {.exact = true}},
    {"exact=0&match[]=a", ALL, {.any_n = 1}},
    {"exact=1", ALL & ~ASK_EXACT, {.any_n = 0}},
    {"limit=0", ALL, {.any_n = 0}},
    {"limit=4294967296", ALL, {.any_n = 0}}, /* more than any table holds */
    {"time=unix", ALL, {.style = TIME_UNIX}},
    {"time=rfc3339", ALL, {.any_n = 0}},
    {"timestamps=1", ALL, {.timestamps = true}},
    {"timestamps=0", ALL, {.any_n = 0}},
    {"unheard=of&start=1&end=2", ALL, {.any_n = 0}},
    {"sort=nonsense&limit=x", ASK_MATCH, {.any_n = 0}}, /* not this resource's */
};

START_TEST(ask_row)
{
    const struct ask_row *r = &asks[_i];
    char text[128];
    struct params p = {0};
    struct fault fault;
    struct ask a;
    strcpy(text, r->text);
    ck_assert_int_eq(params_read(&p, text, strlen(text), &fault), NABLA_OK);
    ck_assert_msg(ask_read(&p, r->known, &a, &fault) == NABLA_OK, "%s: %s", r->text, fault.message);
    ck_assert_msg(a.any_n == r->want.any_n && a.states == r->want.states &&
                      a.sort == r->want.sort && a.descending == r->want.descending &&
                      a.limit == r->want.limit && a.offset == r->want.offset &&
                      a.paged == r->want.paged && a.as_came == r->want.as_came &&
                      a.exact == r->want.exact && a.style == r->want.style &&
                      a.timestamps == r->want.timestamps,
                  "%s", r->text);
    ask_fini(&a);
}
END_TEST

static const struct bad_row {
    const char *text, *names;
} bad[] = {
    {"match[]=%7B", "match[]"}, {"match[]=a&match[]=", "match[]"},
    {"state=fine", "state"},    {"state=", "state"},
    {"state=ok,", "state"},     {"sort=", "sort"},
    {"sort=-", "sort"},         {"sort=--rate", "sort"},
    {"sort=etas", "sort"},      {"offset=", "offset"},
    {"offset=-1", "offset"},    {"offset=1x", "offset"},
    {"exact=yes", "exact"},     {"exact=", "exact"},
    {"exposed=2", "exposed"},   {"sort=Rate", "sort"},
    {"limit=", "limit"},        {"limit=-1", "limit"},
    {"limit=1.5", "limit"},     {"limit=99999999999999999999", "limit"},
    {"time=iso", "time"},       {"timestamps=yes", "timestamps"},
};

START_TEST(bad_row)
{
    char text[128], names[64];
    struct params p = {0};
    struct fault fault;
    struct ask a;
    strcpy(text, bad[_i].text);
    snprintf(names, sizeof names, "invalid parameter \"%s\"", bad[_i].names);
    ck_assert_int_eq(params_read(&p, text, strlen(text), &fault), NABLA_OK);
    ck_assert_msg(ask_read(&p, ALL, &a, &fault) == NABLA_EINVAL, "%s", bad[_i].text);
    ck_assert_msg(strstr(fault.message, names) == fault.message, "%s: %s", bad[_i].text,
                  fault.message);
    ck_assert_uint_eq(a.any_n, 0);
}
END_TEST

START_TEST(too_many_selectors)
{
    struct params p = {.n = SELECTORS_MAX + 1};
    struct fault fault;
    struct ask a;
    for (uint32_t i = 0; i < p.n; i++)
        p.at[i] = (struct param){"match[]", "a", 7, 1};
    ck_assert_int_eq(ask_read(&p, ALL, &a, &fault), NABLA_EINVAL);
    p.n = SELECTORS_MAX;
    ck_assert_int_eq(ask_read(&p, ALL, &a, &fault), NABLA_OK);
    ck_assert_uint_eq(a.any_n, SELECTORS_MAX);
    ask_fini(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/params");
    TCase *tc = tcase_create("tables");
    tcase_add_loop_test(tc, pairs_row, 0, ROWS(pairs));
    tcase_add_test(tc, too_many_pairs);
    tcase_add_loop_test(tc, ask_row, 0, ROWS(asks));
    tcase_add_loop_test(tc, bad_row, 0, ROWS(bad));
    tcase_add_test(tc, too_many_selectors);
    suite_add_tcase(s, tc);
    return s;
}
