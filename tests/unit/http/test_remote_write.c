/* POST /api/v1/write through a whole server: bodies of many batches, in pieces, and too many at once. (What is
 * in them: tests/unit/wire/test_remote_write.c; statuses and a real sender: tests/e2e.) */
#include "rig.h"

#include <snappy-c.h>

#define HEADERS "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"

static struct rig rig;

static void put_field(struct buf *b, int number, const void *bytes, size_t n)
{
    buf_char(b, (char)(number << 3 | 2));
    if (n > 127)
        buf_char(b, (char)((n & 0x7F) | 0x80));
    buf_char(b, (char)(n > 127 ? n >> 7 : n));
    buf_add(b, bytes, n);
}

static void put_label(struct buf *b, const char *name, const char *value)
{
    struct buf label = {0};
    put_field(&label, 1, name, strlen(name));
    put_field(&label, 2, value, strlen(value));
    put_field(b, 1, label.at, label.n);
    buf_fini(&label);
}

/* So many series of one sample, packed; of noise snappy finds nothing to say twice. */
static struct buf make_body(uint32_t series, size_t noise)
{
    struct buf plain = {0}, packed = {0}, one = {0};
    uint32_t x = 1;
    char value[512];
    for (uint32_t i = 0; i < series; i++) {
        size_t n = (size_t)sprintf(value, "%u-", i);
        for (size_t end = n + noise; n < end; n++) {
            x = x * 1664525 + 1013904223;
            value[n] = (char)('0' + (x >> 24) % 75);
        }
        value[n] = '\0';
        buf_clear(&one);
        put_label(&one, "__name__", "m");
        put_label(&one, "x", value);
        buf_add(&one, "\x12\x0B\x09\0\0\0\0\0\0\xF0\x3F\x10\x05", 13);
        put_field(&plain, 1, one.at, one.n);
    }
    size_t n = snappy_max_compressed_length(plain.n);
    ck_assert_int_eq(snappy_compress(plain.at, plain.n, buf_room(&packed, n), &n), SNAPPY_OK);
    buf_used(&packed, n);
    buf_fini(&plain);
    buf_fini(&one);
    return packed;
}

static void start(uint32_t max_body, uint32_t max_decompressed, uint64_t max_held_bytes)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.max_body = max_body;
    o.max_decompressed = max_decompressed;
    o.max_held_bytes = max_held_bytes;
    rig_serve(&rig, &o);
}

/* The head and so many bytes of the body. */
static int begin(const struct buf *body, size_t n)
{
    char head[256];
    int fd = dial(&rig);
    snprintf(head, sizeof head,
             "POST /api/v1/write HTTP/1.1\r\nHost: x\r\n" HEADERS "Content-Length: %zu\r\n\r\n",
             body->n);
    say(fd, head);
    ck_assert_int_eq(send(fd, body->at, n, MSG_NOSIGNAL), (ssize_t)n);
    return fd;
}

static int end(int fd, const struct buf *body, size_t at)
{
    struct answer a;
    ck_assert_int_eq(send(fd, body->at + at, body->n - at, MSG_NOSIGNAL), (ssize_t)(body->n - at));
    hear(fd, &a);
    close(fd);
    int status = a.status;
    ck_assert((header_of(&a, "Retry-After") != NULL) == (status == 503));
    answer_fini(&a);
    return status;
}

START_TEST(many_batches)
{
    start(1 << 20, 1 << 20, 0);
    struct buf body = make_body(5000, 10);
    ck_assert_int_eq(end(begin(&body, 0), &body, 0), 204);
    ck_assert_uint_eq(table_count(rig.table), 5000);
    ck_assert_uint_eq(counted(&rig.stats.samples), 5000);
    ck_assert_uint_eq(counted(&rig.stats.listeners[0].bytes), body.n);
    ck_assert_uint_eq(counted(&rig.stats.listeners[0].lines), 0);
    buf_fini(&body);
    rig_stop(&rig);
}
END_TEST

/* A body that is on its way has its place; another large one has none then, a small one always has. */
START_TEST(too_many_at_once)
{
    start(1 << 20, 1 << 20, 200000);
    struct buf large = make_body(1000, 100), small = make_body(1, 0);
    ck_assert_uint_gt(large.n, 100000);
    int fd = begin(&large, large.n / 2);
    /* by the time that a connection which came later is answered, this one's headers have been read */
    for (int i = 0; i < 2; i++)
        expect_answer(get(&rig, "/-/healthy"), 200, NULL, "meanwhile");
    ck_assert_int_eq(end(begin(&large, 0), &large, 0), 503);
    ck_assert_int_eq(end(begin(&small, 0), &small, 0), 204);
    ck_assert_int_eq(end(fd, &large, large.n / 2), 204);
    ck_assert_int_eq(end(begin(&large, 0), &large, 0), 204);
    ck_assert_uint_eq(table_count(rig.table), 1001);
    buf_fini(&large);
    buf_fini(&small);
    rig_stop(&rig);
}
END_TEST

/* Exactly as long as it may be, packed and unpacked, and a byte less of room. */
START_TEST(limits)
{
    struct buf body = make_body(3000, 100);
    size_t plain;
    ck_assert_int_eq(snappy_uncompressed_length(body.at, body.n, &plain), SNAPPY_OK);
    const struct {
        uint32_t max_body, max_decompressed;
        int status;
    } rows[] = {{(uint32_t)body.n, (uint32_t)plain, 204},
                {(uint32_t)body.n - 1, (uint32_t)plain, 413},
                {(uint32_t)body.n, (uint32_t)plain - 1, 413}};
    for (int i = 0; i < ROWS(rows); i++) {
        start(rows[i].max_body, rows[i].max_decompressed, 0);
        ck_assert_int_eq(end(begin(&body, 0), &body, 0), rows[i].status);
        ck_assert_uint_eq(table_count(rig.table), rows[i].status == 204 ? 3000 : 0);
        rig_stop(&rig);
    }
    buf_fini(&body);
}
END_TEST

/* The end of nablad in the middle of a body. */
START_TEST(a_stop)
{
    start(1 << 20, 1 << 20, 0);
    struct buf body = make_body(3000, 100);
    int fd = begin(&body, body.n / 2);
    http_stop(rig.http, S);
    close(fd);
    buf_fini(&body);
    rig_stop(&rig);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/remote_write");
    TCase *c = tcase_create("remote_write");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, many_batches);
    tcase_add_test(c, too_many_at_once);
    tcase_add_test(c, limits);
    tcase_add_test(c, a_stop);
    suite_add_tcase(s, c);
    return s;
}
