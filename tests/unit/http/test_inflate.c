/* inflate: what gzip packed comes back, however it was cut; anything else is refused, and no more is
 * written than there is room for. */
#include "http/gzip.h"
#include "http/inflate.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum { PLAIN = 200000 };

static void pack(struct buf *out, const void *bytes, size_t n)
{
    struct gzip *g;
    ck_assert_int_eq(gzip_new(&g), NABLA_OK);
    gzip_add(g, bytes, n, true, out);
    gzip_free(g);
    ck_assert(!out->failed);
}

/* Everything that in[0..n) unpacks to, `slice` bytes a call and `room` bytes out of it. */
static enum nabla_status unpack(const char *in, size_t n, size_t slice, size_t room,
                                struct buf *out, bool *whole)
{
    enum nabla_status status = NABLA_OK;
    struct inflater *i;
    size_t at = 0, wrote;
    ck_assert_int_eq(inflater_new(&i), NABLA_OK);
    do {
        size_t here = n - at < slice ? n - at : slice, used;
        wrote = room;
        status = inflater_take(i, in + at, here, &used, buf_room(out, room), &wrote);
        ck_assert_uint_le(wrote, room);
        ck_assert_uint_le(used, here);
        buf_used(out, status == NABLA_OK ? wrote : 0);
        at += used;
    } while (status == NABLA_OK && (at < n || wrote == room));
    *whole = inflater_is_whole(i);
    inflater_free(i);
    return status;
}

static const struct cut {
    size_t slice, room;
} cuts[] = {{1, 100}, {7, 1}, {1000, 4096}, {65536, 65536}, {PLAIN, 3}, {PLAIN, 2 * PLAIN}};

START_TEST(any_cut)
{
    struct buf packed = {0}, back = {0};
    char *plain = malloc(PLAIN);
    bool whole = false;
    uint32_t x = 1;
    for (size_t i = 0; i < PLAIN; i++) {
        x = x * 1664525 + 1013904223;
        plain[i] = (char)(i % 8192 < 7000 ? "temperature"[i % 11] : (char)(x >> 24));
    }
    pack(&packed, plain, PLAIN / 2); /* two members, one after the other */
    pack(&packed, plain + PLAIN / 2, PLAIN - PLAIN / 2);
    ck_assert_int_eq(unpack(packed.at, packed.n, cuts[_i].slice, cuts[_i].room, &back, &whole),
                     NABLA_OK);
    ck_assert_uint_eq(back.n, PLAIN);
    ck_assert_mem_eq(back.at, plain, PLAIN);
    ck_assert(whole);
    free(plain);
    buf_fini(&packed);
    buf_fini(&back);
}
END_TEST

START_TEST(cut_short)
{
    struct buf packed = {0}, back = {0};
    pack(&packed, "temperature value=1\n", 20);
    for (size_t n = 0; n < packed.n; n++) {
        bool whole = true;
        buf_clear(&back);
        ck_assert_int_eq(unpack(packed.at, n, 64, 64, &back, &whole), NABLA_OK);
        ck_assert_msg(!whole, "%zu of %zu bytes are no whole", n, packed.n);
    }
    buf_fini(&packed);
    buf_fini(&back);
}
END_TEST

START_TEST(not_gzip)
{
    struct buf packed = {0}, back = {0};
    bool whole;
    pack(&packed, "abc", 3);
    ck_assert_int_eq(unpack("temperature value=1", 19, 64, 64, &back, &whole), NABLA_EINVAL);
    buf_text(&packed, "behind it");
    ck_assert_int_eq(unpack(packed.at, packed.n, 64, 64, &back, &whole), NABLA_EINVAL);
    packed.at[packed.n - 9 - 8] ^= 1; /* its checksum */
    ck_assert_int_eq(unpack(packed.at, packed.n - 9, 64, 64, &back, &whole), NABLA_EINVAL);
    buf_fini(&packed);
    buf_fini(&back);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("inflate");
    TCase *c = tcase_create("inflate");
    tcase_add_loop_test(c, any_cut, 0, ROWS(cuts));
    tcase_add_test(c, cut_short);
    tcase_add_test(c, not_gzip);
    suite_add_tcase(s, c);
    return s;
}
