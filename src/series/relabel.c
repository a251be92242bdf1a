/* series/relabel.c -- rules, one after the other, on a line's labels.
 *
 *     labels ──► base, sorted | added ──rule──► ... ──► sorted, packed
 *                  what the line came with, then what rules set, in the order in which they did
 *
 * The order is Prometheus' own: labelmap goes by it when two labels come to one name. A label set to
 * nothing is gone. Each rule remembers the last source it saw and what came of it, since lines come by
 * metric: what is made of a name is worked out once a metric.
 * Laws: what is kept has a valid name, valid labels, each once and none empty. */
#include "series/relabel.h"

#include "base/exposed.h"
#include "base/md5.h"
#include "base/number.h"
#include "series/selector.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMO_MAX = 256 }; /* bytes of a source, and of what came of it */

struct text {
    char *at; /* owned */
    size_t n;
};

struct rule {
    enum relabel_action action;
    struct text sources[RELABEL_SOURCES_MAX];
    uint32_t sources_n;
    struct text separator, target, replacement;
    uint64_t modulus;
    pcre2_code *code; /* NULL: (.*), which matches anything */
    bool plain;       /* the replacement is $1, and the expression (.*) */
    struct memo {
        bool known, matched;
        uint32_t source_n, target_n, value_n;
        char source[MEMO_MAX], target[MEMO_MAX], value[MEMO_MAX];
    } memo;
};

