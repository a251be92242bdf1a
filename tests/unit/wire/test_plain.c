/* test_plain.c -- the short way for plain lines: its vectors and their portable twin take the same
 * lines, those that must not be slow are among them, and what is taken is what the full readers make
 * of it. Guard pages stand on both sides, at every length and alignment. */
#include "wire/plain.h"

#include "rows.h"

#include <stdio.h>
#include <sys/mman.h>

enum { MUTATIONS = 300000, PAGE = 4096, ROOM = 2 * PAGE };

enum { READERS = 2 };

/* The second one by vectors where this processor has them, else the same again. */
static plain_reader *reader_at(int i)
{
    return i == 0 ? plain_read_portable : plain_best();
}

static const struct {
    enum line_format format;
    const char *line;
    bool plain;
} lines[] = {
    /* what must not be slow */
    {LINE_AUTO, "temperature,site=plant-03,sensor=s0012345 value=21.437 1700000000123456789\n",
     true},
    {LINE_AUTO, "t,s=a value=21.437000000000001 1700000000123456789\n", true},
    {LINE_AUTO, "cpu,cpu=cpu0,host=a user=1.5,system=-2,idle=97i 1700000000000000000\n", true},
    {LINE_AUTO, "a=b v=1\n", true},
    {LINE_AUTO, "a v=1 12345678901234567\n", true}, /* a byte less than a look back takes */
    {LINE_AUTO, "a v=1e-3 5\r\n", true},
    {LINE_AUTO, "a,b= v=1 -5\n", true},
    {LINE_AUTO, "a v=-12i,w=.5,x=1. 5\n", true},
    {LINE_AUTO, "a v=-1152921504606846983i,w=9007199254740993,x=9007199254740993i 5\n", true},
    {LINE_AUTO, "a.b 1152921504606846983 1700000000\n", true},
    {LINE_AUTO, "a.b -9007199254740993\n", true},
    {LINE_AUTO, "a.b 9007199254740993.5 1700000000\n", true},
    {LINE_INFLUX, "{ v=1\n", true},
    {LINE_AUTO, "plant-03.temperature.s17 21.437 1700000000\n", true},
    {LINE_AUTO, "plant-03.temperature.s17;site=a;x= 21.437 1700000000.25\n", true},
    {LINE_AUTO, "a 1\n", true},
    {LINE_AUTO, "a,b 1e5 -1\r\n", true},
    {LINE_GRAPHITE, "{a,b=c 1 5\n", true},
    /* what others read, or refuse */
    {LINE_AUTO, "\n", false},
    {LINE_AUTO, "\r\n", false},
    {LINE_AUTO, "# a=1 5\n", false},
    {LINE_AUTO, " a v=1\n", false},
    {LINE_AUTO, "a  v=1\n", false},
    {LINE_AUTO, "a v=1 \n", false},
    {LINE_AUTO, "a v=1  5\n", false},
    {LINE_AUTO, "a v=1 5 \n", false},
    {LINE_AUTO, "a\tb v=1\n", false},
    {LINE_AUTO, "a\\ b v=1\n", false},
    {LINE_AUTO, "a v\\ w=1\n", false},
    {LINE_AUTO, "a v=\"x\"\n", false},
    {LINE_AUTO, "a v=t\n", false},
    {LINE_AUTO, "a v=nan\n", false},
    {LINE_AUTO, "a v=1u\n", false},
    {LINE_AUTO, "a v=1.5i\n", false},
    {LINE_AUTO, "a v=1ii\n", false},
    {LINE_AUTO, "a v=1,\n", false},
    {LINE_AUTO, "a v=,w=1\n", false},
    {LINE_AUTO, "a v=1,w 5\n", false},
    {LINE_AUTO, "a v=1 5\r\r\n", false},
    {LINE_AUTO, "a v=1\r 5\n", false},
    {LINE_AUTO, "a v=1 9223372036854775808\n", false},
    {LINE_AUTO, "a v=1 99999999999999999999\n", false},
    {LINE_AUTO, "a =1\n", false},
    {LINE_AUTO, "a, v=1\n", false},
    {LINE_AUTO, ",b=c v=1\n", false},
    {LINE_AUTO, "a,b v=1\n", false},
    {LINE_AUTO, "a,b,c=d v=1\n", false},
    {LINE_AUTO, "a,b=c=d v=1\n", false},
    {LINE_AUTO, "a,b=c,,d=e v=1\n", false},
    {LINE_AUTO, "a,=c v=1\n", false},
    {LINE_AUTO, "a,b=c,=d v=1\n", false},
    {LINE_AUTO, "a;b 1 5\n", false},
    {LINE_AUTO, ";b=c 1 5\n", false},
    {LINE_AUTO, "a 1 N\n", false},
    {LINE_AUTO, "a 1,5\n", false},
    {LINE_AUTO, "a 1 5 6\n", false},
    {LINE_AUTO, "a 1 9999999999\n", false},
    {LINE_AUTO, "a 1x 5\n", false},
    {LINE_AUTO, "{\"metric\":\"m\",\"value\":1}\n", false},
    {LINE_JSON, "a v=1\n", false},
    {LINE_GRAPHITE, "a v=1\n", false},
    {LINE_INFLUX, "a 1 5\n", false},
};

