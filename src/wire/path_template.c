/* wire/path_template.c -- dotted paths cut into parts, each to the word of a template that stands in its place.
 *
 *     filter    plant   *       temperature  *
 *     path      plant . p3    . temperature . s17
 *     words     SKIP    LABEL   MEASUREMENT   LABEL
 *
 * Called once for a key never seen before: every template is tried in turn, and costs its filter's first part.
 * Laws: any bytes at all are a path; a template that does not match leaves no trace (test_path_template.c).
 * Elsewhere: tags behind a path (wire/key.c), order and lengths of labels (series/labels.c). */
#include "wire/path_template.h"

#include <stdlib.h>
#include <string.h>

enum word_type { WORD_SKIP, WORD_MEASUREMENT, WORD_FIELD, WORD_LABEL };

/* A piece of a template's text. */
struct piece {
    uint16_t at, n;
};

struct word {
    uint8_t type; /* enum word_type */
    struct piece name;
};

struct path_template {
    char text[PATH_TEMPLATE_MAX];
    struct piece filter[PATH_PARTS_MAX];
    struct word words[PATH_PARTS_MAX];
    struct piece labels; /* name=value,...; read again each time */
    uint8_t filter_n, words_n;
    bool greedy; /* the last word takes all parts that are left */
};

struct slice {
    const char *at;
    size_t n;
};

/* ---- reading one */

static enum nabla_status fail(struct path_template_fault *fault, size_t offset, const char *message)
{
    *fault = (struct path_template_fault){offset, message};
    return NABLA_EINVAL;
}

static bool is_text(const struct path_template *t, struct piece p, const char *text)
{
    return strlen(text) == p.n && memcmp(t->text + p.at, text, p.n) == 0;
}

static bool is_word_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static bool is_label_name(const struct path_template *t, struct piece p)
{
    for (uint16_t i = 0; i < p.n; i++)
        if (!is_word_byte(t->text[p.at + i], i == 0))
            return false;
    return p.n > 0 && !is_text(t, p, LABEL_METRIC);
}

/* The piece from `from` up to the next `separator`, or to the end. */
static struct piece cut(const struct path_template *t, size_t from, size_t end, char separator)
{
    const char *p = memchr(t->text + from, separator, end - from);
    size_t n = p == NULL ? end - from : (size_t)(p - t->text) - from;
    return (struct piece){(uint16_t)from, (uint16_t)n};
}

static enum nabla_status read_filter(struct path_template *t, struct piece whole,
                                     struct path_template_fault *fault)
{
    size_t at = whole.at, end = (size_t)whole.at + whole.n;
    for (;; at++) {
        struct piece part = cut(t, at, end, '.');
        if (t->filter_n == PATH_PARTS_MAX)
            return fail(fault, at, "more than 32 parts");
        if (part.n == 0)
            return fail(fault, at, "a part of the filter is empty; * is any one part");
        t->filter[t->filter_n++] = part;
        at += part.n;
        if (at == end)
            return NABLA_OK;
    }
}

static enum nabla_status read_word(struct path_template *t, struct piece p, bool last,
                                   struct path_template_fault *fault)
{
    struct word w = {.type = WORD_LABEL, .name = p};
    if (p.n > 1 && t->text[p.at + p.n - 1] == '*') {
        t->greedy = true;
        w.name.n--;
    }
    if (p.n == 0)
        w.type = WORD_SKIP;
    else if (is_text(t, w.name, "measurement"))
        w.type = WORD_MEASUREMENT;
    else if (is_text(t, w.name, "field"))
        w.type = WORD_FIELD;
    else if (t->greedy)
        return fail(fault, p.at, "only measurement* and field* take all parts that are left");
    else if (!is_label_name(t, p))
        return fail(fault, p.at, "not a label's name: letters, digits and _, no digit first");
    if (t->greedy && !last)
        return fail(fault, p.at, "measurement* and field* can only be the last word");
    t->words[t->words_n++] = w;
    return NABLA_OK;
}

static enum nabla_status read_words(struct path_template *t, struct piece whole,
                                    struct path_template_fault *fault)
{
    size_t at = whole.at, end = (size_t)whole.at + whole.n;
    bool named = false;
    for (;; at++) {
        struct piece word = cut(t, at, end, '.');
        if (t->words_n == PATH_PARTS_MAX)
            return fail(fault, at, "more than 32 parts");
        enum nabla_status status = read_word(t, word, at + word.n == end, fault);
        if (status != NABLA_OK)
            return status;
        named |= t->words[t->words_n - 1].type == WORD_MEASUREMENT;
        at += word.n;
        if (at == end)
            break;
    }
    if (!named)
        return fail(fault, whole.at, "no word of the template is measurement");
    if (t->filter_n > t->words_n && !t->greedy)
        return fail(fault, whole.at, "the template has fewer parts than the filter");
    return NABLA_OK;
}

