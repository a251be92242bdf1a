/* wire/npy.c -- reads and writes the text in front of an array's elements.
 *
 *     \x93NUMPY 1 0 | 118 | {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n | 12 doubles
 *     magic   version length a Python dict of three members, in any order
 *
 * The dict is read as its grammar has it, one token at a time, and nothing else of Python is known.
 * Laws: reads only file[0..n); read(write(x)) = x; offset + bytes <= n (test_npy.c, fuzz_npy.c).
 * Elsewhere: the elements (npy_elements.c), what can be differentiated (nabla_gradient). */
#include "wire/npy.h"

#include <inttypes.h>
#include <string.h>

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
static const char native_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
static const char other_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '>' : '<';

/* Also says, in this order, what the dict must have. */
enum member { DESCR, FORTRAN, SHAPE, MEMBERS };
static const char *const members[MEMBERS] = {"descr", "fortran_order", "shape"};

static const char bad_dict[] = "its header is not the dict of descr, fortran_order and shape";

/* What is left of the header's text, and why it cannot be read. */
struct text {
    const char *p, *end;
    enum nabla_status status;
    const char *why;
};

static bool refuse(struct text *t, enum nabla_status status, const char *why)
{
    t->status = status;
    t->why = why;
    return false;
}

static void skip_blanks(struct text *t)
{
    while (t->p < t->end && (*t->p == ' ' || *t->p == '\t' || *t->p == '\n' || *t->p == '\r'))
        t->p++;
}

/* The next token, if it is this character. */
static bool take(struct text *t, char c)
{
    skip_blanks(t);
    if (t->p == t->end || *t->p != c)
        return false;
    t->p++;
    return true;
}

static bool take_word(struct text *t, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(t);
    if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
        return false;
    t->p += n;
    return true;
}

/* 'text' or "text"; an escape would mean nothing in any word that is known here. */
static bool take_string(struct text *t, const char **at, size_t *n)
{
    char quote = take(t, '\'') ? '\'' : take(t, '"') ? '"' : '\0';
    const char *close = quote == '\0' ? NULL : memchr(t->p, quote, (size_t)(t->end - t->p));
    if (close == NULL)
        return refuse(t, NABLA_EINVAL, bad_dict);
    *at = t->p;
    *n = (size_t)(close - t->p);
    t->p = close + 1;
    return true;
}

/* One length of the shape; Python 2 wrote 3L for a long 3. */
static bool take_length(struct text *t, int64_t *out)
{
    const char *first;
    int64_t v = 0;
    skip_blanks(t);
    for (first = t->p; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *t->p - '0', &v))
            return refuse(t, NABLA_EINVAL, "its shape is larger than any file");
    if (t->p == first)
        return refuse(t, NABLA_EINVAL, bad_dict);
    if (t->p < t->end && *t->p == 'L')
        t->p++;
    *out = v;
    return true;
}

/* (), (3,), (3, 4), (3, 4,). */
static bool read_shape(struct text *t, struct npy *npy)
{
    if (!take(t, '('))
        return refuse(t, NABLA_EINVAL, bad_dict);
    for (npy->ndim = 0; !take(t, ')');) {
        if (npy->ndim == NABLA_DIMS_MAX)
            return refuse(t, NABLA_ELIMIT, "it has more than 32 axes");
        if (!take_length(t, &npy->shape[npy->ndim++]))
            return false;
        if (!take(t, ',')) {
            if (!take(t, ')') || npy->ndim == 1) /* (3) is no tuple */
                return refuse(t, NABLA_EINVAL, bad_dict);
            break;
        }
    }
    return true;
}

static bool read_fortran(struct text *t, struct npy *npy)
{
    npy->fortran = take_word(t, "True");
    if (!npy->fortran && !take_word(t, "False"))
        return refuse(t, NABLA_EINVAL, bad_dict);
    return true;
}

static const struct type {
    const char *code;
    enum nabla_dtype dtype;
} types[] = {
    {"b1", NABLA_BOOL},        {"i1", NABLA_INT8},        {"i2", NABLA_INT16},
    {"i4", NABLA_INT32},       {"i8", NABLA_INT64},       {"u1", NABLA_UINT8},
    {"u2", NABLA_UINT16},      {"u4", NABLA_UINT32},      {"u8", NABLA_UINT64},
    {"f2", NABLA_FLOAT16},     {"f4", NABLA_FLOAT32},     {"f8", NABLA_FLOAT64},
    {"f16", NABLA_LONGDOUBLE}, {"c8", NABLA_COMPLEX64},   {"c16", NABLA_COMPLEX128},
    {"M8", NABLA_DATETIME64},  {"m8", NABLA_TIMEDELTA64},
};
enum { TYPES_N = sizeof types / sizeof types[0] };

