/* tests/unit/cli/test_input.c -- lines out of a file, whatever sizes the reads have. */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

/* A pipe that holds text, its other end closed. */
static int pipe_of(const char *text, size_t n)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, n), (ssize_t)n);
    close(ends[1]);
    return ends[0];
}

static const struct row {
    const char *text;
    const char *lines[4];
} rows[] = {
    {"", {NULL}},         {"\n", {"", NULL}},         {"a", {"a", NULL}},
    {"a\n", {"a", NULL}}, {"a\nb", {"a", "b", NULL}}, {"a\r\n\nb\n", {"a\r", "", "b", NULL}},
};

START_TEST(lines)
{
    const struct row *r = &rows[_i];
    struct input in;
    char *line = NULL;
    size_t n = 99, i = 0;
    int fd = pipe_of(r->text, strlen(r->text));
    ck_assert(input_init(&in, fd));
    for (; r->lines[i] != NULL; i++) {
        ck_assert_int_eq(input_next(&in, &line, &n), INPUT_LINE);
        ck_assert_msg(n == strlen(r->lines[i]) && memcmp(line, r->lines[i], n) == 0, "%.*s", (int)n,
                      line);
        ck_assert_int_eq(line[n], '\n');
        ck_assert_uint_eq(in.number, i + 1);
    }
    ck_assert_int_eq(input_next(&in, &line, &n), INPUT_END);
    ck_assert_int_eq(input_next(&in, &line, &n), INPUT_END);
    input_fini(&in);
    close(fd);
}
END_TEST

static FILE *file_of_long_lines(size_t bytes, bool ended)
{
    FILE *f = tmpfile();
    fputs("first\n", f);
    for (size_t i = 0; i < bytes; i++)
        fputc('x', f);
    if (ended)
        fputs("\nlast", f);
    fflush(f);
    rewind(f);
    return f;
}

/* Around each length where something changes: the longest line, the block, several blocks. */
START_TEST(long_lines)
{
    static const size_t lengths[] = {INPUT_LINE_MAX - 1, INPUT_LINE_MAX,  INPUT_LINE_MAX + 1,
                                     256 * 1024 - 6,     256 * 1024 - 7,  256 * 1024,
                                     256 * 1024 + 1,     1024 * 1024 + 17};
    for (int i = 0; i < 2 * ROWS(lengths); i++) {
        size_t length = lengths[i / 2], n;
        bool ended = i % 2;
        FILE *f = file_of_long_lines(length, ended);
        struct input in;
        char *line;
        ck_assert(input_init(&in, fileno(f)));
        for (int round = 0; round < 2; round++) {
            ck_assert_int_eq(input_next(&in, &line, &n), INPUT_LINE);
            ck_assert_uint_eq(n, 5);
            enum input_kind kind = length > INPUT_LINE_MAX ? INPUT_TOO_LONG : INPUT_LINE;
            ck_assert_msg(input_next(&in, &line, &n) == kind, "%zu bytes", length);
            ck_assert_uint_eq(in.number, 2);
            if (ended) {
                ck_assert_int_eq(input_next(&in, &line, &n), INPUT_LINE);
                ck_assert_msg(n == 4 && memcmp(line, "last\n", 5) == 0, "%zu bytes", length);
                ck_assert_uint_eq(in.number, 3);
            }
            ck_assert_int_eq(input_next(&in, &line, &n), INPUT_END);
            ck_assert(input_rewind(&in));
        }
        input_fini(&in);
        fclose(f);
    }
}
END_TEST

START_TEST(ready_is_what_does_not_wait)
{
    int ends[2];
    struct input in;
    char *line;
    size_t n;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert(input_init(&in, ends[0]));
    ck_assert(!input_is_ready(&in));
    ck_assert_int_eq(write(ends[1], "a\nb\npart", 8), 8);
    ck_assert_int_eq(input_next(&in, &line, &n), INPUT_LINE);
    ck_assert(input_is_ready(&in));
    ck_assert_int_eq(input_next(&in, &line, &n), INPUT_LINE);
    ck_assert(!input_is_ready(&in));
    ck_assert_int_eq(input_next(&in, &line, &n), INPUT_FAILED);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert(!input_rewind(&in)); /* a pipe has no beginning */
    input_fini(&in);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/input");
    TCase *t = tcase_create("input");
    tcase_add_loop_test(t, lines, 0, ROWS(rows));
    tcase_add_test(t, long_lines);
    tcase_add_test(t, ready_is_what_does_not_wait);
    suite_add_tcase(s, t);
    return s;
}
