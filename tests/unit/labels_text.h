/* tests/unit/labels_text.h -- labels as a line of a test's table has them: "__name__=m,a=1,b=two". */
#ifndef TESTS_LABELS_TEXT_H
#define TESTS_LABELS_TEXT_H

#include "base/labelset.h"

#include <stdio.h>
#include <string.h>

/* In the order of the text; no value holds a comma. */
static inline void labels_of_text(const char *text, struct labelset *out)
{
    struct labelset_writer w;
    labelset_begin(&w, out);
    while (*text != '\0') {
        size_t name_n = strcspn(text, "="), value_n = strcspn(text + name_n + 1, ",");
        labelset_add(&w,
                     &(struct label){text, text + name_n + 1, (uint32_t)name_n, (uint32_t)value_n});
        text += name_n + 1 + value_n;
        text += *text == ',';
    }
    labelset_end(&w);
}

/* Static: good until the next call. */
static inline const char *text_of_labels(const struct labelset *set)
{
    static char text[4 * LABELSET_MAX];
    struct label_cursor cursor = {0};
    struct label l;
    size_t n = 0;
    text[0] = '\0';
    while (labelset_next(set, &cursor, &l))
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s=%.*s", n > 0 ? "," : "",
                              (int)l.name_n, l.name, (int)l.value_n, l.value);
    return text;
}

#endif
