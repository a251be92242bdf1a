/* A segment's bytes: read back whole, cut at every byte, with every bit turned over. */
#include "journal_rig.h"

#define SALT UINT64_C(0x0123456789abcdef)

static void add(struct buf *b, const char *body, size_t safe)
{
    char head[JOURNAL_ENTRY_HEAD];
    struct journal_entry e = entry_of(body);
    journal_entry_head_write(head, &e, SALT);
    journal_entry_head_safe(head, safe, SALT);
    buf_add(b, head, sizeof head);
    buf_add(b, body, e.n);
}

/* Three entries; where each begins, and the end. alone: each was safe before the next was put; else none was. */
static void make_of(struct buf *b, size_t at[4], bool alone)
{
    char head[JOURNAL_HEAD];
    *b = (struct buf){0};
    journal_head_write(head, 7, 1000, SALT);
    buf_add(b, head, sizeof head);
    const char *const bodies[] = {"one", "twotwo", "three"};
    for (int i = 0; i < 3; i++) {
        at[i] = b->n;
        add(b, bodies[i], alone ? b->n : 0);
    }
    at[3] = b->n;
}

static void make(struct buf *b, size_t at[4])
{
    make_of(b, at, true);
}

struct seen {
    char text[256];
    size_t torn, damaged;
};

/* The bodies that are found, each behind a blank. */
static struct seen read_all(const char *bytes, size_t n)
{
    struct journal_reader r;
    struct journal_entry e;
    struct seen seen = {0};
    size_t skipped;
    enum journal_found f;
    ck_assert_int_eq(journal_read_begin(&r, bytes, n), NABLA_OK);
    while ((f = journal_read_next(&r, &e, &skipped)) != JOURNAL_END) {
        seen.torn += f == JOURNAL_TORN ? skipped : 0;
        seen.damaged += f == JOURNAL_DAMAGED ? skipped : 0;
        if (f == JOURNAL_ENTRY)
            sprintf(seen.text + strlen(seen.text), " %.*s", (int)e.n, e.body);
    }
    return seen;
}

START_TEST(what_was_written_is_read)
{
    struct buf b;
    size_t at[4], skipped;
    struct journal_reader r;
    struct journal_entry e = {0};
    make(&b, at);
    ck_assert_int_eq(journal_read_begin(&r, b.at, b.n), NABLA_OK);
    ck_assert_uint_eq(r.number, 7);
    ck_assert_int_eq(journal_read_next(&r, &e, &skipped), JOURNAL_ENTRY);
    ck_assert_int_eq(e.kind, JOURNAL_LINES);
    ck_assert_int_eq(e.format, 1);
    ck_assert_int_eq(e.precision_ns, 1000);
    ck_assert_int_eq(e.received_ns, 42);
    ck_assert_mem_eq(e.body, "one", e.n);
    ck_assert_str_eq(read_all(b.at, b.n).text, " one twotwo three");
    buf_fini(&b);
}
END_TEST

/* The bytes stand at the end of their room, so that AddressSanitizer sees a read behind them. */
START_TEST(cut_at_every_byte)
{
    struct buf b;
    size_t at[4];
    make(&b, at);
    for (size_t n = 0; n <= b.n; n++) {
        char *cut = malloc(n > 0 ? n : 1);
        memcpy(cut, b.at, n);
        struct seen seen = read_all(cut, n);
        const char *want = n < at[1]   ? ""
                           : n < at[2] ? " one"
                           : n < at[3] ? " one twotwo"
                                       : " one twotwo three";
        size_t whole = n < at[0]   ? n
                       : n < at[1] ? at[0]
                       : n < at[2] ? at[1]
                       : n < at[3] ? at[2]
                                   : n;
        ck_assert_msg(strcmp(seen.text, want) == 0, "%zu bytes: %s", n, seen.text);
        size_t torn = n - whole;
        while (torn > 0 &&
               cut[whole + torn - 1] == '\0') /* they may be those that were there before */
            torn--;
        ck_assert_msg(seen.torn == torn && seen.damaged == 0, "%zu bytes: torn %zu", n, seen.torn);
        free(cut);
    }
    buf_fini(&b);
}
END_TEST

/* A bit anywhere costs the entry that it stands in, and no other. */
START_TEST(every_bit_turned)
{
    static const char *const without[] = {" twotwo three", " one three", " one twotwo"};
    struct buf b;
    size_t at[4];
    make(&b, at);
    for (size_t i = at[0]; i < b.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.at[i] = (char)(b.at[i] ^ 1 << bit);
            int hit = i < at[1] ? 0 : i < at[2] ? 1 : 2;
            struct seen seen = read_all(b.at, b.n);
            ck_assert_msg(strcmp(seen.text, without[hit]) == 0, "byte %zu bit %d: %s", i, bit,
                          seen.text);
            ck_assert_uint_eq(seen.damaged, hit < 2 ? at[hit + 1] - at[hit] : 0);
            ck_assert_uint_eq(seen.torn, hit == 2 ? at[3] - at[2] : 0);
            b.at[i] = (char)(b.at[i] ^ 1 << bit);
        }
    buf_fini(&b);
}
END_TEST

