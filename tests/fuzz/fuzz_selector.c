/* rooms: series */
/* Any bytes as a selector: refused at a byte of theirs with printable words, or matched against
 * label sets, one of which makes expressions work hard. */
#include "series/selector.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct label label_of(const char *name, const char *value)
{
    return (struct label){.name = name,
                          .name_n = (uint32_t)strlen(name),
                          .value = value,
                          .value_n = (uint32_t)strlen(value)};
}

static void match_all(const struct selector *s)
{
    static _Alignas(struct labelset) char room[LABELSET_MAX];
    static char hard[512];
    struct labelset *set = (struct labelset *)room;
    memset(hard, 'a', sizeof hard - 1);
    struct label sets[][3] = {
        {label_of("__name__", "temperature"), label_of("sensor", "s17"), label_of("site", "a")},
        {label_of("__name__", "a"), label_of("a", hard), label_of("b", "K\xc3\xb6ln\n")},
        {label_of("__name__", "m"), label_of("a", ""), label_of("b", "\xff\xc3")},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        require(labelset_pack(sets[i], 3, set) == NABLA_OK);
        bool first = selector_match(s, set);
        require(selector_match(s, set) == first); /* nothing is left over from the first time */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct selector *s = NULL;
    struct selector_fault fault;
    size_t metric_n = 0;
    enum nabla_status status = selector_new((const char *)data, n, &s, &fault);
    if (status == NABLA_EINVAL) {
        require(s == NULL && fault.offset <= n && fault.message[0] != '\0');
        for (const char *p = fault.message; *p != '\0'; p++)
            require(*p >= 0x20 && *p < 0x7f);
    } else if (status == NABLA_OK) {
        match_all(s);
        require(selector_metric(s, &metric_n) == NULL || metric_n > 0);
    }
    selector_free(s);
    return 0;
}
