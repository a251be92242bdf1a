/* wire/pickle.c -- pickle's machine, as much of it as a list of points needs.
 *
 *     opcodes ──► stack of values ──► one list of items ──► samples
 *                   │      ▲
 *                   └memo──┘          a string that comes twice is written once
 *
 * Values are numbered in the order they are made, and name each other by number; what a list or a tuple holds
 * is a chain of cells. Nothing is freed: the next frame begins anew.
 * Laws: no recursion; each byte of a frame is looked at once; a value's depth is known when it is made, so a
 * list that holds itself is refused as too deep (test_pickle.c).
 * Elsewhere: frames in a stream (net/tcp.c), text with escapes (wire/pickle_text.c), paths (wire/key.c). */
#include "wire/pickle.h"

#include "base/clock.h"
#include "base/number.h"
#include "wire/pickle_text.h"
#include "wire/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum value_type {
    VALUE_NONE, /* also a number that 64 bits do not hold */
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_TUPLE,
    VALUE_LIST,
};

struct value {
    uint8_t type, depth;
    uint32_t
        n; /* bytes of a text, items of a list or tuple, the rest of a number (numeric/exact.h) */
    union {
        double number;
        const char *text;
        struct {
            uint32_t first, last; /* cells, each 1 + its number; 0: none */
        } items;
    };
};

struct cell {
    uint32_t value, next; /* next: 1 + its number */
};

struct pickle {
    struct value values[PICKLE_VALUES_MAX];
    struct cell cells[PICKLE_VALUES_MAX];
    uint32_t stack[PICKLE_VALUES_MAX];
    uint32_t memo[PICKLE_MEMO_MAX]; /* 1 + value; 0: empty */
    uint32_t used[PICKLE_MEMO_MAX]; /* which of them are not */
    uint32_t values_n, cells_n, stack_n, memo_n;
    uint32_t marks[PICKLE_DEPTH_MAX]; /* stack_n when each was set */
    uint32_t marks_n;
    uint32_t next; /* cell of the next item, 1 + its number; 0: none is left */
    const char *frame, *p, *end;
    uint32_t text_n;
    char text[2 * PICKLE_FRAME_MAX]; /* without escapes, in UTF-8 */
};

enum nabla_status pickle_new(struct pickle **out)
{
    struct pickle *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NABLA_ENOMEM;
    *out = p;
    return NABLA_OK;
}

void pickle_free(struct pickle *p)
{
    free(p);
}

/* ---- values */

static enum cause push_new(struct pickle *p, struct value v)
{
    if (p->values_n == PICKLE_VALUES_MAX || p->stack_n == PICKLE_VALUES_MAX)
        return CAUSE_PICKLE_LIMIT;
    p->values[p->values_n] = v;
    p->stack[p->stack_n++] = p->values_n++;
    return CAUSE_COUNT;
}

static enum cause push_number(struct pickle *p, double v, int rest)
{
    return push_new(p, (struct value){.type = VALUE_NUMBER, .n = (uint32_t)rest, .number = v});
}

static enum cause push_i64(struct pickle *p, int64_t v)
{
    return push_number(p, (double)v, number_rest_i64(v));
}

static enum cause push_u64(struct pickle *p, uint64_t v)
{
    return push_number(p, (double)v, number_rest_u64(v));
}

static enum cause push_text(struct pickle *p, const char *text, size_t n)
{
    return push_new(p, (struct value){.type = VALUE_TEXT, .text = text, .n = (uint32_t)n});
}

/* How many values lie above the newest mark, or on the whole stack. */
static uint32_t above_mark(const struct pickle *p)
{
    return p->stack_n - (p->marks_n > 0 ? p->marks[p->marks_n - 1] : 0);
}

static enum cause append(struct pickle *p, uint32_t holder, uint32_t item)
{
    struct value *h = &p->values[holder];
    uint8_t depth = (uint8_t)(p->values[item].depth + 1);
    if (p->cells_n == PICKLE_VALUES_MAX || depth > PICKLE_DEPTH_MAX)
        return CAUSE_PICKLE_LIMIT;
    p->cells[p->cells_n++] = (struct cell){.value = item};
    if (h->n++ == 0)
        h->items.first = p->cells_n;
    else
        p->cells[h->items.last - 1].next = p->cells_n;
    h->items.last = p->cells_n;
    h->depth = depth > h->depth ? depth : h->depth;
    return CAUSE_COUNT;
}

