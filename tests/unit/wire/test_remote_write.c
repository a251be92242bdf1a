/* Remote write: rows; then whatever protobuf-c reads of a message, made or mangled, is what comes out. */
#include "wire/key.h"
#include "wire/remote_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote_write.pb-c.h"
#include "suite.h"

/* ---- everything of a message, as text: a line a sample, "name=value|... milliseconds bits" */

struct text {
    char at[256 * 1024];
    size_t n;
    bool key_failed; /* some Label cannot be read */
};

static void put_key(struct text *t, const struct label *labels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->n +=
            (size_t)snprintf(t->at + t->n, sizeof t->at - t->n, "%.*s=%.*s|", (int)labels[i].name_n,
                             labels[i].name, (int)labels[i].value_n, labels[i].value);
}

static void put_sample(struct text *t, int64_t t_ms, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    t->n += (size_t)snprintf(t->at + t->n, sizeof t->at - t->n, " %lld %llx\n", (long long)t_ms,
                             (unsigned long long)bits);
}

static void put_batch(struct text *t, const struct batch *batch)
{
    static struct label_list list;
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct sample *s = &batch->at[i];
        ck_assert_int_eq(s->form, KEY_REMOTE);
        ck_assert_int_eq(s->t_ns % 1000000, 0);
        if (key_read(s, &list) != NABLA_OK)
            t->key_failed = true;
        put_key(t, list.at, list.n);
        put_sample(t, s->t_ns / 1000000, s->v);
    }
}

static struct remote_write reader;

/* The reader's own account. room: samples that a batch has room for besides what it holds. */
static enum remote_state read_all(const char *bytes, size_t n, uint32_t room, struct text *out)
{
    static struct batch batch;
    enum remote_state state;
    out->n = 0;
    out->key_failed = false;
    out->at[0] = '\0';
    remote_write_begin(&reader, bytes, n);
    do {
        batch.n = BATCH_MAX - room;
        for (uint32_t i = 0; i < batch.n; i++)
            batch.at[i] = (struct sample){.key = "", .sub = "", .form = KEY_REMOTE};
        state = remote_write_read(&reader, &batch);
        memmove(batch.at, batch.at + BATCH_MAX - room,
                (batch.n - (BATCH_MAX - room)) * sizeof batch.at[0]);
        batch.n -= BATCH_MAX - room;
        put_batch(out, &batch);
    } while (state == REMOTE_MORE);
    return state;
}

/* protobuf-c's; false if it refuses the message. Samples whose time does not fit are left out. */
static bool read_oracle(const char *bytes, size_t n, struct text *out)
{
    Oracle__WriteRequest *w = oracle__write_request__unpack(NULL, n, (const uint8_t *)bytes);
    out->n = 0;
    out->at[0] = '\0';
    if (w == NULL)
        return false;
    for (size_t i = 0; i < w->n_timeseries; i++) {
        const Oracle__TimeSeries *ts = w->timeseries[i];
        struct label labels[LABELS_MAX];
        size_t labels_n = ts->n_labels < LABELS_MAX ? ts->n_labels : LABELS_MAX;
        for (size_t k = 0; k < labels_n; k++)
            labels[k] = (struct label){
                (const char *)ts->labels[k]->name.data, (const char *)ts->labels[k]->value.data,
                (uint32_t)ts->labels[k]->name.len, (uint32_t)ts->labels[k]->value.len};
        for (size_t k = 0; k < ts->n_samples; k++) {
            int64_t t_ns;
            if (__builtin_mul_overflow(ts->samples[k]->timestamp, (int64_t)1000000, &t_ns))
                continue;
            put_key(out, labels, labels_n);
            put_sample(out, ts->samples[k]->timestamp, ts->samples[k]->value);
        }
    }
    oracle__write_request__free_unpacked(w, NULL);
    return true;
}

/* ---- rows */

#define X                                                                                          \
    "\x0A\x06\x0A\x01x\x12\x01"                                                                    \
    "1" /* x="1" */
#define Y                                                                                          \
    "\x0A\x06\x0A\x01y\x12\x01"                                                                    \
    "2"                                                        /* y="2" */
