/* test_lines.c -- streams of lines: recognised, counted, cut anywhere, one bad line among good ones. */
#include "wire/key.h"

#include "rows.h"

#include <stdio.h>

enum { TAKEN = CAUSE_COUNT, SKIPPED = CAUSE_COUNT + 1 };

/* A line with its LF, and what becomes of it. */
static const struct {
    enum line_format format;
    const char *line;
    int cause;
    enum key_form form;
    uint32_t samples;
} shapes[] = {
    {LINE_AUTO, "cpu,host=a value=1 5\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "cpu value=1\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "  cpu  a=1,b=2\n", TAKEN, KEY_INFLUX, 2},
    {LINE_AUTO, "c\\ pu value=1\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "c\tpu value=1\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "cpu s=\"x y\"\n", TAKEN, KEY_INFLUX, 0},
    {LINE_AUTO, "cpu,host value=1\n", CAUSE_SYNTAX, KEY_INFLUX, 0},
    {LINE_AUTO, "a.b;c=d 1 5\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_AUTO, "a.b 1\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_AUTO, "a.b\t1\t5\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_AUTO, "a.b\t1 5\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_AUTO, "a.b 1 x=5\n", CAUSE_TIME, KEY_GRAPHITE, 0},
    {LINE_AUTO, "cpu,host=a\n", CAUSE_SYNTAX, KEY_GRAPHITE, 0},
    {LINE_AUTO, " {\"metric\":\"m\",\"value\":1}\n", TAKEN, KEY_JSON, 1},
    {LINE_AUTO, "{\n", CAUSE_SYNTAX, KEY_JSON, 0},
    {LINE_AUTO, "\n", SKIPPED, 0, 0},
    {LINE_AUTO, "\r\n", SKIPPED, 0, 0},
    {LINE_AUTO, " \t \n", SKIPPED, 0, 0},
    {LINE_AUTO, "# a comment = nothing\n", SKIPPED, 0, 0},
    {LINE_AUTO, "\t #\n", SKIPPED, 0, 0},
    {LINE_AUTO, "a 1 5\r\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_AUTO, "a v=1 5\r\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "a v=1\r\n", TAKEN, KEY_INFLUX, 1},
    {LINE_AUTO, "a v=1\r\r\n", CAUSE_VALUE, KEY_INFLUX, 0},
    {LINE_INFLUX, "{ v=1\n", TAKEN, KEY_INFLUX, 1},
    {LINE_INFLUX, "a 1 5\n", CAUSE_SYNTAX, KEY_INFLUX, 0},
    {LINE_INFLUX, "# a comment\n", SKIPPED, 0, 0},
    {LINE_GRAPHITE, "{ 1 5\n", TAKEN, KEY_GRAPHITE, 1},
    {LINE_GRAPHITE, "a v=1\n", CAUSE_VALUE, KEY_GRAPHITE, 0},
    {LINE_JSON, "{\"metric\":\"m\",\"value\":1}\r\n", TAKEN, KEY_JSON, 1},
    {LINE_JSON, "a 1 5\n", CAUSE_SYNTAX, KEY_JSON, 0},
};
START_TEST(shape_row)
{
    struct line_options options = plain;
    options.format = shapes[_i].format;
    const char *line = shapes[_i].line;
    struct batch *batch = batch_with_one();
    struct line_report report = {0};
    ck_assert_uint_eq(lines_read(&options, line, strlen(line), batch, &report), strlen(line));
    int cause = report.has_fault ? (int)report.fault : report.lines ? TAKEN : SKIPPED;
    ck_assert_msg(cause == shapes[_i].cause, "%s: cause %d", line, cause);
    ck_assert_msg(report.samples == shapes[_i].samples && batch->n == 1 + shapes[_i].samples, "%s",
                  line);
    ck_assert_msg(shapes[_i].samples == 0 || batch->at[1].form == shapes[_i].form, "%s: form",
                  line);
    free(batch);
}
END_TEST