static enum nabla_status read_labels(struct path_template *t, struct piece whole,
                                     struct path_template_fault *fault)
{
    size_t at = whole.at, end = (size_t)whole.at + whole.n;
    t->labels = whole;
    for (;; at++) {
        struct piece pair = cut(t, at, end, ','), name = cut(t, at, at + pair.n, '=');
        if (name.n == pair.n)
            return fail(fault, at, "a label without a =");
        if (!is_label_name(t, name))
            return fail(fault, at, "not a label's name: letters, digits and _, no digit first");
        if (name.n + 1 == pair.n)
            return fail(fault, at, "a label without a value");
        at += pair.n;
        if (at == end)
            return NABLA_OK;
    }
}

/* Words between blanks; one more than there may be, if there are. */
static uint32_t split(const struct path_template *t, size_t n, struct piece out[static 4])
{
    uint32_t count = 0;
    for (size_t at = 0; at < n && count < 4;) {
        size_t used = 0;
        while (at + used < n && t->text[at + used] != ' ' && t->text[at + used] != '\t')
            used++;
        if (used > 0)
            out[count++] = (struct piece){(uint16_t)at, (uint16_t)used};
        at += used + 1;
    }
    return count;
}

static enum nabla_status read_template(struct path_template *t, const char *text, size_t n,
                                       struct path_template_fault *fault)
{
    struct piece p[4];
    if (n > PATH_TEMPLATE_MAX)
        return fail(fault, PATH_TEMPLATE_MAX, "longer than 512 bytes");
    memset(t, 0, sizeof *t);
    memcpy(t->text, text, n);
    uint32_t count = split(t, n, p), at = 0;
    if (count == 0)
        return fail(fault, 0, "there is no template");
    if (count > 3)
        return fail(fault, p[3].at, "more than a filter, a template and labels");
    bool labels = count == 3 || (count == 2 && memchr(t->text + p[1].at, '=', p[1].n) != NULL);
    bool filter = count > 1u + labels;
    enum nabla_status status = filter ? read_filter(t, p[at++], fault) : NABLA_OK;
    if (status == NABLA_OK)
        status = read_words(t, p[at++], fault);
    return status == NABLA_OK && labels ? read_labels(t, p[at], fault) : status;
}

enum nabla_status path_templates_add(struct path_templates *t, const char *text, size_t n,
                                     struct path_template_fault *fault)
{
    struct path_template one;
    if (t->n == PATH_TEMPLATES_MAX)
        return NABLA_ELIMIT;
    enum nabla_status status = read_template(&one, text, n, fault);
    if (status != NABLA_OK)
        return status;
    struct path_template *at = realloc(t->at, (t->n + 1) * sizeof *at);
    if (at == NULL)
        return NABLA_ENOMEM;
    t->at = at;
    t->at[t->n++] = one;
    return NABLA_OK;
}

/* FNV-1a over the texts, zeros behind each included. */
uint64_t path_templates_print(const struct path_templates *t)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (uint32_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < sizeof t->at[i].text; k++)
            h = (h ^ (unsigned char)t->at[i].text[k]) * UINT64_C(1099511628211);
    return h;
}

void path_templates_fini(struct path_templates *t)
{
    free(t->at);
    *t = (struct path_templates){0};
}

/* ---- a path */

/* Whether part is what f means, in which each star is any text: the last star takes a byte more whenever what
 * follows it does not fit. */
static bool glob(const char *f, size_t f_n, struct slice part)
{
    size_t i = 0, k = 0, star = SIZE_MAX, taken = 0;
    while (k < part.n) {
        if (i < f_n && f[i] == '*') {
            star = i++;
            taken = k;
        } else if (i < f_n && f[i] == part.at[k]) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++taken;
        } else {
            return false;
        }
    }
    while (i < f_n && f[i] == '*')
        i++;
    return i == f_n;
}

struct path {
    struct slice parts[PATH_PARTS_MAX];
    uint32_t n;
};

/* False if it has more parts than any template. */
static bool split_path(const char *path, size_t n, struct path *out)
{
    const char *p = path, *end = path + n, *dot;
    for (out->n = 0; out->n < PATH_PARTS_MAX; p = dot + 1) {
        dot = memchr(p, '.', (size_t)(end - p));
        const char *stop = dot == NULL ? end : dot;
        out->parts[out->n++] = (struct slice){p, (size_t)(stop - p)};
        if (dot == NULL)
            return true;
    }
    return false;
}