#define S1          "\x12\x0B\x09\0\0\0\0\0\0\xF0\x3F\x10\x05" /* 1 at 5 ms */
#define S2          "\x12\x0B\x09\0\0\0\0\0\0\0\x40\x10\x06"   /* 2 at 6 ms */
#define ONE         " 5 3ff0000000000000\n"
#define TWO         " 6 4000000000000000\n"
#define BYTES(text) (text), sizeof(text) - 1

static const struct row {
    const char *label, *bytes;
    size_t n;
    enum remote_state state;
    const char *want;
} rows[] = {
    {"nothing", BYTES(""), REMOTE_DONE, ""},
    {"a sample", BYTES("\x0A\x15" X S1), REMOTE_DONE, "x=1|" ONE},
    {"two", BYTES("\x0A\x22" X S1 S2), REMOTE_DONE, "x=1|" ONE "x=1|" TWO},
    {"two series", BYTES("\x0A\x15" X S1 "\x0A\x15" Y S2), REMOTE_DONE, "x=1|" ONE "y=2|" TWO},
    {"two labels", BYTES("\x0A\x1D" X Y S1), REMOTE_DONE, "x=1|y=2|" ONE},
    {"labels behind", BYTES("\x0A\x1D" S1 X Y), REMOTE_DONE, "x=1|y=2|" ONE},
    {"labels around", BYTES("\x0A\x2A" X S1 Y S2), REMOTE_DONE, "x=1|y=2|" ONE "x=1|y=2|" TWO},
    {"scattered, then another", BYTES("\x0A\x1D" X S1 Y "\x0A\x1D" Y S2 X), REMOTE_DONE,
     "x=1|y=2|" ONE "y=2|x=1|" TWO},
    {"scattered, then plain", BYTES("\x0A\x1D" X S1 Y "\x0A\x15" X S2), REMOTE_DONE,
     "x=1|y=2|" ONE "x=1|" TWO},
    {"no sample", BYTES("\x0A\x08" X), REMOTE_DONE, ""},
    {"no label", BYTES("\x0A\x0D" S1), REMOTE_DONE, ONE},
    {"zeros are left out", BYTES("\x0A\x0A" X "\x12\x00"), REMOTE_DONE, "x=1| 0 0\n"},
    {"a time before 1970",
     BYTES("\x0A\x15" X "\x12\x0B\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), REMOTE_DONE,
     "x=1| -1 0\n"},
    {"a field of number 0, cut", BYTES("\x0A\x09" X "\x01"), REMOTE_BAD, ""},
    {"a field twice", BYTES("\x0A\x0E" X "\x12\x04\x10\x01\x10\x02"), REMOTE_DONE, "x=1| 2 0\n"},
    {"unknown fields",
     BYTES("\x2A\x01z\x0A\x19" X "\x28\x01\x2A\x00" S1 "\x35"
           "abcd"),
     REMOTE_DONE, "x=1|" ONE},
    {"metadata, exemplar, histogram", BYTES("\x1A\x02\x08\x01\x0A\x19" X S1 "\x1A\x00\x22\x00"),
     REMOTE_DONE, "x=1|" ONE},
    {"a good series, then rubbish", BYTES("\x0A\x15" X S1 "\xFF"), REMOTE_BAD, "x=1|" ONE},
    {"series of another type", BYTES("\x08\x01"), REMOTE_BAD, ""},
    {"label of another type", BYTES("\x0A\x02\x08\x01"), REMOTE_BAD, ""},
    {"samples of another type", BYTES("\x0A\x02\x10\x01"), REMOTE_BAD, ""},
    {"value of another type", BYTES("\x0A\x04\x12\x02\x08\x01"), REMOTE_BAD, ""},
    {"value, cut", BYTES("\x0A\x05\x12\x03\x09\x00\x00"), REMOTE_BAD, ""},
    {"time of another type",
     BYTES("\x0A\x07\x12\x05\x15"
           "abcd"),
     REMOTE_BAD, ""},
    {"longer than the message", BYTES("\x0A\x16" X S1), REMOTE_BAD, ""},
    {"longer than its series", BYTES("\x0A\x15" X "\x12\x0C\x09\0\0\0\0\0\0\xF0\x3F\x10\x05"),
     REMOTE_BAD, ""},
    {"a length of six bytes", BYTES("\x0A\x80\x80\x80\x80\x80\x00"), REMOTE_BAD, ""},
    {"a group", BYTES("\x0B\x0C"), REMOTE_BAD, ""},
};

static struct text mine, theirs;

START_TEST(row)
{
    const struct row *r = &rows[_i];
    for (uint32_t room = 1; room <= 3; room++) {
        enum remote_state state = read_all(r->bytes, r->n, room, &mine);
        ck_assert_msg(state == r->state, "%s: state %d", r->label, (int)state);
        ck_assert_msg(strcmp(mine.at, r->want) == 0, "%s: %s", r->label, mine.at);
    }
    bool read = read_oracle(r->bytes, r->n, &theirs);
    ck_assert_msg(read == (r->state == REMOTE_DONE), "%s: protobuf-c says %d", r->label, read);
    ck_assert_msg(!read || strcmp(theirs.at, r->want) == 0, "%s: %s", r->label, theirs.at);
}
END_TEST

START_TEST(counts)
{
    static const char bytes[] = "\x1A\x00\x1A\x00\x0A\x1D" X S1 "\x1A\x00\x22\x00\x22\x00\x12\x00";
    ck_assert_int_eq(read_all(bytes, sizeof bytes - 1, 8, &mine), REMOTE_DONE);
    ck_assert_uint_eq(reader.metadata, 2);
    ck_assert_uint_eq(reader.series, 1);
    ck_assert_uint_eq(reader.samples, 2);
    ck_assert_uint_eq(reader.refused[CAUSE_EXEMPLAR], 1);
    ck_assert_uint_eq(reader.refused[CAUSE_HISTOGRAM], 2);
}
END_TEST

/* 2^63 - 1 ms are more nanoseconds than there are. */
START_TEST(a_time_too_far)
{
    static const char bytes[] = "\x0A\x21" X "\x12\x0A\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F" S1;
    ck_assert_int_eq(read_all(bytes, sizeof bytes - 1, 8, &mine), REMOTE_DONE);
    ck_assert_str_eq(mine.at, "x=1|" ONE);
    ck_assert_uint_eq(reader.refused[CAUSE_TIME], 1);
    ck_assert_uint_eq(reader.samples, 1);
}
END_TEST

/* Labels that stand apart and are longer than any series' may be: that series alone is refused. */
START_TEST(gathered_too_long)
{
    static char bytes[64 * 1024];
    size_t half = REMOTE_KEY_MAX / 2 + 8, n = 4;
    for (int i = 0; i < 2; i++) {
        char *p = bytes + n;
        *p++ = 0x0A;
        *p++ = (char)(half & 0x7F) | (char)0x80;
        *p++ = (char)(half >> 7 & 0x7F) | (char)0x80;
        *p++ = (char)(half >> 14);
        memset(p, 0x28, half); /* field 5, over and over: 40 */
        n += 4 + half;
        if (i == 0) {
            memcpy(bytes + n, S1, sizeof S1 - 1);
            n += sizeof S1 - 1;
        }
    }
    bytes[0] = 0x0A;
    bytes[1] = (char)((n - 4) & 0x7F) | (char)0x80;
    bytes[2] = (char)((n - 4) >> 7 & 0x7F) | (char)0x80;
    bytes[3] = (char)((n - 4) >> 14);
    memcpy(bytes + n, "\x0A\x15" X S2, 23);
    ck_assert_int_eq(read_all(bytes, n + 23, 8, &mine), REMOTE_DONE);
    ck_assert_str_eq(mine.at, "x=1|" TWO);
    ck_assert_uint_eq(reader.refused[CAUSE_LABEL_LENGTH], 1);
}
END_TEST

/* ---- against protobuf-c */

static uint32_t chance(uint32_t below)
{
    static uint64_t x = 88172645463325252;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 32) % below;
}