/* Lines of all kinds; every second one is refused. */
static const char *const corpus[] = {
    "cpu,host=a,dc=b user=1,sys=2.5,idle=3i 1700000000000000000\n",
    "cpu,host= ,dc\n",
    "# a comment\n",
    "cpu value=1x\n",
    "c\\ pu,h\\,o=a\\=b s=\"a \\\"b\",v=t\r\n",
    "a.b.c 1 yesterday\n",
    "a.b.c;site=x\t21.5\t1700000000.25\n",
    "a.b.c\n",
    "{\"metric\":\"m\",\"labels\":{\"a\":\"b\"},\"time\":\"2023-11-14T22:13:20Z\",\"value\":1.5}\n",
    "{\"metric\":\"m\"\n",
    "\r\n",
    "cpu v=1 9999999999999999999\n",
    "m nan -1\n",
    "cpu v=\"open\n",
    "cpu v=NaN,w=-1e-3,x=12u\n",
    "{\"metric\":\"m\",\"labels\":{\"a\":\"b\"},\"value\":1,\"value\":2}\n",
    "{ \"metric\" : \"\\u00e9\" , \"value\" : null }\r\n",
    "\x00\xFF\n",
};
enum { CORPUS = sizeof corpus / sizeof *corpus };

/* Where every line of corpus lies in one text; returns its length. */
static size_t join_corpus(char *text)
{
    char *p = text;
    for (int i = 0; i < CORPUS; i++) {
        size_t n = i == CORPUS - 1 ? 3 : strlen(corpus[i]); /* the last holds a NUL */
        memcpy(p, corpus[i], n);
        p += n;
    }
    return (size_t)(p - text);
}

static void check_same(const struct batch *a, const struct line_report *ra, const struct batch *b,
                       const struct line_report *rb)
{
    ck_assert_uint_eq(a->n, b->n);
    for (uint32_t i = 0; i < a->n; i++)
        ck_assert_msg(same_sample(&a->at[i], &b->at[i]), "sample %u", i);
    ck_assert_uint_eq(ra->lines, rb->lines);
    ck_assert_uint_eq(ra->passed, rb->passed);
    ck_assert_uint_eq(ra->samples, rb->samples);
    ck_assert(memcmp(ra->refused, rb->refused, sizeof ra->refused) == 0);
    ck_assert(ra->has_fault == rb->has_fault && ra->fault == rb->fault &&
              ra->fault_line == rb->fault_line && ra->fault_text_n == rb->fault_text_n &&
              ra->fault_offset == rb->fault_offset);
}

static size_t read_at_guard(struct guard *guard, const char *text, size_t n, struct batch *batch,
                            struct line_report *report)
{
    return lines_read(&plain, guard_copy(guard, text, n), n, batch, report);
}

/* The law: two reads, the caller keeping what the first did not use, are as one. */
START_TEST(every_split)
{
    static char text[4096];
    static struct batch whole, parts;
    size_t n = join_corpus(text);
    struct line_report expected = {0};
    whole.n = 0;
    ck_assert_uint_eq(lines_read(&plain, text, n, &whole, &expected), n);
    ck_assert_uint_gt(whole.n, 10);
    ck_assert_uint_eq(expected.lines, CORPUS - 2);
    ck_assert_uint_eq(expected.passed, CORPUS);
    for (size_t cut = 0; cut <= n; cut++) {
        struct guard first = guard_new(n), second = guard_new(n);
        struct line_report report = {0};
        parts.n = 0;
        size_t used = read_at_guard(&first, text, cut, &parts, &report);
        ck_assert(used <= cut && (used == 0 || text[used - 1] == '\n'));
        ck_assert(memchr(text + used, '\n', cut - used) == NULL);
        ck_assert_uint_eq(read_at_guard(&second, text + used, n - used, &parts, &report), n - used);
        check_same(&whole, &expected, &parts, &report);
        guard_free(&first);
        guard_free(&second);
    }
}
END_TEST