/* The n topmost values, which are there, become the items of holder, in their order. */
static enum cause gather(struct pickle *p, uint32_t holder, uint32_t n)
{
    enum cause cause = CAUSE_COUNT;
    for (uint32_t i = p->stack_n - n; i < p->stack_n && cause == CAUSE_COUNT; i++)
        cause = append(p, holder, p->stack[i]);
    p->stack_n -= n;
    return cause;
}

/* A list or tuple of the n topmost values. */
static enum cause collect(struct pickle *p, enum value_type type, uint32_t n)
{
    uint32_t holder = p->values_n;
    if (n > above_mark(p))
        return CAUSE_SYNTAX;
    if (holder == PICKLE_VALUES_MAX || p->stack_n - n == PICKLE_VALUES_MAX)
        return CAUSE_PICKLE_LIMIT;
    p->values[p->values_n++] = (struct value){.type = (uint8_t)type};
    enum cause cause = gather(p, holder, n);
    p->stack[p->stack_n] = holder;
    p->stack_n += cause == CAUSE_COUNT;
    return cause;
}

static enum cause set_mark(struct pickle *p)
{
    if (p->marks_n == PICKLE_DEPTH_MAX)
        return CAUSE_PICKLE_LIMIT;
    p->marks[p->marks_n++] = p->stack_n;
    return CAUSE_COUNT;
}

/* The newest mark goes; *n: how many values lay above it. */
static bool take_mark(struct pickle *p, uint32_t *n)
{
    if (p->marks_n == 0)
        return false;
    *n = above_mark(p);
    p->marks_n--;
    return true;
}

static enum cause collect_marked(struct pickle *p, enum value_type type)
{
    uint32_t n;
    return take_mark(p, &n) ? collect(p, type, n) : CAUSE_SYNTAX;
}

/* To the list below the n topmost values. */
static enum cause extend(struct pickle *p, uint32_t n)
{
    if (n >= above_mark(p) || p->values[p->stack[p->stack_n - n - 1]].type != VALUE_LIST)
        return CAUSE_SYNTAX;
    return gather(p, p->stack[p->stack_n - n - 1], n);
}

static enum cause extend_marked(struct pickle *p)
{
    uint32_t n;
    return take_mark(p, &n) ? extend(p, n) : CAUSE_SYNTAX;
}

/* ---- the memo */

static enum cause put(struct pickle *p, uint64_t at)
{
    if (above_mark(p) == 0)
        return CAUSE_SYNTAX;
    if (at >= PICKLE_MEMO_MAX)
        return CAUSE_PICKLE_LIMIT;
    if (p->memo[at] == 0)
        p->used[p->memo_n++] = (uint32_t)at;
    p->memo[at] = 1 + p->stack[p->stack_n - 1];
    return CAUSE_COUNT;
}

static enum cause get(struct pickle *p, uint64_t at)
{
    if (at >= PICKLE_MEMO_MAX || p->memo[at] == 0)
        return CAUSE_SYNTAX;
    if (p->stack_n == PICKLE_VALUES_MAX)
        return CAUSE_PICKLE_LIMIT;
    p->stack[p->stack_n++] = p->memo[at] - 1;
    return CAUSE_COUNT;
}

/* ---- what stands behind an opcode */

/* The next n bytes; NULL if there are not so many. */
static const char *take_bytes(struct pickle *p, uint64_t n)
{
    const char *at = p->p;
    if ((uint64_t)(p->end - at) < n)
        return NULL;
    p->p += n;
    return at;
}

/* An unsigned number of n bytes, at most eight, the least significant first. */
static bool take_unsigned(struct pickle *p, size_t n, uint64_t *out)
{
    const char *at = take_bytes(p, n);
    *out = 0;
    for (size_t i = n; at != NULL && i-- > 0;)
        *out = *out << 8 | (uint8_t)at[i];
    return at != NULL;
}

/* Up to the next LF, which goes, too. */
static const char *take_line(struct pickle *p, size_t *n)
{
    const char *at = p->p, *lf = memchr(at, '\n', (size_t)(p->end - at));
    if (lf == NULL)
        return NULL;
    *n = (size_t)(lf - at);
    p->p = lf + 1;
    return at;
}