static bool matches(const struct path_template *t, const struct path *path)
{
    if (t->greedy ? path->n < t->words_n : path->n != t->words_n)
        return false;
    if (path->n < t->filter_n)
        return false;
    for (uint32_t i = 0; i < t->filter_n; i++)
        if (!glob(t->text + t->filter[i].at, t->filter[i].n, path->parts[i]))
            return false;
    return true;
}

/* ---- what comes of it */

/* Text that grows at the end of list->text; a fault is remembered. */
struct growing {
    struct label_list *list;
    uint32_t start;
    bool full;
};

static struct growing begin(struct label_list *list)
{
    return (struct growing){.list = list, .start = list->text_n};
}

static void put(struct growing *g, const char *at, size_t n)
{
    struct label_list *list = g->list;
    g->full |= n > sizeof list->text - list->text_n;
    if (g->full)
        return;
    memcpy(list->text + list->text_n, at, n);
    list->text_n += (uint32_t)n;
}

static struct slice grown(const struct growing *g)
{
    return (struct slice){g->list->text + g->start, g->list->text_n - g->start};
}

static bool add(struct label_list *list, struct slice name, struct slice value)
{
    if (list->n == LABELS_MAX)
        return false;
    list->at[list->n++] = (struct label){.name = name.at,
                                         .value = value.at,
                                         .name_n = (uint32_t)name.n,
                                         .value_n = (uint32_t)value.n};
    return true;
}

static bool same_word(const struct path_template *t, const struct word *a, const struct word *b)
{
    return a->type == b->type && a->name.n == b->name.n &&
           memcmp(t->text + a->name.at, t->text + b->name.at, a->name.n) == 0;
}

/* The parts of all words like w, joined by '_'. */
static void put_parts(struct growing *g, const struct path_template *t, const struct path *path,
                      const struct word *w)
{
    for (uint32_t i = 0; i < path->n; i++) {
        if (!same_word(t, &t->words[i < t->words_n ? i : t->words_n - 1u], w))
            continue;
        if (g->list->text_n > g->start)
            put(g, "_", 1);
        put(g, path->parts[i].at, path->parts[i].n);
    }
}

static bool add_metric(const struct path_template *t, const struct path *path, const char *ending,
                       struct label_list *out)
{
    struct growing g = begin(out);
    for (enum word_type type = WORD_MEASUREMENT; type <= WORD_FIELD; type++)
        for (uint32_t i = 0; i < t->words_n; i++)
            if (t->words[i].type == type) {
                put_parts(&g, t, path, &t->words[i]);
                break;
            }
    put(&g, ending, strlen(ending));
    return !g.full && add(out, (struct slice){LABEL_METRIC, sizeof LABEL_METRIC - 1}, grown(&g));
}

static bool is_first(const struct path_template *t, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (same_word(t, &t->words[k], &t->words[i]))
            return false;
    return true;
}

/* Names are copied: the templates may be gone before the labels are. */
static bool add_labels(const struct path_template *t, const struct path *path,
                       struct label_list *out)
{
    for (uint32_t i = 0; i < t->words_n; i++) {
        if (t->words[i].type != WORD_LABEL || !is_first(t, i))
            continue;
        struct growing name = begin(out);
        put(&name, t->text + t->words[i].name.at, t->words[i].name.n);
        struct slice label = grown(&name);
        struct growing value = begin(out);
        put_parts(&value, t, path, &t->words[i]);
        if (name.full || value.full || !add(out, label, grown(&value)))
            return false;
    }
    return true;
}

static bool add_extra_labels(const struct path_template *t, struct label_list *out)
{
    struct growing all = begin(out);
    put(&all, t->text + t->labels.at, t->labels.n);
    const char *p = out->text + all.start, *end = p + t->labels.n;
    while (!all.full && p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p)), *equals;
        comma = comma == NULL ? end : comma;
        equals = memchr(p, '=', (size_t)(comma - p));
        if (!add(out, (struct slice){p, (size_t)(equals - p)},
                 (struct slice){equals + 1, (size_t)(comma - equals - 1)}))
            return false;
        p = comma + 1;
    }
    return !all.full;
}

enum nabla_status path_templates_apply(const struct path_templates *t, const char *path, size_t n,
                                       const char *ending, struct label_list *out, bool *matched)
{
    struct path parts;
    *matched = false;
    if (t == NULL || t->n == 0 || !split_path(path, n, &parts))
        return NABLA_OK;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct path_template *one = &t->at[i];
        if (!matches(one, &parts))
            continue;
        *matched = true;
        bool fits = add_metric(one, &parts, ending, out) && add_labels(one, &parts, out) &&
                    add_extra_labels(one, out);
        return fits ? NABLA_OK : NABLA_ELIMIT;
    }
    return NABLA_OK;
}