/* Each beginning of each line, as a line of its own and as one that has no end yet. */
START_TEST(every_prefix_at_a_guard_page)
{
    static struct batch batch;
    static struct label_list labels;
    char line[256];
    struct guard guard = guard_new(sizeof line);
    for (int i = 0; i < CORPUS - 1; i++)
        for (size_t n = 0; n < strlen(corpus[i]); n++) {
            struct line_report report = {0};
            batch.n = 0;
            ck_assert_uint_eq(read_at_guard(&guard, corpus[i], n, &batch, &report), 0);
            ck_assert_uint_eq(report.lines, 0);
            snprintf(line, sizeof line, "%.*s\n", (int)n, corpus[i]);
            ck_assert_uint_eq(read_at_guard(&guard, line, n + 1, &batch, &report), n + 1);
            for (uint32_t k = 0; k < batch.n; k++)
                ck_assert_int_eq(key_read(&batch.at[k], &labels), NABLA_OK);
        }
    guard_free(&guard);
}
END_TEST

/* A line read alone, with each other line before and behind it. */
START_TEST(a_line_leaves_its_neighbours_alone)
{
    static struct batch alone, among;
    for (int i = 0; i < CORPUS - 1; i++)
        for (int k = 0; k < CORPUS - 1; k++) {
            char text[1024];
            struct line_report one = {0}, two = {0}, three = {0};
            alone.n = among.n = 0;
            lines_read(&plain, corpus[i], strlen(corpus[i]), &alone, &one);
            lines_read(&plain, corpus[k], strlen(corpus[k]), &alone, &two);
            lines_read(&plain, corpus[i], strlen(corpus[i]), &alone, &one);
            int n = snprintf(text, sizeof text, "%s%s%s", corpus[i], corpus[k], corpus[i]);
            ck_assert_uint_eq(lines_read(&plain, text, (size_t)n, &among, &three), (size_t)n);
            ck_assert_uint_eq(alone.n, among.n);
            for (uint32_t s = 0; s < alone.n; s++)
                ck_assert_msg(same_sample(&alone.at[s], &among.at[s]), "%s", text);
            for (int c = 0; c < CAUSE_COUNT; c++)
                ck_assert_uint_eq(one.refused[c] + two.refused[c], three.refused[c]);
        }
}
END_TEST

START_TEST(the_first_fault_is_told)
{
    static struct batch batch;
    const char *text = "# nothing\n\na 1\n b v=1,w=x \r\nc\na 2\n\n";
    struct line_report report = {0};
    batch.n = 0;
    ck_assert_uint_eq(lines_read(&plain, text, strlen(text), &batch, &report), strlen(text));
    ck_assert(report.has_fault && report.fault == CAUSE_VALUE);
    ck_assert_uint_eq(report.fault_line, 3);
    ck_assert_uint_eq(report.fault_offset, 9);
    ck_assert_ptr_eq(report.fault_text, text + 15);
    ck_assert_uint_eq(report.fault_text_n, 11);
    ck_assert_uint_eq(report.lines, 4);
    ck_assert_uint_eq(report.passed, 7);
    ck_assert_uint_eq(report.samples, 2);
    ck_assert_uint_eq(report.refused[CAUSE_VALUE], 1);
    ck_assert_uint_eq(report.refused[CAUSE_SYNTAX], 1);
}
END_TEST

START_TEST(strings_are_counted_where_the_line_is_taken)
{
    static struct batch batch;
    const char *text = "a s=\"x\",v=1,t=\"y\"\na s=\"x\",v=z\na s=\"x\"\n";
    struct line_report report = {0};
    batch.n = 0;
    lines_read(&plain, text, strlen(text), &batch, &report);
    ck_assert_uint_eq(report.refused[CAUSE_STRING], 3);
    ck_assert_uint_eq(report.refused[CAUSE_VALUE], 1);
    ck_assert_uint_eq(report.lines, 3);
    ck_assert_uint_eq(report.samples, 1);
}
END_TEST

