/* test_path_template.c -- paths by templates: which one, what comes of it, what is wrong with one and where. */
#include "wire/key.h"
#include "wire/path_template.h"

#include "guard.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* Templates separated by '|', a path as Graphite sends it, and its labels in their order. */
static const struct {
    const char *templates, *path, *labels;
} paths[] = {
    {"plant.*.temperature.*  .site.measurement.sensor", "plant.p3.temperature.s17",
     "__name__=temperature;site=p3;sensor=s17;"},
    {"plant.*.temperature.* .site.measurement.sensor", "plant.p3.pressure.s17",
     "__name__=plant.p3.pressure.s17;"},
    {"plant.*.temperature.* .site.measurement.sensor", "plant.p3.temperature.s17.raw",
     "__name__=plant.p3.temperature.s17.raw;"},
    {"plant.*.temperature.* .site.measurement.sensor", "plant.p3.temperature",
     "__name__=plant.p3.temperature;"},
    {"plant.*.temperature.* .site.measurement.sensor", "Plant.p3.temperature.s17",
     "__name__=Plant.p3.temperature.s17;"},
    {".site.measurement", "a.b.c", "__name__=c;site=b;"},
    {".site.measurement", "a.b", "__name__=a.b;"},
    {"servers.* .host.measurement*", "servers.web1.cpu.load.avg",
     "__name__=cpu_load_avg;host=web1;"},
    {"servers.* .host.measurement*", "servers.web1.cpu", "__name__=cpu;host=web1;"},
    {"servers.* .host.measurement*", "servers.web1", "__name__=servers.web1;"},
    {"a.* .measurement.field", "a.cpu.user", "__name__=cpu_user;"},
    {"a.* .field.measurement", "a.user.cpu", "__name__=cpu_user;"},
    {"a.* .host.measurement.field*", "a.web1.disk.sda.ops", "__name__=disk_sda_ops;host=web1;"},
    {"measurement.host.measurement", "cpu.web1.load", "__name__=cpu_load;host=web1;"},
    {"measurement.region.region", "cpu.us.west", "__name__=cpu;region=us_west;"},
    {"a .measurement|b measurement.host", "b.c", "__name__=b;host=c;"},
    {"measurement.first|measurement.second", "b.c", "__name__=b;first=c;"},
    {"x.* .measurement.x|*.* ..measurement", "x.y.z", "__name__=y;x=z;"},
    {"x.* .measurement.x|*.* ..measurement", "w.y.z", "__name__=z;"},
    {"measurement.host unit=C,dc=a=b", "t.h", "__name__=t;host=h;unit=C;dc=a=b;"},
    {"t.* measurement.host unit=C", "t.h", "__name__=t;host=h;unit=C;"},
    {"\t t.*\tmeasurement.host\t unit=C ", "t.h", "__name__=t;host=h;unit=C;"},
    {"measurement.host", "t.h;rack=7;host=x", "__name__=t;host=h;rack=7;host=x;"},
    {"measurement.host", "t.", "__name__=t;host=;"},
    {"measurement.host", ".h", "__name__=;host=h;"},
    {"measurement*", "a..b", "__name__=a__b;"},
    {"measurement", "a", "__name__=a;"},
    {"cpu-* measurement", "cpu-0", "__name__=cpu-0;"},
    {"c*-*0 measurement|c* measurement x=y", "cpu-1000", "__name__=cpu-1000;"},
    {"c*-*0 measurement|c* measurement x=y", "cpu-1001", "__name__=cpu-1001;x=y;"},
    {"*aab measurement x=y", "aaaab", "__name__=aaaab;x=y;"},
    {"*aab* measurement x=y", "aaaa", "__name__=aaaa;"},
    {"a*b measurement x=y", "ab", "__name__=ab;x=y;"},
    {"a*b measurement x=y", "a", "__name__=a;"},
    {"measurement*",
     "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31.32",
     "__name__=1_2_3_4_5_6_7_8_9_10_11_12_13_14_15_16_17_18_19_20_21_22_23_24_25_26_27_28_29_30_31_"
     "32;"},
    {"measurement*",
     "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31.32.33",
     "__name__=1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31."
     "32.33;"},
};