struct relabel {
    struct rule *at; /* owned */
    uint32_t n;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

/* ---- rules as they are written */

static const char *const actions[] = {"replace",   "keep",      "drop",     "keepequal",
                                      "dropequal", "hashmod",   "labelmap", "labeldrop",
                                      "labelkeep", "lowercase", "uppercase"};
_Static_assert(sizeof actions / sizeof *actions == RELABEL_ACTIONS, "each has its word");

bool relabel_action_find(const char *word, enum relabel_action *out)
{
    for (unsigned i = 0; i < RELABEL_ACTIONS; i++)
        if (strcmp(word, actions[i]) == 0) {
            *out = (enum relabel_action)i;
            return true;
        }
    return false;
}

static bool is_word_char(char c)
{
    return exposed_holds(c, false);
}

/* ${name} or $name at p; its length, 0 if there is none. *name is what stands in it. */
static size_t variable(const char *p, size_t n, const char **name, size_t *name_n)
{
    bool brace = n > 1 && p[1] == '{';
    size_t start = brace ? 2 : 1, end = start;
    while (end < n && is_word_char(p[end]))
        end++;
    if (end == start || (brace && (end == n || p[end] != '}')))
        return 0;
    *name = p + start;
    *name_n = end - start;
    return end + brace;
}

/* A label's name in which variables may stand: each part begins with a letter, _ or a variable. */
static bool is_target(const char *text)
{
    size_t n = strlen(text), name_n;
    const char *name;
    bool begun = false;
    for (size_t i = 0; i < n;) {
        size_t used = text[i] == '$' ? variable(text + i, n - i, &name, &name_n) : 0;
        if (used == 0 && (!is_word_char(text[i]) || (!begun && text[i] >= '0' && text[i] <= '9')))
            return false;
        i += used == 0 ? 1 : used;
        begun = true;
    }
    return begun;
}

static bool refuse(char why[static RELABEL_WHY_MAX], const char *format, const char *a)
{
    snprintf(why, RELABEL_WHY_MAX, format, a);
    return false;
}

static bool is_one_of(enum relabel_action a, unsigned set)
{
    return (set & 1U << a) != 0;
}

/* As Prometheus judges what goes together. */
static bool is_coherent(const struct relabel_text *t, char why[static RELABEL_WHY_MAX])
{
    const unsigned equal = 1U << RELABEL_KEEPEQUAL | 1U << RELABEL_DROPEQUAL,
                   cases = 1U << RELABEL_LOWERCASE | 1U << RELABEL_UPPERCASE,
                   names = 1U << RELABEL_LABELDROP | 1U << RELABEL_LABELKEEP,
                   wants_target = equal | cases | 1U << RELABEL_REPLACE | 1U << RELABEL_HASHMOD;
    const char *word = actions[t->action];
    if (is_one_of(t->action, wants_target) && t->target == NULL)
        return refuse(why, "action %s needs target_label", word);
    if (t->action == RELABEL_HASHMOD && t->modulus == 0)
        return refuse(why, "action %s needs a modulus above 0", word);
    if (t->target != NULL && is_one_of(t->action, cases | 1U << RELABEL_REPLACE) &&
        !is_target(t->target))
        return refuse(why, "target_label \"%.128s\" is no label's name", t->target);
    if (t->target != NULL && is_one_of(t->action, equal | 1U << RELABEL_HASHMOD) &&
        !exposed_is_clean(t->target, strlen(t->target)))
        return refuse(why, "target_label \"%.128s\" is no label's name", t->target);
    if (is_one_of(t->action, equal | cases) && t->replacement != NULL)
        return refuse(why, "action %s takes no replacement", word);
    if (is_one_of(t->action, equal) &&
        (t->regex != NULL || t->modulus != 0 || t->separator != NULL))
        return refuse(why, "action %s takes only source_labels and target_label", word);
    if (is_one_of(t->action, names) && (t->sources_n > 0 || t->target != NULL || t->modulus != 0 ||
                                        t->separator != NULL || t->replacement != NULL))
        return refuse(why, "action %s takes only regex", word);
    if (t->action == RELABEL_LABELMAP && t->replacement != NULL && !is_target(t->replacement))
        return refuse(why, "replacement \"%.128s\" makes no label's name", t->replacement);
    for (uint32_t i = 0; i < t->sources_n; i++)
        if (!exposed_is_clean(t->sources[i], strlen(t->sources[i])))
            return refuse(why, "source_labels: \"%.128s\" is no label's name", t->sources[i]);
    return true;
}

static bool copy_text(struct text *out, const char *text)
{
    out->n = strlen(text);
    out->at = strdup(text);
    return out->at != NULL;
}

static enum nabla_status compile(struct rule *x, const char *regex,
                                 char why[static RELABEL_WHY_MAX])
{
    static const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
                                    PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    int error;
    size_t at;
    PCRE2_UCHAR message[RELABEL_WHY_MAX / 2];
    x->code = pcre2_compile((PCRE2_SPTR)regex, strlen(regex), options, &error, &at, NULL);
    if (x->code == NULL) {
        pcre2_get_error_message(error, message, sizeof message);
        snprintf(why, RELABEL_WHY_MAX, "bad regular expression, at byte %zu: %s", at,
                 (const char *)message);
        return error == PCRE2_ERROR_HEAP_FAILED ? NABLA_ENOMEM : NABLA_EINVAL;
    }
    int jit = pcre2_jit_compile(x->code, PCRE2_JIT_COMPLETE);
    (void)jit; /* refused: the interpreter runs it */
    return NABLA_OK;
}

static void free_rule(struct rule *x)
{
    for (uint32_t i = 0; i < x->sources_n; i++)
        free(x->sources[i].at);
    free(x->separator.at);
    free(x->target.at);
    free(x->replacement.at);
    pcre2_code_free(x->code);
}

static enum nabla_status fill(struct rule *x, const struct relabel_text *t,
                              char why[static RELABEL_WHY_MAX])
{
    bool any = t->regex == NULL || strcmp(t->regex, "(.*)") == 0;
    bool good = copy_text(&x->separator, t->separator != NULL ? t->separator : ";") &&
                copy_text(&x->target, t->target != NULL ? t->target : "") &&
                copy_text(&x->replacement, t->replacement != NULL ? t->replacement : "$1");
    x->action = t->action;
    x->modulus = t->modulus;
    x->plain = any && strcmp(x->replacement.at != NULL ? x->replacement.at : "", "$1") == 0 &&
               t->target != NULL && strchr(t->target, '$') == NULL;
    for (; good && x->sources_n < t->sources_n; x->sources_n++)
        good = copy_text(&x->sources[x->sources_n], t->sources[x->sources_n]);
    return !good ? NABLA_ENOMEM : compile(x, any ? "(.*)" : t->regex, why);
}

enum nabla_status relabel_new(struct relabel **out)
{
    struct relabel *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    r->data = pcre2_match_data_create(64, NULL);
    r->context = pcre2_match_context_create(NULL);
    if (r->data == NULL || r->context == NULL) {
        relabel_free(r);
        return NABLA_ENOMEM;
    }
    pcre2_set_match_limit(r->context, SELECTOR_MATCH_LIMIT);
    pcre2_set_depth_limit(r->context, SELECTOR_DEPTH_LIMIT);
    *out = r;
    return NABLA_OK;
}

void relabel_free(struct relabel *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->n; i++)
        free_rule(&r->at[i]);
    free(r->at);
    pcre2_match_data_free(r->data);
    pcre2_match_context_free(r->context);
    free(r);
}

