/* Points to lines on several threads: the bytes are those of one thread, in the order of the points, and what fails
 * is told to who prints. */
#include "daemon/printer.h"

#include "wire/json_out.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "labels_text.h"
#include "suite.h"

enum { PIECE = 2048 /* PIECE_POINTS of printer.c */, SERIES = 7 };

static struct buf labels[SERIES];

static void setup(void)
{
    char text[64];
    union {
        struct labelset set;
        char room[LABELSET_MAX];
    } of;
    for (int i = 0; i < SERIES; i++) {
        /* of unlike lengths; the last a metric's name alone */
        snprintf(text, sizeof text, "__name__=m%s%.*s", i < SERIES - 1 ? ",host=" : "",
                 i < SERIES - 1 ? i * 3 + 1 : 0, "abcdefghijklmnopqrstuvwxyz");
        labels_of_text(text, &of.set);
        json_point_labels(&labels[i], &of.set);
    }
}

static void teardown(void)
{
    for (int i = 0; i < SERIES; i++)
        buf_fini(&labels[i]);
}

static struct point point_of(uint32_t i)
{
    return (struct point){.t_ns = INT64_C(1700000000000000000) + i,
                          .value = i,
                          .rate = i / 3.0,
                          .corrected = i % 5 == 0};
}

static struct point_note note_of(uint32_t i)
{
    return (struct point_note){.error = i % 2 != 0 ? 0.5 : NAN, .trend = i % 3 != 0 ? NAN : 1.5};
}

static enum nabla_status add(struct printer *p, uint32_t i)
{
    struct point point = point_of(i);
    struct point_note note = note_of(i);
    return printer_add(p, &labels[i % SERIES], PER_MINUTE, &point, &note);
}

/* What all of them are, by the writer that printer.c calls. */
static void write_plainly(struct buf *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct point point = point_of(i);
        struct point_note note = note_of(i);
        buf_add(out, labels[i % SERIES].at, labels[i % SERIES].n);
        json_point_rest(out, PER_MINUTE, &point, &note, TIME_RFC3339);
        buf_char(out, '\n');
    }
}

/* ---- the same bytes, whoever made them */

static const uint32_t threads[] = {1, 2, 3, 8};
static const uint32_t amounts[] = {0,         1,         SERIES,        PIECE - 1,     PIECE,
                                   PIECE + 1, 2 * PIECE, 4 * PIECE + 3, 40 * PIECE + 5};

START_TEST(as_one_thread_writes)
{
    for (int k = 0; k < ROWS(amounts); k++) {
        char *text = NULL;
        size_t n = 0;
        struct buf expected = {0};
        struct printer *p;
        FILE *out = open_memstream(&text, &n);
        ck_assert_int_eq(printer_new(threads[_i], out, &p), NABLA_OK);
        for (uint32_t i = 0; i < amounts[k]; i++)
            ck_assert_int_eq(add(p, i), NABLA_OK);
        ck_assert_int_eq(printer_finish(p), NABLA_OK);
        write_plainly(&expected, amounts[k]);
        ck_assert_msg(n == expected.n && (n == 0 || memcmp(text, expected.at, n) == 0),
                      "%u points by %u threads: %zu bytes, not %zu", amounts[k], threads[_i], n,
                      expected.n);
        printer_free(p);
        fclose(out);
        free(text);
        buf_fini(&expected);
    }
}
END_TEST

/* More after the end of some: the ring begins wherever it was. */
START_TEST(goes_on_after_a_finish)
{
    char *text = NULL;
    size_t n = 0;
    uint32_t done = 0;
    struct buf expected = {0};
    struct printer *p;
    FILE *out = open_memstream(&text, &n);
    ck_assert_int_eq(printer_new(threads[_i], out, &p), NABLA_OK);
    for (int k = 0; k < ROWS(amounts) - 1; k++) {
        for (uint32_t i = 0; i < amounts[k]; i++)
            ck_assert_int_eq(add(p, done++), NABLA_OK);
        ck_assert_int_eq(printer_finish(p), NABLA_OK);
        write_plainly((buf_clear(&expected), &expected), done);
        ck_assert_msg(n == expected.n && (n == 0 || memcmp(text, expected.at, n) == 0),
                      "after %u points", done);
    }
    printer_free(p);
    fclose(out);
    free(text);
    buf_fini(&expected);
}
END_TEST

/* What the caller has of labels is its own again. */
START_TEST(labels_are_copied)
{
    char *text = NULL;
    size_t n = 0;
    struct buf mine = {0};
    struct printer *p;
    struct point point = point_of(1);
    struct point_note note = note_of(1);
    FILE *out = open_memstream(&text, &n);
    ck_assert_int_eq(printer_new(threads[_i], out, &p), NABLA_OK);
    buf_text(&mine, "{\"mine\"");
    ck_assert_int_eq(printer_add(p, &mine, PER_SECOND, &point, &note), NABLA_OK);
    buf_clear(&mine);
    buf_text(&mine, "another");
    ck_assert_int_eq(printer_finish(p), NABLA_OK);
    ck_assert_msg(strncmp(text, "{\"mine\"", 7) == 0, "%s", text);
    printer_free(p);
    fclose(out);
    free(text);
    buf_fini(&mine);
}
END_TEST

/* ---- faults */

static const struct fault_row {
    const char *label, *path, *mode;
    int why;
} fault_rows[] = {
    {"no room", "/dev/full", "w", ENOSPC},
    {"cannot be written", "/dev/null", "r", EBADF},
};

static void expect_fault(const struct fault_row *r, uint32_t of_threads, uint32_t points)
{
    FILE *out = fopen(r->path, r->mode);
    struct printer *p;
    enum nabla_status status = NABLA_OK;
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(printer_new(of_threads, out, &p), NABLA_OK);
    for (uint32_t i = 0; i < points && status == NABLA_OK; i++)
        status = add(p, i);
    if (status == NABLA_OK) /* a few lines stay in stdio's buffer until then */
        status = printer_finish(p);
    ck_assert_msg(status == NABLA_EIO && errno == r->why, "%s: status %d, %s", r->label, status,
                  strerror(errno));
    errno = 0;
    ck_assert_msg(printer_finish(p) == NABLA_EIO && errno == r->why, "%s: forgotten", r->label);
    printer_free(p);
    fclose(out);
}

START_TEST(a_file_that_takes_nothing)
{
    for (int k = 0; k < ROWS(threads); k++) {
        expect_fault(&fault_rows[_i], threads[k], 3);
        expect_fault(&fault_rows[_i], threads[k], 64 * PIECE);
    }
}
END_TEST

START_TEST(freed_in_the_middle)
{
    FILE *out = fopen("/dev/null", "w");
    struct printer *p;
    ck_assert_int_eq(printer_new(threads[_i], out, &p), NABLA_OK);
    for (uint32_t i = 0; i < 3 * PIECE + 1; i++)
        ck_assert_int_eq(add(p, i), NABLA_OK);
    printer_free(p);
    printer_free(NULL);
    fclose(out);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("printer");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, as_one_thread_writes, 0, ROWS(threads));
    tcase_add_loop_test(c, goes_on_after_a_finish, 0, ROWS(threads));
    tcase_add_loop_test(c, labels_are_copied, 0, ROWS(threads));
    tcase_add_loop_test(c, a_file_that_takes_nothing, 0, ROWS(fault_rows));
    tcase_add_loop_test(c, freed_in_the_middle, 0, ROWS(threads));
    suite_add_tcase(s, c);
    return s;
}