/* A string behind its length of so many bytes. */
static enum cause read_string(struct pickle *p, size_t length_n)
{
    uint64_t n;
    const char *at = NULL;
    if (take_unsigned(p, length_n, &n))
        at = take_bytes(p, n);
    return at == NULL ? CAUSE_SYNTAX : push_text(p, at, n);
}

/* A string on a line of its own, whose escapes end in text[]: it has room for all of them. */
static enum cause read_text_line(struct pickle *p, pickle_unescape *unescape)
{
    size_t n, used;
    const char *at = take_line(p, &n);
    char *text = p->text + p->text_n;
    if (at == NULL || !unescape(at, n, text, &used))
        return CAUSE_SYNTAX;
    p->text_n += (uint32_t)used;
    return push_text(p, text, used);
}

static enum cause read_integer(struct pickle *p, size_t n, bool is_signed)
{
    uint64_t u;
    if (!take_unsigned(p, n, &u))
        return CAUSE_SYNTAX;
    return is_signed ? push_i64(p, (int32_t)(uint32_t)u) : push_u64(p, u);
}

/* Two's complement of any length, least significant byte first. */
static enum cause read_long(struct pickle *p, size_t length_n)
{
    uint64_t n, u = 0;
    const char *at = NULL;
    if (take_unsigned(p, length_n, &n))
        at = take_bytes(p, n);
    if (at == NULL)
        return CAUSE_SYNTAX;
    bool is_large =
        n == sizeof u + 1 && at[sizeof u] == 0; /* 2^63 and more need a byte for the sign */
    if (n > sizeof u && !is_large)
        return push_new(p, (struct value){.type = VALUE_NONE});
    bool negative = n > 0 && (at[n - 1] & 0x80) != 0;
    for (size_t i = sizeof u; i-- > 0;)
        u = u << 8 | (i < n ? (uint8_t)at[i] : negative ? 0xff : 0);
    return is_large ? push_u64(p, u) : push_i64(p, (int64_t)u);
}

/* 12, 12L, 01 (True), 21.5, each on a line of its own. */
static enum cause read_number_line(struct pickle *p, bool is_float)
{
    size_t n;
    const char *at = take_line(p, &n);
    double v;
    int64_t i;
    uint64_t u;
    if (at == NULL)
        return CAUSE_SYNTAX;
    n -= n > 0 && !is_float && at[n - 1] == 'L';
    if (n == 0 || number_read_any(at, n, &v) != n)
        return CAUSE_SYNTAX;
    if (is_float)
        return push_number(p, v, 0);
    if (number_read_i64(at, n, &i) == n)
        return push_i64(p, i);
    if (number_read_u64(at, n, &u) == n)
        return push_u64(p, u);
    return push_new(p, (struct value){.type = VALUE_NONE});
}

static enum cause read_double(struct pickle *p)
{
    const char *at = take_bytes(p, sizeof(double));
    uint64_t bits = 0;
    double v;
    if (at == NULL)
        return CAUSE_SYNTAX;
    for (size_t i = 0; i < sizeof bits; i++)
        bits = bits << 8 | (uint8_t)at[i];
    memcpy(&v, &bits, sizeof v);
    return push_number(p, v, 0);
}

/* A number of the memo: n bytes, or 0 for a line of digits. */
static enum cause with_memo(struct pickle *p, size_t bytes,
                            enum cause (*job)(struct pickle *, uint64_t))
{
    uint64_t at;
    size_t n;
    if (bytes > 0)
        return take_unsigned(p, bytes, &at) ? job(p, at) : CAUSE_SYNTAX;
    const char *line = take_line(p, &n);
    if (line == NULL || n == 0 || number_read_u64(line, n, &at) != n)
        return CAUSE_SYNTAX;
    return job(p, at);
}

static enum cause read_protocol(struct pickle *p)
{
    uint64_t version;
    if (!take_unsigned(p, 1, &version))
        return CAUSE_SYNTAX;
    return version <= 5 ? CAUSE_COUNT : CAUSE_PICKLE_OPCODE;
}

