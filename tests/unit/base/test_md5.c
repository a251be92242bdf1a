/* MD5's last eight bytes, around the ends of blocks: `head -c N /dev/zero | tr '\0' x | md5sum`. */
#include "base/md5.h"

#include "suite.h"

#include <string.h>

static const struct row {
    size_t n;
    uint64_t last;
} rows[] = {
    {0, 0xe9800998ecf8427e},   {1, 0xf5c8564e155c67a6},   {55, 0xd958a70738aa8f72},
    {56, 0x62dabcafad6db14b},  {57, 0x8685018905cb530a},  {63, 0x03567bdff99d8981},
    {64, 0x7947682aeb252456},  {65, 0xbdec39795fe00cf6},  {119, 0xcfcddc633f12c24f},
    {120, 0x2620b64f46e1c5b5}, {128, 0x676eb0d4b90edbcb}, {1000, 0x64b1f64cb10c4b63},
};

START_TEST(md5_row)
{
    static char text[1000];
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(md5_last64(text, rows[_i].n), rows[_i].last);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/md5");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, md5_row, 0, ROWS(rows));
    suite_add_tcase(s, tables);
    return s;
}