static void add_all(struct path_templates *t, const char *texts)
{
    for (const char *p = texts; *p != '\0';) {
        size_t n = strcspn(p, "|");
        struct path_template_fault fault = {0};
        ck_assert_msg(path_templates_add(t, p, n, &fault) == NABLA_OK, "%s: %s", texts,
                      fault.message);
        p += n + (p[n] == '|');
    }
}

static void tell(const struct label_list *list, char out[static 512])
{
    size_t at = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < list->n; i++)
        at += (size_t)snprintf(out + at, 512 - at, "%.*s=%.*s;", (int)list->at[i].name_n,
                               list->at[i].name, (int)list->at[i].value_n, list->at[i].value);
}

static enum nabla_status read_path(struct path_templates *t, const char *path, size_t n, int form,
                                   struct label_list *out)
{
    struct sample s = {.key = path, .key_n = (uint32_t)n, .sub = "", .form = (uint8_t)form};
    return key_read_by(t, &s, out);
}

START_TEST(path_row)
{
    static struct label_list list;
    struct path_templates t = {0};
    struct guard guard = guard_new(4096);
    char got[512];
    size_t n = strlen(paths[_i].path);
    add_all(&t, paths[_i].templates);
    const char *path = guard_copy(&guard, paths[_i].path, n);
    ck_assert_int_eq(read_path(&t, path, n, KEY_GRAPHITE, &list), NABLA_OK);
    path_templates_fini(&t); /* the labels do not need them */
    tell(&list, got);
    ck_assert_msg(strcmp(got, paths[_i].labels) == 0, "%s: %s: %s", paths[_i].templates,
                  paths[_i].path, got);
    guard_free(&guard);
}
END_TEST

START_TEST(statsd_names_are_paths)
{
    static struct label_list list;
    struct path_templates t = {0};
    char got[512];
    add_all(&t, "app.* .host.measurement");
    ck_assert_int_eq(read_path(&t, "app.web1.wait", 13, KEY_STATSD_SUM, &list), NABLA_OK);
    tell(&list, got);
    ck_assert_str_eq(got, "__name__=wait_sum;host=web1;");
    ck_assert_int_eq(read_path(&t, "app.web1", 8, KEY_STATSD_COUNT, &list), NABLA_OK);
    tell(&list, got);
    ck_assert_str_eq(got, "__name__=app.web1_count;");
    ck_assert_int_eq(read_path(NULL, "app.web1.wait", 13, KEY_STATSD, &list), NABLA_OK);
    tell(&list, got);
    ck_assert_str_eq(got, "__name__=app.web1.wait;");
    path_templates_fini(&t);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message; /* the beginning */
} faults[] = {
    {"", 0, "there is no template"},
    {"   ", 0, "there is no template"},
    {"a b.measurement c=d e", 20, "more than a filter"},
    {"a..b ..measurement", 2, "a part of the filter is empty"},
    {"a.b host.site", 4, "no word of the template is measurement"},
    {"host", 0, "no word of the template is measurement"},
    {"a.b.c .measurement", 6, "the template has fewer parts"},
    {"a.* .host*", 5, "only measurement* and field*"},
    {"a.* .measurement*.host", 5, "measurement* and field* can only be the last"},
    {"a.* .field*.measurement", 5, "measurement* and field* can only be the last"},
    {"a.* .ho-st.measurement", 5, "not a label's name"},
    {"a.* .1host.measurement", 5, "not a label's name"},
    {"a.* .__name__.measurement", 5, "not a label's name"},
    {"measurement unit", 12, "no word of the template is measurement"},
    {"a measurement unit", 14, "a label without a ="},
    {"measurement unit=C,dc", 19, "a label without a ="},
    {"measurement =C", 12, "not a label's name"},
    {"measurement unit=", 12, "a label without a value"},
    {"measurement u=C,", 16, "a label without a ="},
    {"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31.32.33 "
     "measurement*",
     87, "more than 32 parts"},
    {"................................measurement", 32, "more than 32 parts"},
};
START_TEST(fault_row)
{
    struct path_templates t = {0};
    struct path_template_fault fault = {99, ""};
    const char *text = faults[_i].text, *message = faults[_i].message;
    ck_assert_msg(path_templates_add(&t, text, strlen(text), &fault) == NABLA_EINVAL, "%s", text);
    ck_assert_msg(fault.offset == faults[_i].offset &&
                      strncmp(fault.message, message, strlen(message)) == 0,
                  "%s: %zu: %s", text, fault.offset, fault.message);
    ck_assert_uint_eq(t.n, 0);
}
END_TEST

