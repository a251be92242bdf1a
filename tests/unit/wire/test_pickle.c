/* test_pickle.c -- pickles as Python writes them in all protocols, those of Python 2 too, byte for byte; what is
 * refused and where; limits. More of Python's own is in tests/e2e/test_pickle.py. */
#include "wire/pickle.h"

#include "rows.h"

#include <stdio.h>

#define T       1700000000000000000
#define B(text) text, sizeof(text) - 1

/* Of [("a.b", (1700000000, 21.5)), ("a.c", (1700000000.25, -3))] unless said otherwise. */
static const struct {
    const char *label, *frame;
    size_t n;
} writers[] = {
    {"Python 2, protocol 0", B("(lp1\n(S'a.b'\np2\n(I1700000000\nF21.5\ntp3\ntp4\na(S'a.c'\np5\n("
                               "F1700000000.25\nI-3\ntp6\ntp7\na.")},
    {"Python 2, unicode, protocol 0", B("(lp0\n(Va.b\np1\n(L1700000000L\nF21.5\ntp2\ntp3\na(Va."
                                        "\\u0063\np4\n(F1700000000.25\nI-3\ntp5\ntp6\na.")},
    {"Python 2, protocol 1", B("]q\x01((U\x03"
                               "a.bq\x02(J\x00\xf1SeG@5\x80\x00\x00\x00\x00\x00tq\x03tq\x04(U\x03"
                               "a.cq\x05(GA\xd9T\xfc@\x10\x00\x00"
                               "J\xfd\xff\xff\xfftq\x06tq\x07"
                               "e.")},
    {"Python 2, protocol 2",
     B("\x80\x02]q\x01(U\x03"
       "a.bq\x02J\x00\xf1SeG@5\x80\x00\x00\x00\x00\x00\x86q\x03\x86q\x04U\x03"
       "a.cq\x05GA\xd9T\xfc@\x10\x00\x00"
       "J\xfd\xff\xff\xff\x86q\x06\x86q\x07"
       "e.")},
    {"Python 3, protocol 3",
     B("\x80\x03]q\x00(X\x03\x00\x00\x00"
       "a.bq\x01J\x00\xf1SeG@5\x80\x00\x00\x00\x00\x00\x86q\x02\x86q\x03X\x03\x00\x00\x00"
       "a.cq\x04"
       "GA\xd9T\xfc@\x10\x00\x00J\xfd\xff\xff\xff\x86q\x05\x86q\x06"
       "e.")},
    {"Python 3, protocol 4",
     B("\x80\x04\x95\x3b\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x03"
       "a.b\x94J\x00\xf1SeG@5\x80\x00\x00\x00\x00\x00\x86\x94\x86\x94\x8c\x03"
       "a.c\x94GA\xd9T\xfc@\x10\x00\x00J\xfd\xff\xff\xff\x86\x94\x86\x94"
       "e.")},
    {"a tuple of lists, bytes, texts for numbers, a long", B("((C\x03"
                                                             "a.b](U\x0a"
                                                             "1700000000U\x04"
                                                             "21.5et(B\x03\x00\x00\x00"
                                                             "a.c(U\x0d"
                                                             "1700000000.25\x8a\x01\xfdltt.")},
    {"the memo: the second item is the first one's path and point",
     B("](U\x03"
       "a.bq\x00J\x00\xf1SeG@"
       "5\x80\x00\x00\x00\x00\x00\x86r\x03\x00\x03\x00\x86h\x00j\x03\x00\x03\x00\x86"
       "e.")},
};
enum { MEMO = 7 };

static struct pickle *pickle;
static struct batch batch;

static enum cause read_frame(const char *bytes, size_t n, uint32_t *offset,
                             struct line_report *report)
{
    struct guard guard = guard_new(n);
    *offset = 0;
    *report = (struct line_report){0};
    batch.n = 0;
    enum cause cause = pickle_read(pickle, guard_copy(&guard, bytes, n), n, offset);
    while (cause == CAUSE_COUNT && pickle_samples(pickle, ARRIVAL, &batch, report))
        batch.n = 0;
    for (uint32_t i = 0; i < batch.n && i < 3; i++) { /* copies: the frame goes */
        static char keys[3][64];
        memcpy(keys[i], batch.at[i].key, batch.at[i].key_n);
        batch.at[i].key = keys[i];
    }
    guard_free(&guard);
    return cause;
}