static void put_bytes(char *out, size_t *n, int number, const char *payload, size_t payload_n)
{
    out[(*n)++] = (char)(number << 3 | 2);
    if (payload_n > 127)
        out[(*n)++] = (char)((payload_n & 0x7F) | 0x80);
    out[(*n)++] = (char)(payload_n > 127 ? payload_n >> 7 : payload_n);
    memcpy(out + *n, payload, payload_n);
    *n += payload_n;
}

static void make_label(char *out, size_t *n)
{
    char label[64];
    size_t label_n = 0;
    static const char text[] = "temperature_sensor";
    if (chance(20) > 0)
        put_bytes(label, &label_n, 1, text, chance(sizeof text));
    if (chance(20) > 0)
        put_bytes(label, &label_n, 2, text, chance(sizeof text));
    put_bytes(out, n, 1, label, label_n);
}

static void make_sample(char *out, size_t *n)
{
    char sample[32];
    size_t sample_n = 0;
    double v = (double)chance(1000) / 8;
    if (chance(10) > 0) {
        sample[sample_n++] = 0x09;
        memcpy(sample + sample_n, &v, 8);
        sample_n += 8;
    }
    if (chance(10) > 0) {
        sample[sample_n++] = 0x10;
        for (uint32_t i = chance(9); i > 0; i--)
            sample[sample_n++] = (char)(0x80 | chance(128));
        sample[sample_n++] = (char)chance(128);
    }
    put_bytes(out, n, 2, sample, sample_n);
}

