/* state/journal_read.c -- a segment's bytes.
 *
 *     [head][entry][entry]~~~~~~[entry][ent
 *                         damaged      torn
 *     [head][entry][entry]~~~[entry]00000000    the disk was writing: torn, and then the end
 *
 * The header of an entry has a hash of its own, so that a damaged body does not hide what stands behind it;
 * where the header is damaged, the next one is looked for byte by byte.
 * Elsewhere: files (journal_replay.c). */
#include "state/journal_read.h"

#include <string.h>
#include <xxhash.h>

static const char segment_magic[8] = {'n', 'a', 'b', 'l', 'a', '-', 'j', '1'};
static const char entry_magic[4] = {'\xf1', 'n', 'j', '\n'};

struct segment_head {
    char magic[8];
    uint64_t number;
    int64_t wall_ns;
    uint64_t salt;
    uint64_t hash; /* of all above, unseeded */
};
_Static_assert(sizeof(struct segment_head) == JOURNAL_HEAD, "no padding");

struct entry_head {
    char magic[4];
    uint32_t n;
    uint8_t kind, format;
    uint8_t safe[6]; /* least significant first */
    int64_t precision_ns, received_ns;
    uint64_t body_hash;
    uint64_t hash; /* of all above */
};
_Static_assert(sizeof(struct entry_head) == JOURNAL_ENTRY_HEAD, "no padding");

static uint64_t hash_head(const struct entry_head *h, uint64_t salt)
{
    return XXH3_64bits_withSeed(h, offsetof(struct entry_head, hash), salt);
}

void journal_head_write(char out[static JOURNAL_HEAD], uint64_t number, int64_t wall_ns,
                        uint64_t salt)
{
    struct segment_head h = {.number = number, .wall_ns = wall_ns, .salt = salt};
    memcpy(h.magic, segment_magic, sizeof h.magic);
    h.hash = XXH3_64bits(&h, offsetof(struct segment_head, hash));
    memcpy(out, &h, sizeof h);
}

void journal_entry_head_write(char out[static JOURNAL_ENTRY_HEAD], const struct journal_entry *e,
                              uint64_t salt)
{
    struct entry_head h = {.n = e->n,
                           .kind = (uint8_t)e->kind,
                           .format = e->format,
                           .precision_ns = e->precision_ns,
                           .received_ns = e->received_ns,
                           .body_hash = XXH3_64bits_withSeed(e->body, e->n, salt)};
    memcpy(h.magic, entry_magic, sizeof h.magic);
    h.hash = hash_head(&h, salt);
    memcpy(out, &h, sizeof h);
}

void journal_entry_head_safe(char head[static JOURNAL_ENTRY_HEAD], uint64_t safe, uint64_t salt)
{
    struct entry_head h;
    memcpy(&h, head, sizeof h);
    for (size_t i = 0; i < sizeof h.safe; i++)
        h.safe[i] = (uint8_t)(safe >> 8 * i & 0xff);
    h.hash = hash_head(&h, salt);
    memcpy(head, &h, sizeof h);
}

static uint64_t safe_of(const struct entry_head *h)
{
    uint64_t safe = 0;
    for (size_t i = sizeof h->safe; i-- > 0;)
        safe = safe << 8 | h->safe[i];
    return safe;
}

/* How long it is without the zeros at its end. */
static size_t without_zeros(const char *at, size_t n)
{
    while (n > 0 && at[n - 1] == '\0')
        n--;
    return n;
}

enum nabla_status journal_read_begin(struct journal_reader *r, const char *at, size_t n)
{
    struct segment_head h;
    *r = (struct journal_reader){.at = at, .n = n};
    if (n < sizeof h || without_zeros(at, sizeof h) == 0) {
        r->n = 0;
        return NABLA_OK;
    }
    memcpy(&h, at, sizeof h);
    if (memcmp(h.magic, segment_magic, sizeof h.magic) != 0 ||
        h.hash != XXH3_64bits(&h, offsetof(struct segment_head, hash)))
        return NABLA_EINVAL;
    r->number = h.number;
    r->salt = h.salt;
    r->pos = sizeof h;
    return NABLA_OK;
}

/* Whether an entry's header stands at pos, and its body, damaged or not, before the end. */
static bool has_entry(const struct journal_reader *r, size_t pos, struct entry_head *out)
{
    if (r->n - pos < sizeof *out || memcmp(r->at + pos, entry_magic, sizeof entry_magic) != 0)
        return false;
    memcpy(out, r->at + pos, sizeof *out);
    return out->hash == hash_head(out, r->salt) && r->n - pos - sizeof *out >= out->n;
}

/* The next entry's header at pos or behind; the end if there is none. */
static size_t find_entry(const struct journal_reader *r, size_t pos)
{
    struct entry_head h;
    while (pos < r->n && !has_entry(r, pos, &h)) {
        const char *next = memchr(r->at + pos + 1, entry_magic[0], r->n - pos - 1);
        pos = next != NULL ? (size_t)(next - r->at) : r->n;
    }
    return pos;
}

/* What entries from pos on say of what was safe: the most that any of them does. */
static size_t find_safe(const struct journal_reader *r, size_t pos)
{
    struct entry_head h;
    uint64_t safe = 0;
    while ((pos = find_entry(r, pos)) < r->n && has_entry(r, pos, &h)) {
        safe = safe_of(&h) > safe ? safe_of(&h) : safe;
        pos += sizeof h + h.n;
    }
    return safe < r->n ? (size_t)safe : r->n;
}

static enum journal_found skip(struct journal_reader *r, size_t from, size_t *skipped)
{
    size_t begin = r->pos, to = find_entry(r, from);
    if (!r->has_safe)
        r->safe = find_safe(r, to);
    r->has_safe = true;
    r->pos = to;
    *skipped = to < r->n ? to - begin : without_zeros(r->at + begin, to - begin);
    return *skipped == 0 ? JOURNAL_END : begin < r->safe ? JOURNAL_DAMAGED : JOURNAL_TORN;
}

static bool is_known(const struct entry_head *h)
{
    return h->kind == JOURNAL_LINES || h->kind == JOURNAL_REMOTE_WRITE;
}

enum journal_found journal_read_next(struct journal_reader *r, struct journal_entry *out,
                                     size_t *skipped)
{
    struct entry_head h;
    *skipped = 0;
    if (r->pos == r->n)
        return JOURNAL_END;
    if (!has_entry(r, r->pos, &h))
        return skip(r, r->pos + 1, skipped);
    const char *body = r->at + r->pos + sizeof h;
    if (!is_known(&h) || XXH3_64bits_withSeed(body, h.n, r->salt) != h.body_hash)
        return skip(r, r->pos + sizeof h + h.n, skipped);
    r->pos += sizeof h + h.n;
    *out = (struct journal_entry){.kind = (enum journal_kind)h.kind,
                                  .format = h.format,
                                  .precision_ns = h.precision_ns,
                                  .received_ns = h.received_ns,
                                  .body = body,
                                  .n = h.n};
    return JOURNAL_ENTRY;
}
