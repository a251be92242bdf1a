/* wire/gradient_body.c -- one reader a key, in a table.
 *
 *     {"f": [[1, 2], [3, 4]], "spacing": [2, [0, 1]], "axis": [0, 1], "edge_order": 1, "mode": "numpy"}
 *           nested_read                  step, coordinates
 *
 * Keys come in any order, each once; they are known by how they are spelled. A key that is not known is
 * refused: an option that is misspelled would otherwise be an option left out.
 * Laws: accepts nothing that jansson does not (test_gradient_body.c).
 * Elsewhere: lists of numbers (nested.c), what of all this fits together (nabla_gradient). */
#include "wire/gradient_body.h"

#include "base/number.h"
#include "wire/json_scan.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 48 }; /* bytes of a wrong value that are quoted */

struct reader {
    struct json_scan s;
    const struct nested_limits *limits;
    struct gradient_ask *ask;
    struct buf *why;
    unsigned seen; /* a bit for each of members[] */
};

static bool is(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

static enum nabla_status refuse(struct buf *why, const char *name, const char *text, size_t n,
                                const char *wanted)
{
    buf_printf(why, "%s is ", name);
    buf_add(why, text, n < SHOWN_MAX ? n : SHOWN_MAX);
    buf_printf(why, "%s; it must be %s", n < SHOWN_MAX ? "" : "...", wanted);
    return NABLA_EINVAL;
}

/* ---- options, also of a query */

void gradient_manner_init(struct gradient_manner *m)
{
    *m = (struct gradient_manner){.edge_order = 1};
}

void gradient_manner_fini(struct gradient_manner *m)
{
    for (int i = 0; i < NABLA_DIMS_MAX; i++)
        nested_fini(&m->coordinates[i]);
    gradient_manner_init(m);
}

void gradient_ask_fini(struct gradient_ask *a)
{
    nested_fini(&a->f);
    gradient_manner_fini(&a->manner);
}

enum nabla_status gradient_edge_order_read(const char *text, size_t n, int *out, struct buf *why)
{
    if (!is(text, n, "1") && !is(text, n, "2"))
        return refuse(why, "edge_order", text, n, "1 or 2");
    *out = text[0] - '0';
    return NABLA_OK;
}

enum nabla_status gradient_mode_read(const char *text, size_t n, enum nabla_mode *out,
                                     struct buf *why)
{
    bool numpy = is(text, n, "numpy");
    if (!numpy && !is(text, n, "accurate"))
        return refuse(why, "mode", text, n, "numpy or accurate");
    *out = numpy ? NABLA_NUMPY : NABLA_ACCURATE;
    return NABLA_OK;
}

enum nabla_status gradient_axis_read(const char *text, size_t n, struct gradient_manner *m,
                                     struct buf *why)
{
    int64_t axis;
    if (n == 0 || number_read_i64(text, n, &axis) != n)
        return refuse(why, "axis", text, n, "an integer, or a list of them");
    if (axis < INT_MIN || axis > INT_MAX)
        return refuse(why, "axis", text, n, "one that f has");
    m->has_axes = true;
    if (m->axes_n < GRADIENT_AXES_MAX)
        m->axes[m->axes_n++] = (int)axis;
    return NABLA_OK;
}

/* ---- values */

static enum nabla_status refuse_syntax(struct reader *r, const char *expected)
{
    buf_printf(r->why, "%s is expected", expected);
    return NABLA_EINVAL;
}

/* Any value, as it is spelled. */
static enum nabla_status take_value(struct reader *r, const char **text, size_t *n)
{
    *text = r->s.p;
    if (!json_value(&r->s, JSON_DEPTH_MAX))
        return refuse_syntax(r, "a value");
    *n = (size_t)(r->s.p - *text);
    return NABLA_OK;
}

/* The same; of a string what its quotes hold. *quoted: it is one. */
static enum nabla_status take_word(struct reader *r, const char **text, size_t *n, bool *quoted)
{
    enum nabla_status status = take_value(r, text, n);
    *quoted = status == NABLA_OK && **text == '"';
    *text += *quoted;
    *n -= status == NABLA_OK && *quoted ? 2 : 0;
    return status;
}

static enum nabla_status read_f(struct reader *r)
{
    return nested_read(&r->s, "f", r->limits, &r->ask->f, r->why);
}

static enum nabla_status read_axis(struct reader *r)
{
    const char *text;
    size_t n;
    bool list = json_take(&r->s, '[');
    r->ask->manner.has_axes = true;
    if (list && json_take(&r->s, ']'))
        return NABLA_OK;
    do {
        enum nabla_status status = take_value(r, &text, &n);
        if (status == NABLA_OK)
            status = gradient_axis_read(text, n, &r->ask->manner, r->why);
        if (status != NABLA_OK)
            return status;
    } while (list && json_take(&r->s, ','));
    return !list || json_take(&r->s, ']') ? NABLA_OK : refuse_syntax(r, "a comma or ]");
}

/* A step, or a list of coordinates. */
static enum nabla_status read_spacing_entry(struct reader *r, const char *name)
{
    struct gradient_manner *m = &r->ask->manner;
    struct nested_limits limits = *r->limits;
    if (m->spacing_n == NABLA_DIMS_MAX) {
        buf_printf(r->why, "spacing has more than %d entries", NABLA_DIMS_MAX);
        return NABLA_EINVAL;
    }
    struct nested *x = &m->coordinates[m->spacing_n];
    limits.dimensions = 1;
    enum nabla_status status = nested_read(&r->s, name, &limits, x, r->why);
    if (status == NABLA_OK)
        m->spacing[m->spacing_n++] = x->ndim == 0 ? nabla_step(nested_numbers(x)[0])
                                                  : nabla_coordinates(nested_numbers(x), x->count);
    return status;
}

static enum nabla_status read_spacing(struct reader *r)
{
    char name[32] = "spacing";
    if (!json_take(&r->s, '['))
        return read_spacing_entry(r, name);
    if (json_take(&r->s, ']'))
        return NABLA_OK;
    do {
        snprintf(name, sizeof name, "spacing[%d]", r->ask->manner.spacing_n);
        enum nabla_status status = read_spacing_entry(r, name);
        if (status != NABLA_OK)
            return status;
    } while (json_take(&r->s, ','));
    return json_take(&r->s, ']') ? NABLA_OK : refuse_syntax(r, "a comma or ]");
}

static enum nabla_status read_edge_order(struct reader *r)
{
    const char *text;
    size_t n;
    enum nabla_status status = take_value(r, &text, &n);
    return status == NABLA_OK
               ? gradient_edge_order_read(text, n, &r->ask->manner.edge_order, r->why)
               : status;
}

static enum nabla_status read_mode(struct reader *r)
{
    const char *text;
    size_t n;
    bool quoted;
    enum nabla_status status = take_word(r, &text, &n, &quoted);
    return status == NABLA_OK ? gradient_mode_read(text, n, &r->ask->manner.mode, r->why) : status;
}

static enum nabla_status read_dtype(struct reader *r)
{
    const char *text;
    size_t n;
    bool quoted;
    enum nabla_status status = take_word(r, &text, &n, &quoted);
    if (status != NABLA_OK)
        return status;
    bool narrow = is(text, n, "float32");
    if (!quoted || (!narrow && !is(text, n, "float64")))
        return refuse(r->why, "dtype", text, n, "float64 or float32; other types are sent as .npy");
    r->ask->dtype = narrow ? NABLA_FLOAT32 : NABLA_FLOAT64;
    return NABLA_OK;
}

static const struct member {
    const char *name;
    enum nabla_status (*read)(struct reader *r);
} members[] = {{"f", read_f},       {"spacing", read_spacing},
               {"axis", read_axis}, {"edge_order", read_edge_order},
               {"mode", read_mode}, {"dtype", read_dtype}};
enum { MEMBERS = sizeof members / sizeof members[0], SEEN_F = 1 };

/* ---- the object */

static enum nabla_status refuse_key(struct reader *r, const char *name, size_t n, const char *what)
{
    buf_text(r->why, what);
    buf_add(r->why, name, n < SHOWN_MAX ? n : SHOWN_MAX);
    return NABLA_EINVAL;
}

static enum nabla_status find_member(struct reader *r, const struct member **out)
{
    const char *name = r->s.p;
    if (!json_quoted(&r->s))
        return refuse_syntax(r, "a key in quotes");
    size_t n = (size_t)(r->s.p - name), i = 0;
    while (i < MEMBERS && !is(name + 1, n - 2, members[i].name))
        i++;
    if (i == MEMBERS)
        return refuse_key(r, name, n, "there is no key ");
    if ((r->seen & 1u << i) != 0)
        return refuse_key(r, name, n, "a key is given twice: ");
    r->seen |= 1u << i;
    *out = &members[i];
    return json_take(&r->s, ':') ? NABLA_OK : refuse_syntax(r, "a colon");
}

static enum nabla_status read_member(struct reader *r)
{
    const struct member *m;
    enum nabla_status status = find_member(r, &m);
    if (status != NABLA_OK)
        return status;
    if (m->read != read_f && json_word(&r->s, "null"))
        return NABLA_OK;
    return m->read(r);
}

static enum nabla_status read_object(struct reader *r)
{
    json_space(&r->s);
    if (!json_take(&r->s, '{'))
        return refuse_syntax(r, "an object ({\"f\": ...})");
    if (!json_take(&r->s, '}')) {
        do {
            enum nabla_status status = read_member(r);
            if (status != NABLA_OK)
                return status;
        } while (json_take(&r->s, ','));
        if (!json_take(&r->s, '}'))
            return refuse_syntax(r, "a comma or }");
    }
    if (r->s.p != r->s.end)
        return refuse_syntax(r, "nothing more");
    if ((r->seen & SEEN_F) == 0) {
        buf_text(r->why, "f is missing");
        return NABLA_EINVAL;
    }
    return NABLA_OK;
}

/* Doubles to floats, where they are. */
static void narrow(struct nested *f)
{
    for (int64_t i = 0; i < f->count; i++) {
        float v = (float)nested_numbers(f)[i];
        memcpy(f->numbers.at + (size_t)i * sizeof v, &v, sizeof v);
    }
    f->numbers.n /= 2;
}

enum nabla_status gradient_body_read(const char *body, size_t n, const struct nested_limits *limits,
                                     struct gradient_ask *out, struct buf *why)
{
    struct gradient_ask ask = {.dtype = NABLA_FLOAT64};
    body = body == NULL ? "" : body; /* NULL has no end, not even at itself */
    struct reader r = {.s = {body, body + n}, .limits = limits, .ask = &ask, .why = why};
    gradient_manner_init(&ask.manner);
    enum nabla_status status = read_object(&r);
    if (status == NABLA_EINVAL)
        buf_printf(why, " (byte %zu of the body)", (size_t)(r.s.p - body));
    if (status != NABLA_OK) {
        gradient_ask_fini(&ask);
        return status;
    }
    if (ask.dtype == NABLA_FLOAT32)
        narrow(&ask.f);
    *out = ask;
    return NABLA_OK;
}