START_TEST(limits)
{
    struct path_templates t = {0};
    struct path_template_fault fault;
    static struct label_list list;
    static char text[PATH_TEMPLATE_MAX + 1], path[LABELSET_MAX + 2];
    memset(text, 'm', sizeof text);
    memcpy(text, "measurement.", 12);
    ck_assert_int_eq(path_templates_add(&t, text, sizeof text, &fault), NABLA_EINVAL);
    ck_assert_uint_eq(fault.offset, PATH_TEMPLATE_MAX);
    ck_assert_int_eq(path_templates_add(&t, text, PATH_TEMPLATE_MAX, &fault), NABLA_OK);
    while (t.n < PATH_TEMPLATES_MAX)
        ck_assert_int_eq(path_templates_add(&t, "measurement*", 12, &fault), NABLA_OK);
    ck_assert_int_eq(path_templates_add(&t, "measurement", 11, &fault), NABLA_ELIMIT);
    memset(path, 'a', sizeof path);
    path[1] = path[3] = '.'; /* three parts: not the first one's */
    ck_assert_int_eq(read_path(&t, path, LABELSET_MAX, KEY_GRAPHITE, &list), NABLA_OK);
    ck_assert_int_eq(read_path(&t, path, LABELSET_MAX + 1, KEY_GRAPHITE, &list), NABLA_ELIMIT);
    path[3] = 'a';
    ck_assert_int_eq(read_path(&t, path, LABELSET_MAX + 2, KEY_GRAPHITE, &list), NABLA_ELIMIT);
    path_templates_fini(&t);
}
END_TEST

/* More labels than a series may have come of one template's own and its extra ones. */
START_TEST(too_many_labels)
{
    struct path_templates t = {0};
    struct path_template_fault fault;
    static struct label_list list;
    char text[PATH_TEMPLATE_MAX];
    int at = snprintf(text, sizeof text, "measurement a0=1");
    for (int i = 1; i < LABELS_MAX; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, ",a%d=1", i);
    ck_assert_int_eq(path_templates_add(&t, text, (size_t)at - 6, &fault), NABLA_OK);
    ck_assert_int_eq(read_path(&t, "m", 1, KEY_GRAPHITE, &list), NABLA_OK);
    ck_assert_uint_eq(list.n, LABELS_MAX);
    path_templates_fini(&t);
    ck_assert_int_eq(path_templates_add(&t, text, (size_t)at, &fault), NABLA_OK);
    ck_assert_int_eq(read_path(&t, "m", 1, KEY_GRAPHITE, &list), NABLA_ELIMIT);
    path_templates_fini(&t);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("path_template");
    TCase *t = tcase_create("template");
    tcase_add_loop_test(t, path_row, 0, ROWS(paths));
    tcase_add_test(t, statsd_names_are_paths);
    tcase_add_loop_test(t, fault_row, 0, ROWS(faults));
    tcase_add_test(t, limits);
    tcase_add_test(t, too_many_labels);
    suite_add_tcase(s, t);
    return s;
}
