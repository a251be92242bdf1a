/* gzip: what zlib reads back is what went in, however it was cut; and who wants it. */
#include "http/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "suite.h"

enum { PLAIN = 300000 };

/* Inflates all of it; returns the length. */
static size_t inflate_all(const struct buf *in, char *out, size_t room)
{
    z_stream z = {.next_in = (void *)in->at,
                  .avail_in = (uInt)in->n,
                  .next_out = (void *)out,
                  .avail_out = (uInt)room};
    ck_assert_int_eq(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(z.avail_in, 0);
    inflateEnd(&z);
    return z.total_out;
}

static const size_t slices[] = {1, 7, 1000, 65536, PLAIN};

START_TEST(any_slices)
{
    char *plain = malloc(PLAIN), *back = malloc(PLAIN);
    struct buf packed = {0};
    struct gzip *g;
    size_t slice = slices[_i], total = slice == 1 ? 5000 : PLAIN;
    uint32_t x = 1;
    for (size_t i = 0; i < total; i++) { /* half text, half noise, so that some slices grow */
        x = x * 1664525 + 1013904223;
        plain[i] = (char)(i % 8192 < 4096 ? "temperature"[i % 11] : (char)(x >> 24));
    }
    ck_assert_int_eq(gzip_new(&g), NABLA_OK);
    for (size_t at = 0; at < total; at += slice) {
        size_t n = total - at < slice ? total - at : slice;
        gzip_add(g, plain + at, n, at + n == total, &packed);
    }
    gzip_free(g);
    ck_assert(!packed.failed);
    ck_assert_uint_eq(inflate_all(&packed, back, PLAIN), total);
    ck_assert_mem_eq(plain, back, total);
    buf_fini(&packed);
    free(plain);
    free(back);
}
END_TEST

START_TEST(an_empty_end)
{
    char back[8];
    struct buf packed = {0};
    struct gzip *g;
    ck_assert_int_eq(gzip_new(&g), NABLA_OK);
    gzip_add(g, "abc", 3, false, &packed);
    gzip_add(g, NULL, 0, false, &packed);
    gzip_add(g, NULL, 0, true, &packed);
    gzip_free(g);
    ck_assert_uint_eq(inflate_all(&packed, back, sizeof back), 3);
    ck_assert_mem_eq(back, "abc", 3);
    buf_fini(&packed);
}
END_TEST

static const struct wanted_row {
    const char *header;
    bool want;
} wanted[] = {
    {NULL, false},
    {"", false},
    {"identity", false},
    {"gzip", true},
    {"GZip", true},
    {"x-gzip", true},
    {"deflate, gzip;q=1.0, *;q=0.5", true},
    {"deflate,gzip", true},
    {"gzip;q=0.1", true},
    {"gzip;q=0", false},
    {"gzip; q=0.000", false},
    {"gzipped", false},
    {"zstd,br", false},
    {" , ;", false},
};

START_TEST(wanted_row)
{
    ck_assert_msg(gzip_wanted(wanted[_i].header) == wanted[_i].want, "%s", wanted[_i].header);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/gzip");
    TCase *tc = tcase_create("tables");
    tcase_add_loop_test(tc, any_slices, 0, ROWS(slices));
    tcase_add_test(tc, an_empty_end);
    tcase_add_loop_test(tc, wanted_row, 0, ROWS(wanted));
    suite_add_tcase(s, tc);
    return s;
}