enum nabla_status relabel_add(struct relabel *r, const struct relabel_text *text,
                              char why[static RELABEL_WHY_MAX])
{
    struct rule x = {.action = text->action};
    if (!is_coherent(text, why))
        return NABLA_EINVAL;
    struct rule *at = realloc(r->at, (r->n + 1) * sizeof *at);
    if (at == NULL)
        return NABLA_ENOMEM;
    r->at = at;
    enum nabla_status status = fill(&x, text, why);
    if (status == NABLA_OK)
        r->at[r->n++] = x;
    else
        free_rule(&x);
    return status;
}

uint32_t relabel_count(const struct relabel *r)
{
    return r == NULL ? 0 : r->n;
}

/* ---- a line on its way */

struct line {
    struct label at[RELABEL_LABELS_MAX];
    bool added[RELABEL_LABELS_MAX];
    uint32_t n;
    bool over; /* it became too large */
    size_t used;
    char room[RELABEL_BYTES_MAX];
};

static struct label *find(struct line *l, const char *name, size_t n)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->at[i].name_n == n && memcmp(l->at[i].name, name, n) == 0)
            return &l->at[i];
    return NULL;
}

static void remove_at(struct line *l, uint32_t i)
{
    memmove(l->at + i, l->at + i + 1, (l->n - i - 1) * sizeof *l->at);
    memmove(l->added + i, l->added + i + 1, (l->n - i - 1) * sizeof *l->added);
    l->n--;
}

/* Bytes that stay for as long as the line. */
static const char *keep_text(struct line *l, const char *text, size_t n)
{
    l->over |= n > RELABEL_TEXT_MAX || n > sizeof l->room - l->used;
    if (l->over)
        return NULL;
    char *out = memcpy(l->room + l->used, text, n);
    l->used += n;
    return out;
}

/* value stays for as long as the line. */
static void set(struct line *l, const char *name, size_t name_n, const char *value, size_t value_n)
{
    struct label *old = find(l, name, name_n);
    if (old != NULL && value_n > 0 && l->added[old - l->at]) {
        old->value = value;
        old->value_n = (uint32_t)value_n;
        return;
    }
    if (old != NULL)
        remove_at(l, (uint32_t)(old - l->at));
    if (value_n == 0)
        return;
    name = keep_text(l, name, name_n);
    l->over |= l->n == RELABEL_LABELS_MAX;
    if (l->over)
        return;
    l->added[l->n] = true;
    l->at[l->n++] = (struct label){name, value, (uint32_t)name_n, (uint32_t)value_n};
}

/* ---- actions */

/* The values of the source labels, joined; in the line's room unless it is one alone. */
static struct label source_of(const struct rule *x, struct line *l)
{
    struct label out = {.value = ""};
    struct label *one = x->sources_n == 1 ? find(l, x->sources[0].at, x->sources[0].n) : NULL;
    if (x->sources_n <= 1)
        return one != NULL ? *one : out;
    out.value = l->room + l->used;
    for (uint32_t i = 0; i < x->sources_n; i++) {
        const struct label *s = find(l, x->sources[i].at, x->sources[i].n);
        size_t gap = i > 0 ? x->separator.n : 0, n = s != NULL ? s->value_n : 0;
        l->over |= gap + n > sizeof l->room - l->used;
        if (l->over)
            return (struct label){.value = ""};
        memcpy(l->room + l->used, x->separator.at, gap);
        if (n > 0)
            memcpy(l->room + l->used + gap, s->value, n);
        l->used += gap + n;
        out.value_n += (uint32_t)(gap + n);
    }
    return out;
}

static bool matches(const struct relabel *r, const struct rule *x, const char *text, size_t n)
{
    return pcre2_match(x->code, (PCRE2_SPTR)text, n, 0, 0, r->data, r->context) >= 0;
}

/* The group that a variable names, of the last match; an unknown one is empty. */
static struct label group(const struct relabel *r, const struct rule *x, const char *text,
                          const char *name, size_t name_n)
{
    const size_t *at = pcre2_get_ovector_pointer(r->data);
    char word[64];
    uint64_t number = 0;
    size_t used = number_read_u64(name, name_n, &number);
    if (used != name_n) {
        snprintf(word, sizeof word, "%.*s", (int)name_n, name);
        int found = pcre2_substring_number_from_name(x->code, (PCRE2_SPTR)word);
        number = found > 0 && name_n < sizeof word ? (uint64_t)found : UINT64_MAX;
    }
    if (number >= pcre2_get_ovector_count(r->data) || at[2 * number] == PCRE2_UNSET)
        return (struct label){.value = ""};
    return (struct label){.value = text + at[2 * number],
                          .value_n = (uint32_t)(at[2 * number + 1] - at[2 * number])};
}