static bool is_time(enum nabla_dtype dtype)
{
    return dtype == NABLA_DATETIME64 || dtype == NABLA_TIMEDELTA64;
}

static const struct type *find_type(const char *code, size_t n)
{
    for (size_t i = 0; i < TYPES_N; i++)
        if (strlen(types[i].code) == n && memcmp(types[i].code, code, n) == 0)
            return &types[i];
    return NULL;
}

/* [ns], [25s]: digits, then letters. */
static bool read_unit(struct text *t, const char *unit, size_t n, struct npy *npy)
{
    static const char bad_unit[] = "its times have a unit that cannot be read";
    static const char digits[] = "0123456789", letters[] = "YMWDhmsunpfa";
    if (n < 3 || unit[0] != '[' || unit[n - 1] != ']' || n - 2 >= NPY_UNIT_MAX)
        return refuse(t, NABLA_EINVAL, bad_unit);
    memcpy(npy->unit, unit + 1, n - 2);
    npy->unit[n - 2] = '\0';
    size_t factor = strspn(npy->unit, digits), name = strspn(npy->unit + factor, letters);
    if (strlen(npy->unit) != n - 2 || name < 1 || name > 2 || factor + name != n - 2)
        return refuse(t, NABLA_EINVAL, bad_unit);
    return true;
}