/* A page on each side that cannot be touched. */
static char *new_room(void)
{
    char *map =
        mmap(NULL, ROOM + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(map != MAP_FAILED && mprotect(map, PAGE, PROT_NONE) == 0 &&
              mprotect(map + PAGE + ROOM, PAGE, PROT_NONE) == 0);
    return map + PAGE;
}

static void free_room(char *room)
{
    munmap(room - PAGE, ROOM + 2 * PAGE);
}

/* What the readers of the three formats make of one line, which they are given without its end. */
static bool read_fully(const struct line_options *options, const char *line, size_t n,
                       struct batch *batch)
{
    uint32_t skipped = 0, offset = 0, text = (uint32_t)n - 1;
    bool graphite = batch->n > 1 && batch->at[1].form == KEY_GRAPHITE;
    batch->n = 1;
    text -= text > 0 && line[text - 1] == '\r';
    return (graphite ? graphite_read(options, line, text, batch, &offset)
                     : influx_read(options, line, text, batch, &skipped, &offset)) == CAUSE_COUNT;
}

/* The law, at one place: line[0..n) ends with LF. Returns whether it is plain. */
static bool check_line(const struct line_options *options, const char *line, size_t n)
{
    static struct batch first, second;
    bool taken[READERS];
    for (int i = 0; i < READERS; i++) {
        struct batch *batch = i == 0 ? &first : &second;
        struct line_report report = {0};
        batch->n = 1;
        const char *p = reader_at(i)(options, line, line + n, batch, &report);
        taken[i] = p == line + n;
        ck_assert_msg(taken[i] || (p == line && batch->n == 1), "%.*s: half taken", (int)n, line);
        ck_assert_uint_eq(report.lines, taken[i]);
        ck_assert_uint_eq(report.passed, taken[i]);
        ck_assert_uint_eq(report.samples, batch->n - 1);
    }
    ck_assert_msg(taken[0] == taken[1] && first.n == second.n, "%.*s: the twins differ", (int)n,
                  line);
    if (!taken[0])
        return false;
    ck_assert_msg(read_fully(options, line, n, &second) && first.n == second.n, "%.*s", (int)n,
                  line);
    for (uint32_t k = 1; k < first.n; k++)
        ck_assert_msg(same_sample(&first.at[k], &second.at[k]) &&
                          signbit(first.at[k].v) == signbit(second.at[k].v),
                      "%.*s: sample %u", (int)n, line, k);
    return true;
}

START_TEST(line_row)
{
    char *room = new_room();
    struct line_options options = plain;
    options.format = lines[_i].format;
    size_t n = strlen(lines[_i].line);
    bool taken = check_line(&options, memcpy(room, lines[_i].line, n), n);
    ck_assert_msg(taken == lines[_i].plain, "%s", lines[_i].line);
    check_line(&options, memcpy(room + ROOM - n, lines[_i].line, n), n);
    free_room(room);
}
END_TEST

/* Keys of every length, so that each part of the line meets each place in a block; the line at the
 * lower guard page, at every alignment in the middle, and at the upper one. */
START_TEST(both_take_the_same)
{
    static const char *const shapes[] = {"k%.*s,tag=%.*s value=21.437 1700000000123456789\n",
                                         "k%.*s,%.*s=a v=1,w=-2.5\n",
                                         "k%.*s.%.*s 1.5 1700000000.25\r\n",
                                         "k%.*s;t=%.*s 123456789.125 1700000000\n",
                                         "k%.*s,%.*s v=1\n",
                                         "k%.*s=,x=%.*s=1 v=1\n"};
    char *room = new_room(), line[400], filler[160];
    memset(filler, 'x', sizeof filler);
    for (int shape = 0; shape < ROWS(shapes); shape++)
        for (int length = 0; length < 150; length++) {
            int n = snprintf(line, sizeof line, shapes[shape], length, filler, length % 7, filler);
            ck_assert(check_line(&plain, memcpy(room, line, (size_t)n), (size_t)n) ==
                      check_line(&plain, memcpy(room + ROOM - n, line, (size_t)n), (size_t)n));
            for (int at = 0; at < 64; at++)
                check_line(&plain, memcpy(room + PAGE + at, line, (size_t)n), (size_t)n);
        }
    free_room(room);
}
END_TEST

/* Bytes changed at random: what one twin takes the other does, and the full reader agrees. */
START_TEST(whatever_the_bytes)
{
    static const char bytes[] = "\t\r\\ ,=;.-+0123456789eEixN#{\"\x80\xFF\x1F\x20\x7F";
    char *room = new_room();
    uint64_t seed = 1;
    int taken = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        const char *from = lines[random_below(&seed, ROWS(lines))].line;
        size_t n = strlen(from);
        char *line = memcpy(room + ROOM - n, from, n);
        for (uint64_t k = random_below(&seed, 3); k > 0; k--)
            line[random_below(&seed, n)] = bytes[random_below(&seed, sizeof bytes - 1)];
        struct line_options options = plain;
        options.format = (enum line_format)random_below(&seed, 4);
        line[n - 1] = '\n';
        taken += check_line(&options, line, n);
    }
    ck_assert_int_gt(taken, MUTATIONS / 20); /* or the law was hardly tried */
    free_room(room);
}
END_TEST