/* What the disk was writing may lie there in any order; what is behind it and whole is taken, and none of it is
 * damage. Zeros at the end are the end. */
START_TEST(gaps_in_what_was_being_written)
{
    static const struct {
        bool alone;
        int from, to, zeros; /* entries that are not there */
        const char *text;
        size_t torn, damaged; /* entries */
    } gaps[] = {
        {true, 0, 0, 100, " one twotwo three", 0, 0}, {false, 0, 1, 0, " twotwo three", 1, 0},
        {false, 1, 2, 100, " one three", 1, 0},       {false, 0, 2, 5000, " three", 2, 0},
        {false, 2, 3, 10, " one twotwo", 0, 0},       {false, 0, 3, 10, "", 0, 0},
        {true, 1, 2, 100, " one three", 0, 1},        {true, 0, 2, 0, " three", 0, 2},
        {true, 2, 3, 0, " one twotwo", 0, 0},
    };
    for (size_t i = 0; i < ROWS(gaps); i++) {
        struct buf b;
        size_t at[4];
        make_of(&b, at, gaps[i].alone);
        memset(b.at + at[gaps[i].from], 0, at[gaps[i].to] - at[gaps[i].from]);
        memset(buf_room(&b, (size_t)gaps[i].zeros), 0, (size_t)gaps[i].zeros);
        buf_used(&b, (size_t)gaps[i].zeros);
        struct seen seen = read_all(b.at, b.n);
        size_t gap = at[gaps[i].to] - at[gaps[i].from];
        ck_assert_msg(strcmp(seen.text, gaps[i].text) == 0, "%zu: %s", i, seen.text);
        ck_assert_msg(seen.torn == (gaps[i].torn > 0 ? gap : 0), "%zu: torn %zu", i, seen.torn);
        ck_assert_msg(seen.damaged == (gaps[i].damaged > 0 ? gap : 0), "%zu: damaged %zu", i,
                      seen.damaged);
        buf_fini(&b);
    }
}
END_TEST

START_TEST(every_bit_of_the_head_turned)
{
    struct buf b;
    size_t at[4];
    struct journal_reader r;
    make(&b, at);
    for (size_t i = 0; i < JOURNAL_HEAD; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.at[i] = (char)(b.at[i] ^ 1 << bit);
            ck_assert_msg(journal_read_begin(&r, b.at, b.n) == NABLA_EINVAL, "byte %zu bit %d", i,
                          bit);
            b.at[i] = (char)(b.at[i] ^ 1 << bit);
        }
    memset(b.at, 0,
           JOURNAL_HEAD); /* what a file system may leave of a file that never was synced */
    ck_assert_str_eq(read_all(b.at, b.n).text, "");
    buf_fini(&b);
}
END_TEST

/* Who sends an entry's bytes as a body cannot have it read as an entry: he does not know the salt. */
START_TEST(a_body_like_an_entry_is_none)
{
    struct buf b, evil = {0};
    size_t at[4];
    struct journal_entry e = entry_of("evil");
    char head[JOURNAL_ENTRY_HEAD];
    make(&b, at);
    journal_entry_head_write(head, &e, SALT + 1);
    buf_text(&evil, "xx");
    for (int i = 0; i < JOURNAL_ENTRY_HEAD; i++)
        buf_char(&evil, head[i]);
    buf_text(&evil, "evil");
    struct journal_entry outer = {.kind = JOURNAL_LINES, .body = evil.at, .n = (uint32_t)evil.n};
    journal_entry_head_write(head, &outer, SALT);
    buf_add(&b, head, sizeof head);
    buf_add(&b, evil.at, evil.n);
    b.at[at[3] + 5] ^= 1; /* its header is damaged: what is in it is looked through */
    struct seen seen = read_all(b.at, b.n);
    ck_assert_str_eq(seen.text, " one twotwo three");
    ck_assert_uint_eq(seen.torn, b.n - at[3]);
    buf_fini(&b);
    buf_fini(&evil);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("journal_read");
    TCase *c = tcase_create("bytes");
    tcase_add_test(c, gaps_in_what_was_being_written);
    tcase_add_test(c, what_was_written_is_read);
    tcase_add_test(c, cut_at_every_byte);
    tcase_add_test(c, every_bit_turned);
    tcase_add_test(c, every_bit_of_the_head_turned);
    tcase_add_test(c, a_body_like_an_entry_is_none);
    suite_add_tcase(s, c);
    return s;
}
