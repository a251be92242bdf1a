/* rooms: state */
/* A segment of the journal: whatever it holds, the reader ends, and gives only what has both sums. The bytes are
 * read as they are, and once more as bodies of entries that are right, one of which is damaged. */
#include "state/journal_read.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 3 };

static unsigned read_all(const char *at, size_t n)
{
    struct journal_reader r;
    struct journal_entry e;
    size_t skipped, passed = 0;
    unsigned entries = 0;
    if (journal_read_begin(&r, at, n) != NABLA_OK)
        return 0;
    for (enum journal_found f; (f = journal_read_next(&r, &e, &skipped)) != JOURNAL_END;) {
        entries += f == JOURNAL_ENTRY;
        if (f == JOURNAL_ENTRY && (e.body < at || e.body + e.n > at + n))
            abort();
        if (r.pos <= passed || r.pos > n)
            abort();
        passed = r.pos;
    }
    return entries;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)read_all((const char *)data, size);
    if (size < 4)
        return 0;
    size_t each = JOURNAL_ENTRY_HEAD + size, n = JOURNAL_HEAD + ENTRIES * each;
    char *at = malloc(n);
    if (at == NULL)
        abort();
    struct journal_entry e = {
        .kind = JOURNAL_LINES, .body = (const char *)data, .n = (uint32_t)size};
    journal_head_write(at, 1, 1, 1);
    for (size_t i = 0; i < ENTRIES; i++) {
        journal_entry_head_write(at + JOURNAL_HEAD + i * each, &e, 1);
        memcpy(at + JOURNAL_HEAD + i * each + JOURNAL_ENTRY_HEAD, data, size);
    }
    if (read_all(at, n) != ENTRIES)
        abort();
    size_t hit = (size_t)(data[0] | data[1] << 8 | data[2] << 16) % (ENTRIES * each);
    at[JOURNAL_HEAD + hit] ^= (char)(data[3] | 1);
    if (read_all(at, n) != ENTRIES - 1)
        abort();
    free(at);
    return 0;
}