/* Each by the name that Python's pickletools gives it. */
static enum cause step_text(struct pickle *p, uint8_t opcode)
{
    switch (opcode) {
    case 'S': return read_text_line(p, pickle_unescape_bytes);   /* STRING */
    case 'V': return read_text_line(p, pickle_unescape_letters); /* UNICODE */
    case 'U':                                                    /* SHORT_BINSTRING */
    case 'C':                                                    /* SHORT_BINBYTES */
    case 0x8c: return read_string(p, 1);                         /* SHORT_BINUNICODE */
    case 'T':                                                    /* BINSTRING */
    case 'B':                                                    /* BINBYTES */
    case 'X': return read_string(p, 4);                          /* BINUNICODE */
    case 0x8d:                                                   /* BINUNICODE8 */
    case 0x8e: return read_string(p, 8);                         /* BINBYTES8 */
    default: return CAUSE_PICKLE_OPCODE;
    }
}

static enum cause step_number(struct pickle *p, uint8_t opcode)
{
    switch (opcode) {
    case 'I': return read_number_line(p, false);         /* INT */
    case 'L': return read_number_line(p, false);         /* LONG */
    case 'F': return read_number_line(p, true);          /* FLOAT */
    case 'G': return read_double(p);                     /* BINFLOAT */
    case 'J': return read_integer(p, 4, true);           /* BININT */
    case 'K': return read_integer(p, 1, false);          /* BININT1 */
    case 'M': return read_integer(p, 2, false);          /* BININT2 */
    case 0x8a: return read_long(p, 1);                   /* LONG1 */
    case 0x8b: return read_long(p, 4);                   /* LONG4 */
    case 0x88:                                           /* NEWTRUE */
    case 0x89: return push_number(p, opcode == 0x88, 0); /* NEWFALSE */
    case 'N': return push_new(p, (struct value){.type = VALUE_NONE});
    default: return step_text(p, opcode);
    }
}

static enum cause step(struct pickle *p, uint8_t opcode)
{
    switch (opcode) {
    case 0x80: return read_protocol(p);                                      /* PROTO */
    case 0x95: return take_bytes(p, 8) != NULL ? CAUSE_COUNT : CAUSE_SYNTAX; /* FRAME */
    case '(': return set_mark(p);
    case 't': return collect_marked(p, VALUE_TUPLE);
    case 'l': return collect_marked(p, VALUE_LIST);
    case ')': return collect(p, VALUE_TUPLE, 0);
    case ']': return collect(p, VALUE_LIST, 0);
    case 0x85:                                                            /* TUPLE1 */
    case 0x86:                                                            /* TUPLE2 */
    case 0x87: return collect(p, VALUE_TUPLE, (uint32_t)(opcode - 0x84)); /* TUPLE3 */
    case 'a': return extend(p, 1);                                        /* APPEND */
    case 'e': return extend_marked(p);                                    /* APPENDS */
    case 'p': return with_memo(p, 0, put);
    case 'q': return with_memo(p, 1, put);
    case 'r': return with_memo(p, 4, put);
    case 0x94: return put(p, p->memo_n); /* MEMOIZE */
    case 'g': return with_memo(p, 0, get);
    case 'h': return with_memo(p, 1, get);
    case 'j': return with_memo(p, 4, get);
    default: return step_number(p, opcode);
    }
}

/* ---- a frame */

static void begin(struct pickle *p, const char *frame, size_t n)
{
    while (p->memo_n > 0) /* one by one: a short frame may have set the last */
        p->memo[p->used[--p->memo_n]] = 0;
    p->values_n = p->cells_n = p->stack_n = p->marks_n = p->text_n = p->next = 0;
    p->frame = p->p = frame;
    p->end = frame + n;
}

/* The one value that a frame is. */
static enum cause finish(struct pickle *p)
{
    const struct value *all = &p->values[p->stack[0]];
    if (p->p != p->end || p->stack_n != 1 || p->marks_n != 0 || all->type < VALUE_TUPLE)
        return CAUSE_SYNTAX;
    p->next = all->items.first;
    return CAUSE_COUNT;
}