/* Many lines at once: as many as there are before the first that is not plain. */
START_TEST(goes_on_to_the_first_that_is_not_plain)
{
    static struct batch batch;
    const char *text = "a v=1 1\nb,c=d v=2,w=3 2\ne.f 4 3\n\na v=5 5\n",
               *stop = strstr(text, "\n\n") + 1;
    for (int i = 0; i < READERS; i++) {
        struct line_report report = {0};
        batch.n = 0;
        ck_assert_ptr_eq(reader_at(i)(&plain, text, text + strlen(text), &batch, &report), stop);
        ck_assert_uint_eq(report.lines, 3);
        ck_assert_uint_eq(report.samples, 4);
        for (uint32_t k = 0; k < 4; k++)
            ck_assert(batch.at[k].v == k + 1);
    }
}
END_TEST

START_TEST(a_line_too_long_is_left)
{
    static struct batch batch;
    struct line_options options = plain;
    const char *text = "abc v=1 5\n";
    for (options.max_line = 8; options.max_line <= 9; options.max_line++)
        for (int i = 0; i < READERS; i++) {
            struct line_report report = {0};
            batch.n = 0;
            const char *p = reader_at(i)(&options, text, text + 10, &batch, &report);
            ck_assert_int_eq(p - text, options.max_line == 9 ? 10 : 0);
        }
}
END_TEST

/* "m " and n fields v=1. */
START_TEST(a_line_of_too_many_fields_is_left)
{
    static char line[LINE_SAMPLES_MAX * 4 + 100];
    static struct batch batch;
    for (int fields = LINE_SAMPLES_MAX; fields <= LINE_SAMPLES_MAX + 1; fields++)
        for (int i = 0; i < READERS; i++) {
            char *p = line + sprintf(line, "m ");
            for (int k = 0; k < fields; k++)
                p += sprintf(p, "%sv=1", k == 0 ? "" : ",");
            p += sprintf(p, "\n");
            struct line_report report = {0};
            batch.n = BATCH_MAX - LINE_SAMPLES_MAX;
            reader_at(i)(&plain, line, p, &batch, &report);
            ck_assert_uint_eq(report.samples, fields == LINE_SAMPLES_MAX ? LINE_SAMPLES_MAX : 0);
        }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("plain");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, line_row, 0, ROWS(lines));
    tcase_add_test(all, both_take_the_same);
    tcase_add_test(all, whatever_the_bytes);
    tcase_add_test(all, goes_on_to_the_first_that_is_not_plain);
    tcase_add_test(all, a_line_too_long_is_left);
    tcase_add_test(all, a_line_of_too_many_fields_is_left);
    suite_add_tcase(s, all);
    return s;
}
