/* conf/faults.c -- faults by place, and how near two words are (the optimal string alignment
 * distance: Damerau 1964 with each neighbourhood edited once). */
#include "conf/faults.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool before(struct place a, struct place b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void faults_add(struct faults *f, struct place at, const char *format, ...)
{
    if (f->n == CONF_ERRORS_MAX) {
        f->more++;
        return;
    }
    size_t i = f->n++;
    for (; i > 0 && before(at, f->found[i - 1].at); i--)
        f->found[i] = f->found[i - 1];
    va_list args;
    va_start(args, format);
    vsnprintf(f->found[i].text, sizeof f->found[i].text, format, args);
    va_end(args);
    f->found[i].at = at;
}

void faults_write(const struct faults *f, const char *name, struct buf *out)
{
    for (size_t i = 0; i < f->n; i++)
        buf_printf(out, "%s:%zu:%zu: %s\n", name, f->found[i].at.line, f->found[i].at.column,
                   f->found[i].text);
    if (f->more > 0)
        buf_printf(out, "%s: and %zu more\n", name, f->more);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Rows of the table of distances: here for a[0..i], above for a[0..i-1], over for a[0..i-2]. */
struct rows {
    uint8_t over[GUESS_WORD_MAX + 1], above[GUESS_WORD_MAX + 1], here[GUESS_WORD_MAX + 1];
};

static void fill_row(struct rows *r, const char *a, size_t i, const char *b, size_t b_n)
{
    r->here[0] = (uint8_t)i;
    for (size_t j = 1; j <= b_n; j++) {
        bool same = lower(a[i - 1]) == lower(b[j - 1]);
        size_t d = least(least(r->above[j], r->here[j - 1]) + 1, r->above[j - 1] + !same);
        if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
            lower(a[i - 2]) == lower(b[j - 1]))
            d = least(d, r->over[j - 2] + 1);
        r->here[j] = (uint8_t)d;
    }
}

size_t word_distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    struct rows r = {0};
    if (a_n > GUESS_WORD_MAX || b_n > GUESS_WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_n; j++)
        r.here[j] = (uint8_t)j;
    for (size_t i = 1; i <= a_n; i++) {
        memcpy(r.over, r.above, sizeof r.over);
        memcpy(r.above, r.here, sizeof r.above);
        fill_row(&r, a, i, b, b_n);
    }
    return r.here[b_n];
}

void guess_try(struct guess *g, const char *word)
{
    size_t n = strlen(word), distance = word_distance(g->meant, g->n, word, n);
    size_t near_enough = n < 6 ? 1 : n / 3;
    if (distance > near_enough || (g->best != NULL && distance >= g->distance))
        return;
    g->best = word;
    g->distance = distance;
}