static void expect(const char *label, uint32_t i, const char *path, int64_t t_ns, double v)
{
    const struct sample *s = &batch.at[i];
    ck_assert_msg(batch.n > i && is_text(s->key, s->key_n, path) && s->sub_n == 0 &&
                      s->form == KEY_GRAPHITE,
                  "%s: sample %u of %u", label, i, batch.n);
    ck_assert_msg(s->t_ns == t_ns && same_value(s->v, v), "%s: %.17g at %lld", label, s->v,
                  (long long)s->t_ns);
}

START_TEST(as_python_writes_it)
{
    uint32_t offset;
    struct line_report report;
    const char *label = writers[_i].label;
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    enum cause cause = read_frame(writers[_i].frame, writers[_i].n, &offset, &report);
    ck_assert_msg(cause == CAUSE_COUNT, "%s: cause %d at %u", label, cause, offset);
    bool same = _i == MEMO;
    expect(label, 0, "a.b", T, 21.5);
    expect(label, 1, same ? "a.b" : "a.c", same ? T : T + 250000000, same ? 21.5 : -3);
    ck_assert_uint_eq(batch.n, 2);
    ck_assert(report.lines == 2 && report.samples == 2 && !report.has_fault);
    pickle_free(pickle);
}
END_TEST

/* Every cut of a good frame is refused, and the reader is as good as new after it. */
START_TEST(every_cut)
{
    uint32_t offset;
    struct line_report report;
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    for (size_t n = 0; n < writers[_i].n; n++) {
        enum cause cause = read_frame(writers[_i].frame, n, &offset, &report);
        ck_assert_msg(cause == CAUSE_SYNTAX && offset <= n, "%s: %zu: %d", writers[_i].label, n,
                      cause);
    }
    ck_assert_int_eq(read_frame(writers[_i].frame, writers[_i].n, &offset, &report), CAUSE_COUNT);
    expect("after", 0, "a.b", T, 21.5);
    pickle_free(pickle);
}
END_TEST

