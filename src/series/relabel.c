/* series/relabel.c -- rules, one after the other, on a line's labels.
 *
 *     labels ──► base, sorted | added ──rule──► ... ──► sorted, packed
 *                  what the line came with, then what rules set, in the order in which they did
 *
 * The order is Prometheus' own: labelmap goes by it when two labels come to one name. A label set to
 * nothing is gone. Each rule remembers the last source it saw and what came of it, since lines come by
 * metric: what is made of a name is worked out once a metric.
 * Elsewhere: what a rule may be (relabel_rule.c).
 * Laws: what is kept has a valid name, valid labels, each once and none empty. */
#include "series/relabel_rule.h"

#include "base/exposed.h"
#include "base/md5.h"
#include "base/number.h"
#include "series/selector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct relabel {
    struct rule *at; /* owned */
    uint32_t n;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

enum nabla_status relabel_new(struct relabel **out)
{
    struct relabel *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    r->data = pcre2_match_data_create(GROUPS, NULL);
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
        relabel_rule_fini(&r->at[i]);
    free(r->at);
    pcre2_match_data_free(r->data);
    pcre2_match_context_free(r->context);
    free(r);
}

enum nabla_status relabel_add(struct relabel *r, const struct relabel_text *text,
                              char why[static RELABEL_WHY_MAX])
{
    struct rule x = {.action = text->action};
    struct rule *at = realloc(r->at, (r->n + 1) * sizeof *at);
    if (at == NULL)
        return NABLA_ENOMEM;
    r->at = at;
    enum nabla_status status = relabel_rule_init(&x, text, why);
    if (status == NABLA_OK)
        r->at[r->n++] = x;
    else
        relabel_rule_fini(&x);
    return status;
}

uint32_t relabel_count(const struct relabel *r)
{
    return r == NULL ? 0 : r->n;
}

static bool chooses(const struct rule *x)
{
    return x->action == RELABEL_KEEP || x->action == RELABEL_DROP ||
           x->action == RELABEL_KEEPEQUAL || x->action == RELABEL_DROPEQUAL;
}

bool relabel_only_chooses(const struct relabel *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (!chooses(&r->at[i]))
            return false;
    return true;
}

/* A name with a variable in it can become any. */
static bool can_be_metric(const struct text *name)
{
    return memchr(name->at, '$', name->n) != NULL || strcmp(name->at, LABEL_METRIC) == 0;
}

bool relabel_keeps_names(const struct relabel *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct rule *x = &r->at[i];
        bool names_only = x->action == RELABEL_LABELDROP || x->action == RELABEL_LABELKEEP;
        if (!chooses(x) && !names_only &&
            can_be_metric(x->action == RELABEL_LABELMAP ? &x->replacement : &x->target))
            return false;
    }
    return true;
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
    if (number > x->groups || number >= GROUPS || at[2 * number] == PCRE2_UNSET)
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
        size_t used = *p == '$' ? relabel_variable(p, left, &name, &name_n) : 0;
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

static int by_name(const struct label *x, const struct label *y)
{
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

/* By insertion: what a line came with is sorted, and rules add a few. */
static void sort(struct line *l)
{
    for (uint32_t i = 1; i < l->n; i++) {
        struct label x = l->at[i];
        uint32_t at = i;
        for (; at > 0 && by_name(&x, &l->at[at - 1]) < 0; at--)
            l->at[at] = l->at[at - 1];
        l->at[at] = x;
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
    sort(l);
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