enum cause pickle_read(struct pickle *p, const char *frame, size_t n, uint32_t *offset)
{
    enum cause cause = n > PICKLE_FRAME_MAX ? CAUSE_FRAME_LENGTH : CAUSE_COUNT;
    const char *at = frame;
    begin(p, frame, n);
    while (cause == CAUSE_COUNT) {
        at = p->p;
        if (at == p->end)
            cause = CAUSE_SYNTAX;
        else if (*p->p++ == '.') /* STOP */
            break;
        else
            cause = step(p, (uint8_t)*at);
    }
    if (cause == CAUSE_COUNT)
        cause = finish(p);
    *offset = (uint32_t)(at - frame);
    return cause;
}

/* ---- its items */

/* The two items of a list or tuple that has no more; false if it is none. */
static bool is_pair(const struct pickle *p, uint32_t number, uint32_t pair[static 2])
{
    const struct value *v = &p->values[number];
    if (v->type < VALUE_TUPLE || v->n != 2)
        return false;
    const struct cell *first = &p->cells[v->items.first - 1];
    pair[0] = first->value;
    pair[1] = p->cells[first->next - 1].value;
    return true;
}

/* A number, or its text. */
static bool read_value(const struct value *v, struct sample *out)
{
    if (v->type == VALUE_TEXT) {
        sample_set_rest(out, number_rest(v->text, v->n));
        return v->n > 0 && number_read_any(v->text, v->n, &out->v) == v->n;
    }
    out->v = v->number;
    sample_set_rest(out, v->type == VALUE_NUMBER ? (int)v->n : 0);
    return v->type == VALUE_NUMBER;
}

/* The whole seconds and their fraction apart: together they have more digits than a double. */
static bool seconds_to_ns(double seconds, int64_t *t_ns)
{
    double whole = floor(seconds);
    if (!(fabs(whole) < (double)INT64_MAX / 1e9)) /* nor NaN */
        return false;
    int64_t fraction = llround((seconds - whole) * 1e9);
    return !__builtin_mul_overflow((int64_t)whole, (int64_t)NS_PER_S, t_ns) &&
           !__builtin_add_overflow(*t_ns, fraction, t_ns);
}

static bool read_time(const struct value *v, int64_t arrival_ns, int64_t *t_ns)
{
    bool good = v->type == VALUE_TEXT ? v->n > 0 && number_read_seconds(v->text, v->n, t_ns) == v->n
                                      : v->type == VALUE_NUMBER && seconds_to_ns(v->number, t_ns);
    if (good && *t_ns == -(int64_t)NS_PER_S)
        *t_ns = arrival_ns;
    return good;
}

static enum cause read_item(const struct pickle *p, uint32_t number, int64_t arrival_ns,
                            struct sample *out)
{
    uint32_t item[2], point[2];
    if (!is_pair(p, number, item) || !is_pair(p, item[1], point))
        return CAUSE_SYNTAX;
    const struct value *path = &p->values[item[0]];
    if (path->type != VALUE_TEXT || path->n == 0 || scan_path_fault(path->text, path->n) != NULL)
        return CAUSE_SYNTAX;
    *out = (struct sample){
        .key = path->text, .key_n = path->n, .sub = path->text, .form = KEY_GRAPHITE};
    if (!read_time(&p->values[point[0]], arrival_ns, &out->t_ns))
        return CAUSE_TIME;
    return read_value(&p->values[point[1]], out) ? CAUSE_COUNT : CAUSE_VALUE;
}

static void refuse(const struct pickle *p, enum cause cause, const struct sample *s,
                   struct line_report *report)
{
    report->refused[cause]++;
    if (report->has_fault)
        return;
    report->has_fault = true;
    report->fault = cause;
    report->fault_line = report->passed;
    report->fault_text = s->key_n > 0 ? s->key : p->frame;
    report->fault_text_n = s->key_n;
    report->fault_offset = 0;
}

bool pickle_samples(struct pickle *p, int64_t arrival_ns, struct batch *batch,
                    struct line_report *report)
{
    for (; p->next != 0 && batch->n < BATCH_MAX; p->next = p->cells[p->next - 1].next) {
        struct sample s = {.key_n = 0};
        enum cause cause = read_item(p, p->cells[p->next - 1].value, arrival_ns, &s);
        if (cause == CAUSE_COUNT)
            batch->at[batch->n++] = s;
        else
            refuse(p, cause, &s, report);
        report->samples += cause == CAUSE_COUNT;
        report->lines++;
        report->formats[LINE_PICKLE]++;
        report->passed++;
    }
    return p->next != 0;
}