/* The sentence for a descr that is a good one of numpy's, but no number's. */
static bool refuse_type(struct text *t, char kind)
{
    static const struct {
        char kind;
        const char *why;
    } rows[] = {
        {'O', "it holds Python objects, which have no gradient here"},
        {'S', "it holds text"},
        {'a', "it holds text"},
        {'U', "it holds text"},
        {'V', "it holds raw bytes"},
        {'c', "complex long double has no gradient here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (kind == rows[i].kind)
            return refuse(t, NABLA_EDTYPE, rows[i].why);
    return refuse(t, NABLA_EDTYPE, "its descr is not known");
}

static bool read_descr(struct text *t, struct npy *npy)
{
    const char *code;
    size_t n;
    if (take(t, '['))
        return refuse(t, NABLA_EDTYPE, "it holds structures: save one field of them by itself");
    if (!take_string(t, &code, &n))
        return false;
    char order = n > 0 && strchr("<>=|", code[0]) != NULL ? code[0] : '=';
    if (n > 0 && order == code[0]) {
        code++;
        n--;
    }
    const char *bracket = n == 0 ? NULL : memchr(code, '[', n);
    size_t code_n = bracket == NULL ? n : (size_t)(bracket - code);
    const struct type *type = find_type(code, code_n);
    if (type == NULL || (bracket != NULL && !is_time(type->dtype)))
        return refuse_type(t, n > 0 ? code[0] : '\0');
    if (bracket != NULL && !read_unit(t, bracket, n - code_n, npy))
        return false;
    npy->dtype = type->dtype;
    npy->swapped = order == other_order && nabla_dtype_size(type->dtype) > 1;
    return true;
}

static bool read_member(struct text *t, struct npy *npy, unsigned *seen)
{
    const char *name;
    size_t n;
    enum member m = DESCR;
    if (!take_string(t, &name, &n))
        return false;
    while (m < MEMBERS && (strlen(members[m]) != n || memcmp(members[m], name, n) != 0))
        m++;
    if (m == MEMBERS || (*seen & 1u << m) != 0 || !take(t, ':'))
        return refuse(t, NABLA_EINVAL, bad_dict);
    *seen |= 1u << m;
    return m == DESCR ? read_descr(t, npy) : m == SHAPE ? read_shape(t, npy) : read_fortran(t, npy);
}

static bool read_dict(struct text *t, struct npy *npy)
{
    unsigned seen = 0;
    if (!take(t, '{'))
        return refuse(t, NABLA_EINVAL, bad_dict);
    while (!take(t, '}')) {
        if (!read_member(t, npy, &seen))
            return false;
        if (!take(t, ',')) {
            if (!take(t, '}'))
                return refuse(t, NABLA_EINVAL, bad_dict);
            break;
        }
    }
    skip_blanks(t);
    if (t->p != t->end || seen != (1u << MEMBERS) - 1)
        return refuse(t, NABLA_EINVAL, bad_dict);
    return true;
}

/* Where the dict stands; false if the file does not reach its end. */
static bool find_dict(struct text *t, const unsigned char *file, size_t n)
{
    if (!npy_is(file, n))
        return refuse(t, NABLA_EINVAL, "it is not a .npy file");
    size_t at = n < 8 || file[6] == 1 ? 10 : 12;
    if (n < at)
        return refuse(t, NABLA_EINVAL, "it ends within its header");
    if (file[6] < 1 || file[6] > 3 || file[7] != 0)
        return refuse(t, NABLA_EINVAL, "its format's version is none of 1.0, 2.0 and 3.0");
    size_t length = file[8] | (size_t)file[9] << 8;
    if (at == 12)
        length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
    if (length > NPY_HEADER_MAX)
        return refuse(t, NABLA_ELIMIT, "its header is longer than 64 KiB");
    if (length > n - at)
        return refuse(t, NABLA_EINVAL, "it ends within its header");
    t->p = (const char *)file + at;
    t->end = t->p + length;
    return true;
}

/* The elements and bytes of the shape, were it not for axes of length 0: strides are made of them
 * even where there is no element. */
static bool measure(struct text *t, struct npy *npy, size_t room)
{
    int64_t count = 1, bytes;
    bool empty = false;
    for (int i = 0; i < npy->ndim; i++) {
        empty |= npy->shape[i] == 0;
        if (npy->shape[i] > 0 && __builtin_mul_overflow(count, npy->shape[i], &count))
            return refuse(t, NABLA_EINVAL, "its shape is larger than any file");
    }
    if (__builtin_mul_overflow(count, (int64_t)nabla_dtype_size(npy->dtype), &bytes))
        return refuse(t, NABLA_EINVAL, "its shape is larger than any file");
    npy->count = empty ? 0 : count;
    npy->bytes = empty ? 0 : (size_t)bytes;
    if (npy->bytes > room)
        return refuse(t, NABLA_EINVAL, "it is shorter than its shape says");
    return true;
}

bool npy_is(const void *file, size_t n)
{
    return n >= sizeof magic && memcmp(file, magic, sizeof magic) == 0;
}

enum nabla_status npy_read(const void *file, size_t n, struct npy *out, const char **why)
{
    struct npy npy = {0};
    struct text t = {0};
    if (!find_dict(&t, file, n) || !read_dict(&t, &npy))
        goto refused;
    npy.offset = (size_t)(t.end - (const char *)file);
    if (!measure(&t, &npy, n - npy.offset))
        goto refused;
    *out = npy;
    return NABLA_OK;
refused:
    *why = t.why;
    return t.status;
}

static void write_descr(struct buf *out, const struct npy *npy)
{
    const struct type *type = types;
    while (type->dtype != npy->dtype)
        type++;
    char order = npy->swapped ? other_order : native_order;
    buf_printf(out, "%c%s", nabla_dtype_size(npy->dtype) == 1 ? '|' : order, type->code);
    if (npy->unit[0] != '\0')
        buf_printf(out, "[%s]", npy->unit);
}

void npy_write(struct buf *out, const struct npy *npy)
{
    struct buf dict = {0};
    buf_text(&dict, "{'descr': '");
    write_descr(&dict, npy);
    buf_printf(&dict, "', 'fortran_order': %s, 'shape': (", npy->fortran ? "True" : "False");
    for (int i = 0; i < npy->ndim; i++)
        buf_printf(&dict, "%s%" PRId64, i > 0 ? ", " : "", npy->shape[i]);
    buf_text(&dict, npy->ndim == 1 ? ",), }" : "), }");
    while ((sizeof magic + 4 + dict.n + 1) % NPY_ALIGN != 0 && !dict.failed)
        buf_char(&dict, ' ');
    buf_char(&dict, '\n');
    const unsigned char lead[4] = {1, 0, (unsigned char)dict.n, (unsigned char)(dict.n >> 8)};
    buf_add(out, magic, sizeof magic);
    buf_add(out, lead, sizeof lead);
    buf_add(out, dict.at, dict.n);
    out->failed |= dict.failed;
    buf_fini(&dict);
}
