/* /metrics: families together, each once, in either form, as large as the table is. */
#include "rig.h"
#include "series/selector.h"

#include <zlib.h>

static struct rig rig;

static void stop(void)
{
    rig_stop(&rig);
}

static void start(void)
{
    rig_start(&rig);
}

/* nablad's own metrics change from call to call: an answer up to the first of them. */
static struct answer scrape(const char *target, const char *headers)
{
    struct answer a = ask_with(&rig, "GET", target, headers, NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert(!a.cut);
    return a;
}

static void expect_rates(struct answer a, const char *want)
{
    char *own = strstr(a.body.at, "# HELP nablad_build_info ");
    ck_assert_ptr_nonnull(own);
    *own = '\0';
    ck_assert_str_eq(a.body.at, want);
    answer_fini(&a);
}

#define TITLE(name, unit)                                                                          \
    "# HELP " name "_per_" unit " Rate of change of " name " per " unit                            \
    ", at the middle of three samples.\n# TYPE " name "_per_" unit " gauge\n"

START_TEST(only_known_rates)
{
    rig_put(&rig, "one", T0, 1);
    rig_put(&rig, "two", T0, 1);
    rig_put(&rig, "two", T0 + S, 1);
    expect_rates(scrape("/metrics", ""), "");
    rig_put_line(&rig, "three;site=a", 0.5);
    expect_rates(scrape("/metrics", ""),
                 TITLE("three", "second") "three_per_second{site=\"a\"} 0.5\n");
}
END_TEST

START_TEST(timestamps)
{
    rig_put_line(&rig, "t", 0.5);
    expect_rates(scrape("/metrics?timestamps=1", ""),
                 TITLE("t", "second") "t_per_second 0.5 1700000001000\n");
    expect_rates(scrape("/metrics?timestamps=1", "Accept: application/openmetrics-text\r\n"),
                 TITLE("t", "second") "t_per_second 0.5 1700000001.000000000\n");
}
END_TEST

START_TEST(openmetrics)
{
    struct answer a = scrape("/metrics", "Accept: application/openmetrics-text;version=1.0.0,"
                                         "text/plain;version=0.0.4;q=0.5\r\n");
    ck_assert_str_eq(header_of(&a, "Content-Type"),
                     "application/openmetrics-text; version=1.0.0; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(a.body.at, "# TYPE nablad_lines counter\nnablad_lines_total 0\n"));
    ck_assert_str_eq(a.body.at + a.body.n - 1 - strlen("# EOF\n"), "# EOF\n");
    answer_fini(&a);
    a = scrape("/metrics", "");
    ck_assert_str_eq(header_of(&a, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    ck_assert_ptr_nonnull(
        strstr(a.body.at, "# TYPE nablad_lines_total counter\nnablad_lines_total 0\n"));
    ck_assert_ptr_null(strstr(a.body.at, "# EOF"));
    answer_fini(&a);
}
END_TEST

/* Names that are one when made valid: one group, no line twice; the order is that of birth. */
START_TEST(names_that_meet)
{
    rig_put_line(&rig, "a.b;x=1", 1);
    rig_put_line(&rig, "other", 9);
    rig_put_line(&rig, "a-b;x=2", 2);
    rig_put_line(&rig, "a-b;x=1", 3);
    expect_rates(
        scrape("/metrics", ""),
        TITLE("a_b", "second") "a_b_per_second{x=\"1\"} 1\na_b_per_second{x=\"2\"} 2\n" TITLE(
            "other", "second") "other_per_second 9\n");
}
END_TEST

static void start_with_minutes(void)
{
    struct policies p = {.defaults = policy_default()};
    struct selector_fault fault;
    p.rules = calloc(2, sizeof *p.rules);
    p.rules_n = 2;
    p.rules[0].policy = p.rules[1].policy = p.defaults;
    p.rules[0].policy.per = PER_MINUTE;
    p.rules[1].policy.per = PER_HOUR;
    ck_assert_int_eq(selector_new("{per=\"m\"}", 9, &p.rules[0].match, &fault), NABLA_OK);
    ck_assert_int_eq(selector_new("{per=\"h\"}", 9, &p.rules[1].match, &fault), NABLA_OK);
    rig_init_policies(&rig, &p);
    struct http_options o = rig_options(&rig);
    rig_serve(&rig, &o);
}

/* One metric, three units: three families, each with its lines together. */
START_TEST(units)
{
    rig_put_line(&rig, "t;per=m", 1);
    rig_put_line(&rig, "t;per=s", 1);
    rig_put_line(&rig, "u;per=h", 1);
    expect_rates(
        scrape("/metrics", ""),
        TITLE("t", "second") "t_per_second{per=\"s\"} 1\n" TITLE(
            "t",
            "minute") "t_per_minute{per=\"m\"} 60\n" TITLE("u",
                                                           "hour") "u_per_hour{per=\"h\"} 3600\n");
}
END_TEST

START_TEST(stale_series_leave)
{
    rig.now.mono_ns -= 3600 * S; /* they came an hour ago */
    rig_put_line(&rig, "t", 1);
    expect_rates(scrape("/metrics", ""), "");
}
END_TEST

static int lines_with(const char *text, const char *start)
{
    int n = 0;
    for (const char *p = text; p != NULL && *p != '\0'; p = strchr(p, '\n'), p += p != NULL)
        n += strncmp(p, start, strlen(start)) == 0;
    return n;
}

START_TEST(large)
{
    enum { MANY = 5000 };
    rig_put_many(&rig, MANY);
    struct answer a = scrape("/metrics", "");
    ck_assert_int_eq(lines_with(a.body.at, "many_per_second{number=\""), MANY);
    ck_assert_int_eq(lines_with(a.body.at, "# HELP many_per_second "), 1);
    answer_fini(&a);
    a = get(&rig, "/api/v1/rates?sort=-rate");
    ck_assert_int_eq(lines_with(a.body.at, "{\"metric\": "), MANY);
    answer_fini(&a);
    a = get(&rig, "/api/v1/label/number/values");
    ck_assert_int_eq(lines_with(a.body.at, "\"00"), MANY);
    answer_fini(&a);
}
END_TEST

/* Every series a family of its own, as Graphite's paths are. */
START_TEST(many_families)
{
    enum { MANY = 6000 };
    char key[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "plant.%d.temperature", i);
        rig_put_line(&rig, key, i);
    }
    struct answer a = scrape("/metrics", "");
    ck_assert_int_eq(lines_with(a.body.at, "plant_"), MANY);
    ck_assert_int_eq(lines_with(a.body.at, "# TYPE plant_"), MANY);
    answer_fini(&a);
}
END_TEST

static void unpack(struct answer *a)
{
    struct buf plain = {0};
    z_stream z = {.next_in = (void *)a->body.at, .avail_in = (uInt)a->body.n - 1};
    ck_assert_int_eq(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
    int state;
    do {
        z.next_out = (void *)buf_room(&plain, 65536);
        z.avail_out = 65536;
        state = inflate(&z, Z_NO_FLUSH);
        ck_assert(state == Z_OK || state == Z_STREAM_END);
        buf_used(&plain, 65536 - z.avail_out);
    } while (state != Z_STREAM_END);
    inflateEnd(&z);
    buf_char(&plain, '\0');
    buf_fini(&a->body);
    a->body = plain;
}

START_TEST(packed)
{
    static const char *const targets[] = {"/api/v1/series?match[]=many", "/api/v1/labels",
                                          "/api/v1/label/number/values", "/"};
    rig_put_many(&rig, 2000);
    for (int i = 0; i < ROWS(targets); i++) {
        struct answer plain = scrape(targets[i], "");
        struct answer a = scrape(targets[i], "Accept-Encoding: deflate, gzip\r\n");
        ck_assert_ptr_null(header_of(&plain, "Content-Encoding"));
        ck_assert_ptr_nonnull(header_of(&plain, "Vary"));
        ck_assert_str_eq(header_of(&a, "Content-Encoding"), "gzip");
        unpack(&a);
        ck_assert_str_eq(a.body.at, plain.body.at);
        answer_fini(&plain);
        answer_fini(&a);
    }
}
END_TEST

/* Each of nablad's own names, with what it says after a known history. */
START_TEST(own)
{
    static const char *const wants[] = {
        "nablad_build_info{version=\"" NABLA_VERSION "\"} 1\n",
        "nablad_series 1\n",
        "nablad_points_total 2\n",
        "nablad_rejected_total{reason=\"syntax\"} 7\n",
        "nablad_events_total{event=\"born\"} 1\n",
        "nablad_listener_bytes_total{listener=\"tcp://127.0.0.1:2207\"} 5\n",
        "nablad_listener_open_connections{listener=\"tcp://127.0.0.1:2207\"} -1\n",
        "nablad_udp_kernel_drops_total{listener=\"tcp://127.0.0.1:2207\"} 3\n",
        "nablad_loop_lag_seconds{loop=\"http\"} ",
        "nablad_http_requests_total{handler=\"/metrics\",code=\"2xx\"} 2\n",
        "nablad_http_requests_total{handler=\"/api/v1/label/NAME/values\",code=\"5xx\"} 0\n",
        "nablad_http_open_connections 1\n",
        "nablad_http_streams 0\n",
        "nablad_scrapers_replaced_total 0\n",
        "nablad_config_reloads_total{result=\"failed\"} 4\n",
        "nablad_log_suppressed_total 6\n",
        "nablad_start_time_seconds 1.5\n",
        "process_start_time_seconds 1.5\n",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_max_fds ",
        "nablad_table_memory_bytes ",
    };
    rig_put_line(&rig, "t", 1);
    rig.stats.start_wall_ns = 3 * S / 2;
    count(&rig.stats.rejected[CAUSE_SYNTAX], 7);
    strcpy(rig.stats.listeners[1].name, "tcp://127.0.0.1:2207");
    rig.stats.listeners_n = 2; /* the first is the server itself */
    count(&rig.stats.listeners[1].bytes, 5);
    count(&rig.stats.listeners[1].kernel_drops, 3);
    rig.stats.listeners[1].open_connections = -1;
    count(&rig.stats.reloads_failed, 4);
    count(&rig.stats.log_suppressed, 6);
    expect_answer(scrape("/metrics", ""), 200, NULL, "counted by the next");
    struct answer a = scrape("/metrics", "");
    for (int i = 0; i < ROWS(wants); i++)
        ck_assert_msg(lines_with(a.body.at, "") > 0 && strstr(a.body.at, wants[i]) != NULL, "%s",
                      wants[i]);
    answer_fini(&a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/metrics");
    TCase *tc = tcase_create("metrics"), *minutes = tcase_create("units");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, only_known_rates);
    tcase_add_test(tc, timestamps);
    tcase_add_test(tc, openmetrics);
    tcase_add_test(tc, names_that_meet);
    tcase_add_test(tc, stale_series_leave);
    tcase_add_test(tc, large);
    tcase_add_test(tc, many_families);
    tcase_add_test(tc, packed);
    tcase_add_test(tc, own);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(minutes, start_with_minutes, stop);
    tcase_add_test(minutes, units);
    suite_add_tcase(s, minutes);
    return s;
}
