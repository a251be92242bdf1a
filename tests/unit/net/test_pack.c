/* What is packed is unpacked to the same bytes, by the libraries' own readers. */
#include "net/pack.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>

#include "guard.h"
#include "suite.h"

static const size_t sizes[] = {0, 1, 100, 1000000};

/* Half of it lines that repeat, half noise. */
static void fill(struct buf *b, size_t n)
{
    uint64_t random = 1;
    while (b->n < n)
        if (b->n % 200 < 100)
            buf_add(b, "temperature,site=a ", n - b->n < 19 ? n - b->n : 19);
        else
            buf_char(b, (char)random_below(&random, 256));
}

START_TEST(gzip_there_and_back)
{
    struct buf b = {0}, was = {0};
    fill(&b, sizes[_i]);
    fill(&was, sizes[_i]);
    ck_assert(!pack_is_gzip(&b));
    ck_assert(pack_gzip(&b));
    ck_assert(pack_is_gzip(&b));
    unsigned char *back = malloc(was.n + 1);
    z_stream z = {.next_in = (void *)b.at, .avail_in = (uInt)b.n, .next_out = back};
    z.avail_out = (uInt)was.n + 1;
    ck_assert_int_eq(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(z.total_out, was.n);
    ck_assert(was.n == 0 || memcmp(back, was.at, was.n) == 0);
    inflateEnd(&z);
    free(back);
    buf_fini(&b);
    buf_fini(&was);
}
END_TEST

START_TEST(snappy_there_and_back)
{
    struct buf b = {0}, was = {0};
    fill(&b, sizes[_i]);
    fill(&was, sizes[_i]);
    ck_assert(pack_snappy(&b));
    size_t n = was.n + 1;
    char *back = malloc(n);
    ck_assert_int_eq(snappy_uncompress(b.at, b.n, back, &n), SNAPPY_OK);
    ck_assert_uint_eq(n, was.n);
    ck_assert(n == 0 || memcmp(back, was.at, n) == 0);
    free(back);
    buf_fini(&b);
    buf_fini(&was);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("net/pack");
    TCase *t = tcase_create("pack");
    tcase_add_loop_test(t, gzip_there_and_back, 0, ROWS(sizes));
    tcase_add_loop_test(t, snappy_there_and_back, 0, ROWS(sizes));
    suite_add_tcase(s, t);
    return s;
}