/* One item: what becomes of it, alone. "P" stands for the path's opcode and so on. */
static const struct {
    const char *frame;
    size_t n;
    enum cause cause;
    const char *path;
    int64_t t_ns;
    double v;
} items[] = {
    {B("(((U\x01"
       "aK\x05K\x01ttt."),
     CAUSE_SYNTAX, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05K\x01ttt."),
     CAUSE_COUNT, "a", 5000000000, 1},
    {B("((U\x01"
       "a(I5\nI01\nttt."),
     CAUSE_COUNT, "a", 5000000000, 1},
    {B("((U\x01"
       "a(K\x05\x88ttt."),
     CAUSE_COUNT, "a", 5000000000, 1},
    {B("((U\x01"
       "a(K\x05\x89ttt."),
     CAUSE_COUNT, "a", 5000000000, 0},
    {B("((U\x01"
       "a(K\x05M\x01\x02ttt."),
     CAUSE_COUNT, "a", 5000000000, 513},
    {B("((U\x01"
       "a(K\x05\x8a\x00ttt."),
     CAUSE_COUNT, "a", 5000000000, 0},
    {B("((U\x01"
       "a(K\x05\x8a\x02\x00\x80ttt."),
     CAUSE_COUNT, "a", 5000000000, -32768},
    {B("((U\x01"
       "a(K\x05\x8b\x02\x00\x00\x00\xff\x00ttt."),
     CAUSE_COUNT, "a", 5000000000, 255},
    {B("((U\x01"
       "a(K\x05\x8a\x09\x01\x00\x00\x00\x00\x00\x00\x00\x01ttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05L99999999999999999999L\nttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05"
       "Fnan\nttt."),
     CAUSE_COUNT, "a", 5000000000, NAN},
    {B("((U\x01"
       "a(J\xff\xff\xff\xffK\x01ttt."),
     CAUSE_COUNT, "a", ARRIVAL, 1},
    {B("((U\x01"
       "a(U\x02-1K\x01ttt."),
     CAUSE_COUNT, "a", ARRIVAL, 1},
    {B("((U\x01"
       "a(F-1.5\nK\x01ttt."),
     CAUSE_COUNT, "a", -1500000000, 1},
    {B("((U\x01"
       "a(K\x05Nttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05U\x01xttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05U\x00ttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05)ttt."),
     CAUSE_VALUE, 0, 0, 0},
    {B("((U\x01"
       "a(NK\x01ttt."),
     CAUSE_TIME, 0, 0, 0},
    {B("((U\x01"
       "a(Fnan\nK\x01ttt."),
     CAUSE_TIME, 0, 0, 0},
    {B("((U\x01"
       "a(F1e30\nK\x01ttt."),
     CAUSE_TIME, 0, 0, 0},
    {B("((U\x01"
       "a(F9223372037\nK\x01ttt."),
     CAUSE_TIME, 0, 0, 0},
    {B("((U\x01"
       "a(U\x01xK\x01ttt."),
     CAUSE_TIME, 0, 0, 0},
    {B("((U\x00(K\x05K\x01ttt."), CAUSE_SYNTAX, 0, 0, 0},
    {B("((K\x01(K\x05K\x01ttt."), CAUSE_SYNTAX, 0, 0, 0},
    {B("((U\x03"
       "a;b(K\x05K\x01ttt."),
     CAUSE_SYNTAX, 0, 0, 0},
    {B("((U\x05"
       "a;b=c(K\x05K\x01ttt."),
     CAUSE_COUNT, "a;b=c", 5000000000, 1},
    {B("((U\x01"
       "aK\x05tt."),
     CAUSE_SYNTAX, 0, 0, 0},
    {B("((U\x01"
       "a(K\x05K\x01K\x02ttt."),
     CAUSE_SYNTAX, 0, 0, 0},
    {B("(K\x01t."), CAUSE_SYNTAX, 0, 0, 0},
    {B("((S'a\\x62\\\\\\'\\n\"'\n(K\x05K\x01ttt."), CAUSE_COUNT, "ab\\'\n\"", 5000000000, 1},
    {B("((S\"a'\"\n(K\x05K\x01ttt."), CAUSE_COUNT, "a'", 5000000000, 1},
    {B("((Va\\u20ac\\U0001f600\xe9\\x\n(K\x05K\x01ttt."), CAUSE_COUNT,
     "a\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9\\x", 5000000000, 1},
    {B("((V\\ud83d\\ude00\n(K\x05K\x01ttt."), CAUSE_COUNT, "\xf0\x9f\x98\x80", 5000000000, 1},
};
START_TEST(item_row)
{
    uint32_t offset;
    struct line_report report;
    char label[16];
    snprintf(label, sizeof label, "item %d", _i);
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    enum cause cause = read_frame(items[_i].frame, items[_i].n, &offset, &report);
    ck_assert_msg(cause == CAUSE_COUNT, "%s: cause %d at %u", label, cause, offset);
    ck_assert_uint_eq(report.lines, 1);
    cause = report.has_fault ? report.fault : CAUSE_COUNT;
    ck_assert_msg(cause == items[_i].cause, "%s: cause %d", label, cause);
    ck_assert_uint_eq(batch.n, cause == CAUSE_COUNT);
    if (cause == CAUSE_COUNT)
        expect(label, 0, items[_i].path, items[_i].t_ns, items[_i].v);
    pickle_free(pickle);
}
END_TEST