/* LF is not counted, CR is; a long comment is a long line. */
static const struct {
    const char *text;
    uint64_t lines, too_long;
} lengths[] = {
    {"abcdefgh 1\n", 1, 0},  {"abcdefghi 1\n", 1, 1},      {"abcdefgh 1\r\n", 1, 1},
    {"abcdefg 1\r\n", 1, 0}, {"# a comment here\n", 1, 1}, {"a 1\nabcdefghijk 1\nb 1\n", 3, 1},
};
START_TEST(length_row)
{
    static struct batch batch;
    struct line_options options = plain;
    options.max_line = 10;
    struct line_report report = {0};
    batch.n = 0;
    const char *text = lengths[_i].text;
    ck_assert_uint_eq(lines_read(&options, text, strlen(text), &batch, &report), strlen(text));
    ck_assert_uint_eq(report.lines, lengths[_i].lines);
    ck_assert_uint_eq(report.refused[CAUSE_LINE_LENGTH], lengths[_i].too_long);
    ck_assert_uint_eq(batch.n, lengths[_i].lines - lengths[_i].too_long);
    ck_assert(!report.has_fault || report.fault_offset == 10);
}
END_TEST

/* Lines that may come again: what adds is refused, all of it, and its neighbours are taken. */
START_TEST(what_adds_is_refused_where_lines_may_come_again)
{
    static struct batch batch;
    static const char text[] = "a:1|c\nb:2|g\nb:+1|g\nc:3:4|ms\nd 1\n";
    for (int once = 0; once < 2; once++) {
        struct line_options options = plain;
        options.format = LINE_AUTO;
        options.once = once != 0;
        struct line_report report = {0};
        batch.n = 0;
        ck_assert_uint_eq(lines_read(&options, text, strlen(text), &batch, &report), strlen(text));
        ck_assert_uint_eq(report.refused[CAUSE_INCREMENT], once ? 3 : 0);
        ck_assert_uint_eq(batch.n, once ? 2 : 6);
        ck_assert_uint_eq(report.samples, batch.n);
        ck_assert(once == 0 || (report.fault == CAUSE_INCREMENT && report.fault_line == 0));
    }
}
END_TEST

/* A full batch ends a call in front of a line, never in one. */
START_TEST(a_batch_takes_what_it_has_room_for)
{
    static struct batch batch;
    static char text[3 * BATCH_MAX * 8];
    size_t n = 0, at = 0;
    for (int i = 0; i < 3 * BATCH_MAX; i++)
        n += (size_t)sprintf(text + n, "a v=%d\n", i % 10);
    struct line_report report = {0};
    int calls = 0;
    uint64_t samples = 0;
    while (at < n) {
        batch.n = 0;
        size_t used = lines_read(&plain, text + at, n - at, &batch, &report);
        ck_assert(used > 0 && text[at + used - 1] == '\n');
        for (uint32_t i = 0; i < batch.n; i++)
            ck_assert(batch.at[i].v == (double)((samples + i) % 10));
        samples += batch.n;
        at += used;
        calls++;
    }
    ck_assert_uint_eq(samples, 3 * BATCH_MAX);
    ck_assert_uint_eq(report.samples, 3 * BATCH_MAX);
    const int a_call = BATCH_MAX - LINE_SAMPLES_MAX + 1;
    ck_assert_int_eq(calls, (3 * BATCH_MAX + a_call - 1) / a_call);
    batch.n = (uint32_t)a_call;
    ck_assert_uint_eq(lines_read(&plain, text, n, &batch, &report), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lines");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, shape_row, 0, ROWS(shapes));
    tcase_add_loop_test(all, length_row, 0, ROWS(lengths));
    tcase_add_test(all, every_split);
    tcase_add_test(all, every_prefix_at_a_guard_page);
    tcase_add_test(all, a_line_leaves_its_neighbours_alone);
    tcase_add_test(all, the_first_fault_is_told);
    tcase_add_test(all, strings_are_counted_where_the_line_is_taken);
    tcase_add_test(all, what_adds_is_refused_where_lines_may_come_again);
    tcase_add_test(all, a_batch_takes_what_it_has_room_for);
    suite_add_tcase(s, all);
    return s;
}