/* A request of some series; most have their labels first. */
static size_t make_request(char *out)
{
    size_t n = 0;
    for (uint32_t s = chance(5); s > 0; s--) {
        char ts[1024];
        size_t ts_n = 0;
        for (uint32_t k = chance(6); k > 0; k--)
            make_label(ts, &ts_n);
        for (uint32_t k = chance(5); k > 0; k--) {
            make_sample(ts, &ts_n);
            if (chance(8) == 0)
                make_label(ts, &ts_n);
            if (chance(8) == 0)
                put_bytes(ts, &ts_n, 3 + (int)chance(4), "\x08\x01", 2);
        }
        put_bytes(out, &n, 1, ts, ts_n);
        if (chance(8) == 0)
            put_bytes(out, &n, 3, "\x08\x01", 2);
    }
    return n;
}

static void mangle(char *bytes, size_t *n)
{
    for (uint32_t k = 1 + chance(3); k > 0 && *n > 0; k--)
        switch (chance(3)) {
        case 0: bytes[chance((uint32_t)*n)] ^= (char)(1 << chance(8)); break;
        case 1: bytes[chance((uint32_t)*n)] = (char)chance(256); break;
        default: *n = chance((uint32_t)*n + 1); break;
        }
}

/* A Label may be bad inside: protobuf-c then refuses the message, the reader only when the key is read,
 * which is not if the series has no samples. Then *unread. */
static void compare(const char *bytes, size_t n, bool *both, bool *unread)
{
    bool read = read_oracle(bytes, n, &theirs);
    enum remote_state state = read_all(bytes, n, 1 + chance(4), &mine);
    *both = read && state == REMOTE_DONE;
    *unread = !read && state == REMOTE_DONE && !mine.key_failed;
    if (read) {
        ck_assert_int_eq(state, REMOTE_DONE);
        ck_assert(!mine.key_failed);
        ck_assert_str_eq(mine.at, theirs.at);
    }
}

START_TEST(as_protobuf_c_has_it)
{
    static char bytes[16 * 1024];
    for (int i = 0; i < 20000; i++) {
        bool both, unread;
        compare(bytes, make_request(bytes), &both, &unread);
        ck_assert_msg(both, "message %d was refused", i);
    }
}
END_TEST

START_TEST(mangled_as_protobuf_c_has_it)
{
    static char bytes[16 * 1024];
    int taken = 0, refused = 0, unreads = 0;
    for (int i = 0; i < 100000; i++) {
        bool both, unread;
        size_t n = make_request(bytes);
        mangle(bytes, &n);
        char *exact = malloc(n + 1); /* so that a sanitizer sees what is read beyond */
        memcpy(exact, bytes, n);
        compare(exact, n, &both, &unread);
        free(exact);
        taken += both;
        refused += !both;
        unreads += unread;
    }
    ck_assert_msg(taken > 10000 && refused > 10000 && unreads < refused / 10,
                  "%d taken, %d refused, %d not for a key that was read", taken, refused, unreads);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("remote_write");
    TCase *c = tcase_create("remote_write");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_test(c, counts);
    tcase_add_test(c, a_time_too_far);
    tcase_add_test(c, gathered_too_long);
    tcase_add_test(c, as_protobuf_c_has_it);
    tcase_add_test(c, mangled_as_protobuf_c_has_it);
    suite_add_tcase(s, c);
    return s;
}
