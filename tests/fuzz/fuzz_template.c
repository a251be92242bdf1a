/* rooms: rules */
/* Any bytes as a template: refused at a byte of theirs, or rendered for whatever an alert may tell, in
 * room of any size, always the same beginning. */
#include "rules/template.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const struct labelset *some_labels(void)
{
    static _Alignas(struct labelset) char room[LABELSET_MAX];
    static const struct label labels[] = {
        {"__name__", "m", 8, 1}, {"a", "a b-c \xc3\xa4 \"\\\n", 1, 12}, {"n", "1e3", 1, 3}};
    struct labelset *set = (struct labelset *)room;
    require(labelset_pack(labels, 3, set) == NABLA_OK);
    return set;
}

static void render(const struct template *t, const struct template_input *in)
{
    static char whole[128 * 1024], part[128 * 1024];
    size_t n = template_render(t, in, whole, sizeof whole);
    require(n <= sizeof whole);
    for (size_t cap = 0; cap <= n; cap = cap * 3 + 1) {
        size_t some = template_render(t, in, part, cap);
        require(some <= cap && memcmp(part, whole, some) == 0);
        require(cap - some < 4); /* the beginning of a character that had no room */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const double numbers[] = {0, 1.5, -1e300, 1e-300, 1700000000, INFINITY, -INFINITY, NAN};
    struct template *t = NULL;
    struct text_fault fault;
    enum nabla_status status = template_new((const char *)data, n, &t, &fault);
    if (status == NABLA_EINVAL) {
        require(t == NULL && fault.offset <= n && fault.message[0] != '\0');
        return 0;
    }
    for (size_t i = 0; status == NABLA_OK && i < sizeof numbers / sizeof *numbers; i++) {
        struct template_input in = {some_labels(), numbers[i], "1/s", numbers[i]};
        render(t, &in);
    }
    template_free(t);
    return 0;
}
