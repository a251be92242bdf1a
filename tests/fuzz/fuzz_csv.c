/* rooms: wire */
/* fuzz_csv.c -- any text as a table: cells lie within it, faults have a place, and CRLF line ends
 * change nothing. */
#include "wire/csv.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(law)                                                                                 \
    do {                                                                                           \
        if (!(law))                                                                                \
            abort();                                                                               \
    } while (0)

static enum nabla_status read_text(const char *text, size_t n, struct csv_series *out,
                                   struct csv_fault *fault)
{
    static struct csv_row header;
    struct csv csv;
    struct csv_columns columns;
    csv_open(&csv, text, n);
    enum nabla_status status = csv_next(&csv, &header, fault);
    if (status == NABLA_OK)
        status = csv_find(&header, NULL, header.n > 2 ? "y" : NULL, true, &columns, fault);
    if (status == NABLA_OK)
        status = csv_read(&csv, &header, columns, out, fault);
    return status;
}

static void check_cells(const char *text, size_t n)
{
    static struct csv_row row;
    struct csv csv;
    struct csv_fault fault;
    uint64_t line = 0;
    csv_open(&csv, text, n);
    while (csv_next(&csv, &row, &fault) == NABLA_OK && row.n > 0) {
        struct buf plain = {0};
        CHECK(row.n <= CSV_CELLS_MAX && row.cells[0].line > line);
        for (size_t i = 0; i < row.n; i++) {
            CHECK(row.cells[i].at >= text && row.cells[i].at + row.cells[i].n <= text + n);
            CHECK(row.cells[i].column >= 1 && row.cells[i].line >= row.cells[0].line);
            csv_unquote(&plain, &row.cells[i]);
        }
        line = row.cells[0].line;
        CHECK(!plain.failed && plain.n <= n);
        buf_fini(&plain);
    }
}

static int same(const void *a, const void *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static void check_same(const struct csv_series *a, const struct csv_series *b)
{
    CHECK(a->n == b->n && a->kind == b->kind);
    CHECK(same(a->y, b->y, a->n * sizeof(double)));
    CHECK(a->kind != CSV_X_NUMBERS || same(a->x, b->x, a->n * sizeof(double)));
    CHECK(a->kind != CSV_X_TIMES || same(a->t_ns, b->t_ns, a->n * sizeof(int64_t)));
}

/* Every LF becomes CRLF; texts that have a CR already are left out. */
static void check_line_ends(const char *text, size_t n, const struct csv_series *s,
                            enum nabla_status status)
{
    struct buf other = {0};
    struct csv_series got = {0};
    struct csv_fault fault = {0};
    if (n == 0 || memchr(text, '\r', n) != NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n')
            buf_char(&other, '\r');
        buf_char(&other, text[i]);
    }
    CHECK(read_text(other.at, other.n, &got, &fault) == status);
    if (status == NABLA_OK)
        check_same(s, &got);
    csv_series_fini(&got);
    buf_fini(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct csv_series s = {0};
    struct csv_fault fault = {0};
    const char *text = (const char *)data;
    enum nabla_status status = read_text(text, n, &s, &fault);
    CHECK(status == NABLA_OK || fault.message[0] != '\0');
    check_cells(text, n);
    check_line_ends(text, n, &s, status);
    csv_series_fini(&s);
    return 0;
}