/* A template with the groups of the last match of text, into the line's room. */
static struct label expand(const struct relabel *r, const struct rule *x,
                           const struct text *template, const char *text, struct line *l)
{
    struct label out = {.value = l->room + l->used};
    const char *name;
    size_t name_n;
    for (size_t i = 0; i < template->n && !l->over;) {
        const char *p = template->at + i;
        struct label part = {.value = p, .value_n = 1};
        size_t left = template->n - i;
        size_t used = *p == '$' ? variable(p, left, &name, &name_n) : 0;
        if (used > 0)
            part = group(r, x, text, name, name_n);
        else
            used = *p == '$' && left > 1 && p[1] == '$' ? 2 : 1;
        out.value_n += keep_text(l, part.value, part.value_n) != NULL ? part.value_n : 0;
        i += used;
    }
    l->over |= out.value_n > RELABEL_TEXT_MAX;
    return out;
}

static void remember(struct rule *x, const struct label *source, bool matched,
                     const struct label *target, const struct label *value)
{
    struct memo *m = &x->memo;
    m->known =
        source->value_n <= MEMO_MAX && target->value_n <= MEMO_MAX && value->value_n <= MEMO_MAX;
    if (!m->known)
        return;
    m->matched = matched;
    m->source_n = source->value_n;
    m->target_n = target->value_n;
    m->value_n = value->value_n;
    memcpy(m->source, source->value, source->value_n);
    memcpy(m->target, target->value, target->value_n);
    memcpy(m->value, value->value, value->value_n);
}

static bool is_remembered(const struct rule *x, const struct label *source)
{
    return x->memo.known && x->memo.source_n == source->value_n &&
           memcmp(x->memo.source, source->value, source->value_n) == 0;
}

static bool source_matches(const struct relabel *r, struct rule *x, const struct label *source)
{
    struct label none = {.value = ""};
    if (is_remembered(x, source))
        return x->memo.matched;
    bool matched = matches(r, x, source->value, source->value_n);
    remember(x, source, matched, &none, &none);
    return matched;
}

static void apply_target(const struct rule *x, struct line *l, const struct label *target,
                         const struct label *value)
{
    if (exposed_is_clean(target->value, target->value_n))
        set(l, target->value, target->value_n, value->value, value->value_n);
    else
        set(l, x->target.at, x->target.n, "", 0); /* as Prometheus does with a name that is none */
}

static void replace(const struct relabel *r, struct rule *x, struct line *l,
                    const struct label *source)
{
    struct label target = {.value = x->target.at, .value_n = (uint32_t)x->target.n};
    struct label value = *source;
    const struct memo *m = &x->memo;
    if (x->plain) {
        apply_target(x, l, &target, &value);
        return;
    }
    if (is_remembered(x, source)) {
        target =
            (struct label){.value = keep_text(l, m->target, m->target_n), .value_n = m->target_n};
        value = (struct label){.value = keep_text(l, m->value, m->value_n), .value_n = m->value_n};
        if (m->matched && !l->over)
            apply_target(x, l, &target, &value);
        return;
    }
    bool matched = matches(r, x, source->value, source->value_n);
    target.value_n = value.value_n = 0;
    if (matched) {
        target = expand(r, x, &x->target, source->value, l);
        value = expand(r, x, &x->replacement, source->value, l);
        if (!l->over)
            apply_target(x, l, &target, &value);
    }
    if (!l->over)
        remember(x, source, matched, &target, &value);
}

static void change_case(const struct rule *x, struct line *l, const struct label *source,
                        bool upper)
{
    char *out = l->room + l->used;
    if (keep_text(l, source->value, source->value_n) == NULL)
        return;
    for (uint32_t i = 0; i < source->value_n; i++) {
        bool letter = upper ? out[i] >= 'a' && out[i] <= 'z' : out[i] >= 'A' && out[i] <= 'Z';
        out[i] = (char)(out[i] ^ (letter ? 0x20 : 0));
    }
    set(l, x->target.at, x->target.n, out, source->value_n);
}

static void hashmod(const struct rule *x, struct line *l, const struct label *source)
{
    char text[NUMBER_TEXT_MAX];
    size_t n = number_write_u64(text, md5_last64(source->value, source->value_n) % x->modulus);
    const char *kept = keep_text(l, text, n);
    if (kept != NULL)
        set(l, x->target.at, x->target.n, kept, n);
}

/* Goes by the labels as they were when the rule began. */
static void map_names(const struct relabel *r, const struct rule *x, struct line *l)
{
    struct label before[RELABEL_LABELS_MAX];
    uint32_t n = l->n;
    memcpy(before, l->at, n * sizeof *before);
    for (uint32_t i = 0; i < n && !l->over; i++)
        if (matches(r, x, before[i].name, before[i].name_n)) {
            struct label name = expand(r, x, &x->replacement, before[i].name, l);
            if (!l->over)
                set(l, name.value, name.value_n, before[i].value, before[i].value_n);
        }
}

