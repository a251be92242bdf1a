/* test_key.c -- keys of all forms to labels. */
#include "wire/key.h"

#include "rows.h"

#include <stdio.h>

static const struct {
    enum key_form form;
    const char *key, *sub;
    enum nabla_status status;
    const char *labels; /* name=value|name=value, in the key's order */
} rows[] = {
    {KEY_INFLUX, "temperature,site=a", "value", NABLA_OK, "__name__=temperature|site=a"},
    {KEY_INFLUX, "temperature,site=a", "max", NABLA_OK, "__name__=temperature_max|site=a"},
    {KEY_INFLUX, "m,b=1,a=2,b=3", "value", NABLA_OK, "__name__=m|b=1|a=2|b=3"},
    {KEY_INFLUX, "m\\ 1\\,2\\=3,a\\ b=c\\=d,e=\\,", "value", NABLA_OK,
     "__name__=m 1,2=3|a b=c=d|e=,"},
    {KEY_INFLUX, "m\\ 1", "f\\ 2\\=", NABLA_OK, "__name__=m 1_f 2="},
    {KEY_INFLUX, "a=b", "v", NABLA_OK, "__name__=a=b_v"},
    {KEY_INFLUX, "m,a\\ b=c\\,", "max", NABLA_OK, "__name__=m_max|a b=c,"},
    {KEY_INFLUX, "m,p=C:\\x\\\\y\\\\ z", "value", NABLA_OK, "__name__=m|p=C:\\x\\\\y\\ z"},
    {KEY_INFLUX, "m\\", "value\\", NABLA_OK, "__name__=m\\_value\\"},
    {KEY_INFLUX, "m,a=", "value", NABLA_OK, "__name__=m|a="},
    {KEY_INFLUX, "", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m", "", NABLA_EINVAL, NULL},
    {KEY_INFLUX, ",a=b", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,a", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,=b", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,a,b=c", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,a=b=c", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m,a=b c", "value", NABLA_EINVAL, NULL},
    {KEY_INFLUX, "m b", "value", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, "plant.s17", "", NABLA_OK, "__name__=plant.s17"},
    {KEY_GRAPHITE, "plant.s17;site=a;x=b=c", "", NABLA_OK, "__name__=plant.s17|site=a|x=b=c"},
    {KEY_GRAPHITE, "a\\ b;c=\\,", "", NABLA_OK, "__name__=a\\ b|c=\\,"},
    {KEY_GRAPHITE, "a;b=", "", NABLA_OK, "__name__=a|b="},
    {KEY_GRAPHITE, "", "", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, ";a=b", "", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, "a;", "", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, "a;b", "", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, "a;=b", "", NABLA_EINVAL, NULL},
    {KEY_GRAPHITE, "a;b;c=d", "", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "", NABLA_OK, "__name__=m"},
    {KEY_JSON, "\"m\"", "{\"a\":\"b\",\"c\":\"\"}", NABLA_OK, "__name__=m|a=b|c="},
    {KEY_JSON, "\"m\"", "{ \"a\" : \"b\" ,\t\"c\":\"d\" }", NABLA_OK, "__name__=m|a=b|c=d"},
    {KEY_JSON, "\"\\u006d\\/\\\"\"", "{\"a\\\\\":\"\\t\\b\\f\\n\\r\"}", NABLA_OK,
     "__name__=m/\"|a\\=\t\b\f\n\r"},
    {KEY_JSON, "\"\\u00e9\\u20AC\\ud83d\\ude00.\"", "", NABLA_OK,
     "__name__=\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80."},
    {KEY_JSON, "\"\\u0001\\u007f\\u0080\\u07FF\\u0800\"", "", NABLA_OK,
     "__name__=\x01\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80"},
    {KEY_JSON, "\"\\uD800\\uDC00\\uDBFF\\uDFFF\\u07ff\\uffff\"", "", NABLA_OK,
     "__name__=\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\xDF\xBF\xEF\xBF\xBF"},
    {KEY_JSON, "m", "", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m", "", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"x", "", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"\\ud83d\"", "", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "{\"a\":\"b\"", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "{\"a\" \"b\"}", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "{\"a\":1}", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "[]", NABLA_EINVAL, NULL},
    {KEY_JSON, "\"m\"", "{\"a\":\"b\"}x", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x0A\x0D\x0A\x08__name__\x12\x01m", "", NABLA_OK, "__name__=m"},
    {KEY_REMOTE, "\x0A\x06\x0A\x01x\x12\x01y\x0A\x06\x12\x01y\x0A\x01z", "", NABLA_OK, "x=y|z=y"},
    {KEY_REMOTE, "\x0A\x09\x0A\x01x\x12\x01y\x12\x01z", "", NABLA_OK, "x=z"},
    {KEY_REMOTE, "\x0A\x08\x0A\x01x\x28\x01\x12\x01y", "", NABLA_OK, "x=y"},
    {KEY_REMOTE, "\x0A\x03\x0A\x01x", "", NABLA_OK, "x="},
    {KEY_REMOTE, "", "", NABLA_OK, ""},
    {KEY_REMOTE, "\x0A", "", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x0A\x04\x0A\x01x", "", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x12\x03\x0A\x01x", "", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x0A\x03\x0A\x02x", "", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x0A\x02\x08\x01", "", NABLA_EINVAL, NULL},
    {KEY_REMOTE, "\x0A\x02\x2B\x01", "", NABLA_EINVAL, NULL},
    {(enum key_form)7, "m", "v", NABLA_EINVAL, NULL},
};

static struct sample sample_of(int form, const char *key, size_t key_n, const char *sub,
                               size_t sub_n)
{
    return (struct sample){.key = key,
                           .sub = sub,
                           .key_n = (uint32_t)key_n,
                           .sub_n = (uint16_t)sub_n,
                           .form = (uint8_t)form};
}

static void write_labels(const struct label_list *list, char *to)
{
    *to = '\0';
    for (uint32_t i = 0; i < list->n; i++)
        to += sprintf(to, "%s%.*s=%.*s", i == 0 ? "" : "|", (int)list->at[i].name_n,
                      list->at[i].name, (int)list->at[i].value_n, list->at[i].value);
}

START_TEST(key_row)
{
    static struct label_list list;
    struct guard keys = guard_new(256), subs = guard_new(256);
    size_t key_n = strlen(rows[_i].key), sub_n = strlen(rows[_i].sub);
    struct sample s = sample_of(rows[_i].form, guard_copy(&keys, rows[_i].key, key_n), key_n,
                                guard_copy(&subs, rows[_i].sub, sub_n), sub_n);
    enum nabla_status status = key_read(&s, &list);
    ck_assert_msg(status == rows[_i].status, "%s: status %d", rows[_i].key, status);
    if (status == NABLA_OK) {
        char got[256];
        write_labels(&list, got);
        ck_assert_str_eq(got, rows[_i].labels);
    }
    guard_free(&keys);
    guard_free(&subs);
}
END_TEST

/* LABELS_MAX with the metric's name among them; one more is too many. */
START_TEST(as_many_labels_as_there_may_be)
{
    static struct label_list list;
    for (int form = KEY_INFLUX; form <= KEY_JSON; form++)
        for (int n = LABELS_MAX - 1; n <= LABELS_MAX; n++) {
            char key[2048], *p = key;
            p += sprintf(p, form == KEY_JSON ? "{" : "m");
            for (int i = 0; i < n; i++)
                p += sprintf(p,
                             form == KEY_INFLUX     ? ",l%d=x"
                             : form == KEY_GRAPHITE ? ";l%d=x"
                             : i == 0               ? "\"l%d\":\"x\""
                                                    : ",\"l%d\":\"x\"",
                             i);
            p += sprintf(p, form == KEY_JSON ? "}" : "");
            size_t text_n = (size_t)(p - key);
            struct sample s = form == KEY_JSON ? sample_of(form, "\"m\"", 3, key, text_n)
                                               : sample_of(form, key, text_n, "value", 5);
            ck_assert_int_eq(key_read(&s, &list), n < LABELS_MAX ? NABLA_OK : NABLA_ELIMIT);
            ck_assert_uint_eq(list.n, LABELS_MAX);
        }
}
END_TEST

static enum nabla_status read_long(int form, size_t n, bool escaped, struct label_list *list)
{
    static char key[2 * LABELSET_MAX];
    memset(key, 'x', sizeof key);
    if (form == KEY_JSON)
        key[0] = key[n - 1] = '"';
    if (escaped)
        memcpy(key + 2, form == KEY_JSON ? "\\n" : "\\ ", 2);
    struct sample s =
        sample_of(form, key, n, form == KEY_JSON ? "" : "value", form == KEY_JSON ? 0 : 5);
    return key_read(&s, list);
}

/* What needs no unescaping takes no room; a slice of any length is left to whoever judges names. */
START_TEST(text_has_a_limit)
{
    static struct label_list list;
    ck_assert_int_eq(read_long(KEY_INFLUX, LABELSET_MAX + 100, false, &list), NABLA_OK);
    ck_assert_uint_eq(list.text_n, 0);
    ck_assert_int_eq(read_long(KEY_INFLUX, LABELSET_MAX, true, &list), NABLA_OK);
    ck_assert_uint_eq(list.text_n, LABELSET_MAX - 1);
    ck_assert_int_eq(read_long(KEY_INFLUX, LABELSET_MAX + 1, true, &list), NABLA_ELIMIT);
    ck_assert_int_eq(read_long(KEY_JSON, LABELSET_MAX + 100, false, &list), NABLA_OK);
    ck_assert_int_eq(read_long(KEY_JSON, LABELSET_MAX + 2, true, &list), NABLA_OK);
    ck_assert_uint_eq(list.text_n, LABELSET_MAX - 1);
    ck_assert_int_eq(read_long(KEY_JSON, LABELSET_MAX + 3, true, &list), NABLA_ELIMIT);
}
END_TEST

/* Each alone would fit. */
START_TEST(text_is_counted_over_all_labels)
{
    static struct label_list list;
    static char key[2 * LABELSET_MAX];
    size_t half = LABELSET_MAX / 2, n = 0;
    for (int i = 0; i < 3; i++) {
        n += (size_t)sprintf(key + n, i == 0 ? "m" : ",l%d=\\ ", i);
        memset(key + n, 'x', i == 0 ? 0 : half - 2);
        n += i == 0 ? 0 : half - 2;
    }
    struct sample s = sample_of(KEY_INFLUX, key, n, "value", 5);
    ck_assert_int_eq(key_read(&s, &list), NABLA_OK);
    ck_assert_uint_eq(list.text_n, LABELSET_MAX - 2);
    memcpy(key + n, "xx", 2);
    s.key_n += 2;
    ck_assert_int_eq(key_read(&s, &list), NABLA_ELIMIT);
}
END_TEST

START_TEST(a_name_with_its_field_has_a_limit)
{
    static struct label_list list;
    static char key[LABELSET_MAX];
    memset(key, 'x', sizeof key);
    struct sample s = sample_of(KEY_INFLUX, key, sizeof key - 4, "max", 3);
    ck_assert_int_eq(key_read(&s, &list), NABLA_OK);
    ck_assert_uint_eq(list.at[0].value_n, sizeof key);
    s.key_n++;
    ck_assert_int_eq(key_read(&s, &list), NABLA_ELIMIT);
}
END_TEST

START_TEST(plain_text_is_a_slice)
{
    static struct label_list list;
    const char *key = "cpu,host=a,b\\ c=d";
    struct sample s = sample_of(KEY_INFLUX, key, strlen(key), "value", 5);
    ck_assert_int_eq(key_read(&s, &list), NABLA_OK);
    ck_assert_ptr_eq(list.at[0].value, key);
    ck_assert_ptr_eq(list.at[1].value, key + 9);
    ck_assert_ptr_eq(list.at[2].name, list.text);
    ck_assert_ptr_eq(list.at[2].value, key + 16);
    ck_assert_uint_eq(list.text_n, 3);
}
END_TEST

static bool in(const char *p, size_t n, const char *room, size_t room_n)
{
    return (uintptr_t)p >= (uintptr_t)room && (uintptr_t)p + n <= (uintptr_t)room + room_n;
}

/* The law: any bytes are a key or an error, and what is told of them lies in them or in text[]. */
START_TEST(any_bytes_are_a_key_or_an_error)
{
    static struct label_list list;
    static const char bytes[] = ",;= \\\"{}:uab0dD8\n\xC3";
    struct guard keys = guard_new(64), subs = guard_new(64);
    uint64_t state = 1;
    int taken = 0;
    for (int i = 0; i < 500000; i++) {
        size_t key_n = random_below(&state, 12), sub_n = random_below(&state, 12);
        char *key = keys.end - key_n, *sub = subs.end - sub_n;
        for (size_t k = 0; k < key_n + sub_n; k++)
            (k < key_n ? key + k : sub + k - key_n)[0] =
                bytes[random_below(&state, sizeof bytes - 1)];
        struct sample s = sample_of(i % 3, key, key_n, sub, sub_n);
        if (key_read(&s, &list) != NABLA_OK)
            continue;
        taken++;
        for (uint32_t k = 1; k < list.n; k++)
            ck_assert((in(list.at[k].name, list.at[k].name_n, key, key_n) ||
                       in(list.at[k].name, list.at[k].name_n, sub, sub_n) ||
                       in(list.at[k].name, list.at[k].name_n, list.text, list.text_n)) &&
                      (in(list.at[k].value, list.at[k].value_n, key, key_n) ||
                       in(list.at[k].value, list.at[k].value_n, sub, sub_n) ||
                       in(list.at[k].value, list.at[k].value_n, list.text, list.text_n)));
    }
    ck_assert_int_gt(taken, 10000);
    guard_free(&keys);
    guard_free(&subs);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("key");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, key_row, 0, ROWS(rows));
    tcase_add_test(all, as_many_labels_as_there_may_be);
    tcase_add_test(all, text_has_a_limit);
    tcase_add_test(all, text_is_counted_over_all_labels);
    tcase_add_test(all, a_name_with_its_field_has_a_limit);
    tcase_add_test(all, plain_text_is_a_slice);
    tcase_add_test(all, any_bytes_are_a_key_or_an_error);
    suite_add_tcase(s, all);
    return s;
}