static const struct {
    const char *frame;
    size_t n;
    enum cause cause;
    uint32_t offset;
} refused[] = {
    {B(""), CAUSE_SYNTAX, 0},
    {B("."), CAUSE_SYNTAX, 0},
    {B("]"), CAUSE_SYNTAX, 1},
    {B("].."), CAUSE_SYNTAX, 1},
    {B("]]."), CAUSE_SYNTAX, 2},
    {B("](."), CAUSE_SYNTAX, 2},
    {B("K\x01."), CAUSE_SYNTAX, 2},
    {B("N."), CAUSE_SYNTAX, 1},
    {B("e."), CAUSE_SYNTAX, 0},
    {B("t."), CAUSE_SYNTAX, 0},
    {B("l."), CAUSE_SYNTAX, 0},
    {B("a."), CAUSE_SYNTAX, 0},
    {B("]a."), CAUSE_SYNTAX, 1},
    {B(")K\x01"
       "a."),
     CAUSE_SYNTAX, 3},
    {B("](K\x01"
       "a."),
     CAUSE_SYNTAX, 4},
    {B("(K\x01"
       "e."),
     CAUSE_SYNTAX, 3},
    {B("K\x01\x86."), CAUSE_SYNTAX, 2},
    {B("](\x85."), CAUSE_SYNTAX, 2},
    {B("q\x00."), CAUSE_SYNTAX, 0},
    {B("](q\x00."), CAUSE_SYNTAX, 2},
    {B("]g0\n."), CAUSE_SYNTAX, 1},
    {B("]q\x00h\x01."), CAUSE_SYNTAX, 3},
    {B("]px\n."), CAUSE_SYNTAX, 1},
    {B("]p\n."), CAUSE_SYNTAX, 1},
    {B("]r\xff\xff\xff\xff."), CAUSE_PICKLE_LIMIT, 1},
    {B("]q\x00h\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "ah\x00"
       "a."),
     CAUSE_PICKLE_LIMIT, 53},
    {B("((((((((((((((((("), CAUSE_PICKLE_LIMIT, 16},
    {B(")\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85\x85."),
     CAUSE_PICKLE_LIMIT, 17},
    {B("U\x05"
       "a."),
     CAUSE_SYNTAX, 0},
    {B("X\xff\xff\xff\xff."), CAUSE_SYNTAX, 0},
    {B("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), CAUSE_SYNTAX, 0},
    {B("\x8b\xff\xff\xff\x7f."), CAUSE_SYNTAX, 0},
    {B("I\n]."), CAUSE_SYNTAX, 0},
    {B("L\n]."), CAUSE_SYNTAX, 0},
    {B("LL\n]."), CAUSE_SYNTAX, 0},
    {B("Fx\n]."), CAUSE_SYNTAX, 0},
    {B("S'a\n]."), CAUSE_SYNTAX, 0},
    {B("Sa\n]."), CAUSE_SYNTAX, 0},
    {B("S'\\q'\n]."), CAUSE_SYNTAX, 0},
    {B("S'\\'\n]."), CAUSE_SYNTAX, 0},
    {B("S'\\x1'\n]."), CAUSE_SYNTAX, 0},
    {B("V\\u12\n]."), CAUSE_SYNTAX, 0},
    {B("V\\ud83d\n]."), CAUSE_SYNTAX, 0},
    {B("V\\ude00\n]."), CAUSE_SYNTAX, 0},
    {B("V\\U00110000\n]."), CAUSE_SYNTAX, 0},
    {B("\x80\x06]."), CAUSE_PICKLE_OPCODE, 0},
    /* os.system("true") in protocols 0, 2 and 4, and every other way to more than data */
    {B("cposix\nsystem\np0\n(Vtrue\np1\ntp2\nRp3\n."), CAUSE_PICKLE_OPCODE, 0},
    {B("\x80\x02"
       "cposix\nsystem\nq\x00X\x04\x00\x00\x00true\x85R."),
     CAUSE_PICKLE_OPCODE, 2},
    {B("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."), CAUSE_PICKLE_OPCODE, 17},
    {B("]("
       "i"),
     CAUSE_PICKLE_OPCODE, 2},
};
START_TEST(refused_row)
{
    uint32_t offset;
    struct line_report report;
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    enum cause cause = read_frame(refused[_i].frame, refused[_i].n, &offset, &report);
    ck_assert_msg(cause == refused[_i].cause && offset == refused[_i].offset, "%s: %d at %u",
                  refused[_i].frame, cause, offset);
    pickle_free(pickle);
}
END_TEST

/* Each opcode that is not known, at the start of a frame. */
START_TEST(opcodes)
{
    static const char known[] =
        "SVUCTBXILFGJKMN().]tlaepqrghj\x80\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x94\x95";
    uint32_t offset;
    struct line_report report;
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    for (int opcode = 0; opcode < 256; opcode++) {
        char frame[] = {(char)opcode, 0, 0};
        bool is_known = opcode != 0 && strchr(known, opcode) != NULL;
        enum cause cause = read_frame(frame, sizeof frame, &offset, &report);
        ck_assert_msg((cause == CAUSE_PICKLE_OPCODE && offset == 0) == !is_known, "%02x: %d at %u",
                      (unsigned)opcode, cause, offset);
    }
    pickle_free(pickle);
}
END_TEST

START_TEST(limits)
{
    static char frame[PICKLE_FRAME_MAX + 1];
    uint32_t offset;
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    memset(frame, ')', sizeof frame);
    ck_assert_int_eq(pickle_read(pickle, frame, sizeof frame, &offset), CAUSE_FRAME_LENGTH);
    ck_assert_int_eq(pickle_read(pickle, frame, sizeof frame - 1, &offset), CAUSE_PICKLE_LIMIT);
    ck_assert_uint_eq(offset, PICKLE_VALUES_MAX);
    memcpy(frame, "]q\0", 3);
    for (size_t i = 3; i + 2 < sizeof frame; i += 2)
        memcpy(frame + i, "h\0", 2);
    ck_assert_int_eq(pickle_read(pickle, frame, sizeof frame - 2, &offset), CAUSE_PICKLE_LIMIT);
    memset(frame, 'V', sizeof frame); /* letters that take two bytes each */
    memset(frame + 1, 0xe9, sizeof frame - 4);
    memcpy(frame + sizeof frame - 4, "\n].", 3);
    ck_assert_int_eq(pickle_read(pickle, frame, sizeof frame - 1, &offset), CAUSE_SYNTAX);
    ck_assert_uint_eq(offset, sizeof frame - 2);
    pickle_free(pickle);
}
END_TEST

/* More items than a batch: all of them, in their order. */
START_TEST(batches)
{
    enum { ITEMS = 3000 };
    static char frame[ITEMS * 32];
    struct line_report report = {0};
    size_t n = 2;
    uint32_t offset, seen = 0;
    bool more = true;
    memcpy(frame, "](", 2);
    for (uint32_t i = 0; i < ITEMS; i++)
        n += (size_t)sprintf(frame + n, "(Va\n(I%u\nI1\ntt", i);
    memcpy(frame + n, "e.", 2);
    ck_assert_int_eq(pickle_new(&pickle), NABLA_OK);
    ck_assert_int_eq(pickle_read(pickle, frame, n + 2, &offset), CAUSE_COUNT);
    for (batch.n = 5; more; batch.n = 0) {
        uint32_t from = batch.n;
        more = pickle_samples(pickle, ARRIVAL, &batch, &report);
        ck_assert(more == (batch.n == BATCH_MAX));
        for (uint32_t i = from; i < batch.n; i++, seen++)
            ck_assert_int_eq(batch.at[i].t_ns, seen * INT64_C(1000000000));
    }
    ck_assert(seen == ITEMS && report.lines == ITEMS && report.passed == ITEMS);
    pickle_free(pickle);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pickle");
    TCase *t = tcase_create("pickle");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, as_python_writes_it, 0, ROWS(writers));
    tcase_add_loop_test(t, every_cut, 0, ROWS(writers));
    tcase_add_loop_test(t, item_row, 0, ROWS(items));
    tcase_add_loop_test(t, refused_row, 0, ROWS(refused));
    tcase_add_test(t, opcodes);
    tcase_add_test(t, limits);
    tcase_add_test(t, batches);
    suite_add_tcase(s, t);
    return s;
}