static void choose_names(const struct relabel *r, const struct rule *x, struct line *l, bool keep)
{
    for (uint32_t i = 0; i < l->n;)
        if (matches(r, x, l->at[i].name, l->at[i].name_n) != keep)
            remove_at(l, i);
        else
            i++;
}

static bool equals_target(const struct rule *x, struct line *l, const struct label *source)
{
    const struct label *t = find(l, x->target.at, x->target.n);
    uint32_t n = t != NULL ? t->value_n : 0;
    return n == source->value_n && (n == 0 || memcmp(t->value, source->value, n) == 0);
}

/* False: the line is dropped. */
static bool apply(const struct relabel *r, struct rule *x, struct line *l)
{
    struct label source = source_of(x, l);
    switch (x->action) {
    case RELABEL_KEEP: return source_matches(r, x, &source);
    case RELABEL_DROP: return !source_matches(r, x, &source);
    case RELABEL_KEEPEQUAL: return equals_target(x, l, &source);
    case RELABEL_DROPEQUAL: return !equals_target(x, l, &source);
    case RELABEL_REPLACE: replace(r, x, l, &source); return true;
    case RELABEL_HASHMOD: hashmod(x, l, &source); return true;
    case RELABEL_LABELMAP: map_names(r, x, l); return true;
    case RELABEL_LABELDROP: choose_names(r, x, l, false); return true;
    case RELABEL_LABELKEEP: choose_names(r, x, l, true); return true;
    default: change_case(x, l, &source, x->action == RELABEL_UPPERCASE); return true;
    }
}

/* ---- in and out */

static int by_name(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    uint32_t n = x->name_n < y->name_n ? x->name_n : y->name_n;
    int by = memcmp(x->name, y->name, n);
    return by != 0 ? by : (x->name_n > y->name_n) - (x->name_n < y->name_n);
}

static void load(struct line *l, const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    l->n = 0;
    l->used = 0;
    l->over = false;
    while (l->n < RELABEL_LABELS_MAX && labelset_next(labels, &cursor, &l->at[l->n]))
        l->added[l->n++] = false;
    for (uint32_t i = 0; i + 1 < l->n && by_name(&l->at[i], &l->at[i + 1]) > 0; i++) {
        struct label metric = l->at[i]; /* it stands first in a set: to its place by name */
        l->at[i] = l->at[i + 1];
        l->at[i + 1] = metric;
    }
}

static bool is_metric(const struct label *l)
{
    return l->name_n == sizeof LABEL_METRIC - 1 && memcmp(l->name, LABEL_METRIC, l->name_n) == 0;
}

static bool is_valid_metric(const struct label *l)
{
    for (uint32_t i = 0; i < l->value_n; i++)
        if (!exposed_holds(l->value[i], true))
            return false;
    return l->value_n > 0 && !(l->value[0] >= '0' && l->value[0] <= '9');
}

static enum relabel_fate unload(struct line *l, struct labelset *out, size_t bytes)
{
    struct labelset_writer w;
    struct label *metric = find(l, LABEL_METRIC, sizeof LABEL_METRIC - 1);
    if (metric == NULL || !is_valid_metric(metric))
        return RELABEL_INVALID;
    if (l->n > LABELS_MAX || labelset_size(l->at, l->n) > bytes)
        return RELABEL_TOO_LARGE;
    struct label first = *metric;
    qsort(l->at, l->n, sizeof *l->at, by_name);
    labelset_begin(&w, out);
    labelset_add(&w, &first);
    for (uint32_t i = 0; i < l->n; i++) {
        if (is_metric(&l->at[i]))
            continue;
        if (!exposed_is_clean(l->at[i].name, l->at[i].name_n))
            return RELABEL_INVALID;
        labelset_add(&w, &l->at[i]);
    }
    labelset_end(&w);
    return RELABEL_KEPT;
}

enum relabel_fate relabel_apply(struct relabel *r, const struct labelset *labels,
                                struct labelset *out, size_t bytes)
{
    struct line l;
    load(&l, labels);
    for (uint32_t i = 0; i < r->n && !l.over; i++)
        if (!apply(r, &r->at[i], &l))
            return l.over ? RELABEL_TOO_LARGE : RELABEL_DROPPED;
    return l.over ? RELABEL_TOO_LARGE : unload(&l, out, bytes);
}
